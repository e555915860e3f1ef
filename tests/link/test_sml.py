"""The SML transport protocol."""

import pytest

from customer_interface.link.base import Found, Look
from customer_interface.link.sml import SmlLink
from customer_interface.reading import Fault, FaultKind, Frame, Link

from .sml_vectors import CLOSE, ESCAPE, OPEN, SML, VALUES, transmission

LINK = SmlLink()


@pytest.mark.parametrize("kermit", [False, True])
@pytest.mark.parametrize("size", range(4))
def test_padding(size: int, kermit: bool) -> None:
    """Padding is taken off; both checksums are known."""
    messages = OPEN + VALUES + CLOSE + b"\x01" * size
    data = transmission(messages, kermit)
    look = LINK.look(data + b"\x99", 0)
    assert look == Found(len(data), Frame(Link.SML, messages, check_bits=16))


def test_escapes() -> None:
    """Four escape bytes inside are doubled on the wire, at any place."""
    messages = b"a" + ESCAPE * 2 + b"b" + ESCAPE + b"cc"
    look = LINK.look(transmission(messages), 0)
    assert isinstance(look, Found)
    assert isinstance(look.item, Frame)
    assert look.item.payload == messages


@pytest.mark.parametrize("position", [10, 60, len(SML) - 1])
def test_damage(position: int) -> None:
    """One checksum fault."""
    data = bytearray(SML)
    data[position] ^= 1
    look = LINK.look(data, 0)
    assert isinstance(look, Found)
    assert isinstance(look.item, Fault)
    assert look.item.kind is FaultKind.CHECKSUM
    assert look.end == len(SML)


def test_next_transmission_begins() -> None:
    """Where the end is lost the next beginning ends it."""
    look = LINK.look(SML[:50] + SML, 0)
    assert isinstance(look, Found)
    assert isinstance(look.item, Fault)
    assert look.item.kind is FaultKind.TRUNCATED
    assert look.end == 50


@pytest.mark.parametrize("size", range(1, len(SML)))
def test_waits(size: int) -> None:
    """Every beginning is incomplete."""
    assert LINK.look(SML[:size], 0) is Look.INCOMPLETE


def test_no_transmission() -> None:
    """Escape bytes without the beginning's version."""
    assert LINK.look(ESCAPE + b"\x02" * 4, 0) is Look.NOT_HERE
