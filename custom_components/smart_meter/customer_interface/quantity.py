"""What is measured: the meaning of OBIS codes (IEC 62056-61 for electricity, EN 13757-1 for the other media)."""

from enum import StrEnum
from functools import lru_cache

from .named import NamedTuple
from .obis import ObisCode


class Kind(StrEnum):
    """Physical kinds of quantities; the integration knows how to show each."""

    ENERGY = "energy"
    REACTIVE_ENERGY = "reactive_energy"
    APPARENT_ENERGY = "apparent_energy"
    POWER = "power"
    REACTIVE_POWER = "reactive_power"
    APPARENT_POWER = "apparent_power"
    VOLTAGE = "voltage"
    CURRENT = "current"
    FREQUENCY = "frequency"
    POWER_FACTOR = "power_factor"
    ANGLE = "angle"
    VOLUME = "volume"
    VOLUME_FLOW = "volume_flow"
    MASS = "mass"
    TEMPERATURE = "temperature"
    TEMPERATURE_DIFFERENCE = "temperature_difference"
    PRESSURE = "pressure"
    DURATION = "duration"
    COUNT = "count"
    SIGNAL = "signal"
    STATE = "state"
    TEXT = "text"
    TIME = "time"
    LOG = "log"
    NUMBER = "number"


class Quantity(NamedTuple):
    """What a code measures.

    `name` is a stable snake_case word, direction and function included (`energy_import`, `maximum_power_import`),
    `unit` the plain unit (units.py), `phase` 1 to 3 or 0 for all, `tariff` 1 to 9 or 0 for the total, `channel` the
    M-Bus channel (value group B), `cumulative` True for counters, `diagnostic` True for what is not consumption.
    """

    name: str
    kind: Kind
    unit: str | None = None
    direction: str | None = None
    phase: int = 0
    tariff: int = 0
    channel: int = 0
    cumulative: bool = False
    diagnostic: bool = False

    @property
    def key(self) -> str:
        """The translation key: the name, with `_tariff` and `_phase` where a number is to be filled in."""
        return (
            self.name
            + ("_tariff" if self.tariff else "")
            + ("_phase" if self.phase else "")
        )


# IEC 62056-61, table of value group C: the kind of power and its direction; L1, L2 and L3 follow 20, 40 and 60 higher.
_ELECTRIC: dict[int, tuple[str, str]] = {
    1: ("active", "import"),
    2: ("active", "export"),
    3: ("reactive", "import"),
    4: ("reactive", "export"),
    5: ("reactive", "q1"),
    6: ("reactive", "q2"),
    7: ("reactive", "q3"),
    8: ("reactive", "q4"),
    9: ("apparent", "import"),
    10: ("apparent", "export"),
    15: ("active", "absolute"),
    16: ("active", "net"),
    17: ("active", "q1"),
    18: ("active", "q2"),
    19: ("active", "q3"),
    20: ("active", "q4"),
}

_POWER = {
    "active": ("power", Kind.POWER, "W"),
    "reactive": ("reactive_power", Kind.REACTIVE_POWER, "var"),
    "apparent": ("apparent_power", Kind.APPARENT_POWER, "VA"),
}
_ENERGY = {
    "active": ("energy", Kind.ENERGY, "Wh"),
    "reactive": ("reactive_energy", Kind.REACTIVE_ENERGY, "varh"),
    "apparent": ("apparent_energy", Kind.APPARENT_ENERGY, "VAh"),
}

# Value group D: prefix of the name, and whether it is energy (a time integral).
_FUNCTION: dict[int, tuple[str, bool]] = {
    2: ("cumulative_maximum_", False),
    3: ("minimum_", False),
    4: ("average_", False),
    5: ("last_average_", False),
    6: ("maximum_", False),
    7: ("", False),
    8: ("", True),
    9: ("billing_period_", True),
    24: ("demand_", False),
    29: ("interval_", True),
    35: ("limit_", False),
}

_CUMULATIVE = frozenset({8})

# Per phase quantities that are neither power nor energy: C of the sum or L1, the step to each phase is 20.
_PER_PHASE: dict[int, tuple[str, Kind, str | None]] = {
    11: ("current", Kind.CURRENT, "A"),
    12: ("voltage", Kind.VOLTAGE, "V"),
    13: ("power_factor", Kind.POWER_FACTOR, None),
    14: ("frequency", Kind.FREQUENCY, "Hz"),
}

_QUALITY = {
    7: "",
    3: "minimum_",
    6: "maximum_",
    4: "average_",
    24: "average_",
    5: "last_average_",
    25: "last_average_",
    27: "average_",
}

# 1-0:81.7.xy: angle of x relative to y (IEC 62056-61, table "angles"): 0 to 2 are U L1 to L3, 4 to 6 are I L1 to L3.
_ANGLE_PHASE = {40: 1, 51: 2, 62: 3}


def _quantity(
    name: str,
    kind: Kind,
    unit: str | None = None,
    *,
    diagnostic: bool = True,
    cumulative: bool = False,
) -> Quantity:
    return Quantity(name, kind, unit, diagnostic=diagnostic, cumulative=cumulative)


def _thermal(
    group_a: int, word: str
) -> dict[tuple[int, int, int, int | None], Quantity]:
    """Return what meters of heat and of cold measure alike (EN 13757-1)."""
    measured = {
        1: _quantity(f"{word}_energy", Kind.ENERGY, "Wh", cumulative=True),
        2: _quantity(f"{word}_volume", Kind.VOLUME, "m³", cumulative=True),
        8: _quantity(f"{word}_power", Kind.POWER, "W"),
        9: _quantity(f"{word}_flow", Kind.VOLUME_FLOW, "m³/h"),
        10: _quantity("flow_temperature", Kind.TEMPERATURE, "°C"),
        11: _quantity("return_temperature", Kind.TEMPERATURE, "°C"),
        12: _quantity("temperature_difference", Kind.TEMPERATURE_DIFFERENCE, "K"),
    }
    return {
        (group_a, group_c, 0, None): quantity._replace(diagnostic=False)
        for group_c, quantity in measured.items()
    }


# Whole codes whose meaning does not follow from groups, keyed by (A, C, D, E); E None is any. B is the channel.
_FIXED: dict[tuple[int, int, int, int | None], Quantity] = {
    (0, 1, 0, 0): _quantity("clock", Kind.TIME),
    (0, 0, 9, 1): _quantity("clock_time", Kind.TIME),
    (0, 0, 9, 2): _quantity("clock_date", Kind.TIME),
    (1, 0, 9, 1): _quantity("clock_time", Kind.TIME),
    (1, 0, 9, 2): _quantity("clock_date", Kind.TIME),
    (0, 42, 0, 0): _quantity("logical_device_name", Kind.TEXT),
    (0, 96, 1, 0): _quantity("meter_number", Kind.TEXT),
    (1, 96, 1, 0): _quantity("meter_number", Kind.TEXT),
    (0, 96, 1, 255): _quantity("meter_number", Kind.TEXT),
    (0, 96, 1, 1): _quantity("equipment_identifier", Kind.TEXT),
    (0, 96, 1, 2): _quantity("equipment_identifier_2", Kind.TEXT),
    (0, 96, 1, 4): _quantity("version", Kind.TEXT),
    (0, 96, 1, 7): _quantity("meter_model", Kind.TEXT),
    (0, 0, 0, 0): _quantity("device_address", Kind.TEXT),
    (0, 0, 0, 1): _quantity("device_address_2", Kind.TEXT),
    (1, 0, 0, 0): _quantity("device_address", Kind.TEXT),
    (1, 0, 0, 1): _quantity("device_address_2", Kind.TEXT),
    (1, 0, 0, 5): _quantity("meter_number", Kind.TEXT),
    (1, 0, 2, 0): _quantity("firmware_version", Kind.TEXT),
    (0, 0, 2, 0): _quantity("firmware_version", Kind.TEXT),
    (1, 0, 2, 8): _quantity("interface_version", Kind.TEXT),
    (1, 0, 2, 129): _quantity("list_version", Kind.TEXT),
    (0, 96, 13, 0): _quantity("message_text", Kind.TEXT, diagnostic=False),
    (0, 96, 13, 1): _quantity("message_code", Kind.TEXT, diagnostic=False),
    (0, 96, 13, 2): _quantity("message_text_2", Kind.TEXT),
    (0, 96, 13, 3): _quantity("message_text_3", Kind.TEXT),
    (0, 96, 13, 4): _quantity("message_text_4", Kind.TEXT),
    (0, 96, 14, 0): _quantity("active_tariff", Kind.STATE, diagnostic=False),
    (0, 96, 7, 21): _quantity("power_failures", Kind.COUNT),
    (0, 96, 7, 9): _quantity("long_power_failures", Kind.COUNT),
    (0, 96, 7, 0): _quantity("power_failures", Kind.COUNT),
    (0, 96, 7, 5): _quantity("power_failures_any_phase", Kind.COUNT),
    (0, 96, 7, 19): _quantity("power_failure_duration", Kind.DURATION, "s"),
    (1, 99, 97, 0): _quantity("power_failure_log", Kind.LOG),
    (0, 98, 1, 0): _quantity("peak_log", Kind.LOG),
    (1, 32, 32, 0): Quantity("voltage_sags", Kind.COUNT, phase=1, diagnostic=True),
    (1, 52, 32, 0): Quantity("voltage_sags", Kind.COUNT, phase=2, diagnostic=True),
    (1, 72, 32, 0): Quantity("voltage_sags", Kind.COUNT, phase=3, diagnostic=True),
    (1, 32, 36, 0): Quantity("voltage_swells", Kind.COUNT, phase=1, diagnostic=True),
    (1, 52, 36, 0): Quantity("voltage_swells", Kind.COUNT, phase=2, diagnostic=True),
    (1, 72, 36, 0): Quantity("voltage_swells", Kind.COUNT, phase=3, diagnostic=True),
    (0, 96, 3, 10): _quantity("disconnector_state", Kind.STATE),
    (0, 24, 4, 0): _quantity("valve_state", Kind.STATE),
    (0, 96, 50, 68): _quantity("limiter_state", Kind.STATE),
    (0, 17, 0, 0): _quantity("power_limit", Kind.POWER, "W", diagnostic=False),
    (1, 31, 4, 0): _quantity("current_limit", Kind.CURRENT, "A", diagnostic=False),
    (0, 24, 1, 0): _quantity("device_type", Kind.NUMBER),
    (0, 25, 9, 0): _quantity("push_setup", Kind.TEXT),
    (0, 96, 5, 0): _quantity("status", Kind.NUMBER),
    (0, 97, 97, 0): _quantity("error_flags", Kind.NUMBER),
    (0, 97, 97, 128): _quantity("error_count", Kind.COUNT),
    (0, 97, 98, 0): _quantity("alert_flags", Kind.NUMBER),
    (1, 82, 8, 0): _quantity("pulses", Kind.COUNT, diagnostic=False, cumulative=True),
    (1, 91, 7, 0): _quantity("neutral_current", Kind.CURRENT, "A", diagnostic=False),
    (1, 1, 128, 0): _quantity(
        "collection_counter", Kind.ENERGY, "Wh", diagnostic=False
    ),
    (1, 11, 7, 0): _quantity("current", Kind.CURRENT, "A", diagnostic=False),
    # EN 13757-1: 7 gas, 8 cold water, 9 hot water, 6 heat, 5 cooling, 4 heat cost allocator
    (7, 3, 0, None): _quantity(
        "gas_volume", Kind.VOLUME, "m³", diagnostic=False, cumulative=True
    ),
    (7, 3, 1, None): _quantity(
        "gas_volume_converted", Kind.VOLUME, "m³", diagnostic=False, cumulative=True
    ),
    (8, 1, 0, None): _quantity(
        "water_volume", Kind.VOLUME, "m³", diagnostic=False, cumulative=True
    ),
    (8, 2, 0, None): _quantity(
        "water_flow", Kind.VOLUME_FLOW, "m³/h", diagnostic=False
    ),
    (9, 1, 0, None): _quantity(
        "warm_water_volume", Kind.VOLUME, "m³", diagnostic=False, cumulative=True
    ),
    (9, 2, 0, None): _quantity(
        "water_flow", Kind.VOLUME_FLOW, "m³/h", diagnostic=False
    ),
    **_thermal(6, "heat"),
    **_thermal(5, "cooling"),
    (4, 1, 0, None): _quantity(
        "heat_cost_units", Kind.COUNT, diagnostic=False, cumulative=True
    ),
    # DSMR: a device behind a P1 meter, its kind only known from its device type (0-n:24.1.0)
    (0, 24, 2, 1): _quantity(
        "sub_meter_reading", Kind.NUMBER, diagnostic=False, cumulative=True
    ),
    (0, 24, 2, 3): _quantity(
        "sub_meter_reading_converted", Kind.NUMBER, diagnostic=False, cumulative=True
    ),
}


@lru_cache(maxsize=1024)
def quantity_of(code: ObisCode) -> Quantity | None:
    """Return what a code measures, None where neither standard nor operator says."""
    return _fixed(code) or _angle(code) or _per_phase(code) or _electric(code)


def _fixed(code: ObisCode) -> Quantity | None:
    if code.f != 255:
        return None
    found = _FIXED.get((code.a, code.c, code.d, code.e)) or _FIXED.get(
        (code.a, code.c, code.d, None)
    )
    return found._replace(channel=code.b) if found and code.b else found


def _angle(code: ObisCode) -> Quantity | None:
    if code.a != 1 or (code.c, code.d) != (81, 7) or code.f != 255:
        return None
    phase = _ANGLE_PHASE.get(code.e)
    if phase is not None:
        return Quantity("phase_angle", Kind.ANGLE, "°", phase=phase, channel=code.b)
    return None


def _split_phase(group_c: int) -> tuple[int, int]:
    """Split value group C into its base (1 to 20) and the phase (0 to 3)."""
    return (
        ((group_c - 1) % 20 + 1, (group_c - 1) // 20) if 1 <= group_c <= 80 else (0, 0)
    )


def _per_phase(code: ObisCode) -> Quantity | None:
    base, phase = _split_phase(code.c)
    if (
        code.a != 1
        or base not in _PER_PHASE
        or code.d not in _QUALITY
        or code.e != 0
        or code.f != 255
    ):
        return None
    name, kind, unit = _PER_PHASE[base]
    return Quantity(_QUALITY[code.d] + name, kind, unit, phase=phase, channel=code.b)


def _electric(code: ObisCode) -> Quantity | None:
    number, phase = _split_phase(code.c)
    base, function = _ELECTRIC.get(number), _FUNCTION.get(code.d)
    if code.a != 1 or base is None or function is None or code.e > 9 or code.f != 255:
        return None
    (prefix, is_energy), (power, direction) = function, base
    name, kind, unit = (_ENERGY if is_energy else _POWER)[power]
    return Quantity(
        f"{prefix}{name}_{direction}",
        kind,
        unit,
        direction,
        phase,
        code.e,
        code.b,
        cumulative=code.d in _CUMULATIVE and direction != "net",
    )
