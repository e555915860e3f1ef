"""Authentication and fragmentation layer (EN 13757-7:2018, clause 6).

    90 | length of the fields below | FCL (2) [MCL] [KI (2)] [counter (4)] [MAC (0 to 16)] [ML (2)] | transport layer

FCL, low byte first: fragment number in bits 0 to 7, more fragments 14, MCL 13, ML 12, counter 11, MAC 10, KI 9.
The low nibble of MCL is the kind of the MAC.
"""

from dataclasses import dataclass

from ..reading import Fault, FaultKind

CI = 0x90
_MORE, _MCL, _ML, _COUNTER, _MAC, _KEY_INFO = (
    0x4000,
    0x2000,
    0x1000,
    0x0800,
    0x0400,
    0x0200,
)

# Authentication type: bytes of the MAC (table 7); 3 to 7 are AES-CMAC-128.
_MAC_LENGTHS = {0: 0, 3: 2, 4: 4, 5: 8, 6: 12, 7: 16}


@dataclass(frozen=True, slots=True)
class Afl:
    """The fields as sent; `authenticated` is what the MAC covers before the transport layer."""

    mcl: bytes
    key_info: bytes
    counter: bytes
    mac: bytes
    length: bytes
    payload: bytes

    @property
    def authenticated(self) -> bytes:
        """MCL, counter and message length, as far as they are there, then the transport layer from its CI field on."""
        return self.mcl + self.counter + self.length + self.payload


def is_afl(payload: bytes) -> bool:
    """Whether an authentication and fragmentation layer is on top."""
    return payload[:1] == bytes((CI,))


def parse_afl(payload: bytes) -> Afl | Fault:
    """Read the layer from its CI field on; fragments of longer messages are refused."""
    if len(payload) < 4 or len(payload) < 2 + payload[1] or payload[1] < 2:
        return Fault(
            FaultKind.TRUNCATED, "the telegram ends within its authentication layer"
        )
    control = int.from_bytes(payload[2:4], "little")
    if control & _MORE or control & 0xFF > 1:
        return Fault(
            FaultKind.UNSUPPORTED,
            "a fragment of a message that is spread over several telegrams",
        )
    fields, position = payload[4 : 2 + payload[1]], 0

    def take(flag: int, length: int) -> bytes:
        nonlocal position
        start, position = position, position + (length if control & flag else 0)
        return fields[start:position]

    mcl, key_info, counter = take(_MCL, 1), take(_KEY_INFO, 2), take(_COUNTER, 4)
    mac_length = _MAC_LENGTHS.get(mcl[0] & 0xF) if mcl else None
    if control & _MAC and mac_length is None:
        return Fault(
            FaultKind.UNSUPPORTED, "a kind of authentication code that is not AES-CMAC"
        )
    mac, message_length = take(_MAC, mac_length or 0), take(_ML, 2)
    if position > len(fields):
        return Fault(
            FaultKind.TRUNCATED, "the telegram ends within its authentication layer"
        )
    return Afl(mcl, key_info, counter, mac, message_length, payload[2 + payload[1] :])
