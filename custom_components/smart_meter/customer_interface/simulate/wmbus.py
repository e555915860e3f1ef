"""Linz Netz: NES Gen 4, wireless M-Bus in T mode, as an IMST iM871A-USB stick delivers it; 57600 8N1.

    radio   L 44 | B338 ID ID ID ID 03 02 | 7A | access | status | 70 05 | 112 bytes AES-CBC (mode 5)
    stick   A5 C2 03 | length | radio frame from 44 on | RSSI | CRC (2)

What the meter tells follows a published plain telegram of its kind: clock, import by tariff, export, power, voltages.
Neighbours' water meters, in the clear, may be heard as well.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..checksum import crc16_x25
from ..line import LineSettings
from ..obis import ObisCode
from ..reading import MeterIdentity, Reading
from .amis import type_i
from .cipher import aes_cbc
from .dlms import demo_key
from .house import House, Snapshot
from .meter import Chunk, Plan, PushMeter, Telegram, value

INTERVAL = 15.0
BLOCKS = 7
_NES = bytes.fromhex("B338")
_VERSION_AND_MEDIUM = b"\x03\x02"
_WATER_METER = bytes.fromhex("9315"), b"\x01\x07"
_RSSI = 0x8C  # -52.5 dBm

# DIF, DIFE, VIF and VIFE in telegram order, BCD digits, what is measured, and its OBIS code.
_RECORDS: tuple[tuple[str, int, str, str], ...] = (
    ("8E1003", 12, "1.8.1", "1-0:1.8.1"),
    ("8E2003", 12, "1.8.2", "1-0:1.8.2"),
    ("8E10833C", 12, "2.8.1", "1-0:2.8.1"),
    ("8E20833C", 12, "2.8.2", "1-0:2.8.2"),
    ("0B2B", 6, "1.7.0", "1-0:1.7.0"),
    ("0BAB3C", 6, "2.7.0", "1-0:2.7.0"),
    ("0AFDC9FC01", 4, "32.7.0", "1-0:32.7.0"),
    ("0AFDC9FC02", 4, "52.7.0", "1-0:52.7.0"),
    ("0AFDC9FC03", 4, "72.7.0", "1-0:72.7.0"),
)

# Commands of the stick's device management, and the message each is answered with: ping, device information, radio mode.
_ANSWERS = {
    bytes.fromhex("A5010100"): (0x02, b""),
    bytes.fromhex("A5010F00"): (0x10, bytes.fromhex("3300010300000000")),
    bytes.fromhex("A501030600020A300100"): (0x04, b"\x00"),
}


@dataclass(slots=True)
class NesRadioMeter(PushMeter):
    """The household's meter and, on request, neighbours, all heard through one stick."""

    serial: str = field(kw_only=True)
    key: bytes = field(kw_only=True)
    neighbours: int = 0
    _held: bytes = b""

    def compose(
        self, snapshot: Snapshot, counter: int, *, wrong_key: bool = False
    ) -> Telegram:
        """Write the records, encrypt them, put them into a radio frame without CRCs."""
        key = bytes(16) if wrong_key else self.key
        own = nes_frame(self.serial, key, snapshot, counter)
        return Telegram((own,), (self._says(own[2:10], snapshot),))

    def push(self, at: float) -> tuple[Chunk, ...]:
        """Deliver the frames heard now, each as a message of the stick; stray bytes are delivered as they are."""
        chunks = super().push(at)
        others = (
            [self._neighbour(number, at) for number in range(self.neighbours)]
            if chunks
            else []
        )
        return tuple(
            Chunk(
                _message(chunk.data) if _is_whole(chunk.data) else chunk.data,
                chunk.pause,
            )
            for chunk in (*chunks, *(Chunk(other, 0.01) for other in others))
        )

    def receive(self, data: bytes, at: float) -> tuple[Chunk, ...]:
        """Answer the commands of a host; anything else is not for this stick."""
        self._held = (self._held + data)[-64:]
        for command, (message, payload) in _ANSWERS.items():
            if self._held.endswith(command):
                self._held = b""
                return (Chunk(_answer(message, payload)),)
        return ()

    def _says(self, address: bytes, snapshot: Snapshot) -> Reading:
        return Reading(
            MeterIdentity(
                self.serial,
                "NES",
                address=address.hex().upper(),
                medium="electricity",
                version=3,
            ),
            time=snapshot.time.replace(tzinfo=None),
            values={
                ObisCode.parse(code): value(snapshot, said, 0)
                for _, _, said, code in _RECORDS
            },
            encrypted=True,
        )

    def _neighbour(self, number: int, at: float) -> bytes:
        maker, version_and_medium = _WATER_METER
        liters = (int(at) // 60 + 1_000 * number).to_bytes(4, "little")
        address = maker + _number(f"{70_000_001 + number}") + version_and_medium
        access = int(at / self.interval) & 0xFF
        return radio_frame(
            address + bytes((0x7A, access, 0, 0, 0)) + b"\x04\x13" + liters
        )


def nes_frame(serial: str, key: bytes, snapshot: Snapshot, access: int) -> bytes:
    """Return the radio frame of a NES Gen 4, without CRCs."""
    address = _NES + _number(serial) + _VERSION_AND_MEDIUM
    counted = bytes((access & 0xFF,))
    plain = (b"\x2f\x2f" + _records(snapshot)).ljust(16 * BLOCKS, b"\x2f")
    sealed = aes_cbc(key, address + counted * 8, plain)
    header = b"\x7a" + counted + bytes((0, BLOCKS << 4, 5))
    return radio_frame(address + header + sealed)


def _records(snapshot: Snapshot) -> bytes:
    numbers = b"".join(
        bytes.fromhex(header) + _bcd(snapshot.raw(said, 0), digits)
        for header, digits, said, _ in _RECORDS
    )
    return b"\x06\x6d" + type_i(snapshot.time) + numbers


def _bcd(number: int, digits: int) -> bytes:
    return bytes.fromhex(f"{number:0{digits}d}"[-digits:])[::-1]


def _number(serial: str) -> bytes:
    return bytes.fromhex(serial)[::-1]


def radio_frame(body: bytes, control: int = 0x44) -> bytes:
    """Put L and C field in front of what a meter sends, SND_NR if nothing else is said."""
    return bytes((len(body) + 1, control)) + body


def _is_whole(data: bytes) -> bool:
    """Whether it is a frame as a meter made it: a damaged one the stick would have kept to itself."""
    return len(data) > 10 and data[0] + 1 == len(data) and data[1] == 0x44


def _message(frame: bytes) -> bytes:
    body = bytes((0xC2, 0x03, len(frame) - 1)) + frame[1:] + bytes((_RSSI,))
    return b"\xa5" + body + crc16_x25(body).to_bytes(2, "little")


def _answer(message: int, payload: bytes) -> bytes:
    body = bytes((0x81, message, len(payload))) + payload
    return b"\xa5" + body + crc16_x25(body).to_bytes(2, "little")


@dataclass(frozen=True, slots=True)
class Row:
    """A NES Gen 4 meter as Linz Netz delivers it."""

    def build(
        self, operator: str, meter: str, seed: int, plans: tuple[Plan, ...]
    ) -> NesRadioMeter:
        """Make one meter with a key of its own."""
        key = demo_key(operator, meter, "oms")
        return NesRadioMeter(
            House(seed, 3),
            LineSettings(57_600),
            INTERVAL,
            {"oms": key.hex().upper()},
            plans,
            serial=str(84_000_000 + seed),
            key=key,
        )


ROWS: Mapping[tuple[str, str], Row] = {("linz-netz", "nes-gen4"): Row()}
