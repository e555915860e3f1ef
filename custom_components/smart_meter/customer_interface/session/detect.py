"""Finding out alone what hangs on a port: line settings are tried likeliest first, and only listened to.

Nothing is sent but E5 to a checksum-valid frame of an AMIS meter, which stays in search mode otherwise.
"""

from collections import Counter
from collections.abc import Iterable
from enum import StrEnum

from ..catalogue import SessionKind
from ..catalogue.operators import Catalogue, GridOperator, Offer
from ..line import LineSettings, Parity
from ..link import SELF_EVIDENT
from ..named import NamedTuple
from ..reading import Fault, FaultKind, Frame, Link, MeterIdentity, Reading
from ..stack import Context
from .acknowledged import acknowledgement, is_search, of_meter
from .base import LinkStatistics, Output, SessionState, SetLine
from .inversion import looks_inverted
from .receiver import Receiver


class Trial(NamedTuple):
    """Line settings and how long to listen at them in seconds: at most the longest push interval used with them."""

    line: LineSettings
    patience: float


# Likeliest first. An interval ends a trial early only with a frame, so each is as short as its meters allow: 5 s for
# wired M-Bus, 15 s for Kaifa's optical port, 10 s for P1, a minute for an AMIS meter in search mode.
TRIALS = (
    Trial(LineSettings.parse("2400 8E1"), 6.0),
    Trial(LineSettings.parse("9600 8N1"), 6.0),
    Trial(LineSettings.parse("9600 8E1"), 6.0),
    Trial(LineSettings.parse("115200 8N1"), 11.0),
    Trial(LineSettings.parse("9600 7E1"), 11.0),
    Trial(LineSettings.parse("300 7E1"), 6.0),
    Trial(LineSettings.parse("9600 8N1"), 16.0),
    Trial(LineSettings.parse("9600 8E1"), 62.0),
    Trial(LineSettings.parse("2400 8N1"), 12.0),
    Trial(LineSettings.parse("38400 8N1"), 6.0),
)

# Of one trial so many bytes are kept to judge whether the line is inverted.
KEPT_BYTES = 1024

# Two bursts that ended without a telegram say that these settings are wrong; the first may be the tail of one.
BURST_BYTES = 24
MOST_BURSTS = 2


class Verdict(StrEnum):
    """What detection found."""

    FOUND = "found"
    INACTIVE = (
        "inactive"  # the meter sends, but its customer interface is not activated
    )
    NOTHING = "nothing"  # no byte at any settings
    BREAK = "break"  # the bytes of an inverted line, or almost only 00 or FF
    GARBAGE = "garbage"  # bytes, but no frame at any settings


class Candidate(NamedTuple):
    """A row of the catalogue that sends what was seen."""

    operator: GridOperator
    offer: Offer


class Finding(NamedTuple):
    """The answer: line and link seen, who the meter says it is, whether a key is needed, which rows it may be."""

    verdict: Verdict
    line: LineSettings | None = None
    link: Link | None = None
    encrypted: bool = False
    meter: MeterIdentity | None = None
    candidates: tuple[Candidate, ...] = ()


class _Seen:
    """What one trial saw."""

    def __init__(self, since: float = 0.0) -> None:
        self.received: Counter[int] = Counter()
        self.kept = bytearray()
        self.since = since
        self.burst = 0
        self.bursts = 0
        self.frame: Frame | None = None


class DetectSession:
    """Listens at one setting after the other until a frame tells; `finding` is the answer, None until then."""

    def __init__(
        self, catalogue: Catalogue, trials: tuple[Trial, ...] = TRIALS
    ) -> None:
        """Prepare to try these settings in this order."""
        self.finding: Finding | None = None
        self.progress = 0
        self._catalogue = catalogue
        self._trials = trials
        self._receiver = Receiver(SELF_EVIDENT, Context())
        self._all = Counter[int]()
        self._inverted = False
        self._stranger: Finding | None = None
        self._seen = _Seen()

    @property
    def wake_at(self) -> float | None:
        """When the trial ends or a pause is to be judged."""
        if self.finding is not None:
            return None
        ends = self._seen.since + self._trials[self.progress].patience
        idle = self._receiver.idle_at
        return ends if idle is None else idle

    @property
    def state(self) -> SessionState:
        """Nothing is remembered."""
        return SessionState()

    @property
    def statistics(self) -> LinkStatistics:
        """What was seen so far, at all settings."""
        return self._receiver.statistics

    @property
    def line(self) -> LineSettings:
        """The settings listened at now."""
        return self._trials[self.progress].line

    def start(self, at: float) -> tuple[Output, ...]:
        """Begin with the likeliest settings, or again with the current ones."""
        self._seen = _Seen(since=at)
        return (SetLine(self.line),)

    def receive(self, data: bytes, at: float) -> tuple[Output, ...]:
        """Take bytes; the first frame decides."""
        self._seen.received.update(data)
        self._seen.kept += data[: KEPT_BYTES - len(self._seen.kept)]
        self._seen.burst += len(data)
        items = self._receiver.frames(data, at)
        reply = acknowledgement(items) if not self._receiver.holding else ()
        self._decide(items, at)
        endless = at >= self._seen.since + 2 * self._trials[self.progress].patience
        return self._next(at) if endless and self.finding is None else reply

    def wake(self, at: float) -> tuple[Output, ...]:
        """Judge a pause; go on to the next settings when the time is up or bursts held no telegram.

        What has begun to arrive is heard to its end.
        """
        self._decide(self._receiver.idle(at), at)
        if self.finding is not None:
            return ()
        spent = at >= self._seen.since + self._trials[self.progress].patience
        quiet = self._receiver.idle_at is None
        if quiet and self._seen.burst >= BURST_BYTES:
            self._seen.burst, self._seen.bursts = 0, self._seen.bursts + 1
        if quiet and (spent or self._seen.bursts >= MOST_BURSTS):
            return self._next(at)
        return ()

    def _next(self, at: float) -> tuple[Output, ...]:
        self._all.update(self._seen.received)
        if self.line.parity is Parity.NONE:
            self._inverted |= looks_inverted(bytes(self._seen.kept))
        if self.progress + 1 == len(self._trials):
            verdict = Verdict.BREAK if self._inverted else _hopeless(self._all)
            self.finding = self._stranger or Finding(verdict)
            return ()
        self.progress += 1
        self._receiver.reset()
        return self.start(at)

    def _decide(self, items: Iterable[Frame | Fault], at: float) -> None:
        """Decide by the first telegram that some row of the catalogue sends.

        What began in mid-telegram decides nothing: a segment without its first one is only damage, and bytes inside of
        a frame may look like another.
        """
        if self.finding is not None:
            return
        frames = [item for item in items if isinstance(item, Frame)]
        self._seen.frame = self._seen.frame or next(iter(frames), None)
        results = [r for r in self._receiver.read(frames, at) if _tells(r)]
        frame = self._seen.frame
        if frame is None or not (results or is_search(frame)):
            return
        if any(isinstance(r, Fault) and r.kind is FaultKind.INACTIVE for r in results):
            self.finding = Finding(Verdict.INACTIVE, self.line, frame.link)
            return
        found = self._found(frame, results)
        self._seen.frame = None
        if found.candidates:
            self.finding = found
        elif frame.check_bits:
            self._stranger = self._stranger or found

    def _found(self, frame: Frame, results: list[Reading | Fault]) -> Finding:
        meter = next((result.meter for result in results if result.meter), None)
        acknowledged = of_meter(frame)
        encrypted = acknowledged or any(
            isinstance(result, Fault) and result.kind is FaultKind.KEY
            for result in results
        )
        kind = SessionKind.ACKNOWLEDGED if acknowledged else SessionKind.PUSH
        rows = [
            Candidate(operator, offer)
            for operator in self._catalogue.operators.values()
            for offer in operator.offers
            if offer.profile.session is kind
            and frame.link in offer.profile.links
            and _keys_fit(offer, encrypted=encrypted)
            and _same_maker(offer, meter)
        ]
        line = self._line_of(rows)
        candidates = tuple(row for row in rows if row.offer.profile.line == line)
        return Finding(Verdict.FOUND, line, frame.link, encrypted, meter, candidates)

    def _line_of(self, rows: list[Candidate]) -> LineSettings:
        """Return the settings now, or those of the same speed where only they have candidates.

        A receiver that does not check parity hears the same bytes with and without it.
        """
        lines = [row.offer.profile.line for row in rows]
        if self.line in lines:
            return self.line
        return next(
            (line for line in lines if line and line.baud == self.line.baud), self.line
        )


# FLAG letters at the beginning of a system title and the makers' names in the catalogue.
_MAKERS = {
    "KFM": "Kaifa",
    "SAG": "Sagemcom",
    "ELS": "Honeywell",
    "SMS": "Siemens",
    "ISK": "Iskra",
    "LGZ": "Landis+Gyr",
    "KAM": "Kamstrup",
    "SAM": "Siemens",
}


def _same_maker(offer: Offer, meter: MeterIdentity | None) -> bool:
    """Tell whether a system title speaks for this make; unknown letters speak for all."""
    letters = (
        bytes.fromhex(meter.title)[:3].decode("latin-1").upper()
        if meter and meter.title
        else ""
    )
    maker = _MAKERS.get(letters)
    return maker is None or offer.meter.manufacturer == maker


def _keys_fit(offer: Offer, *, encrypted: bool) -> bool:
    """Tell whether the row may send so: some operators leave it to the customer, or to the meter, to encrypt."""
    keys = offer.profile.keys
    return bool(keys) if encrypted else not any(key.required for key in keys)


# Faults that a whole telegram gives; the others are damage.
_TELLING = frozenset(
    {
        FaultKind.KEY,
        FaultKind.AUTHENTICATION,
        FaultKind.INACTIVE,
        FaultKind.LAYOUT,
        FaultKind.UNSUPPORTED,
    }
)


def _tells(result: Reading | Fault) -> bool:
    return isinstance(result, Reading) or result.kind in _TELLING


def _hopeless(received: Counter[int]) -> Verdict:
    total = received.total()
    if not total:
        return Verdict.NOTHING
    return (
        Verdict.BREAK
        if (received[0x00] + received[0xFF]) / total > 0.8
        else Verdict.GARBAGE
    )
