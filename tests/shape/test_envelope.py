"""Envelopes: what is carried comes out where all else is as it was and the checksums fit, and from nothing else."""

from hypothesis import given, strategies as st
import pytest

from customer_interface.checksum import crc16_arc
from customer_interface.link import links_for
from customer_interface.reading import Layer, Link, Message
from customer_interface.shape import envelope
from customer_interface.simulate import hdlc, mbus
from customer_interface.transport.hdlc import LLC

ADDRESSES = b"\x03\x02\x21"
NOTIFICATION = b"\x0f\x00\x00\x00\x01\x00\x02\x01\x06"


def on_mbus(content):
    """Return a telegram of several frames, and its message."""
    apdu = NOTIFICATION + content
    message = Message(Layer.DLMS, apdu, Link.MBUS, address=b"\xff", check_bits=8)
    return b"".join(mbus.segments(apdu, 40)), message


def in_hdlc(content):
    """Return a telegram of one frame, and its message."""
    apdu = NOTIFICATION + content
    message = Message(Layer.DLMS, apdu, Link.HDLC, address=ADDRESSES, check_bits=16)
    return b"".join(hdlc.one(apdu, addresses=ADDRESSES)), message


def at_p1(content):
    """Return a text with a checksum, and its message."""
    text = b"/ISK5\\2M550T-1012\r\n\r\n1-0:1.8.1(%s*kWh)\r\n!" % content.hex().encode()
    digits = b"%04X" % crc16_arc(text)
    message = Message(Layer.DSMR, text + digits, Link.P1, check_bits=16)
    return text + digits + b"\r\n", message


WRAPPERS = [on_mbus, in_hdlc, at_p1]
CONTENT, OTHER = bytes(range(1, 61)), bytes(range(61, 121))


def learned(wrap):
    """Return the envelope of a telegram."""
    data, message = wrap(CONTENT)
    return envelope.learn(data, links_for((message.link,)), message)


def payload(message):
    """Return what an envelope gives of a message: a text without its checksum."""
    return message.payload[:-4] if message.layer is Layer.DSMR else message.payload


@pytest.mark.parametrize("wrap", WRAPPERS)
def test_other_content_comes_out(wrap):
    """One telegram is enough to know where the content of the next ones is."""
    data, message = wrap(OTHER)
    assert learned(wrap).open(data) == payload(message)


@pytest.mark.parametrize("wrap", WRAPPERS)
def test_no_bit_may_be_another(wrap):
    """A telegram with one wrong bit is never opened, wherever it is."""
    known, (data, _) = learned(wrap), wrap(OTHER)
    for place in range(len(data)):
        for bit in range(8):
            wrong = bytearray(data)
            wrong[place] ^= 1 << bit
            assert known.open(bytes(wrong)) is None, (place, bit)


@given(st.sampled_from(WRAPPERS), st.binary(min_size=60, max_size=60))
def test_any_content_comes_out_or_goes_the_long_way(wrap, content):
    """Nothing but the content comes out; None where a second APDU seems to begin in it."""
    data, message = wrap(content)
    opened = learned(wrap).open(data)
    parted = message.link is Link.HDLC and LLC.search(payload(message))
    assert opened == (None if parted else payload(message))


def test_a_second_apdu_goes_the_long_way():
    """What looks like the header of another APDU within a frame has to be looked at."""
    content = b"\xe6\xe7\x00\x0f".ljust(len(CONTENT), b"\1")
    assert learned(in_hdlc).open(in_hdlc(content)[0]) is None


@given(st.sampled_from(WRAPPERS), st.data())
def test_any_bytes(wrap, draw):
    """Whatever bytes arrive, nothing is raised, and what comes out was carried by a telegram like it."""
    known, (data, _) = learned(wrap), wrap(CONTENT)
    size = len(data)
    opened = known.open(draw.draw(st.binary(min_size=size, max_size=size)))
    assert opened is None


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data[:-3],
        lambda data: data + b"noise",
        lambda data: b"noise" + data,
        lambda data: data + data,
        lambda data: data + b"\x7e\x7e",
    ],
)
@pytest.mark.parametrize("wrap", WRAPPERS)
def test_only_whole_telegrams_are_learned(wrap, spoil):
    """What is more or less than a telegram has no envelope."""
    data, message = wrap(CONTENT)
    layers = links_for((message.link,))
    assert envelope.learn(spoil(data), layers, message) is None


def test_hdlc_segments_are_not_learned():
    """Segments that nothing numbers are joined the long way, which knows those that came twice."""
    _, message = in_hdlc(CONTENT)
    data = b"".join(hdlc.segments(message.payload, addresses=ADDRESSES, size=30))
    assert envelope.learn(data, links_for((Link.HDLC,)), message) is None


def test_a_length_that_is_counted_modulo_256_is_not_learned():
    """Which of two lengths a frame has is decided by its bytes, each time."""
    apdu = NOTIFICATION + bytes(260)
    data = b"".join(mbus.segments(apdu, 280))
    message = Message(Layer.DLMS, apdu, Link.MBUS, address=b"\xff", check_bits=8)
    assert envelope.learn(data, links_for((Link.MBUS,)), message) is None
