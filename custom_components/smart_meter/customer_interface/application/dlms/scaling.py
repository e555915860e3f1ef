"""Powers of ten of values whose list names neither scaler nor unit.

Energy and power come in Wh, varh, W and var then. Everything else is one of a few conventions: currents in 0.01 A and
power factors in 0.001 (Landis+Gyr E360, E450, Iskraemeco AM550), or what a layout says (Kamstrup). Voltage and
frequency come with no, one or two decimals, even from meters of one type; which of them shows in the number. Meters
behind current transformers count whole amperes (Landis+Gyr E570); this shows where 0.01 A could not carry the power.
"""

from collections.abc import Iterable, Mapping, Sequence
from math import hypot

from ...obis import ObisCode
from ...quantity import Kind, quantity_of
from .axdr import Tag
from .layout import Layout
from .shapes import Attribute, Content

FIXED = {Kind.CURRENT: -2, Kind.POWER_FACTOR: -3}
WHOLE_AMPERES = 0
# No customer interface is on a line of 1000 V or 100 Hz.
LIMITS = {Kind.VOLTAGE: 1_000, Kind.FREQUENCY: 100}
# Volts of a phase at most, where the list has no voltage, and what rounding and harmonics may add to a product.
HIGHEST_VOLTAGE, MARGIN = 265, 1.25


class _Bare:
    """Raw numbers of the values without scaler, by kind; `special` are exponents a layout gives."""

    def __init__(self, special: Mapping[tuple[int, int], int]) -> None:
        self.special = special
        self.numbers: dict[Kind, list[int]] = {}

    def note(self, kind: Kind, number: int) -> None:
        self.numbers.setdefault(kind, []).append(abs(number))

    def decimals(self, kind: Kind) -> int:
        """Return how many decimals the numbers of a kind have, so that the largest stays below its limit."""
        limit = LIMITS[kind]
        # What is beyond two decimals stands for "not available".
        believable = [n for n in self.numbers.get(kind, ()) if n < limit * 100]
        digits = 0
        while max(believable, default=0) >= limit * 10**digits:
            digits += 1
        return digits


def rescale(content: Content, layouts: Sequence[Layout]) -> Content:
    """Give each value without scaler its power of ten."""
    bare = _Bare(special_exponents(content, layouts))
    kinds = dict(bare_kinds(content.attributes.values()))
    for code, kind in kinds.items():
        bare.note(kind, _raw(content.attributes[code]))
    exponents = {kind: -bare.decimals(kind) for kind in LIMITS} | FIXED
    voltage = max(bare.numbers.get(Kind.VOLTAGE, ()), default=0)
    volts = voltage * 10.0 ** exponents[Kind.VOLTAGE] or HIGHEST_VOLTAGE
    if not _carries(content, bare.numbers.get(Kind.CURRENT, ()), volts):
        exponents[Kind.CURRENT] = WHOLE_AMPERES
    for code, kind in kinds.items():
        exponent = bare.special.get((code.c, code.d), exponents.get(kind, 0))
        entry = content.attributes[code]
        content.attributes[code] = entry._replace(exponent=exponent)
    return content


def bare_kinds(entries: Iterable[Attribute]) -> Iterable[tuple[ObisCode, Kind]]:
    """Yield the values that are numbers without scaler, and what they measure."""
    for entry in entries:
        quantity = quantity_of(entry.code)
        if (
            quantity is not None
            and entry.conversion is None
            and entry.data.tag not in (Tag.ENUM, Tag.BOOLEAN)
            and isinstance(entry.data.value, int)
        ):
            yield entry.code, quantity.kind


def _raw(entry: Attribute | None) -> int:
    return entry.data.value if entry and isinstance(entry.data.value, int) else 0


def special_exponents(
    content: Content, layouts: Sequence[Layout]
) -> Mapping[tuple[int, int], int]:
    """Return the exponents of the first layout that knows this list id."""
    for known in layouts:
        if known.exponents and (content.list_id or "").startswith(known.starts):
            return known.exponents
    return {}


def _carries(content: Content, currents: Sequence[int], volts: float) -> bool:
    """Tell whether currents in 0.01 A can carry the power the list has in W and var: it is never above U * I."""
    if not any(currents):
        return True
    power = {
        code.c: _raw(entry) * 10.0**entry.exponent
        for code, entry in content.attributes.items()
        if (code.a, code.d, code.e) == (1, 7, 0) and code.c in (1, 2, 3, 4)
    }
    needed = hypot(power.get(1, 0) - power.get(2, 0), power.get(3, 0) - power.get(4, 0))
    most = sum(number + 1 for number in currents) * 10.0 ** FIXED[Kind.CURRENT] * volts
    return needed <= most * MARGIN
