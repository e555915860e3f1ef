"""Each reading's document through Home Assistant's MQTT integration (docs/mqtt.md).

smart_meter/<id>/reading         the document, retained: who subscribes later gets the last one
smart_meter/<id>/availability    online or offline, retained
"""

import re
from typing import Any, Final

from homeassistant.components import mqtt
from homeassistant.components.mqtt.const import DOMAIN as MQTT_DOMAIN
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.dispatcher import async_dispatcher_connect

from ..const import DOMAIN, LOGGER
from ..coordinator import SmartMeterConfigEntry
from ..customer_interface.jsonform import to_text
from . import MQTT_MISSING, MQTT_PLAIN, feed
from .feed import LinkState, Outlet

PREFIX: Final = "smart_meter"
ONLINE, OFFLINE = "online", "offline"
# At least once: a reading that arrives twice is the same reading.
QOS: Final = 1


def topic_of(meter_id: str, leaf: str) -> str:
    """Return a topic; what MQTT gives a meaning of its own in a topic becomes `_`."""
    return f"{PREFIX}/{re.sub(r'[/+#\s\0]', '_', meter_id)}/{leaf}"


async def async_setup_entry(hass: HomeAssistant, entry: SmartMeterConfigEntry) -> None:
    """Publish an entry's meters."""
    if not hass.config_entries.async_entries(MQTT_DOMAIN, include_disabled=False):
        _report(hass, MQTT_MISSING)
        return
    ir.async_delete_issue(hass, DOMAIN, MQTT_MISSING)
    publisher = Publisher(hass, entry)
    entry.async_on_unload(publisher.close)
    entry.async_create_background_task(
        hass, publisher.async_start(), f"{DOMAIN} mqtt {entry.title}"
    )


def _report(hass: HomeAssistant, issue: str) -> None:
    ir.async_create_issue(
        hass,
        DOMAIN,
        issue,
        is_fixable=False,
        severity=ir.IssueSeverity.WARNING,
        translation_key=issue,
    )


def _check_encryption(hass: HomeAssistant) -> None:
    """Tell once that readings cross the network in the clear; who ignores it is not told again."""
    brokers = hass.config_entries.async_loaded_entries(MQTT_DOMAIN)
    if all(broker.data.get(mqtt.CONF_CERTIFICATE) for broker in brokers):
        ir.async_delete_issue(hass, DOMAIN, MQTT_PLAIN)
    else:
        _report(hass, MQTT_PLAIN)


class Publisher:
    """Publishes the meters of one entry."""

    def __init__(self, hass: HomeAssistant, entry: SmartMeterConfigEntry) -> None:
        """Take the entry; nothing is published before `async_start`."""
        self._hass = hass
        self._entry = entry
        self._undo: list[CALLBACK_TYPE] = []
        self._online: dict[str, bool] = {}

    async def async_start(self) -> None:
        """Wait for the broker, publish what is known, then all that is new."""
        if not await mqtt.async_wait_for_mqtt_client(self._hass):
            _report(self._hass, MQTT_MISSING)
            return
        _check_encryption(self._hass)
        hass = self._hass
        self._undo = [
            async_dispatcher_connect(hass, feed.SIGNAL_READING, self._on_reading),
            async_dispatcher_connect(hass, feed.SIGNAL_LINK, self._on_link),
            mqtt.async_subscribe_connection_status(hass, self._on_connection),
        ]
        self._publish_all()

    @callback
    def close(self) -> None:
        """Publish no more, and say so."""
        while self._undo:
            self._undo.pop()()
        for meter_id, online in self._online.items():
            if online:
                self._publish(meter_id, "availability", OFFLINE)
        self._online.clear()

    @callback
    def _on_connection(self, connected: bool) -> None:
        """Tell a broker that came back all anew: it may have forgotten."""
        if connected:
            self._publish_all()

    def _publish_all(self) -> None:
        self._online.clear()
        for outlet in feed.outlets_of(self._entry.runtime_data):
            self._on_link(outlet)
            if outlet.is_current:
                self._on_reading(outlet)

    @callback
    def _on_reading(self, outlet: Outlet) -> None:
        if outlet.coordinator.config_entry is self._entry:
            self._publish(outlet.id, "reading", to_text(outlet.document()))

    @callback
    def _on_link(self, outlet: Outlet) -> None:
        if outlet.coordinator.config_entry is not self._entry:
            return
        online = outlet.link is LinkState.HEARD
        if self._online.get(outlet.id) is not online:
            self._online[outlet.id] = online
            self._publish(outlet.id, "availability", ONLINE if online else OFFLINE)

    def _publish(self, meter_id: str, leaf: str, payload: str) -> None:
        """Publish retained; readings of a time without broker are not kept (seed 004, C.1)."""
        entries: list[Any] = self._hass.config_entries.async_entries(MQTT_DOMAIN)
        if not any(entry.state is ConfigEntryState.LOADED for entry in entries):
            return
        if not mqtt.is_connected(self._hass):
            return
        self._hass.async_create_task(
            self._async_publish(topic_of(meter_id, leaf), payload), eager_start=True
        )

    async def _async_publish(self, topic: str, payload: str) -> None:
        try:
            await mqtt.async_publish(self._hass, topic, payload, QOS, retain=True)
        except HomeAssistantError as err:
            LOGGER.debug("MQTT did not take %s: %s", topic, err)
