"""Netz OÖ's meter wants E5 half a second after each frame: on a real port it leaves as soon as the frame is read.

The meter is at the far end of the port. Its time and the session's are virtual and pass only when a test says so: an E5
that waited for any of it would never come, however quick or slow the machine is.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
import os
import socket
import tty
from typing import Any, Protocol

import pytest

from customer_interface import catalogue, simulate
from customer_interface.keys import KeyKind, KeyRing, parse_key
from customer_interface.reading import Fault, Reading
from customer_interface.session import make_session
from customer_interface.simulate import amis
from customer_interface.source.runner import Clock, Runner

pytestmark = pytest.mark.usefixtures("socket_enabled")

ROW = ("netz-ooe", "siemens-td3511")
E5 = bytes((amis.ACKNOWLEDGE,))


class FarEnd(Protocol):
    """The meter's end of a port; nothing of it waits."""

    url: str

    def write(self, data: bytes) -> None:
        """Send."""

    def read(self) -> bytes:
        """Return what has arrived."""

    def close(self) -> None:
        """Be gone."""


class Terminal:
    """A pseudo terminal."""

    def __init__(self) -> None:
        """Be there."""
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.url = os.ttyname(self._slave)

    def write(self, data: bytes) -> None:
        """Send."""
        assert os.write(self._master, data) == len(data)

    def read(self) -> bytes:
        """Return what has arrived."""
        try:
            return os.read(self._master, 4096)
        except BlockingIOError:
            return b""

    def close(self) -> None:
        """Be gone."""
        os.close(self._slave)
        os.close(self._master)


class Network:
    """A TCP port."""

    def __init__(self) -> None:
        """Listen."""
        self._server = socket.create_server(("127.0.0.1", 0))
        self._client: socket.socket | None = None
        self.url = f"socket://127.0.0.1:{self._server.getsockname()[1]}"

    def _connection(self) -> socket.socket:
        """Return the connection, which the reading side has made."""
        if self._client is None:
            self._client, _ = self._server.accept()
            self._client.setblocking(False)
        return self._client

    def write(self, data: bytes) -> None:
        """Send."""
        self._connection().sendall(data)

    def read(self) -> bytes:
        """Return what has arrived."""
        try:
            return self._connection().recv(4096)
        except BlockingIOError:
            return b""

    def close(self) -> None:
        """Be gone."""
        if self._client is not None:
            self._client.close()
        self._server.close()


class Household:
    """The simulated meter at the far end, in virtual time, and what was read of it."""

    def __init__(self, end: FarEnd) -> None:
        """Begin at a full minute."""
        self.meter: Any = simulate.simulator(*ROW)
        self.at = 1_790_000_040.0
        self.outputs: list[Reading | Fault] = []
        self.connected = False
        self._end = end

    @property
    def readings(self) -> list[Reading]:
        """What was read so far."""
        return [output for output in self.outputs if isinstance(output, Reading)]

    def send(self) -> bytes:
        """Let time pass until the meter has sent something; returns what."""
        due = self.meter.due(self.at)
        data = b"".join(chunk.data for chunk in self.meter.push(due))
        self.at = due + len(data) * self.meter.line.seconds_per_byte
        self._end.write(data)
        return data

    async def acknowledged(self) -> None:
        """Wait for E5 while no time passes, and let the meter hear it."""
        heard = await until(self._end.read)
        assert set(heard) == set(E5)
        self.meter.receive(heard, self.at)

    async def was_read(self, count: int) -> None:
        """Wait until so many readings came."""
        await until(lambda: len(self.readings) == count)

    def on_link(self, up: bool, error: Exception | None) -> None:
        """Note whether the port is open."""
        self.connected = up


async def until[Found](look: Callable[[], Found]) -> Found:
    """Wait until something is true and return it."""
    async with asyncio.timeout(30):
        while not (found := look()):
            await asyncio.sleep(0.005)
    return found


@asynccontextmanager
async def reading_side(
    end: FarEnd, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Household]:
    """Run a session at the near end of a port; yields once the meter was found."""
    household = Household(end)
    monkeypatch.setattr(Clock, "now", lambda _: household.at)
    profile = catalogue.load().operator(ROW[0]).offer(ROW[1]).profile
    key = parse_key(household.meter.keys["amis"], KeyKind.ENCRYPTION)
    session = make_session(profile, KeyRing((key,)))
    runner = Runner(
        end.url, profile.line, session, household.outputs.append, household.on_link
    )
    task = asyncio.create_task(runner.run())
    try:
        await until(lambda: household.connected)
        assert household.send() == amis.SEARCH
        await household.acknowledged()
        yield household
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        end.close()


@pytest.mark.parametrize("port", [Terminal, Network])
async def test_acknowledged_while_no_time_passes(
    port: Callable[[], FarEnd], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each frame that is there when the event loop looks is answered at once, and read."""
    async with reading_side(port(), monkeypatch) as household:
        for number in range(1, 6):
            assert household.send() != amis.SEARCH
            await household.acknowledged()
            await household.was_read(number)
    assert household.outputs == household.readings
    times = [reading.time for reading in household.readings]
    assert len(set(times)) == len(times)


@pytest.mark.parametrize("port", [Terminal, Network])
async def test_standstill_stays_in_data_mode(
    port: Callable[[], FarEnd], monkeypatch: pytest.MonkeyPatch
) -> None:
    """After an event loop that stood still for seconds the meter still sends data, and no reading comes twice."""
    async with reading_side(port(), monkeypatch) as household:
        # The meter says the same again each second, and nobody looks.
        standstill = {household.send() for _ in range(4)}
        assert len(standstill) == 1
        await household.acknowledged()
        await household.was_read(1)
        fresh = household.send()
        assert fresh not in standstill | {amis.SEARCH}
        await household.acknowledged()
        await household.was_read(2)
    assert household.outputs == household.readings
    first, second = (reading.time for reading in household.readings)
    assert first != second
