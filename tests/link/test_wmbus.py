"""Tests of wireless frames: both formats, stripped ones, damage, and the six-bit code of T mode."""

from hypothesis import given, strategies as st
import pytest

from customer_interface.checksum import crc16_en13757
from customer_interface.link.wmbus import parse_raw
from customer_interface.reading import Fault, FaultKind, Frame
from tests.mbus_telegrams import OMS_MODE_5, OMS_MODE_5_A, OMS_MODE_5_B

FORMATS = {"stripped": OMS_MODE_5, "a": OMS_MODE_5_A, "b": OMS_MODE_5_B}


def format_a(bare: bytes) -> bytes:
    """Add the CRCs of format A."""
    blocks = [bare[:10], *(bare[at : at + 16] for at in range(10, len(bare), 16))]
    return b"".join(block + crc16_en13757(block).to_bytes(2) for block in blocks)


def format_b(bare: bytes) -> bytes:
    """Add the CRCs of format B."""
    crcs = 2 if len(bare) <= 126 else 4
    long = bytes((len(bare) - 1 + crcs,)) + bare[1:]
    blocks = [long[:126], long[126:]] if crcs == 4 else [long]
    return b"".join(block + crc16_en13757(block).to_bytes(2) for block in blocks)


@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize("name", list(FORMATS))
def test_formats(name: str, told: bool) -> None:
    """The three forms of one telegram are one frame, whether the form is told or not."""
    frame = parse_raw(FORMATS[name], name if told else None, -70)
    assert isinstance(frame, Frame)
    assert (frame.control, frame.address.hex()) == (0x44, "9315785634123303")
    assert frame.payload == OMS_MODE_5[10:]
    assert frame.check_bits == (0 if name == "stripped" else 16)
    assert frame.signal_dbm == -70


def test_c_mode_prefix() -> None:
    """C mode says which format follows."""
    plain = parse_raw(OMS_MODE_5_A)
    assert parse_raw(b"\x54\xcd" + OMS_MODE_5_A) == plain
    assert parse_raw(b"\x54\x3d" + OMS_MODE_5_B) == plain


@given(st.binary(min_size=10, max_size=240), st.booleans())
def test_round_trip(body: bytes, b: bool) -> None:
    """Frames of every length lose their CRCs and nothing else."""
    bare = bytes((len(body),)) + body
    frame = parse_raw(format_b(bare) if b else format_a(bare))
    assert isinstance(frame, Frame)
    assert frame.payload == body[9:]
    assert frame.check_bits == 16


@pytest.mark.parametrize("name", ["a", "b"])
@given(data=st.data())
def test_damage_is_seen(name: str, data: st.DataObject) -> None:
    """A changed byte behind the length is seen by a CRC."""
    position = data.draw(st.integers(1, len(FORMATS[name]) - 1))
    damaged = bytearray(FORMATS[name])
    damaged[position] ^= data.draw(st.integers(1, 255))
    fault = parse_raw(bytes(damaged), name)
    assert isinstance(fault, Fault)
    assert fault.kind is FaultKind.CHECKSUM


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"", FaultKind.TRUNCATED),
        (OMS_MODE_5[:20], FaultKind.TRUNCATED),
        (OMS_MODE_5 + bytes(5), FaultKind.NOISE),
        (OMS_MODE_5_A[:-1], FaultKind.TRUNCATED),
        (b"\x05" + OMS_MODE_5[1:], FaultKind.TRUNCATED),
    ],
)
def test_wrong_lengths(data: bytes, kind: FaultKind) -> None:
    """A frame that is not as long as it says is none."""
    fault = parse_raw(data)
    assert isinstance(fault, Fault)
    assert fault.kind is kind


@pytest.mark.parametrize("telegram", [OMS_MODE_5, OMS_MODE_5_A, OMS_MODE_5_B])
@pytest.mark.parametrize("tail", ["4C", "5AC4", "B0FED0", "4A51FED0"])
def test_what_receivers_leave_behind(telegram: bytes, tail: str) -> None:
    """Signal strength, link quality or a last CRC behind a frame are no part of it."""
    assert parse_raw(telegram + bytes.fromhex(tail)) == parse_raw(telegram)


@pytest.mark.parametrize("missing", range(1, 30))
def test_cut_format_a_is_never_taken_for_stripped(missing: int) -> None:
    """However much of a frame with CRCs is missing, they are not read as if they were its data."""
    assert isinstance(parse_raw(OMS_MODE_5_A[:-missing]), Fault)


def test_prefixes_without_a_frame() -> None:
    """C mode has one prefix: however many there are, what follows the first is a frame or a fault."""
    assert isinstance(parse_raw(b"\x54\xcd" * 5_000), Fault)


@given(st.binary(max_size=300), st.sampled_from([None, "a", "b", "stripped"]))
def test_any_bytes(data: bytes, name: str | None) -> None:
    """Whatever bytes: a frame within them, or a fault."""
    item = parse_raw(data, name)
    if isinstance(item, Frame):
        assert len(item.payload) < len(data)
