"""A-XDR: every type, damaged encodings, bounds, and a second opinion."""

from decimal import Decimal
import struct

from gurux_dlms import GXByteBuffer
from gurux_dlms.enums import DataType
from gurux_dlms.internal._GXCommon import _GXCommon
from gurux_dlms.internal._GXDataInfo import _GXDataInfo
from hypothesis import given, strategies as st
import pytest

from customer_interface.application.dlms.axdr import (
    MAX_ELEMENTS,
    AxdrError,
    Content,
    Data,
    Reader,
    Tag,
    shape_of,
)
from tests.dlms_apdus import integer, listed, string, u16, u32


def read(data: bytes) -> Data:
    """Read one element that takes all bytes."""
    reader = Reader(data)
    result = reader.read()
    assert not reader.left
    return result


@pytest.mark.parametrize(
    ("data", "tag", "value"),
    [
        ("00", Tag.NULL, None),
        ("FF", Tag.DONT_CARE, None),
        ("0301", Tag.BOOLEAN, True),
        ("0300", Tag.BOOLEAN, False),
        ("040AB2C0", Tag.BIT_STRING, "1011001011"),
        ("0400", Tag.BIT_STRING, ""),
        ("05FFFFFFFE", Tag.INT32, -2),
        ("06FFFFFFFE", Tag.UINT32, 0xFFFFFFFE),
        ("07436E8000", Tag.FLOAT, Decimal("238.5")),
        ("0903414243", Tag.OCTETS, b"ABC"),
        ("098103414243", Tag.OCTETS, b"ABC"),
        ("0A03414243", Tag.VISIBLE, b"ABC"),
        ("0C02C3A4", Tag.UTF8, "ä".encode()),
        ("0D42", Tag.BCD, 42),
        ("0D4A", Tag.BCD, None),
        ("0FFE", Tag.INT8, -2),
        ("10FFFE", Tag.INT16, -2),
        ("11FE", Tag.UINT8, 254),
        ("12FFFE", Tag.UINT16, 0xFFFE),
        ("14FFFFFFFFFFFFFFFE", Tag.INT64, -2),
        ("15FFFFFFFFFFFFFFFE", Tag.UINT64, 2**64 - 2),
        ("161B", Tag.ENUM, 27),
        ("173DCCCCCD", Tag.FLOAT32, Decimal("0.1")),
        ("177FC00000", Tag.FLOAT32, None),
        ("183FB999999999999A", Tag.FLOAT64, Decimal("0.1")),
        ("18FFF0000000000000", Tag.FLOAT64, None),
        (
            "1907EA0204030F1E0000FFC400",
            Tag.DATETIME,
            bytes.fromhex("07EA0204030F1E0000FFC400"),
        ),
        ("1A07EA020403", Tag.DATE, bytes.fromhex("07EA020403")),
        ("1B0F1E0000", Tag.TIME, bytes.fromhex("0F1E0000")),
    ],
)
def test_simple_types(data: str, tag: Tag, value: Content) -> None:
    """Every type that is no list."""
    assert read(bytes.fromhex(data)) == Data(tag, value)


def test_lists() -> None:
    """Structures and arrays nest."""
    data = listed(listed(u16(1), u16(2), tag=1), string(b""))
    assert read(data) == Data(
        Tag.STRUCTURE,
        items=(
            Data(Tag.ARRAY, items=(Data(Tag.UINT16, 1), Data(Tag.UINT16, 2))),
            Data(Tag.OCTETS, b""),
        ),
    )
    assert read(b"\x02\x00") == Data(Tag.STRUCTURE)


def test_compact_array() -> None:
    """Elements without tags: a structure with a string and an array of two in it."""
    packed = "0001 024142 0708 0002 0143 0909".replace(" ", "")
    data = (
        bytes.fromhex("13" + "0203" + "12" + "09" + "01000211")
        + bytes((len(packed) // 2,))
        + bytes.fromhex(packed)
    )
    assert read(data) == Data(
        Tag.ARRAY,
        items=tuple(
            Data(
                Tag.STRUCTURE,
                items=(
                    Data(Tag.UINT16, number),
                    Data(Tag.OCTETS, text),
                    Data(
                        Tag.ARRAY,
                        items=(Data(Tag.UINT8, pair), Data(Tag.UINT8, pair + step)),
                    ),
                ),
            )
            for number, text, pair, step in ((1, b"AB", 7, 1), (2, b"C", 9, 0))
        ),
    )


def test_untagged_descriptor() -> None:
    """Class, code and attribute without tags in front of a value (Sagemcom XT211)."""
    data = bytes.fromhex("020200030100010700FF020600000003")
    descriptor = Data(
        Tag.STRUCTURE,
        items=(
            Data(Tag.UINT16, 3),
            Data(Tag.OCTETS, bytes.fromhex("0100010700FF")),
            Data(Tag.INT8, 2),
        ),
    )
    assert read(data) == Data(Tag.STRUCTURE, items=(descriptor, Data(Tag.UINT32, 3)))
    assert read(bytes.fromhex("02020000")).items == (Data(Tag.NULL),) * 2


def test_exchanged_tag_and_length() -> None:
    """A code whose tag and length are exchanged (Landis+Gyr ZMF100)."""
    data = bytes.fromhex("0203060901001F0700FF1000F402020FFE1621")
    first, second, _ = read(data).items
    assert first == Data(Tag.OCTETS, bytes.fromhex("01001F0700FF"))
    assert second == Data(Tag.INT16, 244)
    assert read(listed(u32(0x09010020), u16(0), u16(0))).items[0].value == 0x09010020


@pytest.mark.parametrize(
    ("data", "missing"),
    [
        ("", True),
        ("06000000", True),
        ("0904414243", True),
        ("09FFFFFFFFFFFFFFFFFF", True),
        ("0203001100", True),
        ("08", False),
        ("1C", False),
        ("0201" * 20 + "00", False),
        ("13000400000000", False),
        ("13130100", False),
        ("1302010100001101FF", False),
        ("130203", True),
    ],
)
def test_malformed(data: str, missing: bool) -> None:
    """What is no Data says so, and whether bytes are missing."""
    with pytest.raises(AxdrError) as raised:
        read(bytes.fromhex(data))
    assert raised.value.missing is missing


def test_bounds() -> None:
    """A few bytes cannot stand for very many elements."""
    many = b"\x01\x82\xff\xff" + bytes(0xFFFF)
    with pytest.raises(AxdrError, match="too many"):
        read(many)
    packed = bytes.fromhex("1301FFFF01FFFF000100")
    with pytest.raises(AxdrError, match="too many"):
        read(packed)
    deep = b"\x13" + b"\x01\xff\xff" * 10 + b"\x00" + b"\x01\x00"
    with pytest.raises(AxdrError):
        read(deep)


def test_shape() -> None:
    """A shape names types and lengths, but no value."""
    data = read(listed(string(b"SECRET"), u32(4711), listed(listed(u16(1)), tag=1)))
    assert shape_of(data) == "structure3(octets6 uint32 array1(structure(1)))"
    assert len(shape_of(read(listed(*[u32(1)] * 100)))) < 400


@given(st.binary(max_size=400))
def test_any_bytes(data: bytes) -> None:
    """Whatever the bytes, there is an element or an AxdrError, and a bounded number of elements."""
    reader = Reader(data)
    try:
        result = reader.read()
    except AxdrError:
        return
    assert reader.elements <= MAX_ELEMENTS
    assert shape_of(result)


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_float32_is_exact(number: float) -> None:
    """The decimal of a float stands for it, and has no more than 9 digits."""
    result = read(b"\x17" + struct.pack(">f", number)).value
    assert isinstance(result, Decimal)
    assert struct.pack(">f", float(result)) == struct.pack(">f", number)
    assert len(result.as_tuple().digits) <= 9


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_float64_is_exact(number: float) -> None:
    """The decimal of a double stands for it."""
    result = read(b"\x18" + struct.pack(">d", number)).value
    assert isinstance(result, Decimal)
    assert float(result) == number


GURUX = {
    DataType.INT8: (0x0F, -(2**7), 2**7 - 1),
    DataType.INT16: (0x10, -(2**15), 2**15 - 1),
    DataType.INT32: (0x05, -(2**31), 2**31 - 1),
    DataType.INT64: (0x14, -(2**63), 2**63 - 1),
    DataType.UINT8: (0x11, 0, 2**8 - 1),
    DataType.UINT16: (0x12, 0, 2**16 - 1),
    DataType.UINT32: (0x06, 0, 2**32 - 1),
    DataType.UINT64: (0x15, 0, 2**64 - 1),
    DataType.ENUM: (0x16, 0, 2**8 - 1),
}


@pytest.mark.parametrize("kind", GURUX)
@given(data=st.data())
def test_second_opinion(kind: DataType, data: st.DataObject) -> None:
    """gurux-dlms encodes integers as the library reads them."""
    tag, least, most = GURUX[kind]
    number = data.draw(st.integers(least, most))
    buffer = GXByteBuffer()
    _GXCommon.setData(None, buffer, kind, number)
    assert bytes(buffer.array()) == integer(tag, number)
    assert read(bytes(buffer.array())) == Data(Tag(tag), number)


def _encode(tree: object) -> bytes:
    """Encode nested lists of integers and strings."""
    if isinstance(tree, list):
        return listed(*map(_encode, tree))
    return string(tree) if isinstance(tree, bytes) else integer(0x05, int(str(tree)))


def _tree(data: Data) -> object:
    """Return nested lists of integers and strings."""
    if data.tag is Tag.STRUCTURE:
        return [_tree(item) for item in data.items]
    return data.value


_TREES = st.recursive(
    st.integers(-(2**31), 2**31 - 1) | st.binary(max_size=12),
    lambda inner: st.lists(inner, min_size=1, max_size=5),
    max_leaves=30,
)


@given(tree=st.lists(_TREES, min_size=1, max_size=8))
def test_second_opinion_on_lists(tree: list[object]) -> None:
    """gurux-dlms and the library read nested lists alike."""
    encoded = _encode(tree)
    assert _tree(read(encoded)) == tree
    info = _GXDataInfo()
    theirs = _GXCommon.getData(None, GXByteBuffer(encoded), info)
    assert info.complete
    assert _theirs(theirs) == tree


def _theirs(value: object) -> object:
    if isinstance(value, list):
        return [_theirs(item) for item in value]
    return bytes(value) if isinstance(value, bytearray) else value
