"""Wireless M-Bus frames (EN 13757-4:2019, clause 12), as radio sticks and gateways deliver them.

    format A    L C M M A A A A A A CRC | 16 bytes CRC | ... | 1 to 16 bytes CRC     L counts neither itself nor CRCs
    format B    L C M M A A A A A A ... CRC | ... CRC                                L counts all but itself
    stripped    L C M M A A A A A A ...                                              the stick verified and removed CRCs

In format B a first CRC ends the first 128 bytes of a longer frame. CRC-16/EN-13757, high byte first. C mode
prefixes 54 CD (A) or 54 3D (B); the six bits to a nibble of T mode are the receiver's to decode.
"""

from ..checksum import crc16_en13757
from ..reading import Fault, FaultKind, Frame, Link

CRC_BITS = 16
_FIRST_BLOCK, _BLOCK = 10, 16
_HEADER = 10
_FORMAT_B_FIRST = 128
# Signal strength, link quality and a last CRC that a receiver leaves behind a frame.
_LONGEST_TAIL = 4
_C_MODE = {b"\x54\xcd": "a", b"\x54\x3d": "b"}

_SHORT = Fault(FaultKind.TRUNCATED, "a radio frame shorter than its length field says")
_LONG = Fault(FaultKind.NOISE, "bytes behind a radio frame's end")
_CRC = Fault(FaultKind.CHECKSUM, "a radio frame whose CRC does not fit")


def parse_raw(
    data: bytes, frame_format: str | None = None, signal_dbm: int | None = None
) -> Frame | Fault:
    """Read one frame from its L field on; `frame_format` is `a`, `b`, `stripped`, or None to tell it by length and CRC.

    A frame with CRCs comes with 16 check bits, a stripped one with none.
    """
    if data[:2] in _C_MODE:
        data, frame_format = data[2:], _C_MODE[data[:2]]
    if len(data) <= _HEADER or data[0] < _HEADER:
        return Fault(FaultKind.TRUNCATED, "too few bytes for a radio frame")
    if frame_format is None:
        data, wanted = _guess(data)
    else:
        wanted = (frame_format,)
    faults: list[Fault] = []
    for name in wanted:
        bare = _REMOVERS[name](data)
        if isinstance(bare, bytes):
            return _to_frame(bare, 0 if name == "stripped" else CRC_BITS, signal_dbm)
        faults.append(bare)
    return faults[0]


def _to_frame(
    bare: bytes, check_bits: int, signal_dbm: int | None = None
) -> Frame | Fault:
    """Return the frame of bytes without CRCs, from the L field on; a fault where they are too few."""
    if len(bare) <= _HEADER:
        return Fault(FaultKind.TRUNCATED, "too few bytes for a radio frame")
    return Frame(
        Link.WMBUS,
        bare[_HEADER:],
        bare[1],
        bare[2:_HEADER],
        False,  # more
        check_bits,
        signal_dbm,
    )


def _guess(data: bytes) -> tuple[bytes, tuple[str, ...]]:
    """Return the frame without what a receiver put behind it, and the formats it can be in, the most probable first.

    The CRC of the first block tells format A, and so does its length.
    """
    bare, with_crcs = data[0] + 1, _LENGTHS_OF_FORMAT_A[data[0]]
    if len(data) == with_crcs or _fits(data[: _FIRST_BLOCK + 2]):
        return data[:with_crcs], ("b",) if len(data) == bare else ("a",)
    if bare <= len(data) <= bare + _LONGEST_TAIL:
        return data[:bare], ("b", "stripped")
    return data, ("stripped",)


# How many bytes a frame of format A has with its L field and CRCs, by the L field.
_LENGTHS_OF_FORMAT_A = tuple(
    length + 1 + 2 * (1 + -(-(length - _FIRST_BLOCK + 1) // _BLOCK))
    for length in range(256)
)


def _remove_a(data: bytes) -> bytes | Fault:
    whole = _LENGTHS_OF_FORMAT_A[data[0]]
    if len(data) != whole:
        return _SHORT if len(data) < whole else _LONG
    bare, position, size = bytearray(), 0, _FIRST_BLOCK
    while position < len(data):
        block = data[position : position + size + 2]
        if not _fits(block):
            return _CRC
        bare += block[:-2]
        position, size = position + len(block), _BLOCK
    return bytes(bare)


def _remove_b(data: bytes) -> bytes | Fault:
    if len(data) != data[0] + 1:
        return _SHORT if len(data) < data[0] + 1 else _LONG
    blocks = (
        [data[:_FORMAT_B_FIRST], data[_FORMAT_B_FIRST:]]
        if len(data) > _FORMAT_B_FIRST
        else [data]
    )
    if not all(map(_fits, blocks)):
        return _CRC
    bare = b"".join(block[:-2] for block in blocks)
    return bytes((len(bare) - 1,)) + bare[1:]


def _remove_nothing(data: bytes) -> bytes | Fault:
    if len(data) != data[0] + 1:
        return _SHORT if len(data) < data[0] + 1 else _LONG
    return data


_REMOVERS = {"a": _remove_a, "b": _remove_b, "stripped": _remove_nothing}


def _fits(block: bytes) -> bool:
    return len(block) > 2 and crc16_en13757(block[:-2]) == int.from_bytes(block[-2:])
