"""Whatever a decrypted APDU holds: one reading with values or one fault, bounded, and no value in the words of a fault."""

from customer_interface.application.dlms import read
from customer_interface.application.dlms.axdr import MAX_ELEMENTS
from customer_interface.catalogue import layouts
from customer_interface.reading import Fault
from tests.dlms_apdus import (
    CLOCK,
    code,
    integer,
    listed,
    notification,
    scale,
    string,
    u16,
    u32,
)

OBJECT = listed(u16(3), code("1.0.1.7.0"), integer(0x0F, 2), u16(0))
CHANNEL = listed(u16(72), code("0.1.24.1.0"), integer(0x0F, 6), u16(0))
VOLUME = listed(u16(4), code("0.1.24.2.1"), integer(0x0F, 2), u16(0))
SEEDS = (
    notification(listed(string(CLOCK), *map(u32, range(8)))),
    notification(
        listed(listed(code("1.0.1.8.0"), u32(1), scale(-1, 30)), tag=1), b"\x00"
    ),
    notification(listed(listed(OBJECT, tag=1), u32(7))),
    notification(listed(listed(CHANNEL, VOLUME, tag=1), u32(0x12345678), u32(7))),
    notification(listed(string(b"Kamstrup_V0001", 0x0A), code("1.1.32.7.0"), u16(9))),
    notification(bytes.fromhex("13020212090400010141")),
    notification(bytes.fromhex("020200030100010700FF020600000003")),
    notification(bytes.fromhex("0203060901001F0700FF1000F402020FFE1621")),
)


def fuzz(data: bytes) -> None:
    """Read bytes as a notification."""
    results = read(data, layouts())
    assert len(results) <= 256
    for result in results:
        if isinstance(result, Fault):
            assert len(result.detail) < 2500
        else:
            assert 0 < len(result.values) <= MAX_ELEMENTS
