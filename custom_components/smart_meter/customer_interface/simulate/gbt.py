"""General block transfer as a meter writes it (Green Book 9.4.6.13), blocks numbered from 1, streaming.

E0 | last·streaming·window | block number (2) | acknowledged (2) | length | data
"""

from .axdr import length

GENERAL_BLOCK_TRANSFER = 0xE0
_LAST, _STREAMING = 0x80, 0x40


def blocks(apdu: bytes, sizes: tuple[int, int]) -> list[bytes]:
    """Cut an APDU into blocks: the first holds sizes[0] bytes of it, each other up to sizes[1]."""
    first, others = sizes
    rest = apdu[first:]
    pieces = [
        apdu[:first],
        *(rest[start : start + others] for start in range(0, len(rest), others)),
    ]
    return [
        _block(number, piece, last=number == len(pieces))
        for number, piece in enumerate(pieces, start=1)
    ]


def _block(number: int, data: bytes, *, last: bool) -> bytes:
    control = _STREAMING | (_LAST if last else 0)
    return (
        bytes((GENERAL_BLOCK_TRANSFER, control))
        + number.to_bytes(2, "big")
        + bytes(2)
        + length(len(data))
        + data
    )
