"""Axioma: water meters that send in percent how much of their battery is left, as if it were days (FD 74).

One that has no sensor of temperature sends -100.00 °C.
"""

from ....reading import Record

_DAYS, _DAY = "fd74", 86_400
_NO_SENSOR = "0259f0d8"


def corrected(record: Record) -> Record:
    """Return a record as it is meant."""
    if record.raw == _NO_SENSOR:
        return record._replace(value=None)
    if record.raw[2:6] != _DAYS or not isinstance(record.value, int):
        return record
    return record._replace(
        quantity="battery_level", value=record.value // _DAY, unit="%"
    )
