"""Units as meters name them, and the plain ones this library speaks.

Every number leaves the library in one plain unit per kind: energy in Wh (J where the meter counts joules), power in
W, volume in m³, durations in s, whatever the meter scaled it to. Numbers are exact: an int, or a Decimal.
"""

from collections.abc import Callable
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal
from functools import partial
from operator import mul

from .named import NamedTuple

type Number = int | Decimal


class Conversion(NamedTuple):
    """How to come from a meter's unit to the plain one: number * factor * 10**exponent."""

    unit: str | None
    exponent: int = 0
    factor: int = 1


# DLMS UA Blue Book, table "enumerated values for physical units"; IEC 62056-62 annex. 255 is a count without a unit.
DLMS_UNITS: dict[int, Conversion] = {
    1: Conversion("a"),
    2: Conversion("mo"),
    3: Conversion("s", factor=604_800),
    4: Conversion("s", factor=86_400),
    5: Conversion("s", factor=3_600),
    6: Conversion("s", factor=60),
    7: Conversion("s"),
    8: Conversion("°"),
    9: Conversion("°C"),
    10: Conversion("currency"),
    11: Conversion("m"),
    12: Conversion("m/s"),
    13: Conversion("m³"),
    14: Conversion("m³"),
    15: Conversion("m³/h"),
    16: Conversion("m³/h"),
    17: Conversion("m³/d"),
    18: Conversion("m³/d"),
    19: Conversion("m³", -3),
    20: Conversion("kg"),
    21: Conversion("N"),
    22: Conversion("Nm"),
    23: Conversion("Pa"),
    24: Conversion("bar"),
    25: Conversion("J"),
    26: Conversion("J/h"),
    27: Conversion("W"),
    28: Conversion("VA"),
    29: Conversion("var"),
    30: Conversion("Wh"),
    31: Conversion("VAh"),
    32: Conversion("varh"),
    33: Conversion("A"),
    34: Conversion("C"),
    35: Conversion("V"),
    36: Conversion("V/m"),
    37: Conversion("F"),
    38: Conversion("Ω"),
    39: Conversion("Ωm²/m"),
    40: Conversion("Wb"),
    41: Conversion("T"),
    42: Conversion("A/m"),
    43: Conversion("H"),
    44: Conversion("Hz"),
    45: Conversion("1/Wh"),
    46: Conversion("1/varh"),
    47: Conversion("1/VAh"),
    48: Conversion("V²h"),
    49: Conversion("A²h"),
    50: Conversion("kg/s"),
    51: Conversion("S"),
    52: Conversion("K"),
    53: Conversion("1/V²h"),
    54: Conversion("1/A²h"),
    55: Conversion("1/m³"),
    56: Conversion("%"),
    57: Conversion("Ah"),
    60: Conversion("Wh/m³"),
    61: Conversion("J/m³"),
    62: Conversion("mol%"),
    63: Conversion("g/m³"),
    64: Conversion("Pa·s"),
    65: Conversion("J/kg"),
    66: Conversion("g/cm²"),
    67: Conversion("atm"),
    70: Conversion("dBm"),
    71: Conversion("dBµV"),
    72: Conversion("dB"),
    254: Conversion(None),
    255: Conversion(None),
}

# Units as printed in P1 and IEC 62056-21 texts, with the case folded.
TEXT_UNITS: dict[str, Conversion] = {
    "wh": Conversion("Wh"),
    "kwh": Conversion("Wh", 3),
    "mwh": Conversion("Wh", 6),
    "varh": Conversion("varh"),
    "kvarh": Conversion("varh", 3),
    "kvar": Conversion("var", 3),
    "var": Conversion("var"),
    "vah": Conversion("VAh"),
    "kvah": Conversion("VAh", 3),
    "w": Conversion("W"),
    "kw": Conversion("W", 3),
    "mw": Conversion("W", 6),
    "va": Conversion("VA"),
    "kva": Conversion("VA", 3),
    "v": Conversion("V"),
    "kv": Conversion("V", 3),
    "a": Conversion("A"),
    "ka": Conversion("A", 3),
    "ma": Conversion("A", -3),
    "hz": Conversion("Hz"),
    "khz": Conversion("Hz", 3),
    "m3": Conversion("m³"),
    "m³": Conversion("m³"),
    "dm3": Conversion("m³", -3),
    "l": Conversion("m³", -3),
    "m3/h": Conversion("m³/h"),
    "gj": Conversion("J", 9),
    "mj": Conversion("J", 6),
    "kj": Conversion("J", 3),
    "j": Conversion("J"),
    "s": Conversion("s"),
    "min": Conversion("s", factor=60),
    "h": Conversion("s", factor=3_600),
    "°": Conversion("°"),
    "deg": Conversion("°"),
    "°c": Conversion("°C"),
    "degc": Conversion("°C"),
    "k": Conversion("K"),
    "bar": Conversion("bar"),
    "kg": Conversion("kg"),
    "%": Conversion("%"),
    "dbm": Conversion("dBm"),
}


def scaled(raw: int, exponent: int) -> Number:
    """Return raw * 10**exponent exactly, an int where the exponent is not negative."""
    if exponent >= 0:
        return raw * (
            _POWERS[exponent] if exponent < len(_POWERS) else int(10**exponent)
        )
    return Decimal(raw).scaleb(exponent, _EXACT)


def scaler(factor: int, exponent: int) -> Callable[[int], Number] | None:
    """Return what does `scaled(raw * factor, exponent)` again and again; None where that is the number itself."""
    if exponent < 0:
        return partial(_EXACT.multiply, Decimal(factor).scaleb(exponent, _EXACT))
    whole = factor * int(10**exponent)
    return None if whole == 1 else partial(mul, whole)


# Arithmetic in the usual context would round to 28 digits.
_EXACT = Context(prec=MAX_PREC, Emin=MIN_EMIN, Emax=MAX_EMAX)
_POWERS: tuple[int, ...] = tuple(10**n for n in range(20))


def plain(number: Number, conversion: Conversion) -> Number:
    """Convert a meter's number into the plain unit, exactly."""
    factored = number * conversion.factor if conversion.factor != 1 else number
    if isinstance(factored, int):
        return scaled(factored, conversion.exponent)
    sign, digits, exponent = factored.as_tuple()
    return _from_digits(sign, digits, int(exponent) + conversion.exponent)


def _from_digits(sign: int, digits: tuple[int, ...], exponent: int) -> Number:
    if exponent >= 0:
        raw = int("".join(map(str, digits)))
        return scaled(-raw if sign else raw, exponent)
    return Decimal((sign, digits, exponent))


def from_text(text: str) -> Number | None:
    """Read a printed decimal number (`00123.456`, `-5`, `1,5`); None where the text is none."""
    cleaned = text.strip().replace(",", ".", 1)
    digits = cleaned.lstrip("+-")
    if not digits or len(digits) > 40 or not digits.replace(".", "", 1).isascii():
        return None
    if not digits.replace(".", "", 1).isdigit() or len(cleaned) - len(digits) > 1:
        return None
    return Decimal(cleaned) if "." in digits else int(cleaned)


def exact_text(number: Number) -> str:
    """Print a number without an exponent, with the decimals it has."""
    return str(number) if isinstance(number, int) else f"{number:f}"
