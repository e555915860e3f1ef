"""The shapes of all meters of one port that send M-Bus, bounded; what such a shape is stands in mbus.py."""

from ..application.mbus import Formats
from ..keys import KeyRing
from ..reading import Fault, Message, Reading
from .cache import Filled
from .mbus import MBusShape, learn

# A stick hears all that are near, and each sends a telegram or a few; what came first is forgotten first.
_MOST_TELEGRAMS = 512
# Telegrams of one meter and length that take turns, and flags that change from time to time.
_MOST_ALIKE = 4
# A telegram that is never as it was leaves its shape for nothing: after so many in a row none is learned of it.
_PATIENCE = 16

# The CI fields of telegrams with an address of their own behind it, which tells meters of one link address apart.
_ADDRESSED = frozenset({b"\x5b", b"\x72"})
_ADDRESS_END = 9

type _Name = tuple[int, bytes]
"""What telegrams of one shape have in common: their length, who they are from, and the CI field."""


class _Alike:
    """The shapes of telegrams that may look alike, and how many went the long way since one of them fitted."""

    def __init__(self) -> None:
        self.shapes: tuple[MBusShape, ...] = ()
        self.in_vain = 0


class MeterShapes:
    """Reads what looks as it did before."""

    def __init__(self) -> None:
        """Begin with none."""
        self._keys: KeyRing | None = None
        self._known: dict[_Name, _Alike] = {}

    def read(
        self, message: Message, keys: KeyRing, arrived: float | None
    ) -> Filled | None:
        """Return the reading of a message whose shape is known; None where it goes the long way."""
        if keys is not self._keys:
            self._known.clear()
            self._keys = keys
        alike = self._known.get(_name(message))
        if alike is not None:
            for shape in alike.shapes:
                filled = shape.read(message, arrived)
                if filled is not None:
                    alike.in_vain = 0
                    return filled
        return None

    def learn(
        self, message: Message, results: tuple[Reading | Fault, ...], formats: Formats
    ) -> None:
        """Let the next message that looks like one that was read the long way be read at once."""
        if len(results) != 1 or not isinstance(results[0], Reading):
            return
        alike = self._alike(_name(message))
        if alike.in_vain >= _PATIENCE or self._keys is None:
            return
        alike.in_vain += 1
        shape = learn(message, results[0], self._keys, formats)
        if shape is not None:
            alike.shapes = (shape, *alike.shapes[: _MOST_ALIKE - 1])

    def _alike(self, name: _Name) -> _Alike:
        alike = self._known.get(name)
        if alike is None:
            if len(self._known) >= _MOST_TELEGRAMS:
                del self._known[next(iter(self._known))]
            alike = self._known[name] = _Alike()
        return alike


def _name(message: Message) -> _Name:
    payload = message.payload
    end = _ADDRESS_END if payload[:1] in _ADDRESSED else 1
    return len(payload), message.address + payload[:end]
