"""HDLC frame type 3 as a meter writes it (IEC 62056-46), unnumbered information, no byte stuffing.

7E | A·S·length (2) | destination | source | 13 | HCS (2, low first) | [E6 E7 00] information | FCS (2) | 7E
"""

from collections.abc import Sequence

from ..checksum import crc16_x25

FLAG = b"\x7e"
LLC = b"\xe6\xe7\x00"
SEGMENTED = 0x0800
_TYPE_3 = 0xA000
_CHECKS = 4  # HCS and FCS


def frame(
    addresses: bytes, information: bytes, *, control: int = 0x13, more: bool = False
) -> bytes:
    """Return one frame; `addresses` are destination and source as on the wire, `more` says that segments follow."""
    size = 2 + len(addresses) + 1 + _CHECKS + len(information)
    head = (_TYPE_3 | (SEGMENTED if more else 0) | size).to_bytes(2, "big")
    head += addresses + bytes((control,))
    head += crc16_x25(head).to_bytes(2, "little")
    body = head + information
    return FLAG + body + crc16_x25(body).to_bytes(2, "little") + FLAG


def one(apdu: bytes, *, addresses: bytes, control: int = 0x13) -> list[bytes]:
    """Return the single frame that holds an APDU."""
    return [frame(addresses, LLC + apdu, control=control)]


def segments(
    apdu: bytes, *, addresses: bytes, size: int, control: int = 0x13
) -> list[bytes]:
    """Return the frames of at most `size` information bytes that hold an APDU; the LLC header is in the first."""
    whole = LLC + apdu
    pieces = [whole[start : start + size] for start in range(0, len(whole), size)]
    return [
        frame(addresses, piece, control=control, more=piece is not pieces[-1])
        for piece in pieces
    ]


def blocks(parts: Sequence[bytes], *, addresses: bytes) -> list[bytes]:
    """Return one frame for each APDU, the LLC header in the first only (general block transfer of L+G)."""
    return [
        frame(addresses, (b"" if number else LLC) + part)
        for number, part in enumerate(parts)
    ]
