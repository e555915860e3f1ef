"""Apator: water meters with registers behind DIF 0F, and telegrams with CI fields of its own.

    AT-WMBUS-16, version 05      0F | 7 bytes | register | content | register | content | ... | FF ... | checksum (2 to 4)
    AT-WMBUS-08, 17              A0 | count (4) | 1 byte | 40 | ...
    E.ITN heat cost allocators   A0 | 3 bytes | units before (2) | seal broken (2) | units (2) | date (2) |
                                 room before (2) | room (2)
    NA-1, version 14             A0, A1 | access number | flags | 16 bytes enciphered:
                                 2F | volume (4) | clock (4) | age (14 bits) | since (26 bits) | errors | errors then
    any                          B6 | size | bytes | CI field of what follows | ...

All low byte first. A register's number says how long its content is; number 10 is the volume in litres. Some send 80
in place of the 0F. A count is in
thirds of a litre, or of a cubic metre (17). A date of the E.ITN is day 0-4, month 5-8, year 9-13, zero is none; its
temperatures are averages in 1/256 °C, units and temperature before those of the billing period that ended.

The NA-1 is enciphered as security mode 5 is (AES-128-CBC, its vector is address and access number). Its volume has four
bits of lowest value in its first byte, beside the power of ten in litres (bits 4 and 5); the clock is in seconds since
2000; the last reading kept is so many hours old, and the volume has risen by so much since.
"""

from datetime import datetime, timedelta
from struct import pack

from ....reading import MeterIdentity, Record
from ..data_types import to_date_g
from .build import count, number, real

_VERSION, _WATER = 0x05, frozenset({"water", "warm_water"})
_FIRST_REGISTER = 8
_VOLUME, _PADDING = 0x10, 0xFF
_LONGEST_CHECKSUM = 4

_SIZES: dict[int, int] = {
    **dict.fromkeys((0xA2, 0xA5, 0xA9, 0xAF), 1),
    **dict.fromkeys((0x11, 0x41, 0x43, 0xA7, 0xA8, *range(0xAA, 0xAE), 0xB4), 2),
    **dict.fromkeys((0x01, 0x44, 0xA6, 0xD0, 0xD3, *range(0xB6, 0xC8)), 3),
    **dict.fromkeys((0x00, _VOLUME, 0x42, 0xA0, 0xA1, 0xA4, 0xF0), 4),
    **dict.fromkeys((0xB0,), 5),
    **dict.fromkeys((0x40, 0x8B, 0x8C), 6),
    **dict.fromkeys((0x8E, 0xA3), 7),
    **dict.fromkeys((0xB1, 0xB3), 8),
    **dict.fromkeys((0x8A,), 9),
    **dict.fromkeys((*range(0x80, 0x85), 0x86, 0x87), 10),
    **dict.fromkeys((0x85, 0x88, 0x8F), 11),
    **dict.fromkeys((0xB2, 0xB5), 16),
    **{0x70 + count: 5 + 4 * count for count in range(1, 13)},
}


_FILLER, _OWN, _FOR_OWN = b"\x2f", b"\x0f", b"\x80"


def records(meter: MeterIdentity, data: bytes) -> bytes:
    """Return data with DIF 0F where registers follow that are announced by 80."""
    block = data.lstrip(_FILLER)
    if (
        not _has_registers(meter)
        or not block.startswith(_FOR_OWN)
        or _VOLUME not in (_registers(block) or {})
    ):
        return data
    return data[: len(data) - len(block)] + _OWN + block[1:]


def _has_registers(meter: MeterIdentity) -> bool:
    return meter.version == _VERSION and meter.medium in _WATER


def within(meter: MeterIdentity, record: Record) -> bytes:
    """Return the volume of the registers behind DIF 0F, nothing where they cannot be followed to their end."""
    raw = bytes.fromhex(record.raw)
    if not _has_registers(meter) or not raw.startswith(_OWN):
        return b""
    registers = _registers(raw)
    volume = registers.get(_VOLUME) if registers else None
    return b"\x04\x13" + volume if volume else b""


def _registers(raw: bytes) -> dict[int, bytes] | None:
    found: dict[int, bytes] = {}
    position = _FIRST_REGISTER
    while len(raw) - position > _LONGEST_CHECKSUM and raw[position] != _PADDING:
        number = raw[position]
        size = _SIZES.get(number)
        if size is None or position + 1 + size > len(raw):
            return None
        found[number] = raw[position + 1 : position + 1 + size]
        position += 1 + size
    return found


# How many millilitres three counts are, by version.
_COUNTS: dict[int | None, int] = {0x03: 1_000, 0x0F: 1_000, 0x04: 1_000_000}
_CI, PREFIX = 0xA0, b"\xb6"
_COUNTED, _COUNTED_AT, _COUNTED_SIZE = 0x40, 5, 18
_MILLILITRES = b"\x10"


def counted(meter: MeterIdentity, ci: int, data: bytes) -> bytes | None:
    """Return the volume of a telegram of the AT-WMBUS-08 or 17; None for others. `data` is what follows the CI field."""
    whole = _COUNTS.get(meter.version)
    if (
        whole is None
        or meter.medium not in _WATER
        or ci != _CI
        or len(data) < _COUNTED_SIZE
        or data[_COUNTED_AT] != _COUNTED
    ):
        return None
    thirds = int.from_bytes(data[:4], "little")
    return number(thirds * whole // 3, _MILLILITRES)


def without_prefix(payload: bytes) -> bytes:
    """Return a payload, its CI field first, without what Apator puts in front of the layers of the standard."""
    if not payload.startswith(PREFIX) or len(payload) < 2:
        return payload
    return payload[2 + payload[1] :]


_EITN_VERSION, _ALLOCATOR, _EITN_SIZE = 0x04, "heat_cost_allocator", 15
_UNITS, _AVERAGE_ROOM = b"\x6e", b"\xe7\x12"
_NO_DATE = b"\xff\xff"


def allocator(meter: MeterIdentity, ci: int, data: bytes) -> bytes | None:
    """Return units and temperatures of an E.ITN, now and before, and its dates; None for other telegrams."""
    if (meter.version, meter.medium) != (_EITN_VERSION, _ALLOCATOR):
        return None
    if ci != _CI or len(data) != _EITN_SIZE:
        return None
    date, broken = _date(data[9:11]), _date(data[5:7])
    if date == _NO_DATE or (broken == _NO_DATE and any(data[5:7])):
        return None
    return (
        count(data[7:9], _UNITS)
        + count(data[3:5], _UNITS, 1)
        + b"\x02\x6c"
        + date
        + b"\x32\x6c"
        + broken
        + _average(data[13:15], 0)
        + _average(data[11:13], 1)
    )


def _date(data: bytes) -> bytes:
    word = int.from_bytes(data, "little")
    return to_date_g(word >> 9 & 0x1F, word >> 5 & 0xF, word & 0x1F)


def _average(data: bytes, storage: int) -> bytes:
    degrees = int.from_bytes(data, "little", signed=True) / 256
    return real(pack("<f", degrees), _AVERAGE_ROOM, storage)


_NA1_VERSION, _NA1_CIS, _NA1_SIZE = 0x14, frozenset({0xA0, 0xA1}), 18
FIRST = b"\x2f"
_BEGIN = datetime(2000, 1, 1)
_YEARS = range(2010, 2081)
# 16 777 m³ are more than any of these meters counts in its life; a reading is kept each month.
_HIGHEST, _OLDEST = 1 << 24, 24 * 62
_LITRES = b"\x13"


def enciphered(meter: MeterIdentity, ci: int, data: bytes) -> tuple[int, bytes] | None:
    """Return access number and ciphertext of a telegram of the NA-1, None for others."""
    if (
        meter.version != _NA1_VERSION
        or meter.medium not in _WATER
        or ci not in _NA1_CIS
        or len(data) != _NA1_SIZE
    ):
        return None
    return data[0], data[2:]


def deciphered(plain: bytes) -> bytes | None:
    """Return the records of an NA-1; None where it makes no sense, for nothing else tells that the key was right."""
    power = 10 ** (plain[1] >> 4 & 3)
    volume = (int.from_bytes(plain[2:5], "little") << 4 | plain[1] & 0xF) * power
    seconds, age = (
        int.from_bytes(plain[at : at + size], "little") for at, size in ((5, 4), (9, 5))
    )
    hours, since = _split(age)
    clock = _BEGIN + timedelta(seconds=seconds)
    before = volume - since * power
    if (
        not plain.startswith(FIRST)
        or plain[1] >> 6
        or clock.year not in _YEARS
        or hours > _OLDEST
        or not 0 <= before <= volume < _HIGHEST
    ):
        return None
    return (
        number(volume, _LITRES)
        + b"\x04\x6d"
        + _minute(clock)
        + number(before, _LITRES, 1)
        + b"\x42\x76"
        + hours.to_bytes(2, "little")
        + b"\x44\x6d"
        + _minute(clock - timedelta(hours=hours))
        + b"\x01\xfd\x17"
        + plain[14:15]
        + b"\x41\xfd\x17"
        + plain[15:16]
    )


def _split(word: int) -> tuple[int, int]:
    """Return the age in hours and the volume since: low byte, then six high bits of the age above the lowest two of it."""
    return (word >> 10 & 0x3F) << 8 | word & 0xFF, word >> 16 << 2 | word >> 8 & 3


def _minute(when: datetime) -> bytes:
    """Return date and time of type F."""
    date = to_date_g(when.year - _BEGIN.year, when.month, when.day)
    return bytes((when.minute, when.hour)) + date
