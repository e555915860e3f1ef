"""Layouts of makers who send their values at fixed places and not as records, one module a maker.

Each layout is told by maker, version, medium and CI field, and is here only because published telegrams with their
values prove it. What is read is handed on as records of EN 13757-3, so that it is understood like all others.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from ....reading import MeterIdentity, Record
from ..records import MANUFACTURER_QUANTITY
from . import (
    apator,
    axioma,
    bfw,
    bmeters,
    diehl,
    ei,
    maddalena,
    marks,
    qundis,
    schneider,
    subunits,
    techem,
    zenner,
)

FIRST, PREFIX = apator.FIRST, apator.PREFIX

type _ReadTelegram = Callable[[MeterIdentity, int, bytes], bytes | None]
type _ReadRecord = Callable[[MeterIdentity, Record], bytes]
type _Follow = Callable[[MeterIdentity, Sequence[Record]], Iterator[Record]]

_TELEGRAMS: dict[str, tuple[_ReadTelegram, ...]] = {
    "APA": (apator.allocator,),
    "APT": (apator.allocator, apator.counted),
    "BMT": (bmeters.rfm_tx1,),
    "TCH": (techem.records,),
}
_DATA: dict[str, Callable[[MeterIdentity, bytes], bytes | None]] = {
    "APA": apator.records,
    "APT": apator.records,
    "BFW": bfw.records,
}
_WITHIN: dict[str, _ReadRecord] = {
    "APA": apator.within,
    "APT": apator.within,
    "BMP": bmeters.hydroclima,
    "BMT": bmeters.hydrodigit,
    "EIE": ei.within,
    "LSE": qundis.within,
    "QDS": qundis.within,
    "ZRI": zenner.within,
}
_PREFIXED = frozenset({"APA", "APT"})
_CORRECTED: dict[str, Callable[[Record], Record]] = {
    "AXI": axioma.corrected,
    "EFE": marks.corrected,
    "ELT": partial(subunits.corrected, subunits.ELTAKO),
    "GWF": marks.corrected,
    "IME": partial(subunits.corrected, subunits.IME),
    "ITW": marks.corrected,
    "SEC": schneider.corrected,
    "ZRI": marks.corrected,
}
_FOLLOWING: dict[str, _Follow] = {"MAD": maddalena.months}
_LOOKED_INTO = frozenset({*_DATA, *_FOLLOWING})


def without_prefix(maker: str | None, payload: bytes) -> bytes:
    """Return a payload, its CI field first, without what a maker puts in front of the layers of the standard."""
    return apator.without_prefix(payload) if maker in _PREFIXED else payload


def is_scrambled(meter: MeterIdentity, ci: int, data: bytes) -> bool:
    """Whether a telegram that looks like a standard one is in a maker's own layout."""
    return meter.manufacturer == "BMT" and bmeters.is_scrambled(ci, data)


def from_telegram(meter: MeterIdentity, ci: int, data: bytes) -> bytes | None:
    """Return the records of a telegram with a maker's own CI field; `data` is what follows it. None where unknown."""
    readers = _TELEGRAMS.get(meter.manufacturer or "", ())
    return next(filter(None, (read(meter, ci, data) for read in readers)), None)


def enciphered(meter: MeterIdentity, ci: int, data: bytes) -> tuple[int, bytes] | None:
    """Return access number and ciphertext of a telegram in a maker's own layout that needs a key; None for others."""
    return apator.enciphered(meter, ci, data) if meter.manufacturer == "APA" else None


def from_deciphered(plain: bytes) -> bytes | None:
    """Return the records of what was enciphered in a maker's own layout, None where it makes no sense."""
    return apator.deciphered(plain)


def from_scrambled(status: bytes, plain: bytes) -> bytes | None:
    """Return the records of a Diehl telegram once unscrambled, None where it makes no sense.

    `status` is the three bytes behind the CI field.
    """
    return diehl.records(status, plain)


def from_data(meter: MeterIdentity, data: bytes) -> bytes | None:
    """Return the records of data that are announced as records; None where they are none and unknown."""
    read = _DATA.get(meter.manufacturer or "")
    return read(meter, data) if read else data


def look_into(meter: MeterIdentity) -> bool:
    """Whether more than each record by itself decides what a telegram says."""
    return meter.manufacturer in _LOOKED_INTO


def may_hold(meter: MeterIdentity, record: Record) -> bool:
    """Whether a record is one the maker can pack others into: of variable length or all his own, by its DIF or VIF."""
    return meter.manufacturer in _WITHIN and (
        record.raw[1:2] in ("d", "f") or record.quantity == MANUFACTURER_QUANTITY
    )


def within(meter: MeterIdentity, record: Record) -> bytes:
    """Return the records a maker packed into one of his own; none where they are unknown."""
    if not may_hold(meter, record):
        return b""
    return _WITHIN[meter.manufacturer or ""](meter, record)


def corrected(meter: MeterIdentity, records: tuple[Record, ...]) -> tuple[Record, ...]:
    """Return records as they are meant, of makers who use a code of the standard for something else."""
    correct = corrector(meter)
    return tuple(map(correct, records)) if correct else records


def corrector(meter: MeterIdentity) -> Callable[[Record], Record] | None:
    """Return what tells how a record of this maker is meant: the record itself where as the standard says."""
    return _CORRECTED.get(meter.manufacturer or "")


def following(meter: MeterIdentity, records: Sequence[Record]) -> Iterator[Record]:
    """Return what follows from several records together by what a maker says of them."""
    follow = _FOLLOWING.get(meter.manufacturer or "")
    return follow(meter, records) if follow else iter(())
