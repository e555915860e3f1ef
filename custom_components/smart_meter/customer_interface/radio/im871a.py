"""IMST iM871A-USB, WMBus HCI protocol; 57600 8N1.

    A5 | flags and endpoint | message | length | payload | [time stamp (4)] | [RSSI] | [CRC (2)]

Flags: 2 time stamp, 4 RSSI, 8 CRC; the endpoint is the low nibble (1 device management, 2 radio link). CRC-16/X-25 over
all between A5 and itself, low byte first. A radio frame (endpoint 2, message 3) comes from its C field on, without CRCs.
"""

from collections.abc import Mapping
from typing import override

from ..checksum import crc16_x25
from ..line import LineSettings
from .base import Answer, Command, Heard, Item, Messages, MessageStick

_START = 0xA5
_TIME_STAMP, _RSSI, _CRC = 0x20, 0x40, 0x80
_ENDPOINTS = frozenset({1, 2, 3, 4})
_RADIO_FRAME = (2, 3)

# (endpoint, message) of answers to commands.
_ANSWERS = {
    (1, 0x02): "ping",
    (1, 0x10): "device",
    (1, 0x04): "mode",
    (1, 0x06): "configuration",
}

_PING = Command(bytes.fromhex("A5010100"), "ping")
_DEVICE = Command(bytes.fromhex("A5010F00"), "device")
# Not stored; radio mode follows, RSSI and time stamp settings follow: RSSI on, time stamp off.
_MODES = {
    "s": Command(bytes.fromhex("A501030600020030" + "0100"), "mode"),
    "t": Command(bytes.fromhex("A501030600020330" + "0100"), "mode"),
    "c": Command(bytes.fromhex("A501030600020630" + "0100"), "mode"),
    "ct": Command(bytes.fromhex("A501030600020A30" + "0100"), "mode"),
}


class Im871a(MessageStick):
    """The stick set to one radio mode: `s`, `t`, `c` or `ct` (C and T together, firmware 1.4 and newer)."""

    name = "im871a"
    line = LineSettings(57_600)
    checked = True
    hello = (_PING, _DEVICE)
    commands = frozenset(command.data for command in (_PING, _DEVICE, *_MODES.values()))

    def __init__(self, mode: str = "ct") -> None:
        """Prepare to receive one mode."""
        self._mode = mode
        self._messages = Messages(_START, _size, _sound)

    def set_up(self, answers: Mapping[str, bytes]) -> tuple[Command, ...]:
        """Set the radio mode; lost with power."""
        return (_MODES[self._mode],)

    @override
    def _item(self, message: bytes) -> list[Item]:
        kind = (message[1] & 0xF, message[2])
        payload = message[4 : 4 + message[3]]
        if kind != _RADIO_FRAME:
            return [Answer(_ANSWERS[kind], payload)] if kind in _ANSWERS else []
        rssi = (
            message[4 + len(payload) + (4 if message[1] & _TIME_STAMP else 0)]
            if message[1] & _RSSI
            else None
        )
        bare = bytes((len(payload),)) + payload
        return [Heard(bare, "stripped", signal(rssi), self._mode.upper())]


def _size(buffer: bytes) -> int:
    """Return the size the header announces, 0 where it is none; 4 while it is not whole."""
    if buffer[0] != _START or (len(buffer) > 1 and buffer[1] & 0xF not in _ENDPOINTS):
        return 0
    if len(buffer) < 4:
        return 4
    flags = buffer[1]
    extra = (
        (4 if flags & _TIME_STAMP else 0)
        + (1 if flags & _RSSI else 0)
        + (2 if flags & _CRC else 0)
    )
    return 4 + buffer[3] + extra


def _sound(message: bytes) -> bool:
    if len(message) < 4 or not message[1] & _CRC:
        return True
    return crc16_x25(message[1:-2]) == int.from_bytes(message[-2:], "little")


def signal(rssi: int | None) -> int | None:
    """Return dBm: the data sheet's points 45 (-100 dBm) and 205 (-20 dBm) on a line; 230 and more is no measurement."""
    return None if rssi is None or rssi >= 230 else round(-100 + (rssi - 45) / 2)
