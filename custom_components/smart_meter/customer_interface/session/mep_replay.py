"""Recorded conversations with a NES meter: what the session read from it, read again from both directions."""

from collections.abc import Generator, Iterable, Iterator

from ..application.c1219 import Table, TableRead
from ..keys import KeyRing
from ..link.base import Found
from ..link.mep import MepLink
from ..named import NamedTuple
from ..reading import Fault, FaultKind, Frame, Reading
from ..security.mep import CHECK_BITS, KEY_SIZE, open_reply, open_request
from .mep import OK, READ_PARTIAL, WRONG_SEQUENCE
from .mep_survey import Answer, Survey, survey

_NO_KEY = Fault(FaultKind.KEY, "none of the keys fits a recorded request")
_NO_SURVEY = Fault(
    FaultKind.LAYOUT, "the recording begins after the meter said what its registers are"
)
REQUEST_MISSING = Fault(
    FaultKind.UNSUPPORTED,
    "a MEP reply can only be checked with its request: this needs a recording",
)


class _Request(NamedTuple):
    key_index: int
    key: bytes
    message: bytes
    encrypted: bool

    def __repr__(self) -> str:
        """Never show the key."""
        return f"_Request({self.message!r})"


class MepReplay:
    """Takes recorded packets in their order; each direction in whatever pieces."""

    def __init__(self, keys: KeyRing) -> None:
        """Prepare to try these keys."""
        self._keys = keys
        self._link = MepLink()
        self._replies = bytearray()
        self._request: _Request | None = None
        self._survey: Survey | None = None
        self._begin()

    def _begin(self) -> None:
        self._asking: Generator[TableRead, Answer, Survey | Fault] = survey()
        self._wanted = self._first = next(self._asking)

    def sent(self, data: bytes) -> tuple[Fault, ...]:
        """Take a request; sessions send each in one piece."""
        self._replies.clear()
        self._request = None
        look = self._link.look(data, 0)
        if not isinstance(look, Found) or not isinstance(look.item, Frame):
            return ()
        self._request = self._opened(look.item.payload)
        return () if self._request else (_NO_KEY,)

    def received(self, data: bytes, at: float) -> tuple[Reading | Fault, ...]:
        """Take bytes of a reply."""
        self._replies += data
        results: list[Reading | Fault] = []
        while isinstance(look := self._link.look(self._replies, 0), Found):
            del self._replies[: look.end]
            if isinstance(look.item, Frame) and look.item.payload:
                results += self._reply(look.item.payload, at)
        if len(self._replies) > self._link.longest:
            self._replies.clear()
        return tuple(results)

    def _opened(self, payload: bytes) -> _Request | None:
        for index, key in enumerate(self._keys.keys):
            secret = key.secret[:KEY_SIZE]
            opened = open_request(secret, payload) if len(secret) == KEY_SIZE else None
            if opened is not None:
                return _Request(index, secret, *opened)
        return None

    def _reply(self, payload: bytes, at: float) -> tuple[Reading | Fault, ...]:
        request = self._request
        if request is None:
            return (REQUEST_MISSING,)
        message = open_reply(
            request.key, request.message, payload, encrypted=request.encrypted
        )
        if isinstance(message, Fault):
            return (message,)
        read = _read(request.message)
        if read is None or message[0] == WRONG_SEQUENCE:
            return ()
        data = message[3:] if message[0] == OK else None
        return self._understood(read, data, request, at)

    def _understood(
        self, read: TableRead, data: Answer, request: _Request, at: float
    ) -> tuple[Reading | Fault, ...]:
        faults = self._surveyed(read, data)
        if self._survey is None:
            return faults or (() if read.table not in _REGISTERS else (_NO_SURVEY,))
        known = (*self._survey.quick, *self._survey.slow)
        planned = next((plan for plan in known if _same(plan, read)), None)
        if planned is None or data is None:
            return faults
        reading = self._survey.reading(planned, data)
        return (
            reading._replace(
                authenticated=True,
                encrypted=request.encrypted,
                key_index=request.key_index,
                check_bits=CHECK_BITS,
                arrived=at,
            ),
        )

    def _surveyed(self, read: TableRead, data: Answer) -> tuple[Fault, ...]:
        """Carry the survey on where this is the answer it waits for."""
        if not _same(read, self._wanted):
            if self._wanted is not self._first:
                self._begin()
            if not _same(read, self._wanted):
                return ()
        try:
            self._wanted = self._asking.send(data)
        except StopIteration as end:
            self._begin()
            if isinstance(end.value, Fault):
                return (end.value,)
            self._survey = end.value
        return ()


_REGISTERS = frozenset((Table.BT23, Table.BT28))


def replay(
    recorded: Iterable[tuple[str, bytes, float]], keys: KeyRing
) -> Iterator[Reading | Fault]:
    """Yield what a recording of (direction `rx` or `tx`, bytes, time) says."""
    conversation = MepReplay(keys)
    for direction, data, at in recorded:
        if direction == "tx":
            yield from conversation.sent(data)
        else:
            yield from conversation.received(data, at)


def _read(message: bytes) -> TableRead | None:
    """Return what a request reads, None for any other request or table."""
    if len(message) != 12 or message[0] != READ_PARTIAL:
        return None
    table = int.from_bytes(message[1:3])
    if table not in Table:
        return None
    offset, count = int.from_bytes(message[3:6]), int.from_bytes(message[6:8])
    return TableRead(Table(table), offset, count)


def _same(one: TableRead, other: TableRead) -> bool:
    return (one.table, one.offset, one.length) == (
        other.table,
        other.offset,
        other.length,
    )
