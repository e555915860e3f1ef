"""`customer-interface detect` on the simulator's RFC 2217 port, which models the serial line: from bits to the answer."""

from collections.abc import Iterator
from contextlib import contextmanager
import json
import subprocess
import sys
from typing import Any

import pytest

from customer_interface import detection
from customer_interface.__main__ import main
from customer_interface.line import LineSettings
from customer_interface.session.detect import Trial

from .conftest import INTEGRATION

pytestmark = pytest.mark.usefixtures("socket_enabled")


@contextmanager
def _simulated(operator: str, meter: str, *arguments: str) -> Iterator[str]:
    """Run the simulator in a process of its own; yields its address."""
    command = [
        *(sys.executable, "-u", "-m", "customer_interface", "simulate"),
        *("--operator", operator, "--meter", meter, "--port", "rfc2217:0", *arguments),
    ]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=INTEGRATION
    ) as simulator:
        assert simulator.stdout is not None
        try:
            yield simulator.stdout.readline().strip()
        finally:
            simulator.terminate()


def _detect(
    capsys: pytest.CaptureFixture[str], url: str
) -> tuple[int, dict[str, Any], str]:
    status = main(["detect", url])
    said = capsys.readouterr()
    return status, json.loads(said.out), said.err


@pytest.mark.parametrize(
    ("operator", "meter", "speed", "line", "link"),
    [
        ("netz-noe", "kaifa-ma309m", "4", "2400 8E1", "mbus"),
        ("wiener-netze", "iskra-am550", "1", "9600 8N1", "hdlc"),
        ("kaernten-netz", "siemens-im350", "1", "115200 8N1", "hdlc"),
        ("energienetze-steiermark", "sagemcom-t210d", "5", "115200 8N1", "bare"),
    ],
)
def test_a_meter_is_found(
    capsys: pytest.CaptureFixture[str],
    operator: str,
    meter: str,
    speed: str,
    line: str,
    link: str,
) -> None:
    """The row is among the candidates, its line and link are named, and all is told on the way."""
    with _simulated(operator, meter, "--speed", speed) as url:
        status, found, progress = _detect(capsys, url)
    assert (status, found["verdict"]) == (0, "found")
    assert (found["line"], found["link"], found["encrypted"]) == (line, link, True)
    rows = {(row["operator"], row["meter"]): row["keys"] for row in found["candidates"]}
    assert rows[operator, meter]
    assert all(rows.values())
    assert "listening at 2400 8E1" in progress


@pytest.mark.parametrize(
    ("arguments", "verdict", "word"),
    [
        (("--fault", "silence"), "nothing", "cable"),
        ((), "garbage", "no telegram"),
    ],
)
def test_what_is_wrong_is_said(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    verdict: str,
    word: str,
) -> None:
    """A silent line and one at settings that are not tried each get their sentence, and exit status 1."""
    trials = (Trial(LineSettings.parse("300 7E1"), 3.0),)
    monkeypatch.setattr(detection.detect, "__defaults__", (trials,))
    with _simulated("wiener-netze", "iskra-am550", *arguments) as url:
        status, found, _ = _detect(capsys, url)
    assert (status, found["verdict"]) == (1, verdict)
    assert word in found["detail"]
    assert found["candidates"] == []


def test_every_verdict_has_its_sentence() -> None:
    """No verdict is left without words."""
    assert set(detection.SENTENCES) == set(detection.Verdict)


@pytest.mark.parametrize("url", ["socket://127.0.0.1:1", "/dev/not-there"])
def test_a_port_that_does_not_open(
    capsys: pytest.CaptureFixture[str], url: str
) -> None:
    """A port that is not there is told at once, in words, as a wrong argument."""
    assert main(["detect", url]) == 2
    assert "Traceback" not in capsys.readouterr().err
