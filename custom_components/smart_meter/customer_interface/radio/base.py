"""What every radio stick offers: bytes in, frames, faults and answers out, and the closed list of what may be sent."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Protocol

from ..line import LineSettings
from ..mbus_address import manufacturer_letters
from ..named import NamedTuple
from ..reading import Fault, FaultKind

_LEAST_LENGTH = 10
# C fields of telegrams from meters (EN 13757-4:2019, table 12).
_CONTROLS = frozenset({0x44, 0x46, 0x47, 0x48, 0x08, 0x18, 0x28, 0x38})


class Command(NamedTuple):
    """Bytes for the stick; `answer` is the name of the answer that is waited for, None where none comes."""

    data: bytes
    answer: str | None = None


class Answer(NamedTuple):
    """What the stick itself said: `name` as in `Command.answer`, `content` its payload."""

    name: str
    content: bytes = b""


class Heard(NamedTuple):
    """A radio frame from its L field on.

    `form` is the frame format: `a` or `b` with CRCs still to be verified, `stripped` where the stick verified and removed
    them, None where only the bytes tell. `mode` is the radio mode (T1, C1, S1, ...) where the stick tells it.
    """

    data: bytes
    form: str | None
    signal_dbm: int | None = None
    mode: str | None = None


type Item = Heard | Fault | Answer


class Stick(Protocol):
    """One stick's serial protocol. Pure: keeps the bytes of a frame that is not whole yet, and what the stick said."""

    name: str
    line: LineSettings
    checked: bool
    """Whether what looks like a frame is one, by a checksum on the serial line or CRCs that come with it."""

    @property
    def hello(self) -> tuple[Command, ...]:
        """What proves that the stick is there; empty where nothing can be asked."""

    def set_up(self, answers: Mapping[str, bytes]) -> tuple[Command, ...]:
        """What makes it receive, given its answers to `hello`."""

    @property
    def commands(self) -> frozenset[bytes]:
        """All that may ever be sent to it."""

    def feed(self, data: bytes) -> list[Item]:
        """Take bytes and return what they complete."""

    def flush(self) -> list[Item]:
        """Give up waiting for the rest, after a pause."""


class Lines:
    """Splits bytes into lines, of which none grows without bound."""

    def __init__(self, longest: int) -> None:
        """Keep at most `longest` bytes of a line that has not ended."""
        self._longest = longest
        self._rest = b""
        self._overlong = False

    def feed(self, data: bytes) -> list[bytes | Fault]:
        """Return the lines that ended, without their ends and without empty ones."""
        *lines, rest = (self._rest + data).replace(b"\r", b"\n").split(b"\n")
        items: list[bytes | Fault] = []
        for line in lines:
            items += self._ended(line)
        if len(rest) > self._longest:
            self._overlong, rest = True, b""
        self._rest = rest
        return items

    def flush(self) -> list[bytes | Fault]:
        """Give up a line that did not end."""
        rest, self._rest = self._rest, b""
        if not rest and not self._overlong:
            return []
        self._overlong = False
        return [Fault(FaultKind.TRUNCATED, "a line of the stick that did not end")]

    def _ended(self, line: bytes) -> list[bytes | Fault]:
        if self._overlong or len(line) > self._longest:
            self._overlong = False
            return [Fault(FaultKind.NOISE, "a line longer than any frame")]
        return [line] if line else []


class Messages:
    """Cuts bytes into messages that begin with a start byte, announce their size and have a checksum."""

    def __init__(
        self,
        start: int,
        size: Callable[[bytes], int],
        sound: Callable[[bytes], bool],
    ) -> None:
        """`size` returns the bytes the message at the beginning has, at least more than are there, 0 where it is none."""
        self._start = start
        self._size = size
        self._sound = sound
        self._buffer = b""

    def feed(self, data: bytes) -> list[bytes | Fault]:
        """Return the whole messages, a fault for each damaged one, and one for the noise between two."""
        self._buffer += data
        items: list[bytes | Fault] = []
        position = noise = 0
        while position < len(self._buffer):
            size = self._size(self._buffer[position : position + 4])
            message = self._buffer[position : position + size]
            if size and len(message) < size:
                break
            if size and self._sound(message):
                items += [*_noise(noise), message]
                position, noise = position + size, 0
                continue
            if size:
                items.append(
                    Fault(
                        FaultKind.CHECKSUM,
                        "a message of the stick whose checksum does not fit",
                    )
                )
            following = self._buffer.find(self._start, position + 1)
            following = len(self._buffer) if following < 0 else following
            position, noise = following, noise + following - position
        self._buffer = self._buffer[position:]
        return items + _noise(noise)

    def flush(self) -> list[bytes | Fault]:
        """Give up a message that did not end; what is whole behind a false start is still found."""
        items: list[bytes | Fault] = []
        while self._buffer:
            rest, self._buffer = self._buffer, b""
            items.append(
                Fault(FaultKind.TRUNCATED, "a message of the stick that did not end")
            )
            following = rest.find(self._start, 1)
            if following > 0:
                items += self.feed(rest[following:])
        return items


class MessageStick(ABC):
    """A stick that speaks in messages of its own, which are found by their start, length and checksum."""

    _messages: Messages

    def feed(self, data: bytes) -> list[Item]:
        """Take bytes and return what they complete."""
        return self._items(self._messages.feed(data))

    def flush(self) -> list[Item]:
        """Give up waiting for the rest, after a pause."""
        return self._items(self._messages.flush())

    def _items(self, messages: list[bytes | Fault]) -> list[Item]:
        items: list[Item] = []
        for message in messages:
            items += [message] if isinstance(message, Fault) else self._item(message)
        return items

    @abstractmethod
    def _item(self, message: bytes) -> list[Item]:
        """Return what a message says."""


def _noise(count: int) -> list[bytes | Fault]:
    return (
        [Fault(FaultKind.NOISE, f"{count} bytes that are no message of the stick")]
        if count
        else []
    )


def begins_frame(data: bytes) -> bool:
    """Whether length, C field and manufacturer can be those of a meter's radio frame, as far as they are there."""
    return (
        data[0] >= _LEAST_LENGTH
        and (len(data) < 2 or data[1] in _CONTROLS)
        and (len(data) < 4 or manufacturer_letters(data[2:4]) is not None)
    )
