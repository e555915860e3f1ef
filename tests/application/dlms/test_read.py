"""From APDU to reading: telegrams of operators' documents, every layout, every shape, and what is not understood."""

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from decimal import Decimal
import json
from typing import Any

from hypothesis import given, strategies as st
import pytest

from customer_interface.application.dlms import read
from customer_interface.application.dlms.layout import Layout, layouts_from_json
from customer_interface.catalogue import layouts, load
from customer_interface.decode import decode
from customer_interface.errors import ObisFormatError
from customer_interface.keys import KeyRing
from customer_interface.obis import ObisCode
from customer_interface.reading import (
    Fault,
    FaultKind,
    Link,
    MeterIdentity,
    Reading,
    Value,
)
from customer_interface.security.dlms import Opened, open_apdu
from tests import captures
from tests.dlms_apdus import (
    CLOCK,
    EK,
    NETZ_NOE_KEY,
    TINETZ,
    TINETZ_KEY,
    apdus,
    code,
    hdlc_frame,
    integer,
    listed,
    notification,
    scale,
    string,
    u16,
    u32,
)
from tests.link.vectors import GBT, HDLC, MBUS_TWO, NETZ_NOE, NORWAY

WINTER = timezone(timedelta(hours=1))
NOW = datetime(2026, 2, 4, 15, 30, tzinfo=WINTER)


def read_one(plaintext: bytes, known: Sequence[Layout] | None = None) -> Reading:
    """Read what is one reading."""
    (result,) = read(plaintext, layouts() if known is None else known)
    assert isinstance(result, Reading), result
    return result


def refuse(plaintext: bytes) -> Fault:
    """Read what is no reading."""
    (result,) = read(plaintext, layouts())
    assert isinstance(result, Fault), result
    return result


def plain(reading: Reading) -> dict[str, Any]:
    """Return values by code, each with its unit where it has one."""
    return {
        str(name): (value.value, value.unit) if value.unit else value.value
        for name, value in reading.values.items()
    }


def opened(telegram: bytes, key: bytes) -> bytes:
    """Return the plaintext of a telegram."""
    (apdu,) = apdus(telegram)
    assert isinstance(apdu, bytes)
    result = open_apdu(apdu, (key,))
    assert isinstance(result, Opened)
    return result.plaintext


def test_netz_noe() -> None:
    """Netz NÖ's document: flat triples behind a clock, the meter number without a name behind them."""
    reading = read_one(opened(NETZ_NOE, NETZ_NOE_KEY))
    assert reading.time == datetime(
        2021, 9, 27, 9, 47, 15, tzinfo=timezone(timedelta(hours=2))
    )
    assert reading.meter.number == "181220000009"
    assert plain(reading) == {
        "1-0:1.8.0": (12937, "Wh"),
        "1-0:2.8.0": (0, "Wh"),
        "1-0:1.7.0": (0, "W"),
        "1-0:2.7.0": (0, "W"),
        "1-0:32.7.0": (Decimal("233.7"), "V"),
        "1-0:52.7.0": (Decimal("0.0"), "V"),
        "1-0:72.7.0": (Decimal("0.0"), "V"),
        "1-0:31.7.0": (Decimal("0.00"), "A"),
        "1-0:51.7.0": (Decimal("0.00"), "A"),
        "1-0:71.7.0": (Decimal("0.00"), "A"),
        "1-0:13.7.0": Decimal("1.000"),
    }


def test_tinetz() -> None:
    """TINETZ's document: nested triples, named clock, number and logical device name."""
    reading = read_one(opened(TINETZ, TINETZ_KEY))
    assert reading.meter.number == "1KFM0100000035"
    assert reading.time == datetime(
        2021, 7, 19, 15, 46, 35, tzinfo=timezone(timedelta(hours=2))
    )
    assert plain(reading) == {
        "0-0:1.0.0": reading.time,
        "0-0:96.1.0": "1KFM0100000035",
        "0-0:42.0.0": "KFM1100100000035",
        "1-0:32.7.0": (Decimal("230.8"), "V"),
        "1-0:31.7.0": (Decimal("0.00"), "A"),
        "1-0:1.7.0": (0, "W"),
        "1-0:2.7.0": (0, "W"),
        "1-0:1.8.0": (9108, "Wh"),
        "1-0:2.8.0": (0, "Wh"),
        "1-0:3.8.0": (96, "varh"),
        "1-0:4.8.0": (9, "varh"),
    }


def test_wiener_netze() -> None:
    """Nine elements without names."""
    reading = read_one(opened(HDLC, EK))
    assert reading.time == NOW
    assert plain(reading) == {
        "1-0:1.8.0": (12345678, "Wh"),
        "1-0:2.8.0": (1234, "Wh"),
        "1-0:3.8.0": (456789, "varh"),
        "1-0:4.8.0": (98765, "varh"),
        "1-0:1.7.0": (512, "W"),
        "1-0:2.7.0": (0, "W"),
        "1-0:3.7.0": (0, "var"),
        "1-0:4.7.0": (137, "var"),
    }


def test_kaernten_by_blocks() -> None:
    """Twelve elements without names, which came in a block transfer."""
    reading = read_one(opened(GBT, EK))
    assert reading.time == NOW
    assert reading.values[ObisCode(1, 0, 1, 8, 0)].value == 12345678
    assert reading.values[ObisCode(1, 0, 1, 7, 0)].value == 512


def test_norway() -> None:
    """Kaifa's list 1 is one number."""
    (apdu,) = apdus(NORWAY)
    assert isinstance(apdu, bytes)
    reading = read_one(apdu)
    assert plain(reading) == {"1-0:1.7.0": (3059, "W")}
    assert reading.time == datetime(2021, 3, 23, 19, 26, 58)


def test_two_segments() -> None:
    """A short list in two M-Bus segments."""
    assert plain(read_one(opened(MBUS_TWO, EK)))["1-0:1.7.0"] == (512, "W")


def test_list_in_a_list() -> None:
    """A list that is the only element of another is read as if it were alone."""
    body = listed(listed(u32(7)), tag=1)
    assert plain(read_one(notification(body))) == {"1-0:1.7.0": (7, "W")}


def _example(place: list[Any], starts: str, first: bool, number: int) -> bytes:
    """Encode an element as a row of layouts.json describes it, its number 100 and up."""
    name, _, length = place[0].split("|")[0].partition(":")
    if place[1] in ("clock", "date", "time"):
        part = {"clock": CLOCK, "date": CLOCK[:5], "time": CLOCK[5:9]}[place[1]]
        return string(part)
    if name in ("octets", "text"):
        text = b"ID%014d" % number
        if first:
            text = (starts or "ID").encode() + text[2:]
        return string(text[: int(length)] if length else text)
    special = {
        "array": listed(u16(9400), tag=1),
        "boolean": b"\x03\x01",
        "uint8": b"\x11\x00",
        "any": b"\x11\x02",
    }
    if name in special:
        return special[name]
    return u16(number) if name == "uint16" else u32(number)


def _rows() -> dict[str, Any]:
    from importlib.resources import files  # noqa: PLC0415

    text = (files("customer_interface.catalogue") / "layouts.json").read_text("utf-8")
    return {name: row for name, row in json.loads(text).items() if "fields" in row}


@pytest.mark.parametrize("name", _rows())
def test_layouts(name: str) -> None:
    """Each layout is found among all others, and gives each element its code, unit and scale."""
    row = _rows()[name]
    starts, sums = row.get("starts", ""), row.get("sums", [])
    totals = {codes[0]: codes[1:] for codes in sums}
    numbers = {place[1]: 100 + at for at, place in enumerate(row["fields"])}
    for total, parts in totals.items():
        numbers[total] = sum(numbers[part] for part in parts)
    first = next(
        (at for at, place in enumerate(row["fields"]) if "te" in place[0]), None
    )
    items = [
        _example(place, starts, at == first, numbers[place[1]])
        for at, place in enumerate(row["fields"])
    ]
    reading = read_one(notification(listed(*items)))
    expected = {}
    for place in row["fields"]:
        if place[0].startswith(("uint", "number")) and place[1] != "ignore":
            _, obis, unit, exponent, _ = (*place, *([None, 0, []][len(place) - 2 :]))
            expected[obis] = (Decimal(numbers[obis]).scaleb(exponent), unit)
    got = {
        str(obis): (value.value, value.unit)
        for obis, value in reading.values.items()
        if isinstance(value.value, int | Decimal)
        and not isinstance(value.value, bool)
        and str(obis) in expected
    }
    assert got == expected
    assert reading.time == NOW


def test_sums_are_checked() -> None:
    """Where the order of a list is inferred, totals must be the sums of their tariffs."""

    def items(total: int) -> bytes:
        return listed(
            string(b"ISK1020700000001"), *map(u32, (5, 6, total, 70, 30, 50, 20, 30))
        )

    assert read_one(notification(items(100))).values
    assert refuse(notification(items(110))).kind is FaultKind.LAYOUT


def test_control_state() -> None:
    """The Slovenian list of energies says whether the meter is connected as a truth value or, as the Blue Book has it, as an enumeration."""
    energies = (100, 60, 40, 30, 10, 20, 7, 8)
    for state, value in ((b"\x03\x01", True), (b"\x16\x01", 1)):
        reading = read_one(
            notification(
                listed(
                    string(b"ISK1030700000001"),
                    string(b"16820006"),
                    state,
                    string(b"\x00\x02"),
                    *map(u32, energies),
                )
            )
        )
        values = plain(reading)
        assert values["0-0:96.3.10"] == value
        assert values["0-0:96.14.0"] == "0002"
        assert values["1-0:1.8.0"] == (100, "Wh")
        assert values["1-0:4.8.0"] == (8, "varh")


def test_kaifa_without_scalers() -> None:
    """Kaifa's Swedish list names its values, counts mA and 0.1 V, and does not say so."""
    for list_id in ("1.0.0.2.129", "1.1.0.2.129"):
        apdu = notification(
            listed(
                *(code(list_id), string(b"KFM_001")),
                *(code("1.0.1.7.0"), u32(2816)),
                *(code("1.0.31.7.0"), u32(6781)),
                *(code("1.0.32.7.0"), u32(2322)),
                *(code("1.0.52.7.0"), u32(0)),
                *(code("1.0.1.8.0"), u32(4786979)),
            )
        )
        values = plain(read_one(apdu))
        assert values["1-0:1.7.0"] == (2816, "W")
        assert values["1-0:31.7.0"] == (Decimal("6.781"), "A")
        assert values["1-0:32.7.0"] == (Decimal("232.2"), "V")
        assert values["1-0:52.7.0"] == (0, "V")
        assert values["1-0:1.8.0"] == (4786979, "Wh")


def test_wrong_count() -> None:
    """Netz Burgenland's Kaifa announces 7 elements and has 8; padding behind a list is not part of it."""
    items = (
        string(b"KFM1200200000001"),
        string(bytes.fromhex("0011190900FF")),
        *map(u32, (1, 2, 3, 4, 5, 6)),
    )
    reading = read_one(notification(listed(*items, count=7)))
    assert reading.meter == MeterIdentity("KFM1200200000001", "KFM")
    assert plain(reading)["1-0:4.8.0"] == (6, "varh")
    for padding in (b"\xaa\xaa", bytes(1), bytes(3)):
        assert read_one(notification(listed(*items) + padding)) == reading
    assert refuse(notification(listed(*items, count=9))).kind is FaultKind.TRUNCATED


def test_not_available() -> None:
    """What stands for "not available" is no value: null-data, all ones, the least number, an angle of 400 degrees."""
    body = listed(
        *map(u16, (230, 0xFFFF, 231)),
        b"\x00",
        *map(u16, (12, 13)),
        *map(u32, (500, 0xFFFFFFFF, 1000, 0)),
        *map(u16, (400, 0, 359)),
        string(b"12345678"),
    )
    values = plain(read_one(notification(body)))
    assert values["1-0:52.7.0"] == (None, "V")
    assert values["1-0:31.7.0"] == (None, "A")
    assert values["1-0:51.7.0"] == (Decimal("0.12"), "A")
    assert values["1-0:2.7.0"] == (None, "W")
    assert values["1-0:81.7.40"] == (None, "°")
    assert values["1-0:81.7.62"] == (359, "°")
    named = listed(
        listed(code("1.0.1.7.0"), integer(0x05, -(2**31)), scale(0, 27)),
        listed(code("0.0.97.98.0"), u32(0xFFFFFFFF)),
        tag=1,
    )
    assert plain(read_one(notification(named))) == {
        "1-0:1.7.0": (None, "W"),
        "0-0:97.98.0": 0xFFFFFFFF,
    }


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        (b"\x00", None),
        (b"\x09\x00", None),
        (b"\x0c" + CLOCK, NOW),
        (b"\x09\x0c" + CLOCK, NOW),
        (b"\x19" + CLOCK, NOW),
    ],
)
def test_forms_of_time(time: bytes, expected: datetime | None) -> None:
    """The date-time of a notification comes in four forms."""
    assert read_one(notification(listed(u32(7)), time)).time == expected


def test_best_time() -> None:
    """A clock that says how far it is from UTC goes before one that does not."""
    naive = CLOCK[:9] + b"\x80\x00\x00"
    body = listed(code("0.0.1.0.0"), string(CLOCK), code("1.0.1.7.0"), u32(7))
    assert read_one(notification(body, b"\x0c" + naive)).time == NOW
    body = listed(code("0.1.1.0.0"), string(naive), code("1.0.1.7.0"), u32(7))
    assert read_one(notification(body, b"\x00")).time == NOW.replace(tzinfo=None)


def test_steiermark() -> None:
    """Pairs of code and value behind a clock; Wh and W are understood, the meter is not named."""
    reading = read_one(
        notification(
            listed(
                string(CLOCK),
                code("1.0.1.8.0"),
                u32(4408736),
                code("1.0.3.7.0"),
                u32(5),
            )
        )
    )
    assert plain(reading) == {"1-0:1.8.0": (4408736, "Wh"), "1-0:3.7.0": (5, "var")}
    assert reading.meter.number is None


def _kamstrup(*pairs: bytes) -> bytes:
    return notification(listed(string(b"Kamstrup_V0001", 0x0A), *pairs))


def test_kamstrup() -> None:
    """Kamstrup counts in 10 Wh and 0.01 A without saying so; in Sweden in Wh."""
    apdu = _kamstrup(
        code("1.1.0.0.5"),
        string(b"5706567000000000", 0x0A),
        code("1.1.1.8.0"),
        u32(630749),
        code("1.1.31.7.0"),
        u32(57),
        code("1.1.32.7.0"),
        u16(229),
        code("1.1.13.7.0"),
        u16(83),
    )
    expected = {
        "1-1:0.0.5": "5706567000000000",
        "1-1:1.8.0": (6307490, "Wh"),
        "1-1:31.7.0": (Decimal("0.57"), "A"),
        "1-1:32.7.0": (229, "V"),
        "1-1:13.7.0": Decimal("0.83"),
    }
    reading = read_one(apdu)
    assert plain(reading) == expected
    assert reading.meter.number == "5706567000000000"
    swedish = plain(read_one(apdu, layouts(("kamstrup-se",))))
    assert swedish == expected | {"1-1:1.8.0": (630749, "Wh")}


@pytest.mark.parametrize(
    ("profile", "energy"),
    [(None, 80), ("han-norway-kamstrup", 80), ("han-sweden-kamstrup", 8)],
)
def test_profile_chooses_the_layout(profile: str | None, energy: int) -> None:
    """What cannot be seen from the bytes, the profile knows: a Swedish Kamstrup counts in Wh."""
    frame = hdlc_frame(_kamstrup(code("1.1.1.8.0"), u32(8)))
    chosen = load().profiles[profile] if profile else None
    (reading,) = decode(frame, KeyRing(), profile=chosen)
    assert isinstance(reading, Reading)
    assert plain(reading) == {"1-1:1.8.0": (energy, "Wh")}


@pytest.mark.parametrize(
    ("raw", "volts"),
    [
        ((229, 0, 231), (229, 0, 231)),
        ((2291, 604, 2313), (Decimal("229.1"), Decimal("60.4"), Decimal("231.3"))),
        ((22910, 0, 9), (Decimal("229.10"), Decimal("0.00"), Decimal("0.09"))),
    ],
)
def test_decimals_of_voltage(
    raw: tuple[int, ...], volts: tuple[int | Decimal, ...]
) -> None:
    """Voltages without scaler have the decimals that keep the largest below 1000 V."""
    names = ("1.0.32.7.0", "1.0.52.7.0", "1.0.72.7.0")
    pairs = (
        part
        for name, number in zip(names, raw, strict=True)
        for part in (code(name), u16(number))
    )
    reading = read_one(notification(listed(*pairs)))
    assert tuple(value.value for value in reading.values.values()) == volts


@pytest.mark.parametrize(
    ("power", "volts", "raw", "amperes"),
    [
        (28, 236, 12, Decimal("0.12")),
        (0, 236, 0, Decimal("0.00")),
        (258874 // 3, 229, 377, 377),
        (86000, None, 377, 377),
        (860, None, 377, Decimal("3.77")),
        (230, 2300, 1, 1),
    ],
)
def test_currents_carry_the_power(
    power: int, volts: int | None, raw: int, amperes: int | Decimal
) -> None:
    """Currents without scaler are in 0.01 A, or in A where that could not carry the power (Landis+Gyr E570)."""
    parts = [code("1.0.1.7.0"), u32(power), code("1.0.31.7.0"), u32(raw)]
    if volts is not None:
        parts += [code("1.0.32.7.0"), u16(volts)]
    reading = read_one(notification(listed(*parts)))
    assert plain(reading)["1-0:31.7.0"] == (amperes, "A")


def _object(number: int, name: str, attribute: int) -> bytes:
    return listed(u16(number), code(name), integer(0x0F, attribute), u16(0))


@pytest.mark.parametrize("describes_itself", [True, False])
def test_self_describing(describes_itself: bool) -> None:
    """A list of objects, then their values in its order; a scaler as an object of its own belongs to its register."""
    objects = [
        _object(40, "0.8.25.9.0", 1),
        _object(3, "1.0.31.7.0", 3),
        _object(1, "0.0.96.1.0", 2),
        _object(3, "1.0.1.7.0", 2),
        _object(3, "1.0.31.7.0", 2),
        _object(3, "1.0.51.7.0", 2),
        _object(4, "1.0.1.6.0", 5),
        _object(8, "0.0.1.0.0", 2),
    ]
    if describes_itself:
        objects.insert(0, _object(40, "0.8.25.9.0", 2))
    body = listed(
        listed(*objects, tag=1),
        string(bytes.fromhex("0008190900FF")),
        scale(-3, 33),
        string(b"63316890"),
        u32(128),
        u32(1234),
        u32(77),
        string(CLOCK),
        string(CLOCK),
    )
    reading = read_one(notification(body, b"\x00"))
    assert plain(reading) == {
        "0-0:96.1.0": "63316890",
        "1-0:1.7.0": (128, "W"),
        "1-0:31.7.0": (Decimal("1.234"), "A"),
        "1-0:51.7.0": (Decimal("0.77"), "A"),
        "0-0:1.0.0": NOW,
    }
    assert (reading.meter.number, reading.time) == ("63316890", NOW)


@pytest.mark.parametrize("own", [True, False])
def test_devices_behind_the_meter(own: bool) -> None:
    """M-Bus devices are meters of their own (Regionalwerke Baden, list 4); a free channel is none."""
    rows = [
        (72, "0.1.24.1.0", 6, u32(0x12345678)),
        (72, "0.2.24.1.0", 6, u32(0)),
        (4, "0.1.24.2.1", 2, u32(1234)),
        (4, "0.2.24.2.1", 2, b"\x00"),
        (72, "0.1.24.1.0", 9, integer(0x11, 7)),
        (72, "0.2.24.1.0", 9, integer(0x11, 0)),
        (4, "0.1.24.2.1", 3, scale(-3, 13)),
        (4, "0.2.24.2.1", 3, scale(0, 255)),
        (4, "0.1.24.2.1", 5, string(CLOCK)),
        (4, "0.3.24.2.1", 2, u32(5)),
    ]
    if own:
        rows.append((3, "1.0.1.8.0", 2, u32(8)))
    objects = listed(*(_object(*row[:3]) for row in rows), tag=1)
    body = listed(objects, *(row[3] for row in rows))
    main, water = read(notification(body), layouts())
    assert isinstance(main, Reading)
    assert isinstance(water, Reading)
    assert water.meter == MeterIdentity("12345678", medium="water", channel=1)
    assert dict(water.values) == {
        ObisCode(0, 1, 24, 2, 1): Value(Decimal("1.234"), "m³", time=NOW)
    }
    assert ("1-0:1.8.0" in plain(main)) is own
    assert main.values[ObisCode(0, 3, 24, 2, 1)].value == 5


def test_devices_by_their_numbers() -> None:
    """Landis+Gyr lists number and reading of the devices on four channels; where there is none both are empty."""
    rows = (
        (1, "0.1.96.1.0", string(b"24521662")),
        (1, "0.2.96.1.0", string(b"\0")),
        (4, "0.1.24.2.1", b"\x05" + (30545).to_bytes(4)),
        (4, "0.2.24.2.1", b"\x05" + bytes(4)),
        (3, "1.0.1.8.0", u32(8)),
        (70, "0.1.96.3.10", b"\x03\x01"),
        (70, "0.3.96.3.10", b"\x03\x01"),
    )
    objects = listed(*(_object(*row[:2], 2) for row in rows), tag=1)
    body = listed(objects, *(row[2] for row in rows))
    main, device = read(notification(body), layouts())
    assert isinstance(main, Reading)
    assert isinstance(device, Reading)
    assert device.meter == MeterIdentity("24521662", channel=1)
    assert plain(device) == {
        "0-1:96.1.0": "24521662",
        "0-1:24.2.1": 30545,
        "0-1:96.3.10": True,
    }
    assert plain(main) == {"1-0:1.8.0": (8, "Wh"), "0-3:96.3.10": True}


def test_free_channels_only() -> None:
    """A list of channels without devices is understood, and nothing is read from it."""
    objects = listed(_object(72, "0.1.24.1.0", 6), _object(4, "0.1.24.2.1", 2), tag=1)
    assert read(notification(listed(objects, u32(0), b"\x00")), layouts()) == ()


def test_self_describing_does_not_fit() -> None:
    """A list of objects with another number of values is not understood, so no value is made of it."""
    body = listed(listed(_object(3, "1.0.1.7.0", 2), tag=1), u32(1), u32(2), u32(3))
    assert refuse(notification(body)).kind is FaultKind.LAYOUT


@pytest.mark.parametrize("form", ["flat", "nested", "untagged"])
def test_classes_and_attributes(form: str) -> None:
    """Class, code, attribute and value, in three spellings (EG.D, Sagemcom XT211)."""
    rows = (
        (1, "0.0.96.1.0", 2, string(b"0123456789")),
        (40, "0.2.25.9.0", 1, code("0.2.25.9.0")),
        (3, "1.0.1.8.0", 2, u32(8)),
        (3, "1.0.1.8.0", 3, scale(1, 30)),
        (70, "0.0.96.3.10", 3, integer(0x16, 1)),
    )
    entries = []
    for number, name, attribute, data in rows:
        if form == "untagged":
            head = number.to_bytes(2) + code(name)[2:] + bytes((attribute,))
            entries.append(b"\x02\x02" + head + data)
            continue
        parts = (u16(number), code(name), integer(0x0F, attribute))
        entries.append(
            listed(*parts, data) if form == "flat" else listed(listed(*parts), data)
        )
    body = listed(integer(0x16, 1), listed(*entries, tag=1))
    assert plain(read_one(notification(body))) == {
        "0-0:96.1.0": "0123456789",
        "1-0:1.8.0": (80, "Wh"),
        "0-0:96.3.10": 1,
    }


@pytest.mark.parametrize(
    ("scaler_unit", "expected"),
    [
        ("02 02 0F FD 16 21", (Decimal("2.337"), "A")),
        ("02 02 0F FD 00", (Decimal("2.337"), "A")),
        ("02 02 00 16 21", (2337, "A")),
        ("02 02 0F FD 16 FF", (Decimal("2.337"), None)),
        ("02 02 00 00", (Decimal("23.37"), "A")),  # as in a list without scalers
    ],
)
def test_scaler_or_unit_left_out(
    scaler_unit: str, expected: tuple[object, str]
) -> None:
    """A scaler without unit counts, and a unit without scaler; without both it is a list that names none."""
    item = listed(code("1.0.31.7.0"), u16(2337), bytes.fromhex(scaler_unit))
    (reading,) = read(notification(listed(item)), ())
    assert isinstance(reading, Reading)
    value = reading.values[ObisCode(1, 0, 31, 7, 0)]
    assert (value.value, value.unit) == expected


def test_whole_objects() -> None:
    """Attribute 0 stands for all attributes, in a structure of their own."""
    value = listed(code("1.0.1.8.0"), u32(8), scale(0, 30))
    body = listed(listed(_object(3, "1.0.1.8.0", 0), tag=1), value)
    assert plain(read_one(notification(body))) == {"1-0:1.8.0": (8, "Wh")}


def test_units() -> None:
    """Every number comes in the plain unit; unknown codes and units are kept."""
    body = listed(
        listed(code("1.0.1.8.0"), u32(12), scale(3, 30)),
        listed(code("8.0.1.0.0"), u32(1234), scale(0, 19)),
        listed(code("1.0.99.99.99"), u32(7), scale(-1, 254)),
        listed(code("1.0.14.7.0"), integer(0x10, -5), scale(-2, 44)),
        listed(code("1.0.1.7.0"), bytes.fromhex("17436E8000"), scale(0, 27)),
        listed(code("0.0.96.5.0"), string(b"\x00\x01\xfe")),
        listed(code("0.0.96.14.0"), string(b"T3\x00\x00")),
        listed(code("0.0.96.4.0"), bytes.fromhex("0404A0")),
        listed(code("0.0.0.9.1"), bytes.fromhex("1B0F1E0000")),
        listed(code("0.0.0.9.2"), bytes.fromhex("1A07EA020403")),
        listed(code("0.0.99.98.0"), listed(u32(1), tag=1)),
        tag=1,
    )
    reading = read_one(notification(body))
    assert plain(reading) == {
        "1-0:1.8.0": (12000, "Wh"),
        "8-0:1.0.0": (Decimal("1.234"), "m³"),
        "1-0:99.99.99": Decimal("0.7"),
        "1-0:14.7.0": (Decimal("-0.05"), "Hz"),
        "1-0:1.7.0": (Decimal("238.5"), "W"),
        "0-0:96.5.0": "0001FE",
        "0-0:96.14.0": "T3",
        "0-0:96.4.0": "1010",
        "0-0:0.9.1": NOW.time(),
        "0-0:0.9.2": NOW.date(),
    }


@pytest.mark.parametrize(
    ("apdu", "kind", "words"),
    [
        (b"", FaultKind.UNSUPPORTED, "empty"),
        (b"\xc4\x01\xc1\x00\x06\0\0\1\2", FaultKind.UNSUPPORTED, "get-response (C4)"),
        (b"\x60\x1d", FaultKind.UNSUPPORTED, "AARQ"),
        (b"\x61\x29", FaultKind.UNSUPPORTED, "AARE"),
        (b"\xd8\x01\x02", FaultKind.UNSUPPORTED, "exception-response (D8)"),
        (b"\xda\x00", FaultKind.UNSUPPORTED, "access-response"),
        (
            bytes.fromhex("C2 00 0003 0100010800FF 02 06 00000001"),
            FaultKind.UNSUPPORTED,
            "event-notification-request (C2): an event",
        ),
        (b"\x18\x00", FaultKind.UNSUPPORTED, "information-report-request"),
        (b"\xe6\x00", FaultKind.UNSUPPORTED, "an APDU E6"),
        (b"\x0f\x00\x00", FaultKind.TRUNCATED, "missing"),
        (notification(b""), FaultKind.TRUNCATED, "missing"),
        (notification(b"\x08"), FaultKind.LAYOUT, "08"),
        (notification(b"", b"\x07"), FaultKind.LAYOUT, "07"),
        (notification(listed()), FaultKind.LAYOUT, "structure0"),
        (notification(u32(4711)), FaultKind.LAYOUT, "uint32"),
        (
            notification(listed(u32(4711), string(b"SECRET"))),
            FaultKind.LAYOUT,
            "structure2(uint32 octets6)",
        ),
    ],
)
def test_not_understood(apdu: bytes, kind: FaultKind, words: str) -> None:
    """What is not understood says what it is, and never a value."""
    fault = refuse(apdu)
    assert fault.kind is kind
    assert words in fault.detail
    assert "SECRET" not in fault.detail
    assert "4711" not in fault.detail


@pytest.mark.parametrize(
    ("place", "error"),
    [(["uint33", "1-0:1.8.0"], KeyError), (["uint32", "energy"], ObisFormatError)],
)
def test_layouts_say_what_is_wrong(place: list[str], error: type[Exception]) -> None:
    """A row with an unknown type or code is refused."""
    with pytest.raises(error):
        layouts_from_json({"wrong": {"fields": [place]}})


def _code_and_data() -> st.SearchStrategy[bytes]:
    return st.builds(
        lambda head, rest: notification(head + rest),
        st.sampled_from(
            [b"", b"\x02\x0c", b"\x01\x03\x02\x03\x09\x06\x01\x00\x01\x08\x00\xff"]
        ),
        st.binary(max_size=200),
    )


@given(st.one_of(st.binary(max_size=300), _code_and_data()))
def test_any_bytes(data: bytes) -> None:
    """Whatever the bytes, there are readings with values, or one fault."""
    for result in read(data, layouts()):
        assert isinstance(result, Fault) or result.values


LINKS = {"mbus": Link.MBUS, "hdlc": Link.HDLC, "bare": None}


@pytest.mark.parametrize("capture", captures.cases("dlms"))
def test_captures(capture: dict[str, Any]) -> None:
    """Every capture gives exactly its values."""
    telegram = bytes.fromhex(capture["hex"])
    keys = [bytes.fromhex(capture["key"])] if capture["key"] else []
    authentication = [bytes.fromhex(capture["auth_key"])] if capture["auth_key"] else []
    link = LINKS[capture["link"]]
    (apdu,) = apdus(telegram, link) if link else (telegram,)
    assert isinstance(apdu, bytes)
    result = open_apdu(apdu, keys, authentication)
    assert isinstance(result, Opened)
    assert result.authenticated is bool(authentication)
    reading = read_one(result.plaintext)
    got = plain(reading)
    for name, value in capture.get("values", {}).items():
        number = Decimal(str(value["value"]))
        assert got[name] == ((number, value["unit"]) if value["unit"] else number)
    numbers = {
        name
        for name, value in reading.values.items()
        if isinstance(value.value, int | Decimal)
    }
    if "values" in capture and not capture.get("partial"):
        assert {str(name) for name in numbers} == set(capture["values"])
    for name, raw in capture.get("raw_values", {}).items():
        value = reading.values[ObisCode.parse(name)].value
        text = got[name] if isinstance(value, str) else str(value)
        assert str(text).replace(".", "").strip("0") == str(raw).strip("0")
    raws = capture.get("raw_positional")
    if raws is not None:
        numbers_in_order = [
            int(value.value.scaleb(3 if value.unit == "A" else 1))
            if isinstance(value.value, Decimal)
            else value.value
            for value in reading.values.values()
            if isinstance(value.value, int | Decimal)
        ]
        assert numbers_in_order == raws
