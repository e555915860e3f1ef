"""What the card is told over the WebSocket."""

from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.smart_meter.const import DOMAIN
from custom_components.smart_meter.customer_interface.session.push import PushSession
from tests.integration.conftest import Line, Meter
from tests.integration.test_meters import p1, p1_entry

__all__ = ["p1_entry"]

SUBSCRIBE = {"type": "smart_meter/subscribe"}


async def subscribed(client: Any, **wishes: str) -> dict[str, Any]:
    """Subscribe; returns the first event."""
    await client.send_json_auto_id({**SUBSCRIBE, **wishes})
    assert (await client.receive_json())["success"]
    return await event(client)


async def event(client: Any) -> dict[str, Any]:
    """Return the next event."""
    told = (await client.receive_json())["event"]
    assert isinstance(told, dict)
    return told


async def reading(client: Any, meter: Meter) -> tuple[dict[str, Any], dict[str, Any]]:
    """Send a telegram; returns what it said and the first event that tells of it."""
    said = meter.send()
    while not (told := await event(client)).get("power"):
        pass
    return said, told


async def test_subscribe(
    hass: HomeAssistant,
    meter: Meter,
    entry: MockConfigEntry,
    hass_ws_client: WebSocketGenerator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """First what is known, then each telegram: names in the user's language, exact values, power with its sign."""
    monkeypatch.setattr(PushSession, "shortest_silence", 0.5)
    client = await hass_ws_client(hass)
    told = await subscribed(client, language="de")
    assert (told["link"], told["rows"], told["power"]) == ("waiting", [], None)

    said, told = await reading(client, meter)
    rows = {row["key"]: row for row in told["rows"]}
    assert rows["1-0:1.8.0"]["value"] == str(said["1-0:1.8.0"])
    assert rows["1-0:1.8.0"]["unit"] == "Wh"
    assert rows["1-0:32.7.0"]["name"] == "Spannung L1"
    assert told["power"]["net"] == said["1-0:1.7.0"] - said["1-0:2.7.0"]
    assert told["power"]["export"] is True
    assert told["meter"]["id"] == meter.number

    meter.send()
    while told["link"] != "silent":
        told = await event(client)
    assert told["power"] is None
    assert {row["value"] for row in told["rows"]} == {None}
    registry = er.async_get(hass)
    unique_id = f"{meter.number}_1-0:1.8.0"
    assert told["energy"]["import"] == registry.async_get_entity_id(
        "sensor", DOMAIN, unique_id
    )


async def test_a_meter_of_ones_choice(
    hass: HomeAssistant,
    meter: Meter,
    entry: MockConfigEntry,
    hass_ws_client: WebSocketGenerator,
) -> None:
    """The device chooses the meter; another's telegrams are not told; a device that is none is said to be stopped."""
    device = dr.async_get(hass).async_get_device_by_identifier(
        (DOMAIN, meter.number), entry.entry_id
    )
    assert device is not None
    client = await hass_ws_client(hass)
    assert (await subscribed(client, device=device.id))["meter"]["id"] == meter.number
    other = await subscribed(client, device="0" * 32)
    assert other == {"meter": None, "link": "stopped", "rows": []}


async def test_power_of_two_directions(
    hass: HomeAssistant,
    line: Line,
    p1_entry: MockConfigEntry,
    hass_ws_client: WebSocketGenerator,
) -> None:
    """Nothing is calculated from half of a pair; a meter that measures one way tells that it does."""
    client = await hass_ws_client(hass)
    await subscribed(client)

    async def power(second: int, *lines: str) -> Any:
        line.write(p1(*lines, clock=f"2611210901{second:02d}W"))
        told = await event(client)
        while (told["heard"] or 0) <= heard[-1]:
            told = await event(client)
        heard.append(told["heard"])
        return told["power"]

    heard = [0.0]
    first = await power(1, "1-0:1.7.0(00.100*kW)")
    assert (first["net"], first["export"]) == (100, False)
    both = await power(2, "1-0:1.7.0(00.000*kW)", "1-0:2.7.0(01.250*kW)")
    assert (both["net"], both["export"]) == (-1250, True)
    assert await power(3, "1-0:1.7.0(00.100*kW)") is None
    again = await power(4, "1-0:1.7.0(00.100*kW)", "1-0:2.7.0(00.000*kW)")
    assert again["net"] == 100
