"""ANSI C12.19 tables of NES meters (OSGP MEP Client Developer's Guide 1.1, chapter 4).

    BT00  general configuration      BT27  sources of BT28            ET03  utility's serial number
    BT01  manufacturer, firmware     BT28  present registers          ET11  dimensions of ET13
    BT15  transformer ratios         BT52  clock, UTC                 ET13  alert flags
    BT20  largest dimensions         BT55  local clock, tariff        ET55  unit of the energy registers
    BT21  actual dimensions
    BT22  sources of BT23            BT23  = [resets] block of all tariffs, block of tariff 1, block of tariff 2, ...
                                     block = summations | demands | coincident values

Numbers in tables have their least significant byte first; registers are signed, 4 bytes. What a register measures is
told by the source id that BT22 and BT27 hold for its place, never by the place.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from enum import IntEnum

from ..named import NamedTuple
from ..obis import ObisCode
from ..reading import Value
from ..units import scaled

REGISTER = 4
# 476 bytes of a packet less code, count and digest, in whole registers.
_MOST_BYTES = (476 - 1 - 2 - 8) // REGISTER * REGISTER


class Table(IntEnum):
    """The tables that are read; ET numbers begin at 0800h."""

    BT00 = 0x0000
    BT01 = 0x0001
    BT15 = 0x000F
    BT20 = 0x0014
    BT21 = 0x0015
    BT22 = 0x0016
    BT23 = 0x0017
    BT27 = 0x001B
    BT28 = 0x001C
    BT52 = 0x0034
    BT55 = 0x0037
    ET03 = 0x0803
    ET11 = 0x080B
    ET13 = 0x080D
    ET55 = 0x0837


class TableRead(NamedTuple):
    """Some bytes of a table; for register tables the source id of each register, and the tariff (0 for all).

    `extreme` is the value group D of a demand: 6 for a maximum, 3 for a minimum, 0 for what is no demand.
    """

    table: Table
    offset: int
    length: int
    sources: tuple[int, ...] = ()
    tariff: int = 0
    extreme: int = 0


# --- what a source id measures --------------------------------------------------------------------------------------


class Source(NamedTuple):
    """A measurement: its code, plain unit and power of ten; `counter` where it only counts up."""

    code: ObisCode
    unit: str | None = None
    exponent: int = 0
    counter: bool = False


# Guide, BT22, "Source IDs", units as in BT23 and BT28. First id, codes of this and the following ids, unit, exponent.
_COUNTERS: tuple[tuple[int, str, str | None], ...] = (
    (0, "1-0:1.8.0 1-0:2.8.0", "Wh"),
    (2, "1-0:3.8.0 1-0:4.8.0", "varh"),
    (4, "0-0:96.7.19", "s"),
    (5, "0-0:96.7.0", None),
    (6, "1-0:15.8.0 1-0:16.8.0", "Wh"),
    (26, "1-1:82.8.0 1-2:82.8.0", None),
    (28, "0-0:97.97.128", None),
    (108, "1-0:5.8.0 1-0:6.8.0 1-0:7.8.0 1-0:8.8.0", "varh"),
)
_PRESENT: tuple[tuple[int, str, str | None, int], ...] = (
    (8, "1-0:1.7.0 1-0:2.7.0", "W", 0),
    (10, "1-0:3.7.0 1-0:4.7.0", "var", 0),
    (12, "1-0:31.7.0 1-0:51.7.0 1-0:71.7.0", "A", -3),
    (15, "1-0:32.7.0 1-0:52.7.0 1-0:72.7.0", "V", -3),
    (18, "1-0:33.7.0", None, -3),
    (19, "1-0:14.7.0", "Hz", -3),
    (20, "1-0:9.7.0", "VA", 0),
    (21, "1-0:53.7.0 1-0:73.7.0", None, -3),
    (81, "1-0:1.7.0 1-0:2.7.0", "W", 0),
    (83, "1-0:3.7.0 1-0:4.7.0", "var", 0),
    (104, "1-0:5.7.0 1-0:6.7.0 1-0:7.7.0 1-0:8.7.0", "var", 0),
    (164, "1-0:32.3.0 1-0:52.3.0 1-0:72.3.0", "V", -3),
    (167, "1-0:32.6.0 1-0:52.6.0 1-0:72.6.0", "V", -3),
    (170, "1-0:1.6.0 1-0:2.6.0", "W", 0),
    (172, "1-0:5.6.0 1-0:6.6.0 1-0:7.6.0 1-0:8.6.0", "var", 0),
    (177, "1-0:1.6.0 1-0:2.6.0", "W", 0),
    (179, "1-0:21.6.0 1-0:41.6.0 1-0:61.6.0", "W", 0),
    (182, "1-0:22.6.0 1-0:42.6.0 1-0:62.6.0", "W", 0),
    (185, "1-0:21.7.0 1-0:41.7.0 1-0:61.7.0", "W", 0),
    (188, "1-0:22.7.0 1-0:42.7.0 1-0:62.7.0", "W", 0),
    (191, "1-0:21.7.0 1-0:41.7.0 1-0:61.7.0", "W", 0),
    (194, "1-0:22.7.0 1-0:42.7.0 1-0:62.7.0", "W", 0),
    (197, "1-0:31.7.0 1-0:51.7.0 1-0:71.7.0", "A", -3),
    (205, "1-0:32.4.0 1-0:52.4.0 1-0:72.4.0", "V", -3),
    (208, "1-0:1.4.0 1-0:2.4.0", "W", 0),
    (210, "1-0:21.4.0 1-0:41.4.0 1-0:61.4.0", "W", 0),
    (213, "1-0:22.4.0 1-0:42.4.0 1-0:62.4.0", "W", 0),
    (232, "1-0:91.7.0", "A", -3),
    (233, "1-0:31.4.0 1-0:51.4.0 1-0:71.4.0", "A", -3),
    (239, "1-0:23.7.0 1-0:43.7.0 1-0:63.7.0", "var", 0),
    (242, "1-0:24.7.0 1-0:44.7.0 1-0:64.7.0", "var", 0),
)
# Sources of one tariff: T0 to T3 (tariffs 1 to 4 on the display) from these ids on, in the order of these totals.
_TARIFF_IDS = (29, 40, 51, 62)
_TARIFF_ORDER = (0, 1, 2, 3, None, None, 6, 7)

# A value before and the same one after the transformer ratios; without transformers both say the same.
_AFTER_RATIO: Mapping[int, int] = (
    {8 + n: 81 + n for n in range(4)}
    | {185 + n: 191 + n for n in range(6)}
    | {12 + n: 197 + n for n in range(3)}
    | {170: 177, 171: 178}
)
_RATIO_APPLIED = frozenset(_AFTER_RATIO.values()) | frozenset(range(179, 185))
_WITHOUT_RATIO = frozenset((18, 19, 21, 22))
_VOLTAGES = frozenset((*range(15, 18), *range(164, 170), *range(205, 208)))


def _sources() -> Iterator[tuple[int, Source]]:
    for first, codes, unit in _COUNTERS:
        for number, code in enumerate(codes.split(), first):
            yield number, Source(ObisCode.parse(code), unit, 0, counter=True)
    for first, codes, unit, exponent in _PRESENT:
        for number, code in enumerate(codes.split(), first):
            yield number, Source(ObisCode.parse(code), unit, exponent)


_TOTALS = dict(_sources())


def _of_tariff(source: Source, tariff: int) -> Source | None:
    """Return what a summation means inside the block of a tariff; only energy is counted by tariff."""
    code = source.code
    if not source.counter or (code.a, code.d) != (1, 8) or source.unit is None:
        return None
    return Source(
        ObisCode(code.a, code.b, code.c, code.d, tariff),
        source.unit,
        source.exponent,
        counter=True,
    )


def _demand(number: int, tariff: int, extreme: int) -> Source | None:
    """Return what the demand of a power is; demands of anything else have no certain unit."""
    source = _TOTALS.get(number)
    if source is None or source.unit not in ("W", "var") or source.code.d != 7:
        return None
    code = source.code
    return Source(ObisCode(code.a, code.b, code.c, extreme, tariff), source.unit)


def _tariff_sources() -> Iterator[tuple[int, Source]]:
    for tariff, first in enumerate(_TARIFF_IDS, 1):
        for number, total in enumerate(_TARIFF_ORDER, first):
            source = _of_tariff(_TOTALS[total], tariff) if total is not None else None
            if source is not None:
                yield number, source


SOURCES: Mapping[int, Source] = _TOTALS | dict(_tariff_sources())


# --- dimensions -----------------------------------------------------------------------------------------------------


class Dimensions(NamedTuple):
    """How many registers there are, and what stands before them (BT21)."""

    reset_counter: bool
    event_times: bool
    cumulative: bool
    continuous: bool
    time_remaining: bool
    summations: int
    demands: int
    coincidents: int
    occurrences: int
    tariffs: int
    present_demands: int
    present_values: int

    @staticmethod
    def from_bytes(data: bytes) -> Dimensions | None:
        """Read the 10 bytes of BT21; None where there are fewer."""
        if len(data) < 10:
            return None
        flags = data[0]
        return Dimensions(
            reset_counter=bool(flags & 0x04),
            event_times=bool(flags & 0x02),
            cumulative=bool(flags & 0x10),
            continuous=bool(flags & 0x20),
            time_remaining=bool(flags & 0x40),
            summations=data[3],
            demands=data[4],
            coincidents=data[5],
            occurrences=data[6],
            tariffs=min(data[7], 8),
            present_demands=data[8],
            present_values=data[9],
        )

    @property
    def demand_size(self) -> int:
        """Bytes of one demand record."""
        times = 5 * self.occurrences if self.event_times else 0
        return times + REGISTER * (self.cumulative + self.continuous + self.occurrences)

    @property
    def block_size(self) -> int:
        """Bytes of the block of all tariffs, and of that of each tariff."""
        return (
            REGISTER * self.summations
            + self.demands * self.demand_size
            + REGISTER * self.coincidents * self.occurrences
        )

    def block_at(self, tariff: int) -> int:
        """Return where in BT23 the block of a tariff begins; 0 is that of all tariffs."""
        return self.reset_counter + tariff * self.block_size

    @property
    def present_at(self) -> int:
        """Where in BT28 the present values begin."""
        return (REGISTER + 3 * self.time_remaining) * self.present_demands

    def demand_at(self, tariff: int, number: int) -> int:
        """Return where in BT23 the last demand of a demand record stands, behind its times and sums."""
        times = 5 * self.occurrences if self.event_times else 0
        return (
            self.block_at(tariff)
            + REGISTER * (self.summations + self.cumulative + self.continuous)
            + number * self.demand_size
            + times
        )

    @property
    def selection_read(self) -> TableRead:
        """The read that tells the sources of summations and demands."""
        flags = -(-self.demands // 8)
        return TableRead(Table.BT22, 0, self.summations + self.demands + flags)

    @property
    def present_read(self) -> TableRead:
        """The read that tells the sources of the present values, behind those of the present demands."""
        return TableRead(Table.BT27, self.present_demands, self.present_values)


class Selection(NamedTuple):
    """What BT22 says: sources of the summations, sources of the demands, and which of these are maxima."""

    summations: tuple[int, ...]
    demands: tuple[int, ...] = ()
    maxima: tuple[bool, ...] = ()

    @staticmethod
    def from_bytes(data: bytes, dimensions: Dimensions) -> Selection | None:
        """Read the head of BT22; None where there are fewer bytes than the dimensions say."""
        if len(data) < dimensions.selection_read.length:
            return None
        first, demands = dimensions.summations, dimensions.demands
        flags = int.from_bytes(data[first + demands :], "little")
        return Selection(
            tuple(data[:first]),
            tuple(data[first : first + demands]),
            tuple(bool(flags >> number & 1) for number in range(demands)),
        )


class Ratios(NamedTuple):
    """Whether current and voltage transformers stand before the meter (BT15)."""

    current: bool
    voltage: bool

    @staticmethod
    def from_bytes(data: bytes) -> Ratios:
        """Read the first 17 bytes of BT15; a ratio that is missing or none is 1."""
        current, voltage = (
            int.from_bytes(data[at : at + REGISTER], "little") not in (0, 1)
            for at in (9, 13)
        )
        return Ratios(current, voltage)


NO_RATIOS = Ratios(current=False, voltage=False)


class Layout(NamedTuple):
    """All that is needed to name registers: dimensions, source ids, and what transformers do to them.

    `energy_unit` is the Wh (varh) of one step of an energy register: 1, 10 or 100, None where it is not known.
    """

    dimensions: Dimensions
    selection: Selection
    present_sources: tuple[int, ...]
    ratios: Ratios = NO_RATIOS
    energy_unit: int | None = 1

    def energy_reads(self) -> tuple[TableRead, ...]:
        """Return the reads of the summations over all tariffs."""
        return self._summations(0)

    def tariff_reads(self) -> tuple[TableRead, ...]:
        """Return the reads of the summations of each tariff."""
        return tuple(
            read
            for tariff in range(1, self.dimensions.tariffs + 1)
            for read in self._summations(tariff)
        )

    def demand_reads(self) -> tuple[TableRead, ...]:
        """Return the reads of maximum (minimum) demands since the last reset, over all tariffs and of each."""
        if not self.dimensions.occurrences:
            return ()
        return tuple(
            TableRead(
                Table.BT23,
                self.dimensions.demand_at(tariff, number),
                REGISTER,
                (source,),
                tariff,
                6 if maximum else 3,
            )
            for tariff in range(self.dimensions.tariffs + 1)
            for number, (source, maximum) in enumerate(
                zip(self.selection.demands, self.selection.maxima, strict=True)
            )
            if _demand(source, 0, 6) is not None
        )

    def present_reads(self) -> tuple[TableRead, ...]:
        """Return the reads of all present values."""
        return _chunks(Table.BT28, self.dimensions.present_at, self.present_sources, 0)

    def _summations(self, tariff: int) -> tuple[TableRead, ...]:
        start = self.dimensions.block_at(tariff)
        return _chunks(Table.BT23, start, self.selection.summations, tariff)

    def values(self, read: TableRead, data: bytes) -> dict[ObisCode, Value]:
        """Return the values of registers as read; what has no code, or no certain unit, is left out."""
        values: dict[ObisCode, Value] = {}
        for place, number in enumerate(read.sources):
            raw = data[place * REGISTER : (place + 1) * REGISTER]
            source = self._meaning(number, read)
            if source is None or len(raw) < REGISTER:
                continue
            value = self._value(source, raw)
            if value is not None:
                values[source.code] = value
        return values

    def _meaning(self, number: int, read: TableRead) -> Source | None:
        if read.extreme:
            return _demand(number, read.tariff, read.extreme)
        if self._overruled(number):
            return None
        source = SOURCES.get(number)
        return _of_tariff(source, read.tariff) if source and read.tariff else source

    def _overruled(self, number: int) -> bool:
        """Tell whether a present value is there again after the transformer ratios, or wrong without them."""
        if (
            number in _RATIO_APPLIED | _WITHOUT_RATIO
            or number not in self.present_sources
        ):
            return False
        if _AFTER_RATIO.get(number) in self.present_sources:
            return True
        voltage = self.ratios.voltage
        return voltage if number in _VOLTAGES else voltage or self.ratios.current

    def _value(self, source: Source, raw: bytes) -> Value | None:
        # A counter that ran over its sign bit goes on as an unsigned number.
        number = int.from_bytes(raw, "little", signed=not source.counter)
        if source.unit not in ("Wh", "varh"):
            return Value(scaled(number, source.exponent), source.unit)
        if self.energy_unit is None:
            return None
        return Value(number * self.energy_unit, source.unit)


def _chunks(
    table: Table, start: int, sources: tuple[int, ...], tariff: int
) -> tuple[TableRead, ...]:
    """Cut a run of registers into reads that fit into a packet, never through a register."""
    most = _MOST_BYTES // REGISTER
    return tuple(
        TableRead(
            table,
            start + first * REGISTER,
            len(sources[first : first + most]) * REGISTER,
            sources[first : first + most],
            tariff,
        )
        for first in range(0, len(sources), most)
    )


# --- fixed tables ---------------------------------------------------------------------------------------------------


def text(data: bytes) -> str | None:
    """Return a character field without its padding, None where it is empty or not printable ASCII."""
    characters = data.split(b"\0", 1)[0].decode("ascii", "replace").strip()
    return (
        characters
        if characters.isascii() and characters.isprintable() and characters
        else None
    )


def conforming(bt00: bytes) -> bool:
    """Tell from BT00 whether numbers are as this module reads them: least significant byte first, 4-byte integers."""
    return len(bt00) >= 3 and not bt00[0] & 1 and not bt00[1] >> 6 and bt00[2] == 0x88


class Maker(NamedTuple):
    """Who made the meter (BT01); the firmware is (major, minor, build)."""

    manufacturer: str | None
    model: str | None
    firmware: tuple[int, int, int]

    @staticmethod
    def from_bytes(data: bytes) -> Maker | None:
        """Read the first 16 bytes of BT01; None where there are fewer."""
        if len(data) < 16:
            return None
        version = int.from_bytes(data[14:16], "big")
        return Maker(
            text(data[:4]),
            text(data[4:12]),
            (version >> 12, version >> 5 & 0x7F, version & 0x1F),
        )

    @property
    def version(self) -> str:
        """The firmware as the maker writes it, `3.10.21`."""
        major, minor, build = self.firmware
        return f"{major}.{minor:02}.{build:02}"


def clock(bt52: bytes) -> datetime | None:
    """Return the time of BT52 (UTC, from its first 6 bytes), None where it is no time."""
    if len(bt52) < 6:
        return None
    year, month, day, hour, minute, second = bt52[:6]
    try:
        return datetime(2000 + year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None


def tariff(bt55: bytes) -> int | None:
    """Return the tariff in force as the display counts, 1 to 8, from the first 8 bytes of BT55."""
    return (bt55[7] & 0x07) + 1 if len(bt55) >= 8 else None


# ET55 begins with an array of one UINT32 for each step tariff but one (BT20), which Gen 4 has a byte later.
_STEP_TARIFFS = 146
_UNIT_BEHIND = 39
_FIRST_WITH_UNIT = (3, 70)
_ENERGY_UNITS = (1, 10, 100)


def unit_read(firmware: tuple[int, int, int], tariffs: int) -> TableRead | None:
    """Return the read of the unit of energy registers, None for firmware that knows no other than 1 Wh.

    `tariffs` is the largest number of tariffs (BT20).
    """
    if firmware[:2] < _FIRST_WITH_UNIT:
        return None
    thresholds = REGISTER * (tariffs - 1)
    return TableRead(
        Table.ET55, _STEP_TARIFFS + (firmware[0] >= 4) + thresholds + _UNIT_BEHIND, 1
    )


def energy_unit(data: bytes) -> int | None:
    """Return the Wh of one step as ET55 says, None for what the guide does not know."""
    return data[0] if data and data[0] in _ENERGY_UNITS else None


def alert_read(et11: bytes) -> TableRead | None:
    """Return the read of the alert flags in ET13: behind four M-Bus devices the first MEP client."""
    if len(et11) < 2 or et11[0] < 5 or et11[1] < 9:
        return None
    return TableRead(Table.ET13, 4 * et11[1] + 8, 1)
