"""Shapes of pushed lists: which value belongs to which OBIS code.

IEC 62056-5-3 leaves it to the push setup of a meter what a data-notification carries. In the order they are tried:

    positional        a list without names, told by number and types (layout.py)
    self-describing   structure( array( structure(class, code, attribute, index ...) ... )  value  value ... )
    named             lists, in one another or flat, of
                          code value scaler-unit | code value | class code attribute value | descriptor value
                      with a date-time or list id in front and a nameless meter number behind

A scaler-unit is structure(i8 enum). A code is an octet-string of 6, but only where a name is expected: values may have
6 bytes too.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time

from ...obis import ObisCode
from ...units import DLMS_UNITS, Conversion
from . import layout
from .axdr import Data, Tag
from .clock import looks_like_datetime, read_date, read_datetime, read_time
from .layout import Field, Layout

LOGICAL_NAME, VALUE = 1, 2
# Register and extended register, demand register: attribute that holds scaler and unit.
SCALER_UNIT_ATTRIBUTE = {3: 3, 4: 3, 5: 4}
_LISTS = frozenset({Tag.ARRAY, Tag.STRUCTURE})
_STRINGS = frozenset({Tag.OCTETS, Tag.VISIBLE, Tag.UTF8})


@dataclass(frozen=True, slots=True)
class Attribute:
    """A value with its name; `conversion` None where the list names no unit, `absent` raw values that are none."""

    code: ObisCode
    data: Data
    exponent: int = 0
    conversion: Conversion | None = None
    absent: frozenset[int] = frozenset()


@dataclass(slots=True)
class Content:
    """What a list says: attributes in their order, the nameless meter number, list id and clock it may have."""

    attributes: list[Attribute] = field(default_factory=list)
    number: str | None = None
    list_id: str | None = None
    clock: datetime | None = None


def recognise(body: Data, layouts: Sequence[Layout]) -> Content | None:
    """Return what a pushed list says, or None where no shape fits."""
    for fitting in layouts:
        if fitting.fits(body.items):
            return _positional(body.items, fitting)
    described = _self_describing(body.items)
    if described is not None:
        return described
    named = Content()
    _walk(body.items, named)
    return named if named.attributes else None


def text_of(data: Data) -> str | None:
    """Return a string as text, without the padding some meters add; None where it has no printable characters."""
    if not isinstance(data.value, bytes):
        return None
    try:
        text = data.value.rstrip(b"\0 ").decode(
            "utf-8" if data.tag is Tag.UTF8 else "ascii"
        )
    except UnicodeDecodeError:
        return None
    return text if text.isprintable() else None


def _positional(items: Sequence[Data], fitting: Layout) -> Content:
    content, parts = Content(), dict[str, Data]()
    for place, data in zip(fitting.fields, items, strict=True):
        if place.code is None:
            parts[place.role or layout.IGNORE] = data
        else:
            content.attributes.append(_placed(place, place.code, data))
    content.clock = _clock(parts)
    return content


def _placed(place: Field, code: ObisCode, data: Data) -> Attribute:
    return Attribute(code, data, place.exponent, place.conversion, place.absent)


def _clock(parts: dict[str, Data]) -> datetime | None:
    whole = _octets(parts.get(layout.CLOCK))
    if whole:
        return read_datetime(whole)
    day: date | None = read_date(_octets(parts.get(layout.DATE)))
    clock: time | None = read_time(_octets(parts.get(layout.TIME)))
    return datetime.combine(day, clock) if day and clock else None


def _octets(data: Data | None) -> bytes:
    return data.value if data is not None and isinstance(data.value, bytes) else b""


def _name(data: Data) -> ObisCode | None:
    """Return the code an element is; printable text in the place of a name is none."""
    if data.tag is not Tag.OCTETS or not isinstance(data.value, bytes):
        return None
    value = data.value
    return ObisCode.from_bytes(value) if len(value) == 6 and value[0] < 0x20 else None


def _scaler_unit(data: Data | None) -> tuple[int, Conversion] | None:
    if (
        data is None
        or [item.tag for item in data.items] != [Tag.INT8, Tag.ENUM]
        or data.tag is not Tag.STRUCTURE
    ):
        return None
    scaler, unit = (item.value for item in data.items)
    assert isinstance(scaler, int)
    assert isinstance(unit, int)
    return scaler, DLMS_UNITS.get(unit, Conversion(None))


@dataclass(frozen=True, slots=True)
class _Object:
    """Class, code and attribute of a COSEM object."""

    number: int
    code: ObisCode
    attribute: int


def _object(items: Sequence[Data]) -> _Object | None:
    """Read class, code, attribute from the first three elements."""
    if len(items) < 3 or items[0].tag is not Tag.UINT16 or items[2].tag is not Tag.INT8:
        return None
    number, code, attribute = items[0].value, _name(items[1]), items[2].value
    if code is None or not isinstance(number, int) or not isinstance(attribute, int):
        return None
    return _Object(number, code, attribute)


def _walk(items: Sequence[Data], content: Content) -> None:
    """Collect named values from a list and the lists in it; depth is bounded by the parser."""
    at = 0
    while at < len(items):
        at += _step(items[at : at + 4], content)


def _step(ahead: Sequence[Data], content: Content) -> int:
    """Take what a list goes on with; return the number of elements taken."""
    code = _name(ahead[0])
    if code is not None and len(ahead) > 1:
        scale = _scaler_unit(ahead[2]) if len(ahead) > 2 else None
        _add(content, code, ahead[1], scale)
        return 3 if scale else 2
    flat, nested = _object(ahead), _object(ahead[0].items)
    if flat and len(ahead) > 3:
        _add_object(content, flat, ahead[3])
        return 4
    if nested and len(ahead[0].items) == 3 and len(ahead) > 1:
        _add_object(content, nested, ahead[1])
        return 2
    if ahead[0].items:
        _walk(ahead[0].items, content)
    else:
        _add_nameless(content, ahead[0])
    return 1


def _add(
    content: Content,
    code: ObisCode,
    data: Data,
    scale: tuple[int, Conversion] | None,
) -> None:
    exponent, conversion = scale or (0, None)
    content.attributes.append(Attribute(code, data, exponent, conversion))


def _add_nameless(content: Content, data: Data) -> None:
    """Take a value without name: a clock or list id in front of all others, a meter number behind them."""
    if data.tag is Tag.DATETIME or (
        data.tag is Tag.OCTETS and looks_like_datetime(_octets(data))
    ):
        content.clock = content.clock or read_datetime(_octets(data))
    elif data.tag in _STRINGS and not content.attributes:
        content.list_id = content.list_id or text_of(data)
    elif data.tag in _STRINGS:
        content.number = text_of(data) or None


def _add_object(content: Content, described: _Object, data: Data) -> None:
    if described.attribute == LOGICAL_NAME:
        return
    if described.attribute == 0:
        _walk(data.items, content)
        return
    scale = _scaler_unit(data)
    if scale and SCALER_UNIT_ATTRIBUTE.get(described.number) == described.attribute:
        _rescale(content, described.code, scale)
        return
    if all(known.code != described.code for known in content.attributes):
        _add(content, described.code, data, None)


def _rescale(content: Content, code: ObisCode, scale: tuple[int, Conversion]) -> None:
    """Give a value its scaler and unit, which came as an object of their own."""
    exponent, conversion = scale
    content.attributes[:] = [
        Attribute(code, known.data, exponent, conversion)
        if known.code == code
        else known
        for known in content.attributes
    ]


def _self_describing(items: Sequence[Data]) -> Content | None:
    if len(items) < 2 or items[0].tag is not Tag.ARRAY:
        return None
    objects = [_object(entry.items) for entry in items[0].items]
    described = [entry for entry in objects if entry is not None]
    # The list may describe itself as its first object: then the array is its value.
    values = items if len(items) == len(objects) else items[1:]
    if len(described) != len(objects) or len(values) != len(objects):
        return None
    content = Content()
    for entry, data in _pairs(described, values):
        _add_object(content, entry, data)
    return content if content.attributes else None


def _pairs(
    objects: Sequence[_Object], values: Sequence[Data]
) -> Iterator[tuple[_Object, Data]]:
    """Pair objects with values, those with a scaler last, so that the value they belong to is there."""
    pairs = [
        (entry, data)
        for entry, data in zip(objects, values, strict=True)
        if not (data.tag is Tag.ARRAY and entry.attribute == VALUE and data.items)
    ]
    yield from (pair for pair in pairs if not _scaler_unit(pair[1]))
    yield from (pair for pair in pairs if _scaler_unit(pair[1]))
