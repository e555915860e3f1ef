"""What is known of the meters on one port: their latest values, when each was heard, how often it comes."""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from statistics import median
from typing import Any

from .customer_interface.errors import ObisFormatError
from .customer_interface.obis import ObisCode
from .customer_interface.quantity import quantity_of
from .customer_interface.reading import (
    MeterIdentity,
    Reading,
    Record,
    RecordFunction,
    Scalar,
    Value,
)

# A value that did not come for so many of its own intervals has gone, though others of its meter still come.
STALE_INTERVALS = 5
SHORTEST_STALE = 30.0
_GAPS = 5

# Value groups C, D and E of active power now, in W.
POWER_IMPORT, POWER_EXPORT, POWER_NET = (1, 7, 0), (2, 7, 0), (16, 7, 0)
NET_POWER = "net_power"


@dataclass(frozen=True, slots=True)
class Point:
    """One value of a meter, as it last came: from an OBIS code, or from an M-Bus record that has none.

    `key` names the point within its meter and is stable; `at` is its arrival in seconds since the epoch.
    """

    key: str
    value: Value
    at: float
    code: ObisCode | None = None
    record: Record | None = None

    @property
    def has_value(self) -> bool:
        """Whether there is something to show, be it a log."""
        return self.value.value is not None or self.value.log is not None


@dataclass(slots=True)
class MeterData:
    """One meter; `key` is what its device is known by, `name` what the session calls it."""

    key: str
    name: str
    identity: MeterIdentity
    sub_meter: bool = False
    points: dict[str, Point] = field(default_factory=dict)
    clock: datetime | None = None
    signal_dbm: int | None = None
    heard: float | None = None
    reading: Reading | None = None
    gaps: deque[float] = field(default_factory=lambda: deque(maxlen=_GAPS))

    def take(self, reading: Reading, at: float) -> None:
        """Take the values of a reading that arrived at this time."""
        if self.heard is not None and at > self.heard:
            self.gaps.append(at - self.heard)
        self.heard = at
        self.reading = reading._replace(arrived=at)
        self.identity = _merged(self.identity, reading.meter)
        self.clock = reading.time or self.clock
        self.signal_dbm = reading.signal_dbm or self.signal_dbm
        for point in points_of(reading, at):
            self.points[point.key] = point

    def find(self, groups: tuple[int, int, int]) -> Point | None:
        """Return the electricity value of these groups C, D and E; some meters say 1-1: for what others call 1-0:."""
        c, d, e = groups
        return self.points.get(f"1-0:{c}.{d}.{e}") or self.points.get(
            f"1-1:{c}.{d}.{e}"
        )

    @property
    def software(self) -> str | None:
        """The version of its software, as it tells it."""
        return self._told("firmware_version", "software_version")

    @property
    def hardware(self) -> str | None:
        """The version of its hardware, else that of M-Bus headers (EN 13757-7, 7.5.4)."""
        told = self._told("hardware_version", "model_version")
        version = self.identity.version
        return told or (None if version is None else str(version))

    def _told(self, *names: str) -> str | None:
        told = {
            _name_of(point): point.value.value
            for point in self.points.values()
            if point.value.value is not None
        }
        return next((str(told[name]) for name in names if name in told), None)

    @property
    def has_both_powers(self) -> bool:
        """Whether import and export are told apart and their difference is not."""
        return (
            self.find(POWER_IMPORT) is not None
            and self.find(POWER_EXPORT) is not None
            and self.find(POWER_NET) is None
        )

    @property
    def net_power_key(self) -> str | None:
        """The key of the sensor that shows import minus export; None for a meter that tells neither."""
        if self.has_both_powers:
            return NET_POWER
        point = self.find(POWER_NET)
        return point.key if point else None

    @property
    def interval(self) -> float | None:
        """Seconds between readings of this meter, None before the second."""
        return median(self.gaps) if self.gaps else None


def _name_of(point: Point) -> str | None:
    if point.record is not None:
        return point.record.quantity
    quantity = quantity_of(point.code) if point.code else None
    return quantity.name if quantity else None


def is_stale(age: float, interval: float | None) -> bool:
    """Tell whether a value of this age in seconds has gone; one whose interval is not known yet stays."""
    return (
        interval is not None and age > STALE_INTERVALS * interval and not is_young(age)
    )


def is_young(age: float) -> bool:
    """Tell whether a value of this age in seconds is there still, however often it comes."""
    return age <= SHORTEST_STALE


def _merged(old: MeterIdentity, new: MeterIdentity) -> MeterIdentity:
    """Keep what earlier telegrams said: not every telegram says all."""
    return new._replace(
        number=new.number or old.number,
        manufacturer=new.manufacturer or old.manufacturer,
        title=new.title or old.title,
        address=new.address or old.address,
        medium=new.medium or old.medium,
        version=new.version if new.version is not None else old.version,
    )


def points_of(reading: Reading, at: float) -> Iterator[Point]:
    """Yield every value of a reading once: by its code, or as a record where it has none."""
    for code, value in reading.values.items():
        yield Point(str(code), value, at, code)
    for record in reading.records:
        if record.code is None or record.code not in reading.values:
            value = Value(record.value, record.unit)
            yield Point(record_key(record), value, at, record=record)


def record_key(record: Record) -> str:
    """Name a record within its meter by all that tells it from its neighbours."""
    return "_".join(
        (
            record.quantity,
            record.function,
            *map(str, (record.storage, record.tariff, record.subunit)),
            *record.qualifiers,
        )
    )


# --- storing the points of slow meters -------------------------------------------------------------------------------


def to_stored(meter: MeterData) -> dict[str, Any]:
    """Return a meter in JSON's types, for its values to outlive a restart."""
    return {
        "key": meter.key,
        "name": meter.name,
        "sub_meter": meter.sub_meter,
        "identity": {
            name: getattr(meter.identity, name) for name in MeterIdentity._fields
        },
        "heard": meter.heard,
        "interval": meter.interval,
        "points": [
            _point_to_stored(point)
            for point in meter.points.values()
            if point.value.log is None
        ],
    }


def _point_to_stored(point: Point) -> dict[str, Any]:
    form: dict[str, Any] = {
        "at": point.at,
        "unit": point.value.unit,
        **_scalar_to_stored(point.value.value),
    }
    if point.value.time is not None:
        form["time"] = point.value.time.isoformat()
    if point.code is not None:
        form["code"] = str(point.code)
    if (record := point.record) is not None:
        form["record"] = {
            "quantity": record.quantity,
            "function": record.function.value,
            "storage": record.storage,
            "tariff": record.tariff,
            "subunit": record.subunit,
            "qualifiers": list(record.qualifiers),
        }
    return form


def _scalar_to_stored(value: Scalar) -> dict[str, Any]:
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return {"number": str(value)}
    if isinstance(value, datetime):
        return {"moment": value.isoformat()}
    return {"text": value if isinstance(value, bool) or value is None else str(value)}


def from_stored(form: Mapping[str, Any]) -> MeterData:
    """Return the meter that `to_stored` wrote; raises KeyError, TypeError or ValueError for anything else."""
    meter = MeterData(
        str(form["key"]),
        str(form["name"]),
        MeterIdentity(**form["identity"]),
        bool(form["sub_meter"]),
        heard=form["heard"],
    )
    if form["interval"]:
        meter.gaps.append(float(form["interval"]))
    for point in map(_point_from_stored, form["points"]):
        meter.points[point.key] = point
    return meter


def _point_from_stored(form: Mapping[str, Any]) -> Point:
    value = Value(
        _scalar_from_stored(form),
        form["unit"],
        datetime.fromisoformat(form["time"]) if "time" in form else None,
    )
    at = float(form["at"])
    if "code" in form:
        try:
            code = ObisCode.parse(form["code"])
        except ObisFormatError as err:
            raise ValueError(str(err)) from err
        return Point(str(code), value, at, code)
    row = form["record"]
    record = Record(
        row["quantity"],
        value.value,
        value.unit,
        RecordFunction(row["function"]),
        row["storage"],
        row["tariff"],
        row["subunit"],
        tuple(row["qualifiers"]),
    )
    return Point(record_key(record), value, at, record=record)


def _scalar_from_stored(form: Mapping[str, Any]) -> Scalar:
    if "number" in form:
        number = Decimal(form["number"])
        return int(number) if number == number.to_integral_value() else number
    if "moment" in form:
        return datetime.fromisoformat(form["moment"])
    text: str | bool | None = form["text"]
    return text
