"""Segments in M-Bus frames."""

from hypothesis import given, strategies as st
import pytest

from customer_interface.reading import Fault, FaultKind, Frame, Layer, Link, Message
from customer_interface.transport.mbus import MBusAssembler
from tests.transport.assembling import faults, payloads, run


def segment(
    ci: int, data: bytes, saps: bytes = b"\x01\x67", address: int = 0xFF
) -> Frame:
    """Make the frame of one segment."""
    return Frame(
        Link.MBUS, bytes((ci,)) + saps + data, 0x53, bytes((address,)), check_bits=8
    )


FIRST, LAST, SINGLE = segment(0x00, b"ab"), segment(0x11, b"cd"), segment(0x10, b"xy")


def test_single_segment() -> None:
    """A telegram of one segment is whole at once, with what the link knew."""
    (message,) = run(MBusAssembler(), SINGLE)
    assert message == Message(Layer.DLMS, b"xy", Link.MBUS, 0x53, b"\xff", 8)


def test_two_segments() -> None:
    """The bytes behind the access points are joined."""
    assert run(MBusAssembler(), FIRST, LAST) == run(
        MBusAssembler(), segment(0x10, b"abcd")
    )


def test_sequence_rolls_over() -> None:
    """After segment 15 comes segment 0 again."""
    numbers = [segment(n & 0x0F, bytes((n,))) for n in range(20)]
    results = run(MBusAssembler(), *numbers, segment(0x14, b"\x14"))
    assert payloads(results) == [bytes(range(21))]
    assert not faults(results)


@pytest.mark.parametrize(
    ("frames", "whole", "lost"),
    [
        pytest.param((FIRST, FIRST, LAST), [b"abcd"], 0, id="first repeated"),
        pytest.param((FIRST, LAST, LAST), [b"abcd"], 0, id="last repeated"),
        pytest.param((LAST, FIRST, LAST), [b"abcd"], 1, id="start in the middle"),
        pytest.param((FIRST, segment(0x00, b"AB"), LAST), [b"ABcd"], 1, id="last lost"),
        pytest.param(
            (FIRST, segment(0x12, b"ef"), FIRST, LAST), [b"abcd"], 1, id="one lost"
        ),
        pytest.param((FIRST,), [], 1, id="rest never came"),
        pytest.param(
            (segment(0x02, b"c"), segment(0x03, b"d"), segment(0x14, b"e")),
            [],
            1,
            id="one fault for one loss",
        ),
        pytest.param(
            (LAST, segment(0x11, b"CD")), [], 2, id="two faults for two losses"
        ),
        pytest.param((FIRST, SINGLE), [b"xy"], 1, id="other telegram instead"),
        pytest.param((SINGLE, SINGLE), [b"xy", b"xy"], 0, id="two telegrams alike"),
        pytest.param((segment(0x00, b""), LAST), [b"cd"], 0, id="empty segment"),
    ],
)
def test_loss_and_repetition(
    frames: tuple[Frame, ...], whole: list[bytes], lost: int
) -> None:
    """Only whole telegrams come out, and each loss is told once."""
    results = run(MBusAssembler(), *frames)
    assert payloads(results) == whole
    assert faults(results) == lost


@pytest.mark.parametrize(("pause", "whole"), [(0.16, 1), (1.5, 1), (2.9, 1), (5.3, 0)])
def test_pause_between_segments(pause: float, whole: int) -> None:
    """Real meters pause 160 ms and more; after the interval of a push it is another telegram."""
    results = run(MBusAssembler(), FIRST, LAST, apart=pause)
    assert len(payloads(results)) == whole
    assert faults(results) == 2 * (1 - whole)


def test_streams_are_kept_apart() -> None:
    """Access points and addresses tell telegrams apart."""
    results = run(
        MBusAssembler(),
        FIRST,
        segment(0x00, b"12", saps=b"\x01\x68"),
        segment(0x00, b"xx", address=1),
        LAST,
        segment(0x11, b"34", saps=b"\x01\x68"),
        segment(0x11, b"yy", address=1),
    )
    assert payloads(results) == [b"abcd", b"1234", b"xxyy"]


def test_not_activated() -> None:
    """A Kaifa whose interface is not activated sends CI FF with the usual access points."""
    (fault,) = run(MBusAssembler(), segment(0xFF, bytes(245)))
    assert isinstance(fault, Fault)
    assert fault.kind is FaultKind.INACTIVE


def test_other_frames_pass() -> None:
    """Every other CI is a message of EN 13757-3; short frames carry none."""
    frame = Frame(Link.MBUS, b"\x72\x01\x02", 0x08, b"\x05", check_bits=8)
    (message,) = run(MBusAssembler(), frame)
    assert message == Message(Layer.MBUS, b"\x72\x01\x02", Link.MBUS, 0x08, b"\x05", 8)
    assert run(MBusAssembler(), Frame(Link.MBUS, b"", 0x40, b"\xf0")) == []


def test_memory_is_bounded() -> None:
    """Neither an endless telegram nor endless addresses are kept."""
    assembler = MBusAssembler()
    for count in range(1000):
        assembler.add(segment(count & 0x0F, bytes(500)), count * 0.01)
    for count in range(1000):
        assembler.add(segment(0x00, bytes(200), address=count & 0xFF), 10 + count / 1e6)
    kept = sum(len(stream.apdu) for stream in assembler._streams.values())
    assert kept <= 65_536 + 1000 + 8 * 200


def test_endless_telegram_gives_nothing() -> None:
    """What is longer than any telegram is told once, and its end gives nothing."""
    results = run(
        MBusAssembler(),
        *(segment(number & 0x0F, bytes(10_000)) for number in range(10)),
        segment(0x1A, b"x"),
        apart=0,
    )
    assert payloads(results) == []
    assert faults(results) == 1


@given(
    st.lists(st.tuples(st.integers(0, 255), st.binary(max_size=6), st.floats(0, 4))),
)
def test_anything(sent: list[tuple[int, bytes, float]]) -> None:
    """Nothing raises, and no message is longer than what came."""
    assembler, at, total, out = MBusAssembler(), 0.0, 0, 0
    for ci, data, pause in sent:
        at += pause
        total += len(data) + 3
        for result in assembler.add(segment(ci, data), at):
            out += len(result.payload) if isinstance(result, Message) else 0
    assert out <= total
