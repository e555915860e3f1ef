"""Netz Niederösterreich: Kaifa MA309M and MA110M, Sagemcom T210-D and S210, wired M-Bus, 2400 8E1, every 5 s.

Netz NÖ, Spezifikation Kundenschnittstelle 218_9, with its example; one flat structure inside general-glo-ciphering:

    structure { clock, code, value, {scaler, unit}, code, value, {scaler, unit}, ..., meter number }
"""

from collections.abc import Callable
from functools import partial

from . import axdr, mbus
from .axdr import i16, u16, u32
from .dlms import Names, Register, Row, Spoken, clock, raw, values
from .house import Snapshot
from .meter import unit_of

_ENERGY: tuple[Register, ...] = (("1.8.0", u32, 0), ("2.8.0", u32, 0))
_POWER: tuple[Register, ...] = (("1.7.0", u32, 0), ("2.7.0", u32, 0))
_VOLTAGE: tuple[Register, ...] = tuple((f"{c}.7.0", u16, -1) for c in (32, 52, 72))
_CURRENT: tuple[Register, ...] = tuple((f"{c}.7.0", u16, -2) for c in (31, 51, 71))


def _registers(phases: int, factor: Callable[[int], bytes]) -> tuple[Register, ...]:
    return (
        *_ENERGY,
        *_POWER,
        *_VOLTAGE[:phases],
        *_CURRENT[:phases],
        ("13.7.0", factor, -3),
    )


def _payload(
    registers: tuple[Register, ...],
    status: int,
    snapshot: Snapshot,
    names: Names,
    counter: int,
) -> Spoken:
    """`status` is what the clock status holds beside the DST bit."""
    summer = 0x80 if clock(snapshot)[-1] else 0
    now = clock(snapshot, status=summer | status)
    items = [axdr.octets(now)]
    for register in registers:
        code, _, scaler = register
        items += [
            axdr.obis(f"1-0:{code}"),
            raw(snapshot, register),
            axdr.scaler_unit(scaler, unit_of(code)[1]),
        ]
    items.append(axdr.octets(names.number.encode()))
    return Spoken(
        axdr.notification(0x80000000 | counter & 0xFFFFFF, now, axdr.structure(*items)),
        values(snapshot, registers),
        snapshot.time,
        names.number,
    )


def _names(title: bytes, number: int, seed: int) -> Names:
    return Names(str(number + seed), title + (0x50000000 + seed).to_bytes(4, "big"))


def _row(
    title: bytes,
    number: int,
    segment: int,
    phases: int = 3,
    factor: Callable[[int], bytes] = u16,
    status: int = 0,
) -> Row:
    return Row(
        "2400 8E1",
        5,
        partial(_payload, _registers(phases, factor), status),
        partial(mbus.segments, size=segment),
        partial(_names, title, number),
        control=0x20,
        phases=phases,
    )


# Older Sagemcom firmware fills a frame with 252 bytes: its length, 257, does not fit the length byte (68 01 01 68).
ROWS = {
    ("netz-noe", "kaifa-ma309m"): _row(b"KFMg", 181_220_000_000, 245),
    ("netz-noe", "kaifa-ma110m"): _row(b"KFMe", 181_120_000_000, 245, phases=1),
    ("netz-noe", "sagemcom-t210d"): _row(b"SAGY", 191_230_000_000, 245),
    ("netz-noe", "sagemcom-t210d-old"): _row(
        b"SAGY", 181_230_000_000, 252, factor=i16, status=2
    ),
    ("netz-noe", "sagemcom-s210"): _row(b"SAGY", 191_130_000_000, 245, phases=1),
}
