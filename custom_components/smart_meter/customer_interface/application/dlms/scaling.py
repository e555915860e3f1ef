"""Powers of ten of values whose list names neither scaler nor unit.

Energy and power come in Wh, varh, W and var then. Everything else is one of a few conventions: currents in 0.01 A and
power factors in 0.001 (Landis+Gyr E360, E450, E570, Iskraemeco AM550), or what a layout says (Kamstrup). Voltage and
frequency come with no, one or two decimals, even from meters of one type; which of them shows in the number.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from ...quantity import Kind, Quantity, quantity_of
from .axdr import Tag
from .layout import Layout
from .shapes import Attribute, Content

FIXED = {Kind.CURRENT: -2, Kind.POWER_FACTOR: -3}
# No customer interface is on a line of 1000 V or 100 Hz.
LIMITS = {Kind.VOLTAGE: 1_000, Kind.FREQUENCY: 100}


def rescale(content: Content, layouts: Sequence[Layout]) -> Content:
    """Give each value without scaler its power of ten."""
    bare = [entry for entry in content.attributes.values() if _is_bare(entry)]
    if bare:
        special, decimals = _special(content, layouts), _decimals(bare)
        for entry in bare:
            exponent = _exponent(entry, special, decimals)
            content.attributes[entry.code] = replace(entry, exponent=exponent)
    return content


def _is_bare(entry: Attribute) -> bool:
    return (
        entry.conversion is None
        and entry.data.tag not in (Tag.ENUM, Tag.BOOLEAN)
        and isinstance(entry.data.value, int)
    )


def _special(
    content: Content, layouts: Sequence[Layout]
) -> Mapping[tuple[int, int], int]:
    """Return the exponents of the first layout that knows this list id."""
    for known in layouts:
        if known.exponents and (content.list_id or "").startswith(known.starts):
            return known.exponents
    return {}


def _decimals(bare: Iterable[Attribute]) -> dict[Kind, int]:
    """Return how many decimals the numbers of a kind have, so that the largest stays below its limit."""
    decimals = dict.fromkeys(LIMITS, 0)
    for entry in bare:
        quantity = quantity_of(entry.code)
        if quantity is not None and quantity.kind in LIMITS:
            digits = _digits_beyond(entry, LIMITS[quantity.kind])
            decimals[quantity.kind] = max(decimals[quantity.kind], digits)
    return decimals


def _digits_beyond(entry: Attribute, limit: int) -> int:
    number = entry.data.value if isinstance(entry.data.value, int) else 0
    digits = 0
    # What is beyond two decimals stands for "not available".
    while abs(number) >= limit * 10**digits and digits < 3:
        digits += 1
    return digits if digits < 3 else 0


def _exponent(
    entry: Attribute,
    special: Mapping[tuple[int, int], int],
    decimals: Mapping[Kind, int],
) -> int:
    groups = (entry.code.c, entry.code.d)
    if groups in special:
        return special[groups]
    quantity: Quantity | None = quantity_of(entry.code)
    if quantity is None:
        return 0
    return FIXED.get(quantity.kind, -decimals.get(quantity.kind, 0))
