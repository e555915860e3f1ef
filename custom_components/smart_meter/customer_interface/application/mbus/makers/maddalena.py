"""Maddalena: water meters EVO 868 send the ends of months with a date for the first of them only.

The storage number with that date has the storage interval too, of one month; each later number is one month earlier.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from itertools import pairwise

from ....reading import MeterIdentity, Record, Scalar
from ..profiles import months_later

_VERSION, _MEDIA = 0x50, frozenset({"water", "cold_water", "warm_water"})
_INTERVAL, _MONTHS = "storage_interval", "mo"


def months(meter: MeterIdentity, records: Sequence[Record]) -> Iterator[Record]:
    """Yield the date of each month's end whose volume is among `records`, none where volumes do not fall backwards."""
    if meter.version != _VERSION or meter.medium not in _MEDIA:
        return
    first = _first(records)
    when = _date(records, first)
    volumes = {
        record.storage: record.value
        for record in records
        if record.quantity == "volume" and record.storage >= first
    }
    if first == 0 or when is None or not _falls(volumes.values()):
        return
    for storage in volumes:
        if storage > first and (end := _earlier(when, storage - first)):
            yield Record("date", end, storage=storage)


def _first(records: Iterable[Record]) -> int:
    """Return the storage number of the interval of one month, 0 where there is none."""
    return next(
        (
            record.storage
            for record in records
            if (record.quantity, record.value, record.unit) == (_INTERVAL, 1, _MONTHS)
        ),
        0,
    )


def _date(records: Iterable[Record], storage: int) -> date | None:
    for record in records:
        if record.storage == storage and isinstance(record.value, date):
            return record.value
    return None


def _falls(volumes: Collection[Scalar]) -> bool:
    """Whether each volume is known and none is above the one before."""
    known = [volume for volume in volumes if isinstance(volume, int | Decimal)]
    return len(known) == len(volumes) and all(
        later >= earlier for later, earlier in pairwise(known)
    )


def _earlier(when: date, months: int) -> date | None:
    try:
        return months_later(when, -months)
    except ValueError:
        return None
