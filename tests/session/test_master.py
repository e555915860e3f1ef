"""The wired master: polling, searching, and a grammar of transmissions that changes no meter."""

from dataclasses import dataclass, field
import re
from typing import Any

from hypothesis import given, strategies as st
import pytest

from customer_interface.catalogue import layouts
from customer_interface.keys import Key, KeyRing
from customer_interface.plausibility import Limits
from customer_interface.reading import Fault, FaultKind, Link, Protection, Reading
from customer_interface.session.base import Output, Send, Session, SessionState
from customer_interface.session.belief import Belief
from customer_interface.session.master import MasterSession, ScanSession, Slave
from customer_interface.session.receiver import Receiver
from customer_interface.stack import Context
from tests.captures import cases

from .wire import said_to


def checksummed(body: bytes) -> bytes:
    """Return a long frame around a body."""
    return (
        bytes((0x68, len(body), len(body), 0x68))
        + body
        + bytes((sum(body) & 0xFF, 0x16))
    )


def answer(address: int, number: str, records: str, medium: int = 7) -> bytes:
    """Return an RSP_UD of a meter with a long header and no encryption."""
    identification = (
        bytes.fromhex(number)[::-1] + bytes.fromhex("2D2C01") + bytes((medium,))
    )
    return checksummed(
        bytes((0x08, address, 0x72))
        + identification
        + bytes.fromhex("01000000")
        + bytes.fromhex(records)
    )


WATER = "0C1345230100"  # 12.345 m³
HEAT = "0C0645230100"  # 12345 kWh


@dataclass(slots=True)
class Instrument:
    """A slave of this test: its primary address and the telegrams it cycles through."""

    primary: int
    telegrams: list[bytes]
    selected: bool = False
    position: int = 0
    last_fcb: int | None = None

    @property
    def secondary(self) -> bytes:
        """Identification, manufacturer, version and medium as on the wire."""
        return self.telegrams[0][7:15]

    def request(self, fcb: int) -> bytes:
        """Answer a request: the same FCB again repeats the last telegram."""
        if self.last_fcb is not None and fcb != self.last_fcb:
            self.position = (self.position + 1) % len(self.telegrams)
        self.last_fcb = fcb
        return self.telegrams[self.position]


@dataclass(slots=True)
class Bus:
    """What hangs on the wire; several answers at once collide."""

    slaves: list[Instrument]
    heard: list[bytes] = field(default_factory=list)
    deaf: set[int] = field(default_factory=set)

    def hear(self, data: bytes) -> bytes:
        """Return what comes back: one answer, the wired-and of several, or nothing."""
        self.heard.append(data)
        answers = [
            reply for slave in self.slaves if (reply := self._reply(slave, data))
        ]
        if not answers:
            return b""
        length = max(map(len, answers))
        collided = bytearray(b"\xff" * length)
        for reply in answers:
            for index, byte in enumerate(reply):
                collided[index] &= byte
        return bytes(collided)

    def _reply(self, slave: Instrument, data: bytes) -> bytes:
        if slave.primary in self.deaf:
            return b""
        if data[0] == 0x10:
            mine = data[2] == slave.primary or (data[2] == 0xFD and slave.selected)
            if data[1] == 0x40:
                slave.selected = slave.selected and data[2] != 0xFD
                slave.position, slave.last_fcb = 0, None
                return b"\xe5" if mine and data[2] != 0xFD else b""
            return (
                slave.request(data[1] & 0x20)
                if mine and data[1] in (0x5B, 0x7B)
                else b""
            )
        if data[6] == 0x52:
            slave.selected = all(
                _fits(*pair) for pair in zip(data[7:15], slave.secondary, strict=True)
            )
            return b"\xe5" if slave.selected else b""
        return b"\xe5" if data[5] == slave.primary else b""


def _fits(wanted: int, own: int) -> bool:
    return wanted == 0xFF or all(
        (wanted >> shift & 0xF) in (0xF, own >> shift & 0xF) for shift in (0, 4)
    )


def parts() -> tuple[Receiver, Belief]:
    """Return fresh receiver and belief."""
    return (
        Receiver((Link.MBUS,), Context(KeyRing(), layouts())),
        Belief(SessionState(), Limits(), KeyRing()),
    )


def run(session: Session, bus: Bus, seconds: float, at: float = 0.0) -> list[Output]:
    """Let a session talk to a bus in virtual time."""
    outputs: list[Output] = []
    pending = list(session.start(at))
    end = at + seconds
    while at < end:
        while pending:
            output = pending.pop(0)
            outputs.append(output)
            if isinstance(output, Send) and (reply := bus.hear(output.data)):
                at += 0.05
                pending += session.receive(reply, at)
        if session.wake_at is None:
            break
        at = max(at, session.wake_at)
        pending += session.wake(at)
    return outputs


def readings(outputs: list[Output]) -> list[Reading]:
    """Return the readings among outputs."""
    return [output for output in outputs if isinstance(output, Reading)]


def test_polling_by_primary_address() -> None:
    """Each slave is read at its own interval."""
    bus = Bus(
        [
            Instrument(1, [answer(1, "00000001", WATER)]),
            Instrument(2, [answer(2, "00000002", HEAT, 4)]),
        ]
    )
    session = MasterSession(*parts(), (Slave(1, interval=60), Slave(2, interval=120)))
    found = readings(run(session, bus, 239))
    assert [reading.meter.number for reading in found].count("00000001") >= 1
    requests = [data[2] for data in bus.heard if data[1] in (0x5B, 0x7B)]
    assert (requests.count(1), requests.count(2)) == (4, 2)


def test_what_is_withheld_is_counted() -> None:
    """A telegram that is not believed stands in the statistics of a bus as in those of every port."""
    receiver, _ = parts()
    belief = Belief(
        SessionState(), Limits(), KeyRing(), expected=Protection.AUTHENTICATED
    )
    bus = Bus([Instrument(1, [answer(1, "00000001", WATER)])])
    session = MasterSession(receiver, belief, (Slave(1),))
    outputs = run(session, bus, 10)
    assert not readings(outputs)
    assert session.statistics.faults[FaultKind.PROTECTION] == 1


def test_several_telegrams_make_a_reading() -> None:
    """A telegram that ends with DIF 1F is followed by the next under a toggled FCB."""
    bus = Bus(
        [
            Instrument(
                5,
                [
                    answer(5, "00000005", WATER + "1F"),
                    answer(5, "00000005", "0A5A1502"),
                ],
            )
        ]
    )
    outputs = run(MasterSession(*parts(), (Slave(5),)), bus, 10)
    quantities = [
        record.quantity for reading in readings(outputs) for record in reading.records
    ]
    assert "volume" in quantities
    assert "flow_temperature" in quantities
    assert [data[1] for data in bus.heard if data[1] in (0x5B, 0x7B)] == [0x7B, 0x5B]


def test_an_endless_meter_ends() -> None:
    """A meter that always says that more follows is not asked for ever."""
    bus = Bus([Instrument(5, [answer(5, "00000005", WATER + "1F")])])
    run(MasterSession(*parts(), (Slave(5),)), bus, 10)
    assert len(bus.heard) <= 20


def test_a_silent_slave_is_told_once() -> None:
    """Three readings without an answer are silence; the others are read all the same."""
    bus = Bus(
        [
            Instrument(1, [answer(1, "00000001", WATER)]),
            Instrument(2, [answer(2, "00000002", WATER)]),
        ],
        deaf={2},
    )
    outputs = run(
        MasterSession(*parts(), (Slave(1, interval=60), Slave(2, interval=60))),
        bus,
        600,
    )
    silences = [output for output in outputs if isinstance(output, Fault)]
    assert [fault.kind for fault in silences] == [FaultKind.SILENCE]
    assert "address 2" in silences[0].detail


def test_secondary_addressing() -> None:
    """A slave is selected by its secondary address and read at 253."""
    slave = Instrument(0, [answer(0, "12345678", WATER)])
    bus = Bus([slave, Instrument(0, [answer(0, "12345679", WATER)])])
    outputs = run(MasterSession(*parts(), (Slave(secondary=slave.secondary),)), bus, 5)
    assert [reading.meter.number for reading in readings(outputs)] == ["12345678"]
    assert bytes.fromhex("680B0B6873FD5278563412FFFFFFFFD216") not in bus.heard


def test_the_search_finds_all() -> None:
    """Primary addresses, and by wildcards those that share address 0 and nearly the number."""
    numbers = ["12345678", "12345671", "99000001"]
    shared = [Instrument(0, [answer(0, number, WATER)]) for number in numbers]
    bus = Bus([*shared, Instrument(7, [answer(7, "00000007", HEAT, 4)])])
    session = ScanSession(*parts())
    run(session, bus, 4_000)
    assert session.done
    found = {
        item.reading.meter.number for item in session.found if item.reading is not None
    }
    assert found == {*numbers, "00000007"}


ENCRYPTED = bytes.fromhex(
    # The OMS example of mode 5 behind a long header: medium 03, number 12345678, access number 2A.
    "0800 72 78563412 9315 33 03 2A 00 2025"
    "5923C95AAA26D1B2E7493B013EC4A6F6D3529B520EDFF0EA6DEFC99D6D69EBF3"
)
OMS_KEY = bytes.fromhex("0102030405060708090A0B0C0D0E0F11")


def test_the_search_finds_meters_that_encrypt() -> None:
    """A meter whose key is not known says who it is all the same, and a key can be tried on what it answered."""
    shared = Instrument(0, [answer(0, "99000001", WATER)])
    locked = Instrument(0, [checksummed(ENCRYPTED)])
    session = ScanSession(*parts())
    run(session, Bus([shared, locked]), 4_000)
    assert session.done
    by_number = {item.meter.number: item for item in session.found}
    assert by_number.keys() == {"99000001", "12345678"}
    assert not by_number["99000001"].needs_key
    item = by_number["12345678"]
    assert (item.reading, item.needs_key, item.meter.medium) == (None, True, "gas")
    right = session.try_keys(item, KeyRing((Key(OMS_KEY, "12345678"),)))
    assert isinstance(right[0], Reading)
    assert right[0].values
    for other in (Key(bytes(16), "12345678"), Key(OMS_KEY, "99000001")):
        (wrong,) = session.try_keys(item, KeyRing((other,)))
        assert isinstance(wrong, Fault)
        assert wrong.kind is FaultKind.KEY


def test_a_meter_without_a_number_is_known_by_its_place() -> None:
    """Number 00000000 is none: the primary address names the meter, in the search as in each reading."""
    nameless = answer(5, "00000000", WATER)
    session = ScanSession(*parts())
    run(session, Bus([Instrument(5, [nameless])]), 400)
    (found,) = session.found
    assert found.meter.key == "KAM5"
    polling = MasterSession(*parts(), (Slave(5),))
    (reading,) = readings(run(polling, Bus([Instrument(5, [nameless])]), 5))
    assert reading.meter == found.meter


@pytest.mark.parametrize("word", ["0", "250", "s7856341232150007"])
def test_addresses_as_they_are_stored(word: str) -> None:
    """An address comes back as it was stored."""
    assert Slave.at(word, interval=60).word == word


def test_p2_is_searched_by_primary_address_only() -> None:
    """The Dutch port knows no secondary addresses."""
    bus = Bus([Instrument(3, [answer(3, "00000003", WATER, 3)])])
    session = ScanSession(*parts(), p2=True)
    run(session, bus, 1_000)
    assert session.done
    assert [item.slave for item in session.found] == [Slave(3, p2=True)]
    assert not any(data[0] == 0x68 for data in bus.heard)


GRAMMAR = re.compile(
    rb"\x10[\x40\x49\x5b\x7b].{2}\x16"
    rb"|\x68\x0b\x0b\x68\x53\xfd\x52.{9}\x16"
    rb"|\x68\x04\x04\x68\x53.\x50.{2}\x16",
    re.DOTALL,
)


@given(
    st.lists(
        st.one_of(
            st.binary(max_size=60),
            st.just(b"\xe5"),
            st.just(answer(1, "00000001", WATER + "1F")),
        ),
        max_size=40,
    ),
    st.sampled_from(["master", "scan", "p2"]),
)
def test_only_the_grammar_is_sent(replies: list[bytes], kind: str) -> None:
    """Whatever answers, nothing leaves that could change a meter."""
    slaves = (Slave(1, readout=0x50), Slave(secondary=bytes(8)), Slave(9, p2=True))
    session: Session = (
        MasterSession(*parts(), slaves)
        if kind == "master"
        else ScanSession(*parts(), p2=kind == "p2")
    )
    sent = said_to(session, replies, 0.0)
    assert sent
    assert all(GRAMMAR.fullmatch(data) for data in sent)


@pytest.mark.parametrize(
    ("word", "p2"),
    [
        ("-1", False),
        ("251", False),
        ("s00000000000000", False),
        ("s0000000000000000", True),
    ],
)
def test_addresses_that_are_none(word: str, p2: bool) -> None:
    """What is stored is an address only where it can be one."""
    with pytest.raises(ValueError, match="address"):
        Slave.at(word, interval=60, p2=p2)


@pytest.mark.parametrize("capture", cases("mbus", valid=True, frames=1))
def test_captures_through_the_master(capture: dict[str, Any]) -> None:
    """A real meter's frame, given as the answer of a slave, is read."""
    frame = bytes.fromhex(capture["hex"])
    address = frame[5]
    if address > 250:
        pytest.skip("an address no master asks")
    bus = Bus([Instrument(address, [frame])])
    outputs = run(MasterSession(*parts(), (Slave(address),)), bus, 5)
    assert readings(outputs)
