"""Kamstrup Omnipower: HDLC frames of Norway's and Denmark's customer port, also by CCC module and at Stadtwerke.

Every 10 s; codes of channel 1, energies in 10 Wh, currents in 0.01 A, voltages in V, power factors in 0.01, no units:

    structure { "Kamstrup_V0001", code, value, code, value, ..., 0-1:1.0.0, clock, ... }
"""

from functools import partial

from . import axdr, hdlc
from .axdr import u16, u32
from .dlms import Names, Register, Row, Spoken, clock, raw, values
from .house import Snapshot

ADDRESSES = bytes.fromhex("4103")

_ENERGIES: tuple[Register, ...] = tuple((f"{c}.8.0", u32, 1) for c in (1, 2, 3, 4))
_POWERS: tuple[Register, ...] = tuple((f"{c}.7.0", u32, 0) for c in (1, 2, 3, 4))
_PHASES: tuple[Register, ...] = (
    *((f"{c}.7.0", u16, 0) for c in (32, 52, 72)),
    *((f"{c}.7.0", u32, -2) for c in (31, 51, 71)),
    *((f"{c}.7.0", u32, 0) for c in (21, 41, 61)),
    *((f"{c}.7.0", u16, -2) for c in (33, 53, 73, 13)),
    *((f"{c}.7.0", u32, 0) for c in (22, 42, 62)),
    *((f"{c}.8.0", u32, 1) for c in (22, 42, 62, 21, 41, 61)),
)


def _payload(snapshot: Snapshot, names: Names, counter: int) -> Spoken:
    now = clock(snapshot, axdr.UNSPECIFIED)
    registers = (*_ENERGIES, *_POWERS, *_PHASES)
    body = axdr.structure(
        axdr.visible("Kamstrup_V0001"),
        *_pairs(snapshot, _ENERGIES),
        axdr.obis("1-1:0.0.1"),
        u32(int(names.number)),
        *_pairs(snapshot, _POWERS),
        axdr.obis("0-1:1.0.0"),
        axdr.octets(now),
        *_pairs(snapshot, _PHASES),
    )
    return Spoken(
        axdr.notification(0, now, body),
        values(snapshot, registers, "1-1:"),
        snapshot.time.replace(tzinfo=None),
        names.number,
    )


def _pairs(snapshot: Snapshot, registers: tuple[Register, ...]) -> list[bytes]:
    return [
        part
        for register in registers
        for part in (axdr.obis(f"1-1:{register[0]}"), raw(snapshot, register))
    ]


def _names(seed: int) -> Names:
    return Names(
        str(12_340_000 + seed), b"KAM" + (0x4501349000 + seed).to_bytes(5, "big")
    )


def _row(line: str) -> Row:
    return Row(
        line,
        10,
        _payload,
        partial(hdlc.one, addresses=ADDRESSES),
        _names,
        control=0x30,
        keys=("gpk60", "gpk61"),
    )


ROWS = {
    ("stadtwerke", "kamstrup-omnipower"): _row("2400 8N1"),
    ("stadtwerke", "kamstrup-omnipower-ccc"): _row("2400 8N1"),
    ("dk-kamstrup", "kamstrup-omnipower"): _row("2400 8N1"),
}
