"""Norway's HAN port and its Swedish kin: Kaifa, Aidon, Kamstrup; HDLC frames in clear, on M-Bus wires or a P1 socket.

Kaifa   KFM_001: values without names; list 1 (power) every 2 s, list 2 every 10 s, list 3 (counters) every hour
Aidon   array { structure { code, value, {scaler, unit} } ... }; the same three lists, or one with all (Sweden)
NVE, OBIS list information of the three makers
"""

from functools import partial

from . import axdr, hdlc, kamstrup
from .axdr import i16, u16, u32
from .dlms import Names, Register, Row, Spoken, clock, named, raw, values
from .house import Snapshot

KAIFA, AIDON = bytes.fromhex("010201"), bytes.fromhex("410883")
_INVOKE_ID = 0x40000000

_POWERS: tuple[Register, ...] = tuple((f"{c}.7.0", u32, 0) for c in (1, 2, 3, 4))
_KAIFA_CURRENTS: tuple[Register, ...] = tuple(
    (f"{c}.7.0", u32, -3) for c in (31, 51, 71)
)
_KAIFA_VOLTAGES: tuple[Register, ...] = tuple(
    (f"{c}.7.0", u32, -1) for c in (32, 52, 72)
)
_KAIFA_COUNTERS: tuple[Register, ...] = tuple(
    (f"{c}.8.0", u32, 0) for c in (1, 2, 3, 4)
)
_AIDON_CURRENTS: tuple[Register, ...] = tuple(
    (f"{c}.7.0", i16, -1) for c in (31, 51, 71)
)
_AIDON_VOLTAGES: tuple[Register, ...] = tuple(
    (f"{c}.7.0", u16, -1) for c in (32, 52, 72)
)
_AIDON_COUNTERS: tuple[Register, ...] = tuple(
    (f"{c}.8.0", u32, 1) for c in (1, 2, 3, 4)
)
_AIDON_PHASES: tuple[Register, ...] = tuple(
    (f"{c}.7.0", u32, 0) for phase in (20, 40, 60) for c in range(phase + 1, phase + 5)
)
_SWEDISH_COUNTERS: tuple[Register, ...] = tuple(
    (f"{c}.8.0", u32, 0) for c in (1, 2, 3, 4)
)


def _list(snapshot: Snapshot) -> int:
    if snapshot.time.minute == snapshot.time.second == 0:
        return 3
    return 1 if snapshot.time.second % 10 else 2


def _kaifa(snapshot: Snapshot, names: Names, counter: int, *, phases: int) -> Spoken:
    now = clock(snapshot, axdr.UNSPECIFIED)
    which = _list(snapshot)
    registers = _POWERS[:1]
    items = [raw(snapshot, register) for register in registers]
    if which > 1:
        registers = (*_POWERS, *_KAIFA_CURRENTS[:phases], *_KAIFA_VOLTAGES[:phases])
        model = "MA304H3E" if phases > 1 else "MA105H2E"
        items = [
            *(axdr.octets(text.encode()) for text in ("KFM_001", names.number, model)),
            *(raw(snapshot, register) for register in registers),
        ]
    if which > 2:
        items += [axdr.octets(now), *(raw(snapshot, r) for r in _KAIFA_COUNTERS)]
        registers = (*registers, *_KAIFA_COUNTERS)
    return Spoken(
        axdr.notification(_INVOKE_ID, now, axdr.structure(*items), tagged=True),
        values(snapshot, registers),
        snapshot.time.replace(tzinfo=None),
        names.number if which > 1 else None,
    )


def _aidon(snapshot: Snapshot, names: Names, counter: int) -> Spoken:
    which = _list(snapshot)
    registers = _POWERS[:1]
    head: tuple[bytes, ...] = ()
    tail: tuple[bytes, ...] = ()
    if which > 1:
        registers = (*_POWERS, *_AIDON_CURRENTS, *_AIDON_VOLTAGES)
        head = (
            _named("1-1:0.2.129", axdr.visible("AIDON_V0001")),
            _named("0-0:96.1.0", axdr.visible(names.number)),
            _named("0-0:96.1.7", axdr.visible("6534")),
        )
    if which > 2:
        registers = (*registers, *_AIDON_COUNTERS)
        tail = (_named("0-0:1.0.0", axdr.octets(clock(snapshot, axdr.UNSPECIFIED))),)
    scaled = [named(snapshot, register) for register in registers]
    at = len(scaled) - 4 if which > 2 else len(scaled)
    body = axdr.array(*head, *scaled[:at], *tail, *scaled[at:])
    return Spoken(
        axdr.notification(_INVOKE_ID, b"", body),
        values(snapshot, registers),
        snapshot.time.replace(tzinfo=None) if which > 2 else None,
        names.number if which > 1 else None,
    )


def _aidon_sweden(snapshot: Snapshot, names: Names, counter: int) -> Spoken:
    registers = (
        *_POWERS,
        *_AIDON_CURRENTS,
        *_AIDON_VOLTAGES,
        *_AIDON_PHASES,
        *_SWEDISH_COUNTERS,
    )
    body = axdr.array(
        _named("0-0:1.0.0", axdr.octets(clock(snapshot, axdr.UNSPECIFIED))),
        *(named(snapshot, register) for register in registers),
    )
    return Spoken(
        axdr.notification(_INVOKE_ID, b"", body),
        values(snapshot, registers),
        snapshot.time.replace(tzinfo=None),
        None,
    )


def _named(code: str, data: bytes) -> bytes:
    return axdr.structure(axdr.obis(code), data)


def _names(seed: int) -> Names:
    return Names(f"69706311{seed:08d}", b"")


def _kaifa_row(phases: int) -> Row:
    return Row(
        "2400 8E1",
        2,
        partial(_kaifa, phases=phases),
        partial(hdlc.one, addresses=KAIFA, control=0x10),
        _names,
        phases=phases,
    )


ROWS = {
    ("no-han", "kaifa-ma304h3e"): _kaifa_row(3),
    ("no-han", "kaifa-ma105h2e"): _kaifa_row(1),
    ("no-han", "aidon"): Row(
        "2400 8E1", 2, _aidon, partial(hdlc.one, addresses=AIDON), _names
    ),
    ("no-han", "kamstrup-omnipower"): kamstrup.row("2400 8N1", encrypted=False),
    ("se-p1", "aidon"): Row(
        "115200 8N1", 10, _aidon_sweden, partial(hdlc.one, addresses=AIDON), _names
    ),
    ("se-p1", "kamstrup-omnipower"): kamstrup.row(
        "115200 8N1", encrypted=False, energy_scaler=0
    ),
}
