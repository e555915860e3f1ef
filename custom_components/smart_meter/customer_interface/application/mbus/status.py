"""What a meter says of its own condition: the bits of a status byte (EN 13757-7, 7.5.6; DSMR P2 4.2.2, 6.3.3).

bit   2 power low   3 permanent error   4 temporary error     in the header of every M-Bus telegram
      5 clock not synchronised          6 fraud attempt       only P2, which has the byte in a record, 01 FD 17
"""

from collections.abc import Mapping

from ...reading import Reading
from .codes import is_dutch_p2

CONDITIONS: tuple[str, ...] = ("power_low", "permanent_error", "temporary_error")
DUTCH_CONDITIONS = (*CONDITIONS, "clock_error", "fraud_attempt")
_FIRST_BIT = 2


def conditions(reading: Reading) -> Mapping[str, bool]:
    """Return which conditions a telegram tells, and whether each is so; none where it has no status byte."""
    names, byte = CONDITIONS, reading.status
    if is_dutch_p2(reading.records):
        # P2 leaves the byte of the header unused.
        names, byte = DUTCH_CONDITIONS, _error_flags(reading)
    if byte is None:
        return {}
    return {
        name: bool(byte >> bit & 1) for bit, name in enumerate(names, start=_FIRST_BIT)
    }


def _error_flags(reading: Reading) -> int | None:
    found = (
        record.value
        for record in reading.records
        if record.quantity == "error_flags" and record.storage == 0
    )
    value = next(found, None)
    return value if isinstance(value, int) else None
