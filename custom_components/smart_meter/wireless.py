"""What a radio stick's entry, its coordinator and its flows share: the generic row, names, and the list of meters."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.selector import SelectOptionDict
from homeassistant.helpers.translation import async_get_translations
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN
from .customer_interface.catalogue.operators import (
    Catalogue,
    GridOperator,
    MeterType,
    Offer,
)
from .customer_interface.reading import FaultKind, MeterIdentity
from .customer_interface.session.near import HeardMeter, RadioMemory

SUBENTRY_METER: Final = "wireless_meter"
# The "operator" of an entry that reads any wireless meters, whoever they are from.
RADIO: Final = "radio"
RADIO_METER: Final = "wmbus"

# A meter near that was not heard for so many seconds is no longer listed after a restart.
FORGET_AFTER: Final = 14 * 86_400.0
_HEARD: HassKey[dict[str, RadioMemory]] = HassKey(f"{DOMAIN}_heard")

# By the library's name of the stick; what is not here has no name of its own.
STICKS: Final = {
    "im871a": "IMST iM871A",
    "amb8465": "Amber AMB8465",
    "cul": "CUL",
    "rc1180": "Radiocrafts RC1180",
}

_MEDIA: Final = {
    "electricity": "electricity_meter",
    "gas": "gas_meter",
    "water": "water_meter",
    "cold_water": "water_meter",
    "warm_water": "warm_water_meter",
    "hot_water": "warm_water_meter",
    "heat": "heat_meter",
    "heat_cooling": "heat_meter",
    "cooling": "cooling_meter",
    "heat_cost_allocator": "heat_cost_allocator",
    "room_sensor": "room_sensor",
    "smoke_detector": "smoke_detector",
}


def operator_of(known: Catalogue, operator_id: str) -> GridOperator:
    """Return a grid operator, or the one that stands for all meters on a stick; raises CatalogueError."""
    if operator_id != RADIO:
        return known.operator(operator_id)
    meter = MeterType(RADIO_METER, "Wireless", "M-Bus")
    return GridOperator(
        RADIO, "Wireless M-Bus", "", (Offer(meter, known.profiles["wmbus"]),)
    )


@callback
def async_hand_over(hass: HomeAssistant, port: str, memory: RadioMemory) -> None:
    """Keep what set-up heard on a port for the entry that will read it: some meters send once an hour."""
    hass.data.setdefault(_HEARD, {})[port] = memory


@callback
def async_take_over(hass: HomeAssistant, port: str) -> RadioMemory:
    """Return what set-up heard on a port, once."""
    return hass.data.get(_HEARD, {}).pop(port, RadioMemory())


def memory_to_store(memory: RadioMemory, now: float) -> dict[str, dict[str, Any]]:
    """Return the list of meters near in JSON's types, without their telegrams, and without who has long gone."""
    return {
        name: {**heard._asdict(), "meter": heard.meter._asdict()}
        for name, heard in memory.heard.items()
        if now - heard.last_heard < FORGET_AFTER
    }


def stored_memory(form: Mapping[str, Mapping[str, Any]]) -> RadioMemory:
    """Return a list that was stored; raises TypeError or ValueError for anything else."""
    return RadioMemory(
        MappingProxyType(
            {
                name: HeardMeter(
                    **{
                        **row,
                        "meter": MeterIdentity(**row["meter"]),
                        "fault": row["fault"] and FaultKind(row["fault"]),
                    }
                )
                for name, row in form.items()
            }
        )
    )


def device_translation(medium: str | None, otherwise: str = "sub_meter") -> str:
    """Return the translation key of a meter's device by what it measures."""
    return _MEDIA.get(medium or "", otherwise)


async def async_title(
    hass: HomeAssistant, meter: MeterIdentity, otherwise: str = "wireless_meter"
) -> str:
    """Return the name of a meter in Home Assistant's language, as `Water meter 12345678`."""
    names = await async_get_translations(hass, hass.config.language, "device", {DOMAIN})
    return f"{kind_of(names, meter, otherwise)} {meter.key or ''}".rstrip()


def kind_of(
    names: dict[str, str], meter: MeterIdentity, otherwise: str = "wireless_meter"
) -> str:
    """Return what a meter measures in the words of the devices' translations."""
    word = device_translation(meter.medium, otherwise)
    return names.get(f"component.{DOMAIN}.device.{word}.name", word)


async def async_options(
    hass: HomeAssistant, heard: tuple[HeardMeter, ...], first: str | None = None
) -> list[SelectOptionDict]:
    """Return the list of meters to choose from, the strongest first, before them those of a manufacturer.

    A line has number, manufacturer, medium, signal strength, radio mode, and whether the meter encrypts.
    """
    language = hass.config.language
    names = await async_get_translations(hass, language, "device", {DOMAIN})
    words = await async_get_translations(hass, language, "selector", {DOMAIN})
    prefix = f"component.{DOMAIN}.selector.heard_meter.options"

    def order(known: HeardMeter) -> tuple[bool, int, str]:
        signal = -200 if known.signal_dbm is None else known.signal_dbm
        return known.meter.manufacturer != first, -signal, known.meter.key or ""

    def label(known: HeardMeter) -> str:
        word = words.get(f"{prefix}.{'encrypted' if known.security else 'plain'}")
        parts = (
            known.meter.key,
            known.meter.manufacturer,
            kind_of(names, known.meter),
            None if known.signal_dbm is None else f"{known.signal_dbm} dBm",
            known.mode,
            word,
        )
        return " · ".join(part for part in parts if part)

    return [
        SelectOptionDict(value=known.meter.key, label=label(known))
        for known in sorted(heard, key=order)
        if known.meter.key
    ]
