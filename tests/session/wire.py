"""A simulated meter and a session on one wire, in virtual time: hours pass in milliseconds."""

from collections.abc import Callable
from dataclasses import dataclass, field
import heapq
from itertools import count

from customer_interface.line import LineSettings
from customer_interface.reading import Fault, Reading
from customer_interface.session.base import Output, Send, Session, SetLine
from customer_interface.simulate.meter import Chunk, Meter
from customer_interface.simulate.uart import sample

PIECE = 32
NOON = 1_772_362_800.0  # 2026-03-01 12:00 in Vienna


def said_to(session: Session, replies: list[bytes], at: float) -> list[bytes]:
    """Return what a session that asks sends, whatever is answered, with its patience at an end after each answer."""
    outputs = list(session.start(at))
    for reply in replies:
        at += 0.1
        outputs += session.receive(reply, at)
        at = max(at, session.wake_at or at)
        outputs += session.wake(at)
    return [output.data for output in outputs if isinstance(output, Send)]


@dataclass(slots=True)
class Wire:
    """Carries bytes between a meter and a session and collects what the session says.

    `damage` changes chunks on their way to the session; `delay` is how late the session sees bytes, in seconds.
    """

    meter: Meter
    session: Session
    line: LineSettings
    at: float = NOON
    damage: Callable[[bytes], bytes] = bytes
    delay: float = 0.0
    outputs: list[Output] = field(default_factory=list)
    sent: list[Reading] = field(default_factory=list)
    acknowledged: list[float] = field(default_factory=list)
    _events: list[tuple[float, int, bytes]] = field(default_factory=list)
    _number: count[int] = field(default_factory=count)

    @property
    def readings(self) -> list[Reading]:
        """The readings so far."""
        return [output for output in self.outputs if isinstance(output, Reading)]

    @property
    def faults(self) -> list[Fault]:
        """The faults so far."""
        return [output for output in self.outputs if isinstance(output, Fault)]

    def run(self, seconds: float, until: Callable[[], bool] = lambda: False) -> None:
        """Let time pass, at most until something is so."""
        end = self.at + seconds
        self._take(self.session.start(self.at))
        due = self.meter.due(self.at)
        while self.at < end and not until():
            arrival = self._events[0][0] if self._events else float("inf")
            wake = self.session.wake_at or float("inf")
            self.at = min(max(self.at, min(due, arrival, wake)), end)
            if due <= self.at:
                self._transmit(self.meter.push(self.at), self.at)
                self.sent += self.meter.sent
                due = self.meter.due(self.at)
            elif arrival <= self.at:
                self._deliver(heapq.heappop(self._events)[2])
                # An answer may have changed when the meter speaks next.
                due = min(due, self.meter.due(self.at))
            elif wake <= self.at:
                self._take(self.session.wake(self.at))

    def _transmit(self, chunks: tuple[Chunk, ...], at: float) -> None:
        """Send in pieces, as a port hands bytes on: each is sampled with the settings of its time."""
        for chunk in chunks:
            at += chunk.pause
            for start in range(0, len(chunk.data), PIECE):
                piece = chunk.data[start : start + PIECE]
                at += len(piece) * self.meter.line.seconds_per_byte
                heapq.heappush(
                    self._events, (at + self.delay, next(self._number), piece)
                )

    def _deliver(self, piece: bytes) -> None:
        heard = self.damage(sample(piece, self.meter.line, self.line))
        if heard:
            self._take(self.session.receive(heard, self.at))

    def _take(self, outputs: tuple[Output, ...]) -> None:
        for output in outputs:
            self.outputs.append(output)
            if isinstance(output, SetLine):
                self.line = output.line
            if isinstance(output, Send):
                self.acknowledged.append(self.at)
                answer = self.meter.receive(
                    sample(output.data, self.line, self.meter.line), self.at
                )
                self._transmit(answer, self.at)
