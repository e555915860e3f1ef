"""Sessions that know the shape of their meter's telegrams: they say and remember what those say that know nothing.

The first byte chooses a format, then each six bytes tell of one telegram of a run:

    what and when | where the change lies | place (2) | value | what else happens

Two sound telegrams go before, so that there is something to be quick by. What is said of a telegram with one byte
changed, doubled, late, old, or of another key must be what an undamaged telegram of the run says.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from customer_interface.decode import decode
from customer_interface.keys import Key, KeyRing
from customer_interface.link.wmbus import parse_raw
from customer_interface.reading import Fault, Link, Reading
from customer_interface.session.base import KeyedSession, Output
from customer_interface.session.receiver import Receiver, context_of
from tests.spoilt import Row, Sender, Spoil
from tests.ways import at_once, carried, listen, remembered

AT = 1_790_000_000.0
ROWS: tuple[Row, ...] = (
    ("tinetz", "kaifa-ma309m"),
    ("netz-noe", "kaifa-ma309m"),
    ("wiener-netze", "iskra-am550"),
    ("stadtwerke", "kamstrup-omnipower"),
    ("nl-p1", "dsmr-5"),
    ("be-fluvius", "sagemcom-t211"),
    ("netz-ooe", "siemens-td3511"),
    ("linz-netz", "nes-gen4"),
    ("mbus-master", "mbus-heat"),
    ("no-han", "aidon"),
    ("kaernten-netz", "iskra-am550"),
)
SIZE = 6
LONGEST_RUN = 24
OTHER_KEYS = KeyRing((Key(b"some other key.."),))
# How many telegrams later the next one comes: an old one's frame counter goes back, a late one's numbers jump.
STEPS = (1, 1, 1, 1, 0, -1, 2, 400)
PAUSES = (0.0, 0.02, 0.2, 0.5)
AROUND = (b"", b"\x7e", b"\r\n", b"noise")


class Part(NamedTuple):
    """One telegram of a run, as six bytes tell of it."""

    what: int
    where: int
    place: int
    value: int
    event: int

    @property
    def step(self) -> int:
        """How many telegrams later it comes."""
        return STEPS[self.what >> 3 & 7]

    @property
    def is_proof(self) -> bool:
        """Whether every check finds the change: there is none, or one byte is another, and no check was made right."""
        return self.what & 7 < 2 and self.where & 3 in (0, 3)

    @property
    def pieces(self) -> int:
        """The size of the pieces it comes in, 0 where it comes at once."""
        return 8 * (self.event >> 3)

    @property
    def pause(self) -> float:
        """Seconds before each piece."""
        return PAUSES[self.where >> 2 & 3]

    def spoil(self, data: bytes) -> bytes:
        """Return bytes with a change at one place."""
        at = self.place * len(data) >> 16
        size = 1 + self.value % 16
        changed = data[at : at + 2]
        match self.what & 7:
            case 1 if changed:
                return data[:at] + bytes((changed[0] ^ self.value,)) + data[at + 1 :]
            case 2:
                return data[:at] + data[at + size :]
            case 3:
                return data[: at + size] + data[at:]
            case 4:
                return data[:at] + bytes((self.value,)) + data[at:]
            case 5:
                return data[:at]
            case 6 if len(changed) == 2:
                # A sum of 8 bits stays the same.
                up, down = changed[0] + self.value, changed[1] - self.value
                return data[:at] + bytes((up & 0xFF, down & 0xFF)) + data[at + 2 :]
            case 7:
                return data[:at] + bytes((self.value,)) * size + data[at + size :]
        return data


class Format:
    """The telegrams of one row by their number."""

    def __init__(self, row: Row) -> None:
        """Take its meter."""
        self.sender = Sender(row)

    def at(self, number: int) -> float:
        """Return when a telegram is sent."""
        return AT + number * self.sender.interval

    @lru_cache(maxsize=1_024)
    def sound(self, number: int) -> bytes:
        """Return a telegram as the meter sends it."""
        return self.sender.sound(self.at(number))

    @lru_cache(maxsize=1_024)
    def says(self, number: int) -> tuple[Reading, ...]:
        """Return what a telegram says, as it is decoded by itself."""
        profile, ring = self.sender.profile, self.sender.ring
        data = self.sound(number)
        if Link.WMBUS not in profile.links:
            said = decode(data, ring, profile=profile)
        else:
            receiver = Receiver(profile.links, context_of(profile, ring))
            said = iter(receiver.read([parse_raw(data, "a")], 0.0))
        return tuple(item for item in said if isinstance(item, Reading))

    def spoilt(self, number: int, part: Part) -> bytes:
        """Return a telegram with the change of a part, where the part wants it."""
        ways = self.sender.ways
        match part.where & 3:
            case 3:
                return part.spoil(self.sender.with_another_key(self.at(number)))
            case 0:
                return part.spoil(self.sound(number))
            case way if ways:
                spoil: Spoil = part.spoil
                return ways[way % len(ways)](self.at(number), spoil)
        return self.sound(number)


FORMATS = tuple(map(Format, ROWS))


def _seeds() -> Iterator[bytes]:
    """Yield runs of each format that touch each kind of change, and what else may happen."""
    usual = bytes(SIZE)
    for number in range(len(ROWS)):
        yield bytes((number,)) + 6 * usual
        yield bytes((number,)) + b"".join(
            bytes((what, where, 0x90, 7 * what, 0x55, 0)) + usual
            for where in (0, 1, 2)
            for what in range(1, 5)
        )
        yield bytes((number,)) + b"".join(
            bytes((what, 4 * what & 0x0C, 0x60, 1, 0x21, event)) + usual
            for what, event in ((0x20, 0), (0x28, 4), (0x30, 0x48), (0x38, 5), (5, 7))
        )
        yield bytes((number,)) + usual + bytes((0, 3, 0, 0, 0, 6)) + 3 * usual


SEEDS = tuple(_seeds())


def fuzz(data: bytes) -> None:
    """Let a run come to pass."""
    run(data)


def run(data: bytes) -> int:
    """Let a run come to pass, and return how many of its telegrams were read by their shape."""
    if not data:
        return 0
    form = FORMATS[data[0] % len(FORMATS)]
    sender = form.sender
    quick, long = (
        listen(sender.profile, sender.ring, AT, shapes=shapes)
        for shapes in (True, False)
    )
    sound: list[Reading] = []
    proof, number, at = True, 0, AT
    for part in _parts(data):
        number = max(0, number + part.step)
        at += max(sender.interval * part.step, 0.1)
        proof &= part.is_proof
        sound = [*sound[-40:], *form.says(number)]
        for piece, pause in _pieces(form, number, part):
            at += pause
            said = quick.receive(piece, at)
            assert said == long.receive(piece, at)
            _check(said, sound if proof else None)
        at += _happens(part, form, quick, long, at)
    assert remembered(quick) == remembered(long)
    return at_once(quick)


def _parts(data: bytes) -> Iterator[Part]:
    yield from (Part(0, 0, 0, 0, 0),) * 2
    for start in range(1, min(len(data), 1 + SIZE * LONGEST_RUN) - SIZE + 1, SIZE):
        what, where, high, low, value, event = data[start : start + SIZE]
        yield Part(what, where, high << 8 | low, value, event)


def _pieces(form: Format, number: int, part: Part) -> Iterator[tuple[bytes, float]]:
    """Yield the bytes of a telegram as they arrive, and the pause before each piece."""
    telegram = carried(form.sender.profile, form.spoilt(number, part))
    doubled = 2 if part.what & 0x40 else 1
    sent = AROUND[part.where >> 4 & 3] + telegram * doubled
    size = part.pieces or len(sent) or 1
    for start in range(0, len(sent), size):
        yield sent[start : start + size], part.pause


def _happens(
    part: Part, form: Format, quick: KeyedSession, long: KeyedSession, at: float
) -> float:
    """Look at what is to be stored, exchange the keys, or wait; return the seconds that takes."""
    match part.event & 7:
        case 4:
            assert quick.state == long.state
        case 5 | 6 as which:
            keys = OTHER_KEYS if which == 5 else KeyRing(*form.sender.ring)
            quick.use_keys(keys)
            long.use_keys(keys)
        case 7:
            assert quick.wake(at + 1) == long.wake(at + 1)
            return 1.0
    return 0.0


def _check(outputs: tuple[Output, ...], sound: list[Reading] | None) -> None:
    """Assert that nothing is read but what sound telegrams said, where these are given."""
    for output in outputs:
        if isinstance(output, Fault):
            assert len(output.detail) < 2_500
        elif isinstance(output, Reading) and sound is not None:
            assert any(_says(output, said) for said in sound), output


def _says(reading: Reading, said: Reading) -> bool:
    return (
        reading.meter.channel == said.meter.channel
        and reading.values.items() <= said.values.items()
        and all(record in said.records for record in reading.records)
    )
