"""Data types of EN 13757-3:2018, annex A, and the variable length of its table 5; all low byte first.

Each function returns None for what the standard calls invalid: no value is better than a wrong one. Types L (listening
window) and M (date and time of variable length) are kept as the bytes that were sent.
"""

from datetime import date, datetime, time
from decimal import Decimal
from math import isfinite
from struct import unpack

from ...reading import Scalar


def signed(data: bytes) -> int | None:
    """Type B: two's complement; the lowest number is the standard's mark for invalid."""
    number = int.from_bytes(data, "little", signed=True)
    return None if number == INVALID[len(data)] else number


# By the size.
INVALID = tuple(-(1 << 8 * size >> 1) for size in range(9))


def unsigned(data: bytes) -> int:
    """Types C and D: an unsigned number, or bits."""
    return int.from_bytes(data, "little")


def bcd(data: bytes) -> int | None:
    """Type A: packed decimal digits; F in the highest place is the minus sign, any other letter makes it invalid."""
    digits = data[::-1].hex()
    if digits.isdecimal():
        return int(digits)
    minus, digits = digits[:1] == "f", digits[1:]
    return -int(digits) if minus and digits.isdecimal() else None


def bcd_digits(data: bytes) -> str | None:
    """Return an identification as it is printed, leading zeros included; None where it has letters."""
    digits = data[::-1].hex()
    return digits if digits.isdecimal() else None


def real(data: bytes) -> Decimal | None:
    """Type H: IEEE 754 of four bytes, exactly as many decimals as it has; None for infinities and NaN."""
    number = unpack("<f", data)[0]
    return Decimal(number) if isfinite(number) else None


def text(data: bytes) -> str:
    """Return ISO 8859-1 characters that are sent last character first; lines, as P2's versions, become a list."""
    lines = data[::-1].decode("latin-1").strip("\0").split("\r\n")
    return ", ".join(filter(None, lines))


def hexadecimal(data: bytes) -> str | None:
    """Return bytes as they are sent, `00 1F`; None for none."""
    return data.hex(" ").upper() or None


def date_g(data: bytes) -> date | None:
    """Type G, two bytes: day 0-4, year 5-7 and 12-15, month 8-11."""
    year = data[0] >> 5 | data[1] >> 4 << 3
    return None if year > 99 else _date(_century(year), data[1] & 0xF, data[0] & 0x1F)


def to_date_g(year: int, month: int, day: int) -> bytes:
    """Return a date of this century as type G; what is no date, or one after 2080, as the mark for none."""
    if not 0 <= year <= 80 or _date(2000 + year, month, day) is None:
        return b"\xff\xff"
    return bytes((day | (year & 7) << 5, month | year >> 3 << 4))


def datetime_f(data: bytes) -> datetime | None:
    """Type F, four bytes: minute 0-5, invalid 7, hour 8-12, hundred years 13-14, then type G. Local time.

    Of the hundred years only those of this century count: meters that say 2126 mean 2026 (Zenner).
    """
    if data[0] & 0x80:
        return None
    year = data[2] >> 5 | data[3] >> 4 << 3
    hundreds = data[1] >> 5 & 3
    full = _CENTURY + year if hundreds == _THIS else _century(year)
    day = None if year > 99 else _date(full, data[3] & 0xF, data[2] & 0x1F)
    return _datetime(day, data[1] & 0x1F, data[0] & 0x3F, 0)


def datetime_i(data: bytes) -> datetime | None:
    """Type I, six bytes: second 0-5, minute 8-13, invalid 15, hour 16-20, then type G, then week. Local time."""
    if data[1] & 0x80:
        return None
    day = date_g(data[3:5])
    return _datetime(day, data[2] & 0x1F, data[1] & 0x3F, data[0] & 0x3F)


def datetime_bcd(data: bytes) -> datetime | None:
    """Twelve decimal digits, which no annex has (ABB): second, minute, hour, day, month, year of this century. Local time."""
    digits = data.hex()
    if len(digits) != 12 or not digits.isdecimal():
        return None
    second, minute, hour, day, month, year = (
        int(digits[place : place + 2]) for place in range(0, 12, 2)
    )
    return _datetime(_date(_CENTURY + year, month, day), hour, minute, second)


def time_j(data: bytes) -> time | None:
    """Type J, three bytes: second 0-5, minute 8-13, hour 16-20."""
    second, minute, hour = data[0] & 0x3F, data[1] & 0x3F, data[2] & 0x1F
    if hour > 23 or minute > 59 or second > 59:
        return None
    return time(hour, minute, second)


def daylight_saving_k(data: bytes) -> str | None:
    """Type K, four bytes, as `03-29 02:00 to 10-25, +1 h, local +1 h, off`, the last where it is not applied.

    First hour 0-4, local time from UTC 5-7 and 13-14, first day 8-12, applied 15, last day 16-20, deviation 21-22,
    added 23, first month 24-27, last month 28-31.
    """
    hour, local = data[0] & 0x1F, data[0] >> 5 | (data[1] >> 5 & 3) << 3
    hours = (data[2] >> 5 & 3) * (1 if data[2] & 0x80 else -1)
    first = _date(_LEAP, data[3] & 0xF, data[1] & 0x1F)
    last = _date(_LEAP, data[3] >> 4, data[2] & 0x1F)
    if first is None or last is None or hour > 23 or local > 23:
        return None
    applied = "" if data[1] & 0x80 else ", off"
    return (
        f"{first:%m-%d} {hour:02}:00 to {last:%m-%d}, {hours:+} h, local {local:+} h"
        f"{applied}"
    )


# A year with every date there is.
_LEAP = 2000
_CENTURY, _THIS = 2000, 1


def _century(year: int) -> int:
    """Two digits up to 80 mean 20xx (annex A, note to type F)."""
    return 2000 + year if year <= 80 else 1900 + year


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _datetime(day: date | None, hour: int, minute: int, second: int) -> datetime | None:
    if day is None or hour > 23 or minute > 59 or second > 59:
        return None
    return datetime(day.year, day.month, day.day, hour, minute, second)


_TIMES = {2: date_g, 3: time_j, 4: datetime_f, 6: datetime_i}


def point_in_time(data: bytes) -> Scalar:
    """Read a date, a time or both; the length says which type it is."""
    decode = _TIMES.get(len(data))
    return decode(data) if decode else None


def variable_length(lvar: int) -> int | None:
    """Return the number of bytes that follow an LVAR byte, None where it is reserved (table 5)."""
    if lvar <= 0xBF:
        return lvar
    if lvar <= 0xC9 or 0xD0 <= lvar <= 0xD9 or 0xE0 <= lvar <= 0xEF:
        return lvar & 0xF
    return _LONG_BINARY.get(lvar)


# F0 to F4 are 4 * (LVAR - EC) bytes, F5 and F6 are 48 and 64.
_LONG_BINARY = {0xF0: 16, 0xF1: 20, 0xF2: 24, 0xF3: 28, 0xF4: 32, 0xF5: 48, 0xF6: 64}


def variable(lvar: int, data: bytes) -> Scalar:
    """Read data of variable length: text, signed decimal digits, or a binary number; long ones as hexadecimal digits."""
    if lvar <= 0xBF:
        return text(data)
    if lvar <= 0xC9:
        return bcd(data) if data else None
    if lvar <= 0xD9:
        number = bcd(data) if data else None
        return None if number is None else -number
    if lvar <= 0xEF:
        return unsigned(data) if data else None
    return hexadecimal(data[::-1])
