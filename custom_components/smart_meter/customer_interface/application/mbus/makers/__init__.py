"""Layouts of makers who send their values at fixed places and not as records, one module a maker.

Each layout is told by maker, version, medium and CI field, and is here only because published telegrams with their
values prove it. What is read is handed on as records of EN 13757-3, so that it is understood like all others.
"""

from collections.abc import Iterable

from ....reading import MeterIdentity, Record
from . import apator, bfw, diehl, qundis, techem

_TELEGRAMS = {"TCH": techem.records}
_DATA = {"BFW": bfw.records}
_WITHIN = {"APA": apator.within, "LSE": qundis.within, "QDS": qundis.within}


def from_telegram(meter: MeterIdentity, ci: int, data: bytes) -> bytes | None:
    """Return the records of a telegram with a maker's own CI field; `data` is what follows it. None where unknown."""
    read = _TELEGRAMS.get(meter.manufacturer or "")
    return read(meter, ci, data) if read else None


def from_scrambled(status: bytes, plain: bytes) -> bytes | None:
    """Return the records of a Diehl telegram once unscrambled, None where it makes no sense.

    `status` is the three bytes behind the CI field.
    """
    return diehl.records(status, plain)


def from_data(meter: MeterIdentity, data: bytes) -> bytes | None:
    """Return the records of data that are announced as records; None where they are none and unknown."""
    read = _DATA.get(meter.manufacturer or "")
    return read(meter, data) if read else data


def look_into(meter: MeterIdentity, records: Iterable[Record]) -> bool:
    """Whether more than each record's own data decides what a telegram of these records says."""
    return meter.manufacturer in _DATA or (
        meter.manufacturer in _WITHIN and any(map(_may_hold, records))
    )


def _may_hold(record: Record) -> bool:
    """Whether a record is one a maker can pack others into: by its DIF, of variable length or all his own."""
    return record.raw[1:2] in ("d", "f")


def within(meter: MeterIdentity, record: Record) -> bytes:
    """Return the records a maker packed into one of his own; none where they are unknown."""
    read = _WITHIN.get(meter.manufacturer or "")
    return read(meter, record) if read and _may_hold(record) else b""
