"""The quick way from a whole telegram to what is believed of it; what a shape is stands in `shape/__init__.py`.

    bytes -> envelope (frames, checksums, segments) -> seal (cipher, tag) -> shape (values) -> steady (belief)

Each step knows what it knows from a telegram that went the long way, and refuses what differs. Nothing is remembered
before all have agreed, so that a telegram that is refused goes the long way as if nobody had looked at it.
"""

from collections.abc import Sequence

from ..keys import KeyRing
from ..reading import Fault, Message, Reading
from ..shape import envelope
from ..shape.cache import Filling, Known
from ..shape.envelope import Envelope
from .belief import Belief
from .forms import Forms
from .receiver import Receiver
from .steady import Steady

# Lists that take turns have each a length of their own.
_MOST_TELEGRAMS = 16
# After so many telegrams that were learned for nothing only every so many-th is.
_PATIENCE = 16


class _Telegram:
    """What is known of the telegrams of one length; `steady` are their meters, None where the next is to be looked at."""

    def __init__(self, envelope: Envelope, known: Known) -> None:
        """Begin with meters of which nothing is known."""
        self.envelope = envelope
        self.known = known
        self.steady: tuple[Steady, ...] | None = None


class QuickWay:
    """The telegrams of one port that are read at once, by their length."""

    def __init__(self, receiver: Receiver, belief: Belief, forms: Forms) -> None:
        """Stand beside the long way, with whose parts it shares all that is remembered."""
        self._receiver = receiver
        self._belief = belief
        self._forms = forms
        self._keys: KeyRing | None = None
        self._telegrams: dict[int, _Telegram] = {}
        self._whole: bytes | None = None
        self._in_vain = 0

    def read(self, data: bytes, at: float) -> tuple[Reading, ...] | None:
        """Return what is believed of a telegram that these bytes make whole; None where they have to go the long way."""
        whole = self._whole = self._receiver.whole(data, at)
        self._receiver.context.shapes.latest = None
        telegram = None if whole is None else self._telegrams.get(len(whole))
        if whole is None or telegram is None or telegram.steady is None:
            return None
        if self._keys is not self._receiver.context.keys:
            return None
        carried = telegram.envelope.open(whole)
        filled = None if carried is None else telegram.known.fill(carried)
        if filled is None:
            return None
        fillings, counter = filled
        news = _news(telegram.steady, fillings, counter, at)
        if news is None:
            telegram.steady = None
            return None
        self._in_vain = 0
        self._receiver.take(len(data), whole, telegram.envelope, len(fillings), at)
        self._receiver.context.shapes.used()
        if telegram.envelope.text:
            self._forms.pass_by()
        readings = []
        for number in news:
            reading = telegram.known.reading(number, fillings[number], counter, at)
            telegram.steady[number].take(reading, at)
            readings.append(reading)
        return tuple(readings)

    def learn(self, results: Sequence[Reading | Fault]) -> None:
        """Learn from what was read the long way of the bytes that `read` refused."""
        latest = self._receiver.context.shapes.latest
        if self._whole is None or latest is None:
            return
        self._in_vain += 1
        if self._in_vain > _PATIENCE and self._in_vain % _PATIENCE:
            return
        message, known = latest
        readings = [result for result in results if isinstance(result, Reading)]
        if len(results) == len(readings) == len(known.readings):
            telegram = self._telegram(self._whole, message, known)
            if telegram is not None:
                telegram.steady = self._steady(known, readings)

    def _telegram(
        self, whole: bytes, message: Message, known: Known
    ) -> _Telegram | None:
        """Return what is known of telegrams in which such a message comes."""
        keys = self._receiver.context.keys
        if self._keys is not keys:
            self._telegrams.clear()
            self._keys = keys
        telegram = self._telegrams.pop(len(whole), None)
        if telegram is None or telegram.known is not known:
            learned = envelope.learn(whole, self._receiver.layers, message)
            telegram = None if learned is None else _Telegram(learned, known)
        if telegram is not None:
            self._telegrams[len(whole)] = telegram
            if len(self._telegrams) > _MOST_TELEGRAMS:
                del self._telegrams[next(iter(self._telegrams))]
        return telegram

    def _steady(
        self, known: Known, readings: Sequence[Reading]
    ) -> tuple[Steady, ...] | None:
        steady = [
            self._belief.steady(reading, sizes)
            for reading, sizes in zip(readings, known.shape.sizes, strict=True)
        ]
        return None if None in steady else tuple(one for one in steady if one)


def _news(
    steady: Sequence[Steady],
    fillings: Sequence[Filling],
    counter: int | None,
    at: float,
) -> list[int] | None:
    """Return which readings of a telegram are no repetitions; None where one needs a closer look."""
    news = []
    for number, (meter, filling) in enumerate(zip(steady, fillings, strict=True)):
        if meter.repeats(filling):
            continue
        if not meter.holds(filling, counter, at):
            return None
        news.append(number)
    return news
