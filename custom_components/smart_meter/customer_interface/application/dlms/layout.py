"""Layouts: what the elements of a list mean that names none of them, and scales of lists that name no scaler.

A layout is data (catalogue/layouts.json) and is told by the number, types and lengths of its elements:

    {"<id>": {"source": "...", "starts": "KFM", "sums": [[code, code, code]], "fields": [
        [types, meaning], [types, code, unit, exponent, [raw values that stand for "not available"]], ...]}}

`types` is a type of axdr.Tag in lower case, with a length where strings have a fixed one (`octets:12`), or `number`
(any integer), `text` (any string) or `any`, several joined by `|`. `meaning` is an OBIS code, or `clock`, `date` or
`time` of the meter, or `ignore`. `starts` is what the first string begins with, where types are not enough. `sums`
says that the first code must be the sum of the others, where the order is inferred.

    {"<id>": {"source": "...", "starts": "Kamstrup_", "exponents": [[exponent, "C.D C.D ..."], ...]}}

gives powers of ten to values of a list that names codes but no scalers.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from ...named import NamedTuple
from ...obis import ObisCode
from ...units import Conversion
from .axdr import Data, Tag

CLOCK, DATE, TIME, IGNORE = "clock", "date", "time", "ignore"
ROLES = frozenset({CLOCK, DATE, TIME, IGNORE})
# Totals and tariffs are each cut off to whole units.
SUM_TOLERANCE = 4
# A shorter list is not told by its types where some of them are missing.
NULLABLE_FROM = 8

_GROUPS = {
    "number": frozenset(
        {
            Tag.INT8,
            Tag.INT16,
            Tag.INT32,
            Tag.INT64,
            Tag.UINT8,
            Tag.UINT16,
            Tag.UINT32,
            Tag.UINT64,
        }
    ),
    "text": frozenset({Tag.OCTETS, Tag.VISIBLE, Tag.UTF8}),
    "any": frozenset(Tag),
}


class Field(NamedTuple):
    """One element: types with the length strings must have (None for any), and its code or its role."""

    types: frozenset[tuple[Tag, int | None]]
    code: ObisCode | None = None
    role: str = IGNORE
    conversion: Conversion | None = None
    exponent: int = 0
    absent: frozenset[int] = frozenset()

    def fits(self, data: Data) -> bool:
        """Tell whether an element can be this one."""
        if (data.tag, None) in self.types:
            return True
        return (
            isinstance(data.value, bytes) and (data.tag, len(data.value)) in self.types
        )


class Layout(NamedTuple):
    """A list without names (`fields`), or one with names but without scalers (`exponents` by value groups C and D)."""

    id: str
    fields: tuple[Field, ...] = ()
    starts: str = ""
    sums: tuple[tuple[ObisCode, ...], ...] = ()
    exponents: Mapping[tuple[int, int], int] = MappingProxyType({})

    def fits(self, items: Sequence[Data]) -> bool:
        """Tell whether a list has this positional layout."""
        return self.resembles(items) and all(
            self._adds_up(codes, items) for codes in self.sums
        )

    def resembles(self, items: Sequence[Data]) -> bool:
        """Tell whether a list has this positional layout as far as its types and its first text tell."""
        return (
            len(items) == len(self.fields) > 0
            and all(map(self._fits, self.fields, items, strict=True))
            and (not self.starts or _first_text(items).startswith(self.starts.encode()))
        )

    def _fits(self, place: Field, data: Data) -> bool:
        if data.tag is Tag.NULL and place.code and len(self.fields) >= NULLABLE_FROM:
            return True
        return place.fits(data)

    def _adds_up(self, codes: tuple[ObisCode, ...], items: Sequence[Data]) -> bool:
        numbers = {
            place.code: data.value
            for place, data in zip(self.fields, items, strict=True)
            if isinstance(data.value, int)
        }
        total, *parts = (numbers.get(code, 0) for code in codes)
        return abs(total - sum(parts)) <= SUM_TOLERANCE


def _first_text(items: Sequence[Data]) -> bytes:
    return next((item.value for item in items if isinstance(item.value, bytes)), b"")


def layouts_from_json(rows: Mapping[str, Mapping[str, Any]]) -> tuple[Layout, ...]:
    """Make layouts of the content of layouts.json; raises ValueError or KeyError where it contradicts itself."""
    return tuple(
        Layout(
            name,
            tuple(_field(*place) for place in row.get("fields", [])),
            row.get("starts", ""),
            tuple(
                tuple(ObisCode.parse(code) for code in codes)
                for codes in row.get("sums", [])
            ),
            {
                _groups(groups): exponent
                for exponent, listed in row.get("exponents", [])
                for groups in listed.split()
            },
        )
        for name, row in rows.items()
    )


def _groups(text: str) -> tuple[int, int]:
    c, _, d = text.partition(".")
    return int(c), int(d)


def _field(
    types: str,
    meaning: str,
    unit: str | None = None,
    exponent: int = 0,
    absent: Sequence[int] = (),
) -> Field:
    is_role = meaning in ROLES
    return Field(
        frozenset(pair for name in types.split("|") for pair in _types(name)),
        None if is_role else ObisCode.parse(meaning),
        meaning if is_role else IGNORE,
        Conversion(unit) if unit or exponent else None,
        exponent,
        frozenset(absent),
    )


def _types(text: str) -> frozenset[tuple[Tag, int | None]]:
    if text in _GROUPS:
        return frozenset((tag, None) for tag in _GROUPS[text])
    name, _, length = text.partition(":")
    return frozenset({(Tag[name.upper()], int(length) if length else None)})
