"""Polling a simulated NES meter: sequence numbers, damage, silence, keys, and what may be sent."""

from itertools import pairwise
import os

from hypothesis import given, settings, strategies as st
import pytest

from customer_interface.catalogue import Profile, SessionKind
from customer_interface.keys import KeyRing
from customer_interface.line import LineSettings
from customer_interface.obis import ObisCode
from customer_interface.reading import Fault, FaultKind, Link
from customer_interface.security.mep import digest, open_request
from customer_interface.session import make_session, mep
from customer_interface.session.base import Send, SetPins
from customer_interface.session.mep import MepSession
from customer_interface.simulate.mep import GEN4, MTR1000, MTR3000, TRANSFORMER
from customer_interface.simulate.meter import Plan, Trouble

from .mep_wire import ADVANCED, BASIC, NOON, Wire, client, meter

UP, DOWN = SetPins(dtr=True, rts=True), SetPins(dtr=False, rts=False)


def codes(wire):
    """Return all codes that were read."""
    return {str(code) for reading in wire.readings for code in reading.values}


def kinds(wire):
    """Return the kinds of faults told."""
    return {fault.kind for fault in wire.faults}


@pytest.mark.parametrize("model", [MTR1000, MTR3000, GEN4, TRANSFORMER])
@pytest.mark.parametrize("key", [BASIC, ADVANCED])
def test_polling(model, key):
    """Two minutes of polling read everything the meter says, and nothing else."""
    wire = Wire(meter(model), client(key))
    wire.run(120)
    assert not wire.wrong
    assert not wire.faults
    assert codes(wire) >= {
        "1-0:1.8.0",
        "1-0:1.8.2",
        "1-0:2.8.0",
        "1-0:1.7.0",
        "1-0:32.7.0",
        "1-0:14.7.0",
        "0-0:96.1.0",
        "0-0:96.14.0",
        "0-0:1.0.0",
    }
    energy = [r for r in wire.readings if ObisCode.parse("1-0:1.8.0") in r.values]
    assert 50 <= len(energy) <= 61
    for reading in wire.readings:
        assert reading.meter.number == "83334123"
        assert reading.authenticated
        assert reading.key_index == 0


# Data model 9 of the Austrian overview, written out; the phases' factors and the peak from its annex.
DATA_MODEL_9 = {
    "0-0:1.0.0",
    "0-0:96.1.0",
    *(f"1-0:{c}.8.{e}" for c in (1, 2, 3, 4, 15) for e in range(5)),
    *(f"1-0:{c}.7.0" for c in (1, 2, 3, 4, 31, 51, 71, 32, 52, 72, 33, 53, 73)),
    "1-0:1.6.0",
}


def test_data_model_9():
    """Everything the overview of 2021 lists for NES meters is read."""
    wire = Wire(meter(), client())
    wire.run(30)
    assert codes(wire) >= DATA_MODEL_9
    assert not wire.wrong


def test_times():
    """The meter's clock is UTC; the tariff is counted as the display does."""
    wire = Wire(meter(), client())
    wire.run(10)
    (timed,) = [reading for reading in wire.readings if reading.time]
    assert abs(timed.time.timestamp() - NOON) < 10
    (tariff,) = [
        value.value
        for reading in wire.readings
        for code, value in reading.values.items()
        if str(code) == "0-0:96.14.0"
    ]
    assert tariff == 1


def test_behind_transformers():
    """Energy is scaled by its unit; values of the secondary side are not shown."""
    wire = Wire(meter(TRANSFORMER), client())
    wire.run(20)
    assert not wire.wrong
    assert "1-0:9.7.0" not in codes(wire)
    energy = {
        value.value
        for reading in wire.readings
        for code, value in reading.values.items()
        if str(code) == "1-0:1.8.0"
    }
    assert energy
    assert all(number % 10 == 0 for number in energy)


def test_pace():
    """Never more than one request in 100 ms, about one a second on average."""
    wire = Wire(meter(), client())
    wire.run(300)
    times = [at for at, _ in wire.sends]
    assert min(later - earlier for earlier, later in pairwise(times)) >= 0.0999
    assert len(times) < 300 * 1.4


def test_interval():
    """The interval can be set; a long one is no silence."""
    wire = Wire(meter(), client(interval=30.0))
    wire.run(301)
    energy = [r for r in wire.readings if ObisCode.parse("1-0:1.8.0") in r.values]
    assert len(energy) == 10
    assert [pins for _, pins in wire.pins] == [UP]
    assert not wire.faults


def test_sequence_number_is_kept():
    """A later session goes on with the number stored, and is not asked for another."""
    first = Wire(meter(), client())
    first.run(10)
    assert first.session.state.extra["mep_sequence"] == first.meter.sequence
    second = Wire(first.meter, client(state=first.session.state), at=first.at)
    asked = len(first.meter.requests)
    second.run(3)
    numbers = [int.from_bytes(r[-4:]) for r in first.meter.requests[asked:]]
    assert [later - earlier for earlier, later in pairwise(numbers)] == [1] * (
        len(numbers) - 1
    )


def test_a_meter_set_up_anew_is_surveyed_again():
    """A meter skips sequence numbers when its tables have changed: their meaning is asked for before the next value."""
    wire = Wire(meter(MTR3000), client())
    wire.run(30)
    wire.meter.model = GEN4
    wire.meter.sequence += 25
    wire.go_on(30)
    assert not wire.wrong
    assert "1-0:5.8.0" in codes(wire)


@pytest.mark.parametrize("alerts", [1, 8])
def test_alerts_are_skipped(alerts):
    """Alerts before and between replies change nothing."""
    wire = Wire(meter(alerts=alerts), client(interval=20.0))
    wire.run(200)
    assert not wire.wrong
    assert not wire.faults
    assert "0-0:97.98.0" in codes(wire)


def test_slow_meter():
    """A meter that thinks longer than the guide says is waited for."""
    wire = Wire(meter(latency=1.3), client())
    wire.run(120)
    assert not wire.wrong
    assert len(wire.readings) > 40
    assert FaultKind.SILENCE not in kinds(wire)


def test_ciphered():
    """With RC4 the meter answers in kind."""
    wire = Wire(meter(), client(encrypt=True))
    wire.run(30)
    assert not wire.wrong
    assert not wire.faults
    assert all(reading.encrypted for reading in wire.readings)
    assert len(wire.readings) > 20


@pytest.mark.parametrize("code", [0x03, 0x0B])
def test_a_meter_that_wants_the_cipher(code):
    """A meter that refuses plain requests, in whichever way, is asked in RC4, at once after a restart."""
    wire = Wire(meter(plain_answer=code), client())
    wire.run(60)
    assert not wire.wrong
    assert not wire.faults
    assert wire.readings
    assert all(reading.encrypted for reading in wire.readings)
    state = wire.session.state
    again = Wire(meter(plain_answer=code), client(state=state), at=wire.at)
    again.run(10)
    assert not again.faults
    assert again.readings[0].arrived < wire.at + 5


def test_echo():
    """An adapter that repeats what is sent does not disturb."""
    wire = Wire(meter(), client(), echo=True)
    wire.run(30)
    assert not wire.wrong
    assert not wire.faults
    assert len(wire.readings) > 20


@pytest.mark.parametrize(
    "trouble", [Trouble.NOISE, Trouble.LOST_SEGMENT, Trouble.REPEATED_SEGMENT]
)
def test_troubles(trouble):
    """Whatever happens to replies, no value is wrong and polling goes on."""
    wire = Wire(meter(plans=(Plan(trouble),)), client())
    wire.run(300)
    assert not wire.wrong
    assert len(wire.readings) > 100


# --- what is wrong, in plain words ----------------------------------------------------------------------------------


def test_wrong_key():
    """A refused key is said to be wrong, and nothing else is."""
    wire = Wire(meter(), client(b"not the right k."))
    wire.run(60)
    assert kinds(wire) == {FaultKind.KEY}
    assert "MBK" in wire.faults[0].detail
    assert not wire.readings
    assert DOWN not in [pins for _, pins in wire.pins]
    # Three times as it is, three times enciphered, and again half a minute later.
    assert len(wire.sends) <= 12


def test_second_key():
    """All keys are tried."""
    wire = Wire(meter(), client((b"not the right k.", BASIC)))
    wire.run(30)
    assert not wire.faults
    assert {reading.key_index for reading in wire.readings} == {1}


def test_no_key():
    """Without a key nothing is sent."""
    session = client(())
    (fault,) = session.start(NOON)
    assert fault.kind is FaultKind.KEY
    assert session.wake_at is None
    assert session.receive(b"\0\0", NOON + 1) == ()


def test_nothing_answers():
    """A port that never says anything: voltage, wires or a closed port."""
    wire = Wire(meter(plans=(Plan(Trouble.SILENCE),)), client())
    wire.run(300)
    (fault,) = wire.faults
    assert fault.kind is FaultKind.LINE
    assert "COM_ENABLE" in fault.detail
    assert "closed" in fault.detail
    assert fault.cause == "mep_nothing"
    assert len([pins for _, pins in wire.pins if pins == DOWN]) >= 3


def test_alerts_but_no_answer():
    """A meter that is heard but does not hear: the wire to its RXD."""
    wire = Wire(meter(alerts=1), client(), deaf=True)
    wire.run(60)
    (fault,) = wire.faults
    assert fault.kind is FaultKind.LINE
    assert "RXD" in fault.detail
    assert fault.cause == "mep_deaf"


def test_inverted_level():
    """Bytes that form no packet: levels or baud rate."""
    wire = Wire(
        meter(), client(), change=lambda data: bytes(~byte & 0xFF for byte in data)
    )
    wire.run(60)
    assert kinds(wire) <= {FaultKind.LINE, FaultKind.NOISE, FaultKind.TRUNCATED}
    (fault,) = [fault for fault in wire.faults if fault.kind is FaultKind.LINE]
    assert "inverted" in fault.detail
    assert fault.cause == "mep_garbled"
    assert not wire.readings


def test_only_an_echo():
    """Our own requests alone: the wires touch."""
    wire = Wire(meter(plans=(Plan(Trouble.SILENCE),)), client(), echo=True)
    wire.run(60)
    (fault,) = wire.faults
    assert fault.kind is FaultKind.LINE
    assert "own requests" in fault.detail
    assert fault.cause == "mep_echo"


def test_optical_session():
    """A meter that answered before and stops: an optical reading, or the cable; it goes on by itself."""
    wire = Wire(meter(plans=(Plan(Trouble.SILENCE, 60, 180),)), client())
    wire.run(300)
    (fault,) = wire.faults
    assert fault.kind is FaultKind.SILENCE
    assert "optical" in fault.detail
    assert fault.cause == "mep_stopped"
    assert not wire.wrong
    assert wire.readings[-1].arrived > NOON + 290


def test_com_enable():
    """The session puts voltage on COM_ENABLE by DTR and RTS."""
    wire = Wire(meter(wants_enable=True), client())
    wire.run(30)
    assert wire.pins[0] == (NOON, UP)
    assert wire.readings
    assert not wire.faults


def test_com_enable_behind_an_adapter_that_inverts():
    """Where DTR and RTS are the wrong way round, the meter is asked with both off, and goes on so."""
    wire = Wire(meter(wants_enable=True, inverted_enable=True), client())
    wire.run(120)
    assert [pins for _, pins in wire.pins] == [UP, DOWN]
    assert len(wire.readings) > 40
    assert not wire.faults


def test_com_enable_is_cycled():
    """After ten seconds without a reply the voltage is taken away, and given again after ten more."""
    wire = Wire(
        meter(plans=(Plan(Trouble.SILENCE, 0, 25),), wants_enable=True), client()
    )
    wire.run(60)
    assert [pins for _, pins in wire.pins] == [UP, DOWN, UP]
    assert wire.pins[1][0] == pytest.approx(NOON + 10, abs=0.1)
    assert wire.readings


def test_tls():
    """A port that answers without a digest demands TLS."""
    session, at, faults = client(), NOON, []
    outputs = session.start(at)
    for _ in range(20):
        faults += [output for output in outputs if isinstance(output, Fault)]
        if any(isinstance(output, Send) for output in outputs):
            at += 0.05
            outputs = session.receive(b"\x00\x01\x03", at)
        else:
            at = session.wake_at
            outputs = session.wake(at)
    (fault, *_) = [fault for fault in faults if fault.kind is FaultKind.UNSUPPORTED]
    assert "TLS" in fault.detail
    assert fault.cause == "mep_tls"


def test_sequence_never_accepted():
    """A meter that takes no number at all is not asked forever."""
    wire = Wire(meter(plans=(Plan(Trouble.FROZEN_COUNTER),)), client())
    wire.run(60)
    assert FaultKind.AUTHENTICATION in kinds(wire)
    assert len(wire.sends) < 30


# --- damage ---------------------------------------------------------------------------------------------------------


def damaged_day(interval: float) -> Wire:
    """Poll for a day with one byte in a thousand lost or flipped."""
    wire = Wire(meter(alerts=1), client(ADVANCED, interval), damage=1_000)
    wire.run(86_400)
    assert not wire.wrong
    times = [reading.arrived for reading in wire.readings]
    assert (
        max(later - earlier for earlier, later in pairwise(times)) < 2 * interval + 60
    )
    assert kinds(wire) <= {FaultKind.CHECKSUM, FaultKind.NOISE, FaultKind.TRUNCATED}
    return wire


def test_a_damaged_day(monkeypatch):
    """A day over a bad line: no wrong value, and never long without one. Polled rarely, so that a test can wait for it."""
    monkeypatch.setattr(mep, "SLOW_INTERVAL", 300.0)
    wire = damaged_day(30.0)
    assert len(wire.readings) > 5_500
    assert len(wire.faults) > 100


@pytest.mark.skipif("SOAK" not in os.environ, reason="takes minutes; set SOAK=1")
@pytest.mark.timeout(1_800)
def test_a_damaged_day_at_full_pace():
    """The same at the pace of a real installation."""
    assert len(damaged_day(2.0).readings) > 80_000


@settings(max_examples=20)
@given(st.integers(5, 100), st.integers(0, 1 << 30))
def test_bad_lines(damage, seed):
    """The worse the line the fewer values, but never a wrong one."""
    wire = Wire(meter(), client(), damage=damage)
    wire.random.seed(seed)
    wire.run(120)
    assert not wire.wrong


# --- what may be sent -----------------------------------------------------------------------------------------------


def _reply(request, message, key=BASIC):
    """Return a reply that the session believes."""
    proof = digest(key, request[2:-8] + message)
    return (len(message) + 8).to_bytes(2) + message + proof


BELIEVED = st.one_of(
    st.binary(max_size=60).map(lambda data: b"\0" + len(data).to_bytes(2) + data),
    st.binary(min_size=4, max_size=4).map(lambda number: b"\x0c" + number),
    st.binary(min_size=1, max_size=470),
)
EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("bytes"), st.binary(max_size=40)),
        st.tuples(st.just("reply"), BELIEVED),
        st.tuples(st.just("echo"), st.just(b"")),
        st.tuples(st.just("time"), st.floats(0.0, 200.0)),
    ),
    max_size=80,
)


@given(
    EVENTS,
    st.lists(st.binary(max_size=40), max_size=3),
    st.floats(0.01, 1_000.0),
    st.booleans(),
)
def test_only_reads_are_sent(events, secrets, interval, encrypt):
    """No keys, no settings and no bytes make a session send anything but single reads, 100 ms apart."""
    session = client((BASIC, *secrets), interval, encrypt=encrypt)
    at, last, sent = NOON, None, []
    outputs = list(session.start(at))
    for kind, thing in events:
        sends = [output.data for output in outputs if isinstance(output, Send)]
        assert len(sends) <= 1
        for packet in sends:
            assert last is None or at - last >= 0.0999
            last = at
            sent.append(packet)
            assert_read(packet, (BASIC, *secrets))
        match kind:
            case "time":
                at += thing
                outputs = list(session.wake(at))
            case "bytes":
                at += 0.02
                outputs = list(session.receive(thing, at))
            case "echo" if sent:
                outputs = list(session.receive(sent[-1], at))
            case "reply" if sent and not encrypt:
                at += 0.05
                outputs = list(session.receive(_reply(sent[-1], thing), at))
            case _:
                outputs = []
        assert len(session._buffer) <= 600


def assert_read(packet, keys=(BASIC,)):
    """A partial read with a digest that fits, enciphered or not, and nothing else."""
    assert (packet[:2], len(packet)) == (b"\x00\x14", 22)
    opened = [open_request(key[:16], packet[2:]) for key in keys if len(key) >= 16]
    assert [message for message, _ in filter(None, opened) if message[0] == 0x3F]


@given(st.lists(st.tuples(st.binary(max_size=80), st.floats(0.0, 5.0)), max_size=40))
def test_any_bytes(pieces):
    """Whatever arrives whenever: nothing raises, no value appears, one request is open at most."""
    session, at = client(), NOON
    session.start(at)
    for data, pause in pieces:
        at += pause
        outputs = (*session.wake(at), *session.receive(data, at))
        assert not [o for o in outputs if not isinstance(o, Fault | Send | SetPins)]
        assert session.wake_at is not None


def test_make_session():
    """A profile of this kind gets such a session, its interval the profile's shortest."""
    profile = Profile(
        "nes",
        SessionKind.MEP,
        (Link.MEP,),
        LineSettings(9600),
        (),
        (2.0, 10.0),
        "mep",
        "rs232",
    )
    assert isinstance(make_session(profile, KeyRing()), MepSession)
