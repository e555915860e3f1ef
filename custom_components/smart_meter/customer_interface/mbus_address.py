"""M-Bus addresses: manufacturer letters and the identity they give (EN 13757-3, 5.5 to 5.8; EN 13757-4, 12.5).

wireless and AES initialisation   M  M  ID ID ID ID V  T     manufacturer, number (8 BCD digits), version, type
long header, secondary address    ID ID ID ID M  M  V  T     all fields low byte first
"""

from functools import lru_cache

from .media import MEDIA
from .reading import MeterIdentity

# Types of makers' own, of the same words: Techem's, and those of Apator's radio modules, which are all on water meters.
_OWN_MEDIA: dict[tuple[str, int], str] = {
    ("APT", 0x03): "water",
    ("APT", 0x0F): "water",
    ("APT", 0x11): "water",
    ("TCH", 0x43): "heat",
    ("TCH", 0x62): "warm_water",
    ("TCH", 0x72): "cold_water",
    ("TCH", 0x80): "heat_cost_allocator",
    ("TCH", 0xC3): "heat",
    ("TCH", 0xF0): "smoke_detector",
}

# Makers of Diehl Metering, and the CI fields of telegrams they scramble; so they do what has a bit of the security mode.
DIEHL = frozenset({"DME", "EWT", "HYD", "SAP", "SPL"})
_SAPPEL, _SAPPEL_CI = "SAP", frozenset(range(0xA0, 0xA8))
_SCRAMBLED_CI = frozenset({0x71, *_SAPPEL_CI, *range(0xB1, 0xB4)})
_SHORT_HEADER, _SCRAMBLED_MODE = 0x7A, 0x10


def manufacturer_letters(code: bytes) -> str | None:
    """Return the three FLAG letters of two bytes, low byte first; None where they are no letters."""
    number = int.from_bytes(code, "little") & 0x7FFF
    letters = [number >> shift & 31 for shift in (10, 5, 0)]
    if not all(1 <= letter <= 26 for letter in letters):
        return None
    return "".join(chr(64 + letter) for letter in letters)


def wireless_order(secondary: bytes) -> bytes:
    """Turn the eight bytes of a long header (number first) into the order of a radio address (manufacturer first)."""
    return secondary[4:6] + secondary[:4] + secondary[6:8]


def is_scrambled(address: bytes, payload: bytes) -> bool:
    """Whether a radio telegram is one of those Diehl's makers scramble; `payload` is from the CI field on."""
    if manufacturer_letters(address[:2]) not in DIEHL or not payload:
        return False
    return payload[0] in _SCRAMBLED_CI or (
        payload[0] == _SHORT_HEADER
        and len(payload) > 4
        and bool(payload[4] & _SCRAMBLED_MODE)
    )


def standard_order(address: bytes, payload: bytes) -> bytes:
    """Return the address of a radio frame as EN 13757-4 orders it; `payload` is from the CI field on.

    Scrambled telegrams have version and type before the number; Sappel's have a serial number of five bytes and no
    type, and are all of water meters.
    """
    if not is_scrambled(address, payload):
        return address
    if manufacturer_letters(address[:2]) == _SAPPEL and payload[0] in _SAPPEL_CI:
        return address[:6] + b"\x00\x07"
    return address[:2] + address[4:8] + address[2:4]


@lru_cache(maxsize=1024)
def identity(address: bytes) -> MeterIdentity:
    """Return who a radio address of eight bytes names; a number of zeros is none (AMIS meters send it)."""
    number = address[5:1:-1].hex().upper()
    named = number != "00000000"
    maker = manufacturer_letters(address[:2])
    medium = _OWN_MEDIA.get((maker or "", address[7])) or MEDIA.get(address[7])
    return MeterIdentity(
        number=number if named else None,
        manufacturer=maker,
        address=address.hex().upper() if named else None,
        medium=medium or "unknown",
        version=address[6],
    )


def key_names(meter: MeterIdentity) -> tuple[str, ...]:
    """Return all the names a person may have given a key of this meter, the most exact first."""
    number = meter.number or ""
    names = (
        meter.address,
        f"{meter.manufacturer or ''}{number}",
        number,
        number.lstrip("0"),
    )
    return tuple(name for name in dict.fromkeys(names) if name)
