"""DLMS/COSEM: a pushed APDU in plain text -> the reading it is."""

from collections.abc import Container, Iterator, Mapping, Sequence
from datetime import datetime
import re

from ...obis import ObisCode
from ...quantity import Kind, quantity_of
from ...reading import (
    IDIS_NAME,
    Fault,
    FaultKind,
    MeterIdentity,
    Reading,
    Scalar,
    Value,
)
from ...units import Conversion, plain, scaled
from .axdr import Data, Tag, shape_of
from .clock import looks_like_datetime, read_date, read_datetime, read_time
from .layout import Layout
from .notification import read_notification
from .scaling import rescale
from .shapes import Attribute, Content, recognise, text_of

LOGICAL_DEVICE_NAME = ObisCode(0, 0, 42, 0, 0)

# Codes a meter gives its number under. A number without a code comes behind the first two; the device IDs 3 and 4
# may be the same for many meters ("UP_3f"), so the logical device name goes before them.
NUMBERS = (ObisCode(0, 0, 96, 1, 0), ObisCode(0, 0, 96, 1, 1))
OTHER_NUMBERS = (
    ObisCode(1, 1, 0, 0, 1),
    ObisCode(1, 0, 0, 0, 0),
    ObisCode(1, 0, 0, 0, 1),
    ObisCode(1, 1, 0, 0, 5),
    LOGICAL_DEVICE_NAME,
    ObisCode(0, 0, 96, 1, 2),
    ObisCode(0, 0, 96, 1, 3),
)

# Value groups A and C of what may belong to an M-Bus device, C and D of its reading.
OF_DEVICES = frozenset({(0, 24), (0, 96)})
READING = (24, 2)

FLAGS = frozenset({Kind.STATE, Kind.TEXT, Kind.COUNT, Kind.NUMBER})

# Raw values that stand for "not available", by type.
NOT_AVAILABLE: Mapping[Tag, int] = {
    Tag.UINT16: 0xFFFF,
    Tag.UINT32: 0xFFFF_FFFF,
    Tag.UINT64: 0xFFFF_FFFF_FFFF_FFFF,
    Tag.INT16: -0x8000,
    Tag.INT32: -0x8000_0000,
    Tag.INT64: -0x8000_0000_0000_0000,
}


def read(plaintext: bytes, layouts: Sequence[Layout]) -> tuple[Reading | Fault, ...]:
    """Read a data-notification; `layouts` are the lists without names or scalers that may occur. Never raises."""
    notification = read_notification(plaintext)
    if isinstance(notification, Fault):
        return (notification,)
    content = recognise(notification.body, layouts)
    values = _values(rescale(content, layouts)) if content else {}
    if content is None or not (values or content.devices):
        shape = shape_of(notification.body)
        return (Fault(FaultKind.LAYOUT, f"no known layout fits {shape}"),)
    times = (notification.time, content.clock, *_clocks(values))
    devices = _numbered(values) | content.devices
    free = {channel for channel, device in devices.items() if not device.number}
    grouped = _by_channel(values, devices, free - content.devices.keys())
    meters = {0: _identity(grouped[0], content)} | devices
    return tuple(
        Reading(meters[channel], _best_time(times), of_channel)
        for channel, of_channel in grouped.items()
        if of_channel
    )


def _numbered(values: Mapping[ObisCode, Value]) -> dict[int, MeterIdentity]:
    """Find M-Bus devices of which a list has number (0-n:96.1.0) and reading (0-n:24.2.y) only (Landis+Gyr E450)."""
    read = {code.b for code in values if (code.a, code.c, code.d) == (0, *READING)}
    return {
        code.b: MeterIdentity(number=str(value.value or "") or None, channel=code.b)
        for code, value in values.items()
        if (code.a, code.c, code.d, code.e) == (0, 96, 1, 0) and code.b in read
    }


def _by_channel(
    values: Mapping[ObisCode, Value], devices: Container[int], free: Container[int]
) -> dict[int, dict[ObisCode, Value]]:
    """Part the meter's own values (0) from those of M-Bus devices; what is said of free channels is nothing."""
    grouped: dict[int, dict[ObisCode, Value]] = {0: {}}
    for code, value in values.items():
        of_device = (code.a, code.c) in OF_DEVICES and code.b > 0 and code.b in devices
        channel = code.b if of_device else 0
        if channel == 0 or (channel not in free and value.value is not None):
            grouped.setdefault(channel, {})[code] = value
    return grouped


def _values(content: Content) -> dict[ObisCode, Value]:
    """Return the values by their codes; lists below a code (profiles) are none."""
    return {
        code: _value(attribute)._replace(time=content.times.get(code))
        for code, attribute in content.attributes.items()
        if attribute.data.tag not in (Tag.ARRAY, Tag.STRUCTURE)
    }


def _value(attribute: Attribute) -> Value:
    data, unit = attribute.data, unit_of(attribute)
    if isinstance(data.value, bytes):
        return Value(_scalar_of_octets(data, attribute.code))
    if isinstance(data.value, bool | str) or data.value is None:
        return Value(data.value, unit.unit)
    if _is_absent(attribute):
        return Value(None, unit.unit)
    if isinstance(data.value, int):
        number = scaled(data.value, attribute.exponent)
    else:
        number = plain(data.value, Conversion(None, attribute.exponent))
    return Value(plain(number, unit), unit.unit)


def _is_absent(attribute: Attribute) -> bool:
    """Tell whether a number stands for "not available"; flags and counts may well have all bits set."""
    data = attribute.data
    quantity = quantity_of(attribute.code)
    is_measured = attribute.conversion or (quantity and quantity.kind not in FLAGS)
    return data.value in attribute.absent or bool(
        is_measured and data.value == NOT_AVAILABLE.get(data.tag)
    )


def unit_of(attribute: Attribute) -> Conversion:
    """Return the unit the list names, else the plain one of what the code measures."""
    if attribute.conversion is not None:
        return attribute.conversion
    quantity = quantity_of(attribute.code)
    return Conversion(quantity.unit if quantity else None)


def _scalar_of_octets(data: Data, code: ObisCode) -> Scalar:
    """Read a string as a time where it is one, else as text, else as hexadecimal digits."""
    octets = data.value if isinstance(data.value, bytes) else b""
    if data.tag is Tag.DATETIME or (
        data.tag is Tag.OCTETS
        and len(octets) == 12
        and (is_clock(code) or looks_like_datetime(octets))
    ):
        return read_datetime(octets)
    if data.tag is Tag.DATE:
        return read_date(octets)
    if data.tag is Tag.TIME:
        return read_time(octets)
    text = text_of(data)
    return octets.hex().upper() if text is None else text


def is_clock(code: ObisCode) -> bool:
    """Tell the meter's clock, whose value group B some meters set to 1."""
    return (code.a, code.c, code.d) == (0, 1, 0)


def _clocks(values: Mapping[ObisCode, Value]) -> Iterator[datetime]:
    for code, value in values.items():
        if is_clock(code) and isinstance(value.value, datetime):
            yield value.value


def _best_time(times: Sequence[datetime | None]) -> datetime | None:
    """Return the first time that says how far it is from UTC, else the first."""
    known = [time for time in times if time is not None]
    aware = (time for time in known if time.tzinfo is not None)
    return next(aware, known[0] if known else None)


def _identity(values: Mapping[ObisCode, Value], content: Content) -> MeterIdentity:
    ranked = (
        *_texts(values, NUMBERS),
        content.number,
        *_texts(values, OTHER_NUMBERS),
    )
    number = next(filter(None, ranked), None)
    return MeterIdentity(number=number, manufacturer=_manufacturer(values))


def _manufacturer(values: Mapping[ObisCode, Value]) -> str | None:
    """Return the FLAG letters a logical device name of IDIS form begins with; others may name the grid operator."""
    names = _texts(values, (LOGICAL_DEVICE_NAME,))
    return next((name[:3] for name in names if re.fullmatch(IDIS_NAME, name)), None)


def _texts(
    values: Mapping[ObisCode, Value], codes: Sequence[ObisCode]
) -> Iterator[str]:
    for code in codes:
        value = values[code].value if code in values else None
        if isinstance(value, str | int) and not isinstance(value, bool):
            yield str(value)
