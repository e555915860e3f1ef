"""The application layer of M-Bus, EN 13757-3: what follows the transport header, to readings.

CI 72 7A 78 5A 5B    data records                     69 6A 6B    the format of compact frames
CI 73 79 7B          a compact frame                  70 6E 6F    an error the meter reports
CI 73 and 16 bytes   fixed data structure             71 74 75    an alarm
CI 76                data records, high byte first
"""

from collections.abc import Iterable
from enum import Enum

from ...reading import Fault, FaultKind, MeterIdentity, Reading, Record
from . import makers
from .codes import assign, is_dutch_p2
from .compact import Formats, expand, learn_format
from .fixed import LENGTH as FIXED_LENGTH, read_fixed
from .mode_2 import to_mode_1
from .profiles import unpacked
from .records import MORE_QUANTITY, parse_records

__all__ = [
    "FIXED_LENGTH",
    "MORE_QUANTITY",
    "OWN_LAYOUT",
    "UNSIGNED_MAKERS",
    "Content",
    "Formats",
    "is_dutch_p2",
    "makers",
    "read",
    "read_fixed",
    "to_mode_1",
]


OWN_LAYOUT = Fault(
    FaultKind.UNSUPPORTED,
    "a telegram in a layout of its manufacturer, of which too little is public",
)


class Content(Enum):
    """What a CI field announces (EN 13757-7:2018, table 3)."""

    RECORDS = "records"
    COMPACT = "compact"
    FORMAT = "format"
    ERROR = "error"
    ALARM = "alarm"


# EN 13757-3:2018, table 20: application errors.
ERRORS: dict[int, str] = {
    0x00: "unspecified error",
    0x01: "unknown CI field",
    0x02: "buffer too long, truncated",
    0x03: "too many records",
    0x04: "premature end of record",
    0x05: "more than ten DIFEs",
    0x06: "more than ten VIFEs",
    0x08: "application busy",
    0x09: "too many readouts",
    0x10: "access denied",
    0x11: "application unknown or locked",
    0x12: "wrong parameter",
    0x13: "unknown parameter address",
    0x14: "decryption failed",
    0x15: "command not supported",
}

# AMIS meters send their counters unsigned (Netz OÖ, Technische Spezifikation, 2021).
UNSIGNED_MAKERS = frozenset({"SAM"})


def read(
    data: bytes, content: Content, meter: MeterIdentity, formats: Formats
) -> tuple[Reading | Fault, ...]:
    """Read decrypted application data without their header; `formats` is asked and extended for compact frames."""
    match content:
        case Content.RECORDS:
            return _read_records(data, meter, formats)
        case Content.COMPACT:
            full = expand(data, formats)
            return (
                (full._replace(meter=meter),)
                if isinstance(full, Fault)
                else _read_records(full, meter, formats)
            )
        case Content.FORMAT:
            fault = learn_format(data, formats)
            return (fault._replace(meter=meter),) if fault else ()
        case Content.ERROR:
            return (
                Fault(
                    FaultKind.UNSUPPORTED,
                    f"the meter reports an error: {_error(data)}",
                    meter,
                ),
            )
        case Content.ALARM:
            return _read_alarm(data, meter)


def _read_records(
    data: bytes, meter: MeterIdentity, formats: Formats
) -> tuple[Reading | Fault, ...]:
    own = makers.from_data(meter, data)
    if own is None:
        return (OWN_LAYOUT._replace(meter=meter),)
    parsed = parse_records(own, unsigned=meter.manufacturer in UNSIGNED_MAKERS)
    if parsed.fault is None:
        formats.learn(parsed.headers)
    records = makers.corrected(meter, parsed.records)
    found = (*records, *_packed(records, meter))
    mapped = assign((*found, *unpacked(found)), meter)
    reading = Reading(
        meter=meter, time=mapped.time, values=mapped.values, records=mapped.records
    )
    fault = () if parsed.fault is None else (parsed.fault._replace(meter=meter),)
    return (reading, *fault) if parsed.records or parsed.fault is None else fault


def _packed(records: tuple[Record, ...], meter: MeterIdentity) -> Iterable[Record]:
    """Return what a maker packed into records of his own or left to follow from them; it is not in the telegram as such."""
    for record in records:
        if packed := makers.within(meter, record):
            for found in parse_records(packed).records:
                yield found._replace(raw="")
    yield from makers.following(meter, records)


def _error(data: bytes) -> str:
    if not data:
        return ERRORS[0]
    return ERRORS.get(data[0], f"code {data[0]:02X}")


def _read_alarm(data: bytes, meter: MeterIdentity) -> tuple[Reading | Fault, ...]:
    if not data:
        return (Fault(FaultKind.TRUNCATED, "an alarm without its status", meter),)
    alarm = Record("alarm", int.from_bytes(data[:1]), raw=data.hex())
    return (Reading(meter=meter, records=(alarm,)),)
