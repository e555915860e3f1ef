"""What every session offers: bytes and time in, readings, faults and wishes out."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

from ..keys import KeyRing
from ..line import LineSettings
from ..named import NamedTuple
from ..reading import Fault, FaultKind, Reading


class Send(NamedTuple):
    """Bytes for the meter or the stick; a session may only send what its grammar allows."""

    data: bytes


class SetLine(NamedTuple):
    """Change the serial settings of the open port."""

    line: LineSettings


class SetPins(NamedTuple):
    """Drive modem control lines (head power, COM_ENABLE, P1 request); None leaves a pin as it is."""

    dtr: bool | None = None
    rts: bool | None = None


type Output = Reading | Fault | Send | SetLine | SetPins


class SessionState(NamedTuple):
    """What must outlive a restart; the integration stores it whenever it changes. JSON-shaped values only.

    `counters` is the last valid frame counter per meter key and key fingerprint, `last` the last believed number per
    meter and code as `(exact text, arrival)`, `intervals` the learned seconds between values of a code, `extra` what
    one kind of session needs besides (MEP sequence number).
    """

    counters: Mapping[str, int] = MappingProxyType({})
    last: Mapping[str, tuple[str, float]] = MappingProxyType({})
    intervals: Mapping[str, float] = MappingProxyType({})
    extra: Mapping[str, int | str] = MappingProxyType({})


class LinkStatistics(NamedTuple):
    """What was seen on the line so far: the config flow's progress and the diagnostic entities.

    Times are arrival times in seconds since the epoch, None before the first. `interval` is the learned push interval.
    """

    bytes_received: int = 0
    frames: int = 0
    readings: int = 0
    faults: Mapping[FaultKind, int] = MappingProxyType({})
    last_byte: float | None = None
    last_frame: float | None = None
    last_reading: float | None = None
    last_fault: Fault | None = None
    interval: float | None = None


class Session(Protocol):
    """One conversation with one port. Pure: never touches a clock, a file or a socket.

    `at` is the arrival time in seconds since the epoch and never runs backwards within a session. Nothing a meter
    sends raises. Outputs are in the order in which they must be carried out.
    """

    @property
    def wake_at(self) -> float | None:
        """When `wake` wants to be called if no byte arrives before, None for never."""

    @property
    def state(self) -> SessionState:
        """The state to store; a new object whenever it changed."""

    @property
    def statistics(self) -> LinkStatistics:
        """What was seen so far."""

    def start(self, at: float) -> tuple[Output, ...]:
        """Begin, or begin again after the port came back."""

    def receive(self, data: bytes, at: float) -> tuple[Output, ...]:
        """Take the bytes that arrived."""

    def wake(self, at: float) -> tuple[Output, ...]:
        """Take note of the time."""


class KeyedSession(Session, Protocol):
    """A session of a meter that is known: its keys can be exchanged while it runs."""

    def use_keys(self, keys: KeyRing) -> None:
        """Go on with other keys; what is believed, learned and half assembled stays."""
