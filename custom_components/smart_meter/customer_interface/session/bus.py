"""A wired bus of which nothing is known yet: it is searched once, then each meter found is polled (EN 13757-2).

`SessionState.extra["slaves"]` remembers where they are, one word each.
"""

from ..reading import Fault, FaultKind, Reading
from .base import Output
from .belief import Belief
from .master import Found, MasterSession, Progress, ScanSession, Slave
from .receiver import Receiver
from .receiving import ReceivingSession

_REMEMBERED = "slaves"
_NOBODY = Fault(FaultKind.SILENCE, "no meter on the bus answered at any address")


class BusSession(ReceivingSession):
    """Searches while no slave is known, and polls from then on."""

    def __init__(
        self,
        receiver: Receiver,
        belief: Belief,
        *,
        interval: float,
        p2: bool = False,
    ) -> None:
        """Poll the slaves remembered, else those a search finds; `interval` in seconds."""
        super().__init__(receiver, belief)
        self._interval = interval
        self._p2 = p2
        self.found: tuple[Found, ...] = ()
        known = self._remembered()
        self._scan = None if known else self._new_scan()
        self._active = self._scan or MasterSession(receiver, belief, known)

    @property
    def searching(self) -> Progress | None:
        """How far the search is, None when it is over."""
        return self._scan.progress if self._scan else None

    @property
    def wake_at(self) -> float | None:
        """When the patience with an answer ends, or the next slave is due."""
        return self._active.wake_at

    def start(self, at: float) -> tuple[Output, ...]:
        """Begin, or begin again after the port came back."""
        return self._passed(self._active.start(at), at)

    def receive(self, data: bytes, at: float) -> tuple[Output, ...]:
        """Take the bytes that arrived."""
        return self._passed(self._active.receive(data, at), at)

    def wake(self, at: float) -> tuple[Output, ...]:
        """End the patience with an answer, or a pause between two readings."""
        return self._passed(self._active.wake(at), at)

    def _passed(self, outputs: tuple[Output, ...], at: float) -> tuple[Output, ...]:
        scan = self._scan
        if scan is None:
            return outputs
        self.found = scan.found
        passed: tuple[Output, ...] = ()
        for output in outputs:
            passed += (
                self._judged(output, at) if isinstance(output, Reading) else (output,)
            )
        return passed + self._searched(at) if scan.done else passed

    def _searched(self, at: float) -> tuple[Output, ...]:
        """Poll what was found; where that is nothing, say so and search again."""
        slaves = tuple(
            item.slave._replace(interval=self._interval) for item in self.found
        )
        if not slaves:
            self._receiver.note_fault(_NOBODY)
            self._active = self._scan = self._new_scan()
            return (_NOBODY, *self._active.start(at))
        self._remember(slaves)
        self._scan = None
        self._active = MasterSession(self._receiver, self._belief, slaves)
        return self._active.start(at)

    def _new_scan(self) -> ScanSession:
        return ScanSession(self._receiver, self._belief, p2=self._p2)

    def _remember(self, slaves: tuple[Slave, ...]) -> None:
        words = " ".join(slave.word for slave in slaves)
        self._belief.memory.keep(_REMEMBERED, words)

    def _remembered(self) -> tuple[Slave, ...]:
        """Return the slaves stored earlier; none where what was stored is damaged."""
        words = str(self._belief.memory.extra.get(_REMEMBERED, "")).split()
        try:
            return tuple(
                Slave.at(word, interval=self._interval, p2=self._p2) for word in words
            )
        except ValueError:
            return ()
