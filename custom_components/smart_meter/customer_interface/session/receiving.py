"""What all sessions have in common that read through a receiver: the keys, the state and what was seen."""

from ..keys import KeyRing
from ..reading import Fault, Reading
from .base import LinkStatistics, SessionState
from .belief import Belief
from .receiver import Receiver


class ReceivingSession:
    """A receiver of what arrives, and a belief in what it says."""

    def __init__(self, receiver: Receiver, belief: Belief) -> None:
        """Read through a receiver, and believe as far as a belief goes."""
        self._receiver = receiver
        self._belief = belief

    def use_keys(self, keys: KeyRing) -> None:
        """Go on with other keys; what is believed, learned and half assembled stays."""
        self._receiver.use_keys(keys)
        self._belief.keys = keys

    @property
    def state(self) -> SessionState:
        """The state to store."""
        return self._belief.state

    @property
    def statistics(self) -> LinkStatistics:
        """What was seen so far."""
        return self._receiver.statistics

    def _judged(self, reading: Reading, at: float) -> tuple[Reading | Fault, ...]:
        """Return what is believed of a reading; what is withheld of it is counted."""
        judged = self._belief.judge(reading, at, self._receiver.context.filled)
        for item in judged:
            if isinstance(item, Fault):
                self._receiver.note_fault(item)
        return judged
