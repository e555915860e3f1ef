"""The table from quantities to entity descriptions: complete, translated, and such that Home Assistant accepts it."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
import json
from pathlib import Path
from typing import Any

from homeassistant.components.sensor.const import (
    DEVICE_CLASS_STATE_CLASSES,
    DEVICE_CLASS_UNITS,
    SensorDeviceClass,
    SensorStateClass,
)
import pytest

from custom_components.smart_meter import descriptions
from custom_components.smart_meter.customer_interface.obis import ObisCode
from custom_components.smart_meter.customer_interface.quantity import quantity_of
from custom_components.smart_meter.customer_interface.reading import (
    LogEntry,
    MeterIdentity,
    Reading,
    Record,
    RecordFunction,
    Value,
)
from custom_components.smart_meter.descriptions import describe, shown_value
from custom_components.smart_meter.meter import (
    MeterData,
    Point,
    from_stored,
    points_of,
    to_stored,
)
from tests.conftest import INTEGRATION

# The codes of the nine data models and of section D of the adapter concept, in its own spellings.
CONCEPT = [
    "0-0:96.1.1",
    "1-0:0.9.1",
    "1-0:0.9.2",
    "1-0:1.8.0",
    "1-0:2.8.0",
    "1-0:3.8.0",
    "1-0:4.8.0",
    "1-0:1.7.0",
    "1-0:2.7.0",
    "0-0:96.13.0",
    "0-0:96.13.1",
    "0-0:1.0.0",
    "0-0:96.1.0",
    "0-0:42.0.0",
    "1-0:32.7.0",
    "1-0:52.7.0",
    "1-0:72.7.0",
    "1-0:31.7.0",
    "1-0:51.7.0",
    "1-0:71.7.0",
    "1-0:3.7.0",
    "1-0:4.7.0",
    "1-1:1.8.0",
    "1-1:2.8.0",
    "1-1:3.8.1",
    "1-1:4.8.1",
    "1-1:1.7.0",
    "1-1:2.7.0",
    "1-1:3.7.0",
    "1-1:4.7.0",
    "1-1:1.128.0",
    "1-0:81.7.40",
    "1-0:81.7.51",
    "1-0:81.7.62",
    "1-0:13.7.0",
    "1-0:33.7.0",
    "1-0:53.7.0",
    "1-0:73.7.0",
    "1-0:1.6.0",
    "1-0:15.35.0",
    "1-0:15.8.0",
    "1-0:15.8.1",
    "1-0:15.8.2",
    "1-0:15.8.3",
    "1-0:15.8.4",
    "1-3:0.2.8",
] + [f"1-0:{c}.8.{e}" for c in (1, 2, 3, 4) for e in (1, 2, 3, 4)]


def point(code: str, value: Any = 1, unit: str | None = None) -> Point:
    """Return a value as it came."""
    return Point(code, Value(value, unit), 0.0, ObisCode.parse(code))


def names(language: str) -> dict[str, Any]:
    """Return the texts of the sensors in a language."""
    path = Path(INTEGRATION / "translations" / f"{language}.json")
    texts: dict[str, Any] = json.loads(path.read_text("utf-8"))["entity"]["sensor"]
    return texts


@pytest.mark.parametrize("code", CONCEPT)
def test_the_concept_is_named(code: str) -> None:
    """Every code of the concept has a quantity and a name in both languages, or is the clock."""
    quantity = quantity_of(ObisCode.parse(code))
    assert quantity is not None
    if descriptions.is_clock(point(code)):
        return
    description = describe(point(code, unit=quantity.unit), None)
    assert description.translation_key not in (None, "unknown", "record")
    assert description.translation_key in names("en").keys() & names("de").keys()


@pytest.mark.parametrize("unit", [*descriptions._SHAPES, None])
@pytest.mark.parametrize("medium", [None, "electricity", "gas", "water", "heat"])
def test_home_assistant_accepts_it(unit: str | None, medium: str | None) -> None:
    """Device class, unit and state class belong together in Home Assistant's own tables."""
    code = (
        ObisCode(1, 0, 1, 8, 0) if unit in ("Wh", "varh") else ObisCode(0, 1, 24, 2, 1)
    )
    for which in (code, ObisCode(1, 0, 217, 7, 0)):
        description = describe(Point("x", Value(1, unit), 0.0, which), medium)
        device_class, state_class = description.device_class, description.state_class
        if device_class is None:
            continue
        assert (
            description.native_unit_of_measurement in DEVICE_CLASS_UNITS[device_class]
        )
        assert (
            state_class is None
            or state_class in DEVICE_CLASS_STATE_CLASSES[device_class]
        )


def test_names_of_phases_and_tariffs() -> None:
    """Phase and tariff are filled into the name."""
    assert describe(point("1-0:52.7.0", unit="V"), None).placeholders == (
        ("phase", "L2"),
    )
    assert describe(point("1-0:1.8.2", unit="Wh"), None).placeholders == (
        ("tariff", "2"),
    )


@pytest.mark.parametrize(
    ("code", "unit", "shown"),
    [
        ("1-0:1.8.0", "Wh", True),
        ("1-0:1.8.2", "Wh", True),
        ("1-0:3.8.0", "varh", True),
        ("1-0:3.8.1", "varh", False),
        ("1-0:1.6.0", "W", True),
        ("1-0:1.6.4", "W", False),
        ("0-0:17.0.0", "W", False),
    ],
)
def test_what_a_household_sees(code: str, unit: str, shown: bool) -> None:
    """Counters are enabled by tariff; what is of use to few, and limits that limit nothing, is there to be enabled."""
    description = describe(point(code, unit=unit), None)
    assert description.entity_registry_enabled_default is shown
    assert description.translation_key != "unknown"


@pytest.mark.parametrize(
    ("medium", "expected"),
    [
        ("gas", SensorDeviceClass.GAS),
        ("water", SensorDeviceClass.WATER),
        ("warm_water", SensorDeviceClass.WATER),
        ("heat", SensorDeviceClass.VOLUME),
        (None, SensorDeviceClass.VOLUME),
    ],
)
def test_volumes(medium: str | None, expected: SensorDeviceClass) -> None:
    """What flows decides the class of a volume, from an OBIS code and from a record alike."""
    assert describe(point("0-1:24.2.1", unit="m³"), medium).device_class is expected
    record = Record("volume", Decimal("1.5"), "m³")
    (found,) = points_of(Reading(records=(record,)), 0.0)
    description = describe(found, medium)
    assert description.device_class is expected
    assert description.state_class is SensorStateClass.TOTAL_INCREASING
    assert description.entity_registry_enabled_default


def test_records() -> None:
    """A record without a code is named by its quantity, what is not the plain value by all that tells it apart."""
    plain = Record("flow_temperature", 55, "°C")
    other = Record("volume", 3, "m³", RecordFunction.MAXIMUM, 2, 1, 1, ("backward",))
    strange = Record("leakage", 1)
    coded = Record("energy", 7, "Wh", code=ObisCode(1, 0, 1, 8, 0))
    monthly = Record("energy", 5, "Wh/mo", storage=17)
    reading = Reading(
        records=(plain, other, strange, monthly, coded),
        values={coded.code: Value(7, "Wh")},  # type: ignore[dict-item]
    )
    found = {p.key: describe(p, None) for p in points_of(reading, 0.0)}
    assert list(found) == [
        "1-0:1.8.0",
        "flow_temperature_instantaneous_0_0_0",
        "volume_maximum_2_1_1_backward",
        "leakage_instantaneous_0_0_0",
        "energy_instantaneous_17_0_0",
    ]
    _, temperature, volume, leakage, month = found.values()
    assert temperature.translation_key == "flow_temperature"
    assert volume.translation_key == "record"
    assert volume.placeholders == (("record", "volume backward max S2 T1 U1"),)
    assert not volume.entity_registry_enabled_default
    assert leakage.translation_key == "record"
    assert not month.counter
    assert month.state_class is None


def test_shown_values() -> None:
    """Numbers stay exact, states become words, texts are cut, what is no number never becomes one."""
    moment = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
    disconnector = describe(point("0-0:96.3.10"), None)
    for value, shown in (
        (0, "disconnected"),
        (True, "connected"),
        ("2", "ready"),
        (9, None),
        ("x", None),
    ):
        assert shown_value(point("0-0:96.3.10", value), disconnector, 1) == shown
    power = describe(point("1-0:1.7.0", 5, "W"), None)
    assert shown_value(point("1-0:1.7.0", Decimal("1.50"), "W"), power, 30) == Decimal(
        "45.00"
    )
    assert shown_value(point("1-0:1.7.0", "?", "W"), power, 1) is None
    text = describe(point("0-0:96.13.0", "hello"), None)
    assert shown_value(point("0-0:96.13.0", "x" * 300), text, 1) == "x" * 255
    assert shown_value(point("0-0:96.13.0", ""), text, 1) is None
    assert shown_value(point("0-0:96.13.0", time(1, 2)), text, 1) == "01:02:00"
    unknown = point("0-0:200.0.0", moment)
    assert describe(unknown, None).device_class is SensorDeviceClass.TIMESTAMP
    assert shown_value(unknown, describe(unknown, None), 1) == moment
    naive = shown_value(point("0-0:200.0.0", moment.replace(tzinfo=None)), text, 1)
    assert isinstance(naive, datetime)
    assert naive.tzinfo is not None
    day = point("0-0:200.0.0", date(2026, 1, 2))
    assert describe(day, None).device_class is SensorDeviceClass.DATE
    log = Point(
        "1-0:99.97.0",
        Value(None, log=(LogEntry(moment, 60, "s"),)),
        0.0,
        ObisCode(1, 0, 99, 97, 0),
    )
    assert shown_value(log, describe(log, None), 1) == 1


def test_points_outlive_a_restart() -> None:
    """What is stored of a slow meter comes back as it was."""
    meter = MeterData("key", "name", MeterIdentity("1", "KAM", None, "AB", "heat", 2))
    values = {
        ObisCode(1, 0, 1, 8, 0): Value(Decimal("12.50"), "Wh"),
        ObisCode(0, 1, 24, 2, 1): Value(3, "m³", datetime(2026, 1, 1, tzinfo=UTC)),
        ObisCode(0, 0, 96, 13, 0): Value("hello"),
        ObisCode(0, 0, 96, 3, 10): Value(True),
        ObisCode(0, 0, 200, 0, 0): Value(datetime(2026, 1, 1, tzinfo=UTC)),
    }
    record = Record("volume", 4, "m³", RecordFunction.MINIMUM, 1, 2, 3, ("backward",))
    for at in (10.0, 3_610.0):
        meter.take(Reading(meter.identity, values=values, records=(record,)), at)
    back = from_stored(json.loads(json.dumps(to_stored(meter))))
    assert back.identity == meter.identity
    assert back.points == meter.points
    assert back.heard == 3_610.0
    assert back.interval == 3_600.0
    damaged = to_stored(meter)
    damaged["points"][0]["code"] = "nonsense"
    with pytest.raises(ValueError, match="OBIS"):
        from_stored(damaged)
