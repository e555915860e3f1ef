"""Zenner: cold water meters of version 0B with a block behind DIF 0F.

    status (4) | volume at the billing date (4) | volume (4) | [1 byte]

Volumes are in 1/256 litre, low byte first.
"""

from ....reading import MeterIdentity, Record
from .build import number

_VERSION, _MEDIUM = 0x0B, "cold_water"
_BLOCK, _SIZES = "0f", (12, 13)
_ERROR_FLAGS, _MILLILITRES = b"\x04\xfd\x17", b"\x10"


def within(meter: MeterIdentity, record: Record) -> bytes:
    """Return volume, volume at the billing date and status; none where they make no sense."""
    data = bytes.fromhex(record.raw[2:]) if record.raw.startswith(_BLOCK) else b""
    if (
        meter.version != _VERSION
        or meter.medium != _MEDIUM
        or len(data) not in _SIZES
        or _volume(data[4:8]) > _volume(data[8:12])
    ):
        return b""
    return (
        number(_volume(data[8:12]), _MILLILITRES)
        + number(_volume(data[4:8]), _MILLILITRES, 1)
        + _ERROR_FLAGS
        + data[:4]
    )


def _volume(data: bytes) -> int:
    """Return millilitres, whole ones."""
    return int.from_bytes(data, "little") * 1000 >> 8
