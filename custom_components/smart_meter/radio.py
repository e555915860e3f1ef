"""One radio stick and the wireless meters the user chose from all it hears, each a subentry with a key of its own."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, override

from homeassistant.config_entries import (
    SIGNAL_CONFIG_ENTRY_CHANGED,
    ConfigEntry,
    ConfigEntryChange,
    ConfigSubentry,
)
from homeassistant.const import CONF_PORT
from homeassistant.core import CALLBACK_TYPE, callback
from homeassistant.helpers import device_registry as dr, issue_registry as ir
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.util import dt as dt_util

from . import repairs
from .const import CONF_IDENTITY, CONF_KEYS, DOMAIN, LOGGER
from .coordinator import KEY_FAULTS, MeterCoordinator
from .customer_interface.keys import Key, KeyRing
from .customer_interface.reading import Fault, FaultKind, MeterIdentity, Reading
from .customer_interface.session.radio import RadioSession
from .descriptions import describe
from .keystore import KeyStore, KeyStoreError, async_get_keystore
from .meter import STALE_INTERVALS, MeterData, Point
from .wireless import (
    STICKS,
    SUBENTRY_METER,
    async_take_over,
    memory_to_store,
    stored_memory,
)

# Radio loses telegrams, and some meters are quiet at night and at weekends: a counter is still what it was, a power is
# not.
SHORTEST_STALE = 3_600.0
SHORTEST_STALE_COUNTER = 7 * 86_400.0
AGEING_PACE = timedelta(minutes=5)
SAVE_DELAY = 300.0

KEY_ISSUE = "radio_key"
NO_STICK_ISSUE = "no_stick"


class RadioCoordinator(MeterCoordinator):
    """The stick, and by their keys the meters of its subentries."""

    session: RadioSession

    def __init__(self, *args: Any, **more: Any) -> None:
        """Prepare; nothing is opened before `async_start`."""
        super().__init__(*args, **more)
        self._keystore: KeyStore
        self._chosen: dict[str, ConfigSubentry] = {}
        self._wrapped: dict[str, dict[str, str]] | None = None
        self._faults_of: dict[str, int] = {}

    # --- life --------------------------------------------------------------------------------------------------------

    @override
    async def async_start(self) -> None:
        """Restore, open the port and begin to listen; raises ConfigEntryNotReady where the port does not open."""
        self._keystore = await async_get_keystore(self.hass)
        await super().async_start()
        entry = self.config_entry
        entry.async_on_unload(
            async_dispatcher_connect(
                self.hass, SIGNAL_CONFIG_ENTRY_CHANGED, self._on_entry_changed
            )
        )
        entry.async_on_unload(
            async_track_time_interval(self.hass, self._async_age, AGEING_PACE)
        )

    @callback
    def _async_age(self, _: datetime) -> None:
        """Let values that have gone be unavailable though nothing is heard."""
        self.async_update_listeners()

    @callback
    def _on_entry_changed(self, change: ConfigEntryChange, entry: ConfigEntry) -> None:
        if change is ConfigEntryChange.UPDATED and entry is self.config_entry:
            self._take_subentries()

    @override
    def _ensure_main(self) -> None:
        super()._ensure_main()
        self._take_subentries()

    def _take_subentries(self) -> None:
        """Read the meters the subentries name, with their keys, and forget those that were removed."""
        subentries = self.config_entry.get_subentries_of_type(SUBENTRY_METER)
        self._chosen = {str(s.unique_id): s for s in subentries}
        before, self._wrapped = (
            self._wrapped,
            {name: dict(s.data[CONF_KEYS]) for name, s in self._chosen.items()},
        )
        if before == self._wrapped:
            return
        self._forget_removed()
        for name, subentry in self._chosen.items():
            identity = MeterIdentity(**subentry.data[CONF_IDENTITY])
            key = self._key_of(name)
            self.data.setdefault(key, MeterData(key, name, identity, sub_meter=True))
        self.session.choose(frozenset(self._chosen))
        self.session.use_keys(self._ring(self._wrapped))
        for name, wrapped in self._wrapped.items():
            if before is None or before.get(name) != wrapped:
                self._faults_of.pop(name, None)
                self._read_last(name)
        self.async_update_listeners()

    def _forget_removed(self) -> None:
        kept = {self.main.key, *map(self._key_of, self._chosen)}
        for key in self.data.keys() - kept:
            del self.data[key]
        issues = ir.async_get(self.hass)
        ids = {self._key_issue(subentry) for subentry in self._chosen.values()}
        for domain, issue_id in tuple(issues.issues):
            prefix = f"{KEY_ISSUE}_{self.config_entry.entry_id}_"
            if domain == DOMAIN and issue_id.startswith(prefix) and issue_id not in ids:
                ir.async_delete_issue(self.hass, DOMAIN, issue_id)

    def _read_last(self, name: str) -> None:
        for output in self.session.read_last(name):
            if isinstance(output, Reading | Fault):
                self._on_output(output)

    def _key_of(self, name: str) -> str:
        return f"{self.main.key}_{name}"

    def _ring(self, wrapped: dict[str, dict[str, str]]) -> KeyRing:
        keys: list[Key] = []
        for name, texts in wrapped.items():
            for text in texts.values():
                try:
                    keys.append(Key(self._keystore.unwrap(text), name))
                except KeyStoreError:
                    LOGGER.warning(
                        "The key of %s was not stored by this installation; enter it again",
                        self._chosen[name].title,
                    )
        return KeyRing(tuple(keys))

    # --- what the session says ---------------------------------------------------------------------------------------

    @override
    def _meter_of(self, reading: Reading, at: float) -> MeterData | None:
        name = self.session.name_of(reading.meter) or ""
        if (subentry := self._chosen.get(name)) is None:
            return None
        self._faults_of.pop(name, None)
        ir.async_delete_issue(self.hass, DOMAIN, self._key_issue(subentry))
        repairs.async_clear(self.hass, self.config_entry, NO_STICK_ISSUE)
        return self.data[self._key_of(name)]

    @override
    def _on_fault(self, fault: Fault) -> None:
        LOGGER.debug("%s: %s: %s", self.config_entry.title, fault.kind, fault.detail)
        self.last_faults[fault.kind] = fault.detail
        if fault.kind is FaultKind.LINE:
            self._async_unavailable(fault.detail)
            repairs.async_report(self.hass, self.config_entry, NO_STICK_ISSUE)
        elif fault.kind in (FaultKind.KEY, FaultKind.AUTHENTICATION):
            self._on_key_fault_of((fault.meter and fault.meter.key) or "")

    def _on_key_fault_of(self, name: str) -> None:
        if (subentry := self._chosen.get(name)) is None:
            return
        self._faults_of[name] = self._faults_of.get(name, 0) + 1
        self.async_update_listeners()
        if self._faults_of[name] == KEY_FAULTS:
            ir.async_create_issue(
                self.hass,
                DOMAIN,
                self._key_issue(subentry),
                is_fixable=False,
                severity=ir.IssueSeverity.WARNING,
                translation_key=KEY_ISSUE,
                translation_placeholders={
                    "name": self.config_entry.title,
                    "meter": subentry.title,
                },
            )

    def _key_issue(self, subentry: ConfigSubentry) -> str:
        return f"{KEY_ISSUE}_{self.config_entry.entry_id}_{subentry.subentry_id}"

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

    @property
    @override
    def is_slow(self) -> bool:
        """Wireless meters may be heard once a day: their values outlive a restart."""
        return True

    @property
    @override
    def _save_delay(self) -> float:
        return SAVE_DELAY

    @override
    def _to_store(self) -> dict[str, Any]:
        now = dt_util.utcnow().timestamp()
        heard = memory_to_store(self.session.memory, now)
        return {**super()._to_store(), "heard": heard}

    @override
    def _recall(self, stored: Mapping[str, Any]) -> None:
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

    @override
    def subentry_of(self, meter: MeterData) -> str | None:
        """Return the subentry of a meter, None for the stick."""
        subentry = self._chosen.get(meter.name)
        return subentry.subentry_id if subentry else None

    @override
    def device_info(self, meter: MeterData) -> DeviceInfo:
        """Return the device of the stick, or of a meter it hears."""
        if (subentry := self._chosen.get(meter.name)) is None:
            return DeviceInfo(
                identifiers={(DOMAIN, meter.key)},
                name=self.config_entry.title,
                model=STICKS.get(self.session.stick or ""),
            )
        assert self.device_id is not None
        return DeviceInfo(
            identifiers={(DOMAIN, meter.key)},
            manufacturer=meter.identity.manufacturer,
            serial_number=meter.identity.number,
            name=subentry.title,
            via_device_id=self.device_id,
        )

    @callback
    @override
    def async_register_device(self) -> None:
        """Register the stick's device, which those of the meters are linked to."""
        device = dr.async_get(self.hass).async_get_or_create(
            config_entry_id=self.config_entry.entry_id,
            identifiers={(DOMAIN, self.main.key)},
            name=self.config_entry.title,
        )
        self.device_id = device.id

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
