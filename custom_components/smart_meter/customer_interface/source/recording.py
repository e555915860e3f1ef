"""Recordings: JSON lines of time, direction, line settings and hex, both directions kept.

{"time": 1789000000.25, "direction": "rx", "line": "2400 8E1", "hex": "68FAFA68..."}
"""

from collections.abc import Iterator
import json
from math import isfinite
import re

from ..errors import CustomerInterfaceError, SourceError
from ..line import LineSettings
from ..named import NamedTuple


class Recorded(NamedTuple):
    """Bytes of one direction (`rx` from the meter, `tx` to it) at a time in seconds since the epoch."""

    time: float
    direction: str
    data: bytes
    line: LineSettings | None = None

    def to_line(self) -> str:
        """Write one JSON line, without its line end."""
        form = {
            "time": round(self.time, 6),
            "direction": self.direction,
            "line": str(self.line) if self.line else None,
            "hex": self.data.hex().upper(),
        }
        return json.dumps(form)


def looks_recorded(data: bytes) -> bool:
    """Tell a recording from telegram bytes."""
    return data.lstrip()[:1] == b"{" and b'"hex"' in data[:4_096]


def read_recording(data: bytes) -> Iterator[Recorded]:
    """Read JSON lines; raises SourceError naming the first line that is none."""
    for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), 1):
        if line.strip():
            try:
                yield _recorded(line)
            except (
                ValueError,
                KeyError,
                TypeError,
                AttributeError,
                OverflowError,
                RecursionError,
                CustomerInterfaceError,
            ) as err:
                raise SourceError(
                    "invalid", f"line {number} of the recording is not understood"
                ) from err


def _recorded(line: str) -> Recorded:
    form = json.loads(line)
    settings, time = form.get("line"), float(form["time"])
    if not isfinite(time):
        raise ValueError("a time that is no number")
    return Recorded(
        time,
        str(form.get("direction", "rx")),
        bytes.fromhex(form["hex"]),
        LineSettings.parse(settings) if settings else None,
    )


_HEX_TEXT = re.compile(
    rb"(?:0[xX])?[0-9a-fA-F]{2}(?:[\s:,;_|-]*(?:0[xX])?[0-9a-fA-F]{2})*[\s,;|]*"
)
# What logs of radio receivers have around a telegram: its name, and the seconds since they began.
_AROUND = re.compile(rb"telegram=\|?|\|\+\d+$")


def hex_lines(data: bytes, *, insist: bool = False) -> list[bytes] | None:
    """Return the bytes of each line of hex text, None where the data is not hex text; lines with # are comments.

    With `insist` raises SourceError naming the line that is none.
    """
    lines = [
        _AROUND.sub(b"", line.strip())
        for line in data.splitlines()
        if line.strip() and not line.startswith(b"#")
    ]
    decoded: list[bytes] = []
    for number, line in enumerate(lines, 1):
        if not _HEX_TEXT.fullmatch(line):
            if insist:
                raise SourceError("invalid", f"line {number} is not hexadecimal text")
            return None
        decoded.append(
            bytes.fromhex(re.sub(rb"0[xX]|[^0-9a-fA-F]", b"", line).decode("ascii"))
        )
    return decoded or None
