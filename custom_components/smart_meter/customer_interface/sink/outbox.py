"""What waits for a broker that is gone: readings of the last 60 seconds, then only the newest of each meter."""

from dataclasses import dataclass

# Seed 004, C.1: interim storage for a rolling window of at most 60 seconds.
LONGEST = 60.0


@dataclass(frozen=True, slots=True)
class Letter:
    """One message; `at` is the arrival of its reading in seconds."""

    topic: str
    payload: str
    at: float


class Outbox:
    """Messages in order of their arrival; sans-I/O."""

    def __init__(self) -> None:
        """Begin empty."""
        self._letters: list[Letter] = []

    def put(self, letter: Letter) -> None:
        """Add a message and let go of what has waited too long."""
        self._letters.append(letter)
        self._prune(letter.at)

    def next(self, now: float) -> Letter | None:
        """Return the oldest message that may still be sent, None where nothing waits; it stays until `sent`."""
        self._prune(now)
        return self._letters[0] if self._letters else None

    def sent(self, letter: Letter) -> None:
        """Take a message out."""
        if letter in self._letters:
            self._letters.remove(letter)

    def _prune(self, now: float) -> None:
        newest = {letter.topic: letter for letter in self._letters}
        self._letters = [
            letter
            for letter in self._letters
            if now - letter.at <= LONGEST or newest[letter.topic] is letter
        ]
