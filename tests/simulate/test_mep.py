"""The simulated NES meter by itself: packets of the guide from the meter's side, and what it refuses."""

from hypothesis import given, strategies as st
import pytest

from customer_interface.security.mep import digest, seal
from customer_interface.simulate import ROWS, simulator
from customer_interface.simulate.house import House
from customer_interface.simulate.mep import GEN4, MTR1000, MTR3000, Digest, NesMeter

KEY = b"\x01" * 16
AT = 1_772_362_800.0


def meter(**changes):
    """Return a meter with the guide's key."""
    return NesMeter(House(1), MTR3000, "1", KEY, b"\x02" * 16, **changes)


def ask(nes, message, key=KEY, at=AT, **options):
    """Return the reply payload to a request message."""
    payload = seal(key, message, **options)
    chunks = nes.receive(len(payload).to_bytes(2) + payload, at)
    return b"".join(chunk.data for chunk in chunks)[2:]


def read(table, count, sequence):
    """Return a request to read from the beginning of a table."""
    return bytes.fromhex(f"3F{table:04X}000000{count:04X}{sequence:08X}")


@given(st.binary(min_size=16, max_size=16), st.binary(max_size=700))
def test_two_digests(key, message):
    """Two implementations of the digest, written apart, agree."""
    assert Digest(key).feed(message).result() == digest(key, message)


def test_official_sequence_error():
    """The first pair of the guide, byte by byte."""
    reply = meter().receive(
        bytes.fromhex("00143F0017000000002C0102030474861F6D7658DD56"), AT
    )
    assert reply[0].data == bytes.fromhex("000D0C77635B9035863C1DF5B91482")


def test_official_write_is_refused():
    """The guide's partial write reaches the meter, which would have to be asked for more than reading."""
    nes = meter(sequence=0x77636E2E)
    (chunk,) = nes.receive(
        bytes.fromhex("00154F083200001E00010177636E2F86E50E2667D1E63C"), AT
    )
    assert chunk.data[:3] == b"\x00\x09\x03"


@pytest.mark.parametrize(
    ("steps", "accepted"), [(0, False), (1, True), (8, True), (9, False), (-1, False)]
)
def test_sequence_window(steps, accepted):
    """Up to eight steps at once."""
    reply = ask(meter(sequence=100), read(0x34, 6, 100 + steps))
    assert (reply[0] == 0x00) is accepted
    assert accepted or reply[:5] == b"\x0c\x00\x00\x00\x64"


def test_wrong_key():
    """Neither key fits."""
    assert ask(meter(), read(0x34, 6, 1), b"\x03" * 16)[0] == 0x0B


def test_own_cipher_vector():
    """An enciphered request is answered in kind."""
    nes = meter(sequence=0xF52F5480)
    (chunk,) = nes.receive(
        bytes.fromhex("0014689E2E455C0BADBF6472F0491B40117AFAA46C04"), AT
    )
    # Count and code of the own vector; what follows is another time.
    assert chunk.data[:5] == bytes.fromhex("00115DEE56")


def test_full_read():
    """The other read request is answered as well."""
    nes = meter(sequence=0)
    whole = ask(nes, bytes.fromhex("3000340007") + b"\0\0\0\1")
    part = ask(nes, read(0x34, 7, 2))
    assert whole[:-8] == part[:-8]


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("3F 0777 000000 0001", 0x05),
        ("3F 0034 000064 0001", 0x04),
        ("40 0007 0001 00", 0x03),
        ("21 0000", 0x01),
    ],
)
def test_refusals(message, code):
    """What is not there, not allowed or not known."""
    request = bytes.fromhex(message) + b"\0\0\0\1"
    assert ask(meter(sequence=0), request)[0] == code


def test_long_replies_pause():
    """After each 117 bytes the meter rests."""
    nes = meter(sequence=0)
    payload = seal(KEY, read(0x1C, 160, 1))
    chunks = nes.receive(len(payload).to_bytes(2) + payload, AT)
    assert [len(chunk.data) for chunk in chunks] == [117, 44]
    assert chunks[1].pause == pytest.approx(0.025)


def test_a_request_must_not_pause():
    """Half a request is forgotten after 50 ms."""
    nes = meter(sequence=0)
    payload = seal(KEY, read(0x34, 6, 1))
    packet = len(payload).to_bytes(2) + payload
    assert nes.receive(packet[:9], AT) == ()
    assert nes.receive(packet[9:], AT + 0.04)
    assert nes.receive(packet[:9], AT + 1) == ()
    assert nes.receive(packet, AT + 2)


def test_alerts():
    """Once a second while something waits, held off by requests."""
    nes = meter(alerts=1, sequence=0)
    assert nes.push(AT)[0].data == b"\0\0"
    ask(nes, read(0x34, 6, 1), at=AT + 0.5)
    assert nes.push(AT + 1) == ()
    assert nes.due(AT + 1) >= AT + 1.5
    assert meter().push(AT) == ()


def test_enable():
    """Without a voltage on COM_ENABLE nothing is heard."""
    nes = meter(wants_enable=True, sequence=0)
    assert ask(nes, read(0x34, 6, 1)) == b""
    nes.enable(True)
    assert ask(nes, read(0x34, 6, 1), at=AT + 1)[0] == 0


@pytest.mark.parametrize("model", [MTR1000, MTR3000, GEN4])
def test_tables_fit_their_dimensions(model):
    """What BT21 announces is what the other tables hold."""
    nes = NesMeter(House(1, model.phases), model, "1", KEY, KEY)
    dimensions = nes._table(0x15, AT)
    demand = 1 if model.demand else 0
    assert dimensions[4:7] == bytes((demand, 2 * demand, demand))
    assert len(nes._table(0x16, AT)) == dimensions[3] + 6 * demand
    block = 4 * dimensions[3] + demand * (5 + 4 + 2 * 4)
    assert len(nes._table(0x17, AT)) == model.resets + block * (1 + dimensions[7])
    assert len(nes._table(0x1B, AT)) == dimensions[9]
    assert len(nes._table(0x1C, AT)) == 4 * dimensions[9]


@given(st.lists(st.binary(max_size=60), max_size=10))
def test_any_bytes(pieces):
    """Nothing raises, and no random bytes are believed."""
    nes = meter()
    for number, piece in enumerate(pieces):
        nes.receive(piece, AT + number * 0.01)
    assert nes.requests == []


def test_rows():
    """Klagenfurt and Linz have both meters, each with a key of 20 characters."""
    rows = [row for row in ROWS if row[1].startswith("nes-mtr")]
    assert len(rows) == 4
    for operator, name in rows:
        assert len(simulator(operator, name).keys["mbk"]) == 40
