"""Radiocrafts RC1180-MBUS; 19200 8N1.

    L C M M A A A A A A ... [RSSI]      without CRCs and without any frame around it; RSSI where register 05 is 1

`00` enters configuration, which is answered `>`; `0` shows 256 bytes of memory and `>`; `X` leaves. Nothing is written.
Where a frame begins is told by pauses, and by a C field and a manufacturer that can be.
"""

from collections.abc import Mapping

from ..line import LineSettings
from ..reading import Fault, FaultKind
from .base import Answer, Command, Heard, Item, begins_frame

_PROMPT = b">"
_ENTER = Command(b"\x00", "prompt")
_MEMORY = Command(b"0", "memory")
_LEAVE = Command(b"X")
_MEMORY_SIZE = 256
_RSSI_AT = 5


class Rc1180:
    """The module in the radio mode it was bought for."""

    name = "rc1180"
    line = LineSettings(19_200)
    checked = False
    hello = (_ENTER, _MEMORY)
    commands = frozenset(command.data for command in (_ENTER, _MEMORY, _LEAVE))

    def __init__(self, mode: str = "t") -> None:
        """Prepare to receive; the module's mode is what it was built for, `mode` is only told."""
        self._mode = mode
        self._buffer = b""
        self._rssi = False
        self._configuring = False

    def set_up(self, answers: Mapping[str, bytes]) -> tuple[Command, ...]:
        """Leave the configuration."""
        return (_LEAVE,)

    def feed(self, data: bytes) -> list[Item]:
        """Take bytes and return what they complete."""
        self._buffer += data
        items: list[Item] = []
        noise = 0
        while self._buffer:
            size = self._size()
            if size and len(self._buffer) < size:
                break
            if size:
                items += self._item(self._buffer[:size])
            else:
                noise += 1
            self._buffer = self._buffer[size or 1 :]
        if noise:
            items.append(
                Fault(FaultKind.NOISE, f"{noise} bytes that are no frame of the stick")
            )
        return items

    def flush(self) -> list[Item]:
        """Give up waiting for the rest, after a pause."""
        rest, self._buffer = self._buffer, b""
        self._configuring = False
        if not rest:
            return []
        if rest[0] + 1 == len(rest) and begins_frame(rest):
            return self._frame(rest, None)
        return [Fault(FaultKind.TRUNCATED, "a frame of the stick that did not end")]

    def _size(self) -> int:
        """Return how many bytes what begins here has, 0 where nothing can."""
        if self._configuring:
            return _MEMORY_SIZE + 1
        if self._buffer.startswith(_PROMPT) and not (
            len(self._buffer) > 1 and begins_frame(self._buffer)
        ):
            return 1
        return self._buffer[0] + 1 + self._rssi if begins_frame(self._buffer) else 0

    def _item(self, data: bytes) -> list[Item]:
        if self._configuring:
            self._configuring = False
            self._rssi = data[_RSSI_AT] == 1
            return [Answer("memory", data[:-1])]
        if data == _PROMPT:
            self._configuring = True
            return [Answer("prompt")]
        return self._frame(data[: data[0] + 1], data[-1] if self._rssi else None)

    def _frame(self, bare: bytes, rssi: int | None) -> list[Item]:
        signal = None if rssi is None else -(rssi // 2)
        return [Heard(bare, None, signal, self._mode.upper())]
