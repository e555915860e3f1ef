"""M-Bus records: whatever bytes, records from the telegram only, and values only of the kinds a record may have."""

from datetime import date, datetime, time
from decimal import Decimal

from customer_interface.application.mbus import Content, Formats, read
from customer_interface.reading import Fault, MeterIdentity, Reading

CONTENTS = tuple(Content)
MEDIA = ("electricity", "gas", "water", "heat", "heat_cooling", "bus", None)

SEEDS = (
    *tuple(
        b"\x00\x00" + bytes.fromhex(text)
        for text in (
            "046D0B0BCD13 0C1378563412 0227D500 01FD1700",
            "8440FB8273FFFFFFFF 02FDC9FC01E700 0D780531323334 35",
            "02FC0348522574D411 04837FFA040000 1F0102",
            "466D00000B321600 4C1391030000 01FD6705",
        )
    ),
    bytes.fromhex("0100EDA8FFFF71000819000008190000 7F13"),
)


def fuzz(data: bytes) -> None:
    """Read bytes as each content; the first two bytes choose content and meter."""
    if len(data) < 2:
        return
    meter = MeterIdentity(
        medium=MEDIA[data[1] % len(MEDIA)],
        manufacturer="SAM" if data[1] & 0x80 else None,
    )
    for item in read(data[2:], CONTENTS[data[0] % len(CONTENTS)], meter, Formats()):
        assert isinstance(item, Reading | Fault)
        if isinstance(item, Reading):
            _check(item, len(data))


def _check(reading: Reading, length: int) -> None:
    # Each byte of a compact profile is a value, and has a time.
    assert len(reading.records) <= 2 * length
    for record in reading.records:
        assert isinstance(
            record.value, int | Decimal | str | date | datetime | time | None
        )
        if isinstance(record.value, Decimal):
            assert record.value.is_finite()
    for code, value in reading.values.items():
        assert value.value is not None
        assert any(record.code == code for record in reading.records)
