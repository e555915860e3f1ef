"""Keys at rest: wrapped under a key of this installation, so that no meter key is in plain text on disk.

AES key wrap with padding (RFC 5649) under 256 bits that lie in a private store of their own. Whoever can read all of
Home Assistant's storage can read the keys too; a config entry alone, as in a bug report, tells nothing.
"""

from base64 import b64decode, b64encode
from collections.abc import Mapping
import secrets
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.keywrap import (
    InvalidUnwrap,
    aes_key_unwrap_with_padding,
    aes_key_wrap_with_padding,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers.singleton import singleton
from homeassistant.helpers.storage import Store

from .const import CONF_KEYS, CONF_NEW_KEYS, DOMAIN
from .customer_interface.catalogue import KeySpec
from .customer_interface.keys import Key, KeyKind, KeyRing

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.hpke import Suite

STORAGE_KEY = f"{DOMAIN}.keystore"
STORAGE_VERSION = 1
WRAPPING_KEY_BYTES = 32
SUITE_NAME = "DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM"


class KeyStoreError(Exception):
    """A key cannot be unwrapped: it was wrapped by another installation, or was changed."""


class KeyStore:
    """Wraps and unwraps meter keys under the key of this installation."""

    def __init__(self, wrapping_key: bytes, private_key: str | None = None) -> None:
        """Keep the key of this installation, 32 bytes, and its private key (X25519) wrapped under it."""
        self._wrapping_key = wrapping_key
        self.private_key = private_key

    def wrap(self, secret: bytes) -> str:
        """Return a key as it may be stored: RFC 5649, in Base64."""
        return b64encode(aes_key_wrap_with_padding(self._wrapping_key, secret)).decode(
            "ascii"
        )

    def unwrap(self, wrapped: str) -> bytes:
        """Return the key; raises KeyStoreError where it is not one of this installation."""
        try:
            return aes_key_unwrap_with_padding(self._wrapping_key, b64decode(wrapped))
        except (InvalidUnwrap, ValueError) as err:
            raise KeyStoreError("the key was not wrapped here") from err

    def unseal(self, sealed: bytes, info: bytes) -> bytes:
        """Return what was sealed to the public key of this installation for this purpose; raises KeyStoreError."""
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415
        from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey  # noqa: PLC0415

        if self.private_key is None:
            raise KeyStoreError("no public key was handed out")
        key = X25519PrivateKey.from_private_bytes(self.unwrap(self.private_key))
        try:
            return _suite().decrypt(sealed, key, info)
        except (InvalidTag, ValueError) as err:
            raise KeyStoreError("it was not sealed for here") from err

    def public_key(self) -> str:
        """Return the public key of this installation, 32 bytes in Base64; makes the pair where there is none."""
        from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey  # noqa: PLC0415

        if self.private_key is None:
            self.private_key = self.wrap(
                X25519PrivateKey.generate().private_bytes_raw()
            )
        key = X25519PrivateKey.from_private_bytes(self.unwrap(self.private_key))
        return b64encode(key.public_key().public_bytes_raw()).decode("ascii")

    def to_store(self) -> dict[str, Any]:
        """Return what is stored of it."""
        return {
            "wrapping_key": self._wrapping_key.hex(),
            "private_key": self.private_key,
        }

    def holds(self, wrapped: str, keys_used: set[bytes]) -> bool:
        """Tell whether a wrapped key is one of these; one that is not of this installation is none."""
        try:
            return self.unwrap(wrapped) in keys_used
        except KeyStoreError:
            return False

    def wrap_all(self, keys: Mapping[str, Key]) -> dict[str, str]:
        """Return keys by their catalogue id as they may be stored."""
        return {name: self.wrap(key.secret) for name, key in keys.items()}

    def ring(self, data: Mapping[str, Any], specs: tuple[KeySpec, ...]) -> KeyRing:
        """Return the keys an entry stores, then those that wait for their proof; raises KeyStoreError."""
        stored, waiting = (
            {name: Key(self.unwrap(text)) for name, text in data.get(part, {}).items()}
            for part in (CONF_KEYS, CONF_NEW_KEYS)
        )
        return key_ring(stored, specs).and_also(key_ring(waiting, specs))


def key_ring(keys: Mapping[str, Key], specs: tuple[KeySpec, ...]) -> KeyRing:
    """Sort keys by what the profile says they are for; unknown ids are taken for encryption keys."""
    kinds = {spec.id: spec.kind for spec in specs}
    authentication = [
        key for name, key in keys.items() if kinds.get(name) is KeyKind.AUTHENTICATION
    ]
    encryption = [
        key
        for name, key in keys.items()
        if kinds.get(name) is not KeyKind.AUTHENTICATION
    ]
    return KeyRing(tuple(encryption), tuple(authentication))


def _store(hass: HomeAssistant) -> Store[dict[str, Any]]:
    return Store(hass, STORAGE_VERSION, STORAGE_KEY, private=True, atomic_writes=True)


@singleton(STORAGE_KEY)
async def async_get_keystore(hass: HomeAssistant) -> KeyStore:
    """Return the key store of this installation, made when it is first needed."""
    store = _store(hass)
    if (stored := await store.async_load()) is None:
        keystore = KeyStore(secrets.token_bytes(WRAPPING_KEY_BYTES))
        await store.async_save(keystore.to_store())
        return keystore
    return KeyStore(bytes.fromhex(stored["wrapping_key"]), stored.get("private_key"))


async def async_get_public_key(hass: HomeAssistant) -> str:
    """Return the public key of this installation, made and stored when it is first asked for."""
    keystore = await async_get_keystore(hass)
    known = keystore.private_key
    public_key = keystore.public_key()
    if keystore.private_key is not known:
        await _store(hass).async_save(keystore.to_store())
    return public_key


def _suite() -> Suite:
    from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite  # noqa: PLC0415

    return Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


async def async_forget_keystore(hass: HomeAssistant) -> None:
    """Remove the key of this installation, when the last meter was removed."""
    hass.data.pop(STORAGE_KEY, None)
    await _store(hass).async_remove()
