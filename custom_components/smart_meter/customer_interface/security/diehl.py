"""Diehl Metering (also Hydrometer, Sappel): data scrambled by a shift register, and the key meters leave the works with.

    CI | 3 bytes | check | scrambled ...

A linear feedback shift register of 32 bits (taps 1, 2, 11, 31) is seeded with a constant, the address as it was sent and
the four bytes from the CI field on, and moves on eight bits for each byte. That is no encryption: the constants are the
same for all meters that were not given others, and have been public for years.
"""

from collections.abc import Iterator

# Where no other key was set, meters in security mode 5 use this one.
DEFAULT_KEY = bytes.fromhex("51728910E66D83F8" * 2)

_CONSTANTS = (0xDFD109E8, 0xB71F0AE8)
_TAPS = (1, 2, 11, 31)
HEADER = 5
_WORD = 0xFFFFFFFF


def unscramble(address: bytes, payload: bytes) -> Iterator[bytes]:
    """Yield what the payload, from its CI field on, may say: one result for each constant, to be judged by the caller.

    `address` is the eight bytes in the order they were sent.
    """
    header = address[:8] + payload[:4]
    for constant in _CONSTANTS:
        state = constant
        for position in range(0, 12, 4):
            state ^= int.from_bytes(header[position : position + 4])
        yield _run(state, payload[HEADER:])


def _run(state: int, scrambled: bytes) -> bytes:
    plain = bytearray()
    for byte in scrambled:
        for _ in range(8):
            bit = sum(state >> tap for tap in _TAPS) & 1
            state = (state << 1 | bit) & _WORD
        plain.append(byte ^ state & 0xFF)
    return bytes(plain)
