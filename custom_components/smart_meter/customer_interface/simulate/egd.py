"""EG.D, Czechia: Sagemcom XT211 on RS-485, 9600 8N1, every minute, HDLC frames in clear.

structure { class, code, attribute, value,  class, code, attribute, value, ... }
"""

from functools import partial

from . import axdr, hdlc
from .axdr import i8, u16, u32
from .dlms import Names, Register, Row, Spoken, clock, raw, values
from .house import Snapshot

ADDRESSES = bytes.fromhex("CF0203")
_DATA, _REGISTER = 1, 3

_CODES: tuple[Register, ...] = tuple(
    (code, u32, 0)
    for code in (
        *("1.7.0", "21.7.0", "41.7.0", "61.7.0"),
        *("2.7.0", "22.7.0", "42.7.0", "62.7.0"),
        *("1.8.0", "1.8.1", "1.8.2", "2.8.0"),
    )
)


def _payload(snapshot: Snapshot, names: Names, counter: int) -> Spoken:
    items = [
        u16(_DATA),
        axdr.obis("0-0:96.1.1"),
        i8(2),
        axdr.octets(names.number.encode()),
    ]
    for register in _CODES:
        items += [
            u16(_REGISTER),
            axdr.obis(f"1-0:{register[0]}"),
            i8(2),
            raw(snapshot, register),
        ]
    return Spoken(
        axdr.notification(counter & 0xFFFFFF, clock(snapshot), axdr.structure(*items)),
        values(snapshot, _CODES),
        snapshot.time,
        names.number,
    )


def _names(seed: int) -> Names:
    return Names(str(5_300_000 + seed), b"")


ROWS = {
    ("cz-egd", "sagemcom-xt211"): Row(
        "9600 8N1", 60, _payload, partial(hdlc.one, addresses=ADDRESSES), _names
    )
}
