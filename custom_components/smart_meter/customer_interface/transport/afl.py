"""Authentication and fragmentation layer (EN 13757-7:2018, clause 6).

    90 | length of the fields below | FCL (2) [MCL] [KI (2)] [counter (4)] [MAC (0 to 16)] [ML (2)] | transport layer

FCL, low byte first: fragment number in bits 0 to 7, more fragments 14, MCL 13, ML 12, counter 11, MAC 10, KI 9.
The low nibble of MCL is the kind of the MAC.

A message that is longer than a telegram comes in fragments numbered from 1, which share one transport layer. The MAC
and the message length stand in one of them and cover the whole.
"""

from collections.abc import Iterable

from ..named import NamedTuple
from ..reading import Fault, FaultKind, Link, Message
from .ell import LINK_LAYERS, is_ell, parse_ell
from .streams import Stream, Streams

CI = 0x90
_MORE, _MCL, _ML, _COUNTER, _MAC, _KEY_INFO = (
    0x4000,
    0x2000,
    0x1000,
    0x0800,
    0x0400,
    0x0200,
)

_OTHER_MAC = Fault(
    FaultKind.UNSUPPORTED, "a kind of authentication code that is not AES-CMAC"
)

# Authentication type: bytes of the MAC (table 7); 3 to 7 are AES-CMAC-128.
_MAC_LENGTHS = {0: 0, 3: 2, 4: 4, 5: 8, 6: 12, 7: 16}


class Afl(NamedTuple):
    """The fields as sent; `payload` is the transport layer, or the part of it that this fragment carries."""

    mcl: bytes
    key_info: bytes
    counter: bytes
    mac: bytes
    length: bytes
    payload: bytes
    fragment: int = 0
    more: bool = False

    @property
    def authenticated(self) -> bytes:
        """MCL, counter and message length, as far as they are there, then the transport layer from its CI field on."""
        return self.mcl + self.counter + self.length + self.payload

    @property
    def whole(self) -> bool:
        """Whether this is no fragment of a longer message."""
        return not self.more and self.fragment <= 1

    def to_bytes(self) -> bytes:
        """Return the layer from its CI field on, as it is sent."""
        fields = (
            (_MCL, self.mcl),
            (_KEY_INFO, self.key_info),
            (_COUNTER, self.counter),
            (_MAC, self.mac),
            (_ML, self.length),
        )
        control = self.fragment | (_MORE if self.more else 0)
        control |= sum(flag for flag, content in fields if content)
        header = control.to_bytes(2, "little") + b"".join(part for _, part in fields)
        return bytes((CI, len(header))) + header + self.payload


def is_afl(payload: bytes) -> bool:
    """Whether an authentication and fragmentation layer is on top."""
    return payload[:1] == bytes((CI,))


def parse_afl(payload: bytes) -> Afl | Fault:
    """Read the layer from its CI field on."""
    if len(payload) < 4 or len(payload) < 2 + payload[1] or payload[1] < 2:
        return Fault(
            FaultKind.TRUNCATED, "the telegram ends within its authentication layer"
        )
    control = int.from_bytes(payload[2:4], "little")
    fields, position = payload[4 : 2 + payload[1]], 0

    def take(flag: int, length: int) -> bytes:
        nonlocal position
        start, position = position, position + (length if control & flag else 0)
        return fields[start:position]

    mcl, key_info, counter = take(_MCL, 1), take(_KEY_INFO, 2), take(_COUNTER, 4)
    # A later fragment may carry the MAC without the MCL: then what is left for it is its length.
    left = len(fields) - position - (2 if control & _ML else 0)
    mac_length = _MAC_LENGTHS.get(mcl[0] & 0xF) if mcl else max(left, 0)
    if control & _MAC and (mac_length is None or not (mcl or control & 0xFF)):
        return _OTHER_MAC
    mac, message_length = take(_MAC, mac_length or 0), take(_ML, 2)
    if position > len(fields):
        return Fault(
            FaultKind.TRUNCATED, "the telegram ends within its authentication layer"
        )
    return Afl(
        mcl,
        key_info,
        counter,
        mac,
        message_length,
        payload[2 + payload[1] :],
        control & 0xFF,
        bool(control & _MORE),
    )


# The CI fields of telegrams in which the layer is on top, or behind an extended link layer.
_MAY_CARRY = frozenset(bytes((ci,)) for ci in (CI, *LINK_LAYERS))
# The fragments of one message follow one another like the telegrams of one meter do, seconds to minutes apart.
_LATE = 300.0
_LONGEST = 16_384
_MOST_STREAMS = 64
_MISSING = Fault(
    FaultKind.TRUNCATED, "a fragment of a message in several telegrams is missing"
)

type _Key = tuple[Link, bytes]


class _Stream(Stream):
    """The fragments so far of one message, in order."""

    def __init__(self, since: float) -> None:
        super().__init__(since)
        self.layers: list[Afl] = []

    @property
    def size(self) -> int:
        return sum(len(layer.payload) for layer in self.layers)


class AflAssembler:
    """M-Bus messages in, messages out: fragments are joined to one message, all others pass.

    Only fragments in the clear can be told: one below an encrypted extended link layer passes as it is.
    """

    def __init__(self) -> None:
        """Begin with nothing."""
        self._streams: Streams[_Key, _Stream] = Streams(_LATE, _MISSING, _MOST_STREAMS)

    def add(self, message: Message, at: float) -> list[Message | Fault]:
        """Take a message that arrived at this time in seconds."""
        if not self._streams and message.payload[:1] not in _MAY_CARRY:
            return [message]
        results: list[Message | Fault] = list(self.expire(at))
        start = _start(message.payload)
        layer = parse_afl(message.payload[start:]) if start is not None else None
        if start is None or not isinstance(layer, Afl) or layer.whole:
            return [*results, message]
        key = (message.link, message.address)
        stream = self._streams.pop(key, None) or _Stream(at)
        if stream.layers and layer == stream.layers[-1]:
            self._streams.keep(key, stream)
            return results
        if layer.fragment != len(stream.layers) + 1:
            results.append(_MISSING)
            if layer.fragment != 1:
                return results
            stream = _Stream(at)
        stream.layers.append(layer)
        stream.since = at
        if layer.more and stream.size <= _LONGEST:
            self._streams.keep(key, stream)
            return results
        joined = _join(stream.layers)
        if isinstance(joined, Fault):
            return [*results, joined]
        payload = message.payload[:start] + joined.to_bytes()
        return [*results, message._replace(payload=payload)]

    @property
    def waiting(self) -> bool:
        """Whether any fragments are remembered."""
        return bool(self._streams)

    def expire(self, at: float) -> list[Fault]:
        """Give up what has waited too long; infinity gives up everything."""
        return self._streams.expire(at)


def _start(payload: bytes) -> int | None:
    """Return where the layer begins, behind an extended link layer without encryption; None where it is not on top."""
    if is_afl(payload):
        return 0
    if not is_ell(payload):
        return None
    below = parse_ell(payload)
    if isinstance(below, Fault) or below.session or not is_afl(below.payload):
        return None
    return len(payload) - len(below.payload)


def _join(layers: list[Afl]) -> Afl | Fault:
    """Return the layer of the whole message; a fault where its length is not the one that was announced."""
    payload = b"".join(layer.payload for layer in layers)
    length = _first(layer.length for layer in layers)
    mcl, mac = (
        _first(layer.mcl for layer in layers),
        _first(layer.mac for layer in layers),
    )
    if mac and (not mcl or _MAC_LENGTHS.get(mcl[0] & 0xF) != len(mac)):
        return _OTHER_MAC
    if layers[-1].more or (length and int.from_bytes(length, "little") != len(payload)):
        return _MISSING
    return Afl(
        mcl,
        _first(layer.key_info for layer in layers),
        _first(layer.counter for layer in layers),
        mac,
        length,
        payload,
    )


def _first(contents: Iterable[bytes]) -> bytes:
    return next(filter(None, contents), b"")
