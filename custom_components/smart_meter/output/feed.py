"""What all ways out share: the meters there are, their documents, the state of their link, and when it changed."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.util import dt as dt_util
from homeassistant.util.signal_type import SignalType

from .. import lease
from ..const import DOMAIN
from ..coordinator import MeterCoordinator, SmartMeterConfigEntry
from ..customer_interface.dataset import document
from ..customer_interface.reading import Reading
from ..descriptions import describe
from ..meter import MeterData, Point, is_stale


class LinkState(StrEnum):
    """How it stands with a meter's link; the card has words for each."""

    HEARD = "heard"  # telegrams arrive and are read
    WAITING = "waiting"  # the port is open, nothing was read yet
    SILENT = "silent"  # nothing arrives any more
    UNREADABLE = "unreadable"  # telegrams arrive, but none can be read
    PORT = "port"  # the port cannot be used
    LENT = "lent"  # somebody else has the port for a while
    STOPPED = "stopped"  # the entry is not loaded


@dataclass(frozen=True, slots=True)
class Outlet:
    """One meter as the ways out see it."""

    coordinator: MeterCoordinator
    meter: MeterData

    @property
    def id(self) -> str:
        """What the meter is known by: also its device's identifier."""
        return self.meter.key

    @property
    def name(self) -> str:
        """What the user calls it; a meter behind another has its number."""
        title = self.coordinator.config_entry.title
        return f"{title} {self.meter.name}" if self.meter.sub_meter else title

    @property
    def is_current(self) -> bool:
        """Whether the last reading still says how it is."""
        heard, coordinator = self.meter.heard, self.coordinator
        if heard is None or self.meter.reading is None:
            return False
        age = dt_util.utcnow().timestamp() - heard
        alive = coordinator.is_slow or coordinator.last_update_success
        return alive and not is_stale(age, self.meter.interval)

    @property
    def link(self) -> LinkState:
        """The state of the link; that of a meter behind another is its own."""
        state = _link_of(self.coordinator)
        if state is LinkState.HEARD and not self.is_current:
            return LinkState.WAITING if self.meter.heard is None else LinkState.SILENT
        return state

    def document(self) -> dict[str, Any] | None:
        """Return the standardised document of the last reading (numbers exact: write it with `to_text`)."""
        if (reading := self.meter.reading) is None:
            return None
        form = document(_scaled(reading, self.coordinator.factor))
        form["meter"]["id"] = self.id
        return form


def _link_of(coordinator: MeterCoordinator) -> LinkState:
    if lease.is_lent(coordinator.hass, coordinator.config_entry):
        return LinkState.LENT
    if not coordinator.connected:
        return LinkState.PORT
    if coordinator.silent:
        return LinkState.SILENT
    if not coordinator.last_update_success:
        return LinkState.UNREADABLE
    return LinkState.HEARD if coordinator.is_heard else LinkState.WAITING


def _scaled(reading: Reading, factor: int) -> Reading:
    """Apply the ratio of current transformers, as the sensors do."""
    if factor == 1:
        return reading
    values = dict(reading.values)
    for code, value in values.items():
        point = Point(str(code), value, 0.0, code)
        number = value.value
        if isinstance(number, int | Decimal) and not isinstance(number, bool):
            scaled = describe(point, reading.meter.medium).scaled
            values[code] = value._replace(value=number * factor) if scaled else value
    return reading._replace(values=values)


# --- which meters there are ------------------------------------------------------------------------------------------


def entries(hass: HomeAssistant) -> list[SmartMeterConfigEntry]:
    """Return the entries that the user has not switched off."""
    return hass.config_entries.async_entries(
        DOMAIN, include_ignore=False, include_disabled=False
    )


def outlets(hass: HomeAssistant) -> Iterator[Outlet]:
    """Yield the meters of all entries that are loaded."""
    for entry in entries(hass):
        if entry.state is ConfigEntryState.LOADED:
            yield from outlets_of(entry.runtime_data)


def outlets_of(coordinator: MeterCoordinator) -> Iterator[Outlet]:
    """Yield the meters of one entry, also while it is being set up."""
    for meter in coordinator.data.values():
        yield Outlet(coordinator, meter)


def find(hass: HomeAssistant, meter_id: str) -> Outlet | None:
    """Return the meter of this id, None where none such is loaded."""
    return next((o for o in outlets(hass) if o.id == meter_id), None)


# --- what is new -----------------------------------------------------------------------------------------------------

# Sent with the meter's outlet: for each reading, and for each change of a link's state.
SIGNAL_READING: SignalType[Outlet] = SignalType(f"{DOMAIN}_reading")
SIGNAL_LINK: SignalType[Outlet] = SignalType(f"{DOMAIN}_link")


@callback
def async_setup_entry(hass: HomeAssistant, entry: SmartMeterConfigEntry) -> None:
    """Tell what is new of an entry's meters until it is unloaded, and then that they are gone."""
    coordinator = entry.runtime_data
    readings: dict[str, Reading] = {}
    links: dict[str, LinkState] = {}

    @callback
    def look() -> None:
        for outlet in list(outlets_of(coordinator)):
            meter = outlet.meter
            if meter.reading is not None and readings.get(meter.key) is not (
                meter.reading
            ):
                readings[meter.key] = meter.reading
                async_dispatcher_send(hass, SIGNAL_READING, outlet)
            if links.get(meter.key) is not (link := outlet.link):
                links[meter.key] = link
                async_dispatcher_send(hass, SIGNAL_LINK, outlet)

    look()
    entry.async_on_unload(coordinator.async_add_listener(look))
