"""What all entities of a meter share: its device, and that they are told instead of asking."""

from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from .const import DOMAIN
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
        self._attr_device_info = device_info(coordinator, meter)


class SmartMeterLinkEntity(CoordinatorEntity[MeterCoordinator]):
    """An entity of the connection; there before the meter said who it is."""

    _attr_has_entity_name = True

    def __init__(self, coordinator: MeterCoordinator, key: str) -> None:
        """Name the entity within its entry."""
        super().__init__(coordinator)
        self._attr_translation_key = key
        self._attr_unique_id = f"{coordinator.config_entry.entry_id}_{key}"
        self._attr_device_info = device_info(coordinator, coordinator.main)


def device_info(coordinator: MeterCoordinator, meter: MeterData) -> DeviceInfo:
    """Return the device of a meter; one behind another is linked to it."""
    identity = meter.identity
    if meter.sub_meter:
        assert coordinator.device_id is not None
        return DeviceInfo(
            identifiers={(DOMAIN, meter.key)},
            manufacturer=identity.manufacturer,
            serial_number=identity.number,
            translation_key=_medium(identity.medium),
            via_device_id=coordinator.device_id,
        )
    offer = coordinator.setup.offer
    return DeviceInfo(
        identifiers={(DOMAIN, meter.key)},
        manufacturer=offer.meter.manufacturer,
        model=offer.meter.model,
        name=f"{offer.meter.manufacturer} {offer.meter.model}",
        serial_number=identity.number,
    )


_MEDIA = {
    "electricity": "electricity_meter",
    "gas": "gas_meter",
    "water": "water_meter",
    "cold_water": "water_meter",
    "warm_water": "warm_water_meter",
    "hot_water": "warm_water_meter",
    "heat": "heat_meter",
    "cooling": "cooling_meter",
    "heat_cost_allocator": "heat_cost_allocator",
}


def _medium(medium: str | None) -> str:
    return _MEDIA.get(medium or "", "sub_meter")
