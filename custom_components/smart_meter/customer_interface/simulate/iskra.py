"""Iskraemeco AM550 and IE.5 beyond Austria, on a P1 socket, 115200 8N1, HDLC frames.

Switzerland   structure { {code, number}, {code, number}, {code, value, {scaler, unit}} ... } in segments, in clear
Slovenia      structure { logical device name, number, values }, Elektro Ljubljana's list of 1 s
Croatia       structure { number, time, date, values, limiter, ... }, HEP
"""

from functools import partial

from ..obis import ObisCode
from ..reading import Value
from . import axdr, hdlc
from .axdr import u16, u32
from .dlms import Names, Register, Row, Spoken, clock, named, raw, values
from .house import Snapshot

ADDRESSES = bytes.fromhex("CF0223")
# As many information bytes as the meter puts into a frame.
SEGMENT = 154

_VOLTAGES: tuple[Register, ...] = tuple((f"{c}.7.0", u16, -1) for c in (32, 52, 72))
_CURRENTS: tuple[Register, ...] = tuple((f"{c}.7.0", u16, -2) for c in (31, 51, 71))
_PHASES: tuple[Register, ...] = tuple(
    (f"{c}.7.0", u32, 0) for c in (21, 41, 61, 22, 42, 62)
)


def _watts(*codes: str) -> tuple[Register, ...]:
    return tuple((code, u32, 0) for code in codes)


_SWISS = (
    *_watts("1.7.0", "2.7.0", "1.8.0", "2.8.0"),
    *_VOLTAGES,
    *_CURRENTS,
    *_watts("1.8.1", "1.8.2", "2.8.1", "2.8.2"),
)
_SLOVENE = (
    *_watts("1.7.0", "2.7.0", "3.7.0", "4.7.0"),
    *_VOLTAGES,
    *_CURRENTS,
    *_PHASES,
)
_CROATIAN = (
    *_watts("1.8.0", "1.8.1", "1.8.2", "2.8.0", "2.8.1", "2.8.2", "1.7.0", "2.7.0"),
    *_PHASES,
    *_VOLTAGES,
    *_CURRENTS,
)


def _swiss(snapshot: Snapshot, names: Names, counter: int) -> Spoken:
    now = clock(snapshot)
    body = axdr.structure(
        axdr.structure(axdr.obis("0-0:96.1.0"), axdr.octets(names.number.encode())),
        axdr.structure(axdr.obis("0-0:96.1.1"), axdr.octets(b"160456")),
        *(named(snapshot, register) for register in _SWISS),
    )
    return Spoken(
        axdr.notification(counter & 0xFFFFFF, now, body),
        values(snapshot, _SWISS),
        snapshot.time,
        names.number,
    )


def _slovene(snapshot: Snapshot, names: Names, counter: int) -> Spoken:
    body = axdr.structure(
        axdr.octets(names.logical.encode()),
        axdr.octets(names.number.encode()),
        *(raw(snapshot, register) for register in _SLOVENE),
    )
    return Spoken(
        axdr.notification(counter & 0xFFFFFF, clock(snapshot), body),
        values(snapshot, _SLOVENE)
        | {ObisCode.parse("0-0:96.1.3"): Value(names.number)},
        snapshot.time,
        names.logical,
    )


def _croatian(snapshot: Snapshot, names: Names, counter: int) -> Spoken:
    body = axdr.structure(
        axdr.octets(names.number.encode()),
        axdr.octets(axdr.time_bytes(snapshot.time)),
        axdr.octets(axdr.date_bytes(snapshot.time)),
        *(raw(snapshot, register) for register in _CROATIAN),
        u32(0),
        *(axdr.array(),) * 3,
        b"\x03\x01",
    )
    return Spoken(
        axdr.notification(counter & 0xFFFFFF, clock(snapshot), body),
        values(snapshot, _CROATIAN),
        snapshot.time,
        names.number,
    )


def _names(seed: int) -> Names:
    return Names(
        str(84_895_000 + seed), b"ISKre" + seed.to_bytes(3, "big"), f"ISK1030{seed:09d}"
    )


_ONE = partial(hdlc.one, addresses=ADDRESSES)
ROWS = {
    ("ch-cii", "iskra-am550"): Row(
        "115200 8N1",
        5,
        _swiss,
        partial(hdlc.segments, addresses=ADDRESSES, size=SEGMENT),
        _names,
    ),
    ("si-i1", "iskra-am550"): Row("115200 8N1", 1, _slovene, _ONE, _names),
    ("si-i1", "iskra-am550-38400"): Row("38400 8N1", 1, _slovene, _ONE, _names),
    ("hr-hep", "iskra-ie5"): Row("115200 8N1", 1, _croatian, _ONE, _names),
}
