"""Mutated telegrams of every format: `script/mutate [FORMAT]... [--count N]`.

Half of the mutants are telegrams whose bytes were changed, cut, filled in or swapped, so that their checks fail; the
other half were changed below a check that was then made right again: below the link's checksum, and below the cipher.
Nothing may raise or hang, and of the first half nothing may be read but what the telegram says, unless the check fits
by chance: then it is verified again, by other means. Wrong keys must open nothing.

Then as many mutants come in runs, each between sound telegrams: a session that knows the shape of these has to say of all
of them what one says that knows none.
"""

import argparse
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from copy import replace
from dataclasses import dataclass
from functools import partial
from itertools import chain, cycle
import multiprocessing
from random import Random
import resource
import signal
import sys
import time

from customer_interface.catalogue import layouts
from customer_interface.keys import Key, KeyRing
from customer_interface.link import links_for
from customer_interface.link.deframer import Deframer
from customer_interface.link.wmbus import parse_raw
from customer_interface.plausibility import Limits
from customer_interface.reading import Fault, Frame, Link, Reading
from customer_interface.security.mep import digest, open_reply
from customer_interface.session.base import SessionState
from customer_interface.session.belief import Belief
from customer_interface.session.receiver import Receiver
from customer_interface.simulate.radio import frame_a
from customer_interface.stack import Context
from tests.fuzz import fuzz_mep
from tests.fuzz.driver import mutate
from tests.fuzz.fuzz_deframer import prove
from tests.spoilt import Row, Sender
from tests.ways import at_once, carried, listen

from .day import MOMENTS

AT = MOMENTS[0]
SLOWEST = 10  # seconds one telegram may take
LONGEST_BODY = 255  # what the length of an M-Bus frame can count
COUNT, KEYS = 100_000, 5_000
WARM = 100  # telegrams until all that is loaded late is loaded
LONGEST_RUN = 60  # telegrams until a run begins again

FORMATS: dict[str, Row] = {
    "M-Bus, DLMS, encrypted": ("netz-noe", "kaifa-ma309m"),
    "M-Bus, OMS mode 5 (AMIS)": ("netz-ooe", "siemens-td3511"),
    "M-Bus, plain records": ("mbus-master", "mbus-heat"),
    "M-Bus, DSMR P2 mode 15": ("nl-p2", "p2-gas"),
    "HDLC, positional list, encrypted": ("wiener-netze", "siemens-im350"),
    "HDLC, described list, tag": ("stadtwerke", "lg-e451"),
    "HDLC, block transfer, tag": ("energienetze-steiermark", "lg-e450"),
    "HDLC, Kamstrup, tag": ("stadtwerke", "kamstrup-omnipower"),
    "HDLC, plain list": ("no-han", "aidon"),
    "HDLC or bare, plain": ("cz-egd", "sagemcom-xt211"),
    "bare, P1 text, tag": ("energienetze-steiermark", "sagemcom-t210d"),
    "bare, P1 text, encrypted": ("lu-smarty", "sagemcom-t210d"),
    "P1, lines encrypted (Poland)": ("pl-p1", "elgama-gama350"),
    "P1, DSMR 5": ("nl-p1", "dsmr-5"),
    "P1, DSMR 2 without checksum": ("nl-p1", "dsmr-2"),
    "SML": ("de-sml", "sml-meter"),
    "wireless M-Bus format A, mode 5": ("linz-netz", "nes-gen4"),
    "MEP": ("linz-netz", "nes-mtr3000"),
}


def mutant(data: bytes, random: Random) -> bytes:
    """Return a telegram with bits flipped, pieces left out, filled in or swapped, or its end cut off."""
    match random.randrange(8):
        case 0:
            return data[: random.randrange(len(data))]
        case 1:
            first, second, third = sorted(random.choices(range(len(data) + 1), k=3))
            return data[:first] + data[second:third] + data[first:second] + data[third:]
        case _:
            return mutate(data, [data], random)


class Run:
    """Sound telegrams and mutants in turn, heard by a session that knows shapes and by one that knows none."""

    def __init__(self, sender: Sender) -> None:
        """Take the meter that sends them."""
        self._sender = sender
        self._sound: dict[int, bytes] = {}
        self.begin()

    def begin(self) -> bool:
        """Begin anew; tell whether the second telegram is read by its shape, or the one behind it."""
        sender = self._sender
        self._quick, self._long = (
            listen(sender.profile, sender.ring, AT, shapes=shapes)
            for shapes in (True, False)
        )
        self._number = 0
        self.hear_sound()
        return self.hear_sound() or self.hear_sound()

    @property
    def over(self) -> bool:
        """Whether it is time to begin anew."""
        return self._number > LONGEST_RUN

    @property
    def _at(self) -> float:
        return AT + self._number * self._sender.interval

    def hear_sound(self) -> bool:
        """Hear the next telegram as it is sent, and tell whether it was read by its shape."""
        if self._number not in self._sound:
            self._sound[self._number] = self._sender.sound(self._at)
        before = at_once(self._quick)
        self._hear(self._sound[self._number])
        return at_once(self._quick) > before

    def hear_mutant(self, random: Random, layer: int) -> None:
        """Hear a mutant of the next telegram: of all of it, or of what is below a check."""
        way, *_ = self._sender.ways[layer - 1 : layer] or (None,)

        def spoil(data: bytes) -> bytes:
            return mutant(data, random)

        sound = self._sender.sound
        self._hear(way(self._at, spoil) if way else spoil(sound(self._at)))

    def _hear(self, telegram: bytes) -> None:
        data, at = carried(self._sender.profile, telegram), self._at
        for hear in (
            lambda session: session.receive(data, at),
            lambda session: session.wake(at + 1.0),
            lambda session: session.state,
        ):
            quick, long = hear(self._quick), hear(self._long)
            if quick != long:
                raise AssertionError(f"by shape {quick}, else {long}: {data.hex()}")
        self._number += 1


class Format:
    """A format by an example: its undamaged telegram, its mutants, and how they are read."""

    def __init__(self, row: Row) -> None:
        """Take the meter of a row for the example."""
        self._sender = Sender(row)
        self._profile = self._sender.profile
        self._known = layouts(self._profile.layouts)
        self.ring = self._sender.ring
        self.telegram = self._sender.sound(AT)
        self._said = self.read(self.telegram, self.ring)
        if not any(isinstance(item, Reading) for item in self._said):
            raise AssertionError(f"the telegram of {row} is not read: {self._said}")

    def read(self, data: bytes, ring: KeyRing) -> list[Reading | Fault]:
        """Read bytes as they come from the line, or from the stick."""
        receiver = Receiver(self._profile.links, Context(ring, self._known))
        if Link.WMBUS in self._profile.links:
            return receiver.read([parse_raw(data, "a")], 0.0)
        return receiver.receive(data, 0.0) + receiver.finish(0.0)

    def news(self, data: bytes) -> list[Reading]:
        """Return the readings of a mutant that say anything the telegram does not."""
        said = [item for item in self._said if isinstance(item, Reading)]
        return [
            item
            for item in self.read(data, self.ring)
            if isinstance(item, Reading)
            and not any(_says(item, reading) for reading in said)
        ]

    def believed(self, news: list[Reading]) -> bool:
        """Whether a session that had the telegram believes what a mutant says one interval later."""
        belief = Belief(SessionState(), Limits(), self.ring)
        said = [item for item in self._said if isinstance(item, Reading)]
        for reading in said:
            belief.judge(reading, AT - self._sender.interval)
        return any(
            isinstance(output, Reading)
            and (output.values or output.records)
            and not any(_says(output, reading) for reading in said)
            for reading in news
            for output in belief.judge(reading, AT)
        )

    def unproven(self, data: bytes) -> bool:
        """Whether any frame that is passed up lacks its checksum, by another look than the deframer's."""
        links = links_for(self._profile.links)
        deframer = Deframer(links)
        try:
            for item in deframer.feed(data) + deframer.flush():
                if isinstance(item, Frame):
                    prove(item, data)
        except AssertionError:
            return True
        return Link.WMBUS in self._profile.links and not _sound_a(data)

    def made_right(self) -> tuple[Callable[[Random], bytes], ...]:
        """Return the ways to change what lies below a check and to make the check right again."""
        return tuple(
            partial(self._spoilt, way) for way in range(len(self._sender.ways))
        )

    def run(self) -> Run | None:
        """Return a run of its telegrams, None where nothing of them has a shape."""
        run = Run(self._sender)
        return run if run.begin() else None

    def _spoilt(self, way: int, random: Random) -> bytes:
        return self._sender.ways[way](AT, lambda data: mutant(data, random))


def _says(reading: Reading, clean: Reading) -> bool:
    return reading.meter.channel == clean.meter.channel and (
        reading.values.items() <= clean.values.items()
        and all(record in clean.records for record in reading.records)
    )


def _sound_a(data: bytes) -> bool:
    """Whether the blocks of a frame in format A have their CRCs: taken apart and put together again."""
    bare, at = bytearray(), 0
    size = data[0] + 1 if data else 0
    while len(bare) < size and at < len(data):
        block = min(10 if not bare else 16, size - len(bare))
        bare += data[at : at + block]
        at += block + 2
    return data.startswith(frame_a(bytes(bare)))


class MepFormat:
    """Replies of a NES meter: to be opened with a digest that fails, and in a session with one that was made right."""

    request = b"\x3f\x00\x17\x00\x00\x00\x00\x04\x01\x02\x03\x04"
    key = bytes(range(16))

    def __init__(self) -> None:
        """Make a reply."""
        message = b"\x00\x00\x04\x00\x01\x02\x03"
        self.telegram = message + digest(self.key, self.request + message)
        self.ring = KeyRing((Key(self.key),))

    def read(self, data: bytes, ring: KeyRing) -> list[Reading | Fault]:
        """Open a reply; what opens counts as a reading."""
        opened = [
            open_reply(key.secret, self.request, data, encrypted=encrypted)
            for key in ring.keys
            for encrypted in (False, True)
        ]
        return [item if isinstance(item, Fault) else Reading() for item in opened]

    def news(self, data: bytes) -> list[Reading]:
        """Return what opens though it is not the reply."""
        if data == self.telegram:
            return []
        return [it for it in self.read(data, self.ring) if isinstance(it, Reading)]

    def believed(self, news: list[Reading]) -> bool:
        """Whether it is believed: there is no more to judge it by."""
        return bool(news)

    def unproven(self, data: bytes) -> bool:
        """Whether the digest of what opens does not fit."""
        return True

    def made_right(self) -> tuple[Callable[[Random], bytes], ...]:
        """Return bytes for a session that gives them digests that fit."""

        def conversed(random: Random) -> bytes:
            fuzz_mep.fuzz(mutant(random.choice(fuzz_mep.SEEDS), random))
            return b""

        return (conversed,)

    def run(self) -> None:
        """There are no shapes of replies."""


@dataclass(slots=True)
class Tally:
    """What came of the mutants of one format.

    `in_runs` are mutants between sound telegrams, of which so many were read `at_once`.
    `passed` said something new though damaged: their check fitted by chance, or there is none; of these a session that
    had the telegram before `believed` some, and `unsound` had a check that did not fit. `slowest` is seconds of processor time, `grown` how many kB more the process needed at its peak
    than after the first telegrams.
    """

    name: str
    broken: int = 0
    right: int = 0
    passed: int = 0
    believed: int = 0
    unsound: int = 0
    wrong_keys: int = 0
    opened: int = 0
    in_runs: int = 0
    at_once: int = 0
    slowest: float = 0.0
    grown: int = 0
    raised: str = ""

    @property
    def held(self) -> bool:
        """Whether nothing raised, nothing unsound was read, and no wrong key opened anything."""
        return not (self.raised or self.unsound or self.opened)


def open_format(name: str) -> Format | MepFormat:
    """Return a format by its name."""
    return MepFormat() if name == "MEP" else Format(FORMATS[name])


def try_format(name: str, count: int, keys: int, seed: int = 1) -> Tally:
    """Read mutants of one format, half broken and half made right, and telegrams with wrong keys."""
    form, random, tally = open_format(name), Random(f"{name} {seed}"), Tally(name)
    memory = 0
    before = signal.signal(signal.SIGALRM, _too_slow)
    try:
        steps = chain(
            _broken(form, random, tally, count - count // 2),
            _right(form, random, tally, count // 2),
            _wrong_keys(form, random, tally, keys),
            _in_runs(form, random, tally, count),
        )
        for number, step in enumerate(steps):
            signal.alarm(SLOWEST)
            began = time.process_time()
            step()
            if number <= WARM:
                memory = _most_memory()
                continue
            tally.slowest = max(tally.slowest, time.process_time() - began)
    except Exception as error:  # noqa: BLE001 - that is what is looked for
        tally.raised = repr(error)
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
    tally.grown = _most_memory() - memory
    return tally


def _most_memory() -> int:
    """Return the most memory this process ever had, in kB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _too_slow(_signal: int, _frame: object) -> None:
    raise TimeoutError(f"one telegram took longer than {SLOWEST} s")


type _Step = Callable[[], None]
type _Form = Format | MepFormat


def _broken(form: _Form, random: Random, tally: Tally, count: int) -> Iterator[_Step]:
    def step() -> None:
        data = mutant(form.telegram, random)
        tally.broken += 1
        if news := form.news(data):
            tally.passed += 1
            tally.believed += form.believed(news)
            tally.unsound += form.unproven(data)

    return (step for _ in range(count))


def _right(form: _Form, random: Random, tally: Tally, count: int) -> Iterator[_Step]:
    ways = form.made_right()

    def step(way: Callable[[Random], bytes]) -> None:
        form.read(way(random), form.ring)
        tally.right += 1

    chosen = zip(range(count), cycle(ways)) if ways else ()
    return (partial(step, way) for _, way in chosen)


def _wrong_keys(
    form: _Form, random: Random, tally: Tally, count: int
) -> Iterator[_Step]:
    def step() -> None:
        ring = replace(form.ring, keys=(Key(random.randbytes(16)),))
        tally.wrong_keys += 1
        results = form.read(form.telegram, ring)
        tally.opened += any(isinstance(item, Reading) for item in results)

    return (step for _ in range(count if form.ring.keys else 0))


def _in_runs(form: _Form, random: Random, tally: Tally, count: int) -> Iterator[_Step]:
    run = form.run()
    if run is None:
        return
    layers = cycle((0, 1, 0, 2) if len(form.made_right()) > 1 else (0, 1))

    def step() -> None:
        run.hear_mutant(random, next(layers))
        tally.in_runs += 1
        # Behind a mutant one telegram may have to go the long way.
        quick = run.hear_sound() or run.hear_sound()
        tally.at_once += quick
        if run.over or not quick:
            run.begin()

    yield from (step for _ in range(count))


_COLUMNS = (
    "format",
    "held",
    "broken",
    "check fitted by chance",
    "of these believed",
    "read without a check that fits",
    "made right",
    "wrong keys",
    "opened",
    "in runs",
    "next read at once",
    "slowest ms",
    "memory grown kB",
)


def table_row(tally: Tally) -> tuple[str, ...]:
    """Return what came of a format in the order of the columns."""
    return (
        tally.name,
        "yes" if tally.held else f"NO {tally.raised}",
        *map(str, (tally.broken, tally.passed, tally.believed)),
        *map(str, (tally.unsound, tally.right)),
        *map(str, (tally.wrong_keys, tally.opened)),
        *map(str, (tally.in_runs, tally.at_once)),
        f"{tally.slowest * 1_000:.0f}",
        str(tally.grown),
    )


def main() -> int:
    """Try the formats named, or all."""
    parser = argparse.ArgumentParser(prog="script/mutate", description=__doc__)
    parser.add_argument("format", nargs="*", help="all if none is named")
    parser.add_argument("--count", type=int, default=COUNT, help="mutants of each")
    parser.add_argument("--keys", type=int, default=KEYS, help="wrong keys for each")
    parser.add_argument("--processes", type=int, default=1)
    arguments = parser.parse_args()
    names = arguments.format or list(FORMATS)
    if unknown := set(names) - FORMATS.keys():
        parser.error(
            f"no such format: {', '.join(sorted(unknown))}; there are: {', '.join(FORMATS)}"
        )
    job = partial(try_format, count=arguments.count, keys=arguments.keys)
    print("| " + " | ".join(_COLUMNS) + " |")
    print("|" + " --- |" * len(_COLUMNS), flush=True)
    held = True
    with ProcessPoolExecutor(
        arguments.processes,
        multiprocessing.get_context("spawn"),
        max_tasks_per_child=1,
    ) as pool:
        for tally in pool.map(job, names):
            print("| " + " | ".join(table_row(tally)) + " |", flush=True)
            held &= tally.held
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
