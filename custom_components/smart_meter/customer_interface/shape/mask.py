"""Constant and variable bytes of a telegram that comes again and again."""

from collections.abc import Iterable
import struct

from ..named import NamedTuple

type Span = tuple[int, int, str]
"""First byte, byte behind the last, and how `struct` reads them."""


class Mask(NamedTuple):
    """Which bits of data of one length have to be what they were, and where the others are."""

    bits: int
    constant: int
    places: struct.Struct

    def read(self, data: bytes) -> tuple[int | bytes, ...] | None:
        """Return the variable parts in order, None where anything else than these has changed."""
        if len(data) != self.places.size:
            return None
        if int.from_bytes(data) & self.bits != self.constant:
            return None
        return self.places.unpack(data)


# What has to stay of a byte that may change: nothing, or where a digit stands that it is one, nearly (30 to 3F).
_ANYTHING = bytes(256)
DIGITS = bytes(0xF0 if chr(byte).isdigit() else 0xFF for byte in range(128)).ljust(
    256, b"\xff"
)


def make_mask(
    data: bytes, spans: Iterable[Span], keep: bytes = _ANYTHING, order: str = ">"
) -> Mask:
    """Return the mask of data whose spans, in order and apart, may change.

    `keep` is the bits that stay, by the byte; `order` is how integers are sent, as `struct` writes it.
    """
    held = bytearray(b"\xff" * len(data))
    form, position = order, 0
    for start, end, code in spans:
        form += f"{start - position}x{code}"
        held[start:end] = data[start:end].translate(keep)
        position = end
    bits = int.from_bytes(held)
    places = struct.Struct(f"{form}{len(data) - position}x")
    return Mask(bits, int.from_bytes(data) & bits, places)
