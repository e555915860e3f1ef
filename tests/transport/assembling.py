"""What the tests of all assemblers share: pieces in at even times, messages and faults out."""

from collections.abc import Sequence
from typing import Protocol

from customer_interface.reading import Fault, FaultKind, Message


class Assembler[Piece](Protocol):
    """What joins frames or messages to whole messages."""

    def add(self, piece: Piece, at: float, /) -> list[Message | Fault]:
        """Take a piece."""

    def expire(self, at: float, /) -> Sequence[Message | Fault]:
        """Give up what has waited too long."""


def run[Piece](
    assembler: Assembler[Piece], *pieces: Piece, apart: float = 0.1
) -> list[Message | Fault]:
    """Add pieces at even times and return what they give, what is given up at the end included."""
    results: list[Message | Fault] = []
    for count, piece in enumerate(pieces):
        results += assembler.add(piece, count * apart)
    return results + list(assembler.expire(float("inf")))


def payloads(results: list[Message | Fault]) -> list[bytes]:
    """Return the content of the messages."""
    return [result.payload for result in results if isinstance(result, Message)]


def faults(results: list[Message | Fault]) -> int:
    """Count the faults, all of them about something that is missing."""
    found = [result for result in results if isinstance(result, Fault)]
    assert all(fault.kind is FaultKind.TRUNCATED for fault in found)
    return len(found)
