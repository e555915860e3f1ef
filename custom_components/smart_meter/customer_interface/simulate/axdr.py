"""A-XDR as a meter writes it (IEC 61334-6, tags of the DLMS Green Book 9.5): each function returns tag and content."""

from datetime import date, datetime, time

UNSPECIFIED = b"\x80\x00"


def null() -> bytes:
    """null-data."""
    return b"\x00"


def length(number: int) -> bytes:
    """Length or count: one byte below 80h, else 81h or 82h and big-endian bytes."""
    if number < 0x80:
        return bytes((number,))
    size = (number.bit_length() + 7) // 8
    return bytes((0x80 | size,)) + number.to_bytes(size, "big")


def array(*items: bytes) -> bytes:
    """Array of complete elements."""
    return b"\x01" + length(len(items)) + b"".join(items)


def structure(*items: bytes) -> bytes:
    """Structure of complete elements."""
    return b"\x02" + length(len(items)) + b"".join(items)


def i8(number: int) -> bytes:
    """Integer."""
    return b"\x0f" + number.to_bytes(1, "big", signed=True)


def i16(number: int) -> bytes:
    """Long."""
    return b"\x10" + number.to_bytes(2, "big", signed=True)


def i32(number: int) -> bytes:
    """Double-long."""
    return b"\x05" + number.to_bytes(4, "big", signed=True)


def u8(number: int) -> bytes:
    """Unsigned."""
    return b"\x11" + number.to_bytes(1, "big")


def u16(number: int) -> bytes:
    """Long-unsigned."""
    return b"\x12" + number.to_bytes(2, "big")


def u32(number: int) -> bytes:
    """Double-long-unsigned."""
    return b"\x06" + number.to_bytes(4, "big")


def enum(number: int) -> bytes:
    """Enum."""
    return b"\x16" + bytes((number,))


def octets(data: bytes) -> bytes:
    """Octet-string."""
    return b"\x09" + length(len(data)) + data


def visible(text: str) -> bytes:
    """Visible-string."""
    return b"\x0a" + length(len(text)) + text.encode("ascii")


def obis(code: str) -> bytes:
    """Logical name of a full code `1-0:1.8.0`, as an octet-string."""
    return octets(logical_name(code))


def logical_name(code: str) -> bytes:
    """Six bytes of a full code `1-0:1.8.0`."""
    medium, _, rest = code.partition("-")
    channel, _, groups = rest.partition(":")
    return bytes(map(int, (medium, channel, *groups.split("."), "255")))


def scaler_unit(scaler: int, unit: int) -> bytes:
    """Attribute 3 of a register: {scaler, unit}."""
    return structure(i8(scaler), enum(unit))


def date_time(
    when: datetime, deviation: bytes | None = None, status: int | None = None
) -> bytes:
    """Twelve bytes of date-time (Green Book 9.5): local time, minutes from local time to UTC, clock status.

    Without `deviation` it is what the time zone of `when` says; without `status` its DST bit.
    """
    offset = when.utcoffset()
    minutes = 0 if offset is None else int(offset.total_seconds()) // 60
    away = (
        (-minutes).to_bytes(2, "big", signed=True) if deviation is None else deviation
    )
    summer = 0x80 if minutes >= 120 else 0x00
    return (
        _date(when)
        + bytes((when.hour, when.minute, when.second, 0))
        + away
        + bytes((summer if status is None else status,))
    )


def date_bytes(when: date) -> bytes:
    """Five bytes of date: year, month, day, weekday (Monday is 1)."""
    return _date(when)


def time_bytes(when: time | datetime) -> bytes:
    """Four bytes of time: hour, minute, second, hundredths."""
    return bytes((when.hour, when.minute, when.second, 0))


def _date(when: date) -> bytes:
    return when.year.to_bytes(2, "big") + bytes(
        (when.month, when.day, when.isoweekday())
    )


def notification(
    invoke_id: int, when: bytes, body: bytes, *, tagged: bool = False
) -> bytes:
    """data-notification 0Fh: long-invoke-id modulo 2**32, date-time (empty or 12 bytes) with its length, body.

    Some meters write the date-time as an octet-string with its tag.
    """
    invoked = (invoke_id % (1 << 32)).to_bytes(4, "big")
    tag = b"\x09" if tagged else b""
    return b"\x0f" + invoked + tag + length(len(when)) + when + body
