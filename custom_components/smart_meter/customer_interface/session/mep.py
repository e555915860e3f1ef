"""Polling a NES meter over its multipurpose expansion port: one request at a time, and only to read.

    we      length 3F table(2) offset(3) count(2) sequence(4) digest(8)
    meter   length 00 count(2) bytes digest(8)          or a refusal: length code digest(8)
    meter   length 0C sequence(4) digest(8)             the number we should have used

OSGP MEP Client Developer's Guide 1.1, chapter 2. Nothing in a reply is believed before its digest fits, and nothing but
partial reads (3F) can be sent: `_message` is the only place that makes one. Each request, a repeated one too, has a
sequence number of its own: the meter takes up to eight steps at once, and a late reply cannot be taken for another's.
"""

from collections import deque
from collections.abc import Generator

from ..application.c1219 import TableRead
from ..keys import KeyRing
from ..link.base import Found, Look
from ..link.mep import MepLink, packet
from ..named import NamedTuple
from ..reading import Fault, FaultKind, Reading
from ..security.mep import CHECK_BITS, DIGEST_SIZE, KEY_SIZE, open_reply, seal
from .base import LinkStatistics, Output, Send, SessionState, SetPins
from .belief import Belief
from .mep_survey import Answer, Survey, survey
from .receiver import Seen

READ_PARTIAL = 0x3F

OK = 0x00
_AUTHENTICATION_FAILURE = 0x0B
WRONG_SEQUENCE = 0x0C

REQUEST_GAP = 0.1  # the meter takes one request in 100 ms
# The guide says 500 ms to the first byte; adapters and networks add to that, and a slow meter shall not be asked in vain.
PATIENCE = 1.0
LONGEST_PATIENCE = 4.0
BYTE_GAP = 0.3  # within a reply; the meter itself rests 25 ms after 117 bytes
QUIET = 0.15  # silence on the line before it is asked again after damage
LONGEST_QUIET = 2.0
SILENT_AFTER = 10.0
PINS_REST = 1.0  # after COM_ENABLE changed
LONGEST_PIN_WAIT = 60.0
REFUSED_WAIT = 30.0  # between attempts with a key the meter refuses
# A request damaged on its way is refused like one with a wrong key: only a series tells them apart.
REFUSALS_UNPROVEN = 3
REFUSALS_PROVEN = 10
MOST_RESYNCS = 5

SLOW_INTERVAL = 60.0
SURVEY_INTERVAL = 3_600.0

_SEQUENCE = "mep_sequence"
_ENCIPHERED = "mep_enciphered"

_ECHO = Fault(
    FaultKind.LINE,
    "only our own requests come back: the wires of both directions touch, or the adapter repeats what it sends",
    cause="mep_echo",
)
_DEAF = Fault(
    FaultKind.LINE,
    "the meter sends alerts but does not answer: the wire to its RXD (17), or the level on it",
    cause="mep_deaf",
)
_GARBLED = Fault(
    FaultKind.LINE,
    "bytes arrive that form no packet: inverted levels or another baud rate",
    cause="mep_garbled",
)
_STOPPED = Fault(
    FaultKind.SILENCE,
    "the meter has stopped answering: a reading through its optical port is in progress, the cable came off or"
    " COM_ENABLE (18) lost its voltage",
    cause="mep_stopped",
)
_NOTHING = Fault(
    FaultKind.LINE,
    "the meter answers nothing, with DTR and RTS on and with both off: no voltage on COM_ENABLE (18), TXD (16A) and RXD"
    " (17) swapped or loose, inverted levels, a reading through the optical port, or the grid operator has closed the port",
    cause="mep_nothing",
)
_REFUSED_KEY = Fault(
    FaultKind.KEY,
    "the meter refuses the key; ask the grid operator for the MEP basic key (MBK) of this meter",
)
_TLS = Fault(
    FaultKind.UNSUPPORTED,
    "the meter answers without a digest: its port demands TLS, which is not supported",
    cause="mep_tls",
)
_NO_PACKET = Fault(FaultKind.NOISE, "bytes that are no packet")
_CUT_SHORT = Fault(FaultKind.TRUNCATED, "a reply that ends early")
_WRONG_COUNT = Fault(FaultKind.TRUNCATED, "a reply with another count than its bytes")
_NO_SEQUENCE = Fault(
    FaultKind.AUTHENTICATION,
    "the meter does not take the sequence number it asks for itself",
)


class _Open(NamedTuple):
    """The request that waits for its reply, and when it was sent."""

    at: float
    read: TableRead
    message: bytes
    packet: bytes


class _Way(NamedTuple):
    """How the meter is asked: with which key of the ring, its 16 bytes, and enciphered or not (guide, appendix B)."""

    place: int
    key: bytes
    encrypt: bool

    def __repr__(self) -> str:
        """Never show the key."""
        return f"_Way({self.place}, {self.encrypt})"

    @property
    def asks(self) -> tuple[bytes, bool]:
        """What stays the same in another ring."""
        return self.key, self.encrypt


class _Signs:
    """What was heard since the meter was last understood: it tells why it is not."""

    def __init__(self) -> None:
        self.junk = 0
        self.alerts = 0
        self.echoes = 0
        self.refusals = 0
        self.bare = 0


def _ways(keys: KeyRing) -> tuple[_Way, ...]:
    """Return each usable key as it is, then each enciphered."""
    return tuple(
        _Way(index, key.secret[:KEY_SIZE], encrypt)
        for encrypt in (False, True)
        for index, key in enumerate(keys.keys)
        if len(key.secret) >= KEY_SIZE
    )


class MepSession:
    """A client that surveys the meter, then polls it."""

    def __init__(self, keys: KeyRing, belief: Belief, interval: float) -> None:
        """Poll energy and power every `interval` seconds; a meter that wants RC4 is asked in it without being told so."""
        self._ways = _ways(keys)
        # All keys are tried plain first; a meter that wanted them enciphered is asked so at once.
        enciphered = len(self._ways) // 2
        self._turn = enciphered if belief.memory.extra.get(_ENCIPHERED) else 0
        self._belief = belief
        self._interval = interval
        self._link = MepLink()
        self._seen = Seen()
        self._sequence = _stored_sequence(belief.state)
        self._proven = self._sequence is not None
        self._forget()

    def use_keys(self, keys: KeyRing) -> None:
        """Go on with other keys, and with the one in turn where it is among them."""
        in_turn = self._ways[self._turn].asks if self._ways else None
        self._ways = _ways(keys)
        asking = [way.asks for way in self._ways]
        self._turn = asking.index(in_turn) if in_turn in asking else 0
        self._belief.keys = keys

    def _forget(self) -> None:
        self._open: _Open | None = None
        self._late: _Open | None = None
        self._buffer = bytearray()
        self._signs = _Signs()
        self._survey: Survey | None = None
        self._asking: Generator[TableRead, Answer, Survey | Fault] | None = None
        self._wanted: deque[TableRead] = deque()
        self._send_at: float | None = None
        self._deadline = self._damaged_at = 0.0
        self._resyncs = 0
        self._patience = PATIENCE
        self._pins = True
        self._pins_at: float | None = None
        self._pin_wait = SILENT_AFTER
        self._told = False
        self._quick_at = self._slow_at = self._survey_at = 0.0

    # --- the contract of sessions ------------------------------------------------------------------------------------

    @property
    def wake_at(self) -> float | None:
        """When to send, to give up a reply, or to move COM_ENABLE."""
        acting = self._deadline if self._open else self._send_at
        times = [time for time in (acting, self._pins_at) if time is not None]
        return min(times, default=None)

    @property
    def state(self) -> SessionState:
        """The state to store."""
        return self._belief.state

    @property
    def statistics(self) -> LinkStatistics:
        """What was seen so far."""
        return self._seen.statistics()

    def start(self, at: float) -> tuple[Output, ...]:
        """Raise COM_ENABLE and begin."""
        self._forget()
        if not self._ways:
            return (
                self._noted(
                    Fault(FaultKind.KEY, "a NES meter answers only with its MEP key")
                ),
            )
        self._ask(at)
        return (SetPins(dtr=True, rts=True), *self._act(at))

    def receive(self, data: bytes, at: float) -> tuple[Output, ...]:
        """Take bytes; without a request they are alerts, or the rest of what was given up."""
        self._seen.count_bytes(len(data), at)
        if self._open is None:
            self._unasked(data, at)
            return self._act(at)
        self._buffer += data
        return (*self._replies(at), *self._act(at))

    def wake(self, at: float) -> tuple[Output, ...]:
        """Take note of the time."""
        return self._act(at)

    # --- speaking ----------------------------------------------------------------------------------------------------

    def _act(self, at: float) -> tuple[Output, ...]:
        outputs: list[Output] = []
        if self._open and at >= self._deadline:
            outputs += self._given_up(at)
        if self._pins_at is not None and at >= self._pins_at:
            outputs += self._move_pins(at)
        if not self._open and self._send_at is not None and at >= self._send_at:
            outputs += self._send(at)
        return tuple(outputs)

    def _send(self, at: float) -> list[Output]:
        read = self._next(at)
        if read is None:
            self._send_at = max(min(self._quick_at, self._slow_at), at + REQUEST_GAP)
            return []
        self._sequence = ((self._sequence or 0) + 1) & 0xFFFFFFFF
        message = _message(read, self._sequence)
        way = self._ways[self._turn]
        sealed = seal(way.key, message, encrypt=way.encrypt)
        self._open = _Open(at, read, message, packet(sealed))
        self._buffer.clear()
        self._deadline = at + self._patience
        if self._pins_at is None:
            self._pins_at = at + self._pin_wait
        self._send_at = at + REQUEST_GAP
        return [Send(self._open.packet)]

    def _next(self, at: float) -> TableRead | None:
        """Return the read whose turn it is: one of the survey, else of energy and power, else of the rest."""
        if self._survey is None or self._asking is not None:
            return self._wanted[0] if self._wanted else None
        if at >= self._survey_at:
            self._ask(at)
            return self._wanted[0]
        if at >= self._quick_at:
            self._quick_at = _following(self._quick_at, self._interval, at)
            self._want(self._survey.quick, first=True)
        if at >= self._slow_at:
            self._slow_at = _following(self._slow_at, SLOW_INTERVAL, at)
            self._want(self._survey.slow)
        return self._wanted[0] if self._wanted else None

    def _want(self, reads: tuple[TableRead, ...], *, first: bool = False) -> None:
        fresh = [read for read in reads if read not in self._wanted]
        self._wanted = deque(
            [*fresh, *self._wanted] if first else [*self._wanted, *fresh]
        )

    def _ask(self, at: float) -> None:
        """Begin the survey, again where there was one."""
        self._asking = survey()
        self._wanted = deque([next(self._asking)])
        self._send_at = max(self._send_at or at, at)

    def _move_pins(self, at: float) -> list[Output]:
        """Ask with the other level on COM_ENABLE: adapters invert it, and a meter that got stuck wakes up by it."""
        self._pins = not self._pins
        self._pins_at = None
        self._open, self._send_at = None, at + PINS_REST
        # Who never answered is told of once both levels were tried.
        telling = self._proven or self._pins
        if self._pins:
            self._pin_wait = min(2 * self._pin_wait, LONGEST_PIN_WAIT)
        pins = SetPins(dtr=self._pins, rts=self._pins)
        return [*(self._tell_silence() if telling else ()), pins]

    # --- hearing -----------------------------------------------------------------------------------------------------

    def _unasked(self, data: bytes, at: float) -> None:
        if data.strip(b"\0"):
            self._signs.junk += 1
        else:
            self._signs.alerts += 1
        if self._send_at is not None and at < self._damaged_at + LONGEST_QUIET:
            self._send_at = max(self._send_at, at + QUIET)

    def _replies(self, at: float) -> list[Output]:
        outputs: list[Output] = []
        while (request := self._open) is not None and self._buffer:
            if self._echoed(request):
                break
            look = self._link.look(self._buffer, 0)
            if look is Look.INCOMPLETE:
                if self._buffer != b"\0":  # else it may be half an alert
                    self._deadline = at + BYTE_GAP
                break
            if not isinstance(look, Found) or isinstance(look.item, Fault):
                outputs += self._damaged(_NO_PACKET, at)
                break
            del self._buffer[: look.end]
            outputs += self._packet(request, look.item.payload, at)
        return outputs

    def _echoed(self, request: _Open) -> bool:
        """Take our own request back out of the buffer; True where more of it may follow."""
        sent = request.packet
        if len(self._buffer) < len(sent):
            return len(self._buffer) > 2 and sent.startswith(self._buffer)
        if self._buffer.startswith(sent):
            del self._buffer[: len(sent)]
            self._signs.echoes += 1
        return not self._buffer

    def _packet(self, request: _Open, payload: bytes, at: float) -> list[Output]:
        if not payload:
            self._signs.alerts += 1
            return []
        message = self._opened(request, payload)
        if isinstance(message, bytes):
            return self._answered(request, message, at)
        if self._late and isinstance(self._opened(self._late, payload), bytes):
            return []
        return self._unproven(payload, message, at)

    def _opened(self, request: _Open, payload: bytes) -> bytes | Fault:
        way = self._ways[self._turn]
        return open_reply(way.key, request.message, payload, encrypted=way.encrypt)

    def _unproven(self, payload: bytes, fault: Fault, at: float) -> list[Output]:
        """Judge a reply whose digest does not fit."""
        refused = payload[0] == _AUTHENTICATION_FAILURE
        if refused and len(payload) in (1, 1 + DIGEST_SIZE):
            return self._refused_key(at)
        if len(payload) > DIGEST_SIZE:
            return self._damaged(fault, at)
        self._signs.bare += 1
        if self._signs.bare < REFUSALS_UNPROVEN or self._proven or self._another_way():
            return self._damaged(fault, at)
        return self._refused(_TLS, at)

    def _refused_key(self, at: float) -> list[Output]:
        self._signs.refusals += 1
        needed = REFUSALS_PROVEN if self._proven else REFUSALS_UNPROVEN
        if self._signs.refusals < needed:
            return self._damaged(None, at)
        self._proven = False
        if self._another_way():
            return self._damaged(None, at)
        return self._refused(_REFUSED_KEY, at)

    def _another_way(self) -> bool:
        """Ask with the next key, and with all of them enciphered after that; False where all ways were tried."""
        self._turn = (self._turn + 1) % len(self._ways)
        self._signs.refusals = self._signs.bare = 0
        return self._turn > 0

    def _refused(self, fault: Fault, at: float) -> list[Output]:
        """Say why the meter refuses, and ask again later; wires and pins are in order."""
        self._close(at)
        self._heard()
        self._send_at = at + REFUSED_WAIT
        return [self._noted(fault)]

    def _damaged(self, fault: Fault | None, at: float) -> list[Output]:
        """Give up a reply, and wait until the line is quiet."""
        self._signs.junk += 1
        self._damaged_at = at
        self._close(at)
        self._send_at = max(self._send_at or at, at + QUIET)
        return [self._noted(fault)] if fault else []

    def _given_up(self, at: float) -> list[Output]:
        """Take note of a reply that did not come, or not whole."""
        if self._buffer.strip(b"\0"):
            return self._damaged(_CUT_SHORT, at)
        self._late = self._open
        self._close(at)
        self._patience = min(2 * self._patience, LONGEST_PATIENCE)
        return []

    def _close(self, at: float) -> None:
        self._open = None
        self._buffer.clear()
        self._send_at = max(self._send_at or at, at)

    # --- understanding -----------------------------------------------------------------------------------------------

    def _answered(self, request: _Open, message: bytes, at: float) -> list[Output]:
        """Take a reply whose digest fits."""
        code, data = message[0], message[1:]
        if code == OK and not _whole(data, request.read):
            return self._damaged(_WRONG_COUNT, at)
        self._understood(request, at)
        if code == WRONG_SEQUENCE:
            return self._resynchronised(int.from_bytes(data[:4], "big"), at)
        self._resyncs = 0
        self._proven = True
        self._keep_sequence()
        if self._wanted and self._wanted[0] == request.read:
            self._wanted.popleft()
        return self._carried(request.read, data[2:] if code == OK else None, at)

    def _understood(self, request: _Open, at: float) -> None:
        took = at - request.at
        self._patience = min(max(PATIENCE, 2 * took), LONGEST_PATIENCE)
        self._late = None
        self._told = False
        self._close(at)
        self._heard()
        self._seen.count_frames(1, at)

    def _heard(self) -> None:
        """Begin to look for silence anew."""
        self._signs = _Signs()
        self._pin_wait = SILENT_AFTER
        self._pins_at = None

    def _resynchronised(self, number: int, at: float) -> list[Output]:
        """Go on with the meter's number; a meter that was set up anew skips numbers, so it is surveyed again."""
        self._sequence = number
        self._resyncs += 1
        if self._resyncs > MOST_RESYNCS:
            self._resyncs = 0
            return self._refused(_NO_SEQUENCE, at)
        if self._asking is None:
            self._ask(at)
        return []

    def _keep_sequence(self) -> None:
        self._belief.memory.keep(_SEQUENCE, self._sequence or 0)
        self._belief.memory.keep(_ENCIPHERED, int(self._ways[self._turn].encrypt))

    def _carried(self, read: TableRead, data: Answer, at: float) -> list[Output]:
        if self._asking is not None:
            return self._surveyed(self._asking, data, at)
        if self._survey is None or data is None:
            return []
        reading = self._survey.reading(read, data)
        return self._believed(reading, at) if reading.values else []

    def _surveyed(
        self,
        asking: Generator[TableRead, Answer, Survey | Fault],
        data: Answer,
        at: float,
    ) -> list[Output]:
        try:
            self._wanted = deque([asking.send(data)])
        except StopIteration as end:
            self._asking = None
            return self._survey_done(end.value, at)
        return []

    def _survey_done(self, result: Survey | Fault, at: float) -> list[Output]:
        if isinstance(result, Fault):
            if result.kind is FaultKind.UNSUPPORTED and self._another_way():
                self._ask(at)
                return []
            self._survey = None
            self._ask(at)
            self._send_at = at + SLOW_INTERVAL
            return [self._noted(result)]
        self._survey = result
        self._survey_at = at + SURVEY_INTERVAL
        self._quick_at = self._slow_at = at
        return []

    def _believed(self, reading: Reading, at: float) -> list[Output]:
        proven = reading._replace(
            authenticated=True,
            encrypted=self._ways[self._turn].encrypt,
            key_index=self._ways[self._turn].place,
            check_bits=CHECK_BITS,
            arrived=at,
        )
        self._seen.count_readings(1, at)
        judged = self._belief.judge(proven, at)
        self._seen.interval = self._belief.interval()
        return [
            self._noted(item) if isinstance(item, Fault) else item for item in judged
        ]

    # --- telling -----------------------------------------------------------------------------------------------------

    def _tell_silence(self) -> list[Output]:
        if self._told:
            return []
        self._told = True
        return [self._noted(self._silence())]

    def _silence(self) -> Fault:
        """Say why the meter may be silent, by what was heard of it."""
        signs = self._signs
        if self._proven:
            return _STOPPED
        if signs.alerts and not signs.junk:
            return _DEAF
        if signs.junk:
            return _GARBLED
        return _ECHO if signs.echoes else _NOTHING

    def _noted(self, fault: Fault) -> Fault:
        self._seen.count_fault(fault)
        return fault


def _message(read: TableRead, sequence: int) -> bytes:
    """Return the only request there is: read some bytes of a table."""
    return b"".join(
        (
            READ_PARTIAL.to_bytes(1),
            (read.table & 0xFFFF).to_bytes(2),
            (read.offset & 0xFFFFFF).to_bytes(3),
            (read.length & 0xFFFF).to_bytes(2),
            sequence.to_bytes(4),
        )
    )


def _whole(data: bytes, read: TableRead) -> bool:
    """Tell whether the count of a reply is that of its bytes; a table may end before what was asked for."""
    count = int.from_bytes(data[:2], "big")
    return len(data) == 2 + count and count <= read.length


def _following(due: float, interval: float, at: float) -> float:
    """Return the next time of a rhythm; what was missed is not made up for."""
    return due + interval if due + interval > at else at + interval


def _stored_sequence(state: SessionState) -> int | None:
    number = state.extra.get(_SEQUENCE)
    return number if isinstance(number, int) else None
