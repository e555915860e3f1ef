"""Shapes of pushed lists: which value belongs to which OBIS code.

IEC 62056-5-3 leaves it to the push setup of a meter what a data-notification carries. In the order they are tried:

    positional        a list without names, told by number and types (layout.py)
    self-describing   structure( array( structure(class, code, attribute, index ...) ... )  value  value ... )
    named             lists, in one another or flat, of
                          code value scaler-unit | code value | class code attribute value | descriptor value
                      with a date-time or list id in front and a nameless meter number behind

A scaler-unit is structure(i8 enum), where a meter may leave out one of the two (null). A code is an octet-string of 6,
but only where a name is expected: values may have 6 bytes too.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from ...media import MEDIA
from ...named import NamedTuple
from ...obis import ObisCode
from ...quantity import quantity_of
from ...reading import MeterIdentity
from ...units import DLMS_UNITS, Conversion
from . import layout
from .axdr import Data, Tag
from .clock import looks_like_datetime, read_date, read_datetime, read_time
from .layout import Layout

LOGICAL_NAME = 1
# Under which the OBIS list version identifier comes: Aidon and Kaifa in Norway, Kaifa in Sweden.
LIST_IDS = (ObisCode(1, 1, 0, 2, 129), ObisCode(1, 0, 0, 2, 129))
# Attributes of interface classes (Blue Book, clause 4) that are values; of other classes every attribute is one.
VALUE_ATTRIBUTES = {3: frozenset({2}), 4: frozenset({2}), 5: frozenset({2, 3})}
# Register, extended register and demand register: attribute that holds scaler and unit.
SCALER_UNIT_ATTRIBUTE = {3: 3, 4: 3, 5: 4}
# Extended register: when its value was captured.
CAPTURE_TIME = (4, 5)
# M-Bus client: identification number and device type of the device on a channel.
MBUS_CLIENT, IDENTIFICATION, DEVICE_TYPE = 72, 6, 9
_STRINGS = frozenset({Tag.OCTETS, Tag.VISIBLE, Tag.UTF8})
_SCALER_UNITS = frozenset(
    {(Tag.INT8, Tag.ENUM), (Tag.INT8, Tag.NULL), (Tag.NULL, Tag.ENUM)}
)


class Attribute(NamedTuple):
    """A value with its name; `conversion` None where the list names no unit, `absent` raw values that are none."""

    code: ObisCode
    data: Data
    exponent: int = 0
    conversion: Conversion | None = None
    absent: frozenset[int] = frozenset()


class Content:
    """What a list says: its values, and the nameless meter number, list id and clock it may have.

    `times` are capture times of single values, `devices` the M-Bus devices behind the meter by their channel.
    """

    def __init__(self) -> None:
        """Begin with nothing said."""
        self.attributes: dict[ObisCode, Attribute] = {}
        self.times: dict[ObisCode, datetime | None] = {}
        self.devices: dict[int, MeterIdentity] = {}
        self.number: str | None = None
        self.list_id: str | None = None
        self.clock: datetime | None = None


def recognise(body: Data, layouts: Sequence[Layout]) -> Content | None:
    """Return what a pushed list says, or None where no shape fits."""
    while len(body.items) == 1 and body.items[0].items:
        body = body.items[0]
    for fitting in layouts:
        if fitting.fits(body.items):
            return _positional(body.items, fitting)
    if body.items and _objects(body.items[0]):
        return _self_describing(body.items)
    named = Content()
    _walk(body.items, named)
    for code in LIST_IDS:
        if named.list_id is None and code in named.attributes:
            named.list_id = text_of(named.attributes[code].data)
    return named if named.attributes or named.devices else None


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
            parts[place.role] = data
        else:
            content.attributes[place.code] = Attribute(
                place.code, data, place.exponent, place.conversion, place.absent
            )
    content.clock = _clock(parts)
    return content


def _clock(parts: dict[str, Data]) -> datetime | None:
    whole = _octets(parts.get(layout.CLOCK))
    if whole:
        return read_datetime(whole)
    day = read_date(_octets(parts.get(layout.DATE)))
    time = read_time(_octets(parts.get(layout.TIME)))
    return datetime.combine(day, time) if day and time else None


def _octets(data: Data | None) -> bytes:
    return data.value if data is not None and isinstance(data.value, bytes) else b""


def _name(data: Data) -> ObisCode | None:
    """Return the code an element is; printable text in the place of a name is none."""
    value = _octets(data)
    if data.tag is not Tag.OCTETS or len(value) != 6 or value[0] >= 0x20:
        return None
    return ObisCode.from_bytes(value)


def _scaler_unit(data: Data, code: ObisCode) -> tuple[int, Conversion] | None:
    """Return scaler and unit; a unit left out is the plain one of what the code measures."""
    tags = tuple(item.tag for item in data.items)
    if data.tag is not Tag.STRUCTURE or tags not in _SCALER_UNITS:
        return None
    scaler, unit = data.items
    if unit.tag is Tag.ENUM:
        return _integer(scaler), DLMS_UNITS.get(_integer(unit), Conversion(None))
    quantity = quantity_of(code)
    return _integer(scaler), Conversion(quantity.unit if quantity else None)


def _integer(data: Data) -> int:
    return data.value if isinstance(data.value, int) else 0


class _Object(NamedTuple):
    """Class, code and attribute of a COSEM object."""

    number: int
    code: ObisCode
    attribute: int


def _object(items: Sequence[Data]) -> _Object | None:
    """Read class, code, attribute from the first three elements."""
    if len(items) < 3 or items[0].tag is not Tag.UINT16 or items[2].tag is not Tag.INT8:
        return None
    code = _name(items[1])
    return (
        _Object(_integer(items[0]), code, _integer(items[2]))
        if code is not None
        else None
    )


def _walk(items: Sequence[Data], content: Content) -> None:
    """Collect named values from a list and the lists in it; depth is bounded by the parser."""
    at = 0
    while at < len(items):
        at += _step(items[at : at + 4], content)


def _step(ahead: Sequence[Data], content: Content) -> int:
    """Take what a list goes on with; return the number of elements taken."""
    first = ahead[0]
    code = _name(first)
    if code is not None and len(ahead) > 1:
        scale = _scaler_unit(ahead[2], code) if len(ahead) > 2 else None
        _add(content, code, ahead[1], scale)
        return 3 if scale else 2
    flat = _object(ahead)
    if flat and len(ahead) > 3:
        _add_object(content, flat, ahead[3])
        return 4
    descriptor = _object(first.items) if len(first.items) == 3 else None
    if descriptor and len(ahead) > 1:
        _add_object(content, descriptor, ahead[1])
        return 2
    if not first.items:
        _add_nameless(content, first)
    elif not _objects(first):
        _walk(first.items, content)
    return 1


def _add(
    content: Content,
    code: ObisCode,
    data: Data,
    scale: tuple[int, Conversion] | None = None,
) -> None:
    exponent, conversion = scale or (0, None)
    content.attributes.setdefault(code, Attribute(code, data, exponent, conversion))


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
    if described.attribute == 0:
        _walk(data.items, content)
        return
    if described.number == MBUS_CLIENT:
        _note_device(content, described, data)
        return
    if (described.number, described.attribute) == CAPTURE_TIME:
        content.times[described.code] = read_datetime(_octets(data))
        return
    if described.attribute == SCALER_UNIT_ATTRIBUTE.get(described.number):
        _rescale(content, described.code, _scaler_unit(data, described.code))
        return
    values = VALUE_ATTRIBUTES.get(described.number)
    if described.attribute != LOGICAL_NAME and (
        values is None or described.attribute in values
    ):
        _add(content, described.code, data)


def _note_device(content: Content, described: _Object, data: Data) -> None:
    """Keep who an M-Bus device is: its identification number (BCD, as EN 13757-3 has it) and its medium."""
    channel, number = described.code.b, _integer(data)
    device = content.devices.get(channel, MeterIdentity(channel=channel))
    if described.attribute == IDENTIFICATION and number:
        digits = f"{number:08X}"
        text = digits if digits.isdecimal() else str(number)
        device = device._replace(number=text)
    elif described.attribute == DEVICE_TYPE:
        device = device._replace(medium=MEDIA.get(number, "unknown"))
    content.devices[channel] = device


def _rescale(
    content: Content, code: ObisCode, scale: tuple[int, Conversion] | None
) -> None:
    """Give a value its scaler and unit, which came as an object of their own."""
    known = content.attributes.get(code)
    if known is not None and scale is not None:
        content.attributes[code] = Attribute(code, known.data, *scale)


def _objects(data: Data) -> list[_Object]:
    """Return the objects of a push object list: class, code, attribute and index each; none where it is no such list."""
    objects = [_object(entry.items) for entry in data.items]
    is_list = data.tag is Tag.ARRAY and all(
        len(entry.items) > 3 and entry.items[3].tag is Tag.UINT16
        for entry in data.items
    )
    described = [entry for entry in objects if entry is not None]
    return described if is_list and len(described) == len(objects) else []


def _self_describing(items: Sequence[Data]) -> Content | None:
    objects = _objects(items[0])
    # The list may describe itself as its first object: then the array is its value.
    values = items if len(items) == len(objects) else items[1:]
    if len(values) != len(objects):
        return None
    content = Content()
    for entry, data in _scalers_last(objects, values):
        _add_object(content, entry, data)
    return content if content.attributes or content.devices else None


def _scalers_last(
    objects: Sequence[_Object], values: Sequence[Data]
) -> Iterator[tuple[_Object, Data]]:
    """Pair objects with values, those with a scaler last, so that the value they belong to is there."""
    pairs = [
        (entry, data)
        for entry, data in zip(objects, values, strict=True)
        if data.tag is not Tag.ARRAY
    ]
    yield from (pair for pair in pairs if not _scaler_unit(pair[1], pair[0].code))
    yield from (pair for pair in pairs if _scaler_unit(pair[1], pair[0].code))
