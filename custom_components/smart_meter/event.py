"""Messages of the grid operator that the meter passes on (0-0:96.13.0 and 0-0:96.13.1)."""

from typing import override

from homeassistant.components.event import EventEntity
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import MeterCoordinator, SmartMeterConfigEntry
from .customer_interface.reading import Scalar
from .entity import SmartMeterEntity
from .meter import MeterData, Point

PARALLEL_UPDATES = 0

TEXT, CODE = "0-0:96.13.0", "0-0:96.13.1"
MESSAGE = "message"


async def async_setup_entry(
    hass: HomeAssistant,
    entry: SmartMeterConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up a meter's messages when it first sends a field for them."""
    coordinator = entry.runtime_data
    known: set[str] = set()

    @callback
    def look() -> None:
        for meter in coordinator.data.values():
            if meter.key not in known and meter.points.keys() & {TEXT, CODE}:
                known.add(meter.key)
                async_add_entities(
                    [MessageEvent(coordinator, meter)],
                    config_subentry_id=coordinator.subentry_of(meter),
                )

    look()
    entry.async_on_unload(coordinator.async_add_listener(look))


class MessageEvent(SmartMeterEntity, EventEntity):
    """Fires when the operator's message changes to another."""

    _attr_translation_key = "message"
    _attr_event_types = [MESSAGE]

    def __init__(self, coordinator: MeterCoordinator, meter: MeterData) -> None:
        """Listen to the messages of a meter."""
        super().__init__(coordinator, meter, "message")
        self._last: tuple[str, str] | None = None
        self._was_available = False

    @override
    async def async_added_to_hass(self) -> None:
        """Take note of the message that was told before the restart."""
        await super().async_added_to_hass()
        if told := self.state_attributes:
            self._last = (str(told.get("text", "")), str(told.get("code", "")))
        self._handle_coordinator_update()

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        """Fire where there is a message and it is another one."""
        message = (self._text(TEXT), self._text(CODE))
        available = self.available
        if message == self._last and available is self._was_available:
            return
        if message != self._last and any(message):
            self._trigger_event(MESSAGE, {"text": message[0], "code": message[1]})
        self._last, self._was_available = message, available
        self.async_write_ha_state()

    def _text(self, key: str) -> str:
        point: Point | None = self.meter.points.get(key)
        value: Scalar = point.value.value if point else None
        return "" if value is None else str(value).strip()
