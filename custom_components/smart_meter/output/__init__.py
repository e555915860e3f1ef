"""The ways out of Home Assistant: JSON-REST, MQTT, and the WebSocket that feeds the card."""

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.importlib import async_import_module

from ..const import CONF_MQTT
from ..coordinator import SmartMeterConfigEntry
from . import card, feed, rest, websocket


async def async_setup(hass: HomeAssistant) -> None:
    """Offer what is there once, whichever meters there are."""
    rest.async_setup(hass)
    websocket.async_setup(hass)
    await card.async_setup(hass)


async def async_setup_entry(hass: HomeAssistant, entry: SmartMeterConfigEntry) -> None:
    """Hand on what a meter says from now on, until its entry is unloaded."""
    feed.async_setup_entry(hass, entry)
    await card.async_add_panel(hass)
    if entry.options.get(CONF_MQTT):
        # Home Assistant's MQTT client takes long to load, and few need it.
        mqtt = await async_import_module(hass, f"{__package__}.mqtt")
        await mqtt.async_setup_entry(hass, entry)


@callback
def async_remove(hass: HomeAssistant) -> None:
    """Take back what is there once, with the last meter."""
    card.remove_panel(hass)
