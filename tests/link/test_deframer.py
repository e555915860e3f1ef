"""Hunting for frames of any link in a stream of bytes."""

from hypothesis import given, strategies as st
import pytest

from customer_interface.link import SELF_EVIDENT, links_for
from customer_interface.link.deframer import Deframer
from customer_interface.reading import Fault, FaultKind, Frame, Link

from .sml_vectors import SML
from .test_hdlc import make
from .vectors import (
    AMIS,
    AMIS_SEARCH,
    BARE,
    BARE_OTHER,
    GBT,
    HDLC,
    MBUS_ONE,
    NETZ_NOE,
    NORWAY,
    P1,
    long_frame,
)

ALL = links_for(SELF_EVIDENT)
SAMPLES = {
    "netz-noe": (NETZ_NOE, 2),
    "amis": (AMIS_SEARCH + AMIS, 2),
    "hdlc": (HDLC, 1),
    "gbt": (GBT, 2),
    "norway": (NORWAY, 1),
    "bare": (BARE, 1),
    "p1": (P1, 1),
}


def run(data: bytes, step: int | None = None) -> list[Frame | Fault]:
    """Feed everything, in steps, and end with a pause."""
    deframer = Deframer(ALL)
    items: list[Frame | Fault] = []
    for start in range(0, len(data), step or max(1, len(data))):
        items += deframer.feed(data[start : start + step] if step else data)
    items += deframer.flush()
    assert deframer.holding == 0
    return items


def frames(items: list[Frame | Fault]) -> list[Frame]:
    """Return the frames only."""
    return [item for item in items if isinstance(item, Frame)]


def kinds(items: list[Frame | Fault]) -> list[FaultKind]:
    """Return the kinds of the faults only."""
    return [item.kind for item in items if isinstance(item, Fault)]


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("step", [None, 1, 7, 64])
def test_whole_frames(name: str, step: int | None) -> None:
    """Frames come out whole and without faults, however their bytes arrive."""
    data, count = SAMPLES[name]
    items = run(data, step)
    assert len(frames(items)) == len(items) == count
    assert items == run(data)


@pytest.mark.parametrize("name", SAMPLES)
def test_at_once(name: str) -> None:
    """A sound frame does not wait for a pause."""
    data, count = SAMPLES[name]
    assert len(frames(Deframer(ALL).feed(data))) == count


@pytest.mark.parametrize("name", set(SAMPLES) - {"bare"})
def test_noise_around(name: str) -> None:
    """Noise before and behind is one fault each."""
    data, count = SAMPLES[name]
    items = run(b"\x99\x98\x97" + data + b"\x91\x92")
    assert len(frames(items)) == count
    assert kinds(items) == [FaultKind.NOISE, FaultKind.NOISE]


def test_every_link_in_one_stream() -> None:
    """Links can be mixed."""
    links = [
        frame.link for frame in frames(run(NETZ_NOE + HDLC + P1 + BARE + AMIS_SEARCH))
    ]
    assert links == [
        Link.MBUS,
        Link.MBUS,
        Link.HDLC,
        Link.P1,
        Link.BARE,
        Link.MBUS,
    ]


@pytest.mark.parametrize("name", SAMPLES)
def test_damage_and_the_next_frame(name: str) -> None:
    """No damaged byte gives a frame, and what follows is found, at the latest after a pause."""
    data, _ = SAMPLES[name]
    if name == "bare":
        pytest.skip("nothing checks a bare APDU but its tag")
    for position in range(len(data)):
        damaged = bytearray(data)
        damaged[position] ^= 0x04
        found = frames(run(bytes(damaged) + MBUS_ONE))
        assert found[-1] == frames(run(MBUS_ONE))[0], position
        sound = frames(run(data))
        assert all(frame in sound for frame in found[:-1]), position


@pytest.mark.parametrize("name", set(SAMPLES) - {"bare", "amis"})
def test_one_fault_for_a_damaged_frame(name: str) -> None:
    """A wrong bit in the content is one fault, named checksum."""
    data, count = SAMPLES[name]
    damaged = bytearray(data)
    damaged[40 if name == "hdlc" else 30] ^= 0x04
    items = run(bytes(damaged))
    assert kinds(items) == [FaultKind.CHECKSUM]
    assert len(frames(items)) == count - 1


@pytest.mark.parametrize("name", SAMPLES)
def test_cut_short(name: str) -> None:
    """What ends in the middle of a frame is truncated, and gives nothing."""
    data = SAMPLES[name][0]
    items = run(data[: len(data) - 12])
    assert kinds(items)[-1] is FaultKind.TRUNCATED


def test_frame_behind_a_false_start() -> None:
    """A false start swallows no sound frame for longer than a pause."""
    false_starts = bytes.fromhex("6850506853FF")
    items = run(false_starts + MBUS_ONE)
    assert len(frames(items)) == 1
    assert len(kinds(items)) == 1


def test_false_start_inside_a_damaged_frame() -> None:
    """What seems to begin inside a damaged frame is no second damaged frame."""
    data = make(b"\x03\x01", b"\xe6\xe7\x00\x0f" + bytes(20) + b"\x7e\xa1\x00\x03\x01")
    damaged = data[:15] + b"\x01" + data[16:]
    assert kinds(run(damaged)) == [FaultKind.CHECKSUM]


def test_false_start_covers_no_later_noise() -> None:
    """What follows a frame found inside a false start is told of again."""
    items = run(bytes.fromhex("68F0F068") + MBUS_ONE + b"\x99" * 3)
    assert kinds(items) == [FaultKind.TRUNCATED, FaultKind.NOISE]


def test_no_bare_apdu_from_the_ruins() -> None:
    """Start in the middle of an M-Bus frame: the ciphered APDU inside is no frame."""
    assert all(frame.link is Link.MBUS for frame in frames(run(NETZ_NOE[3:])))
    assert not frames(run(HDLC[5:]))


def test_bare_apdu_after_noise() -> None:
    """Behind noise a bare APDU counts when a pause or another one follows at once."""
    assert len(frames(run(b"\x99\x98" + BARE))) == 1
    assert len(frames(run(BARE[9:] + BARE_OTHER + BARE))) == 2
    assert not frames(run(b"\x99\x98" + BARE + b"\x01\x02\x03\x04"))


def test_flags_and_line_ends_are_no_noise() -> None:
    """Doubled flags, line ends and NULs between frames are not worth a word."""
    items = run(b"\x7e" + HDLC + b"\x7e" + HDLC + b"\r\n\0" + P1 + b"\0")
    assert len(items) == 3
    assert kinds(run(b"\0" * 65)) == [FaultKind.NOISE]


def test_shared_and_missing_flag() -> None:
    """One flag may serve two frames, and the first may be lost."""
    assert len(run(HDLC[:-1] + NORWAY)) == 2
    assert len(run(HDLC + NORWAY[1:])) == 2
    assert len(run(HDLC[1:])) == 1


def test_memory_is_bounded() -> None:
    """Neither noise nor an endless beginning is kept."""
    deframer = Deframer(ALL)
    for _ in range(100):
        deframer.feed(b"/ABC5 never ends\r\n" + b"1-0:1.8.0(1)\r\n" * 100)
        assert deframer.holding < 40_000
    items = [item for _ in range(100) for item in deframer.feed(b"\x99" * 1000)]
    assert all(isinstance(item, Fault) for item in items)
    assert deframer.holding < 40_000


def test_length_of_a_longer_body_in_two_pieces() -> None:
    """A frame longer than its length byte says is waited for, a damaged one given up in the pause."""
    body = bytes((0x53, 0xFF, 0x00, 0x01, 0x67)) + bytes(295)
    data = long_frame(body)
    deframer = Deframer(ALL)
    assert deframer.feed(data[:100]) == []
    (frame,) = deframer.feed(data[100:])
    assert isinstance(frame, Frame)
    assert frame.payload == body[2:]


GOOD = [NETZ_NOE, MBUS_ONE, AMIS, HDLC, NORWAY, GBT, P1, SML]
CUT = st.builds(
    lambda data, share: data[: int(len(data) * share)],
    st.sampled_from(GOOD),
    st.floats(0, 0.97),
)


@given(
    st.lists(
        st.tuples(st.sampled_from(GOOD), st.just(True))
        | st.tuples(st.binary(max_size=20) | CUT, st.just(False)),
        max_size=8,
    ),
    st.integers(1, 400),
)
def test_every_sound_frame_is_found(
    pieces: list[tuple[bytes, bool]], step: int
) -> None:
    """Between noise and what is left of damaged frames every sound frame is found, in order, at the latest in a pause."""
    found = iter(frames(run(b"".join(data for data, _ in pieces), step)))
    for data, sound in pieces:
        for frame in frames(run(data)) if sound else ():
            assert frame in found


def test_telegram_without_checksum_after_a_start_in_the_middle() -> None:
    """The end of one telegram does not hide the next."""
    old = b"/ISk5\\2MT382-1000\r\n\r\n1-0:1.8.1(12345.678*kWh)\r\n!\r\n"
    items = run(old[30:] + old + old)
    assert [frame.payload for frame in frames(items)] == [old[:-2]] * 2
    assert kinds(items) == [FaultKind.NOISE]


@given(
    st.lists(
        st.sampled_from(
            [*(s for s, _ in SAMPLES.values()), b"\x68", b"\x7e", b"/ABC5\r\n", b"\x1b"]
        )
        | st.binary(max_size=40)
    )
)
def test_anything(pieces: list[bytes]) -> None:
    """Nothing raises, and how the bytes are cut does not matter for the frames of a clean stream."""
    data = b"".join(pieces)
    for item in run(data, 13):
        assert isinstance(item, Frame | Fault)


@given(
    name=st.sampled_from(sorted(SAMPLES)),
    spoilt=st.lists(
        st.tuples(st.integers(0, 2_000), st.one_of(st.none(), st.binary(max_size=3))),
        max_size=3,
    ),
    sizes=st.lists(st.integers(1, 80), min_size=1, max_size=20),
)
def test_a_glance_changes_nothing(
    name: str, spoilt: list[tuple[int, bytes | None]], sizes: list[int]
) -> None:
    """Whoever asks `hold` first gets the same, at the same piece, of whole, damaged, cut and prolonged telegrams."""
    data = bytearray(SAMPLES[name][0] * 2)
    for position, put in spoilt:
        place = position % len(data)
        data[place : place + 1] = b"" if put is None else put
    glancing, looking = Deframer(ALL), Deframer(ALL)
    start = 0
    for size in sizes * (len(data) // sum(sizes) + 1):
        piece = bytes(data[start : start + size])
        items = [] if glancing.hold(piece) else glancing.feed(piece)
        assert items == looking.feed(piece)
        assert glancing.holding == looking.holding
        start += size
    assert glancing.flush() == looking.flush()


@pytest.mark.parametrize("name", ["netz-noe", "hdlc", "p1"])
def test_a_glance_is_enough_within_a_frame(name: str) -> None:
    """Most pieces of a telegram are not looked at closely."""
    data, _ = SAMPLES[name]
    deframer, held = Deframer(ALL), 0
    pieces = [data[start : start + 8] for start in range(0, len(data), 8)]
    for piece in pieces:
        if deframer.hold(piece):
            held += 1
        else:
            deframer.feed(piece)
    assert held > len(pieces) / 2
