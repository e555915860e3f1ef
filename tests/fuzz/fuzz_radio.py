"""Radio sticks: whatever bytes in whatever pieces, frames of bounded length, and nothing held back after a pause."""

from customer_interface.radio import STICKS, Answer, Heard
from customer_interface.reading import Fault
from tests.radio.test_sticks import RAW

NAMES = tuple(STICKS)

SEEDS = (
    *(bytes((NAMES.index(name), 20)) + raw for name, raw in RAW.items()),
    b"\x00\x05" + bytes.fromhex("A58102004CA3"),
    b"\x02\x00V 1.67 nanoCUL868\r\n",
    b"\x03\x00>" + bytes(256) + b">",
)


def fuzz(data: bytes) -> None:
    """The first byte chooses the stick, the second where the bytes are cut."""
    if len(data) < 2:
        return
    stick = STICKS[NAMES[data[0] % len(NAMES)]]("ct")
    body, cut = data[2:], data[1]
    for item in (*stick.feed(body[:cut]), *stick.feed(body[cut:]), *stick.flush()):
        assert isinstance(item, Heard | Fault | Answer)
        if isinstance(item, Heard):
            assert 0 < len(item.data) <= len(body)
            assert item.signal_dbm is None or -150 < item.signal_dbm <= 20
    assert not stick.flush()
