"""Pushed lists of a known shape: read at once, they say what they say when they are read the long way."""

from copy import replace
from unittest.mock import patch

from hypothesis import example, given, strategies as st
import pytest

from customer_interface import catalogue
from customer_interface.keys import Key, KeyRing
from customer_interface.reading import FaultKind, Layer, Link, Message, Reading
from customer_interface.simulate import ROWS, simulator
from customer_interface.simulate.cipher import Ciphering
from customer_interface.simulate.dlms import DlmsMeter
from customer_interface.stack import Context, peel

AT = 1_790_000_000.0
METERS = {
    row: meter
    for row in map("/".join, ROWS)
    if isinstance(meter := simulator(*row.split("/")), DlmsMeter)
}
LAYOUTS = catalogue.layouts()
KEY, AUTHENTICATION = bytes(range(16)), bytes(range(16, 32))
SEALS = {
    "encrypted": Ciphering(b"KFM\x10\x20\0\0\1", 0x21, KEY),
    "authenticated": Ciphering(b"KAM\x45\x01\x34\x90\1", 0x30, KEY, AUTHENTICATION),
}
RING = KeyRing((Key(b"wrong key, first"), Key(KEY)), (Key(AUTHENTICATION),))
# What may be wrong with a telegram: where, as a part of its length, and the bytes that stand there instead.
DAMAGE = st.tuples(
    st.floats(0, 1),
    st.one_of(
        st.binary(min_size=1, max_size=4),
        st.sampled_from([b"\xff\xff", b"\xff\xff\xff\xff", b"\x80\0", b"\0\0\0\0"]),
    ),
)
TELEGRAMS = st.lists(
    st.tuples(st.integers(0, 400), st.lists(DAMAGE, max_size=2)),
    min_size=1,
    max_size=6,
)


def plaintext(row, number, damage=()):
    """Return the APDU of a meter at its n-th interval, with some of its bytes replaced."""
    meter = METERS[row]
    apdu = meter.payload(
        meter.house.at(AT + number * meter.interval), meter.names, number
    ).apdu
    return damaged(apdu, damage)


def damaged(data, damage):
    """Return data of the same length in which some bytes are others."""
    held = bytearray(data)
    for place, wrong in damage:
        start = int(place * (len(held) - len(wrong)))
        held[start : start + len(wrong)] = wrong
    return bytes(held)


def message(apdu, check_bits=16):
    """Return the message of an APDU that came in frames."""
    return Message(Layer.DLMS, apdu, Link.HDLC, check_bits=check_bits)


def context(keys=KeyRing()):
    """Return a context that knows all layouts, and no shape yet."""
    return Context(keys, LAYOUTS)


def read(apdu, known):
    """Return what is read of an APDU with what a context knows; it must be what a context without any shape reads."""
    results = peel(message(apdu), known, AT)
    long_way = peel(message(apdu), context(known.keys), AT)
    assert list(map(arrived, results)) == list(map(arrived, long_way))
    return results


def arrived(item):
    """Return a reading with the arrival that the session adds to those read the long way."""
    return replace(item, arrived=AT) if isinstance(item, Reading) else item


# The last current becomes zero: those left no longer carry the power in 0.01 A, and no voltage is without scaler.
CURRENT_LOST = [(0, [(1.0, b"\x00")])]


@given(st.sampled_from(sorted(METERS)), TELEGRAMS)
@example("ch-cii/lg-e450", CURRENT_LOST)
def test_plain_lists_say_the_same(row, telegrams):
    """Whatever the numbers, and whatever is damaged, shapes change nothing about what is read."""
    known = context()
    for number, damage in telegrams:
        read(plaintext(row, 0), known)
        read(plaintext(row, number, damage), known)


@given(
    st.sampled_from(sorted(METERS)),
    st.sampled_from(sorted(SEALS)),
    TELEGRAMS,
    st.lists(DAMAGE, max_size=1),
)
def test_sealed_lists_say_the_same(row, seal, telegrams, outside):
    """The same with a cipher around, damaged inside or outside of it."""
    known = context(RING)
    for counter, (number, damage) in enumerate(telegrams):
        read(SEALS[seal].seal(plaintext(row, 0), 2 * counter), known)
        sealed = SEALS[seal].seal(plaintext(row, number, damage), 2 * counter + 1)
        read(damaged(sealed, outside), known)


@pytest.mark.parametrize(
    "row",
    [
        "netz-noe/kaifa-ma309m",
        "tinetz/kaifa-ma110m",
        "stadtwerke/kamstrup-omnipower",
        "wiener-netze/iskra-am550",
        "no-han/kamstrup-omnipower",
    ],
)
@pytest.mark.parametrize("seal", ["plain", *SEALS])
def test_a_known_list_is_not_read_the_long_way(row, seal):
    """The first telegram is enough to know the next ones."""
    known = context(RING)
    apdus = [plaintext(row, number) for number in range(4)]
    if seal != "plain":
        apdus = [SEALS[seal].seal(apdu, n) for n, apdu in enumerate(apdus)]
    peel(message(apdus[0]), known, AT)
    with patch("customer_interface.stack.apdu._peel", side_effect=AssertionError):
        for apdu in apdus[1:]:
            (reading,) = peel(message(apdu), known, AT)
            assert reading.authenticated is (seal == "authenticated")


def test_other_keys_forget_all_shapes():
    """What one key opened is not opened any more when the user has replaced it."""
    known = context(RING)
    seal = SEALS["encrypted"]
    for number in range(2):
        peel(message(seal.seal(plaintext("netz-noe/kaifa-ma309m", 0), number)), known)
    known.keys = KeyRing((Key(b"another key, yes"),))
    (fault,) = peel(message(seal.seal(plaintext("netz-noe/kaifa-ma309m", 0), 3)), known)
    assert fault.kind is FaultKind.KEY


def test_a_tag_that_does_not_fit_is_never_passed():
    """No bit of an authenticated telegram may change, known shape or not."""
    known, seal = context(RING), SEALS["authenticated"]
    row = "stadtwerke/kamstrup-omnipower"
    peel(message(seal.seal(plaintext(row, 0), 0)), known)
    sealed = seal.seal(plaintext(row, 1), 1)
    for place in range(0, len(sealed), 7):
        wrong = bytearray(sealed)
        wrong[place] ^= 0x04
        results = peel(message(bytes(wrong)), known)
        assert not any(isinstance(item, Reading) for item in results), place


def test_shapes_are_bounded():
    """A port on which every telegram is another keeps no more than so many shapes, and stops to look for them."""
    known = context()
    apdu = plaintext("netz-noe/kaifa-ma309m", 0)
    for number in range(200):
        text = b"\x09\x04" + f"{number:04d}".encode()
        wider = apdu.replace(b"\x02\x2e", b"\x02\x2f", 1) + text
        peel(message(wider[: len(wider)]), known)
    assert sum(map(len, known.shapes._known.values())) <= 4
    assert not known.shapes.wanted
