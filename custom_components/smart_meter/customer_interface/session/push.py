"""Listening to a meter that sends by itself; nothing is ever sent."""

from ..reading import Fault, FaultKind, Frame, Reading
from .base import Output
from .belief import Belief
from .forms import Forms
from .quick import QuickWay
from .receiver import Receiver
from .receiving import ReceivingSession

# How many push intervals may pass before silence is called so.
SILENT_INTERVALS = 3


class PushSession(ReceivingSession):
    """Bytes in, believed readings and faults out."""

    shortest_silence = 10.0
    """No shorter pause is worth a word, in seconds."""

    def __init__(
        self, receiver: Receiver, belief: Belief, expected_interval: float
    ) -> None:
        """Listen with a receiver; `expected_interval` in seconds holds until the real one is learned."""
        super().__init__(receiver, belief)
        self._forms = Forms()
        self._quick = QuickWay(receiver, belief, self._forms)
        self._expected = expected_interval
        self._listening_since: float | None = None
        self._silence_told = False

    @property
    def wake_at(self) -> float | None:
        """When held-back bytes are to be given up, or when silence begins."""
        idle_at, silent_at = self._receiver.idle_at, self._silent_at()
        if idle_at is None or silent_at is None:
            return silent_at if idle_at is None else idle_at
        return min(idle_at, silent_at)

    def start(self, at: float) -> tuple[Output, ...]:
        """Begin to listen."""
        self._listening_since, self._silence_told = at, False
        return ()

    def receive(self, data: bytes, at: float) -> tuple[Output, ...]:
        """Take bytes; most come from the middle of a telegram."""
        if self._receiver.hold(data, at):
            return ()
        readings = self._quick.read(data, at)
        if readings is not None:
            self._silence_told = False
            self._receiver.learned(self._belief.interval())
            return readings
        items = self._receiver.frames(data, at)
        # Most pieces of a telegram complete nothing, and what waited too long is given up with the next that does.
        return self._carried_up(items, at) if items else ()

    def wake(self, at: float) -> tuple[Output, ...]:
        """Give up what a pause ended, and say when the meter fell silent."""
        outputs = self._carried_up(self._receiver.idle(at), at)
        silent_at = self._silent_at()
        if silent_at is None or at < silent_at:
            return outputs
        self._silence_told = True
        silence = self._why_silent()
        self._receiver.note_fault(silence)
        return (*outputs, silence)

    def _silent_at(self) -> float | None:
        since = self._receiver.seen.last_frame or self._listening_since
        if since is None or self._silence_told:
            return None
        interval = self._receiver.seen.interval or self._expected
        return since + max(SILENT_INTERVALS * interval, self.shortest_silence)

    def _why_silent(self) -> Fault:
        """Tell a line that carries bytes but no telegram from one that carries nothing."""
        seen = self._receiver.seen
        heard_since = seen.last_byte is not None and seen.last_byte > (
            seen.last_frame or self._listening_since or 0.0
        )
        if heard_since:
            return Fault(FaultKind.LINE, "bytes arrive, but no telegram")
        return Fault(FaultKind.SILENCE, "the meter has fallen silent")

    def _carried_up(self, items: list[Frame | Fault], at: float) -> tuple[Output, ...]:
        if any(isinstance(item, Frame) for item in items):
            self._silence_told = False
        results = self._receiver.read(self._selected(items), at)
        outputs = self._believed(results, at)
        self._quick.learn(results)
        return outputs

    def _selected(self, items: list[Frame | Fault]) -> list[Frame | Fault]:
        """Choose the frames that are news; all are where nothing is acknowledged, but for texts worth a second look."""
        return self._forms.select(items)

    def _believed(
        self, results: list[Reading | Fault], at: float
    ) -> tuple[Output, ...]:
        outputs: list[Output] = []
        for result in results:
            outputs += (
                self._judged(result, at) if isinstance(result, Reading) else (result,)
            )
        self._receiver.learned(self._belief.interval())
        return tuple(outputs)
