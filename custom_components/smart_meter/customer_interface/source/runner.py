"""Runs a session on a port: opens it, reads, writes, wakes, and opens it again when it went away."""

import asyncio
from collections.abc import Callable
from math import inf
import time

from ..errors import SourceError
from ..line import LineSettings
from ..reading import Fault, Reading
from ..session.base import Output, Send, Session, SetLine, SetPins
from .port import Port, open_port

# Waits between attempts to open a port: quick at first, because a replugged adapter is back within seconds.
BACKOFF = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0)


class Clock:
    """Seconds since the epoch that never run backwards: the wall clock once, the monotonic clock from then on."""

    def __init__(self) -> None:
        """Anchor at the wall clock."""
        self._offset = time.time() - time.monotonic()

    def now(self) -> float:
        """Return the time in seconds since the epoch."""
        wall = time.time() - time.monotonic()
        # A wall clock that was set right after start (a computer without battery) is followed forwards only.
        self._offset = max(self._offset, wall)
        return time.monotonic() + self._offset


class Runner:
    """One session on one port, for ever; `run` ends only by cancellation.

    `on_output` gets each reading and fault, `on_link` True when the port opened and False with the reason when it
    could not be opened or went away (the same reason is not repeated), `on_bytes` (direction `rx` or `tx`, bytes, time,
    line settings) everything that passed, for recordings.
    """

    def __init__(
        self,
        url: str,
        line: LineSettings | None,
        session: Session,
        on_output: Callable[[Reading | Fault], None],
        on_link: Callable[[bool, SourceError | None], None] = lambda up, error: None,
        on_bytes: Callable[[str, bytes, float, LineSettings], None] | None = None,
    ) -> None:
        """Prepare; nothing is opened before `run`."""
        self.url = url
        self.session = session
        self._line = line or LineSettings(9600)
        self._on_output = on_output
        self._on_link = on_link
        self._on_bytes = on_bytes
        self._clock = Clock()
        self._attempt = 0
        self._outputs: tuple[Output, ...] = ()
        self._awaited = inf

    async def run(self) -> None:
        """Open, serve and reopen until cancelled; raises only what is raised by who is told."""
        reported: str | None = None
        while True:
            try:
                await self._serve()
            except SourceError as error:
                if error.reason != reported or error.reason == "lost":
                    self._on_link(False, error)
                reported = error.reason
            await asyncio.sleep(BACKOFF[min(self._attempt, len(BACKOFF) - 1)])
            self._attempt += 1

    async def _serve(self) -> None:
        port = await open_port(self.url, self._line, self._on_data)
        try:
            self._on_link(True, None)
            self._outputs = self.session.start(self._clock.now())
            while True:
                await self._carry_out(port)
                await port.wait(self._patience())
                self._wake()
        finally:
            await port.close()

    def _on_data(self, data: bytes) -> bool:
        """Take bytes; returns whether there is something to carry out, or another time to wake at."""
        now = self._clock.now()
        self._attempt = 0
        self._record("rx", data, now)
        self._outputs = self.session.receive(data, now)
        return bool(self._outputs) or self._is_late()

    def _is_late(self) -> bool:
        """Tell whether the session wants to be woken before the wait ends."""
        wake_at = self.session.wake_at
        return wake_at is not None and wake_at < self._awaited

    def _patience(self) -> float | None:
        """Return how long to wait for bytes in seconds, None for ever."""
        wake_at = self.session.wake_at
        self._awaited = inf if wake_at is None else wake_at
        return None if wake_at is None else max(0.0, wake_at - self._clock.now())

    def _wake(self) -> None:
        """Wake the session when it is time, and it has nothing to be carried out."""
        now, wake_at = self._clock.now(), self.session.wake_at
        if not self._outputs and wake_at is not None and now >= wake_at:
            self._outputs = self.session.wake(now)

    async def _carry_out(self, port: Port) -> None:
        outputs, self._outputs = self._outputs, ()
        for output in outputs:
            match output:
                case Send(data):
                    self._record("tx", data, self._clock.now())
                    await port.write(data)
                case SetLine(line):
                    self._line = line
                    await port.set_line(line)
                case SetPins(dtr, rts):
                    await port.set_pins(dtr, rts)
                case Reading() | Fault():
                    self._on_output(output)

    def _record(self, direction: str, data: bytes, at: float) -> None:
        if self._on_bytes is not None:
            self._on_bytes(direction, data, at, self._line)
