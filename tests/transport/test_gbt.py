"""General block transfer."""

from hypothesis import given, strategies as st
import pytest

from customer_interface.link import SELF_EVIDENT, links_for
from customer_interface.link.deframer import Deframer
from customer_interface.reading import Fault, Frame, Layer, Link, Message
from customer_interface.transport.gbt import BlockTransfer
from customer_interface.transport.hdlc import HdlcAssembler
from tests.link.vectors import GBT, GBT_APDU
from tests.transport.assembling import faults, payloads, run


def block(
    number: int, data: bytes, last: bool = False, streaming: bool = True, bits: int = 16
) -> Message:
    """Make the message of one block."""
    control = (0x80 if last else 0) | (0x40 if streaming else 0)
    length = bytes((len(data),)) if len(data) < 128 else b"\x82" + len(data).to_bytes(2)
    apdu = bytes((0xE0, control)) + number.to_bytes(2) + b"\0\0" + length + data
    return Message(Layer.DLMS, apdu, Link.HDLC, 0x13, b"\xce\xff\x03", bits)


A, B, C = block(1, b"aa"), block(2, b"bb"), block(3, b"cc", last=True)


def test_from_the_wire() -> None:
    """Two HDLC frames, the second without an LLC header, carry one ciphered APDU."""
    hdlc, transfer = HdlcAssembler(), BlockTransfer()
    frames = Deframer(links_for(SELF_EVIDENT)).feed(GBT)
    results: list[Message | Fault] = []
    for frame in frames:
        assert isinstance(frame, Frame)
        for message in hdlc.add(frame, 0):
            assert isinstance(message, Message)
            results += transfer.add(message, 0)
    assert payloads(results) == [GBT_APDU]
    assert isinstance(results[0], Message)
    assert (results[0].address, results[0].check_bits) == (b"\xce\xff\x03", 16)


@pytest.mark.parametrize(
    ("messages", "whole", "lost"),
    [
        pytest.param((A, B, C), [b"aabbcc"], 0, id="in order"),
        pytest.param((block(1, b"x", last=True),), [b"x"], 0, id="one block"),
        pytest.param((A, A, B, A, B, C, C), [b"aabbcc"], 0, id="duplicates"),
        pytest.param((A, C, A, B, C), [b"aabbcc"], 1, id="gap"),
        pytest.param((B, C, A, B, C), [b"aabbcc"], 1, id="start in the middle"),
        pytest.param((A, B, block(1, b"AA"), B, C), [b"AAbbcc"], 1, id="restart"),
        pytest.param((A, block(2, b"BB"), B, C), [], 1, id="two transfers mixed"),
        pytest.param((A, B), [], 1, id="end missing"),
        pytest.param((A, B, C, A, B, C), [b"aabbcc"] * 2, 0, id="the same again"),
    ],
)
def test_loss_and_repetition(
    messages: tuple[Message, ...], whole: list[bytes], lost: int
) -> None:
    """Only whole transfers come out, and each loss is told once."""
    results = run(BlockTransfer(), *messages)
    assert payloads(results) == whole
    assert faults(results) == lost


def test_long_blocks_and_trailing_bytes() -> None:
    """The length may take several bytes, and what follows it is no content."""
    long = block(1, bytes(300), last=True)
    extended = Message(Layer.DLMS, long.payload + b"\x99", Link.HDLC)
    assert payloads(run(BlockTransfer(), extended)) == [bytes(300)]


@pytest.mark.parametrize(
    "apdu",
    ["E0", "E08000010000", "E0800001000005AABB", "E0800000000001AA", "E080000100008F"],
)
def test_malformed_block(apdu: str) -> None:
    """A block that is cut short, empty or has no number is a fault."""
    assert (
        faults(
            run(BlockTransfer(), Message(Layer.DLMS, bytes.fromhex(apdu), Link.HDLC))
        )
        == 1
    )


def test_others_pass() -> None:
    """Every other message passes as it is."""
    for message in (
        Message(Layer.DLMS, b"\x0fabc", Link.HDLC),
        Message(Layer.MBUS, b"\xe0abc", Link.MBUS),
    ):
        assert run(BlockTransfer(), message) == [message]


def test_weakest_check_counts() -> None:
    """A transfer is checked as well as its weakest block."""
    (message,) = run(BlockTransfer(), A, block(2, b"b", last=True, bits=8))
    assert isinstance(message, Message)
    assert message.check_bits == 8


def test_late() -> None:
    """The rest of a transfer does not come seconds later."""
    assert payloads(run(BlockTransfer(), A, B, C, apart=5.0)) == []


def test_memory_is_bounded() -> None:
    """Neither an endless transfer nor endless addresses are kept."""
    transfer = BlockTransfer()
    for number in range(1, 300):
        transfer.add(block(number, bytes(2000)), 0)
        transfer.add(
            Message(Layer.DLMS, A.payload, Link.HDLC, address=number.to_bytes(2)), 0
        )
    assert len(transfer._streams) <= 8
    assert sum(stream.size for stream in transfer._streams.values()) < 70_000


def test_endless_transfer_gives_nothing() -> None:
    """What is longer than any transfer is told once, and its end gives nothing."""
    results = run(
        BlockTransfer(),
        *(block(number, bytes(10_000)) for number in range(1, 11)),
        block(11, b"x", last=True),
        apart=0,
    )
    assert payloads(results) == []
    assert faults(results) == 1


@given(st.lists(st.tuples(st.integers(0, 4), st.binary(max_size=4), st.booleans())))
def test_anything(sent: list[tuple[int, bytes, bool]]) -> None:
    """Nothing raises, and no more comes out than went in."""
    results = run(BlockTransfer(), *(block(*parts) for parts in sent))
    assert sum(map(len, payloads(results))) <= sum(len(data) for _, data, _ in sent)
