"""The OSGP digest and RC4: pairs of the MEP Client Developer's Guide 1.1 (official), and own vectors."""

from hypothesis import given, strategies as st
import pytest

from customer_interface.reading import Fault, FaultKind
from customer_interface.security.mep import digest, open_reply, seal

KEY = b"\x01" * 16

# Request and reply packets, lengths included.
OFFICIAL = {
    "another sequence number": (
        "00143F0017000000002C0102030474861F6D7658DD56",
        "000D0C77635B9035863C1DF5B91482",
    ),
    "44 bytes of BT23": (
        "00143F0017000000002C77635B9113DB85A135A0575E",
        "003700002C000000000000000000000000000000000800000003000000000000"
        "0000000000000000000000000006000000ADDCB82C3D417F91",
    ),
    "a partial write": (
        "00154F083200001E00010177636E2F86E50E2667D1E63C",
        "00090086E50E2667D1E63C",
    ),
    "a full write": (
        "0017400007000611080700F8035B4E4309697AB201497E9CF7",
        "000900697AB201497E9CF7",
    ),
    "5 bytes of ET53": (
        "00143F083500000000055B4E42E7489775DAD853E3A3",
        "00100000056F00010100974B99CAA3314519",
    ),
}
OWN = {
    "6 bytes of BT52": (
        "00143F00340000000006F52F54811B40117AFAA46C04",
        "00110000060402100F3B37D236DC2A01DAB580",
    ),
    "16 bytes of BT23": (
        "00143F0017000000001001020306D6CFAA6BE53F6BCD",
        "001B0000104E61BC00D204000055F80600CD810100C893715650D8BBDD",
    ),
    "44 bytes of BT28": (
        "00143F001C000000002C010203070D3BDC48B8EE3B0C",
        "003700002C0002000000000000000000008900 0000B608000000000000000000"
        "0020870300000000 0000000000E6030000FA811341C4D5F7DE",
    ),
}
OWN_REQUESTS = [
    "001130001C020001020305C09C808531929D5D",
    "00143F0015000000000A01020304A32AA9BAF5029676",
]
PAIRS = {
    name: tuple(bytes.fromhex(text) for text in pair)
    for name, pair in (OFFICIAL | OWN).items()
}


@pytest.mark.parametrize(
    ("message", "proof"),
    [
        (b"", "61E95C05061538A0"),
        (b"\0", "61E95C05061538A0"),
        (bytes(range(0x08)), "394693491238FA76"),
        (bytes(range(0x18)), "0DB85F2E24C00AC4"),
        (bytes(range(0xC0)), "4264C4674E74712F"),
        (bytes(range(0xC1)), "EE3E6448FA284241"),
    ],
)
def test_digest(message, proof):
    """Own vectors around one round of 192 bytes."""
    assert digest(KEY, message).hex().upper() == proof


@pytest.mark.parametrize("name", PAIRS)
def test_pairs(name):
    """The request has the digest printed, and the reply opens with it."""
    request, reply = PAIRS[name]
    assert seal(KEY, request[2:-8]) == request[2:]
    assert open_reply(KEY, request[2:-8], reply[2:]) == reply[2:-8]


@pytest.mark.parametrize("packet", OWN_REQUESTS)
def test_requests(packet):
    """Requests without a printed reply."""
    request = bytes.fromhex(packet)
    assert seal(KEY, request[2:-8]) == request[2:]


@pytest.mark.parametrize("name", PAIRS)
def test_every_damaged_byte_is_seen(name):
    """No reply opens with a wrong byte, for another request or under another key."""
    request, reply = PAIRS[name]
    message = request[2:-8]
    for position in range(2, len(reply)):
        damaged = bytearray(reply)
        damaged[position] ^= 0x10
        assert _fault(message, bytes(damaged[2:])) is FaultKind.CHECKSUM
    assert _fault(message + b"\1", reply[2:]) is FaultKind.CHECKSUM
    assert _fault(message, reply[2:], b"\x02" * 16) is FaultKind.CHECKSUM


def _fault(message, payload, key=KEY):
    opened = open_reply(key, message, payload)
    assert isinstance(opened, Fault)
    return opened.kind


@pytest.mark.parametrize("size", range(9))
def test_too_short_for_a_digest(size):
    """Replies under TLS have no digest."""
    assert _fault(b"\x3f", bytes(size)) is FaultKind.TRUNCATED


def test_rc4():
    """Own vector: request and reply share a key stream, digests are plain."""
    request, reply = PAIRS["6 bytes of BT52"]
    sealed = bytes.fromhex("689E2E455C0BADBF6472F0491B40117AFAA46C04")
    assert seal(KEY, request[2:-8], encrypt=True) == sealed
    answer = bytes.fromhex("5DEE56F6B762AB4385D236DC2A01DAB580")
    assert open_reply(KEY, request[2:-8], answer, encrypted=True) == reply[2:-8]
    assert isinstance(open_reply(KEY, request[2:-8], answer), Fault)


@given(st.binary(min_size=16, max_size=16), st.binary(max_size=50), st.binary())
def test_any_reply(key, request, payload):
    """Whatever arrives becomes the message itself, or a fault."""
    for encrypted in (False, True):
        opened = open_reply(key, request, payload, encrypted=encrypted)
        assert isinstance(opened, Fault) or len(opened) == len(payload) - 8


@given(
    st.binary(min_size=16, max_size=16), st.binary(max_size=50), st.binary(min_size=1)
)
def test_what_is_proven_opens(key, request, message):
    """A reply made by the rules opens."""
    payload = message + digest(key, request + message)
    assert open_reply(key, request, payload) == message
