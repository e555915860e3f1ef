"""Techem: CI fields A0 to A2 and values at fixed places, low byte first.

    heat cost allocator   mark | date | units | day | units | [1] | [room °C | radiator °C] | ...
    water meter           mark | date | volume | day | volume | ...                     volumes in 0.1 m³
    water meter, later    3 bytes | volume | 2 bytes | volume | ...
    water meter, last     2 bytes | date | volume (3) | ...                             what it shows, as of the date
    heat meter Compact V  3 bytes | energy (3) | 1 byte | energy (3) | ...              energies in kWh
    heat meter Vario      3 bytes | energy (2) | 2 bytes | energy (2) | ...             energies in MJ
    smoke detector        alarm | date | ...                                            alarm: 0 none, 1 smoke

Date, units, volume, energy come first for the end of the last billing period, then as counted since: what the meter
shows is their sum, but for allocators, which begin anew; what was counted since is a record with a code of our own. A
date is day 0-4, month 5-8, year 9-15; a day is day 4-8, month 9-12, within a year of the date. Temperatures are in
0.01 °C.
"""

from collections.abc import Callable

from ....named import NamedTuple
from ....reading import MeterIdentity
from ..data_types import to_date_g

type _Read = Callable[[bytes], bytes]

_CI = range(0xA0, 0xA3)
# A manufacturer's own VIFE: what was counted since the last billing date.
_EXTENSION, _SINCE = 0x80, b"\xff\x01"


def _date(data: bytes) -> tuple[int, int, int]:
    """Return year since 2000, month and day of a billing date."""
    word = int.from_bytes(data, "little")
    return word >> 9, word >> 5 & 0xF, word & 0x1F


def _day(data: bytes, since: tuple[int, int, int]) -> tuple[int, int, int]:
    """Return the date of a day that comes within a year behind another."""
    word = int.from_bytes(data, "little")
    month, day = word >> 9 & 0xF, word >> 4 & 0x1F
    return since[0] + ((month, day) <= since[1:]), month, day


def _dates(data: bytes, day_at: int) -> bytes:
    since = _date(data[1:3])
    now = _day(data[day_at : day_at + 2], since)
    return b"\x02\x6c" + to_date_g(*now) + b"\x42\x6c" + to_date_g(*since)


def _units(data: bytes) -> bytes:
    # Units are unsigned: a third byte keeps them positive.
    return (
        b"\x03\x6e"
        + data[7:9]
        + b"\x00\x43\x6e"
        + data[3:5]
        + b"\x00"
        + _dates(data, 5)
    )


def _allocator(temperatures_at: int) -> _Read:
    def read(data: bytes) -> bytes:
        room, radiator = (
            data[at : at + 2] for at in (temperatures_at, temperatures_at + 2)
        )
        return _units(data) + b"\x02\x65" + room + b"\x02\x5d" + radiator

    return read


def _counter(vif: int, first: int, second: int, size: int, *, dated: bool) -> _Read:
    """Read a meter that counts from a billing date on; `first` and `second` are the places of both counts."""

    def read(data: bytes) -> bytes:
        before, since = (
            int.from_bytes(data[at : at + size], "little") for at in (first, second)
        )
        return (
            bytes((0x04, vif))
            + (before + since).to_bytes(4, "little")
            + bytes((0x44, vif))
            + before.to_bytes(4, "little")
            + bytes((0x04, vif | _EXTENSION))
            + _SINCE
            + since.to_bytes(4, "little")
            + (_dates(data, 5) if dated else b"")
        )

    return read


def _shown(data: bytes) -> bytes:
    when = to_date_g(*_date(data[2:4]))
    return b"\x04\x15" + data[4:7] + b"\x00\x02\x6c" + when


def _alarm(data: bytes) -> bytes:
    since = to_date_g(*_date(data[1:3]))
    return b"\x01\xfd\x1b" + data[:1] + b"\x42\x6c" + since


class _Layout(NamedTuple):
    """A layout: meters' versions and media, the first byte where it tells, and the bytes it needs at least."""

    versions: frozenset[int]
    media: frozenset[str]
    size: int
    read: _Read
    marks: frozenset[int] = frozenset()


_WATER = frozenset({"water", "warm_water", "cold_water"})
_ALLOCATOR = frozenset({"heat_cost_allocator"})
_HEAT = frozenset({"heat"})
_SMOKE = frozenset({"smoke_detector"})
_TENTH_M3, _KWH, _MJ = 0x15, 0x06, 0x0E

_LAYOUTS = (
    _Layout(frozenset({0x64}), _ALLOCATOR, 9, _units, frozenset({0x01, 0x11})),
    _Layout(frozenset({0x69}), _ALLOCATOR, 13, _allocator(9), frozenset({0x01, 0x11})),
    _Layout(frozenset({0x94}), _ALLOCATOR, 14, _allocator(10), frozenset({0x0F})),
    _Layout(frozenset({0x74}), _WATER, 9, _counter(_TENTH_M3, 3, 7, 2, dated=True)),
    _Layout(
        frozenset({0x70, 0x95}), _WATER, 9, _counter(_TENTH_M3, 3, 7, 2, dated=False)
    ),
    _Layout(frozenset({0x50}), _WATER, 7, _shown),
    _Layout(
        frozenset({0x22, 0x39, 0x45}), _HEAT, 10, _counter(_KWH, 3, 7, 3, dated=False)
    ),
    _Layout(frozenset({0x27}), _HEAT, 9, _counter(_MJ, 3, 7, 2, dated=False)),
    _Layout(frozenset({0x76}), _SMOKE, 31, _alarm, frozenset({0x00, 0x01})),
)


def records(meter: MeterIdentity, ci: int, data: bytes) -> bytes | None:
    """Return the records of a telegram, None for layouts that are not known."""
    for layout in _LAYOUTS:
        if (
            ci in _CI
            and meter.version in layout.versions
            and meter.medium in layout.media
            and len(data) >= layout.size
            and (not layout.marks or data[0] in layout.marks)
        ):
            return layout.read(data)
    return None
