"""The shapes of one port, bounded; what a shape is stands in the package's docstring."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from ..keys import KeyRing
from ..named import NamedTuple
from ..obis import ObisCode
from ..reading import Layer, Message, Reading, Value

# A port has one meter, or some that take turns, with a telegram or a few each; the longest unused is forgotten first.
_MOST_SHAPES = 32
# A telegram that never looks like the one before leaves its shape for nothing: after so many in a row none is learned.
_PATIENCE = 16

type Change = tuple[ObisCode, int, int, Value]
"""A number that is another than in the telegram before, or of another time: as it is sent now and was then, its value."""


class Filling(NamedTuple):
    """What fills one reading: all values, the meter's time, and what of the numbers is not as it was before."""

    values: dict[ObisCode, Value]
    time: datetime | None
    changes: list[Change]


class Sized(Protocol):
    """The shape of one reading."""

    @property
    def sizes(self) -> dict[ObisCode, Decimal] | None:
        """As those of `Shape`; None where a number is not sent as so many ones."""


class Filled(NamedTuple):
    """A reading that was read at once: by which shape, what filled it, and the values that its changes are against."""

    reading: Reading
    shape: Sized
    filling: Filling
    before: Mapping[ObisCode, Value]


class Shape(Protocol):
    """What is constant in a plaintext, and where its values are; remembers what the last one of the shape said."""

    @property
    def sizes(self) -> tuple[dict[ObisCode, Decimal], ...]:
        """The numbers that may change, of each reading: how much of the plain unit a one of what is sent is."""

    def read(self, plaintext: bytes) -> Sequence[Filling] | None:
        """Return what fills each reading; None where the plaintext has another shape."""


class Seal(Protocol):
    """The cipher around a shape; it opens what begins like the message it was learned from."""

    def open(self, apdu: bytes) -> tuple[bytes, int] | None:
        """Return plaintext and frame counter; None where the cipher is another or the tag does not fit."""


class Known(NamedTuple):
    """A shape, the seal around it, and the readings it was learned from, which hold all that does not change."""

    shape: Shape
    seal: Seal | None
    check_bits: int
    readings: tuple[Reading, ...]

    def read(
        self, message: Message, arrived: float | None
    ) -> tuple[Reading, ...] | None:
        """Return the readings of a message of this shape."""
        if message.check_bits != self.check_bits or message.signal_dbm is not None:
            return None
        filled = self.fill(message.payload)
        if filled is None:
            return None
        fillings, counter = filled
        return tuple(
            self.reading(number, filling, counter, arrived)
            for number, filling in enumerate(fillings)
        )

    def fill(self, payload: bytes) -> tuple[Sequence[Filling], int | None] | None:
        """Return what fills each reading, and the frame counter; None where the payload has another shape."""
        counter = None
        if self.seal is not None:
            opened = self.seal.open(payload)
            if opened is None:
                return None
            payload, counter = opened
        fillings = self.shape.read(payload)
        return None if fillings is None else (fillings, counter)

    def reading(
        self,
        number: int,
        filling: Filling,
        counter: int | None,
        arrived: float | None,
    ) -> Reading:
        """Return one of the readings, filled."""
        base = self.readings[number]
        return Reading(
            base.meter,
            filling.time,
            filling.values,
            authenticated=base.authenticated,
            counter=counter,
            encrypted=base.encrypted,
            key_index=base.key_index,
            authentication_index=base.authentication_index,
            check_bits=base.check_bits,
            arrived=arrived,
        )


class Shapes:
    """The shapes of one port, by the length and the first bytes of what they are the shape of; `latest` came last."""

    def __init__(self) -> None:
        """Begin with none."""
        self.latest: tuple[Message, Known] | None = None
        self._keys: KeyRing | None = None
        self._known: dict[tuple[Layer, int, bytes], list[Known]] = {}
        self._in_vain = 0

    def read(
        self, message: Message, keys: KeyRing, arrived: float | None
    ) -> tuple[Reading, ...] | None:
        """Return the readings of a message whose shape is known; None where it goes the long way."""
        if keys is not self._keys:
            self._known.clear()
            self._keys = keys
        for known in self._known.get(_name(message), ()):
            readings = known.read(message, arrived)
            if readings is not None:
                self.used()
                self.latest = message, known
                return readings
        return None

    def used(self) -> None:
        """Take note that a shape was of use."""
        self._in_vain = 0

    @property
    def wanted(self) -> bool:
        """Whether learning is still worth its time."""
        return self._in_vain < _PATIENCE

    def keep(self, message: Message, known: Known) -> None:
        """Keep the shape of a message."""
        name = _name(message)
        self._known[name] = [known, *self._known.pop(name, [])[: _MOST_ALIKE - 1]]
        if len(self._known) > _MOST_SHAPES:
            del self._known[next(iter(self._known))]
        self._in_vain += 1
        self.latest = message, known


# Bytes that tell meters apart: of a ciphered APDU its system title.
_TITLED = 10
# Shapes of the same length: lists that take turns, and flags that change from time to time.
_MOST_ALIKE = 4


def _name(message: Message) -> tuple[Layer, int, bytes]:
    payload = message.payload
    begins = _TITLED if payload.startswith(b"\xdb") else 1
    return message.layer, len(payload), payload[:begins]
