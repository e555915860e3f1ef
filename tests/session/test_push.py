"""Listening: every simulated meter of the catalogue, on a sound wire and on a bad one."""

from collections.abc import Iterable
from random import Random

from hypothesis import given, strategies as st
import pytest

from customer_interface import catalogue, simulate
from customer_interface.catalogue import SessionKind
from customer_interface.keys import KeyKind, KeyRing, parse_key
from customer_interface.obis import ObisCode
from customer_interface.quantity import Kind, quantity_of
from customer_interface.reading import FaultKind, Reading
from customer_interface.session import make_session

from .wire import Wire

SPEAKING_FIRST = (SessionKind.PUSH, SessionKind.ACKNOWLEDGED)
ROWS = [
    (operator.id, offer.meter.id)
    for operator in catalogue.load().operators.values()
    for offer in operator.offers
    if offer.profile.session in SPEAKING_FIRST
    and (operator.id, offer.meter.id) in simulate.ROWS
]


def keyring(profile: catalogue.Profile, keys: dict[str, str]) -> KeyRing:
    """Return the ring a customer would type."""
    typed = {
        spec.id: parse_key(keys[spec.id], spec.kind)
        for spec in profile.keys
        if spec.id in keys
    }
    kinds = {spec.id: spec.kind for spec in profile.keys}
    return KeyRing(
        tuple(
            key
            for name, key in typed.items()
            if kinds[name] is not KeyKind.AUTHENTICATION
        ),
        tuple(
            key for name, key in typed.items() if kinds[name] is KeyKind.AUTHENTICATION
        ),
    )


def wire(operator: str, meter: str, *faults: str, keys: KeyRing | None = None) -> Wire:
    """Return a wire with a row of the catalogue on it."""
    profile = catalogue.load().operator(operator).offer(meter).profile
    simulated = simulate.simulator(operator, meter, faults=faults)
    ring = keyring(profile, dict(simulated.keys)) if keys is None else keys
    assert profile.line is not None
    return Wire(simulated, make_session(profile, ring), profile.line)


@pytest.mark.parametrize(("operator", "meter"), ROWS, ids="-".join)
def test_read_with_its_last_byte(operator: str, meter: str) -> None:
    """A telegram is read when its last byte is there, in one piece or byte by byte: no pause is waited for."""
    line = wire(operator, meter)
    session, at = line.session, 1_800_000_000.0
    session.start(at)
    assert has_reading(session.receive(line.meter.telegram(at), at))
    at += line.meter.interval
    telegram = line.meter.telegram(at)
    outputs = [
        output
        for place in range(len(telegram))
        for output in session.receive(telegram[place : place + 1], at)
    ]
    assert has_reading(outputs)


def has_reading(outputs: Iterable[object]) -> bool:
    """Tell whether a reading is among what a session said."""
    return any(isinstance(output, Reading) for output in outputs)


def shown(reading: Reading) -> dict[str, tuple[object, str | None]]:
    """Return values by code, as pairs."""
    return {
        str(code): (value.value, value.unit) for code, value in reading.values.items()
    }


def words(codes: set[str]) -> bool:
    """Tell whether codes are texts and times, which the simulators do not repeat as values."""
    quantities = [quantity_of(ObisCode.parse(code)) for code in codes]
    return all(q is not None and q.kind in (Kind.TEXT, Kind.TIME) for q in quantities)


def said_so(heard: Reading, sent: list[Reading]) -> bool:
    """Tell whether some telegram carried every number of a reading."""
    return any(
        all(
            item in shown(said).items()
            or (item[0] not in shown(said) and words({item[0]}))
            for item in shown(heard).items()
        )
        for said in sent
    )


def own(readings: list[Reading]) -> list[Reading]:
    """Leave out the meters behind the meter, whose values stay the same over many telegrams."""
    return [reading for reading in readings if not reading.meter.channel]


@pytest.mark.parametrize(("operator", "meter"), ROWS)
def test_every_row_says_what_was_sent(operator: str, meter: str) -> None:
    """Each telegram becomes one reading with exactly its values, and nothing is a fault."""
    line = wire(operator, meter)
    line.run(max(75.0, 12 * line.meter.interval))
    assert line.faults == []
    readings, sent = own(line.readings), own(line.sent)
    assert len(sent) - 1 <= len(readings)
    assert len(readings) >= 3
    for heard, said in zip(readings, sent, strict=False):
        assert shown(said).items() <= shown(heard).items()
        assert words(shown(heard).keys() - shown(said).keys())
    channels = {said.meter.channel for said in line.sent}
    assert channels == {heard.meter.channel for heard in line.readings}
    assert all(said_so(reading, line.sent) for reading in line.readings)


@pytest.mark.parametrize(("operator", "meter"), ROWS)
def test_noise_shows_no_wrong_value(operator: str, meter: str) -> None:
    """With stray bytes and damaged telegrams every value shown was sent, and sound telegrams are not lost."""
    line = wire(operator, meter, "noise")
    line.run(max(130.0, 40 * line.meter.interval))
    assert all(said_so(reading, line.sent) for reading in line.readings)
    assert len(own(line.readings)) >= len(own(line.sent)) // 2 - 1


@pytest.mark.parametrize(("operator", "meter"), ROWS)
def test_flipped_bits_show_no_wrong_value(operator: str, meter: str) -> None:
    """One bit in ten thousand flips: what is shown was sent."""
    line = wire(operator, meter)
    random = Random(1)

    def damage(data: bytes) -> bytes:
        return bytes(
            byte ^ (1 << random.randrange(8)) if random.random() < 0.0008 else byte
            for byte in data
        )

    line.damage = damage
    line.run(max(150.0, 60 * line.meter.interval))
    assert line.readings
    assert all(said_so(reading, line.sent) for reading in line.readings)


def test_lost_and_repeated_segments() -> None:
    """A telegram without one of its segments is a fault, one that comes twice is one reading."""
    line = wire("netz-noe", "kaifa-ma309m", "lost-segment")
    line.run(60)
    assert {fault.kind for fault in line.faults} == {FaultKind.TRUNCATED}
    assert 4 <= len(line.readings) <= 7
    line = wire("netz-noe", "kaifa-ma309m", "repeated-segment")
    line.run(60)
    assert len(line.readings) in (len(line.sent), len(line.sent) - 1)


def test_a_frozen_counter_is_a_replay() -> None:
    """A new telegram under the counter of the last one is not believed."""
    line = wire("netz-noe", "kaifa-ma309m", "frozen-counter@20")
    line.run(60)
    assert FaultKind.REPLAY in {fault.kind for fault in line.faults}
    assert len(line.readings) <= 5


def test_wrong_and_missing_keys() -> None:
    """A key that does not fit is told as such, and nothing is shown."""
    for ring in (KeyRing(), KeyRing((parse_key("00" * 16),))):
        line = wire("netz-noe", "kaifa-ma309m", keys=ring)
        line.run(30)
        assert line.readings == []
        assert {fault.kind for fault in line.faults} == {FaultKind.KEY}


def test_silence_is_told_once_and_ends() -> None:
    """Three intervals without a telegram are silence; the next telegram is shown as ever."""
    line = wire("netz-noe", "kaifa-ma309m", "silence@30-90")
    line.run(130)
    assert [fault.kind for fault in line.faults] == [FaultKind.SILENCE]
    assert line.readings[-1].arrived is not None
    assert line.readings[-1].arrived > line.at - 10


def test_a_meter_that_never_speaks_is_silent() -> None:
    """Silence from the very beginning is told too."""
    line = wire("netz-noe", "kaifa-ma309m", "silence")
    line.run(60)
    assert [fault.kind for fault in line.faults] == [FaultKind.SILENCE]


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_nothing_is_ever_sent(pieces: list[bytes]) -> None:
    """Whatever arrives, a listening session says readings and faults only, and does not raise."""
    profile = catalogue.load().operator("netz-noe").offers[0].profile
    session = make_session(profile, KeyRing((parse_key("00" * 16),)))
    outputs = list(session.start(0.0))
    for second, data in enumerate(pieces):
        outputs += session.receive(data, float(second))
        outputs += session.wake(second + 0.9)
    assert {type(output).__name__ for output in outputs} <= {"Reading", "Fault"}
