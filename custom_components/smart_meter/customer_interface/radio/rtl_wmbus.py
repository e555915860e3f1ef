"""Text lines of rtl-wmbus (an RTL-SDR receiver) and of ESP32 gateways, over a pipe or TCP.

    MODE;CRC_OK;3OF6OK;TIME;PACKET_RSSI;RSSI;ID;0x<hexadecimal digits without CRCs>
    <hexadecimal digits of a frame, with or without CRCs>

The RSSI of rtl-wmbus is in no known unit and is left out. Nothing is ever sent.
"""

from collections.abc import Mapping

from ..line import LineSettings
from ..reading import Fault, FaultKind
from .base import Command, Heard, Item, Lines, begins_frame
from .cul import hexadecimal

_LONGEST = 1_000
_FIELDS = 8
# What some gateways leave before a frame of C mode.
_C_MODE_A, _C_MODE_B = b"\x54\xcd", b"\x54\x3d"
_MODES = frozenset({"T1", "C1", "S1"})


class RtlWmbus:
    """Lines of a receiver that needs no commands."""

    name = "rtl_wmbus"
    line = LineSettings(115_200)
    checked = True
    hello: tuple[Command, ...] = ()
    commands: frozenset[bytes] = frozenset()

    def __init__(self, mode: str = "ct") -> None:
        """Prepare to receive; the receiver's own start decides the radio mode."""
        self._lines = Lines(_LONGEST)

    def set_up(self, answers: Mapping[str, bytes]) -> tuple[Command, ...]:
        """Nothing is to be set."""
        return ()

    def feed(self, data: bytes) -> list[Item]:
        """Take bytes and return what they complete."""
        return [item for line in self._lines.feed(data) for item in _item(line)]

    def flush(self) -> list[Item]:
        """Give up waiting for the rest, after a pause."""
        return [item for item in self._lines.flush() if isinstance(item, Fault)]


def _item(line: bytes | Fault) -> list[Item]:
    if isinstance(line, Fault):
        return [line]
    fields = line.split(b";")
    if len(fields) != _FIELDS:
        return _bare(line)
    mode = fields[0].decode("ascii", "replace").strip().upper()
    data = hexadecimal(fields[7].strip().removeprefix(b"0x"))
    if fields[1] != b"1":
        return [Fault(FaultKind.CHECKSUM, "a radio frame whose CRC does not fit")]
    if data is None or not data:
        return [Fault(FaultKind.NOISE, "a line of the receiver that is no frame")]
    form = "stripped" if len(data) == data[0] + 1 else None
    return [Heard(data, form, mode=mode if mode in _MODES else None)]


def _bare(line: bytes) -> list[Item]:
    """Read a line of digits; all else is what a gateway says of itself."""
    data = hexadecimal(line.strip().removeprefix(b"0x"))
    if not data or not begins_frame(
        data.removeprefix(_C_MODE_A).removeprefix(_C_MODE_B) or data
    ):
        return []
    return [Heard(data, None)]
