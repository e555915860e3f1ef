"""The ways out of Home Assistant: JSON-REST, MQTT, and the WebSocket that feeds the card."""

from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.importlib import async_import_module

from ..const import CONF_MQTT, DOMAIN
from ..coordinator import SmartMeterConfigEntry
from . import card, feed, rest, websocket

# Issues of publishing, which are of no meter.
MQTT_MISSING: Final = "mqtt_missing"
MQTT_PLAIN: Final = "mqtt_plain"


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
    else:
        _forget_mqtt(hass)


@callback
def async_remove_entry(hass: HomeAssistant) -> None:
    """Take back what is true no longer without the entry that was removed."""
    _forget_mqtt(hass)
    if not hass.config_entries.async_entries(DOMAIN, include_ignore=False):
        card.remove_panel(hass)


@callback
def _forget_mqtt(hass: HomeAssistant) -> None:
    """Take back what was told of the broker, once nobody publishes."""
    if not any(entry.options.get(CONF_MQTT) for entry in feed.entries(hass)):
        for issue in (MQTT_MISSING, MQTT_PLAIN):
            ir.async_delete_issue(hass, DOMAIN, issue)
