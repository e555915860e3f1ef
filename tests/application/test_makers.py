"""Tests of makers' own layouts: what each says, and that what is not known for certain gives no value."""

from datetime import date, datetime
from decimal import Decimal

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given, strategies as st
import pytest

from customer_interface.application.mbus import Formats, makers
from customer_interface.keys import Key, KeyRing
from customer_interface.mbus_address import identity
from customer_interface.oms import meter_of, open_message, security_of
from customer_interface.reading import (
    Fault,
    FaultKind,
    Layer,
    Link,
    Message,
    Reading,
    Record,
    Scalar,
)
from customer_interface.security.diehl import DEFAULT_KEY
from customer_interface.security.oms import cipher_vector
from customer_interface.stack import Context, peel
from tests.security.test_diehl import CONSTANTS, scramble

NO_KEYS = KeyRing()


def results(
    address: str, payload: bytes, keys: KeyRing = NO_KEYS
) -> tuple[Reading | Fault, ...]:
    """Return what a radio telegram gives."""
    message = Message(
        Layer.MBUS, payload, Link.WMBUS, 0x44, bytes.fromhex(address), check_bits=16
    )
    return open_message(message, keys, Formats())


def said(items: tuple[Reading | Fault, ...]) -> dict[tuple[str, int], Scalar]:
    """Return the values of the one reading by quantity with qualifiers, and storage; no two say they are the same."""
    (reading,) = items
    assert isinstance(reading, Reading), reading
    assert reading.check_bits == 16
    told = [
        record._replace(value=None, unit=None, raw="") for record in reading.records
    ]
    assert len(told) == len(set(told))
    return {
        (" ".join((record.quantity, *record.qualifiers)), record.storage): record.value
        for record in reading.records
    }


def refused(items: tuple[Reading | Fault, ...]) -> bool:
    """Whether all there is is one fault that says why, with the meter it is about."""
    (fault,) = items
    assert isinstance(fault, Fault), fault
    return fault.kind is FaultKind.UNSUPPORTED and fault.meter is not None


ALLOCATOR = "685078563412{version}80"
DATES = {("date", 1): date(2019, 12, 31), ("date", 0): date(2020, 2, 8)}
UNITS = {("heat_cost_units", 0): 131, ("heat_cost_units", 1): 1026}


@pytest.mark.parametrize(
    ("version", "payload"),
    [
        ("69", "A0 11 9F27 0204 8004 8300 C408 F709"),
        ("69", "A0 01 9F27 0204 8004 8300 C408 F709 143C00"),
        ("94", "A2 0F 9F27 0204 8004 8300 01 C408 F709"),
    ],
)
def test_techem_allocator(version: str, payload: str) -> None:
    """Units now and at the billing date, both dates, both temperatures."""
    address = ALLOCATOR.format(version=version)
    assert said(results(address, bytes.fromhex(payload))) == {
        **UNITS,
        **DATES,
        ("external_temperature", 0): Decimal("22.44"),
        ("return_temperature", 0): Decimal("25.51"),
    }


def test_techem_allocator_without_temperatures() -> None:
    """An older one tells units and dates."""
    payload = bytes.fromhex("A0 11 9F27 0204 8004 8300 0000 000000")
    assert said(results(ALLOCATOR.format(version="64"), payload)) == {**UNITS, **DATES}


@pytest.mark.parametrize("word", ["FFFF", "0000", "FFC7", "9FFF"])
def test_techem_days_that_are_none(word: str) -> None:
    """A word that is no date gives none, not another one."""
    payload = bytes.fromhex(f"A0 11 {word} 0204 FFFF 8300 C408 F709")
    values = said(results(ALLOCATOR.format(version="69"), payload))
    assert values["heat_cost_units", 0] == 131
    assert values["date", 1] is None
    assert values["date", 0] is None


def test_techem_allocator_counts_beyond_a_sign() -> None:
    """Units are unsigned."""
    payload = bytes.fromhex("A0 11 9F27 0204 8004 FFFF C408 F709")
    values = said(results(ALLOCATOR.format(version="69"), payload))
    assert values["heat_cost_units", 0] == 65535


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("8004", date(2020, 2, 8)),
        ("F019", date(2020, 12, 31)),
        ("6019", date(2020, 12, 22)),
    ],
)
def test_techem_day_within_a_year(day: str, expected: date) -> None:
    """A day without a year is the next one behind the billing date."""
    payload = bytes.fromhex(f"A0 11 9F27 0204 {day} 8300 C408 F709")
    values = said(results(ALLOCATOR.format(version="69"), payload))
    assert values["date", 0] == expected


@pytest.mark.parametrize(
    ("address", "payload", "expected"),
    [
        (
            "6850785634127462",
            "A2 06 9F25 5900 B029 3100",
            {
                ("volume", 0): Decimal("13.8"),
                ("volume", 1): Decimal("8.9"),
                ("volume manufacturer_01", 0): Decimal("4.9"),
                ("date", 1): date(2018, 12, 31),
                ("date", 0): date(2019, 4, 27),
            },
        ),
        (
            "6850785634129562",
            "A2 067029 0100 6017 0300",
            {
                ("volume", 0): Decimal("0.4"),
                ("volume", 1): Decimal("0.1"),
                ("volume manufacturer_01", 0): Decimal("0.3"),
            },
        ),
        (
            "6850785634125072",
            "A2 0C00 7C31 102500",
            {("volume", 0): Decimal("948.8"), ("date", 0): date(2024, 11, 28)},
        ),
        (
            "6850785634124543",
            "A1 009F27 770100 60 780000 00",
            {
                ("energy", 0): 495_000,
                ("energy", 1): 375_000,
                ("energy manufacturer_01", 0): 120_000,
            },
        ),
        (
            "68507856341227C3",
            "A2 129F25 3833 00A8 6226 0000",
            {
                ("energy", 0): 22_938_000_000,
                ("energy", 1): 13_112_000_000,
                ("energy manufacturer_01", 0): 9_826_000_000,
            },
        ),
    ],
)
def test_techem_counters(
    address: str, payload: str, expected: dict[tuple[str, int], Scalar]
) -> None:
    """What a meter shows is the count at the billing date and the one since, which is told as well."""
    assert said(results(address, bytes.fromhex(payload))) == expected


def test_techem_smoke_detector() -> None:
    """Whether it gives alarm, and the end of the last billing period."""
    payload = bytes.fromhex("A0 01 9F27" + "00" * 28)
    assert said(results("68507856341276F0", payload)) == {
        ("digital_input", 0): 1,
        ("date", 1): date(2019, 12, 31),
    }


@pytest.mark.parametrize(
    ("address", "payload"),
    [
        ("68507856341276F0", "A0 02 9F27" + "00" * 28),  # an alarm that is unknown
        ("6850785634126980", "A0 11 9F27 0204 8004 8300 C408"),
        ("6850785634126980", "A0 12 9F27 0204 8004 8300 C408 F709"),
        ("6850785634126A80", "A0 11 9F27 0204 8004 8300 C408 F709"),
        ("6850785634126980", "B0 11 9F27 0204 8004 8300 C408 F709"),
        ("68507856341276F0", "A0 00 9F27 8229"),
        ("1486785634120F0F", "A0 42F21400 0040"),
    ],
)
def test_unknown_layouts(address: str, payload: str) -> None:
    """A layout that is not known to the byte gives no value, and says so."""
    assert refused(results(address, bytes.fromhex(payload)))


IZAR = bytes.fromhex("A2 013D40 13 00")
STATUS_SAID = {("transmission_period", 0): 8, ("battery_lifetime", 0): 174}
IZAR_SAID = {
    **STATUS_SAID,
    ("volume", 0): Decimal("16.760"),
    ("volume", 1): Decimal("11.840"),
    ("date", 1): date(2019, 11, 30),
}
IZAR_PLAIN = bytes.fromhex("4B 78410000 402E0000 7E2B 0000")


@pytest.mark.parametrize("constant", CONSTANTS)
def test_diehl_izar(constant: int) -> None:
    """Either constant opens it; the address is put in order."""
    address = bytes.fromhex("A511780729662366")
    payload = scramble(address, IZAR[:5], IZAR_PLAIN, constant)
    items = results(address.hex(), payload)
    assert said(items) == IZAR_SAID
    (reading,) = items
    assert isinstance(reading, Reading)
    assert (reading.meter.number, reading.meter.medium) == ("66236629", "water")
    assert (reading.meter.manufacturer, reading.meter.version) == ("DME", 0x78)


def test_sappel_izar() -> None:
    """Sappel's have a serial number of five bytes, and are water meters."""
    address = bytes.fromhex("304C72242421D401")
    payload = scramble(address, IZAR[:5], IZAR_PLAIN[:5], CONSTANTS[0])
    assert said(results(address.hex(), payload)) == {
        **STATUS_SAID,
        ("volume", 0): Decimal("16.760"),
    }
    message = Message(Layer.MBUS, payload, Link.WMBUS, 0x44, address)
    meter = meter_of(message)
    assert (meter.number, meter.medium) == ("21242472", "water")


@pytest.mark.parametrize(
    "plain",
    [
        "4C 78410000 402E0000 7E2B",  # another mark
        "4B 78410001 402E0000 7E2B",  # more than a meter counts in its life
        "4B 402E0000 78410000 7E2B",  # the month's more than the total
        "4B 784100",
    ],
)
def test_diehl_that_makes_no_sense(plain: str) -> None:
    """One byte alone does not prove that it was opened right."""
    address = bytes.fromhex("A511780729662366")
    payload = scramble(address, IZAR[:5], bytes.fromhex(plain), CONSTANTS[0])
    assert refused(results(address.hex(), payload))


def _scrambled_records(change: int = 0) -> tuple[bytes, bytes]:
    """Return address and payload of a heat meter that scrambles its records and sends their sum."""
    address = bytes.fromhex("2423200412345678")
    plain = bytes.fromhex("0C06 51260000 0C13 47031500 2F")
    check = sum(plain) & 0xEF | 0x10
    header = bytes((0x7A, 0x37, 0x00, 0x45, check))
    payload = bytearray(scramble(address, header, plain, CONSTANTS[1]))
    payload[-1] ^= change
    return address, bytes(payload)


def test_diehl_records() -> None:
    """Scrambled records are read where their sum fits, and only then."""
    address, payload = _scrambled_records()
    assert said(results(address.hex(), payload)) == {
        ("energy", 0): 2_651_000,
        ("volume", 0): Decimal("150.347"),
    }
    address, payload = _scrambled_records(change=1)
    assert refused(results(address.hex(), payload))


def test_diehl_alarm() -> None:
    """An alarm is scrambled too: without the sum it is none."""
    assert refused(results("2423200412345678", bytes.fromhex("71 01")))
    assert refused(results("2423200412345678", bytes.fromhex("71 0102030405060708")))


def test_diehl_records_that_a_gateway_opened() -> None:
    """Their sum tells that they are open already."""
    records = bytes.fromhex("0413 12170100 426C BF23 4413 44100100")
    head = bytes.fromhex("7A 8F00 10") + bytes((sum(records) & 0xEF | 0x10,))
    values = said(results("24238B0777893890", head + records))
    assert values["volume", 0] == Decimal("71.442")
    assert refused(results("24238B0777893890", head + records[:-1] + b"\x00\x01"))


def _works(key: bytes) -> bytes:
    """Return the payload of a Hydrus in security mode 5."""
    vector = cipher_vector(bytes.fromhex("A511665674645170"[:12] + "7007"), 0x1F)
    plain = bytes.fromhex("2F2F 0C13 91723101 2F2F2F2F2F2F2F2F")
    encryptor = Cipher(algorithms.AES(key), modes.CBC(vector)).encryptor()
    return bytes.fromhex("7A 1F00 1005") + encryptor.update(plain)


def test_key_of_the_works() -> None:
    """Where no key is known the public one of the maker is tried; a key of the household's is not replaced by it."""
    address = "A511665674647007"
    assert said(results(address, _works(DEFAULT_KEY))) == {
        ("volume", 0): Decimal("1317.291")
    }
    (reading,) = results(address, _works(DEFAULT_KEY))
    assert isinstance(reading, Reading)
    assert (reading.encrypted, reading.key_index) == (True, None)
    for key, keys in (
        (bytes(16), NO_KEYS),
        (DEFAULT_KEY, KeyRing((Key(bytes(16)),))),
    ):
        (fault,) = results(address, _works(key), keys)
        assert isinstance(fault, Fault)
        assert fault.kind is FaultKind.KEY


WALK_BY = (
    "78 0DFF5F35 00 82 18 0000 80 00 07 {kind} FFFF 97000000 9F2C 70020000 BE26 96000000"
    + "00" * 25
    + "2F 046D 220FA227"
)


@pytest.mark.parametrize(
    ("address", "kind", "quantity", "factor"),
    [
        ("9344785634123408", "B06E", "heat_cost_units", 1),
        ("6532785634121806", "C113", "volume", Decimal("0.001")),
        ("9344785634122304", "C005", "energy", 100),
    ],
)
def test_qundis_walk_by(
    address: str, kind: str, quantity: str, factor: Decimal
) -> None:
    """The walk-by data set: now, at the billing date, at the end of the month, each with its date."""
    values = said(results(address, bytes.fromhex(WALK_BY.format(kind=kind))))
    assert {key: value for key, value in values.items() if key[0] == quantity} == {
        (quantity, 0): 97 * factor,
        (quantity, 1): 270 * factor,
        (quantity, 17): 96 * factor,
    }
    assert (values["date", 1], values["date", 17]) == (
        date(2020, 12, 31),
        date(2021, 6, 30),
    )
    assert values["datetime", 0] == datetime(2021, 7, 2, 15, 34)


@pytest.mark.parametrize(
    "payload",
    [
        WALK_BY.format(kind="B07E"),
        WALK_BY.format(kind="B06E").replace("82 18", "81 18"),
        "78 0DFF5F05 00 82 18 0000",
        "78 01FF5F 82",
    ],
)
def test_qundis_other_sets(payload: str) -> None:
    """Another kind of data set stays the maker's own record."""
    (reading,) = results("9344785634123408", bytes.fromhex(payload))
    assert isinstance(reading, Reading)
    assert {record.quantity for record in reading.records} <= {
        "manufacturer_specific",
        "datetime",
    }


APATOR = "7A 9A 00 0000 2F2F 0F 0A734393CC0000 {registers} FFFFFF A62F"


@pytest.mark.parametrize(
    "registers",
    [
        "435B01 8300112233445566778899 10030F0000 7B01"
        + "3E0B0000" * 12
        + "A0910CB003",
        "10030F0000",
        "7101 00000000 00000000 10030F0000",
    ],
)
def test_apator_registers(registers: str) -> None:
    """The volume is found among registers of known length."""
    payload = bytes.fromhex(APATOR.format(registers=registers))
    values = said(results("0106785634120507", payload))
    assert values["volume", 0] == Decimal("3.843")


@pytest.mark.parametrize(
    ("address", "registers"),
    [
        ("0106785634120507", "10030F0000 6101"),  # a register of unknown length
        ("0106785634120507", "10030F0000 B2"),
        ("0106785634120507", "435B01"),
        ("0106785634120607", "10030F0000"),
        ("0106785634120502", "10030F0000"),
    ],
)
def test_apator_registers_that_cannot_be_followed(address: str, registers: str) -> None:
    """A register of unknown length, another version, another medium: no volume."""
    body = bytes.fromhex(APATOR.format(registers=registers))
    assert ("volume", 0) not in said(results(address, body))


@pytest.mark.parametrize("begin", ["0F", "80"])
def test_apator_registers_under_a_key(begin: str) -> None:
    """What a key opens may begin with 80 in place of DIF 0F; only whole registers prove it."""
    key = bytes(range(16))
    registers = "A5000000000000 10030F0000 43F401 FFFFFFFFFFFFFF8D5E"
    plain = bytes.fromhex(f"2F2F {begin} {registers}")[:32].ljust(32, b"\xff")
    keys = KeyRing((Key(key),))
    values = said(results("0106785634120507", _mode_5(plain, key), keys))
    assert values["volume", 0] == Decimal("3.843")
    other = plain[:3] + b"\xff" * 29
    assert begin == "0F" or refused_key(
        results("0106785634120507", _mode_5(other, key), keys)
    )


def _mode_5(plain: bytes, key: bytes) -> bytes:
    """Return the payload of an Apator water meter in security mode 5."""
    plain = plain.ljust(32, b"\xff")
    vector = cipher_vector(bytes.fromhex("0106785634120507"), 0x21)
    encryptor = Cipher(algorithms.AES(key), modes.CBC(vector)).encryptor()
    return bytes.fromhex("7A 2100 2005") + encryptor.update(plain)


def refused_key(items: tuple[Reading | Fault, ...]) -> bool:
    """Whether all there is is one fault about the key."""
    (fault,) = items
    return isinstance(fault, Fault) and fault.kind is FaultKind.KEY


@pytest.mark.parametrize(
    ("address", "payload", "volume"),
    [
        ("1486785634120303", "A0 07000000 4C40" + "00" * 12, "0.002333"),
        ("1486785634120F0F", "A0 42F21400 0040" + "00" * 12, "457.579333"),
        ("1486785634120411", "A0 40420F00 0840" + "00" * 12, "333333.333333"),
        ("1486785634120411", "A0 FFFFFFFF 0840" + "00" * 12, "1431655765.000000"),
    ],
)
def test_apator_thirds(address: str, payload: str, volume: str) -> None:
    """Counts of a third, of a litre or a cubic metre, to the millilitre below."""
    items = results(address, bytes.fromhex(payload))
    assert said(items) == {("volume", 0): Decimal(volume)}
    (reading,) = items
    assert isinstance(reading, Reading)
    assert reading.meter.medium == "water"


@pytest.mark.parametrize(
    ("address", "payload"),
    [
        ("1486785634120F0F", "A0 42F21400 0041" + "00" * 12),
        ("1486785634120F0F", "A1 42F21400 0040" + "00" * 12),
        ("1486785634120E0F", "A0 42F21400 0040" + "00" * 12),
        ("1486785634120F0F", "A0 42F21400 0040" + "00" * 11),
    ],
)
def test_apator_thirds_of_others(address: str, payload: str) -> None:
    """Another mark, CI field, version or length: no volume."""
    assert refused(results(address, bytes.fromhex(payload)))


EITN = "A10000 5A00 {broken} 0200 {date} C013 B415"


@pytest.mark.parametrize("begin", ["A0", "B6 00 A0", "B6 03 0102A0 A0"])
def test_apator_allocator(begin: str) -> None:
    """Units and average temperatures now and before, the date, and when its seal was broken."""
    payload = bytes.fromhex(begin + EITN.format(broken="1C27", date="322D"))
    for maker in ("0186", "1486"):
        assert said(results(f"{maker}785634120408", payload)) == {
            ("heat_cost_units", 0): 2,
            ("heat_cost_units", 1): 90,
            ("date", 0): date(2019, 8, 28),
            ("external_temperature average", 0): Decimal("21.703125"),
            ("external_temperature average", 1): Decimal("19.75"),
        }


@pytest.mark.parametrize(
    "payload",
    [
        "A0" + EITN.format(broken="0000", date="FF2D"),  # no date
        "A0" + EITN.format(broken="FFFF", date="322D"),
        "A0" + EITN.format(broken="0000", date="322D") + "00",
        "B6 02 00 A0" + EITN.format(broken="0000", date="322D"),
        "A1" + EITN.format(broken="0000", date="322D"),
    ],
)
def test_apator_allocators_of_another_kind(payload: str) -> None:
    """A date that is none, another length or CI field: nothing."""
    assert refused(results("1486785634120408", bytes.fromhex(payload)))


def test_apator_prefix() -> None:
    """What Apator puts in front of the layers of the standard is skipped; where nothing follows there is nothing."""
    records = bytes.fromhex("7A 05 00 0000 0413 E7030000")
    for maker in ("0186", "1486"):
        payload = bytes.fromhex("B6 03 010203") + records
        items = results(f"{maker}785634120507", payload)
        assert said(items)["volume", 0] == Decimal("0.999")
    assert refused(results("2423785634120507", bytes.fromhex("B6 00") + records))
    for payload in ("B6", "B6 05 0102", "B6 00"):
        (fault,) = results("1486785634120507", bytes.fromhex(payload))
        assert isinstance(fault, Fault)


def test_apator_allocator_whole() -> None:
    """A seal that was not broken has no date."""
    payload = bytes.fromhex("A0" + EITN.format(broken="0000", date="322D"))
    (reading,) = results("1486785634120408", payload)
    assert isinstance(reading, Reading)
    assert [
        record.value for record in reading.records if record.quantity == "date"
    ] == [date(2022, 9, 18), None]


NA1 = bytes.fromhex("0106785634121407")
NA1_KEY = bytes(range(1, 17))
# 123 456 litres, 2025-03-04 05:06:07, 77 hours, 1 029 litres since, errors 80 now and 02 then.
NA1_PLAIN = bytes.fromhex("2F 00 241E00 BF46592F 4D01 010100 80 02")


def _na1(plain: bytes, ci: int = 0xA0) -> bytes:
    encryptor = Cipher(
        algorithms.AES(NA1_KEY), modes.CBC(cipher_vector(NA1, 0x5C))
    ).encryptor()
    return bytes((ci, 0x5C, 0x01)) + encryptor.update(plain)


@pytest.mark.parametrize("ci", [0xA0, 0xA1])
def test_apator_na1(ci: int) -> None:
    """The clock, volume and errors, and those of the last reading kept, whose age is told."""
    items = results(NA1.hex(), _na1(NA1_PLAIN, ci), KeyRing((Key(NA1_KEY),)))
    assert said(items) == {
        ("volume", 0): Decimal("123.456"),
        ("datetime", 0): datetime(2025, 3, 4, 5, 6),
        ("error_flags", 0): 0x80,
        ("volume", 1): Decimal("122.427"),
        ("actuality_duration", 1): 77 * 3_600,
        ("datetime", 1): datetime(2025, 3, 1, 0, 6),
        ("error_flags", 1): 0x02,
    }
    (reading,) = items
    assert isinstance(reading, Reading)
    assert (reading.encrypted, reading.key_index) == (True, 0)


def test_apator_na1_powers_of_ten() -> None:
    """A count of tens of litres."""
    plain = NA1_PLAIN[:1] + b"\x10" + NA1_PLAIN[2:]
    values = said(results(NA1.hex(), _na1(plain), KeyRing((Key(NA1_KEY),))))
    assert values["volume", 0] == Decimal("1234.560")
    assert values["volume", 1] == Decimal("1224.270")


@pytest.mark.parametrize(
    "change",
    [
        "30",  # another first byte
        "2F 40",  # bits that are not known
        "2F 30 241E00",  # more than a meter counts in its life
        "2F 00 241E00 00000000",  # a clock before there was such a meter
        "2F 00 241E00 BF46592F FFFF",  # a reading of years ago
        "2F 00 241E00 BF46592F 4D01 FFFFFF",  # a volume below zero
    ],
)
def test_apator_na1_that_makes_no_sense(change: str) -> None:
    """Nothing else tells that the key was right."""
    plain = bytes.fromhex(change)
    plain += NA1_PLAIN[len(plain) :]
    keys = KeyRing((Key(NA1_KEY),))
    assert refused_key(results(NA1.hex(), _na1(plain), keys))


def test_apator_na1_without_its_key() -> None:
    """It is listed as encrypted, and asks for a key."""
    message = Message(Layer.MBUS, _na1(NA1_PLAIN), Link.WMBUS, 0x44, NA1)
    assert security_of(message) == "mode 5"
    assert refused_key(results(NA1.hex(), message.payload))
    other = Message(Layer.MBUS, _na1(NA1_PLAIN)[:-1], Link.WMBUS, 0x44, NA1)
    assert security_of(other) is None
    assert refused(results(NA1.hex(), other.payload))


BMETERS = "7A 8F00 0000 0C13 63020400 0F"
MONTHS = "A40500 6E0700 850900 CA0B00 4A0E00" + "FFFFFF" + "020000" * 6


def test_hydrodigit() -> None:
    """Battery, leak, backflow and the ends of the last twelve months."""
    parts = f"97 0A 242A05 240425 07000000 {MONTHS} 002F2F"
    values = said(results("B409785634121307", bytes.fromhex(BMETERS + parts)))
    assert {key: value for key, value in values.items() if key[1] == 0} == {
        ("volume", 0): Decimal("40.263"),
        ("manufacturer_specific", 0): values["manufacturer_specific", 0],
        ("voltage", 0): Decimal("3.05"),
        ("date", 0): date(2024, 10, 5),
        ("date leakage", 0): date(2024, 4, 25),
        ("volume backward", 0): Decimal("0.007"),
    }
    assert [values["volume", month] for month in (1, 5, 6, 12)] == [
        Decimal("14.44"),
        Decimal("36.58"),
        None,
        Decimal("0.02"),
    ]


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ("01 0B", {("voltage", 0): Decimal("3.20")}),
        ("80 000000", {("date leakage", 0): None}),
        ("02 240305", {("date", 0): date(2024, 3, 5)}),
        ("02 24F305", {("date", 0): date(2024, 3, 5)}),
        ("02 2A0305", {("date", 0): None}),
        ("02 000000 0000", {("date", 0): None}),
        ("01 0B 01", {}),  # more than is announced
        ("00", {}),
        ("04 010000", {}),  # too short
        ("09 0B 00000000", {}),  # a part that is not known
    ],
)
def test_hydrodigit_parts(parts: str, expected: dict[tuple[str, int], Scalar]) -> None:
    """Each part is there where its bit is set; a block that cannot be followed gives nothing."""
    values = said(results("B409785634121307", bytes.fromhex(BMETERS + parts)))
    del values["volume", 0], values["manufacturer_specific", 0]
    assert values == expected


def test_hydroclima() -> None:
    """Averages in the room and on the radiator, the maximum, and units at the ends of earlier periods."""
    block = (
        "11 0000 9924 2934 0000 3713 DF08 BC16 3633 960E 8208 D401 D908 7907 6006"
        "DA08 0809 0080" + "00" * 12
    )
    payload = bytes.fromhex(f"7A 8000 0000 036E540200 0F {block}")
    values = said(results("B009785634128508", payload))
    del values["manufacturer_specific", 0]
    assert values == {
        ("heat_cost_units", 0): 596,
        ("flow_temperature average", 0): Decimal("49.19"),
        ("external_temperature average", 0): Decimal("22.71"),
        ("external_temperature", 1): Decimal("58.20"),
        ("flow_temperature average", 1): Decimal("37.34"),
        ("external_temperature average", 1): Decimal("21.78"),
        ("external_temperature average", 2): Decimal("22.66"),
        ("external_temperature average", 3): Decimal("23.12"),
        ("external_temperature average", 4): None,
        ("heat_cost_units", 2): 468,
        ("heat_cost_units", 3): 2265,
        ("heat_cost_units", 4): 1913,
        ("heat_cost_units", 5): 1632,
    }


def test_hydroclima_before() -> None:
    """The block of older ones has no radiator temperature of now."""
    block = "10 0043 106A 7D2C 4A07 8F12 202C B124 2A06 D306 2100 210000"
    address = "B009785634125308"
    for more, there in (("", True), ("00", False)):
        payload = bytes.fromhex(f"7A 8000 0000 036E000000 0F {block}{more}")
        values = said(results(address, payload))
        assert (("external_temperature", 0) in values) is there
    values = said(results(address, bytes.fromhex(f"7A80000000 036E000000 0F {block}")))
    assert values["external_temperature average", 0] == Decimal("18.66")
    assert values["external_temperature", 0] == Decimal("47.51")
    assert values["flow_temperature average", 1] == Decimal("17.47")


# Access number 05 chooses row 5 of the table: 32 A1 39 0E.
RFM_TX1 = "7A 05 00 0610 1115 {volume} 00000000000000 {clock} 0000"
RFM_TX1_VOLUME = bytes(
    byte ^ 0x05 ^ row
    for byte, row in zip(
        bytes.fromhex("34120000"), bytes.fromhex("32A1390E"), strict=True
    )
)


def test_rfm_tx1() -> None:
    """The volume is scrambled, the clock is not."""
    text = RFM_TX1.format(volume=RFM_TX1_VOLUME.hex(), clock="59 04 10 31 03 25")
    assert said(results("B409785634120507", bytes.fromhex(text))) == {
        ("volume", 0): Decimal("1.234"),
        ("datetime", 0): datetime(2025, 3, 31, 10, 4),
    }


@pytest.mark.parametrize(
    ("volume", "clock"),
    [
        ("34120000", "59 04 10 31 03 25"),  # not scrambled
        (RFM_TX1_VOLUME[:3].hex() + "FB", "59 04 10 31 03 25"),  # a minus
        (RFM_TX1_VOLUME.hex(), "59 04 10 31 13 25"),
        (RFM_TX1_VOLUME.hex(), "59 04 24 31 03 25"),
        (RFM_TX1_VOLUME.hex(), "59 60 10 31 03 25"),
        (RFM_TX1_VOLUME.hex(), "5A 04 10 31 03 25"),
    ],
)
def test_rfm_tx1_that_makes_no_sense(volume: str, clock: str) -> None:
    """Another table gives no digits."""
    text = RFM_TX1.format(volume=volume, clock=clock)
    assert refused(results("B409785634120507", bytes.fromhex(text)))
    assert refused(results("B409785634120607", bytes.fromhex(text)))


ZENNER = "7A 8000 0000 0F 00000001 80BF1B00 {volume} 00"


def test_zenner() -> None:
    """Volumes in 1/256 litre, to the millilitre below."""
    text = ZENNER.format(volume="81A64200")
    values = said(results("496A785634120B16", bytes.fromhex(text)))
    assert values["volume", 0] == Decimal("17.062503")
    assert values["volume", 1] == Decimal("7.103500")
    assert values["error_flags", 0] == 1 << 24


@pytest.mark.parametrize(
    ("address", "text"),
    [
        ("496A785634120B16", ZENNER.format(volume="80BF1A00")),  # less than before
        ("496A785634120B16", ZENNER.format(volume="00A64200") + "00"),
        ("496A785634120B07", ZENNER.format(volume="00A64200")),
        ("496A785634120C16", ZENNER.format(volume="00A64200")),
    ],
)
def test_zenner_of_another_kind(address: str, text: str) -> None:
    """A volume that fell, another length, medium or version: no volume."""
    assert ("volume", 0) not in said(results(address, bytes.fromhex(text)))


def test_ei_smoke_detector() -> None:
    """Dust and battery are bits of its sensor's status; other makers' bits are their own."""
    payload = bytes.fromhex("7A 8B00 0000 8440FF2C 7C0A1100")
    values = said(results("2515785634120C1A", payload))
    assert values == {
        ("manufacturer_specific manufacturer_2c", 0): 0x110A7C,
        ("dimensionless", 0): 28,
        ("voltage", 0): Decimal("2.75"),
    }
    for address in ("2515785634120C07", "2423785634120C1A"):
        assert ("voltage", 0) not in said(results(address, payload))


def test_axioma_battery() -> None:
    """What looks like days is percent."""
    payload = bytes.fromhex("7A 8000 0000 0413 FB940000 01FD745B")
    (reading,) = results("0907785634120107", payload)
    assert isinstance(reading, Reading)
    assert [(r.quantity, r.value, r.unit) for r in reading.records] == [
        ("volume", Decimal("38.139"), "m³"),
        ("battery_level", 91, "%"),
    ]
    (other,) = results("2423785634120107", payload)
    assert isinstance(other, Reading)
    assert other.records[1].quantity == "battery_lifetime"


def test_axioma_without_sensor() -> None:
    """A water meter that does not measure the temperature shows none."""
    for data, expected in (("F0D8", None), ("F1D8", Decimal("-99.99"))):
        payload = bytes.fromhex("7A 8000 0000 0413 FB940000 0259" + data)
        values = said(results("0907785634122007", payload))
        assert values["flow_temperature", 0] == expected


def test_schneider_energy() -> None:
    """As a real number energy is in kWh whatever its VIF says, as a whole one in Wh; power is as it says."""
    payload = bytes.fromhex("7A 8000 0000 0503 00009A42 0403 012E0100 052E 00009A42")
    values = said(results("A34C785634121502", payload[:11]))
    assert values == {("energy", 0): Decimal(77_000)}
    assert said(results("A34C785634121502", payload[:5] + payload[11:17])) == {
        ("energy", 0): 77_313
    }
    assert said(results("A34C785634121502", payload[:5] + payload[17:])) == {
        ("power", 0): Decimal(77_000)
    }
    assert said(results("2423785634121502", payload[:11])) == {
        ("energy", 0): Decimal(77)
    }


@pytest.mark.parametrize(
    ("maker", "data", "quantity", "unit"),
    [
        ("9415", "8440 2B 64000000", "reactive_power", "var"),
        ("9415", "04 2B 64000000", "power", "W"),
        ("A525", "848040 03 64000000", "reactive_energy", "varh"),
        ("A525", "848040 2B 64000000", "reactive_power", "var"),
        ("A525", "8440 2B 64000000", "power", "W"),
        ("A34C", "8440 03 64000000", "reactive_energy", "varh"),
        ("A34C", "8540 2B 0000C842", "reactive_power", "var"),
        ("A34C", "858040 2B 0000C842", "apparent_power", "VA"),
        ("2423", "8440 2B 64000000", "power", "W"),
    ],
)
def test_reactive_by_subunit(maker: str, data: str, quantity: str, unit: str) -> None:
    """Some makers tell reactive and apparent power from active by the subunit, and by nothing else."""
    payload = bytes.fromhex("7A 8000 0000" + data)
    (reading,) = results(f"{maker}785634121502", payload)
    assert isinstance(reading, Reading)
    (record,) = reading.records
    assert (record.quantity, record.value, record.unit) == (quantity, 100, unit)


def test_reactive_energy_as_a_real_number() -> None:
    """Schneider's is in kvarh."""
    payload = bytes.fromhex("7A 8000 0000 8540 03 0000C842")
    (reading,) = results("A34C785634121502", payload)
    assert isinstance(reading, Reading)
    (record,) = reading.records
    assert (record.quantity, record.value, record.unit) == (
        "reactive_energy",
        100_000,
        "varh",
    )


@pytest.mark.parametrize(
    ("maker", "kind", "mark", "number"),
    [
        ("C514", "7007", "8404 13 FFFFFFFF", "04 13 FFFFFFFF"),
        ("E61E", "3C07", "44 13 FFFFFFFF", "44 13 FEFFFFFF"),
        ("496A", "0007", "C401 13 FFFFFFFF", "C401 13 FFFFFF7F"),
        ("9726", "0016", "74 13 FEFEFEFE", "44 13 FEFEFE00"),
        ("9726", "0004", "74 06 FEFEFEFE", "04 06 FEFEFEFE"),
    ],
)
def test_marks(maker: str, kind: str, mark: str, number: str) -> None:
    """A billing date or month that has not been yet has no total; what nearly looks like it has one."""
    for address, data, known in (
        (f"{maker}78563412{kind}", mark, False),
        (f"{maker}78563412{kind}", number, True),
        ("2423785634120407", mark, True),
    ):
        payload = bytes.fromhex("7A 8000 0000" + data)
        (value,) = said(results(address, payload)).values()
        assert (value is not None) is known


def test_marks_later() -> None:
    """A mark is none also where the meter's earlier telegrams had a total."""
    context = Context(NO_KEYS)
    for total in ("01000000", "02000000", "03000000", "FFFFFFFF"):
        payload = bytes.fromhex("7A 8000 0000 0413 09000000 8401 13" + total)
        address = bytes.fromhex("C514785634127007")
        message = Message(Layer.MBUS, payload, Link.WMBUS, 0x44, address)
        (reading,) = peel(message, context)
        assert isinstance(reading, Reading)
        assert (reading.records[1].value is None) is (total == "FFFFFFFF")


EVO = "7A 8000 0000 0413 56850000 {first} 8404 13 {one} C404 13 {two} 8405 13 {three}"
EVO_FIRST = "8104 FD28 01 8204 6C {date}"
EVO_VOLUMES = {"one": "05000000", "two": "04000000", "three": "04000000"}


def test_maddalena_months() -> None:
    """Each end of a month has its date, counted back from the first one, in every telegram anew."""
    context = Context(NO_KEYS)
    for told, ends in (
        ("9F3C", [(2028, 12, 31), (2028, 11, 30), (2028, 10, 31)]),
        ("9F31", [(2028, 1, 31), (2027, 12, 31), (2027, 11, 30)]),
        ("5C32", [(2026, 2, 28), (2026, 1, 31), (2025, 12, 31)]),
    ):
        first = EVO_FIRST.format(date=told)
        payload = bytes.fromhex(EVO.format(first=first, **EVO_VOLUMES))
        address = bytes.fromhex("2434785634125007")
        message = Message(Layer.MBUS, payload, Link.WMBUS, 0x44, address, check_bits=16)
        values = said(peel(message, context))
        assert [values["date", number] for number in (8, 9, 10)] == [
            date(*end) for end in ends
        ]


@pytest.mark.parametrize(
    ("address", "change"),
    [
        ("2434785634125107", {}),
        ("2434785634125004", {}),
        ("2423785634125007", {}),
        ("2434785634125007", {"two": "06000000"}),  # it rises
        ("2434785634125007", {"two": "00000080"}),  # one is not known
        ("2434785634125007", {"first": "8104 FD28 02 8204 6C 1F3C"}),
        ("2434785634125007", {"first": "8104 FD27 01 8204 6C 1F3C"}),
        ("2434785634125007", {"first": "01 FD28 01 02 6C 1F3C"}),
        ("2434785634125007", {"first": "8104 FD28 01"}),
        ("2434785634125007", {"first": "8104 FD28 01 8204 6C FFFF"}),
    ],
)
def test_maddalena_of_another_kind(address: str, change: dict[str, str]) -> None:
    """Where it is not certain which month a volume is of, it has no date."""
    first = EVO_FIRST.format(date="1F3C")
    text = EVO.format(**{"first": first, **EVO_VOLUMES, **change})
    values = said(results(address, bytes.fromhex(text)))
    assert ("date", 9) not in values
    assert ("volume", 9) in values


def test_axioma_battery_again() -> None:
    """The second telegram of a meter is read as the first one was, however it is read."""
    context = Context(NO_KEYS)
    for percent in (91, 90, 90, 89):
        payload = bytes.fromhex("7A 8000 0000 0413 FB940000 01FD74") + bytes((percent,))
        address = bytes.fromhex("0907785634120107")
        message = Message(Layer.MBUS, payload, Link.WMBUS, 0x44, address)
        (reading,) = peel(message, context)
        assert isinstance(reading, Reading)
        assert (reading.records[1].quantity, reading.records[1].value) == (
            "battery_level",
            percent,
        )


MONTHLY = (
    "78 0DFF5F35 00 82 18 0000 80 00 07 {kind} FFFF 53110000 3F3C 49090000 5F31 80100000"
    "8300 3C00 0080" + "0000" * 7 + "5100 8300 {end}"
)


@pytest.mark.parametrize(
    ("kind", "quantity", "factor"),
    [
        ("C006", "energy", 1_000),
        ("C00D", "energy", 100_000),
        ("C113", "volume", Decimal("0.01")),
    ],
)
def test_qundis_months(kind: str, quantity: str, factor: Decimal) -> None:
    """What was consumed in each of twelve months, the last one's storage number first; volumes in 10 litres."""
    payload = bytes.fromhex(MONTHLY.format(kind=kind, end="2F"))
    items = results("9344785634122304", payload)
    assert said(items)
    (reading,) = items
    assert isinstance(reading, Reading)
    months = {
        record.storage: record.value
        for record in reading.records
        if record.quantity == quantity and (record.unit or "").endswith("/mo")
    }
    assert list(months) == list(range(17, 29))
    assert [months[n] for n in (17, 18, 26, 27, 28)] == [
        131 * factor,
        81 * factor,
        None,
        60 * factor,
        131 * factor,
    ]


@pytest.mark.parametrize(
    ("kind", "end"), [("C005", "2F"), ("B06E", "2F"), ("C006", "00")]
)
def test_qundis_months_that_are_not_known(kind: str, end: str) -> None:
    """Months whose unit is not proven, or that do not end where they should, are not told."""
    payload = bytes.fromhex(MONTHLY.format(kind=kind, end=end))
    (reading,) = results("9344785634122304", payload)
    assert isinstance(reading, Reading)
    assert not [r for r in reading.records if (r.unit or "").endswith("/mo")]


BFW = "7A DBC0 0000 2F2F 9E1F 03C1 0388 152A" + "00" * 25 + "23C1 28{month}21"


def test_bfw() -> None:
    """Data that are announced as records and are none."""
    payload = bytes.fromhex(BFW.format(month="02"))
    assert said(results("D708785634120208", payload)) == {
        ("heat_cost_units", 0): 904,
        ("heat_cost_units", 1): 961,
        ("heat_cost_units", 2): 0x3C1,
        ("heat_cost_units", 3): 0x200,
        **{("heat_cost_units", n): 0 for n in range(4, 20)},
        ("date", 0): date(2021, 2, 28),
    }
    assert refused(results("D708785634120208", bytes.fromhex(BFW.format(month="0F"))))
    assert refused(results("D708785634120208", payload[:-1]))
    for day in ("40", "F5"):
        text = BFW.format(month="02").replace("280221", f"{day}0221")
        values = said(results("D708785634120208", bytes.fromhex(text)))
        assert values["date", 0] is None
    values = said(results("D708785634120308", bytes.fromhex("7A DBC0 0000 036E040000")))
    assert values == {("heat_cost_units", 0): 4}


# Addresses without their numbers: maker, then version and type, of every layout and of others.
KNOWN = [
    ("6850", "6480"),
    ("6850", "6980"),
    ("6850", "9480"),
    ("6850", "7462"),
    ("6850", "9572"),
    ("6850", "5072"),
    ("6850", "4543"),
    ("6850", "27C3"),
    ("0106", "0507"),
    ("6532", "1806"),
    ("9344", "3408"),
    ("D708", "0208"),
    ("A511", "7807"),
    ("2423", "2004"),
    ("304C", "D401"),
    ("2D2C", "1B16"),
    ("0106", "1407"),
    ("1486", "0F0F"),
    ("1486", "0411"),
    ("1486", "0303"),
    ("1486", "0408"),
    ("B409", "1307"),
    ("B409", "0507"),
    ("B009", "8508"),
    ("496A", "0B16"),
    ("2515", "0C1A"),
    ("0907", "0107"),
    ("6850", "76F0"),
    ("2434", "5007"),
    ("9726", "0016"),
]


@given(
    st.sampled_from(KNOWN),
    st.sampled_from([0x71, 0x78, 0x7A, 0xA0, 0xA1, 0xA2, 0xB6]),
    st.sampled_from(
        ["", "11", "0F", "0000002F2F", "0DFF5F35", "0000000F", "00000610", "2F2F80"]
    ),
    st.binary(max_size=60),
)
def test_any_bytes(known: tuple[str, str], ci: int, begin: str, rest: bytes) -> None:
    """Whatever bytes of these makers: readings and faults, and nothing raises."""
    address = f"{known[0]}12345678{known[1]}"
    assert results(address, bytes((ci,)) + bytes.fromhex(begin) + rest)
    meter = identity(bytes.fromhex(address))
    for raw in (rest, bytes.fromhex("0DFF5F") + rest, b"\x0f" + rest):
        makers.within(meter, Record("manufacturer_specific", None, raw=raw.hex()))
    makers.from_data(meter, rest)
    makers.from_scrambled(bytes(3), b"\x4b" + rest)
    makers.from_deciphered((makers.FIRST + rest).ljust(16, b"\0"))
