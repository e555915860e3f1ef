"""A wired bus and the meters the user chose of it: each is asked at its own interval, with its own key."""

from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar, override

from homeassistant.core import callback

from .const import CONF_ADDRESS, CONF_INTERVAL
from .coordinator import TROUBLE_INTERVALS
from .customer_interface.reading import Fault, FaultKind, Reading
from .customer_interface.session import make_session
from .customer_interface.session.base import KeyedSession, SessionState
from .hub import HubCoordinator
from .meter import MeterData, Point

SUBENTRY_WIRED = "wired_meter"


class BusCoordinator(HubCoordinator):
    """The master on a wired bus, and by their keys the meters of its subentries."""

    subentry_type: ClassVar[str] = SUBENTRY_WIRED
    key_issue: ClassVar[str] = "wired_key"
    page: ClassVar[str] = "wired-mbus.md"

    def __init__(self, *args: Any, **more: Any) -> None:
        """Prepare; nothing is opened before `async_start`."""
        super().__init__(*args, **more)
        self._asked: list[tuple[Any, ...]] = []

    def _to_ask(self) -> list[tuple[Any, ...]]:
        """Return how the meters of the subentries are asked."""
        names = (CONF_ADDRESS, CONF_INTERVAL)
        subentries = self.config_entry.get_subentries_of_type(SUBENTRY_WIRED)
        return [tuple(map(subentry.data.get, names)) for subentry in subentries]

    @override
    def _session_from(self, state: SessionState) -> Callable[[], KeyedSession]:
        from .customer_interface.session.master import Slave  # noqa: PLC0415 - few have a bus

        self._choose()
        self._asked = self._to_ask()
        p2 = self.setup.profile.p2
        slaves = tuple(
            Slave.at(s.data[CONF_ADDRESS], interval=s.data[CONF_INTERVAL], p2=p2)
            for s in self._chosen.values()
        )
        return partial(
            make_session,
            self.setup.profile,
            self._take_keys(),
            state,
            self._limits(),
            slaves=slaves,
            known=frozenset(self._chosen),
            expected=self.setup.expected,
        )

    @override
    def _take_subentries(self) -> None:
        self._make_meters()

    @callback
    @override
    def _on_changed(self) -> None:
        """Ask whom the subentries name now, from the beginning; other keys change nothing of that."""
        if self._to_ask() != self._asked:
            self.hass.config_entries.async_schedule_reload(self.config_entry.entry_id)
        else:
            self.async_use_keys()

    @override
    def _meter_of(self, reading: Reading, at: float) -> MeterData | None:
        return self._heard(reading.meter.key or "")

    @override
    def _on_fault(self, fault: Fault) -> None:
        super()._on_fault(fault)
        if fault.kind is FaultKind.SILENCE:
            # One meter that is silent leaves the others as they are; a bus that is gets told.
            self._async_watch(self._trouble_after())

    @override
    def _trouble_after(self) -> float:
        pauses = (s.data[CONF_INTERVAL] for s in self._chosen.values())
        return TROUBLE_INTERVALS * max(pauses, default=self.interval)

    @override
    def _interval_of(self, meter: MeterData, point: Point) -> float | None:
        return float(self._chosen[meter.name].data[CONF_INTERVAL])
