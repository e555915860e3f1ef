"""Tests that the radio session recognises every simulated stick, sets it up, and reads all meters behind it."""

from dataclasses import dataclass, field
from decimal import Decimal

import pytest

from customer_interface import simulate
from customer_interface.catalogue import load
from customer_interface.errors import CustomerInterfaceError
from customer_interface.keys import Key, KeyRing
from customer_interface.reading import Fault, FaultKind, Reading
from customer_interface.session import make_session
from customer_interface.session.base import Output, Send
from customer_interface.session.radio import RadioSession
from customer_interface.simulate import radio_simulator
from customer_interface.simulate.meter import Plan
from customer_interface.simulate.radio import (
    KINDS,
    PAUSE,
    STICKS,
    NesMeter,
    RadioReceiver,
    WirelessMeter,
    frame_a,
    neighbourhood,
)
from tests.mbus_telegrams import OMS_MODE_5, OMS_MODE_5_A

NOON = 1_795_255_200.0
KEY = bytes(range(16))
HOUSE = (*neighbourhood(6), NesMeter("84000001", KEY))


def ring(*meters: WirelessMeter | NesMeter) -> KeyRing:
    """Return the keys of meters."""
    return KeyRing(tuple(Key(m.key, m.number) for m in meters if m.key is not None))


@dataclass
class Talk:
    """Session and stick on one line, with a clock of their own."""

    receiver: RadioReceiver
    radio: RadioSession
    at: float = NOON
    said: list[Output] = field(default_factory=list)

    def carry_out(self, outputs: tuple[Output, ...]) -> None:
        """Take what the session wants to the stick, and its answers back."""
        self.said.extend(outputs)
        for output in outputs:
            if isinstance(output, Send):
                for chunk in self.receiver.receive(output.data, self.at):
                    self.carry_out(self.radio.receive(chunk.data, self.at))

    def run(self, seconds: float) -> None:
        """Let time pass."""
        end = self.at + seconds
        while self.at < end:
            due = self.receiver.due(self.at)
            while self.radio.wake_at is not None and self.radio.wake_at < due:
                self.at = max(self.at, self.radio.wake_at)
                self.carry_out(self.radio.wake(self.radio.wake_at))
            self.at = due
            for chunk in self.receiver.push(due):
                self.at += chunk.pause
                self.carry_out(self.radio.receive(chunk.data, self.at))

    @property
    def readings(self) -> list[Reading]:
        """What was read."""
        return [output for output in self.said if isinstance(output, Reading)]


def talk(
    name: str,
    *meters: WirelessMeter | NesMeter,
    keys: KeyRing | None = None,
    plans: tuple[Plan, ...] = (),
) -> Talk:
    """Plug a stick in."""
    receiver = RadioReceiver(STICKS[name](), meters, plans)
    session = make_session(
        load().profiles["wmbus"], ring(*meters) if keys is None else keys
    )
    assert isinstance(session, RadioSession)
    talk = Talk(receiver, session)
    talk.carry_out(session.start(NOON))
    return talk


@pytest.mark.parametrize("name", list(STICKS))
def test_every_stick(name: str) -> None:
    """Recognised among all kinds, set up, and every meter behind it listed and read, signal strength included."""
    line = talk(name, *HOUSE)
    line.run(60)
    assert line.radio.stick == name
    heard = {meter.meter.number: meter for meter in line.radio.heard}
    assert set(heard) == {meter.number for meter in HOUSE}
    assert {reading.meter.number for reading in line.readings} == set(heard)
    # The frames of a stick without checksums are believed when a number came twice.
    faults = [output for output in line.said if isinstance(output, Fault)]
    assert all(name == "rc1180" and "again" in fault.detail for fault in faults)
    for meter in HOUSE:
        known = heard[meter.number]
        assert known.meter == meter.identity
        assert known.security == (None if meter.key is None else "mode 5")
        signal = None if name == "rtl_wmbus" else meter.signal_dbm
        assert known.signal_dbm == signal


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("key", [None, KEY], ids=["plain", "mode 5"])
def test_every_kind(kind: str, key: bytes | None) -> None:
    """What a meter of each medium says arrives as its records, powers of ten included."""
    meter = WirelessMeter("70000042", kind, key)
    line = talk("im871a", meter)
    line.run(15)
    reading = line.readings[-1]
    records = [record.value for record in reading.records]
    raws = meter.raw(line.at - PAUSE).values()
    assert len(records) == len(raws)
    for value, raw in zip(records, raws, strict=True):
        assert isinstance(value, int | Decimal)
        ratio = Decimal(value) / raw
        assert ratio == Decimal(10) ** ratio.adjusted(), (value, raw)


@pytest.mark.parametrize("name", ["im871a", "amb8465", "cul"])
def test_nothing_before_it_is_set_up(name: str) -> None:
    """A stick that lost its power delivers nothing until it was set up again."""
    stick = STICKS[name]()
    frame = neighbourhood(1)[0].frame(NOON)
    assert stick.deliver(frame, -60, NOON) == b""
    line = talk(name, *HOUSE[:1])
    line.run(15)
    assert line.readings
    line.receiver.stick.lose_power()
    before = len(line.readings)
    line.run(60)
    assert len(line.readings) == before
    line.carry_out(line.radio.start(line.at))
    line.run(30)
    assert len(line.readings) > before


def test_fifty_meters() -> None:
    """Fifty meters on one stick are told apart, and each is read."""
    meters = neighbourhood(50)
    line = talk("im871a", *meters)
    line.run(31)
    assert {reading.meter.number for reading in line.readings} == {
        meter.number for meter in meters
    }
    assert len(line.radio.heard) == 50


def test_unplugged() -> None:
    """While it is unplugged nothing comes."""
    line = talk("cul", *HOUSE[:2], plans=(Plan.parse("unplug@0-60"),))
    line.receiver.push(NOON)
    assert not line.receiver.plugged(NOON + 30)
    assert line.receiver.plugged(NOON + 61)


def test_wrong_key() -> None:
    """A meter that was given another key is listed with the reason."""
    line = talk("im871a", HOUSE[1], plans=(Plan.parse("wrong-key"),))
    line.run(16)
    assert [meter.fault for meter in line.radio.heard] == [FaultKind.KEY]
    assert not line.readings


def test_frame_format_a() -> None:
    """The CRCs are those of the published telegram."""
    assert frame_a(OMS_MODE_5) == OMS_MODE_5_A


@pytest.mark.parametrize("name", list(STICKS))
def test_row_of_the_catalogue(name: str) -> None:
    """The grid operator's meter can be served behind any stick, with neighbours; its key is the printed one."""
    receiver = radio_simulator("linz-netz", "nes-gen4", name, 12)
    assert isinstance(receiver, RadioReceiver)
    assert len(receiver.meters) == 13
    assert receiver.keys == simulate.keys("linz-netz", "nes-gen4")
    assert receiver.keys["oms"] == (receiver.meters[0].key or b"").hex().upper()


@pytest.mark.parametrize(
    ("operator", "meter", "stick"),
    [("netz-noe", "kaifa-ma309m", "cul"), ("linz-netz", "nes-gen4", "dvb")],
)
def test_what_has_no_stick(operator: str, meter: str, stick: str) -> None:
    """A wired meter, and a stick nobody knows, are refused."""
    with pytest.raises(CustomerInterfaceError):
        radio_simulator(operator, meter, stick, 0)
