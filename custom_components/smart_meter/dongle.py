"""The adapter dongle: its "decoded" lamp, driven through the ESPHome node that a port belongs to."""

from homeassistant.core import HomeAssistant, callback
from yarl import URL

SCHEME = "esphome-hass"
_ESPHOME = "esphome"
_ACTION = "telegram_decoded"


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
