"""What it costs to be ready: time and memory of a fresh interpreter until a P1 meter can be read, and until it was.

Ours and dsmr-parser in turn, each on its second start, when its byte code is cached. Nothing is imported before.
"""

from dataclasses import dataclass
import os
from statistics import median
import subprocess
import sys
from tempfile import TemporaryDirectory

from .telegrams import simulated

ROUNDS = 9

# Whatever reading one P1 meter of version 5 needs, then a telegram of it.
_OURS = (
    """
from customer_interface import catalogue
from customer_interface.session import make_session
session = make_session(catalogue.profiles()["p1-dsmr5"])
""",
    """
session.start(at)
assert session.receive(data, at)
""",
)
_DSMR_PARSER = (
    """
from dsmr_parser.parsers import TelegramParser
from dsmr_parser.telegram_specifications import V5
parser = TelegramParser(V5)
""",
    """
assert parser.parse(data.decode("ascii"))
""",
)
_MEASURE = """
import sys, time
data, at = bytes.fromhex(sys.argv[1]), float(sys.argv[2])
def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096
memory, begin = resident(), time.process_time()
{ready}
print(time.process_time() - begin, resident() - memory)
{first}
print(time.process_time() - begin, resident() - memory)
"""


@dataclass(frozen=True, slots=True)
class Footprint:
    """Seconds and bytes of an interpreter."""

    seconds: float
    memory: float


@dataclass(frozen=True, slots=True)
class Start:
    """What a decoder took until it was ready, and until it had read its first telegram."""

    ready: Footprint
    first: Footprint


def measure() -> tuple[Start, Start | None]:
    """Return the starts of ours and of dsmr-parser; None where it is not installed."""
    ((data, at), *_) = simulated("nl-p1", "dsmr-5", 1).telegrams
    arguments = (data.hex(), str(at))
    with TemporaryDirectory() as cache:
        # The first round compiles.
        rounds = [
            (_start(_OURS, arguments, cache), _start(_DSMR_PARSER, arguments, cache))
            for _ in range(1 + ROUNDS)
        ]
    ours = [own for own, _ in rounds[1:] if own]
    theirs = [peer for _, peer in rounds[1:] if peer]
    return _of_many(ours), _of_many(theirs) if theirs else None


def _of_many(starts: list[Start]) -> Start:
    return Start(
        _usual([start.ready for start in starts]),
        _usual([start.first for start in starts]),
    )


def _usual(footprints: list[Footprint]) -> Footprint:
    """Return the seconds of the quickest round, as others use the machine too, and the median of the memory."""
    return Footprint(
        min(one.seconds for one in footprints),
        median(one.memory for one in footprints),
    )


def _start(
    statements: tuple[str, str], arguments: tuple[str, str], cache: str
) -> Start | None:
    environment = os.environ | {"PYTHONPYCACHEPREFIX": cache}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    ready, first = statements
    done = subprocess.run(
        [sys.executable, "-c", _MEASURE.format(ready=ready, first=first), *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    if done.returncode:
        return None
    return Start(
        *(
            Footprint(float(seconds), float(memory))
            for seconds, memory in map(str.split, done.stdout.splitlines())
        )
    )
