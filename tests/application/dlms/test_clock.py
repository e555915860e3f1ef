"""COSEM date-time: official examples, what is not specified, and any bytes."""

from datetime import UTC, date, datetime, time, timedelta, timezone

from hypothesis import given, strategies as st
import pytest

from customer_interface.application.dlms.clock import (
    looks_like_datetime,
    read_date,
    read_datetime,
    read_time,
)

WINTER = timezone(timedelta(hours=1))
SUMMER = timezone(timedelta(hours=2))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        # Netz NÖ's document says of this one: summer time, +02:00.
        ("07E5091B01092F0F00FF8880", datetime(2021, 9, 27, 9, 47, 15, tzinfo=SUMMER)),
        ("07EA0204030F1E0000FFC400", datetime(2026, 2, 4, 15, 30, tzinfo=WINTER)),
        ("07EA0204030F1E0000000000", datetime(2026, 2, 4, 15, 30, tzinfo=UTC)),
        ("07EA0204FF0F1E00FF8000FF", datetime(2026, 2, 4, 15, 30)),
        ("07EA0204030F1E0032800002", datetime(2026, 2, 4, 15, 30, 0, 500_000)),
        ("07EA0204030F1E00007FFF00", datetime(2026, 2, 4, 15, 30)),
        ("07EA0204030F1E0000FFC401", None),
        ("FFFF0204030F1E0000FFC400", None),
        ("07EAFD04030F1E0000FFC400", None),
        ("07EA02FE030F1E0000FFC400", None),
        ("07EA020403FF1E0000FFC400", None),
        ("07EA0204030F1EFF00FFC400", None),
        ("07EA021E030F1E0000FFC400", None),
        ("07EA0204030F1E0000FFC4", None),
        # No such moment is there in every time zone.
        ("00010101FF000000008000FF", None),
        ("00010101FF00000000FCB800", None),
        ("270F0C1FFF173B3B0002D000", None),
        (
            "000201010000000000FCB800",
            datetime(2, 1, 1, tzinfo=timezone(timedelta(hours=14))),
        ),
    ],
)
def test_datetime(data: str, expected: datetime | None) -> None:
    """Twelve octets; UTC is local time plus deviation."""
    result = read_datetime(bytes.fromhex(data))
    assert result == expected
    assert result is None or result.utcoffset() == (expected and expected.utcoffset())
    assert result is None or result.timestamp() == result.astimezone(UTC).timestamp()


def test_parts() -> None:
    """Date and time of their own."""
    assert read_date(bytes.fromhex("07EA020403")) == date(2026, 2, 4)
    assert read_time(bytes.fromhex("0F1E0A00")) == time(15, 30, 10)
    assert read_time(bytes.fromhex("0F1E0AFF")) == time(15, 30, 10)
    assert read_time(bytes.fromhex("18000000")) is None
    assert read_time(bytes.fromhex("17000064")) is None
    assert read_date(b"") is read_time(b"") is None
    assert read_date(bytes.fromhex("0001010101")) is None
    assert read_date(bytes.fromhex("270F0C1F05")) is None


def test_looks() -> None:
    """Twelve characters of a meter number are no date-time."""
    assert looks_like_datetime(bytes.fromhex("07EA0204030F1E0000FFC400"))
    assert looks_like_datetime(bytes.fromhex("FFFFFFFFFFFFFFFFFF8000FF"))
    assert not looks_like_datetime(b"181220000009")
    assert not looks_like_datetime(b"")


@given(st.binary(max_size=14))
def test_any_bytes(data: bytes) -> None:
    """Whatever the bytes, nothing raises; what is a time looks like one."""
    if read_datetime(data) is not None and 0x0700 <= int.from_bytes(data[:2]) < 0x0900:
        assert looks_like_datetime(data) or data[4] > 7
    read_date(data)
    read_time(data)
