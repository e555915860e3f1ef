"""What a meter tells once: the operator's messages, power failures, and what switches or limits its connection."""

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, override

from homeassistant.components.event import EventEntity, EventEntityDescription
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util.dt import get_default_time_zone

from .coordinator import MeterCoordinator, SmartMeterConfigEntry
from .customer_interface.reading import LogEntry
from .descriptions import describe, shown_value
from .entity import SmartMeterEntity
from .meter import MeterData, Point

PARALLEL_UPDATES = 0

TEXT, CODE = "0-0:96.13.0", "0-0:96.13.1"
MESSAGE = "message"
POWER_FAILURES = "1-0:99.97.0"
POWER_FAILURE = "power_failure"
CHANGED = "changed"


async def async_setup_entry(
    hass: HomeAssistant,
    entry: SmartMeterConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up each kind of event when a meter first sends the field it is told in."""
    coordinator = entry.runtime_data
    known: dict[str, set[str]] = {}

    @callback
    def look() -> None:
        for gone in known.keys() - coordinator.data.keys():
            del known[gone]
        for meter in coordinator.data.values():
            told = known.setdefault(meter.key, set())
            new = list(_new_events(coordinator, meter, told))
            told.update(entity.key for entity in new)
            if new:
                async_add_entities(
                    new, config_subentry_id=coordinator.subentry_of(meter)
                )

    look()
    entry.async_on_unload(coordinator.async_add_listener(look))


class MeterEvent(SmartMeterEntity, EventEntity):
    """Fires once for each thing the meter tells, also over a restart."""

    _was_available = False

    def __init__(
        self, coordinator: MeterCoordinator, meter: MeterData, key: str
    ) -> None:
        """Name the event within its meter."""
        super().__init__(coordinator, meter, key)
        self.key = key

    @abstractmethod
    def _news(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield the type and the attributes of each event that is new."""

    @override
    async def async_added_to_hass(self) -> None:
        """Tell what came before the entity was there."""
        await super().async_added_to_hass()
        self._handle_coordinator_update()

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        """Fire for all that is new, and show whether the meter is heard."""
        for event_type, attributes in self._news():
            self._trigger_event(event_type, attributes)
            self.async_write_ha_state()
        if (available := self.available) is not self._was_available:
            self.async_write_ha_state()
        self._was_available = available

    @property
    def _told(self) -> str | None:
        """What was told last, None before the first time."""
        return self.coordinator.told.get(f"{self.meter.key}_{self.key}")

    def _tell(self, text: str) -> None:
        """Remember what was told."""
        self.coordinator.async_tell(f"{self.meter.key}_{self.key}", text)


class MessageEvent(MeterEvent):
    """Fires when the operator's message (0-0:96.13.0 and 0-0:96.13.1) changes to another."""

    _attr_translation_key = MESSAGE
    _attr_event_types = [MESSAGE]
    _last: tuple[str, str] | None = None

    @override
    async def async_added_to_hass(self) -> None:
        """Take note of the message that was told before the restart."""
        if told := self.state_attributes:
            self._last = (str(told.get("text", "")), str(told.get("code", "")))
        await super().async_added_to_hass()

    @override
    def _news(self) -> Iterator[tuple[str, dict[str, Any]]]:
        message = (self._text(TEXT), self._text(CODE))
        if message != self._last and any(message):
            yield MESSAGE, {"text": message[0], "code": message[1]}
        self._last = message

    def _text(self, key: str) -> str:
        point = self.meter.points.get(key)
        value = point.value.value if point else None
        return "" if value is None else str(value).strip()


class PowerFailureEvent(MeterEvent):
    """Fires for each new row of the log of long power failures (DSMR P1 companion standard, 1-0:99.97.0).

    What is in the log when it first comes is history, and told to nobody.
    """

    _attr_translation_key = POWER_FAILURE
    _attr_event_types = [POWER_FAILURE]

    @override
    def _news(self) -> Iterator[tuple[str, dict[str, Any]]]:
        told = self._told
        new = sorted(
            (_end(row), row.value)
            for row in self.meter.points[POWER_FAILURES].value.log or ()
            if row.time is not None
            and isinstance(row.value, int)
            and (not told or _end(row) > datetime.fromisoformat(told))
        )
        if told is None:
            self._tell(new[-1][0].isoformat() if new else "")
        elif new:
            # One for each telegram: two within a millisecond would be one to Home Assistant.
            end, seconds = new[0]
            self._tell(end.isoformat())
            yield POWER_FAILURE, {"ended": end.isoformat(), "duration": seconds}


def _end(row: LogEntry) -> datetime:
    """Return when a failure was over; a meter without time zone is where Home Assistant is."""
    assert row.time is not None
    return (
        row.time
        if row.time.tzinfo
        else row.time.replace(tzinfo=get_default_time_zone())
    )


@dataclass(frozen=True, kw_only=True)
class ChangeDescription(EventEntityDescription):
    """A value whose change is an event; `points` are the codes that carry it, with a channel in the place of `n`."""

    points: str

    @property
    def event_key(self) -> str:
        """The key of the event within its meter: the value has a sensor as well."""
        return f"{self.key}_event"


_SWITCHED = ["disconnected", "connected", "ready"]
# IEC 62056-61 and DSMR P1 companion standard.
CHANGES = (
    ChangeDescription(key="disconnector", points="0-n:96.3.10", event_types=_SWITCHED),
    ChangeDescription(key="valve", points="0-n:24.4.0", event_types=_SWITCHED),
    ChangeDescription(key="limiter", points="0-n:96.50.68", event_types=[CHANGED]),
    ChangeDescription(key="power_limit", points="0-n:17.0.0", event_types=[CHANGED]),
    ChangeDescription(key="current_limit", points="1-n:31.4.0", event_types=[CHANGED]),
)


class ChangeEvent(MeterEvent):
    """Fires when the meter is switched, or its limit set anew; what holds when it is first heard is no event."""

    entity_description: ChangeDescription

    def __init__(
        self,
        coordinator: MeterCoordinator,
        meter: MeterData,
        point: Point,
        description: ChangeDescription,
    ) -> None:
        """Watch one value."""
        super().__init__(coordinator, meter, description.event_key)
        self.entity_description = description
        self._attr_translation_key = description.key
        self._point = point.key
        self._shown_as = describe(point, meter.identity.medium)

    @override
    def _news(self) -> Iterator[tuple[str, dict[str, Any]]]:
        point = self.meter.points[self._point]
        value = shown_value(point, self._shown_as, self.coordinator.factor)
        if value is None:
            return
        told, text = self._told, str(value)
        if told != text:
            self._tell(text)
        if told is None or told == text:
            return
        if self.event_types == [CHANGED]:
            yield CHANGED, {"from": told, "to": text, "unit": point.value.unit}
        else:
            yield text, {"from": told}


def _new_events(
    coordinator: MeterCoordinator, meter: MeterData, known: set[str]
) -> Iterator[MeterEvent]:
    """Yield the events a meter can tell by what it has sent so far, without those whose keys are known."""
    if MESSAGE not in known and meter.points.keys() & {TEXT, CODE}:
        yield MessageEvent(coordinator, meter, MESSAGE)
    if POWER_FAILURE not in known and POWER_FAILURES in meter.points:
        yield PowerFailureEvent(coordinator, meter, POWER_FAILURE)
    for description in CHANGES:
        channel = str(meter.identity.channel or 0)
        point = meter.points.get(description.points.replace("n", channel))
        if point is not None and description.event_key not in known:
            yield ChangeEvent(coordinator, meter, point, description)
