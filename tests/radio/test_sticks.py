"""Tests of the sticks' serial protocols: published commands, frames in any pieces, damage, and what is never sent."""

from collections.abc import Callable
from functools import reduce
import itertools
from operator import xor

from hypothesis import given, strategies as st
import pytest

from customer_interface.checksum import crc16_x25
from customer_interface.link.wmbus import parse_raw
from customer_interface.radio import STICKS, Answer, Heard, Stick
from customer_interface.reading import Fault, FaultKind, Frame
from tests.link.test_wmbus import format_a, format_b
from tests.mbus_telegrams import OMS_MODE_5, OMS_MODE_5_A, OMS_MODE_5_B


def im871a(bare: bytes, rssi: int = 0x4C) -> bytes:
    """Return a radio frame as the stick wraps it, with RSSI and CRC."""
    body = bytes((0xC2, 3, len(bare) - 1)) + bare[1:] + bytes((rssi,))
    return b"\xa5" + body + crc16_x25(body).to_bytes(2, "little")


def amb8465(bare: bytes, rssi: int = 0xB0) -> bytes:
    """Return a radio frame as the stick wraps it, with RSSI."""
    body = bytes((0xFF, 3, len(bare))) + bare[1:] + bytes((rssi,))
    return body + bytes((reduce(xor, body),))


def cul(raw: bytes, prefix: str = "b") -> bytes:
    """Return a line with LQI and RSSI."""
    return f"{prefix}{raw.hex().upper()}5AC4\r\n".encode()


def rtl(bare: bytes, mode: bytes = b"T1") -> bytes:
    """Return a line of rtl-wmbus."""
    return (
        mode
        + b";1;1;2019-04-03 19:00:42.000;97;148;88888888;0x"
        + bare.hex().encode()
        + b"\n"
    )


RAW = {
    "im871a": im871a(OMS_MODE_5),
    "amb8465": amb8465(OMS_MODE_5),
    "cul": cul(OMS_MODE_5_A),
    "rc1180": OMS_MODE_5,
    "rtl_wmbus": rtl(OMS_MODE_5),
}
SIGNALS = {
    "im871a": -84,
    "amb8465": -114,
    "cul": -104,
    "rc1180": None,
    "rtl_wmbus": None,
}


def heard(stick: Stick, data: bytes) -> list[Frame]:
    """Return the frames of a stick's bytes, given as they come and then a pause."""
    items = [*stick.feed(data), *stick.flush()]
    frames = [
        parse_raw(item.data, item.form, item.signal_dbm)
        for item in items
        if isinstance(item, Heard)
    ]
    return [frame for frame in frames if isinstance(frame, Frame)]


def told(stick: Stick, data: bytes) -> list[FaultKind]:
    """Return what is wrong with a stick's bytes, its frames looked into."""
    items = [
        parse_raw(item.data, item.form) if isinstance(item, Heard) else item
        for item in stick.feed(data)
    ]
    return [item.kind for item in items if isinstance(item, Fault)]


def test_published_bytes() -> None:
    """The wrappers above make the bytes the fact sheets of the sticks give."""
    assert RAW["im871a"].hex().upper().startswith("A5C2032E4493")
    assert RAW["im871a"].hex().upper().endswith("F34CF04B")
    assert RAW["amb8465"].hex().upper().startswith("FF032F4493")
    assert RAW["amb8465"].hex().upper().endswith("F3B0BD")


@pytest.mark.parametrize("name", list(STICKS))
def test_frame(name: str) -> None:
    """Every stick delivers the same telegram, and its signal strength in dBm where it tells one."""
    (frame,) = heard(STICKS[name]("t"), RAW[name])
    assert frame.payload == OMS_MODE_5[10:]
    assert frame.address.hex() == "9315785634123303"
    assert frame.signal_dbm == SIGNALS[name]


# How each stick delivers a frame of a mode, and the mode it tells of it.
WRAPPERS: dict[str, Callable[[bytes, str], tuple[bytes, str]]] = {
    "im871a": lambda bare, mode: (im871a(bare), mode.upper()),
    "amb8465": lambda bare, mode: (amb8465(bare), mode.upper()),
    "cul": lambda bare, mode: (
        (cul(format_b(bare), "bY"), "C")
        if mode == "c"
        else (cul(format_a(bare)), "T" if mode == "ct" else mode.upper())
    ),
    "rc1180": lambda bare, mode: (bare, mode.upper()),
    "rtl_wmbus": lambda bare, mode: (
        rtl(bare, f"{mode[0].upper()}1".encode()),
        f"{mode[0].upper()}1",
    ),
}


@pytest.mark.parametrize("name", list(STICKS))
@pytest.mark.parametrize("mode", ["s", "t", "c", "ct"])
@given(content=st.binary(min_size=1, max_size=110))
def test_the_same_frame_from_every_stick(name: str, mode: str, content: bytes) -> None:
    """Whatever a meter sends in whatever mode, it is the same frame behind each stick, and its mode is told."""
    bare = OMS_MODE_5[1:10] + content
    data, told_mode = WRAPPERS[name](bytes((len(bare),)) + bare, mode)
    stick = STICKS[name](mode)
    items = [*stick.feed(data), *stick.flush()]
    (item,) = [item for item in items if isinstance(item, Heard)]
    frame = parse_raw(item.data, item.form)
    assert isinstance(frame, Frame)
    assert (frame.control, frame.address) == (0x44, OMS_MODE_5[2:10])
    assert (frame.payload, item.mode) == (content, told_mode)


@pytest.mark.parametrize(
    "line",
    [
        b"11" * 20,  # digits, but no C field a meter sends
        b"1244FFFF" + b"00" * 15,  # no manufacturer
        b"54CD",
        b"0x",
    ],
)
def test_digits_that_are_no_frame(line: bytes) -> None:
    """A gateway that prints numbers has not heard a meter."""
    assert STICKS["rtl_wmbus"]("ct").feed(line + b"\n") == []


@pytest.mark.parametrize("name", list(STICKS))
@given(cuts=st.lists(st.integers(0, 400), max_size=6))
def test_pieces(name: str, cuts: list[int]) -> None:
    """Two frames in whatever pieces are two frames."""
    data, stick = RAW[name] * 2, STICKS[name]("t")
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    items = [
        item
        for begin, end in itertools.pairwise(edges)
        for item in stick.feed(data[begin:end])
    ]
    assert [type(item) for item in items] == [Heard, Heard]


@pytest.mark.parametrize("name", list(STICKS))
@given(noise=st.binary(min_size=1, max_size=40))
def test_behind_noise(name: str, noise: bytes) -> None:
    """A frame behind noise is found at the latest after a pause, whatever the noise began."""
    stick = STICKS[name]("t")
    before = heard(stick, noise)
    assert before == []
    (frame,) = heard(stick, RAW[name])
    assert frame.payload == OMS_MODE_5[10:]


@pytest.mark.parametrize("name", ["im871a", "amb8465", "cul"])
@given(data=st.data())
def test_damage(name: str, data: st.DataObject) -> None:
    """A damaged frame never becomes one: serial checksum or block CRC sees it."""
    damaged = bytearray(RAW[name])
    end = len(damaged) - (6 if name == "cul" else 0)
    position = data.draw(st.integers(0, end - 1))
    damaged[position] ^= data.draw(st.integers(1, 255))
    for frame in heard(STICKS[name]("t"), bytes(damaged)):
        assert frame.payload == OMS_MODE_5[10:]


def test_cut_frame_is_told() -> None:
    """Half a frame and a pause is one fault."""
    for name, raw in RAW.items():
        stick = STICKS[name]("t")
        items = [*stick.feed(raw[: len(raw) // 2]), *stick.flush()]
        assert [item.kind for item in items if isinstance(item, Fault)] == [
            FaultKind.TRUNCATED
        ], name


def test_im871a_answers() -> None:
    """The published answer to a ping, and no answer where its CRC is wrong."""
    stick = STICKS["im871a"]("ct")
    assert stick.feed(bytes.fromhex("A58102004CA3")) == [Answer("ping")]
    items = stick.feed(bytes.fromhex("A58102004CA4"))
    assert not any(isinstance(item, Answer) for item in items)


def test_im871a_commands() -> None:
    """The commands are the published ones: ping, device information, radio mode not stored."""
    stick = STICKS["im871a"]("ct")
    assert [command.data.hex() for command in stick.hello] == ["a5010100", "a5010f00"]
    (mode,) = stick.set_up({})
    assert mode.data.hex() == "a501030600020a300100"


def test_im871a_without_extras() -> None:
    """A message without RSSI and CRC, or with a time stamp, is understood by its flags."""
    body = OMS_MODE_5[1:]
    (frame,) = heard(
        STICKS["im871a"]("t"), b"\xa5\x02\x03" + bytes((len(body),)) + body
    )
    assert frame.signal_dbm is None
    stamped = b"\xa5\x62\x03" + bytes((len(body),)) + body + bytes(4) + b"\x4c"
    (frame,) = heard(STICKS["im871a"]("t"), stamped)
    assert frame.signal_dbm == -84


def _memory(command_output: int, rssi: int) -> bytes:
    memory = bytearray(0x80)
    memory[5], memory[0x45] = command_output, rssi
    body = b"\xff\x8a\x82\x00\x80" + bytes(memory)
    return body + bytes((reduce(xor, body),))


@pytest.mark.parametrize(
    ("output", "rssi", "commands"),
    [
        (1, 1, ["ff040109f3"]),
        (0, 1, ["ff0903050101f0", "ff0500fa", "ff040109f3"]),
        (0, 0, ["ff0903050101f0", "ff0903450101b0", "ff0500fa", "ff040109f3"]),
    ],
)
def test_amb8465_writes_only_what_is_off(
    output: int, rssi: int, commands: list[str]
) -> None:
    """Settings that are kept in the stick are written only where they are off."""
    stick = STICKS["amb8465"]("ct")
    (answer,) = stick.feed(_memory(output, rssi))
    assert isinstance(answer, Answer)
    assert [
        command.data.hex() for command in stick.set_up({answer.name: answer.content})
    ] == commands


def test_cul_lines() -> None:
    """The version is an answer, format B is told by its prefix, a line without signal has none."""
    stick = STICKS["cul"]("c")
    assert stick.feed(b"V 1.67 nanoCUL868\r\n") == [
        Answer("version", b"V 1.67 nanoCUL868")
    ]
    (frame,) = heard(stick, cul(OMS_MODE_5_B, "bY"))
    assert (frame.payload, frame.signal_dbm) == (OMS_MODE_5[10:], -104)
    (frame,) = heard(stick, b"b" + OMS_MODE_5_A.hex().encode() + b"\n")
    assert frame.signal_dbm is None


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (b"bXYZ\n", FaultKind.NOISE),
        (cul(OMS_MODE_5_A[:40]), FaultKind.TRUNCATED),
        (b"b" + b"0" * 2000 + b"\n", FaultKind.NOISE),
    ],
)
def test_cul_bad_lines(line: bytes, kind: FaultKind) -> None:
    """Lines that are no frame, are cut or do not end are faults."""
    assert told(STICKS["cul"]("t"), line) == [kind]


@pytest.mark.parametrize("rssi_on", [False, True])
def test_rc1180_memory_tells_rssi(rssi_on: bool) -> None:
    """The module's memory says whether a byte of signal strength follows each frame."""
    stick = STICKS["rc1180"]("t")
    assert stick.feed(b">") == [Answer("prompt")]
    memory = bytearray(256)
    memory[5] = rssi_on
    (answer,) = stick.feed(bytes(memory[:100])) + stick.feed(bytes(memory[100:]) + b">")
    assert answer == Answer("memory", bytes(memory))
    (frame,) = heard(stick, OMS_MODE_5 + (b"\xa0" if rssi_on else b""))
    assert frame.signal_dbm == (-80 if rssi_on else None)


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (
            b"T1;0;1;t;97;148;88888888;0x" + OMS_MODE_5.hex().encode() + b"\n",
            FaultKind.CHECKSUM,
        ),
        (b"T1;1;1;t;97;148;88888888;0xZZ\n", FaultKind.NOISE),
        (
            b"T1;1;1;t;97;148;88888888;0x" + OMS_MODE_5.hex().encode()[:-2] + b"\n",
            FaultKind.TRUNCATED,
        ),
    ],
)
def test_rtl_wmbus_bad_lines(line: bytes, kind: FaultKind) -> None:
    """Only a line whose CRC fitted and whose length is right is a frame."""
    assert told(STICKS["rtl_wmbus"]("t"), line) == [kind]


def test_gateway_lines() -> None:
    """An ESP32 gateway's line of digits is a frame too, what it says of itself is not."""
    stick = STICKS["rtl_wmbus"]("ct")
    (frame,) = heard(stick, OMS_MODE_5_A.hex().encode() + b"\r\n")
    assert frame == parse_raw(OMS_MODE_5_A)
    assert stick.feed(b"[I] wmbus ready\n") == []


@pytest.mark.parametrize("name", list(STICKS))
@pytest.mark.parametrize("mode", ["s", "t", "c", "ct"])
def test_closed_list(name: str, mode: str) -> None:
    """Whatever the stick answered, only commands of its closed list are asked for."""
    stick = STICKS[name](mode)
    answers = [
        {},
        {"parameters": b""},
        {"parameters": bytes(200)},
        {"memory": bytes(256)},
    ]
    wanted = {
        command.data
        for given_answers in answers
        for command in (*stick.hello, *stick.set_up(given_answers))
    }
    assert wanted <= stick.commands


@pytest.mark.parametrize("name", list(STICKS))
@given(st.lists(st.binary(max_size=80), max_size=8))
def test_any_bytes(name: str, pieces: list[bytes]) -> None:
    """Whatever bytes in whatever pieces: no exception, and after a pause nothing is held back."""
    stick = STICKS[name]("t")
    for piece in pieces:
        stick.feed(piece)
    stick.flush()
    assert stick.flush() == []
