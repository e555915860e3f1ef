"""Data information block (EN 13757-3:2018, 6.3): how a record's data are coded and which register they are from.

DIF   E S F F D D D D     extension, storage bit 0, function, data field
DIFE  E U T T S S S S     extension, next subunit bit, next two tariff bits, next four storage bits (up to ten)
"""

from ...named import NamedTuple
from ...reading import Fault, FaultKind, RecordFunction

EXTENSION = 0x80
MAX_EXTENSIONS = 10

FUNCTIONS = (
    RecordFunction.INSTANTANEOUS,
    RecordFunction.MAXIMUM,
    RecordFunction.MINIMUM,
    RecordFunction.ERROR,
)

# Data field: bytes of data that follow. None is the variable length of an LVAR byte, see data_types.py.
DATA_LENGTHS: dict[int, int | None] = {
    0x0: 0,
    0x1: 1,
    0x2: 2,
    0x3: 3,
    0x4: 4,
    0x5: 4,
    0x6: 6,
    0x7: 8,
    0x8: 0,
    0x9: 1,
    0xA: 2,
    0xB: 3,
    0xC: 4,
    0xD: None,
    0xE: 6,
}
REAL = 0x5
VARIABLE = 0xD
SPECIAL = 0xF
BCD_FIELDS = frozenset({0x9, 0xA, 0xB, 0xC, 0xE})

MANUFACTURER_DATA = 0x0F
MORE_FOLLOWS = 0x1F
FILLER = 0x2F


class Dib(NamedTuple):
    """A data information block; `end` is the position behind it."""

    field: int
    function: RecordFunction
    storage: int
    tariff: int
    subunit: int
    end: int


def parse_dib(data: bytes, start: int) -> Dib | Fault:
    """Read the DIF at `start` and its extensions; a fault where they do not end or are more than ten."""
    dif = data[start]
    storage, tariff, subunit = dif >> 6 & 1, 0, 0
    position, more = start + 1, dif & EXTENSION
    while more:
        index = position - start - 1
        if position >= len(data):
            return Fault(FaultKind.TRUNCATED, "the telegram ends within a DIF")
        if index >= MAX_EXTENSIONS:
            return Fault(FaultKind.LAYOUT, "a record with more than ten DIFEs")
        dife = data[position]
        storage |= (dife & 0xF) << (1 + 4 * index)
        tariff |= (dife >> 4 & 3) << (2 * index)
        subunit |= (dife >> 6 & 1) << index
        more = dife & EXTENSION
        position += 1
    return Dib(dif & 0xF, FUNCTIONS[dif >> 4 & 3], storage, tariff, subunit, position)
