"""One radio stick and the wireless meters the user chose from all it hears."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, override

from homeassistant.const import CONF_PORT
from homeassistant.core import CALLBACK_TYPE, callback
from homeassistant.util import dt as dt_util

from . import issues
from .const import LOGGER
from .customer_interface.reading import Fault, FaultKind, Reading
from .descriptions import describe
from .hub import HubCoordinator, wrapped_keys
from .meter import STALE_INTERVALS, MeterData, Point
from .wireless import (
    STICKS,
    SUBENTRY_METER,
    async_take_over,
    memory_to_store,
    stored_memory,
)

if TYPE_CHECKING:
    from .customer_interface.session.radio import RadioSession

# Radio loses telegrams, and some meters are quiet at night and at weekends: a counter is still what it was, a power is
# not.
SHORTEST_STALE = 3_600.0
SHORTEST_STALE_COUNTER = 7 * 86_400.0

NO_STICK_ISSUE = "no_stick"


class RadioCoordinator(HubCoordinator):
    """The stick, and by their keys the meters of its subentries."""

    subentry_type: ClassVar[str] = SUBENTRY_METER
    key_issue: ClassVar[str] = "radio_key"
    page: ClassVar[str] = "wireless.md"
    session: RadioSession

    def __init__(self, *args: Any, **more: Any) -> None:
        """Prepare; nothing is opened before `async_start`."""
        super().__init__(*args, **more)
        self._wrapped: dict[str, tuple[str, ...]] | None = None

    @callback
    @override
    def _on_changed(self) -> None:
        self._take_subentries()

    @override
    def _take_subentries(self) -> None:
        """Read the meters the subentries name, with their keys, and forget those that were removed."""
        self._choose()
        before, self._wrapped = (
            self._wrapped,
            {name: wrapped_keys(subentry) for name, subentry in self._chosen.items()},
        )
        if before == self._wrapped:
            return
        self._make_meters()
        self.session.choose(frozenset(self._chosen))
        self.session.use_keys(self._take_keys())
        for name, wrapped in self._wrapped.items():
            known = None if before is None else before.get(name)
            if wrapped != known and (not wrapped or {*wrapped} - {*(known or ())}):
                self._faults_of.pop(name, None)
                self._read_last(name)
        self.async_update_listeners()

    @callback
    @override
    def async_use_keys(self) -> None:
        self._take_subentries()

    def _read_last(self, name: str) -> None:
        for output in self.session.read_last(name):
            if isinstance(output, Reading | Fault):
                self._on_output(output)

    # --- what the session says ---------------------------------------------------------------------------------------

    @override
    def _meter_of(self, reading: Reading, at: float) -> MeterData | None:
        meter = self._heard(self.session.name_of(reading.meter) or "")
        if meter is not None:
            issues.async_clear(self.hass, self.config_entry, NO_STICK_ISSUE)
        return meter

    @override
    def _on_fault(self, fault: Fault) -> None:
        super()._on_fault(fault)
        if fault.kind is FaultKind.LINE:
            self._async_unavailable(fault.detail)
            issues.async_report(self.hass, self.config_entry, NO_STICK_ISSUE)

    @override
    async def _async_report_trouble(self, _: Any) -> None:
        """Tell of a port that is gone; that a meter is not heard for long is no trouble of the line."""
        if self.link_error is not None:
            await super()._async_report_trouble(_)

    # --- availability ------------------------------------------------------------------------------------------------

    @property
    @override
    def is_heard(self) -> bool:
        """Whether the stick is there and delivers telegrams, of whichever meter."""
        return (
            self.connected
            and self.session.stick is not None
            and self.statistics.last_frame is not None
        )

    @override
    def _to_store(self) -> dict[str, Any]:
        now = dt_util.utcnow().timestamp()
        heard = memory_to_store(self.session.memory, now)
        return {**super()._to_store(), "heard": heard}

    @override
    def _recall(self, stored: Mapping[str, Any]) -> None:
        super()._recall(stored)
        try:
            self.session.recall(stored_memory(stored.get("heard", {})))
        except KeyError, TypeError, ValueError, AttributeError:
            LOGGER.warning(
                "The stored list of meters heard is damaged; it is made anew"
            )
        port = self.config_entry.data[CONF_PORT]
        self.session.recall(async_take_over(self.hass, port))

    @override
    def is_available(self, meter: MeterData, point: Point) -> bool:
        """Tell whether a value is still worth showing: counters for days, what changes for an hour or some intervals."""
        age = dt_util.utcnow().timestamp() - point.at
        if age <= SHORTEST_STALE or meter.interval is None:
            return True
        counter = describe(point, meter.identity.medium).counter
        shortest = SHORTEST_STALE_COUNTER if counter else SHORTEST_STALE
        return age <= max(STALE_INTERVALS * meter.interval, shortest)

    # --- devices -----------------------------------------------------------------------------------------------------

    def signal_dbm(self, meter: MeterData) -> int | None:
        """Return how strong a meter was heard last, whether it could be read or not."""
        heard = self.session.look_up(meter.name)
        return heard.signal_dbm if heard else meter.signal_dbm

    def last_heard(self, meter: MeterData) -> float | None:
        """Return when a meter was heard last, whether it could be read or not."""
        heard = self.session.look_up(meter.name)
        return heard.last_heard if heard else meter.heard

    @property
    @override
    def model(self) -> str | None:
        """The stick, once it answered."""
        return STICKS.get(self.session.stick or "")

    def async_add_chosen_listener(
        self, add: Callable[[list[MeterData]], None]
    ) -> CALLBACK_TYPE:
        """Call `add` with each meter when it was chosen, those already chosen at once."""
        known: set[str] = set()

        @callback
        def look() -> None:
            chosen = {meter.key: meter for meter in self.data.values() if meter.name}
            known.intersection_update(chosen)
            new = [meter for key, meter in chosen.items() if key not in known]
            if new:
                known.update(meter.key for meter in new)
                add(new)

        look()
        return self.async_add_listener(look)
