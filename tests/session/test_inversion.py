"""An inverted line is told by its bytes, and nothing else is taken for one."""

from random import Random

from hypothesis import given, strategies as st
import pytest

from customer_interface import catalogue, simulate
from customer_interface.line import LineSettings
from customer_interface.session.detect import TRIALS, DetectSession, Verdict
from customer_interface.session.inversion import looks_inverted
from customer_interface.simulate.uart import sample

from .wire import NOON

INVERTED = [
    ("kaernten-netz", "siemens-im350"),
    ("wels-strom", "siemens-im350"),
    ("energienetze-steiermark", "sagemcom-t210d"),
    ("nl-p1", "dsmr-5"),
    ("wiener-netze", "iskra-am550"),
]


def _telegram(operator: str, meter: str) -> tuple[bytes, LineSettings]:
    simulated = simulate.simulator(operator, meter)
    chunks = simulated.push(simulated.due(NOON))
    return b"".join(chunk.data for chunk in chunks), simulated.line


@pytest.mark.parametrize(("operator", "meter"), INVERTED)
def test_an_inverted_line_is_told(operator: str, meter: str) -> None:
    """With the levels swapped no telegram is found at any settings, and the answer is why."""
    data, line = _telegram(operator, meter)
    session, at = DetectSession(catalogue.load()), NOON
    session.start(at)
    while session.finding is None:
        session.receive(sample(data, line, session.line, inverted=True), at)
        at += 1.0
        session.wake(at)
    assert session.finding.verdict is Verdict.BREAK


@pytest.mark.parametrize(("operator", "meter"), INVERTED)
def test_a_sound_line_is_none(operator: str, meter: str) -> None:
    """The right way round no meter looks inverted, at its own settings without parity and at other speeds."""
    data, line = _telegram(operator, meter)
    for trial in TRIALS:
        heard = sample(data, line, trial.line)
        if str(trial.line).endswith("8N1"):
            assert not looks_inverted(heard), trial.line


def test_random_bytes_are_none() -> None:
    """Noise is not taken for an inverted line."""
    assert not any(looks_inverted(Random(seed).randbytes(1024)) for seed in range(50))


@given(st.binary(max_size=4096))
def test_whatever_arrives_is_judged(data: bytes) -> None:
    """Any bytes are judged, and judged by a run long enough only."""
    if len(data) < 96:
        assert not looks_inverted(data)
    else:
        looks_inverted(data)
