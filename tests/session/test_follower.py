"""M-Bus telegrams of a known shape are believed as ever, though of their values only those that changed are looked at."""

from datetime import UTC, datetime
from unittest.mock import patch

from hypothesis import given, strategies as st

from customer_interface.keys import Key, KeyRing
from customer_interface.plausibility import Limits
from customer_interface.reading import Reading
from customer_interface.session.base import SessionState
from customer_interface.session.belief import Belief
from customer_interface.simulate.radio import WirelessMeter
from customer_interface.stack import peel
from tests.mbus_telegrams import radio
from tests.shape.test_mbus import AT, KEY, RING, context, telegram
from tests.ways import remembered_of

# Energy, volume, power, temperatures, flow, a time, an error flag, a record of an old date, and a real.
_HEADERS = "0406 0C13 042B 025A 0A5E 0B3B 046D 02FD17 426C 4413 0414 04843C 0513"
HEADERS = tuple(bytes.fromhex(text) for text in _HEADERS.split())
CLOCK = bytes.fromhex("046D")
SKELETONS = st.tuples(
    st.sampled_from(["short", "mode 5", "long", "AMIS", "of another meter"]),
    st.sampled_from(["2D2C", "2D4C", "C514"]),
    st.sampled_from([0x02, 0x03, 0x04, 0x07, 0x0E]),
    st.lists(st.sampled_from(HEADERS), min_size=1, max_size=6),
)
# How much each number rises, the seconds that pass, the strength of the link's check, and the status byte.
RISES = st.one_of(
    st.lists(st.integers(0, 2), min_size=1, max_size=6),
    st.lists(st.integers(0, 2), min_size=1, max_size=6),
    st.lists(st.sampled_from([-1, 0, 1, 40, 9_000]), min_size=1, max_size=6),
)
STEPS = st.lists(
    st.tuples(
        RISES,
        st.sampled_from([0.0, 5.0, 15.0, 60.0, 900.0, -3.0, 200_000.0]),
        st.sampled_from([8, 8, 8, 16, 0]),
        st.sampled_from([0, 0, 0, 4]),
    ),
    min_size=4,
    max_size=14,
)


def clock(at):
    """Return a time as type F of EN 13757-3."""
    time = datetime.fromtimestamp(at, UTC)
    year = time.year - 2000
    day, month = time.day | (year & 7) << 5, time.month | year >> 3 << 4
    return bytes((time.minute, time.hour, day, month))


def contents(headers, numbers, at):
    """Return data for each record: a number whose decimal digits are both its hexadecimal ones and those of BCD."""
    for index, header in enumerate(headers):
        digits = f"{max(numbers[index % len(numbers)], 0):016d}"
        yield clock(at) if header == CLOCK else bytes.fromhex(digits)[::-1]


@given(SKELETONS, STEPS)
def test_the_same_is_believed(skeleton, steps):
    """Whatever rises, falls, comes late or twice, or is protected otherwise than before."""
    quick, long = context(), context(shapes=False)
    one, other = (Belief(SessionState(), Limits(), RING) for _ in range(2))
    headers, at = skeleton[3], AT
    numbers = [100] * 6
    for number, (rises, seconds, bits, status) in enumerate(steps):
        at += seconds
        numbers = [
            held + rises[index % len(rises)] for index, held in enumerate(numbers)
        ]
        header = bytes((number, status))
        message = telegram(skeleton, list(contents(headers, numbers, at)), header)
        message = message._replace(check_bits=bits)
        (reading,), (expected,) = peel(message, quick, at), peel(message, long, at)
        expected = expected._replace(arrived=at)
        reading = reading._replace(arrived=at) if quick.filled is None else reading
        assert one.judge(reading, at, quick.filled) == other.judge(expected, at)
        assert one.state == other.state
    assert remembered(one) == remembered(other)


def remembered(belief):
    """Return what is remembered of all meters."""
    return {name: remembered_of(one) for name, one in belief.memory._meters.items()}


def heard(meter, numbers):
    """Yield the n-th telegrams of a meter, a context that knows their shape, and when they came."""
    known = context(KeyRing((Key(KEY),)))
    for number in numbers:
        at = AT + number * meter.interval
        (reading,) = peel(radio(meter.frame(at)), known, at)
        assert isinstance(reading, Reading)
        yield reading, at, known.filled


def test_values_that_did_not_change_are_not_looked_at():
    """A household's heat meter goes on as it did, but for a step of its counters now and then."""
    belief = Belief(SessionState(), Limits(), RING)
    with patch.object(Belief, "_judge", autospec=True, side_effect=Belief._judge) as it:
        for reading, at, filled in heard(
            WirelessMeter("10203040", "heat", KEY), range(60)
        ):
            assert belief.judge(reading, at, filled) == (reading,)
    assert it.call_count <= 6


def test_a_telegram_that_was_not_judged_is_no_telegram_before():
    """What nobody believed is nothing to go on from: its change is not lost in that of the next."""
    belief = Belief(SessionState(), Limits(), RING)
    meter = WirelessMeter("10203040", "heat", KEY)
    with patch.object(Belief, "_judge", autospec=True, side_effect=Belief._judge) as it:
        for number, told in enumerate(heard(meter, range(12))):
            if number != 9:
                belief.judge(*told)
            if number == 8:
                it.reset_mock()
            if number == 10:
                it.assert_called_once()


def test_telegrams_that_take_turns_do_not_learn_for_ever():
    """Two kinds of telegrams of one meter: how it goes on is looked for some times, then seldom."""
    belief = Belief(SessionState(), Limits(), RING)
    known = context()
    with patch.object(Belief, "steady", autospec=True, side_effect=Belief.steady) as it:
        for number in range(200):
            headers = HEADERS[:2] if number % 2 else HEADERS[:3]
            skeleton = ("short", "2D2C", 4, headers)
            message = telegram(skeleton, [b"\1\0\0\0"], bytes((number, 0)))
            at = AT + number
            (reading,) = peel(message, known, at)
            belief.judge(
                reading._replace(arrived=at) if known.filled is None else reading,
                at,
                known.filled,
            )
    assert 10 < it.call_count < 40
