"""APDUs without a link layer."""

import pytest

from customer_interface.link.bare import BareLink
from customer_interface.link.base import Found, Look
from customer_interface.link.deframer import Deframer
from customer_interface.reading import FaultKind, Frame, Link

from .vectors import BARE

LINK = BareLink()
# general-ciphering without key information and with each kind of it; the ciphered content is made up.
_GENERAL = "DD 08 0102030405060708 08 4D4D4D0000BC614E 08 4D4D4D0000000001 00 00"
_CIPHERED = "0B 31 01234567 AABBCCDDEEFF"
GENERAL, IDENTIFIED, WRAPPED, AGREED = (
    bytes.fromhex(f"{_GENERAL} {info} {_CIPHERED}")
    for info in (
        "00",
        "01 00 01",
        f"01 01 00 18 {'11' * 24}",
        f"01 02 01 01 04 {'22' * 4}",
    )
)
BLOCK = bytes.fromhex("E040000100000400112233")
DEDICATED = b"\xdc" + BARE[1:]


@pytest.mark.parametrize(
    "apdu", [BARE, DEDICATED, GENERAL, IDENTIFIED, WRAPPED, AGREED, BLOCK]
)
def test_length_delimits(apdu: bytes) -> None:
    """Their own length ends them, whatever follows."""
    look = LINK.look(apdu + b"\x99\x98", 0)
    assert look == Found(len(apdu), Frame(Link.BARE, apdu, check_bits=0), unproven=True)
    for size in range(1, len(apdu)):
        assert LINK.look(apdu[:size], 0) is Look.INCOMPLETE


def test_header_of_the_link_control() -> None:
    """Recordings may keep the LLC header."""
    look = LINK.look(b"\xe6\xe7\x00" + BARE, 0)
    assert isinstance(look, Found)
    assert look.item == Frame(Link.BARE, BARE)
    assert LINK.look(b"\xe6\xe7", 0) is Look.INCOMPLETE
    assert LINK.look(b"\xe6\xe8\x00", 0) is Look.NOT_HERE


@pytest.mark.parametrize(
    "date_time", ["00", "0C07EA0204030F1E0000FFC400", "090C07EA0204030F1E0000FFC400"]
)
def test_notification_ends_with_a_pause(date_time: str) -> None:
    """A notification has no length."""
    apdu = bytes.fromhex("0F00000124" + date_time + "0202060000000006000000FF")
    look = LINK.look(apdu, 0)
    assert look == Found(
        len(apdu), Frame(Link.BARE, apdu), tentative=True, unproven=True
    )
    deframer = Deframer((LINK,))
    assert deframer.feed(apdu[:30]) + deframer.feed(apdu[30:]) == []
    assert deframer.flush() == [Frame(Link.BARE, apdu)]


@pytest.mark.parametrize(
    "data",
    [
        "DB07",
        "DB08" + "00" * 8 + "0530",
        "DB08" + "00" * 8 + "1000",
        "DB08" + "00" * 8 + "1034",
        "DB08" + "00" * 8 + "84",
        "DD0007",
        "DD00080000000000000000000000" + "02",
        "DD00080000000000000000000000" + "0103",
        "E0C0000000000400112233",
        "0F00000000" + "0C0001",
        "0F00000000" + "05",
        "0F00000000" + "00" + "09",
    ],
)
def test_no_apdu(data: str) -> None:
    """Impossible titles, lengths, security controls, blocks and times are refused at once."""
    assert LINK.look(bytes.fromhex(data), 0) is Look.NOT_HERE


def test_pause_gives_up() -> None:
    """Noise that looks like a beginning is given up in a pause."""
    deframer = Deframer((LINK,))
    assert deframer.feed(BARE[:40]) == []
    (fault,) = deframer.flush()
    assert not isinstance(fault, Frame)
    assert fault.kind is FaultKind.TRUNCATED
    assert deframer.holding == 0
    assert deframer.feed(BARE) == [Frame(Link.BARE, BARE)]
