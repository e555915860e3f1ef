"""Learns the shape of an APDU that was read the long way, without a fault."""

from collections.abc import Sequence

from ..application.dlms.layout import Layout
from ..keys import KeyRing
from ..reading import Message, Reading
from ..security.dlms import Opened, Seal, open_apdu, seal_of, title_of
from . import dlms
from .cache import Known

_NOTIFICATION = b"\x0f"


def learn_dlms(
    message: Message,
    reading: Reading,
    keys: KeyRing,
    authentication: Sequence[bytes],
    layouts: Sequence[Layout],
) -> Known | None:
    """Return what is known of a push that was read as this one reading; `authentication` are keys that are public."""
    plaintext, seal = message.payload, None
    if reading.encrypted or reading.authenticated:
        opened = _opened(message.payload, keys, authentication)
        if opened is None:
            return None
        plaintext, seal = opened
    if not plaintext.startswith(_NOTIFICATION):
        return None
    shape = dlms.learn(plaintext, layouts, reading)
    if shape is None:
        return None
    known = Known(shape, seal, message.check_bits, (reading,))
    return known if known.read(message, reading.arrived) == (reading,) else None


def _opened(
    apdu: bytes, keys: KeyRing, authentication: Sequence[bytes]
) -> tuple[bytes, Seal] | None:
    """Open an APDU once more; None where more than one general-glo-ciphering is around the plaintext."""
    title = title_of(apdu)
    names = (title,) if title else ()
    secrets = keys.secrets_for(*names)
    candidates = (*keys.authentication_for(*names), *authentication)
    opened = open_apdu(apdu, secrets, candidates, keys.signers)
    if not isinstance(opened, Opened) or not opened.encrypted:
        return None
    assert opened.key_index is not None
    signer = opened.authentication_index
    seal = seal_of(
        apdu, secrets[opened.key_index], None if signer is None else candidates[signer]
    )
    return None if seal is None else (opened.plaintext, seal)
