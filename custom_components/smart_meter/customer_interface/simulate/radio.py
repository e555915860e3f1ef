"""Any number of wireless meters and the stick that hears them, each stick with its own serial protocol (EN 13757-4).

    meter       L 44 | manufacturer, number, version, medium | 7A | access | status | configuration | records
    iM871A      A5 C2 03 | length | frame from 44 on | RSSI | CRC (2)        57600 8N1, set up by commands
    AMB8465     FF 03 | length | frame from 44 on | RSSI | XOR                9600 8N1, set up by commands
    CUL         b <hexadecimal digits with CRCs> LQI RSSI CR LF              38400 8N1, set up by lines
    RC1180      frame from L on                                              19200 8N1, receives by itself
    rtl_wmbus   T1;1;1;time;RSSI;RSSI;number;0x<hexadecimal digits> LF       knows no commands

A stick that wants to be set up delivers nothing before, and again nothing after it lost its power.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import reduce
from math import sin
from operator import xor
from typing import Protocol

from ..checksum import crc16_en13757, crc16_x25
from ..line import LineSettings
from ..reading import MeterIdentity, Reading
from .cipher import aes_cbc
from .dlms import demo_key
from .house import House
from .meter import Chunk, Plan, Trouble
from .wmbus import nes_frame, radio_frame

_EPOCH = 1_704_067_200
PAUSE = 0.02  # seconds between the frames of a stick


@dataclass(frozen=True, slots=True)
class RecordRow:
    """One record: DIF and VIF, bytes of data, BCD or not, value at the epoch, change a day, swing around it."""

    header: str
    size: int
    start: int
    daily: int = 0
    swing: int = 0
    bcd: bool = False

    def raw(self, number: int, at: float) -> int:
        """Return the integer a meter of this number shows."""
        grown = int(self.daily * (at - _EPOCH) / 86_400) + (number % 1_000) * (
            self.daily > 0
        )
        return self.start + grown + int(self.swing * sin(at / 600 + number))

    def write(self, number: int, at: float) -> bytes:
        """Return the record."""
        raw = self.raw(number, at)
        if self.bcd:
            data = bytes.fromhex(f"{raw:0{2 * self.size}d}"[-2 * self.size :])[::-1]
        else:
            data = raw.to_bytes(self.size, "little", signed=True)
        return bytes.fromhex(self.header) + data


# Manufacturer, version, medium (EN 13757-7, table 13) and records of a meter of each kind.
_KINDS: Mapping[str, tuple[str, int, int, tuple[RecordRow, ...]]] = {
    "water": ("HYD", 0x21, 0x07, (RecordRow("0413", 4, 120_000, 310),)),
    "warm_water": ("HYD", 0x21, 0x06, (RecordRow("0413", 4, 60_000, 120),)),
    "gas": ("ELS", 0x33, 0x03, (RecordRow("0C14", 4, 412_000, 480, bcd=True),)),
    "heat": (
        "KAM",
        0x30,
        0x04,
        (
            RecordRow("0406", 4, 15_000, 30),
            RecordRow("0413", 4, 800_000, 1_100),
            RecordRow("025A", 2, 640, swing=80),
            RecordRow("025E", 2, 410, swing=40),
            RecordRow("042B", 4, 5_200, swing=2_000),
        ),
    ),
    "heat_cost_allocator": (
        "QDS",
        0x35,
        0x08,
        (RecordRow("0B6E", 3, 240, 4, bcd=True),),
    ),
    "electricity": (
        "EMH",
        0x02,
        0x02,
        (RecordRow("0403", 4, 9_000_000, 8_000), RecordRow("042B", 4, 900, swing=700)),
    ),
    "room_sensor": ("LAS", 0x07, 0x1B, (RecordRow("0265", 2, 2_150, swing=120),)),
}
KINDS = tuple(_KINDS)


@dataclass(frozen=True, slots=True)
class WirelessMeter:
    """One meter: its number as printed, what it measures, its key where it encrypts (mode 5), how strong it arrives."""

    number: str
    kind: str = "water"
    key: bytes | None = None
    interval: float = 15.0
    signal_dbm: int = -70

    @property
    def identity(self) -> MeterIdentity:
        """Who it is."""
        maker, version, _, _ = _KINDS[self.kind]
        address = self._address.hex().upper()
        return MeterIdentity(self.number, maker, None, address, self.kind, version)

    @property
    def _address(self) -> bytes:
        maker, version, medium, _ = _KINDS[self.kind]
        letters = reduce(lambda code, letter: code << 5 | ord(letter) - 64, maker, 0)
        digits = bytes.fromhex(self.number)[::-1]
        return letters.to_bytes(2, "little") + digits + bytes((version, medium))

    def raw(self, at: float) -> dict[str, int]:
        """Return the integers of its records now, by DIF and VIF."""
        return {
            row.header: row.raw(int(self.number), at) for row in _KINDS[self.kind][3]
        }

    def frame(self, at: float, *, wrong_key: bool = False) -> bytes:
        """Return its radio frame now, without CRCs."""
        access = int(at / self.interval) & 0xFF
        records = b"".join(
            row.write(int(self.number), at) for row in _KINDS[self.kind][3]
        )
        if self.key is None:
            return radio_frame(self._address + bytes((0x7A, access, 0, 0, 0)) + records)
        blocks = -(-(len(records) + 2) // 16)
        plain = (b"\x2f\x2f" + records).ljust(16 * blocks, b"\x2f")
        key = bytes(16) if wrong_key else self.key
        sealed = aes_cbc(key, self._address + bytes((access,)) * 8, plain)
        header = bytes((0x7A, access, 0, blocks << 4, 5))
        return radio_frame(self._address + header + sealed)


@dataclass(frozen=True, slots=True)
class NesMeter:
    """A NES Gen 4 as Linz Netz delivers it."""

    number: str
    key: bytes
    interval: float = 15.0
    signal_dbm: int = -52
    house: House = field(default_factory=lambda: House(1, 3))

    @property
    def identity(self) -> MeterIdentity:
        """Who it is."""
        address = f"B338{''.join(reversed(_pairs(self.number)))}0302"
        return MeterIdentity(self.number, "NES", None, address, "electricity", 3)

    def frame(self, at: float, *, wrong_key: bool = False) -> bytes:
        """Return its radio frame now, without CRCs."""
        key = bytes(16) if wrong_key else self.key
        access = int(at / self.interval) & 0xFF
        return nes_frame(self.number, key, self.house.at(at), access)


def _pairs(digits: str) -> list[str]:
    return [digits[at : at + 2] for at in range(0, len(digits), 2)]


class RadioMeter(Protocol):
    """Whoever sends by radio at times of its own."""

    @property
    def number(self) -> str:
        """The number printed on it."""

    @property
    def interval(self) -> float:
        """Seconds between two frames."""

    @property
    def signal_dbm(self) -> int:
        """How strong it arrives."""

    @property
    def identity(self) -> MeterIdentity:
        """Who it is."""

    def frame(self, at: float, *, wrong_key: bool = False) -> bytes:
        """Return its radio frame now, without CRCs."""


class Stick(Protocol):
    """One stick's serial protocol, as its host sees it."""

    line: LineSettings

    def receive(self, data: bytes) -> bytes:
        """Take bytes of the host, return the answer."""

    def deliver(self, frame: bytes, signal_dbm: int, at: float) -> bytes:
        """Return the bytes for a frame that was heard; none while the stick does not receive."""

    def lose_power(self) -> None:
        """Forget what is not kept in its memory."""


class Im871a:
    """IMST iM871A-USB: ping, device information, radio mode T, alone or with C."""

    line = LineSettings(57_600)
    _ANSWERS = {
        bytes.fromhex("A5010100"): (0x02, b""),
        bytes.fromhex("A5010F00"): (0x10, bytes.fromhex("3300010300000000")),
        bytes.fromhex("A5010306000203300100"): (0x04, b"\x00"),
        bytes.fromhex("A501030600020A300100"): (0x04, b"\x00"),
    }

    def __init__(self) -> None:
        """Begin without power."""
        self._held, self._receives = b"", False

    def receive(self, data: bytes) -> bytes:
        """Answer what it knows."""
        self._held = (self._held + data)[-64:]
        for command, (message, payload) in self._ANSWERS.items():
            if self._held.endswith(command):
                self._held = b""
                self._receives = self._receives or message == 0x04
                return self._message(0x81, message, payload)
        return b""

    def deliver(self, frame: bytes, signal_dbm: int, at: float) -> bytes:
        """Wrap a frame."""
        if not self._receives:
            return b""
        rssi = bytes((2 * (signal_dbm + 100) + 45,))
        return self._message(0xC2, 0x03, frame[1:], rssi)

    def _message(
        self, flags: int, kind: int, payload: bytes, more: bytes = b""
    ) -> bytes:
        body = bytes((flags, kind, len(payload))) + payload + more
        return b"\xa5" + body + crc16_x25(body).to_bytes(2, "little")

    def lose_power(self) -> None:
        """The radio mode is not stored."""
        self._held, self._receives = b"", False


class Amb8465:
    """Amber AMB8465-M as it leaves the factory: command output and RSSI are off, and kept once they are on."""

    line = LineSettings(9_600)
    _SET = {
        bytes.fromhex("FF0903050101F0"): 0x05,
        bytes.fromhex("FF0903450101B0"): 0x45,
    }
    _PARAMETERS = bytes.fromhex("FF0A02008077")
    _RESET = bytes.fromhex("FF0500FA")
    _MODE = bytes.fromhex("FF040109F3")

    def __init__(self) -> None:
        """Begin without power."""
        self._held, self._receives = b"", False
        self._memory = bytearray(128)

    def receive(self, data: bytes) -> bytes:
        """Answer what it knows."""
        self._held = (self._held + data)[-256:]
        for command in (self._PARAMETERS, self._RESET, self._MODE, *self._SET):
            if self._held.endswith(command):
                self._held = b""
                return self._answer(command)
        return b""

    def _answer(self, command: bytes) -> bytes:
        if command in self._SET:
            self._memory[self._SET[command]] = 1
        self._receives = command == self._MODE
        content = b"\x00\x80" + self._memory if command == self._PARAMETERS else b"\x00"
        return self._message(command[1] | 0x80, bytes(content))

    def deliver(self, frame: bytes, signal_dbm: int, at: float) -> bytes:
        """Wrap a frame; without command output it is delivered bare."""
        if not self._receives:
            return b""
        if not (self._memory[0x05] and self._memory[0x45]):
            return frame
        return self._message(0x03, frame[1:] + _half_db(signal_dbm))

    def _message(self, kind: int, content: bytes) -> bytes:
        # The length of a radio frame counts the RSSI, as the L field counts the C field behind it.
        body = bytes((0xFF, kind, len(content))) + content
        return body + bytes((reduce(xor, body),))

    def lose_power(self) -> None:
        """The radio mode is not stored."""
        self._held, self._receives = b"", False


class Cul:
    """CUL or nanoCUL with culfw in T mode; signal strength after X21."""

    line = LineSettings(38_400)

    def __init__(self) -> None:
        """Begin without power."""
        self._held, self._receives, self._signal = b"", False, False

    def receive(self, data: bytes) -> bytes:
        """Answer lines."""
        *lines, self._held = (self._held + data)[-64:].split(b"\r\n")
        return b"".join(map(self._line, lines))

    def _line(self, line: bytes) -> bytes:
        match line:
            case b"V":
                return b"V 1.67 nanoCUL868\r\n"
            case b"X21":
                self._signal = True
            case b"brt":
                self._receives = True
                return b"TMODE\r\n"
        return b""

    def deliver(self, frame: bytes, signal_dbm: int, at: float) -> bytes:
        """Write a frame with its CRCs as a line."""
        if not self._receives:
            return b""
        more = b"\x5a" + _half_db(signal_dbm) if self._signal else b""
        return f"b{(frame_a(frame) + more).hex().upper()}\r\n".encode()

    def lose_power(self) -> None:
        """Nothing is stored."""
        self._held, self._receives, self._signal = b"", False, False


class Rc1180:
    """Radiocrafts RC1180-MBUS: receives by itself but while it is configured."""

    line = LineSettings(19_200)

    def __init__(self) -> None:
        """RSSI is on in the memory."""
        self._configuring = False
        self._memory = bytearray(256)
        self._memory[5] = 1

    def receive(self, data: bytes) -> bytes:
        """Take single characters."""
        return b"".join(self._byte(byte) for byte in data)

    def _byte(self, byte: int) -> bytes:
        if byte == 0x00:
            self._configuring = True
            return b">"
        if self._configuring and byte == ord("0"):
            return bytes(self._memory) + b">"
        self._configuring = self._configuring and byte != ord("X")
        return b""

    def deliver(self, frame: bytes, signal_dbm: int, at: float) -> bytes:
        """Add the RSSI."""
        return b"" if self._configuring else frame + bytes((-2 * signal_dbm,))

    def lose_power(self) -> None:
        """It leaves its configuration."""
        self._configuring = False


class RtlWmbus:
    """Lines of rtl-wmbus, as a gateway hands them on over TCP."""

    line = LineSettings(115_200)

    def receive(self, data: bytes) -> bytes:
        """Hear nothing."""
        return b""

    def deliver(self, frame: bytes, signal_dbm: int, at: float) -> bytes:
        """Write a line."""
        moment = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S.000")
        number = frame[7:3:-1].hex()
        return f"T1;1;1;{moment};97;148;{number};0x{frame.hex()}\n".encode()

    def lose_power(self) -> None:
        """There is nothing to forget."""


STICKS: Mapping[str, Callable[[], Stick]] = {
    "im871a": Im871a,
    "amb8465": Amb8465,
    "cul": Cul,
    "rc1180": Rc1180,
    "rtl_wmbus": RtlWmbus,
}


def _half_db(signal_dbm: int) -> bytes:
    return bytes((2 * (signal_dbm + 74) & 0xFF,))


def frame_a(frame: bytes) -> bytes:
    """Return a frame in format A: a CRC, high byte first, behind ten bytes and behind each 16 (EN 13757-4, 11.2)."""
    blocks = [frame[:10], *(frame[at : at + 16] for at in range(10, len(frame), 16))]
    return b"".join(block + crc16_en13757(block).to_bytes(2, "big") for block in blocks)


@dataclass(slots=True)
class RadioReceiver:
    """A stick and all the meters it hears, each at its own times."""

    stick: Stick
    meters: tuple[RadioMeter, ...]
    plans: tuple[Plan, ...] = ()
    keys: Mapping[str, str] = field(default_factory=dict)
    sent: tuple[Reading, ...] = ()
    line: LineSettings = field(init=False)
    interval: float = field(init=False)
    _on_since: float | None = None

    def __post_init__(self) -> None:
        """Take the line of the stick and the shortest interval of all."""
        self.line = self.stick.line
        self.interval = min(meter.interval for meter in self.meters)

    def due(self, after: float) -> float:
        """Return when the next meter sends."""
        return min(_next(meter, after) for meter in self.meters)

    def push(self, at: float) -> tuple[Chunk, ...]:
        """Deliver the frames of the meters that send now."""
        troubles = self._troubles(at)
        if Trouble.UNPLUG in troubles:
            self.stick.lose_power()
            return ()
        if Trouble.SILENCE in troubles:
            return ()
        wrong = Trouble.WRONG_KEY in troubles
        now = [meter for meter in self.meters if _next(meter, at - 0.001) <= at]
        self.sent = tuple(Reading(meter.identity) for meter in now)
        heard = (
            self.stick.deliver(meter.frame(at, wrong_key=wrong), meter.signal_dbm, at)
            for meter in now
        )
        return tuple(Chunk(data, PAUSE) for data in heard if data)

    def receive(self, data: bytes, at: float) -> tuple[Chunk, ...]:
        """Answer as the stick does."""
        answer = self.stick.receive(data)
        return (Chunk(answer),) if answer else ()

    def plugged(self, at: float) -> bool:
        """Tell whether the stick is there."""
        return Trouble.UNPLUG not in self._troubles(at)

    def telegram(self, at: float) -> bytes:
        """Return what is delivered of all meters, each once."""
        self.sent = tuple(Reading(meter.identity) for meter in self.meters)
        return b"".join(
            self.stick.deliver(meter.frame(at), meter.signal_dbm, at)
            for meter in self.meters
        )

    def _troubles(self, at: float) -> set[Trouble]:
        if self._on_since is None:
            self._on_since = at
        on = at - self._on_since
        return {plan.trouble for plan in self.plans if plan.begin <= on < plan.end}


def _next(meter: RadioMeter, after: float) -> float:
    """Return the meter's next own time, later than `after`: no two send at once."""
    own = int(meter.number) * 0.37 % meter.interval
    return ((after - own) // meter.interval + 1) * meter.interval + own


def neighbourhood(
    count: int, *, interval: float = 15.0, first: int = 70_000_001
) -> tuple[WirelessMeter, ...]:
    """Return so many meters of all kinds, every other one encrypted with a key of its own."""
    return tuple(
        WirelessMeter(
            number := f"{first + place:08d}",
            KINDS[place % len(KINDS)],
            demo_key("neighbour", number, "oms") if place % 2 else None,
            interval,
            -50 - place % 50,
        )
        for place in range(count)
    )
