"""Netz OÖ's meter wants E5 half a second after each frame: kept on real ports also while the event loop is busy.

The simulated meter runs in a thread with an event loop of its own, so that only the reading side is held up.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
import threading
import time
from typing import Any

import pytest

from customer_interface import catalogue, simulate
from customer_interface.keys import KeyKind, KeyRing, parse_key
from customer_interface.reading import Fault, Reading
from customer_interface.session import make_session
from customer_interface.simulate import amis
from customer_interface.simulate.line import serve_pty, serve_tcp
from customer_interface.source.runner import Runner

pytestmark = pytest.mark.usefixtures("socket_enabled")

ROW = ("netz-ooe", "siemens-td3511")
FRAME = 101  # bytes


@dataclass(slots=True)
class Witness:
    """The simulated meter, and what it saw: how late each E5 was after the last byte, and when it searched."""

    meter: Any
    late: list[float] = field(default_factory=list)
    searches: list[float] = field(default_factory=list)
    frames: int = 0
    _last_byte: float = 0.0

    def __getattr__(self, name: str) -> Any:
        """All else is the meter's own."""
        return getattr(self.meter, name)

    def push(self, at: float) -> tuple[Any, ...]:
        """Note what is sent and when its last byte will have left."""
        chunks: tuple[Any, ...] = self.meter.push(at)
        sent = b"".join(chunk.data for chunk in chunks)
        self._last_byte = at + len(sent) * self.meter.line.seconds_per_byte
        if sent == amis.SEARCH:
            self.searches.append(at)
        self.frames += len(sent) == FRAME
        return chunks

    def receive(self, data: bytes, at: float) -> tuple[Any, ...]:
        """Note how late the answer is."""
        assert set(data) == {amis.ACKNOWLEDGE}
        self.late.append(at - self._last_byte)
        answer: tuple[Any, ...] = self.meter.receive(data, at)
        return answer


class MeterThread(threading.Thread):
    """The meter's side of the port."""

    def __init__(self, witness: Witness, serve: Callable[..., Any]) -> None:
        """Serve on a port of this kind."""
        super().__init__(daemon=True)
        self.address = ""
        self._witness, self._serve = witness, serve
        self._loop = asyncio.new_event_loop()
        self._there, self._enough = threading.Event(), asyncio.Event()

    def run(self) -> None:
        """Be a meter until told to stop."""
        self._loop.run_until_complete(self._live())
        self._loop.close()

    async def _live(self) -> None:
        async with self._serve(self._witness) as line:
            self.address = line.address
            self._there.set()
            await self._enough.wait()

    def begin(self) -> str:
        """Start; returns the address."""
        self.start()
        assert self._there.wait(5)
        return self.address

    def end(self) -> None:
        """Stop."""
        self._loop.call_soon_threadsafe(self._enough.set)
        self.join(5)


@asynccontextmanager
async def reading_side(
    serve: Callable[..., Any],
) -> AsyncIterator[tuple[Witness, list[Reading | Fault]]]:
    """Run meter and runner; yields once the meter is in data mode."""
    witness = Witness(simulate.simulator(*ROW))
    profile = catalogue.load().operator(ROW[0]).offer(ROW[1]).profile
    key = parse_key(witness.meter.keys["amis"], KeyKind.ENCRYPTION)
    outputs: list[Reading | Fault] = []
    thread = MeterThread(witness, serve)
    runner = Runner(
        thread.begin(),
        profile.line,
        make_session(profile, KeyRing((key,))),
        outputs.append,
    )
    task = asyncio.create_task(runner.run())
    try:
        async with asyncio.timeout(30):
            while not any(isinstance(output, Reading) for output in outputs):
                await asyncio.sleep(0.02)
        yield witness, outputs
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        thread.end()


@pytest.fixture(autouse=True)
def _impatient_meter(monkeypatch: pytest.MonkeyPatch) -> None:
    """A meter that searches each second instead of each minute; all else keeps its time."""
    monkeypatch.setattr(amis, "SEARCH_INTERVAL", 1.0)


@pytest.mark.parametrize("serve", [serve_pty, serve_tcp])
async def test_a_busy_event_loop_acknowledges_in_time(
    serve: Callable[..., Any],
) -> None:
    """Held up 300 ms in every second, at every phase of the meter's second, no E5 is later than half a second."""
    async with reading_side(serve) as (witness, outputs):
        asked, heard = witness.frames, len(witness.late)
        searches = len(witness.searches)
        for phase in (0.1, 0.0, 0.05, 0.12, 0.3, 0.08):
            await asyncio.sleep((phase - time.time()) % 1.0)
            time.sleep(0.3)  # noqa: ASYNC251 - the event loop is to be held up
        await asyncio.sleep((0.9 - time.time()) % 1.0)
        late = witness.late[heard:]
    assert len(late) >= 5
    assert len(late) == witness.frames - asked
    assert max(late) < 0.5, late
    # The hold-up was real: without it an E5 comes within some milliseconds.
    assert max(late) > 0.15, late
    assert len(witness.searches) == searches
    assert not [output for output in outputs if isinstance(output, Fault)]


@pytest.mark.parametrize("serve", [serve_pty, serve_tcp])
async def test_three_seconds_of_standstill_stay_in_data_mode(
    serve: Callable[..., Any],
) -> None:
    """After one hold-up of three seconds the meter still sends data, and no reading comes twice."""
    async with reading_side(serve) as (witness, outputs):
        searches = len(witness.searches)
        time.sleep(3)  # noqa: ASYNC251 - the event loop is to be held up
        before = len(outputs)
        await asyncio.sleep(2.5)
    assert len(witness.searches) == searches
    assert witness.late[-1] < 0.5
    readings = [output for output in outputs if isinstance(output, Reading)]
    assert len(outputs) == len(readings)
    assert len(readings) >= before + 2
    times = [reading.time for reading in readings]
    assert len(set(times)) == len(times)
