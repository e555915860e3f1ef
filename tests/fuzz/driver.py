"""Runs the fuzz targets `fuzz_*.py` beside it, each for some seconds: `driver.py [MODULE]... [--seconds N]`.

A target is a function `fuzz(data: bytes) -> None` that decodes `data` and asserts what must hold for whatever bytes; its
module may name well-formed examples in `SEEDS`. With atheris the search follows the coverage of the library; without it
(it is there for Linux only) the known inputs are mutated blindly. Known inputs are `SEEDS`, the files in
`corpus/MODULE`, and what earlier runs found worth keeping in `.cache/fuzz/MODULE`. An input that breaks a target is
written to `corpus/MODULE` as `crash-...`: the tests run everything there again.
"""

import argparse
from collections.abc import Callable, Iterator
from contextlib import nullcontext
import hashlib
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
import random
import re
import signal
import subprocess
import sys
import time

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SLOWEST = 10  # seconds one input may take
LONGEST = 4096  # bytes of one input


def targets() -> list[str]:
    """Return the names of all fuzz targets."""
    return sorted(path.stem for path in HERE.glob("fuzz_*.py"))


def known_inputs(module: str, seeds: tuple[bytes, ...] = ()) -> Iterator[bytes]:
    """Yield the inputs a target is known by: its own seeds, and the files of its corpus."""
    yield from seeds
    for path in sorted((HERE / "corpus" / module).glob("*")):
        yield path.read_bytes()


def mutate(data: bytes, others: list[bytes], rng: random.Random) -> bytes:
    """Return `data` with a few changes that damage, lengthen, cut or cross it with another input."""
    result = bytearray(data)
    for _ in range(rng.randint(1, 6)):
        at = rng.randint(0, len(result))
        match rng.randrange(6):
            case 0 if at < len(result):
                result[at] ^= 1 << rng.randrange(8)
            case 1 if at < len(result):
                result[at] = rng.choice((0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)))
            case 2:
                result[at:at] = rng.randbytes(rng.randint(1, 8))
            case 3:
                del result[at : at + rng.randint(1, 16)]
            case 4:
                other = rng.choice(others)
                start = rng.randint(0, len(other))
                result[at : at + rng.randint(0, 16)] = other[
                    start : start + rng.randint(1, 64)
                ]
            case 5:
                result[at:at] = result[at : at + rng.randint(1, 64)]
    return bytes(result[:LONGEST])


def write_finding(module: str, data: bytes) -> Path:
    """Keep an input that broke a target, so that the tests run it from now on."""
    path = HERE / "corpus" / module / f"crash-{hashlib.sha1(data).hexdigest()}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def _too_slow(_signal: int, _frame: object) -> None:
    raise TimeoutError(f"one input took longer than {SLOWEST} s")


def search_blindly(
    module: str, fuzz: Callable[[bytes], None], known: list[bytes], seconds: float
) -> None:
    """Run mutations of the known inputs for `seconds`; the first input that breaks the target ends the program."""
    rng = random.Random(module)
    known = known or [b""]
    signal.signal(signal.SIGALRM, _too_slow)
    end = time.monotonic() + seconds
    count = 0
    while time.monotonic() < end:
        data = mutate(rng.choice(known), known, rng)
        signal.alarm(SLOWEST)
        try:
            fuzz(data)
        except Exception:
            print(f"{module}: broken by the input in {write_finding(module, data)}")
            raise
        count += 1
    signal.alarm(0)
    print(f"executed units: {count}")


def run_one(module: str, seconds: int, *, blind: bool) -> None:
    """Fuzz one target in this process, which libFuzzer ends."""
    sys.path[:1] = [str(HERE), str(ROOT)]
    if blind:
        instrumented = nullcontext()
    else:
        import atheris  # noqa: PLC0415  there is none outside Linux

        instrumented = atheris.instrument_imports(include=["customer_interface"])
    with instrumented:
        target = import_module(module)
    known = list(known_inputs(module, tuple(getattr(target, "SEEDS", ()))))
    if blind:
        search_blindly(module, target.fuzz, known, seconds)
        return
    kept = ROOT / ".cache" / "fuzz" / module
    kept.mkdir(parents=True, exist_ok=True)
    for data in known:
        (kept / hashlib.sha1(data).hexdigest()).write_bytes(data)
    findings = HERE / "corpus" / module
    findings.mkdir(parents=True, exist_ok=True)
    options = {
        "max_total_time": seconds,
        "max_len": LONGEST,
        "timeout": SLOWEST,
        "rss_limit_mb": 2048,
        "artifact_prefix": f"{findings}/",
        "print_final_stats": 1,
        "verbosity": 0,
    }
    atheris.Setup(
        [module, *(f"-{name}={value}" for name, value in options.items()), str(kept)],
        target.fuzz,
    )
    atheris.Fuzz()


def run(module: str, seconds: int, *, blind: bool) -> bool:
    """Fuzz one target in a process of its own, print what came of it, and return whether it held."""
    command = [sys.executable, str(Path(__file__)), module, "--seconds", str(seconds)]
    if blind:
        command.append("--blind")
    started = time.monotonic()
    done = subprocess.run(
        [*command, "--here"],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    output = done.stdout + done.stderr
    units = re.search(r"executed.units: *(\d+)", output)
    print(
        f"{module}: {units[1] if units else '?'} executions in {time.monotonic() - started:.0f} s:"
        f" {'held' if done.returncode == 0 else 'BROKEN'}",
        flush=True,
    )
    if done.returncode:
        print(output[-6000:], file=sys.stderr)
    findings = HERE / "corpus" / module
    if findings.is_dir() and not any(findings.iterdir()):
        findings.rmdir()
    return done.returncode == 0


def main() -> int:
    """Fuzz the targets named, or all, and return 1 if one broke."""
    parser = argparse.ArgumentParser(prog="script/fuzz", description=__doc__)
    parser.add_argument("module", nargs="*", help="fuzz_... ; all if none is named")
    parser.add_argument("--seconds", type=int, default=30, help="for each target")
    parser.add_argument("--blind", action="store_true", help="do without atheris")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    blind = arguments.blind or find_spec("atheris") is None
    modules = [
        name if name.startswith("fuzz_") else f"fuzz_{name}"
        for name in arguments.module
    ] or targets()
    if unknown := set(modules) - set(targets()):
        parser.error(
            f"no such target: {', '.join(sorted(unknown))}; there are: {', '.join(targets())}"
        )
    if arguments.here:
        run_one(modules[0], arguments.seconds, blind=blind)
        return 0
    results = [run(name, arguments.seconds, blind=blind) for name in modules]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
