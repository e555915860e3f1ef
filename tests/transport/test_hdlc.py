"""Segments in HDLC frames."""

from hypothesis import given, strategies as st
import pytest

from customer_interface.reading import Fault, FaultKind, Frame, Layer, Link, Message
from customer_interface.transport.hdlc import HdlcAssembler
from tests.transport.assembling import faults, payloads, run

LLC = b"\xe6\xe7\x00"


def frame(
    payload: bytes, more: bool = False, address: bytes = b"\xcf\x02\x23"
) -> Frame:
    """Make a frame."""
    return Frame(Link.HDLC, payload, 0x13, address, more, check_bits=16)


def test_one_frame() -> None:
    """Both forms of the LLC header are taken off."""
    for llc in (LLC, b"\xe6\xe6\x00"):
        (message,) = run(HdlcAssembler(), frame(llc + b"\x0fabc"))
        assert message == Message(
            Layer.DLMS, b"\x0fabc", Link.HDLC, 0x13, b"\xcf\x02\x23", 16
        )


def test_without_llc() -> None:
    """Blocks of a block transfer come without."""
    assert payloads(run(HdlcAssembler(), frame(b"\xe0\xc0\x00\x02"))) == [
        b"\xe0\xc0\x00\x02"
    ]


def test_unknown_apdu() -> None:
    """What stands behind a header is for others to know."""
    assert payloads(run(HdlcAssembler(), frame(LLC + b"\x61abc"))) == [b"\x61abc"]


@pytest.mark.parametrize(
    ("control", "name"),
    [(0x93, "SNRM"), (0x73, "UA"), (0x53, "DISC"), (0x1F, "DM"), (0x97, "FRMR")],
)
def test_frames_of_a_link(control: int, name: str) -> None:
    """What opens or closes a link is named, with and without the poll bit, and disturbs no segments."""
    parameters = bytes.fromhex("8180120501800601800704000000010804 00000001")
    opening = frame(parameters)._replace(control=control)
    for heard in (opening, opening._replace(control=control & ~0x10)):
        results = run(
            HdlcAssembler(), frame(LLC + b"\x0fab", more=True), heard, frame(b"cd")
        )
        assert payloads(results) == [b"\x0fabcd"]
        (fault,) = (result for result in results if isinstance(result, Fault))
        assert fault.kind is FaultKind.UNSUPPORTED
        assert name in fault.detail
    assert not run(HdlcAssembler(), opening._replace(payload=b""))


def test_segments() -> None:
    """The header is there in the first segment only: what looks like it later is content."""
    results = run(
        HdlcAssembler(),
        frame(LLC + b"\x0fab", more=True),
        frame(b"cd\xe6\xe7\x00", more=True),
        frame(b"ef"),
    )
    assert payloads(results) == [b"\x0fabcd\xe6\xe7\x00ef"]
    assert not faults(results)


def test_a_segment_that_came_twice_counts_once() -> None:
    """Whichever of them: joined twice it would be content that nobody sent."""
    segments = [
        frame(LLC + b"\x0fab", more=True),
        frame(b"cd", more=True),
        frame(b"ef"),
    ]
    for place in range(3):
        sent = [*segments[: place + 1], *segments[place:]]
        results = run(HdlcAssembler(), *sent)
        assert payloads(results) == [b"\x0fabcdef"]
        assert not faults(results)


def test_a_telegram_in_one_frame_may_come_again() -> None:
    """Whether it says anything new is not for this layer to judge."""
    single = frame(LLC + b"\x0fab")
    assert payloads(run(HdlcAssembler(), single, single)) == [b"\x0fab"] * 2


def test_what_was_interrupted_is_not_joined() -> None:
    """A damaged frame may have been a segment; the next telegram is whole again."""
    assembler = HdlcAssembler()
    assembler.add(frame(LLC + b"\x0fab", more=True), 0)
    assembler.interrupt()
    assert assembler.add(frame(b"ef"), 0) == []
    assembler.add(frame(LLC + b"\x0fab", more=True), 0)
    assembler.interrupt()
    results = run(assembler, frame(LLC + b"\x0fgh", more=True), frame(b"ij"))
    assert payloads(results) == [b"\x0fghij"]


def test_several_apdus_in_one_frame() -> None:
    """Each with a header of its own."""
    results = run(
        HdlcAssembler(), frame(LLC + b"\x0fab" + LLC + b"\x0fcd" + LLC + b"\xdbef")
    )
    assert payloads(results) == [b"\x0fab", b"\x0fcd", b"\xdbef"]


@pytest.mark.parametrize("length", [b"\x06", b"\x81\x06", b"\x82\x00\x06"])
def test_header_inside_a_cipher(length: bytes) -> None:
    """A ciphered APDU says how long it is, so what looks like a header inside is none."""
    first = b"\xdb\x08" + bytes(8) + length + b"\x20" + LLC + b"\xdb\x0f"
    assert payloads(run(HdlcAssembler(), frame(LLC + first))) == [first]
    assert payloads(run(HdlcAssembler(), frame(LLC + first + LLC + b"\x0fab"))) == [
        first,
        b"\x0fab",
    ]
    assert payloads(run(HdlcAssembler(), frame(LLC + first + b"\x99"))) == [
        first + b"\x99"
    ]


def test_lost_last_segment() -> None:
    """The next telegram's header shows the loss."""
    results = run(
        HdlcAssembler(), frame(LLC + b"\x0fab", more=True), frame(LLC + b"\x0fcd")
    )
    assert payloads(results) == [b"\x0fcd"]
    assert faults(results) == 1


def test_start_in_the_middle() -> None:
    """What is left of a telegram is told once and gives nothing."""
    results = run(
        HdlcAssembler(),
        frame(b"ab", more=True),
        frame(b"cd", more=True),
        frame(b"ef"),
        frame(LLC + b"\x0fgh"),
    )
    assert payloads(results) == [b"\x0fgh"]
    assert faults(results) == 1


def test_late() -> None:
    """The rest of a telegram does not come seconds later."""
    results = run(
        HdlcAssembler(), frame(LLC + b"\x0fab", more=True), frame(b"cd"), apart=5.0
    )
    assert payloads(results) == []
    assert faults(results) == 2


def test_addresses_apart() -> None:
    """Two meters on one line."""
    results = run(
        HdlcAssembler(),
        frame(LLC + b"\x0fab", more=True),
        frame(LLC + b"\x0fxy", more=True, address=b"\x01\x03"),
        frame(b"cd"),
        frame(b"zz", address=b"\x01\x03"),
    )
    assert payloads(results) == [b"\x0fabcd", b"\x0fxyzz"]


def test_frames_without_information() -> None:
    """They are no messages."""
    assert run(HdlcAssembler(), frame(b"")) == []


def test_memory_is_bounded() -> None:
    """Neither an endless telegram nor endless addresses are kept."""
    assembler = HdlcAssembler()
    assembler.add(frame(LLC + b"\x0f", more=True), 0)
    for count in range(200):
        assembler.add(frame(bytes((count,)) * 2000, more=True), 0)
        assembler.add(frame(LLC + b"\x0f", more=True, address=bytes((count,))), 0)
    kept = [stream.information for stream in assembler._streams.values()]
    assert len(kept) <= 8
    assert sum(map(len, kept)) < 70_000


def test_endless_telegram_gives_nothing() -> None:
    """What is longer than any telegram is a fault, not a part of one."""
    results = run(
        HdlcAssembler(),
        frame(LLC + b"\x0f", more=True),
        *(frame(bytes((count,)) * 2000, more=True) for count in range(1, 41)),
        frame(b"x"),
        apart=0,
    )
    assert payloads(results) == []
    assert faults(results) == 1


@given(
    st.lists(
        st.tuples(
            st.sampled_from([b"", LLC, LLC + b"\x0f", b"\xe0"]),
            st.binary(max_size=8),
            st.booleans(),
        )
    )
)
def test_anything(sent: list[tuple[bytes, bytes, bool]]) -> None:
    """Nothing raises, and no more comes out than went in."""
    results = run(
        HdlcAssembler(), *(frame(head + tail, more) for head, tail, more in sent)
    )
    assert sum(map(len, payloads(results))) <= sum(len(h) + len(t) for h, t, _ in sent)
