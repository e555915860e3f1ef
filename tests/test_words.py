"""The words everybody shares: OBIS codes, units, keys, line settings, checksums, quantities."""

import copy
from decimal import Decimal
import typing

from hypothesis import example, given, strategies as st
import pytest

from customer_interface.checksum import (
    crc16_arc,
    crc16_en13757,
    crc16_kermit,
    crc16_x25,
    sum8,
)
from customer_interface.errors import (
    CustomerInterfaceError,
    KeyFormatError,
    ObisFormatError,
)
from customer_interface.keys import Key, KeyKind, KeyRing, parse_key
from customer_interface.line import LineSettings, Parity
from customer_interface.named import NamedTuple
from customer_interface.obis import ObisCode
from customer_interface.quantity import Kind, quantity_of
from customer_interface.reading import MeterIdentity
from customer_interface.units import (
    DLMS_UNITS,
    TEXT_UNITS,
    exact_text,
    from_text,
    plain,
    scaled,
)

CHECK = b"123456789"
HEX_KEY = "36C66639E48A8CA4D6BC8B282A793BBB"


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (sum8, 0xDD),
        (crc16_x25, 0x906E),
        (crc16_kermit, 0x2189),
        (crc16_arc, 0xBB3D),
        (crc16_en13757, 0xC2B7),
    ],
)
def test_check_values(function, expected):
    """Each checksum gives its published check value."""
    assert function(CHECK) == expected


@given(st.binary(max_size=400))
def test_long_wireless_checksums_are_remainders(data):
    """However it is shortened, the CRC is what is left of the message when it is divided by the polynomial."""
    rest = int.from_bytes(data) << 16
    for bit in range(rest.bit_length() - 1, 15, -1):
        if rest >> bit & 1:
            rest ^= 0x13D65 << bit - 16
    assert crc16_en13757(data) == rest ^ 0xFFFF


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("1-0:1.8.0", "1-0:1.8.0"),
        ("1-0:1.8.0*255", "1-0:1.8.0"),
        ("1-0:1.8.0.255", "1-0:1.8.0"),
        ("1-0:1.8.0*1", "1-0:1.8.0*1"),
        ("1.8.0", "0-0:1.8.0"),
        ("0-0:C.1.0", "0-0:96.1.0"),
        ("1-1:1.128.0", "1-1:1.128.0"),
        ("0-0:F.F.0", "0-0:97.97.0"),
    ],
)
def test_obis_spellings(text, printed):
    """Every spelling people and documents use is read."""
    assert str(ObisCode.parse(text)) == printed


@pytest.mark.parametrize("text", ["", "1-0", "1-0:300.8.0", "hello", "1-0:1.8.0.7.7"])
def test_what_is_no_obis_code(text):
    """What is not a code says so."""
    with pytest.raises(ObisFormatError):
        ObisCode.parse(text)


@given(st.binary(min_size=6, max_size=6))
def test_obis_round_trip(data):
    """Bytes and text of a code lead back to it."""
    code = ObisCode.from_bytes(data)
    assert bytes(code) == data
    assert ObisCode.parse(str(code)) == code


@given(st.integers(-(10**20), 10**20), st.integers(-12, 12))
def test_scaling_is_exact(raw, exponent):
    """No digit is lost and no exponent is printed."""
    number = scaled(raw, exponent)
    assert number * 10**12 == raw * 10 ** (exponent + 12)
    assert "E" not in exact_text(number).upper()


def test_plain_units():
    """Kilowatt hours become watt hours, gigajoules joules, litres cubic metres."""
    assert plain(Decimal("12.345"), TEXT_UNITS["kwh"]) == 12345
    assert plain(2, TEXT_UNITS["gj"]) == 2_000_000_000
    assert plain(1500, DLMS_UNITS[19]) == Decimal("1.500")
    assert plain(2, DLMS_UNITS[5]) == 7200
    assert exact_text(plain(-5, TEXT_UNITS["kw"])) == "-5000"


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("00123.456", Decimal("123.456")),
        ("000006545766", 6545766),
        ("-5", -5),
        ("1,5", Decimal("1.5")),
        ("", None),
        ("12a", None),
        ("--5", None),
        ("1.2.3", None),
        ("٣", None),
        ("9" * 60, None),
    ],
)
def test_printed_numbers(text, number):
    """Numbers as meters print them, and texts that are none."""
    assert from_text(text) == number


@given(st.text(max_size=50))
def test_printed_numbers_never_raise(text):
    """Any text is a number or none."""
    from_text(text)


@pytest.mark.parametrize(
    "typed",
    [
        HEX_KEY,
        HEX_KEY.lower(),
        " 36 C6 66 39 E4 8A 8C A4 D6 BC 8B 28 2A 79 3B BB\n",
        "36:C6:66:39:E4:8A:8C:A4:D6:BC:8B:28:2A:79:3B:BB",
        "{0x36, 0xC6, 0x66, 0x39, 0xE4, 0x8A, 0x8C, 0xA4, 0xD6, 0xBC, 0x8B, 0x28, 0x2A, 0x79, 0x3B, 0xBB}",
        f"0x{HEX_KEY}",
        f"'{HEX_KEY}'",
        "36C66639-E48A8CA4-D6BC8B28-2A793BBB",
        HEX_KEY.encode("ascii").hex(),
    ],
)
def test_keys_as_people_have_them(typed):
    """All spellings of one key are that key."""
    assert parse_key(typed).secret == bytes.fromhex(HEX_KEY)


def test_guessed_spellings_say_so():
    """A key that had to be guessed tells how."""
    assert parse_key(HEX_KEY.encode("ascii").hex()).assumed == "hex_of_hex"
    assert parse_key("SixteenLetters!!") == Key(b"SixteenLetters!!", assumed="ascii")
    assert parse_key("00" * 32).secret == bytes(32)
    assert parse_key(HEX_KEY).assumed is None


@pytest.mark.parametrize(
    ("typed", "secret"),
    [
        ("ABCDEFGHIJKLMNOPQRST", b"ABCDEFGHIJKLMNOP"),
        ("12345678901234567890", b"1234567890123456"),
        ("4142434445464748494A4B4C4D4E4F5051525354", b"ABCDEFGHIJKLMNOP"),
        ("4142434445464748494A4B4C4D4E4F50", b"ABCDEFGHIJKLMNOP"),
    ],
)
def test_mep_keys(typed, secret):
    """MEP keys are 20 characters or their hexadecimal codes, of which 16 count."""
    assert parse_key(typed, KeyKind.MEP).secret == secret


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("", "empty"),
        ("   ", "empty"),
        (HEX_KEY[:-1], "length"),
        (HEX_KEY + "0", "length"),
        ("G" + HEX_KEY[1:], "alphabet"),
        ("Schlüssel", "alphabet"),
        ("12345678\u00a01234567", "length"),
    ],
)
def test_refused_keys(typed, reason):
    """What cannot be a key is refused with a reason, never with the key."""
    with pytest.raises(KeyFormatError) as caught:
        parse_key(typed)
    assert caught.value.reason == reason
    assert not typed.strip() or typed.strip() not in str(caught.value)


@example("12345678\u00a01234567")
@given(st.text(max_size=80))
def test_any_text_is_a_key_or_refused(text):
    """Nothing else than KeyFormatError comes out, and every key has a usable length."""
    for kind in KeyKind:
        try:
            key = parse_key(text, kind)
        except KeyFormatError:
            continue
        assert len(key.secret) in (16, 32)


def test_secrets_are_not_shown():
    """Neither a key nor a ring shows what it holds."""
    ring = KeyRing((parse_key(HEX_KEY),), (parse_key("AA" * 16),))
    shown = repr(ring) + repr(ring.keys) + str(ring)
    assert HEX_KEY not in shown.upper()
    assert "AAAA" not in shown.upper()
    assert "\\xaa" not in shown


def test_own_keys_come_first():
    """A key named for a meter is tried before those for all, and not for another meter."""
    ring = KeyRing((Key(b"all"), Key(b"mine", "12345678"), Key(b"other", "9")))
    assert ring.secrets_for("12345678") == (b"mine", b"all")
    assert ring.secrets_for() == (b"all",)
    assert ring.index_of(b"mine") == 1


def test_line_settings():
    """The field's short form is read and written."""
    line = LineSettings.parse("2400 8e1")
    assert line == LineSettings(2400, 8, Parity.EVEN, 1)
    assert str(line) == "2400 8E1"
    assert line.seconds_per_byte == pytest.approx(11 / 2400)
    with pytest.raises(CustomerInterfaceError):
        LineSettings.parse("fast")


@pytest.mark.parametrize(
    ("code", "key", "kind", "unit"),
    [
        ("1-0:1.8.0", "energy_import", Kind.ENERGY, "Wh"),
        ("1-0:1.8.2", "energy_import_tariff", Kind.ENERGY, "Wh"),
        ("1-0:2.8.0", "energy_export", Kind.ENERGY, "Wh"),
        ("1-0:3.8.1", "reactive_energy_import_tariff", Kind.REACTIVE_ENERGY, "varh"),
        ("1-0:15.8.0", "energy_absolute", Kind.ENERGY, "Wh"),
        ("1-0:1.7.0", "power_import", Kind.POWER, "W"),
        ("1-0:21.7.0", "power_import_phase", Kind.POWER, "W"),
        ("1-0:62.7.0", "power_export_phase", Kind.POWER, "W"),
        ("1-0:72.7.0", "voltage_phase", Kind.VOLTAGE, "V"),
        ("1-0:31.7.0", "current_phase", Kind.CURRENT, "A"),
        ("1-0:13.7.0", "power_factor", Kind.POWER_FACTOR, None),
        ("1-0:53.7.0", "power_factor_phase", Kind.POWER_FACTOR, None),
        ("1-0:14.7.0", "frequency", Kind.FREQUENCY, "Hz"),
        ("1-0:81.7.51", "phase_angle_phase", Kind.ANGLE, "°"),
        ("1-0:1.6.0", "maximum_power_import", Kind.POWER, "W"),
        ("1-0:15.35.0", "limit_power_absolute", Kind.POWER, "W"),
        ("0-0:96.13.0", "message_text", Kind.TEXT, None),
        ("7-0:3.0.0", "gas_volume", Kind.VOLUME, "m³"),
        ("6-0:1.0.0", "heat_energy", Kind.ENERGY, "Wh"),
    ],
)
def test_quantities(code, key, kind, unit):
    """Codes of seed 004 and of the other media mean what the standards say."""
    quantity = quantity_of(ObisCode.parse(code))
    assert (quantity.key, quantity.kind, quantity.unit) == (key, kind, unit)


@pytest.mark.parametrize("code", ["1-0:1.8.0*1", "1-0:99.1.0", "5-0:77.7.7"])
def test_unknown_codes_have_no_quantity(code):
    """Nothing is made up for a code without a meaning here."""
    assert quantity_of(ObisCode.parse(code)) is None


@given(st.binary(min_size=6, max_size=6))
def test_every_code_has_a_quantity_or_none(data):
    """No code raises; a counter always has a unit or is a plain count."""
    quantity = quantity_of(ObisCode.from_bytes(data))
    assert quantity is None or quantity.key


def test_identity():
    """A meter is known by its number, else its title, else its address with manufacturer."""
    title = "4B464D1010000023"
    assert MeterIdentity(number="1", title=title).key == "1"
    assert MeterIdentity(title=title).key == title
    assert MeterIdentity(manufacturer="KAM", address="78").key == "KAM78"
    assert MeterIdentity().key is None


def test_number_of_a_meter() -> None:
    """A logical device name of IDIS form ends with the serial number; other ends mean nothing."""
    name = MeterIdentity(number="ISK1020784605887")
    for number in ("ISK1020784605887", "84605887", "0784605887"):
        assert name.has_number(number)
        assert MeterIdentity(number=number).has_number(name.number)
    for number in ("4605887", "84605888", "ISK84605887", "", None):
        assert not name.has_number(number)
    assert not MeterIdentity(number="1020784605887").has_number("84605887")


class Declared(NamedTuple):
    """Two fields, and what is made of them."""

    number: int
    unit: str | None = None

    @property
    def text(self) -> str:
        """The number with its unit."""
        return f"{self.number} {self.unit}"


class AsTypingDoes(typing.NamedTuple):
    """The same fields, declared with what type checkers take the library's for."""

    number: int
    unit: str | None = None


def test_named_tuples() -> None:
    """A declared tuple has the fields and defaults that typing's has, and what its class adds."""
    value = Declared(1, unit="W")
    assert value == AsTypingDoes(1, "W") == (1, "W")
    assert value.text == "1 W"
    assert Declared(1).unit is None
    assert value._replace(number=2) == copy.replace(value, number=2) == (2, "W")
    assert copy.deepcopy(value) == value
    assert repr(value) == "Declared(number=1, unit='W')"
    assert Declared._fields == AsTypingDoes._fields
    assert Declared.__annotations__ == AsTypingDoes.__annotations__
    assert Declared.__doc__ == "Two fields, and what is made of them."
    with pytest.raises(AttributeError):
        value.number = 2  # type: ignore[misc]
    with pytest.raises(TypeError):
        Declared()  # type: ignore[call-arg]


def test_annotations_of_named_tuples_are_known() -> None:
    """A name that does not exist is told where the class is declared."""
    with pytest.raises(NameError):

        class _Unknown(NamedTuple):
            number: NoSuchType  # type: ignore[name-defined]  # noqa: F821
