"""How each quantity is shown: one table from the words of the library to Home Assistant's entity descriptions."""

from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import MAX_LENGTH_STATE_STATE, EntityCategory
from homeassistant.util.dt import get_default_time_zone

from .customer_interface.quantity import Kind, Quantity, quantity_of
from .customer_interface.reading import RecordFunction, Value
from .meter import Point


@dataclass(frozen=True, kw_only=True)
class MeterSensorDescription(SensorEntityDescription):
    """A sensor for a value of a meter.

    `placeholders` fills the name, `scaled` says that a current transformer's ratio applies, `counter` that the value
    is a counter, which may be shown less often.
    """

    placeholders: tuple[tuple[str, str], ...] = ()
    scaled: bool = False
    counter: bool = False


@dataclass(frozen=True, slots=True)
class _Shape:
    """What a unit means to Home Assistant: the class, the unit people read, the digits, the kind of statistics."""

    device_class: SensorDeviceClass | None
    shown_in: str | None = None
    precision: int | None = None
    state_class: SensorStateClass | None = SensorStateClass.MEASUREMENT
    scaled: bool = False


_COUNTED = None  # units of counters: what is not a counter has no statistics of its own

_SHAPES: dict[str | None, _Shape] = {
    "Wh": _Shape(SensorDeviceClass.ENERGY, "kWh", 3, _COUNTED, True),
    "J": _Shape(SensorDeviceClass.ENERGY, "GJ", 3, _COUNTED),
    "varh": _Shape(SensorDeviceClass.REACTIVE_ENERGY, "kvarh", 3, _COUNTED, True),
    "VAh": _Shape(None, None, 0, _COUNTED, True),
    "W": _Shape(SensorDeviceClass.POWER, None, 0, scaled=True),
    "var": _Shape(SensorDeviceClass.REACTIVE_POWER, None, 0, scaled=True),
    "VA": _Shape(SensorDeviceClass.APPARENT_POWER, None, 0, scaled=True),
    "V": _Shape(SensorDeviceClass.VOLTAGE, None, 1),
    "A": _Shape(SensorDeviceClass.CURRENT, None, 2, scaled=True),
    "Hz": _Shape(SensorDeviceClass.FREQUENCY, None, 2),
    "°": _Shape(None, None, 1, SensorStateClass.MEASUREMENT_ANGLE),
    "m³": _Shape(SensorDeviceClass.VOLUME, None, 3, _COUNTED),
    "m³/h": _Shape(SensorDeviceClass.VOLUME_FLOW_RATE, None, 3),
    "kg": _Shape(SensorDeviceClass.WEIGHT, None, 1, _COUNTED),
    "kg/h": _Shape(None, None, 1),
    "°C": _Shape(SensorDeviceClass.TEMPERATURE, None, 1),
    "K": _Shape(SensorDeviceClass.TEMPERATURE_DELTA, None, 2),
    "bar": _Shape(SensorDeviceClass.PRESSURE, None, 2),
    "s": _Shape(SensorDeviceClass.DURATION, None, 0, _COUNTED),
    "%": _Shape(None, None, 0),
    "dBm": _Shape(SensorDeviceClass.SIGNAL_STRENGTH, None, 0),
}
_NO_SHAPE = _Shape(None, state_class=None)

# What flows through a meter decides the class of its volume.
_VOLUMES: dict[str, SensorDeviceClass] = {
    "gas": SensorDeviceClass.GAS,
    "water": SensorDeviceClass.WATER,
    "warm_water": SensorDeviceClass.WATER,
    "hot_water": SensorDeviceClass.WATER,
    "cold_water": SensorDeviceClass.WATER,
}

_STATES: dict[str, tuple[str, ...]] = {
    # IEC 62056-61 and DSMR P1 companion standard, 0-n:96.3.10 and 0-n:24.4.0: the numbers are positions
    "disconnector_state": ("disconnected", "connected", "ready"),
    "valve_state": ("disconnected", "connected", "ready"),
}


def _expand(
    names: str, *, tariff: bool = False, phase: bool = False
) -> tuple[str, ...]:
    return tuple(
        name + suffix
        for name in names.split()
        for suffix in (
            "",
            *(("_tariff",) if tariff else ()),
            *(("_phase",) if phase else ()),
        )
    )


# The translation keys of quantities, by whether a household cares: what is hidden can be switched on by the user.
SHOWN = frozenset(
    (
        *_expand("energy_import energy_export", tariff=True, phase=True),
        *_expand("energy_absolute energy_net"),
        *_expand("reactive_energy_import reactive_energy_export"),
        *_expand("power_import power_export power_net", phase=True),
        *_expand("power_absolute reactive_power_import reactive_power_export"),
        *_expand("maximum_power_import maximum_power_export"),
        *_expand("last_average_power_import last_average_power_export"),
        *_expand("average_power_import average_power_export"),
        *_expand("demand_power_import demand_power_export"),
        *_expand("voltage current power_factor phase_angle", phase=True),
        *_expand("frequency neutral_current"),
        *_expand("active_tariff collection_counter"),
        *_expand("message_text message_code"),
        *_expand("gas_volume gas_volume_converted water_volume warm_water_volume"),
        *_expand("water_flow heat_energy heat_volume heat_power heat_flow"),
        *_expand("cooling_energy cooling_volume cooling_power cooling_flow"),
        *_expand("flow_temperature return_temperature temperature_difference"),
        *_expand("heat_cost_units sub_meter_reading sub_meter_reading_converted"),
        # words of M-Bus records that no OBIS code names
        *_expand("energy power volume volume_flow mass mass_flow"),
        *_expand("external_temperature pressure operating_time on_time"),
        *_expand("reactive_energy apparent_energy reactive_power apparent_power"),
        *_expand("relative_humidity"),
    )
)
HIDDEN = frozenset(
    (
        *_expand("energy_absolute_tariff energy_net_tariff"),
        *_expand("reactive_energy_import_tariff reactive_energy_export_tariff"),
        *_expand("maximum_power_import_tariff maximum_power_export_tariff"),
        # What they are set to: most meters send a number that limits nothing.
        *_expand("limit_power_import limit_power_export limit_power_absolute"),
        *_expand("power_limit current_limit"),
        *_expand("reactive_energy_q1 reactive_energy_q2", tariff=True),
        *_expand("reactive_energy_q3 reactive_energy_q4", tariff=True),
        *_expand("apparent_energy_import apparent_energy_export", tariff=True),
        *_expand("reactive_power_q1 reactive_power_q2 reactive_power_q3"),
        *_expand("reactive_power_q4"),
        *_expand("apparent_power_import apparent_power_export", phase=True),
        "reactive_power_import_phase",
        "reactive_power_export_phase",
        *_expand("maximum_reactive_power_import", tariff=True),
        *_expand("maximum_reactive_power_export", tariff=True),
        *_expand("cumulative_maximum_power_import", tariff=True),
        *_expand("cumulative_maximum_power_export", tariff=True),
        *_expand("minimum_power_import minimum_power_export"),
        *_expand("maximum_power_absolute demand_power_absolute", tariff=True),
        *_expand("billing_period_energy_import", tariff=True),
        *_expand("billing_period_energy_export", tariff=True),
        *_expand("interval_energy_import interval_energy_export"),
        "average_voltage_phase",
        "average_current_phase",
        "minimum_voltage_phase",
        "maximum_voltage_phase",
        "maximum_current_phase",
        "last_average_voltage_phase",
        "last_average_current_phase",
        *_expand("logical_device_name meter_number equipment_identifier"),
        *_expand("equipment_identifier_2 version meter_model device_address"),
        *_expand("device_address_2 firmware_version interface_version"),
        *_expand("list_version message_text_2 message_text_3 message_text_4"),
        *_expand("power_failures long_power_failures power_failures_any_phase"),
        *_expand("power_failure_duration power_failure_log peak_log"),
        "voltage_sags_phase",
        "voltage_swells_phase",
        *_expand("disconnector_state valve_state limiter_state device_type"),
        *_expand("push_setup status error_flags"),
        # records about the meter itself
        *_expand("fabrication_number identification model_version hardware_version"),
        *_expand("software_version customer_location error_mask access_number"),
        *_expand("averaging_duration actuality_duration operating_time_battery"),
        *_expand("battery_lifetime temperature_limit digital_input digital_output"),
        *_expand("control_signal cumulation_counter"),
    )
)
# Words of records that say something about the meter and nothing about consumption.
_ABOUT_THE_METER = frozenset(
    _expand("fabrication_number identification model_version hardware_version")
    + _expand("software_version firmware_version error_flags error_mask access_number")
    + _expand("averaging_duration actuality_duration operating_time_battery")
    + _expand("battery_lifetime operating_time on_time device_type status")
)
NAMED = SHOWN | HIDDEN

# Quantities that other entities show: the clock sensor.
CLOCKS = frozenset(("clock", "clock_time", "clock_date"))


def is_clock(point: Point) -> bool:
    """Tell whether a point is the meter's clock, which has an entity of its own."""
    quantity = quantity_of(point.code) if point.code else None
    return (quantity is not None and quantity.name in CLOCKS) or (
        point.record is not None and point.record.quantity in ("datetime", "date")
    )


def describe(point: Point, medium: str | None) -> MeterSensorDescription:
    """Return how a point is shown; what has no name yet becomes a hidden sensor named by its code."""
    if point.record is not None:
        return _describe_record(point, medium)
    quantity = quantity_of(point.code) if point.code else None
    if quantity is None or quantity.key not in NAMED:
        return _shaped(point, medium, quantity, "unknown", (("code", point.key),))
    placeholders = tuple(
        (name, text)
        for name, text in (
            ("tariff", str(quantity.tariff)),
            ("phase", f"L{quantity.phase}"),
        )
        if f"_{name}" in quantity.key
    )
    return _shaped(point, medium, quantity, quantity.key, placeholders)


def _describe_record(point: Point, medium: str | None) -> MeterSensorDescription:
    record = point.record
    assert record is not None
    plain = (record.function, record.storage, record.tariff, record.subunit) == (
        RecordFunction.INSTANTANEOUS,
        0,
        0,
        0,
    )
    if plain and not record.qualifiers and record.quantity in NAMED:
        return _shaped(point, medium, None, record.quantity, ())
    return _shaped(point, medium, None, "record", (("record", _record_words(point)),))


_FUNCTIONS = {
    RecordFunction.INSTANTANEOUS: "",
    RecordFunction.MAXIMUM: "max",
    RecordFunction.MINIMUM: "min",
    RecordFunction.ERROR: "error",
}


def _record_words(point: Point) -> str:
    """Name a record the way M-Bus tools do: its quantity, then storage, tariff and subunit where they are not 0."""
    record = point.record
    assert record is not None
    parts = [
        record.quantity,
        *record.qualifiers,
        _FUNCTIONS[record.function],
        *(f"S{record.storage}" for _ in range(record.storage > 0)),
        *(f"T{record.tariff}" for _ in range(record.tariff > 0)),
        *(f"U{record.subunit}" for _ in range(record.subunit > 0)),
    ]
    return " ".join(part.replace("_", " ") for part in parts if part)


def _shaped(
    point: Point,
    medium: str | None,
    quantity: Quantity | None,
    translation_key: str,
    placeholders: tuple[tuple[str, str], ...],
) -> MeterSensorDescription:
    numeric = _is_number(point.value)
    shape = _SHAPES.get(point.value.unit, _NO_SHAPE) if numeric else _NO_SHAPE
    options = _STATES.get(quantity.name) if quantity else None
    return MeterSensorDescription(
        key=point.key,
        translation_key=translation_key,
        placeholders=placeholders,
        device_class=_device_class(point, medium, quantity, shape, bool(options)),
        state_class=_state_class(point, quantity, shape) if numeric else None,
        native_unit_of_measurement=point.value.unit if numeric else None,
        suggested_unit_of_measurement=shape.shown_in,
        suggested_display_precision=shape.precision,
        options=list(options) if options else None,
        entity_category=_category(point, quantity),
        entity_registry_enabled_default=_is_shown(point, quantity, translation_key),
        scaled=shape.scaled,
        counter=_is_counter(point, quantity),
    )


def _category(point: Point, quantity: Quantity | None) -> EntityCategory | None:
    about_the_meter = (
        quantity.diagnostic
        if quantity is not None
        else point.record is not None and point.record.quantity in _ABOUT_THE_METER
    )
    return EntityCategory.DIAGNOSTIC if about_the_meter else None


def _is_number(value: Value) -> bool:
    return isinstance(value.value, int | Decimal) and not isinstance(value.value, bool)


def _is_counter(point: Point, quantity: Quantity | None) -> bool:
    if quantity is not None:
        return quantity.cumulative
    return (
        point.record is not None
        and point.record.quantity in ("energy", "volume")
        and "/" not in (point.record.unit or "")
        and point.record.function is RecordFunction.INSTANTANEOUS
    )


def _is_shown(point: Point, quantity: Quantity | None, translation_key: str) -> bool:
    if point.record is not None and translation_key in SHOWN:
        return True
    return quantity is not None and translation_key in SHOWN


def _device_class(
    point: Point,
    medium: str | None,
    quantity: Quantity | None,
    shape: _Shape,
    states: bool,
) -> SensorDeviceClass | None:
    if states:
        return SensorDeviceClass.ENUM
    if isinstance(point.value.value, datetime):
        return SensorDeviceClass.TIMESTAMP
    if isinstance(point.value.value, date):
        return SensorDeviceClass.DATE
    if quantity is not None and quantity.kind is Kind.POWER_FACTOR:
        return SensorDeviceClass.POWER_FACTOR
    if shape.device_class is SensorDeviceClass.VOLUME:
        return _VOLUMES.get(_flowing(quantity, medium), shape.device_class)
    return shape.device_class


def _flowing(quantity: Quantity | None, medium: str | None) -> str:
    """Return what a volume is of: what its code says, else what its meter says."""
    name = quantity.name if quantity else ""
    if name.endswith(("volume", "volume_converted")):
        return name.removesuffix("_converted").removesuffix("_volume")
    return medium or ""


def _state_class(
    point: Point, quantity: Quantity | None, shape: _Shape
) -> SensorStateClass | None:
    if quantity is not None and quantity.name in _STATES:
        return None
    counts = _is_counter(point, quantity) or (quantity and quantity.kind is Kind.COUNT)
    if counts and shape.state_class is None:
        return SensorStateClass.TOTAL_INCREASING
    if quantity is not None and quantity.kind is Kind.POWER_FACTOR:
        return SensorStateClass.MEASUREMENT
    return shape.state_class


def shown_value(
    point: Point, description: MeterSensorDescription, factor: int
) -> int | Decimal | str | datetime | date | None:
    """Return a point's value as its sensor has it, multiplied by the ratio of current transformers where they measure."""
    value = point.value.value
    if point.value.log is not None:
        return len(point.value.log)
    if description.options is not None:
        return _state(value, description.options)
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=get_default_time_zone())
    if isinstance(value, str | bool | time):
        return _text(value) if _is_textual(description) else None
    if isinstance(value, int | Decimal) and description.scaled:
        return value * factor
    return value


def _is_textual(description: MeterSensorDescription) -> bool:
    """Tell whether a sensor may show words: what was a number when it first came stays one."""
    return (
        description.device_class is None
        and description.state_class is None
        and description.native_unit_of_measurement is None
    )


def _text(value: str | bool | time) -> str | None:
    """Return words as a state; none where a meter sends an empty text."""
    text = value if isinstance(value, str) else str(value)
    return text[:MAX_LENGTH_STATE_STATE] or None


def _state(value: object, options: list[str]) -> str | None:
    position = int(value) if isinstance(value, bool | int | Decimal) else None
    if isinstance(value, str) and value.strip().isdecimal():
        position = int(value)
    return (
        options[position]
        if position is not None and 0 <= position < len(options)
        else None
    )
