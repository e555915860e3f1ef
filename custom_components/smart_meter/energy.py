"""Puts the meter into the energy dashboard, where the user wanted so."""

from collections.abc import Mapping
from itertools import chain
from typing import TYPE_CHECKING, Any

from homeassistant.components.energy.data import async_get_manager
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er

from .const import CONF_ADD_TO_ENERGY, DOMAIN
from .customer_interface.reading import MeterIdentity, RecordFunction
from .meter import MeterData, Point

if TYPE_CHECKING:
    from .coordinator import MeterCoordinator

# Totals first; where a meter has none (Dutch P1), each tariff is a grid connection of its own.
_TOTAL = 0
_TARIFFS = (1, 2, 3, 4)


def is_offered(hass: HomeAssistant) -> bool:
    """Tell whether this Home Assistant has an energy dashboard."""
    return "energy" in hass.config.components


async def async_has_grid(hass: HomeAssistant) -> bool:
    """Tell whether the energy dashboard knows a grid connection already."""
    manager = await async_get_manager(hass)
    sources = manager.data["energy_sources"] if manager.data else []
    return any(source["type"] == "grid" for source in sources)


def may_be_added(identity: MeterIdentity) -> bool:
    """Tell whether the energy dashboard has a place for what a meter measures."""
    return identity.medium == "electricity" or identity.medium in _VOLUMES


@callback
def async_schedule(coordinator: MeterCoordinator) -> None:
    """Add the meter as soon as all of a telegram was taken in; does nothing where it is not wanted or was done."""
    entry, hass = coordinator.config_entry, coordinator.hass
    if entry.data.get(CONF_ADD_TO_ENERGY):
        entry.async_create_task(
            hass, _async_add_when_complete(coordinator), eager_start=False
        )
    if any(
        subentry.data.get(CONF_ADD_TO_ENERGY) for subentry in entry.subentries.values()
    ):
        entry.async_create_task(hass, _async_add_chosen(coordinator), eager_start=False)


async def _async_add_chosen(coordinator: MeterCoordinator) -> None:
    """Add the meters of subentries, each once the entities it needs are there."""
    entry, hass = coordinator.config_entry, coordinator.hass
    for meter in tuple(coordinator.data.values()):
        subentry = entry.subentries.get(coordinator.subentry_of(meter) or "")
        if subentry is None or not subentry.data.get(CONF_ADD_TO_ENERGY):
            continue
        sources = _sources(hass, meter)
        if sources is None and (volume := _volume(hass, meter)) is not None:
            sources = [volume]
        if sources is not None and is_offered(hass):
            data = _without_wish(subentry.data)
            hass.config_entries.async_update_subentry(entry, subentry, data=data)
            await _async_add(hass, sources)


def _without_wish(data: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in data.items() if key != CONF_ADD_TO_ENERGY}


async def _async_add_when_complete(coordinator: MeterCoordinator) -> None:
    """Add the meter once all entities it needs are there."""
    entry, hass = coordinator.config_entry, coordinator.hass
    if not entry.data.get(CONF_ADD_TO_ENERGY) or not is_offered(hass):
        return
    grid = _sources(hass, coordinator.main)
    volumes = [
        _volume(hass, meter)
        for meter in coordinator.data.values()
        if meter.sub_meter and meter.identity.medium in _VOLUMES
    ]
    if grid is None or None in volumes:
        return
    sources = grid + [source for source in volumes if source is not None]
    hass.config_entries.async_update_entry(entry, data=_without_wish(entry.data))
    await _async_add(hass, sources)


async def _async_add(hass: HomeAssistant, sources: list[dict[str, Any]]) -> None:
    manager = await async_get_manager(hass)
    present: list[Any] = list(manager.data["energy_sources"]) if manager.data else []
    known = {source.get("stat_energy_from") for source in present}
    new = [source for source in sources if source["stat_energy_from"] not in known]
    if new:
        await manager.async_update({"energy_sources": [*present, *new]})  # type: ignore[typeddict-item]


def _sources(hass: HomeAssistant, meter: MeterData) -> list[dict[str, Any]] | None:
    """Return the dashboard's sources for a meter; None while an entity is still missing."""
    pairs = _pairs(meter)
    power = meter.net_power_key
    wanted = [key for key in (*chain.from_iterable(pairs), power) if key is not None]
    entities = {key: _entity(hass, meter, key) for key in wanted}
    if not pairs or None in entities.values():
        return None
    net = entities.get(power or "")
    return [
        _grid(entities[drawn], entities.get(fed or ""), None if index else net)
        for index, (drawn, fed) in enumerate(pairs)
    ]


_VOLUMES = {"gas": "gas", "water": "water", "cold_water": "water"}


def _volume(hass: HomeAssistant, meter: MeterData) -> dict[str, Any] | None:
    """Return the source for a gas or water meter; None while its entity is missing."""
    kind = _VOLUMES.get(meter.identity.medium or "")
    counter = next(filter(_is_volume_now, meter.points.values()), None)
    entity = _entity(hass, meter, counter.key) if counter else None
    if entity is None or kind is None:
        return None
    return {
        "type": kind,
        "stat_energy_from": entity,
        "stat_cost": None,
        "entity_energy_price": None,
        "number_energy_price": None,
    }


def _is_volume_now(point: Point) -> bool:
    """Tell the counter from what it stood at on a due date and from its tariffs."""
    if point.value.unit != "m³":
        return False
    if (record := point.record) is None:
        return point.code is None or point.code.f == 255
    return (record.storage, record.tariff, record.subunit) == (0, 0, 0) and (
        record.function is RecordFunction.INSTANTANEOUS
    )


def _pairs(meter: MeterData) -> list[tuple[str, str | None]]:
    """Return the keys of import and export counters: the total's, else each tariff's."""
    for tariffs in ((_TOTAL,), _TARIFFS):
        pairs = []
        for tariff in tariffs:
            drawn, fed = meter.find((1, 8, tariff)), meter.find((2, 8, tariff))
            if drawn is not None:
                pairs.append((drawn.key, fed.key if fed else None))
        if pairs:
            return pairs
    return []


def _entity(hass: HomeAssistant, meter: MeterData, key: str) -> str | None:
    return er.async_get(hass).async_get_entity_id(
        Platform.SENSOR, DOMAIN, f"{meter.key}_{key}"
    )


def _grid(drawn: str | None, fed: str | None, power: str | None) -> dict[str, Any]:
    source: dict[str, Any] = {
        "type": "grid",
        "stat_energy_from": drawn,
        "stat_energy_to": fed,
        "stat_cost": None,
        "entity_energy_price": None,
        "number_energy_price": None,
        "stat_compensation": None,
        "entity_energy_price_export": None,
        "number_energy_price_export": None,
        "cost_adjustment_day": 0.0,
    }
    if power is not None:
        source["stat_rate"] = power
    return source
