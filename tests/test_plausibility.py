"""What may be believed, given what was believed before."""

from datetime import UTC, datetime

from hypothesis import given, strategies as st
import pytest

from customer_interface.obis import ObisCode
from customer_interface.plausibility import (
    Earlier,
    Limits,
    Surroundings,
    Verdict,
    confirms,
    judge_number,
    judge_time,
)
from customer_interface.quantity import quantity_of

IMPORT = quantity_of(ObisCode.parse("1-0:1.8.0"))
POWER = quantity_of(ObisCode.parse("1-0:1.7.0"))
VOLTAGE = quantity_of(ObisCode.parse("1-0:32.7.0"))
STRONG = Surroundings()
LIMITS = Limits(power=20_000)


def verdict(quantity, number, before=None, around=STRONG, limits=LIMITS):
    """Judge and return the verdict alone."""
    return judge_number(quantity, number, before, around, limits).verdict


def test_first_number_is_believed():
    """Without history everything possible is believed, zero included."""
    assert verdict(IMPORT, 0) is Verdict.BELIEVE
    assert verdict(IMPORT, 12_345_678) is Verdict.BELIEVE


@pytest.mark.parametrize(("number", "seconds"), [(999, 5), (0, 5), (999, None)])
def test_falling_counters_are_withheld(number, seconds):
    """A counter never falls: not by one, and not to zero."""
    assert verdict(IMPORT, number, Earlier(1_000, seconds)) is Verdict.WITHHOLD


def test_heat_cost_allocators_begin_anew():
    """They are set to zero on their due date: said twice, it is believed."""
    units = quantity_of(ObisCode.parse("4-0:1.0.0"))
    assert verdict(units, 0, Earlier(1_000, 3_600)) is Verdict.CONFIRM
    assert confirms(0, 1, 1_000)


def test_jumps_beyond_the_connection_are_withheld():
    """In five seconds 20 kW carry 28 Wh, in an hour 20 kWh."""
    assert verdict(IMPORT, 1_028, Earlier(1_001, 5)) is Verdict.BELIEVE
    assert verdict(IMPORT, 1_101, Earlier(1_001, 5)) is Verdict.WITHHOLD
    assert verdict(IMPORT, 20_001, Earlier(1_001, 3_600)) is Verdict.BELIEVE
    assert verdict(IMPORT, 30_001, Earlier(1_001, 3_600)) is Verdict.WITHHOLD


def test_heat_is_metered_for_whole_houses():
    """A block of flats draws more heat than any connection carries electricity."""
    power, energy = (quantity_of(ObisCode.parse(f"6-0:{n}.0.0")) for n in (8, 1))
    assert verdict(power, 185_000) is Verdict.BELIEVE
    assert verdict(power, 10_000_001) is Verdict.WITHHOLD
    before = Earlier(44_922_000, 3_600)
    assert verdict(energy, 45_107_000, before) is Verdict.BELIEVE
    assert verdict(energy, 56_922_000, before) is Verdict.WITHHOLD
    cold = quantity_of(ObisCode.parse("5-0:8.0.0"))
    assert verdict(cold, -185_000) is Verdict.BELIEVE


def test_coarse_counters_may_step():
    """A counter in whole kWh rises by a kWh at once."""
    assert verdict(IMPORT, 124_000, Earlier(123_000, 5)) is Verdict.BELIEVE


def test_a_clock_set_back_hides_no_reading():
    """Where the time since is unknown, only falling is judged."""
    assert verdict(IMPORT, 90_000, Earlier(1_001, None)) is Verdict.BELIEVE


@pytest.mark.parametrize(
    ("quantity", "number"),
    [(POWER, 20_001), (POWER, -20_001), (VOLTAGE, 2_337), (VOLTAGE, -1), (IMPORT, -5)],
)
def test_the_impossible_is_withheld(quantity, number):
    """What no connection can show is withheld without any history."""
    assert verdict(quantity, number) is Verdict.WITHHOLD


def test_sudden_power_waits_where_the_check_is_weak():
    """A sum of eight bits lets one damaged telegram in 256 pass: what it changes must be confirmed."""
    before = Earlier(300, 5)
    assert verdict(POWER, 9_300, before) is Verdict.BELIEVE
    assert verdict(POWER, 9_300, before, Surroundings(weak=True)) is Verdict.CONFIRM
    assert verdict(POWER, 2_300, before, Surroundings(weak=True)) is Verdict.BELIEVE


def test_currents_corroborate_a_power():
    """A real load shows in the currents of the same telegram, so it is shown at once."""
    around = Surroundings(weak=True, apparent=9_400)
    assert verdict(POWER, 9_300, Earlier(300, 5), around) is Verdict.BELIEVE
    around = Surroundings(weak=True, apparent=320)
    assert verdict(POWER, 9_300, Earlier(300, 5), around) is Verdict.CONFIRM


def test_energy_must_fit_the_power_where_the_check_is_weak():
    """Twenty watt hours in five seconds are 14 kW: not with 300 W on both sides."""
    around = Surroundings(weak=True, power=300)
    assert verdict(IMPORT, 1_022, Earlier(1_001, 5), around) is Verdict.CONFIRM
    assert verdict(IMPORT, 1_003, Earlier(1_001, 5), around) is Verdict.BELIEVE


def test_confirmation():
    """The number after speaks for the pending one when it is nearer to it."""
    assert confirms(9_300, 9_200, 300)
    assert not confirms(9_300, 310, 300)


def test_clocks():
    """Two days off is nonsense, an hour is not."""
    arrived = datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp()
    assert (
        judge_time(datetime(2026, 3, 1, 11, tzinfo=UTC), arrived).verdict
        is Verdict.BELIEVE
    )
    assert (
        judge_time(datetime(2000, 1, 1, tzinfo=UTC), arrived).verdict
        is Verdict.WITHHOLD
    )
    for clock in (datetime(2000, 1, 1), datetime.min, datetime.max):
        assert judge_time(clock, arrived).verdict is Verdict.WITHHOLD


@given(
    st.integers(0, 10**9), st.integers(0, 10**9), st.floats(0.1, 10**6), st.booleans()
)
def test_believed_counters_never_fall(number, before, seconds, weak):
    """Whatever is believed is at least what was believed."""
    found = verdict(IMPORT, number, Earlier(before, seconds), Surroundings(weak=weak))
    assert found is not Verdict.BELIEVE or number >= before
