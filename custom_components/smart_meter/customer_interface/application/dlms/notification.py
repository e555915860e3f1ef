"""Data-notification (IEC 62056-5-3, clause 9.4.7): what a meter pushes.

0F  long-invoke-id-and-priority(4)  date-time  Data

date-time   00 | 0C date-time(12) | 09 0C date-time(12) | 19 date-time(12)
"""

from datetime import datetime

from ...named import NamedTuple
from ...reading import Fault, FaultKind
from .axdr import AxdrError, Data, Reader, Tag
from .clock import read_datetime

DATA_NOTIFICATION = 0x0F
# The other APDUs without a cipher (IEC 62056-5-3, clauses 9.4 and 9.5), which who listens may overhear.
_CONVERSATION = {
    0x01: "initiate-request",
    0x05: "read-request",
    0x06: "write-request",
    0x08: "initiate-response",
    0x0C: "read-response",
    0x0D: "write-response",
    0x0E: "confirmed-service-error",
    0x10: "data-notification-confirm",
    0x16: "unconfirmed-write-request",
    0x60: "association request (AARQ)",
    0x61: "association response (AARE)",
    0x62: "release request (RLRQ)",
    0x63: "release response (RLRE)",
    0xC0: "get-request",
    0xC1: "set-request",
    0xC3: "action-request",
    0xC4: "get-response",
    0xC5: "set-response",
    0xC7: "action-response",
    0xD8: "exception-response",
    0xD9: "access-request",
    0xDA: "access-response",
}
_EVENTS = {0x18: "information-report-request", 0xC2: "event-notification-request"}
_LISTS = frozenset({Tag.ARRAY, Tag.STRUCTURE})


class Notification(NamedTuple):
    """A data-notification: `time` is None where it has none."""

    invoke_id: int
    time: datetime | None
    body: Data


def read_notification(
    apdu: bytes, tracer: Reader | None = None
) -> Notification | Fault:
    """Read a data-notification; a fault where it is none, or ends too early, or has types that do not exist.

    A `tracer` over the same bytes, behind the tag, is read with instead, where somebody wants to know what stood where.
    """
    if apdu[:1] != bytes((DATA_NOTIFICATION,)):
        return Fault(FaultKind.UNSUPPORTED, _why_not(apdu))
    reader = tracer or Reader(apdu, 1)
    try:
        invoke_id = int.from_bytes(reader.take(4), "big")
        time = _time(reader)
        return Notification(invoke_id, time, _body(reader))
    except AxdrError as err:
        return Fault(
            FaultKind.TRUNCATED if err.missing else FaultKind.LAYOUT,
            f"data-notification: {err}",
        )


def _why_not(apdu: bytes) -> str:
    """Say what an APDU is that is no data-notification, and why it is not read."""
    if not apdu:
        return "an empty APDU"
    tag = apdu[0]
    if tag in _CONVERSATION:
        return (
            f"{_CONVERSATION[tag]} ({tag:02X}): a part of somebody's conversation with the meter, of which only the "
            "other part says what it is about"
        )
    if tag in _EVENTS:
        return f"{_EVENTS[tag]} ({tag:02X}): an event, whose value has no scale and no unit"
    return f"an APDU {tag:02X} instead of a data-notification, the only one customer interfaces are known to push"


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
    while more and more[-1].tag is Tag.NULL:  # zeros fill up as well
        more.pop()
    return Data(body.tag, items=(*body.items, *more))
