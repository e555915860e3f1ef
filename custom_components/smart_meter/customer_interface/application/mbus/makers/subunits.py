"""Makers whose subunit tells reactive and apparent power from active (EN 13757-3 leaves it to them what a subunit is).

Eltako (DSZ15), IME (Nemo) and Schneider (iEM3x35) give all of them the VIF of the active one.
"""

from collections.abc import Mapping

from ....reading import Record

type Subunits = Mapping[tuple[str, int], tuple[str, str]]
"""Quantity and subunit as sent -> quantity and unit as meant; powers of ten are the same."""

_REACTIVE_ENERGY = ("reactive_energy", "varh")
_REACTIVE_POWER = ("reactive_power", "var")

ELTAKO: Subunits = {("power", 1): _REACTIVE_POWER}
IME: Subunits = {("energy", 2): _REACTIVE_ENERGY, ("power", 2): _REACTIVE_POWER}
SCHNEIDER: Subunits = {
    ("energy", 1): _REACTIVE_ENERGY,
    ("power", 1): _REACTIVE_POWER,
    ("power", 2): ("apparent_power", "VA"),
}


def corrected(subunits: Subunits, record: Record) -> Record:
    """Return a record as it is meant."""
    meant = subunits.get((record.quantity, record.subunit))
    if meant is None:
        return record
    return record._replace(
        quantity=meant[0], unit=meant[1] if record.unit is not None else None
    )
