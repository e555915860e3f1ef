"""Ei Electronics: smoke detectors tell of their sensor in 32 bits with VIF FF 2C.

    dust 0-4 | faults 5-7 | battery 8-11 | faults 12-19 | distance of an obstacle 20-22 | faults 23-31

The dust is a level; cleaning is due at 28. The battery is in steps of 0.05 V above 2.25 V.
"""

from ....reading import MeterIdentity, Record

_MEDIUM = "smoke_detector"
_SENSOR = "8440ff2c"
_DUST, _BATTERY = 0x1F, 0x0F
_LEVEL, _VOLTAGE = b"\x01\xfd\x3a", b"\x02\xfd\x47"
_LOWEST, _STEP = 225, 5


def within(meter: MeterIdentity, record: Record) -> bytes:
    """Return the level of dust and the voltage of the battery."""
    if meter.medium != _MEDIUM or not record.raw.startswith(_SENSOR):
        return b""
    bits = bytes.fromhex(record.raw)[-4:]
    voltage = _LOWEST + _STEP * (bits[1] & _BATTERY)
    return _LEVEL + bytes((bits[0] & _DUST,)) + _VOLTAGE + voltage.to_bytes(2, "little")
