"""Data-notification (IEC 62056-5-3, clause 9.4.7): what a meter pushes.

0F  long-invoke-id-and-priority(4)  date-time  Data

date-time   00 | 0C date-time(12) | 09 0C date-time(12) | 19 date-time(12)
"""

from dataclasses import dataclass
from datetime import datetime

from ...reading import Fault, FaultKind
from .axdr import AxdrError, Data, Reader, Tag
from .clock import read_datetime

DATA_NOTIFICATION = 0x0F
_LISTS = frozenset({Tag.ARRAY, Tag.STRUCTURE})


@dataclass(frozen=True, slots=True)
class Notification:
    """A data-notification: `time` is None where it has none."""

    invoke_id: int
    time: datetime | None
    body: Data


def read_notification(apdu: bytes) -> Notification | Fault:
    """Read a data-notification; a fault where it is none, or ends too early, or has types that do not exist."""
    if apdu[:1] != bytes((DATA_NOTIFICATION,)):
        what = f"an APDU {apdu[0]:02X}" if apdu else "an empty APDU"
        return Fault(
            FaultKind.UNSUPPORTED,
            f"{what} instead of a data-notification, the only one customer interfaces are known to push",
        )
    reader = Reader(apdu, 1)
    try:
        invoke_id = int.from_bytes(reader.take(4), "big")
        time = _time(reader)
        return Notification(invoke_id, time, _body(reader))
    except AxdrError as err:
        return Fault(
            FaultKind.TRUNCATED if err.missing else FaultKind.LAYOUT,
            f"data-notification: {err}",
        )


def _time(reader: Reader) -> datetime | None:
    form = reader.take(1)[0]
    if form == Tag.OCTETS:
        form = reader.take(1)[0]
        if form == 0:
            return None
    if form == 0:
        return None
    if form not in (0x0C, Tag.DATETIME):
        raise AxdrError(f"date-time of unknown form {form:02X}")
    return read_datetime(reader.take(12))


def _body(reader: Reader) -> Data:
    """Read the body to its end: some meters announce fewer elements than they send (Kaifa MA309, Burgenland: 7 of 8)."""
    body = reader.read()
    if not reader.left or body.tag not in _LISTS:
        return body
    more = []
    try:
        while reader.left:
            more.append(reader.read(1))
    except AxdrError:
        # What follows is no element of the list, so it is padding.
        return body
    return Data(body.tag, items=(*body.items, *more))
