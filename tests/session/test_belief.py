"""Frame counters, repeated telegrams, withheld values and learned intervals."""

from copy import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from operator import add
from unittest.mock import patch

from hypothesis import example, given, strategies as st
import pytest

from customer_interface.keys import Key, KeyRing
from customer_interface.obis import CLOCK, ObisCode
from customer_interface.plausibility import Limits
from customer_interface.reading import (
    Fault,
    FaultKind,
    LogEntry,
    MeterIdentity,
    Protection,
    Reading,
    Record,
    Value,
)
from customer_interface.session.base import SessionState
from customer_interface.session.belief import Belief

IMPORT, POWER = ObisCode.parse("1-0:1.8.0"), ObisCode.parse("1-0:1.7.0")
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
AT = START.timestamp()
RING = KeyRing((Key(b"0123456789ABCDEF"),))


def telegram(n, energy=None, power=300, **changes):
    """Return the n-th telegram of a meter that pushes every five seconds."""
    values = {
        IMPORT: Value(1_000 + n // 2 if energy is None else energy, "Wh"),
        POWER: Value(power, "W"),
    }
    reading = Reading(
        MeterIdentity(number="123"),
        START + timedelta(seconds=5 * n),
        values,
        counter=100 + n,
        key_index=0,
        encrypted=True,
        check_bits=16,
    )
    return replace(reading, **changes)


def judge(belief, n, **changes):
    """Judge the n-th telegram at its time."""
    return belief.judge(telegram(n, **changes), AT + 5 * n)


def new(state=SessionState()):
    """Return a belief with usual limits."""
    return Belief(state, Limits(), RING)


def test_readings_pass():
    """What is in order passes whole."""
    belief = new()
    for n in range(5):
        (reading,) = judge(belief, n)
        assert reading == telegram(n)


def test_a_repeated_telegram_is_one():
    """The same telegram again says nothing new."""
    belief = new()
    judge(belief, 0)
    assert judge(belief, 0) == ()


def test_replay_is_refused():
    """An old telegram, and a new one under an old counter, are replays."""
    belief = new()
    judge(belief, 0)
    judge(belief, 1)
    (fault,) = judge(belief, 0)
    assert fault.kind is FaultKind.REPLAY
    (fault,) = judge(belief, 2, counter=101, time=START)
    assert fault.kind is FaultKind.REPLAY


def test_replay_is_refused_after_a_restart():
    """The last counter outlives the session."""
    belief = new()
    judge(belief, 3)
    (fault,) = judge(new(belief.state), 2)
    assert fault.kind is FaultKind.REPLAY


def test_a_restarted_counter_with_a_later_clock_is_believed():
    """A meter that lost its counter goes on in time; a replay does not."""
    belief = new()
    judge(belief, 3)
    (reading,) = judge(belief, 4, counter=1)
    assert isinstance(reading, Reading)
    assert isinstance(judge(belief, 5, counter=2)[0], Reading)


def test_a_restarted_counter_without_clock_needs_ten_in_order():
    """Without a clock only persistence tells."""
    belief = new()
    judge(belief, 0, time=None, counter=500)
    kinds = [
        isinstance(judge(belief, n, time=None, counter=n)[0], Reading)
        for n in range(1, 13)
    ]
    assert kinds == [False] * 9 + [True] * 3


def test_a_new_key_starts_a_new_counter():
    """Counters belong to a key: another key may begin at zero."""
    belief = Belief(SessionState(), Limits(), KeyRing((Key(b"a" * 16), Key(b"b" * 16))))
    judge(belief, 3)
    (reading,) = judge(belief, 4, counter=0, key_index=1, time=None)
    assert isinstance(reading, Reading)


def test_a_falling_counter_is_withheld_alone():
    """The other values of the telegram are shown."""
    belief = new()
    judge(belief, 0)
    reading, fault = judge(belief, 1, energy=0)
    assert set(reading.values) == {POWER}
    assert fault.kind is FaultKind.IMPLAUSIBLE
    assert "1-0:1.8.0" in fault.detail
    (reading,) = judge(belief, 2)
    assert reading.values[IMPORT].value == 1_001


def test_falling_is_noticed_across_a_restart():
    """The last believed number outlives the session."""
    belief = new()
    judge(belief, 0)
    reading, _ = judge(new(belief.state), 1, energy=999)
    assert IMPORT not in reading.values


def test_a_sudden_power_under_a_weak_check_needs_the_next_telegram():
    """A spike never shows; a kettle shows one telegram later."""
    belief = new()
    for n in range(2):
        judge(belief, n, check_bits=8)
    reading, fault = judge(belief, 2, check_bits=8, power=60_000)
    assert POWER not in reading.values
    assert isinstance(fault, Fault)
    (reading,) = judge(belief, 3, check_bits=8)
    assert reading.values[POWER].value == 300
    judge(belief, 4, check_bits=8, power=9_000)
    (reading,) = judge(belief, 5, check_bits=8, power=9_100)
    assert reading.values[POWER].value == 9_100


def test_another_meter_number_under_a_weak_check_must_come_twice():
    """One flipped bit in a number makes no second device."""
    belief = new()
    judge(belief, 0, check_bits=8)
    stranger = MeterIdentity(number="124")
    (fault,) = judge(belief, 1, check_bits=8, meter=stranger)
    assert fault.kind is FaultKind.IMPLAUSIBLE
    assert isinstance(judge(belief, 2, check_bits=8, meter=stranger)[0], Reading)


GAS = ObisCode.parse("0-1:24.2.1")
TARIFF = ObisCode.parse("0-0:96.14.0")


def unchecked(values, number="123", channel=0):
    """Return a reading of a P1 meter that sends no checksum."""
    return Reading(MeterIdentity(number=number, channel=channel), values=values)


def gas(cubic_metres, number="G1", hour=12):
    """Return what a gas meter behind such a meter said last."""
    clock = START.replace(hour=hour)
    value = Value(cubic_metres, "m³" if not isinstance(cubic_metres, str) else None)
    return replace(unchecked({GAS: value}, number, 1), time=clock)


def test_the_first_meter_behind_a_meter_is_believed_and_another_number_doubted():
    """Where nothing checks the telegram a number that changed must come twice, also on a channel behind the meter."""
    belief = new()
    belief.judge(unchecked({POWER: Value(300, "W")}), AT)
    assert isinstance(belief.judge(gas(1), AT)[0], Reading)
    (fault,) = belief.judge(gas(1, "G7"), AT + 10)
    assert fault.kind is FaultKind.IMPLAUSIBLE
    assert isinstance(belief.judge(gas(1, "G7"), AT + 20)[0], Reading)


def test_a_number_that_is_missing_makes_no_second_meter():
    """Without its number a telegram that nothing checks is a damaged one, however often it comes."""
    belief = new()
    belief.judge(unchecked({POWER: Value(300, "W")}), AT)
    for n in range(1, 4):
        (fault,) = belief.judge(unchecked({POWER: Value(9, "W")}, None), AT + 10 * n)
        assert fault.kind is FaultKind.IMPLAUSIBLE


def test_no_number_on_a_channel_is_believed_only_where_none_was_told():
    """A device behind the meter may have none; where it had one, the telegram is damaged."""
    belief = new()
    belief.judge(unchecked({POWER: Value(300, "W")}), AT)
    assert isinstance(belief.judge(gas(1, None), AT)[0], Fault)
    assert isinstance(belief.judge(gas(1, None), AT + 10)[0], Reading)
    belief = new()
    belief.judge(unchecked({POWER: Value(300, "W")}), AT)
    belief.judge(gas(1), AT)
    for n in range(1, 4):
        assert isinstance(belief.judge(gas(1, None), AT + 10 * n)[0], Fault)


def test_a_slightly_wrong_counter_under_a_weak_check_does_not_stay():
    """What damage made two Wh too high is corrected by two telegrams; a counter that fell far is not believed."""
    for fallen, shown in ((1_000, True), (0, False)):
        belief = new()
        judge(belief, 0, check_bits=8, energy=60_000 if fallen == 0 else 1_002)
        assert IMPORT not in judge(belief, 1, check_bits=8, energy=fallen)[0].values
        reading, *_ = judge(belief, 2, check_bits=8, energy=fallen)
        assert (IMPORT in reading.values) is shown


def test_a_counter_behind_the_meter_is_no_text_and_does_not_jump():
    """A damaged digit never shows; what a great boiler burnt in an hour shows one telegram later."""
    belief = new()
    belief.judge(gas(Decimal("4966.491")), AT)
    for damaged in ("04s66.491*m3", Decimal("9966.491")):
        reading, *_ = belief.judge(gas(damaged), AT + 10)
        assert not reading.values
    burnt = gas(Decimal("4967.912"), hour=13)
    assert not belief.judge(burnt, AT + 20)[0].values
    (reading,) = belief.judge(burnt, AT + 30)
    assert reading.values == burnt.values
    assert belief.judge(burnt, AT + 40) == ()


def test_a_counter_at_zero_does_not_jump():
    """Zero has no last digit that would tell a counter's step."""
    belief = new()
    judge(belief, 0, energy=0, check_bits=8)
    reading, *_ = judge(belief, 1, energy=10_000, check_bits=8)
    assert IMPORT not in reading.values


def test_a_state_and_a_log_that_changed_under_a_weak_check_must_come_twice():
    """They do not change often, and no other value tells what they should be."""
    before, after = ((LogEntry(START, number, "s"),) for number in (3, 4))
    for code, old, changed in (
        (TARIFF, Value(1), Value(2)),
        (
            ObisCode.parse("1-0:99.97.0"),
            Value(None, log=before),
            Value(None, log=after),
        ),
    ):
        for bits, shown in ((0, False), (16, True)):
            belief = new()
            belief.judge(replace(unchecked({code: old}), check_bits=bits), AT)
            told = replace(unchecked({code: changed}), check_bits=bits)
            assert bool(belief.judge(told, AT + 10)[0].values) is shown
            assert belief.judge(told, AT + 20)[0].values == {code: changed}


def test_records_of_other_kinds_under_a_weak_check_must_come_twice():
    """A sum of 8 bits lets some damage pass, which makes other records of a telegram: nobody sees them."""
    volume, flow = (Record(word, 1, "m³") for word in ("volume", "volume_flow"))

    def records(n, *rows, bits=8):
        return judge(new_belief, n, records=rows, check_bits=bits, counter=None)[0]

    new_belief = new()
    assert isinstance(records(0, volume), Reading)
    assert records(1, volume, flow).kind is FaultKind.IMPLAUSIBLE
    assert isinstance(records(2, volume._replace(value=2)), Reading)
    assert isinstance(records(3, volume, flow), Reading)
    assert isinstance(records(4, flow, bits=16), Reading)


def test_a_telegram_that_lost_its_checksum_is_refused():
    """A meter whose telegrams have a checksum sends none without; one whose tag is verified may."""
    belief = new()
    judge(belief, 0)
    (fault,) = judge(belief, 1, check_bits=0)
    assert fault.kind is FaultKind.CHECKSUM
    assert isinstance(judge(belief, 2, check_bits=0, authenticated=True)[0], Reading)
    assert isinstance(judge(new(), 0, check_bits=0)[0], Reading)


def test_intervals_are_learned_per_code():
    """A value that comes with every second telegram has twice the interval."""
    belief = new()
    for n in range(12):
        reading = telegram(n)
        if n % 2:
            reading = replace(reading, values={POWER: reading.values[POWER]})
        belief.judge(reading, AT + 5 * n)
    assert belief.state.intervals == {"123|1-0:1.8.0": 10.0, "123|1-0:1.7.0": 5.0}
    assert belief.interval() == 5.0


def test_nonsense_clock_is_withheld():
    """A clock in another year is not shown, the values are."""
    belief = new()
    reading, fault = judge(belief, 0, time=START - timedelta(days=400))
    assert reading.time is None
    assert fault.kind is FaultKind.IMPLAUSIBLE
    assert set(reading.values) == {IMPORT, POWER}


def timed(n, clock, ahead=0, **changes):
    """Return the n-th telegram with a weak check, its clock so many seconds ahead, and this value of a clock."""
    time = START + timedelta(seconds=5 * n + ahead)
    values = {**telegram(n).values, CLOCK: Value(clock)}
    return telegram(n, values=values, time=time, check_bits=8, **changes)


def shown(belief, reading, n):
    """Return what time is shown of a telegram, and what value of its clock."""
    judged, *faults = belief.judge(reading, AT + 5 * n)
    assert {IMPORT, POWER} <= judged.values.keys()
    assert {fault.code for fault in faults} <= {CLOCK}
    return judged.time, judged.values.get(CLOCK, Value("withheld")).value


def test_under_a_weak_check_another_clock_value_must_come_twice():
    """One that is not the telegram's own time and does not go on waits for the next; what goes on is shown."""
    belief = new()
    for n, ahead, value in (
        (0, 0, 0),
        (1, 2_000, "withheld"),
        (2, 0, 10),
        (3, 2_000, "withheld"),
        (4, 2_000, 2_020),
        (5, 2_000, 2_025),
    ):
        clock = START + timedelta(seconds=5 * n + ahead)
        expected = value if isinstance(value, str) else START + timedelta(seconds=value)
        _, said = shown(belief, timed(n, clock), n)
        assert said == expected, n


def test_under_a_weak_check_a_value_that_is_none_any_more_must_be_so_twice():
    """A clock that cannot be one any more is damage, until it comes again."""
    belief = new()
    assert shown(belief, timed(0, START), 0) == (START, START)
    assert shown(belief, timed(1, None), 1)[1] == "withheld"
    assert shown(belief, timed(2, None), 2)[1] is None


def test_under_a_weak_check_a_time_that_jumps_must_come_twice():
    """It is not shown the first time; the clock that was set is shown from the second on."""
    belief = new()
    moments = [START + timedelta(seconds=5 * n) for n in range(6)]
    assert shown(belief, timed(0, moments[0]), 0)[0] == moments[0]
    assert shown(belief, timed(1, moments[1], ahead=600), 1)[0] is None
    assert shown(belief, timed(2, moments[2]), 2)[0] == moments[2]
    assert shown(belief, timed(3, moments[3], ahead=-3_600), 3)[0] is None
    for n in (4, 5):
        set_back = moments[n] - timedelta(hours=1)
        reading = timed(n, set_back, ahead=-3_600)
        assert shown(belief, reading, n)[0] == set_back


def test_a_weak_clock_that_stands_for_a_day_is_shown():
    """Some tell the day only: it stands, and at midnight it comes twice."""
    belief = new()
    days = [START.replace(hour=0), START.replace(hour=0) + timedelta(days=1)]
    for n, (day, told) in enumerate(
        [(0, 0), (0, 0), (1, None), (1, 1), (1, 1)], start=1
    ):
        reading = telegram(n, time=days[day], check_bits=8)
        judged, *_ = belief.judge(reading, AT + 5 * n)
        assert judged.time == (None if told is None else days[told]), n


@pytest.mark.parametrize(
    ("day", "hour", "jump", "is_shown"),
    [
        (29, 1, 1, True),  # summer time begins
        (29, 2, -1, True),
        (29, 14, 1, False),
        (28, 1, 1, False),
        (29, 1, 2, False),
    ],
)
def test_a_weak_clock_without_offset_may_be_set_on_a_sunday_night(
    day, hour, jump, is_shown
):
    """By an hour, as summer time begins and ends; any other jump must come twice."""
    belief = new()
    local = START.replace(tzinfo=None, day=day, hour=hour, minute=59, second=58)
    at = local.timestamp()
    belief.judge(telegram(0, time=local, check_bits=8), at)
    set_clock = local + timedelta(hours=jump, seconds=5)
    judged, *_ = belief.judge(telegram(1, time=set_clock, check_bits=8), at + 5)
    assert judged.time == (set_clock if is_shown else None)


def test_with_a_strong_check_any_time_is_shown_at_once():
    """Where 16 bits check the telegram a clock that was set needs no second telegram."""
    belief = new()
    judge(belief, 0)
    (reading,) = judge(belief, 1, time=START + timedelta(hours=1))
    assert reading.time == START + timedelta(hours=1)


def test_under_a_weak_check_a_number_that_was_never_stored_must_come_twice():
    """The first telegram of a session invents none, either, where the meter was heard in one before."""
    belief = new()
    belief.judge(unchecked({POWER: Value(300, "W")}), AT)
    again = new(belief.state)
    both = unchecked({POWER: Value(300, "W"), IMPORT: Value(0, "Wh")})
    reading, fault = again.judge(both, AT + 20)
    assert (set(reading.values), fault.code) == ({POWER}, IMPORT)
    (reading,) = again.judge(both, AT + 30)
    assert set(reading.values) == {POWER, IMPORT}


def test_memory_is_bounded():
    """Ten thousand meter numbers, each once, leave no more than the bound."""
    belief = new()
    for n in range(3_000):
        belief.judge(telegram(0, meter=MeterIdentity(number=str(n))), AT)
    assert len(belief.memory._meters) <= 1_000


@pytest.mark.parametrize("bits", [8, 16])
def test_telegrams_held_back_arrive_at_once(bits):
    """What a network delivers in a burst is judged by the meter's clock, not by when it arrived."""
    belief = new()
    for n in range(10):
        outputs = belief.judge(
            telegram(n, energy=1_000 + 7 * n, power=5_000, check_bits=bits), AT
        )
        assert [type(output) for output in outputs] == [Reading], n


def test_a_clock_under_a_weak_check_explains_a_minute():
    """A damaged clock lets no counter jump by what a household uses in an hour, and is not shown itself."""
    for bits, faults in ((8, 2), (16, 0)):
        belief = new()
        judge(belief, 0, check_bits=bits)
        _, *withheld = belief.judge(telegram(720, energy=6_000, check_bits=bits), AT)
        assert len(withheld) == faults, bits


def test_a_clock_set_back_explains_nothing():
    """A clock that falls, or is nonsense, leaves the arrival to count."""
    for moved in (timedelta(hours=-1), timedelta(days=300)):
        belief = new()
        judge(belief, 0)
        reading, *_ = belief.judge(
            telegram(1, energy=1_111, time=START + moved), AT + 0.001
        )
        assert IMPORT not in reading.values


@pytest.mark.parametrize("expected", Protection)
@pytest.mark.parametrize("encrypted", [False, True])
@pytest.mark.parametrize("authenticated", [False, True])
def test_what_is_weaker_than_expected_is_withheld(expected, encrypted, authenticated):
    """A telegram is believed where it is protected at least as expected, and leaves no trace where it is not."""
    belief = Belief(SessionState(), Limits(), RING, expected=expected)
    (output,) = judge(belief, 0, encrypted=encrypted, authenticated=authenticated)
    strength = encrypted + (encrypted and authenticated)
    assert isinstance(output, Reading) is (strength >= expected)
    if isinstance(output, Fault):
        assert output.kind is FaultKind.PROTECTION
        assert belief.state == SessionState()


def test_a_counter_of_joules_is_no_wonder():
    """A heat meter that counts joules shows its unit under a weak check, and may count 100 kW in joules, not more."""
    heat = ObisCode.parse("6-0:1.0.0")

    def counted(n, joules):
        return replace(
            telegram(n), values={heat: Value(joules, "J")}, check_bits=8, counter=None
        )

    belief = new()
    at = [AT, AT + 5, AT + 905, AT + 1_805, AT + 2_705]
    assert len(belief.judge(counted(0, 5_000_000_000), at[0])) == 1
    (reading,) = belief.judge(counted(1, 5_000_000_000), at[1])
    assert reading.values[heat] == Value(5_000_000_000, "J")
    (reading,) = belief.judge(counted(181, 5_010_000_000), at[2])
    assert reading.values[heat].value == 5_010_000_000
    reading, fault = belief.judge(counted(361, 9_000_000_000), at[3])
    assert not reading.values
    assert fault.kind is FaultKind.IMPLAUSIBLE
    (reading,) = belief.judge(counted(541, 5_020_000_000), at[4])
    assert reading.values[heat].value == 5_020_000_000


TEMPERATURE, VOLUME = ObisCode.parse("6-0:10.0.0"), ObisCode.parse("6-0:2.0.0")
HEAT_POWER, VOLTAGE = ObisCode.parse("6-0:8.0.0"), ObisCode.parse("1-0:32.7.0")
UNITS = {
    IMPORT: "Wh",
    POWER: "W",
    TEMPERATURE: "°C",
    VOLUME: "m³",
    HEAT_POWER: "W",
    VOLTAGE: "V",
}
# Beside the bounds, and by how much a value is beside such a number: mostly by nothing or little.
BESIDE = st.sampled_from([0, 2, 300, 1_000, -100, 14_500, 100_000])
STEPS = st.sampled_from(
    [Decimal(text) for text in ("0", "0", "0.1", "0.5", "0.9", "-0.1", "-1.1", "40")]
    + [0, 1, -1]
)
NUMBERS = st.builds(add, st.shared(BESIDE, key="beside"), STEPS)
TELLINGS = st.lists(
    st.tuples(
        NUMBERS,
        st.integers(0, 3_600),
        st.sampled_from([0, 8, 16]),
    ),
    min_size=2,
    max_size=8,
)


@given(
    st.sampled_from([Limits(), Limits(14_500.5, 2.5)]),
    st.sampled_from(list(UNITS)),
    TELLINGS,
)
@example(
    Limits(14_500.5),
    POWER,
    [(Decimal("14500.1"), 0, 16), (Decimal("14500.9"), 5, 16)],
)
def test_what_is_believed_at_a_glance_is_believed_at_a_closer_look(
    limits, code, tellings
):
    """Whatever the bounds, numbers, rests between and checks: who looks at each value closely says the same."""
    quick, closely = (Belief(SessionState(), limits, RING) for _ in range(2))
    at = AT
    for number, later, check_bits in tellings:
        at += later
        values = {code: Value(number, UNITS[code])}
        meter = MeterIdentity(number="123")
        reading = Reading(meter, values=values, check_bits=check_bits)
        judged = quick.judge(reading, at)
        with patch(
            "customer_interface.session.belief._unremarkable", return_value=False
        ):
            assert closely.judge(reading, at) == judged
        assert quick.state == closely.state


@given(
    st.lists(
        st.tuples(
            st.sampled_from([(IMPORT,), (IMPORT, POWER), (POWER, IMPORT), (VOLTAGE,)]),
            st.integers(0, 3),
            st.integers(0, 30),
        ),
        min_size=4,
        max_size=30,
    )
)
def test_lists_that_take_turns_are_remembered_as_they_came(tellings):
    """Values that come together, or not, or no more: what was believed of each, and its interval, is the same."""
    quick, closely = new(), new()
    at, number = AT, 0
    for codes, more, later in tellings:
        at, number = at + later, number + more
        reading = Reading(
            MeterIdentity(number="123"),
            values={code: Value(number, UNITS[code]) for code in codes},
            check_bits=16,
        )
        judged = quick.judge(reading, at)
        with patch(
            "customer_interface.session.belief._unremarkable", return_value=False
        ):
            assert closely.judge(reading, at) == judged
        if more:
            assert quick.state == closely.state
    assert quick.state == closely.state
