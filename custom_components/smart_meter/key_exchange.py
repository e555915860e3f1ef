"""Exchange of a meter's key (concept of the adapter, C.1): the new key arrives encrypted, never in plain text.

It comes wrapped under the key it replaces (RFC 3394), or sealed to this installation's public key (RFC 9180, base mode:
X25519, HKDF-SHA256, AES-256-GCM). The old and the new one are both tried until a telegram proves the new one; then the
old one is forgotten. Frame counters are remembered for each key, so that they begin anew with it.
"""

from base64 import b64decode
from collections.abc import Mapping
from typing import Any, Final

from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap
from homeassistant.config_entries import ConfigEntry, ConfigEntryState, ConfigSubentry
from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.service import async_register_admin_service
import probatio

from .const import ATTR_CONFIG_ENTRY_ID, CONF_KEYS, CONF_NEW_KEYS, DOMAIN
from .customer_interface.keys import KeyRing
from .customer_interface.reading import Reading
from .keystore import (
    SUITE_NAME,
    KeyStore,
    KeyStoreError,
    async_get_keystore,
    async_get_public_key,
)

EXCHANGE_KEY: Final = "exchange_key"
PUBLIC_KEY: Final = "public_key"

ATTR_KEY: Final = "key"
ATTR_METER: Final = "meter"
ATTR_WRAPPED: Final = "wrapped_key"
ATTR_SEALED: Final = "sealed_key"

# What a sealed key is for; it opens as no other.
INFO = f"{DOMAIN}.{EXCHANGE_KEY} {{key}}"

_HOW = "how"
_SCHEMA = probatio.Schema(
    {
        probatio.Required(ATTR_CONFIG_ENTRY_ID): cv.string,
        probatio.Optional(ATTR_METER): cv.string,
        probatio.Optional(ATTR_KEY): cv.string,
        probatio.Exclusive(ATTR_WRAPPED, _HOW): cv.string,
        probatio.Exclusive(ATTR_SEALED, _HOW): cv.string,
    }
)

type _Holder = ConfigEntry[Any] | ConfigSubentry


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register the actions, which are for administrators."""
    async_register_admin_service(
        hass, DOMAIN, EXCHANGE_KEY, _async_exchange_key, _SCHEMA
    )
    async_register_admin_service(
        hass,
        DOMAIN,
        PUBLIC_KEY,
        _async_public_key,
        supports_response=SupportsResponse.ONLY,
    )


async def _async_public_key(call: ServiceCall) -> ServiceResponse:
    """Hand out what a key can be sealed to."""
    return {
        "public_key": await async_get_public_key(call.hass),
        "suite": SUITE_NAME,
        "info": INFO,
    }


async def _async_exchange_key(call: ServiceCall) -> None:
    """Take a new key, to be tried beside the old one from now on."""
    entry = call.hass.config_entries.async_get_entry(call.data[ATTR_CONFIG_ENTRY_ID])
    if entry is None or entry.domain != DOMAIN:
        raise _refusal("entry_not_found")
    holder = _holder(entry, call.data.get(ATTR_METER))
    keystore = await async_get_keystore(call.hass)
    name = _name(holder, call.data.get(ATTR_KEY))
    try:
        old = keystore.unwrap(holder.data[CONF_KEYS][name])
    except KeyStoreError as err:
        raise _refusal("key_unreadable") from err
    new = _received(call.data, keystore, name, old)
    if len(new) != len(old):
        raise _refusal("key_length", count=len(new), wanted=len(old))
    if new == old:
        raise _refusal("key_same")
    waiting = {**holder.data.get(CONF_NEW_KEYS, {}), name: keystore.wrap(new)}
    async_store(call.hass, entry, holder, {**holder.data, CONF_NEW_KEYS: waiting})
    if entry.state is ConfigEntryState.LOADED:
        entry.runtime_data.async_use_keys()


def _refusal(reason: str, **said: object) -> ServiceValidationError:
    return ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key=reason,
        translation_placeholders={name: str(value) for name, value in said.items()},
    )


def _holder(entry: ConfigEntry[Any], meter: str | None) -> _Holder:
    """Return where the keys of a meter are stored: in the entry, or for one of several on a port in its subentry."""
    several = {str(s.unique_id): s for s in entry.subentries.values()}
    if not several and meter is None:
        return entry
    if meter is None or (found := several.get(meter.strip())) is None:
        raise _refusal("meter_unknown", meters=", ".join(several) or "–")
    return found


def _name(holder: _Holder, chosen: str | None) -> str:
    """Return the name of the key to replace; the only one need not be named."""
    stored = tuple(holder.data.get(CONF_KEYS, {}))
    if chosen is None and len(stored) == 1:
        return str(stored[0])
    if chosen is None or (name := chosen.strip().lower()) not in stored:
        raise _refusal("key_unknown", keys=", ".join(stored) or "–")
    return name


def _received(
    data: Mapping[str, Any], keystore: KeyStore, name: str, old: bytes
) -> bytes:
    """Return the new key as it was before it was encrypted."""
    if (wrapped := data.get(ATTR_WRAPPED)) is not None:
        try:
            return aes_key_unwrap(old, _octets(wrapped))
        except (InvalidUnwrap, ValueError) as err:
            raise _refusal("key_not_wrapped") from err
    if (sealed := data.get(ATTR_SEALED)) is None:
        raise _refusal("key_missing")
    try:
        return keystore.unseal(_octets(sealed), INFO.format(key=name).encode())
    except KeyStoreError as err:
        raise _refusal("key_not_sealed") from err


def _octets(text: str) -> bytes:
    """Read hexadecimal digits or Base64, with spaces and line breaks anywhere."""
    packed = "".join(text.split())
    try:
        return bytes.fromhex(packed)
    except ValueError:
        pass
    try:
        return b64decode(packed, validate=True)
    except ValueError as err:
        raise _refusal("key_encoding") from err


@callback
def async_store(
    hass: HomeAssistant,
    entry: ConfigEntry[Any],
    holder: _Holder,
    data: dict[str, Any],
) -> None:
    """Store the keys of an entry, or of one of its meters."""
    if isinstance(holder, ConfigSubentry):
        hass.config_entries.async_update_subentry(entry, holder, data=data)
    else:
        hass.config_entries.async_update_entry(entry, data=data)


def settled(
    data: Mapping[str, Any], keystore: KeyStore, ring: KeyRing, reading: Reading
) -> dict[str, Any] | None:
    """Return what to store now that a reading proved new keys, which replace their old ones; None where it proves none."""
    if not (waiting := data.get(CONF_NEW_KEYS)):
        return None
    used = ring.used_for(reading.key_index, reading.authentication_index)
    proven = {
        name: text for name, text in waiting.items() if keystore.holds(text, used)
    }
    if not proven:
        return None
    rest = {name: text for name, text in waiting.items() if name not in proven}
    return {**data, CONF_KEYS: {**data[CONF_KEYS], **proven}, CONF_NEW_KEYS: rest}
