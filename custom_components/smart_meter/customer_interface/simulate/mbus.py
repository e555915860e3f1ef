"""M-Bus long frames as a meter that pushes writes them (EN 13757-2; Green Book 10.5.3.4, one way).

68 L L 68 | C A CI STSAP DTSAP | data | checksum 16
"""

CONTROL, BROADCAST = 0x53, 0xFF
SERVER, CLIENT = 0x01, 0x67
FINAL = 0x10
HEADER = 5


def long_frame(body: bytes) -> bytes:
    """Return the frame around C, A, CI and what follows; the length counts them modulo 256, as some meters do."""
    size = len(body) & 0xFF
    return bytes((0x68, size, size, 0x68)) + body + bytes((sum(body) & 0xFF, 0x16))


def segments(apdu: bytes, size: int) -> list[bytes]:
    """Return the frames that carry an APDU in pieces of `size` bytes: CI is the number, bit 4 marks the last."""
    pieces = [apdu[start : start + size] for start in range(0, len(apdu), size)]
    return [
        long_frame(
            bytes((CONTROL, BROADCAST, _ci(number, len(pieces)), SERVER, CLIENT))
            + piece
        )
        for number, piece in enumerate(pieces)
    ]


def _ci(number: int, count: int) -> int:
    return (number & 0x0F) | (FINAL if number == count - 1 else 0)
