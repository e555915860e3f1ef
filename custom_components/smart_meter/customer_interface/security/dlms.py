"""DLMS/COSEM security (IEC 62056-5-3, clause 9.2.7; Green Book 9.2.3): ciphered and signed APDUs -> plaintext.

    general-glo-ciphering, general-ded-ciphering
        DB | DC   L title(0 or 8)   L [ SC  IC(4)  information  [tag(12)] ]

    general-ciphering
        DD   L transaction-id   L originator title   L recipient title   L date-time   L other information
             00 | 01 key-info   L [ SC  IC(4)  information  [tag(12)] ]
        key-info: 00 key-id | 01 kek-id  L wrapped key | 02  L parameters  L ciphered data

    general-signing
        DF   L transaction-id   L originator title   L recipient title   L date-time   L other information
             L content   L signature

    SC   bits 0-3 security suite, 4 authenticated, 5 encrypted, 6 broadcast key, 7 compressed
    IC   invocation counter, most significant byte first
    L    length as in BER: below 80, 81 xx, 82 xx xx, 83 xx xx xx, 84 xx xx xx xx

The nonce is title and IC. Suites 0 and 1 use AES-128, suite 2 AES-256, all in GCM with the tag cut to 12 bytes.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from hmac import compare_digest
import re
from typing import TYPE_CHECKING

from ..named import NamedTuple
from ..reading import Fault, FaultKind

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

GENERAL_GLO, GENERAL_DED, GENERAL_CIPHERING, GENERAL_SIGNING = 0xDB, 0xDC, 0xDD, 0xDF
# Service-specific ciphering needs a title that was exchanged in an association; a push has none.
SERVICE_SPECIFIC = frozenset(range(0xC8, 0xD8)) | {0x21, 0x28, 0x41, 0x48}

SUITE, AUTHENTICATED, ENCRYPTED, COMPRESSED = 0x0F, 0x10, 0x20, 0x80
KEY_BYTES = {0: 16, 1: 16, 2: 32}
TAG_BYTES = 12
CURVES = {64: "secp256r1", 96: "secp384r1"}


class Opened(NamedTuple):
    """What was inside: `title` as 16 upper-case hex digits, `counter` the invocation counter.

    `authenticated` is True only after a tag or signature was verified; `key_index` and `authentication_index` are the
    positions in the keys given.
    """

    plaintext: bytes
    title: str | None = None
    counter: int | None = None
    encrypted: bool = False
    authenticated: bool = False
    key_index: int | None = None
    authentication_index: int | None = None


class _Broken(Exception):
    """An APDU that ends too early or contradicts itself; becomes a Fault at the border of this module."""

    def __init__(self, kind: FaultKind, detail: str) -> None:
        super().__init__(detail)
        self.fault = Fault(kind, detail)


class _Fields:
    """The length-prefixed fields of an APDU, read one after the other."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 1

    def take(self, count: int) -> bytes:
        end = self.at + count
        if end > len(self.data):
            raise _Broken(
                FaultKind.TRUNCATED,
                f"the ciphered APDU lacks {end - len(self.data)} bytes",
            )
        taken = self.data[self.at : end]
        self.at = end
        return taken

    def length(self) -> int:
        first = self.take(1)[0]
        if first < 0x80:
            return first
        if first not in (0x81, 0x82, 0x83, 0x84):
            raise _Broken(FaultKind.UNSUPPORTED, f"length of unknown form {first:02X}")
        return int.from_bytes(self.take(first - 0x80), "big")

    def octets(self) -> bytes:
        return self.take(self.length())


class _Ciphered(NamedTuple):
    """A ciphered APDU taken apart; `extra` is what general-ciphering adds to the authenticated data."""

    title: bytes
    body: bytes
    extra: bytes = b""
    wrapped_key: bytes | None = None

    @property
    def control(self) -> int:
        return self.body[0]

    @property
    def nonce(self) -> bytes:
        return self.title.rjust(8, b"\0") + self.body[1:5]

    @property
    def counter(self) -> int:
        return int.from_bytes(self.body[1:5], "big")

    @property
    def information(self) -> bytes:
        return self.body[5:-TAG_BYTES] if self.tag else self.body[5:]

    @property
    def tag(self) -> bytes:
        return self.body[-TAG_BYTES:] if self.control & AUTHENTICATED else b""

    def associated(self, authentication: bytes) -> bytes:
        """Return what the tag covers besides the encrypted part."""
        head = self.body[:1] + authentication + self.extra
        return head if self.control & ENCRYPTED else head + self.information


def title_of(apdu: bytes) -> str | None:
    """Return the system title an APDU was protected with as upper-case hex digits, None where it names none."""
    try:
        fields = _Fields(apdu)
        if apdu[:1] in (b"\xdd", b"\xdf"):
            fields.octets()
        elif apdu[:1] not in (b"\xdb", b"\xdc"):
            return None
        title = fields.octets()
    except _Broken:
        return None
    return _title_text(title)


def open_apdu(
    apdu: bytes,
    keys: Sequence[bytes],
    authentication: Sequence[bytes] = (),
    signers: Sequence[bytes] = (),
) -> Opened | Fault:
    """Take off one layer of protection; an APDU without any is returned as it is.

    `keys` are encryption keys (16 bytes, 32 for suite 2; for a wrapped key the master key), `authentication` the
    authentication keys, `signers` public keys or X.509 certificates (DER, PEM or uncompressed points) that a
    general-signing APDU may be verified with. All are tried in turn. Bytes behind the APDU are ignored.
    """
    tag = apdu[0] if apdu else None
    try:
        if tag in SERVICE_SPECIFIC:
            return Fault(
                FaultKind.UNSUPPORTED,
                f"ciphering of a single service ({tag:02X}) belongs to an association, not to a push",
            )
        if tag == GENERAL_SIGNING:
            return _unsign(apdu, signers)
        if tag in (GENERAL_GLO, GENERAL_DED):
            fields = _Fields(apdu)
            return _decipher(
                _Ciphered(fields.octets(), fields.octets()), keys, authentication
            )
        if tag == GENERAL_CIPHERING:
            return _decipher(_general_ciphering(apdu), keys, authentication)
    except _Broken as err:
        return err.fault
    return Opened(apdu)


def _header(fields: _Fields) -> tuple[bytes, bytes]:
    """Read the five fields general-ciphering and general-signing begin with: originator title, all as on the wire."""
    start = fields.at
    fields.octets()
    title = fields.octets()
    for _recipient_date_other in range(3):
        fields.octets()
    return title, fields.data[start : fields.at]


def _general_ciphering(apdu: bytes) -> _Ciphered:
    fields = _Fields(apdu)
    title, header = _header(fields)
    wrapped = _key_info(fields) if fields.take(1)[0] else None
    return _Ciphered(title, fields.octets(), header, wrapped)


def _key_info(fields: _Fields) -> bytes | None:
    """Read key-info; return the wrapped key where the APDU brings its own, None where a key is named."""
    choice = fields.take(1)[0]
    if choice == 0:
        fields.take(1)
        return None
    if choice == 1:
        fields.take(1)
        return fields.octets()
    reason = (
        "an agreed key needs a private key of the reader, and no meter port gives one out"
        if choice == 2
        else f"key information of unknown kind {choice}"
    )
    raise _Broken(FaultKind.UNSUPPORTED, reason)


def _decipher(
    ciphered: _Ciphered, keys: Sequence[bytes], authentication: Sequence[bytes]
) -> Opened | Fault:
    fault = _refuse(ciphered)
    if fault is not None:
        return fault
    control = ciphered.control
    if not control & ENCRYPTED and not (control & AUTHENTICATED and authentication):
        return _opened(ciphered, ciphered.information, None)
    usable = list(_usable(ciphered, keys))
    if not usable:
        return _no_key(ciphered, keys)
    if control & ENCRYPTED:
        return _decrypt(ciphered, usable, authentication)
    return _verify_only(ciphered, usable, authentication)


def _refuse(ciphered: _Ciphered) -> Fault | None:
    if len(ciphered.title) not in (0, 8):
        return Fault(
            FaultKind.UNSUPPORTED,
            f"a system title has 8 bytes, this one has {len(ciphered.title)}",
        )
    least = 5
    if ciphered.body and ciphered.control & AUTHENTICATED:
        least += TAG_BYTES
    if len(ciphered.body) < least:
        return Fault(
            FaultKind.TRUNCATED, "the ciphered part is shorter than its header"
        )
    if ciphered.control & COMPRESSED:
        return Fault(
            FaultKind.UNSUPPORTED,
            "the payload is compressed (V.44), which no known customer interface does",
        )
    if ciphered.control & SUITE not in KEY_BYTES:
        return Fault(
            FaultKind.UNSUPPORTED,
            f"security suite {ciphered.control & SUITE} does not exist",
        )
    return None


def _usable(ciphered: _Ciphered, keys: Sequence[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield the keys of the right length with their positions, unwrapped where the APDU brings its own key."""
    for index, key in enumerate(keys):
        secret = (
            key
            if ciphered.wrapped_key is None
            else _unwrapped(key, ciphered.wrapped_key)
        )
        if secret and len(secret) == KEY_BYTES[ciphered.control & SUITE]:
            yield index, secret


def _unwrapped(master: bytes, wrapped: bytes) -> bytes | None:
    """RFC 3394; None where this master key did not wrap it."""
    from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap  # noqa: PLC0415

    try:
        return aes_key_unwrap(master, wrapped)
    except InvalidUnwrap, ValueError:
        return None


def _no_key(ciphered: _Ciphered, keys: Sequence[bytes]) -> Fault:
    if not keys:
        how = "encrypted" if ciphered.control & ENCRYPTED else "authenticated"
        return Fault(
            FaultKind.KEY, f"the telegram is {how}, and no key was given for it"
        )
    if ciphered.wrapped_key is not None:
        return Fault(
            FaultKind.KEY, "none of the keys unwraps the key the telegram brings"
        )
    suite = ciphered.control & SUITE
    return Fault(
        FaultKind.KEY,
        f"security suite {suite} needs a key of {KEY_BYTES[suite] * 2} hexadecimal digits",
    )


def _decrypt(
    ciphered: _Ciphered,
    keys: list[tuple[int, bytes]],
    authentication: Sequence[bytes],
) -> Opened | Fault:
    plausible: Opened | None = None
    for index, key in keys:
        plaintext = _plaintext(ciphered, key)
        signer = _tag_maker(ciphered, key, plaintext, authentication)
        if ciphered.tag and signer is not None:
            return _opened(ciphered, plaintext, index, signer)
        if plausible is None and looks_plain(plaintext):
            plausible = _opened(ciphered, plaintext, index)
    if plausible is None:
        who = "the key does not open" if len(keys) == 1 else "none of the keys opens"
        return Fault(FaultKind.KEY, f"{who} the telegram")
    if ciphered.tag and authentication:
        return Fault(
            FaultKind.AUTHENTICATION,
            "the key opens the telegram, but its tag does not fit: the authentication key is another one,"
            " or the telegram was damaged",
        )
    return plausible


def _verify_only(
    ciphered: _Ciphered,
    keys: list[tuple[int, bytes]],
    authentication: Sequence[bytes],
) -> Opened | Fault:
    for index, key in keys:
        signer = _tag_maker(ciphered, key, b"", authentication)
        if signer is not None:
            return _opened(ciphered, ciphered.information, index, signer)
    return Fault(
        FaultKind.AUTHENTICATION,
        "the tag of the unencrypted telegram does not fit the keys",
    )


def _opened(
    ciphered: _Ciphered,
    plaintext: bytes,
    key_index: int | None,
    authentication_index: int | None = None,
) -> Opened:
    return Opened(
        plaintext,
        _title_text(ciphered.title),
        ciphered.counter,
        bool(ciphered.control & ENCRYPTED),
        authentication_index is not None,
        key_index,
        authentication_index,
    )


def _title_text(title: bytes) -> str | None:
    return title.hex().upper() if len(title) == 8 and any(title) else None


@lru_cache(maxsize=64)
def _gcm(key: bytes) -> AESGCM:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415

    return AESGCM(key)


def _plaintext(ciphered: _Ciphered, key: bytes) -> bytes:
    # GCM encrypts by a key stream: encrypting once more decrypts; the tag this makes is of no use.
    data = ciphered.information
    return _gcm(key).encrypt(ciphered.nonce, data, None)[: len(data)]


def _tag_maker(
    ciphered: _Ciphered,
    key: bytes,
    plaintext: bytes,
    authentication: Sequence[bytes],
) -> int | None:
    """Return the position of the authentication key the tag was made with, None where it fits none.

    The tag is made anew and its first 12 bytes are compared, as the cipher's own verification takes whole tags only.
    """
    for index, candidate in enumerate(authentication):
        made = _gcm(key).encrypt(
            ciphered.nonce, plaintext, ciphered.associated(candidate)
        )
        if compare_digest(made[len(plaintext) :][:TAG_BYTES], ciphered.tag):
            return index
    return None


# Only known where a key needs it.
type _Cipher = AESGCM


class Seal(NamedTuple):
    """How an APDU was opened; one that begins with the same `head`, up to its counter, is opened the same way.

    `end` is where the APDU ends, `associated` what its tag covers besides, None where none could be verified.
    """

    head: bytes
    end: int
    tag_bytes: int
    title: bytes
    cipher: _Cipher
    associated: bytes | None

    def __repr__(self) -> str:
        """Never show the authentication key, which the tag covers."""
        return f"Seal({self.head.hex().upper()}, {self.end} bytes)"

    def open(self, apdu: bytes) -> tuple[bytes, int] | None:
        """Return plaintext and invocation counter; None where the head is another or the tag does not fit."""
        if not apdu.startswith(self.head):
            return None
        start = len(self.head)
        counter, end = apdu[start : start + 4], self.end - self.tag_bytes
        nonce, information = self.title + counter, apdu[start + 4 : end]
        plaintext = self.cipher.encrypt(nonce, information, None)[: len(information)]
        if self.associated is not None:
            made = self.cipher.encrypt(nonce, plaintext, self.associated)
            tag = made[len(plaintext) :][:TAG_BYTES]
            if not compare_digest(tag, apdu[end : self.end]):
                return None
        return plaintext, int.from_bytes(counter)


def seal_of(apdu: bytes, key: bytes, signed_with: bytes | None) -> Seal | None:
    """Return how these keys opened an encrypted general-glo- or general-ded-ciphering APDU; None for any other."""
    if apdu[0] not in (GENERAL_GLO, GENERAL_DED):
        return None
    fields = _Fields(apdu)
    ciphered = _Ciphered(fields.octets(), fields.octets())
    return Seal(
        apdu[: fields.at - len(ciphered.body) + 1],
        fields.at,
        len(ciphered.tag),
        ciphered.title.rjust(8, b"\0"),
        _gcm(key),
        None if signed_with is None else ciphered.associated(signed_with),
    )


# What may be inside a cipher, by its first byte; everything else was opened with the wrong key. One byte alone would
# let every 256th wrong key pass, so each looks further.
def _is_notification(data: bytes) -> bool:
    after_time = {0x00: 6, 0x0C: 18, 0x09: 19, 0x19: 18}.get(data[5])
    return after_time is not None and data[after_time : after_time + 1] in _CONTAINERS


def _is_text(data: bytes) -> bool:
    return data[1:4].isalnum() and all(0x20 <= byte < 0x7F for byte in data[4:7])


def _is_line(data: bytes) -> bool:
    """Tell the lines of a P1 telegram, which Poland ciphers without the identification before them."""
    return re.match(rb"[01]-[0-9]{1,2}:[0-9]{1,2}\.", data) is not None


def _is_titled(data: bytes) -> bool:
    return data[1] == 8 and data[2:5].isalpha()


def _is_general(data: bytes) -> bool:
    try:
        _header(_Fields(data))
    except _Broken:
        return False
    return data[1] <= 16


def _is_block(data: bytes) -> bool:
    return data[2:6] == b"\0\1\0\0"


_CONTAINERS = (b"\x01", b"\x02", b"\x13")
_PLAIN: dict[int, Callable[[bytes], bool]] = {
    0x0F: _is_notification,
    ord("/"): _is_text,
    ord("0"): _is_line,
    ord("1"): _is_line,
    GENERAL_GLO: _is_titled,
    GENERAL_DED: _is_titled,
    GENERAL_CIPHERING: _is_general,
    GENERAL_SIGNING: _is_general,
    0xE0: _is_block,
}


def looks_plain(data: bytes) -> bool:
    """Tell a plaintext from what a wrong key makes: a known APDU tag or '/', and what has to follow it."""
    test = _PLAIN.get(data[0]) if len(data) > 8 else None
    return test is not None and test(data)


def _unsign(apdu: bytes, signers: Sequence[bytes]) -> Opened | Fault:
    fields = _Fields(apdu)
    title, _ = _header(fields)
    content = fields.octets()
    signed = apdu[1 : fields.at]
    signature = fields.octets()
    if signers and not any(verifies(signer, signature, signed) for signer in signers):
        return Fault(
            FaultKind.AUTHENTICATION, "the signature fits none of the public keys"
        )
    return Opened(content, _title_text(title), authenticated=bool(signers))


def verifies(signer: bytes, signature: bytes, signed: bytes) -> bool:
    """Verify an ECDSA signature (r and s, 32 or 48 bytes each; P-256 with SHA-256, P-384 with SHA-384).

    `signer` is a public key (uncompressed point with or without the leading 04, DER, PEM) or an X.509 certificate
    (DER, PEM). A signer that cannot be read verifies nothing.
    """
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec, utils  # noqa: PLC0415

    key = _public_key(signer)
    if key is None or CURVES.get(len(signature)) != key.curve.name:
        return False
    half = len(signature) // 2
    r, s = (
        int.from_bytes(part, "big") for part in (signature[:half], signature[half:])
    )
    digest = hashes.SHA256() if half == 32 else hashes.SHA384()
    try:
        key.verify(utils.encode_dss_signature(r, s), signed, ec.ECDSA(digest))
    except InvalidSignature, ValueError:
        return False
    return True


def is_signer(data: bytes) -> bool:
    """Tell whether bytes are a public key or certificate that `verifies` understands."""
    return _public_key(data) is not None


@lru_cache(maxsize=16)
def _public_key(signer: bytes) -> EllipticCurvePublicKey | None:
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415

    for load in _loaders(signer):
        try:
            key = load(signer)
        except ValueError, UnsupportedAlgorithm:
            continue
        if isinstance(key, ec.EllipticCurvePublicKey):
            return key
    return None


def _loaders(signer: bytes) -> tuple[Callable[[bytes], object], ...]:
    """Return the ways these bytes may be read; a point is told by its length."""
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415
        load_der_public_key,
        load_pem_public_key,
    )
    from cryptography.x509 import load_der_x509_certificate, load_pem_x509_certificate  # noqa: PLC0415

    point = signer[1:] if len(signer) % 2 and signer[:1] == b"\x04" else signer
    if len(point) in CURVES:
        curve = ec.SECP256R1() if len(point) == 64 else ec.SECP384R1()
        return (
            lambda _: ec.EllipticCurvePublicKey.from_encoded_point(
                curve, b"\x04" + point
            ),
        )
    if signer.lstrip().startswith(b"-----BEGIN"):
        return (
            load_pem_public_key,
            lambda pem: load_pem_x509_certificate(pem).public_key(),
        )
    return (
        load_der_public_key,
        lambda der: load_der_x509_certificate(der).public_key(),
    )
