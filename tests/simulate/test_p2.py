"""Wireless P2: meters heard through a stick, their electricity meter only overheard (DSMR P2 4.2.2, 4.4 and table 6)."""

from copy import replace

import pytest

from customer_interface import catalogue, simulate
from customer_interface.keys import Key, KeyRing, parse_key
from customer_interface.radio import STICKS as RADIO_STICKS
from customer_interface.reading import Fault, FaultKind
from customer_interface.session import make_session
from customer_interface.session.base import Send
from customer_interface.session.radio import RadioSession
from customer_interface.simulate.bus import P2Meter
from customer_interface.simulate.meter import Plan
from customer_interface.simulate.p2 import Commander, Control, RadioP2Meter
from customer_interface.simulate.radio import STICKS, RadioReceiver
from tests.simulate.test_radio import Talk

KEY, DEFAULT_KEY = bytes(range(16)), bytes(range(16, 32))
PROFILE = catalogue.load().profiles["p2-mode15"]


def meter(kind: str = "gas", key: bytes | None = KEY) -> P2Meter:
    """Return a P2 meter."""
    return P2Meter(number="23456789", kind=kind, default_key=DEFAULT_KEY, user_key=key)


def talk(
    *heard: RadioP2Meter | Commander,
    keys: KeyRing | None = None,
    stick: str = "im871a",
    plans: tuple[Plan, ...] = (),
) -> Talk:
    """Return a stick that hears these, and the session of the profile."""
    ring = KeyRing((Key(KEY, "23456789"),)) if keys is None else keys
    session = make_session(PROFILE, ring, stick=None)
    assert isinstance(session, RadioSession)
    found = Talk(RadioReceiver(STICKS[stick](), heard, plans), session)
    found.carry_out(session.start(found.at))
    return found


@pytest.mark.parametrize("stick", STICKS)
@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("gas", "7-0:3.1.0"),
        ("thermal", "5-0:1.0.0"),
        ("water", "8-0:1.0.0"),
        ("electricity", "1-0:1.8.0"),
    ],
)
def test_each_kind_through_each_stick(kind: str, code: str, stick: str) -> None:
    """Mode 15 is opened with the address of the link layer, whichever stick heard it."""
    line = talk(RadioP2Meter(meter(kind)), stick=stick)
    line.run(600)
    assert len(line.readings) > 5
    for reading in line.readings:
        assert reading.encrypted
        assert code in {str(known) for known in reading.values}
    counters = [reading.counter or 0 for reading in line.readings]
    assert counters == sorted(set(counters))


def test_the_electricity_meter_is_only_overheard() -> None:
    """Key change, clock, end of a conversation, confirmation: nothing is answered, and nothing of it is a value."""
    own = meter()
    line = talk(RadioP2Meter(own), Commander(own))
    line.run(900)
    assert own.set_at is not None
    assert line.readings
    for reading in line.readings:
        assert reading.meter.number == "23456789"
        codes = {str(code) for code in reading.values}
        assert codes <= {"7-0:3.1.0", "0-0:96.1.0"}
    sent = {output.data for output in line.said if isinstance(output, Send)}
    assert sent <= RADIO_STICKS["im871a"]("ct").commands
    assert {h.meter.key for h in line.radio.heard if h.meter.key} == {"23456789"}
    kinds = {output.kind for output in line.said if isinstance(output, Fault)}
    assert kinds <= {FaultKind.UNSUPPORTED}


def test_a_new_key_is_not_learned() -> None:
    """Who overhears the key change cannot open it without the default key: the meter has to be asked anew."""
    own = meter()
    line = talk(RadioP2Meter(own), Commander(own))
    line.run(100)
    before = len(line.readings)
    assert before
    own.user_key = bytes(range(32, 48))
    line.run(300)
    assert len(line.readings) == before
    kinds = {output.kind for output in line.said if isinstance(output, Fault)}
    assert FaultKind.KEY in kinds


@pytest.mark.parametrize("key", [KEY, None])
def test_installation_requests_are_understood(key: bytes | None) -> None:
    """SND_IR is a telegram of the meter as SND_NR is, encrypted or, with no key set, in the clear."""
    line = talk(
        RadioP2Meter(meter(key=key), installing=True),
        keys=None if key else KeyRing(),
    )
    line.radio.choose(frozenset({"23456789"}))
    line.run(100)
    assert line.readings
    assert all(reading.encrypted is (key is not None) for reading in line.readings)


def test_in_the_clear_once_a_key_is_known() -> None:
    """What is not encrypted is refused though it could be read (5.1)."""
    line = talk(RadioP2Meter(meter(key=None)))
    line.run(100)
    assert line.readings == []
    kinds = {output.kind for output in line.said if isinstance(output, Fault)}
    assert kinds == {FaultKind.AUTHENTICATION}


def test_a_replayed_telegram_is_refused() -> None:
    """The frame counter only ever rises, by radio too."""
    own = meter()
    own.counter = 1_000
    line = talk(RadioP2Meter(own))
    line.run(100)
    before = len(line.readings)
    assert before
    own.counter = 10
    line.run(900)
    assert len(line.readings) == before
    kinds = {output.kind for output in line.said if isinstance(output, Fault)}
    assert kinds == {FaultKind.REPLAY}


def test_the_row_of_the_catalogue() -> None:
    """The demo's meter with its key, and without."""
    simulated = simulate.simulator("nl-p2", "dsmr-p2")
    assert isinstance(simulated, RadioReceiver)
    (typed,) = simulated.keys.values()
    for keys, readable in ((KeyRing((parse_key(typed),)), True), (KeyRing(), False)):
        session = make_session(PROFILE, keys)
        assert isinstance(session, RadioSession)
        line = Talk(replace(simulated, stick=STICKS["cul"]()), session)
        line.carry_out(session.start(line.at))
        line.run(200)
        assert bool(line.readings) is readable


@pytest.mark.parametrize("control", Control)
def test_table_6(control: Control) -> None:
    """Only SND_NR and SND_IR are telegrams of a meter; the rest of the table is none."""
    own = RadioP2Meter(meter())
    line = talk(own, stick="rc1180")
    line.run(100)
    assert line.readings
    line.said.clear()
    frame = bytearray(own.frame(line.at))
    frame[1] = control
    delivered = line.receiver.stick.deliver(bytes(frame), -70, line.at)
    line.carry_out(line.radio.receive(delivered, line.at + 1))
    told = control in (Control.SEND_NO_REPLY, Control.INSTALLATION_REQUEST)
    assert bool(line.readings) is told
