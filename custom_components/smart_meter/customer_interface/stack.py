"""Peels wrapper after wrapper off a message until values are left: pure, and of bounded depth.

Wrappers nest: a ciphered APDU holds a DLMS notification or a whole DSMR text with a checksum of its own. So the stack
looks at what is on top, peels it with the right room, and looks again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from . import oms
from .application import dlms, dsmr, sml
from .application.dlms.layout import Layout
from .application.mbus import Formats
from .keys import KeyRing
from .link.base import Found
from .link.p1 import P1Link
from .reading import Fault, FaultKind, Frame, Layer, Message, MeterIdentity, Reading
from .security import dlms as dlms_security
from .shape.cache import Shapes
from .shape.learning import learn_dlms, learn_dsmr
from .shape.meters import MeterShapes

# A ciphered APDU inside a ciphered APDU inside a signature is the deepest that IEC 62056-5-3 gives a use for.
MAX_DEPTH = 4
TAG_BITS = 96
# A whole DSMR text begins with '/', one without its identification with the A of an OBIS code.
DSMR_START, DSMR_LINE = b"/", (b"0-", b"1-")

type Peeled = tuple[Reading | Fault, ...]


@dataclass(slots=True)
class Context:
    """What peeling needs from above: keys, positional layouts, and the M-Bus record formats seen so far.

    `authentication` are authentication keys that are public, `standard_time` is how far the meter's winter time is
    ahead of UTC.
    """

    keys: KeyRing = field(default_factory=KeyRing)
    layouts: tuple[Layout, ...] = ()
    authentication: tuple[bytes, ...] = ()
    standard_time: timedelta = dsmr.CENTRAL_EUROPE
    formats: Formats = field(default_factory=Formats)
    shapes: Shapes = field(default_factory=Shapes)
    meters: MeterShapes = field(default_factory=MeterShapes)


def peel(message: Message, context: Context, arrived: float | None = None) -> Peeled:
    """Return the readings and faults of one whole message. Never raises for what a meter sent."""
    if message.layer is Layer.MBUS:
        return _peel_mbus(message, context, arrived)
    known = context.shapes.read(message, context.keys, arrived)
    if known is not None:
        return known
    results = _peel(message, context)
    if context.shapes.wanted:
        _learn(message, results, context)
    return results


def _peel_mbus(message: Message, context: Context, arrived: float | None) -> Peeled:
    known = context.meters.read(message, context.keys, arrived)
    if known is not None:
        return known
    results = _peel(message, context)
    context.meters.learn(message, results, context.formats)
    return results


def _learn(message: Message, results: Peeled, context: Context) -> None:
    """Let the next message of the same shape be read at once."""
    readings = tuple(item for item in results if isinstance(item, Reading))
    if not readings or len(readings) < len(results):
        return
    known = None
    if message.layer is Layer.DLMS and len(readings) == 1:
        known = learn_dlms(
            message,
            readings[0],
            context.keys,
            context.authentication,
            context.layouts,
        )
    if message.layer is Layer.DSMR and context.standard_time == dsmr.CENTRAL_EUROPE:
        known = learn_dsmr(message, readings)
    if known is not None:
        context.shapes.keep(message, known)


def _peel(message: Message, context: Context) -> Peeled:
    match message.layer:
        case Layer.DLMS:
            return _peel_apdu(message, context)
        case Layer.MBUS:
            return oms.open_message(message, context.keys, context.formats)
        case Layer.DSMR:
            return _stamp(dsmr.read(message.payload, context.standard_time), message)
        case Layer.SML:
            return _stamp(sml.read(message.payload), message)


def _stamp(results: Peeled, message: Message) -> Peeled:
    """Add what the link knows."""
    return tuple(
        item._replace(
            check_bits=max(item.check_bits, message.check_bits),
            signal_dbm=message.signal_dbm,
        )
        if isinstance(item, Reading)
        else item
        for item in results
    )


def _peel_apdu(message: Message, context: Context) -> Peeled:
    apdu, facts = message.payload, Reading(check_bits=message.check_bits)
    for _ in range(MAX_DEPTH):
        title = dlms_security.title_of(apdu)
        names = (title,) if title else ()
        keys = context.keys.secrets_for(*names)
        signing = (*context.keys.authentication_for(*names), *context.authentication)
        opened = dlms_security.open_apdu(apdu, keys, signing, context.keys.signers)
        if isinstance(opened, Fault):
            return (
                opened._replace(
                    meter=opened.meter
                    or (MeterIdentity(title=title) if title else None),
                ),
            )
        if (
            not opened.encrypted
            and not opened.authenticated
            and opened.plaintext == apdu
        ):
            return _read_plaintext(apdu, facts, context)
        facts = _with_security(
            facts,
            opened,
            title,
            _chosen(keys, opened.key_index),
            _chosen(signing, opened.authentication_index),
            context,
        )
        apdu = opened.plaintext
    return (
        Fault(
            FaultKind.UNSUPPORTED, f"more than {MAX_DEPTH} wrappers around one another"
        ),
    )


def _chosen(secrets: Sequence[bytes], index: int | None) -> bytes | None:
    return None if index is None else secrets[index]


def _with_security(
    facts: Reading,
    opened: dlms_security.Opened,
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
    if plaintext.startswith(DSMR_START):
        return _merge(_read_text(plaintext, context), facts)
    if plaintext.startswith(DSMR_LINE):
        return _merge(dsmr.read(plaintext, context.standard_time), facts)
    return _merge(dlms.read(plaintext, context.layouts), facts)


def _read_text(text: bytes, context: Context) -> Peeled:
    """Read a DSMR text that was inside a cipher; its own checksum is verified too."""
    look = P1Link().look(text, 0)
    if not isinstance(look, Found):
        return (Fault(FaultKind.TRUNCATED, "the text inside the cipher has no end"),)
    if isinstance(look.item, Fault):
        return (look.item,)
    frame: Frame = look.item
    return tuple(
        item._replace(check_bits=frame.check_bits)
        if isinstance(item, Reading)
        else item
        for item in dsmr.read(frame.payload, context.standard_time)
    )


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
