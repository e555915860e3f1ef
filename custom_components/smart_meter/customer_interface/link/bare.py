"""APDUs without any link layer, as Sagemcom meters send them at P1 (Steiermark, Graz, Luxembourg: Smarty P1 1.0).

    general-glo-ciphering DB, general-ded-ciphering DC:
        DB | 08 | system title 8 | BER length | security control | invocation counter 4 | ciphertext [| tag 12]
    general-ciphering DD (IEC 62056-5-3, 9.2.7.3):
        DD | transaction id | originator | recipient | date-time | other information | [key info] | ciphered service
    general-block-transfer E0:
        E0 | control | block 2 | acknowledged 2 | BER length | data
    data-notification 0F, as files of deciphered telegrams have it:
        0F | invoke id 4 | date-time | body, to the end

An LLC header E6 E7 00 before any of them, which some recordings keep, is left out.

Nothing but their own length delimits them, and nothing checks them: they are `unproven`. A notification without a
cipher has no length either: the pause behind it ends it.
"""

from ..reading import Frame, Link
from .base import Found, LinkLayer, Look

_GLO, _DED, _GENERAL, _BLOCK, _NOTIFICATION = 0xDB, 0xDC, 0xDD, 0xE0, 0x0F
_LLC = b"\xe6\xe7\x00"
_TITLE_SIZE = 8
_LONGEST = 8192
_LONGEST_TRANSACTION_ID = 16
_LONGEST_KEY = 256
_LEAST_CIPHERED = 1 + 4 + 1
# Security control: suites 0 to 2, and never neither authenticated nor encrypted (IEC 62056-5-3, table 37).
_SUITES, _PROTECTED = range(3), 0x30


class _MissingError(Exception):
    """Bytes of a frame have not arrived yet."""


class _OtherError(Exception):
    """The bytes are something else."""


class BareLink(LinkLayer):
    """APDUs that begin with their own tag; payload is the APDU."""

    starts = frozenset((_GLO, _DED, _GENERAL, _BLOCK, _NOTIFICATION, _LLC[0]))
    longest = _LONGEST

    def look(self, buffer: bytes | bytearray, start: int) -> Found | Look:
        """Judge the bytes from `start` on."""
        header = bytes(buffer[start : start + len(_LLC)])
        if header != _LLC and _LLC.startswith(header):
            return Look.INCOMPLETE
        begin = start + len(_LLC) if header == _LLC else start
        reader = _Reader(buffer, begin)
        try:
            tag = reader.number()
            _WALKS.get(tag, _walk_other)(reader)
        except _MissingError:
            return Look.INCOMPLETE
        except _OtherError:
            return Look.NOT_HERE
        frame = Frame(Link.BARE, bytes(buffer[begin : reader.position]))
        return Found(
            reader.position, frame, tentative=tag == _NOTIFICATION, unproven=True
        )


class _Reader:
    """Walks over the fields of an APDU."""

    def __init__(self, buffer: bytes | bytearray, position: int) -> None:
        self._buffer = buffer
        self.position = position

    def skip(self, count: int) -> None:
        if len(self._buffer) < self.position + count:
            raise _MissingError
        self.position += count

    def skip_to_end(self) -> None:
        self.position = len(self._buffer)

    def number(self, size: int = 1) -> int:
        self.skip(size)
        return int.from_bytes(self._buffer[self.position - size : self.position])

    def length(self, least: int, most: int) -> int:
        """Read a BER length (ISO/IEC 8825-1, 8.1.3) that makes sense here."""
        first = self.number()
        if first > 0x82:
            raise _OtherError
        length = self.number(first & 0x7F) if first & 0x80 else first
        if not least <= length <= min(most, _LONGEST):
            raise _OtherError
        return length

    def octets(self, least: int, most: int) -> None:
        self.skip(self.length(least, most))


def _walk_other(reader: _Reader) -> None:
    raise _OtherError


def _walk_global(reader: _Reader) -> None:
    reader.octets(_TITLE_SIZE, _TITLE_SIZE)
    _walk_ciphered(reader)


def _walk_ciphered(reader: _Reader) -> None:
    length = reader.length(_LEAST_CIPHERED, _LONGEST)
    control = reader.number()
    if control & 0x0F not in _SUITES or not control & _PROTECTED:
        raise _OtherError
    reader.skip(length - 1)


def _walk_general(reader: _Reader) -> None:
    reader.octets(0, _LONGEST_TRANSACTION_ID)
    reader.octets(_TITLE_SIZE, _TITLE_SIZE)
    reader.octets(0, _TITLE_SIZE)
    reader.octets(0, 12)
    reader.octets(0, _LONGEST_KEY)
    _walk_key_info(reader)
    _walk_ciphered(reader)


def _walk_key_info(reader: _Reader) -> None:
    """Skip the optional key information: identified, wrapped or agreed key."""
    present = reader.number()
    if present > 1:
        raise _OtherError
    if not present:
        return
    match reader.number():
        case 0:
            reader.skip(1)
        case 1:
            reader.skip(1)
            reader.octets(0, _LONGEST_KEY)
        case 2:
            reader.octets(0, 1)
            reader.octets(0, _LONGEST_KEY)
        case _:
            raise _OtherError


def _walk_block(reader: _Reader) -> None:
    reader.skip(1)
    if not 1 <= reader.number(2) <= 0x0FFF:
        raise _OtherError
    reader.skip(2)
    reader.octets(1, _LONGEST)


def _walk_notification(reader: _Reader) -> None:
    reader.skip(4)
    date_time = reader.number()
    if date_time == 0x09:
        date_time = reader.number()
    if date_time in (0x0C, 0x19):
        if not 1990 <= reader.number(2) <= 2150:
            raise _OtherError
        reader.skip(10)
    elif date_time:
        raise _OtherError
    if reader.number() not in (0x01, 0x02):
        raise _OtherError
    reader.skip_to_end()


_WALKS = {
    _GLO: _walk_global,
    _DED: _walk_global,
    _GENERAL: _walk_general,
    _BLOCK: _walk_block,
    _NOTIFICATION: _walk_notification,
}
