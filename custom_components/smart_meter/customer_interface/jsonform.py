"""Readings and faults as JSON: OBIS codes as keys, plain units, exact decimals without exponent, ISO-8601 times."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
import json
from typing import Any

from .reading import Fault, LogEntry, Reading, Record, Scalar, Value
from .units import exact_text


def to_text(thing: Any) -> str:
    """Write JSON on one line with every digit a Decimal has; takes what `reading_object` and the like return."""
    if isinstance(thing, Decimal):
        return exact_text(thing)
    if isinstance(thing, Mapping):
        return (
            "{"
            + ", ".join(
                f"{json.dumps(key)}: {to_text(value)}" for key, value in thing.items()
            )
            + "}"
        )
    if isinstance(thing, Sequence) and not isinstance(thing, str):
        return "[" + ", ".join(map(to_text, thing)) + "]"
    return json.dumps(thing, ensure_ascii=False)


def scalar(value: Scalar) -> Any:
    """Return a scalar as JSON has it: times as ISO-8601 text, numbers as they are."""
    return value.isoformat() if isinstance(value, datetime | date | time) else value


def value_object(value: Value) -> Any:
    """Return `{value, unit}`, with `time` where the value has its own; a log is the list of its entries."""
    if value.log is not None:
        return [_log_object(entry) for entry in value.log]
    form: dict[str, Any] = {"value": scalar(value.value), "unit": value.unit}
    if value.time is not None:
        form["time"] = value.time.isoformat()
    return form


def _log_object(entry: LogEntry) -> dict[str, Any]:
    return {
        "time": entry.time.isoformat() if entry.time else None,
        "value": scalar(entry.value),
        "unit": entry.unit,
    }


def record_object(record: Record) -> dict[str, Any]:
    """Return one M-Bus record."""
    form: dict[str, Any] = {
        "function": record.function.value,
        "storage": record.storage,
        "tariff": record.tariff,
        "subunit": record.subunit,
        "quantity": record.quantity,
        "value": scalar(record.value),
        "unit": record.unit,
    }
    if record.qualifiers:
        form["qualifiers"] = list(record.qualifiers)
    return form


def reading_object(reading: Reading) -> dict[str, Any]:
    """Return one reading as the command line prints it."""
    meter = reading.meter
    form: dict[str, Any] = {
        "meter": {
            "id": meter.key,
            "manufacturer": meter.manufacturer,
            "title": meter.title,
        },
        "time": reading.time.isoformat() if reading.time else None,
        "authenticated": reading.authenticated,
        "counter": reading.counter,
        "values": {
            str(code): value_object(value) for code, value in reading.values.items()
        },
    }
    if meter.medium is not None:
        form["meter"]["medium"] = meter.medium
    if reading.records:
        form["records"] = [record_object(record) for record in reading.records]
    return form


def fault_object(fault: Fault) -> dict[str, Any]:
    """Return one fault as the command line prints it."""
    return {"fault": fault.kind.value, "detail": fault.detail}
