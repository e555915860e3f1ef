"""A-XDR (IEC 61334-6) as DLMS/COSEM uses it for Data (IEC 62056-5-3, clause 9.5): a tag, then the value.

    00 null   01 array(count)   02 structure(count)   03 boolean   04 bit-string(bits)   05 i32   06 u32
    07 f32 (obsolete)   09 octet-string(len)   0A visible-string(len)   0C utf8-string(len)   0D bcd   0F i8   10 i16
    11 u8   12 u16   13 compact-array   14 i64   15 u64   16 enum   17 f32   18 f64   19 date-time(12)   1A date(5)
    1B time(4)   FF don't-care

    compact-array   13  description  length  values without tags
    description     tag | 01 count(2) description | 02 count description...

Counts and lengths: below 80 as they are, else 80 + the number of bytes they take, most significant first.

    untagged attribute descriptor (Sagemcom XT211): in a structure of two, in front of the value
    class(2)  OBIS code(6)  attribute(1)

    code with tag and length exchanged (Landis+Gyr ZMF100, currents): in a structure of three
    06 09  01 00 C 07 00 FF
"""

from collections.abc import Callable
from decimal import Decimal
from enum import IntEnum
import math
import struct

from ...named import NamedTuple

# A push is a list of lists of attributes of a structure; nothing known goes deeper than 6.
MAX_DEPTH = 12
# The longest known push has some 250 elements.
MAX_ELEMENTS = 4096


class Tag(IntEnum):
    """Types of Data by their tag."""

    NULL = 0x00
    ARRAY = 0x01
    STRUCTURE = 0x02
    BOOLEAN = 0x03
    BIT_STRING = 0x04
    INT32 = 0x05
    UINT32 = 0x06
    FLOAT = 0x07
    OCTETS = 0x09
    VISIBLE = 0x0A
    UTF8 = 0x0C
    BCD = 0x0D
    INT8 = 0x0F
    INT16 = 0x10
    UINT8 = 0x11
    UINT16 = 0x12
    COMPACT_ARRAY = 0x13
    INT64 = 0x14
    UINT64 = 0x15
    ENUM = 0x16
    FLOAT32 = 0x17
    FLOAT64 = 0x18
    DATETIME = 0x19
    DATE = 0x1A
    TIME = 0x1B
    DONT_CARE = 0xFF


type Content = int | bool | Decimal | bytes | str | None


type Elements = tuple[Data, ...]


class Data(NamedTuple):
    """One element: `value` for simple types (strings and times as bytes, a bit-string as text of 0 and 1), else `items`.

    An attribute descriptor without tags is `items` of a class, an OBIS code and an attribute, as if it had tags.
    """

    tag: Tag
    value: Content = None
    items: Elements = ()


class AxdrError(ValueError):
    """The bytes are no Data: they end too early (`missing`), or have a type that does not exist."""

    def __init__(self, detail: str, *, missing: bool = False) -> None:
        """Keep whether bytes are missing beside the sentence."""
        super().__init__(detail)
        self.missing = missing


_INTEGERS: dict[Tag, tuple[int, bool]] = {
    Tag.INT8: (1, True),
    Tag.INT16: (2, True),
    Tag.INT32: (4, True),
    Tag.INT64: (8, True),
    Tag.UINT8: (1, False),
    Tag.UINT16: (2, False),
    Tag.UINT32: (4, False),
    Tag.UINT64: (8, False),
    Tag.ENUM: (1, False),
}
_FIXED = {Tag.DATETIME: 12, Tag.DATE: 5, Tag.TIME: 4}
_COUNTED = frozenset({Tag.OCTETS, Tag.VISIBLE, Tag.UTF8})
_LISTS = frozenset({Tag.ARRAY, Tag.STRUCTURE, Tag.COMPACT_ARRAY})
_TAGS = {int(tag): tag for tag in Tag}


class Reader:
    """Reads Data from bytes, one after the other; bounded in depth and number of elements."""

    def __init__(self, data: bytes, at: int = 0, elements: int = 0) -> None:
        """Read from a position on, as one that has read so many elements."""
        self.data = data
        self.at = at
        self.elements = elements

    @property
    def left(self) -> int:
        """The number of bytes not read yet."""
        return len(self.data) - self.at

    def take(self, count: int) -> bytes:
        """Return the next bytes; raises AxdrError where there are fewer."""
        end = self.at + count
        if end > len(self.data):
            raise AxdrError(
                f"at least {end - len(self.data)} bytes are missing", missing=True
            )
        taken = self.data[self.at : end]
        self.at = end
        return taken

    def read(self, depth: int = 0) -> Data:
        """Read one element with its tag; raises AxdrError."""
        return self.read_as(self.tag(), depth)

    def tag(self) -> Tag:
        """Read a tag; raises AxdrError for an unknown one."""
        number = self.take(1)[0]
        tag = _TAGS.get(number)
        if tag is None:
            raise AxdrError(f"type {number:02X} does not exist")
        return tag

    def read_as(self, tag: Tag, depth: int) -> Data:
        """Read the value of an element whose tag is known; raises AxdrError."""
        self._count(depth)
        if tag in _LISTS:
            return self._list(tag, depth)
        return Data(tag, self._simple(tag))

    def length(self) -> int:
        """Read a count or length."""
        first = self.take(1)[0]
        return (
            first
            if first < 0x80
            else int.from_bytes(self.take(min(first - 0x80, 8)), "big")
        )

    def _count(self, depth: int) -> None:
        self.elements += 1
        if self.elements > MAX_ELEMENTS or depth > MAX_DEPTH:
            raise AxdrError("too many elements, or too deep in one another")

    def _simple(self, tag: Tag) -> Content:
        if tag in _INTEGERS:
            size, signed = _INTEGERS[tag]
            return int.from_bytes(self.take(size), "big", signed=signed)
        if tag in _COUNTED:
            return self.take(self.length())
        if tag in _FIXED:
            return self.take(_FIXED[tag])
        return _OTHERS[tag](self)

    def _list(self, tag: Tag, depth: int) -> Data:
        if tag is Tag.COMPACT_ARRAY:
            return self._compact_array(depth)
        count = self.length()
        if count == 2 and tag is Tag.STRUCTURE and self._descriptor_ahead():
            return Data(tag, items=(self._descriptor(), self.read(depth + 1)))
        if count == 3 and tag is Tag.STRUCTURE and self._swapped_code_ahead():
            first = Data(Tag.OCTETS, self.take(8)[2:])
            rest = (self.read(depth + 1), self.read(depth + 1))
            return Data(tag, items=(first, *rest))
        # Each element takes a byte at least.
        if count > self.left:
            raise AxdrError(
                f"{count} elements announced, {self.left} bytes left", missing=True
            )
        return Data(tag, items=tuple(self.read(depth + 1) for _ in range(count)))

    def _descriptor_ahead(self) -> bool:
        ahead = self.data[self.at : self.at + 10]
        return (
            len(ahead) == 10
            and ahead[0] == 0
            and ahead[7] == 0xFF
            and 0 < ahead[8] < 32
            and ahead[9] in _TAGS
        )

    def _swapped_code_ahead(self) -> bool:
        """Tell an OBIS code of electricity whose tag and length are exchanged from a u32."""
        ahead = self.data[self.at : self.at + 9]
        return (
            len(ahead) == 9
            and ahead[:4] == b"\x06\x09\x01\x00"
            and ahead[5:8] == b"\x07\x00\xff"
            and ahead[8] in _TAGS
        )

    def _descriptor(self) -> Data:
        self._count(0)
        number, code, attribute = self.take(2), self.take(6), self.take(1)
        return Data(
            Tag.STRUCTURE,
            items=(
                Data(Tag.UINT16, int.from_bytes(number, "big")),
                Data(Tag.OCTETS, code),
                Data(Tag.INT8, attribute[0]),
            ),
        )

    def _compact_array(self, depth: int) -> Data:
        description = self._description(depth + 1)
        packed = Reader(self.take(self.length()), elements=self.elements)
        items = []
        while packed.left:
            before = packed.at
            items.append(packed.packed(description, depth + 1))
            if packed.at == before:
                raise AxdrError("the elements of a compact-array take no bytes")
        self.elements = packed.elements
        return Data(Tag.ARRAY, items=tuple(items))

    def _description(self, depth: int) -> _Description:
        self._count(depth)
        tag = self.tag()
        if tag is Tag.ARRAY:
            count = int.from_bytes(self.take(2), "big")
            return _Description(tag, (self._description(depth + 1),), count)
        if tag is Tag.STRUCTURE:
            members = tuple(self._description(depth + 1) for _ in range(self.length()))
            return _Description(tag, members, 1)
        return _Description(tag)

    def packed(self, description: _Description, depth: int) -> Data:
        """Read an element of a compact-array, which has no tags; raises AxdrError."""
        self._count(depth)
        if description.tag is Tag.COMPACT_ARRAY:
            raise AxdrError("a compact-array in a compact-array")
        if description.tag not in _LISTS:
            return Data(description.tag, self._simple(description.tag))
        return Data(
            description.tag,
            items=tuple(
                self.packed(member, depth + 1)
                for _ in range(description.repeat)
                for member in description.members
            ),
        )


type _Members = tuple[_Description, ...]


class _Description(NamedTuple):
    """Type of the elements of a compact-array: members, and how often they come one after the other."""

    tag: Tag
    members: _Members = ()
    repeat: int = 0


def _nothing(_reader: Reader) -> None:
    return None


def _boolean(reader: Reader) -> bool:
    return reader.take(1) != b"\0"


def _bit_string(reader: Reader) -> str:
    bits = reader.length()
    data = reader.take((bits + 7) // 8)
    return "".join(f"{byte:08b}" for byte in data)[:bits]


def _bcd(reader: Reader) -> int | None:
    byte = reader.take(1)[0]
    high, low = byte >> 4, byte & 0x0F
    return high * 10 + low if high < 10 and low < 10 else None


def _float32(reader: Reader) -> Decimal | None:
    (number,) = struct.unpack(">f", reader.take(4))
    return _shortest(number, 9, "f")


def _float64(reader: Reader) -> Decimal | None:
    (number,) = struct.unpack(">d", reader.take(8))
    return _shortest(number, 17, "d")


def _shortest(number: float, digits: int, form: str) -> Decimal | None:
    """Return the shortest decimal that stands for this number and no other; None for what is no number."""
    if not math.isfinite(number):
        return None
    texts = (f"{number:.{n}g}" for n in range(digits - 3, digits + 1))
    wanted = struct.pack(form, number)
    return next(
        (Decimal(text) for text in texts if struct.pack(form, float(text)) == wanted),
        None,
    )


_OTHERS: dict[Tag, Callable[[Reader], Content]] = {
    Tag.NULL: _nothing,
    Tag.DONT_CARE: _nothing,
    Tag.BOOLEAN: _boolean,
    Tag.BIT_STRING: _bit_string,
    Tag.BCD: _bcd,
    Tag.FLOAT: _float32,
    Tag.FLOAT32: _float32,
    Tag.FLOAT64: _float64,
}


def shape_of(data: Data, depth: int = 0) -> str:
    """Describe the types of an element without its values, in a line of bounded length."""
    name = data.tag.name.lower().replace("_", "-")
    if data.tag in _LISTS:
        if depth == 2:
            return f"{name}({len(data.items)})"
        inner = " ".join(shape_of(item, depth + 1) for item in data.items[:40])
        return (
            f"{name}{len(data.items)}({inner}{' ...' if len(data.items) > 40 else ''})"
        )
    return f"{name}{len(data.value)}" if isinstance(data.value, bytes) else name
