"""Mode 2 of M-Bus (EN 1434-3:1997; The M-Bus: A Documentation, 4.8, 6.1): telegrams of old meters, high byte first.

    76 | ID ID ID ID | M M | V | T | access | status | signature (2) | records

All numbers of more than one byte are high byte first; blocks of DIF and VIF are in the same order as ever.
"""

from ...reading import Fault
from .dif import FILLER, SPECIAL, VARIABLE
from .records import data_end, parse_header

CI, _MODE_1 = 0x76, 0x72
_HEADER = 13


def to_mode_1(payload: bytes) -> bytes:
    """Return a payload of mode 2, from its CI field on, as the same telegram in mode 1; others as they are.

    From a record on that cannot be read it stays as it is, so that the fault is found there.
    """
    if payload[:1] != bytes((CI,)) or len(payload) < _HEADER:
        return payload
    number, maker, signature = payload[1:5], payload[5:7], payload[11:13]
    head = bytes((_MODE_1,)) + number[::-1] + maker[::-1] + payload[7:11]
    return head + signature[::-1] + _records(payload[_HEADER:])


def _records(data: bytes) -> bytes:
    turned, position = bytearray(), 0
    while position < len(data):
        if data[position] == FILLER:
            turned.append(FILLER)
            position += 1
            continue
        header = (
            None if data[position] & 0xF == SPECIAL else parse_header(data, position)
        )
        if header is None or isinstance(header, Fault):
            break
        start = position + len(header.raw)
        end = data_end(data, start, header.dib)
        if isinstance(end, Fault):
            break
        length = 1 if header.dib.field == VARIABLE else 0
        turned += header.raw + data[start : start + length]
        turned += data[start + length : end][::-1]
        position = end
    return bytes(turned + data[position:])
