"""NES MTR1000, MTR3000 and Gen 4 with their multipurpose expansion port: a server of C12.19 tables, 9600 8N1.

OSGP MEP Client Developer's Guide 1.1: packets, digest and RC4 (chapter 2, appendices A and B), tables (chapter 4). The
digest is written from the guide's description bit by bit and shares nothing with the one that reads it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache, partial
from random import Random
import struct

from ..line import LineSettings
from ..obis import ObisCode
from ..reading import MeterIdentity, Reading, Value
from ..units import scaled
from .house import HIGH_TARIFF_HOURS, House, Snapshot
from .meter import Chunk, Plan, Trouble, unit_of

SEGMENT = 117
SEGMENT_REST = 0.025
LATENCY = 0.02
WITHIN_REQUEST = 0.05  # a longer pause ends a request that is not whole
MOST_STEPS = 8
LONGEST = 476

READ, READ_PART, WRITE, WRITE_PART = 0x30, 0x3F, 0x40, 0x4F
OK, UNKNOWN, NO_PERMISSION, NOT_POSSIBLE, NO_TABLE = 0x00, 0x01, 0x03, 0x04, 0x05
WRONG_DIGEST, WRONG_SEQUENCE = 0x0B, 0x0C


# --- digest and cipher ----------------------------------------------------------------------------------------------


class Digest:
    """The digest as a machine that is fed byte by byte: eight lanes, turned by the bits of the key."""

    def __init__(self, key: bytes) -> None:
        """Begin with empty lanes."""
        self._bits = "".join(f"{byte:08b}"[::-1] for byte in key + key[:8])
        self._lanes = [0, 0, 0, 0, 0, 0, 0, 0]
        self._step = 0

    def feed(self, message: bytes) -> Digest:
        """Take more of the message."""
        for byte in message:
            self._turn(byte)
        return self

    def result(self) -> bytes:
        """Fill the round up with zeros and return the lanes."""
        while self._step == 0 or self._step % len(self._bits):
            self._turn(0)
        return bytes(self._lanes)

    def _turn(self, byte: int) -> None:
        lane = 7 - self._step % 8
        before = self._lanes[(lane + 1) % 8]
        turned = 255 - (self._lanes[lane] + lane) % 256
        if self._bits[self._step % len(self._bits)] == "1":
            change = turned * 2 % 256 + turned // 128
        else:
            change = 256 - (turned // 2 + turned % 2 * 128)
        self._lanes[lane] = (before + byte + change) % 256
        self._step += 1


def key_stream(key: bytes, proof: bytes) -> Iterator[int]:
    """Yield the key stream of one exchange: RC4 under the key, enciphered with the guide's constant."""
    constant = bytes.fromhex("388B8FBC36A8558587AFC90FB23A3B99")
    mixed = [c ^ k for c, k in zip(constant, _arcfour(key), strict=False)]
    for place, byte in enumerate(proof):
        mixed[place] ^= byte
    return _arcfour(bytes(mixed))


def _arcfour(key: bytes) -> Iterator[int]:
    s, j = list(range(256)), 0
    for i in range(256):
        j = (j + s[i] + key[i % len(key)]) % 256
        s[i], s[j] = s[j], s[i]
    i = j = 0
    while True:
        i = (i + 1) % 256
        j = (j + s[i]) % 256
        s[i], s[j] = s[j], s[i]
        yield s[(s[i] + s[j]) % 256]


# --- registers ------------------------------------------------------------------------------------------------------

# Source ids of the guide (BT22), and what a house has of them: a code with its scaler, or a fixed number.
type Register = tuple[int, str, int]

_SUMMATIONS: tuple[Register, ...] = (
    (0, "1.8.0", 0),
    (1, "2.8.0", 0),
    (2, "3.8.0", 0),
    (3, "4.8.0", 0),
    (4, "outage", 4_711),
    (5, "outage", 3),
    (6, "15.8.0", 0),
    (7, "net", 0),
    (26, "fixed", 0),
    (27, "fixed", 0),
    (28, "fixed", 1),
)
_ALL_PHASES: tuple[Register, ...] = (
    *((8 + n, f"{1 + n}.7.0", 0) for n in range(4)),
    *((12 + n, f"{31 + 20 * n}.7.0", -3) for n in range(3)),
    *((15 + n, f"{32 + 20 * n}.7.0", -3) for n in range(3)),
    (18, "33.7.0", -3),
    (19, "14.7.0", -3),
    (20, "apparent", 0),
    (21, "53.7.0", -3),
    (22, "73.7.0", -3),
    *((23 + n, "fixed", 0) for n in range(3)),
    *((81 + n, f"{1 + n}.7.0", 0) for n in range(4)),
)
_BY_PHASE: tuple[Register, ...] = (
    *((185 + n, f"{21 + 20 * n}.7.0", 0) for n in range(3)),
    *((188 + n, f"{22 + 20 * n}.7.0", 0) for n in range(3)),
    *((191 + n, f"{21 + 20 * n}.7.0", 0) for n in range(3)),
    *((194 + n, f"{22 + 20 * n}.7.0", 0) for n in range(3)),
    *((197 + n, f"{31 + 20 * n}.7.0", -3) for n in range(3)),
)
_CODES = {
    "net": "1-0:16.8.0",
    "apparent": "1-0:9.7.0",
    4: "0-0:96.7.19",
    5: "0-0:96.7.0",
    26: "1-1:82.8.0",
    27: "1-2:82.8.0",
    28: "0-0:97.97.128",
}
_TARIFFS = 4


@dataclass(frozen=True, slots=True)
class Model:
    """What tells the meters apart.

    `resets` puts the counter of demand resets in front of BT23, `demand` the highest quarter-hour import behind the
    summations of each block, with its time and two coincident values.
    """

    name: str
    firmware: tuple[int, int, int]
    phases: int
    present: tuple[Register, ...]
    resets: bool = False
    summations: tuple[Register, ...] = _SUMMATIONS
    energy_unit: int = 1
    ratio: int = 1
    demand: bool = False

    @property
    def version(self) -> bytes:
        """The firmware as BT01 has it."""
        major, minor, build = self.firmware
        return (major << 12 | minor << 5 | build).to_bytes(2, "big")


MTR1000 = Model("MTR1000", (3, 10, 21), 1, _ALL_PHASES)
MTR3000 = Model(
    "MTR3000", (3, 60, 2), 3, _ALL_PHASES + _BY_PHASE, resets=True, demand=True
)
GEN4 = Model(
    "MTR3000",
    (4, 10, 7),
    3,
    _BY_PHASE + _ALL_PHASES,
    # Another order than everybody expects, and sources of newer firmware.
    summations=(*_SUMMATIONS[::-1], *((108 + n, "fixed", 0) for n in range(4))),
)
TRANSFORMER = Model(
    "MTR3000CT",
    (4, 10, 7),
    3,
    _ALL_PHASES + _BY_PHASE,
    energy_unit=10,
    ratio=40,
)


def _number(snapshot: Snapshot, model: Model, register: Register) -> int:
    """Return what a register holds; behind transformers only some values are of the primary side."""
    source, code, scaler = register
    match code:
        case "outage" | "fixed":
            return scaler
        case "net":
            net = snapshot.raw("1.8.0", 0) - snapshot.raw("2.8.0", 0)
            return max(net, 0) // model.energy_unit
        case "apparent":
            whole = snapshot.raw("9.7.0", 0) + snapshot.raw("10.7.0", 0)
        case _:
            whole = snapshot.raw(code, scaler)
    if source < 8:
        return whole // model.energy_unit
    primary = source in range(81, 85) or source > 190
    touched = source not in (15, 16, 17, 18, 19, 21, 22)
    return whole // model.ratio if touched and not primary else whole


def _register(number: int) -> bytes:
    return struct.pack("<i", number)


# --- the meter ------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class NesMeter:
    """A meter that answers requests, one at a time, and sends alerts while something waits for its client.

    `basic` and `advanced` are the two keys as they count (16 bytes). `latency` is how long it thinks before it answers.
    `wants_enable` makes it mute until `enable(True)`, or `enable(False)` with `inverted_enable`, as behind an adapter that
    inverts. `plain_answer` is the code with which it refuses what is not enciphered, where it does.
    """

    house: House
    model: Model
    serial: str
    basic: bytes = field(repr=False)
    advanced: bytes = field(repr=False)
    plans: tuple[Plan, ...] = ()
    alerts: int = 0
    latency: float = LATENCY
    wants_enable: bool = False
    inverted_enable: bool = False
    plain_answer: int | None = None
    sequence: int = 0x77635B90
    sent: tuple[Reading, ...] = ()
    line: LineSettings = field(default_factory=partial(LineSettings, 9600))
    interval: float = 2.0
    requests: list[bytes] = field(default_factory=list)
    _held: bytearray = field(default_factory=bytearray)
    _last: float = 0.0
    _enabled: bool = False
    _on_since: float | None = None
    _random: Random = field(default_factory=lambda: Random("mep"))

    @property
    def keys(self) -> Mapping[str, str]:
        """What the grid operator hands out: 20 characters in hexadecimal, of which 16 count."""
        return {"mbk": (self.basic + b"NES4").hex()}

    def enable(self, on: bool) -> None:
        """Put voltage on COM_ENABLE, or take it off."""
        self._enabled = on is not self.inverted_enable
        self._held.clear()

    def due(self, after: float) -> float:
        """Return when the next alert may go out: each second, a second after the last request at the earliest."""
        return max(after, self._last) + 1.0

    def push(self, at: float) -> tuple[Chunk, ...]:
        """Send an alert, if there is one."""
        waits = self.alerts and at >= self._last + 1.0
        return (Chunk(b"\0\0"),) if waits and not self._mute(at) else ()

    def plugged(self, at: float) -> bool:
        """Tell whether the port is there."""
        return Trouble.UNPLUG not in self._troubles(at)

    def telegram(self, at: float) -> bytes:
        """Return the answer to a read of the energy registers, and note it in `sent`."""
        count = 4 * len(self.model.summations)
        sequence = (self.sequence + 1).to_bytes(4)
        request = struct.pack(
            ">BHHBH", READ_PART, 0x17, 0, int(self.model.resets), count
        )
        return b"".join(chunk.data for chunk in self._answer(request + sequence, at))

    def receive(self, data: bytes, at: float) -> tuple[Chunk, ...]:
        """Take bytes of a request, and answer when it is whole."""
        if at > self._last + WITHIN_REQUEST:
            self._held.clear()
        self._last = at
        if self._mute(at):
            return ()
        self._held += data
        if len(self._held) < 2:
            return ()
        length = int.from_bytes(self._held[:2])
        if not 9 <= length <= LONGEST:
            self._held.clear()
            return ()
        if len(self._held) < 2 + length:
            return ()
        payload = bytes(self._held[2 : 2 + length])
        del self._held[: 2 + length]
        return self._spoilt(self._open(payload, at), at)

    def says(self, at: float) -> Reading:
        """Return all registers that have a code, in the words of the command line."""
        snapshot = self.house.at(at)
        values = dict(self._values(snapshot)) | dict(self._tariff_values(snapshot))
        if self.model.demand:
            values[ObisCode.parse("1-0:1.6.0")] = Value(self._peak(snapshot)[0], "W")
        return Reading(MeterIdentity(number=self.serial), snapshot.time, values)

    def _mute(self, at: float) -> bool:
        """Closed port, optical session or missing voltage: whatever it is, nothing is heard and nothing said."""
        silent = self._troubles(at) & {Trouble.SILENCE, Trouble.UNPLUG}
        return bool(silent) or (self.wants_enable and not self._enabled)

    def _troubles(self, at: float) -> set[Trouble]:
        if self._on_since is None:
            self._on_since = at
        on = at - self._on_since
        return {plan.trouble for plan in self.plans if plan.begin <= on < plan.end}

    def _spoilt(self, chunks: tuple[Chunk, ...], at: float) -> tuple[Chunk, ...]:
        troubles = self._troubles(at)
        if Trouble.REPEATED_SEGMENT in troubles:
            return (*chunks, *chunks)
        if Trouble.LOST_SEGMENT in troubles and self._random.random() < 0.5:
            return chunks[:-1]
        if Trouble.NOISE in troubles and self._random.random() < 0.3:
            return tuple(Chunk(self._flipped(c.data), c.pause) for c in chunks)
        return chunks

    def _flipped(self, data: bytes) -> bytes:
        damaged = bytearray(data)
        damaged[self._random.randrange(len(damaged))] ^= self._random.randint(1, 255)
        return bytes(damaged)

    # --- requests

    def _open(self, payload: bytes, at: float) -> tuple[Chunk, ...]:
        """Find the key that fits: the advanced one is tried first, plain text before cipher."""
        body, proof = payload[:-8], payload[-8:]
        wrong = Trouble.WRONG_KEY in self._troubles(at)
        keys = [key[::-1] if wrong else key for key in (self.advanced, self.basic)]
        for key in keys:
            if Digest(key).feed(body).result() == proof:
                return self._plain(body, at, key)
        for key in keys:
            stream = key_stream(key, proof)
            plain = bytes(byte ^ next(stream) for byte in body)
            if Digest(key).feed(plain).result() == proof:
                return self._answer(plain, at, key, stream)
        return self._chunks(bytes((WRONG_DIGEST,)) + bytes(8))

    def _plain(self, request: bytes, at: float, key: bytes) -> tuple[Chunk, ...]:
        if self.plain_answer is None:
            return self._answer(request, at, key)
        reply = bytes((self.plain_answer,))
        return self._chunks(reply + Digest(key).feed(request).feed(reply).result())

    def _answer(
        self,
        request: bytes,
        at: float,
        key: bytes | None = None,
        stream: Iterator[int] | None = None,
    ) -> tuple[Chunk, ...]:
        reply = self._reply(request, at)
        proof = Digest(key or self.basic).feed(request).feed(reply).result()
        if stream is not None:
            reply = bytes(byte ^ next(stream) for byte in reply)
        return self._chunks(reply + proof)

    def _chunks(self, payload: bytes) -> tuple[Chunk, ...]:
        whole = len(payload).to_bytes(2) + payload
        return tuple(
            Chunk(
                whole[start : start + SEGMENT], SEGMENT_REST if start else self.latency
            )
            for start in range(0, len(whole), SEGMENT)
        )

    def _reply(self, request: bytes, at: float) -> bytes:
        self.requests.append(request)
        number = int.from_bytes(request[-4:])
        steps = (number - self.sequence) % (1 << 32)
        frozen = Trouble.FROZEN_COUNTER in self._troubles(at)
        if frozen or not 0 < steps <= MOST_STEPS:
            return bytes((WRONG_SEQUENCE,)) + self.sequence.to_bytes(4)
        self.sequence = number
        code, arguments = request[0], request[1:-4]
        if code == READ and len(arguments) == 4:
            table, count = struct.unpack(">HH", arguments)
            return self._read(table, 0, count, at)
        if code == READ_PART and len(arguments) == 7:
            table, high, low, count = struct.unpack(">HBHH", arguments)
            return self._read(table, high << 16 | low, count, at)
        refused = NO_PERMISSION if code in (WRITE, WRITE_PART) else UNKNOWN
        return bytes((refused,))

    def _read(self, table: int, offset: int, count: int, at: float) -> bytes:
        content = self._table(table, at)
        if content is None:
            return bytes((NO_TABLE,))
        part = content[offset : offset + min(count, LONGEST - 11)]
        if offset > len(content) or (count and not part):
            return bytes((NOT_POSSIBLE,))
        if table in (0x17, 0x1C):
            self.sent = (self.says(at),)
        return bytes((OK,)) + len(part).to_bytes(2) + part

    # --- tables

    def _table(self, table: int, at: float) -> bytes | None:
        snapshot, model = self.house.at(at), self.model
        match table:
            case 0x0000:
                return b"\x02\x0a\x88NES \x02\0\xff\x0c\1\0\x0a\x0d\2\x0c\x09\2"
            case 0x0001:
                return (
                    b"NES\0"
                    + model.name.ljust(8).encode()[:8]
                    + b"\3\1"
                    + model.version
                )
            case 0x000F:
                return struct.pack("<iibii", 1, 0, model.ratio > 1, model.ratio, 1)
            case 0x0014 | 0x0015:
                return self._dimensions()
            case 0x0016:
                return self._selection()
            case 0x0017:
                return self._energy(snapshot)
            case 0x001B:
                return bytes(source for source, _, _ in model.present)
            case 0x001C:
                return self._registers(snapshot, model.present)
            case 0x0034:
                return self._clock(snapshot)
            case 0x0037:
                return self._local_clock(snapshot)
            case 0x0803:
                return self.serial.encode().ljust(30, b"\0") + bytes(113)
            case 0x080B:
                return bytes((5, 66, 36, 5, 6))
            case 0x080D:
                return bytes(66 * 4 + 8) + bytes((self.alerts,)) + bytes(57)
            case 0x0837:
                return self._configuration()
        return None

    def _dimensions(self) -> bytes:
        flags = 0x03 | 0x04 * self.model.resets
        sums, present = len(self.model.summations), len(self.model.present)
        demand = (1, 2, 1) if self.model.demand else (0, 0, 0)
        return bytes((flags, 0x0C, 0, sums, *demand, _TARIFFS, 0, present))

    def _selection(self) -> bytes:
        demand = (8, 1, 12, 15, 0, 0) if self.model.demand else ()
        return bytes((*(source for source, _, _ in self.model.summations), *demand))

    def _registers(self, snapshot: Snapshot, registers: tuple[Register, ...]) -> bytes:
        return b"".join(
            _register(_number(snapshot, self.model, register)) for register in registers
        )

    def _energy(self, snapshot: Snapshot) -> bytes:
        head = b"\7" if self.model.resets else b""
        blocks = [self._registers(snapshot, self.model.summations)]
        blocks.append(self._demands(snapshot, 0))
        for tariff in range(1, _TARIFFS + 1):
            numbers = [
                self._by_tariff(snapshot, register, tariff)
                for register in self.model.summations
            ]
            blocks.append(b"".join(map(_register, numbers)))
            blocks.append(self._demands(snapshot, tariff))
        return head + b"".join(blocks)

    def _demands(self, snapshot: Snapshot, tariff: int) -> bytes:
        if not self.model.demand:
            return b""
        highest, ended = self._peak(snapshot)
        when = _time_bytes(ended)[:5]
        return when + _register(highest if tariff < 2 else 0) + bytes(8)

    def _peak(self, snapshot: Snapshot) -> tuple[int, datetime]:
        """Return the highest quarter of the day before in W, and when it ended."""
        midnight = snapshot.time.timestamp() // 86_400 * 86_400
        highest, ended = _peak(self.house, midnight)
        return highest // 1_000, datetime.fromtimestamp(ended, UTC)

    def _by_tariff(self, snapshot: Snapshot, register: Register, tariff: int) -> int:
        code = register[1].removesuffix("0") + str(tariff)
        if code not in snapshot.milli:
            return 0
        return _number(snapshot, self.model, (register[0], code, 0))

    def _clock(self, snapshot: Snapshot) -> bytes:
        utc = snapshot.time.astimezone(UTC)
        return _time_bytes(utc) + bytes(
            (_weekday(utc) | bool(snapshot.time.dst()) << 3,)
        )

    def _local_clock(self, snapshot: Snapshot) -> bytes:
        hour = (snapshot.time.astimezone(UTC).hour + 1) % 24
        low = hour not in HIGH_TARIFF_HOURS
        local = snapshot.time
        return _time_bytes(local) + bytes((_weekday(local) | 0x60, int(low), 0))

    def _configuration(self) -> bytes:
        thresholds = 4 * (_TARIFFS - 1)
        start = 146 + (self.model.firmware[0] >= 4) + thresholds
        return bytes(start + 39) + bytes((self.model.energy_unit,)) + bytes(20)

    # --- words

    def _values(self, snapshot: Snapshot) -> Iterator[tuple[ObisCode, Value]]:
        for register in (*self.model.summations, *self.model.present):
            source, code, scaler = register
            named = _CODES.get(source) or _CODES.get(code)
            if code == "fixed" and named is None:
                continue
            yield from self._named(snapshot, register, named or f"1-0:{code}", scaler)

    def _tariff_values(self, snapshot: Snapshot) -> Iterator[tuple[ObisCode, Value]]:
        for register in self.model.summations:
            if not register[1].endswith(".8.0"):
                continue
            for tariff in range(1, _TARIFFS + 1):
                obis = ObisCode.parse(f"1-0:{register[1].removesuffix('0')}{tariff}")
                number = self._by_tariff(snapshot, register, tariff)
                unit = unit_of(f"{obis.c}.8.{tariff}")[0]
                yield obis, Value(number * self.model.energy_unit, unit)

    def _named(
        self, snapshot: Snapshot, register: Register, code: str, scaler: int
    ) -> Iterator[tuple[ObisCode, Value]]:
        source = register[0]
        number = _number(snapshot, self.model, register)
        if source < 8 and source not in (4, 5):
            number *= self.model.energy_unit
        obis = ObisCode.parse(code)
        if obis.a == 0 or obis.c == 82:
            yield obis, Value(number, "s" if source == 4 else None)
            return
        yield (
            obis,
            Value(scaled(number, scaler), unit_of(f"{obis.c}.{obis.d}.{obis.e}")[0]),
        )


@lru_cache(maxsize=8)
def _peak(house: House, midnight: float) -> tuple[int, float]:
    return house.peak(midnight - 86_400, midnight)


def _time_bytes(time: datetime) -> bytes:
    return bytes(
        (time.year % 100, time.month, time.day, time.hour, time.minute, time.second)
    )


def _weekday(time: datetime) -> int:
    return time.isoweekday() % 7


# --- rows of the catalogue ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Row:
    """A NES meter as an operator delivers it."""

    model: Model

    def build(
        self, operator: str, meter: str, seed: int, plans: tuple[Plan, ...]
    ) -> NesMeter:
        """Make one meter with keys of its own."""
        return NesMeter(
            House(seed, self.model.phases),
            self.model,
            str(83_330_000 + seed),
            f"{meter[-4:]}{operator}".encode().ljust(16)[:16],
            f"advanced {seed:07}".encode(),
            plans,
            alerts=1,
        )


ROWS: Mapping[tuple[str, str], Row] = {
    (operator, meter): Row(model)
    for operator in ("energie-klagenfurt", "linz-netz")
    for meter, model in (("nes-mtr1000", MTR1000), ("nes-mtr3000", MTR3000))
}
