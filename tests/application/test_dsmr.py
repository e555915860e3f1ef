"""P1 telegrams: captures of many countries, and what each of them taught."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

from hypothesis import given, strategies as st
import pytest

from customer_interface.application.dsmr import read
from customer_interface.link.base import Found
from customer_interface.link.p1 import P1Link
from customer_interface.obis import ObisCode
from customer_interface.reading import Fault, FaultKind, Frame, LogEntry, Reading, Value
from tests.captures import cases
from tests.link.vectors import P1

SUMMER, WINTER = timezone(timedelta(hours=2)), timezone(timedelta(hours=1))
PLAIN = {
    "kWh": ("Wh", 1000),
    "Wh": ("Wh", 1),
    "kW": ("W", 1000),
    "W": ("W", 1),
    "kvarh": ("varh", 1000),
    "varh": ("varh", 1),
    "kvar": ("var", 1000),
    "var": ("var", 1),
    "GJ": ("J", 10**9),
    "m3": ("m³", 1),
    "V": ("V", 1),
    "A": ("A", 1),
    "Hz": ("Hz", 1),
    "s": ("s", 1),
}


def telegram(*lines: str) -> bytes:
    """Make a telegram without checksum."""
    return "\r\n".join(("/ABC5 test", "", *lines, "!")).encode("latin-1")


def readings(text: bytes) -> list[Reading]:
    """Return the readings; there must be no fault."""
    results = read(text)
    assert all(isinstance(result, Reading) for result in results)
    return [result for result in results if isinstance(result, Reading)]


def value(*lines: str, code: str = "") -> Value:
    """Return the value of a line."""
    found = {}
    for reading in readings(telegram(*lines)):
        found |= reading.values
    return found[ObisCode.parse(code or lines[0].partition("(")[0])]


def test_austrian_text() -> None:
    """Watt-hours without decimals, the meter's time, and nothing else that is not printed."""
    (reading,) = readings(P1)
    assert reading.time == datetime(2026, 2, 4, 15, 30, tzinfo=WINTER)
    assert reading.meter.number is None
    assert reading.meter.manufacturer == "EST"
    assert {str(code): value.value for code, value in reading.values.items()} == {
        "1-3:0.2.8": 50,
        "0-0:1.0.0": reading.time,
        "1-0:1.8.0": 6545766,
        "1-0:1.7.0": 286,
        "1-0:2.7.0": 0,
    }
    assert reading.values[ObisCode.parse("1-0:1.8.0")].unit == "Wh"


def _numbers_of(value: Value) -> list[tuple[Any, str | None]]:
    if value.log is not None:
        return [(entry.value, entry.unit) for entry in value.log]
    return [(value.value, value.unit)]


@pytest.mark.parametrize("capture", cases("p1"))
def test_captures(capture: dict[str, Any]) -> None:
    """Every number printed with a unit comes out in the plain unit, exactly, under its code."""
    look = P1Link().look(bytes.fromhex(capture["hex"]), 0)
    assert isinstance(look, Found)
    assert isinstance(look.item, Frame)
    assert look.item.check_bits == (16 if capture["crc_ok"] else 0)
    values: dict[ObisCode, Value] = {}
    for reading in readings(look.item.payload):
        values |= reading.values
    for text, groups in capture["lines"]:
        printed = [
            (round(Decimal(str(number)) * PLAIN[unit][1], 7), PLAIN[unit][0])
            for number, unit in groups
            if unit in PLAIN
        ]
        code = ObisCode.parse(text)
        if printed:
            assert _numbers_of(values[code]) == printed, text
        elif len(groups) == 1 and values.get(code, Value(None)).value is not None:
            _same_without_unit(values[code], groups[0][0])


def _same_without_unit(value: Value, printed: Any) -> None:
    """Identifiers and messages are decoded, so only numbers can be compared."""
    if isinstance(value.value, int | Decimal):
        assert value.value == Decimal(str(printed))


def test_gas_of_dsmr_5() -> None:
    """A device behind the meter has a reading of its own, with its number, kind and time."""
    meter, gas = readings(
        telegram(
            "0-0:96.1.1(4B384547303034303436333935353037)",
            "1-0:1.8.1(000004.426*kWh)",
            "0-1:24.1.0(003)",
            "0-1:96.1.0(3232323241424344313233343536373839)",
            "0-1:24.2.1(170102161005W)(00000.107*m3)",
        )
    )
    assert (meter.meter.number, meter.meter.medium) == (
        "K8EG004046395507",
        "electricity",
    )
    assert meter.meter.channel == 0
    assert list(map(str, meter.values)) == ["0-0:96.1.1", "1-0:1.8.1"]
    assert (gas.meter.number, gas.meter.medium, gas.meter.channel) == (
        "2222ABCD123456789",
        "gas",
        1,
    )
    at = datetime(2017, 1, 2, 16, 10, 5, tzinfo=WINTER)
    assert gas.time == at
    assert gas.values[ObisCode.parse("0-1:24.2.1")] == Value(Decimal("0.107"), "m³", at)


def test_gas_of_dsmr_3() -> None:
    """A profile whose value stands on the next line gives the value of the captured code."""
    gas = readings(
        telegram(
            "1-0:1.8.1(00001.001*kWh)",
            "0-1:24.3.0(161107190000)(00)(60)(1)(0-1:24.2.1)(m3)",
            "(00001.001)",
            "0-1:24.4.0(1)",
        )
    )[1]
    at = datetime(2016, 11, 7, 19)
    assert gas.values[ObisCode.parse("0-1:24.2.1")] == Value(Decimal("1.001"), "m³", at)
    assert gas.values[ObisCode.parse("0-1:24.3.0")].log == (
        LogEntry(at, Decimal("1.001"), "m³"),
    )


def test_profile_of_several_periods() -> None:
    """Each row of values is one period later."""
    profile = value(
        "0-1:24.3.0(161107190000)(00)(60)(2)(0-1:24.2.1)(m3)(0-1:24.2.2)(GJ)(1)(2)(3)(4)"
    )
    assert profile.log is not None
    assert [
        (entry.time and entry.time.hour, entry.value, entry.unit)
        for entry in profile.log
    ] == [
        (19, 1, "m³"),
        (19, 2 * 10**9, "J"),
        (20, 3, "m³"),
        (20, 4 * 10**9, "J"),
    ]


@pytest.mark.parametrize(
    ("line", "expected", "unit"),
    [
        ("1-0:1.8.0(00001.234*kWh)", 1234, "Wh"),
        ("1-0:1.8.0(00001.2345*kWh)", Decimal("1234.5"), "Wh"),
        ("1-0:1.8.0(000441879*Wh)", 441879, "Wh"),
        ("1-0:1.8.0(1,5*kWh)", 1500, "Wh"),
        ("1-0:3.8.0(00000044.813*kVArh)", 44813, "varh"),
        ("1-0:1.7.0(00.123kW)", 123, "W"),
        ("1-0:1.7.0(00.123 kW)", 123, "W"),
        ("1-0:1.7.0( 00.123 * kW )", 123, "W"),
        ("1-0:1.7.0(*kW)", None, None),
        ("1-0:16.7.0(-03.618*kW)", -3618, "W"),
        ("1-0:1.7.0(00.123*kW) trailing", 123, "W"),
        ("1-0:1.8.0*255(00052185.7825309*kWh)", Decimal("52185782.5309"), "Wh"),
        ("1-0:13.7.0(4.556)", Decimal("4.556"), None),
        ("1-0:13.7.0(00987)", Decimal("0.987"), None),
        ("1-0:73.7.0(01000)", 1, None),
        ("1-0:33.7.0(1)", 1, None),
        ("1-0:32.7.0(0000.236*kV)", 236, "V"),
        ("1-0:51.7.0(0000.007*kA)", 7, "A"),
        ("1-0:14.7.0(0000.049*kHz)", 49, "Hz"),
        ("0-1:24.2.3(000070.0*degC)", 70, "°C"),
        ("0-0:96.14.0(0002)", 2, None),
        ("1-0:31.7.0(000.48*A)", Decimal("0.48"), "A"),
        ("1-0:14.7.0(50.00*Hz)", 50, "Hz"),
        ("1-0:99.9.9(12*furlongs)", 12, "furlongs"),
        ("1-0:1.7.0(00.A23*kW)", "00.A23*kW", None),
        ("1-0:0.2.0((ER11))", "ER11", None),
        ("0-0:17.0.0(016*A)", 16, "A"),
        ("0-0:96.13.0()", "", None),
        ("0-0:96.13.0(303132333435363738)", "012345678", None),
        ("0-0:96.13.0(4772C3BCC39F65)", "Grüße", None),
        ("0-0:96.13.0(3)", "3", None),
        ("0-0:96.13.1(FFFE)", "FFFE", None),
        ("0-0:96.13.0(2020)", "", None),
        ("0-0:96.1.1()", None, None),
        ("0-0:96.1.2(20202020)", None, None),
        ("0-0:96.1.1(000000000000)", "000000000000", None),
        ("0-0:96.1.1(ADC3100000158491)", "ADC3100000158491", None),
        (
            "0-0:96.1.1(3960221976967177082151037881335713)",
            "3960221976967177082151037881335713",
            None,
        ),
        ("0-0:96.1.1(3153414733313030303231363035)", "1SAG3100021605", None),
        ("0-0:96.1.0(96815390)", "96815390", None),
        ("0-0:96.1.0(4D413330394D)", "MA309M", None),
        ("0-0:1.0.0(632525252525W)", None, None),
        ("1-0:0.9.1(222553)", time(22, 25, 53), None),
        ("1-0:0.9.2(251002)", date(2025, 10, 2), None),
        ("1-0:0.9.2(251302)", None, None),
        ("1-0:0.9.1(22:25:53)", time(22, 25, 53), None),
        ("1-0:0.9.2(25-10-02)", date(2025, 10, 2), None),
        ("1-0:0.9.2(25-1002)", None, None),
    ],
)
def test_values(line: str, expected: object, unit: str | None) -> None:
    """Numbers in plain units and exact, texts as characters, what is empty as nothing."""
    assert value(line) == Value(expected, unit)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("200426223325S", datetime(2020, 4, 26, 22, 33, 25, tzinfo=SUMMER)),
        ("161113205757W", datetime(2016, 11, 13, 20, 57, 57, tzinfo=WINTER)),
        ("161113205757", datetime(2016, 11, 13, 20, 57, 57)),
        ("20240111 09:35:00", datetime(2024, 1, 11, 9, 35)),
        ("20240111093500", datetime(2024, 1, 11, 9, 35)),
        ("700101010000W", datetime(1970, 1, 1, 1, tzinfo=WINTER)),
    ],
)
def test_clock(printed: str, expected: datetime) -> None:
    """The meter's time, aware where the season is printed."""
    (reading,) = readings(telegram(f"0-0:1.0.0({printed})"))
    assert reading.time == expected
    assert reading.time.tzinfo == expected.tzinfo


@pytest.mark.parametrize(
    "group",
    [
        "(632525252525S)(00000.000)",
        "(632525252525S)(00000.000*m3)",
        "(700101010000W)(00000000)",
    ],
)
def test_gas_that_was_not_heard_yet(group: str) -> None:
    """A zero without unit or time is no gas: it would be a fall to nothing, and the whole of the gas at the next telegram."""
    (gas,) = readings(telegram("0-1:24.1.0(003)", "0-1:96.1.0()", f"0-1:24.2.1{group}"))
    assert gas.values[ObisCode(0, 1, 24, 2, 1)] == Value(None)
    assert gas.time is None
    real = value("0-1:24.2.1(200426223325S)(00000.000*m3)")
    assert (real.value, real.unit) == (0, "m³")


def test_times_of_elsewhere() -> None:
    """Where winter time is UTC every time of a telegram is; what the clock shows stays, and so do numbers."""
    lines = (
        "0-0:1.0.0(200426223325S)",
        "1-0:1.8.1(000001.000*kWh)",
        "0-0:96.10.9(200101000000W)",
        "1-0:1.6.0(200509134558S)(02.589*kW)",
        "1-0:99.97.0(1)(0-0:96.7.19)(000104180320W)(0000237126*s)",
        "0-0:96.1.1(1234)",
    )
    (irish,) = read(telegram(*lines), timedelta(0))
    assert isinstance(irish, Reading)
    assert irish.time == datetime(2020, 4, 26, 22, 33, 25, tzinfo=WINTER)
    values = {str(code): value for code, value in irish.values.items()}
    assert values["0-0:1.0.0"].value == irish.time
    assert values["0-0:96.10.9"].value == datetime(2020, 1, 1, tzinfo=UTC)
    assert values["1-0:1.6.0"].time == datetime(2020, 5, 9, 13, 45, 58, tzinfo=WINTER)
    log = values["1-0:99.97.0"].log
    assert log == (LogEntry(datetime(2000, 1, 4, 18, 3, 20, tzinfo=UTC), 237126, "s"),)
    assert (values["1-0:1.8.1"].value, values["0-0:96.1.1"].value) == (1000, "1234")
    (dutch,) = readings(telegram(*lines))
    assert irish.time - dutch.time == timedelta(hours=1)


def test_clock_in_two_lines() -> None:
    """Older meters print date and time of day apart."""
    (reading,) = readings(telegram("1-0:0.9.1(222553)", "1-0:0.9.2(251002)"))
    assert reading.time == datetime(2025, 10, 2, 22, 25, 53)


def test_time_without_a_year_of_its_own_is_no_power() -> None:
    """A time ends with W as a power might."""
    assert value("0-0:96.10.9(161113205757W)").value == datetime(
        2016, 11, 13, 20, 57, 57, tzinfo=WINTER
    )


def test_power_failure_log() -> None:
    """Time of the end and duration of each; DSMR 4 misprints the code."""
    expected = (
        LogEntry(datetime(2000, 1, 4, 18, 3, 20, tzinfo=WINTER), 237126, "s"),
        LogEntry(datetime(2000, 1, 1, 0, 0, 1, tzinfo=WINTER), 2147483647, "s"),
    )
    content = (
        "(2)({}0-0:96.7.19)(000104180320W)(0000237126*s)(000101000001W)(2147483647*s)"
    )
    for line in (
        "1-0:99.97.0" + content.format(""),
        "1-0:99:97.0" + content.format("").replace("0-0:96", "0:96"),
    ):
        assert value(line, code="1-0:99.97.0").log == expected
    for empty in ("(0)(0-0:96.7.19)", "()", "(0)()", "(1)()()()", "(0)(garbage)"):
        assert value("1-0:99.97.0" + empty).log == ()


def test_peaks() -> None:
    """The moment of each month's peak; one that never came has no time."""
    assert value(
        "0-0:98.1.0(2)(1-0:1.6.0)(1-0:1.6.0)(230801000000S)(632525252525W)(00.000*kW)"
        "(230901000000S)(230831181500S)(01.862*kW)"
    ).log == (
        LogEntry(None, 0, "W"),
        LogEntry(datetime(2023, 8, 31, 18, 15, tzinfo=SUMMER), 1862, "W"),
    )
    assert value("1-0:1.6.0(200509134558S)(02.589*kW)") == Value(
        2589, "W", datetime(2020, 5, 9, 13, 45, 58, tzinfo=SUMMER)
    )
    assert value("1-0:1.6.0(02.589*kW)(200509134558S)").value == 2589


def test_billing_history() -> None:
    """Hungary prints the values of a month behind its time."""
    log = value(
        "0-0:98.1.0(230701000000S)(000040.777*kWh)(000000.030*kvarh)(03.564*kW)"
    ).log
    assert log is not None
    assert [(entry.value, entry.unit) for entry in log] == [
        (40777, "Wh"),
        (30, "varh"),
        (3564, "W"),
    ]
    assert {entry.time for entry in log} == {datetime(2023, 7, 1, tzinfo=SUMMER)}


def test_soft_line_breaks() -> None:
    """Long lines go on in the next, between brackets and inside them."""
    assert value("0-0:96.13.0(3031", "3233)", code="0-0:96.13.0").value == "0123"
    log = value(
        "0-0:98.1.0(1)(1-0:1.6.0)(1-0:1.6.0)",
        "(230901000000S)(2308311815",
        "00S)(01.862*kW)",
        code="0-0:98.1.0",
    ).log
    assert log == (LogEntry(datetime(2023, 8, 31, 18, 15, tzinfo=SUMMER), 1862, "W"),)


def test_lines_that_are_none() -> None:
    """Damaged lines give nothing, and nothing to the line before them."""
    (reading,) = readings(
        telegram(
            "1-0:1.7.0(00.123*kW)",
            "1-0:2.7.0",
            "rubbish",
            "1-0:4:24.7.0(1*kW)",
            "1-0:999.7.0(1*kW)",
            "1-0:1.8.0(1*kWh)",
        )
    )
    assert {str(code): value.value for code, value in reading.values.items()} == {
        "1-0:1.7.0": 123,
        "1-0:1.8.0": 1000,
    }


def test_unclosed_bracket_takes_no_other_line() -> None:
    """The next line that has a code is a line of its own."""
    (reading,) = readings(telegram("1-0:1.7.0(00.123*kW", "1-0:2.7.0(00.456*kW)"))
    assert [value.value for value in reading.values.values()] == [456]


def test_printed_twice() -> None:
    """The first that says something counts."""
    assert value("0-0:17.0.0()", "0-0:17.0.0(5)", "0-0:17.0.0(7)").value == 5


def test_newest_of_several() -> None:
    """A day of gas, one line an hour in any order, as the ACE4000 prints it: the last hour counts."""
    newest = value(
        "7-0:23.1.0*255(01240.560*m3)(19-01-01 12:00:00)",
        "7-0:23.1.0*255(01240.690*m3)(19-01-01 13:00:00)",
        "7-0:23.1.0*255(01237.560*m3)(18-12-31 14:00:00)",
        code="7-0:23.1.0",
    )
    assert newest == Value(Decimal("1240.69"), "m³", datetime(2019, 1, 1, 13))
    twice = ("0-1:24.2.1(190101130000W)(2*m3)", "0-1:24.2.1(190101130000W)(1*m3)")
    assert value(*twice, code="0-1:24.2.1").value == 2


@pytest.mark.parametrize(
    ("lines", "number"),
    [
        (("0-0:96.1.1(4D413330394D)", "0-0:96.1.0(3330303537373735)"), "30057775"),
        (
            (
                "0-0:96.1.1(00000000000000)",
                "0-0:42.0.0(53414733303832323030303032313630)",
            ),
            "SAG3082200002160",
        ),
        (
            ("1-0:0.0.0*255(1336001560)", "0-0:96.1.255*255(1ESY1336001560)"),
            "1ESY1336001560",
        ),
        (("1-0:1.8.0(1*kWh)",), None),
    ],
)
def test_meter_number(lines: tuple[str, ...], number: str | None) -> None:
    """The serial number goes before type and address, zeros are none."""
    assert readings(telegram(*lines))[0].meter.number == number


def test_device_without_anything() -> None:
    """An empty place for a device is no device."""
    assert len(readings(telegram("1-0:1.8.0(1*kWh)", "0-1:96.1.1()"))) == 1


@pytest.mark.parametrize(
    ("kind", "medium"),
    [
        ("003", "gas"),
        ("004", "heat"),
        ("007", "water"),
        ("002", "electricity"),
        ("012", "heat"),
        ("099", None),
    ],
)
def test_media(kind: str, medium: str | None) -> None:
    """The device type says what a device measures."""
    (reading,) = readings(telegram(f"0-4:24.1.0({kind})"))
    assert (reading.meter.medium, reading.meter.channel) == (medium, 4)


def test_text_without_identification() -> None:
    """Poland ciphers the lines without the first."""
    (reading,) = readings(
        b"0-0:96.1.0(3330303537373735)\r\n1-0:1.8.0(000336.420*kWh)\r\n"
    )
    assert reading.meter.number == "30057775"
    assert reading.meter.manufacturer is None


@pytest.mark.parametrize(
    "text", [b"", b"/ABC5\r\n\r\n!", b"\xff\x00", b"/ABC5\r\nrubbish\r\n!"]
)
def test_nothing_to_read(text: bytes) -> None:
    """A telegram without values is a fault."""
    (fault,) = read(text)
    assert isinstance(fault, Fault)
    assert fault.kind is FaultKind.LAYOUT


LINES = st.lists(
    st.builds(
        "{}({})".format,
        st.sampled_from(
            [
                "1-0:1.8.0",
                "0-1:24.3.0",
                "0-0:98.1.0",
                "1-0:99.97.0",
                "0-1:96.1.0",
                "0-0:1.0.0",
                "0-0:96.13.0",
                "",
            ]
        ),
        st.lists(
            st.sampled_from(
                ["1", "0-1:24.2.1", "m3", "200426223325S", "1*kWh", "", "99", "xx"]
            ),
            max_size=9,
        ).map(")(".join),
    )
)


@given(st.binary() | LINES.map(lambda lines: telegram(*lines)))
def test_anything(text: bytes) -> None:
    """Nothing raises, something always comes out, and elsewhere the same but for the offsets of its times."""
    here, elsewhere = read(text), read(text, timedelta(0))
    assert here
    assert [_naive(result) for result in here] == [_naive(r) for r in elsewhere]


def _naive(result: Reading | Fault) -> object:
    """Return values and times as printed, without offset."""
    if isinstance(result, Fault):
        return result
    return [
        (
            code,
            *map(_shown, (value.value, value.time)),
            [(_shown(entry.time), entry.value) for entry in value.log or ()],
        )
        for code, value in result.values.items()
    ]


def _shown(value: Any) -> Any:
    return value.replace(tzinfo=None) if isinstance(value, datetime) else value
