"""The shapes of one port, bounded; what a shape is stands in the package's docstring."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple, Protocol

from ..keys import KeyRing
from ..obis import ObisCode
from ..reading import Layer, Message, Reading, Value

if TYPE_CHECKING:
    from ..security.dlms import Seal

# A port has one meter, or some that take turns, with a telegram or a few each; the longest unused is forgotten first.
_MOST_SHAPES = 32
# A telegram that never looks like the one before leaves its shape for nothing: after so many in a row none is learned.
_PATIENCE = 16

type Filling = tuple[Mapping[ObisCode, Value], datetime | None]
"""Values and the meter's time, of one reading."""


class Shape(Protocol):
    """What is constant in a plaintext, and where its values are."""

    def read(self, plaintext: bytes) -> tuple[Filling, ...] | None:
        """Return what fills each reading; None where the plaintext has another shape."""


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
        plaintext, counter = message.payload, None
        if message.check_bits != self.check_bits:
            return None
        if self.seal is not None:
            opened = self.seal.open(plaintext)
            if opened is None:
                return None
            plaintext, counter = opened
        fillings = self.shape.read(plaintext)
        if fillings is None:
            return None
        return tuple(
            Reading(
                base.meter,
                time,
                values,
                authenticated=base.authenticated,
                counter=counter,
                encrypted=base.encrypted,
                key_index=base.key_index,
                authentication_index=base.authentication_index,
                check_bits=base.check_bits,
                arrived=arrived,
                signal_dbm=None if message.layer is Layer.DLMS else message.signal_dbm,
            )
            for base, (values, time) in zip(self.readings, fillings, strict=True)
        )


class Shapes:
    """The shapes of one port, by the length and the first bytes of what they are the shape of."""

    def __init__(self) -> None:
        """Begin with none."""
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
                self._in_vain = 0
                return readings
        return None

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


# Bytes that tell meters apart: of a ciphered APDU its system title.
_TITLED = 10
# Shapes of the same length: lists that take turns, and flags that change from time to time.
_MOST_ALIKE = 4


def _name(message: Message) -> tuple[Layer, int, bytes]:
    payload = message.payload
    begins = _TITLED if payload.startswith(b"\xdb") else 1
    return message.layer, len(payload), payload[:begins]
