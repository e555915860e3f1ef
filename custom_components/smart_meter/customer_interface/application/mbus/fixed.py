"""Fixed data structure (CI 73, EN 13757-3:2018, annex H): two counters of old meters.

    ID ID ID ID | access | status | medium and units (2) | counter 1 (4) | counter 2 (4)

Status: bit 0 counters binary instead of BCD, bit 1 counters stored at a fixed date. Of the two bytes of medium and
units the low six bits are the units, the high two bits of both the medium.
"""

from ...media import MEDIA
from ...reading import MeterIdentity, Reading, Record
from ...units import Conversion, plain
from .data_types import bcd, bcd_digits, signed

LENGTH = 16
_BINARY, _STORED = 1, 2
_SAME_BUT_HISTORIC = 0x3E


def _decades(
    first: int, count: int, quantity: str, unit: str, exponent: int
) -> dict[int, tuple[str, Conversion]]:
    return {first + n: (quantity, Conversion(unit, exponent + n)) for n in range(count)}


# Annex H, table of physical units.
_UNITS: dict[int, tuple[str, Conversion]] = {
    **_decades(0x02, 9, "energy", "Wh", 0),
    **_decades(0x0B, 9, "energy", "J", 3),
    **_decades(0x14, 9, "power", "W", 0),
    **_decades(0x1D, 9, "power", "J/h", 3),
    **_decades(0x26, 9, "volume", "m³", -6),
    **_decades(0x2F, 9, "volume_flow", "m³/h", -6),
    0x38: ("temperature", Conversion("°C", -3)),
    0x39: ("heat_cost_units", Conversion(None)),
    0x3F: ("dimensionless", Conversion(None)),
}
_UNKNOWN = ("unknown", Conversion(None))


def read_fixed(data: bytes) -> Reading:
    """Read the 16 bytes behind the CI field."""
    status, first, second = data[5], data[6] & 0x3F, data[7] & 0x3F
    medium = data[6] >> 6 | data[7] >> 6 << 2
    stored = 1 if status & _STORED else 0
    historic = second == _SAME_BUT_HISTORIC
    return Reading(
        meter=MeterIdentity(
            number=bcd_digits(data[:4]), medium=MEDIA.get(medium, "unknown")
        ),
        status=status,
        records=(
            _counter(data[8:12], first, status, stored),
            _counter(
                data[12:16],
                first if historic else second,
                status,
                1 if historic else stored,
            ),
        ),
    )


def _counter(data: bytes, unit: int, status: int, storage: int) -> Record:
    quantity, conversion = _UNITS.get(unit, _UNKNOWN)
    number = signed(data) if status & _BINARY else bcd(data)
    value = None if number is None else plain(number, conversion)
    return Record(quantity, value, conversion.unit, storage=storage, raw=data.hex())
