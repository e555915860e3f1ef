"""Every row of the catalogue that is simulated, through the config flow to its states: bytes on a port all the way."""

from decimal import Decimal

from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er
import pytest

from custom_components.smart_meter.const import DOMAIN
from customer_interface import catalogue, simulate
from tests.integration.conftest import Line, Meter, state_of, until
from tests.integration.test_config_flow import (
    answer,
    progress,
    progressed,
    to_listening,
)

KNOWN = catalogue.load()
PUSHING = [
    row
    for row in simulate.ROWS
    if row[0] in KNOWN.operators
    and any(
        offer.meter.id == row[1]
        and offer.profile.session
        in (catalogue.SessionKind.PUSH, catalogue.SessionKind.ACKNOWLEDGED)
        for offer in KNOWN.operators[row[0]].offers
    )
]


@pytest.mark.parametrize(
    ("operator", "model"), PUSHING, ids=["-".join(row) for row in PUSHING]
)
async def test_row(hass: HomeAssistant, line: Line, operator: str, model: str) -> None:
    """The flow asks for what the profile names, shows the values, and each numeric value is a state."""
    meter = Meter(line, operator, model)
    result = await to_listening(hass, meter)
    await progress(hass, result, "listen_no_bytes")
    meter.send()
    result = await progressed(hass, result)
    if result["step_id"] == "keys":
        assert meter.keys
        assert result["data_schema"] is not None
        fields = {str(field) for field in result["data_schema"].schema}
        assert set(meter.keys) <= fields
        result = await progressed(hass, await answer(hass, result, **meter.keys))
    assert (result["type"], result["step_id"]) == (FlowResultType.FORM, "values"), (
        result
    )
    assert "**" in (result["description_placeholders"] or {})["values"]
    result = await answer(hass, result)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    entry = result["result"]
    said = meter.send()
    numbers = {
        code: value
        for code, value in said.items()
        if isinstance(value, int | Decimal) and not isinstance(value, bool)
    }
    assert numbers
    registry = er.async_get(hass)
    await until(
        hass,
        lambda: any(
            state_of(hass, f"{entry.unique_id}_{code}") is not None for code in numbers
        ),
    )
    await hass.async_block_till_done()
    for code, value in numbers.items():
        unique_id = f"{entry.unique_id}_{code}"
        entity_id = registry.async_get_entity_id("sensor", DOMAIN, unique_id)
        assert entity_id is not None, code
        if registry.entities[entity_id].disabled_by is None:
            state = hass.states.get(entity_id)
            assert state is not None
            scale = {"kWh": 1000, "kvarh": 1000, "GJ": 10**9}.get(
                state.attributes.get("unit_of_measurement", ""), 1
            )
            assert Decimal(state.state) * scale == Decimal(str(value)), code
    assert await hass.config_entries.async_unload(entry.entry_id)
