"""The HDLC link layer."""

import pytest

from customer_interface.checksum import crc16_x25
from customer_interface.link.base import Found, Look
from customer_interface.link.hdlc import HdlcLink
from customer_interface.reading import Fault, FaultKind, Frame, Link

from .vectors import HDLC, NORWAY

LINK = HdlcLink()


def make(
    address: bytes, information: bytes, control: int = 0x13, more: bool = False
) -> bytes:
    """Build a frame as IEC 62056-46 draws it."""
    length = 2 + len(address) + 1 + 2 + (len(information) + 2 if information else 0)
    head = (0xA000 | (0x0800 if more else 0) | length).to_bytes(2) + address
    head += bytes((control,))
    frame = head + crc16_x25(head).to_bytes(2, "little")
    if information:
        frame += information
        frame += crc16_x25(frame).to_bytes(2, "little")
    return b"\x7e" + frame + b"\x7e"


def found(data: bytes) -> Frame:
    """Return the frame at the beginning."""
    look = LINK.look(data, 0)
    assert isinstance(look, Found)
    assert isinstance(look.item, Frame)
    return look.item


def test_wiener_netze() -> None:
    """The parts of a frame, its information from the LLC header on."""
    frame = found(HDLC)
    assert (frame.link, frame.control, frame.address) == (
        Link.HDLC,
        0x13,
        bytes.fromhex("CF0223"),
    )
    assert frame.payload[:5] == bytes.fromhex("E6E700DB08")
    assert len(frame.payload) == 0x67 - 8 - 2
    assert (frame.more, frame.check_bits) == (False, 16)


def test_closing_flag_stays() -> None:
    """The flag behind a frame may be the one before the next."""
    look = LINK.look(HDLC, 0)
    assert isinstance(look, Found)
    assert look.end == len(HDLC) - 1


@pytest.mark.parametrize(
    "address", ["0301", "CF000200 23", "000200 2303", "CF 0223", "00020023 00020021"]
)
def test_address_sizes(address: str) -> None:
    """Addresses of one, two and four bytes in any combination."""
    frame = found(make(bytes.fromhex(address), b"abc"))
    assert frame.address == bytes.fromhex(address)
    assert frame.payload == b"abc"


def test_without_information() -> None:
    """A frame without information has no second checksum."""
    frame = found(make(b"\x03\x01", b"", control=0x73))
    assert (frame.payload, frame.control) == (b"", 0x73)


def test_segmentation_bit() -> None:
    """The S bit says that more frames follow."""
    assert found(make(b"\x03\x01", b"abc", more=True)).more


def test_flag_inside() -> None:
    """The length delimits, so a flag may occur inside."""
    assert found(make(b"\x03\x01", b"\x7e" * 50)).payload == b"\x7e" * 50


def test_longest() -> None:
    """Eleven bits of length."""
    assert len(found(make(b"\x03\x01", bytes(2038))).payload) == 2038


def test_without_flag() -> None:
    """The flag before a frame may be lost or shared."""
    assert found(NORWAY[1:]) == found(NORWAY)


def _flip(data: bytes, position: int) -> bytes:
    return data[:position] + bytes((data[position] ^ 1,)) + data[position + 1 :]


@pytest.mark.parametrize("position", [3, 6, 7, 20, len(NORWAY) - 3])
def test_damage(position: int) -> None:
    """Wrong header or content, with the flag where the length says: one checksum fault."""
    look = LINK.look(_flip(NORWAY, position), 0)
    assert isinstance(look, Found)
    assert isinstance(look.item, Fault)
    assert look.item.kind is FaultKind.CHECKSUM


def test_damaged_header_without_flags() -> None:
    """Without any flag it is no frame."""
    assert LINK.look(_flip(NORWAY, 6)[1:-1], 0) is Look.NOT_HERE


@pytest.mark.parametrize("cut", range(1, len(NORWAY) - 1))
def test_waits(cut: int) -> None:
    """Every beginning is incomplete."""
    assert LINK.look(NORWAY[:cut], 0) is Look.INCOMPLETE


@pytest.mark.parametrize("data", ["7E7E", "7E10", "7EA003", "7EA0500200020002"])
def test_no_frame(data: str) -> None:
    """Double flags, other frame types, impossible lengths and addresses without end."""
    assert LINK.look(bytes.fromhex(data) + bytes(20), 0) is Look.NOT_HERE
