"""Whether the meter is heard, and what it says of its own condition."""

from collections.abc import Callable, Mapping
from typing import override

from homeassistant.components.binary_sensor import (
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from .coordinator import MeterCoordinator, SmartMeterConfigEntry
from .customer_interface.reading import Reading, Value
from .entity import SmartMeterEntity, SmartMeterLinkEntity
from .meter import MeterData, Point

PARALLEL_UPDATES = 0

CONDITIONS = {
    name: BinarySensorEntityDescription(
        key=name,
        translation_key=name,
        device_class=device_class,
        entity_category=EntityCategory.DIAGNOSTIC,
    )
    for name, device_class in (
        ("power_low", BinarySensorDeviceClass.BATTERY),
        ("permanent_error", BinarySensorDeviceClass.PROBLEM),
        ("temporary_error", BinarySensorDeviceClass.PROBLEM),
        ("clock_error", BinarySensorDeviceClass.PROBLEM),
        ("fraud_attempt", BinarySensorDeviceClass.TAMPER),
    )
}


async def async_setup_entry(
    hass: HomeAssistant,
    entry: SmartMeterConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the state of the connection, and each condition when a meter first tells it."""
    coordinator = entry.runtime_data
    async_add_entities([ConnectionSensor(coordinator)])
    look = _looking(coordinator, async_add_entities)
    look()
    entry.async_on_unload(coordinator.async_add_listener(look))


def _conditions(reading: Reading | None) -> Mapping[str, bool]:
    """Return which conditions a telegram tells; only those of M-Bus do."""
    if reading is None or (reading.status is None and not reading.records):
        return {}
    from .customer_interface.application.mbus.status import conditions  # noqa: PLC0415

    return conditions(reading)


def _looking(
    coordinator: MeterCoordinator, add: AddConfigEntryEntitiesCallback
) -> Callable[[], None]:
    known: set[tuple[str, str]] = set()

    @callback
    def look() -> None:
        known.difference_update([k for k in known if k[0] not in coordinator.data])
        for meter in coordinator.data.values():
            told = _conditions(meter.reading)
            new = [name for name in told if (meter.key, name) not in known]
            if new:
                known.update((meter.key, name) for name in new)
                add(
                    [ConditionSensor(coordinator, meter, name) for name in new],
                    config_subentry_id=coordinator.subentry_of(meter),
                )

    return look


class WrittenOnChange(CoordinatorEntity[MeterCoordinator]):
    """A yes or no whose state is written when it is another, not with each telegram."""

    _written: tuple[bool, object] | None = None

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        """Write the state where it or its availability changed."""
        now = self.available, self.state
        if now != self._written:
            self._written = now
            self.async_write_ha_state()


class ConditionSensor(SmartMeterEntity, WrittenOnChange, BinarySensorEntity):
    """On while a meter says so in its status byte."""

    def __init__(
        self, coordinator: MeterCoordinator, meter: MeterData, name: str
    ) -> None:
        """Show one condition of a meter."""
        super().__init__(coordinator, meter, name)
        self.entity_description = CONDITIONS[name]

    @property
    @override
    def available(self) -> bool:
        """A condition is as old as the telegram that told it."""
        heard, is_on = self.meter.heard, self.is_on
        if heard is None or is_on is None:
            return False
        said = Point(self.entity_description.key, Value(is_on), heard)
        return self.coordinator.is_available(self.meter, said)

    @property
    @override
    def is_on(self) -> bool | None:
        """Whether it is so; None where the last telegram did not say."""
        return _conditions(self.meter.reading).get(self.entity_description.key)


class ConnectionSensor(SmartMeterLinkEntity, WrittenOnChange, BinarySensorEntity):
    """On while telegrams arrive that can be read."""

    _attr_device_class = BinarySensorDeviceClass.CONNECTIVITY
    _attr_entity_category = EntityCategory.DIAGNOSTIC

    def __init__(self, coordinator: MeterCoordinator) -> None:
        """Show the state of the connection."""
        super().__init__(coordinator, "connection")

    @property
    @override
    def available(self) -> bool:
        """That nothing arrives is an answer too."""
        return True

    @property
    @override
    def is_on(self) -> bool:
        """Whether telegrams arrive."""
        return self.coordinator.is_heard
