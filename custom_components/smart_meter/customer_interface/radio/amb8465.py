"""Amber (Würth) AMB8465-M; 9600 8N1.

    FF | command | length | data | XOR of all before      answers have bit 7 of the command set

A radio frame is command 03: from its C field on, without CRCs, and the RSSI behind it where that is on. Command output
and RSSI are settings kept in the stick's memory: they are written only where they are off.
"""

from collections.abc import Mapping
from functools import reduce
from operator import xor
from typing import override

from ..line import LineSettings
from .base import Answer, Command, Heard, Item, Messages, MessageStick

_START = 0xFF
_RADIO_FRAME = 0x03
_ANSWERS = {
    0x8A: "parameters",
    0x84: "mode",
    0x85: "reset",
    0x89: "set",
    0x8B: "serial",
    0x8C: "firmware",
}

_PARAMETERS = Command(bytes.fromhex("FF0A02008077"), "parameters")
_COMMAND_OUTPUT_ON = Command(bytes.fromhex("FF0903050101F0"), "set")
_RSSI_ON = Command(bytes.fromhex("FF0903450101B0"), "set")
_RESET = Command(bytes.fromhex("FF0500FA"), "reset")
_MODES = {
    "s": Command(bytes.fromhex("FF040103F9"), "mode"),
    "t": Command(bytes.fromhex("FF040108F2"), "mode"),
    "ct": Command(bytes.fromhex("FF040109F3"), "mode"),
    "c": Command(bytes.fromhex("FF04010EF4"), "mode"),
}

# Positions in the answer to FF0A020080: start, count, then the memory from there on.
_COMMAND_OUTPUT_AT, _RSSI_AT = 0x05, 0x45


class Amb8465(MessageStick):
    """The stick set to one radio mode: `s`, `t`, `c` or `ct`."""

    name = "amb8465"
    line = LineSettings(9_600)
    checked = True
    hello = (_PARAMETERS,)
    commands = frozenset(
        command.data
        for command in (
            _PARAMETERS,
            _COMMAND_OUTPUT_ON,
            _RSSI_ON,
            _RESET,
            *_MODES.values(),
        )
    )

    def __init__(self, mode: str = "ct") -> None:
        """Prepare to receive one mode."""
        self._mode = mode
        self._messages = Messages(_START, _size, _sound)

    def set_up(self, answers: Mapping[str, bytes]) -> tuple[Command, ...]:
        """Turn command output and RSSI on where they are off, then set the radio mode, which is lost with power."""
        memory = answers.get("parameters", b"")[2:]
        off = [
            command
            for position, command in (
                (_COMMAND_OUTPUT_AT, _COMMAND_OUTPUT_ON),
                (_RSSI_AT, _RSSI_ON),
            )
            if memory[position : position + 1] in (b"", b"\x00")
        ]
        reset = (_RESET,) if off else ()
        return (*off, *reset, _MODES[self._mode])

    @override
    def _item(self, message: bytes) -> list[Item]:
        command, data = message[1], message[3:-1]
        if command in _ANSWERS:
            return [Answer(_ANSWERS[command], data)]
        if command != _RADIO_FRAME or not data:
            return []
        bare, rssi = data[:-1], data[-1]
        bare = bytes((len(bare),)) + bare
        return [Heard(bare, "stripped", signal(rssi), self._mode.upper())]


def _size(buffer: bytes) -> int:
    """Return the size the header announces, 0 where it is none; 4 while it is not whole."""
    if buffer[0] != _START or (
        len(buffer) > 1 and buffer[1] != _RADIO_FRAME and buffer[1] not in _ANSWERS
    ):
        return 0
    return 4 if len(buffer) < 3 else 4 + buffer[2]


def _sound(message: bytes) -> bool:
    return not reduce(xor, message)


def signal(rssi: int) -> int:
    """Return dBm: a signed byte of half dB, 74 dB too high."""
    return round((rssi - 256 if rssi > 127 else rssi) / 2 - 74)
