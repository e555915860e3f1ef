"""How much work many meters are for `customer-interface publish`; see script/load and docs/publish.md.

Three processes besides the broker's, all on this host and its first two cores: the meters, which note when the last
byte of each telegram left; the program that is measured; and this one, which notes when the broker hands the reading on.
"""

import argparse
import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
import contextlib
from dataclasses import dataclass, field, replace
from datetime import datetime
import itertools
import json
from pathlib import Path
import statistics
import sys
import tempfile
import time
from typing import Any

import aiomqtt
import psutil

ROOT = Path(__file__).resolve().parents[1]
LIBRARY = ROOT / "custom_components" / "smart_meter"
sys.path[:0] = [str(ROOT), str(LIBRARY)]

from customer_interface import simulate  # noqa: E402 - the checkout's own, as for the tests
from customer_interface.simulate.line import Line, TcpPort  # noqa: E402
from tests.output.broker import PASSWORD, USER, Broker  # noqa: E402

# Rows that send once a second by themselves, short telegrams and long ones, ciphered and plain.
ROWS = (
    ("wiener-netze", "lg-e450"),
    ("kaernten-netz", "siemens-im350"),
    ("wels-strom", "siemens-im350"),
    ("nl-p1", "dsmr-5"),
)
CORES = 2
# What was sent must have arrived after so many seconds.
PATIENCE = 60.0

type Sent = tuple[str, float]
"""One telegram: the meter's id and its own time in seconds since the epoch."""


@dataclass(slots=True)
class Load:
    """What was measured; times in seconds, memory in bytes."""

    seconds: float
    cpu: float = 0.0
    memory: int = 0
    delays: list[float] = field(default_factory=list)
    lost: int = 0

    def __str__(self) -> str:
        """Return the table of docs/publish.md."""
        half = len(self.delays) // 2
        cuts = statistics.quantiles(self.delays, n=100)
        rows = {
            "readings published": f"{len(self.delays)}",
            "readings lost": f"{self.lost}",
            "CPU": f"{100 * self.cpu / self.seconds:.0f} % of one core",
            "CPU per reading": f"{1000 * self.cpu / len(self.delays):.1f} ms",
            "memory": f"{self.memory / 2**20:.0f} MiB",
            "last byte to broker, median": f"{1000 * cuts[49]:.0f} ms",
            "99 %": f"{1000 * cuts[98]:.0f} ms",
            "worst": f"{1000 * max(self.delays):.0f} ms",
            "median of the first half, of the second": " ms, ".join(
                f"{1000 * statistics.median(part):.0f}"
                for part in (self.delays[:half], self.delays[half:])
            )
            + " ms",
        }
        return "\n".join(f"| {name} | {value} |" for name, value in rows.items())


def main() -> int:
    """Measure, or be the meters; 1 where a reading was lost."""
    options = _options()
    _use_cores()
    if options.serve:
        asyncio.run(_be_meters(options.meters, together=options.together))
        return 0
    with tempfile.TemporaryDirectory(prefix="smart-meter-load-") as folder:
        load = asyncio.run(
            measure(
                Path(folder),
                options.meters,
                options.seconds,
                together=options.together,
            )
        )
    print(load)
    return int(load.lost > 0)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="script/load",
        description="The load of many meters on `customer-interface publish`.",
    )
    parser.add_argument("--meters", type=int, default=100, metavar="N")
    parser.add_argument("--seconds", type=float, default=60.0, metavar="S")
    parser.add_argument(
        "--together", action="store_true", help="all send at the same moment"
    )
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def _use_cores() -> None:
    """Keep this process and those it starts to two cores; where that cannot be said, there are those there are."""
    process = psutil.Process()
    with contextlib.suppress(AttributeError, OSError):
        process.cpu_affinity(process.cpu_affinity()[:CORES])


def _households(count: int) -> Iterator[tuple[str, str, int]]:
    for seed, row in zip(range(1, count + 1), itertools.cycle(ROWS), strict=False):
        yield (*row, seed)


# --- the meters ------------------------------------------------------------------------------------------------------


class TimedPort(TcpPort):
    """A TCP port that notes when a telegram's last byte was written, by what the telegram says."""

    def __init__(self, meter: simulate.Meter, noted: dict[Sent, float]) -> None:
        """Note into `noted`, on the clock that all processes of the host share."""
        super().__init__()
        self._meter = meter
        self._noted = noted

    def write(self, data: bytes, *, whole: bytes) -> None:
        """Write, then look at the clock."""
        super().write(data, whole=whole)
        if whole:
            for reading in self._meter.sent:
                if reading.meter.key and reading.time:
                    key = (reading.meter.key, reading.time.timestamp())
                    self._noted[key] = time.monotonic()


class Shifted:
    """A meter that sends a part of a second later than it would."""

    def __init__(self, meter: simulate.Meter, shift: float) -> None:
        """Be this meter, but for when it sends."""
        self._meter = meter
        self._shift = shift

    def __getattr__(self, name: str) -> Any:
        """Be the meter."""
        return getattr(self._meter, name)

    def due(self, after: float) -> float:
        """Return when it sends next."""
        return self._meter.due(after - self._shift) + self._shift


async def _be_meters(count: int, *, together: bool) -> None:
    """Send until standard input ends; for each line of it print what was sent when."""
    noted: dict[Sent, float] = {}
    lines = []
    for operator, meter, seed in _households(count):
        served = simulate.simulator(operator, meter, seed=seed)
        # Each has a number of its own, all live alike: working out a household's week takes a tenth of a second.
        served.house = replace(served.house, seed=1)
        meter = Shifted(served, 0.0 if together else seed / count)
        lines.append(Line(meter, TimedPort(served, noted)))
        await lines[-1].start()
    print(json.dumps([line.address for line in lines]), flush=True)
    while await asyncio.to_thread(sys.stdin.readline):
        print(json.dumps([[*key, at] for key, at in noted.items()]), flush=True)
    for line in lines:
        await line.close()


# --- the measurement -------------------------------------------------------------------------------------------------


async def measure(
    folder: Path, meters: int, seconds: float, *, together: bool = False
) -> Load:
    """Run so many meters for so long and return what it took."""
    log = folder / "publish.log"
    arguments = ["--serve", f"--meters={meters}", *["--together"] * together]
    async with (
        Broker(folder, tls=True) as broker,
        _process(folder / "meters.log", __file__, *arguments) as sender,
    ):
        assert sender.stdin is not None
        assert sender.stdout is not None
        config = _config(
            folder, broker, meters, json.loads(await sender.stdout.readline())
        )
        async with (
            broker.client() as client,
            _process(
                log, "-m", "customer_interface", "publish", "--config", config
            ) as publisher,
        ):
            await client.subscribe("smart_meter/+/reading", qos=1)
            arrived: dict[Sent, float] = {}
            listening = asyncio.create_task(_listen(client, arrived))
            await _until(
                lambda: len({meter for meter, _ in arrived}) >= meters, publisher, log
            )
            load, begin, end = await _watch(publisher.pid, seconds)
            sender.stdin.write(b"\n")
            output = await sender.stdout.readline()
            noted = {(meter, at): left for meter, at, left in json.loads(output)}
            want = {key: left for key, left in noted.items() if begin <= left <= end}
            with contextlib.suppress(TimeoutError):
                await _until(lambda: want.keys() <= arrived.keys(), publisher, log)
            listening.cancel()
    there = want.keys() & arrived.keys()
    load.delays = [
        arrived[key] - want[key] for key in sorted(there, key=want.__getitem__)
    ]
    load.lost = len(want) - len(there)
    return load


@contextlib.asynccontextmanager
async def _process(
    log: Path, *arguments: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    with log.open("w") as errors:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *arguments,
            cwd=LIBRARY,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
            limit=2**24,
        )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()


def _config(folder: Path, broker: Broker, meters: int, urls: list[str]) -> str:
    parts = [
        f'[broker]\nhosts = ["127.0.0.1"]\nport = {broker.port}\nauthority = "{broker.authority}"\n'
        f'username = "{USER}"\npassword = "{PASSWORD}"\n'
    ]
    for (operator, meter, seed), url in zip(_households(meters), urls, strict=True):
        keys = simulate.simulator(operator, meter, seed=seed).keys
        parts.append(
            f'[[meters]]\nname = "Flat {seed}"\nurl = "{url}"\n'
            f'operator = "{operator}"\nmeter = "{meter}"\n'
            + "".join(f'keys.{name} = "{key}"\n' for name, key in keys.items())
        )
    path = folder / "publish.toml"
    path.touch(0o600)
    path.write_text("".join(parts), "utf-8")
    return str(path)


async def _listen(client: aiomqtt.Client, arrived: dict[Sent, float]) -> None:
    async for message in client.messages:
        at = time.monotonic()
        form = json.loads(message.payload)
        if form["meter_time"]:
            told = datetime.fromisoformat(form["meter_time"]).timestamp()
            arrived[form["meter"]["id"], told] = at


async def _until(
    look: Callable[[], bool], publisher: asyncio.subprocess.Process, log: Path
) -> None:
    async with asyncio.timeout(PATIENCE):
        while not look():
            if publisher.returncode is not None:
                raise RuntimeError(
                    f"what publishes has ended: {log.read_text('utf-8')}"
                )
            await asyncio.sleep(0.1)


async def _watch(pid: int, seconds: float) -> tuple[Load, float, float]:
    """Return CPU time and the most memory of a process within so many seconds, and when that was."""
    process = psutil.Process(pid)
    begin, used = time.monotonic(), _cpu(process)
    memory = 0
    while (now := time.monotonic()) < begin + seconds:
        memory = max(memory, process.memory_info().rss)
        await asyncio.sleep(min(0.5, begin + seconds - now))
    end = time.monotonic()
    return Load(end - begin, _cpu(process) - used, memory), begin, end


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


if __name__ == "__main__":
    sys.exit(main())
