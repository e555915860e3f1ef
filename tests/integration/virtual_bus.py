"""A port with a simulated bus or meter on it, in virtual time: patience passes at once, a long pause on demand."""

import asyncio
from collections.abc import Callable
from time import time
from typing import Any, Protocol

import pytest

from custom_components.smart_meter.customer_interface.errors import SourceError
from custom_components.smart_meter.customer_interface.line import LineSettings
from custom_components.smart_meter.customer_interface.source import runner
from customer_interface.simulate.meter import Chunk

# A master's patience with an answer is shorter, its pause between two readings longer.
PAUSE = 1.0


class Answering(Protocol):
    """Whoever answers on the line."""

    def receive(self, data: bytes, at: float) -> tuple[Chunk, ...]:
        """Take bytes, return what is answered."""


class VirtualBus:
    """The port and its clock: what is sent reaches the bus, and the bus' answer is there at once."""

    def __init__(self, bus: Any, url: str, line: str, pause: float) -> None:
        """Put the bus on a port that is not open yet; what waits for longer than `pause` seconds waits for `release`."""
        self.bus = bus
        self.url = url
        self._line = line
        self._pause = pause
        self.pins: list[tuple[bool | None, bool | None]] = []
        self.at = time()
        self.requests: list[bytes] = []
        self.there = True
        self.waiting = False
        self.held: Callable[[bytes], bool] = lambda _: False
        self._open = False
        self._answers = b""
        self._on_data: Callable[[bytes], bool] = lambda _: False
        self._released = asyncio.Event()

    def now(self) -> float:
        """Return the time."""
        return self.at

    async def open(
        self, url: str, line: LineSettings, on_data: Callable[[bytes], bool]
    ) -> VirtualBus:
        """Open the port; it can be open once only."""
        assert (url, str(line)) == (self.url, self._line)
        if not self.there or self._open:
            raise SourceError("busy" if self._open else "missing", "not to be had")
        self._open, self.waiting, self._answers = True, False, b""
        self._on_data = on_data
        return self

    async def close(self) -> None:
        """Close the port."""
        self._open = False

    async def write(self, data: bytes) -> None:
        """Carry a request to the bus, when it is not held back."""
        if self.held(data):
            await self._be_released()
        self.requests.append(data)
        self._answers += b"".join(c.data for c in self.bus.receive(data, self.at))

    async def set_pins(self, dtr: bool | None, rts: bool | None) -> None:
        """Note what the pins were set to."""
        self.pins.append((dtr, rts))

    async def wait(self, patience: float | None) -> None:
        """Hand on what was answered, or let time pass."""
        await asyncio.sleep(0)
        if self._answers:
            answers, self._answers = self._answers, b""
            self._on_data(answers)
            return
        if patience is None or patience > self._pause:
            await self._be_released()
        self.at += patience or 0.0

    async def _be_released(self) -> None:
        self.waiting = True
        self._released.clear()
        await self._released.wait()
        self.waiting = False

    def release(self, held: Callable[[bytes], bool] = lambda _: False) -> None:
        """Let what waits go on, a request held back or the pause until the next reading; hold others back."""
        self.held, self.waiting = held, False
        self._released.set()

    @property
    def is_open(self) -> bool:
        """Whether somebody has the port."""
        return self._open

    def asked(self, address: int) -> int:
        """Return how many telegrams were requested from an address."""
        return sum(
            data[0] == 0x10 and data[1] in (0x5B, 0x7B) and data[2] == address
            for data in self.requests
        )


def plug(
    monkeypatch: pytest.MonkeyPatch,
    bus: Answering,
    url: str,
    line: str = "2400 8E1",
    pause: float = PAUSE,
) -> VirtualBus:
    """Have the integration find this bus on a port."""
    port = VirtualBus(bus, url, line, pause)
    monkeypatch.setattr(runner, "open_port", port.open)

    class Clock:
        def now(self) -> float:
            return port.at

    monkeypatch.setattr(runner, "Clock", Clock)
    return port


def number_of(bus: Any, kind: str) -> str:
    """Return the number of the meter of a kind."""
    return next(str(meter.number) for meter in bus.meters if meter.kind == kind)
