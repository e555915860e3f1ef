"""What was sent and what arrived: each reading sent whole arrives once, and nothing that was not sent."""

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from customer_interface.reading import Reading

from .weather import Damage

RECENT = 4  # transmissions a reading may come from
PATIENCE = 0.5  # seconds after its last byte until a transmission is read


@dataclass(slots=True)
class Entry:
    """One transmission: what it says, whether it must arrive, and how often each of its readings did."""

    said: tuple[Reading, ...]
    damage: Damage
    expected: bool
    until: float
    truth: Callable[[], tuple[Reading, ...]]
    """What its bytes say before the line spoils them, by the decoder itself."""
    arrived: Counter[tuple[int, int]] = field(default_factory=Counter)
    """How often, by session and place in `said`: who starts anew may take a repetition for news."""
    whole: Counter[tuple[int, int]] = field(default_factory=Counter)
    """How often with all its values: what was held back comes with a repetition."""
    session: int = 0


@dataclass(slots=True)
class Ledger:
    """Counts; `once` is False where readings are not those of single transmissions."""

    once: bool = True
    sent: int = 0
    whole: int = 0
    arrived: int = 0
    missed: int = 0
    longest_miss: int = 0
    doubled: int = 0
    wrong_readings: int = 0
    wrong_values: int = 0
    withheld: int = 0
    notes: deque[str] = field(default_factory=lambda: deque(maxlen=20))
    _recent: deque[Entry] = field(default_factory=deque)
    _last: dict[tuple[int, int], Reading] = field(default_factory=dict)
    _session: int = 0
    _missing: int = 0

    def send(self, entry: Entry) -> None:
        """Enter a transmission; the oldest of the recent ones is judged."""
        self.sent += 1
        entry.session = self._session
        self._recent.append(entry)
        if len(self._recent) > RECENT:
            self._judge(self._recent.popleft())

    def restart(self, at: float) -> None:
        """Expect nothing of what is on its way: who listened is gone, who listens now may take the last again."""
        self._session += 1
        for entry in self._recent:
            entry.expected &= entry.until + PATIENCE < at

    def finish(self) -> None:
        """Judge what is left."""
        while self._recent:
            self._judge(self._recent.popleft())
        self._last.clear()

    def receive(self, reading: Reading) -> None:
        """Enter a reading."""
        self.arrived += 1
        source = self._source(reading)
        if source is not None:
            entry, number = source
            entry.session = self._session
            withheld = len(entry.said[number].values.keys() - reading.values)
            self.withheld += withheld * self.once
            entry.arrived[self._session, number] += 1
            entry.whole[self._session, number] += not withheld
            return
        self.wrong_readings += 1
        wrong = min(
            (
                differing
                for entry in self._recent
                for said in entry.said
                if (differing := self._differing(reading, said)) is not None
            ),
            key=len,
            default=[f"a meter unheard of: {reading.meter.key}"],
        )
        self.wrong_values += len(wrong)
        self.notes.append(f"wrong: {', '.join(wrong)}")

    def _source(self, reading: Reading) -> tuple[Entry, int] | None:
        """Return the transmission a reading is from, the newest that has not arrived yet first."""
        fitting = [
            (entry, number)
            for entry in reversed(self._recent)
            for number, said in enumerate(entry.said)
            if self._differing(reading, said) == [] and _vouched(reading, entry)
        ]
        return min(
            fitting,
            key=lambda place: place[0].arrived[self._session, place[1]],
            default=None,
        )

    def _differing(self, reading: Reading, said: Reading) -> list[str] | None:
        """Return where a reading is not what was said, None where it is of another meter."""
        if reading.meter.channel != said.meter.channel:
            return None
        if said.meter.number is not None and reading.meter.number != said.meter.number:
            return None
        wrong = [
            f"{code} {value.value} not {said.values[code].value}"
            for code, value in reading.values.items()
            if code in said.values and value != said.values[code]
        ]
        if self.once and not _same_clock(reading.time, said.time):
            wrong.append(f"time {reading.time} not {said.time}")
        return wrong

    def _judge(self, entry: Entry) -> None:
        for number, said in enumerate(entry.said):
            place = entry.session, said.meter.channel
            known = _content(self._last.get(place)) == _content(said)
            times = _most(entry.whole, number)
            self._check_once(said, times + known)
            if not known:
                self._check_arrived(
                    entry, said, arrived=_most(entry.arrived, number) > 0
                )
            if times:
                self._last[place] = said

    def _check_once(self, said: Reading, times: int) -> None:
        marked = said.time is not None or said.counter is not None
        if self.once and times > 1 and marked:
            self.doubled += 1
            self.notes.append(f"{times} times: {said.meter.key} {said.time}")

    def _check_arrived(self, entry: Entry, said: Reading, *, arrived: bool) -> None:
        if not (self.once and entry.expected):
            return
        self.whole += 1
        self._missing = 0 if arrived else self._missing + 1
        self.missed += not arrived
        self.longest_miss = max(self.longest_miss, self._missing)
        if not arrived:
            self.notes.append(f"missed: {said.meter.key} {said.time} {said.counter}")


def _most(times: Counter[tuple[int, int]], number: int) -> int:
    """Return how often one of an entry's readings came in one session, at the most."""
    return max((n for (_, place), n in times.items() if place == number), default=0)


def _content(reading: Reading | None) -> object:
    return reading and (reading.time, reading.values, reading.counter)


def _same_clock(read: datetime | None, said: datetime | None) -> bool:
    """Tell whether two clocks show the same, or mean the same where both know their offset."""
    if (
        read is None
        or said is None
        or read.replace(tzinfo=None) == said.replace(tzinfo=None)
    ):
        return True
    return read.tzinfo is not None and said.tzinfo is not None and read == said


def _vouched(reading: Reading, entry: Entry) -> bool:
    """Tell whether a reading from a damaged transmission says nothing but what the undamaged bytes say."""
    if not entry.damage.broken or entry.truth() is entry.said:
        return True
    return any(
        reading.values.items() <= truth.values.items()
        for truth in entry.truth()
        if truth.meter.channel == reading.meter.channel
    )
