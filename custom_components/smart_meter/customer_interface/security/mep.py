"""The digest and the optional cipher of MEP packets (OSGP MEP Client Developer's Guide 1.1, appendices A and B).

    request   message            || digest(key, message)
    reply     message            || digest(key, request message || reply message)
    RC4       both messages are enciphered with one key stream, the digests are those of the plain messages

The request holds a sequence number, so the digest binds a reply to the one request it answers. The digest pads with
zeros and does not see zeros at the end of a message: the length field must be checked as well. It is a check of 64 bits,
and weak by today's standards; the guide itself discourages it, but the meters in the field know nothing else but TLS.
"""

from collections.abc import Iterator
from hmac import compare_digest

from ..reading import Fault, FaultKind

KEY_SIZE = 16
DIGEST_SIZE = 8
CHECK_BITS = 8 * DIGEST_SIZE

# A round takes eight bytes for each key byte, and the first half of the key once more.
_ROUND = 8 * (KEY_SIZE + KEY_SIZE // 2)
_STREAM_CONSTANT = bytes.fromhex("388B8FBC36A8558587AFC90FB23A3B99")

_ROTATED_LEFT = tuple((n << 1 | n >> 7) & 0xFF for n in range(256))
_MINUS_ROTATED_RIGHT = tuple(-(n >> 1 | n << 7) & 0xFF for n in range(256))


def digest(key: bytes, message: bytes) -> bytes:
    """Return the eight bytes that prove a message; `key` has 16 bytes (appendix A)."""
    rotations = [
        (_MINUS_ROTATED_RIGHT, _ROTATED_LEFT)[
            key[position // 8 % KEY_SIZE] >> position % 8 & 1
        ]
        for position in range(_ROUND)
    ]
    state = [0] * DIGEST_SIZE
    last = 0
    rounds = max(1, -(-len(message) // _ROUND))
    for position, byte in enumerate(message.ljust(rounds * _ROUND, b"\0")):
        lane = 7 - position % 8
        rotated = rotations[position % _ROUND][~(state[lane] + lane) & 0xFF]
        last = state[lane] = (last + byte + rotated) & 0xFF
    return bytes(state)


def seal(key: bytes, request: bytes, *, encrypt: bool = False) -> bytes:
    """Return a request message with its digest, enciphered where wanted."""
    proof = digest(key, request)
    return (_cipher(key, proof, 0, request) if encrypt else request) + proof


def open_request(key: bytes, payload: bytes) -> tuple[bytes, bool] | None:
    """Return the message of a request and whether it was enciphered, None where the key does not fit."""
    body, proof = payload[:-DIGEST_SIZE], payload[-DIGEST_SIZE:]
    for encrypted in (False, True):
        message = _cipher(key, proof, 0, body) if encrypted else body
        if body and compare_digest(digest(key, message), proof):
            return message, encrypted
    return None


def open_reply(
    key: bytes, request: bytes, payload: bytes, *, encrypted: bool = False
) -> bytes | Fault:
    """Return the message of a reply to `request` (both plain), or a fault where its digest does not fit.

    `payload` is what follows the length field. The refusal of a key (`0B`) comes plain and need not fit.
    """
    if len(payload) <= DIGEST_SIZE:
        return Fault(FaultKind.TRUNCATED, "a reply too short to hold a digest")
    message, proof = payload[:-DIGEST_SIZE], payload[-DIGEST_SIZE:]
    if encrypted:
        message = _cipher(key, digest(key, request), len(request), message)
    if not compare_digest(digest(key, request + message), proof):
        return Fault(FaultKind.CHECKSUM, "a reply whose digest does not fit")
    return message


def _cipher(key: bytes, proof: bytes, skip: int, message: bytes) -> bytes:
    """Encipher or decipher with the key stream of one exchange, from its byte number `skip` on (appendix B)."""
    stream_key = _xor(_rc4(key), _STREAM_CONSTANT)
    stream = _rc4(_xor(stream_key[:DIGEST_SIZE], proof) + stream_key[DIGEST_SIZE:])
    for _ in range(skip):
        next(stream)
    return _xor(stream, message)


def _xor(stream: Iterator[int] | bytes, data: bytes) -> bytes:
    # The data comes first: an endless stream must not lose the byte after its end.
    return bytes(a ^ b for a, b in zip(data, stream, strict=False))


def _rc4(key: bytes) -> Iterator[int]:
    """Yield the key stream of RC4, which cryptography only offers where OpenSSL's legacy provider is there."""
    box = list(range(256))
    j = 0
    for i in range(256):
        j = (j + box[i] + key[i % len(key)]) & 0xFF
        box[i], box[j] = box[j], box[i]
    i = j = 0
    while True:
        i = (i + 1) & 0xFF
        j = (j + box[i]) & 0xFF
        box[i], box[j] = box[j], box[i]
        yield box[(box[i] + box[j]) & 0xFF]
