"""A wired M-Bus: meters that answer a master, and a Dutch electricity meter that is a master itself (EN 13757-2, -3).

    request   10 C A CS 16                       SND_NKE 40, REQ_UD2 5B or 7B
    select    68 0B 0B 68 53 FD 52 id mfr ver med CS 16
    answer    68 L L 68 08 A 72 | id mfr ver med | access status configuration (2) | records | CS 16

What several slaves say at once is what the wire makes of it: the AND of their bytes. A P2 meter (DSMR P2 4.2.2) seals
its records with its user key, tells the frame counter behind them in the clear, takes new keys and the time, and
knows no secondary address.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import reduce
from random import Random

from ..line import LineSettings
from ..reading import MeterIdentity, Reading
from .amis import type_i
from .cipher import aes_cbc, aes_ecb, aes_ecb_opened
from .dlms import demo_key
from .mbus import long_frame
from .meter import COUNTER_START, Chunk, Plan, Trouble
from .radio import RecordRow

LINE = LineSettings.parse("2400 8E1")
ANSWER_AFTER = 0.03  # seconds; EN 13757-2, 5.4 allows up to 0.19
INTERVAL = 30.0  # between the commands of the electricity meter
ANYBODY = 0xFD
ACKNOWLEDGE = b"\xe5"
_NKE, _REQUESTS, _SEND = 0x40, (0x5B, 0x7B), (0x53, 0x73)
_SELECT, _RESET, _PLAIN, _SHORT, _CLOCK = 0x52, 0x50, 0x51, 0x5A, 0x6C
_RESPONSE, _LONG = 0x08, 0x72
MORE_FOLLOWS = b"\x1f"
_HOUR = 3_600

# Manufacturer, version, medium (EN 13757-3, table 13) and the records of each telegram of a meter of each kind.
_KINDS: Mapping[str, tuple[str, int, int, tuple[tuple[RecordRow, ...], ...]]] = {
    "gas": ("ELS", 0x81, 0x03, ((RecordRow("0C13", 4, 4_120_000, 4_800, bcd=True),),)),
    "water": ("SEN", 0x0E, 0x07, ((RecordRow("0C13", 4, 120_000, 2_880, bcd=True),),)),
    "heat": (
        "KAM",
        0x08,
        0x04,
        (
            (
                RecordRow("0406", 4, 15_000, 96),
                RecordRow("0C13", 4, 800_000, 14_400, bcd=True),
            ),
            (
                RecordRow("025A", 2, 640, swing=80),
                RecordRow("025E", 2, 410, swing=40),
                RecordRow("042B", 4, 5_200, swing=2_000),
            ),
        ),
    ),
    "electricity": (
        "EMH",
        0x02,
        0x02,
        (
            (
                RecordRow("0403", 4, 9_000_000, 8_000),
                RecordRow("042B", 4, 900, swing=700),
            ),
        ),
    ),
}

# Device type, meter configuration (6.4.8: 01 clock, 04 converted volume) and records of a P2 meter of each kind; with
# a clock they are those of the last whole hour.
_P2_KINDS: Mapping[str, tuple[int, int, tuple[RecordRow, ...]]] = {
    "gas": (0x03, 0x04, (RecordRow("0C13", 4, 1_250_000, 4_800, bcd=True),)),
    "thermal": (
        0x0D,
        0x01,
        (
            RecordRow("4C0F", 4, 31_427, 48, bcd=True),
            RecordRow("CC400F", 4, 427, 24, bcd=True),
            RecordRow("4C13", 4, 2_440_474, 4_800, bcd=True),
        ),
    ),
    "water": (0x07, 0x01, (RecordRow("4C13", 4, 3_141_274, 4_800, bcd=True),)),
    "electricity": (0x02, 0x00, (RecordRow("0C03", 4, 3_141_274, 86_400, bcd=True),)),
}


@dataclass(slots=True, kw_only=True)
class WiredMeter:
    """A slave: its number as printed, what it measures, its primary address."""

    number: str
    kind: str
    primary: int = 0
    _selected: bool = False
    _telegram: int = 0
    _fcb: int | None = None
    _access: int = 0

    @property
    def identity(self) -> MeterIdentity:
        """Who it is."""
        maker, version, _, _ = _KINDS[self.kind]
        own = self.secondary
        address = (own[4:6] + own[:4] + own[6:]).hex().upper()
        return MeterIdentity(self.number, maker, None, address, self.kind, version)

    @property
    def secondary(self) -> bytes:
        """Number, manufacturer, version and medium, as on the wire."""
        maker, version, medium, _ = _KINDS[self.kind]
        return _short_id(self.number, maker, version, medium)

    def hear(self, frame: bytes, at: float, *, wrong_key: bool = False) -> bytes:
        """Take a master's frame; return the answer, none where it is not for this meter."""
        control, address = (frame[1:3]) if frame[0] == 0x10 else (frame[4:6])
        if control == _SEND[0] and address == ANYBODY and frame[6] == _SELECT:
            return self._select(frame[7:15])
        if address != self.primary and not (address == ANYBODY and self._selected):
            return b""
        if control == _NKE:
            self._telegram, self._fcb = 0, None
            self._selected = False
            return ACKNOWLEDGE if address != ANYBODY else b""
        if control in _REQUESTS:
            return self._answer(control & 0x20, at, wrong_key=wrong_key)
        return self._command(frame[6], frame[7:-2], at)

    def _select(self, wanted: bytes) -> bytes:
        self._selected = len(wanted) == 8 and all(
            _fits(*pair) for pair in zip(wanted, self.secondary, strict=True)
        )
        self._telegram, self._fcb = 0, None
        return ACKNOWLEDGE if self._selected else b""

    def _answer(self, fcb: int, at: float, *, wrong_key: bool) -> bytes:
        """Return the telegram asked for: the same frame count bit again repeats the last."""
        telegrams = _KINDS[self.kind][3]
        if self._fcb is not None and fcb != self._fcb:
            self._telegram = (self._telegram + 1) % len(telegrams)
        self._fcb = fcb
        self._access = (self._access + 1) & 0xFF
        records = b"".join(
            row.write(int(self.number), at) for row in telegrams[self._telegram]
        )
        if self._telegram + 1 < len(telegrams):
            records += MORE_FOLLOWS
        header = self.secondary + bytes((self._access, 0, 0, 0))
        return long_frame(bytes((_RESPONSE, self.primary, _LONG)) + header + records)

    def _command(self, ci: int, data: bytes, at: float) -> bytes:
        return ACKNOWLEDGE if ci == _RESET else b""


@dataclass(slots=True, kw_only=True)
class P2Meter(WiredMeter):
    """A gas, thermal, water or slave electricity meter of the Dutch P2 port; a user key of None is not set."""

    default_key: bytes
    user_key: bytes | None = None
    counter: int = 0
    frozen: bool = False
    clock_error: bool = False
    set_at: float | None = None  # when the clock was last set

    @property
    def identity(self) -> MeterIdentity:
        """Who it is."""
        address = self.address.hex().upper()
        medium = {"thermal": "heat_cooling"}.get(self.kind, self.kind)
        return MeterIdentity(self.number, "NET", None, address, medium, 0x42)

    @property
    def secondary(self) -> bytes:
        """The short equipment identifier of the long header; its version is the DSMR compliance level."""
        return _short_id(self.number, "NET", 0x42, _P2_KINDS[self.kind][0])

    def _select(self, wanted: bytes) -> bytes:
        return b""

    def _answer(self, fcb: int, at: float, *, wrong_key: bool) -> bytes:
        """Return the one telegram there is, whatever the frame count bit."""
        start = bytes((_RESPONSE, self.primary, _LONG)) + self.secondary
        return long_frame(start + self.data(at, wrong_key=wrong_key))

    @property
    def address(self) -> bytes:
        """The address of the link layer by radio, and of the vector: the manufacturer first."""
        own = self.secondary
        return own[4:6] + own[:4] + own[6:]

    def data(self, at: float, *, wrong_key: bool = False) -> bytes:
        """Return what follows the CI field and its address: access number, status, configuration, records."""
        # A counter that follows the time goes on rising when the simulator is started again.
        self.counter = self.counter or int(at - COUNTER_START)
        self.counter += not self.frozen
        self._access = (self._access + 1) & 0xFF
        plain = self._records(at)
        if self.user_key is None:
            return bytes((self._access, 0, 0, 0)) + plain
        blocks = -(-(len(plain) + 4) // 16)
        plain = (b"\x2f\x2f" + plain).ljust(16 * blocks, b"\x2f")
        key = bytes(16) if wrong_key else self.user_key
        counter = self.counter.to_bytes(4, "little")
        sealed = aes_cbc(key, self.address + counter * 2, plain)
        header = bytes((self._access, 0, blocks << 4, 0x0F))
        return header + sealed + b"\x04\xfd\x08" + counter

    def _records(self, at: float) -> bytes:
        _, configuration, rows = _P2_KINDS[self.kind]
        clock = bool(configuration & 1)
        moment = at // _HOUR * _HOUR if clock else at
        identifier = f"SMSIM11{self.number.zfill(10)}".encode()[::-1]
        parts = [
            b"\x01\xfd\x17" + bytes((0x20 * self.clock_error,)),
            b"\x0d\x78" + bytes((len(identifier),)) + identifier,
            b"\x01\xfd\x67" + bytes((configuration,)),
        ]
        if clock:
            parts.append(b"\x46\x6d" + _utc(moment))
        return b"".join(parts) + b"".join(
            row.write(int(self.number), moment) for row in rows
        )

    def _command(self, ci: int, data: bytes, at: float) -> bytes:
        if ci == _PLAIN:
            return self._take_key(data)
        if ci == _CLOCK:
            self.set_at = at
            return ACKNOWLEDGE
        return ACKNOWLEDGE if ci == _SHORT else b""

    def _take_key(self, data: bytes) -> bytes:
        """Take a user key sealed with the default key, in two halves, the lower first, low byte first (B1.1)."""
        if len(data) != 22 or (data[:3], data[11:14]) != (_KEY_LOW, _KEY_HIGH):
            return b""
        sealed = data[14:22][::-1] + data[3:11][::-1]
        key = aes_ecb_opened(self.default_key, sealed)
        self.user_key = key if any(key) else None
        return ACKNOWLEDGE


_KEY_LOW, _KEY_HIGH = bytes.fromhex("07FD19"), bytes.fromhex("47FD19")


def key_change(primary: int, default_key: bytes, user_key: bytes) -> bytes:
    """Return the telegram that sets a user key (P2 4.2.2, B1.1)."""
    start = bytes((_SEND[0], primary, _PLAIN))
    return long_frame(start + key_records(default_key, user_key))


def key_records(default_key: bytes, user_key: bytes) -> bytes:
    """Return a user key sealed with the default key, in two records, the lower half first, low byte first."""
    sealed = aes_ecb(default_key, user_key)
    return _KEY_LOW + sealed[8:][::-1] + _KEY_HIGH + sealed[:8][::-1]


def clock_telegram(meter: P2Meter, at: float) -> bytes:
    """Return the telegram that sets a meter's clock, encrypted where its user key is set (4.3.4, 6.2.1)."""
    start = bytes((_SEND[0], meter.primary, _CLOCK)) + meter.secondary
    return long_frame(start + clock_data(meter, at))


def clock_data(meter: P2Meter, at: float) -> bytes:
    """Return what follows the address of a clock telegram: header and time; its frame counter is the meter's next."""
    plain = b"\x2f\x2f\x00" + _utc(at) + bytes(3) + b"\x2f\x2f\x2f\x2f"
    if meter.user_key is None:
        return bytes(4) + plain
    meter.counter += 1
    counter = meter.counter.to_bytes(4, "little")
    sealed = aes_cbc(meter.user_key, meter.address + counter * 2, plain)
    return bytes((0, 0, 0x10, 0x0F)) + sealed + b"\x04\xfd\x08" + counter


def _utc(at: float) -> bytes:
    """Six bytes of type I in UTC: no summer time, no week (P2 4.2.2, footnote 4)."""
    return type_i(datetime.fromtimestamp(int(at), UTC))[:5] + b"\x00"


def _short_id(number: str, maker: str, version: int, medium: int) -> bytes:
    letters = reduce(lambda code, letter: code << 5 | ord(letter) - 64, maker, 0)
    digits = bytes.fromhex(number)[::-1]
    return digits + letters.to_bytes(2, "little") + bytes((version, medium))


def _fits(wanted: int, own: int) -> bool:
    """Compare a byte of an address; FF and each digit F stand for anything."""
    return wanted == 0xFF or all(
        (wanted >> shift & 0xF) in (0xF, own >> shift & 0xF) for shift in (0, 4)
    )


@dataclass(slots=True, kw_only=True)
class Bus:
    """Meters on two wires; with `commanded` an electricity meter is heard as it talks to its P2 meters."""

    meters: tuple[WiredMeter, ...]
    keys: Mapping[str, str] = field(default_factory=dict)
    commanded: bool = False
    plans: tuple[Plan, ...] = ()
    line: LineSettings = LINE
    interval: float = INTERVAL
    sent: tuple[Reading, ...] = ()
    answered: list[bytes] = field(default_factory=list)
    _held: bytes = b""
    _on_since: float | None = None
    _answers: int = 0
    _random: Random = field(default_factory=lambda: Random("faults"))

    def due(self, after: float) -> float:
        """Return when the electricity meter next has a command, and a planned fault is looked at."""
        return (after // self.interval + 1) * self.interval

    def push(self, at: float) -> tuple[Chunk, ...]:
        """Say what another master says: its commands and the acknowledgements they get."""
        self.sent = ()
        if not self.commanded or self._troubles(at):
            return ()
        p2 = [meter for meter in self.meters if isinstance(meter, P2Meter)]
        command = b"".join(self._commands(meter, at) for meter in p2)
        return (Chunk(command + ACKNOWLEDGE),) if command else ()

    def _commands(self, meter: P2Meter, at: float) -> bytes:
        if meter.set_at is None:
            meter.set_at = at
            key = meter.user_key or bytes(16)
            return key_change(meter.primary, meter.default_key, key)
        return clock_telegram(meter, at)

    def receive(self, data: bytes, at: float) -> tuple[Chunk, ...]:
        """Take a master's bytes; return what the slaves say to them."""
        self._held = (self._held + data)[-512:]
        answers = [
            answer for frame in self._frames() if (answer := self._heard(frame, at))
        ]
        return tuple(Chunk(answer, ANSWER_AFTER) for answer in answers)

    def _frames(self) -> list[bytes]:
        frames: list[bytes] = []
        while self._held:
            size = _size(self._held)
            if size is None or len(self._held) < size:
                break
            frame, self._held = self._held[:size], self._held[size:]
            if size > 1 and sum(_body(frame)) & 0xFF == frame[-2]:
                frames.append(frame)
        return frames

    def _heard(self, frame: bytes, at: float) -> bytes:
        troubles = self._troubles(at)
        if troubles & {Trouble.SILENCE, Trouble.UNPLUG}:
            return b""
        for meter in self.meters:
            if isinstance(meter, P2Meter):
                meter.frozen = Trouble.FROZEN_COUNTER in troubles
        wrong = Trouble.WRONG_KEY in troubles
        heard = [meter.hear(frame, at, wrong_key=wrong) for meter in self.meters]
        answers = [answer for answer in heard if answer]
        self._answers += bool(answers)
        if not answers or (Trouble.LOST_SEGMENT in troubles and self._answers % 2):
            return b""
        self.answered += answers
        together = _collided(answers)
        return self._noisy(together) if Trouble.NOISE in troubles else together

    def _noisy(self, answer: bytes) -> bytes:
        stray = self._random.randbytes(self._random.randint(1, 12))
        if self._answers % 3:
            return stray + answer
        victim = bytearray(answer)
        victim[self._random.randrange(len(victim))] ^= self._random.randint(1, 255)
        return bytes(victim)

    def plugged(self, at: float) -> bool:
        """Tell whether the level converter is there."""
        return Trouble.UNPLUG not in self._troubles(at)

    def telegram(self, at: float) -> bytes:
        """Return what each meter answers to its first request."""
        self.sent = tuple(Reading(meter.identity) for meter in self.meters)
        requests = (
            bytes((0x10, 0x5B, meter.primary, 0x5B + meter.primary & 0xFF, 0x16))
            for meter in self.meters
        )
        pairs = zip(self.meters, requests, strict=True)
        return b"".join(meter.hear(request, at) for meter, request in pairs)

    def _troubles(self, at: float) -> set[Trouble]:
        if self._on_since is None:
            self._on_since = at
        on = at - self._on_since
        return {plan.trouble for plan in self.plans if plan.begin <= on < plan.end}


def _size(held: bytes) -> int | None:
    """Return the size of the frame that begins, 1 for a stray byte, None while that is not known."""
    if held[0] == 0x10:
        return 5
    if held[0] != 0x68:
        return 1
    return None if len(held) < 4 else held[1] + 6 if held[3] == 0x68 else 1


def _body(frame: bytes) -> bytes:
    return frame[1:3] if frame[0] == 0x10 else frame[4:-2]


def _collided(answers: list[bytes]) -> bytes:
    """Return what the wire makes of several answers: a 0 of one outweighs the 1 of another."""
    longest = max(map(len, answers))
    return bytes(
        reduce(lambda a, b: a & b, column)
        for column in zip(*(a.ljust(longest, b"\xff") for a in answers), strict=True)
    )


@dataclass(frozen=True, slots=True)
class BusRow:
    """What hangs on the bus: kinds of wired meters with their primary addresses, or one P2 meter."""

    kinds: tuple[tuple[str, int], ...] = ()
    p2: str | None = None

    def build(
        self, operator: str, meter: str, seed: int, plans: tuple[Plan, ...]
    ) -> Bus:
        """Put the meters on a bus."""
        first = 10_000_000 + seed * 1_000 + sum(meter.encode()) % 900
        if self.p2 is None:
            meters = tuple(
                WiredMeter(number=f"{first + place:08d}", kind=kind, primary=primary)
                for place, (kind, primary) in enumerate(self.kinds)
            )
            return Bus(meters=meters, plans=plans)
        user_key = demo_key(operator, meter, "p2")
        own = P2Meter(
            number=f"{first:08d}",
            kind=self.p2,
            primary=1,
            default_key=demo_key(operator, meter, "default"),
            user_key=user_key,
        )
        return Bus(meters=(own,), keys={"p2": user_key.hex().upper()}, plans=plans)


ROWS: Mapping[tuple[str, str], BusRow] = {
    ("mbus-master", "mbus-gas"): BusRow((("gas", 1),)),
    ("mbus-master", "mbus-heat"): BusRow((("heat", 1),)),
    ("mbus-master", "mbus-water"): BusRow((("water", 1),)),
    ("mbus-master", "mbus-electricity"): BusRow((("electricity", 1),)),
    ("mbus-master", "mbus-several"): BusRow(
        (("gas", 1), ("heat", 2), ("water", 0), ("electricity", 0))
    ),
    ("nl-p2", "p2-gas"): BusRow(p2="gas"),
    ("nl-p2", "p2-thermal"): BusRow(p2="thermal"),
    ("nl-p2", "p2-water"): BusRow(p2="water"),
    ("nl-p2", "p2-electricity"): BusRow(p2="electricity"),
}
