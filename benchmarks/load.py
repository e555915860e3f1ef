"""Two hundred meters on one process: what their sessions take of a processor and of the memory.

Each meter has a household and a session of its own, and sends once a second. The telegrams are made before the clock
runs. A simulated day is a day's worth of telegrams for one meter, in the memory of which nothing may grow.
"""

from dataclasses import dataclass
import gc
from time import thread_time
import tracemalloc

from customer_interface import catalogue
from customer_interface.keys import Key, KeyRing
from customer_interface.session import make_session
from customer_interface.session.base import Session
from customer_interface.simulate import simulator

from .telegrams import BEGIN

OPERATOR, METER = "netz-noe", "kaifa-ma309m"
METERS, SECONDS = 200, 30
DAY = 86_400 // 5


@dataclass(frozen=True, slots=True)
class Load:
    """Processor seconds a second, bytes of memory a meter, and bytes that one grew by in half a day."""

    processor: float
    memory: float
    growth: float


def measure() -> Load:
    """Run the meters, then one of them through a day."""
    telegrams = [_telegrams(seed) for seed in range(1, METERS + 1)]
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    sessions = [_session() for _ in telegrams]
    _run(sessions, telegrams, 0, SECONDS)
    gc.collect()
    memory = (tracemalloc.get_traced_memory()[0] - before) / METERS
    tracemalloc.stop()
    begin = thread_time()
    _run(sessions, telegrams, SECONDS, 2 * SECONDS)
    return Load((thread_time() - begin) / SECONDS, memory, _growth())


def _telegrams(seed: int) -> list[bytes]:
    source = simulator(OPERATOR, METER, seed=seed % 4 + 1)
    times = (BEGIN + 5 * number for number in range(2 * SECONDS))
    return [source.telegram(at) for at in times]


def _session() -> Session:
    secrets = simulator(OPERATOR, METER).keys.values()
    ring = KeyRing(tuple(Key(bytes.fromhex(secret)) for secret in secrets))
    offer = catalogue.load().operator(OPERATOR).offer(METER)
    session = make_session(offer.profile, ring)
    session.start(BEGIN)
    return session


def _run(
    sessions: list[Session], telegrams: list[list[bytes]], first: int, last: int
) -> None:
    for number in range(first, last):
        for session, own in zip(sessions, telegrams, strict=True):
            outputs = session.receive(own[number], BEGIN + 5 * number)
            assert len(outputs) == 1 or number == 0, outputs
            assert session.state is not None


def _growth() -> float:
    """Return by how many bytes a session grows over the second half of a day."""
    source, session = simulator(OPERATOR, METER), _session()
    tracemalloc.start()
    settled = 0
    for number in range(DAY):
        at = BEGIN + 5 * number
        session.receive(source.telegram(at), at)
        if number == DAY // 2:
            settled = _held()
    grown = _held() - settled
    tracemalloc.stop()
    return grown


def _held() -> int:
    """Return the bytes in use, without the simulator's."""
    gc.collect()
    taken = tracemalloc.take_snapshot().filter_traces(_OTHERS)
    return sum(line.size for line in taken.statistics("filename"))


_OTHERS = (
    tracemalloc.Filter(False, "*/simulate/*"),
    tracemalloc.Filter(False, tracemalloc.__file__),
)
