"""What waits for a broker that is gone: readings of the last 60 seconds, then only the newest of each meter."""

from collections import OrderedDict
from itertools import chain, islice

# Seed 004, C.1: interim storage for a rolling window of at most 60 seconds.
LONGEST = 60.0


class Letter:
    """One message; `at` is the arrival of its reading in seconds."""

    def __init__(self, topic: str, payload: str, at: float) -> None:
        """Hold it; two that say the same are still two."""
        self.topic = topic
        self.payload = payload
        self.at = at


class Outbox:
    """Messages in order of their arrival; sans-I/O. No call takes longer where many wait."""

    def __init__(self) -> None:
        """Begin empty."""
        self._recent: OrderedDict[Letter, None] = OrderedDict()
        self._aged: dict[str, Letter] = {}  # the newest of a topic, where it has aged
        self._newest: dict[str, Letter] = {}

    def put(self, letter: Letter) -> None:
        """Add a message and let go of what has waited too long."""
        self._aged.pop(letter.topic, None)
        self._newest[letter.topic] = letter
        self._recent[letter] = None
        self._prune(letter.at)

    def first(self, most: int, now: float) -> tuple[Letter, ...]:
        """Return the oldest messages that may still be sent, at `most` so many; each stays until `sent`."""
        self._prune(now)
        return tuple(islice(chain(self._aged.values(), self._recent), most))

    def sent(self, letter: Letter) -> None:
        """Take a message out."""
        self._recent.pop(letter, None)
        for table in (self._aged, self._newest):
            if table.get(letter.topic) is letter:
                del table[letter.topic]

    def _prune(self, now: float) -> None:
        while self._recent and now - (letter := next(iter(self._recent))).at > LONGEST:
            del self._recent[letter]
            if self._newest.get(letter.topic) is letter:
                self._aged[letter.topic] = letter
