"""Topics and discovery messages: what a broker and Home Assistant are told of a meter.

smart_meter/<id>/reading            the document of seed 004, section D, retained
smart_meter/<id>/availability       online or offline, retained
smart_meter/publisher/status        online or offline (last will) of the program itself, retained
homeassistant/device/smart_meter_<id>/config    Home Assistant's device discovery, retained
"""

from collections.abc import Mapping
import re
from typing import Any

from ..jsonform import to_text

PREFIX = "smart_meter"
STATUS = f"{PREFIX}/publisher/status"
ONLINE, OFFLINE = "online", "offline"

# Device class and state class by unit, as Home Assistant's sensors name them.
_CLASSES: Mapping[str, tuple[str, str]] = {
    "Wh": ("energy", "total_increasing"),
    "varh": ("reactive_energy", "total_increasing"),
    "W": ("power", "measurement"),
    "var": ("reactive_power", "measurement"),
    "V": ("voltage", "measurement"),
    "A": ("current", "measurement"),
    "Hz": ("frequency", "measurement"),
}


def safe(meter_id: str) -> str:
    """Return an id for topics; what MQTT gives a meaning of its own becomes `_`."""
    return re.sub(r"[/+#\s\0]", "_", meter_id)


def topic_of(meter_id: str, leaf: str) -> str:
    """Return a meter's topic."""
    return f"{PREFIX}/{safe(meter_id)}/{leaf}"


def discovery_topic(meter_id: str) -> str:
    """Return where Home Assistant looks for the device."""
    return f"homeassistant/device/{PREFIX}_{re.sub(r'[^A-Za-z0-9_-]', '_', meter_id)}/config"


def discovery(meter_id: str, name: str, form: Mapping[str, Any]) -> str:
    """Return the discovery message for the numbers with a unit in a document."""
    device = f"{PREFIX}_{meter_id}"
    components = {
        re.sub(r"\W", "_", code): _component(device, code, value["unit"])
        for code, value in form["values"].items()
        if isinstance(value, dict) and value["unit"] in _CLASSES
    }
    return to_text(
        {
            "device": {
                "identifiers": [device],
                "name": name,
                "serial_number": form["meter"]["number"],
                "manufacturer": form["meter"]["manufacturer"],
            },
            "origin": {
                "name": "Smart Meter",
                "support_url": "https://github.com/smart-meter-home/smart-meter",
            },
            "availability": [
                {"topic": STATUS},
                {"topic": topic_of(meter_id, "availability")},
            ],
            "availability_mode": "all",
            "state_topic": topic_of(meter_id, "reading"),
            "components": components,
        }
    )


def _component(device: str, code: str, unit: str) -> dict[str, Any]:
    device_class, state_class = _CLASSES[unit]
    path = f"value_json['values']['{code}']"
    return {
        "platform": "sensor",
        "unique_id": f"{device}_{code}",
        "name": code,
        "device_class": device_class,
        "state_class": state_class,
        "unit_of_measurement": unit,
        # A telegram that does not have the value changes nothing.
        "value_template": f"{{{{ {path}['value'] if {path} else this.state }}}}",
    }
