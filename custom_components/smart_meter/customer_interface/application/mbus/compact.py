"""Compact and format frames (EN 13757-3:2018, annexes on compact M-Bus frames).

    compact frame   signature (2) | CRC of the full frame's records (2) | data without DIF and VIF
    format frame    length (1) | signature (2) | DIF and VIF of each record

The signature is CRC-16/EN-13757 over all DIF and VIF bytes of the full frame; all CRCs low byte first. A compact frame
can be read once a full or format frame with its signature was seen.
"""

from collections import OrderedDict

from ...checksum import crc16_en13757
from ...reading import Fault, FaultKind
from .dif import FILLER, SPECIAL
from .records import data_end, parse_header

MAX_FORMATS = 256

# Formats of Kamstrup Multical 21 and flowIQ, which seldom send their full frame; each has the signature by its CRC.
WELL_KNOWN = tuple(
    bytes.fromhex(text)
    for text in (
        "02FF2004134413",
        "02FF2004134413615B5167",
        "02FF2004134413615B6167",
        "02FF2004134413A1015B8101E7FF0F",
        "02FF20041392013BA1015B8101E7FF0F",
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
        signature = crc16_en13757(headers)
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


def expand(data: bytes, formats: Formats) -> bytes | Fault:
    """Turn what follows the header of a compact frame into the records of the full frame, its CRC verified."""
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
    return bytes(full + data[taken:])


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
