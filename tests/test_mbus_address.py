"""Tests of M-Bus addresses: manufacturer letters, media, identities and the names a key may be given under."""

from hypothesis import given, strategies as st
import pytest

from customer_interface.mbus_address import (
    identity,
    key_names,
    manufacturer_letters,
    wireless_order,
)
from customer_interface.reading import MeterIdentity


@pytest.mark.parametrize(
    ("code", "letters"),
    [
        ("2D4C", "SAM"),
        ("2D2C", "KAM"),
        ("B338", "NES"),
        ("9315", "ELS"),
        ("0000", None),
        ("FFFF", None),
    ],
)
def test_letters(code: str, letters: str | None) -> None:
    """Two bytes are three letters, or none."""
    assert manufacturer_letters(bytes.fromhex(code)) == letters


def test_identity() -> None:
    """Eight bytes of a radio address are number, manufacturer, version and medium."""
    assert identity(bytes.fromhex("B338785634120302")) == MeterIdentity(
        number="12345678",
        manufacturer="NES",
        address="B338785634120302",
        medium="electricity",
        version=3,
    )


def test_no_number() -> None:
    """A number of zeros is none, and an address with it tells no two meters apart."""
    meter = identity(bytes.fromhex("2D4C00000000010E"))
    assert (meter.number, meter.address, meter.key) == (None, None, None)


def test_wireless_order() -> None:
    """A long header has the number first, a radio address the manufacturer."""
    assert wireless_order(bytes.fromhex("7856341293153303")).hex() == "9315785634123303"


def test_key_names() -> None:
    """A key may be given under address, manufacturer with number, number, and number without leading zeros."""
    meter = identity(bytes.fromhex("9315780000003303"))
    assert key_names(meter) == ("9315780000003303", "ELS00000078", "00000078", "78")
    assert key_names(MeterIdentity()) == ()


@given(st.binary(min_size=8, max_size=8))
def test_any_address(address: bytes) -> None:
    """Whatever eight bytes have an identity with a medium."""
    meter = identity(address)
    assert meter.medium
    assert meter.number is None or len(meter.number) == 8
