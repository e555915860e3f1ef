"""Apator: water meters of version 05 with registers behind DIF 0F.

    0F | 7 bytes | register | content | register | content | ... | FF ... | checksum (2 to 4)

A register's number says how long its content is; number 10 is the volume in litres, low byte first.
"""

from ....reading import MeterIdentity, Record

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


def within(meter: MeterIdentity, record: Record) -> bytes:
    """Return the volume of the registers behind DIF 0F, nothing where they cannot be followed to their end."""
    raw = bytes.fromhex(record.raw)
    if meter.version != _VERSION or meter.medium not in _WATER or raw[:1] != b"\x0f":
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
