"""The shape of an M-Bus telegram: which of its bytes are a record's data, and what becomes of them.

    8C CC ACC  7A  access status  configuration  2F 2F  04 06  data  02 5A  data  2F 2F ...
       ^^ ^^^      ^^^^^^ ^^^^^^                               ^^^^         ^^^^

What is marked may change from one telegram to the next; every other byte has to be the same: CI fields, addresses, the
configuration with its security mode, fillers, all DIF and VIF bytes, and data of variable length, which mostly are texts.
Where the long way looks at the data themselves they have to give the same answer again: what was a number, a date or
no value has to be one again, and nothing its maker means otherwise. Blocks of security modes 4 and 5 are opened with the
key that opened them before.

Compact frames, profiles, Dutch P2, other layers and modes, and meters whose makers pack values where records should be
are read the long way; records that a maker may pack others into have to stay as they are.
"""

from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import partial
from typing import Any

from ..application.mbus import UNSIGNED_MAKERS, Formats, makers
from ..application.mbus.codes import DECISIVE, is_dutch_p2
from ..application.mbus.data_types import INVALID, bcd, hexadecimal, signed, unsigned
from ..application.mbus.dif import FILLER, SPECIAL, VARIABLE
from ..application.mbus.profiles import is_profile
from ..application.mbus.records import (
    Decode,
    Header,
    decoder_of,
    parse_header,
    parse_records,
    value_of,
)
from ..keys import KeyRing
from ..mbus_address import is_scrambled
from ..named import NamedTuple
from ..obis import ObisCode
from ..reading import Fault, Link, Message, Reading, Record, Value
from ..security.oms import BLOCK, Chain, cipher_vector
from ..transport.ell import is_ell, parse_ell
from ..transport.tpl import Tpl, parse_tpl
from ..units import Number, scaled, scaler
from .cache import Change, Filled, Filling
from .mask import Mask, Span, make_mask

# Bytes from the access number, and from the status, to the end of a transport header.
_ACCESS, _STATUS = 4, 3
# Security modes of which blocks are encrypted and nothing is authenticated; the first has a vector of zeros.
_MODE_4, _MODE_5 = 4, 5
# CC and ACC, of the extended link layers whose payload is never encrypted.
_CONTROL_AND_ACCESS: Span = (1, 3, "2s")
_PLAIN_LINKS = frozenset({0x8C, 0x8E})
_ZEROS = bytes(BLOCK)
# Named tuples made of all their fields in order: it takes half of what their constructors take.
_new = tuple.__new__


class _Coding(NamedTuple):
    """How an integer is sent: as `struct` reads it, what has to be done with that yet, and what stands for none."""

    form: str
    decode: Decode | None = None
    absent: int | None = None


class _Number(NamedTuple):
    """An integer that may change: its place among the variable parts and among the records, and what becomes of it.

    `start` and `end` are where the record stands in hexadecimal digits, `decode` and `absent` are of its coding. `code` is
    the value it is, where it is one, `rest` what the record says from its unit on, and `size` how much of that unit a one
    is.
    """

    part: int
    record: int
    start: int
    end: int
    decode: Decode | None
    absent: int | None
    scale: Callable[[int], Number] | None
    code: ObisCode | None
    quantity: str
    rest: tuple[Any, ...]
    size: Decimal


class _Other(NamedTuple):
    """What else may change, a date for example: as a number, but for the type of value it has to stay."""

    part: int
    record: int
    start: int
    end: int
    read: Decode
    kind: type
    code: ObisCode | None
    quantity: str
    rest: tuple[Any, ...]


class _Seal(NamedTuple):
    """Opens the encrypted blocks of a payload with the key that opened them before."""

    chain: Chain
    address: bytes
    access: int
    start: int
    end: int

    def open(self, payload: bytes) -> bytes:
        """Return the payload with its blocks in the clear."""
        start, end = self.start, self.end
        vector = _ZEROS
        if self.address:
            vector = cipher_vector(self.address, payload[self.access])
        plain = self.chain.decrypt(vector, payload[start:end])
        return payload[:start] + plain + payload[end:]


class MBusShape:
    """One telegram of one meter, the reading it was learned from, and what it said last.

    `control` is the C field of a radio frame, None by wire; `status` is the place of the status byte, `clock` the record
    that is the meter's time, None where there is none; `correct` tells how the maker means a record, and `headers` is what
    `formats` has to know.
    """

    def __init__(
        self,
        base: Reading,
        control: int | None,
        seal: _Seal | None,
        mask: Mask,
        numbers: tuple[_Number, ...],
        others: tuple[_Other, ...],
        status: int | None,
        clock: int | None,
        correct: Callable[[Record], Record] | None,
        headers: bytes,
        formats: Formats,
    ) -> None:
        """Hold what was learned; nothing of the data was read yet."""
        self.base = base
        self.control = control
        self.seal = seal
        self.mask = mask
        self.numbers = numbers
        self.others = others
        self.status = status
        self.clock = clock
        self.correct = correct
        self.headers = headers
        self.formats = formats
        places = [item.part for item in numbers] + [item.part for item in others]
        self.parts: tuple[Any, ...] = (None,) * (max(places, default=-1) + 1)
        self.sent = [0] * len(base.records)
        self.records = base.records
        self.values = dict(base.values)

    @property
    def sizes(self) -> dict[ObisCode, Decimal] | None:
        """The values that may change, and how much of the plain unit a one of each is; None where one is no integer."""
        if any(other.code and other.kind is Decimal for other in self.others):
            return None
        return {number.code: number.size for number in self.numbers if number.code}

    def read(self, message: Message, arrived: float | None) -> Filled | None:
        """Return the reading of a message; None where it has another shape."""
        if self.control is not None and message.control != self.control:
            return None
        payload, before = message.payload, self.values
        plain = payload if self.seal is None else self.seal.open(payload)
        parts: tuple[Any, ...] | None = self.mask.read(plain)
        changes = None if parts is None else self._fill(parts, plain)
        if changes is None:
            return None
        self.formats.learn(self.headers)
        base, values, records = self.base, self.values, self.records
        time: Any = None if self.clock is None else records[self.clock].value
        reading = _new(
            Reading,
            (
                base.meter,
                time,
                values,
                records,
                base.authenticated,
                base.counter,
                base.encrypted,
                base.key_index,
                base.authentication_index,
                message.check_bits,
                arrived,
                message.signal_dbm,
                None if self.status is None else payload[self.status],
            ),
        )
        return Filled(reading, self, Filling(values, time, changes), before)

    def _fill(self, parts: tuple[Any, ...], plain: bytes) -> list[Change] | None:
        """Take what changed; None where it is not of the kind it was."""
        digits = plain.hex()
        records, values = list(self.records), self.values.copy()
        sent, changes = self.sent.copy(), list[Change]()
        if not self._count(parts, digits, records, values, sent, changes):
            return None
        if not self._tell(parts, digits, records, values):
            return None
        self.parts, self.sent = parts, sent
        self.records, self.values = tuple(records), values
        return changes

    def _count(
        self,
        parts: tuple[Any, ...],
        digits: str,
        records: list[Record],
        values: dict[ObisCode, Value],
        sent: list[int],
        changes: list[Change],
    ) -> bool:
        """Take the numbers that changed; False where one is none any more."""
        old, correct = self.parts, self.correct
        raw: Any
        for number in self.numbers:
            part, at, start, end, decode, absent, scale, code, name, rest, _ = number
            data = parts[part]
            if data == old[part]:
                continue
            raw = data if decode is None else decode(data)
            if raw == absent:
                return False
            amount = raw if scale is None else scale(raw)
            record = _new(Record, (name, amount, *rest, digits[start:end]))
            if correct is not None and correct(record) is not record:
                return False
            records[at] = record
            if code is not None:
                value = values[code] = _new(Value, (amount, rest[0], None, None))
                changes.append((code, raw, sent[at], value))
            sent[at] = raw
        return True

    def _tell(
        self,
        parts: tuple[Any, ...],
        digits: str,
        records: list[Record],
        values: dict[ObisCode, Value],
    ) -> bool:
        """Take what else changed; False where it is not of the type it was."""
        old, correct = self.parts, self.correct
        for part, at, start, end, read, kind, code, name, rest in self.others:
            data = parts[part]
            if data == old[part]:
                continue
            content = read(data)
            if type(content) is not kind:
                return False
            record = _new(Record, (name, content, *rest, digits[start:end]))
            if correct is not None and correct(record) is not record:
                return False
            records[at] = record
            if code is not None:
                values[code] = Value(content, record.unit)
        return True


# --- learning --------------------------------------------------------------------------------------------------------


class _Place(NamedTuple):
    """A record that may change: where it begins, where its data do, where both end, and how these are read.

    `header` is what is in front of the data, None where all of it is the maker's; `coding` is None where they are no integer.
    """

    record: int
    start: int
    data: int
    end: int
    read: Decode
    header: Header | None = None
    coding: _Coding | None = None

    @property
    def span(self) -> Span:
        """Where the data are."""
        form = self.coding.form if self.coding else f"{self.end - self.data}s"
        return self.data, self.end, form


def learn(
    message: Message, reading: Reading, keys: KeyRing, formats: Formats
) -> MBusShape | None:
    """Return the shape of a message that was read as this one reading; None where it is better read the long way."""
    payload, meter = message.payload, reading.meter
    start = _behind_link(payload)
    tpl = parse_tpl(payload[start:])
    if isinstance(tpl, Fault) or not _is_plain_to_read(message, reading):
        return None
    seal = _seal(message, start, tpl, reading, keys)
    if reading.encrypted and seal is None:
        return None
    plain = payload if seal is None else seal.open(payload)
    own = meter.manufacturer in UNSIGNED_MAKERS
    begin = start + tpl.start
    parsed = parse_records(plain[begin:], unsigned=own)
    without_codes = tuple(record._replace(code=None) for record in reading.records)
    if parsed.fault or parsed.records != without_codes:
        return None
    free = list(_free(payload, start, begin - len(tpl.extension)))
    parts = list(enumerate(_places(plain, begin, reading, own=own), start=len(free)))
    shape = MBusShape(
        reading,
        message.control if message.link is Link.WMBUS else None,
        seal,
        make_mask(plain, [*free, *(place.span for _, place in parts)], order="<"),
        tuple(
            _number(part, place, place.header, place.coding, reading)
            for part, place in parts
            if place.header and place.coding
        ),
        tuple(
            _other(part, place, reading) for part, place in parts if not place.coding
        ),
        None if tpl.status is None else begin - len(tpl.extension) - _STATUS,
        _clock(reading),
        makers.corrector(meter),
        parsed.headers,
        formats,
    )
    filled = shape.read(message, reading.arrived)
    return shape if filled is not None and filled.reading == reading else None


def _is_plain_to_read(message: Message, reading: Reading) -> bool:
    """Tell whether nothing looks at the data of more than one record, but at which records there are."""
    return not (
        is_scrambled(message.address, message.payload)
        or makers.look_into(reading.meter)
        or is_dutch_p2(reading.records)
        or any(map(is_profile, reading.records))
        or any(value.time is not None for value in reading.values.values())
    )


def _behind_link(payload: bytes) -> int:
    """Return where the transport layer begins, as far as what is below it is not encrypted."""
    below = parse_ell(payload) if is_ell(payload) else None
    if below is None or isinstance(below, Fault) or below.session:
        return 0
    return len(payload) - len(below.payload)


def _seal(
    message: Message, start: int, tpl: Tpl, reading: Reading, keys: KeyRing
) -> _Seal | None:
    address = tpl.address or message.address
    if (
        reading.key_index is None
        or reading.authenticated
        or tpl.mode not in (_MODE_4, _MODE_5)
    ):
        return None
    begin = start + tpl.start
    return _Seal(
        Chain(keys.keys[reading.key_index].secret),
        address if tpl.mode == _MODE_5 else b"",
        begin - _ACCESS,
        begin,
        begin + tpl.blocks * BLOCK,
    )


def _free(payload: bytes, start: int, end: int) -> Iterator[Span]:
    """Yield what may change in front of the records; `start` and `end` are those of the transport header."""
    if payload[0] in _PLAIN_LINKS:
        yield _CONTROL_AND_ACCESS
    if end - start > _ACCESS:
        yield end - _ACCESS, end - _ACCESS + 2, "2s"


def _places(
    plain: bytes, position: int, reading: Reading, *, own: bool
) -> Iterator[_Place]:
    """Yield where the records stand whose data may change.

    `position` is that of the first; `own` is whether the maker sends plain integers unsigned.
    """
    for index, record in enumerate(reading.records):
        while plain[position] == FILLER:
            position += 1
        start, position = position, position + len(record.raw) // 2
        if record.quantity in DECISIVE or makers.may_hold(reading.meter, record):
            continue
        place = _place(plain, index, start, position, record, own=own)
        if place is not None and place.data < position:
            yield place


def _place(
    plain: bytes, index: int, start: int, end: int, record: Record, *, own: bool
) -> _Place | None:
    """Return the place of a record; None where its data are of variable length."""
    if plain[start] & 0xF == SPECIAL:
        return _Place(index, start, start + 1, end, hexadecimal)
    header = parse_header(plain, start)
    if isinstance(header, Fault) or header.dib.field == VARIABLE:
        return None
    data = start + len(header.raw)
    read = partial(value_of, header, unsigned=own)
    coding = _coding(header, end - data, own=own) if record.value is not None else None
    return _Place(index, start, data, end, read, header, coding)


# The sizes of numbers that `struct` reads, by what decodes the others.
_FORMS: dict[Decode, dict[int, str]] = {
    signed: {1: "b", 2: "h", 4: "i", 8: "q"},
    unsigned: {1: "B", 2: "H", 4: "I", 8: "Q"},
    bcd: {},
}


def _coding(header: Header, size: int, *, own: bool) -> _Coding | None:
    """Return how integers of so many bytes are sent behind a header; None where there are none."""
    decode = decoder_of(header, unsigned=own)
    forms = _FORMS.get(decode)
    if forms is None:
        return None
    if size not in forms:
        return _Coding(f"{size}s", decode)
    return _Coding(forms[size], absent=INVALID[size] if decode is signed else None)


def _number(
    part: int, place: _Place, header: Header, coding: _Coding, reading: Reading
) -> _Number:
    record, meaning = reading.records[place.record], header.value.meaning
    return _Number(
        part,
        place.record,
        2 * place.start,
        2 * place.end,
        coding.decode,
        coding.absent,
        scaler(meaning.factor, meaning.exponent),
        _code(place.record, reading),
        record.quantity,
        record[2:-1],
        Decimal(scaled(meaning.factor, meaning.exponent)),
    )


def _other(part: int, place: _Place, reading: Reading) -> _Other:
    record = reading.records[place.record]
    return _Other(
        part,
        place.record,
        2 * place.start,
        2 * place.end,
        place.read,
        type(record.value),
        _code(place.record, reading),
        record.quantity,
        record[2:-1],
    )


def _code(index: int, reading: Reading) -> ObisCode | None:
    """Return the code of the value that a record is; the first with a code is."""
    codes = [record.code for record in reading.records]
    return codes[index] if codes.index(codes[index]) == index else None


def _clock(reading: Reading) -> int | None:
    """Return which record tells the meter's time."""
    if reading.time is None:
        return None
    return next(
        index
        for index, record in enumerate(reading.records)
        if record.value is reading.time
    )
