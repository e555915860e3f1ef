"""MEP packets: length, alerts, what can be none. Examples of the OSGP MEP Client Developer's Guide 1.1 (official)."""

from hypothesis import given, strategies as st
import pytest

from customer_interface.link.base import Found, Look
from customer_interface.link.mep import LONGEST_PACKET, MepLink, packet
from customer_interface.reading import Frame

REPLY = bytes.fromhex("000D0C77635B9035863C1DF5B91482")
LINK = MepLink()


def payload_of(look):
    """Return the payload of a complete packet."""
    assert isinstance(look, Found)
    assert isinstance(look.item, Frame)
    return look.item.payload


def test_a_packet_is_found_by_its_length():
    """A reply of the guide, with the beginning of another behind it."""
    look = LINK.look(REPLY + REPLY[:4], 0)
    assert payload_of(look) == REPLY[2:]
    assert look.end == len(REPLY)
    assert packet(REPLY[2:]) == REPLY


def test_an_alert_is_a_packet_of_no_bytes():
    """Two zero bytes in front of a reply are taken by themselves."""
    look = LINK.look(b"\0\0" + REPLY, 0)
    assert payload_of(look) == b""
    assert payload_of(LINK.look(b"\0\0" + REPLY, look.end)) == REPLY[2:]


@pytest.mark.parametrize("missing", range(1, len(REPLY)))
def test_a_pause_is_no_end(missing):
    """Long replies pause: whatever is missing is waited for."""
    assert LINK.look(REPLY[:-missing], 0) is Look.INCOMPLETE


@pytest.mark.parametrize("head", ["01DD", "0200", "FFFF", "3F00"])
def test_longer_than_any_packet(head):
    """476 bytes are the most."""
    assert LINK.look(bytes.fromhex(head) + bytes(500), 0) is Look.NOT_HERE
    longest = packet(bytes(LONGEST_PACKET))
    assert payload_of(LINK.look(longest, 0)) == bytes(LONGEST_PACKET)
    assert LINK.longest == len(longest)


@given(st.binary(max_size=600), st.integers(0, 700))
def test_any_bytes(data, start):
    """Whatever is looked at, the answer is one of three."""
    look = LINK.look(data, start)
    if isinstance(look, Found):
        assert start < look.end <= len(data)
        assert len(payload_of(look)) == look.end - start - 2 <= LONGEST_PACKET
    else:
        assert look in (Look.NOT_HERE, Look.INCOMPLETE)
