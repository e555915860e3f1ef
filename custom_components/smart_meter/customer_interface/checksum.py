"""Checksums of all link layers, one function each, with its check value over ASCII `123456789`."""

from binascii import crc_hqx
from zlib import adler32

_NO_OVERFLOW = 65_521 // 0xFF


def _reversed_bits() -> bytes:
    """Return each byte with its bits in reverse order; every further bit of the index doubles the table."""
    table = [0]
    for bit in (0x80, 0x40, 0x20, 0x10, 0x08, 0x04, 0x02, 0x01):
        table += [entry | bit for entry in table]
    return bytes(table)


_REVERSED = _reversed_bits()


def sum8(data: bytes) -> int:
    """Arithmetic sum modulo 256 (EN 13757-2, 5.3.5; check DDh)."""
    # The lower half of Adler-32, begun at 0, is the sum modulo 65521, which so few bytes do not reach.
    return (adler32(data, 0) if len(data) <= _NO_OVERFLOW else sum(data)) & 0xFF


def crc16_x25(data: bytes) -> int:
    """CRC-16/X-25 of HDLC (ISO/IEC 13239, 4.2.5.2; check 906Eh)."""
    return _reflect16(crc_hqx(data.translate(_REVERSED), 0xFFFF)) ^ 0xFFFF


def crc16_kermit(data: bytes) -> int:
    """CRC-16/KERMIT, found in some SML meters (check 2189h)."""
    return _reflect16(crc_hqx(data.translate(_REVERSED), 0))


def _reflect16(value: int) -> int:
    return _REVERSED[value >> 8] | _REVERSED[value & 0xFF] << 8


def _table(polynomial: int) -> tuple[int, ...]:
    """Bytewise table of an MSB-first 16-bit polynomial; a CRC is linear, so every further bit doubles the table."""
    table, value = [0], polynomial
    while len(table) < 256:
        table += [entry ^ value for entry in table]
        value = (value << 1 ^ (polynomial if value & 0x8000 else 0)) & 0xFFFF
    return tuple(table)


# The table by its bytes, high and low: numbers so small need not be made each time.
_EN13757_HIGH, _EN13757_LOW = (
    bytes(entry >> shift & 0xFF for entry in _table(0x3D65)) for shift in (8, 0)
)


def crc16_arc(data: bytes) -> int:
    """CRC-16/ARC of P1 telegrams (DSMR P1 5.0.2, 5.2; check BB3Dh)."""
    # The polynomial is (x + 1) * (x^15 + x + 1). Modulo the second factor x^(15n) = x^n + 1 for every power of two n:
    # that folds the message, taken as one big number, by half at a time. The first factor is the parity.
    message = int.from_bytes(data.translate(_REVERSED)) << 16
    rest = message
    while (length := rest.bit_length()) > 15:
        power = 1 << ((length - 1) // 15).bit_length() - 1
        high = rest >> 15 * power
        rest ^= (high << 15 * power) ^ (high << power) ^ high
    if (rest.bit_count() ^ message.bit_count()) & 1:
        rest ^= 0x8003
    return _reflect16(rest)


def crc16_en13757(data: bytes) -> int:
    """CRC-16/EN-13757 of wireless M-Bus blocks and the ELL (EN 13757-4, 11; check C2B7h)."""
    if len(data) > _ORDER_BYTES:
        data = _folded(data)
    high = low = 0
    for byte in data:
        place = high ^ byte
        high, low = low ^ _EN13757_HIGH[place], _EN13757_LOW[place]
    return (high << 8 | low) ^ 0xFFFF


# x^151 is 1 modulo the polynomial of EN 13757: so a message, taken as one big number, is folded to that many bits.
_ORDER, _ORDER_BYTES = 151, 19
_ORDER_BITS = (1 << _ORDER) - 1


def _folded(data: bytes) -> bytes:
    """Return the shortest bytes with the same CRC-16/EN-13757."""
    rest = int.from_bytes(data)
    while rest > _ORDER_BITS:
        rest = (rest & _ORDER_BITS) ^ (rest >> _ORDER)
    return rest.to_bytes(_ORDER_BYTES)
