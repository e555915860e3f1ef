"""CUL and nanoCUL with culfw; 38400 8N1, text lines.

    b <hexadecimal digits of the frame with its CRCs> [LQI RSSI] CR LF      bY ... for frame format B

LQI and RSSI come where `X21` turned them on. Lines of more than about 148 bytes are cut by the firmware.
"""

from collections.abc import Mapping

from ..line import LineSettings
from ..reading import Fault, FaultKind
from .amb8465 import signal
from .base import Answer, Command, Heard, Item, Lines

_VERSION = Command(b"V\r\n", "version")
_SIGNAL_ON = Command(b"X21\r\n")
_MODES = {"s": Command(b"brs\r\n"), "t": Command(b"brt\r\n"), "c": Command(b"brc\r\n")}
_LONGEST = 700


class Cul:
    """The stick set to one radio mode: `s`, `t` or `c`."""

    name = "cul"
    line = LineSettings(38_400)
    checked = True
    hello = (_VERSION,)
    commands = frozenset(
        command.data for command in (_VERSION, _SIGNAL_ON, *_MODES.values())
    )

    def __init__(self, mode: str = "t") -> None:
        """Prepare to receive one mode; C and T together is more than it can."""
        self._mode = "t" if mode == "ct" else mode
        self._lines = Lines(_LONGEST)

    def set_up(self, answers: Mapping[str, bytes]) -> tuple[Command, ...]:
        """Turn RSSI on, then receive; lost with power."""
        return (_SIGNAL_ON, _MODES[self._mode])

    def feed(self, data: bytes) -> list[Item]:
        """Take bytes and return what they complete."""
        return [item for line in self._lines.feed(data) for item in self._item(line)]

    def flush(self) -> list[Item]:
        """Give up waiting for the rest, after a pause."""
        return [item for item in self._lines.flush() if isinstance(item, Fault)]

    def _item(self, line: bytes | Fault) -> list[Item]:
        if isinstance(line, Fault):
            return [line]
        if line.startswith(b"V "):
            return [Answer("version", line)]
        if not line.startswith(b"b"):
            return []
        format_b = line.startswith(b"bY")
        data = hexadecimal(line[2 if format_b else 1 :])
        if data is None or len(data) < 2:
            return [Fault(FaultKind.NOISE, "a line of the stick that is no frame")]
        length = data[0] + 1 if format_b else _length_of_format_a(data[0])
        rssi = signal(data[-1]) if len(data) == length + 2 else None
        raw = data if rssi is None else data[:length]
        mode = "C" if format_b else self._mode.upper()
        return [Heard(raw, "b" if format_b else "a", rssi, mode)]


def _length_of_format_a(length: int) -> int:
    """Return how many bytes a frame has with L field and CRCs: one behind ten bytes, then behind each 16."""
    return length + 1 + 2 * (1 + -(-(length - 9) // 16))


def hexadecimal(text: bytes) -> bytes | None:
    """Return the bytes of hexadecimal digits, None where they are none."""
    try:
        return bytes.fromhex(text.decode("ascii"))
    except ValueError:
        return None
