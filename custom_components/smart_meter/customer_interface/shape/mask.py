"""Constant and variable bytes of a telegram that comes again and again."""

from collections.abc import Iterable
from dataclasses import dataclass
import struct

type Span = tuple[int, int, str]
"""First byte, byte behind the last, and how `struct` reads them."""


@dataclass(frozen=True, slots=True)
class Mask:
    """Which bits of data of one length have to be what they were, and where the others are; big-endian."""

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


def make_mask(data: bytes, spans: Iterable[Span], loose: int = 0) -> Mask:
    """Return the mask of data whose spans, in order and apart, may change; `loose` are the bits of a span's byte that may."""
    held = bytearray(b"\xff" * len(data))
    form, position = ">", 0
    for start, end, code in spans:
        form += f"{start - position}x{code}"
        held[start:end] = bytes((loose,)) * (end - start)
        position = end
    bits = int.from_bytes(held)
    places = struct.Struct(f"{form}{len(data) - position}x")
    return Mask(bits, int.from_bytes(data) & bits, places)
