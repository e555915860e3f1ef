"""Records of EN 13757-3 made of what makers send in other ways, so that it is understood like all others."""

_INTEGER = 0x4
_REAL = 0x5
_LONG = 0x7
_EXTENSION = 0x80


def dib(field: int, storage: int = 0) -> bytes:
    """Return DIF and DIFEs of an instantaneous value with this data field and storage number."""
    found, rest = bytearray((field | (storage & 1) << 6,)), storage >> 1
    while rest:
        found[-1] |= _EXTENSION
        found.append(rest & 0xF)
        rest >>= 4
    return bytes(found)


def count(data: bytes, vib: bytes, storage: int = 0) -> bytes:
    """Return a record of an unsigned number of up to three bytes, low byte first; all bits set is none."""
    if data == b"\xff" * len(data):
        return dib(_INTEGER, storage) + vib + b"\x00\x00\x00\x80"
    return dib(_INTEGER, storage) + vib + data.ljust(4, b"\0")


def number(value: int, vib: bytes, storage: int = 0) -> bytes:
    """Return a record of a number that may need eight bytes."""
    return dib(_LONG, storage) + vib + value.to_bytes(8, "little", signed=True)


def real(bits: bytes, vib: bytes, storage: int = 0) -> bytes:
    """Return a record of a floating point number."""
    return dib(_REAL, storage) + vib + bits
