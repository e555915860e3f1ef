"""TINETZ, IKB, Salzburg Netz and Vorarlberg Netz: Kaifa MA309M and MA110M, Honeywell DM515, wired M-Bus, 2400 8E1.

KSMW-PA2502 Companion Standard 10.5 (CIP), TINETZ Beschreibung Kundenschnittstelle; every 5 s, suite 1, encrypted only:

    structure { clock code, clock, {code, number}, {code, logical device name}, {code, value, {scaler, unit}}, ... }
"""

from collections.abc import Callable
from functools import partial

from . import axdr, mbus
from .axdr import u16, u32
from .dlms import Names, Register, Row, Spoken, clock, named, values
from .house import Snapshot

_VOLTAGE: tuple[Register, ...] = tuple((f"{c}.7.0", u16, -1) for c in (32, 52, 72))
_CURRENT: tuple[Register, ...] = tuple((f"{c}.7.0", u16, -2) for c in (31, 51, 71))
_REST: tuple[Register, ...] = (
    ("1.7.0", u32, 0),
    ("2.7.0", u32, 0),
    ("1.8.0", u32, 0),
    ("2.8.0", u32, 0),
    ("3.8.0", u32, 0),
    ("4.8.0", u32, 0),
)


def _payload(
    registers: tuple[Register, ...], snapshot: Snapshot, names: Names, counter: int
) -> Spoken:
    now = clock(snapshot)
    body = axdr.structure(
        axdr.obis("0-0:1.0.0"),
        axdr.octets(now),
        axdr.structure(axdr.obis("0-0:96.1.0"), axdr.octets(names.number.encode())),
        axdr.structure(axdr.obis("0-0:42.0.0"), axdr.octets(names.logical.encode())),
        *(named(snapshot, register) for register in registers),
    )
    return Spoken(
        axdr.notification(counter & 0xFFFFFF, now, body),
        values(snapshot, registers),
        snapshot.time,
        names.number,
    )


def _kaifa(kind: str, seed: int) -> Names:
    """Serial 1KFM0200000001, logical name KFM1200200000001, title KFM and the last ten digits in hexadecimal."""
    digits = f"0{kind[0]}{seed:08d}"
    title = (
        b"KFM\x10"
        + (0x20 if kind == "200" else 0x10).to_bytes(1, "big")
        + seed.to_bytes(3, "big")
    )
    return Names(f"1KFM{digits}", title, f"KFM1{kind}{digits[1:]}")


def _elster(seed: int) -> Names:
    return Names(
        f"1ELS01{seed:08d}", b"ELSe" + seed.to_bytes(4, "big"), f"ELS11001{seed:08d}"
    )


def _row(names: Callable[[int], Names], phases: int) -> Row:
    return Row(
        "2400 8E1",
        5,
        partial(_payload, (*_VOLTAGE[:phases], *_CURRENT[:phases], *_REST)),
        partial(mbus.segments, size=245),
        names,
        control=0x21,
        phases=phases,
    )


_METERS = {
    "kaifa-ma309m": _row(partial(_kaifa, "200"), 3),
    "kaifa-ma110m": _row(partial(_kaifa, "100"), 1),
    "honeywell-dm515": _row(_elster, 1),
}
OPERATORS = ("tinetz", "ikb", "salzburg-netz", "vorarlberg-netz")
ROWS = {
    (operator, meter): row for operator in OPERATORS for meter, row in _METERS.items()
}
