"""Tests of the radio session: setting up a stick, the list of meters heard, repeated telegrams, keys, and its grammar."""

from copy import replace

from hypothesis import given, strategies as st
import pytest

from customer_interface.catalogue import load
from customer_interface.keys import Key, KeyRing
from customer_interface.line import LineSettings
from customer_interface.plausibility import Limits
from customer_interface.radio import STICKS, Stick
from customer_interface.reading import Fault, FaultKind, Link, Reading
from customer_interface.session import make_session
from customer_interface.session.base import Output, Send, SessionState, SetLine
from customer_interface.session.belief import Belief
from customer_interface.session.radio import (
    MAX_METERS,
    QUIET,
    REPEATED_WITHIN,
    RETRY_INTERVAL,
    RadioSession,
)
from customer_interface.session.receiver import Receiver
from customer_interface.stack import Context
from tests.mbus_telegrams import MODE_7, OMS_MODE_5, OMS_MODE_5_KEY
from tests.radio.test_sticks import RAW, im871a, rtl

IM871A = SetLine(LineSettings(57_600))
PING = Send(bytes.fromhex("A5010100"))
PING_ANSWER = bytes.fromhex("A58102004CA3")
NUMBER, OTHER = bytes.fromhex("78563412"), bytes.fromhex("99000000")
NO_KEYS = KeyRing()
KEYS = KeyRing((Key(OMS_MODE_5_KEY, "12345678"),))


def session(
    *sticks: Stick, keys: KeyRing = NO_KEYS, chosen: frozenset[str] | None = None
) -> RadioSession:
    """Return a session that has not begun."""
    receiver = Receiver((Link.WMBUS,), Context(keys))
    return RadioSession(
        sticks, receiver, Belief(SessionState(), Limits(), keys), chosen
    )


def line_session(keys: KeyRing = NO_KEYS) -> RadioSession:
    """Return a session with a receiver that needs no setting up."""
    radio = session(STICKS["rtl_wmbus"]("ct"), keys=keys)
    assert radio.start(0.0) == (SetLine(LineSettings(115_200)),)
    return radio


def ring(*secrets: bytes) -> KeyRing:
    """Return a ring of keys for all meters."""
    return KeyRing(tuple(map(Key, secrets)))


def readings(outputs: tuple[Output, ...]) -> list[Reading]:
    """Return the readings of outputs."""
    return [output for output in outputs if isinstance(output, Reading)]


def plain(number: int, liters: int = 1) -> bytes:
    """Return a plain telegram of a water meter."""
    body = bytes.fromhex("7A 01 00 0000 0413") + liters.to_bytes(4, "little")
    digits = bytes.fromhex(f"{number:08d}")[::-1]
    bare = b"\x44\x93\x15" + digits + b"\x01\x07" + body
    return bytes((len(bare),)) + bare


def answer(name: int, payload: bytes = b"") -> bytes:
    """Return an answer of the iM871A's device management, without CRC."""
    return bytes((0xA5, 0x01, name, len(payload))) + payload


def test_stick_is_recognised_and_set_up() -> None:
    """Ping, device information, radio mode: each waits for the answer before."""
    radio = session(STICKS["im871a"]("ct"))
    assert radio.start(0.0) == (IM871A, PING)
    assert radio.receive(PING_ANSWER, 0.1) == (Send(bytes.fromhex("A5010F00")),)
    (mode,) = radio.receive(answer(0x10, bytes(8)), 0.2)
    assert mode == Send(bytes.fromhex("A501030600020A300100"))
    assert radio.stick is None
    assert radio.receive(answer(0x04), 0.3) == ()
    assert radio.stick == "im871a"


def test_stick_that_does_not_answer() -> None:
    """Two attempts, a fault of the line, and another go later."""
    radio = session(STICKS["im871a"]("ct"))
    sent = list(radio.start(0.0))
    times = []
    for _ in range(3):
        assert radio.wake_at is not None
        times.append(radio.wake_at)
        sent += radio.wake(radio.wake_at)
    faults = [output for output in sent if isinstance(output, Fault)]
    assert [fault.kind for fault in faults] == [FaultKind.LINE]
    assert "im871a" in faults[0].detail
    assert times[2] - times[1] == RETRY_INTERVAL
    assert sent.count(PING) == 3


def _all() -> RadioSession:
    return session(*(make("ct") for make in STICKS.values()), keys=KEYS)


def _wakes(radio: RadioSession, until: float) -> list[Output]:
    outputs: list[Output] = []
    while radio.wake_at is not None and radio.wake_at <= until:
        outputs += radio.wake(radio.wake_at)
    return outputs


def test_sticks_are_tried_in_turn() -> None:
    """Each kind is asked at its own line settings; the one that answers is it."""
    radio = _all()
    outputs = [*radio.start(0.0), *_wakes(radio, 3.9)]
    lines = [str(output.line) for output in outputs if isinstance(output, SetLine)]
    assert lines == ["57600 8N1", "9600 8N1"]
    _wakes(radio, 4.0)
    (signal, mode) = radio.receive(b"V 1.67 nanoCUL868\r\n", 4.1)
    assert (signal, mode) == (Send(b"X21\r\n"), Send(b"brt\r\n"))
    assert radio.stick == "cul"
    (reading,) = readings(radio.receive(RAW["cul"], 5.0))
    assert reading.meter.number == "12345678"
    assert radio.start(100.0)[0] == SetLine(LineSettings(38_400))


def test_nobody_answers() -> None:
    """After every kind, and listening for lines of text, the fault is told once a round."""
    radio = _all()
    outputs = [*radio.start(0.0), *_wakes(radio, 70.0)]
    faults = [output for output in outputs if isinstance(output, Fault)]
    assert [fault.kind for fault in faults] == [FaultKind.LINE]


def test_lines_of_text_are_recognised_by_themselves() -> None:
    """A receiver that is never asked is the one whose lines are frames."""
    radio = _all()
    radio.start(0.0)
    for second in range(12):
        outputs = radio.receive(rtl(plain(11)), second + 0.5)
        assert not [output for output in outputs if isinstance(output, Fault)]
        _wakes(radio, second + 1.0)
    assert radio.stick == "rtl_wmbus"
    assert [meter.telegrams for meter in radio.heard] == [1]
    assert _wakes(radio, 1000.0) == []


def test_stick_that_only_delivers() -> None:
    """Frames without answers are as good: no other kind is tried any more."""
    radio = _all()
    radio.start(0.0)
    assert readings(radio.receive(im871a(OMS_MODE_5), 0.5))
    outputs = _wakes(radio, 100.0)
    assert outputs == [PING]
    assert radio.stick == "im871a"


def test_stick_is_set_up_again() -> None:
    """After the port came back, and after a long silence, it begins from the start."""
    radio = session(STICKS["im871a"]("ct"))
    radio.start(0.0)
    for data, at in ((PING_ANSWER, 0.1), (answer(0x10), 0.2), (answer(0x04), 0.3)):
        radio.receive(data, at)
    assert radio.stick == "im871a"
    assert radio.start(10.0) == (IM871A, PING)
    for data, at in ((PING_ANSWER, 10.1), (answer(0x10), 10.2), (answer(0x04), 10.3)):
        radio.receive(data, at)
    radio.wake(11.0)
    assert radio.wake_at == pytest.approx(10.3 + QUIET)
    assert radio.wake(10.3 + QUIET) == (IM871A, PING)


def test_frames_before_set_up_are_read() -> None:
    """A stick that already receives is listened to while it is set up."""
    radio = session(STICKS["im871a"]("t"), keys=KEYS)
    radio.start(0.0)
    (reading,) = readings(radio.receive(im871a(OMS_MODE_5), 0.1))
    assert reading.signal_dbm == -84
    assert reading.check_bits == 16
    assert reading.arrived == 0.1


@pytest.mark.parametrize("name", list(STICKS))
def test_captures_through_every_stick(name: str) -> None:
    """The OMS telegram is read through each serial protocol."""
    radio = session(STICKS[name]("t"), keys=KEYS)
    radio.start(0.0)
    if not STICKS[name]("t").checked:
        radio.receive(b">", 0.01)
        radio.receive(bytes(256) + b">", 0.02)
    outputs = radio.receive(RAW[name], 0.1) + radio.wake(1.0)
    (reading,) = readings(outputs)
    assert reading.meter.number == "12345678"
    assert str(reading.records[0].value) == "28504.27"


def test_meters_are_listed() -> None:
    """Every meter is listed with number, manufacturer, medium, signal, mode and encryption, the last heard first."""
    radio = line_session(KEYS)
    radio.receive(rtl(OMS_MODE_5), 1.0)
    radio.receive(rtl(plain(11)), 2.0)
    first, second = radio.heard
    assert (first.meter.number, first.meter.medium) == ("00000011", "water")
    assert (first.security, first.fault, first.last_heard) == (None, None, 2.0)
    assert (second.meter.number, second.meter.manufacturer) == ("12345678", "ELS")
    assert (second.security, second.mode, second.telegrams) == ("mode 5", "T1", 1)


def test_wrong_key_hides_no_meter() -> None:
    """A meter that cannot be read is listed with the reason, and read as soon as its key is there."""
    radio = line_session(KeyRing((Key(b"\x55" * 16, "12345678"),)))
    (fault,) = radio.receive(rtl(OMS_MODE_5), 1.0)
    assert isinstance(fault, Fault)
    assert fault.kind is FaultKind.KEY
    assert [meter.fault for meter in radio.heard] == [FaultKind.KEY]
    radio.use_keys(KEYS)
    assert readings(radio.receive(rtl(OMS_MODE_5), 1.0 + REPEATED_WITHIN))
    assert [meter.fault for meter in radio.heard] == [None]


def test_repeated_telegrams_count_once() -> None:
    """The same telegram within seconds is no second reading, but a newer signal; later it is one again."""
    radio = line_session()
    assert len(readings(radio.receive(rtl(plain(11)) * 3, 1.0))) == 1
    assert readings(radio.receive(rtl(plain(11)), 20.0)) == []
    (meter,) = radio.heard
    assert (meter.telegrams, meter.last_heard) == (1, 20.0)
    assert len(readings(radio.receive(rtl(plain(11)), 32.0))) == 1
    assert len(readings(radio.receive(rtl(plain(11, 2)), 32.5))) == 1


@pytest.mark.parametrize(
    ("payload", "position", "bits"),
    [
        ("7A 01 00 0000 0413 01000000", 3, 0x01),
        ("7A 01 00 0000 0413 01000000", 3, 0x03),
        ("72 11000000 9315 01 07 01 00 0000 0413 01000000", 11, 0x02),
        ("8C 20 01 7A 01 00 0000 0413 01000000", 1, 0x12),
    ],
)
def test_repeaters_are_no_other_telegram(
    payload: str, position: int, bits: int
) -> None:
    """A telegram that a repeater passed on differs in a bit or two; one that differs in more is another one."""
    radio = line_session()
    head = b"\x44\x93\x15" + bytes.fromhex("11000000") + b"\x01\x07"

    def telegram(change: int, at: int) -> bytes:
        body = bytearray(bytes.fromhex(payload))
        body[at] ^= change
        bare = head + body
        return rtl(bytes((len(bare),)) + bare)

    assert len(readings(radio.receive(telegram(0, 0), 1.0))) == 1
    assert readings(radio.receive(telegram(bits, position), 2.0)) == []
    assert len(readings(radio.receive(telegram(1, -4), 3.0))) == 1
    (meter,) = radio.heard
    assert meter.telegrams == 2


def test_only_chosen_meters_are_read() -> None:
    """Others are listed only: no reading, no fault."""
    radio = session(
        STICKS["rtl_wmbus"]("ct"), keys=KEYS, chosen=frozenset({"00000011"})
    )
    radio.start(0.0)
    outputs = radio.receive(rtl(MODE_7) + rtl(plain(11)) + rtl(plain(12)), 1.0)
    assert [reading.meter.number for reading in readings(outputs)] == ["00000011"]
    assert len(outputs) == 1
    assert len(radio.heard) == 3
    radio.choose(frozenset({"00000012"}))
    outputs = radio.receive(rtl(plain(11, 2)) + rtl(plain(12, 2)), 2.0)
    assert [reading.meter.number for reading in readings(outputs)] == ["00000012"]


def test_a_key_tells_the_own_meter() -> None:
    """Where a profile has a key, neighbours are listed only, and their faults end once the key opened a meter."""
    profile = load().profiles["wmbus-nes"]
    radio = make_session(profile, ring(OMS_MODE_5_KEY), stick=STICKS["rtl_wmbus"]("ct"))
    assert isinstance(radio, RadioSession)
    radio.start(0.0)
    assert radio.receive(rtl(plain(11)), 1.0) == ()
    (fault,) = radio.receive(rtl(MODE_7.replace(NUMBER, OTHER)), 2.0)
    assert isinstance(fault, Fault)
    assert fault.kind is FaultKind.KEY
    assert len(readings(radio.receive(rtl(OMS_MODE_5), 3.0))) == 1
    assert radio.receive(rtl(MODE_7.replace(NUMBER, OTHER)), 100.0) == ()
    assert radio.receive(rtl(plain(11, 2)), 101.0) == ()
    assert {meter.meter.number: meter.opened for meter in radio.heard} == {
        "00000011": False,
        "12345678": True,
        "00000099": False,
    }


def test_list_is_bounded() -> None:
    """However many numbers are heard, the newest are kept."""
    radio = line_session()
    for number in range(1, MAX_METERS + 20):
        radio.receive(rtl(plain(number)), float(number))
    assert len(radio.heard) == MAX_METERS
    assert radio.heard[0].meter.number == f"{MAX_METERS + 19:08d}"


def test_counted() -> None:
    """Bytes, frames, readings and faults are counted for the diagnostics."""
    radio = line_session()
    data = rtl(plain(11)) + b"T1;0;1;t;97;148;88888888;0x00\n"
    radio.receive(data, 1.0)
    statistics = radio.statistics
    assert (statistics.bytes_received, statistics.frames, statistics.readings) == (
        len(data),
        1,
        1,
    )
    assert dict(statistics.faults) == {FaultKind.CHECKSUM: 1}


@pytest.mark.parametrize("names", [*((name,) for name in STICKS), tuple(STICKS)])
@given(pieces=st.lists(st.one_of(st.binary(max_size=60), st.just(None)), max_size=12))
def test_grammar(names: tuple[str, ...], pieces: list[bytes | None]) -> None:
    """Whatever the stick sends and however long it pauses: only commands of closed lists are sent, nothing raises."""
    sticks = [STICKS[name]("ct") for name in names]
    radio = session(*sticks)
    outputs, at = [*radio.start(0.0)], 0.0
    for piece in (*pieces, PING_ANSWER, b">", b"V 1\r\n", None, None, None):
        pause = piece is None and radio.wake_at is not None
        at = max(at, radio.wake_at or at) if pause else at + 0.05
        outputs += radio.wake(at) if piece is None else radio.receive(piece, at)
    allowed = frozenset[bytes]().union(*(stick.commands for stick in sticks))
    assert {output.data for output in outputs if isinstance(output, Send)} <= allowed


def test_made_for_a_profile() -> None:
    """A radio profile's session is made for the stick that is named, or for whichever answers."""
    profile = load().profiles["wmbus-nes"]
    radio = make_session(profile, KEYS, stick=STICKS["rtl_wmbus"]("ct"))
    radio.start(0.0)
    assert readings(radio.receive(rtl(OMS_MODE_5), 1.0))
    assert make_session(profile).start(0.0) == (IM871A, PING)


def test_keys_are_tried_on_what_was_heard() -> None:
    """A key is tried on telegrams that came before it was known; what it opens is not believed yet."""
    radio = line_session()
    radio.choose(frozenset())
    radio.receive(rtl(OMS_MODE_5), 1.0)
    wrong = KeyRing((Key(b"\x55" * 16, "12345678"),))
    assert [type(result) for result in radio.try_keys("12345678", wrong)] == [Fault]
    (reading,) = radio.try_keys("12345678", KEYS)
    assert isinstance(reading, Reading)
    assert reading.encrypted
    assert radio.statistics.readings == 0
    assert radio.try_keys("00000001", KEYS) == ()
    assert radio.look_up("00000001") is None


def test_last_telegram_is_read_when_its_meter_is_chosen() -> None:
    """Nobody waits an hour for a telegram that is already there; it keeps the time it came at."""
    radio = line_session()
    radio.choose(frozenset())
    assert radio.receive(rtl(OMS_MODE_5), 1.0) == ()
    radio.choose(frozenset({"12345678"}))
    radio.use_keys(KEYS)
    (reading,) = readings(radio.read_last("12345678"))
    assert reading.arrived == 1.0
    known = radio.look_up("12345678")
    assert known is not None
    assert (known.telegrams, known.opened) == (1, True)
    assert radio.read_last("00000001") == ()


def test_another_session_goes_on_with_what_was_heard() -> None:
    """What one session heard is listed and read by the next; what that heard later itself counts more."""
    radio, following = line_session(), line_session(KEYS)
    radio.receive(rtl(OMS_MODE_5), 1.0)
    radio.receive(rtl(plain(11)), 2.0)
    following.receive(rtl(plain(11)), 5.0)
    following.recall(radio.memory)
    assert [heard.meter.number for heard in following.heard] == ["00000011", "12345678"]
    assert [heard.last_heard for heard in following.heard] == [5.0, 1.0]
    (reading,) = readings(following.read_last("12345678"))
    assert reading.arrived == 1.0
    # The same telegram once more is only a repetition.
    following.receive(rtl(OMS_MODE_5), 6.0)
    again = following.look_up("12345678")
    assert again is not None
    assert again.telegrams == 1


def test_meter_behind_a_radio_of_another_number() -> None:
    """The list knows the radio's number, the reading the meter's: both lead to the same."""
    link = bytes.fromhex("9315 11000000 01 37")
    header = bytes.fromhex("8C2001 72 99000000 9315 01 07 01 00 0000")
    body = b"\x44" + link + header + bytes.fromhex("0413 01000000")
    radio = line_session()
    radio.choose(frozenset({"00000011"}))
    (reading,) = readings(radio.receive(rtl(bytes((len(body),)) + body), 1.0))
    assert [heard.meter.number for heard in radio.heard] == ["00000011"]
    assert reading.meter.number == "00000099"
    assert radio.name_of(reading.meter) == "00000011"
    assert radio.name_of(replace(reading.meter, number="00000012")) == "00000012"


def test_faults_name_the_meter_as_it_is_listed() -> None:
    """Where the transport header names another meter than the radio, a wrong key is told of the one on the list."""
    link = bytes.fromhex("9315 11000000 01 37")
    header = bytes.fromhex("72 99000000 9315 01 07 01 00 1005")
    body = b"\x44" + link + header + bytes(16)
    radio = line_session(KeyRing((Key(b"\x55" * 16),)))
    (fault,) = radio.receive(rtl(bytes((len(body),)) + body), 1.0)
    assert isinstance(fault, Fault)
    assert fault.kind is FaultKind.KEY
    (heard,) = radio.heard
    assert fault.meter == heard.meter
