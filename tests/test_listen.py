"""`customer-interface listen`: a simulated meter on a pseudo terminal, read by the command line."""

from collections.abc import Callable, Iterator
import json
import os
from pathlib import Path
import subprocess
import sys
from threading import Event, Thread
import time
import tty
from typing import Any, override

import pytest

from customer_interface import simulate
from customer_interface.__main__ import main
from customer_interface.source.recording import read_recording
from tests.conftest import INTEGRATION

ROW = "netz-noe", "kaifa-ma309m"
_NAMED = ("--operator", ROW[0], "--meter", ROW[1])


class Household(Thread):
    """A meter that sends again and again until nobody listens any more."""

    def __init__(self) -> None:
        """Be on a port."""
        super().__init__()
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self.url = os.ttyname(self._slave)
        self.over = Event()
        self.meter: Any = simulate.simulator(*ROW)
        (self.key,) = self.meter.keys.values()

    @override
    def run(self) -> None:
        """Send."""
        at = time.time() - 3_600
        os.set_blocking(self._master, False)
        while not self.over.wait(0.1):
            at += self.meter.interval
            try:
                os.write(self._master, self.meter.telegram(at))
            except BlockingIOError:
                continue

    def end(self) -> None:
        """Be gone."""
        self.over.set()
        self.join()
        os.close(self._slave)
        os.close(self._master)


@pytest.fixture
def household() -> Iterator[Household]:
    """Return a meter that sends."""
    household = Household()
    household.start()
    yield household
    household.end()


@pytest.fixture
def listen(capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    """Return what runs the command: to its exit status, what it printed as objects, and what it said besides."""

    def run(*arguments: str) -> tuple[int, list[dict[str, Any]], str]:
        status = main(["listen", *arguments])
        out, err = capsys.readouterr()
        return status, [json.loads(line) for line in out.splitlines()], err

    return run


def test_as_many_as_asked_for(
    household: Household, listen: Callable[..., Any], tmp_path: Path
) -> None:
    """So many readings are printed and no more; what passed on the line is recorded, and says the same again."""
    file = tmp_path / "recording.jsonl"
    status, printed, said = listen(
        *(household.url, *_NAMED, "--key", household.key),
        *("--count", "2", "--record", str(file)),
    )
    assert status == 0
    readings = [form for form in printed if "fault" not in form]
    assert len(readings) == 2
    assert readings[0]["meter"]["id"] == household.meter.sent[0].meter.key
    assert said == "port open\n"
    passed = list(read_recording(file.read_bytes()))
    assert {(row.direction, str(row.line)) for row in passed} == {("rx", "2400 8E1")}
    assert main(["decode", "--key", household.key, str(file)]) == 0


def test_line_settings_alone(household: Household, listen: Callable[..., Any]) -> None:
    """Without a row of the catalogue the line settings are enough, and a link where one is named."""
    for link in ((), ("--link", "mbus")):
        status, printed, _ = listen(
            *(household.url, "--line", "2400 8E1", *link),
            *("--key", household.key, "--count", "1"),
        )
        assert status == 0
        assert printed[-1]["values"]["1-0:1.8.0"]["unit"] == "Wh"


def test_neither_line_nor_row(listen: Callable[..., Any]) -> None:
    """Nothing is opened before it is clear how."""
    status, printed, said = listen("/dev/null")
    assert status == 2
    assert not printed
    assert "--operator and --meter, or --line" in said


def test_output_nobody_reads(household: Household) -> None:
    """Where who read the output has ended, as `head` does, listening ends: the port is as it was."""
    command = [sys.executable, "-m", "customer_interface", "listen", household.url]
    with subprocess.Popen(
        [*command, *_NAMED, "--key", household.key],
        env={**os.environ, "PYTHONPATH": str(INTEGRATION)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b"port open\n"
        assert process.wait(60) == 0
