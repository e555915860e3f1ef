"""What every link layer offers: to judge, of bytes that begin somewhere, whether a frame of it is there."""

from enum import Enum
from typing import Protocol

from ..named import NamedTuple
from ..reading import Fault, Frame


class Look(Enum):
    """What a link says of the bytes at a position when it sees no complete frame there."""

    NOT_HERE = "not here"  # no frame of this link can begin here
    INCOMPLETE = "incomplete"  # so far it looks like one, but bytes are missing


class Found(NamedTuple):
    """A complete frame, or a frame-shaped run of bytes with a fault; `end` is the position behind its last byte.

    `tentative` marks what further bytes may still change: it holds once the line falls quiet. `unproven` marks a frame
    without a checksum of its own, which must not be picked out of the ruins of another.
    """

    end: int
    item: Frame | Fault
    tentative: bool = False
    unproven: bool = False


class LinkLayer(Protocol):
    """One link layer: pure, it keeps nothing between two looks."""

    starts: frozenset[int]
    """Bytes a frame of this link can begin with."""

    longest: int
    """The longest frame in bytes: no more than this is ever waited for."""

    def look(self, buffer: bytes | bytearray, start: int) -> Found | Look:
        """Judge the bytes from `start` on; must be total, and linear in the length of one frame."""

    def stays_incomplete(self, buffer: bytearray, data: bytes) -> bool:
        """Tell at a glance that a buffer `look` finds incomplete from its first byte is so with these bytes too.

        Where it takes more than a glance it may be denied.
        """
        return False
