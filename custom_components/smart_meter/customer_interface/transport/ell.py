"""Extended link layer (EN 13757-4:2019, 13.2): access, a second address, and encryption below the transport header.

    8C   CI | CC | ACC
    8D   CI | CC | ACC | SN (4) | CRC (2) ...          the CRC, over all behind it, is encrypted with what it covers
    8E   CI | CC | ACC | M M | ID ID ID ID V T
    8F   CI | CC | ACC | M M | ID ID ID ID V T | SN (4) | CRC (2) ...
    86   CI | length of the fields below | fields ...

SN, low byte first: bits 29 to 31 say how the rest is encrypted (0 not, 1 AES-128 in counter mode). The fields of 86 are
left out: what follows is read only where it begins with the CI field of a layer above.
"""

from ..named import NamedTuple
from ..reading import Fault, FaultKind

_HAS_ADDRESS = {0x8C: False, 0x8D: False, 0x8E: True, 0x8F: True}
_HAS_SESSION = frozenset({0x8D, 0x8F})
_VARIABLE = 0x86
LINK_LAYERS = frozenset({*_HAS_ADDRESS, _VARIABLE})
# CI fields of the layers that an extended link layer carries.
FOLLOWING = frozenset({0x72, 0x78, 0x79, 0x7A, 0x90})
AES_CTR = 1
# Of CC: set by a repeater that passes a telegram on, and by the meter where it repeats one.
CC_AT, REPEATER_BITS = 1, 0x12

_TRUNCATED = Fault(
    FaultKind.TRUNCATED, "the telegram ends within its extended link layer"
)


class Ell(NamedTuple):
    """`session` is the four bytes of SN (empty where there is none); `payload` begins with the CRC where there is one."""

    control: int
    access: int
    address: bytes
    session: bytes
    payload: bytes

    @property
    def encryption(self) -> int:
        """0 for none, 1 for AES-128-CTR."""
        return self.session[3] >> 5 if self.session else 0

    def initial_vector(self, address: bytes) -> bytes:
        """Return the first counter block: M2 A6, CC without hop count and repeat bit, SN, frame number 0, block 0."""
        return (
            address + bytes((self.control & ~REPEATER_BITS,)) + self.session + bytes(3)
        )


def is_ell(payload: bytes) -> bool:
    """Whether an extended link layer header is on top."""
    return payload[:1] != b"" and payload[0] in LINK_LAYERS


def parse_ell(payload: bytes) -> Ell | Fault:
    """Read the header from the CI field on."""
    ci = payload[0]
    if ci == _VARIABLE:
        return _parse_variable(payload)
    address = 8 if _HAS_ADDRESS[ci] else 0
    session = 4 if ci in _HAS_SESSION else 0
    start = 3 + address + session
    if len(payload) < start + (2 if session else 1):
        return _TRUNCATED
    return Ell(
        payload[1],
        payload[2],
        payload[3 : 3 + address],
        payload[3 + address : start],
        payload[start:],
    )


def _parse_variable(payload: bytes) -> Ell | Fault:
    if len(payload) < 2 or len(payload) <= 2 + payload[1]:
        return _TRUNCATED
    above = payload[2 + payload[1] :]
    if above[0] not in FOLLOWING:
        return Fault(
            FaultKind.UNSUPPORTED,
            "an extended link layer of variable length (CI 86) that hides what follows",
        )
    return Ell(0, 0, b"", b"", above)
