"""The config flow, every step and every error, with bytes on a port."""

import asyncio
from typing import Any

from homeassistant.config_entries import SOURCE_USER, ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smart_meter.const import DOMAIN
from tests.integration.conftest import (
    WRONG_KEY,
    Line,
    Meter,
    make_entry,
    state_of,
    until,
)

type Result = ConfigFlowResult


async def begin(hass: HomeAssistant) -> Result:
    """Open the flow."""
    return await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USER}
    )


async def answer(hass: HomeAssistant, result: Result, **fields: Any) -> Result:
    """Fill in a step."""
    return await hass.config_entries.flow.async_configure(result["flow_id"], fields)


def said_of(result: Result) -> dict[str, str]:
    """Return what a step fills into its text."""
    return dict(result["description_placeholders"] or {})


async def choose(hass: HomeAssistant, result: Result, option: str) -> Result:
    """Choose from a menu."""
    assert option in result["menu_options"]
    return await answer(hass, result, next_step_id=option)


async def progressed(
    hass: HomeAssistant, result: Result, seconds: float = 10.0
) -> Result:
    """Wait until a progress step is over and return what follows."""
    async with asyncio.timeout(seconds):
        while result["type"] in (
            FlowResultType.SHOW_PROGRESS,
            FlowResultType.SHOW_PROGRESS_DONE,
        ):
            await asyncio.sleep(0.05)
            await hass.async_block_till_done()
            result = await hass.config_entries.flow.async_configure(result["flow_id"])
    return result


async def to_listening(hass: HomeAssistant, meter: Meter, **row: str) -> Result:
    """Go through operator, meter and connection."""
    row = {**meter.row, **row}
    result = await begin(hass)
    assert (result["type"], result["step_id"]) == (FlowResultType.FORM, "user")
    result = await answer(hass, result, operator=row["operator"])
    assert result["step_id"] == "meter"
    result = await answer(hass, result, meter=row["meter"])
    assert result["step_id"] == "connection"
    return await answer(hass, result, port=meter.line.url)


async def progress(hass: HomeAssistant, result: Result, action: str) -> None:
    """Wait until a progress step says this."""
    async with asyncio.timeout(10):
        while result.get("progress_action") != action:
            await asyncio.sleep(0.05)
            result = await hass.config_entries.flow.async_configure(result["flow_id"])


async def to_keys(hass: HomeAssistant, meter: Meter) -> Result:
    """Go on to the step that asks for the key."""
    result = await to_listening(hass, meter)
    await progress(hass, result, "listen_no_bytes")
    meter.send()
    result = await progressed(hass, result)
    assert (result["type"], result["step_id"]) == (FlowResultType.FORM, "keys")
    return result


async def test_from_operator_to_values(hass: HomeAssistant, meter: Meter) -> None:
    """Operator, meter, port, key: the values are shown, and the entry reads the meter."""
    result = await to_keys(hass, meter)
    assert "Netz Nieder" in said_of(result)["operator"]
    assert said_of(result)["keys"] == "GUEK"
    result = await progressed(hass, await answer(hass, result, **meter.keys))
    assert (result["type"], result["step_id"]) == (FlowResultType.FORM, "values")
    said = meter.said().values
    shown = said_of(result)["values"]
    energy = next(v.value for code, v in said.items() if str(code) == "1-0:1.8.0")
    assert f"{energy / 1000:.3f}** kWh" in shown
    assert said_of(result)["meter"] == meter.number

    result = await answer(hass, result)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    entry = result["result"]
    assert entry.unique_id == meter.number
    assert entry.data["port"] == meter.line.url
    assert not any(key in str(dict(entry.data)) for key in meter.keys.values())
    await hass.async_block_till_done()
    meter.send()
    await until(hass, lambda: state_of(hass, f"{meter.number}_1-0:1.8.0"))
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_progress_in_stages(hass: HomeAssistant, meter: Meter) -> None:
    """No bytes, bytes but no frame, then telegrams: each is said."""
    result = await to_listening(hass, meter)
    await progress(hass, result, "listen_no_bytes")
    telegram = meter.bytes()
    meter.line.write(telegram[:100])
    await progress(hass, result, "listen_bytes")
    hass.config_entries.flow.async_abort(result["flow_id"])
    await hass.async_block_till_done()


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ("", "key_empty"),
        ("0011", "key_length"),
        ("zz112233445566778899aabbccddeeff", "key_alphabet"),
        (WRONG_KEY, "key_wrong"),
    ],
)
async def test_refused_keys(
    hass: HomeAssistant, meter: Meter, typed: str, error: str
) -> None:
    """A key that cannot be one is refused where it is typed; a wrong one after it was tried. The right one goes on."""
    result = await to_keys(hass, meter)
    result = await progressed(hass, await answer(hass, result, guek=typed))
    assert result["step_id"] == "keys"
    assert result["errors"] == {"guek": error}
    spaced = " ".join(
        meter.keys["guek"][i : i + 2] for i in range(0, len(meter.keys["guek"]), 2)
    )
    result = await progressed(hass, await answer(hass, result, guek=f"0x{spaced}"))
    assert result["step_id"] == "values"


async def test_missing_port(hass: HomeAssistant, meter: Meter) -> None:
    """A port that is not there is said where it was chosen."""
    meter.line.unplug()
    result = await progressed(hass, await to_listening(hass, meter))
    assert result["step_id"] == "connection"
    assert result["errors"] == {"port": "port_missing"}
    meter.line.plug()
    result = await answer(hass, result, port=meter.line.url)
    assert result["type"] is FlowResultType.SHOW_PROGRESS
    hass.config_entries.flow.async_abort(result["flow_id"])
    await hass.async_block_till_done()


async def test_port_taken(hass: HomeAssistant, meter: Meter) -> None:
    """Two entries on one port are stopped before it is opened."""
    entry = await make_entry(hass, meter)
    result = await to_listening(hass, meter)
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "already_configured"
    await hass.config_entries.async_remove(entry.entry_id)


async def test_meter_known(hass: HomeAssistant, meter: Meter, tmp_path: Any) -> None:
    """The same meter at another port is stopped when it says who it is."""
    MockConfigEntry(
        domain=DOMAIN, unique_id=meter.number, data={"port": "/dev/elsewhere"}
    ).add_to_hass(hass)
    result = await to_keys(hass, meter)
    result = await progressed(hass, await answer(hass, result, **meter.keys))
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "already_configured"


async def test_busy_port(hass: HomeAssistant, meter: Meter, line: Line) -> None:
    """A port another program holds is said so."""
    import fcntl  # noqa: PLC0415
    import os  # noqa: PLC0415

    holder = os.open(line.path, os.O_RDWR | os.O_NOCTTY)
    fcntl.flock(holder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    try:
        result = await progressed(hass, await to_listening(hass, meter))
    finally:
        os.close(holder)
    assert result["errors"] == {"port": "port_busy"}
