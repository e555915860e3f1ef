"""P1 telegrams of a known shape: read at once, they say what they say when they are read the long way."""

from copy import replace
from unittest.mock import patch

from hypothesis import given, strategies as st
import pytest

from customer_interface.reading import Layer, Link, Message, Reading
from customer_interface.simulate import ROWS, simulator
from customer_interface.stack import Context, peel

AT = 1_790_000_000.0
METERS = {
    row: meter
    for row in map("/".join, ROWS)
    if (meter := simulator(*row.split("/"))).telegram(AT).startswith(b"/")
}
# What may be wrong with a telegram: where, as a part of its length, and the characters that stand there instead.
DAMAGE = st.tuples(
    st.floats(0, 1),
    st.one_of(
        st.binary(min_size=1, max_size=3),
        st.text("0123456789.:;?*()!W\\r\\n", min_size=1, max_size=4).map(str.encode),
    ),
)
TELEGRAMS = st.lists(
    st.tuples(st.integers(0, 100_000), st.lists(DAMAGE, max_size=2)),
    min_size=1,
    max_size=5,
)


def text(row, number, damage=()):
    """Return the telegram of a meter at its n-th interval as the link hands it on, with some characters replaced."""
    held = bytearray(METERS[row].telegram(AT + number * METERS[row].interval).rstrip())
    for place, wrong in damage:
        start = int(place * (len(held) - len(wrong)))
        held[start : start + len(wrong)] = wrong
    return bytes(held)


def message(payload):
    """Return the message of a telegram."""
    return Message(Layer.DSMR, payload, Link.P1, check_bits=16)


def arrived(item):
    """Return a reading with the arrival that the session adds to those read the long way."""
    return replace(item, arrived=AT) if isinstance(item, Reading) else item


@given(st.sampled_from(sorted(METERS)), TELEGRAMS)
def test_telegrams_say_the_same(row, telegrams):
    """Whatever the numbers, and whatever is damaged, shapes change nothing about what is read."""
    known = Context()
    for number, damage in telegrams:
        for payload in (text(row, 0), text(row, number, damage)):
            results = peel(message(payload), known, AT)
            long_way = peel(message(payload), Context(), AT)
            assert list(map(arrived, results)) == list(map(arrived, long_way))


@pytest.mark.parametrize("row", ["nl-p1/dsmr-5", "be-fluvius/sagemcom-t211"])
def test_a_known_telegram_is_not_read_the_long_way(row):
    """The first telegram is enough to know the next ones, with the devices behind the meter."""
    known = Context()
    peel(message(text(row, 0)), known, AT)
    with patch("customer_interface.stack.text.read", side_effect=AssertionError):
        readings = peel(message(text(row, 7)), known, AT)
    assert len(readings) > 1
    assert readings[0].time is not None


def test_a_digit_that_is_none_is_read_the_long_way():
    """The characters behind 9 look like digits to the mask."""
    known = Context()
    peel(message(text("nl-p1/dsmr-5", 0)), known, AT)
    wrong = text("nl-p1/dsmr-5", 1).replace(b"1-0:1.8.1(0", b"1-0:1.8.1(;")
    with patch("customer_interface.stack.text.read", return_value=()) as long_way:
        peel(message(wrong), known, AT)
    long_way.assert_called_once()
