"""Wired M-Bus master: polls the household's own meters behind a level converter (EN 13757-2 and -3; DSMR P2).

    short frame   10 C A CS 16              SND_NKE 40, REQ_UD2 5B/7B, REQ_SKE 49
    selection     68 0B 0B 68 53 FD 52 id4 mfr2 ver med CS 16      answered E5 by the one slave it fits
    readout       68 03 03 68 53 A 50 CS 16 ... application reset or readout selection, answered E5

Its grammar of transmissions is `Command`: nothing in it changes a meter. Where a slave may be found is searched by
primary address (0 to 250) and, but for P2, by secondary address digit by digit (EN 13757-3, 11.5).
"""

from collections.abc import Generator
from enum import Enum
from types import MappingProxyType

from ..checksum import sum8
from ..keys import KeyRing
from ..mbus_address import key_names
from ..named import NamedTuple
from ..oms import DOWNGRADE
from ..reading import Fault, FaultKind, Frame, Link, MeterIdentity, Reading
from ..stack import Context
from .base import Output, Send
from .belief import Belief
from .receiver import Receiver
from .receiving import ReceivingSession

SINGLE_CHARACTER = 0xE5
NETWORK_ADDRESS = 0xFD
FIRST_ADDRESS, LAST_ADDRESS = 0, 250
MORE_FOLLOWS = "more_records_follow"

# EN 13757-2, 5.4: a slave answers within 330 bit times plus 50 ms, at 2400 baud 188 ms; adapters add their own delay.
ANSWER_PATIENCE = 0.6
# A long frame of 261 bytes takes 1.2 s at 2400 baud; after a pause inside it nothing more comes.
FRAME_PATIENCE = 0.4
ATTEMPTS = 3
MAX_TELEGRAMS = 16
# After so many readings without an answer a slave is told to be silent; it is asked on.
SILENT_AFTER = 3


class Control(int, Enum):
    """C fields a master may send (EN 13757-2, table 2)."""

    SND_NKE = 0x40
    REQ_SKE = 0x49
    SND_UD = 0x53  # only with CI 52 (selection) or 50 (application reset with a readout sub-code)
    REQ_UD2 = 0x5B
    REQ_UD2_FCB = 0x7B


CI_SELECT = 0x52
CI_RESET = 0x50


class Slave(NamedTuple):
    """A meter on the bus: by primary address, or by secondary address (id, manufacturer, version, medium; 8 bytes).

    `interval` is the time between readings in seconds, `readout` the sub-code of an application reset that chooses
    what is sent (None leaves it), `p2` the Dutch rules: no secondary addressing, the FCB is ignored by the meter.
    """

    primary: int | None = None
    secondary: bytes | None = None
    interval: float = 900.0
    readout: int | None = None
    p2: bool = False

    @property
    def address(self) -> int:
        """The A field that reaches this slave, after selection where it has a secondary address."""
        return NETWORK_ADDRESS if self.primary is None else self.primary

    @property
    def name(self) -> str:
        """The address in words for faults."""
        return (
            f"secondary address {self.secondary.hex().upper()}"
            if self.secondary
            else f"address {self.primary}"
        )

    @property
    def word(self) -> str:
        """The address as it is stored: `5` a primary one, `s` and 16 hexadecimal digits a secondary one."""
        return f"s{self.secondary.hex()}" if self.secondary else str(self.primary)

    def known_as(self, meter: MeterIdentity) -> MeterIdentity:
        """Know a meter that does not say who it is by its place on the bus."""
        return meter if meter.key else meter._replace(address=self.word)

    def known(self, reading: Reading) -> Reading:
        """Know a reading's meter by its place on the bus, where it does not say who it is."""
        if reading.meter.key:
            return reading
        return reading._replace(meter=self.known_as(reading.meter))

    @classmethod
    def at(cls, word: str, *, interval: float, p2: bool = False) -> Slave:
        """Return the slave at a stored address; raises ValueError for what is none."""
        if word.startswith("s"):
            secondary = bytes.fromhex(word[1:])
            if len(secondary) != 8 or p2:
                raise ValueError("a secondary address has 8 bytes, and P2 knows none")
            return cls(secondary=secondary, interval=interval, p2=p2)
        primary = int(word)
        if not FIRST_ADDRESS <= primary <= LAST_ADDRESS:
            raise ValueError("a primary address is 0 to 250")
        return cls(primary, interval=interval, p2=p2)


def short_frame(control: Control, address: int) -> bytes:
    """Return `10 C A CS 16`."""
    body = bytes((control, address))
    return b"\x10" + body + bytes((sum8(body), 0x16))


def selection(secondary: bytes) -> bytes:
    """Return the selection of a secondary address, id first, each field as on the wire; F digits are wildcards."""
    return _long_frame(Control.SND_UD, NETWORK_ADDRESS, CI_SELECT, secondary)


def readout_selection(address: int, sub_code: int) -> bytes:
    """Return the application reset that chooses a readout by its sub-code (EN 13757-3, 7.2)."""
    return _long_frame(Control.SND_UD, address, CI_RESET, bytes((sub_code,)))


def _long_frame(control: Control, address: int, ci: int, data: bytes) -> bytes:
    body = bytes((control, address, ci)) + data
    return bytes((0x68, len(body), len(body), 0x68)) + body + bytes((sum8(body), 0x16))


_LOCKED = frozenset({FaultKind.KEY, FaultKind.AUTHENTICATION})


class Found(NamedTuple):
    """A slave that answered the search: how it is reached, what it said of itself, and the frames it said it in."""

    slave: Slave
    results: tuple[Reading | Fault, ...] = ()
    frames: tuple[Frame, ...] = ()

    @property
    def reading(self) -> Reading | None:
        """What could be read, None where a key is missing."""
        return next((it for it in self.results if isinstance(it, Reading)), None)

    @property
    def meter(self) -> MeterIdentity:
        """Who it is."""
        told = (it.meter for it in self.results if it.meter)
        return self.slave.known_as(next(told, MeterIdentity()))

    @property
    def needs_key(self) -> bool:
        """Whether it encrypts what it sends."""
        return any(isinstance(it, Fault) and it.kind in _LOCKED for it in self.results)


class Progress(NamedTuple):
    """How far a search is: addresses asked and to be asked; a secondary search does not know its end."""

    asked: int = 0
    of: int | None = None


class _Ask(NamedTuple):
    """Send, and come back with what arrived: an answer, or nothing when the patience is over."""

    request: bytes


class _Pause(NamedTuple):
    """Come back at a time."""

    until: float


type _Answer = list[Frame | Fault]
type _Script = Generator[_Ask | _Pause, _Answer]


class _Scripted(ReceivingSession):
    """Runs a script of requests: one is open at a time, an answer ends with its frame or with a pause."""

    def __init__(self, receiver: Receiver, belief: Belief) -> None:
        """Prepare; `start` begins."""
        super().__init__(receiver, belief)
        self._script: _Script | None = None
        self._deadline: float | None = None
        self._heard: _Answer = []
        self._asking = False
        self._outputs: list[Output] = []
        self._now = 0.0

    @property
    def wake_at(self) -> float | None:
        """When the patience with an answer ends, or the next slave is due."""
        return self._deadline

    def start(self, at: float) -> tuple[Output, ...]:
        """Begin, or begin again after the port came back."""
        self._receiver.reset()
        self._now, self._heard = at, []
        self._script = self._life()
        return self._advance(None)

    def receive(self, data: bytes, at: float) -> tuple[Output, ...]:
        """Take bytes; the answer is whole when a frame is and nothing follows it."""
        self._now = at
        self._heard += self._receiver.frames(data, at)
        if not self._asking:
            return self._overheard()
        self._deadline = at + FRAME_PATIENCE
        if (
            any(isinstance(item, Frame) for item in self._heard)
            and not self._receiver.holding
        ):
            return self._advance(self._taken())
        return ()

    def wake(self, at: float) -> tuple[Output, ...]:
        """End the patience with an answer, or a pause between two readings."""
        self._now = at
        if self._deadline is None or at < self._deadline:
            return ()
        self._heard += self._receiver.flush(at)
        return self._advance(self._taken())

    def _life(self) -> _Script:
        raise NotImplementedError

    def _taken(self) -> _Answer:
        heard, self._heard = self._heard, []
        return heard

    def _overheard(self) -> tuple[Output, ...]:
        """What arrives unasked is another master's conversation or noise: it is counted, never believed."""
        for item in self._taken():
            if isinstance(item, Fault):
                self._receiver.note_fault(item)
        return ()

    def _advance(self, answer: _Answer | None) -> tuple[Output, ...]:
        assert self._script is not None
        try:
            wish = (
                self._script.send(answer) if answer is not None else next(self._script)
            )
        except StopIteration:
            self._deadline, self._asking = None, False
            return self._given()
        self._asking = isinstance(wish, _Ask)
        if isinstance(wish, _Ask):
            self._outputs.append(Send(wish.request))
            self._deadline = self._now + ANSWER_PATIENCE
        else:
            self._deadline = wish.until
        return self._given()

    def _given(self) -> tuple[Output, ...]:
        outputs, self._outputs = tuple(self._outputs), []
        return outputs

    def _request(self, request: bytes) -> Generator[_Ask, _Answer, _Answer]:
        """Ask until something answers, at most three times."""
        answer: _Answer = []
        for _ in range(ATTEMPTS):
            answer = yield _Ask(request)
            if any(isinstance(item, Frame) for item in answer):
                break
        return answer

    def _acknowledged(self, request: bytes) -> Generator[_Ask, _Answer, bool]:
        answer = yield from self._request(request)
        return _is_acknowledge(answer)

    def _telegrams(
        self, slave: Slave
    ) -> Generator[_Ask, _Answer, list[Reading | Fault]]:
        """Request class 2 data until the slave says that no more follows."""
        results: list[Reading | Fault] = []
        for number in range(MAX_TELEGRAMS):
            control = Control.REQ_UD2 if slave.p2 or number % 2 else Control.REQ_UD2_FCB
            answer = yield from self._request(short_frame(control, slave.address))
            telegram = self._read_answers(answer, slave)
            results += telegram
            if not _more_follows(telegram):
                break
        return _merged(results)

    def _read_answers(self, answer: _Answer, slave: Slave) -> list[Reading | Fault]:
        """Read what the slave sent; a P2 meter whose key is known is believed encrypted only (P2 4.2.2, 5.1)."""
        results = self._receiver.read(_answers(answer, slave), self._now)
        keys = self._receiver.context.keys
        for place, item in enumerate(results):
            if (
                slave.p2
                and isinstance(item, Reading)
                and not item.encrypted
                and keys.secrets_for(*key_names(item.meter))
            ):
                results[place] = DOWNGRADE._replace(meter=item.meter)
                self._receiver.note_fault(DOWNGRADE)
        return results


class MasterSession(_Scripted):
    """Reads each slave at its interval, one request open at a time."""

    def __init__(
        self, receiver: Receiver, belief: Belief, slaves: tuple[Slave, ...]
    ) -> None:
        """Prepare to read these slaves."""
        super().__init__(receiver, belief)
        self._slaves = slaves
        self._failures = dict.fromkeys(slaves, 0)

    def _life(self) -> _Script:
        due = dict.fromkeys(self._slaves, self._now)
        while due:
            slave = min(due, key=due.__getitem__)
            if due[slave] > self._now:
                yield _Pause(due[slave])
            due[slave] = self._now + slave.interval
            yield from self._read(slave)

    def _read(self, slave: Slave) -> Generator[_Ask, _Answer]:
        if (yield from self._reached(slave)):
            results = yield from self._telegrams(slave)
        else:
            results = []
        self._pass_on(slave, results)

    def _reached(self, slave: Slave) -> Generator[_Ask, _Answer, bool]:
        """Reset the link, select by secondary address and choose the readout, as far as the slave wants it."""
        if slave.secondary is not None:
            yield _Ask(short_frame(Control.SND_NKE, NETWORK_ADDRESS))
            if not (yield from self._acknowledged(selection(slave.secondary))):
                return False
        else:
            # A slave need not acknowledge: its answer to the request decides.
            yield _Ask(short_frame(Control.SND_NKE, slave.address))
        if slave.readout is not None:
            yield from self._acknowledged(
                readout_selection(slave.address, slave.readout)
            )
        return True

    def _pass_on(self, slave: Slave, results: list[Reading | Fault]) -> None:
        for result in results:
            self._outputs += (
                self._judged(slave.known(result), self._now)
                if isinstance(result, Reading)
                else (result,)
            )
        if results:
            self._failures[slave] = 0
            return
        self._failures[slave] += 1
        if self._failures[slave] == SILENT_AFTER:
            silence = Fault(FaultKind.SILENCE, f"no answer from {slave.name}")
            self._receiver.note_fault(silence)
            self._outputs.append(silence)


class ScanSession(_Scripted):
    """Searches the bus once: primary addresses, then secondary ones; `found` grows, `done` says the end."""

    def __init__(
        self,
        receiver: Receiver,
        belief: Belief,
        *,
        secondary: bool = True,
        p2: bool = False,
    ) -> None:
        """Prepare a search; P2 knows no secondary addresses."""
        super().__init__(receiver, belief)
        self.found: tuple[Found, ...] = ()
        self.progress = Progress(0, LAST_ADDRESS - FIRST_ADDRESS + 1)
        self.done = False
        self._secondary = secondary and not p2
        self._p2 = p2
        self._frames: tuple[Frame, ...] = ()

    def _life(self) -> _Script:
        for address in range(FIRST_ADDRESS, LAST_ADDRESS + 1):
            yield from self._try(Slave(primary=address, p2=self._p2))
            self.progress = self.progress._replace(asked=address + 1)
        if self._secondary:
            self.progress = Progress(self.progress.asked)
            yield from self._search(b"\xff\xff\xff\xff", 0)
        self.done = True

    def _try(self, slave: Slave) -> Generator[_Ask, _Answer]:
        """Ask one primary address once; most are empty, so silence is not asked again."""
        answer = yield _Ask(short_frame(Control.SND_NKE, slave.address))
        if answer:
            self._add(slave, (yield from self._asked(slave)))

    def _asked(
        self, slave: Slave
    ) -> Generator[_Ask, _Answer, tuple[Reading | Fault, ...]]:
        """Read a slave once, and keep what it answered."""
        self._frames = ()
        return tuple((yield from self._telegrams(slave)))

    def _read_answers(self, answer: _Answer, slave: Slave) -> list[Reading | Fault]:
        frames = (it for it in _answers(answer, slave) if isinstance(it, Frame))
        self._frames += tuple(frames)
        return super()._read_answers(answer, slave)

    def _search(self, identification: bytes, digit: int) -> Generator[_Ask, _Answer]:
        """Select by wildcards; where several answer at once, fix the next digit of the identification number.

        `identification` is four bytes BCD, low byte first, F for any digit. Answers that collide can add up to a frame
        with a sound sum that nobody sent: only a meter that answers to its own full address is one, and its
        neighbours are searched all the same.
        """
        answer = yield from self._select(identification + b"\xff\xff\xff\xff")
        if not answer:
            return
        own = (yield from self._confirmed()) if _is_acknowledge(answer) else None
        for place in range(digit, 8):
            for value in range(10):
                if own is None or value != _digit(own, place):
                    yield from self._search(
                        _with_digit(own[:4] if own else identification, place, value),
                        place + 1,
                    )
            if own is None:
                break

    def _confirmed(self) -> Generator[_Ask, _Answer, bytes | None]:
        """Read the selected slave, then again under the full address it gave; returns that where it answers to it."""
        claimed = _secondary((yield from self._asked(_ANYBODY)))
        if claimed is None:
            return None
        if not _is_acknowledge((yield from self._select(claimed))):
            return None
        slave = Slave(secondary=claimed)
        results = yield from self._asked(slave)
        if _secondary(results) != claimed:
            return None
        self._add(slave, results)
        return claimed

    def _select(self, secondary: bytes) -> Generator[_Ask, _Answer, _Answer]:
        """Select whom an address fits; whom it does not is deselected by that (EN 13757-3, 11.3)."""
        self.progress = self.progress._replace(asked=self.progress.asked + 1)
        return (yield _Ask(selection(secondary)))

    def _add(self, slave: Slave, results: tuple[Reading | Fault, ...]) -> None:
        # What is damaged in every attempt is several slaves at one address: a search by secondary address parts them.
        if all(isinstance(it, Fault) and it.kind in _DAMAGED for it in results):
            return
        found = Found(slave, results, self._frames)
        if found.meter.key in {item.meter.key for item in self.found}:
            return
        self.found = (*self.found, found)
        self._outputs += results[:1]

    def try_keys(self, found: Found, keys: KeyRing) -> tuple[Reading | Fault, ...]:
        """Read what a slave answered with these keys, without a belief in it and without asking again."""
        receiver = Receiver((Link.MBUS,), Context(keys, self._receiver.context.layouts))
        return tuple(receiver.read(found.frames, self._now))


_DAMAGED = frozenset({FaultKind.NOISE, FaultKind.CHECKSUM, FaultKind.TRUNCATED})

# Whoever is selected answers at the network address; this slave stands for it.
_ANYBODY = Slave(secondary=b"\xff" * 8)


def _secondary(results: tuple[Reading | Fault, ...]) -> bytes | None:
    """Return the secondary address answers gave: number, manufacturer, version, medium, as on the wire."""
    told = (it.meter.address for it in results if it.meter and it.meter.address)
    radio = bytes.fromhex(next(told, ""))
    return radio[2:6] + radio[:2] + radio[6:] if len(radio) == 8 else None


def _digit(identification: bytes, place: int) -> int:
    """Return one digit, the most significant first, of a BCD number stored low byte first."""
    byte = identification[3 - place // 2]
    return byte >> 4 if place % 2 == 0 else byte & 0x0F


def _with_digit(identification: bytes, place: int, value: int) -> bytes:
    """Set one digit and make all behind it wildcards; those before it stay."""
    digits = [_digit(identification, index) for index in range(place)] + [value]
    digits += [0xF] * (8 - len(digits))
    pairs = zip(digits[0::2], digits[1::2], strict=True)
    return bytes(high << 4 | low for high, low in pairs)[::-1]


def _is_acknowledge(answer: _Answer) -> bool:
    return (
        len(answer) == 1
        and isinstance(answer[0], Frame)
        and answer[0].control == SINGLE_CHARACTER
    )


# DSMR P2 4.2.2, table 5: the only C and CI fields a meter answers a master with.
_P2_RESPONSE = (0x08, 0x72)

# RSP_UD with any combination of access demand and data flow control bits (EN 13757-2, table 2).
_RESPONSES = frozenset({0x08, 0x18, 0x28, 0x38})


def _answers(answer: _Answer, slave: Slave) -> _Answer:
    """Keep what this slave sent: an answer from another address is none (P2: the address must be its own)."""
    kept: _Answer = []
    for item in answer:
        if isinstance(item, Fault) or (
            item.control in _RESPONSES
            and (
                slave.address == NETWORK_ADDRESS
                or item.address == bytes((slave.address,))
            )
        ):
            kept.append(_checked_pair(item) if slave.p2 else item)
    return kept


def _checked_pair(item: Frame | Fault) -> Frame | Fault:
    """Refuse what the tables of P2 do not name."""
    if isinstance(item, Fault) or (item.control, *item.payload[:1]) == _P2_RESPONSE:
        return item
    pair = f"C {item.control:02X} and CI {item.payload[:1].hex().upper()}"
    return Fault(FaultKind.UNSUPPORTED, f"{pair} are no answer of a P2 meter")


def _merged(results: list[Reading | Fault]) -> list[Reading | Fault]:
    """Make one reading of the telegrams a slave sent it in; what came first wins."""
    readings = [item for item in results if isinstance(item, Reading)]
    if len(readings) < 2 or any(item.meter != readings[0].meter for item in readings):
        return results
    values = {
        code: value
        for item in reversed(readings)
        for code, value in item.values.items()
    }
    whole = readings[0]._replace(
        values=MappingProxyType(values),
        records=tuple(record for item in readings for record in item.records),
        encrypted=all(item.encrypted for item in readings),
        authenticated=all(item.authenticated for item in readings),
        counter=readings[-1].counter,
        check_bits=min(item.check_bits for item in readings),
    )
    return [whole, *(item for item in results if isinstance(item, Fault))]


def _more_follows(results: list[Reading | Fault]) -> bool:
    return any(
        record.quantity == MORE_FOLLOWS
        for result in results
        if isinstance(result, Reading)
        for record in result.records
    )
