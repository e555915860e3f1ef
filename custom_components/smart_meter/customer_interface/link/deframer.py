"""The one buffer that hunts for frames of any link, resynchronises after damage and never grows without bound."""

import re

from ..reading import Fault, FaultKind, Frame
from .base import Found, LinkLayer, Look

# What lies between sound frames without being worth a word: HDLC flags, line ends and NULs, a few at a time.
_FLAG = b"\x7e"
_FILLER = b"\x00\n\r" + _FLAG
_MOST_FILLER = 64
# Noise is reported when something ends it, and at the latest after so many bytes.
_MOST_NOISE = 4096
# A shorter beginning of a frame, left over when the line falls quiet, is noise rather than a frame cut short.
_LEAST_BEGINNING = 4


class Deframer:
    """Bytes in, frames and link faults out, in the order of the bytes.

    A damaged frame gives one fault; the bytes it seemed to cover are searched again, for it may have been a false
    start with a sound frame behind it. Noise is coalesced. An unproven frame counts only at a clean place: at the
    beginning, behind a sound frame or a pause, or where another such frame or a pause follows at once.
    """

    def __init__(self, links: tuple[LinkLayer, ...]) -> None:
        """Hunt for frames of these links; where two could begin with the same byte the earlier one is asked first."""
        starts = frozenset[int]().union(*(link.starts for link in links))
        self._any_start = _any_of(starts)
        self._by_start = {
            start: tuple(link for link in links if start in link.starts)
            for start in starts
        }
        self._buffer = bytearray()
        # The link that waits for the rest of what is held back.
        self._incomplete: LinkLayer | None = None
        self._covered = 0  # end of the damaged frame whose bytes are searched again
        self._clean = True
        self._noise = 0
        self._noise_worth_telling = False

    @property
    def holding(self) -> int:
        """How many bytes of a frame that may still be completed are held back."""
        return len(self._buffer)

    @property
    def sound(self) -> bytes | None:
        """What is held back where nothing before it is damaged or may become noise worth telling; else None.

        A flag by itself is nothing: the next frame brings one of its own, or shares it.
        """
        if self._covered or self._noise_worth_telling or self._noise >= _MOST_FILLER:
            return None
        return b"" if self._buffer == _FLAG else bytes(self._buffer)

    def take(self, rest: bytes) -> None:
        """Go on behind sound frames that were found without it, with what follows them."""
        self._buffer[:] = rest
        self._incomplete = None
        self._noise, self._clean = 0, True

    def hold(self, data: bytes) -> bool:
        """Take bytes where a glance tells that they complete nothing; tells whether it does."""
        link = self._incomplete
        if link is None or not link.stays_incomplete(self._buffer, data):
            return False
        self._buffer += data
        return True

    def feed(self, data: bytes) -> list[Frame | Fault]:
        """Take bytes and return what they complete."""
        self._buffer += data
        return self._scan(quiet=False)

    def flush(self) -> list[Frame | Fault]:
        """Give up waiting: the line has fallen quiet, or the recording has ended."""
        items = self._scan(quiet=True) if self._buffer else []
        self._end_noise(items)
        self._clean = True
        return items

    def _scan(self, quiet: bool) -> list[Frame | Fault]:
        items: list[Frame | Fault] = []
        position = 0
        while (start := self._next_start(position, items)) < len(self._buffer):
            look = self._judge(start, quiet)
            if isinstance(look, Found):
                position = self._take(start, look, items)
                continue
            if look is Look.INCOMPLETE:
                if not quiet:
                    position = start
                    break
                self._cut_short(start, items)
            self._pass(start, start + 1, items)
            position = start + 1
        else:
            position = len(self._buffer)
        del self._buffer[:position]
        self._covered = max(0, self._covered - position)
        return items

    def _next_start(self, position: int, items: list[Frame | Fault]) -> int:
        if position == len(self._buffer) or self._buffer[position] in self._by_start:
            return position
        match = self._any_start.search(self._buffer, position)
        start = match.start() if match else len(self._buffer)
        self._pass(position, start, items)
        return start

    def _judge(self, start: int, quiet: bool) -> Found | Look:
        for link in self._by_start[self._buffer[start]]:
            look = link.look(self._buffer, start)
            self._incomplete = link if look is Look.INCOMPLETE else None
            if isinstance(look, Found):
                look = self._settle(link, look, start, quiet)
            if look is Look.INCOMPLETE and len(self._buffer) - start >= link.longest:
                continue
            if look is not Look.NOT_HERE:
                return look
        return Look.NOT_HERE

    def _settle(
        self, link: LinkLayer, found: Found, start: int, quiet: bool
    ) -> Found | Look:
        """Decide about what its bytes alone do not prove."""
        if found.tentative and not quiet:
            return Look.INCOMPLETE
        if self._clean or not found.unproven:
            return found
        if found.tentative or start < self._covered:
            return Look.NOT_HERE
        if found.end < len(self._buffer):
            follows = self._buffer[found.end] in link.starts and (
                link.look(self._buffer, found.end) is not Look.NOT_HERE
            )
            return found if follows else Look.NOT_HERE
        return found if quiet else Look.INCOMPLETE

    def _take(self, start: int, found: Found, items: list[Frame | Fault]) -> int:
        if isinstance(found.item, Frame):
            self._end_noise(items)
            items.append(found.item)
            self._covered, self._clean = found.end, True
            return found.end
        self._damaged(found.end, found.item, items)
        return start + 1

    def _cut_short(self, start: int, items: list[Frame | Fault]) -> None:
        if start >= self._covered and len(self._buffer) - start >= _LEAST_BEGINNING:
            fault = Fault(FaultKind.TRUNCATED, "the end of a frame is missing")
            self._damaged(len(self._buffer), fault, items)

    def _damaged(self, end: int, fault: Fault, items: list[Frame | Fault]) -> None:
        self._clean = False
        if end > self._covered:
            self._end_noise(items)
            items.append(fault)
            self._covered = end

    def _pass(self, start: int, end: int, items: list[Frame | Fault]) -> None:
        """Count the bytes that no frame begins with, unless they were told of already as part of a damaged one."""
        passed = self._buffer[max(start, self._covered) : end]
        if passed:
            self._noise += len(passed)
            self._noise_worth_telling |= bool(passed.translate(None, _FILLER))
            self._clean &= not self._noise_worth_telling
        if self._noise >= _MOST_NOISE:
            self._end_noise(items)

    def _end_noise(self, items: list[Frame | Fault]) -> None:
        if self._noise_worth_telling or self._noise > _MOST_FILLER:
            detail = f"{self._noise} bytes that belong to no frame"
            items.append(Fault(FaultKind.NOISE, detail))
        self._noise, self._noise_worth_telling = 0, False


def _any_of(values: frozenset[int]) -> re.Pattern[bytes]:
    if not values:
        return re.compile(b"(?!)")
    return re.compile(b"[" + b"".join(b"\\x%02x" % byte for byte in values) + b"]")
