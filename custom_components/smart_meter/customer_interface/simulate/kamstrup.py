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

_POWERS: tuple[Register, ...] = tuple((f"{c}.7.0", u32, 0) for c in (1, 2, 3, 4))


def _energies(groups: tuple[int, ...], scaler: int) -> tuple[Register, ...]:
    return tuple((f"{c}.8.0", u32, scaler) for c in groups)


def _phases(scaler: int) -> tuple[Register, ...]:
    return (
        *((f"{c}.7.0", u16, 0) for c in (32, 52, 72)),
        *((f"{c}.7.0", u32, -2) for c in (31, 51, 71)),
        *((f"{c}.7.0", u32, 0) for c in (21, 41, 61)),
        *((f"{c}.7.0", u16, -2) for c in (33, 53, 73, 13)),
        *((f"{c}.7.0", u32, 0) for c in (22, 42, 62)),
        *_energies((22, 42, 62, 21, 41, 61), scaler),
    )


def _payload(
    snapshot: Snapshot, names: Names, counter: int, *, energy_scaler: int
) -> Spoken:
    now = clock(snapshot, axdr.UNSPECIFIED)
    energies, phases = _energies((1, 2, 3, 4), energy_scaler), _phases(energy_scaler)
    body = axdr.structure(
        axdr.visible("Kamstrup_V0001"),
        *_pairs(snapshot, energies),
        axdr.obis("1-1:0.0.1"),
        u32(int(names.number)),
        *_pairs(snapshot, _POWERS),
        axdr.obis("0-1:1.0.0"),
        axdr.octets(now),
        *_pairs(snapshot, phases),
    )
    return Spoken(
        axdr.notification(0, now, body),
        values(snapshot, (*energies, *_POWERS, *phases), "1-1:"),
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


def row(line: str, *, encrypted: bool = True, energy_scaler: int = 1) -> Row:
    """Return the simulators' row; Norway and Sweden send in clear, Sweden counts in Wh."""
    return Row(
        line,
        10,
        partial(_payload, energy_scaler=energy_scaler),
        partial(hdlc.one, addresses=ADDRESSES),
        _names,
        control=0x30 if encrypted else None,
        keys=("gpk60", "gpk61"),
    )


ROWS = {
    ("stadtwerke", "kamstrup-omnipower"): row("2400 8N1"),
    ("stadtwerke", "kamstrup-omnipower-ccc"): row("2400 8N1"),
    ("dk-kamstrup", "kamstrup-omnipower"): row("2400 8N1"),
}
