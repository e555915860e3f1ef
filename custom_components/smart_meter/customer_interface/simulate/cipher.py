"""Ciphering as a meter does it: general-glo-ciphering (Green Book 9.2) and AES-CBC (OMS mode 5).

DB | 08 | system title (8) | length | SC | frame counter (4, big-endian) | ciphertext [| tag (12)]
"""

from dataclasses import dataclass

from .axdr import length

GENERAL_GLO_CIPHERING = 0xDB
TAG = 12
ENCRYPTED, AUTHENTICATED = 0x20, 0x10


@dataclass(frozen=True, slots=True)
class Ciphering:
    """How one meter protects what it sends: system title, security control byte, keys."""

    title: bytes
    control: int
    key: bytes
    authentication: bytes = b""

    def seal(self, plaintext: bytes, counter: int, key: bytes | None = None) -> bytes:
        """Return the general-glo-ciphering APDU; with `key` sealed by another key than the meter's own."""
        content = self._sealed(plaintext, counter.to_bytes(4, "big"), key or self.key)
        return (
            bytes((GENERAL_GLO_CIPHERING, len(self.title)))
            + self.title
            + length(len(content))
            + content
        )

    def _sealed(self, plaintext: bytes, counter: bytes, key: bytes) -> bytes:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - only where a key needs it

        header = bytes((self.control,))
        associated = (
            header + self.authentication if self.control & AUTHENTICATED else b""
        )
        sealed = AESGCM(key).encrypt(self.title + counter, plaintext, associated)
        ciphertext, tag = sealed[:-16], sealed[-16 : -16 + TAG]
        return (
            header
            + counter
            + ciphertext
            + (tag if self.control & AUTHENTICATED else b"")
        )


def aes_cbc(key: bytes, vector: bytes, plaintext: bytes) -> bytes:
    """AES-128-CBC without padding; `plaintext` is whole blocks."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes  # noqa: PLC0415

    encryptor = Cipher(algorithms.AES(key), modes.CBC(vector)).encryptor()
    return encryptor.update(plaintext) + encryptor.finalize()


def aes_ecb(key: bytes, block: bytes) -> bytes:
    """One block of AES-128: how a P2 user key is sealed with the default key."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes  # noqa: PLC0415

    encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
    return encryptor.update(block) + encryptor.finalize()


def aes_ecb_opened(key: bytes, block: bytes) -> bytes:
    """The reverse of `aes_ecb`."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes  # noqa: PLC0415

    decryptor = Cipher(algorithms.AES(key), modes.ECB()).decryptor()
    return decryptor.update(block) + decryptor.finalize()
