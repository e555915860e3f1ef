"""Wireless frames: whatever bytes, a frame only where lengths and CRCs fit."""

from customer_interface.link.wmbus import parse_raw
from customer_interface.reading import Frame
from tests.mbus_telegrams import OMS_MODE_5, OMS_MODE_5_A, OMS_MODE_5_B

SEEDS = (
    b"\x00" + OMS_MODE_5,
    b"\x01" + OMS_MODE_5_A,
    b"\x02" + OMS_MODE_5_B,
    b"\x00\x54\xcd" + OMS_MODE_5_A,
)
FORMATS = (None, "a", "b", "stripped")


def fuzz(data: bytes) -> None:
    """The first byte chooses the format."""
    if not data:
        return
    item = parse_raw(data[1:], FORMATS[data[0] % 4])
    if isinstance(item, Frame):
        assert len(item.address) == 8
        assert 0 < len(item.payload) < len(data)
        assert item.check_bits in (0, 16)
