"""Tests of EN 13757-3: records against libmbus' own normalised reading, each data type, damaged and compact frames."""

from copy import replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from hypothesis import given, strategies as st
import pytest

from customer_interface.application.mbus import Content, Formats, read
from customer_interface.application.mbus.compact import WELL_KNOWN
from customer_interface.application.mbus.data_types import date_g, to_date_g
from customer_interface.application.mbus.dif import DATA_LENGTHS
from customer_interface.application.mbus.records import (
    Header,
    parse_header,
    parse_records,
)
from customer_interface.application.mbus.status import conditions
from customer_interface.checksum import crc16_en13757
from customer_interface.keys import KeyRing
from customer_interface.oms import open_message
from customer_interface.reading import (
    Fault,
    FaultKind,
    MeterIdentity,
    Reading,
    Record,
    RecordFunction,
)
from tests.captures import cases
from tests.mbus_telegrams import wired, wired_payload

# libmbus' words in ours; the rest is the same word in lower case with underscores.
QUANTITIES = {
    "Fabrication No": "fabrication_number",
    "H.C.A.": "heat_cost_units",
    "Time point (date)": "date",
    "Time point (date & time)": "datetime",
    "Model / Version": "model_version",
    "%RH": "%RH",
    "C": "C",
    "PW": "PW",
    "cust. ID": "cust. ID",
}
UNITS = {"-": None, "m^3": "m³", "m^3/h": "m³/h", "Units for H.C.A.": None}
FUNCTIONS = {
    "Instantaneous value": RecordFunction.INSTANTANEOUS,
    "Maximum value": RecordFunction.MAXIMUM,
    "Minimum value": RecordFunction.MINIMUM,
    "Value during error state": RecordFunction.ERROR,
}

# Where libmbus' reading is not the standard's, by the bytes of the record, with the reason.
OURS = {
    "426c0000": "day 0 of month 0 is no date: None instead of 2000-00-00",
    "326c0000": "day 0 of month 0 is no date: None instead of 2000-00-00",
    "046da115e917": "bit 7 of the minute says that the time is invalid: None instead of 1900-01-00",
    "04be5071bbb000": "VIFE 50 makes it the duration of a limit exceed in seconds, not 11582321 m³/h",
    "04be58f4020000": "VIFE 58 makes it the duration of a limit exceed in seconds, not 756 m³/h",
    "0c7b02030000": "a reserved VIF: libmbus leaves the record out, we keep the number without a meaning",
}


def _expected(norm: dict[str, Any]) -> tuple[Any, ...]:
    """Return what libmbus says of a record in our words."""
    function, quantity, unit = (
        norm.get(key) for key in ("Function", "Quantity", "Unit")
    )
    if function == "Manufacturer specific":
        quantity, function = "manufacturer_specific", "Instantaneous value"
    if function == "More records follow":
        quantity, function = "more_records_follow", "Instantaneous value"
    word = QUANTITIES.get(
        quantity or "",
        (quantity or "").lower().replace(" ", "_").replace("bat._", "bat. "),
    )
    return (
        word,
        UNITS.get(unit, unit),
        FUNCTIONS[function],
        *(int(norm.get(key) or 0) for key in ("StorageNumber", "Tariff", "Device")),
    )


def _same_value(record: Record, text: str | None) -> bool:
    if isinstance(record.value, int | Decimal):
        return text is not None and abs(record.value - Decimal(text)) <= Decimal("5e-7")
    if isinstance(record.value, date | datetime):
        return text is not None and record.value.isoformat() == text.rstrip("Z")
    return record.value == text


@pytest.mark.parametrize("capture", cases("mbus", valid=True))
def test_reads_like_libmbus(capture: dict[str, Any]) -> None:
    """Every record's quantity, number, unit, storage, tariff, subunit and function is libmbus' own, but for OURS."""
    if "slave" in capture["norm"] and "Manufacturer" not in capture["norm"]["slave"]:
        pytest.skip("the fixed data structure, see test_fixed_structure")
    results = open_message(wired(bytes.fromhex(capture["hex"])), KeyRing(), Formats())
    (reading,) = results
    assert isinstance(reading, Reading)
    norms = capture["norm"]["records"]
    assert len(reading.records) == len(norms)
    for record, norm in zip(reading.records, norms, strict=True):
        if record.raw in OURS:
            continue
        ours = (
            record.quantity,
            record.unit,
            record.function,
            record.storage,
            record.tariff,
            record.subunit,
        )
        assert ours == _expected(norm), record.raw
        if norm.get("Function") != "More records follow":
            assert _same_value(record, norm.get("Value")), (record, norm)


@pytest.mark.parametrize("capture", cases("mbus", valid=None))
def test_broken_frames(capture: dict[str, Any]) -> None:
    """A broken or unusual frame gives a fault, or manufacturer data; never an invented value."""
    results = open_message(wired(bytes.fromhex(capture["hex"])), KeyRing(), Formats())
    readings = [item for item in results if isinstance(item, Reading)]
    faults = [item for item in results if isinstance(item, Fault)]
    records = [record for reading in readings for record in reading.records]
    if capture["id"] == "libmbus-svm_f22_telegram2":
        assert [record.quantity for record in records] == ["more_records_follow"]
        assert not faults
        return
    assert len(faults) == 1
    if records:  # of the frames that break off, what came before the break
        assert [str(record.value) for record in records] == ["12.565", "0.113"]


def _records(data: str, medium: str = "water") -> tuple[Record, ...]:
    (reading,) = read(
        bytes.fromhex(data), Content.RECORDS, MeterIdentity(medium=medium), Formats()
    )
    assert isinstance(reading, Reading)
    return reading.records


@pytest.mark.parametrize(
    ("data", "value", "unit"),
    [
        ("01 13 FF", Decimal("-0.001"), "m³"),
        ("01 16 80", None, "m³"),  # the lowest number is the mark for invalid
        ("02 5B 00 80", None, "°C"),
        ("03 13 15 31 00", Decimal("12.565"), "m³"),
        ("06 03 FF FF FF FF FF 7F", 140737488355327, "Wh"),
        ("07 03 FF FF FF FF FF FF FF FF", -1, "Wh"),
        ("0A 5A 34 F2", Decimal("-23.4"), "°C"),  # F in the top digit is a minus sign
        ("0C 13 FF FF FF FF", None, "m³"),
        ("0B 3B A9 99 99", None, "m³/h"),
        ("0E 03 56 34 12 00 00 00", 123456, "Wh"),
        ("05 5B 00 00 C0 7F", None, "°C"),  # NaN
        ("05 5B 00 00 C8 C1", Decimal(-25), "°C"),
        ("04 07 01 00 00 00", 10_000, "Wh"),
        ("04 0F 01 00 00 00", 10_000_000, "J"),
        ("04 FB 01 01 00 00 00", 1_000_000, "Wh"),
        ("04 FB 09 01 00 00 00", 1_000_000_000, "J"),
        ("04 FB 0D 01 00 00 00", 1_000_000, "cal"),
        ("04 FB 11 01 00 00 00", 1_000, "m³"),
        ("04 FB 82 73 07 00 00 00", 7, "varh"),
        ("02 FB 1A F4 01", Decimal("50.0"), "%"),
        ("02 FB 2D 88 13", Decimal("50.00"), "Hz"),
        ("02 FB 19 01 00", 1_000_000, "kg"),
        ("02 40 01 00", Decimal("0.0000060"), "m³/h"),
        ("02 4E 01 00", Decimal("3.600"), "m³/h"),
        ("02 33 01 00", 1_000, "J/h"),
        ("01 23 02", 172_800, "s"),
        ("01 FD 6B 02", 2, "a"),
        ("01 FD 28 02", 2, "mo"),
        ("02 FD 74 0A 00", 864_000, "s"),
        ("01 FD FD 03 02", 2, "a"),
        ("02 FD 48 09 09", Decimal("231.3"), "V"),
        ("02 FD D9 FC 01 E8 03", Decimal("1.000"), "A"),
        ("04 93 7D 01 00 00 00", 1, "m³"),  # a litre times a thousand
        ("02 A6 3B 10 00", 57_600, "s"),
        ("01 FD 71 B0", -80, "dBm"),
        ("02 93 25 01 00", Decimal("0.001"), "m³/mo"),
        ("02 FD 17 00 80", 0x8000, None),  # bits have no sign
        ("04 83 FC 11 00 00 00 80", 1 << 31, "Wh"),  # type C by its VIFE
        ("02 FB 68 00 18", Decimal("1.500000000000"), None),  # in units of 1/4096
        ("02 FB 69 E8 03", 1000, None),
        ("02 FB 06 23 00", Decimal("3.5"), None),
        ("01 FD FD 3E 2A", 42, "%"),
    ],
)
def test_numbers(data: str, value: Any, unit: str | None) -> None:
    """Every number is exact and in its plain unit; a mark for invalid is no value."""
    (record,) = _records(data)
    assert (record.value, record.unit) == (value, unit)
    assert str(record.value) == str(value)


@pytest.mark.parametrize(
    ("data", "value"),
    [
        ("02 6C BF 1C", date(2013, 12, 31)),
        ("02 6C FF FF", None),
        ("02 6C E1 F1", None),  # year 127 is every year
        ("04 6D 0B 0B CD 13", datetime(2014, 3, 13, 11, 11)),
        ("04 6D 2B 2F 79 1A", datetime(2011, 10, 25, 15, 43)),  # hundred-year bits
        ("04 6D 2B 4F 79 1A", datetime(2011, 10, 25, 15, 43)),  # of another century
        ("04 6D 3F 1F FF FF", None),
        ("06 6D 1F 0C 28 C1 17 00", datetime(2014, 7, 1, 8, 12, 31)),
        ("06 6D 1F 8C 28 C1 17 00", None),  # marked invalid
        ("0E ED 6B 30 15 23 31 12 06", datetime(2006, 12, 31, 23, 15, 30)),
        ("0E 6D 30 15 24 31 12 06", None),  # decimal digits that are no time
        ("0E 6D 3A 15 23 31 12 06", None),
        ("0C 6C 31 12 06 00", None),  # decimal digits are no type F
        ("05 6D 0B 0B CD 13", None),  # nor is a real number
        ("03 6D 1E 0F 17", time(23, 15, 30)),
        ("04 6D 00 FF 21 1A", None),
        ("0D 78 05 35 34 33 32 31", "12345"),
        ("0D FD 0F C2 34 12", 1234),
        ("0D 13 D2 34 12", Decimal("-1.234")),
        ("0D 13 E2 34 12", Decimal("4.660")),
        (
            "0D 7C 01 41 F0 00 01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F",
            "0F 0E 0D 0C 0B 0A 09 08 07 06 05 04 03 02 01 00",
        ),
        ("00 13", None),
        ("0D 6D E4 0B 0B CD 13", "0B 0B CD 13"),  # type M is kept as it is
        (
            "04 FD 72 22 9D B9 A3",
            "03-29 02:00 to 10-25, +1 h, local +1 h",
        ),
        (
            "04 FD 72 22 1D 39 A3",
            "03-29 02:00 to 10-25, -1 h, local +1 h, off",
        ),
        ("04 FD 72 FF FF FF FF", None),
        ("02 FD 72 22 9D", "22 9D"),
        ("0D FD 3B E2 01 02", "01 02"),
        ("04 FD 19 01 02 03 04", "01 02 03 04"),
    ],
)
def test_types(data: str, value: Any) -> None:
    """Dates, times, texts and numbers of variable length; what is no date is none."""
    (record,) = _records(data)
    assert record.value == value


@pytest.mark.parametrize(
    ("data", "quantity", "qualifiers"),
    [
        ("04 83 3C 01 00 00 00", "energy", ("backward",)),
        ("02 FD C9 FC 02 E6 00", "voltage", ("phase_l2",)),
        ("04 93 3A 01 00 00 00", "volume", ("uncorrected",)),
        ("02 EC 7E 3F 0C", "date", ("future",)),
        ("04 83 7F 01 00 00 00", "energy", ("manufacturer",)),
        ("04 83 FF 04 01 00 00 00", "energy", ("manufacturer_04",)),
        (
            "01 FF 93 00 00",
            "manufacturer_specific",
            ("manufacturer_13", "manufacturer_00"),
        ),
        ("01 93 15 00", "volume", ("error_no_data",)),
        ("01 FD 44 01", "voltage", ()),
        ("01 6F 01", "unknown", ()),
        ("01 7C 03 42 0A 41 01", "unknown", ()),  # a label with a line end in it
        ("01 7C 00 01", "unknown", ()),
        ("01 EF 05 01", "unknown", ("vife_ef_05",)),
        ("01 FB 45 01", "unknown", ()),
        ("01 93 47 01", "volume", ("end_of_last_lower_limit_exceed",)),
        ("01 93 49 05", "volume", ("exceeds_of_upper_limit",)),
        ("01 93 FC 7E 05", "volume", ("vife_fc_7e",)),
        ("01 93 FC 0E 05", "volume", ("secondary_sensor",)),
        ("01 93 FC 13 05", "volume", ("vife_fc_13",)),
    ],
)
def test_qualifiers(data: str, quantity: str, qualifiers: tuple[str, ...]) -> None:
    """What combinable VIFEs add is kept in telegram order; what only the maker knows is named as that."""
    (record,) = _records(data)
    assert (record.quantity, record.qualifiers) == (quantity, qualifiers)


@given(st.integers(-1, 128), st.integers(-1, 16), st.integers(-1, 32))
def test_type_g_both_ways(year: int, month: int, day: int) -> None:
    """What is written as type G is read as the same date, or as none."""
    written = to_date_g(year, month, day)
    try:
        expected = date(2000 + year, month, day) if 0 <= year <= 80 else None
    except ValueError:
        expected = None
    assert date_g(written) == expected


def test_record_error_is_no_value() -> None:
    """Data beside a record error are no value."""
    (record,) = _records("02 93 18 34 12")
    assert record.value is None


def test_time_in_error() -> None:
    """Hours beside a record error are how long it lasted."""
    (record,) = _records("0A A6 18 03 00")
    assert (record.value, record.unit) == (10_800, "s")
    assert record.qualifiers == ("error_data_error",)


def test_count_has_no_unit() -> None:
    """The number of limit exceeds is a number, whatever was limited."""
    (record,) = _records("01 93 49 05")
    assert (record.value, record.unit) == (5, None)


def test_storage_tariff_subunit() -> None:
    """Storage, tariff and subunit are put together from DIF and DIFEs."""
    (record,) = _records("C4 95 61 13 01 00 00 00")
    assert (record.storage, record.tariff, record.subunit) == (
        1 | 5 << 1 | 1 << 5,
        1 | 2 << 2,
        2,
    )
    (record,) = _records("34 13 01 00 00 00")
    assert record.function is RecordFunction.ERROR


def test_one_bad_record_keeps_the_others() -> None:
    """What stands before a record that cannot be read is kept, and the fault is told."""
    results = read(
        bytes.fromhex("04 13 01 00 00 00 3F 04 13"),
        Content.RECORDS,
        MeterIdentity(number="1"),
        Formats(),
    )
    reading, fault = results
    assert isinstance(reading, Reading)
    assert isinstance(fault, Fault)
    assert [record.value for record in reading.records] == [Decimal("0.001")]
    assert (fault.kind, fault.meter) == (FaultKind.LAYOUT, MeterIdentity(number="1"))


def test_fixed_structure() -> None:
    """The fixed data structure: BCD counters, the second one historic in the unit of the first (EN 13757-3, annex H)."""
    payload = bytes.fromhex("73 78563412 0A 00 E9 7E 01000000 35010000")
    (reading,) = open_message(wired_payload(payload), KeyRing(), Formats())
    assert isinstance(reading, Reading)
    assert (reading.meter.number, reading.meter.medium) == ("12345678", "water")
    assert [(r.quantity, r.value, r.unit, r.storage) for r in reading.records] == [
        ("volume", Decimal("0.001"), "m³", 0),
        ("volume", Decimal("0.135"), "m³", 1),
    ]


FULL = bytes.fromhex("02FF207100 0413 08190000 4413 08190000 615B7F 616713")
HEADERS = bytes.fromhex("02FF20 0413 4413 615B 6167")


def _compact(full: bytes, headers: bytes, data: str) -> bytes:
    return (
        crc16_en13757(headers).to_bytes(2, "little")
        + crc16_en13757(full).to_bytes(2, "little")
        + bytes.fromhex(data)
    )


def test_compact_frame_of_a_learned_format() -> None:
    """A compact frame is read like the full frame whose format it names, and refused where its CRC does not fit."""
    meter, formats = MeterIdentity(medium="water"), Formats()
    full = bytes.fromhex("046D 0B0BCD13 0C13 78563412")
    headers = bytes.fromhex("046D 0C13")
    compact = _compact(full, headers, "0B0BCD13 78563412")
    (unknown,) = read(compact, Content.COMPACT, meter, formats)
    assert isinstance(unknown, Fault)
    assert unknown.kind is FaultKind.LAYOUT
    (first,) = read(full, Content.RECORDS, meter, formats)
    (second,) = read(compact, Content.COMPACT, meter, formats)
    assert first == second
    (damaged,) = read(compact[:-1] + b"\x13", Content.COMPACT, meter, formats)
    assert isinstance(damaged, Fault)
    assert damaged.kind is FaultKind.CHECKSUM


def test_compact_frame_with_filler_and_tail() -> None:
    """A format may hold fillers, which have no data, and end in the maker's own data; data that ends early is none."""
    meter, formats = MeterIdentity(medium="water"), Formats()
    full = bytes.fromhex("046D 0B0BCD13 2F 0C13 78563412 0F AABB")
    headers = bytes.fromhex("046D 2F 0C13 0F")
    signature = crc16_en13757(headers).to_bytes(2, "little")
    told = bytes((len(headers),)) + signature + headers
    assert not any(
        isinstance(item, Fault) for item in read(told, Content.FORMAT, meter, formats)
    )
    compact = _compact(full, headers, "0B0BCD13 78563412 AABB")
    assert read(compact, Content.COMPACT, meter, formats) == read(
        full, Content.RECORDS, meter, formats
    )
    (short,) = read(compact[:7], Content.COMPACT, meter, formats)
    assert isinstance(short, Fault)
    assert short.kind is FaultKind.TRUNCATED


def test_compact_frame_of_a_known_format() -> None:
    """The formats everybody knows need no full frame first."""
    compact = _compact(FULL, HEADERS, "7100 08190000 08190000 7F 13")
    (reading,) = read(compact, Content.COMPACT, MeterIdentity(), Formats())
    assert isinstance(reading, Reading)
    assert [str(r.value) for r in reading.records] == [
        "113",
        "6.408",
        "6.408",
        "127",
        "19",
    ]


@pytest.mark.parametrize("headers", WELL_KNOWN)
def test_well_known_formats(headers: bytes) -> None:
    """Each format that needs no full frame first reads a full frame of zeros; encryption's fillers are left out."""
    full, data, position = bytearray(), b"", 0
    while position < len(headers):
        header = parse_header(headers, position)
        assert isinstance(header, Header)
        zeros = bytes(DATA_LENGTHS[header.dib.field] or 0)
        full += header.raw + zeros
        data += zeros
        position += len(header.raw)
    compact = _compact(bytes(full), headers, data.hex())
    expected = read(bytes(full), Content.RECORDS, MeterIdentity(), Formats())
    for telegram in (compact, b"\x2f\x2f" + compact + b"\x2f" * 5):
        assert read(telegram, Content.COMPACT, MeterIdentity(), Formats()) == expected


def test_format_frame() -> None:
    """A format frame teaches a format; one whose signature does not fit is refused."""
    headers = bytes.fromhex("046D 0C13")
    frame = bytes((len(headers) + 2,)) + crc16_en13757(headers).to_bytes(2, "little")
    formats = Formats()
    assert read(frame + headers, Content.FORMAT, MeterIdentity(), formats) == ()
    assert formats.find(crc16_en13757(headers)) == headers
    (fault,) = read(
        frame + b"\x04\x6d\x0c\x14", Content.FORMAT, MeterIdentity(), formats
    )
    assert isinstance(fault, Fault)
    assert fault.kind is FaultKind.CHECKSUM


def test_formats_are_bounded() -> None:
    """However many formats are heard, few are kept."""
    formats = Formats()
    for number in range(2000):
        formats.learn(number.to_bytes(4))
    assert len(formats._formats) <= 256


@pytest.mark.parametrize(
    ("ci", "data", "word"),
    [
        ("70", "08", "busy"),
        ("70", "", "unspecified"),
        ("6E", "01000000 15", "not supported"),
    ],
)
def test_application_errors(ci: str, data: str, word: str) -> None:
    """An error the meter reports is told in words."""
    (fault,) = open_message(
        wired_payload(bytes.fromhex(ci + data)), KeyRing(), Formats()
    )
    assert isinstance(fault, Fault)
    assert (fault.kind, word in fault.detail) == (FaultKind.UNSUPPORTED, True)


def test_alarm() -> None:
    """An alarm is a record with its status."""
    (reading,) = open_message(wired_payload(b"\x71\x04"), KeyRing(), Formats())
    assert isinstance(reading, Reading)
    assert [(r.quantity, r.value) for r in reading.records] == [("alarm", 4)]


def _values(data: str, **who: Any) -> dict[str, Any]:
    (reading,) = read(
        bytes.fromhex(data), Content.RECORDS, MeterIdentity(**who), Formats()
    )
    assert isinstance(reading, Reading)
    return {str(code): value.value for code, value in reading.values.items()}


@pytest.mark.parametrize(
    ("medium", "data", "code"),
    [
        ("electricity", "0C 03 01000000", "1-0:1.8.0"),
        ("electricity", "8E10 833C 010000000000", "1-0:2.8.1"),
        ("electricity", "8E20 03 010000000000", "1-0:1.8.2"),
        ("electricity", "0B 2B 010000", "1-0:1.7.0"),
        ("electricity", "0B AB3C 010000", "1-0:2.7.0"),
        ("electricity", "1B 2B 010000", "1-0:1.6.0"),
        ("electricity", "0A FDC9FC01 0100", "1-0:32.7.0"),
        ("electricity", "0A FDC9FC03 0100", "1-0:72.7.0"),
        ("electricity", "0A FDD9FC02 0100", "1-0:51.7.0"),
        ("electricity", "04 FB8273 01000000", "1-0:3.8.0"),
        ("electricity", "04 FB82F33C 01000000", "1-0:4.8.0"),
        ("electricity", "04 FB14 01000000", "1-0:3.7.0"),
        ("electricity", "04 FB943C 01000000", "1-0:4.7.0"),
        ("electricity", "02 FB2E 0100", "1-0:14.7.0"),
        ("electricity", "04 ABFC0C 01000000", "1-0:16.7.0"),
        ("electricity", "04 83FC10 01000000", "1-0:15.8.0"),
        ("gas", "0C 13 01000000", "7-0:3.0.0"),
        ("gas", "0C 933A 01000000", "7-0:3.0.0"),
        ("water", "0C 13 01000000", "8-0:1.0.0"),
        ("cold_water", "0C 13 01000000", "8-0:1.0.0"),
        ("warm_water", "0C 13 01000000", "9-0:1.0.0"),
        ("water", "02 3B 0100", "8-0:2.0.0"),
        ("heat", "0C 06 01000000", "6-0:1.0.0"),
        ("heat", "0C 14 01000000", "6-0:2.0.0"),
        ("heat", "0A 5A 0100", "6-0:10.0.0"),
        ("heat", "0A 5E 0100", "6-0:11.0.0"),
        ("heat", "0A 62 0100", "6-0:12.0.0"),
        ("heat", "0B 2D 010000", "6-0:8.0.0"),
        ("heat", "0B 3B 010000", "6-0:9.0.0"),
        ("cooling", "0C 06 01000000", "5-0:1.0.0"),
        ("heat_cooling", "8C40 0F 01000000", "5-0:1.0.0"),  # P2: the unit bit says cold
        ("heat", "04 86 3B 01000000", "6-0:1.0.0"),
        ("heat", "04 86 3C 01000000", "5-0:1.0.0"),
        ("heat_cost_allocator", "0C 6E 01000000", "4-0:1.0.0"),
        ("electricity", "0C 78 78563412", "0-0:96.1.0"),
    ],
)
def test_codes(medium: str, data: str, code: str) -> None:
    """Mapped records have the code EN 13757-1 gives them."""
    assert list(_values(data, medium=medium)) == [code]


@pytest.mark.parametrize(
    ("medium", "data"),
    [
        ("electricity", "44 03 01000000"),  # storage
        ("electricity", "24 03 01000000"),  # a minimum
        ("electricity", "34 03 01000000"),  # in an error state
        ("electricity", "8440 03 01000000"),  # another subunit
        ("electricity", "04 83FF01 01000000"),  # changed by its manufacturer
        ("electricity", "04 13 01000000"),  # water from an electricity meter
        ("electricity", "01 03 80"),  # invalid
        ("smoke_detector", "04 13 01000000"),
        ("heat", "02 33 0100"),  # power in J/h
        ("heat", "8440 06 01000000"),  # another subunit of a meter for heat only
    ],
)
def test_no_code(medium: str, data: str) -> None:
    """What is not clearly a coded value stays a record only."""
    assert not _values(data, medium=medium)


def test_amis_codes_and_signs() -> None:
    """AMIS counters are unsigned, its collection counter is signed (Netz OÖ)."""
    values = _values(
        "04 03 FFFFFFFF 04 83FF04 FEFFFFFF", medium="bus", manufacturer="SAM"
    )
    assert values == {"1-0:1.8.0": 0xFFFFFFFF, "1-0:1.128.0": -2}


P2_RECORDS = "0D78 11 3938373635343332313031315858585858 466D 00000B321600 4C13 91030000 01FD67 05"


def test_dutch_hourly_value() -> None:
    """A P2 meter's hourly value is mapped with its time, which is UTC; its configuration says it is converted."""
    reading = dutch("")
    values = {str(code): value for code, value in reading.values.items()}
    assert values["7-0:3.1.0"].value == Decimal("0.391")
    assert values["7-0:3.1.0"].time == datetime(2009, 6, 18, 11, tzinfo=UTC)
    assert values["0-0:96.1.0"].value == "XXXXX110123456789"


def dutch(more: str) -> Reading:
    """Return what a P2 gas meter's telegram with more records says."""
    (reading,) = read(
        bytes.fromhex(P2_RECORDS + more),
        Content.RECORDS,
        MeterIdentity(medium="gas"),
        Formats(),
    )
    assert isinstance(reading, Reading)
    return reading


def test_dutch_unconverted_gas() -> None:
    """93 3A is the volume as it flowed, beside the converted one (P2 4.2.2, 10)."""
    reading = dutch("0C 933A 12345678")
    values = {str(code): value for code, value in reading.values.items()}
    assert values["7-0:3.0.0"].value == Decimal("78563.412")
    assert values["7-0:3.1.0"].value == Decimal("0.391")


@pytest.mark.parametrize("state", [0, 1, 2])
def test_dutch_valve(state: int) -> None:
    """The valve of a DSMR 4.0 meter is a state; the same record of any other meter is none."""
    record = f"8940 FD1A {state:02X}"
    found = {str(code): value.value for code, value in dutch(record).values.items()}
    assert found["0-0:24.4.0"] == state
    (other,) = read(
        bytes.fromhex(record), Content.RECORDS, MeterIdentity(medium="gas"), Formats()
    )
    assert isinstance(other, Reading)
    assert not other.values


def test_dutch_versions() -> None:
    """Properties, a line each, are a list; the last character is sent first (P2 4.2.2, 6.4.2)."""
    text = b"met=FW123.4.5\r\napl=7\r\n"
    reading = dutch(f"0DFD0E {len(text):02X} {text[::-1].hex()}")
    said = {record.quantity: record.value for record in reading.records}
    assert said["firmware_version"] == "met=FW123.4.5, apl=7"
    assert said["special_supplier_information"] == 5


def test_dutch_status() -> None:
    """The bits of 01 FD 17 are what the meter says of itself; P2 leaves the header's byte unused (6.3.3)."""
    reading = replace(dutch("01FD17 24"), status=0xFF)
    assert conditions(reading) == {
        "power_low": True,
        "permanent_error": False,
        "temporary_error": False,
        "clock_error": True,
        "fraud_attempt": False,
    }
    assert conditions(replace(dutch(""), status=0xFF)) == {}


@pytest.mark.parametrize(
    ("status", "expected"),
    [(None, {}), (0x04, (True, False, False)), (0x18, (False, True, True))],
)
def test_status_of_the_header(status: int | None, expected: object) -> None:
    """Three bits are the same for all M-Bus meters (EN 13757-7, 7.5.6)."""
    said = conditions(Reading(status=status))
    assert (tuple(said.values()) if said else {}) == expected


@given(st.binary(max_size=300), st.sampled_from(list(Content)))
def test_any_bytes(data: bytes, content: Content) -> None:
    """Whatever bytes: no exception, no more records than bytes, and each record's bytes are from the telegram."""
    for item in read(data, content, MeterIdentity(medium="water"), Formats()):
        if isinstance(item, Reading):
            assert len(item.records) <= max(1, len(data))


@given(st.binary(max_size=120))
def test_raw_is_the_telegram(data: bytes) -> None:
    """The records' bytes in order are the telegram's, fillers left out."""
    rest = data.hex()
    for record in parse_records(data).records:
        while rest.startswith("2f") and not rest.startswith(record.raw):
            rest = rest[2:]
        assert rest.startswith(record.raw)
        rest = rest[len(record.raw) :]
