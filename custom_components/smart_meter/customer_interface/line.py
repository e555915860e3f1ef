"""Line settings of a serial port, in the field's short form `2400 8E1`."""

from enum import StrEnum
import re

from .errors import CustomerInterfaceError
from .named import NamedTuple


class Parity(StrEnum):
    """Parity bit of a serial line."""

    NONE = "N"
    EVEN = "E"
    ODD = "O"


class LineSettings(NamedTuple):
    """Baud rate in bit/s, data bits, parity and stop bits of an asynchronous serial line."""

    baud: int
    data_bits: int = 8
    parity: Parity = Parity.NONE
    stop_bits: int = 1

    def __str__(self) -> str:
        """Write `2400 8E1`."""
        return f"{self.baud} {self.data_bits}{self.parity}{self.stop_bits}"

    @staticmethod
    def parse(text: str) -> LineSettings:
        """Read `2400 8E1`; raises CustomerInterfaceError for anything else."""
        match = re.fullmatch(r"(\d{2,6})[ /]+([78])([NEO])([12])", text.strip().upper())
        if match is None:
            raise CustomerInterfaceError(
                f"line settings look like '2400 8E1', not {text[:20]!r}"
            )
        return LineSettings(
            int(match[1]), int(match[2]), Parity(match[3]), int(match[4])
        )

    @property
    def seconds_per_byte(self) -> float:
        """Time one byte takes on the wire, start bit included."""
        return (
            1 + self.data_bits + (self.parity is not Parity.NONE) + self.stop_bits
        ) / self.baud
