"""The household behind the simulated meters: believable, repeatable, and its counters never fall."""

from datetime import datetime, timedelta, timezone

import pytest

from customer_interface.simulate.house import RIPPLE, House, central_european

NOON = datetime(2026, 6, 17, 11, tzinfo=timezone(timedelta(0))).timestamp()


@pytest.mark.parametrize(
    ("moment", "hours"),
    [
        ("2026-03-29T00:59:59+00:00", 1),
        ("2026-03-29T01:00:00+00:00", 2),
        ("2026-10-25T00:59:59+00:00", 2),
        ("2026-10-25T01:00:00+00:00", 1),
    ],
)
def test_summer_time_begins_and_ends(moment: str, hours: int) -> None:
    """Summer time begins and ends."""
    at = datetime.fromisoformat(moment).timestamp()
    assert central_european(at).utcoffset() == timedelta(hours=hours)


def test_same_seed_same_house_another_seed_another_house() -> None:
    """Same seed same house another seed another house."""
    assert House(3).at(NOON) == House(3).at(NOON)
    assert House(3).at(NOON) != House(4).at(NOON)


def test_ripple_cancels_out_within_a_minute() -> None:
    """Ripple cancels out within a minute."""
    assert len(RIPPLE) == 60
    assert sum(RIPPLE) == 0


@pytest.mark.parametrize("phases", [1, 3])
def test_counters_never_fall_and_are_the_integral_of_power(phases: int) -> None:
    """Counters never fall and are the integral of power."""
    house = House(2, phases)
    counters = ("1.8.0", "2.8.0", "3.8.0", "4.8.0", "1.8.1", "1.8.2", "21.8.0")
    before = house.at(NOON).milli
    imported = exported = 0
    for second in range(1, 3_601):
        now = house.at(NOON + second).milli
        assert all(now[code] >= before[code] for code in counters)
        imported += before["1.7.0"]
        exported += before["2.7.0"]
        before = now
    first = house.at(NOON).milli
    assert before["1.8.0"] - first["1.8.0"] == pytest.approx(imported / 3600, abs=2)
    assert before["2.8.0"] - first["2.8.0"] == pytest.approx(exported / 3600, abs=2)


def test_counters_go_on_over_the_turn_of_the_week() -> None:
    """Counters go on over the turn of the week."""
    house = House()
    monday = datetime.fromisoformat("2026-11-23T00:00:00+00:00").timestamp()
    counts = [house.at(monday + s).milli["1.8.0"] for s in range(-90, 90)]
    assert counts == sorted(counts)
    assert counts[-1] - counts[0] < 500_000


def test_a_day_is_believable() -> None:
    """A day is believable."""
    milli = [House().at(NOON + 600 * n).milli for n in range(7 * 144)]
    importing, exporting = (
        [m[code] // 1000 for m in milli] for code in ("1.7.0", "2.7.0")
    )
    assert max(importing) < 20_000
    assert 1_000 < max(exporting) < 6_500
    assert not any(i and e for i, e in zip(importing, exporting, strict=True))
    assert all(220_000 < m["32.7.0"] < 240_000 for m in milli)
    assert all(0 <= m["13.7.0"] <= 1000 for m in milli)


def test_a_house_with_one_phase_has_nothing_on_the_others() -> None:
    """A house with one phase has nothing on the others."""
    milli = House(phases=1).at(NOON).milli
    assert milli["32.7.0"] > 0
    assert milli["52.7.0"] == milli["72.7.0"] == milli["51.7.0"] == 0


def test_tariffs_share_the_counter() -> None:
    """Tariffs share the counter."""
    milli = House().at(NOON).milli
    assert milli["1.8.1"] + milli["1.8.2"] == pytest.approx(milli["1.8.0"], abs=2)
    assert min(milli["1.8.1"], milli["1.8.2"]) > 0


def test_the_peak_is_the_highest_quarter() -> None:
    """The peak is the highest quarter."""
    house = House()
    start = NOON - NOON % 86_400
    peak, ended = house.peak(start, start + 86_400)
    assert peak == house.quarter(ended - 900, ended)
    assert peak == max(
        house.quarter(start + 900 * n, start + 900 * (n + 1)) for n in range(96)
    )
