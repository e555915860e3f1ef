"""Meters that push values without names: the operator's document says what stands where.

Wiener Netze, Kärnten Netz, Wels Strom and Netz Burgenland; all in HDLC frames, values in Wh, varh, W and var:

    Wiener Netze   structure { [logical device name], clock, A+, A-, R+, R-, P+, P-, Q+, Q- }
    Kärnten, Wels  structure { 0-6:25.9.0, meter number, time, date, A+, A-, R+, R-, P+, P-, [text, code] }
    Burgenland     structure { U1-U3, I1-I3, P+, P-, A+, A-, [angles L1-L3], meter number }     Landis+Gyr
                   structure { logical device name, 0-17:25.9.0, A+, A-, P+, P-, R+, R- }         Kaifa
"""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from . import axdr, hdlc
from .axdr import u16, u32
from .dlms import Names, Register, Row, Spoken, clock, raw, values
from .house import Snapshot

ISKRA, SIEMENS, LANDIS, KAIFA = (
    bytes.fromhex(a) for a in ("CF0223", "CF00020023", "CEFF03", "CF03")
)

_COUNTERS: tuple[Register, ...] = tuple((f"{c}.8.0", u32, 0) for c in (1, 2, 3, 4))
_POWERS: tuple[Register, ...] = tuple((f"{c}.7.0", u32, 0) for c in (1, 2, 3, 4))
_VIENNA = (*_COUNTERS, *_POWERS)
_CARINTHIA = (*_COUNTERS, *_POWERS[:2])


def _vienna(
    snapshot: Snapshot,
    names: Names,
    counter: int,
    *,
    named: bool,
    deviation: bytes | None,
) -> Spoken:
    now = clock(snapshot, deviation)
    head = (axdr.octets(names.logical.encode()),) if named else ()
    body = axdr.structure(
        *head, axdr.octets(now), *(raw(snapshot, register) for register in _VIENNA)
    )
    return Spoken(
        axdr.notification(counter + 1, now, body),
        values(snapshot, _VIENNA),
        _seen(snapshot, deviation),
        names.logical if named else None,
    )


def _carinthia(
    snapshot: Snapshot, names: Names, counter: int, *, messages: bool
) -> Spoken:
    body = axdr.structure(
        axdr.obis("0-6:25.9.0"),
        axdr.octets(names.number.encode()),
        axdr.octets(axdr.time_bytes(snapshot.time)),
        axdr.octets(axdr.date_bytes(snapshot.time)),
        *(raw(snapshot, register) for register in _CARINTHIA),
        *((axdr.octets(b""),) * 2 if messages else ()),
    )
    return Spoken(
        axdr.notification(counter + 1, clock(snapshot), body),
        values(snapshot, _CARINTHIA),
        snapshot.time,
        names.number,
    )


_BURGENLAND_ELECTRIC: tuple[Register, ...] = (
    *((f"{c}.7.0", u16, 0) for c in (32, 52, 72)),
    *((f"{c}.7.0", u16, -2) for c in (31, 51, 71)),
    *(_POWERS[:2]),
    *(_COUNTERS[:2]),
)
_ANGLES: tuple[Register, ...] = tuple((f"81.7.{e}", u16, 0) for e in (40, 51, 62))
_BURGENLAND_KAIFA = (*_COUNTERS[:2], *_POWERS[:2], *_COUNTERS[2:])


def _burgenland(
    snapshot: Snapshot, names: Names, counter: int, registers: tuple[Register, ...]
) -> Spoken:
    body = axdr.structure(
        *(raw(snapshot, register) for register in registers),
        axdr.octets(names.number.encode()),
    )
    return Spoken(
        axdr.notification(counter & 0xFFFFFF, clock(snapshot, axdr.UNSPECIFIED), body),
        values(snapshot, registers),
        _seen(snapshot, axdr.UNSPECIFIED),
        names.number,
    )


def _burgenland_kaifa(snapshot: Snapshot, names: Names, counter: int) -> Spoken:
    """The count of the structure is one too small, as in the operator's own sample."""
    items = (
        axdr.octets(names.logical.encode()),
        axdr.obis("0-17:25.9.0"),
        *(raw(snapshot, register) for register in _BURGENLAND_KAIFA),
    )
    body = b"\x02" + bytes((len(items) - 1,)) + b"".join(items)
    return Spoken(
        axdr.notification(counter & 0xFFFFFF, clock(snapshot, axdr.UNSPECIFIED), body),
        values(snapshot, _BURGENLAND_KAIFA),
        _seen(snapshot, axdr.UNSPECIFIED),
        names.logical,
    )


def _seen(snapshot: Snapshot, deviation: bytes | None) -> datetime:
    """Without a deviation the clock says no more than the time of day."""
    return snapshot.time if deviation is None else snapshot.time.replace(tzinfo=None)


def _names(title: bytes, digits: int, logical: str, seed: int) -> Names:
    number = f"{3 * 10 ** (digits - 2) + seed:0{digits}d}" if digits else ""
    return Names(
        number,
        title + seed.to_bytes(8 - len(title), "big"),
        f"{logical}{seed:0{16 - len(logical)}d}",
    )


def _optical(
    title: bytes,
    addresses: bytes,
    *,
    named: bool = False,
    deviation: bytes | None = None,
) -> Row:
    return Row(
        "9600 8N1",
        1,
        partial(_vienna, named=named, deviation=deviation),
        partial(hdlc.one, addresses=addresses),
        partial(_names, title, 0, title.decode() + "700"),
        control=0x20,
    )


def _p1_socket(
    title: bytes, addresses: bytes, digits: int, *, messages: bool = True
) -> Row:
    return Row(
        "115200 8N1",
        1,
        partial(_carinthia, messages=messages),
        partial(hdlc.one, addresses=addresses),
        partial(_names, title, digits, title.decode() + "700"),
        control=0x20,
    )


def _two_keys(line: str, payload: Callable[[Snapshot, Names, int], Spoken]) -> Row:
    return Row(
        line,
        5,
        payload,
        partial(hdlc.one, addresses=LANDIS),
        partial(_names, b"LGZgr", 8, "LGZ"),
        control=0x30,
        keys=("ek", "ak"),
    )


_WITH_ANGLES = partial(_burgenland, registers=(*_BURGENLAND_ELECTRIC, *_ANGLES))
_KAIFA_OPTICAL = Row(
    "9600 8N1",
    15,
    _burgenland_kaifa,
    partial(hdlc.one, addresses=KAIFA),
    partial(_names, b"KFMg", 0, "KFM1200"),
    control=0x20,
    keys=("ek",),
)

ROWS = {
    ("wiener-netze", "siemens-im150"): _optical(b"SMSfp", SIEMENS, named=True),
    ("wiener-netze", "siemens-im350"): _optical(b"SMSfp", SIEMENS, named=True),
    ("wiener-netze", "iskra-am550"): _optical(b"ISKiu", ISKRA),
    ("wiener-netze", "lg-e450"): _optical(b"LGZgs", LANDIS, deviation=axdr.UNSPECIFIED),
    ("kaernten-netz", "iskra-am550"): _p1_socket(b"ISKit", ISKRA, 13),
    ("kaernten-netz", "siemens-im150"): _p1_socket(b"SMSgp", SIEMENS, 13),
    ("kaernten-netz", "siemens-im350"): _p1_socket(b"SMSgp", SIEMENS, 13),
    ("wels-strom", "siemens-im350"): _p1_socket(b"SMSgp", SIEMENS, 8, messages=False),
    ("netz-burgenland", "lg-e450"): _two_keys("2400 8E1", _WITH_ANGLES),
    ("netz-burgenland", "lg-e450-optical"): _two_keys("9600 8N1", _WITH_ANGLES),
    ("netz-burgenland", "lg-e450-old"): _two_keys(
        "2400 8E1", partial(_burgenland, registers=_BURGENLAND_ELECTRIC)
    ),
    ("netz-burgenland", "kaifa-ma309m"): _KAIFA_OPTICAL,
}
