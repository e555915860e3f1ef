"""Tests of compact profiles: the past of a register, unpacked to records of their own."""

from datetime import date, datetime
from decimal import Decimal

from hypothesis import given, strategies as st
import pytest

from customer_interface.application.mbus import Content, Formats, read
from customer_interface.application.mbus.profiles import unpacked
from customer_interface.application.mbus.records import parse_records
from customer_interface.reading import MeterIdentity, Reading, Scalar

# A date at the end of a month and a volume of 10 litres in storage 8, and a profile of that register.
MONTHS = "82046C 3F2C 84 04 13 0A000000 8D04 93{vife} {length:02X} {control:02X} {spacing:02X} {values}"
# The same with date and time.
HOURS = MONTHS.replace("82046C 3F2C", "84046D 1E173F2C")


def profile(
    vife: str, control: int, spacing: int, values: str, form: str = MONTHS
) -> dict[tuple[str, int], Scalar]:
    """Return what stands in the storages behind the base, by quantity and storage."""
    length = 2 + len(bytes.fromhex(values))
    data = form.format(
        vife=vife, control=control, spacing=spacing, length=length, values=values
    )
    (reading,) = read(bytes.fromhex(data), Content.RECORDS, MeterIdentity(), Formats())
    assert isinstance(reading, Reading)
    return {
        (record.quantity, record.storage): record.value
        for record in reading.records
        if record.storage > 8
    }


@pytest.mark.parametrize("vife", ["1E", "1F"])
def test_values(vife: str) -> None:
    """Values a month apart; the last day of a month stays the last, an invalid value is left out."""
    assert profile(vife, 0x3B, 254, "120000 FFFFFF 150000") == {
        ("volume", 9): Decimal("0.012"),
        ("date", 9): date(2018, 1, 31),
        ("volume", 11): Decimal("0.015"),
        ("date", 11): date(2018, 3, 31),
    }


def test_inverse() -> None:
    """An inverse profile goes back in time."""
    assert profile("13", 0x32, 254, "0900 0800") == {
        ("volume", 9): Decimal("0.009"),
        ("date", 9): date(2017, 11, 30),
        ("volume", 10): Decimal("0.008"),
        ("date", 10): date(2017, 10, 31),
    }


@pytest.mark.parametrize(
    ("control", "values", "expected"),
    [
        (0x72, "0300 0200", ["0.007", "0.005"]),
        (0xB1, "01 02", ["0.011", "0.013"]),
        (0xF1, "FF 02", ["0.011", "0.009"]),
        (0xFB, "020000 040000", ["0.008", "0.004"]),
    ],
)
def test_changes_back_in_time(control: int, values: str, expected: list[str]) -> None:
    """A change is the later value less the earlier one, also where the earlier one is told later."""
    found = profile("13", control, 1, values)
    volumes = [value for (quantity, _), value in found.items() if quantity == "volume"]
    assert list(map(str, volumes)) == expected
    assert found["date", 9] == date(2017, 12, 30)


@pytest.mark.parametrize(
    ("control", "values", "expected"),
    [
        (0x72, "0300 FFFE", ["0.013", "65.292"]),  # increases have no sign
        (0x71, "01 FF 02", ["0.011"]),  # nothing behind one that is not known
        (0xB1, "01 02", ["0.009", "0.007"]),
        (0xF1, "FF 02", ["0.009", "0.011"]),
        (0x79, "03 04", ["0.013", "0.017"]),
    ],
)
def test_changes(control: int, values: str, expected: list[str]) -> None:
    """Increases, decreases and changes are summed from the base."""
    found = profile("1F", control, 1, values)
    volumes = [value for (quantity, _), value in found.items() if quantity == "volume"]
    assert list(map(str, volumes)) == expected
    assert found["date", 9] == date(2018, 1, 1)


def test_hours() -> None:
    """Hours count from a date with a time, and from nothing else."""
    found = profile("1F", 0x21, 12, "0B 0C", HOURS)
    assert found["datetime", 9] == datetime(2018, 1, 1, 11, 30)
    assert found["datetime", 10] == datetime(2018, 1, 1, 23, 30)
    assert set(profile("1F", 0x21, 12, "0B 0C")) == {("volume", 9), ("volume", 10)}


@pytest.mark.parametrize(
    ("vife", "control", "spacing", "values"),
    [
        ("1F", 0x3D, 254, "0100"),  # values of variable length
        ("1F", 0x30, 254, "0100"),  # no data
        ("1F", 0x31, 253, "0100"),  # half months
        ("1F", 0x21, 254, "0100"),  # months count with days only
        ("1F", 0x31, 0, "0100"),
        ("1F", 0x31, 254, ""),
        ("1F", 0x31, 254, "01" * 63),  # a load curve
        ("9F3B", 0x31, 254, "0100"),  # a profile that is changed once more
    ],
)
def test_left_packed(vife: str, control: int, spacing: int, values: str) -> None:
    """What is not known well enough stays one record of bytes."""
    assert profile(vife, control, spacing, values) == {}


def test_changes_without_a_base() -> None:
    """Changes say nothing where the register itself is not in the telegram."""
    data = bytes.fromhex("8D04 931F 03 71 FE 01")
    assert list(unpacked(parse_records(data).records)) == []
    data = bytes.fromhex("8D04 931F 03 31 FE 01")
    (record,) = unpacked(parse_records(data).records)
    assert (record.value, record.storage, record.raw) == (Decimal("0.001"), 9, "")


@given(st.binary(max_size=80), st.sampled_from(["13", "1E", "1F"]))
def test_any_bytes(content: bytes, vife: str) -> None:
    """Whatever a profile holds: no exception, and bounded."""
    data = bytes.fromhex(f"82046C 3F2C 840413 0A000000 8D04 93{vife}")
    records = parse_records(data + bytes((len(content),)) + content).records
    assert len(list(unpacked(records))) <= 128
