"""Diehl IZAR radio (PRIOS): water meters, once unscrambled.

    4B | volume (4) | volume at the end of the month (4) | date (2) | ...      litres, low byte first; the date is type G

Only the first byte says that the right constant was used, so the volumes must be ones a meter can have as well.
"""

_MARK = 0x4B
_SHORTEST, _WITH_MONTH = 5, 11
# 16 777 m³ are more than any of these meters counts in its life.
_HIGHEST = 1 << 24


def records(plain: bytes) -> bytes | None:
    """Return total, and total and date of the last month where they are there."""
    if len(plain) < _SHORTEST or plain[0] != _MARK:
        return None
    total = plain[1:5]
    month = plain[5:9] if len(plain) >= _WITH_MONTH else b"\0\0\0\0"
    if not _volume(month) <= _volume(total) < _HIGHEST:
        return None
    found = b"\x04\x13" + total
    if len(plain) >= _WITH_MONTH:
        found += b"\x44\x13" + month + b"\x42\x6c" + plain[9:11]
    return found


def _volume(data: bytes) -> int:
    return int.from_bytes(data, "little")
