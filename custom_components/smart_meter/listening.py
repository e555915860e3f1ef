"""Listening during set-up: what arrives on a port, said in stages, and keys tried on what arrived."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum
from functools import partial

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback

from . import lease
from .const import DOMAIN
from .customer_interface.catalogue import Profile
from .customer_interface.catalogue.operators import Catalogue
from .customer_interface.errors import SourceError
from .customer_interface.keys import KeyRing
from .customer_interface.line import LineSettings
from .customer_interface.reading import Fault, FaultKind, Protection, Reading
from .customer_interface.session import make_session
from .customer_interface.session.base import LinkStatistics, Session
from .customer_interface.session.detect import DetectSession, Finding
from .customer_interface.source.runner import Runner

# Bytes kept to try a key on: several telegrams of any meter.
KEPT_BYTES = 32_768
# How long to wait for a meter: three of its intervals, within what somebody watches.
SHORTEST_PATIENCE, LONGEST_PATIENCE = 15.0, 100.0
PROGRESS_PACE = 1.0
DETECTION_PACE = 0.25

_LENT = ("busy", "the port is lent to another program")


class Stage(StrEnum):
    """How far it came; each has its own words."""

    OPENING = "opening"
    NO_BYTES = "no_bytes"
    BYTES = "bytes"
    FRAMES = "frames"


class Outcome(StrEnum):
    """How listening or checking ended."""

    READING = "reading"
    KEY = "key"
    AUTHENTICATION = "authentication"
    INACTIVE = "inactive"
    LAYOUT = "layout"
    WEAKER = "weaker"
    SILENT = "silent"
    GARBLED = "garbled"
    UNREADABLE = "unreadable"
    PORT = "port"
    CAUSE = "cause"


# Faults that settle what is on the line; others may be an accident of one telegram.
_DECISIVE = {
    FaultKind.KEY: Outcome.KEY,
    FaultKind.AUTHENTICATION: Outcome.AUTHENTICATION,
    FaultKind.INACTIVE: Outcome.INACTIVE,
    FaultKind.LAYOUT: Outcome.LAYOUT,
    FaultKind.PROTECTION: Outcome.WEAKER,
}


class Listening:
    """A port that is listened to while the user watches; `outcome` is there once it is known."""

    def __init__(
        self,
        hass: HomeAssistant,
        url: str,
        profile: Profile,
        line: LineSettings | None,
        keys: KeyRing,
        *,
        expected: Protection = Protection.NONE,
        radio_mode: str | None = None,
    ) -> None:
        """Prepare; nothing is opened before `async_start`."""
        self._hass = hass
        self._url = url
        self._expected = expected
        self._radio_mode = radio_mode
        self._profile = profile
        self._line = line
        self._keys = keys
        self._session: Session
        self._probe: Session | None = None
        self._task: asyncio.Task[None] | None = None
        self._released: CALLBACK_TYPE
        self._changed = asyncio.Event()
        self._kept: list[tuple[float, bytes]] = []
        self._began = self._deadline = 0.0
        self._up = False
        self.outcome: Outcome | None = None
        self.error: SourceError | None = None
        self.cause: str | None = None
        self.readings: list[Reading] = []

    async def async_start(self) -> None:
        """Open the port and listen; raises CatalogueError for a profile that is not read yet."""
        self._session = await self._make(self._keys)
        runner = Runner(
            self._url,
            self._line or self._profile.line,
            self._session,
            self._on_output,
            self._on_link,
            self._on_bytes,
        )
        self._task = self._hass.async_create_background_task(
            runner.run(), f"{DOMAIN} set-up"
        )
        self._released = lease.async_hold(self._hass, self._url, self._async_let_go)
        self._restart_patience()

    async def async_stop(self) -> None:
        """Close the port."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
            self._task = None
            self._released()

    async def _async_let_go(self) -> None:
        """Close the port for somebody else; who still listens for something is told that it is in use."""
        await self.async_stop()
        if self.outcome is None:
            self.error, self.outcome = SourceError(*_LENT), Outcome.PORT
        self._changed.set()

    async def _make(self, keys: KeyRing) -> Session:
        return await self._hass.async_add_executor_job(
            partial(
                make_session,
                self._profile,
                keys,
                expected=self._expected,
                radio_mode=self._radio_mode,
            )
        )

    def _restart_patience(self) -> None:
        patience = max(3 * self._profile.interval[1], SHORTEST_PATIENCE)
        patience = min(patience, LONGEST_PATIENCE)
        self._began = self._hass.loop.time()
        self._deadline = self._began + patience

    @property
    def statistics(self) -> LinkStatistics:
        """What was seen on the line."""
        return self._session.statistics

    @property
    def stage(self) -> Stage:
        """How far it came."""
        if not self._up:
            return Stage.OPENING
        if self.statistics.frames:
            return Stage.FRAMES
        return Stage.BYTES if self.statistics.bytes_received else Stage.NO_BYTES

    @property
    def seconds(self) -> int:
        """How long it has listened, or tried a key."""
        return int(self._hass.loop.time() - self._began)

    @property
    def reading(self) -> Reading | None:
        """The newest reading of the meter itself, not of one behind it."""
        own = [reading for reading in self.readings if not reading.meter.channel]
        return own[-1] if own else None

    async def async_check(self, keys: KeyRing) -> None:
        """Try keys on what arrived, and on what arrives; `outcome` is open again until it is known."""
        self.outcome, self.readings = None, []
        self._restart_patience()
        self._probe = await self._make(keys)
        verdict: Outcome | None = None
        for at, data in tuple(self._kept):
            for output in self._probe.receive(data, at):
                verdict = self._judged(output) or verdict
        self.outcome = Outcome.READING if self.readings else verdict

    async def async_opens(self, keys: KeyRing) -> bool:
        """Tell whether keys open what arrived so far."""
        probe = await self._make(keys)
        return any(
            isinstance(output, Reading)
            for at, data in tuple(self._kept)
            for output in probe.receive(data, at)
        )

    async def async_wait(self) -> None:
        """Return when there is something new to tell, at the latest after a second."""
        self._changed.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(PROGRESS_PACE):
                await self._changed.wait()
        if self.outcome is None and self._hass.loop.time() >= self._deadline:
            self.outcome = self._out_of_patience()

    def _out_of_patience(self) -> Outcome:
        match self.stage:
            case Stage.FRAMES:
                return Outcome.UNREADABLE
            case Stage.BYTES:
                return Outcome.GARBLED
            case _:
                return Outcome.SILENT

    @callback
    def _on_link(self, up: bool, error: SourceError | None) -> None:
        if error is not None and self.outcome is None:
            self.error, self.outcome = error, Outcome.PORT
        self._up = up
        self._changed.set()

    @callback
    def _on_bytes(
        self, direction: str, data: bytes, at: float, _: LineSettings
    ) -> None:
        if direction != "rx":
            return
        before = self.stage
        self._kept.append((at, data))
        while len(self._kept) > 1 and sum(len(d) for _, d in self._kept) > KEPT_BYTES:
            self._kept.pop(0)
        if self._probe is not None:
            for output in self._probe.receive(data, at):
                self._decide(output)
        if self.stage is not before:
            self._changed.set()

    @callback
    def _on_output(self, output: Reading | Fault) -> None:
        if self._probe is None:
            self._decide(output)
        self._changed.set()

    def _decide(self, output: object) -> None:
        verdict = self._judged(output)
        # A reading outweighs a fault that came before it.
        if verdict is Outcome.READING or self.outcome is None:
            self.outcome = verdict or self.outcome
            self._changed.set()

    def _judged(self, output: object) -> Outcome | None:
        if isinstance(output, Reading):
            self.readings.append(output)
            return Outcome.READING
        if not isinstance(output, Fault):
            return None
        self.cause = output.cause or self.cause
        return Outcome.CAUSE if output.cause else _DECISIVE.get(output.kind)


class Detection:
    """Finding out alone what hangs on a port: every usual line setting is listened at, the likeliest first."""

    def __init__(
        self,
        hass: HomeAssistant,
        url: str,
        known: Catalogue,
        on_bytes: Callable[[str, bytes, float, LineSettings], None] | None = None,
    ) -> None:
        """Prepare; nothing is opened before `async_run`."""
        self._hass = hass
        self._url = url
        self._session = DetectSession(known)
        self._runner = Runner(
            url,
            self._session.line,
            self._session,
            lambda _: None,
            self._on_link,
            on_bytes,
        )
        self.error: SourceError | None = None

    @property
    def line(self) -> LineSettings:
        """The settings listened at now."""
        return self._session.line

    @property
    def statistics(self) -> LinkStatistics:
        """What was seen so far."""
        return self._session.statistics

    @property
    def finding(self) -> Finding | None:
        """What was found, None until then."""
        return self._session.finding

    async def async_run(self) -> None:
        """Listen until something is found, nothing can be, or the port fails; closes the port in any case.

        Raises what ends the runner: no bytes may.
        """
        task = self._hass.async_create_background_task(
            self._runner.run(), f"{DOMAIN} detection"
        )

        async def close() -> None:
            released()
            task.cancel()
            await asyncio.wait([task])

        async def let_go() -> None:
            self.error = SourceError(*_LENT)
            await close()

        released = lease.async_hold(self._hass, self._url, let_go)
        try:
            while self._is_open() and not task.done():
                await asyncio.wait((task,), timeout=DETECTION_PACE)
        finally:
            await close()
        if self._is_open():
            task.result()

    def _is_open(self) -> bool:
        return self.finding is None and self.error is None

    @callback
    def _on_link(self, up: bool, error: SourceError | None) -> None:
        self.error = error
