"""Peels an M-Bus message: link layer, extended link layer, authentication layer, transport layer, application.

    wired      DLL | TPL | application                        EN 13757-2, -7, -3
    wireless   DLL | [ELL] | [AFL] | TPL | application        EN 13757-4, -7, -3

The order is M-Bus's own, so it is composed here and not in stack/. Pure; never raises for what a meter sent.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial

from . import mbus_address
from .application.mbus import (
    FIXED_LENGTH,
    OWN_LAYOUT,
    Content,
    Formats,
    is_dutch_p2,
    makers,
    read,
    read_fixed,
    to_mode_1,
)
from .application.mbus.records import parse_records
from .checksum import crc16_en13757
from .keys import KeyRing
from .named import NamedTuple
from .reading import Fault, FaultKind, Link, Message, MeterIdentity, Reading
from .security import diehl, dsmr_p2, oms as security
from .security.oms import BLOCK, FILLERS
from .transport.afl import Afl, is_afl, parse_afl
from .transport.ell import (
    AES_CTR,
    CC_AT,
    FOLLOWING,
    REPEATER_BITS,
    Ell,
    is_ell,
    parse_ell,
)
from .transport.tpl import Tpl, parse_tpl, repeater_bits

type Results = tuple[Reading | Fault, ...]

_FIXED = 0x73
_MODE_P2 = 15
_CRC_BITS = 16
_MAC_BITS = 8

# DSMR P2 4.2.2, 5.1: a meter whose user key is set sends encrypted only.
DOWNGRADE = Fault(
    FaultKind.AUTHENTICATION,
    "a P2 telegram that is not encrypted though the meter's key is known",
)

_FRAGMENT = Fault(
    FaultKind.UNSUPPORTED, "a fragment of a message below an encrypted link layer"
)

# EN 13757-4, table 19: C fields of commands to a meter (SND_UD), overheard by radio; what they hold is no measurement.
_COMMANDS = frozenset({0x43, 0x53, 0x73})

_CONTENTS: dict[int, Content] = {
    0x5A: Content.RECORDS,
    0x5B: Content.RECORDS,
    0x72: Content.RECORDS,
    0x78: Content.RECORDS,
    0x7A: Content.RECORDS,
    0x73: Content.COMPACT,
    0x79: Content.COMPACT,
    0x7B: Content.COMPACT,
    0x69: Content.FORMAT,
    0x6A: Content.FORMAT,
    0x6B: Content.FORMAT,
    0x6E: Content.ERROR,
    0x6F: Content.ERROR,
    0x70: Content.ERROR,
    0x71: Content.ALARM,
    0x74: Content.ALARM,
    0x75: Content.ALARM,
}


class _Plain(NamedTuple):
    """Application data in the clear, and what was learned on the way there."""

    data: bytes
    facts: Reading
    note: Fault | None = None


def meter_of(message: Message) -> MeterIdentity:
    """Return who a message is from as far as its link layer and its transport header tell, without any key."""
    message = _without_prefix(message)
    link, payload = _link_address(message), to_mode_1(message.payload)
    tpl = None if is_ell(payload) or is_afl(payload) else parse_tpl(payload)
    return _identity(
        message, tpl.address if isinstance(tpl, Tpl) and tpl.address else link
    )


def as_sent(payload: bytes) -> bytes:
    """Return a payload as its meter first sent it: without the bits that repeaters and repetitions change."""
    place = (CC_AT, REPEATER_BITS) if is_ell(payload) else repeater_bits(payload)
    if place is None or len(payload) <= place[0]:
        return payload
    at, bits = place
    return payload[:at] + bytes((payload[at] & ~bits,)) + payload[at + 1 :]


def security_of(message: Message) -> str | None:
    """Return how a message is encrypted, for a list of meters: `ell`, `mode 5`, ..., None where it is not."""
    message = _without_prefix(message)
    payload = message.payload
    if payload and payload[0] in _OWN_CI:
        own = makers.enciphered(meter_of(message), payload[0], payload[1:])
        return None if own is None else "mode 5"
    if is_ell(payload):
        ell = parse_ell(payload)
        if isinstance(ell, Fault) or ell.encryption:
            return "ell"
        payload = ell.payload[2:] if ell.session else ell.payload
    if is_afl(payload):
        afl = parse_afl(payload)
        payload = afl.payload if isinstance(afl, Afl) and afl.fragment <= 1 else payload
    tpl = parse_tpl(payload)
    return f"mode {tpl.mode}" if isinstance(tpl, Tpl) and _is_encrypted(tpl) else None


def open_message(message: Message, keys: KeyRing, formats: Formats) -> Results:
    """Return the readings and faults of one M-Bus message, its CI field first, each with the meter it is from.

    `keys` are looked up by the meter's number, address and manufacturer with number; `formats` holds what compact
    frames need and learns from full ones.
    """
    if message.link is Link.WMBUS and message.control in _COMMANDS:
        return (Fault(FaultKind.UNSUPPORTED, "a command to a meter, overheard"),)
    message = _without_prefix(message)
    facts = Reading(
        meter=_identity(message, _link_address(message)),
        check_bits=message.check_bits,
        signal_dbm=message.signal_dbm,
    )
    return tuple(
        _named(item, facts.meter) for item in _open_link(message, facts, keys, formats)
    )


def _named(item: Reading | Fault, meter: MeterIdentity) -> Reading | Fault:
    """Say of a fault which meter it is about, where at least the link layer knows."""
    if isinstance(item, Fault) and item.meter is None and meter.key:
        return item._replace(meter=meter)
    return item


def _without_prefix(message: Message) -> Message:
    if message.link is not Link.WMBUS or message.payload[:1] != makers.PREFIX:
        return message
    maker = mbus_address.manufacturer_letters(message.address[:2])
    return message._replace(payload=makers.without_prefix(maker, message.payload))


def _link_address(message: Message) -> bytes:
    if message.link is not Link.WMBUS or len(message.address) != 8:
        return b""
    return mbus_address.standard_order(message.address, message.payload)


def _identity(message: Message, address: bytes) -> MeterIdentity:
    if len(address) == 8:
        return mbus_address.identity(address)
    return MeterIdentity(address=message.address.hex().upper() or None)


def _open_link(
    message: Message, facts: Reading, keys: KeyRing, formats: Formats
) -> Results:
    payload, address = to_mode_1(message.payload), _link_address(message)
    if _is_own(message, facts.meter):
        return _read_own(message, facts, keys)
    if is_ell(payload):
        below = parse_ell(payload)
        if isinstance(below, Fault):
            return (below,)
        opened = _open_ell(below, address, facts, keys)
        if isinstance(opened, Fault):
            return (opened,)
        payload, facts = opened.data, opened.facts
    afl = None
    if is_afl(payload):
        layer = parse_afl(payload)
        if isinstance(layer, Fault):
            return (layer,)
        if not layer.whole:
            return (_FRAGMENT,)
        afl, payload = layer, layer.payload
    return _open_transport(payload, afl, address, facts, keys, formats)


# CI fields that EN 13757-7:2018, table 2, leaves to makers.
_OWN_CI = range(0xA0, 0xB8)


def _is_own(message: Message, meter: MeterIdentity) -> bool:
    """Whether a maker's own layout or scrambling is on top."""
    payload = message.payload
    if message.link is not Link.WMBUS or not payload:
        return False
    return (
        payload[0] in _OWN_CI
        or mbus_address.is_scrambled(message.address, payload)
        or makers.is_scrambled(meter, payload[0], payload[1:])
    )


def _read_own(message: Message, facts: Reading, keys: KeyRing) -> Results:
    meter, payload = facts.meter, message.payload
    if meter.manufacturer in mbus_address.DIEHL:
        found = _unscrambled(message)
    elif locked := makers.enciphered(meter, payload[0], payload[1:]):
        opened = _decipher(*locked, message, facts, keys)
        if isinstance(opened, Fault):
            return (opened._replace(meter=meter),)
        found, facts = opened.data, opened.facts
    else:
        found = makers.from_telegram(meter, payload[0], payload[1:])
    if found is None:
        return (OWN_LAYOUT._replace(meter=meter),)
    results = read(found, Content.RECORDS, meter, Formats())
    return tuple(_with_facts(item, facts) for item in results)


def _decipher(
    access: int, ciphertext: bytes, message: Message, facts: Reading, keys: KeyRing
) -> _Plain | Fault:
    """Open a maker's own layout that is enciphered as mode 5 is, and return its records."""
    opened = security.open_cbc(
        ciphertext,
        _secrets(keys, facts.meter),
        [security.cipher_vector(message.address, access)],
        lambda plain: makers.from_deciphered(plain) is not None,
        makers.FIRST,
    )
    if isinstance(opened, Fault):
        return opened
    records = makers.from_deciphered(opened.plaintext) or b""
    return _Plain(records, _with_key(facts, opened.key, keys))


def _unscrambled(message: Message) -> bytes | None:
    """Return the records of a Diehl telegram, None where no constant opens it; a gateway may have done so already."""
    payload = message.payload
    guesses = diehl.unscramble(message.address, payload)
    if payload[0] in _OWN_CI:
        opened: Iterable[bytes | None] = (
            makers.from_scrambled(payload[1:4], guess) for guess in guesses
        )
    elif len(payload) <= diehl.HEADER:
        return None
    else:
        plain = payload[diehl.HEADER :]
        opened = (guess for guess in (plain, *guesses) if _fits(guess, payload[4]))
    return next(filter(None, opened), None)


def _fits(plain: bytes, check: int) -> bool:
    """Whether scrambled records have the sum that is sent with them, and are records."""
    return not (sum(plain) ^ check) & 0xEF and parse_records(plain).fault is None


def _open_ell(
    ell: Ell, address: bytes, facts: Reading, keys: KeyRing
) -> _Plain | Fault:
    if not ell.session:
        return _Plain(ell.payload, facts)
    secrets = _secrets(keys, facts.meter)
    check, below = ell.payload[:2], ell.payload[2:]
    clear = crc16_en13757(below) == int.from_bytes(check, "little")
    if ell.encryption == 0 and not clear:
        return Fault(
            FaultKind.CHECKSUM, "the CRC of the extended link layer does not fit"
        )
    # A gateway may have decrypted and left the header: the CRC tells, and a header that can follow.
    if ell.encryption == 0 or (clear and not secrets and _follows(below)):
        return _Plain(below, facts)
    if ell.encryption != AES_CTR:
        return Fault(
            FaultKind.UNSUPPORTED,
            f"encryption {ell.encryption} of the extended link layer is reserved",
        )
    vectors = [
        ell.initial_vector(own) for own in (address, ell.address) if len(own) == 8
    ]
    opened = security.open_link(ell.payload, secrets, vectors)
    if isinstance(opened, Fault):
        return opened
    facts = facts._replace(check_bits=max(facts.check_bits, _CRC_BITS))
    return _Plain(opened.plaintext, _with_key(facts, opened.key, keys))


def _follows(payload: bytes) -> bool:
    """Tell whether bytes begin with what may lie on an extended link layer."""
    return payload[:1] != b"" and payload[0] in FOLLOWING


def _secrets(keys: KeyRing, *meters: MeterIdentity) -> tuple[bytes, ...]:
    return keys.secrets_for(
        *(name for meter in meters for name in mbus_address.key_names(meter))
    )


def _with_key(facts: Reading, key: bytes, keys: KeyRing) -> Reading:
    return facts._replace(encrypted=True, key_index=keys.index_of(key))


def _open_transport(
    payload: bytes,
    afl: Afl | None,
    link: bytes,
    facts: Reading,
    keys: KeyRing,
    formats: Formats,
) -> Results:
    if payload[:1] == bytes((_FIXED,)) and len(payload) == 1 + FIXED_LENGTH:
        fixed = read_fixed(payload[1:])
        return (fixed._replace(check_bits=facts.check_bits),)
    tpl = parse_tpl(payload)
    if isinstance(tpl, Fault):
        return (tpl,)
    names: tuple[MeterIdentity, ...] = (facts.meter,)
    if tpl.address:
        facts = facts._replace(meter=mbus_address.identity(tpl.address))
        names = (facts.meter, *names)
    facts = facts._replace(status=tpl.status)
    address = tpl.address or link
    own = _secrets(keys, *names)
    plain = _decrypt(payload, tpl, afl, address, facts, keys, own)
    if isinstance(plain, Fault):
        return (plain._replace(meter=facts.meter),)
    results = _read(tpl, plain, formats)
    return (
        (DOWNGRADE._replace(meter=facts.meter),)
        if not plain.facts.encrypted and own and _is_dutch(results)
        else results
    )


def _is_dutch(results: Results) -> bool:
    return any(
        isinstance(item, Reading) and is_dutch_p2(item.records) for item in results
    )


def _is_encrypted(tpl: Tpl) -> bool:
    return tpl.mode in _MODES or tpl.mode in security.REFUSED


def _decrypt(
    payload: bytes,
    tpl: Tpl,
    afl: Afl | None,
    address: bytes,
    facts: Reading,
    keys: KeyRing,
    secrets: tuple[bytes, ...],
) -> _Plain | Fault:
    data = payload[tpl.start :]
    if not tpl.mode or _may_be_signature(tpl):
        return _Plain(data, facts)
    if tpl.mode in security.REFUSED:
        return Fault(FaultKind.UNSUPPORTED, security.REFUSED[tpl.mode])
    if len(address) != 8:
        return Fault(
            FaultKind.LAYOUT,
            "encrypted, but without the meter's address that decryption needs",
        )
    if not secrets:
        if _is_data(data[: tpl.blocks * BLOCK], facts.meter):
            return _Plain(data, facts)
        secrets = _works_keys(facts.meter)
    header = payload[: tpl.start - _COUNTER_SIZE]
    return _MODES[tpl.mode](
        _Locked(header, data, tpl, afl, address, facts, keys, secrets)
    )


def _works_keys(meter: MeterIdentity) -> tuple[bytes, ...]:
    """Return the public key a meter left the works with, where its maker has one."""
    return (diehl.DEFAULT_KEY,) if meter.manufacturer in mbus_address.DIEHL else ()


def _is_data(plaintext: bytes, meter: MeterIdentity) -> bool:
    """Tell opened blocks, by us or by a gateway that kept the header: fillers, then records to the very end."""
    records = makers.from_data(meter, plaintext)
    return (
        plaintext[:2] == FILLERS
        and records is not None
        and parse_records(records).fault is None
    )


class _Locked(NamedTuple):
    """All that opening needs; `header` is the transport header up to a counter in it, `data` what follows it."""

    header: bytes
    data: bytes
    tpl: Tpl
    afl: Afl | None
    address: bytes
    facts: Reading
    keys: KeyRing
    secrets: Sequence[bytes]

    def split(self) -> tuple[bytes, bytes, Fault | None]:
        """Return the encrypted blocks, the rest in the clear, and a fault where blocks are missing."""
        wanted = self.tpl.blocks * BLOCK
        if wanted <= len(self.data):
            return self.data[:wanted], self.data[wanted:], None
        whole = len(self.data) // BLOCK * BLOCK
        return (
            self.data[:whole],
            b"",
            Fault(
                FaultKind.TRUNCATED, "encrypted blocks are missing", self.facts.meter
            ),
        )


def _open_mode_5(locked: _Locked) -> _Plain | Fault:
    ciphertext, rest, missing = locked.split()
    if not ciphertext:
        return _Plain(rest, locked.facts) if missing is None else missing
    vector = (
        security.cipher_vector(locked.address, locked.tpl.access)
        if locked.tpl.mode == 5
        else bytes(BLOCK)
    )
    # What misses blocks breaks off within a record; a compact frame has a CRC of its own.
    whole = missing is None and _CONTENTS[locked.tpl.ci] is Content.RECORDS
    opened = security.open_cbc(
        ciphertext,
        locked.secrets,
        [vector],
        partial(_is_data, meter=locked.facts.meter) if whole else bool,
    )
    if isinstance(opened, Fault):
        return opened
    return _Plain(
        opened.plaintext + rest,
        _with_key(locked.facts, opened.key, locked.keys),
        missing,
    )


def _open_mode_7(locked: _Locked) -> _Plain | Fault:
    afl = locked.afl
    if afl is None or len(afl.counter) != 4:
        return Fault(
            FaultKind.AUTHENTICATION,
            "security mode 7 without an authentication layer and its counter",
        )
    if locked.tpl.extension[:1] and locked.tpl.extension[0] >> 4 & 3 != 1:
        return Fault(
            FaultKind.UNSUPPORTED,
            "security mode 7 without key derivation from the counter",
        )
    ciphertext, rest, missing = locked.split()
    if missing is not None:
        return missing
    opened = security.open_mode_7(
        ciphertext,
        locked.secrets,
        [locked.address[2:6]],
        afl.counter,
        afl.mac,
        afl.authenticated,
    )
    if isinstance(opened, Fault):
        return opened
    facts = _with_key(locked.facts, opened.key, locked.keys)._replace(
        authenticated=True,
        counter=int.from_bytes(afl.counter, "little"),
        check_bits=_MAC_BITS * len(afl.mac),
    )
    return _Plain(opened.plaintext + rest, facts)


# Mode 10: all bytes encrypted and a counter of four bytes; key derivation 1, no key version, a tag of eight bytes. The
# codes of other sizes are not public.
_CONFIGURATION_10, _CONTENT_BITS = 0x2AFF, 0xC000
_EXTENSION_10, _KEY_NUMBER = b"\x10\x01", 0x0F
_COUNTER_SIZE = 4


def _open_mode_10(locked: _Locked) -> _Plain | Fault:
    extension = locked.tpl.extension
    if len(extension) < 2 + _COUNTER_SIZE:
        return Fault(FaultKind.TRUNCATED, "the telegram ends within its header")
    form = bytes((extension[0] & ~_KEY_NUMBER, extension[1]))
    if (
        locked.tpl.configuration & ~_CONTENT_BITS != _CONFIGURATION_10
        or form != _EXTENSION_10
    ):
        return Fault(
            FaultKind.UNSUPPORTED, "a form of security mode 10 that is not public"
        )
    counter = extension[2:]
    opened = security.open_mode_10(
        locked.data, locked.secrets, locked.address, counter, locked.header
    )
    if isinstance(opened, Fault):
        return opened
    facts = _with_key(locked.facts, opened.key, locked.keys)._replace(
        authenticated=True,
        counter=int.from_bytes(counter, "little"),
        check_bits=8 * security.TAG_10,
    )
    return _Plain(opened.plaintext, facts)


def _open_mode_15(locked: _Locked) -> _Plain | Fault:
    opened = dsmr_p2.open_mode_15(
        locked.data, locked.tpl.blocks, locked.secrets, locked.address
    )
    if isinstance(opened, Fault):
        return opened
    facts = _with_key(locked.facts, opened.key, locked.keys)._replace(
        counter=opened.counter
    )
    return _Plain(opened.plaintext, facts)


_MODES: dict[int, Callable[[_Locked], _Plain | Fault]] = {
    4: _open_mode_5,
    5: _open_mode_5,
    7: _open_mode_7,
    10: _open_mode_10,
    _MODE_P2: _open_mode_15,
}


def _read(tpl: Tpl, plain: _Plain, formats: Formats) -> Results:
    results = read(plain.data, _CONTENTS[tpl.ci], plain.facts.meter, formats)
    if _may_be_signature(tpl) and not _is_certainly_plain(results):
        reason = f"security mode {tpl.mode} is reserved or its manufacturer's own"
        return (Fault(FaultKind.UNSUPPORTED, reason, plain.facts.meter),)
    notes = () if plain.note is None else (plain.note,)
    return tuple(_with_facts(item, plain.facts) for item in (*results, *notes))


def _may_be_signature(tpl: Tpl) -> bool:
    """Old meters have a signature where the configuration is now: what it says of security then means nothing."""
    return tpl.mode != 0 and tpl.mode not in _MODES and tpl.mode not in security.REFUSED


def _is_certainly_plain(results: Results) -> bool:
    """Whether data read as they are make sense to the last byte, which ciphertext does not."""
    records = [
        record
        for item in results
        if isinstance(item, Reading)
        for record in item.records
    ]
    return (
        len(records) > 1
        and all(isinstance(item, Reading) for item in results)
        and not any(
            record.quantity in ("unknown", "manufacturer_specific")
            for record in records
        )
    )


def _with_facts(item: Reading | Fault, facts: Reading) -> Reading | Fault:
    if isinstance(item, Fault):
        return item
    return facts._replace(time=item.time, values=item.values, records=item.records)
