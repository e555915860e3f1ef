"""Diehl IZAR radio (PRIOS): water meters, once unscrambled.

    status (3) | 4B | volume (4) | volume at the end of the month (4) | date (2) | ...

Volumes are in litres, low byte first; the date is of type G. The low bits of the status, which is not scrambled, tell how
often the meter sends (4 seconds times a power of two) and how many half years its battery has left. Only the byte 4B says
that the right constant was used, so the volumes must be ones a meter can have as well.
"""

_MARK = 0x4B
_PERIOD, _BATTERY = 0x0F, 0x1F
_MONTHS = 6
_SHORTEST, _WITH_MONTH = 5, 11
# 16 777 m³ are more than any of these meters counts in its life.
_HIGHEST = 1 << 24


def records(status: bytes, plain: bytes) -> bytes | None:
    """Return total, sending period, battery life, and total and date of the last month where they are there."""
    if len(plain) < _SHORTEST or plain[0] != _MARK:
        return None
    total = plain[1:5]
    month = plain[5:9] if len(plain) >= _WITH_MONTH else b"\0\0\0\0"
    if not _volume(month) <= _volume(total) < _HIGHEST:
        return None
    found = b"\x04\x13" + total
    if len(plain) >= _WITH_MONTH:
        found += b"\x44\x13" + month + b"\x42\x6c" + plain[9:11]
    period = 4 << (status[0] & _PERIOD)
    left = (status[1] & _BATTERY) * _MONTHS
    return (
        found
        + b"\x04\xfd\x3c"
        + period.to_bytes(4, "little")
        + b"\x02\xfd\xfd\x02"
        + left.to_bytes(2, "little")
    )


def _volume(data: bytes) -> int:
    return int.from_bytes(data, "little")
