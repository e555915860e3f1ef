"""The shape of an M-Bus telegram: which of its bytes are a record's data, and what becomes of them.

    8C CC ACC  7A  access status  configuration  2F 2F  04 06  data  02 5A  data  2F 2F ...
       ^^ ^^^      ^^^^^^ ^^^^^^                               ^^^^         ^^^^

What is marked may change from one telegram to the next; every other byte has to be the same: CI fields, addresses, the
configuration with its security mode, fillers, all DIF and VIF bytes, and data of variable length, which mostly are texts.
Where the long way looks at the data themselves they have to give the same answer again: what was a number, a date or
no value has to be one again. Blocks of security modes 4 and 5 are opened with the key that opened them before.

Compact frames, profiles, Dutch P2, other layers and modes, and meters whose makers pack values where records should be
are read the long way.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ..application.mbus import UNSIGNED_MAKERS, Formats, makers
from ..application.mbus.codes import DECISIVE, is_dutch_p2
from ..application.mbus.data_types import hexadecimal
from ..application.mbus.dif import FILLER, SPECIAL, VARIABLE
from ..application.mbus.profiles import is_profile
from ..application.mbus.records import parse_header, parse_records, reader_of
from ..keys import KeyRing
from ..mbus_address import is_scrambled
from ..named import NamedTuple
from ..obis import ObisCode
from ..reading import Fault, Message, Reading, Record, Scalar, Value
from ..security.oms import BLOCK, Chain, cipher_vector
from ..transport.ell import is_ell, parse_ell
from ..transport.tpl import Tpl, parse_tpl
from .mask import Mask, Span, make_mask

# Bytes from the access number, and from the status, to the end of a transport header.
_ACCESS, _STATUS = 4, 3
# Security modes of which blocks are encrypted and nothing is authenticated; the first has a vector of zeros.
_MODE_4, _MODE_5 = 4, 5
# CC and ACC, of the extended link layers whose payload is never encrypted.
_CONTROL_AND_ACCESS: Span = (1, 3, "2s")
_PLAIN_LINKS = frozenset({0x8C, 0x8E})


_ZEROS = bytes(BLOCK)


class _Data(NamedTuple):
    """Data that may change: their place among the variable parts and among the records, and what they become.

    `start` and `end` are where the record stands in hexadecimal digits, `kind` is the type of value it has to stay, and
    `code` the value it is where it is one. `quantity`, `unit` and `rest` are what the record says else.
    """

    part: int
    record: int
    start: int
    end: int
    read: Callable[[bytes], Scalar]
    kind: type
    quantity: str
    unit: str | None
    rest: tuple[Any, ...]
    code: ObisCode | None


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

    `status` is the place of the status byte, `clock` the record that is the meter's time; None where there is none.
    """

    def __init__(
        self,
        base: Reading,
        control: int,
        seal: _Seal | None,
        mask: Mask,
        data: tuple[_Data, ...],
        status: int | None,
        clock: int | None,
        headers: bytes,
        formats: Formats,
    ) -> None:
        """Hold what was learned; nothing of the data was read yet."""
        self.base = base
        self.control = control
        self.seal = seal
        self.mask = mask
        self.data = data
        self.status = status
        self.clock = clock
        self.headers = headers
        self.formats = formats
        self.parts: tuple[Any, ...] = (None,) * (data[-1].part + 1 if data else 0)
        self.records = base.records
        self.values = dict(base.values)

    def read(self, message: Message, arrived: float | None) -> Reading | None:
        """Return the reading of a message; None where it has another shape."""
        if message.control != self.control:
            return None
        payload = message.payload
        plain = payload if self.seal is None else self.seal.open(payload)
        parts: tuple[Any, ...] | None = self.mask.read(plain)
        if parts is None or not self._fill(parts, plain):
            return None
        self.formats.learn(self.headers)
        base, records = self.base, self.records
        clock: Any = None if self.clock is None else records[self.clock].value
        return Reading(
            base.meter,
            clock,
            self.values,
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
        )

    def _fill(self, parts: tuple[Any, ...], plain: bytes) -> bool:
        """Take what changed; False where it is not of the kind it was."""
        before, digits = self.parts, plain.hex()
        records, values = list(self.records), self.values.copy()
        for part, index, start, end, read, kind, name, unit, rest, code in self.data:
            data = parts[part]
            if data == before[part]:
                continue
            value = read(data)
            if type(value) is not kind:
                return False
            raw = digits[start:end]
            records[index] = Record._make((name, value, unit, *rest, raw))
            if code is not None:
                values[code] = Value(value, unit)
        self.parts, self.records, self.values = parts, tuple(records), values
        return True


# --- learning --------------------------------------------------------------------------------------------------------


class _Place(NamedTuple):
    """A record that may change: where it begins, where its data do, where both end, and how they are read."""

    record: int
    start: int
    data: int
    end: int
    read: Callable[[bytes], Scalar]


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
    unsigned = meter.manufacturer in UNSIGNED_MAKERS
    begin = start + tpl.start
    parsed = parse_records(plain[begin:], unsigned=unsigned)
    without_codes = tuple(record._replace(code=None) for record in reading.records)
    if parsed.fault or parsed.records != without_codes:
        return None
    free = list(_free(payload, start, begin - len(tpl.extension)))
    places = list(_places(plain, begin, reading.records, unsigned=unsigned))
    spans = [*free, *((at, end, f"{end - at}s") for _, _, at, end, _ in places)]
    shape = MBusShape(
        reading,
        message.control,
        seal,
        make_mask(plain, spans),
        tuple(
            _data(part, place, reading)
            for part, place in enumerate(places, start=len(free))
        ),
        None if tpl.status is None else begin - len(tpl.extension) - _STATUS,
        _clock(reading),
        parsed.headers,
        formats,
    )
    return shape if shape.read(message, reading.arrived) == reading else None


def _is_plain_to_read(message: Message, reading: Reading) -> bool:
    """Tell whether nothing looks at the data of more than one record, but at which records there are."""
    return not (
        is_scrambled(message.address, message.payload)
        or makers.look_into(reading.meter, reading.records)
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
    plain: bytes, position: int, records: Sequence[Record], *, unsigned: bool
) -> Iterator[_Place]:
    """Yield where the records stand whose data may change; `position` is that of the first."""
    for index, record in enumerate(records):
        while plain[position] == FILLER:
            position += 1
        start, position = position, position + len(record.raw) // 2
        read: Callable[[bytes], Scalar]
        if plain[start] & 0xF == SPECIAL:
            read, data = hexadecimal, start + 1
        else:
            header = parse_header(plain, start)
            if isinstance(header, Fault) or header.dib.field == VARIABLE:
                continue
            read, data = reader_of(header, unsigned=unsigned), start + len(header.raw)
        if data < position and record.quantity not in DECISIVE:
            yield _Place(index, start, data, position, read)


def _data(part: int, place: _Place, reading: Reading) -> _Data:
    codes = [record.code for record in reading.records]
    record = reading.records[place.record]
    return _Data(
        part,
        place.record,
        2 * place.start,
        2 * place.end,
        place.read,
        type(record.value),
        record.quantity,
        record.unit,
        record[3:-1],
        record.code if codes.index(record.code) == place.record else None,
    )


def _clock(reading: Reading) -> int | None:
    """Return which record tells the meter's time."""
    if reading.time is None:
        return None
    return next(
        index
        for index, record in enumerate(reading.records)
        if record.value is reading.time
    )
