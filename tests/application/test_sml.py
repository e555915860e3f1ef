"""SML messages."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

from hypothesis import given, strategies as st
import pytest

from customer_interface.application.sml import read
from customer_interface.obis import ObisCode
from customer_interface.reading import Fault, FaultKind, Reading, Value
from tests.link.sml_vectors import CLOSE, OPEN, VALUES, entry, list_response, message

POWER = ObisCode(1, 0, 16, 7, 0)


def reading_of(messages: bytes) -> Reading:
    """Return the only reading."""
    (reading,) = read(messages)
    assert isinstance(reading, Reading)
    return reading


def value_of(*parts: str, **more: str) -> Value:
    """Return the value of one entry with the code of the power."""
    body = list_response(entry("0100100700FF", *parts, **more))
    return reading_of(message(body)).values[POWER]


def test_transmission() -> None:
    """Values scaled exactly, who made the meter, and its number as printed on it."""
    reading = reading_of(OPEN + VALUES + CLOSE)
    assert (reading.meter.number, reading.meter.manufacturer) == (
        "1EMH0012345678",
        "EMH",
    )
    assert reading.time is None
    assert {
        str(code): (value.value, value.unit) for code, value in reading.values.items()
    } == {
        "1-0:96.50.1*1": ("EMH", None),
        "1-0:96.1.0": ("1EMH0012345678", None),
        "1-0:1.8.0": (Decimal("12345678.9"), "Wh"),
        "1-0:2.8.0": (12000, "Wh"),
        "1-0:16.7.0": (-999, "W"),
    }


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (("621B", "5200", "5201"), Value(1, "W")),
        (("621B", "52FE", "53FFFE"), Value(Decimal("-0.02"), "W")),
        (("621B", "5201", "69FFFFFFFFFFFFFFFF"), Value((2**64 - 1) * 10, "W")),
        (("6223", "52FF", "630916"), Value(Decimal("232.6"), "V")),
        (("01", "01", "6205"), Value(5)),
        (("62FF", "5200", "6205"), Value(5)),
        (("62C8", "5200", "6205"), Value(5)),
        (("01", "01", "4201"), Value(1)),
        (("01", "01", "05414243FF"), Value("414243FF")),
        (("01", "01", "0541424300"), Value("ABC")),
        (("01", "01", "01"), Value(None)),
        (("621B", "5200", "51"), Value(None)),
        (("621B", "5200", "61"), Value(None)),
    ],
)
def test_values(parts: tuple[str, ...], expected: Value) -> None:
    """Numbers of any size, texts, octets in hexadecimal, and what is left out; a number without bytes is none."""
    assert value_of(*parts) == expected


def test_long_octet_string() -> None:
    """A length may take two bytes: this is a public key."""
    assert value_of("01", "01", "8302" + "AB" * 48) == Value("AB" * 48)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("7262016500012345", None),
        ("726202656989D6C0", datetime(2026, 2, 9, 12, 44, 48, tzinfo=UTC)),
        (
            "72620373656989D6C053003C530000",
            datetime(2026, 2, 9, 13, 44, 48, tzinfo=timezone(timedelta(hours=1))),
        ),
        ("6500012345", None),
    ],
)
def test_times(moment: str, expected: datetime | None) -> None:
    """Seconds since the meter began to count are no time, nor is what Holley prints without a list."""
    power = entry("0100100700FF", "621B", "5200", "5201", moment=moment)
    reading = reading_of(message(list_response(power, moment=moment)))
    assert reading.values[POWER] == Value(1, "W", expected)
    assert reading.time == expected


@pytest.mark.parametrize(
    ("server", "number", "maker"),
    [
        ("0A01454D480000BC614E", "1EMH0012345678", "EMH"),
        ("09014553591103B599A5", "1ESY1162232997", "ESY"),
        ("06454D4801027156CD45", "06454D4801027156CD45", "EMH"),
        ("01A815986480020102", "01A815986480020102", None),
        ("3032323830383136", "02280816", None),
    ],
)
def test_server_ids(server: str, number: str, maker: str | None) -> None:
    """As printed on the meter where DIN 43863-5 gives the form, else as they are."""
    meter = reading_of(message(list_response(server=bytes.fromhex(server)))).meter
    assert (meter.number, meter.manufacturer) == (number, maker)


@pytest.mark.parametrize("code", ["0100100700FF", "0100240700FF"])
@pytest.mark.parametrize(
    ("number", "printed", "watts", "exports"),
    [
        (42_000_000, "538025", "328.05", False),
        (42_000_000, "538025", "328.05", True),
        (58_999_999, "548025FF", "83983.35", True),
        (42_000_000, "55FFFE1393", "-1260.61", True),
        (60_694_611, "53D6CA", "-105.50", False),
        (40_051_478, "5386A8", "-310.64", True),
        (42_000_000, "530100", "2.56", True),
        (50_000_000, "530100", "2.56", False),
        (50_000_000, "53C60C", None, False),
        (50_000_000, "55FFFE1393", "-1260.61", False),
    ],
)
def test_misprinted_power(
    code: str, number: int, printed: str, watts: str | None, exports: bool
) -> None:
    """Some DZG meters print short powers as signed that are not; the others' negative powers stay.

    Of one without export nobody knows which it means.
    """
    server = bytes.fromhex("0A01445A4700") + number.to_bytes(4)
    entries = [entry(code, "621B", "52FE", printed)]
    if exports:
        entries.append(entry("0100020800FF", "621E", "52FF", "6205"))
    values = reading_of(message(list_response(*entries, server=server))).values
    power = values[ObisCode.from_bytes(bytes.fromhex(code))].value
    assert power == (None if watts is None else Decimal(watts))


def test_other_makers_short_powers_stay() -> None:
    """Only DZG is known to misprint, whatever number another has."""
    for server in (b"50000000", b"42000000", bytes.fromhex("0A01454D480002FAF080")):
        body = list_response(
            entry("0100100700FF", "621B", "52FE", "53C60C"), server=server
        )
        assert reading_of(message(body)).values[POWER].value == Decimal("-148.36")


def test_kermit_checksum() -> None:
    """Some Holley meters use the other checksum."""
    assert reading_of(message(list_response(), kermit=True)).meter.number


def test_damaged_message_gives_nothing() -> None:
    """Its checksum is its own; the messages around it are read."""
    damaged = bytearray(VALUES)
    damaged[-20] ^= 1
    faults = read(OPEN + bytes(damaged) + CLOSE)
    assert [fault.kind for fault in faults if isinstance(fault, Fault)] == [
        FaultKind.CHECKSUM
    ]
    assert len(faults) == 1
    assert len(read(bytes(damaged) + VALUES)) == 2


@pytest.mark.parametrize(
    "data",
    [
        b"",
        OPEN + CLOSE,
        b"\x99",
        VALUES[:-1],
        VALUES[:20],
        b"\x76" + b"\x71" * 50,
        b"\x76\xff\xff\xff\xff\xff",
        b"\x76\x31",
        message(list_response(entry("0100100700FF", "621B", "5200", "6A" + "01" * 9))),
    ],
)
def test_no_values(data: bytes) -> None:
    """Without a list response, or with anything malformed, it is a layout fault."""
    (fault,) = read(data)
    assert isinstance(fault, Fault)
    assert fault.kind is FaultKind.LAYOUT


@given(st.binary(max_size=80), st.integers(0, len(VALUES)))
def test_anything(data: bytes, at: int) -> None:
    """Nothing raises, and something always comes out."""
    assert read(data)
    assert read(VALUES[:at] + data + VALUES[at:])
    assert read(message(bytes.fromhex("7263070177") + data))
