"""Keys as people have them, and the ring of keys a session tries."""

from enum import StrEnum
import re

from .errors import KeyFormatError
from .named import NamedTuple


class KeyKind(StrEnum):
    """What a key is for: each kind has its own spellings."""

    ENCRYPTION = "encryption"  # AES, 16 bytes (DLMS GUEK/EK, OMS, AMIS); 32 bytes for DLMS suite 2
    AUTHENTICATION = "authentication"  # DLMS GAK/AK, 16 bytes (32 for suite 2)
    MEP = "mep"  # OSGP basic or advanced key, 16 to 20 characters of which 16 count


class Key(NamedTuple):
    """One secret; `meter` limits it to a meter id, system title or address (upper case), None is for all.

    `assumed` names what had to be guessed about the spelling: None, `ascii` (16 characters taken as bytes) or
    `hex_of_hex` (64 digits that spell the ASCII codes of 32 hex digits).
    """

    secret: bytes
    meter: str | None = None
    assumed: str | None = None

    def __repr__(self) -> str:
        """Never show the secret."""
        return f"Key({len(self.secret)} bytes, meter={self.meter!r})"


class KeyRing(NamedTuple):
    """The keys a session may try, in that order; authentication keys are DLMS's GAK.

    `signers` are public keys or certificates of meters that sign (DER, PEM or points); they are no secret.
    """

    keys: tuple[Key, ...] = ()
    authentication: tuple[Key, ...] = ()
    signers: tuple[bytes, ...] = ()

    def __repr__(self) -> str:
        """Never show a secret."""
        return f"KeyRing({len(self.keys)} keys, {len(self.authentication)} authentication keys)"

    def secrets_for(self, *names: str) -> tuple[bytes, ...]:
        """Return the encryption secrets that apply to a meter known by any of these names, its own first."""
        return _secrets(self.keys, names)

    def authentication_for(self, *names: str) -> tuple[bytes, ...]:
        """Return the authentication secrets that apply to a meter known by any of these names, its own first."""
        return _secrets(self.authentication, names)

    def index_of(self, secret: bytes) -> int | None:
        """Return the position of the first encryption key with this secret."""
        return _index(self.keys, secret)

    def authentication_index_of(self, secret: bytes) -> int | None:
        """Return the position of the first authentication key with this secret."""
        return _index(self.authentication, secret)

    def used_for(self, key: int | None, authentication: int | None) -> set[bytes]:
        """Return the secrets at the positions a reading names (`key_index`, `authentication_index`)."""
        chosen = ((self.keys, key), (self.authentication, authentication))
        return {keys[index].secret for keys, index in chosen if index is not None}

    def and_also(self, other: KeyRing) -> KeyRing:
        """Return a ring that tries these keys and then the other's."""
        return KeyRing(
            self.keys + other.keys,
            self.authentication + other.authentication,
            self.signers + other.signers,
        )


def _index(keys: tuple[Key, ...], secret: bytes) -> int | None:
    return next((index for index, key in enumerate(keys) if key.secret == secret), None)


def _secrets(keys: tuple[Key, ...], names: tuple[str, ...]) -> tuple[bytes, ...]:
    wanted = {name.upper() for name in names}
    own = [
        key.secret
        for key in keys
        if key.meter is not None and key.meter.upper() in wanted
    ]
    return (*own, *(key.secret for key in keys if key.meter is None))


_FILLING = r"0[xX]|[\s:,;{}\[\]()_\u00a0\u200b\ufeff\-]"
_ALPHABET = "a key is made of the digits 0 to 9 and the letters A to F"
_QUOTES = "\"'`„“”‚‘’«»"


def parse_key(text: str, kind: KeyKind = KeyKind.ENCRYPTION) -> Key:
    """Read a key as pasted: hex digits with spaces, colons, commas, 0x or braces; for MEP also 20 ASCII characters.

    Accepts 32 hex digits; 64 hex digits as AES-256, or as hex of hex where the bytes spell 32 hex digits; 16 ASCII
    characters as they are (`assumed` says so); for MEP 32 or 40 hex digits and 16 to 20 ASCII characters, of which
    the first 16 bytes are kept (MEP Client Developer's Guide 1.1, authentication).
    Raises KeyFormatError (empty, alphabet, length), never with the key in it.
    """
    typed = text.strip().strip(_QUOTES).strip()
    if not typed:
        raise KeyFormatError("empty", "no key was entered")
    digits = re.sub(_FILLING, "", typed)
    if re.fullmatch(r"[0-9a-fA-F]+", digits):
        return _from_hex(digits, typed, kind)
    return _from_characters(typed, digits, kind)


def _from_hex(digits: str, typed: str, kind: KeyKind) -> Key:
    if kind is KeyKind.MEP:
        return _mep_from_hex(digits, typed)
    if len(digits) == 32:
        return Key(bytes.fromhex(digits))
    if len(digits) == 64:
        return _from_64(bytes.fromhex(digits))
    if typed.isascii() and len(typed) == 16:
        return Key(typed.encode("ascii"), assumed="ascii")
    raise KeyFormatError(
        "length", f"a key has 32 hexadecimal digits, this one has {len(digits)}"
    )


def _from_64(data: bytes) -> Key:
    if re.fullmatch(rb"[0-9a-fA-F]{32}", data):
        return Key(bytes.fromhex(data.decode("ascii")), assumed="hex_of_hex")
    return Key(data)


def _mep_from_hex(digits: str, typed: str) -> Key:
    if len(digits) in (32, 40):
        return Key(bytes.fromhex(digits)[:16])
    return _mep_from_characters(typed)


def _mep_from_characters(typed: str) -> Key:
    if typed.isascii() and 16 <= len(typed) <= 20:
        return Key(
            typed.encode("ascii")[:16], assumed="ascii" if len(typed) != 20 else None
        )
    raise KeyFormatError(
        "length",
        f"a MEP key has 20 characters, or 32 or 40 hexadecimal digits, not {len(typed)}",
    )


def _from_characters(typed: str, digits: str, kind: KeyKind) -> Key:
    if not (typed.isascii() and typed.isprintable()):
        raise KeyFormatError("alphabet", _ALPHABET)
    if kind is KeyKind.MEP:
        return _mep_from_characters(typed)
    if len(typed) == 16:
        return Key(typed.encode("ascii"), assumed="ascii")
    if len(digits) in (32, 64):
        raise KeyFormatError("alphabet", _ALPHABET)
    raise KeyFormatError(
        "alphabet",
        f"a key has 32 hexadecimal digits, these are {len(typed)} other characters",
    )
