"""Diagnostics: all that helps to understand, nothing that tells key, meter number or consumption.

Of the last telegrams only the shape is told: which frames, how long, what could not be read of them. Where a telegram
was opened but not understood, the fault names the types of its parts in order, which is what a new layout is made from.
"""

from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise
import re
from typing import Any

from homeassistant.components.diagnostics import REDACTED
from homeassistant.const import CONF_PORT
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from .const import (
    CONF_ADD_TO_ENERGY,
    CONF_ENCRYPTION,
    CONF_KEYS,
    CONF_LINE,
    CONF_METER,
    CONF_OPERATOR,
    CONF_RADIO_MODE,
)
from .coordinator import MeterCoordinator, SmartMeterConfigEntry
from .customer_interface.link import links_for
from .customer_interface.link.deframer import Deframer
from .customer_interface.reading import Fault, Frame
from .meter import MeterData, Point
from .port import shown_port
from .radio import RadioCoordinator

MOST_FRAMES = 40

# A secondary M-Bus address in the detail of a fault begins with the number of the meter.
_ADDRESS = re.compile(r"\b[0-9A-F]{16}\b")

# Parts of the entry that tell nothing about the household.
_TOLD = (
    CONF_OPERATOR,
    CONF_METER,
    CONF_LINE,
    CONF_ENCRYPTION,
    CONF_RADIO_MODE,
    CONF_ADD_TO_ENERGY,
)


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant, entry: SmartMeterConfigEntry
) -> dict[str, Any]:
    """Return what may be shown to anybody."""
    diagnostics: dict[str, Any] = {
        "entry": {
            **{name: entry.data[name] for name in _TOLD if name in entry.data},
            CONF_PORT: shown_port(entry.data.get(CONF_PORT, "")),
            CONF_KEYS: dict.fromkeys(entry.data.get(CONF_KEYS, {}), REDACTED),
            "options": dict(entry.options),
        }
    }
    coordinator: MeterCoordinator | None = getattr(entry, "runtime_data", None)
    if coordinator is not None:
        diagnostics |= {
            "profile": _profile(coordinator),
            "link": _link(coordinator),
            "meters": [
                _meter(coordinator, meter) for meter in coordinator.data.values()
            ],
            "frames": _frames(coordinator),
        }
    if isinstance(coordinator, RadioCoordinator):
        diagnostics["radio"] = _radio(coordinator)
    return diagnostics


def _profile(coordinator: MeterCoordinator) -> dict[str, Any]:
    profile = coordinator.setup.profile
    return {
        "id": profile.id,
        "session": profile.session,
        "line": str(coordinator.setup.line or profile.line),
        "links": list(profile.links),
        "evidence": profile.evidence,
    }


def _link(coordinator: MeterCoordinator) -> dict[str, Any]:
    seen, now = coordinator.statistics, dt_util.utcnow().timestamp()
    return {
        "connected": coordinator.connected,
        "heard": coordinator.is_heard,
        "error": coordinator.link_error.reason if coordinator.link_error else None,
        "bytes": seen.bytes_received,
        "frames": seen.frames,
        "readings": seen.readings,
        "faults": {kind.value: count for kind, count in seen.faults.items()},
        "last_faults": {
            kind.value: _ADDRESS.sub(REDACTED, detail)
            for kind, detail in coordinator.last_faults.items()
        },
        "interval": seen.interval,
        "seconds_since": {
            name: None if at is None else round(now - at, 1)
            for name, at in (
                ("byte", seen.last_byte),
                ("frame", seen.last_frame),
                ("reading", seen.last_reading),
            )
        },
    }


def _meter(coordinator: MeterCoordinator, meter: MeterData) -> dict[str, Any]:
    now = dt_util.utcnow().timestamp()
    intervals = coordinator.session.state.intervals
    return {
        "behind_another": meter.sub_meter,
        "manufacturer": meter.identity.manufacturer,
        "medium": meter.identity.medium,
        "version": meter.identity.version,
        "tells": [
            name
            for name in ("number", "title", "address")
            if getattr(meter.identity, name)
        ],
        "values": [
            {
                "key": point.key,
                "unit": point.value.unit,
                "type": _type(point),
                "interval": intervals.get(f"{meter.name}|{point.code}"),
                "age": round(now - point.at, 1),
            }
            for point in meter.points.values()
        ],
    }


def _radio(coordinator: RadioCoordinator) -> dict[str, Any]:
    """Tell of the stick and of all meters near, without their numbers."""
    session, now = coordinator.session, dt_util.utcnow().timestamp()
    return {
        "stick": session.stick,
        "heard": [
            {
                "manufacturer": heard.meter.manufacturer,
                "medium": heard.meter.medium,
                "version": heard.meter.version,
                "signal_dbm": heard.signal_dbm,
                "mode": heard.mode,
                "security": heard.security,
                "fault": heard.fault,
                "telegrams": heard.telegrams,
                "seconds_since": round(now - heard.last_heard, 1),
            }
            for heard in session.heard
        ],
    }


def _type(point: Point) -> str:
    """Say what kind of value it is, with its digits or its length, which shape a layout."""
    value = point.value.value
    if point.value.log is not None:
        return f"log of {len(point.value.log)}"
    if isinstance(value, Decimal):
        return f"number with {-int(value.as_tuple().exponent)} decimals"
    if isinstance(value, bool | datetime | date) or value is None:
        return type(value).__name__
    return "number" if isinstance(value, int) else f"text of {len(str(value))}"


def _frames(coordinator: MeterCoordinator) -> list[dict[str, Any]]:
    """Return the shape of the last frames, with the pauses between the bytes they came in."""
    deframer = Deframer(links_for(coordinator.setup.profile.links))
    kept = coordinator.recording.kept
    shapes: list[dict[str, Any]] = []
    pauses = [0.0, *(later.time - earlier.time for earlier, later in pairwise(kept))]
    for chunk, pause in zip(kept, pauses, strict=True):
        shape: dict[str, Any] = {
            "pause": round(pause, 3),
            "direction": chunk.direction,
            "bytes": len(chunk.data),
        }
        if chunk.direction == "rx":
            shape["items"] = [_item(item) for item in deframer.feed(chunk.data)]
        shapes.append(shape)
    return shapes[-MOST_FRAMES:]


def _item(item: Frame | Fault) -> dict[str, Any]:
    if isinstance(item, Fault):
        return {"fault": item.kind.value, "detail": item.detail}
    return {
        "link": item.link.value,
        "control": f"{item.control:02X}",
        "begins": item.payload[:1].hex().upper(),
        "length": len(item.payload),
        "more": item.more,
    }
