"""Tests of the M-Bus headers: transport layer, extended link layer, authentication layer."""

from hypothesis import example, given, strategies as st
import pytest

from customer_interface.reading import Fault, FaultKind
from customer_interface.transport.afl import Afl, is_afl, parse_afl
from customer_interface.transport.ell import Ell, is_ell, parse_ell
from customer_interface.transport.tpl import HEADERS, Header, Tpl, parse_tpl

LONG = bytes.fromhex("72 78563412 9315 33 03 2A 04 3005 FF")
SHORT = bytes.fromhex("7A 2A 04 3005 FF")


def test_long_header() -> None:
    """A long header tells address, access, status and configuration; the address comes in radio order."""
    tpl = parse_tpl(LONG)
    assert tpl == Tpl(0x72, 13, bytes.fromhex("9315785634123303"), 0x2A, 4, 0x0530)
    assert (tpl.mode, tpl.blocks) == (5, 3)


def test_short_and_no_header() -> None:
    """A short header has no address, no header nothing at all."""
    assert parse_tpl(SHORT) == Tpl(0x7A, 5, b"", 0x2A, 4, 0x0530)
    assert parse_tpl(b"\x78\xff") == Tpl(0x78, 1)


def test_configuration_extension() -> None:
    """Mode 7 has a byte behind its configuration."""
    tpl = parse_tpl(bytes.fromhex("7A 75 00 2007 10 FF"))
    assert isinstance(tpl, Tpl)
    assert (tpl.mode, tpl.blocks, tpl.start, tpl.extension) == (7, 2, 6, b"\x10")


@pytest.mark.parametrize(
    "ci", [ci for ci, header in HEADERS.items() if header is not Header.NONE]
)
def test_cut_header(ci: int) -> None:
    """Every header that does not end is a fault."""
    for length in range(HEADERS[ci].value):
        fault = parse_tpl(bytes((ci,)) + bytes(length))
        assert isinstance(fault, Fault)
        assert fault.kind is FaultKind.TRUNCATED


@pytest.mark.parametrize(
    ("ci", "word"),
    [(0x51, "command"), (0x5C, "command"), (0xA2, "manufacturer"), (0x00, "no M-Bus")],
)
def test_other_ci_fields(ci: int, word: str) -> None:
    """A CI field meters do not send data with is refused in its own words."""
    fault = parse_tpl(bytes((ci,)) + bytes(20))
    assert isinstance(fault, Fault)
    assert (fault.kind, word in fault.detail) == (FaultKind.UNSUPPORTED, True)


def test_counter_of_mode_10() -> None:
    """Mode 10 has two bytes and a counter behind its configuration."""
    tpl = parse_tpl(bytes.fromhex("7A 75 00 FF2A 1001 01020304 FF"))
    assert isinstance(tpl, Tpl)
    assert (tpl.mode, tpl.start) == (10, 11)
    assert tpl.extension == bytes.fromhex("1001 01020304")


def test_ell_of_variable_length() -> None:
    """Its fields are skipped where a layer above follows; else it is refused."""
    assert parse_ell(bytes.fromhex("86 04 20 75 0102 78 0413")) == Ell(
        0, 0, b"", b"", bytes.fromhex("78 0413")
    )
    for layer, kind in (
        ("86", FaultKind.TRUNCATED),
        ("86 04 20 75 0102", FaultKind.TRUNCATED),
        ("86 04 20 75 0102 13", FaultKind.UNSUPPORTED),
    ):
        fault = parse_ell(bytes.fromhex(layer))
        assert isinstance(fault, Fault)
        assert fault.kind is kind


def test_ell_forms() -> None:
    """The four forms differ in a second address and a session with a CRC."""
    assert parse_ell(bytes.fromhex("8C 20 75 78")) == Ell(0x20, 0x75, b"", b"", b"\x78")
    address, session = bytes(range(8)), bytes.fromhex("01020320")
    assert parse_ell(b"\x8d\x20\x75" + session + b"\xaa\xbb\x78") == Ell(
        0x20, 0x75, b"", session, b"\xaa\xbb\x78"
    )
    assert parse_ell(b"\x8e\x20\x75" + address + b"\x78") == Ell(
        0x20, 0x75, address, b"", b"\x78"
    )
    assert parse_ell(b"\x8f\x20\x75" + address + session + b"\xaa\xbb") == Ell(
        0x20, 0x75, address, session, b"\xaa\xbb"
    )
    assert not is_ell(b"\x7a")
    assert not is_ell(b"")


def test_ell_vector() -> None:
    """Hop count and repeat bit are no part of the first counter block."""
    ell = parse_ell(bytes.fromhex("8D 32 75 01020320 AABB"))
    assert isinstance(ell, Ell)
    assert ell.encryption == 1
    assert (
        ell.initial_vector(bytes(8)).hex()
        == "0000000000000000" + "20" + "01020320" + "000000"
    )


def test_afl_of_mode_7() -> None:
    """CEN/TR 17167 F.3: MCL, counter and eight bytes of MAC."""
    afl = parse_afl(bytes.fromhex("900F002C25B30A000021924D4F2FB66E017A75"))
    assert afl == Afl(
        b"\x25",
        b"",
        bytes.fromhex("B30A0000"),
        bytes.fromhex("21924D4F2FB66E01"),
        b"",
        b"\x7a\x75",
    )
    assert afl.authenticated.hex() == "25b30a00007a75"


def test_afl_with_everything() -> None:
    """Key information and message length have their places."""
    afl = parse_afl(bytes.fromhex("90 0F 003E 23 0102 B30A0000 ABCD 0500 EEFF 7A"))
    assert isinstance(afl, Afl)
    assert (afl.key_info.hex(), afl.mac.hex(), afl.length.hex()) == (
        "0102",
        "abcd",
        "0500",
    )
    assert afl.payload == b"\x7a"


@pytest.mark.parametrize(
    ("layer", "kind"),
    [
        ("90", FaultKind.TRUNCATED),
        ("90 0F 002C 25", FaultKind.TRUNCATED),
        ("90 03 002C 25 7A", FaultKind.TRUNCATED),
        ("90 0A 0004 0000000000000000 7A", FaultKind.UNSUPPORTED),
        ("90 03 0234 25 7A", FaultKind.TRUNCATED),
        ("90 0B 0024 28 0000000000000000 7A", FaultKind.UNSUPPORTED),
    ],
)
def test_afl_refused(layer: str, kind: FaultKind) -> None:
    """Cut layers and other kinds of authentication codes are faults."""
    fault = parse_afl(bytes.fromhex(layer))
    assert isinstance(fault, Fault)
    assert fault.kind is kind


@given(st.binary(max_size=60))
@example(bytes.fromhex("7A 00 00 00 0A"))
def test_any_bytes(data: bytes) -> None:
    """Whatever bytes: a header within them, or a fault."""
    tpl = parse_tpl(data)
    assert isinstance(tpl, Fault) or tpl.start <= len(data)
    if is_ell(data):
        parse_ell(data)
    if is_afl(data):
        parse_afl(data)
    parse_ell(b"\x8f" + data)
    parse_ell(b"\x86" + data)
    afl = parse_afl(b"\x90" + data)
    if isinstance(afl, Afl):
        assert parse_afl(afl.to_bytes()) == afl
