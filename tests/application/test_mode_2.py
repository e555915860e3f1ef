"""Tests of mode 2: telegrams of old meters, high byte first, are the same telegrams as in mode 1."""

from datetime import date
from decimal import Decimal

from hypothesis import given, strategies as st

from customer_interface.application.mbus import Formats, to_mode_1
from customer_interface.keys import KeyRing
from customer_interface.oms import meter_of, open_message
from customer_interface.reading import Fault, FaultKind, Reading
from tests.mbus_telegrams import wired_payload

HEAD = "76 12345678 1593 52 04 0A 10 0000"
RECORDS = "2F 026C 2312 0C15 03797168 025A FF9C 0D78 03 414243 8C1013 00000012"


def test_as_in_mode_1() -> None:
    """Number, maker, numbers, dates and texts are turned, DIF and VIF are not."""
    message = wired_payload(bytes.fromhex(HEAD + RECORDS))
    (reading,) = open_message(message, KeyRing(), Formats())
    assert isinstance(reading, Reading)
    meter = reading.meter
    assert (meter.number, meter.manufacturer) == ("12345678", "ELS")
    assert (meter.version, meter.medium, reading.status) == (0x52, "heat", 0x10)
    assert [record.value for record in reading.records] == [
        date(2016, 3, 18),
        Decimal("379716.8"),
        Decimal("-10.0"),
        "ABC",
        Decimal("0.012"),
    ]
    assert meter_of(message) == meter


def test_cut_record() -> None:
    """What stands before a record that is cut is read, and the cut is told."""
    message = wired_payload(bytes.fromhex(HEAD + "025A FF9C 0C15 0379"))
    reading, fault = open_message(message, KeyRing(), Formats())
    assert isinstance(reading, Reading)
    assert isinstance(fault, Fault)
    assert [record.value for record in reading.records] == [Decimal("-10.0")]
    assert fault.kind is FaultKind.TRUNCATED


@given(st.binary(max_size=80))
def test_any_bytes(data: bytes) -> None:
    """Nothing is lost or added, and only telegrams of mode 2 are turned."""
    turned = to_mode_1(b"\x76" + data)
    assert sorted(turned[1:]) == sorted(data)
    assert to_mode_1(b"\x72" + data) == b"\x72" + data
