"""Compact and format frames (EN 13757-3:2018, annexes on compact M-Bus frames).

    compact frame   signature (2) | CRC of the full frame's records (2) | data without DIF and VIF
    format frame    length (1) | signature (2) | DIF and VIF of each record

The signature is CRC-16/EN-13757 over all DIF and VIF bytes of the full frame; all CRCs low byte first. A compact frame
can be read once a full or format frame with its signature was seen.
"""

from collections import OrderedDict
from collections.abc import Iterator
from functools import lru_cache
from itertools import product

from ...checksum import crc16_en13757
from ...reading import Fault, FaultKind
from .dif import FILLER, SPECIAL
from .records import data_end, parse_header

MAX_FORMATS = 256
_FILLERS = bytes((FILLER, FILLER))


def _in_units(headers: str) -> Iterator[str]:
    """Yield a format of energy and volume in the units meters of a kind are set to: 1 or 10 kWh or MJ, 1 to 100 litres."""
    for energy, volume in product(("06", "07", "0E", "0F"), ("13", "14", "15")):
        yield headers.format(energy, volume)


# Formats of meters that seldom send a full frame, each with its meters; the signature is the CRC of these bytes, and
# the CRC over the full frame proves each use, so a format that is not meant is never taken.
WELL_KNOWN = tuple(
    bytes.fromhex(text)
    for text in (
        # Kamstrup Multical 21 and flowIQ: water
        "02FF20 0413 4413",
        "02FF20 0413 523B",
        "02FF20 0413 4413 615B 5167",
        "02FF20 0413 4413 615B 6167",
        "02FF20 0413 4413 A1015B 8101E7FF0F",
        "02FF20 0413 92013B A1015B 8101E7FF0F",
        "02FF20 0413 4413 426C 523B 615B 6167 5167 8101E7FF0F 06FF1B",
        "04FF23 0413 4413 426C 023B 92013B A2013B 06FF1B A1015B 91015B A10167",
        "04FF23 4413 523B 06FF1B 426C 6167 5167 023B 0413 8101E7FF0F",
        # Kamstrup Multical 302, 303, 403, 603, 602: heat and cold
        *_in_units("03{0} 43{0} 03{1} 426C 022D 01FF21"),
        *_in_units(
            "04{0} 04{1} 04FF07 04FF08 0259 025D 023B 02FF22 026C 44{0} 44{1} 426C"
        ),
        *_in_units(
            "04{0} 04FF07 04FF08 04{1} 043B 0259 025D 04FF22 026C 44{0} 44{1} 426C"
        ),
        *_in_units(
            "04{0} 04FF07 04FF08 04{1} 844014 84804014 043B 0259 025D 142D 8410{0} 8420{0}"
            " 04FF22 026C 44{0} 44{1} C44014 C4804014 426C"
        ),
        "02F9FF15 0406 04EEFF07 04EEFF08 0414 844014 84804014 02FD17 026C 426C 4406 4414"
        " C44014 C4804014 043B 0259 025D",
        # Kamstrup Omnipower and its relatives: electricity
        "0404 04843C 042B 04AB3C",
        "0405 04FB8275 04853C 04FB82F53C 01FD17",
        # Kamstrup PressureSensor
        "2269 1269 0269 05FF09 05FF0A 02FD17",
        # Engelmann FAW: water
        "426C 4413 01FD17 840113 C40113 840213 C40213 840313 C40313 840413 C40413 840513 C40513"
        " 840613 C40613 840713 C40713 840813 046D 0413",
    )
)


class Formats:
    """DIF and VIF bytes by their signature: bounded, the longest unused forgotten first."""

    def __init__(self) -> None:
        """Start with the formats everybody knows."""
        self._formats: OrderedDict[int, bytes] = OrderedDict()
        for headers in WELL_KNOWN:
            self.learn(headers)

    def learn(self, headers: bytes) -> None:
        """Remember the DIF and VIF bytes of a full frame."""
        if not headers:
            return
        signature = _signature(headers)
        self._formats[signature] = headers
        self._formats.move_to_end(signature)
        if len(self._formats) > MAX_FORMATS:
            self._formats.popitem(last=False)

    def find(self, signature: int) -> bytes | None:
        """Return the DIF and VIF bytes with this signature."""
        headers = self._formats.get(signature)
        if headers is not None:
            self._formats.move_to_end(signature)
        return headers


@lru_cache(maxsize=MAX_FORMATS)
def _signature(headers: bytes) -> int:
    """A meter's full frames have the same headers each time."""
    return crc16_en13757(headers)


def expand(data: bytes, formats: Formats) -> bytes | Fault:
    """Turn what follows the header of a compact frame into the records of the full frame, its CRC verified.

    Fillers around it, which encryption adds, belong to neither.
    """
    data = data.removeprefix(_FILLERS)
    if len(data) < 4:
        return Fault(FaultKind.TRUNCATED, "a compact frame without its signature")
    headers = formats.find(int.from_bytes(data[:2], "little"))
    if headers is None:
        return Fault(
            FaultKind.LAYOUT,
            "a compact frame of a format not seen yet; the meter's next full frame tells it",
        )
    full = _interleave(headers, data[4:])
    if isinstance(full, bytes) and crc16_en13757(full) != int.from_bytes(
        data[2:4], "little"
    ):
        return Fault(
            FaultKind.CHECKSUM,
            "a compact frame whose CRC over the full frame does not fit",
        )
    return full


def _interleave(headers: bytes, data: bytes) -> bytes | Fault:
    full, position, taken = bytearray(), 0, 0
    while position < len(headers):
        if headers[position] == FILLER:
            full.append(FILLER)
            position += 1
            continue
        if headers[position] & 0xF == SPECIAL:
            return bytes(full + headers[position : position + 1] + data[taken:])
        header = parse_header(headers, position)
        if isinstance(header, Fault):
            return header
        end = data_end(data, taken, header.dib)
        if isinstance(end, Fault):
            return end
        full += header.raw + data[taken:end]
        position, taken = position + len(header.raw), end
    return bytes(full + data[taken:].lstrip(_FILLERS))


def learn_format(data: bytes, formats: Formats) -> Fault | None:
    """Take a format frame; a fault where its length or signature does not fit."""
    headers = data[3:]
    if len(data) < 4 or data[0] not in (
        len(headers),
        len(headers) + 2,
        len(headers) + 3,
    ):
        return Fault(FaultKind.TRUNCATED, "a format frame whose length does not fit")
    if crc16_en13757(headers) != int.from_bytes(data[1:3], "little"):
        return Fault(FaultKind.CHECKSUM, "a format frame whose signature does not fit")
    formats.learn(headers)
    return None
