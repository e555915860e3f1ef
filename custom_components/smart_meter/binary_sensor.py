"""Whether the meter is heard."""

from typing import override

from homeassistant.components.binary_sensor import BinarySensorEntity
from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import MeterCoordinator, SmartMeterConfigEntry
from .entity import SmartMeterLinkEntity

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: SmartMeterConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the state of the connection."""
    async_add_entities([ConnectionSensor(entry.runtime_data)])


class ConnectionSensor(SmartMeterLinkEntity, BinarySensorEntity):
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
