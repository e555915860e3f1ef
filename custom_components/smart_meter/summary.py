"""A reading in a few lines for the last step of the config flow, with the names its sensors will have."""

from decimal import Decimal

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.translation import async_get_translations

from .const import DOMAIN
from .customer_interface.reading import Reading
from .customer_interface.units import exact_text
from .descriptions import describe, is_clock, shown_value
from .meter import Point, points_of

MOST_LINES = 12

# Languages with texts of ours that write a comma between a number and its decimals.
_COMMA = ("de", "fr", "it", "nl")

# Values of a span of time, told after those of now.
_OF_A_SPAN = ("average_", "demand_", "last_average_", "maximum_")

_IN_THOUSANDS = {"Wh": "kWh", "varh": "kvarh", "VAh": "kVAh"}


async def async_summary(hass: HomeAssistant, reading: Reading) -> str:
    """Return the values people know as a list in Markdown, the rest as a number."""
    names = await async_get_translations(hass, hass.config.language, "entity", {DOMAIN})
    points = [
        point
        for point in points_of(reading, 0.0)
        if point.value.value not in (None, "") and not is_clock(point)
    ]
    shown = [point for point in points if _is_shown(point, reading)]
    shown.sort(key=lambda point: _is_of_a_span(point, reading))
    comma = hass.config.language.startswith(_COMMA)
    lines = [_line(names, point, reading, comma=comma) for point in shown[:MOST_LINES]]
    more = len(points) - len(lines)
    return "\n".join(lines + ([f"- … + {more}"] if more > 0 else []))


def _is_shown(point: Point, reading: Reading) -> bool:
    return describe(point, reading.meter.medium).entity_registry_enabled_default


def _is_of_a_span(point: Point, reading: Reading) -> bool:
    key = describe(point, reading.meter.medium).translation_key
    return key is not None and key.startswith(_OF_A_SPAN)


def _line(names: dict[str, str], point: Point, reading: Reading, *, comma: bool) -> str:
    description = describe(point, reading.meter.medium)
    key = f"component.{DOMAIN}.entity.{Platform.SENSOR}.{description.translation_key}.name"
    name = names.get(key, point.key)
    for placeholder, text in description.placeholders:
        name = name.replace(f"{{{placeholder}}}", text)
    value = shown_value(point, description, 1)
    text = exact_text(value) if isinstance(value, int | Decimal) else str(value)
    unit = point.value.unit
    if unit in _IN_THOUSANDS and isinstance(value, int | Decimal):
        text, unit = exact_text(Decimal(value).scaleb(-3)), _IN_THOUSANDS[unit]
    if comma and isinstance(value, int | Decimal):
        text = text.replace(".", ",")
    return f"- {name}: **{text}** {unit or ''}".rstrip()
