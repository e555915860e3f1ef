"""Data records of a variable data structure (EN 13757-3:2018, 6.2), in telegram order.

DIF [DIFE ...] VIF [VIFE ...] [LVAR] data     a record
0F | 1F  rest of the telegram                 manufacturer specific data; 1F: more records in the next telegram
2F                                            filler
"""

from collections.abc import Callable
from decimal import Decimal

from ...named import NamedTuple
from ...reading import Fault, FaultKind, Record, Scalar
from ...units import Conversion, plain, scaled
from . import data_types
from .dif import (
    BCD_FIELDS,
    DATA_LENGTHS,
    FILLER,
    MANUFACTURER_DATA,
    MORE_FOLLOWS,
    REAL,
    SPECIAL,
    VARIABLE,
    Dib,
    parse_dib,
)
from .vif import Value, interpret, vib_end
from .vif_tables import Form, Meaning

MANUFACTURER_QUANTITY = "manufacturer_specific"
MORE_QUANTITY = "more_records_follow"

_TRUNCATED = Fault(FaultKind.TRUNCATED, "the telegram ends within a record's data")


class Records(NamedTuple):
    """What could be read before the end, or before the fault; `headers` is all DIF and VIF bytes in order."""

    records: tuple[Record, ...]
    fault: Fault | None = None
    headers: bytes = b""


class Header(NamedTuple):
    """DIB and VIB of one record; `raw` is the bytes of both."""

    dib: Dib
    value: Value
    raw: bytes


def parse_records(data: bytes, *, unsigned: bool = False) -> Records:
    """Read records until the end or a record that cannot be; those before it stay.

    `unsigned` takes plain integers as unsigned (AMIS meters), except where the manufacturer changed their meaning.
    """
    records: list[Record] = []
    headers = bytearray()
    position = 0
    while position < len(data):
        dif = data[position]
        if dif == FILLER:
            headers.append(dif)
            position += 1
            continue
        if dif & 0xF == SPECIAL:
            return _special(data, position, records, headers)
        header = parse_header(data, position)
        if isinstance(header, Fault):
            return Records(tuple(records), header, bytes(headers))
        end = data_end(data, position + len(header.raw), header.dib)
        if isinstance(end, Fault):
            return Records(tuple(records), end, bytes(headers))
        headers += header.raw
        own = data[position + len(header.raw) : end]
        records.append(to_record(header, own, unsigned=unsigned))
        position = end
    return Records(tuple(records), None, bytes(headers))


def _special(
    data: bytes, position: int, records: list[Record], headers: bytearray
) -> Records:
    dif = data[position]
    if dif not in (MANUFACTURER_DATA, MORE_FOLLOWS):
        fault = Fault(FaultKind.LAYOUT, f"a record with the reserved DIF {dif:02X}")
        return Records(tuple(records), fault, bytes(headers))
    quantity = MORE_QUANTITY if dif == MORE_FOLLOWS else MANUFACTURER_QUANTITY
    value = data_types.hexadecimal(data[position + 1 :])
    headers.append(dif)
    return Records(
        (*records, Record(quantity, value, raw=data[position:].hex())),
        None,
        bytes(headers),
    )


def parse_header(data: bytes, start: int) -> Header | Fault:
    """Read a record's DIB and VIB."""
    dib = parse_dib(data, start)
    if isinstance(dib, Fault):
        return dib
    if dib.field == SPECIAL:
        return Fault(
            FaultKind.LAYOUT, f"a record with the reserved DIF {data[start]:02X}"
        )
    end = vib_end(data, dib.end)
    if isinstance(end, Fault):
        return end
    return Header(dib, interpret(data[dib.end : end]), data[start:end])


def data_end(data: bytes, start: int, dib: Dib) -> int | Fault:
    """Return the position behind the data of a record."""
    if dib.field == VARIABLE:
        if start >= len(data):
            return _TRUNCATED
        length = data_types.variable_length(data[start])
        if length is None:
            return Fault(
                FaultKind.LAYOUT, f"a record with the reserved LVAR {data[start]:02X}"
            )
        length += 1
    else:
        length = DATA_LENGTHS[dib.field] or 0
    return start + length if start + length <= len(data) else _TRUNCATED


def to_record(header: Header, data: bytes, *, unsigned: bool = False) -> Record:
    """Give a record's data their meaning; a value that is marked invalid becomes None."""
    dib, value = header.dib, header.value
    content = value_of(header, data, unsigned=unsigned) if data else None
    measured = content is None or isinstance(content, int | Decimal)
    return Record(
        quantity=value.meaning.quantity,
        value=content,
        unit=value.meaning.unit if measured else None,
        function=dib.function,
        storage=dib.storage,
        tariff=dib.tariff,
        subunit=dib.subunit,
        qualifiers=value.qualifiers,
        raw=(header.raw + data).hex(),
    )


type Decode = Callable[[bytes], Scalar]
"""Data of one record in, what they say out."""


def value_of(header: Header, data: bytes, *, unsigned: bool = False) -> Scalar:
    """Return what the data behind a header say: a number in its plain unit, None for no value."""
    content, meaning = decoder_of(header, unsigned=unsigned)(data), header.value.meaning
    if type(content) is int:
        return scaled(content * meaning.factor, meaning.exponent)
    if not isinstance(content, Decimal):
        return content
    return plain(content, Conversion(meaning.unit, meaning.exponent, meaning.factor))


def decoder_of(header: Header, *, unsigned: bool = False) -> Decode:
    """Return what decodes the data behind a header: a number as it was sent, None for no value."""
    value = header.value
    if value.void:
        return _nothing
    own = any(word.startswith("manufacturer") for word in value.qualifiers)
    return _decoder(header.dib, value.meaning, unsigned and not own)


def _nothing(_data: bytes) -> None:
    """Data that a record error, or their own coding, makes no value."""


def _decoder(dib: Dib, meaning: Meaning, unsigned: bool) -> Decode:
    if dib.field == VARIABLE:
        return _variable if meaning.form not in _NEVER_VARIABLE else _bytes_behind_lvar
    if meaning.form is Form.DAYLIGHT_SAVING:
        whole = DATA_LENGTHS[dib.field] == 4
        return data_types.daylight_saving_k if whole else data_types.hexadecimal
    if meaning.form is Form.TIME:
        return _decoder_of_time(dib)
    if meaning.form is Form.BYTES:
        return data_types.hexadecimal
    if dib.field in BCD_FIELDS:
        return data_types.bcd
    if dib.field == REAL:
        return data_types.real
    binary = unsigned or meaning.form in (Form.UNSIGNED, Form.BITS)
    return data_types.unsigned if binary else data_types.signed


def _decoder_of_time(dib: Dib) -> Decode:
    """A point in time is of types F to J: its bits are no decimal digits and no real."""
    if dib.field in BCD_FIELDS:
        return data_types.datetime_bcd
    return _nothing if dib.field == REAL else data_types.point_in_time


_NEVER_VARIABLE = frozenset({Form.TIME, Form.BYTES, Form.DAYLIGHT_SAVING})


def _variable(data: bytes) -> Scalar:
    return data_types.variable(data[0], data[1:])


def _bytes_behind_lvar(data: bytes) -> Scalar:
    return data_types.hexadecimal(data[1:])
