"""Security of the Dutch P2 port, "mode 15" (Netbeheer Nederland, DSMR P2 4.2.2, chapter 5).

    long header, configuration 0F N0 | N encrypted blocks of 16 bytes | 04 FD 08 | frame counter (4), not encrypted

AES-128-CBC with the vector M M ID ID ID ID V T FC FC FC FC FC FC FC FC: the header's address and twice the frame counter,
low byte first. The plaintext begins and ends with two fillers 2F 2F, both of which must be there.
"""

from collections.abc import Sequence

from ..named import NamedTuple
from ..reading import Fault, FaultKind
from .oms import BLOCK, NO_KEY, WRONG_KEY, decrypt_cbc

_FILLERS = b"\x2f\x2f"
_COUNTER_RECORD = b"\x04\xfd\x08"


class OpenedP2(NamedTuple):
    """Plaintext with its fillers, the frame counter and the key that fitted."""

    plaintext: bytes
    counter: int
    key: bytes

    def __repr__(self) -> str:
        """Never show the key."""
        return f"OpenedP2({len(self.plaintext)} bytes)"


def open_mode_15(
    data: bytes, blocks: int, keys: Sequence[bytes], address: bytes
) -> OpenedP2 | Fault:
    """Open what follows the long header; `address` is the header's in radio order (manufacturer first)."""
    ciphertext, record = data[: blocks * BLOCK], data[blocks * BLOCK :]
    if not blocks or len(ciphertext) < blocks * BLOCK or len(record) < 7:
        return Fault(
            FaultKind.TRUNCATED,
            "an encrypted P2 telegram without its blocks or its frame counter",
        )
    if len(record) != 7 or not record.startswith(_COUNTER_RECORD):
        return Fault(
            FaultKind.UNSUPPORTED,
            "an encrypted P2 telegram whose frame counter is not where it should be",
        )
    counter = record[3:]
    usable = [key for key in keys if len(key) == BLOCK]
    for key in usable:
        plaintext = decrypt_cbc(key, address + counter * 2, ciphertext)
        if plaintext.startswith(_FILLERS) and plaintext.endswith(_FILLERS):
            return OpenedP2(plaintext, int.from_bytes(counter, "little"), key)
    return WRONG_KEY if usable else NO_KEY
