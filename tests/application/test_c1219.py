"""C12.19 tables of NES meters: registers by their source ids, dimensions, units."""

from copy import replace
from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import given, strategies as st
import pytest

from customer_interface.application import c1219
from customer_interface.application.c1219 import (
    SOURCES,
    Dimensions,
    Layout,
    Maker,
    Ratios,
    Selection,
    Table,
    TableRead,
)
from customer_interface.quantity import quantity_of

DIMENSIONS = Dimensions.from_bytes(bytes.fromhex("04000C0B000000040048"))
SUMMATIONS = (0, 1, 2, 3, 4, 5, 6, 7, 26, 27, 28)
PRESENT = (8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18)
LAYOUT = Layout(DIMENSIONS, Selection(SUMMATIONS), PRESENT)


def values(layout, read, data):
    """Return what a read says, codes as text."""
    return {
        str(code): (value.value, value.unit)
        for code, value in layout.values(read, data).items()
    }


def registers(*numbers):
    """Return registers as in a table."""
    return b"".join(
        number.to_bytes(4, "little", signed=number < 0) for number in numbers
    )


def test_dimensions():
    """The counter of demand resets stands before the first block; 11 registers a block."""
    assert DIMENSIONS.reset_counter
    assert DIMENSIONS.block_at(0) == 1
    assert DIMENSIONS.block_at(2) == 1 + 2 * 44
    assert DIMENSIONS.present_at == 0
    assert Dimensions.from_bytes(bytes(9)) is None


def test_demands_move_what_follows():
    """Demand records lie behind the summations of each block, present demands before the present values."""
    dimensions = Dimensions.from_bytes(bytes.fromhex("7700000B020401040248"))
    assert dimensions.demand_size == 5 + 4 + 4 + 4
    assert dimensions.block_size == 44 + 2 * 17 + 4 * 4
    assert dimensions.present_at == 2 * 7


def test_selection():
    """BT22: summations, demands, and a bit for each that is a maximum."""
    dimensions = replace(DIMENSIONS, summations=3, demands=2, occurrences=1)
    data = bytes((0, 1, 2, 8, 9, 0b01))
    assert Selection.from_bytes(data, dimensions) == Selection(
        (0, 1, 2), (8, 9), (True, False)
    )
    assert Selection.from_bytes(data[:-1], dimensions) is None


def test_demands():
    """Maximum demands of powers are read one by one, in total and by tariff; what has no certain unit is not."""
    dimensions = Dimensions.from_bytes(bytes.fromhex("7700000302020101 0000"))
    selection = Selection((0, 1, 2), (8, 0), (True, True))
    layout = Layout(dimensions, selection, ())
    first, second = layout.demand_reads()
    assert first == TableRead(Table.BT23, 1 + 12 + 5 + 8, 4, (8,), 0, 6)
    assert second.offset == first.offset + dimensions.block_size
    assert values(layout, first, registers(4_200)) == {"1-0:1.6.0": (4_200, "W")}
    assert values(layout, second, registers(4_100)) == {"1-0:1.6.1": (4_100, "W")}


def test_energy():
    """The reply of an own vector: 12345678, 1234, 456789, 98765."""
    data = bytes.fromhex("4E61BC00D204000055F80600CD810100")
    (read,) = replace(LAYOUT, selection=Selection((0, 1, 2, 3))).energy_reads()
    assert read == TableRead(Table.BT23, 1, 16, (0, 1, 2, 3), 0)
    assert values(LAYOUT, read, data) == {
        "1-0:1.8.0": (12345678, "Wh"),
        "1-0:2.8.0": (1234, "Wh"),
        "1-0:3.8.0": (456789, "varh"),
        "1-0:4.8.0": (98765, "varh"),
    }


def test_present_values():
    """The reply of an own vector: 512 W, 2.230 A, 231.200 V."""
    data = registers(512, 0, 0, 137, 2230, 0, 0, 231200, 0, 0, 998)
    (read,) = LAYOUT.present_reads()
    assert read == TableRead(Table.BT28, 0, 44, PRESENT, 0)
    found = values(LAYOUT, read, data)
    assert found["1-0:1.7.0"] == (512, "W")
    assert found["1-0:4.7.0"] == (137, "var")
    assert found["1-0:31.7.0"] == (Decimal("2.230"), "A")
    assert found["1-0:32.7.0"] == (Decimal("231.200"), "V")
    assert found["1-0:33.7.0"] == (Decimal("0.998"), None)


def test_places_mean_nothing():
    """The same registers in another order say the same."""
    backwards = replace(LAYOUT, selection=Selection(SUMMATIONS[::-1]))
    data = registers(*range(11))
    (forth,), (back,) = LAYOUT.energy_reads(), backwards.energy_reads()
    assert values(LAYOUT, forth, data) == values(
        backwards, back, registers(*range(10, -1, -1))
    )


def test_unknown_sources_say_nothing():
    """A source without a code is left out, and moves nothing."""
    layout = replace(LAYOUT, selection=Selection((200, 0, 255)))
    (read,) = layout.energy_reads()
    assert values(layout, read, registers(1, 2, 3)) == {"1-0:1.8.0": (2, "Wh")}


def test_tariffs():
    """The blocks of the tariffs follow that of all; what is not counted by tariff is not shown by tariff."""
    reads = LAYOUT.tariff_reads()
    assert [(read.offset, read.tariff) for read in reads] == [
        (1 + 44 * tariff, tariff) for tariff in (1, 2, 3, 4)
    ]
    found = values(LAYOUT, reads[1], registers(*range(100, 111)))
    assert found == {
        "1-0:1.8.2": (100, "Wh"),
        "1-0:2.8.2": (101, "Wh"),
        "1-0:3.8.2": (102, "varh"),
        "1-0:4.8.2": (103, "varh"),
        "1-0:15.8.2": (106, "Wh"),
        "1-0:16.8.2": (107, "Wh"),
    }


def test_tariffs_by_source_id():
    """Tariff counters may also be sources of their own; the guide counts tariffs from 0, the display from 1."""
    assert str(SOURCES[29].code) == "1-0:1.8.1"
    assert str(SOURCES[52].code) == "1-0:2.8.3"
    assert str(SOURCES[69].code) == "1-0:16.8.4"
    assert 33 not in SOURCES


def test_a_counter_passes_its_sign_bit():
    """Counters go on as unsigned numbers, other registers keep their sign."""
    (energy,), (present,) = LAYOUT.energy_reads(), LAYOUT.present_reads()
    data = (0x80000000).to_bytes(4, "little")
    assert values(LAYOUT, energy, data)["1-0:1.8.0"] == (2_147_483_648, "Wh")
    data = registers(*[0] * 10, -998)
    assert values(LAYOUT, present, data)["1-0:33.7.0"] == (Decimal("-0.998"), None)


@pytest.mark.parametrize("unit", [1, 10, 100])
def test_energy_unit(unit):
    """Meters behind transformers count in steps of 1, 10 or 100 Wh; seconds and counts stay."""
    layout = replace(LAYOUT, energy_unit=unit)
    (read,) = layout.energy_reads()
    found = values(layout, read, registers(*[7] * 11))
    assert found["1-0:1.8.0"] == (7 * unit, "Wh")
    assert found["0-0:96.7.19"] == (7, "s")


def test_unknown_energy_unit():
    """No energy is better than a wrong one."""
    layout = replace(LAYOUT, energy_unit=None)
    (read,) = layout.energy_reads()
    assert "1-0:1.8.0" not in values(layout, read, registers(*[7] * 11))


def test_transformers():
    """Behind transformers only values after the ratios count, and those no ratio touches."""
    sources = (8, 12, 15, 18, 19, 20, 81, 197)
    data = registers(5, 5_000, 230_000, 1_000, 50_000, 6, 100, 100_000)
    layout = replace(
        LAYOUT, present_sources=sources, ratios=Ratios(current=True, voltage=True)
    )
    (read,) = layout.present_reads()
    assert values(layout, read, data) == {
        "1-0:1.7.0": (100, "W"),
        "1-0:31.7.0": (Decimal("100.000"), "A"),
        "1-0:33.7.0": (Decimal("1.000"), None),
        "1-0:14.7.0": (Decimal("50.000"), "Hz"),
    }


def test_after_ratio_wins():
    """Where both are there, the value after the ratios is shown."""
    layout = replace(LAYOUT, present_sources=(81, 8, 15))
    (read,) = layout.present_reads()
    found = values(layout, read, registers(100, 5, 230_000))
    assert found == {"1-0:1.7.0": (100, "W"), "1-0:32.7.0": (Decimal("230.000"), "V")}


def test_long_tables_are_cut_between_registers():
    """A packet holds 116 registers at most."""
    layout = replace(LAYOUT, present_sources=tuple(range(200)))
    first, second = layout.present_reads()
    assert (first.length, second.offset, second.length) == (464, 464, 336)
    assert first.sources + second.sources == tuple(range(200))


@pytest.mark.parametrize("number", SOURCES)
def test_every_source_is_a_known_quantity(number):
    """The integration can show what a source measures, in the same unit."""
    source = SOURCES[number]
    quantity = quantity_of(source.code)
    assert quantity is not None
    assert quantity.unit == source.unit


def test_maker():
    """Firmware 3.10.21 is 3155h."""
    data = b"NES\x00MTR3000 \x03\x01\x31\x55"
    maker = Maker.from_bytes(data)
    assert (maker.manufacturer, maker.model) == ("NES", "MTR3000")
    assert maker.firmware == (3, 10, 21)
    assert maker.version == "3.10.21"
    assert Maker.from_bytes(data[:15]) is None


def test_clock():
    """BT52 of an own vector; what is no time is none."""
    assert c1219.clock(bytes.fromhex("0402100F3B37")) == datetime(
        2004, 2, 16, 15, 59, 55, tzinfo=UTC
    )
    assert c1219.clock(bytes.fromhex("040D100F3B37")) is None
    assert c1219.clock(bytes.fromhex("0402100F3B")) is None


def test_tariff_in_force():
    """The display counts from 1."""
    assert c1219.tariff(bytes(7) + b"\x41") == 2
    assert c1219.tariff(bytes(7)) is None


def test_unit_read():
    """ET55 keeps the unit behind the thresholds of the step tariffs; Gen 4 a byte later."""
    assert c1219.unit_read((3, 60, 0), 4) is None
    assert c1219.unit_read((3, 70, 0), 4) == TableRead(Table.ET55, 146 + 12 + 39, 1)
    assert c1219.unit_read((4, 10, 0), 8) == TableRead(Table.ET55, 147 + 28 + 39, 1)
    assert [c1219.energy_unit(bytes((n,))) for n in (0, 1, 10, 100, 255)] == [
        None,
        1,
        10,
        100,
        None,
    ]
    assert c1219.energy_unit(b"") is None


@pytest.mark.parametrize(
    ("ratios", "expected"),
    [
        ((0, 0), Ratios(current=False, voltage=False)),
        ((1, 1), Ratios(current=False, voltage=False)),
        ((40, 1), Ratios(current=True, voltage=False)),
        ((1, 100), Ratios(current=False, voltage=True)),
    ],
)
def test_ratios(ratios, expected):
    """BT15 keeps both ratios."""
    assert Ratios.from_bytes(bytes(9) + registers(*ratios)) == expected


def test_voltage_without_voltage_transformers():
    """Current transformers leave the voltage alone."""
    ratios = Ratios(current=True, voltage=False)
    layout = replace(LAYOUT, present_sources=(15, 12), ratios=ratios)
    (read,) = layout.present_reads()
    assert values(layout, read, registers(230_000, 5_000)) == {
        "1-0:32.7.0": (Decimal("230.000"), "V")
    }


def test_numbers_must_be_as_expected():
    """BT00 says how numbers are written."""
    assert c1219.conforming(bytes.fromhex("022A88"))
    for other in ("032A88", "026A88", "022A87", "022A"):
        assert not c1219.conforming(bytes.fromhex(other))


def test_alert_flags():
    """ET13 has the first MEP client behind four M-Bus devices."""
    assert c1219.alert_read(bytes((5, 66))) == TableRead(Table.ET13, 272, 1)
    assert c1219.alert_read(bytes((4, 66))) is None


@given(
    st.binary(min_size=10, max_size=10),
    st.binary(max_size=255),
    st.binary(max_size=480),
    st.booleans(),
)
def test_any_table(bt21, sources, data, transformers):
    """Whatever the tables hold, reads fit a packet and values are exact numbers."""
    dimensions = Dimensions.from_bytes(bt21)
    selection = Selection.from_bytes(sources, dimensions) or Selection(tuple(sources))
    ratios = Ratios(transformers, transformers)
    layout = Layout(dimensions, selection, tuple(sources), ratios)
    for read in (
        *layout.energy_reads(),
        *layout.tariff_reads(),
        *layout.demand_reads(),
        *layout.present_reads(),
    ):
        assert read.length <= 465
        assert read.offset + read.length < 1 << 24
        for value in layout.values(read, data).values():
            assert isinstance(value.value, int | Decimal)


@given(st.binary(max_size=40))
def test_any_fixed_table(data):
    """Short or strange tables say nothing, and raise nothing."""
    c1219.text(data)
    c1219.clock(data)
    c1219.tariff(data)
    Ratios.from_bytes(data)
    c1219.conforming(data)
    c1219.alert_read(data)
    Maker.from_bytes(data)
    Dimensions.from_bytes(data)
