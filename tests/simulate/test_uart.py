"""What a serial port makes of a line at other settings."""

from hypothesis import given, strategies as st
import pytest

from customer_interface.line import LineSettings
from customer_interface.simulate.uart import sample

LINES = [
    LineSettings.parse(text)
    for text in (
        "2400 8E1",
        "2400 8N1",
        "9600 8N1",
        "9600 8E1",
        "9600 7E1",
        "115200 8N1",
        "300 7E1",
    )
]
TEXT = bytes(range(256))


@pytest.mark.parametrize("line", LINES, ids=str)
def test_equal_settings_deliver_what_was_sent(line: LineSettings) -> None:
    """Equal settings deliver what was sent."""
    assert sample(TEXT, line, line) == (
        TEXT if line.data_bits == 8 else bytes(range(128)) * 2
    )


def test_bits_say_the_same_as_the_short_cut() -> None:
    """A second receiver that differs in nothing but its name takes the long way."""
    sent, taken = LineSettings.parse("2400 8E1"), LineSettings.parse("2401 8E1")
    assert sample(TEXT, sent, taken) == TEXT


def test_seven_bits_with_parity_show_their_parity_in_eight() -> None:
    """Seven bits with parity show their parity in eight."""
    sent, taken = LineSettings.parse("9600 7E1"), LineSettings.parse("9600 8N1")
    assert sample(b"12", sent, taken) == bytes((0xB1, 0xB2))


def test_missing_parity_garbles_what_follows_an_even_byte() -> None:
    """Missing parity garbles what follows an even byte."""
    sent, taken = LineSettings.parse("2400 8E1"), LineSettings.parse("2400 8N1")
    assert sample(b"\x01", sent, taken) == b"\x01"
    assert sample(b"\x03", sent, taken) == b"\x03\xff"


def test_another_baud_rate_gives_garbage() -> None:
    """Another baud rate gives garbage."""
    sent = LineSettings.parse("2400 8E1")
    for text in ("9600 8N1", "115200 8N1", "300 7E1"):
        assert TEXT not in sample(TEXT, sent, LineSettings.parse(text))


def test_an_inverted_line_is_not_read() -> None:
    """An inverted line is not read."""
    line = LineSettings.parse("115200 8N1")
    assert sample(b"/EST5\r\n", line, line, inverted=True) != b"/EST5\r\n"


@given(
    st.binary(max_size=80),
    st.sampled_from(LINES),
    st.sampled_from(LINES),
    st.booleans(),
)
def test_any_bytes_at_any_settings_come_to_an_end(
    data: bytes, sent: LineSettings, taken: LineSettings, inverted: bool
) -> None:
    """Any bytes at any settings come to an end."""
    frame = 2 + sent.data_bits + (sent.parity != "N")
    room = (len(data) * frame + 48) * max(taken.baud / sent.baud, 1) / (
        2 + taken.data_bits
    ) + 2
    assert len(sample(data, sent, taken, inverted=inverted)) <= room
