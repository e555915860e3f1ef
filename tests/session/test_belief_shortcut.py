"""The quick way past the judgement of values: with and without it the same is believed."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from unittest.mock import patch

from hypothesis import given, strategies as st

from customer_interface.keys import KeyRing
from customer_interface.obis import ObisCode
from customer_interface.plausibility import Limits
from customer_interface.reading import MeterIdentity, Reading, Value
from customer_interface.session import belief as module
from customer_interface.session.base import SessionState
from customer_interface.session.belief import Belief

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
CODES = [
    ObisCode.parse(text)
    for text in (
        "1-0:1.8.0",
        "1-0:1.7.0",
        "1-0:32.7.0",
        "1-0:31.7.0",
        "8-0:1.0.0",
        "0-0:1.0.0",
        "0-0:96.1.0",
        "1-0:199.7.0",
    )
]
NUMBERS = st.one_of(
    st.integers(-5, 20),
    st.integers(0, 200_000),
    st.decimals(-10, 300, places=2),
    st.booleans(),
)
OTHERS = st.one_of(
    st.none(),
    st.sampled_from(["", "123"]),
    st.datetimes(datetime(2026, 2, 25), datetime(2026, 3, 3)).map(
        lambda time: time.replace(tzinfo=UTC)
    ),
)
UNITS = st.sampled_from(["Wh", "W", "V", "A", "m³", "J", None])
# Values that mostly go on as they were, for those are what the quick way is for.
STEPS = st.lists(
    st.tuples(
        st.dictionaries(
            st.sampled_from(CODES),
            st.one_of(st.integers(0, 8), NUMBERS, OTHERS),
            max_size=8,
        ),
        st.sampled_from([8, 16]),
        st.sampled_from([0, 5, 5, 5, 60, 4 * 86_400]),
        st.booleans(),
    ),
    max_size=12,
)


def readings(steps, units):
    """Return readings in which each value goes on from the one before by a small number, or is another one."""
    held: dict[ObisCode, object] = dict.fromkeys(CODES[:5], 100)
    clock = START
    for number, (changes, bits, apart, timed) in enumerate(steps):
        clock += timedelta(seconds=apart)
        for code, change in changes.items():
            before = held.get(code)
            grows = (
                type(change) is int
                and change <= 8
                and isinstance(before, int | Decimal)
            )
            held[code] = before + change if grows else change
        values = {code: Value(value, units[code]) for code, value in held.items()}
        if timed:
            values[CODES[5]] = Value(clock)
        yield Reading(
            MeterIdentity("1"),
            clock if timed else None,
            values,
            check_bits=bits,
            counter=number,
        )


@given(STEPS, st.fixed_dictionaries(dict.fromkeys(CODES, UNITS)))
def test_the_quick_way_believes_the_same(steps, units):
    """Judged one by one, the same values pass, the same are withheld, and the same is remembered."""
    quick, thorough = (Belief(SessionState(), Limits(), KeyRing()) for _ in range(2))
    at = START.timestamp()
    for number, reading in enumerate(readings(steps, units)):
        outputs = quick.judge(reading, at + 5 * number)
        with patch.object(module, "_unremarkable", lambda *_: False):
            assert thorough.judge(reading, at + 5 * number) == outputs
        assert quick.state == thorough.state


def test_the_quick_way_is_taken():
    """A household's telegrams are not looked at value by value."""
    belief = Belief(SessionState(), Limits(), KeyRing())
    steps = [({CODES[0]: 3, CODES[1]: 5}, 8, 5, True)] * 6
    units = dict(zip(CODES, ("Wh", "W", "V", "A", "m³", None, None, None), strict=True))
    telegrams = list(readings(steps, units))
    at = START.timestamp()
    for number, reading in enumerate(telegrams[:3]):
        belief.judge(reading, at + 5 * number)
    with patch.object(Belief, "_judge_value", side_effect=AssertionError):
        for number, reading in enumerate(telegrams[3:], 3):
            assert belief.judge(reading, at + 5 * number) == (reading,)
