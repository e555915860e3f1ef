"""Whatever bytes are to be opened: no exception, nothing that grows, no authentication without a tag that fits."""

from customer_interface.security.dlms import Opened, open_apdu, title_of
from tests.dlms_apdus import (
    AK,
    EK,
    KEK,
    general_ciphering,
    general_glo,
    general_signing,
)
from tests.link.vectors import GBT_APDU

PLAIN = bytes.fromhex("0F000000010002010600000200")
SEEDS = (
    GBT_APDU,
    general_glo(PLAIN),
    general_glo(PLAIN, 0x10),
    general_ciphering(PLAIN, b"\x01\x00\x00"),
    general_ciphering(PLAIN, b"\x01\x01\x00\x18" + bytes(24)),
    general_signing(PLAIN, bytes(64)),
)


def fuzz(data: bytes) -> None:
    """Open bytes with keys of both lengths."""
    result = open_apdu(data, (EK, KEK, bytes(32)), (bytes(16),))
    assert not isinstance(result, Opened) or len(result.plaintext) <= len(data)
    result = open_apdu(data, (EK,), (AK,), (b"\x04" + bytes(64),))
    if isinstance(result, Opened) and result.authenticated:
        assert result.counter is not None
    title = title_of(data)
    assert title is None or len(title) == 16
