"""Sensors: every value a meter sends, the signed net power, and the state of the connection."""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from typing import Any, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import EntityCategory, UnitOfPower, UnitOfTime
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util import dt as dt_util

from . import energy
from .const import UpdatePace
from .coordinator import MeterCoordinator, SmartMeterConfigEntry
from .customer_interface.jsonform import value_object
from .descriptions import MeterSensorDescription, describe, is_clock, shown_value
from .entity import SmartMeterEntity, SmartMeterLinkEntity
from .meter import NET_POWER, POWER_EXPORT, POWER_IMPORT, MeterData, Point
from .radio import RadioCoordinator

PARALLEL_UPDATES = 0

STATISTICS_PACE = 60.0

# A telegram may come a little early: what would be due by the next but one is shown now.
_EARLY = 0.9


def _pause(pace: UpdatePace, counter: bool) -> float:
    """Return the shortest time between two states of a value in seconds."""
    match pace:
        case UpdatePace.EVERY:
            return 0.0
        case UpdatePace.MINUTE:
            return 60.0 * _EARLY
        case UpdatePace.USUAL:
            return 10.0 * _EARLY if counter else 0.0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: SmartMeterConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the sensors of the connection now, each other when its value first came."""
    coordinator = entry.runtime_data
    async_add_entities(
        StatisticsSensor(coordinator, description) for description in STATISTICS
    )

    @callback
    def add(new: list[tuple[MeterData, Point]]) -> None:
        entities: list[SmartMeterEntity] = [
            ValueSensor(coordinator, meter, point)
            for meter, point in new
            if not is_clock(point)
        ]
        add_all([*entities, *_derived(coordinator, new, seen)])

    @callback
    def add_all(entities: list[SmartMeterEntity]) -> None:
        for subentry, own in groupby(
            entities, lambda entity: coordinator.subentry_of(entity.meter)
        ):
            async_add_entities(own, config_subentry_id=subentry)

    @callback
    def add_chosen(new: list[MeterData]) -> None:
        for meter in new:
            seen.difference_update({f"{meter.key} net", f"{meter.key} clock"})
            add_all([kind(coordinator, meter) for kind in (SignalSensor, LastHeard)])

    seen: set[str] = set()
    if isinstance(coordinator, RadioCoordinator):
        entry.async_on_unload(coordinator.async_add_chosen_listener(add_chosen))
    entry.async_on_unload(coordinator.async_add_new_points_listener(add))


def _derived(
    coordinator: MeterCoordinator,
    new: list[tuple[MeterData, Point]],
    seen: set[str],
) -> list[SmartMeterEntity]:
    """Make the sensors that show no point of their own, once for each meter."""
    entities: list[SmartMeterEntity] = []
    for meter in {meter.key: meter for meter, _ in new}.values():
        if meter.has_both_powers and f"{meter.key} net" not in seen:
            seen.add(f"{meter.key} net")
            entities.append(NetPowerSensor(coordinator, meter))
        if meter.clock is not None and f"{meter.key} clock" not in seen:
            seen.add(f"{meter.key} clock")
            entities.append(ClockSensor(coordinator, meter))
    return entities


class PacedSensor(SmartMeterEntity, SensorEntity):
    """A sensor that is shown no more often than the pace allows, and only when it has something new."""

    _shown_at: float | None = None
    _shown: object = None
    _is_there = False
    _pause: float = 0.0

    @abstractmethod
    def _newest(self) -> tuple[object, float | None]:
        """Return what is shown and when it came."""

    def _is_available(self) -> bool:
        """Tell whether what is shown is still worth showing."""
        return self.coordinator.last_update_success

    @property
    @override
    def available(self) -> bool:
        """As it was when the coordinator last told something: asked for once then, not with each look at the state."""
        return self._is_there

    @override
    async def async_added_to_hass(self) -> None:
        """Begin with what is there, and tell the energy dashboard where the user wanted so."""
        await super().async_added_to_hass()
        self._shown, self._shown_at = self._newest()
        self._is_there = self._is_available()
        energy.async_schedule(self.coordinator)

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        """Write the state where there is a newer one and its time has come."""
        newest, at = self._newest()
        is_there = self._is_available()
        due = newest is not self._shown and (
            self._shown_at is None or at is None or at - self._shown_at >= self._pause
        )
        if due or is_there is not self._is_there:
            self._is_there = is_there
            self._shown, self._shown_at = newest, at
            self.async_write_ha_state()


class ValueSensor(PacedSensor):
    """A value of a meter."""

    entity_description: MeterSensorDescription
    _unrecorded_attributes = frozenset({"entries"})

    def __init__(
        self, coordinator: MeterCoordinator, meter: MeterData, point: Point
    ) -> None:
        """Show a point as the table says."""
        super().__init__(coordinator, meter, point.key)
        self.entity_description = description = describe(point, meter.identity.medium)
        self._attr_translation_placeholders = dict(description.placeholders)
        self._pause = _pause(coordinator.pace, description.counter)
        self._key = point.key

    @property
    def point(self) -> Point:
        """The value as it last came; what came once stays."""
        return self.meter.points[self._key]

    @override
    def _newest(self) -> tuple[object, float | None]:
        point = self.point
        return point, point.at

    @override
    def _is_available(self) -> bool:
        """A value is there while its meter is heard and it itself comes at its own interval."""
        return self.coordinator.is_available(self.meter, self.point)

    @property
    @override
    def native_value(self) -> str | int | Decimal | datetime | date | None:
        """The value in its plain unit."""
        return shown_value(self.point, self.entity_description, self.coordinator.factor)

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any] | None:
        """Time of a value that has its own or comes slowly, and the entries of a log."""
        point = self.point
        attributes: dict[str, Any] = {}
        if point.value.log is not None:
            attributes["entries"] = value_object(point.value)
        if point.value.time is not None:
            attributes["measured_at"] = point.value.time.isoformat()
        elif self.coordinator.is_slow:
            attributes["measured_at"] = dt_util.utc_from_timestamp(point.at).isoformat()
        return attributes or None


class NetPowerSensor(PacedSensor):
    """Import minus export in W, positive while the household draws: what the energy dashboard asks for."""

    _attr_translation_key = "power_net"
    _attr_device_class = SensorDeviceClass.POWER
    _attr_state_class = SensorStateClass.MEASUREMENT
    _attr_native_unit_of_measurement = UnitOfPower.WATT
    _attr_suggested_display_precision = 0

    def __init__(self, coordinator: MeterCoordinator, meter: MeterData) -> None:
        """Subtract the two powers of a meter."""
        super().__init__(coordinator, meter, NET_POWER)
        self._pause = _pause(coordinator.pace, counter=False)

    def _pair(self) -> tuple[Point, Point]:
        drawn, fed = self.meter.find(POWER_IMPORT), self.meter.find(POWER_EXPORT)
        assert drawn is not None
        assert fed is not None
        return drawn, fed

    @override
    def _newest(self) -> tuple[object, float | None]:
        drawn, fed = self._pair()
        return drawn, min(drawn.at, fed.at)

    @override
    def _is_available(self) -> bool:
        """There while both powers are, from the same telegram."""
        pair = self._pair()
        return pair[0].at == pair[1].at and all(
            self.coordinator.is_available(self.meter, point) for point in pair
        )

    @property
    @override
    def native_value(self) -> int | Decimal | None:
        """Import minus export in W."""
        drawn, fed = (point.value.value for point in self._pair())
        if not isinstance(drawn, int | Decimal) or not isinstance(fed, int | Decimal):
            return None
        return (drawn - fed) * self.coordinator.factor


class ClockSensor(PacedSensor):
    """The meter's own clock."""

    _attr_translation_key = "clock"
    _attr_device_class = SensorDeviceClass.TIMESTAMP
    _attr_entity_category = EntityCategory.DIAGNOSTIC
    _attr_entity_registry_enabled_default = False

    def __init__(self, coordinator: MeterCoordinator, meter: MeterData) -> None:
        """Show a meter's clock."""
        super().__init__(coordinator, meter, "clock")
        self._pause = _pause(coordinator.pace, counter=True)

    @override
    def _newest(self) -> tuple[object, float | None]:
        return self.meter.clock, self.meter.heard

    @property
    @override
    def native_value(self) -> datetime | None:
        """The clock; local time where the meter does not tell its offset.

        The hour that comes twice when summer ends is the one in which the telegram arrived.
        """
        clock, heard = self.meter.clock, self.meter.heard
        if clock is None or heard is None or clock.tzinfo is not None:
            return clock
        local = clock.replace(tzinfo=dt_util.get_default_time_zone())
        return min(
            (local, local.replace(fold=1)),
            key=lambda time: abs(time.timestamp() - heard),
        )


class SignalSensor(PacedSensor):
    """How strong the telegrams of a wireless meter arrive, whether they can be read or not."""

    _attr_translation_key = "signal"
    _attr_device_class = SensorDeviceClass.SIGNAL_STRENGTH
    _attr_state_class = SensorStateClass.MEASUREMENT
    _attr_native_unit_of_measurement = "dBm"
    _attr_entity_category = EntityCategory.DIAGNOSTIC
    _pause = STATISTICS_PACE
    coordinator: RadioCoordinator

    def __init__(self, coordinator: MeterCoordinator, meter: MeterData) -> None:
        """Show a meter's signal strength."""
        super().__init__(coordinator, meter, "signal")

    @override
    def _newest(self) -> tuple[object, float | None]:
        return self.native_value, self.coordinator.last_heard(self.meter)

    @property
    @override
    def native_value(self) -> int | None:
        """Signal strength in dBm."""
        return self.coordinator.signal_dbm(self.meter)


class LastHeard(PacedSensor):
    """When a wireless meter was heard last, whether it could be read or not."""

    _attr_translation_key = "last_heard"
    _attr_device_class = SensorDeviceClass.TIMESTAMP
    _attr_entity_category = EntityCategory.DIAGNOSTIC
    _pause = STATISTICS_PACE
    coordinator: RadioCoordinator

    def __init__(self, coordinator: MeterCoordinator, meter: MeterData) -> None:
        """Show when a meter was heard."""
        super().__init__(coordinator, meter, "last_heard")

    @override
    def _is_available(self) -> bool:
        """When it was heard stays true while it is not."""
        return self.coordinator.last_heard(self.meter) is not None

    @override
    def _newest(self) -> tuple[object, float | None]:
        at = self.coordinator.last_heard(self.meter)
        return at, at

    @property
    @override
    def native_value(self) -> datetime | None:
        """The time."""
        at = self.coordinator.last_heard(self.meter)
        return None if at is None else dt_util.utc_from_timestamp(at)


@dataclass(frozen=True, kw_only=True)
class StatisticsDescription(SensorEntityDescription):
    """A number about the connection."""

    value: Callable[[MeterCoordinator], float | int | datetime | None]


def _last_reading(coordinator: MeterCoordinator) -> datetime | None:
    at = coordinator.statistics.last_reading
    return None if at is None else dt_util.utc_from_timestamp(at)


STATISTICS = (
    StatisticsDescription(
        key="telegrams",
        state_class=SensorStateClass.TOTAL_INCREASING,
        value=lambda coordinator: coordinator.statistics.readings,
    ),
    StatisticsDescription(
        key="faults",
        state_class=SensorStateClass.TOTAL_INCREASING,
        value=lambda coordinator: sum(coordinator.statistics.faults.values()),
    ),
    StatisticsDescription(
        key="interval",
        device_class=SensorDeviceClass.DURATION,
        native_unit_of_measurement=UnitOfTime.SECONDS,
        suggested_display_precision=0,
        value=lambda coordinator: coordinator.statistics.interval,
    ),
    StatisticsDescription(
        key="last_telegram",
        device_class=SensorDeviceClass.TIMESTAMP,
        value=_last_reading,
    ),
)


class StatisticsSensor(SmartMeterLinkEntity, SensorEntity):
    """A number about the connection, at most once a minute."""

    entity_description: StatisticsDescription
    _attr_entity_category = EntityCategory.DIAGNOSTIC
    _attr_entity_registry_enabled_default = False
    _written = float("-inf")

    def __init__(
        self, coordinator: MeterCoordinator, description: StatisticsDescription
    ) -> None:
        """Show one number."""
        super().__init__(coordinator, description.key)
        self.entity_description = description

    @property
    @override
    def available(self) -> bool:
        """What was counted stays true while nothing comes."""
        return True

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        """Write the state where the last one is a minute old."""
        now = self.hass.loop.time()
        if now - self._written >= STATISTICS_PACE:
            self._written = now
            self.async_write_ha_state()

    @property
    @override
    def native_value(self) -> float | int | datetime | None:
        """The number."""
        return self.entity_description.value(self.coordinator)
