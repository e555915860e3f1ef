"""The access server's side of RFC 2217, byte by byte as the RFC writes it."""

from hypothesis import given, strategies as st
import pytest

from customer_interface.simulate.rfc2217 import ComPort


def asked(port: ComPort, command: str) -> str:
    """Send a COM-PORT subnegotiation and return what is answered to it, both in hexadecimal."""
    data, answer = port.feed(bytes.fromhex(f"FFFA2C{command}FFF0"))
    assert data == b""
    return answer.hex().upper()


@pytest.mark.parametrize(
    ("command", "answer", "line"),
    [
        ("0100000960", "FFFA2C6500000960FFF0", "2400 8N1"),
        ("0207", "FFFA2C6607FFF0", "9600 7N1"),
        ("0303", "FFFA2C6703FFF0", "9600 8E1"),
        ("0402", "FFFA2C6802FFF0", "9600 8N2"),
        # asked, or asked for what the port cannot do: what it is set to stays and is told
        ("0100000000", "FFFA2C6500002580FFF0", "9600 8N1"),
        ("0205", "FFFA2C6608FFF0", "9600 8N1"),
        ("0305", "FFFA2C6701FFF0", "9600 8N1"),
        ("0403", "FFFA2C6801FFF0", "9600 8N1"),
    ],
)
def test_line_settings(command: str, answer: str, line: str) -> None:
    """SET-BAUDRATE, SET-DATASIZE, SET-PARITY and SET-STOPSIZE (RFC 2217, 3)."""
    port = ComPort()
    assert asked(port, command) == answer
    assert str(port.line) == line


def test_pins() -> None:
    """SET-CONTROL switches DTR and RTS, and tells them when asked."""
    port = ComPort()
    assert asked(port, "0507") == "FFFA2C6909FFF0"
    assert asked(port, "0508") == "FFFA2C6908FFF0"
    assert asked(port, "0507") == "FFFA2C6908FFF0"
    assert asked(port, "050A") == "FFFA2C690CFFF0"
    assert asked(port, "050B") == "FFFA2C690BFFF0"
    assert port.pins == {"dtr": True, "rts": True}
    assert asked(port, "0509") == "FFFA2C6909FFF0"
    assert port.pins == {"dtr": False, "rts": True}


def test_signature_and_masks() -> None:
    """Who it is, and that a mask was taken; the state of the modem is told with its own."""
    port = ComPort()
    assert bytes.fromhex(asked(port, "00"))[4:-2] == b"Smart Meter simulator"
    assert asked(port, "0A0F") == "FFFA2C6E0FFFF0"
    assert asked(port, "0C01") == "FFFA2C7001FFF0"
    assert asked(port, "0BFFFF") == "FFFA2C6FFFFFFFF0FFFA2C6BB0FFF0"
    assert asked(port, "63") == ""
    assert asked(port, "") == ""


def test_options() -> None:
    """Binary transmission and the COM-PORT option are agreed to once, other options are refused, other commands passed."""
    port = ComPort()
    assert port.feed(b"\xff\xfd\x00\xff\xfb\x2c") == (b"", b"\xff\xfb\x00\xff\xfd\x2c")
    assert port.feed(b"\xff\xfd\x00") == (b"", b"")
    assert port.feed(b"\xff\xfd\x18\xff\xfb\x18") == (b"", b"\xff\xfc\x18\xff\xfe\x18")
    assert port.feed(b"a\xff\xf1b\xff\xffc") == (b"ab\xffc", b"")
    assert port.feed(b"\xff\xfa\x18\x01\xff\xf0") == (b"", b"")


@given(
    st.lists(
        st.one_of(
            st.binary(max_size=8),
            st.sampled_from(
                [b"\xff", b"\xff\xfa\x2c\x05\x08\xff\xf0", b"\xff\xfd\x00", b"\xff\xff"]
            ),
        ),
        max_size=40,
    )
)
def test_in_pieces(pieces: list[bytes]) -> None:
    """Whatever arrives nothing is raised, what is kept is bounded, and it does not matter in what pieces it came."""
    port, whole = ComPort(), ComPort()
    data, answers = b"", b""
    for piece in pieces:
        for byte in piece:
            got, answer = port.feed(bytes((byte,)))
            data, answers = data + got, answers + answer
    assert (data, answers) == whole.feed(b"".join(pieces))
    assert port.line == whole.line
    assert len(port._held) <= 512
