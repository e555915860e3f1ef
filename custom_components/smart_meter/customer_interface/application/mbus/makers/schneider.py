"""Schneider: electricity meters (iEM3x35) whose energies as real numbers are in kWh, under a VIF that says Wh.

The same counters as whole numbers, in another telegram of the same readout, are in Wh.
"""

from decimal import Decimal

from ....reading import Record
from ....units import Conversion, plain
from ..dif import REAL
from . import subunits

_ENERGY, _KILOWATT_HOURS = "energy", Conversion("Wh", 3)


def corrected(record: Record) -> Record:
    """Return a record as it is meant, energy in Wh or varh."""
    meant = subunits.corrected(subunits.SCHNEIDER, record)
    if (
        record.quantity != _ENERGY
        or int(record.raw[1], 16) != REAL
        or not isinstance(record.value, int | Decimal)
    ):
        return meant
    return meant._replace(value=plain(Decimal(record.value), _KILOWATT_HOURS))
