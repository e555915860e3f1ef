"""The adapter dongle: who it is when it is discovered, its port, and its "decoded" lamp driven through ESPHome."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from homeassistant.config_entries import SOURCE_IGNORE, ConfigEntry
from homeassistant.const import CONF_HOST, CONF_MAC, CONF_NAME, CONF_PORT
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import area_registry as ar, device_registry as dr
from homeassistant.helpers.device_registry import (
    CONNECTION_NETWORK_MAC,
    DeviceEntry,
    format_mac,
)
from homeassistant.helpers.service_info.zeroconf import ZeroconfServiceInfo
from yarl import URL

SCHEME = "esphome-hass"
_ESPHOME = "esphome"
_ACTION = "telegram_decoded"
# As the packages in addon/firmware name them: the project, the hosts, and the serial proxy the meter hangs on.
PROJECT = "smart-meter-home."
_HOST_PREFIX = "meter-"
PORT_NAME = "Meter"
API_PORT = 6053
RADIO_FRONT_END = "radio"
FRONT_ENDS = {
    "ccc": "CCC",
    "mbus": "M-Bus",
    "mep": "MEP",
    "optical": "optical",
    "optical-transmit": "optical",
    "p1": "P1",
    RADIO_FRONT_END: "radio",
}


@dataclass(frozen=True, slots=True)
class Dongle:
    """A dongle as it was discovered; `host` and `port` are those of ESPHome's API, `device` is there on USB only."""

    mac: str
    name: str
    front_end: str | None = None
    host: str = ""
    port: int = API_PORT
    device: str | None = None
    encrypted: bool = False

    @classmethod
    def from_zeroconf(cls, info: ZeroconfServiceInfo) -> Self | None:
        """Read what a node announces of itself; None without the hardware address it is known by."""
        said = info.properties
        if not (mac := said.get(CONF_MAC)):
            return None
        host = info.hostname.removesuffix(".").removesuffix(".local")
        return cls(
            format_mac(mac),
            said.get("friendly_name") or host,
            str(said.get("project_name", "")).removeprefix(PROJECT),
            info.host,
            info.port or API_PORT,
            encrypted=any(name.startswith("api_encryption") for name in said),
        )

    @classmethod
    def from_flasher(cls, config: Mapping[str, Any]) -> Self | None:
        """Read what the app that flashes offers (addon/flasher/DOCS.md); None for anything else."""
        device, host = config.get("device"), config.get(CONF_HOST)
        if not config.get(CONF_MAC) or not (device or host):
            return None
        name = str(config.get(CONF_NAME, ""))
        return cls(
            format_mac(config[CONF_MAC]),
            str(config.get("firmware") or name),
            name.removeprefix(_HOST_PREFIX).rpartition("-")[0] or None,
            host or "",
            int(config.get(CONF_PORT) or API_PORT),
            device,
            encrypted=device is None,
        )

    @callback
    def async_node(self, hass: HomeAssistant) -> ConfigEntry | None:
        """Return its entry of the ESPHome integration, None while it has none."""
        entry = hass.config_entries.async_entry_for_domain_unique_id(_ESPHOME, self.mac)
        return None if entry is None or entry.source == SOURCE_IGNORE else entry

    @callback
    def async_port(self, hass: HomeAssistant) -> str:
        """Return the port to open: through the ESPHome integration, which has its key, else by its address."""
        if self.device is not None:
            return self.device
        query = {"port_name": PORT_NAME}
        if (node := self.async_node(hass)) is not None:
            url = URL.build(
                scheme=SCHEME, host=_ESPHOME, path=f"/{node.entry_id}", query=query
            )
        else:
            url = URL.build(
                scheme=_ESPHOME, host=self.host, port=self.port, path="/", query=query
            )
        return str(url)

    @callback
    def async_uses(self, hass: HomeAssistant, port: str) -> bool:
        """Tell whether a port is one of this dongle's, however it is written."""
        if port == self.device:
            return True
        try:
            url = URL(port)
        except ValueError:
            # An address as somebody typed it, before a port was opened there.
            return False
        if url.scheme == SCHEME:
            node = self.async_node(hass)
            return node is not None and url.path.strip("/") == node.entry_id
        return url.scheme == _ESPHOME and url.host == self.host

    @callback
    def _async_device(self, hass: HomeAssistant) -> DeviceEntry | None:
        if (node := self.async_node(hass)) is None:
            return None
        connection = (CONNECTION_NETWORK_MAC, self.mac)
        devices = dr.async_entries_for_config_entry(dr.async_get(hass), node.entry_id)
        return next((one for one in devices if connection in one.connections), None)

    @callback
    def async_label(self, hass: HomeAssistant) -> str:
        """Name it as the user does, with the front end and the room it is in."""
        name, area = self.name, None
        if (device := self._async_device(hass)) is not None:
            name = device.name_by_user or device.name or name
            area = ar.async_get(hass).async_get_area(device.area_id or "")
        about = [FRONT_ENDS.get(self.front_end or "", ""), area.name if area else ""]
        more = ", ".join(word for word in about if word and word not in name)
        return f"{name} ({more})" if more else name


@callback
def async_blink(hass: HomeAssistant, port: str) -> None:
    """Let the dongle show that a telegram passed all checks; does nothing for a port that is no dongle's."""
    if not port.startswith(f"{SCHEME}://"):
        return
    entry = hass.config_entries.async_get_entry(URL(port).path.strip("/"))
    if entry is None or not (name := entry.data.get("device_name")):
        return
    action = f"{name.replace('-', '_')}_{_ACTION}"
    if hass.services.has_service(_ESPHOME, action):
        hass.async_create_task(hass.services.async_call(_ESPHOME, action))
