"""Keys at rest: wrapped under a key of this installation, so that no meter key is in plain text on disk.

AES key wrap with padding (RFC 5649) under 256 bits that lie in a private store of their own. Whoever can read all of
Home Assistant's storage can read the keys too; a config entry alone, as in a bug report, tells nothing.
"""

from base64 import b64decode, b64encode
from collections.abc import Mapping
import secrets
from typing import Any

from cryptography.hazmat.primitives.keywrap import (
    InvalidUnwrap,
    aes_key_unwrap_with_padding,
    aes_key_wrap_with_padding,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers.singleton import singleton
from homeassistant.helpers.storage import Store

from .const import DOMAIN
from .customer_interface.catalogue import KeySpec
from .customer_interface.keys import Key, KeyKind, KeyRing

STORAGE_KEY = f"{DOMAIN}.keystore"
STORAGE_VERSION = 1
WRAPPING_KEY_BYTES = 32


class KeyStoreError(Exception):
    """A key cannot be unwrapped: it was wrapped by another installation, or was changed."""


class KeyStore:
    """Wraps and unwraps meter keys under the key of this installation."""

    def __init__(self, wrapping_key: bytes) -> None:
        """Keep the key of this installation, 32 bytes."""
        self._wrapping_key = wrapping_key

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

    def wrap_all(self, keys: Mapping[str, Key]) -> dict[str, str]:
        """Return keys by their catalogue id as they may be stored."""
        return {name: self.wrap(key.secret) for name, key in keys.items()}

    def ring(self, wrapped: Mapping[str, str], specs: tuple[KeySpec, ...]) -> KeyRing:
        """Return the key ring of a profile; raises KeyStoreError."""
        return key_ring(
            {name: Key(self.unwrap(text)) for name, text in wrapped.items()}, specs
        )


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
        stored = {"wrapping_key": secrets.token_hex(WRAPPING_KEY_BYTES)}
        await store.async_save(stored)
    return KeyStore(bytes.fromhex(stored["wrapping_key"]))


async def async_forget_keystore(hass: HomeAssistant) -> None:
    """Remove the key of this installation, when the last meter was removed."""
    hass.data.pop(STORAGE_KEY, None)
    await _store(hass).async_remove()
