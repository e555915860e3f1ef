"""COSEM date-time, date and time (Blue Book, clause 4.1.6.1; IEC 62056-6-2).

    date-time   year(2)  month  day  weekday  hour  minute  second  hundredths  deviation(2)  status
    date        year(2)  month  day  weekday
    time        hour  minute  second  hundredths

FF (FFFF for the year, 8000 for the deviation) is "not specified". The deviation is in minutes and leads from local
time to UTC: UTC = local + deviation, so that FFC4 (-60) is UTC+01:00. Status bit 0 says that the time is invalid.
"""

from datetime import MAXYEAR, MINYEAR, date, datetime, time, timedelta, timezone
from functools import lru_cache
import struct

# All but the weekday.
_DATETIME = struct.Struct(">HBBxBBBBhB")
DATETIME_BYTES, DATE_BYTES, TIME_BYTES = 12, 5, 4
UNSPECIFIED = 0xFF
INVALID = 0x01
# Local time is at most 14 hours before UTC and 12 behind it.
DEVIATIONS = range(-840, 721)
# A moment of the first or last year there is may be none in UTC or in another time zone.
YEARS = range(MINYEAR + 1, MAXYEAR)


def read_datetime(data: bytes) -> datetime | None:
    """Read 12 octets; naive where the deviation is not specified, None where date or time are not, or are invalid."""
    if len(data) != DATETIME_BYTES:
        return None
    year, month, day, hour, minute, second, hundredths, deviation, status = (
        _DATETIME.unpack(data)
    )
    if year not in YEARS or (status != UNSPECIFIED and status & INVALID):
        return None
    fraction, zone = _microseconds(hundredths), _zone(deviation)
    try:
        return datetime(year, month, day, hour, minute, second, fraction, zone)
    except ValueError:
        return None


@lru_cache(maxsize=64)
def _zone(deviation: int) -> timezone | None:
    return timezone(timedelta(minutes=-deviation)) if deviation in DEVIATIONS else None


def _microseconds(hundredths: int) -> int:
    return 0 if hundredths == UNSPECIFIED else hundredths * 10_000


def read_date(data: bytes) -> date | None:
    """Read 5 octets; None where a part is not specified, stands for a rule (last day of the month) or cannot be."""
    year = int.from_bytes(data[:2], "big")
    if len(data) != DATE_BYTES or year not in YEARS:
        return None
    try:
        return date(year, data[2], data[3])
    except ValueError:
        return None


def read_time(data: bytes) -> time | None:
    """Read 4 octets; hundredths that are not specified are 0. None where another part is not specified or cannot be."""
    if len(data) != TIME_BYTES:
        return None
    try:
        return time(data[0], data[1], data[2], _microseconds(data[3]))
    except ValueError:
        return None


def looks_like_datetime(data: bytes) -> bool:
    """Tell 12 octets that are a date-time from 12 characters of a name or number."""
    return (
        len(data) == DATETIME_BYTES
        and (data[0] in (0x07, 0x08) or data[:2] == b"\xff\xff")
        and (1 <= data[2] <= 12 or data[2] >= 0xFD)
        and (1 <= data[3] <= 31 or data[3] >= 0xFD)
        and (data[4] <= 7 or data[4] == UNSPECIFIED)
        and (data[5] <= 23 or data[5] == UNSPECIFIED)
        and (data[6] <= 59 or data[6] == UNSPECIFIED)
        and (data[7] <= 59 or data[7] == UNSPECIFIED)
    )
