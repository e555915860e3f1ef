"""Tests of whole M-Bus messages: official telegrams, wrong keys, damaged and refused ones, and the Dutch P2 port."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESCCM
from hypothesis import given, strategies as st
import pytest

from customer_interface.application.mbus import Formats
from customer_interface.checksum import crc16_en13757, sum8
from customer_interface.keys import Key, KeyRing
from customer_interface.link.base import Found
from customer_interface.link.mbus import MBusLink
from customer_interface.link.wmbus import parse_raw
from customer_interface.oms import meter_of, open_message, security_of
from customer_interface.reading import (
    Fault,
    FaultKind,
    Frame,
    Layer,
    Link,
    Message,
    MeterIdentity,
    Reading,
)
from customer_interface.security import oms as security
from tests.captures import cases
from tests.mbus_telegrams import (
    AMIS,
    AMIS_KEY,
    ELL_CTR,
    ELL_KEY,
    MODE_7,
    MODE_7_KEY,
    OMS_MODE_5,
    OMS_MODE_5_A,
    OMS_MODE_5_B,
    OMS_MODE_5_KEY,
    radio,
    wired,
    wired_payload,
)

NO_KEYS = KeyRing()
OMS_METER = MeterIdentity(
    number="12345678",
    manufacturer="ELS",
    address="9315785634123303",
    medium="gas",
    version=0x33,
)


def ring(*secrets: bytes) -> KeyRing:
    """Return a ring of keys for all meters."""
    return KeyRing(tuple(map(Key, secrets)))


def one(message: Message, keys: KeyRing = NO_KEYS) -> Reading | Fault:
    """Return the one result of a message."""
    (result,) = open_message(message, keys, Formats())
    return result


def read(message: Message, keys: KeyRing = NO_KEYS) -> Reading:
    """Return the one reading of a message."""
    result = one(message, keys)
    assert isinstance(result, Reading), result
    return result


def refused(message: Message, keys: KeyRing = NO_KEYS) -> Fault:
    """Return the one fault of a message."""
    result = one(message, keys)
    assert isinstance(result, Fault), result
    return result


def _message(capture: dict[str, Any]) -> Message:
    data = bytes.fromhex(capture["hex"])
    return radio(data) if capture["link"] == "wmbus" else wired(data)


def _keys(capture: dict[str, Any]) -> KeyRing:
    return ring(bytes.fromhex(capture["key"])) if capture["key"] else NO_KEYS


@pytest.mark.parametrize(
    "capture", [case for case in cases("oms") if "hex" in case.values[0]]
)
def test_captures(capture: dict[str, Any]) -> None:
    """Every worked example is read as it says."""
    reading = read(_message(capture), _keys(capture))
    values = {str(code): value.value for code, value in reading.values.items()}
    for code, number in capture.get("values", {}).items():
        assert values[code] == number
    if "time" in capture:
        assert reading.time == datetime.fromisoformat(capture["time"])
    for record, expected in zip(
        reading.records, capture.get("records", []), strict=False
    ):
        assert record.quantity == expected["quantity"].replace(" ", "_")
        if isinstance(record.value, datetime):
            assert record.value == datetime.fromisoformat(expected["value"])
        else:
            assert record.value == Decimal(str(expected["value"]))
        assert record.unit == expected.get("unit")


@pytest.mark.parametrize(
    "capture",
    [
        case
        for case in cases("oms")
        if case.values[0].get("key") and "hex" in case.values[0]
    ],
)
def test_wrong_and_missing_keys(capture: dict[str, Any]) -> None:
    """A wrong key and no key are told apart, and name the meter."""
    message = _message(capture)
    wrong, missing = refused(message, ring(b"\x55" * 16)), refused(message)
    assert wrong.kind is missing.kind is FaultKind.KEY
    assert wrong.detail != missing.detail
    assert wrong.meter == missing.meter == meter_of(message)


@pytest.mark.parametrize(
    ("telegram", "check_bits"),
    [(OMS_MODE_5, 0), (OMS_MODE_5_A, 16), (OMS_MODE_5_B, 16)],
    ids=["stripped", "a", "b"],
)
def test_mode_5(telegram: bytes, check_bits: int) -> None:
    """OMS annex N.2.1, in each frame format."""
    reading = read(radio(telegram), ring(b"\x55" * 16, OMS_MODE_5_KEY))
    assert reading.meter == OMS_METER
    assert [record.value for record in reading.records] == [
        Decimal("28504.27"),
        datetime(2008, 5, 31, 23, 50),
        0,
    ]
    assert (reading.encrypted, reading.authenticated) == (True, False)
    assert (reading.key_index, reading.check_bits) == (1, check_bits)
    assert reading.status == 0


def test_amis() -> None:
    """Netz OÖ's own example: no meter number, values under 1-0."""
    reading = read(wired(AMIS), ring(AMIS_KEY))
    assert reading.meter.key is None
    assert reading.meter.manufacturer == "SAM"
    assert reading.time == datetime(2014, 7, 1, 8, 12, 31)
    values = {str(code): value.value for code, value in reading.values.items()}
    assert values.pop("0-0:1.0.0") == reading.time
    assert list(values.values()) == [684544, 129412, 357918, 81446, 0, 117, 0, 0, 20]


def test_mode_7() -> None:
    """CEN/TR 17167 F.3: the MAC is verified, the counter told."""
    reading = read(radio(MODE_7), ring(MODE_7_KEY))
    assert reading.records[0].value == Decimal("28504.27")
    assert (reading.authenticated, reading.counter) == (True, 0xAB3)


def test_mode_7_damaged() -> None:
    """A changed byte is an authentication fault where the first block still opens, else a wrong key."""
    late, early = bytearray(MODE_7), bytearray(MODE_7)
    late[-1] ^= 1
    early[-16] ^= 1
    assert (
        refused(radio(bytes(late)), ring(MODE_7_KEY)).kind is FaultKind.AUTHENTICATION
    )
    assert (
        refused(radio(bytes(early)), ring(MODE_7_KEY)).kind is FaultKind.AUTHENTICATION
    )
    first = bytearray(MODE_7)
    first[-32] ^= 1
    assert refused(radio(bytes(first)), ring(MODE_7_KEY)).kind is FaultKind.KEY


ADDRESS = bytes.fromhex("9315785634123303")
COUNTER = bytes.fromhex("B30A0000")


def _mode_10(extension: str = "1001", configuration: str = "FF2A") -> bytes:
    """Return a telegram of the OMS example meter in security mode 10, from its transport header on."""
    header = bytes.fromhex(f"7A 75 00 {configuration} {extension}")
    cipher = AESCCM(security.derive(MODE_7_KEY, 0, COUNTER, ADDRESS[2:6]), 8)
    plain = bytes.fromhex("0C1427048502 046D32371F15")
    return (
        header
        + COUNTER
        + cipher.encrypt(ADDRESS + b"\x00" + COUNTER[::-1], plain, header)
    )


def _by_radio(payload: bytes) -> Message:
    return Message(Layer.MBUS, payload, Link.WMBUS, 0x44, ADDRESS, check_bits=16)


def test_mode_10() -> None:
    """The tag is verified, the counter told; the key is derived as in mode 7, also for other key numbers."""
    for extension in ("1001", "1501"):
        reading = read(_by_radio(_mode_10(extension)), ring(AMIS_KEY, MODE_7_KEY))
        assert reading.records[0].value == Decimal("28504.27")
        assert (reading.authenticated, reading.encrypted) == (True, True)
        assert (reading.counter, reading.key_index) == (0xAB3, 1)
        assert reading.check_bits == 64
    assert security_of(_by_radio(_mode_10())) == "mode 10"


@given(st.integers(1, len(_mode_10()) - 1), st.integers(1, 255))
def test_mode_10_damaged(position: int, change: int) -> None:
    """A changed byte anywhere gives no value: header, counter, data and tag are all authenticated."""
    damaged = bytearray(_mode_10())
    damaged[position] ^= change
    results = open_message(_by_radio(bytes(damaged)), ring(MODE_7_KEY), Formats())
    assert not any(isinstance(item, Reading) and item.authenticated for item in results)


@pytest.mark.parametrize(
    ("extension", "configuration"),
    [("0001", "FF2A"), ("5001", "FF2A"), ("1002", "FF2A"), ("1001", "202A")],
)
def test_mode_10_of_other_forms(extension: str, configuration: str) -> None:
    """Forms whose layout is not public are refused, not guessed."""
    payload = _mode_10(extension, configuration)
    fault = refused(_by_radio(payload), ring(MODE_7_KEY))
    assert (fault.kind, "not public" in fault.detail) == (FaultKind.UNSUPPORTED, True)


def test_mode_10_without_its_counter() -> None:
    """A telegram that ends within the header is told as that, and a missing key as that."""
    fault = refused(_by_radio(_mode_10()[:9]), ring(MODE_7_KEY))
    assert fault.kind is FaultKind.TRUNCATED
    assert refused(_by_radio(_mode_10())).kind is FaultKind.KEY


def test_ell() -> None:
    """AES-CTR of the extended link layer, its CRC verified; the next frame is read by its format."""
    reading = read(radio(ELL_CTR), ring(ELL_KEY))
    assert reading.meter.number == "76348799"
    assert [str(record.value) for record in reading.records] == [
        "113",
        "6.408",
        "6.408",
        "127",
        "19",
    ]
    assert reading.check_bits == 16


def test_keys_by_name() -> None:
    """A key given to a meter by number, address or manufacturer with number is found; another meter's is not."""
    message = radio(OMS_MODE_5)
    for name in ("12345678", "9315785634123303", "els12345678"):
        assert read(message, KeyRing((Key(OMS_MODE_5_KEY, name),)))
    assert (
        "no key" in refused(message, KeyRing((Key(OMS_MODE_5_KEY, "87654321"),))).detail
    )


def _long(configuration: str, data: str, version: str = "42") -> bytes:
    """Return the payload of a Dutch gas meter's telegram."""
    return bytes.fromhex(f"72 89674523 B438 {version} 03 F6 00 {configuration} {data}")


@pytest.mark.parametrize("mode", sorted(security.REFUSED))
def test_refused_modes(mode: int) -> None:
    """Modes that are not opened are refused with their reason."""
    fault = refused(wired_payload(_long(f"10{mode:02X}", "00" * 16)), ring(AMIS_KEY))
    assert fault.kind is FaultKind.UNSUPPORTED
    assert f"mode {mode} " in fault.detail


@pytest.mark.parametrize("mode", [1, 6, 11, 12, 14, 22, 31])
def test_signature_of_old_meters(mode: int) -> None:
    """A mode that nobody defined may be an old meter's signature: read only where all of it makes sense."""
    signature = f"27{mode:02X}"
    reading = read(wired_payload(_long(signature, "0413 01000000 0422 01000000")))
    assert [record.quantity for record in reading.records] == ["volume", "on_time"]
    for data in ("0413 0100", "0413 01000000", "0413 01000000 046F 01000000"):
        fault = refused(wired_payload(_long(signature, data)))
        assert fault.kind is FaultKind.UNSUPPORTED
        assert f"mode {mode} " in fault.detail


def test_encrypted_without_an_address() -> None:
    """A short header on a wire says nothing of the address decryption needs."""
    fault = refused(
        wired_payload(bytes.fromhex("7A 01 00 1005") + bytes(16)), ring(AMIS_KEY)
    )
    assert fault.kind is FaultKind.LAYOUT


def test_missing_blocks() -> None:
    """What is there of a telegram whose last blocks are missing is read, and the loss told."""
    vector = security.cipher_vector(bytes.fromhex("B438896745234203"), 0xF6)
    plain = bytes.fromhex("2F2F 0413 01000000") + b"\x2f" * 8
    encryptor = Cipher(algorithms.AES(AMIS_KEY), modes.CBC(vector)).encryptor()
    data = encryptor.update(plain).hex()
    reading, fault = open_message(
        wired_payload(_long("3005", data)), ring(AMIS_KEY), Formats()
    )
    assert isinstance(reading, Reading)
    assert isinstance(fault, Fault)
    assert [record.value for record in reading.records] == [Decimal("0.001")]
    assert fault.kind is FaultKind.TRUNCATED


def test_fillers_alone_do_not_make_a_key_right() -> None:
    """A plaintext that begins with the fillers and goes on as nonsense gives no value, but a fault about the key."""
    vector = security.cipher_vector(bytes.fromhex("B438896745234203"), 0xF6)
    plain = bytes.fromhex("2F2F 0413 01000000 7F") + bytes(7)
    encryptor = Cipher(algorithms.AES(AMIS_KEY), modes.CBC(vector)).encryptor()
    data = encryptor.update(plain).hex()
    fault = refused(wired_payload(_long("1005", data)), ring(AMIS_KEY))
    assert (fault.kind, "no M-Bus data" in fault.detail) == (FaultKind.KEY, True)


def test_plain_ell_checks_its_crc() -> None:
    """An extended link layer without encryption still has a CRC."""
    body = bytes.fromhex("78 0413 01000000")
    header = b"\x8d\x00\x01" + bytes(4) + crc16_en13757(body).to_bytes(2, "little")
    message = Message(
        Layer.MBUS, header + body, Link.WMBUS, 0x44, bytes.fromhex("2D2C998734761B16")
    )
    assert read(message).records[0].value == Decimal("0.001")
    damaged = Message(
        Layer.MBUS,
        header + body[:-1] + b"\x01",
        Link.WMBUS,
        0x44,
        bytes.fromhex("2D2C998734761B16"),
    )
    assert refused(damaged).kind is FaultKind.CHECKSUM


@pytest.mark.parametrize(
    ("payload", "kind"),
    [
        ("", FaultKind.TRUNCATED),
        ("72 00", FaultKind.TRUNCATED),
        ("51 01 7A 08", FaultKind.UNSUPPORTED),
        ("A2 00 00", FaultKind.UNSUPPORTED),
        ("90 02 00 40 7A", FaultKind.UNSUPPORTED),
        ("90 05 00 2C 25", FaultKind.TRUNCATED),
        ("8D 00 00", FaultKind.TRUNCATED),
        ("8D 00 00 000000E0 0000", FaultKind.UNSUPPORTED),
        ("7A 01 00 2007" + "00" * 33, FaultKind.AUTHENTICATION),
    ],
)
def test_refused_messages(payload: str, kind: FaultKind) -> None:
    """Whatever cannot be read is a fault of the right kind that names the meter of the link layer."""
    message = Message(
        Layer.MBUS,
        bytes.fromhex(payload),
        Link.WMBUS,
        0x44,
        bytes.fromhex("9315785634123303"),
    )
    fault = refused(message, ring(AMIS_KEY))
    assert (fault.kind, fault.meter) == (kind, OMS_METER)


@pytest.mark.parametrize(
    ("telegram", "word"),
    [(OMS_MODE_5, "mode 5"), (MODE_7, "mode 7"), (ELL_CTR, "ell")],
)
def test_security_is_told_without_a_key(telegram: bytes, word: str) -> None:
    """A list of meters can say who is encrypted, and how."""
    assert security_of(radio(telegram)) == word
    assert security_of(wired_payload(_long("0000", ""))) is None


# DSMR P2 4.2.2, appendix B. All in it is published by Netbeheer Nederland.
P2_KEY = bytes(range(16))
P2_CIPHER = "F180C53E0768C76AE6E24A98BDD5947F622732BF6372AA2AA9AF6D0F0C71FB597FFC6205A25F50842787A6F0C29D507B"
P2_COUNTER = "04FD08 01000000"
P2_CHECKSUM = 0x93


def test_p2_example() -> None:
    """B1.3, with version 40h as in its vector: with 42h as in its header the seventh byte comes out wrong."""
    reading = read(
        wired_payload(_long("300F", P2_CIPHER + P2_COUNTER, "40")), ring(P2_KEY)
    )
    assert reading.counter == 1
    assert [record.value for record in reading.records][:2] == [0, "XXXXX110123456789"]
    assert [record.quantity for record in reading.records] == [
        "error_flags",
        "fabrication_number",
        "datetime",
        "volume",
        "special_supplier_information",
    ]
    values = {str(code): value for code, value in reading.values.items()}
    hour = values["7-0:3.1.0"]
    assert (hour.value, hour.unit) == (Decimal("0.391"), "m³")
    assert hour.time is not None
    assert hour.time.isoformat() == "2009-06-18T11:00:00+00:00"


def test_p2_example_as_printed() -> None:
    """B1.3's printed length 3F is wrong (46h with the frame counter record): no frame of that length is there."""
    body = bytes.fromhex("0801") + _long("300F", P2_CIPHER + P2_COUNTER)
    assert len(body) == 0x46
    assert sum8(body) == P2_CHECKSUM
    printed = b"\x68\x3f\x3f\x68" + body + bytes((P2_CHECKSUM, 0x16))
    look = MBusLink().look(printed, 0)
    assert not (isinstance(look, Found) and isinstance(look.item, Frame))
    right = b"\x68\x46\x46\x68" + body + bytes((P2_CHECKSUM, 0x16))
    found = MBusLink().look(right, 0)
    assert isinstance(found, Found)
    assert isinstance(found.item, Frame)


def test_p2_key_change_as_printed() -> None:
    """B1.1: the wrapped key is right, the printed checksum 4E is wrong (8E)."""
    wrapped = bytes.fromhex("279FB74A7572135E8F9B8EF6D1EEE003")
    wrap = Cipher(algorithms.AES(AMIS_KEY), modes.ECB()).encryptor()
    assert wrap.update(P2_KEY) == wrapped
    body = (
        bytes.fromhex("530151 07FD19")
        + wrapped[:7:-1]
        + bytes.fromhex("47FD19")
        + wrapped[7::-1]
    )
    head = b"\x68" + bytes((len(body),)) * 2 + b"\x68"
    assert sum8(body) == 0x8E
    look = MBusLink().look(head + body + b"\x4e\x16", 0)
    assert not (isinstance(look, Found) and isinstance(look.item, Frame))


def _p2(plain: bytes, counter: bytes = b"\x01\x00\x00\x00") -> Message:
    vector = bytes.fromhex("B438896745234203") + counter * 2
    encryptor = Cipher(algorithms.AES(P2_KEY), modes.CBC(vector)).encryptor()
    data = encryptor.update(plain).hex() + "04FD08" + counter.hex()
    return wired_payload(_long(f"{len(plain):02X}0F", data))


def test_p2_fillers_at_both_ends() -> None:
    """Two fillers begin and two end the plaintext, else it is not believed."""
    good = bytes.fromhex("2F2F 4C13 91030000") + b"\x2f" * 8
    assert read(_p2(good), ring(P2_KEY)).records[0].value == Decimal("0.391")
    for bad in (b"\x2e" + good[1:], good[:-1] + b"\x2e", good[:-2] + b"\x2e\x2f"):
        assert refused(_p2(bad), ring(P2_KEY)).kind is FaultKind.KEY


def test_p2_without_encryption() -> None:
    """Before a key is set a P2 meter sends in the clear; once a key is known that is refused."""
    plain = wired_payload(
        _long(
            "0000",
            "0D78 11 3938373635343332313031315858585858 466D 00000B321600 4C13 91030000 01FD67 05",
        )
    )
    assert read(plain).records[1].value == datetime(2009, 6, 18, 11, tzinfo=UTC)
    assert refused(plain, ring(P2_KEY)).kind is FaultKind.AUTHENTICATION
    other = KeyRing((Key(P2_KEY, "87654321"),))
    assert read(plain, other)


@pytest.mark.parametrize(
    "data",
    [
        P2_CIPHER,
        P2_CIPHER + "04FD0801",
        P2_CIPHER[2:] + P2_COUNTER,
        P2_CIPHER + P2_COUNTER + "2F",
    ],
)
def test_p2_without_its_counter(data: str) -> None:
    """A frame counter that is missing or elsewhere is refused."""
    fault = refused(wired_payload(_long("300F", data)), ring(P2_KEY))
    assert fault.kind in (FaultKind.TRUNCATED, FaultKind.UNSUPPORTED)


@given(st.binary(max_size=255), st.binary(min_size=8, max_size=8), st.booleans())
def test_any_bytes(payload: bytes, address: bytes, wireless: bool) -> None:
    """Whatever bytes: results, never an exception."""
    message = Message(
        Layer.MBUS,
        payload,
        Link.WMBUS if wireless else Link.MBUS,
        0x44,
        address if wireless else address[:1],
    )
    assert isinstance(open_message(message, ring(AMIS_KEY), Formats()), tuple)
    meter_of(message)
    security_of(message)


@given(st.integers(0, len(OMS_MODE_5) - 1), st.integers(1, 255))
def test_damaged_ciphertext_never_raises(position: int, change: int) -> None:
    """A changed byte gives results of some kind."""
    damaged = bytearray(OMS_MODE_5)
    damaged[position] ^= change
    message = Message(
        Layer.MBUS, bytes(damaged[10:]), Link.WMBUS, damaged[1], bytes(damaged[2:10])
    )
    assert open_message(message, ring(OMS_MODE_5_KEY), Formats())


@pytest.mark.parametrize("control", [0x43, 0x53, 0x73])
@pytest.mark.parametrize("ci", ["5B", "72", "7A"])
def test_a_command_overheard_by_radio_is_no_reading(control: int, ci: str) -> None:
    """What an electricity meter sends to a P2 meter (table 6) holds no value, though its records could be read."""
    header = "89674523B4384203" if ci != "7A" else ""
    payload = bytes.fromhex(f"{ci}{header}F6000000 0C1391030000")
    address = bytes.fromhex("B438896745234203")
    message = Message(Layer.MBUS, payload, Link.WMBUS, control, address)
    assert refused(message).kind is FaultKind.UNSUPPORTED
    assert read(message._replace(control=0x44)).records


def test_what_a_gateway_decrypted_is_read() -> None:
    """Some gateways decrypt and leave the header: without a key of ours the records are read, damaged ones are not."""
    header = "44" + "9315785634123303" + "7A2A0010" + "05"
    records = "2F2F" + "0C1427048502" + "2F2F2F2F2F2F2F2F"

    def opened(body: str, keys: KeyRing) -> tuple[Reading | Fault, ...]:
        telegram = bytes.fromhex(header + body)
        frame = parse_raw(bytes((len(telegram),)) + telegram)
        assert isinstance(frame, Frame)
        message = Message(
            Layer.MBUS, frame.payload, frame.link, frame.control, frame.address
        )
        return open_message(message, keys, Formats())

    (reading,) = opened(records, KeyRing())
    assert isinstance(reading, Reading)
    assert (reading.encrypted, reading.records[0].value) == (
        False,
        Decimal("28504.27"),
    )
    (reading,) = opened(records + "DE47", KeyRing())[:1]
    assert isinstance(reading, Reading)
    (fault,) = opened("2F2F0C142704", KeyRing())
    assert isinstance(fault, Fault)
    (fault,) = opened(records, KeyRing((Key(bytes(16)),)))
    assert isinstance(fault, Fault)
    assert fault.kind is FaultKind.KEY


def test_what_a_gateway_decrypted_below_the_header_is_read() -> None:
    """The same for the extended link layer, where a CRC over the plaintext proves it."""
    plain = bytes.fromhex("780C1427048502")
    check = crc16_en13757(plain).to_bytes(2, "little")
    head = bytes.fromhex("442D2C998734761B168D2091D37CAC21")
    for damage in (0, 1):
        telegram = head + check + plain[:-1] + bytes((plain[-1] ^ damage,))
        frame = parse_raw(bytes((len(telegram),)) + telegram)
        assert isinstance(frame, Frame)
        message = Message(
            Layer.MBUS, frame.payload, frame.link, frame.control, frame.address
        )
        (result,) = open_message(message, KeyRing(), Formats())
        assert isinstance(result, Fault if damage else Reading)
