"""The quick way says what the long way says: the same readings and faults, and the same is remembered."""

from functools import cache
from typing import NamedTuple
from unittest.mock import patch

from hypothesis import example, given, strategies as st
import pytest

from customer_interface.catalogue import SessionKind
from customer_interface.keys import Key, KeyRing
from customer_interface.reading import FaultKind, Reading
from customer_interface.simulate import ROWS
from tests.spoilt import Sender, profile_of
from tests.ways import carried, listen, remembered

AT = 1_790_000_000.0

METERS = {
    "/".join(row): Sender(row)
    for row in ROWS
    if profile_of(row).session is not SessionKind.MEP
}
QUICK = [
    "tinetz/kaifa-ma309m",
    "netz-noe/kaifa-ma309m",
    "stadtwerke/kamstrup-omnipower",
    "wiener-netze/iskra-am550",
    "nl-p1/dsmr-5",
    "be-fluvius/sagemcom-t211",
    "no-han/kamstrup-omnipower",
    "kaernten-netz/iskra-am550",
    "wels-strom/siemens-im350",
    "hr-hep/iskra-ie5",
]


@cache
def telegram(row, number):
    """Return the n-th telegram of a meter."""
    meter = METERS[row]
    return carried(meter.profile, meter.sound(AT + number * meter.interval))


def session(row, *, quick=True):
    """Return the session of a meter, with or without anything that is learned of shapes."""
    return listen(METERS[row].profile, METERS[row].ring, AT, shapes=quick)


class Part(NamedTuple):
    """One part of a story: how many intervals pass, and what becomes of the telegram that is sent then.

    `cuts` part it on its way, at parts of its length, with a pause before the next part in seconds.
    """

    intervals: int = 1
    damage: tuple[tuple[float, bytes], ...] = ()
    cuts: tuple[tuple[float, float], ...] = ()
    before: bytes = b""
    after: bytes = b""
    sent: str = "whole"
    event: str = ""


def parts(**chosen):
    """Return parts of a story in which these are chosen; all else is as usual."""
    return st.fixed_dictionaries(chosen).map(lambda fields: Part(**fields))


PLACE = st.floats(0, 1)
DAMAGE = st.tuples(PLACE, st.binary(min_size=1, max_size=3))
CUT = st.tuples(PLACE, st.sampled_from([0.0, 0.02, 0.5]))
AROUND = st.sampled_from([b"\x7e", b"\r\n", b"\xe5", b"\0" * 64, b"noise"])
PARTS = st.one_of(
    st.just(Part()),
    st.just(Part()),
    # No interval or a step back repeats, many make counters jump.
    parts(intervals=st.sampled_from([2, 0, -1, 30, 4_000])),
    parts(damage=st.tuples(DAMAGE)),
    parts(cuts=st.tuples(CUT)),
    parts(before=AROUND, cuts=st.tuples(CUT, CUT), intervals=st.sampled_from([0, 1])),
    parts(before=AROUND),
    parts(after=AROUND),
    parts(sent=st.sampled_from(["cut", "doubled", "another's"])),
    parts(event=st.sampled_from(["look", "keys", "other keys", "wake"])),
)
STORY = st.lists(PARTS, min_size=2, max_size=12)
# Lists are no texts: behind a damaged telegram the first text of a port is not one of another form than before.
TEXT_BEHIND_LISTS = [Part(damage=((0.5, b"\x00"),)), Part(sent="another's")]


def send(one, row, number):
    """Return what a session says to the n-th telegram of its meter."""
    return one.receive(telegram(row, number), AT + number * METERS[row].interval)


def damaged(data, damage):
    """Return data in which some bytes are others."""
    held = bytearray(data)
    for place, wrong in damage:
        start = int(place * (len(held) - len(wrong)))
        held[start : start + len(wrong)] = wrong
    return bytes(held)


def chunks(data, cuts):
    """Yield parts of data, each with the pause before it."""
    begin = 0
    for place, pause in [*sorted(cuts), (1.0, 0.0)]:
        end = int(place * len(data))
        yield data[begin:end], pause
        begin = end


def tell(story, row, *sessions):
    """Let the same happen to all sessions; yield what each says to each part of it."""
    number, at = 0, AT
    for part in (Part(), Part(), *story):
        number = max(0, number + part.intervals)
        at += max(METERS[row].interval * part.intervals, 0.1)
        data = damaged(telegram(row, number), part.damage)
        sent = {
            "whole": data,
            "cut": data[: len(data) // 2],
            "doubled": 2 * data,
            "another's": telegram(QUICK[number % len(QUICK)], number) + data,
        }[part.sent]
        for chunk, pause in chunks(part.before + sent + part.after, part.cuts):
            at += pause
            yield [one.receive(chunk, at) for one in sessions]
        for one in sessions:
            happens(one, part.event, row)
        if part.event == "wake":
            at += 1
            yield [one.wake(at) for one in sessions]


def happens(one, event, row):
    """Look at what is to be stored, or exchange the keys."""
    if event == "look":
        assert one.state
    elif event == "keys":
        one.use_keys(KeyRing(*METERS[row].ring))
    elif event == "other keys":
        one.use_keys(KeyRing((Key(b"some other key.."),)))


@pytest.mark.parametrize("row", QUICK)
def test_the_second_telegram_is_read_at_once(row):
    """One telegram is enough to know the next ones: nothing of them is taken apart."""
    one = session(row)
    assert all(isinstance(item, Reading) for item in send(one, row, 0))
    with patch.object(one._receiver, "frames", side_effect=AssertionError):
        for number in range(1, 8):
            reading, *_ = send(one, row, number)
            assert reading.values
            assert reading.arrived == AT + number * METERS[row].interval


@pytest.mark.parametrize("row", ["nl-p1/dsmr-5", "wiener-netze/iskra-am550"])
def test_a_telegram_that_comes_in_parts_is_read_at_once(row):
    """What is held back of a single frame counts as well."""
    one = session(row)
    send(one, row, 0)
    data, at = telegram(row, 1), AT + METERS[row].interval
    assert one.receive(data[:50], at) == ()
    assert one.receive(data[50:90], at) == ()
    with patch.object(one._receiver, "frames", side_effect=AssertionError):
        assert one.receive(data[90:], at)


def test_a_counter_that_jumps_goes_the_long_way():
    """What is beyond its margins since the last arrival is judged as ever, and the next telegram is read at once again."""
    row = "wiener-netze/iskra-am550"
    one = session(row)
    send(one, row, 0)
    with patch.object(one._receiver, "frames", wraps=one._receiver.frames) as frames:
        for number, at in ((40_000, AT + 1), (40_001, AT + 2)):
            assert one.receive(telegram(row, number), at)
    frames.assert_called_once()


def test_behind_a_telegram_of_which_nothing_is_believed_the_next_is_read():
    """The only value of a list cannot be: no register is left to go on with, and the next list is judged as ever."""
    row = "no-han/aidon"
    one = session(row)
    for number in (1, 2):
        assert send(one, row, number)
    spoilt = METERS[row].ways[0](
        AT + 3 * METERS[row].interval,
        lambda apdu: apdu[:-10] + b"\x7f\xff\xff\xff" + apdu[-6:],
    )
    reading, fault = one.receive(b"\r\n" + spoilt, AT + 3 * METERS[row].interval)
    assert not reading.values
    assert fault.kind is FaultKind.IMPLAUSIBLE
    (reading,) = send(one, row, 4)
    assert reading.values


@given(st.sampled_from(sorted(METERS)), STORY)
@example("hr-hep/iskra-ie5", TEXT_BEHIND_LISTS)
def test_the_long_way_says_the_same(row, story):
    """Whatever is damaged, cut, parted, doubled, late or repeated, and whatever happens in between."""
    quick, long = session(row), session(row, quick=False)
    for one, other in tell(story, row, quick, long):
        assert one == other
    assert remembered(quick) == remembered(long)
