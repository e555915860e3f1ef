"""Keeps one port's session running and hands what it says to the entities."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from types import MappingProxyType
from typing import Any, NamedTuple, override
from uuid import uuid4

from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.const import CONF_PORT, EVENT_HOMEASSISTANT_STOP
from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant, callback
from homeassistant.exceptions import (
    ConfigEntryAuthFailed,
    ConfigEntryError,
    ConfigEntryNotReady,
)
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.event import async_call_later
from homeassistant.helpers.storage import Store
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator
from homeassistant.util import dt as dt_util

from . import issues, lease
from .const import (
    CONF_ENCRYPTION,
    CONF_IDENTITY,
    CONF_LINE,
    CONF_MAXIMUM_POWER,
    CONF_METER,
    CONF_OPERATOR,
    CONF_PENDING,
    CONF_POLL_INTERVAL,
    CONF_RADIO_MODE,
    CONF_SIMULATED,
    CONF_SUCCESSOR,
    CONF_TRANSFORMER_FACTOR,
    CONF_UPDATE_PACE,
    DOMAIN,
    LOGGER,
    METER_PAGES,
    SLOW_INTERVAL,
    Encryption,
    UpdatePace,
)
from .customer_interface import catalogue
from .customer_interface.catalogue import Profile, SessionKind
from .customer_interface.catalogue.operators import GridOperator, Offer
from .customer_interface.errors import CatalogueError, SourceError
from .customer_interface.keys import KeyRing
from .customer_interface.line import LineSettings
from .customer_interface.obis import CLOCK, ObisCode
from .customer_interface.plausibility import Limits
from .customer_interface.reading import (
    Fault,
    FaultKind,
    MeterIdentity,
    Protection,
    Reading,
)
from .customer_interface.session import make_session
from .customer_interface.session.base import KeyedSession, LinkStatistics, SessionState
from .customer_interface.session.detect import Verdict
from .customer_interface.source.runner import Runner
from .dongle import async_blink
from .key_exchange import async_store, settled
from .keystore import KeyStore, KeyStoreError, async_get_keystore
from .listening import Detection
from .meter import MeterData, Point, from_stored, is_stale, is_young, to_stored
from .recording import Recording
from .simulated import SimulatedMeter
from .wireless import device_translation, operator_of

type SmartMeterConfigEntry = ConfigEntry[MeterCoordinator]

STORAGE_VERSION = 1
# The frame counter changes with every telegram; a memory card should not be written to as often.
SAVE_DELAY = 600.0
SAVE_DELAY_SLOW = 5.0

OPEN_PATIENCE = 20.0

# Telegrams in a row that no key opens before the user is asked: one may be damaged in a way its checksum missed.
KEY_FAULTS = 3
STRANGERS = 3
# Telegrams in a row that a value is withheld from before the user is told, and how many values are counted at once.
IMPLAUSIBLE_FAULTS, MOST_WITHHELD = 20, 500
# How many silent intervals may pass before the user is told what to look at.
TROUBLE_INTERVALS = 10
PORT_TROUBLE_AFTER = 60.0
# Seconds after an error of our own until the entry is set up anew: not with each telegram, should it come back.
ANEW_AFTER = 60.0
# Meters that speak by themselves, so that listening at other line settings can find them.
DETECTABLE = (SessionKind.PUSH, SessionKind.ACKNOWLEDGED)
EXPECTED = {
    Encryption.AUTO: Protection.NONE,
    Encryption.NONE: Protection.NONE,
    Encryption.ENCRYPTED: Protection.ENCRYPTED,
    Encryption.AUTHENTICATED: Protection.AUTHENTICATED,
}


class Setup(NamedTuple):
    """What an entry says, looked up: who the meter is from and how it is spoken to."""

    operator: GridOperator
    offer: Offer
    keystore: KeyStore
    keys: KeyRing
    line: LineSettings | None
    expected: Protection = Protection.NONE
    radio_mode: str | None = None

    @property
    def profile(self) -> Profile:
        """The profile of the meter at this operator."""
        return self.offer.profile


def stored_state(form: Mapping[str, Any]) -> SessionState:
    """Return the session state that was stored; raises KeyError, TypeError or ValueError for anything else."""
    return SessionState(
        MappingProxyType({str(k): int(v) for k, v in form["counters"].items()}),
        MappingProxyType(
            {str(k): (str(v[0]), float(v[1])) for k, v in form["last"].items()}
        ),
        MappingProxyType({str(k): float(v) for k, v in form["intervals"].items()}),
        MappingProxyType(dict(form["extra"])),
    )


def state_to_store(state: SessionState) -> dict[str, Any]:
    """Return a session state in JSON's types."""
    return {
        "counters": dict(state.counters),
        "last": {key: list(value) for key, value in state.last.items()},
        "intervals": dict(state.intervals),
        "extra": dict(state.extra),
    }


def async_get_store(hass: HomeAssistant, entry_id: str) -> Store[dict[str, Any]]:
    """Return the store of what an entry's session must remember over a restart."""
    return Store(hass, STORAGE_VERSION, f"{DOMAIN}.{entry_id}", private=True)


def _restored(
    form: Mapping[str, Any] | None,
) -> tuple[SessionState, list[MeterData]]:
    if form is None:
        return SessionState(), []
    try:
        return stored_state(form["session"]), [
            from_stored(row) for row in form["meters"]
        ]
    except KeyError, TypeError, ValueError, AttributeError, IndexError:
        LOGGER.warning(
            "What was stored of the meter is damaged; intervals and counters are learned again"
        )
        return SessionState(), []


async def async_look_up(hass: HomeAssistant, entry: SmartMeterConfigEntry) -> Setup:
    """Look up what an entry says; raises ConfigEntryError or ConfigEntryAuthFailed."""
    known = await hass.async_add_executor_job(catalogue.load)
    keystore = await async_get_keystore(hass)
    try:
        operator = operator_of(known, entry.data[CONF_OPERATOR])
        offer = operator.offer(entry.data[CONF_METER])
        keys = keystore.ring(entry.data, offer.profile.keys)
    except CatalogueError as err:
        raise ConfigEntryError(
            translation_domain=DOMAIN, translation_key="unknown_meter"
        ) from err
    except KeyStoreError as err:
        raise ConfigEntryAuthFailed(
            translation_domain=DOMAIN, translation_key="key_unreadable"
        ) from err
    line = entry.data.get(CONF_LINE)
    return Setup(
        operator,
        offer,
        keystore,
        keys,
        LineSettings.parse(line) if line else None,
        EXPECTED[Encryption(entry.data.get(CONF_ENCRYPTION, Encryption.AUTO))],
        entry.data.get(CONF_RADIO_MODE),
    )


class MeterCoordinator(DataUpdateCoordinator[dict[str, MeterData]]):
    """The meters behind one port, by the key their device is known by; the first is the entry's own."""

    config_entry: SmartMeterConfigEntry

    def __init__(
        self, hass: HomeAssistant, config_entry: SmartMeterConfigEntry, setup: Setup
    ) -> None:
        """Prepare; nothing is opened before `async_start`."""
        super().__init__(
            hass, LOGGER, config_entry=config_entry, name=config_entry.title
        )
        self.setup = setup
        self.recording = Recording(hass)
        self.pace = UpdatePace(
            config_entry.options.get(CONF_UPDATE_PACE, UpdatePace.USUAL)
        )
        self.device_id: str | None = None
        self.factor = int(config_entry.options.get(CONF_TRANSFORMER_FACTOR, 1))
        self.data = {}
        self.connected = False
        self.silent = False
        self.link_error: SourceError | None = None
        self.last_faults: dict[FaultKind, str] = {}
        self.session: KeyedSession
        self.told: dict[str, str] = {}
        self._store = async_get_store(hass, config_entry.entry_id)
        self._started = False
        self._learned: float | None = None
        self._save_pending = False
        self._saved_state: SessionState | None = None
        self._task: asyncio.Task[None] | None = None
        self._simulated: SimulatedMeter | None = None
        self._opened: asyncio.Future[None] | None = None
        self._unavailable_logged = False
        self._detected = False
        self._detecting: asyncio.Task[None] | None = None
        self._key_faults = 0
        self._cause: str | None = None
        self._withheld: Counter[tuple[str, ObisCode]] = Counter()
        self._strangers: dict[str, tuple[int, float]] = {}
        self._cancel_trouble: CALLBACK_TYPE | None = None

    # --- life --------------------------------------------------------------------------------------------------------

    async def async_start(self) -> None:
        """Restore, open the port and begin to listen; raises ConfigEntryNotReady where the port does not open."""
        stored = await self._store.async_load()
        state, meters = _restored(stored)
        self._saved_state = state
        try:
            self.session = await self.hass.async_add_executor_job(
                self._session_from(state)
            )
        except CatalogueError as err:
            raise ConfigEntryError(
                translation_domain=DOMAIN, translation_key="not_read_yet"
            ) from err
        self.data = {meter.key: meter for meter in meters}
        self._recall(stored or {})
        self._ensure_main()
        if lease.is_lent(self.hass, self.config_entry):
            self._async_unavailable("the port is lent")
            return
        await self.async_open()
        self._started = True
        self.config_entry.async_on_unload(
            self.hass.bus.async_listen_once(EVENT_HOMEASSISTANT_STOP, self._async_stop)
        )

    def _session_from(self, state: SessionState) -> Callable[[], KeyedSession]:
        """Return what makes the session, off the event loop: it may read the catalogue."""
        return partial(
            make_session,
            self.setup.profile,
            self.setup.keys,
            state,
            self._limits(),
            expected=self.setup.expected,
            radio_mode=self.setup.radio_mode,
            interval=self.config_entry.options.get(CONF_POLL_INTERVAL),
        )

    async def _async_stop(self, _: Event) -> None:
        """Close the port and store when Home Assistant stops: entries are not unloaded then."""
        await self.async_shutdown()

    async def async_open(self) -> None:
        """Begin to listen; raises ConfigEntryNotReady where the port does not open."""
        self._opened = self.hass.loop.create_future()
        try:
            url = await self._async_url()
        except OSError as err:
            raise ConfigEntryNotReady(
                translation_domain=DOMAIN, translation_key="simulator_failed"
            ) from err
        runner = Runner(
            url,
            self.setup.line or self.setup.profile.line,
            self.session,
            self._on_output,
            self._on_link,
            self.recording.on_bytes,
        )
        self._task = self.config_entry.async_create_background_task(
            self.hass, runner.run(), f"{DOMAIN} {self.config_entry.title}"
        )
        self._task.add_done_callback(self._on_end)
        with suppress(TimeoutError):
            async with asyncio.timeout(OPEN_PATIENCE):
                await self._opened
        if self.connected:
            issues.async_clear_port(self.hass, self.config_entry)
            self._async_watch(self._trouble_after())
        else:
            await self.async_close()
            reason = self.link_error.reason if self.link_error else "refused"
            await issues.async_report_port(self.hass, self.config_entry, reason)
            raise ConfigEntryNotReady(
                translation_domain=DOMAIN, translation_key=f"port_{reason}"
            )

    async def async_reopen(self) -> None:
        """Listen again after the port was used for something else; where it does not open, the entry is set up anew.

        Nothing to do for an entry that was unloaded meanwhile, or whose port is lent: it is opened by who loads it next.
        """
        if self._shutdown_requested or lease.is_lent(self.hass, self.config_entry):
            return
        try:
            await self.async_open()
        except ConfigEntryNotReady:
            self.hass.config_entries.async_schedule_reload(self.config_entry.entry_id)

    async def _async_url(self) -> str:
        if not self.config_entry.data.get(CONF_SIMULATED):
            port: str = self.config_entry.data[CONF_PORT]
            return port
        self._simulated = SimulatedMeter(
            self.setup.operator.id, self.setup.offer.meter.id
        )
        return await self._simulated.async_start()

    async def async_close(self) -> None:
        """Close the port; what was heard stays."""
        self._async_cancel_trouble()
        if self._task is not None:
            self._task.cancel()
            # Awaiting the task itself would take one's own cancelling for the task's.
            await asyncio.wait([self._task])
            self._task = None
        if self._simulated is not None:
            await self._simulated.async_stop()
            self._simulated = None
        self.connected = False

    @override
    async def async_shutdown(self) -> None:
        """Close the port and store what must outlive a restart."""
        await super().async_shutdown()
        await self.async_close()
        self.recording.stop()
        if self._started:
            await self._store.async_save(self._to_store())

    @override
    async def _async_update_data(self) -> dict[str, MeterData]:
        """Return what was pushed last, for a refresh asked for by hand."""
        return self.data

    def _limits(self) -> Limits:
        kilowatts = self.config_entry.options.get(CONF_MAXIMUM_POWER)
        if kilowatts is None:
            return Limits()
        return Limits(power=float(kilowatts) * 1_000 / self.factor)

    # --- what the session says ---------------------------------------------------------------------------------------

    @callback
    def _on_link(self, up: bool, error: SourceError | None) -> None:
        self.connected, self.link_error = up, error
        if self._opened is not None and not self._opened.done():
            self._opened.set_result(None)
            return
        if up:
            issues.async_clear_port(self.hass, self.config_entry)
            self._async_watch(self._trouble_after())
            return
        assert error is not None
        self._async_unavailable(f"port {error.reason}: {error}")
        self._async_watch(PORT_TROUBLE_AFTER)

    @callback
    def _on_end(self, task: asyncio.Task[None]) -> None:
        """Tell an error of our own, which no bytes may cause, and set the entry up anew some time after it."""
        if task.cancelled() or (error := task.exception()) is None:
            return
        LOGGER.error(
            "%s: reading ended by a mistake of the integration, please report it",
            self.config_entry.title,
            exc_info=error,
        )
        self.connected = False
        self._async_unavailable("the integration made a mistake")
        self._async_cancel_trouble()
        self._cancel_trouble = async_call_later(
            self.hass, ANEW_AFTER, self._async_begin_anew
        )

    @callback
    def _async_begin_anew(self, _: Any) -> None:
        self._cancel_trouble = None
        self.hass.config_entries.async_schedule_reload(self.config_entry.entry_id)

    @callback
    def _on_output(self, output: Reading | Fault) -> None:
        if isinstance(output, Reading):
            self._on_reading(output)
        else:
            self._on_fault(output)

    def _on_reading(self, reading: Reading) -> None:
        at = reading.arrived or dt_util.utcnow().timestamp()
        self._learned = self.statistics.interval
        self._key_faults = 0
        if self._withheld:
            self._forgive(reading)
        if self.config_entry.data.get(CONF_PENDING):
            self._adopt(reading.meter)
        if (meter := self._meter_of(reading, at)) is None:
            return
        self._settle_keys(self._holder_of(meter), reading)
        meter.take(reading, at)
        async_blink(self.hass, self.config_entry.data[CONF_PORT])
        self._async_available()
        self._async_schedule_save()
        self.async_set_updated_data(self.data)

    def _on_fault(self, fault: Fault) -> None:
        LOGGER.debug("%s: %s: %s", self.config_entry.title, fault.kind, fault.detail)
        self.last_faults[fault.kind] = fault.detail
        self._on_cause(fault)
        match fault.kind:
            case FaultKind.SILENCE | FaultKind.LINE:
                self.silent = fault.kind is FaultKind.SILENCE
                self._async_unavailable(fault.detail)
                self._async_watch(self._trouble_after())
            case FaultKind.KEY | FaultKind.AUTHENTICATION:
                self._on_key_fault()
            case FaultKind.PROTECTION:
                self._async_unavailable(fault.detail)
                issues.async_report(self.hass, self.config_entry, "weaker")
            case FaultKind.INACTIVE:
                issues.async_report(self.hass, self.config_entry, "inactive")
            case FaultKind.LAYOUT:
                issues.async_report(self.hass, self.config_entry, "layout")
            case FaultKind.IMPLAUSIBLE:
                self._on_withheld(fault)
        # Where all that comes is faults, values go by their age.
        self.async_update_listeners()

    def _on_withheld(self, fault: Fault) -> None:
        """Tell of a value that is withheld again and again, without being believed in between."""
        if fault.code is None:
            return
        if len(self._withheld) >= MOST_WITHHELD:
            self._withheld.clear()
        name = name_of(fault.meter)
        self._withheld[name, fault.code] += 1
        if self._withheld[name, fault.code] == IMPLAUSIBLE_FAULTS:
            self._report_implausible(name)

    def _report_implausible(self, name: str) -> None:
        """Tell that values of the meter of this name are withheld."""
        issues.async_report(self.hass, self.config_entry, "implausible")

    def _clear_implausible(self, name: str) -> None:
        """Take back what was told of the meter of this name."""
        issues.async_clear(self.hass, self.config_entry, "implausible")

    def _forgive(self, reading: Reading) -> None:
        """Begin to count anew for what is believed now."""
        name = name_of(reading.meter)
        codes = (*reading.values, *([] if reading.time is None else [CLOCK]))
        counts = [self._withheld.pop((name, code), 0) for code in codes]
        if max(counts, default=0) >= IMPLAUSIBLE_FAULTS:
            self._clear_implausible(name)

    def _on_cause(self, fault: Fault) -> None:
        """Tell what a session found out; that a meter fell silent may end by itself, and is told when it lasts."""
        self._cause = fault.cause or self._cause
        if fault.cause and fault.kind is not FaultKind.SILENCE:
            issues.async_report(self.hass, self.config_entry, fault.cause)

    def _holder_of(self, meter: MeterData) -> SmartMeterConfigEntry | ConfigSubentry:
        """Return where the keys of a meter are stored."""
        return self.config_entry

    def _settle_keys(
        self, holder: SmartMeterConfigEntry | ConfigSubentry, reading: Reading
    ) -> None:
        """Forget an old key once a telegram proved the one that replaces it."""
        data = settled(holder.data, self.setup.keystore, self.setup.keys, reading)
        if data is not None:
            LOGGER.info("%s sends with its new key", holder.title)
            async_store(self.hass, self.config_entry, holder, data)
            self.async_use_keys()

    @callback
    def async_use_keys(self) -> None:
        """Go on with the keys the entry stores now."""
        setup = self.setup
        keys = setup.keystore.ring(self.config_entry.data, setup.profile.keys)
        self.setup = setup._replace(keys=keys)
        self.session.use_keys(keys)

    def _on_key_fault(self) -> None:
        self._key_faults += 1
        if (
            self._key_faults == KEY_FAULTS
            and self.setup.profile.session is not SessionKind.RADIO
        ):
            self._async_unavailable("no key opens the telegrams")
            self.config_entry.async_start_reauth(self.hass)

    # --- which meter -------------------------------------------------------------------------------------------------

    @property
    def main(self) -> MeterData:
        """The meter of the entry."""
        return self.data[self.config_entry.unique_id or self.config_entry.entry_id]

    def _ensure_main(self) -> None:
        key = self.config_entry.unique_id or self.config_entry.entry_id
        identity = MeterIdentity(**self.config_entry.data.get(CONF_IDENTITY, {}))
        self.data.setdefault(key, MeterData(key, identity.key or "", identity))

    def _meter_of(self, reading: Reading, at: float) -> MeterData | None:
        """Return the meter a reading is from; None for a stranger that may be an exchanged meter."""
        identity = reading.meter
        name = identity.key or ""
        if self._is_main(identity):
            self.main.name = name
            return self.main
        key = f"{self.main.key}_{identity.channel or ''}{name}"
        if key in self.data or self._is_sub_meter(identity, name, at):
            meter = MeterData(key, name, identity, sub_meter=True)
            return self.data.setdefault(key, meter)
        return None

    def _is_main(self, identity: MeterIdentity) -> bool:
        known = self.main.identity
        if identity.channel:
            return False
        if identity.number and known.number:
            return known.has_number(identity.number)
        if identity.title and known.title:
            return identity.title == known.title
        return not (known.key and identity.key) or identity.key == known.key

    def _is_sub_meter(self, identity: MeterIdentity, name: str, at: float) -> bool:
        """Tell a second meter from a new one in the place of the old: of two meters the first is still heard."""
        if identity.channel or identity.medium not in (None, "electricity"):
            return True
        times, first = self._strangers.get(name, (0, at))
        self._strangers = {name: (times + 1, first)}
        if self.main.heard is not None and self.main.heard > first:
            return True
        if times + 1 == STRANGERS:
            issues.async_report(
                self.hass,
                self.config_entry,
                "exchanged",
                {"number": name},
                {CONF_IDENTITY: identity_to_store(identity)},
            )
        return False

    def _adopt(self, identity: MeterIdentity) -> None:
        """Give an entry that was set up before the first telegram the identity the meter tells."""
        data = {k: v for k, v in self.config_entry.data.items() if k != CONF_PENDING}
        data[CONF_IDENTITY] = identity_to_store(identity)
        old = self.main
        unique_id = identity.key or old.key
        if self.hass.config_entries.async_entry_for_domain_unique_id(DOMAIN, unique_id):
            unique_id = old.key
        self.data = {unique_id: MeterData(unique_id, identity.key or "", identity)}
        registry = dr.async_get(self.hass)
        device = registry.async_get_device_by_identifier(
            (DOMAIN, old.key), self.config_entry.entry_id
        )
        if device is not None:
            registry.async_update_device(
                device.id,
                new_identifiers={(DOMAIN, unique_id)},
                serial_number=identity.number,
            )
        self.hass.config_entries.async_update_entry(
            self.config_entry, data=data, unique_id=unique_id
        )

    # --- availability ------------------------------------------------------------------------------------------------

    @property
    def statistics(self) -> LinkStatistics:
        """What was seen on the line."""
        return self.session.statistics

    @property
    def interval(self) -> float:
        """Seconds between telegrams: learned, else the longest the profile names."""
        return self._learned or self.setup.profile.interval[1]

    @property
    def is_heard(self) -> bool:
        """Whether telegrams arrive that can be read."""
        return (
            self.connected
            and self.last_update_success
            and self.statistics.last_reading is not None
        )

    @property
    def is_slow(self) -> bool:
        """Whether a telegram may be more than a minute away, so that values are kept over a restart."""
        return self.interval > SLOW_INTERVAL

    def is_available(self, meter: MeterData, point: Point) -> bool:
        """Tell whether a value is still worth showing: its meter is heard, and it itself was within its intervals."""
        if not (self.last_update_success or self.is_slow):
            return False
        age = dt_util.utcnow().timestamp() - point.at
        return is_young(age) or not is_stale(age, self._interval_of(meter, point))

    def _interval_of(self, meter: MeterData, point: Point) -> float | None:
        if point.code is None:
            return meter.interval
        if isinstance(point.value.value, str):
            # Messages come when the operator has something to say.
            return None
        return self.session.state.intervals.get(f"{meter.name}|{point.code}")

    def _async_unavailable(self, reason: str) -> None:
        if not self._unavailable_logged:
            LOGGER.warning("%s is unavailable: %s", self.config_entry.title, reason)
            self._unavailable_logged = True
        self.last_update_success = False
        self.async_update_listeners()

    def _async_available(self) -> None:
        self.silent = self._detected = False
        self._cause = None
        self._async_cancel_trouble()
        issues.async_clear(self.hass, self.config_entry, *issues.CAUSES)
        issues.async_clear(self.hass, self.config_entry, "silent", "garbled")
        issues.async_clear(
            self.hass, self.config_entry, "inactive", "line_found", "weaker"
        )
        if self._unavailable_logged:
            LOGGER.info("%s is back", self.config_entry.title)
            self._unavailable_logged = False

    # --- trouble that lasts ------------------------------------------------------------------------------------------

    def _trouble_after(self) -> float:
        return TROUBLE_INTERVALS * max(self.interval, 1.0)

    def _async_watch(self, delay: float) -> None:
        self._async_cancel_trouble()
        self._cancel_trouble = async_call_later(
            self.hass, delay, self._async_report_trouble
        )

    def _async_cancel_trouble(self) -> None:
        if self._cancel_trouble is not None:
            self._cancel_trouble()
            self._cancel_trouble = None

    async def _async_report_trouble(self, _: Any) -> None:
        self._cancel_trouble = None
        if self.link_error is not None:
            await issues.async_report_port(
                self.hass, self.config_entry, self.link_error.reason
            )
            return
        now, seen = dt_util.utcnow().timestamp(), self.statistics
        if seen.last_byte is None or now - seen.last_byte > self._trouble_after():
            told = self._cause or "silent"
            issues.async_report(self.hass, self.config_entry, told)
            # What comes later may be no telegram: that is another trouble.
            self._async_watch(self._trouble_after())
        elif seen.last_frame is None or now - seen.last_frame > self._trouble_after():
            issues.async_clear(self.hass, self.config_entry, "silent")
            issues.async_report(self.hass, self.config_entry, "garbled")
            if self.setup.profile.session in DETECTABLE and not self._detected:
                self._detected = True
                self._detecting = self.config_entry.async_create_background_task(
                    self.hass, self._async_detect(), f"{DOMAIN} detection"
                )
                self._detecting.add_done_callback(self._on_end)

    async def _async_detect(self) -> None:
        """Listen at other line settings, as the ones that were right no longer are; offer what was found."""
        known = await self.hass.async_add_executor_job(catalogue.load)
        await self.async_close()
        detection = Detection(
            self.hass, self.config_entry.data[CONF_PORT], known, self.recording.on_bytes
        )
        await detection.async_run()
        finding = detection.finding
        line = self.setup.line or self.setup.profile.line
        if finding and finding.verdict is Verdict.FOUND and finding.line != line:
            found = str(finding.line)
            issues.async_report(
                self.hass,
                self.config_entry,
                "line_found",
                {"line": found},
                {CONF_LINE: found},
            )
        await self.async_reopen()

    # --- storage -----------------------------------------------------------------------------------------------------

    def _recall(self, stored: Mapping[str, Any]) -> None:
        """Take what else was stored than the session's state and the meters."""
        told = stored.get("told", {})
        self.told = {str(key): str(told[key]) for key in told}

    @callback
    def async_tell(self, event: str, text: str) -> None:
        """Remember what an event told last, soon on disk: a power failure may take this system along."""
        self.told[event] = text
        self._save_pending = True
        self._store.async_delay_save(self._to_store, SAVE_DELAY_SLOW)

    def _async_schedule_save(self) -> None:
        if self._save_pending or self.session.state is self._saved_state:
            return
        self._save_pending = True
        self._store.async_delay_save(self._to_store, self._save_delay)

    @property
    def _save_delay(self) -> float:
        return SAVE_DELAY_SLOW if self.is_slow else SAVE_DELAY

    def _to_store(self) -> dict[str, Any]:
        self._save_pending = False
        self._saved_state = self.session.state
        meters = self.data.values() if self.is_slow else ()
        return {
            "session": state_to_store(self.session.state),
            "meters": [to_stored(meter) for meter in meters],
            "told": self.told,
        }

    # --- devices -----------------------------------------------------------------------------------------------------

    @property
    def _device_name(self) -> str:
        """What is printed on the meter; one in the place of another is told from it, as its device stays."""
        successor = self.config_entry.data.get(CONF_SUCCESSOR, "")
        return f"{self.setup.offer.meter.name} {successor}".rstrip()

    @callback
    def async_register_device(self) -> None:
        """Register the meter's device, which those behind it are linked to."""
        offer, meter = self.setup.offer, self.main
        device = dr.async_get(self.hass).async_get_or_create(
            config_entry_id=self.config_entry.entry_id,
            identifiers={(DOMAIN, meter.key)},
            manufacturer=offer.meter.manufacturer,
            model=offer.meter.model,
            name=self._device_name,
            serial_number=meter.identity.number,
        )
        self.device_id = device.id

    def device_info(self, meter: MeterData) -> DeviceInfo:
        """Return the device of a meter; one behind another is linked to it."""
        identity = meter.identity
        if meter.sub_meter:
            assert self.device_id is not None
            return DeviceInfo(
                identifiers={(DOMAIN, meter.key)},
                configuration_url=f"{METER_PAGES}README.md",
                manufacturer=identity.manufacturer,
                serial_number=identity.number,
                translation_key=device_translation(identity.medium),
                via_device_id=self.device_id,
                sw_version=meter.software,
                hw_version=meter.hardware,
            )
        offer = self.setup.offer
        return DeviceInfo(
            identifiers={(DOMAIN, meter.key)},
            configuration_url=f"{METER_PAGES}README.md",
            manufacturer=offer.meter.manufacturer or identity.manufacturer,
            model=offer.meter.model,
            name=self._device_name,
            serial_number=identity.number,
            sw_version=meter.software,
            hw_version=meter.hardware,
        )

    def subentry_of(self, meter: MeterData) -> str | None:
        """Return the subentry a meter's device belongs to; None for the entry itself."""
        return None

    # --- lending the port --------------------------------------------------------------------------------------------

    async def async_lend(self) -> None:
        """Give the port to somebody else until `async_reopen`."""
        if self._detecting is not None:
            self._detecting.cancel()
            await asyncio.wait([self._detecting])
            self._detecting = None
        await self.async_close()
        self._async_unavailable("the port is lent")

    def async_add_new_points_listener(
        self, add: Callable[[list[tuple[MeterData, Point]]], None]
    ) -> CALLBACK_TYPE:
        """Call `add` with each point when it first has a value, those already there at once."""
        known: dict[str, set[str]] = {}

        @callback
        def look() -> None:
            for gone in known.keys() - self.data.keys():
                del known[gone]
            new = [
                (meter, point)
                for meter in self.data.values()
                for point in _news(meter, known.setdefault(meter.key, set()))
            ]
            if new:
                add(new)

        look()
        return self.async_add_listener(look)


def _news(meter: MeterData, known: set[str]) -> list[Point]:
    """Return the points that have a value for the first time, and take them as known."""
    new = [
        point
        for key, point in meter.points.items()
        if key not in known and point.has_value
    ]
    known.update(point.key for point in new)
    return new


def name_of(meter: MeterIdentity | None) -> str:
    """Return what the session calls a meter."""
    return (meter and meter.key) or ""


def identity_to_store(identity: MeterIdentity) -> dict[str, Any]:
    """Return what an entry remembers of its meter."""
    names = ("number", "manufacturer", "title", "address", "medium", "version")
    return {name: getattr(identity, name) for name in names}


async def async_forget(
    hass: HomeAssistant, entry: SmartMeterConfigEntry, data: dict[str, Any]
) -> None:
    """Begin anew with the meter that hangs there now, believing nothing of what was before.

    Another number is another device; a meter that tells none gets a new name.
    """
    identity = MeterIdentity(**data.get(CONF_IDENTITY, {}))
    unique_id = identity.key or uuid4().hex
    if unique_id != entry.unique_id:
        successor = identity.key or dt_util.now().date().isoformat()
        data = {**data, CONF_SUCCESSOR: successor}
    await hass.config_entries.async_unload(entry.entry_id)
    await async_get_store(hass, entry.entry_id).async_remove()
    hass.config_entries.async_update_entry(entry, data=data, unique_id=unique_id)
    await hass.config_entries.async_setup(entry.entry_id)


async def async_forget_meter(
    hass: HomeAssistant, entry: SmartMeterConfigEntry, name: str
) -> None:
    """Begin anew with one of several meters on a port; what is known of the others stays."""
    await hass.config_entries.async_unload(entry.entry_id)
    store = async_get_store(hass, entry.entry_id)
    stored = await store.async_load() or {}
    state, _ = _restored(stored)
    last = {
        key: value
        for key, value in state.last.items()
        if key.rpartition("|")[0] != name
    }
    session = state_to_store(state._replace(last=MappingProxyType(last)))
    await store.async_save({**stored, "session": session})
    await hass.config_entries.async_setup(entry.entry_id)
