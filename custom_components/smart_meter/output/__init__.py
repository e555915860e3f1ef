"""The ways out of Home Assistant: JSON-REST, MQTT, and the WebSocket that feeds the card."""

from homeassistant.core import HomeAssistant, callback

from ..coordinator import SmartMeterConfigEntry
from . import card, feed, mqtt, rest, websocket


async def async_setup(hass: HomeAssistant) -> None:
    """Offer what is there once, whichever meters there are."""
    rest.async_setup(hass)
    websocket.async_setup(hass)
    await card.async_setup(hass)


async def async_setup_entry(hass: HomeAssistant, entry: SmartMeterConfigEntry) -> None:
    """Hand on what a meter says from now on, until its entry is unloaded."""
    feed.async_setup_entry(hass, entry)
    await card.async_add_panel(hass)
    await mqtt.async_setup_entry(hass, entry)


@callback
def async_remove(hass: HomeAssistant) -> None:
    """Take back what is there once, with the last meter."""
    card.remove_panel(hass)
