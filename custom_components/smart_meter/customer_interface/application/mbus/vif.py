"""Value information block (EN 13757-3:2018, 6.4): what a record's number means.

VIF   E V V V V V V V     a quantity, or FB, FD, EF (tables behind it), 7C, FC (text), 7E, FE (any), 7F, FF (maker's)
[LVAR text]               of 7C and FC: the unit as text, last character first
VIFE  E V V V V V V V     first the code in the extension table, then combinable ones (up to ten)
"""

from ...named import NamedTuple
from ...reading import Fault, FaultKind
from .data_types import text
from .dif import EXTENSION, MAX_EXTENSIONS
from .vif_tables import (
    COMBINABLE,
    COMBINABLE_FC,
    EXTENSION_FB,
    EXTENSION_FD,
    EXTENSION_FD_FD,
    MANUFACTURER_SPECIFIC,
    PRIMARY,
    UNKNOWN,
    Change,
    Form,
    Meaning,
)

PLAIN_TEXT = 0x7C
MANUFACTURER = 0x7F
_EXTENSIONS = {0xFB: EXTENSION_FB, 0xFD: EXTENSION_FD}
_THIRD_TABLE = 0xEF
_SECOND_LEVEL = 0x7D
_COMBINABLE_EXTENSION = 0x7C
# Hours cannot be in error: heat meters (Diehl Sharky) count with these codes how long the error lasted.
_TIMES_IN_ERROR = frozenset({"on_time", "operating_time"})
_FORMS = {"unsigned": Form.UNSIGNED, "bits": Form.BITS}


class Value(NamedTuple):
    """What a whole value information block says; `void` where a record error makes the data no value."""

    meaning: Meaning
    qualifiers: tuple[str, ...] = ()
    void: bool = False


def vib_end(data: bytes, start: int) -> int | Fault:
    """Return the position behind the value information block at `start`; a fault where it does not end."""
    if start >= len(data):
        return Fault(FaultKind.TRUNCATED, "the telegram ends before a VIF")
    position = start + 1
    if data[start] & 0x7F == PLAIN_TEXT:
        if position >= len(data):
            return Fault(FaultKind.TRUNCATED, "the telegram ends within a VIF")
        position += 1 + data[position]
    more, count = data[start] & EXTENSION, 0
    while more:
        if position >= len(data):
            return Fault(FaultKind.TRUNCATED, "the telegram ends within a VIF")
        if count >= MAX_EXTENSIONS:
            return Fault(FaultKind.LAYOUT, "a record with more than ten VIFEs")
        more, count, position = data[position] & EXTENSION, count + 1, position + 1
    if position > len(data):
        return Fault(FaultKind.TRUNCATED, "the telegram ends within a VIF")
    return position


def interpret(vib: bytes) -> Value:
    """Return what a complete value information block means; total for every sequence of bytes `vib_end` accepts."""
    vif = vib[0]
    if vif & 0x7F == PLAIN_TEXT:
        label = text(vib[2 : 2 + vib[1]]).strip()
        named = Meaning(label) if label and label.isprintable() else UNKNOWN
        return _combine(named, vib[2 + vib[1] :])
    if vif & 0x7F == MANUFACTURER:
        return Value(MANUFACTURER_SPECIFIC, _own_codes(vib[1:]))
    if vif in _EXTENSIONS:
        return _extended(vif, vib)
    if vif == _THIRD_TABLE:
        return Value(UNKNOWN, tuple(f"vife_ef_{code & 0x7F:02x}" for code in vib[1:]))
    return _combine(PRIMARY.get(vif & 0x7F, UNKNOWN), vib[1:])


def _extended(vif: int, vib: bytes) -> Value:
    code, rest = vib[1] & 0x7F, vib[2:]
    if vif == 0xFD and vib[1] == _SECOND_LEVEL | EXTENSION and rest:
        return _combine(EXTENSION_FD_FD.get(rest[0] & 0x7F, UNKNOWN), rest[1:])
    return _combine(_EXTENSIONS[vif].get(code, UNKNOWN), rest)


def _own_codes(vifes: bytes) -> tuple[str, ...]:
    """Name the codes that only the manufacturer knows."""
    return tuple(f"manufacturer_{vife & 0x7F:02x}" for vife in vifes)


def _combine(meaning: Meaning, vifes: bytes) -> Value:
    value, position = Value(meaning), 0
    while position < len(vifes):
        code = vifes[position] & 0x7F
        if code == MANUFACTURER:
            own = _own_codes(vifes[position + 1 :]) or ("manufacturer",)
            return value._replace(qualifiers=value.qualifiers + own)
        position += 1
        if code == _COMBINABLE_EXTENSION and position < len(vifes):
            value = _change(value, COMBINABLE_FC, vifes[position] & 0x7F, "fc_")
            position += 1
        else:
            value = _change(value, COMBINABLE, code, "")
    return value


def _change(value: Value, table: dict[int, Change], code: int, prefix: str) -> Value:
    change = table.get(code)
    if change is None:
        return _qualified(value, f"vife_{prefix}{code:02x}")
    meaning = _changed(value.meaning, change)
    if change.qualifier in _FORMS and meaning.form is Form.NUMBER:
        return value._replace(meaning=meaning._replace(form=_FORMS[change.qualifier]))
    return _qualified(value, change.qualifier)._replace(
        meaning=meaning,
        void=value.void or (change.void and meaning.quantity not in _TIMES_IN_ERROR),
    )


def _qualified(value: Value, qualifier: str | None) -> Value:
    return (
        value._replace(qualifiers=(*value.qualifiers, qualifier))
        if qualifier
        else value
    )


def _changed(meaning: Meaning, change: Change) -> Meaning:
    if change.unit_unknown:
        return Meaning(meaning.quantity)
    if change.meaning is not None:
        return change.meaning._replace(quantity=meaning.quantity)
    unit = f"{meaning.unit or '1'}{change.per}" if change.per else meaning.unit
    return meaning._replace(exponent=meaning.exponent + change.exponent, unit=unit)
