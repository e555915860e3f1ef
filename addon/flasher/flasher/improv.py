"""Improv Wi-Fi over a serial line: how a freshly written dongle learns name and password of the network.

A packet (https://www.improv-wifi.com/serial/)::

    | "IMPROV" (6) | version 01 | type | length | data (length) | checksum |

The checksum is the low byte of the sum of all bytes before it. A command is `| command | length | data |`, its result
`| command | length | length of text | text | ... |`. Between packets the device may print its log.
"""

from dataclasses import dataclass
from enum import IntEnum

HEADER = b"IMPROV\x01"
MAX_TEXT = 0xFF
# The longest packet; what is older than that in the buffer cannot begin one.
MAX_PACKET = len(HEADER) + 2 + 0xFF + 1


class Type(IntEnum):
    """What a packet is."""

    STATE = 1
    ERROR = 2
    COMMAND = 3
    RESULT = 4


class State(IntEnum):
    """How far the device is."""

    AUTHORIZED = 2
    PROVISIONING = 3
    PROVISIONED = 4


class Error(IntEnum):
    """What the device could not do."""

    NONE = 0
    INVALID = 1
    UNKNOWN_COMMAND = 2
    UNABLE_TO_CONNECT = 3
    BAD_HOSTNAME = 5
    UNKNOWN = 0xFF


class Command(IntEnum):
    """What the device is asked."""

    WIFI_SETTINGS = 1
    STATE = 2
    DEVICE_INFO = 3


@dataclass(frozen=True, slots=True)
class Packet:
    """A packet whose checksum was right."""

    type: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Result:
    """The texts a command was answered with."""

    command: int
    texts: tuple[str, ...]


def encode(kind: int, data: bytes) -> bytes:
    """A packet as it goes over the line, ended by a line feed for devices that read line by line."""
    packet = HEADER + bytes((kind, len(data))) + data
    return packet + bytes((sum(packet) & 0xFF, 0x0A))


def command(code: Command, *texts: str) -> bytes:
    """A command with its texts; ValueError where they do not fit into a packet."""
    fields = [text.encode() for text in texts]
    data = b"".join(bytes((len(field),)) + field for field in fields)
    if len(data) > MAX_TEXT - 2:
        raise ValueError("too long for an Improv packet")
    return encode(Type.COMMAND, bytes((code, len(data))) + data)


def result(packet: Packet) -> Result | None:
    """The texts in a result packet, None where the lengths in it contradict each other."""
    data = packet.data
    if packet.type != Type.RESULT or len(data) < 2 or data[1] != len(data) - 2:
        return None
    texts, rest = [], data[2:]
    while rest:
        length = rest[0]
        if length >= len(rest):
            return None
        texts.append(rest[1 : 1 + length].decode("utf-8", "replace"))
        rest = rest[1 + length :]
    return Result(data[0], tuple(texts))


class Decoder:
    """Finds packets among whatever else the device prints; keeps at most one packet's bytes."""

    def __init__(self) -> None:
        """Start with nothing received."""
        self._buffer = b""

    def feed(self, data: bytes) -> list[Packet]:
        """The packets that are complete now, oldest first."""
        self._buffer += data
        packets = []
        while (packet := self._next()) is not None:
            packets.append(packet)
        return packets

    def _next(self) -> Packet | None:
        while (start := self._buffer.find(HEADER)) >= 0:
            self._buffer = self._buffer[start:]
            if len(self._buffer) > 7 and self._buffer[7] not in Type:
                self._buffer = self._buffer[1:]
                continue
            if len(self._buffer) < 9 or len(self._buffer) < 10 + self._buffer[8]:
                return None
            end = 9 + self._buffer[8]
            body, checksum = self._buffer[:end], self._buffer[end]
            if sum(body) & 0xFF == checksum:
                self._buffer = self._buffer[end + 1 :]
                return Packet(body[7], body[9:])
            self._buffer = self._buffer[1:]
        self._buffer = self._buffer[-(len(HEADER) - 1) :]
        return None
