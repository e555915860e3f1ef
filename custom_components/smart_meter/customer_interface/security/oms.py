"""Security of OMS and EN 13757-7: AES-128 in CBC (modes 4, 5, 7) and CCM (10), CMAC, AES-CTR of the extended link layer.

Each function tries the keys it is given in order and says in `Opened` which one fitted. That a key is wrong is told by
the two fillers 2F 2F that begin each plaintext, the MAC of mode 7, the tag of mode 10, or the CRC of the extended link
layer.
"""

from collections.abc import Callable, Sequence
from hmac import compare_digest

from ..checksum import crc16_en13757
from ..named import NamedTuple
from ..reading import Fault, FaultKind

BLOCK = 16
_SHORTEST_MAC = 4
TAG_10 = 8
FILLERS = b"\x2f\x2f"

# Security modes that are known but not opened (EN 13757-7:2018, table 19), each with its reason.
REFUSED: dict[int, str] = {
    2: "security mode 2 (DES) is obsolete and not secure",
    3: "security mode 3 (DES) is obsolete and not secure",
    8: "security mode 8 (AES-CTR with CMAC) is not supported: its counter block is not public",
    9: "security mode 9 (AES-GCM) is not supported: its initialisation vector is not public",
    13: "security mode 13 (TLS) is a dialogue between meter and gateway that cannot be listened to",
}

NO_KEY = Fault(FaultKind.KEY, "encrypted, and no key is known for this meter")
WRONG_KEY = Fault(FaultKind.KEY, "encrypted, and none of the keys fits")
_NO_SENSE = Fault(
    FaultKind.KEY,
    "a key seems to open it, but what comes out is no M-Bus data: damaged, or the key of another meter",
)
_NO_MAC = Fault(
    FaultKind.AUTHENTICATION,
    "security mode 7 without an authentication code of four bytes or more",
)
_WRONG_MAC = Fault(
    FaultKind.AUTHENTICATION, "the key fits, but the authentication code does not"
)
_NO_BLOCK = Fault(FaultKind.TRUNCATED, "an encrypted telegram without a whole block")


class Opened(NamedTuple):
    """Plaintext with its fillers, and the key that fitted."""

    plaintext: bytes
    key: bytes

    def __repr__(self) -> str:
        """Never show the key."""
        return f"Opened({len(self.plaintext)} bytes)"


def cipher_vector(address: bytes, access: int) -> bytes:
    """Return the initialisation vector of mode 5: manufacturer, number, version, type, eight times the access number."""
    return address + bytes((access,)) * 8


def decrypt_cbc(key: bytes, vector: bytes, ciphertext: bytes) -> bytes:
    """AES-128-CBC of whole blocks."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes  # noqa: PLC0415

    decryptor = Cipher(algorithms.AES(key), modes.CBC(vector)).decryptor()
    return decryptor.update(ciphertext) + decryptor.finalize()


class Chain:
    """AES-128-CBC for one telegram after another under the same key.

    To make a cipher takes six times as long as to use it, and all that is new each time is the vector. So the blocks
    are opened by themselves and chained here: each is combined with the encrypted one before it.
    """

    __slots__ = ("_open",)

    def __init__(self, key: bytes) -> None:
        """Open what this key closed."""
        from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes  # noqa: PLC0415

        self._open = Cipher(algorithms.AES(key), modes.ECB()).decryptor().update

    def decrypt(self, vector: bytes, ciphertext: bytes) -> bytes:
        """Return whole blocks in the clear, as `decrypt_cbc` does."""
        chained = int.from_bytes(vector + ciphertext[:-BLOCK])
        opened = int.from_bytes(self._open(ciphertext))
        return (opened ^ chained).to_bytes(len(ciphertext))


def decrypt_ctr(key: bytes, vector: bytes, ciphertext: bytes) -> bytes:
    """AES-128-CTR; the vector is the first counter block."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes  # noqa: PLC0415

    decryptor = Cipher(algorithms.AES(key), modes.CTR(vector)).decryptor()
    return decryptor.update(ciphertext) + decryptor.finalize()


def cmac(key: bytes, data: bytes) -> bytes:
    """AES-CMAC-128 (RFC 4493), 16 bytes."""
    from cryptography.hazmat.primitives.ciphers import algorithms  # noqa: PLC0415
    from cryptography.hazmat.primitives.cmac import CMAC  # noqa: PLC0415

    code = CMAC(algorithms.AES(key))
    code.update(data)
    return code.finalize()


def open_cbc(
    ciphertext: bytes,
    keys: Sequence[bytes],
    vectors: Sequence[bytes],
    makes_sense: Callable[[bytes], bool],
    begin: bytes = FILLERS,
) -> Opened | Fault:
    """Open modes 4 and 5 (whole blocks); several vectors are tried where an address may be one of two.

    Nothing authenticates these modes, and of 65536 wrong keys one gives the two fillers: so `makes_sense` judges the
    whole plaintext. `begin` is what a maker has in place of the fillers.
    """
    if not ciphertext:
        return _NO_BLOCK
    usable = [key for key in keys if len(key) == BLOCK]
    if not usable:
        return NO_KEY
    verdict = WRONG_KEY
    for key in usable:
        for vector in vectors:
            plaintext = decrypt_cbc(key, vector, ciphertext)
            if plaintext.startswith(begin):
                if makes_sense(plaintext):
                    return Opened(plaintext, key)
                verdict = _NO_SENSE
    return verdict


def derive(key: bytes, purpose: int, counter: bytes, number: bytes) -> bytes:
    """Derive a key of mode 7 (EN 13757-7:2018, 9.5): purpose 0 encryption, 1 MAC, both of telegrams from the meter.

    `counter` is the message counter as sent, `number` the four bytes of the meter number as sent.
    """
    return cmac(key, bytes((purpose,)) + counter + number + bytes((7,)) * 7)


def open_mode_7(
    ciphertext: bytes,
    keys: Sequence[bytes],
    numbers: Sequence[bytes],
    counter: bytes,
    mac: bytes,
    authenticated: bytes,
) -> Opened | Fault:
    """Open mode 7: keys derived from the counter, the MAC over the layers verified first, then AES-CBC with a zero vector."""
    if len(mac) < _SHORTEST_MAC:
        return _NO_MAC
    usable = [key for key in keys if len(key) == BLOCK]
    if not usable:
        return NO_KEY
    verdict = WRONG_KEY
    for key in usable:
        for number in numbers:
            plaintext = decrypt_cbc(
                derive(key, 0, counter, number), bytes(BLOCK), ciphertext
            )
            fits = plaintext.startswith(FILLERS)
            right = cmac(derive(key, 1, counter, number), authenticated)[: len(mac)]
            if compare_digest(right, mac):
                return Opened(plaintext, key) if fits or not ciphertext else WRONG_KEY
            verdict = _WRONG_MAC if fits else verdict
    return verdict


def open_mode_10(
    sealed: bytes,
    keys: Sequence[bytes],
    address: bytes,
    counter: bytes,
    header: bytes,
) -> Opened | Fault:
    """Open mode 10 (OMS security profile D): AES-CCM with a tag of eight bytes at the end of `sealed`.

    The key is derived from the counter as in mode 7. The nonce is the address in radio order, a zero byte and the
    counter high byte first; `header`, authenticated too, is the transport layer up to the counter.
    """
    usable = [key for key in keys if len(key) == BLOCK]
    if not usable:
        return NO_KEY
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415
    from cryptography.hazmat.primitives.ciphers.aead import AESCCM  # noqa: PLC0415

    nonce = address + b"\x00" + counter[::-1]
    for key in usable:
        cipher = AESCCM(derive(key, 0, counter, address[2:6]), TAG_10)
        try:
            return Opened(cipher.decrypt(nonce, sealed, header), key)
        except InvalidTag:
            continue
    return WRONG_KEY


def open_link(
    payload: bytes, keys: Sequence[bytes], vectors: Sequence[bytes]
) -> Opened | Fault:
    """Open AES-CTR of the extended link layer; the plaintext comes without its CRC, which was verified."""
    usable = [key for key in keys if len(key) == BLOCK]
    if not usable:
        return NO_KEY
    for key in usable:
        for vector in vectors:
            plaintext = decrypt_ctr(key, vector, payload)
            if crc16_en13757(plaintext[2:]) == int.from_bytes(plaintext[:2], "little"):
                return Opened(plaintext[2:], key)
    return WRONG_KEY
