"""Tests that every fuzz target holds for its known inputs and a few new ones, as in a very short run of script/fuzz."""

from importlib import import_module
from pathlib import Path
import random
import subprocess
import sys

import pytest

from tests.fuzz import driver, fuzz_quick


def _known(module: str) -> list[bytes]:
    target = import_module(f"tests.fuzz.{module}")
    return list(driver.known_inputs(module, tuple(getattr(target, "SEEDS", ()))))


@pytest.mark.parametrize("module", driver.targets())
def test_known_inputs(module: str) -> None:
    """A target holds for its seeds and for what once broke it."""
    fuzz = import_module(f"tests.fuzz.{module}").fuzz
    for data in [b"", b"\x00" * 300, b"\xff" * 300, *_known(module)]:
        fuzz(data)


@pytest.mark.parametrize("module", driver.targets())
def test_damaged_inputs(module: str) -> None:
    """A target holds for damaged forms of its known inputs."""
    fuzz = import_module(f"tests.fuzz.{module}").fuzz
    known = _known(module) or [bytes(range(256))]
    rng = random.Random(module)
    for _ in range(200):
        fuzz(driver.mutate(rng.choice(known), known, rng))


@pytest.mark.parametrize("number", range(len(fuzz_quick.ROWS)))
def test_the_quick_way_is_taken(number: int) -> None:
    """Sound telegrams are read by their shapes, all but the first ones: what is fuzzed is the quick way."""
    sound = bytes((number,)) + 10 * bytes(fuzz_quick.SIZE)
    assert fuzz_quick.run(sound) >= 10


@pytest.mark.parametrize("flags", [[], ["--blind"]])
def test_finding(tmp_path: Path, flags: list[str]) -> None:
    """An input that breaks a target fails the run and is kept in the corpus."""
    (tmp_path / "tests" / "fuzz").mkdir(parents=True)
    program = tmp_path / "tests" / "fuzz" / "driver.py"
    program.write_text(Path(driver.__file__).read_text("utf-8"))
    (program.parent / "fuzz_good.py").write_text("def fuzz(data): pass\n")
    (program.parent / "fuzz_bad.py").write_text(
        "SEEDS = (b'abc',)\ndef fuzz(data): assert data[:2] != b'ab'\n"
    )
    done = subprocess.run(
        [sys.executable, program, "--seconds", "1", *flags],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert ": BROKEN" in done.stdout.splitlines()[0]
    assert done.stdout.splitlines()[1].endswith(": held")
    (finding,) = (program.parent / "corpus" / "fuzz_bad").glob("crash-*")
    assert finding.read_bytes()[:2] == b"ab"
