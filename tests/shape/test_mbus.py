"""M-Bus telegrams of a known shape: read at once, they say what they say when they are read the long way."""

from copy import replace
from unittest.mock import patch

from hypothesis import given, settings, strategies as st
import pytest

from customer_interface.application.mbus import Formats
from customer_interface.application.mbus.dif import DATA_LENGTHS
from customer_interface.keys import Key, KeyRing
from customer_interface.reading import FaultKind, Layer, Link, Message, Reading
from customer_interface.shape.meters import MeterShapes
from customer_interface.simulate.cipher import aes_cbc
from customer_interface.simulate.radio import KINDS, WirelessMeter
from customer_interface.stack import Context, peel
from tests.captures import cases
from tests.mbus_telegrams import (
    AMIS,
    AMIS_KEY,
    MODE_7,
    MODE_7_KEY,
    OMS_MODE_5,
    OMS_MODE_5_KEY,
    radio,
    wired,
)

AT = 1_790_000_000.0
KEY = bytes(range(1, 17))
RING = KeyRing((Key(b"wrong key, first"), Key(KEY)))

# Meters with standard records, with unsigned counters, and with makers that pack values into records.
MAKERS = ("2D2C", "4D6A", "2D4C", "9344", "0106", "D708", "2423", "0907")
MEDIA = (0x02, 0x03, 0x04, 0x07, 0x08, 0x0D)
# How the records are wrapped: what is behind the address up to the access number, and the security mode.
WRAPPERS = {
    "short": ("7A", 0),
    "mode 4": ("7A", 4),
    "mode 5": ("7A", 5),
    "a mode that is none": ("7A", 1),
    "below a link layer": ("8C 20 75 7A", 0),
    "mode 5 below a link layer": ("8C 20 75 7A", 5),
    "of another meter": ("8C 20 75 72 78563413 9344 33 03", 5),
    "long": ("72 78563413 9344 33 03", 0),
    "AMIS": ("5B 00000000 2D4C 01 0E", 5),
    "compact": ("7B", 0),
    "high byte first": ("76 78563413 9344 33 03", 0),
}
# DIF and VIF of records: numbers of all widths, BCD, dates and times, a real, texts, profiles, flags, P2's, a maker's.
_HEADERS = """
0413 0C14 4406 0206 0303 0A5A 8C1006 042B 025A 0E3E 0704 0104 0403 0413 046D 026C 066D 426C 466D 4413 0613 053E 0008
02FD17 04FD48 01FD74 01FF21 04843C 0C78 0779 142D 036D 3413 0D78 84036E 02FD67 8D04931F 4C13 04EEFF07 022F 2F 0F 1F 0D7C024131
"""
HEADERS = tuple(bytes.fromhex(text) for text in _HEADERS.split())
DATES = ("00000000", "7B13", "6B0B7B13", "1E2D6B7B1300", "2D0C", "FFFF", "000080", "80")
CONTENTS = st.one_of(
    st.binary(min_size=1, max_size=8),
    st.from_regex(r"\A(?:[0-9]{2}){1,8}\Z").map(bytes.fromhex),
    st.sampled_from(DATES).map(bytes.fromhex),
)
SKELETONS = st.tuples(
    st.sampled_from(sorted(WRAPPERS)),
    st.sampled_from(MAKERS),
    st.sampled_from(MEDIA),
    st.lists(st.sampled_from(HEADERS), max_size=6),
)
# What may be wrong with a telegram: where, as a part of its length, and the bytes that stand there instead.
DAMAGE = st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=3))
TELEGRAMS = st.lists(
    st.tuples(
        st.lists(CONTENTS, min_size=1, max_size=6),
        st.binary(min_size=2, max_size=2),
        st.lists(DAMAGE, max_size=2),
        st.lists(DAMAGE, max_size=1),
    ),
    min_size=1,
    max_size=6,
)


class NoShapes(MeterShapes):
    """Knows nothing."""

    def read(self, message, keys, arrived):
        """Send everything the long way."""


def damaged(data, damage):
    """Return data of the same length in which some bytes are others."""
    held = bytearray(data)
    for place, wrong in damage:
        start = int(place * max(len(held) - len(wrong), 0))
        held[start : start + len(wrong)] = wrong[: len(held) - start]
    return bytes(held)


def records(headers, contents):
    """Return records with data of the size their DIF says, taken from the contents in turn."""
    written = b""
    for number, header in enumerate(headers):
        size = DATA_LENGTHS.get(header[0] & 0xF, 3)
        content = (contents[number % len(contents)] * 8)[: 5 if size is None else size]
        if size is None:
            content = b"\x05" + content
        written += header + (b"" if header == b"\x2f" else content)
    return written


def telegram(skeleton, contents, header, inside=(), outside=()):
    """Return the message of a meter: its address and records as the skeleton says, damaged before and after it is encrypted."""
    name, maker, medium, headers = skeleton
    prefix, mode = WRAPPERS[name]
    prefix = bytes.fromhex(prefix)
    address = bytes.fromhex(maker) + b"\x78\x56\x34\x12\x1b" + bytes((medium,))
    body = damaged(records(headers, contents), inside)
    blocks = 0
    if mode in (4, 5):
        blocks = min(-(-(len(body) + 2) // 16), 15)
        inner = prefix[-8:]
        owner = inner[4:6] + inner[:4] + inner[6:] if len(prefix) > 8 else address
        vector = owner + header[:1] * 8 if mode == 5 else bytes(16)
        plain = (b"\x2f\x2f" + body).ljust(16 * blocks, b"\x2f")
        body = aes_cbc(KEY, vector, plain[: 16 * blocks]) + plain[16 * blocks :]
    payload = prefix + header + bytes((blocks << 4, mode)) + body
    link = Link.MBUS if name in ("long", "AMIS", "high byte first") else Link.WMBUS
    return Message(
        Layer.MBUS,
        damaged(payload, outside),
        link,
        0x08 if link is Link.MBUS else 0x44,
        b"\x01" if link is Link.MBUS else address,
        check_bits=8 if link is Link.MBUS else 16,
        signal_dbm=None if link is Link.MBUS else -60,
    )


def context(keys=RING, *, shapes=True):
    """Return a context that has seen nothing yet."""
    made = Context(keys)
    if not shapes:
        made.meters = NoShapes()
    return made


def read(message, known, long_way):
    """Return what is read with what a context knows; a context without any shape must read it, and remember, the same."""
    results = peel(message, known, AT)
    expected = peel(message, long_way, AT)
    assert list(map(arrived, results)) == list(map(arrived, expected))
    assert [str(item) for item in map(arrived, results)] == [
        str(item) for item in map(arrived, expected)
    ]
    assert formats(known) == formats(long_way)
    return results


def arrived(item):
    """Return a reading with the arrival that the session adds to those read the long way."""
    return replace(item, arrived=AT) if isinstance(item, Reading) else item


def formats(known: Context) -> list[tuple[int, bytes]]:
    """Return what a context remembers for compact frames, the longest unused first."""
    return list(known.formats._formats.items())


@given(SKELETONS, TELEGRAMS)
def test_telegrams_say_the_same(skeleton, telegrams):
    """Whatever the records, their data, and what is damaged inside or outside of a cipher: shapes change nothing."""
    known, long_way = context(), context(shapes=False)
    for contents, header, inside, outside in telegrams:
        read(telegram(skeleton, telegrams[0][0], header), known, long_way)
        message = telegram(skeleton, contents, header, inside, outside)
        read(message, known, long_way)
        read(message._replace(check_bits=0, control=0x46), known, long_way)


@given(st.lists(st.tuples(SKELETONS, TELEGRAMS), min_size=1, max_size=3), st.data())
def test_meters_in_turn_say_the_same(meters, data):
    """Several meters on one port, some of the same number, each as often as it likes."""
    known, long_way = context(), context(shapes=False)
    for _ in range(8):
        skeleton, telegrams = data.draw(st.sampled_from(meters))
        contents, header, _, _ = data.draw(st.sampled_from(telegrams))
        read(telegram(skeleton, contents, header), known, long_way)


CAPTURES = [
    case
    for case in (*cases("mbus", valid=True, frames=1), *cases("oms"))
    if not case.values[0] or "hex" in case.values[0]
]


@pytest.mark.parametrize("capture", CAPTURES)
@settings(max_examples=20)
@given(st.lists(DAMAGE, max_size=3))
def test_captures_say_the_same(capture, damage):
    """Published telegrams, as they are and with a few bytes changed."""
    data = bytes.fromhex(capture["hex"])
    message = wired(data) if data[0] == 0x68 else radio(data)
    keys = (Key(bytes.fromhex(capture["key"])),) if capture.get("key") else ()
    known, long_way = context(KeyRing(keys)), context(KeyRing(keys), shapes=False)
    changed = message._replace(payload=damaged(message.payload, damage))
    for one in (message, changed, message):
        read(one, known, long_way)


def moving(number, *, key=None, kind="heat"):
    """Return the message of a simulated meter, some minutes apart."""
    return radio(WirelessMeter("10203040", kind, key).frame(AT + 900.0 * number))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("key", [None, KEY])
def test_a_known_telegram_is_not_read_the_long_way(kind, key):
    """The first telegram is enough to know the next ones, whatever their values and access numbers."""
    known = context()
    expected = [
        peel(moving(number, key=key, kind=kind), context(shapes=False))
        for number in range(20)
    ]
    peel(moving(0, key=key, kind=kind), known)
    with patch(
        "customer_interface.stack.mbus.open_message", side_effect=AssertionError
    ):
        seen = [peel(moving(number, key=key, kind=kind), known) for number in range(20)]
    assert seen == expected
    assert len({str(reading.records) for (reading,) in seen}) > 1


@pytest.mark.parametrize(
    ("message", "key"),
    [(wired(AMIS), AMIS_KEY), (radio(OMS_MODE_5), OMS_MODE_5_KEY)],
)
def test_official_telegrams_have_a_shape(message, key):
    """The operator's and the specification's own examples of mode 5."""
    known = context(KeyRing((Key(key),)))
    first = peel(message, known)
    with patch(
        "customer_interface.stack.mbus.open_message", side_effect=AssertionError
    ):
        assert peel(message, known) == first


@pytest.mark.parametrize("wrapper", ["below a link layer", "of another meter", "long"])
def test_other_headers_have_a_shape(wrapper):
    """An extended link layer without encryption, and a header with an address of its own."""
    known = context()
    skeleton = (wrapper, "2D2C", 4, (bytes.fromhex("0406"), bytes.fromhex("025A")))
    peel(telegram(skeleton, [b"\x01\x02\x03\x04"], b"\x01\x00"), known)
    with patch(
        "customer_interface.stack.mbus.open_message", side_effect=AssertionError
    ):
        (reading,) = peel(telegram(skeleton, [b"\5\6\7\1"], b"\x02\x04"), known)
    assert reading.status == 4
    assert reading.records[0].value == 0x01070605 * 1_000


def test_the_status_is_read_each_time():
    """A flag of the header is not what it was in the telegram the shape was learned from."""
    known = context()
    skeleton = ("mode 5", "2D2C", 4, (bytes.fromhex("0406"),))
    seen = [
        peel(telegram(skeleton, [b"\1\0\0\0"], bytes((number, number))), known)
        for number in range(4)
    ]
    assert [reading.status for (reading,) in seen] == [0, 1, 2, 3]


def test_a_number_that_becomes_invalid_is_no_value():
    """The mark for invalid goes the long way, and so does the number that comes back."""
    known = context()
    skeleton = ("mode 5", "2D2C", 4, (bytes.fromhex("025A"), bytes.fromhex("0406")))
    seen = [
        peel(telegram(skeleton, contents, b"\1\0"), known)
        for contents in ([b"\1\0"], [b"\0\x80"], [b"\2\0"])
    ]
    assert [len(reading.values) for (reading,) in seen] == [2, 1, 2]


def test_other_keys_forget_all_shapes():
    """What one key opened is not opened any more when the user has replaced it."""
    known = context()
    peel(moving(0, key=KEY), known)
    known.keys = KeyRing((Key(b"another key, yes"),))
    (fault,) = peel(moving(1, key=KEY), known)
    assert fault.kind is FaultKind.KEY


def test_a_telegram_of_another_key_has_no_values():
    """A meter whose key was exchanged is not read with the old one, though all else is as it was."""
    known = context()
    peel(moving(0, key=KEY), known)
    (fault,) = peel(moving(1, key=b"another key, yes"), known)
    assert fault.kind is FaultKind.KEY


def test_authenticated_layers_go_the_long_way():
    """The code of mode 7 is verified each time."""
    known = context(KeyRing((Key(MODE_7_KEY),)))
    message = radio(MODE_7)
    for _ in range(2):
        (reading,) = peel(message, known)
        assert reading.authenticated
    with patch(
        "customer_interface.stack.mbus.open_message", return_value=()
    ) as long_way:
        peel(message, known)
    long_way.assert_called_once()


def test_shapes_are_bounded():
    """However many meters are near, and however they change, so many telegrams are known, and some shapes of each."""
    known = context()
    for number in range(600):
        frame = WirelessMeter(f"{number:08d}", "water").frame(AT)
        peel(radio(frame), known)
    assert len(known.meters._known) == 512
    for number in range(40):
        text = b"\x0d\x78\x05" + f"{number:05d}".encode()
        skeleton = ("short", "2D2C", 4, (text,))
        peel(telegram(skeleton, [b"\0"], b"\0\0"), known)
    alike = list(known.meters._known.values())[-1]
    assert len(alike.shapes) <= 4
    assert alike.in_vain <= 16


def test_formats_of_compact_frames_are_still_learned() -> None:
    """A full frame that was read at once is as good as another: what its compact frame needs is the newest known."""
    known = context()
    peel(moving(0), known)
    headers = formats(known)[-1]
    for number in range(300):
        known.formats.learn(b"\x04\x13" * 3 + bytes((number & 0xFF, number >> 8)))
        peel(moving(number), known)
    assert headers in formats(known)
    assert isinstance(known.formats, Formats)


@pytest.mark.parametrize("maker", ["0106", "D708"])
def test_meters_whose_makers_look_at_the_data_have_no_shape(maker):
    """What decides whether data announced as records are records may be a number (Apator, BFW)."""
    known = context()
    skeleton = ("short", maker, 7, (bytes.fromhex("0413"),))
    peel(telegram(skeleton, [b"\1\0\0\0"], b"\0\0"), known)
    with patch(
        "customer_interface.stack.mbus.open_message", return_value=()
    ) as long_way:
        peel(telegram(skeleton, [b"\2\0\0\0"], b"\0\0"), known)
    long_way.assert_called_once()
