"""The M-Bus link layer."""

import pytest

from customer_interface.link.base import Found, Look
from customer_interface.link.mbus import MBusLink
from customer_interface.reading import Fault, FaultKind, Frame, Link

from .vectors import AMIS, AMIS_SEARCH, NETZ_NOE, long_frame

LINK = MBusLink()


def _frame(data: bytes, start: int = 0) -> Frame:
    look = LINK.look(data, start)
    assert isinstance(look, Found)
    assert isinstance(look.item, Frame)
    return look.item


def test_long_frame_begins_at_ci() -> None:
    """Control, address and payload of the operator's first segment."""
    look = LINK.look(NETZ_NOE, 0)
    assert isinstance(look, Found)
    assert look.end == 256
    frame = _frame(NETZ_NOE)
    assert (frame.link, frame.control, frame.address) == (Link.MBUS, 0x53, b"\xff")
    assert frame.payload[:5] == bytes.fromhex("000167DB08")
    assert len(frame.payload) == 248
    assert frame.check_bits == 8


def test_frames_behind_one_another() -> None:
    """The second segment begins where the first ends."""
    assert _frame(NETZ_NOE, 256).payload[:3] == bytes.fromhex("110167")
    assert _frame(AMIS).payload[0] == 0x5B


def test_short_frame() -> None:
    """Control and address of the search for a reader."""
    frame = _frame(AMIS_SEARCH)
    assert (frame.control, frame.address, frame.payload) == (0x40, b"\xf0", b"")


def test_control_frame() -> None:
    """A control frame is a long frame with nothing behind CI."""
    frame = _frame(bytes.fromhex("6803036853FEA6F716"))
    assert (frame.control, frame.address, frame.payload) == (0x53, b"\xfe", b"\xa6")


def test_acknowledge_needs_a_clean_place() -> None:
    """E5 is a frame, but nothing in it proves that."""
    look = LINK.look(b"\xe5", 0)
    assert isinstance(look, Found)
    assert look.unproven
    assert _frame(b"\xe5").control == 0xE5


@pytest.mark.parametrize("length", [256, 257, 258, 300, 511])
def test_length_modulo_256(length: int) -> None:
    """A Sagemcom T210-D announces 257 bytes as 01: both readings of the length are tried."""
    body = bytes((0x53, 0xFF, 0x00, 0x01, 0x67)) + bytes(
        i * 7 & 0xFF for i in range(length - 5)
    )
    data = long_frame(body)
    look = LINK.look(data, 0)
    assert isinstance(look, Found)
    assert look.end == len(data)
    assert _frame(data).payload == body[2:]


def test_wrong_checksum_is_one_fault() -> None:
    """Told at once when every byte that could belong to it is there."""
    data = bytearray(AMIS)
    data[20] ^= 1
    look = LINK.look(bytes(data) + bytes(256), 0)
    assert isinstance(look, Found)
    assert isinstance(look.item, Fault)
    assert look.item.kind is FaultKind.CHECKSUM
    assert look.end == len(AMIS)


def test_wrong_checksum_may_be_a_longer_frame() -> None:
    """While the longer reading of the length may still come true the fault is tentative."""
    data = bytearray(AMIS)
    data[20] ^= 1
    look = LINK.look(data, 0)
    assert isinstance(look, Found)
    assert look.tentative


@pytest.mark.parametrize("size", [1, 2, 3, 4, 50, 100])
def test_waits_for_the_rest(size: int) -> None:
    """Every beginning of a frame is incomplete."""
    assert LINK.look(AMIS[:size], 0) is Look.INCOMPLETE


@pytest.mark.parametrize("data", ["685F60", "685F5F69", "10F0", "1040F03116", "00"])
def test_not_a_frame(data: str) -> None:
    """What contradicts the format is refused at once."""
    assert LINK.look(bytes.fromhex(data), 0) is Look.NOT_HERE
