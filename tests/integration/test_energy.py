"""The energy dashboard: the meter is added where the user agreed, once, and complete."""

import asyncio
from typing import Any

from homeassistant.components.energy import data as energy_data
from homeassistant.components.recorder import Recorder
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
import pytest

from custom_components.smart_meter.const import CONF_ADD_TO_ENERGY, DOMAIN
from customer_interface import simulate
from tests.integration.conftest import Line, Meter, make_entry, state_of, until
from tests.integration.test_bus import PORT, add, added, shown, to_list
from tests.integration.test_config_flow import answer, progressed, to_keys
from tests.integration.test_meters import NUMBER, dutch, p1
from tests.integration.virtual_bus import number_of, plug


@pytest.fixture
async def energy(recorder_mock: Recorder, hass: HomeAssistant) -> None:
    """Have an energy dashboard."""
    assert await async_setup_component(hass, "energy", {})
    await hass.async_block_till_done()


async def sources(hass: HomeAssistant) -> list[dict[str, Any]]:
    """Return what the energy dashboard knows."""
    manager = await energy_data.async_get_manager(hass)
    return [dict(source) for source in (manager.data or {}).get("energy_sources", [])]


@pytest.mark.usefixtures("energy")
@pytest.mark.parametrize("wanted", [True, False])
async def test_offered_at_the_end(
    hass: HomeAssistant, meter: Meter, wanted: bool
) -> None:
    """The last step offers it; import, export and the signed power become one grid connection."""
    result = await to_keys(hass, meter)
    result = await progressed(hass, await answer(hass, result, **meter.keys))
    assert result["data_schema"] is not None
    assert [str(field) for field in result["data_schema"].schema] == [
        CONF_ADD_TO_ENERGY
    ]
    result = await answer(hass, result, add_to_energy=wanted)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    entry = result["result"]
    meter.send()
    await until(hass, lambda: state_of(hass, f"{meter.number}_net_power"))
    await hass.async_block_till_done()
    registry = er.async_get(hass)

    def entity(key: str) -> str | None:
        return registry.async_get_entity_id("sensor", DOMAIN, f"{meter.number}_{key}")

    if wanted:
        (source,) = await sources(hass)
        assert source["type"] == "grid"
        assert source["stat_energy_from"] == entity("1-0:1.8.0")
        assert source["stat_energy_to"] == entity("1-0:2.8.0")
        assert source["stat_rate"] == entity("net_power")
    else:
        assert await sources(hass) == []
    assert CONF_ADD_TO_ENERGY not in entry.data
    assert await hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.usefixtures("energy")
async def test_beside_what_is_there(hass: HomeAssistant, meter: Meter) -> None:
    """What the user configured stays; the meter is not added a second time."""
    manager = await energy_data.async_get_manager(hass)
    solar = {
        "type": "solar",
        "stat_energy_from": "sensor.pv",
        "config_entry_solar_forecast": None,
    }
    await manager.async_update({"energy_sources": [solar]})  # type: ignore[list-item]
    entry = await make_entry(hass, meter)
    for _ in range(2):
        hass.config_entries.async_update_entry(
            entry, data={**entry.data, CONF_ADD_TO_ENERGY: True}
        )
        assert await hass.config_entries.async_setup(entry.entry_id)
        meter.send()
        await until(hass, lambda: CONF_ADD_TO_ENERGY not in entry.data)
        await hass.async_block_till_done()
        assert await hass.config_entries.async_unload(entry.entry_id)
    kinds = [source["type"] for source in await sources(hass)]
    assert kinds == ["solar", "grid"]


@pytest.mark.usefixtures("energy")
async def test_tariffs_gas_and_water(hass: HomeAssistant, line: Line) -> None:
    """A meter that counts by tariff is a grid connection for each; gas and water behind it come along."""
    meter = Meter(line, "be-fluvius", "sagemcom-t211")
    entry = await make_entry(hass, meter, add_to_energy=True)
    assert await hass.config_entries.async_setup(entry.entry_id)
    for _ in range(2):
        meter.send()
    await until(hass, lambda: CONF_ADD_TO_ENERGY not in entry.data)
    await hass.async_block_till_done()
    kinds = [source["type"] for source in await sources(hass)]
    assert kinds == ["grid", "grid", "gas", "water"]
    known = await sources(hass)
    assert len({source["stat_energy_from"] for source in known}) == 4
    assert [source.get("stat_rate") is not None for source in known] == [
        True,
        False,
        False,
        False,
    ]
    assert await hass.config_entries.async_unload(entry.entry_id)


GAS = ("0-1:24.1.0(003)", "0-1:96.1.0(4730303339303031)")
GAS_VALUE = "0-1:24.2.1(261121090000W)(00123.456*m3)"
POWER, COUNTER = "1-0:1.7.0(00.100*kW)", "1-0:1.8.0(000123.456*kWh)"


@pytest.mark.usefixtures("energy")
@pytest.mark.parametrize(
    ("first", "second", "kinds"),
    [
        ((POWER,), (POWER, COUNTER), ["grid"]),
        ((POWER, COUNTER, *GAS), (POWER, COUNTER, *GAS, GAS_VALUE), ["grid", "gas"]),
    ],
    ids=["counter", "gas"],
)
async def test_waits_until_complete(
    hass: HomeAssistant,
    line: Line,
    first: tuple[str, ...],
    second: tuple[str, ...],
    kinds: list[str],
) -> None:
    """Nothing is added before each meter behind the port told a counter; then all are, at once."""
    entry = await dutch(hass, line, add_to_energy=True)
    line.write(p1(*first))
    await until(hass, lambda: state_of(hass, f"{NUMBER}_1-0:1.7.0"))
    await hass.async_block_till_done()
    assert await sources(hass) == []
    assert CONF_ADD_TO_ENERGY in entry.data
    line.write(p1(*second, clock="261121090044W"))
    await until(hass, lambda: CONF_ADD_TO_ENERGY not in entry.data)
    await hass.async_block_till_done()
    assert [source["type"] for source in await sources(hass)] == kinds
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_without_a_dashboard(hass: HomeAssistant, line: Line) -> None:
    """Where there is no energy dashboard the wish is kept for the day there is one."""
    entry = await dutch(hass, line, add_to_energy=True)
    line.write(p1(POWER, COUNTER))
    await until(hass, lambda: state_of(hass, f"{NUMBER}_1-0:1.8.0"))
    await hass.async_block_till_done()
    assert entry.data[CONF_ADD_TO_ENERGY] is True
    assert await hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.usefixtures("energy")
async def test_meters_on_a_wired_bus(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list of a wired bus offers it; gas and water come along with their first value, heat has no place there."""
    bus = simulate.simulator("mbus-master", "mbus-several")
    port = plug(monkeypatch, bus, PORT)
    gas, heat, water = (number_of(port.bus, kind) for kind in ("gas", "heat", "water"))
    result = await to_list(hass)
    assert CONF_ADD_TO_ENERGY in result["data_schema"].schema
    result = await answer(hass, result, meters=[gas, heat], add_to_energy=True)
    entry = result["result"]
    (gas_source,) = await until_there(hass, 1)
    assert gas_source["type"] == "gas"
    await shown(hass, entry, heat)
    # A meter that is found later is offered the same.
    result = await added(hass, await add(hass, entry))
    result = await added(hass, result, meters=[water], add_to_energy=True)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    *_, water_source = await until_there(hass, 2)
    assert water_source["type"] == "water"
    registry = er.async_get(hass)
    for source, number in ((gas_source, gas), (water_source, water)):
        entity = registry.async_get(source["stat_energy_from"])
        assert entity is not None
        assert entity.unique_id.startswith(f"{entry.unique_id}_{number}_")
        assert entity.unit_of_measurement == "m³"
    assert not any(CONF_ADD_TO_ENERGY in s.data for s in entry.subentries.values())
    assert await hass.config_entries.async_unload(entry.entry_id)


async def until_there(hass: HomeAssistant, count: int) -> list[dict[str, Any]]:
    """Wait until the energy dashboard knows so many sources."""
    async with asyncio.timeout(30):
        while len(known := await sources(hass)) < count:
            await asyncio.sleep(0.05)
    return known
