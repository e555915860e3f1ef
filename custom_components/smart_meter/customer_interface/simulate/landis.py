"""Landis+Gyr E450 and E451 on M-Bus wires, 2400 8E1: HDLC frames with general block transfer inside.

Energienetze Steiermark, Energie Graz   structure { clock, code, value, code, value, ... }, no units
Stadtwerke   structure { {class, code, attribute, index}..., the list's own code, meter number, clock, value, ... }
"""

from functools import partial

from . import axdr, gbt, hdlc
from .axdr import u16, u32
from .dlms import Names, Register, Row, Spoken, clock, raw, values
from .house import Snapshot

ADDRESSES = bytes.fromhex("CEFF03")
# The longest frame is 141 bytes with its flags: what is left for a block's data, with and without the LLC header.
BLOCK_SIZES = (119, 122)

_STYRIA: tuple[Register, ...] = tuple(
    (code, u32, 0)
    for c in (1, 2, 3, 4)
    for code in (f"{c}.8.0", f"{c}.8.1", f"{c}.8.2", f"{c}.7.0")
)
_UTILITY: tuple[Register, ...] = (
    ("1.7.0", u32, 0),
    ("2.7.0", u32, 0),
    ("1.8.0", u32, 0),
    ("2.8.0", u32, 0),
    ("3.7.0", u32, 0),
    ("4.7.0", u32, 0),
    ("3.8.0", u32, 0),
    ("4.8.0", u32, 0),
    *((f"{c}.7.0", u16, -2) for c in (31, 51, 71)),
)
_UTILITY_VOLTAGES: tuple[Register, ...] = tuple(
    (f"{c}.7.0", u16, 0) for c in (32, 52, 72)
)
_PUSH_SETUP, _DATA, _CLOCK, _REGISTER = 40, 1, 8, 3


def _framing(apdu: bytes) -> list[bytes]:
    return hdlc.blocks(gbt.blocks(apdu, BLOCK_SIZES), addresses=ADDRESSES)


def _styria(snapshot: Snapshot, names: Names, counter: int) -> Spoken:
    now = clock(snapshot, axdr.UNSPECIFIED)
    pairs = [
        part
        for register in _STYRIA
        for part in (axdr.obis(f"1-0:{register[0]}"), raw(snapshot, register))
    ]
    return Spoken(
        axdr.notification(
            counter & 0xFFFFFF, now, axdr.structure(axdr.octets(now), *pairs)
        ),
        values(snapshot, _STYRIA),
        snapshot.time.replace(tzinfo=None),
        None,
    )


def _describing(
    snapshot: Snapshot, names: Names, counter: int, registers: tuple[Register, ...]
) -> Spoken:
    """First the list of what is pushed (itself the first of these), then each of them."""
    now = clock(snapshot, axdr.UNSPECIFIED)
    objects = [
        _object(_PUSH_SETUP, "0-8:25.9.0", 2),
        _object(_PUSH_SETUP, "0-8:25.9.0", 1),
        _object(_DATA, "0-0:96.1.0", 2),
        _object(_CLOCK, "0-0:1.0.0", 2),
        *(_object(_REGISTER, f"1-0:{code}", 2) for code, _, _ in registers),
    ]
    body = axdr.structure(
        axdr.array(*objects),
        axdr.obis("0-8:25.9.0"),
        axdr.octets(names.number.encode()),
        axdr.octets(now),
        *(raw(snapshot, register) for register in registers),
    )
    return Spoken(
        axdr.notification(counter & 0xFFFFFF, now, body),
        values(snapshot, registers),
        snapshot.time.replace(tzinfo=None),
        names.number,
    )


def _object(interface_class: int, code: str, attribute: int) -> bytes:
    return axdr.structure(
        u16(interface_class), axdr.obis(code), axdr.i8(attribute), u16(0)
    )


def _names(title: bytes, seed: int) -> Names:
    return Names(f"{37_000_000 + seed}", title + seed.to_bytes(3, "big"))


_STYRIAN = Row(
    "2400 8E1",
    5,
    _styria,
    _framing,
    partial(_names, b"LGZgr"),
    control=0x30,
    keys=("guek", "gak"),
)


def _describing_row(registers: tuple[Register, ...], *, encrypted: bool = True) -> Row:
    return Row(
        "2400 8E1",
        5,
        partial(_describing, registers=registers),
        _framing,
        partial(_names, b"LGZgr"),
        control=0x30 if encrypted else None,
        keys=("guek", "gak"),
    )


ROWS = {
    ("energienetze-steiermark", "lg-e450"): _STYRIAN,
    ("energienetze-steiermark", "lg-e451"): _STYRIAN,
    ("energie-graz", "lg-e450"): _STYRIAN,
    ("energie-graz", "lg-e451"): _STYRIAN,
    ("feistritzwerke", "lg-e450"): _STYRIAN,
    ("feistritzwerke", "lg-e451"): _STYRIAN,
    ("stadtwerke", "lg-e450"): _describing_row(_UTILITY),
    ("stadtwerke", "lg-e451"): _describing_row((*_UTILITY, *_UTILITY_VOLTAGES)),
    ("ch-cii", "lg-e450"): _describing_row(_UTILITY, encrypted=False),
    ("ch-cii", "lg-e570"): _describing_row((*_UTILITY, *_UTILITY_VOLTAGES)),
}
