"""What all entities of a meter share: its device, and that they are told instead of asking."""

from homeassistant.helpers.update_coordinator import CoordinatorEntity

from .coordinator import MeterCoordinator
from .meter import MeterData


class SmartMeterEntity(CoordinatorEntity[MeterCoordinator]):
    """An entity of a meter."""

    _attr_has_entity_name = True

    def __init__(
        self, coordinator: MeterCoordinator, meter: MeterData, key: str
    ) -> None:
        """Name the entity within its meter by a key that stays."""
        super().__init__(coordinator)
        self.meter = meter
        self._attr_unique_id = f"{meter.key}_{key}"
        self._attr_device_info = coordinator.device_info(meter)


class SmartMeterLinkEntity(CoordinatorEntity[MeterCoordinator]):
    """An entity of the connection; there before the meter said who it is."""

    _attr_has_entity_name = True

    def __init__(self, coordinator: MeterCoordinator, key: str) -> None:
        """Name the entity within its entry."""
        super().__init__(coordinator)
        self._attr_translation_key = key
        self._attr_unique_id = f"{coordinator.config_entry.entry_id}_{key}"
        self._attr_device_info = coordinator.device_info(coordinator.main)
