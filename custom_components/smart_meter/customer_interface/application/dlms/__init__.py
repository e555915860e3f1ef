"""DLMS/COSEM: a pushed APDU in plain text -> the reading it is."""

from collections.abc import Sequence
from datetime import datetime

from ...obis import ObisCode
from ...quantity import quantity_of
from ...reading import Fault, FaultKind, MeterIdentity, Reading, Scalar, Value
from ...units import Conversion, plain, scaled
from .axdr import Data, Tag, shape_of
from .clock import looks_like_datetime, read_date, read_datetime, read_time
from .layout import Layout
from .notification import read_notification
from .shapes import Attribute, Content, recognise, text_of

CLOCK = ObisCode(0, 0, 1, 0, 0)
LOGICAL_DEVICE_NAME = ObisCode(0, 0, 42, 0, 0)
# Codes a meter may give its number under, the one printed on it first.
NUMBERS = tuple(ObisCode(0, 0, 96, 1, group) for group in (0, 1, 2, 3))

# Raw values that stand for "not available", by type.
NOT_AVAILABLE: dict[Tag, int] = {
    Tag.UINT16: 0xFFFF,
    Tag.UINT32: 0xFFFF_FFFF,
    Tag.UINT64: 0xFFFF_FFFF_FFFF_FFFF,
    Tag.INT16: -0x8000,
    Tag.INT32: -0x8000_0000,
    Tag.INT64: -0x8000_0000_0000_0000,
}


def read(plaintext: bytes, layouts: Sequence[Layout]) -> tuple[Reading | Fault, ...]:
    """Read a data-notification; `layouts` are the positional lists that may occur. Never raises."""
    notification = read_notification(plaintext)
    if isinstance(notification, Fault):
        return (notification,)
    content = recognise(notification.body, layouts)
    if content is None:
        shape = shape_of(notification.body)
        return (Fault(FaultKind.LAYOUT, f"no known layout fits {shape}"),)
    values = {
        attribute.code: _value(attribute)
        for attribute in content.attributes
        if not attribute.data.items
    }
    return (
        Reading(
            meter=_identity(values, content),
            time=notification.time or content.clock or _clock(values),
            values=values,
        ),
    )


def _value(attribute: Attribute) -> Value:
    data, unit = attribute.data, _unit(attribute)
    if isinstance(data.value, bytes):
        return Value(_scalar_of_octets(data, attribute.code))
    if isinstance(data.value, bool | str) or data.value is None:
        return Value(data.value, unit.unit)
    if data.value == NOT_AVAILABLE.get(data.tag) or data.value in attribute.absent:
        return Value(None, unit.unit)
    if isinstance(data.value, int):
        number = scaled(data.value, attribute.exponent)
    else:
        number = plain(data.value, Conversion(None, attribute.exponent))
    return Value(plain(number, unit), unit.unit)


def _unit(attribute: Attribute) -> Conversion:
    """Return the unit the list names, else the plain one of what the code measures."""
    if attribute.conversion is not None:
        return attribute.conversion
    quantity = quantity_of(attribute.code)
    return Conversion(quantity.unit if quantity else None)


def _scalar_of_octets(data: Data, code: ObisCode) -> Scalar:
    """Read a string as a time where it is one, else as text, else as hexadecimal digits."""
    octets = data.value
    assert isinstance(octets, bytes)
    if data.tag is Tag.DATETIME or (
        data.tag is Tag.OCTETS and (_is_clock(code) or looks_like_datetime(octets))
    ):
        if len(octets) == 12:
            return read_datetime(octets)
    if data.tag is Tag.DATE:
        return read_date(octets)
    if data.tag is Tag.TIME:
        return read_time(octets)
    text = text_of(data)
    return octets.hex().upper() if text is None else text


def _is_clock(code: ObisCode) -> bool:
    return code.a == 0 and (code.c, code.d) == (1, 0)


def _clock(values: dict[ObisCode, Value]) -> datetime | None:
    """Return the time of the meter's own clock, whose value group B some meters set to 1."""
    times = (value.value for code, value in values.items() if _is_clock(code))
    return next((time for time in times if isinstance(time, datetime)), None)


def _identity(values: dict[ObisCode, Value], content: Content) -> MeterIdentity:
    texts = [
        _text(values.get(code)) for code in NUMBERS if values.get(code) is not None
    ]
    number = next(filter(None, texts), None)
    number = number or content.number or _text(values.get(LOGICAL_DEVICE_NAME))
    return MeterIdentity(number=number)


def _text(value: Value | None) -> str | None:
    if value is None or not isinstance(value.value, str):
        return None
    return value.value or None
