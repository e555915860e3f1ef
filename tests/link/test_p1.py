"""The P1 link layer."""

import pytest

from customer_interface.checksum import crc16_arc, crc16_x25
from customer_interface.link.base import Found, Look
from customer_interface.link.p1 import P1Link
from customer_interface.reading import Fault, FaultKind, Frame, Link

from .vectors import P1

LINK = P1Link()
TEXT = b"/ISK5\\2M550T-1012\r\n\r\n1-0:1.8.1(002130.115*kWh)\r\n!"


def crc(text: bytes) -> bytes:
    """Return the checksum of everything to the exclamation mark, as printed."""
    return b"%04X" % crc16_arc(text[: text.rindex(b"!") + 1])


def found(data: bytes) -> Found:
    """Return what is found at the beginning."""
    look = LINK.look(data, 0)
    assert isinstance(look, Found)
    return look


def frame(data: bytes) -> Frame:
    """Return the frame at the beginning."""
    item = found(data).item
    assert isinstance(item, Frame)
    return item


def test_telegram() -> None:
    """The text without the line end behind its checksum."""
    look = found(P1 + b"/next")
    assert look.end == len(P1)
    assert look.item == Frame(Link.P1, P1[:-2], check_bits=16)
    assert not look.tentative


@pytest.mark.parametrize("ending", [b"\r\n", b"\n", b"\r", b" \r\n", b"\0", b""])
def test_line_ends(ending: bytes) -> None:
    """With four digits nothing more is waited for."""
    assert frame(TEXT + crc(TEXT) + ending).check_bits == 16


def test_bare_line_feeds() -> None:
    """Lines may end with a bare LF, in the telegram itself or by the recording."""
    unix = TEXT.replace(b"\r\n", b"\n")
    assert frame(unix + crc(unix) + b"\n").check_bits == 16
    assert frame(unix + crc(TEXT) + b"\n").check_bits == 16


def _with_short_checksum() -> bytes:
    for number in range(100_000):
        text = b"/ABC5\r\n\r\n1-0:1.8.0(%06d*kWh)\r\n!" % number
        if crc16_arc(text) < 0x1000:
            return text
    raise AssertionError


def test_unpadded_checksum() -> None:
    """A leading zero may be left out; then the line end shows that no digit is missing."""
    text = _with_short_checksum()
    digits = b"%X" % crc16_arc(text)
    assert len(digits) < 4
    assert frame(text + digits + b"\r\n").check_bits == 16
    assert found(text + digits).tentative


def test_no_checksum() -> None:
    """DSMR 2 and 3 have none."""
    look = found(TEXT + b"\r\n")
    assert look.item == Frame(Link.P1, TEXT, check_bits=0)
    assert not look.tentative
    assert found(TEXT).tentative


@pytest.mark.parametrize(
    "data",
    [
        TEXT.replace(b"2130", b"2131") + crc(TEXT),
        TEXT + b"12",
        TEXT + b"12XY\r\n",
        TEXT + b"XY\r\n",
        TEXT.replace(b"2130", b"2\xff30") + b"\r\n",
    ],
)
def test_damage(data: bytes) -> None:
    """A wrong checksum, half of one, and bytes that are no text where nothing else tells."""
    item = found(data).item
    assert isinstance(item, Fault)
    assert item.kind is FaultKind.CHECKSUM


def test_next_telegram_begins() -> None:
    """Where the end is lost the next beginning ends the telegram."""
    look = found(TEXT[:-1] + P1)
    assert isinstance(look.item, Fault)
    assert look.item.kind is FaultKind.TRUNCATED
    assert look.end == len(TEXT) - 1


def test_control_character_in_the_identification() -> None:
    """Iskra IE.5 meters have one."""
    text = TEXT.replace(b"\\2", b"\x02")
    assert frame(text + crc(text)).check_bits == 16


@pytest.mark.parametrize("data", [b"/ab", b"/ABC", b"/ABC5 ident", TEXT[:-1], b"/"])
def test_waits(data: bytes) -> None:
    """Every beginning is incomplete."""
    assert LINK.look(data, 0) is Look.INCOMPLETE


@pytest.mark.parametrize(
    "data", [b"/?!\r\n", b"/ab\r\n", b"/ABC5\xff", b"/ABC5" + b"x" * 100]
)
def test_no_telegram(data: bytes) -> None:
    """Requests, and what no identification looks like."""
    assert LINK.look(data, 0) is Look.NOT_HERE


def _polish(size: int, checksum: bytes | None = None) -> bytes:
    cipher = b"\x30\0\0\0\x01" + bytes(range(10, 10 + size))
    text = b"/KFM5KAIFA-METER\r\n\r\n\0\x82" + len(cipher).to_bytes(2) + cipher + b"!"
    return (
        text
        + (checksum if checksum is not None else b"%04X" % crc16_arc(text))
        + b"\r\n"
    )


def _swapped(text: bytes) -> bytes:
    return crc16_x25(text).to_bytes(2, "little").hex().upper().encode()


@pytest.mark.parametrize("other", [False, True])
def test_polish_cipher(other: bool) -> None:
    """A cipher in the place of the lines comes out as the APDU it stands for, whose nonce begins with zeros."""
    data = _polish(100)
    if other:
        data = data[:-6] + _swapped(data[:-6]) + b"\r\n"
    look = found(data)
    assert look.end == len(data)
    cipher = data[data.index(b"\0\x82") + 4 : -7]
    assert look.item == Frame(
        Link.P1, b"\xdb\x08" + bytes(8) + b"\x82\0\x69" + cipher, check_bits=16
    )


@pytest.mark.parametrize("digits", [b"0000", b"", b"12"])
def test_polish_cipher_damaged(digits: bytes) -> None:
    """Its checksum covers the cipher, and must be there."""
    data = _polish(100, digits)
    look = found(data + b"....")
    assert isinstance(look.item, Fault)
    assert look.item.kind is FaultKind.CHECKSUM
    assert look.end == len(data)
    assert LINK.look(data[:60], 0) is Look.INCOMPLETE
