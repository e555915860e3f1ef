"""Netz Oberösterreich: Siemens TD-3510, TD-3511, TD-3512 (AMIS), optical, 9600 8E1; the meter is M-Bus master.

Netz OÖ, Technische Spezifikation AMIS-Zähler Kundenschnittstelle (2021):

    search   10 40 F0 30 16                          once a minute, until E5 comes
    data     68 5F 5F 68 | 53/73 F0 5B | header (12) | 80 bytes AES-CBC (mode 5) | checksum 16      once a second

Each data frame wants E5 within half a second. Without it the same frame comes again, and after ten misses it searches.
"""

from dataclasses import dataclass, field
from datetime import datetime

from ..line import LineSettings
from ..obis import ObisCode
from ..reading import MeterIdentity, Reading, Value
from .cipher import aes_cbc
from .dlms import demo_key
from .house import House, Snapshot
from .mbus import long_frame
from .meter import Chunk, Plan, PushMeter, Telegram, Trouble, value

ACKNOWLEDGE = 0xE5
SEARCH = bytes.fromhex("1040F03016")
SEARCH_INTERVAL, PATIENCE, MISSES = 60.0, 0.5, 10
_HEADER = bytes.fromhex(
    "00000000 2D4C 01 0E"
)  # identification, manufacturer SAM, version, medium

# Data and value information fields behind the clock (06 6D) in telegram order, what is measured, and its OBIS code.
_RECORDS: tuple[tuple[str, str, str], ...] = (
    ("0403", "1.8.0", "1-0:1.8.0"),
    ("04833C", "2.8.0", "1-0:2.8.0"),
    ("8410FB8273", "3.8.0", "1-0:3.8.1"),
    ("8410FB82F33C", "4.8.0", "1-0:4.8.1"),
    ("042B", "1.7.0", "1-0:1.7.0"),
    ("04AB3C", "2.7.0", "1-0:2.7.0"),
    ("04FB14", "3.7.0", "1-0:3.7.0"),
    ("04FB943C", "4.7.0", "1-0:4.7.0"),
)
_COLLECTED = bytes.fromhex("0483FF04")  # 1.128.0, signed


@dataclass(slots=True)
class AmisMeter(PushMeter):
    """Searches for a reader, then sends each second what it acknowledged to be heard."""

    key: bytes = field(kw_only=True)
    _found: bool = False
    _access: int = 0
    _misses: int = 0
    _asked_at: float | None = None
    _unheard: bool = False
    _last: Telegram | None = None

    def due(self, after: float) -> float:
        """Return the next second while it sends, the next minute while it searches."""
        interval = self.interval if self._found else SEARCH_INTERVAL
        return (after // interval + 1) * interval

    def push(self, at: float) -> tuple[Chunk, ...]:
        """Search, or send the next frame, or the last one again where no answer came."""
        if self._found and self._unheard:
            self._misses += 1
            self._found = self._misses < MISSES
        self._asked_at = at
        if not self._found:
            self._pushes += 1
            quiet = self._troubles(at) & {Trouble.SILENCE, Trouble.UNPLUG}
            return () if quiet else (Chunk(SEARCH),)
        if not self._unheard:
            self._access = (self._access + 1) & 0xFF
        self._unheard = True
        return super().push(at)

    def receive(self, data: bytes, at: float) -> tuple[Chunk, ...]:
        """Take E5 as heard; anything else, or too late, counts for nothing."""
        timely = (
            self._asked_at is not None
            and at - self._asked_at <= PATIENCE + self._airtime
        )
        if ACKNOWLEDGE in data and timely:
            self._found, self._unheard, self._misses = True, False, 0
        return ()

    @property
    def _airtime(self) -> float:
        return 101 * self.line.seconds_per_byte

    def compose(
        self, snapshot: Snapshot, counter: int, *, wrong_key: bool = False
    ) -> Telegram:
        """Write the records, encrypt them, put them into a frame; what was not heard is said again."""
        if self._misses and self._last is not None:
            return self._last
        sent = frame(
            records(snapshot, _collected(snapshot)),
            self._access,
            0x73 if self._access % 2 else 0x53,
            bytes(16) if wrong_key else self.key,
        )
        self._last = Telegram((sent,), (_says(snapshot),))
        return self._last


def frame(plain: bytes, access: int, control: int, key: bytes) -> bytes:
    """Return the data frame around the records, encrypted after OMS mode 5."""
    counted = bytes((access,))
    vector = _HEADER[4:6] + _HEADER[:4] + _HEADER[6:] + counted * 8
    head = bytes((control, 0xF0, 0x5B)) + _HEADER + counted + b"\x00\x50\x05"
    return long_frame(head + aes_cbc(key, vector, plain))


def records(snapshot: Snapshot, collected: int) -> bytes:
    """Return the plaintext: filler, clock, counters and powers, the collecting counter, filler."""
    fields = b"".join(
        bytes.fromhex(field) + snapshot.raw(code, 0).to_bytes(4, "little")
        for field, code, _ in _RECORDS
    )
    last = _COLLECTED + collected.to_bytes(4, "little", signed=True)
    return b"\x2f\x2f\x06\x6d" + type_i(snapshot.time) + fields + last + b"\x2f\x2f"


def _collected(snapshot: Snapshot) -> int:
    return snapshot.raw("2.8.0", 0) - snapshot.raw("1.8.0", 0)


def _says(snapshot: Snapshot) -> Reading:
    said = {
        ObisCode.parse(said): value(snapshot, code, 0) for _, code, said in _RECORDS
    }
    said[ObisCode.parse("1-0:1.128.0")] = Value(_collected(snapshot), "Wh")
    return Reading(
        MeterIdentity(manufacturer="SAM"),
        time=snapshot.time.replace(tzinfo=None),
        values=said,
        encrypted=True,
    )


def type_i(when: datetime) -> bytes:
    """Six bytes of compound CP48 (EN 13757-3, type I): local time, its summer time bit, weekday, week."""
    offset = when.utcoffset()
    summer = offset is not None and offset.total_seconds() > 3600
    year = when.year - 2000
    return bytes(
        (
            when.second | 0x40 * summer,
            when.minute,
            when.hour | when.isoweekday() << 5,
            when.day | (year & 0x07) << 5,
            when.month | (year & 0x78) << 1,
            when.isocalendar().week,
        )
    )


@dataclass(frozen=True, slots=True)
class AmisRow:
    """One of the three types; they differ in what they measure with only."""

    phases: int

    def build(
        self, operator: str, meter: str, seed: int, plans: tuple[Plan, ...]
    ) -> AmisMeter:
        """Make one meter."""
        key = demo_key(operator, meter, "amis")
        return AmisMeter(
            House(seed, self.phases),
            LineSettings.parse("9600 8E1"),
            1.0,
            {"amis": key.hex().upper()},
            plans,
            key=key,
        )


ROWS = {
    ("netz-ooe", "siemens-td3510"): AmisRow(1),
    ("netz-ooe", "siemens-td3511"): AmisRow(3),
    ("netz-ooe", "siemens-td3512"): AmisRow(3),
}
