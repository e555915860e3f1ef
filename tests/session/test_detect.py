"""Detection: every simulated meter is found by listening at one line setting after the other."""

from hypothesis import given, strategies as st
import pytest

from customer_interface import catalogue, simulate
from customer_interface.line import LineSettings
from customer_interface.session.base import Send
from customer_interface.session.detect import TRIALS, DetectSession, Trial, Verdict

from .test_push import ROWS
from .wire import NOON, Wire


def detect(meter: simulate.Meter) -> tuple[DetectSession, Wire]:
    """Let detection run to its end."""
    session = DetectSession(catalogue.load())
    wire = Wire(meter, session, LineSettings(9600))
    wire.run(600, until=lambda: session.finding is not None)
    return session, wire


@pytest.mark.parametrize(("operator", "meter"), ROWS)
def test_every_row_is_among_its_candidates(operator: str, meter: str) -> None:
    """The meter is a candidate, and all candidates share line, link and need of a key."""
    session, wire = detect(simulate.simulator(operator, meter))
    finding = session.finding
    assert finding is not None
    assert finding.verdict is Verdict.FOUND
    rows = [(c.operator.id, c.offer.meter.id) for c in finding.candidates]
    assert (operator, meter) in rows
    profiles = [c.offer.profile for c in finding.candidates]
    assert {profile.line for profile in profiles} == {finding.line}
    needed = [any(key.required for key in profile.keys) for profile in profiles]
    assert all(p.keys for p in profiles) if finding.encrypted else not any(needed)
    assert all(finding.link in profile.links for profile in profiles)
    assert {send.data for send in wire.outputs if isinstance(send, Send)} <= {b"\xe5"}


def test_nothing_arrives() -> None:
    """A silent line says so after all settings were tried."""
    session, _ = detect(
        simulate.simulator("netz-noe", "kaifa-ma309m", faults=("silence",))
    )
    assert session.finding is not None
    assert session.finding.verdict is Verdict.NOTHING


@pytest.mark.parametrize(
    ("byte", "verdict"),
    [(b"\x00" * 40, Verdict.BREAK), (b"\x31\x92\x5a\x77" * 10, Verdict.GARBAGE)],
)
def test_bytes_without_frames(byte: bytes, verdict: Verdict) -> None:
    """Bytes at every setting but no frame: inverted or nothing we know."""
    session = DetectSession(catalogue.load())
    at = 0.0
    session.start(at)
    while session.finding is None and at < 1_000:
        session.receive(byte, at)
        at += 1.0
        session.wake(at)
    assert session.finding is not None
    assert session.finding.verdict is verdict


def test_an_endless_stream_ends() -> None:
    """Bytes without any pause do not hold detection at one setting."""
    session = DetectSession(catalogue.load())
    session.start(0.0)
    tenth = 0
    while session.finding is None and tenth < 10_000:
        tenth += 1
        session.receive(b"\x55\x13\x99", tenth / 10)
    assert session.finding is not None
    assert session.finding.verdict is Verdict.GARBAGE


@given(st.lists(st.binary(max_size=100), max_size=60))
def test_nothing_but_e5_is_sent(pieces: list[bytes]) -> None:
    """Whatever arrives, only E5 may leave, and it ends."""
    session = DetectSession(catalogue.load())
    outputs = list(session.start(0.0))
    for second, data in enumerate(pieces):
        outputs += session.receive(data, float(second))
        outputs += session.wake(second + 0.95)
    assert all(output.data == b"\xe5" for output in outputs if isinstance(output, Send))


def test_trials_cover_the_catalogue() -> None:
    """Every line setting of a pushing meter is tried."""
    lines = {trial.line for trial in TRIALS}
    for operator, meter in ROWS:
        assert catalogue.load().operator(operator).offer(meter).profile.line in lines


@pytest.mark.parametrize(
    ("operator", "meter"),
    [
        ("tinetz", "kaifa-ma309m"),
        ("energie-graz", "lg-e450"),
        ("kaernten-netz", "iskra-am550"),
    ],
)
@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_beginning_in_mid_telegram(operator: str, meter: str, share: float) -> None:
    """The tail of a telegram decides nothing; the next whole one does."""
    simulated = simulate.simulator(operator, meter)
    session = DetectSession(catalogue.load(), (Trial(simulated.line, 20.0),))
    session.start(0.0)
    telegram = simulated.telegram(NOON)
    session.receive(telegram[int(len(telegram) * share) :], 0.1)
    session.wake(2.0)
    session.receive(simulated.telegram(NOON + simulated.interval), 5.0)
    session.wake(7.0)
    assert session.finding is not None
    rows = [(c.operator.id, c.offer.meter.id) for c in session.finding.candidates]
    assert (operator, meter) in rows
