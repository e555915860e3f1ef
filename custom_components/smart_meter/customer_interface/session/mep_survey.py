"""What is asked of a NES meter, in which order, and what the answers amount to; knows no packets and no time-outs."""

from collections.abc import Generator

from ..application import c1219
from ..application.c1219 import (
    NO_RATIOS,
    Dimensions,
    Layout,
    Maker,
    Ratios,
    Selection,
    Table,
    TableRead,
)
from ..named import NamedTuple
from ..obis import CLOCK, ObisCode
from ..reading import Fault, FaultKind, MeterIdentity, Reading, Value

_TARIFF = ObisCode.parse("0-0:96.14.0")
_ALERTS = ObisCode.parse("0-0:97.98.0")
_NUMBER = ObisCode.parse("0-0:96.1.0")
_MODEL = ObisCode.parse("0-0:96.1.7")
_FIRMWARE = ObisCode.parse("1-0:0.2.0")

_READ_CLOCK = TableRead(Table.BT52, 0, 6)
_READ_TARIFF = TableRead(Table.BT55, 0, 8)

# What an answer brings: the bytes of a table, or None where the meter refuses this read.
type Answer = bytes | None


class Survey(NamedTuple):
    """Who the meter is and where its registers are."""

    meter: MeterIdentity
    layout: Layout
    texts: dict[ObisCode, Value]
    alerts: TableRead | None

    @property
    def quick(self) -> tuple[TableRead, ...]:
        """The reads of energy and power."""
        return (*self.layout.energy_reads(), *self.layout.present_reads())

    @property
    def slow(self) -> tuple[TableRead, ...]:
        """The reads of what seldom changes: clock, tariff, alerts, energy by tariff, demands."""
        alerts = (self.alerts,) if self.alerts else ()
        return (
            _READ_CLOCK,
            _READ_TARIFF,
            *alerts,
            *self.layout.tariff_reads(),
            *self.layout.demand_reads(),
        )

    def reading(self, read: TableRead, data: bytes) -> Reading:
        """Return what the bytes of one read say."""
        return Reading(
            meter=self.meter,
            time=c1219.clock(data) if read.table is Table.BT52 else None,
            values=self._values(read, data),
        )

    def _values(self, read: TableRead, data: bytes) -> dict[ObisCode, Value]:
        if read.sources:
            return self.layout.values(read, data)
        if read.table is Table.BT52:
            now = c1219.clock(data)
            return self.texts | ({CLOCK: Value(now)} if now else {})
        if read.table is Table.BT55:
            tariff = c1219.tariff(data)
            return {} if tariff is None else {_TARIFF: Value(tariff)}
        return {_ALERTS: Value(data[0])} if data else {}


def survey() -> Generator[TableRead, Answer, Survey | Fault]:
    """Ask for everything that must be known before a register means something.

    Begins with the clock, which every key may read and no meter lacks: it finds out the sequence number.
    """
    if (yield _READ_CLOCK) is None:
        return Fault(
            FaultKind.UNSUPPORTED,
            "the meter refuses to be read; its port may demand TLS, which is not supported,"
            " or its grid operator has locked the tables",
        )
    general = yield TableRead(Table.BT00, 0, 3)
    if general is None or not c1219.conforming(general):
        return Fault(FaultKind.LAYOUT, "the meter does not say how it writes numbers")
    maker = Maker.from_bytes((yield TableRead(Table.BT01, 0, 16)) or b"")
    serial = c1219.text((yield TableRead(Table.ET03, 0, 30)) or b"")
    layout = yield from _layout(maker)
    if isinstance(layout, Fault):
        return layout
    alerts = c1219.alert_read((yield TableRead(Table.ET11, 0, 2)) or b"")
    meter = MeterIdentity(
        number=serial,
        manufacturer=maker.manufacturer if maker else None,
        medium="electricity",
    )
    return Survey(meter, layout, _texts(serial, maker), alerts)


def _layout(maker: Maker | None) -> Generator[TableRead, Answer, Layout | Fault]:
    dimensions = Dimensions.from_bytes((yield TableRead(Table.BT21, 0, 10)) or b"")
    if dimensions is None:
        return Fault(FaultKind.LAYOUT, "the meter does not say which registers it has")
    selected = (yield dimensions.selection_read) or b""
    selection = Selection.from_bytes(selected, dimensions)
    present = yield from _sources(dimensions.present_read)
    if selection is None or present is None:
        return Fault(FaultKind.LAYOUT, "the meter does not say what its registers mean")
    ratios = Ratios.from_bytes((yield TableRead(Table.BT15, 0, 17)) or b"")
    unit = 1 if ratios == NO_RATIOS else (yield from _energy_unit(maker))
    return Layout(dimensions, selection, present, ratios, unit)


def _sources(read: TableRead) -> Generator[TableRead, Answer, tuple[int, ...] | None]:
    if not read.length:
        return ()
    answer = yield read
    return None if answer is None or len(answer) < read.length else tuple(answer)


def _energy_unit(maker: Maker | None) -> Generator[TableRead, Answer, int | None]:
    """Ask for the unit of energy registers, which only meters behind transformers can have other than 1 Wh."""
    limits = Dimensions.from_bytes((yield TableRead(Table.BT20, 0, 10)) or b"")
    if maker is None or limits is None or not limits.tariffs:
        return None
    read = c1219.unit_read(maker.firmware, limits.tariffs)
    return 1 if read is None else c1219.energy_unit((yield read) or b"")


def _texts(serial: str | None, maker: Maker | None) -> dict[ObisCode, Value]:
    texts = {_NUMBER: serial}
    if maker:
        texts |= {_MODEL: maker.model, _FIRMWARE: maker.version}
    return {code: Value(text) for code, text in texts.items() if text}
