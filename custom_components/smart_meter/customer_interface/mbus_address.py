"""M-Bus addresses: manufacturer letters, media and the identity they give (EN 13757-3, 5.5 to 5.8; EN 13757-4, 12.5).

wireless and AES initialisation   M  M  ID ID ID ID V  T     manufacturer, number (8 BCD digits), version, type
long header, secondary address    ID ID ID ID M  M  V  T     all fields low byte first
"""

from functools import lru_cache

from .reading import MeterIdentity

# EN 13757-3:2018, table 13, in the words MeterIdentity.medium uses.
MEDIA: dict[int, str] = {
    0x00: "other",
    0x01: "oil",
    0x02: "electricity",
    0x03: "gas",
    0x04: "heat",
    0x05: "steam",
    0x06: "warm_water",
    0x07: "water",
    0x08: "heat_cost_allocator",
    0x09: "compressed_air",
    0x0A: "cooling",
    0x0B: "cooling",
    0x0C: "heat",
    0x0D: "heat_cooling",
    0x0E: "bus",
    0x0F: "unknown",
    0x14: "calorific_value",
    0x15: "hot_water",
    0x16: "cold_water",
    0x17: "dual_water",
    0x18: "pressure",
    0x19: "ad_converter",
    0x1A: "smoke_detector",
    0x1B: "room_sensor",
    0x1C: "gas_detector",
    0x20: "breaker",
    0x21: "valve",
    0x25: "customer_unit",
    0x28: "waste_water",
    0x29: "waste",
    0x2A: "carbon_dioxide",
    0x31: "communication_controller",
    0x32: "repeater",
    0x33: "repeater",
    0x36: "radio_converter",
    0x37: "radio_converter",
}

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
