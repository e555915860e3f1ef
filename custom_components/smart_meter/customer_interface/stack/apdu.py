"""APDUs: wrapper after wrapper comes off until a notification or a text is left.

Wrappers nest: a ciphered APDU holds a DLMS notification or a whole DSMR text with a checksum of its own. So it is
looked at what is on top, peeled, and looked again.
"""

from collections.abc import Sequence

from ..application.dlms import read
from ..reading import Fault, FaultKind, Message, MeterIdentity, Reading
from ..security import dlms as security
from ..shape.learning import learn_dlms
from .context import Context, Peeled

# A ciphered APDU inside a ciphered APDU inside a signature is the deepest that IEC 62056-5-3 gives a use for.
MAX_DEPTH = 4
TAG_BITS = 96
# What a text inside a cipher begins with.
_TEXT = (b"/", b"0-", b"1-")


def peel_apdu(message: Message, context: Context, arrived: float | None) -> Peeled:
    """Return the readings and faults of one APDU, at once where its shape is known."""
    known = context.shapes.read(message, context.keys, arrived)
    if known is not None:
        return known
    results = _peel(message, context)
    if (
        context.shapes.wanted
        and len(results) == 1
        and isinstance(reading := results[0], Reading)
    ):
        shape = learn_dlms(
            message, reading, context.keys, context.authentication, context.layouts
        )
        if shape is not None:
            context.shapes.keep(message, shape)
    return results


def _peel(message: Message, context: Context) -> Peeled:
    apdu, facts = message.payload, Reading(check_bits=message.check_bits)
    for _ in range(MAX_DEPTH):
        opened = _opened(apdu, facts, context)
        if opened is None:
            return _read_plaintext(apdu, facts, context)
        if isinstance(opened, Fault):
            return (opened,)
        apdu, facts = opened
    return (
        Fault(
            FaultKind.UNSUPPORTED, f"more than {MAX_DEPTH} wrappers around one another"
        ),
    )


def _opened(
    apdu: bytes, facts: Reading, context: Context
) -> tuple[bytes, Reading] | Fault | None:
    """Return what an APDU is wrapped around, and what its security adds; None where it is no wrapper."""
    title = security.title_of(apdu)
    names = (title,) if title else ()
    keys = context.keys.secrets_for(*names)
    signing = (*context.keys.authentication_for(*names), *context.authentication)
    opened = security.open_apdu(apdu, keys, signing, context.keys.signers)
    if isinstance(opened, Fault):
        meter = MeterIdentity(title=title) if title else None
        return opened._replace(meter=opened.meter or meter)
    if opened.plaintext == apdu:
        return None
    return opened.plaintext, _with_security(
        facts,
        opened,
        title,
        _chosen(keys, opened.key_index),
        _chosen(signing, opened.authentication_index),
        context,
    )


def _chosen(secrets: Sequence[bytes], index: int | None) -> bytes | None:
    return None if index is None else secrets[index]


def _with_security(
    facts: Reading,
    opened: security.Opened,
    title: str | None,
    secret: bytes | None,
    signed_with: bytes | None,
    context: Context,
) -> Reading:
    return facts._replace(
        meter=MeterIdentity(title=title or facts.meter.title),
        encrypted=facts.encrypted or opened.encrypted,
        authenticated=facts.authenticated or opened.authenticated,
        counter=opened.counter if opened.counter is not None else facts.counter,
        key_index=context.keys.index_of(secret) if secret else facts.key_index,
        authentication_index=context.keys.authentication_index_of(signed_with)
        if signed_with
        else facts.authentication_index,
        check_bits=max(facts.check_bits, TAG_BITS if opened.authenticated else 0),
    )


def _read_plaintext(plaintext: bytes, facts: Reading, context: Context) -> Peeled:
    if plaintext.startswith(_TEXT):
        from .text import read_inside  # noqa: PLC0415 - few meters put a text into a cipher

        return _merge(read_inside(plaintext, context), facts)
    return _merge(read(plaintext, context.layouts), facts)


def _merge(results: Peeled, facts: Reading) -> Peeled:
    """Add what link and security know to each reading; the payload's own words about the meter win."""
    return tuple(
        item._replace(
            meter=_identity(item.meter, facts.meter),
            encrypted=facts.encrypted,
            authenticated=facts.authenticated,
            counter=facts.counter,
            key_index=facts.key_index,
            authentication_index=facts.authentication_index,
            check_bits=max(item.check_bits, facts.check_bits),
        )
        if isinstance(item, Reading)
        else item._replace(
            meter=item.meter or (facts.meter if facts.meter.key else None)
        )
        for item in results
    )


def _identity(own: MeterIdentity, wrapper: MeterIdentity) -> MeterIdentity:
    if own.channel:
        return own
    title = own.title or wrapper.title
    return own._replace(title=title, manufacturer=own.manufacturer or _maker(title))


def _maker(title: str | None) -> str | None:
    """First three characters of a system title are the FLAG letters (IEC 62056-5-3, 4.3.4)."""
    letters = bytes.fromhex(title)[:3].decode("ascii", "replace") if title else ""
    return letters if letters.isalpha() and letters.isascii() else None
