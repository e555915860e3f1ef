"""Tests of makers' own layouts: what each says, and that what is not known for certain gives no value."""

from datetime import date, datetime
from decimal import Decimal

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given, strategies as st
import pytest

from customer_interface.application.mbus import Formats, makers
from customer_interface.keys import Key, KeyRing
from customer_interface.mbus_address import identity
from customer_interface.oms import meter_of, open_message
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
    """Return the values of the one reading by quantity and storage."""
    (reading,) = items
    assert isinstance(reading, Reading), reading
    assert reading.check_bits == 16
    return {
        (record.quantity, record.storage): record.value for record in reading.records
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
                ("date", 1): date(2018, 12, 31),
                ("date", 0): date(2019, 4, 27),
            },
        ),
        (
            "6850785634129562",
            "A2 067029 0100 6017 0300",
            {("volume", 0): Decimal("0.4"), ("volume", 1): Decimal("0.1")},
        ),
        (
            "6850785634125072",
            "A2 0C00 7C31 102500",
            {("volume", 0): Decimal("948.8"), ("date", 0): date(2024, 11, 28)},
        ),
        (
            "6850785634124543",
            "A1 009F27 770100 60 780000 00",
            {("energy", 0): 495_000, ("energy", 1): 375_000},
        ),
        (
            "68507856341227C3",
            "A2 129F25 3833 00A8 6226 0000",
            {("energy", 0): 22_938_000_000, ("energy", 1): 13_112_000_000},
        ),
    ],
)
def test_techem_counters(
    address: str, payload: str, expected: dict[tuple[str, int], Scalar]
) -> None:
    """What a meter shows is the count at the billing date and the one since."""
    assert said(results(address, bytes.fromhex(payload))) == expected


@pytest.mark.parametrize(
    ("address", "payload"),
    [
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


BFW = "7A DBC0 0000 2F2F 9E1F 03C1 0388 152A" + "00" * 27 + "28{month}21"


def test_bfw() -> None:
    """Data that are announced as records and are none."""
    payload = bytes.fromhex(BFW.format(month="02"))
    assert said(results("D708785634120208", payload)) == {
        ("heat_cost_units", 0): 904,
        ("heat_cost_units", 1): 961,
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
]


@given(
    st.sampled_from(KNOWN),
    st.sampled_from([0x71, 0x78, 0x7A, 0xA0, 0xA1, 0xA2, 0xB6]),
    st.sampled_from(["", "11", "0F", "0000002F2F", "0DFF5F35", "0000000F"]),
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
