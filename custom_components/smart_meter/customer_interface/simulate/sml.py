"""German meters with an optical head: SML 1.04, 9600 8N1, about once a second (BSI TR-03109-1 annex IV).

    1B1B1B1B 01010101 | open response | list response | close response | 00... | 1B1B1B1B 1A filler CRC (low first)

A message is a list of 6: transaction, group, abort, {tag, body}, CRC, 00. Each element begins with type and length.
"""

from dataclasses import dataclass, field

from ..checksum import crc16_x25
from ..line import LineSettings
from ..obis import ObisCode
from ..reading import MeterIdentity, Reading, Value
from .axdr import logical_name
from .dlms import Register, values
from .house import House, Snapshot
from .meter import Plan, PushMeter, Telegram, unit_of

_ESCAPE, _START = b"\x1b" * 4, b"\x01" * 4
_OPEN, _LIST, _CLOSE = 0x0101, 0x0701, 0x0201
_ABSENT = b"\x01"

# Code, scaler, bytes of the number; counters in 0.1 Wh, power in W as the meter nets it.
_COUNTERS: tuple[tuple[str, int, int], ...] = (
    ("1.8.0", -1, 8),
    ("1.8.1", -1, 8),
    ("1.8.2", -1, 8),
    ("2.8.0", -1, 8),
)
_POWERS: tuple[tuple[str, int, int], ...] = (
    ("16.7.0", 0, 4),
    *((f"{c}.7.0", -1, 2) for c in (32, 52, 72)),
    *((f"{c}.7.0", -2, 4) for c in (31, 51, 71)),
    ("14.7.0", -1, 2),
)


def octets(data: bytes) -> bytes:
    """Octet-string of up to 14 bytes; its length counts its own field."""
    return bytes((len(data) + 1,)) + data


def unsigned(number: int, size: int) -> bytes:
    """Unsigned of `size` bytes."""
    return bytes((0x60 | size + 1,)) + number.to_bytes(size, "big")


def integer(number: int, size: int) -> bytes:
    """Integer of `size` bytes."""
    return bytes((0x50 | size + 1,)) + number.to_bytes(size, "big", signed=True)


def sequence(*items: bytes) -> bytes:
    """List of up to 15 elements; its length counts them."""
    return bytes((0x70 | len(items),)) + b"".join(items)


def message(transaction: bytes, tag: int, body: bytes) -> bytes:
    """Return a message with its checksum."""
    covered = b"\x76" + octets(transaction) + b"\x62\x00\x62\x00"
    covered += sequence(unsigned(tag, 2), body)
    return covered + b"\x63" + crc16_x25(covered).to_bytes(2, "little") + b"\x00"


def transmission(messages: bytes) -> bytes:
    """Wrap messages: escapes doubled, filled up to four bytes, checksum over all."""
    filler = -len(messages) % 4
    whole = _ESCAPE + _START + messages.replace(_ESCAPE, _ESCAPE * 2) + bytes(filler)
    whole += _ESCAPE + b"\x1a" + bytes((filler,))
    return whole + crc16_x25(whole).to_bytes(2, "little")


@dataclass(slots=True)
class SmlMeter(PushMeter):
    """A meter that sends one list a second."""

    server: bytes = field(kw_only=True)
    number: str = field(kw_only=True)

    def compose(
        self, snapshot: Snapshot, counter: int, *, wrong_key: bool = False
    ) -> Telegram:
        """Write open, list and close response."""
        transaction = counter.to_bytes(4, "big")
        opened = sequence(
            _ABSENT, _ABSENT, octets(transaction), octets(self.server), _ABSENT, _ABSENT
        )
        listed = sequence(
            _ABSENT,
            octets(self.server),
            octets(logical_name("1-0:98.10.255")[:5] + b"\xff"),
            sequence(b"\x62\x01", unsigned(counter, 4)),
            sequence(*self._entries(snapshot)),
            _ABSENT,
            _ABSENT,
        )
        text = transmission(
            message(transaction + b"\x01", _OPEN, opened)
            + message(transaction + b"\x02", _LIST, listed)
            + message(transaction + b"\x03", _CLOSE, sequence(_ABSENT))
        )
        registers: tuple[Register, ...] = tuple(
            (code, bytes, scaler) for code, scaler, _ in (*_COUNTERS, *_POWERS)
        )
        said = values(snapshot, registers) | {
            ObisCode.parse("1-0:96.50.1"): Value("EMH")
        }
        reading = Reading(MeterIdentity(number=self.number), values=said)
        return Telegram((text,), (reading,))

    def _entries(self, snapshot: Snapshot) -> list[bytes]:
        return [
            _entry("1-0:96.50.1", octets(b"EMH"), None, None),
            _entry("1-0:96.1.0", octets(self.server), None, None),
            *(
                _entry(
                    f"1-0:{code}",
                    integer(snapshot.raw(code, scaler), size),
                    unit_of(code)[1],
                    scaler,
                )
                for code, scaler, size in (*_COUNTERS, *_POWERS)
            ),
        ]


def _entry(code: str, data: bytes, unit: int | None, scaler: int | None) -> bytes:
    return sequence(
        octets(bytes(ObisCode.parse(code))),
        _ABSENT,
        _ABSENT,
        _ABSENT if unit is None else unsigned(unit, 1),
        _ABSENT if scaler is None else integer(scaler, 1),
        data,
        _ABSENT,
    )


@dataclass(frozen=True, slots=True)
class SmlRow:
    """Any modern meter."""

    def build(
        self, operator: str, meter: str, seed: int, plans: tuple[Plan, ...]
    ) -> SmlMeter:
        """Make one meter: its server id is 0A 01, the maker's letters, and block and number of the front plate."""
        return SmlMeter(
            House(seed),
            LineSettings.parse("9600 8N1"),
            1.0,
            plans=plans,
            server=b"\x0a\x01EMH\x00" + (10_000_000 + seed).to_bytes(4, "big"),
            number=f"1EMH00{10_000_000 + seed:08d}",
        )


ROWS = {("de-sml", "sml-meter"): SmlRow()}
