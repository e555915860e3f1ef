"""The tables of value information fields: EN 13757-3:2018, tables 10, 12 and 14 to 17, as data.

A row stands for a run of codes; its exponent is that of the first code and rises by one with each. Units are the plain
ones: m³/min becomes m³/h by a factor, days become seconds.
"""

from collections.abc import Iterable
from enum import Enum

from ...named import NamedTuple


class Form(Enum):
    """How the data of a quantity are to be understood."""

    NUMBER = "number"  # signed, type B
    UNSIGNED = "unsigned"  # type C
    BITS = "bits"  # type D
    TIME = "time"  # types F, G, I, J by length
    DAYLIGHT_SAVING = "daylight_saving"  # type K
    BYTES = "bytes"  # a container, kept as it is
    RATIO = "ratio"  # a number without a unit


class Meaning(NamedTuple):
    """What a VIF measures: the plain number is data * factor * 10**exponent."""

    quantity: str
    unit: str | None = None
    exponent: int = 0
    factor: int = 1
    form: Form = Form.NUMBER


UNKNOWN = Meaning("unknown")
MANUFACTURER_SPECIFIC = Meaning("manufacturer_specific")

type _Row = tuple[int, Meaning]

# 2 to the power of -12 is 244140625 * 10 to the power of -12, exactly.
_PER_4096 = (-12, 244_140_625)
_SECONDS = (1, 60, 3_600, 86_400)


def _scale(
    first: int,
    count: int,
    quantity: str,
    unit: str | None,
    exponent: int,
    factor: int = 1,
) -> Iterable[_Row]:
    """A run of codes whose low bits are a power of ten."""
    for n in range(count):
        yield first + n, Meaning(quantity, unit, exponent + n, factor)


def _durations(first: int, quantity: str, *, start: int = 0) -> Iterable[_Row]:
    """A run of codes for seconds, minutes, hours, days; from `start` on."""
    for n, seconds in enumerate(_SECONDS[start:]):
        yield first + n, Meaning(quantity, "s", factor=seconds)


def _calendar(first: int, quantity: str) -> Iterable[_Row]:
    """Months and years, which are no fixed number of seconds."""
    yield first, Meaning(quantity, "mo")
    yield first + 1, Meaning(quantity, "a")


def _plain(
    rows: dict[int, str], form: Form = Form.NUMBER, unit: str | None = None
) -> Iterable[_Row]:
    for code, quantity in rows.items():
        yield code, Meaning(quantity, unit, form=form)


def _table(*runs: Iterable[_Row]) -> dict[int, Meaning]:
    return dict(row for run in runs for row in run)


# Table 10: primary VIFs.
PRIMARY = _table(
    _scale(0x00, 8, "energy", "Wh", -3),
    _scale(0x08, 8, "energy", "J", 0),
    _scale(0x10, 8, "volume", "m³", -6),
    _scale(0x18, 8, "mass", "kg", -3),
    _durations(0x20, "on_time"),
    _durations(0x24, "operating_time"),
    _scale(0x28, 8, "power", "W", -3),
    _scale(0x30, 8, "power", "J/h", 0),
    _scale(0x38, 8, "volume_flow", "m³/h", -6),
    _scale(0x40, 8, "volume_flow", "m³/h", -7, 60),
    _scale(0x48, 8, "volume_flow", "m³/h", -9, 3_600),
    _scale(0x50, 8, "mass_flow", "kg/h", -3),
    _scale(0x58, 4, "flow_temperature", "°C", -3),
    _scale(0x5C, 4, "return_temperature", "°C", -3),
    _scale(0x60, 4, "temperature_difference", "K", -3),
    _scale(0x64, 4, "external_temperature", "°C", -3),
    _scale(0x68, 4, "pressure", "bar", -3),
    _plain({0x6C: "date", 0x6D: "datetime"}, Form.TIME),
    _plain({0x6E: "heat_cost_units"}),
    _durations(0x70, "averaging_duration"),
    _durations(0x74, "actuality_duration"),
    _plain(
        {0x78: "fabrication_number", 0x79: "identification", 0x7A: "bus_address"},
        Form.UNSIGNED,
    ),
    _plain({0x7E: "any"}),
)

# Table 12: main extension, behind FD.
EXTENSION_FD = _table(
    _scale(0x00, 4, "credit", "currency", -3),
    _scale(0x04, 4, "debit", "currency", -3),
    _plain(
        {
            0x08: "access_number",
            0x09: "device_type",
            0x0A: "manufacturer",
            0x0B: "parameter_set_identification",
            0x0C: "model_version",
            0x0D: "hardware_version",
            0x0E: "firmware_version",
            0x0F: "software_version",
            0x10: "customer_location",
            0x11: "customer",
            0x12: "access_code_user",
            0x13: "access_code_operator",
            0x14: "access_code_system_operator",
            0x15: "access_code_developer",
            0x16: "password",
        },
        Form.UNSIGNED,
    ),
    _plain(
        {
            0x17: "error_flags",
            0x18: "error_mask",
            0x1A: "digital_output",
            0x1B: "digital_input",
            0x66: "parameter_activation_state",
            0x67: "special_supplier_information",
        },
        Form.BITS,
    ),
    _plain(
        {
            0x19: "security_key",
            0x3B: "wireless_data_container",
            0x76: "manufacturer_data_container",
        },
        Form.BYTES,
    ),
    _plain({0x1C: "baud_rate"}, unit="Bd"),
    _plain({0x1D: "response_delay"}, unit="bit times"),
    _plain(
        {
            0x1E: "retry",
            0x1F: "remote_control",
            0x20: "first_cyclic_storage",
            0x21: "last_cyclic_storage",
            0x22: "storage_block_size",
            0x23: "tariff_and_subunit_descriptor",
        }
    ),
    _durations(0x24, "storage_interval"),
    _calendar(0x28, "storage_interval"),
    _plain({0x2A: "operator_specific_data"}),
    _plain({0x2B: "second_of_time"}, unit="s"),
    _durations(0x2C, "duration_since_last_readout"),
    _plain({0x30: "start_of_tariff", 0x70: "battery_change"}, Form.TIME),
    _durations(0x31, "duration_of_tariff", start=1),
    _durations(0x34, "period_of_tariff"),
    _calendar(0x38, "period_of_tariff"),
    _plain({0x3A: "dimensionless"}, Form.RATIO),
    _durations(0x3C, "transmission_period"),
    _scale(0x40, 16, "voltage", "V", -9),
    _scale(0x50, 16, "current", "A", -12),
    _plain(
        {
            0x60: "reset_counter",
            0x61: "cumulation_counter",
            0x62: "control_signal",
            0x63: "day_of_week",
            0x64: "week_number",
            0x65: "time_of_day_change",
        }
    ),
    _durations(0x68, "duration_since_last_cumulation", start=2),
    _calendar(0x6A, "duration_since_last_cumulation"),
    _durations(0x6C, "operating_time_battery", start=2),
    _calendar(0x6E, "operating_time_battery"),
    _plain({0x71: "signal_strength"}, unit="dBm"),
    _plain({0x72: "daylight_saving"}, Form.DAYLIGHT_SAVING),
    _plain({0x73: "listening_window"}, Form.BYTES),
    [(0x74, Meaning("battery_lifetime", "s", factor=86_400))],
    _plain({0x75: "stop_counter"}),
)

# Table 14: alternate extension, behind FB.
EXTENSION_FB = _table(
    _scale(0x00, 2, "energy", "Wh", 5),
    _scale(0x02, 2, "reactive_energy", "varh", 3),
    _scale(0x04, 2, "apparent_energy", "VAh", 3),
    [(0x06, Meaning("coefficient_of_performance", exponent=-1))],
    _scale(0x08, 2, "energy", "J", 8),
    _scale(0x0C, 4, "energy", "cal", 5),
    _scale(0x10, 2, "volume", "m³", 2),
    _scale(0x14, 4, "reactive_power", "var", 0),
    _scale(0x18, 2, "mass", "kg", 5),
    _scale(0x1A, 2, "relative_humidity", "%", -1),
    [
        (0x20, Meaning("volume", "ft³")),
        (0x21, Meaning("volume", "ft³", -1)),
        (0x22, Meaning("volume", "gal", -1)),
        (0x23, Meaning("volume", "gal")),
        (0x24, Meaning("volume_flow", "gal/min", -3)),
        (0x25, Meaning("volume_flow", "gal/min")),
        (0x26, Meaning("volume_flow", "gal/h")),
    ],
    _scale(0x28, 2, "power", "W", 5),
    [
        (0x2A, Meaning("phase_angle_voltage", "°", -1)),
        (0x2B, Meaning("phase_angle", "°", -1)),
    ],
    _scale(0x2C, 4, "frequency", "Hz", -3),
    _scale(0x30, 2, "power", "J/h", 8),
    _scale(0x34, 4, "apparent_power", "VA", 0),
    _scale(0x58, 4, "flow_temperature", "°F", -3),
    _scale(0x5C, 4, "return_temperature", "°F", -3),
    _scale(0x60, 4, "temperature_difference", "°F", -3),
    _scale(0x64, 4, "external_temperature", "°F", -3),
    [
        (0x68 + n, Meaning(f"rating_factor_{name}", None, *_PER_4096))
        for n, name in enumerate(("k", "kq", "kc", "kcr", "kch", "kt", "kd"))
        if name != "kq"
    ],
    _plain({0x69: "rating_factor_kq"}),
    _scale(0x70, 4, "temperature_limit", "°F", -3),
    _scale(0x74, 4, "temperature_limit", "°C", -3),
    _scale(0x78, 8, "cumulated_maximum_power", "W", -3),
)

# Table 13: second level of the main extension, behind FD FD.
EXTENSION_FD_FD = _table(
    _plain({0x00: "selected_application"}, Form.UNSIGNED),
    _calendar(0x02, "battery_lifetime"),
    [(0x3E, Meaning("moisture_level", "%"))],
)


class Change(NamedTuple):
    """What a combinable VIFE does to the meaning before it.

    `exponent` is added; `per` is appended to the unit; `meaning` replaces unit and form but keeps the quantity;
    `void` says that the data are no value; `unit_unknown` that the unit is none of the tables'.
    """

    qualifier: str | None = None
    exponent: int = 0
    per: str = ""
    meaning: Meaning | None = None
    void: bool = False
    unit_unknown: bool = False


_DATE = Meaning("", form=Form.TIME)
_COUNT = Meaning("")


def _limits() -> Iterable[tuple[int, Change]]:
    """Codes 40 to 5F: u is lower or upper limit, f first or last exceed, b begin or end."""
    for upper, which in enumerate(("lower", "upper")):
        base = 0x40 | upper << 3
        yield base, Change(f"{which}_limit")
        yield base + 1, Change(f"exceeds_of_{which}_limit", meaning=_COUNT)
        for last, order in enumerate(("first", "last")):
            for end, side in enumerate(("begin", "end")):
                code = base | 2 | last << 2 | end
                yield (
                    code,
                    Change(f"{side}_of_{order}_{which}_limit_exceed", meaning=_DATE),
                )
            for n, seconds in enumerate(_SECONDS):
                code = 0x50 | upper << 3 | last << 2 | n
                duration = Meaning("", "s", factor=seconds)
                yield (
                    code,
                    Change(
                        f"duration_of_{order}_{which}_limit_exceed", meaning=duration
                    ),
                )


def _occurrences() -> Iterable[tuple[int, Change]]:
    """Codes 60 to 6F: duration, begin and end of what the value describes."""
    for last, order in enumerate(("first", "last")):
        for n, seconds in enumerate(_SECONDS):
            yield (
                0x60 | last << 2 | n,
                Change(
                    f"duration_of_{order}", meaning=Meaning("", "s", factor=seconds)
                ),
            )
        for end, side in enumerate(("begin", "end")):
            yield 0x6A | last << 2 | end, Change(f"{side}_of_{order}", meaning=_DATE)


# Table 17: record errors a slave reports; the data beside them are no value.
RECORD_ERRORS: dict[int, str] = {
    0x01: "too_many_difes",
    0x02: "storage_not_implemented",
    0x03: "subunit_not_implemented",
    0x04: "tariff_not_implemented",
    0x05: "function_not_implemented",
    0x06: "data_class_not_implemented",
    0x07: "data_size_not_implemented",
    0x0B: "too_many_vifes",
    0x0C: "illegal_vif_group",
    0x0D: "illegal_vif_exponent",
    0x0E: "vif_dif_mismatch",
    0x0F: "unimplemented_action",
    0x15: "no_data",
    0x16: "data_overflow",
    0x17: "data_underflow",
    0x18: "data_error",
    0x1C: "premature_end_of_record",
}

# Table 15: combinable VIFEs.
COMBINABLE: dict[int, Change] = {
    0x00: Change(),
    **{
        code: Change(f"error_{word}", void=True) for code, word in RECORD_ERRORS.items()
    },
    0x12: Change("average"),
    0x13: Change("inverse_compact_profile", meaning=Meaning("", form=Form.BYTES)),
    0x14: Change("relative_deviation", unit_unknown=True),
    0x1D: Change("standard_conform_content"),
    0x1E: Change(
        "compact_profile_with_registers", meaning=Meaning("", form=Form.BYTES)
    ),
    0x1F: Change("compact_profile", meaning=Meaning("", form=Form.BYTES)),
    **{
        0x20 + n: Change(per=f"/{unit}")
        for n, unit in enumerate(("s", "min", "h", "d", "week", "mo", "a"))
    },
    0x27: Change("per_revolution"),
    0x28: Change("per_input_pulse_0"),
    0x29: Change("per_input_pulse_1"),
    0x2A: Change("per_output_pulse_0"),
    0x2B: Change("per_output_pulse_1"),
    **{
        0x2C + n: Change(per=per)
        for n, per in enumerate(
            (
                "/l",
                "/m³",
                "/kg",
                "/K",
                "/kWh",
                "/GJ",
                "/kW",
                "/(K·l)",
                "/V",
                "/A",
                "·s",
                "·s/V",
                "·s/A",
            )
        )
    },
    0x39: Change("start", meaning=_DATE),
    0x3A: Change("uncorrected"),
    0x3B: Change("forward"),
    0x3C: Change("backward"),
    0x3D: Change("other_unit_system", unit_unknown=True),
    0x3E: Change("base_conditions"),
    0x3F: Change("obis_declaration", meaning=Meaning("", form=Form.BYTES)),
    **dict(_limits()),
    **dict(_occurrences()),
    0x68: Change("during_lower_limit_exceed"),
    0x69: Change("leakage"),
    0x6C: Change("during_upper_limit_exceed"),
    0x6D: Change("overflow"),
    **{0x70 + n: Change(exponent=n - 6) for n in range(8)},
    **{
        0x78 + n: Change(f"offset_{text}")
        for n, text in enumerate(("0.001", "0.01", "0.1", "1"))
    },
    0x7D: Change(exponent=3),
    0x7E: Change("future"),
}

# Table 16: extension of combinable VIFEs, behind FC. Of 13 to 15 the editions of the standard say different things, so
# they are told by their codes only.
COMBINABLE_FC: dict[int, Change] = {
    0x01: Change("phase_l1"),
    0x02: Change("phase_l2"),
    0x03: Change("phase_l3"),
    0x04: Change("neutral"),
    0x05: Change("phases_l1_l2"),
    0x06: Change("phases_l2_l3"),
    0x07: Change("phases_l3_l1"),
    0x08: Change("quadrant_1"),
    0x09: Change("quadrant_2"),
    0x0A: Change("quadrant_3"),
    0x0B: Change("quadrant_4"),
    0x0C: Change("import_minus_export"),
    0x0D: Change("other_unit_system", unit_unknown=True),
    0x0E: Change("secondary_sensor"),
    0x0F: Change("higher_resolution"),
    0x10: Change("absolute"),
    0x11: Change("unsigned"),
    0x12: Change("bits"),
}
