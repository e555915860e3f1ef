"""Positional layouts: what the elements of a list mean that names none of them.

A layout is data (catalogue/layouts.json) and is told by the number, types and lengths of its elements:

    {"<id>": {"source": "...", "starts": "KFM_001", "fields": [
        [types, meaning], [types, code, unit, exponent, [raw values that stand for "not available"]], ...]}}

`types` is a type of axdr.Tag in lower case, with a length where strings have a fixed one (`octets:12`), several joined
by `|`; `meaning` is an OBIS code or one of `clock`, `date`, `time` (of the meter) and `ignore`. `starts` is what the
first string begins with, where number and types are not enough.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...obis import ObisCode
from ...units import Conversion
from .axdr import Data, Tag

CLOCK, DATE, TIME, IGNORE = "clock", "date", "time", "ignore"
ROLES = frozenset({CLOCK, DATE, TIME, IGNORE})


@dataclass(frozen=True, slots=True)
class Field:
    """One element: types with the length strings must have (None for any), and its code or its role."""

    types: frozenset[tuple[Tag, int | None]]
    code: ObisCode | None = None
    role: str | None = None
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


@dataclass(frozen=True, slots=True)
class Layout:
    """A list of elements without names."""

    id: str
    fields: tuple[Field, ...]
    starts: bytes = b""

    def fits(self, items: Sequence[Data]) -> bool:
        """Tell whether a list has this layout."""
        return (
            len(items) == len(self.fields)
            and all(map(Field.fits, self.fields, items, strict=True))
            and (not self.starts or self._first_text(items).startswith(self.starts))
        )

    def _first_text(self, items: Sequence[Data]) -> bytes:
        return next(
            (item.value for item in items if isinstance(item.value, bytes)), b""
        )


def layouts_from_json(rows: Mapping[str, Mapping[str, Any]]) -> tuple[Layout, ...]:
    """Make layouts of the content of layouts.json; raises ValueError or KeyError where it contradicts itself."""
    return tuple(
        Layout(
            name,
            tuple(_field(*field) for field in row["fields"]),
            row.get("starts", "").encode("ascii"),
        )
        for name, row in rows.items()
    )


def _field(
    types: str,
    meaning: str,
    unit: str | None = None,
    exponent: int = 0,
    absent: Sequence[int] = (),
) -> Field:
    role = meaning if meaning in ROLES else None
    return Field(
        frozenset(map(_type, types.split("|"))),
        None if role else ObisCode.parse(meaning),
        role,
        Conversion(unit) if unit else None,
        exponent,
        frozenset(absent),
    )


def _type(text: str) -> tuple[Tag, int | None]:
    name, _, length = text.partition(":")
    return Tag[name.upper()], int(length) if length else None
