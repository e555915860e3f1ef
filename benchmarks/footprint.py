"""What importing costs: time and memory of a fresh interpreter, for ours and for dsmr-parser."""

from dataclasses import dataclass
import json
import os
from statistics import median
import subprocess
import sys
from tempfile import TemporaryDirectory

ROUNDS = 9

# Everything that reading a P1 telegram needs, imported by ours and by the peer; the memory is what the import adds.
_OURS = "from customer_interface.session import make_session"
_DSMR_PARSER = (
    "from dsmr_parser.parsers import TelegramParser;"
    " from dsmr_parser.telegram_specifications import V5"
)
_MEASURE = """
import json, sys, time
def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096
memory, begin = resident(), time.process_time()
{statement}
print(json.dumps([time.process_time() - begin, resident() - memory]))
"""


@dataclass(frozen=True, slots=True)
class Footprint:
    """Median seconds and bytes of an import."""

    seconds: float
    memory: float


def measure() -> tuple[Footprint, Footprint | None]:
    """Return the footprints of ours and of dsmr-parser, in turn; None where it is not installed."""
    with TemporaryDirectory() as cache:
        # The first round compiles: both are measured as they are on their second start.
        rounds = [
            (_import(_OURS, cache), _import(_DSMR_PARSER, cache))
            for _ in range(1 + ROUNDS)
        ]
    ours = [own for own, _ in rounds[1:] if own]
    theirs = [peer for _, peer in rounds[1:] if peer]
    return _median(ours), _median(theirs) if theirs else None


def _median(footprints: list[Footprint]) -> Footprint:
    return Footprint(
        median(one.seconds for one in footprints),
        median(one.memory for one in footprints),
    )


def _import(statement: str, cache: str) -> Footprint | None:
    environment = os.environ | {"PYTHONPYCACHEPREFIX": cache}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    done = subprocess.run(
        [sys.executable, "-c", _MEASURE.format(statement=statement)],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    return Footprint(*json.loads(done.stdout)) if done.returncode == 0 else None
