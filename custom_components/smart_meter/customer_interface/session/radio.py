"""One radio stick, many meters (EN 13757-4): recognises and sets up the stick, then lists and reads what it hears.

    we      line settings, hello, set up      only commands of the sticks' own closed lists
    stick   answers                           or the next kind of stick is tried
    stick   frames ...                        of all meters near, repeated by some

Every meter heard is listed whether it can be read or not; a wrong key never hides one. Nothing is sent to a meter.
"""

from collections import deque
from collections.abc import Iterable
from types import MappingProxyType

from ..keys import KeyRing
from ..link.wmbus import CRC_BITS, parse_raw
from ..oms import as_sent, meter_of, security_of
from ..radio import Answer, Command, Heard, Item, Stick
from ..reading import Fault, FaultKind, Frame, Message, MeterIdentity, Reading
from ..stack import peel
from .base import Output, Send, SetLine
from .belief import Belief
from .near import HeardMeter, RadioMemory
from .receiver import Receiver, message_of
from .receiving import ReceivingSession

# A stick answers at once; USB and network adapters add their own delay.
ANSWER_PATIENCE = 1.0
ATTEMPTS = 2
# A stick that does not answer is asked again so often; one that is quiet for so long is asked whether it is there.
RETRY_INTERVAL = 30.0
QUIET = 900.0
# A receiver that cannot be asked is listened to for so long before another kind is tried.
LISTEN = 60.0
# Bytes of a frame come without a pause; what comes later is another frame.
IDLE_GAP = 0.3
# EN 13757-5 repeaters and two-way meters send a telegram again within seconds.
REPEATED_WITHIN = 30.0
MAX_METERS = 1_000
_REMEMBERED_FRAMES = 4


class RadioSession(ReceivingSession):
    """Sets up one stick and reads the meters it hears."""

    def __init__(
        self,
        sticks: tuple[Stick, ...],
        receiver: Receiver,
        belief: Belief,
        chosen: frozenset[str] | None = None,
        *,
        keyed: bool = False,
    ) -> None:
        """Recognise one of these sticks, tried in this order.

        `chosen` are the keys (MeterIdentity.key) of the meters to read; None reads all, or
        with `keyed` only those that a key opens: others are listed, and their faults told until one was opened.
        """
        super().__init__(receiver, belief)
        self._sticks = sticks
        self._tried = 0  # position of the stick that is tried, or was recognised
        self._failed = 0  # how many in a row did not answer
        self._chosen = chosen
        self._keyed = keyed
        self._heard: dict[str, HeardMeter] = {}
        self._frames: dict[str, deque[tuple[Frame, float]]] = {}
        self._listed_as: dict[str, str] = {}
        self._talk = _Talk([])
        self._last_byte: float | None = None
        self._flushed = True

    @property
    def heard(self) -> tuple[HeardMeter, ...]:
        """All meters heard, the last heard first."""
        return tuple(sorted(self._heard.values(), key=lambda heard: -heard.last_heard))

    @property
    def stick(self) -> str | None:
        """The name of the stick that was recognised and set up, None while none is."""
        return self._stick.name if self._talk.ready else None

    @property
    def _stick(self) -> Stick:
        return self._sticks[self._tried]

    @property
    def wake_at(self) -> float | None:
        """When a stick's answer, its retry, the rest of a frame or a sign of life is due."""
        idle = (
            None
            if self._flushed or self._last_byte is None
            else self._last_byte + IDLE_GAP
        )
        times = [time for time in (idle, self._talk.due) if time is not None]
        return min(times, default=None)

    @property
    def memory(self) -> RadioMemory:
        """What another session on this stick should begin with."""
        frames = {name: tuple(recent) for name, recent in self._frames.items()}
        return RadioMemory(
            MappingProxyType(dict(self._heard)), MappingProxyType(frames)
        )

    def recall(self, memory: RadioMemory) -> None:
        """Begin with what another session heard; for meters of both the later one counts."""
        newer = {
            name: heard
            for name, heard in memory.heard.items()
            if name not in self._heard
            or self._heard[name].last_heard < heard.last_heard
        }
        merged = sorted(
            (self._heard | newer).items(), key=lambda item: item[1].last_heard
        )
        self._heard = dict(merged[-MAX_METERS:])
        for name in newer.keys() & memory.frames.keys() & self._heard.keys():
            self._frames[name] = deque(memory.frames[name], maxlen=_REMEMBERED_FRAMES)

    def choose(self, chosen: frozenset[str] | None) -> None:
        """Read other meters from now on."""
        self._chosen = chosen

    def look_up(self, name: str) -> HeardMeter | None:
        """Return a meter by its key (MeterIdentity.key), None where it was not heard."""
        return self._heard.get(name)

    def name_of(self, meter: MeterIdentity) -> str | None:
        """Return the key under which the meter of a reading is listed: that of its radio where the list knows only that."""
        key = meter.key or ""
        return key if key in self._heard else self._listed_as.get(key, meter.key)

    def try_keys(self, name: str, keys: KeyRing) -> tuple[Reading | Fault, ...]:
        """Return what keys make of a meter's last telegrams, without believing it; empty where none was heard."""
        context = self._receiver.context.with_keys(keys)
        return tuple(
            result
            for frame, _ in self._frames.get(name, ())
            for result in peel(message_of(frame), context)
        )

    def read_last(self, name: str) -> tuple[Output, ...]:
        """Read the last telegram of a meter, which came before it was chosen or its key was known."""
        if not (recent := self._frames.get(name)) or name not in self._heard:
            return ()
        frame, at = recent[-1]
        return tuple(self._pass_on(name, self._receiver.read([frame], at), at))

    def start(self, at: float) -> tuple[Output, ...]:
        """Recognise and set up the stick, also after it was unplugged; the one known last is tried first."""
        self._failed = 0
        return self._try(at)

    def _try(self, at: float) -> tuple[Output, ...]:
        self._stick.flush()
        self._flushed = True
        self._talk = _Talk(list(self._stick.hello))
        return (SetLine(self._stick.line), *self._ask(at))

    def _try_next(self, at: float) -> tuple[Output, ...]:
        self._tried = (self._tried + 1) % len(self._sticks)
        self._failed += 1
        if self._failed < len(self._sticks):
            return self._try(at)
        self._failed = 0
        self._talk = _Talk([], due=at + RETRY_INTERVAL)
        fault = Fault(FaultKind.LINE, f"no radio stick answers ({self._names()})")
        self._receiver.note_fault(fault)
        return (fault,)

    def _names(self) -> str:
        return ", ".join(stick.name for stick in self._sticks)

    def receive(self, data: bytes, at: float) -> tuple[Output, ...]:
        """Take bytes of the stick."""
        late = self._pause(at)
        self._last_byte, self._flushed = at, False
        self._receiver.seen.count_bytes(len(data), at)
        return (*late, *self._take(self._stick.feed(data), at))

    def wake(self, at: float) -> tuple[Output, ...]:
        """Give up what a pause ended, and ask the stick again where it is due."""
        outputs = self._pause(at)
        talk = self._talk
        if talk.due is None or at < talk.due:
            return outputs
        if talk.ready and not self._stick.hello:
            return (*outputs, *self._try_next(at))
        if not talk.waiting:
            return (*outputs, *self._try(at))
        talk.attempts += 1
        if talk.attempts < ATTEMPTS:
            return (*outputs, *self._ask(at))
        if talk.heard:
            # It delivers frames though it does not answer: that is what it is for.
            self._talk = _Talk([], ready=True, due=self._quiet_at(at, heard=True))
            return outputs
        return (*outputs, *self._try_next(at))

    def _pause(self, at: float) -> tuple[Output, ...]:
        if self._flushed or self._last_byte is None or at < self._last_byte + IDLE_GAP:
            return ()
        self._flushed = True
        return self._take(self._stick.flush(), at)

    def _take(self, items: Iterable[Item], at: float) -> tuple[Output, ...]:
        outputs: list[Output] = []
        for item in items:
            match item:
                case Heard():
                    outputs += self._read(item, at)
                case Answer():
                    outputs += self._answered(item, at)
                case Fault() if self._talk.ready:
                    self._receiver.note_fault(item)
                    outputs.append(item)
        return tuple(outputs)

    def _ask(self, at: float) -> tuple[Output, ...]:
        """Send the next commands up to one that is answered; those without an answer need no waiting."""
        outputs: list[Output] = []
        talk = self._talk
        while talk.commands:
            command = talk.commands[0]
            outputs.append(Send(command.data))
            if command.answer is not None:
                talk.waiting, talk.due = True, at + ANSWER_PATIENCE
                return tuple(outputs)
            talk.commands.pop(0)
        if not talk.setting_up:
            talk.setting_up = True
            talk.commands = list(self._stick.set_up(talk.answers))
            return (*outputs, *self._ask(at))
        talk.waiting, talk.ready = False, True
        talk.due = self._quiet_at(at, heard=False)
        self._failed = 0 if self._stick.hello else self._failed
        return tuple(outputs)

    def _answered(self, answer: Answer, at: float) -> tuple[Output, ...]:
        talk = self._talk
        if not talk.commands or talk.commands[0].answer != answer.name:
            return ()
        talk.commands.pop(0)
        talk.answers[answer.name] = answer.content
        talk.waiting, talk.attempts, talk.due = False, 0, None
        return self._ask(at)

    def _read(self, item: Heard, at: float) -> list[Output]:
        frame = _frame(item)
        if isinstance(frame, Fault):
            if self._talk.ready:
                self._receiver.note_fault(frame)
            return [frame] if self._talk.ready else []
        if not (self._talk.ready or self._stick.checked):
            return []
        self._talk.heard = True
        if self._talk.ready:
            self._talk.due, self._failed = self._quiet_at(at, heard=True), 0
        self._receiver.seen.count_frames(1, at)
        message = message_of(frame)
        meter = meter_of(message)
        name = meter.key or frame.address.hex().upper()
        repeated = self._is_repeated(name, frame, at)
        self._list(name, meter, item, message, at, repeated)
        if repeated or not (self._chosen is None or name in self._chosen):
            return []
        return self._pass_on(name, self._receiver.read([frame], at), at)

    def _quiet_at(self, at: float, *, heard: bool) -> float | None:
        """When quiet becomes suspicious: sticks are asked again, another kind is tried where nobody can be asked."""
        if self._stick.hello:
            return at + QUIET
        return None if heard or len(self._sticks) == 1 else at + LISTEN

    def _is_repeated(self, name: str, frame: Frame, at: float) -> bool:
        """Whether the same telegram came seconds ago; signal strength and a repeater's bits differ."""
        bare = frame._replace(signal_dbm=None, payload=as_sent(frame.payload))
        if name not in self._frames and len(self._frames) >= MAX_METERS:
            self._frames.pop(next(iter(self._frames)))
        recent = self._frames.setdefault(name, deque(maxlen=_REMEMBERED_FRAMES))
        if any(known == bare and at - when < REPEATED_WITHIN for known, when in recent):
            return True
        recent.append((bare, at))
        return False

    def _list(
        self,
        name: str,
        meter: MeterIdentity,
        item: Heard,
        message: Message,
        at: float,
        repeated: bool,
    ) -> None:
        known = self._heard.pop(name, None)
        if known is None and len(self._heard) >= MAX_METERS:
            # The dict is in the order of hearing: the first was not heard for longest.
            self._heard.pop(next(iter(self._heard)))
        known = known or HeardMeter(meter)
        self._heard[name] = HeardMeter(
            meter,
            known.signal_dbm if item.signal_dbm is None else item.signal_dbm,
            item.mode or known.mode,
            security_of(message),
            at,
            known.telegrams + (not repeated),
            known.fault,
            known.opened,
        )

    def _pass_on(
        self, name: str, results: list[Reading | Fault], at: float
    ) -> list[Output]:
        faults = [result.kind for result in results if isinstance(result, Fault)]
        readings = [result for result in results if isinstance(result, Reading)]
        known = self._heard[name]
        fault = None if readings or not faults else faults[0]
        opened = known.opened or any(
            reading.key_index is not None for reading in readings
        )
        if (fault, opened) != (known.fault, known.opened):
            self._heard[name] = known._replace(fault=fault, opened=opened)
        self._note_names(name, readings)
        if not self._is_wanted(name):
            return []
        outputs: list[Output] = []
        for result in results:
            outputs += (
                (result._replace(meter=known.meter),)
                if isinstance(result, Fault)
                else self._judged(result, at)
            )
        return outputs

    def _note_names(self, name: str, readings: list[Reading]) -> None:
        """Remember who lives behind a radio of another number: an extended link layer hides the meter's own header."""
        for reading in readings:
            key = reading.meter.key
            if key and key != name and len(self._listed_as) < MAX_METERS:
                self._listed_as[key] = name

    def _is_wanted(self, name: str) -> bool:
        """Whether a meter's readings and faults are passed on, where a key tells the household's meters."""
        if self._chosen is not None or not self._keyed or self._heard[name].opened:
            return True
        nobody = not any(heard.opened for heard in self._heard.values())
        return nobody and self._heard[name].fault is not None


class _Talk:
    """Where the conversation with the stick stands; `due` is when to go on without an answer."""

    def __init__(
        self,
        commands: list[Command],
        due: float | None = None,
        setting_up: bool = False,
        waiting: bool = False,
        ready: bool = False,
    ) -> None:
        self.commands = commands
        self.due = due
        self.setting_up = setting_up
        self.waiting = waiting
        self.ready = ready
        self.heard = False
        self.attempts = 0
        self.answers: dict[str, bytes] = {}


def _frame(item: Heard) -> Frame | Fault:
    """Return the frame of what a stick heard; CRCs that the stick removed it had verified."""
    frame = parse_raw(item.data, item.form, item.signal_dbm)
    if isinstance(frame, Frame) and item.form == "stripped":
        return frame._replace(check_bits=CRC_BITS)
    return frame
