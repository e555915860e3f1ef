"""Smart Message Language 1.04 (BSI TR-03109-1 annex IV), as German meters push it at their optical port.

    message   = list of 6: transaction, group, abort, list of 2: (tag, body), CRC 2 (low byte first), 00
    body 0701 = list of 7: client, server, list name, sensor time, values, signature, gateway time
    value     = list of 7: OBIS code 6, status, time, unit, scaler, value, signature

Every element begins with a type-length field `M TTT LLLL`: M: another such byte follows, T: 0 octet string, 4 boolean,
5 integer, 6 unsigned, 7 list. L counts the bytes with the field itself, for lists the elements. 01 is an element left
out. Numbers have their high byte first. The CRC covers a message up to the CRC's own field: CRC-16/X-25, with some
Holley meters CRC-16/KERMIT; those also print a value's time without the list around it.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

from ..checksum import crc16_kermit, crc16_x25
from ..obis import ObisCode
from ..reading import Fault, FaultKind, MeterIdentity, Reading, Scalar, Value
from ..units import DLMS_UNITS, Conversion, plain, scaled

_LIST = 7
_OCTETS, _BOOLEAN, _INTEGER, _UNSIGNED = 0, 4, 5, 6
_MORE = 0x80
_DEEPEST = 8
# The longest types are Integer64 and Unsigned64; leading bytes may be left out (SML 1.04, 6.2).
_LONGEST_NUMBER = 8
_GET_LIST_RESPONSE = 0x0701
_TIMESTAMP, _LOCAL_TIMESTAMP = 2, 3
_NO_UNIT = Conversion(None)
# Objects that hold the meter's own name in the form of the server id.
_NAMES = frozenset({(0, 0, 9), (96, 1, 0)})

# DZG meters with these numbers print 53 80 25, which is -327.31 W, where they mean 328.05 W: their short signed numbers
# are unsigned. Negative ones always take four bytes (known from libsml and its users, DVS74 since 60000000 are right).
# One that counts no export (50071463) was seen to do so, too, and DZG does not say which others.
_DZG = "1DZG00"
_POWERS = frozenset(ObisCode(1, 0, c, 7, 0) for c in (16, 36, 56, 76))
_EXPORT = ObisCode(1, 0, 2, 8, 0)
_UNSIGNED_SHORTER_THAN = 4
_MISPRINTING = (range(42_000_000, 49_000_000), range(55_000_000, 59_000_000))
_RIGHT_SINCE = 60_000_000

type _Node = bytes | int | list[_Node] | None


class _Signed(int):
    """A signed number that knows how many bytes it had."""

    octets: int


class _MalformedError(Exception):
    """The bytes are no SML."""


def read(messages: bytes) -> tuple[Reading | Fault, ...]:
    """Read the messages of one transmission, escapes resolved; each list response gives a reading.

    A message whose own checksum does not fit is a fault and gives nothing.
    """
    results: list[Reading | Fault] = []
    position, lists = 0, 0
    try:
        while position < len(messages):
            position, body = _message(messages, position)
            if isinstance(body, Fault):
                results.append(body)
            elif body is not None:
                lists += 1
                results.append(_reading(body))
    except _MalformedError as err:
        results.append(Fault(FaultKind.LAYOUT, f"an SML message with {err}"))
    if not results:
        results.append(Fault(FaultKind.LAYOUT, "an SML transmission without values"))
    return tuple(results)


def _message(data: bytes, start: int) -> tuple[int, list[_Node] | Fault | None]:
    """Return the position behind a message and its list response, None where it is another message."""
    kind, count, position = _field(data, start)
    if (kind, count) != (_LIST, 6):
        raise _MalformedError("no message where one should begin")
    parts: list[_Node] = []
    for _ in range(4):
        node, position = _node(data, position, 1)
        parts.append(node)
    covered = data[start:position]
    checksum, position = _node(data, position, 1)
    if not isinstance(checksum, int) or data[position : position + 1] != b"\0":
        raise _MalformedError("no end")
    if _swapped(checksum) not in {crc16_x25(covered), crc16_kermit(covered)}:
        return position + 1, _CHECKSUM
    return position + 1, _list_response(parts[3])


_CHECKSUM = Fault(FaultKind.CHECKSUM, "the checksum of an SML message does not fit")


def _swapped(checksum: int) -> int:
    return (checksum & 0xFF) << 8 | checksum >> 8


def _list_response(body: _Node) -> list[_Node] | None:
    match body:
        case [int(tag), list(content)] if (
            tag == _GET_LIST_RESPONSE and len(content) > 4
        ):
            return content
    return None


def _field(data: bytes, position: int) -> tuple[int, int, int]:
    """Read a type-length field: type, bytes or elements that follow, and where they begin."""
    start, length = position, 0
    while position < len(data) and position - start < 4:
        byte = data[position]
        length = length << 4 | byte & 0x0F
        position += 1
        if not byte & _MORE:
            kind = data[start] >> 4 & 0x07
            return (
                kind,
                length if kind == _LIST else length - (position - start),
                position,
            )
    raise _MalformedError("a length that never ends")


def _node(data: bytes, position: int, depth: int) -> tuple[_Node, int]:
    """Read one element and return it with the position behind it."""
    kind, length, position = _field(data, position)
    if kind == _LIST:
        return _list(data, position, length, depth)
    end = position + length
    if length < 0 or end > len(data):
        raise _MalformedError("an element that is cut short")
    content = data[position:end]
    if kind == _OCTETS or not content:
        return content or None, end
    if kind not in (_BOOLEAN, _INTEGER, _UNSIGNED):
        raise _MalformedError("an element of an unknown type")
    if length > _LONGEST_NUMBER:
        raise _MalformedError("a number of more than 64 bits")
    if kind != _INTEGER:
        return int.from_bytes(content), end
    number = _Signed.from_bytes(content, signed=True)
    number.octets = length
    return number, end


def _list(data: bytes, position: int, count: int, depth: int) -> tuple[_Node, int]:
    if depth >= _DEEPEST or count > len(data) - position:
        raise _MalformedError("too many elements")
    nodes: list[_Node] = []
    for _ in range(count):
        node, position = _node(data, position, depth + 1)
        nodes.append(node)
    return nodes, position


def _reading(body: list[_Node]) -> Reading:
    server, moment, entries = body[1], body[3], body[4]
    name = _name(server) if isinstance(server, bytes) else None
    values = dict(_values(entries if isinstance(entries, list) else [], name))
    meter = MeterIdentity(
        number=name, manufacturer=_maker(server), medium="electricity"
    )
    return Reading(meter, _time(moment), values)


def _values(entries: list[_Node], name: str | None) -> Iterator[tuple[ObisCode, Value]]:
    codes = {_code(entry) for entry in entries}
    for entry in entries:
        match entry:
            case [_, _, moment, unit, scaler, value, *_] if obis := _code(entry):
                if obis in _POWERS:
                    value = _meant(value, name, exports=_EXPORT in codes)
                yield obis, _value(obis, unit, scaler, value, _time(moment))


def _code(entry: _Node) -> ObisCode | None:
    match entry:
        case [bytes(code), *_] if len(code) == 6:
            return ObisCode.from_bytes(code)
    return None


def _meant(value: _Node, name: str | None, *, exports: bool) -> _Node:
    """Return a power as it is meant; None for a short negative one of a DZG meter of which that cannot be known."""
    number = name.removeprefix(_DZG) if name and name.startswith(_DZG) else ""
    if (
        not number.isdigit()
        or not isinstance(value, _Signed)
        or value >= 0
        or value.octets >= _UNSIGNED_SHORTER_THAN
    ):
        return value
    if any(int(number) in numbers for numbers in _MISPRINTING):
        return value + (1 << 8 * value.octets)
    return value if exports or int(number) >= _RIGHT_SINCE else None


def _value(
    code: ObisCode, unit: _Node, scaler: _Node, value: _Node, moment: datetime | None
) -> Value:
    if isinstance(value, int):
        conversion = (
            DLMS_UNITS.get(unit, _NO_UNIT) if isinstance(unit, int) else _NO_UNIT
        )
        exponent = scaler if isinstance(scaler, int) and abs(scaler) < 128 else 0
        return Value(
            plain(scaled(value, exponent), conversion), conversion.unit, moment
        )
    if isinstance(value, bytes):
        return Value(_text(code, value), time=moment)
    return Value(None, time=moment)


def _text(code: ObisCode, octets: bytes) -> Scalar:
    """Return the characters that the octets are, else the octets in hexadecimal."""
    if (code.c, code.d, code.e) in _NAMES:
        return _name(octets)
    text = octets.rstrip(b"\0").decode("latin-1")
    return text if text.isascii() and text.isprintable() else octets.hex().upper()


def _name(server: bytes) -> str:
    """Write a server id as DIN 43863-5 prints it on the meter: `1EMH0012345678`.

    0A or 09 | medium 1 | manufacturer 3 letters | fabrication block 1 | number 4

    Other forms are given as the characters they are, else in hexadecimal.
    """
    if len(server) == 10 and server[0] in (0x09, 0x0A) and server[2:5].isalpha():
        number = int.from_bytes(server[6:])
        letters = server[2:5].decode("latin-1")
        return f"{server[1]:X}{letters}{server[5]:02X}{number:08d}"
    text = server.decode("latin-1")
    return text if text.isascii() and text.isalnum() else server.hex().upper()


def _maker(server: _Node) -> str | None:
    """Return the manufacturer's letters, the third to fifth byte of a server id, in older ones the second to fourth."""
    if isinstance(server, bytes) and len(server) >= 5:
        for letters in (server[2:5], server[1:4]):
            if letters.isalpha() and letters.isupper():
                return letters.decode("ascii")
    return None


def _time(node: _Node) -> datetime | None:
    """Return a point in time; the seconds since the meter began to count are none."""
    match node:
        case [int(choice), int(seconds)] if choice == _TIMESTAMP:
            return _since_epoch(seconds, 0)
        case [int(choice), [int(seconds), int(local), int(season)]] if (
            choice == _LOCAL_TIMESTAMP
        ):
            return _since_epoch(seconds, local + season)
    return None


def _since_epoch(seconds: int, offset: int) -> datetime | None:
    if not 0 < seconds < 1 << 32 or abs(offset) >= 24 * 60:
        return None
    zone = timezone(timedelta(minutes=offset)) if offset else UTC
    return datetime.fromtimestamp(seconds, zone)
