"""Transport layer header of M-Bus (EN 13757-7:2018, clause 7): who, which access, which encryption.

    no header      CI
    short header   CI | access | status | configuration (2) [extension]
    long header    CI | ID ID ID ID | M M | V | T | access | status | configuration (2) [extension]

All fields low byte first. The low five bits of the configuration's high byte are the security mode; in the modes that
encrypt whole blocks the high nibble of the low byte counts them. Modes 7, 8, 9, 10 and 13 have extension bytes, mode 10
also a message counter of four bytes behind them.
"""

from enum import Enum

from ..mbus_address import wireless_order
from ..named import NamedTuple
from ..reading import Fault, FaultKind


class Header(Enum):
    """The header a CI field announces."""

    NONE = 0
    SHORT = 4
    LONG = 12


# EN 13757-7:2018, table 2: the CI fields of telegrams from meters; 5A and 5B come from meters that are masters (AMIS).
HEADERS: dict[int, Header] = {
    0x5A: Header.SHORT,
    0x5B: Header.LONG,
    0x69: Header.NONE,
    0x6A: Header.SHORT,
    0x6B: Header.LONG,
    0x6E: Header.SHORT,
    0x6F: Header.LONG,
    0x70: Header.NONE,
    0x71: Header.NONE,
    0x72: Header.LONG,
    0x73: Header.LONG,
    0x74: Header.SHORT,
    0x75: Header.LONG,
    0x78: Header.NONE,
    0x79: Header.NONE,
    0x7A: Header.SHORT,
    0x7B: Header.SHORT,
}

# Of the configuration's low byte: hop counter and repeated access.
_REPEATER_BITS = 0x03

# Bytes behind the configuration field that belong to it (EN 13757-7:2018, 7.6); the first tells of key and derivation.
_EXTENSION_BYTES = {7: 1, 8: 1, 9: 1, 10: 6, 13: 1}


class Tpl(NamedTuple):
    """A header; `address` is in the order of a radio address, `start` the position of the data behind the header."""

    ci: int
    start: int
    address: bytes = b""
    access: int = 0
    status: int | None = None
    configuration: int = 0
    extension: bytes = b""

    @property
    def mode(self) -> int:
        """Security mode (EN 13757-7:2018, table 19)."""
        return self.configuration >> 8 & 0x1F

    @property
    def blocks(self) -> int:
        """Number of encrypted blocks of 16 bytes."""
        return self.configuration >> 4 & 0xF


_CUT_SHORT = Fault(FaultKind.TRUNCATED, "the telegram ends within its header")


def parse_tpl(payload: bytes) -> Tpl | Fault:
    """Read the header from the CI field on; a fault for a CI field no meter sends data with, or missing bytes."""
    if not payload:
        return Fault(FaultKind.TRUNCATED, "a telegram without a CI field")
    ci = payload[0]
    header = HEADERS.get(ci)
    if header is None:
        return Fault(FaultKind.UNSUPPORTED, _refusal(ci))
    if header is Header.NONE:
        return Tpl(ci, 1)
    if len(payload) < 1 + header.value:
        return _CUT_SHORT
    address = wireless_order(payload[1:9]) if header is Header.LONG else b""
    access, status, low, high = payload[header.value - 3 : header.value + 1]
    start = 1 + header.value
    end = start + _EXTENSION_BYTES.get(high & 0x1F, 0)
    if len(payload) < end:
        return _CUT_SHORT
    return Tpl(
        ci,
        end,
        address,
        access,
        status,
        high << 8 | low,
        payload[start:end],
    )


def repeater_bits(payload: bytes) -> tuple[int, int] | None:
    """Return the position of the byte that repeaters change and the bits of it, None where a CI field announces none."""
    header = HEADERS.get(payload[0], Header.NONE) if payload else Header.NONE
    return None if header is Header.NONE else (header.value - 1, _REPEATER_BITS)


def _refusal(ci: int) -> str:
    if 0x50 <= ci <= 0x67 or ci == 0x80 or 0xB8 <= ci <= 0xBF:
        return f"a command to a meter (CI {ci:02X}), not a reading"
    if 0xA0 <= ci <= 0xB7:
        return f"a telegram only its manufacturer can read (CI {ci:02X})"
    return f"CI {ci:02X} is no M-Bus application data"
