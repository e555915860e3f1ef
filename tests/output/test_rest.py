"""JSON-REST and the stream of events, from a meter's bytes to the answer of a real HTTP server."""

import asyncio
from collections.abc import Callable
from http import HTTPStatus
import json
from typing import Any

from aiohttp import ClientResponse
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.smart_meter.customer_interface.session.push import PushSession
from custom_components.smart_meter.output import rest
from tests.integration.conftest import Meter, make_entry, until

METERS = "/api/smart_meter/meters"
STREAM = "/api/smart_meter/stream"
ELSEWHERE = {"X-Forwarded-For": "192.0.2.7"}
ELSEWHERE_TLS = {**ELSEWHERE, "X-Forwarded-Proto": "https"}


def reading_url(meter: Meter) -> str:
    """Return where a meter's reading is."""
    return f"{METERS}/{meter.number}/reading"


async def heard(hass: HomeAssistant, entry: MockConfigEntry, meter: Meter) -> Any:
    """Let a telegram arrive; returns what it said."""
    before = entry.runtime_data.statistics.readings
    said = meter.send()
    await until(hass, lambda: entry.runtime_data.statistics.readings > before)
    return said


@pytest.fixture
async def proxied(hass: HomeAssistant) -> None:
    """Believe what a proxy on this host says about who asks, and how."""
    http = {"use_x_forwarded_for": True, "trusted_proxies": ["127.0.0.1"]}
    assert await async_setup_component(hass, "http", {"http": http})


async def test_meters_and_reading(
    hass: HomeAssistant,
    meter: Meter,
    entry: MockConfigEntry,
    hass_client: ClientSessionGenerator,
    validate: Callable[[Any], None],
) -> None:
    """A meter is listed, silent at first; then its reading is the standardised document."""
    client = await hass_client()
    (listed,) = (await (await client.get(METERS)).json())["meters"]
    assert (listed["id"], listed["link"]) == (meter.number, "waiting")
    response = await client.get(reading_url(meter))
    assert response.status == HTTPStatus.SERVICE_UNAVAILABLE

    said = await heard(hass, entry, meter)
    (listed,) = (await (await client.get(METERS)).json())["meters"]
    assert listed["link"] == "heard"
    response = await client.get(reading_url(meter))
    assert response.status == HTTPStatus.OK
    assert response.headers["Cache-Control"] == "no-store"
    form = await response.json()
    validate(form)
    assert form["meter"]["id"] == meter.number
    assert form["values"]["1-0:1.8.0"] == {"value": said["1-0:1.8.0"], "unit": "Wh"}
    assert form["values"]["1-0:15.8.0"] is None
    assert form["encrypted"] is True


async def test_who_may_not(
    hass: HomeAssistant,
    meter: Meter,
    entry: MockConfigEntry,
    hass_client: ClientSessionGenerator,
    hass_client_no_auth: ClientSessionGenerator,
) -> None:
    """Without a token nothing; a meter that is not there is not found."""
    stranger = await hass_client_no_auth()
    for path in (METERS, reading_url(meter), STREAM):
        assert (await stranger.get(path)).status == HTTPStatus.UNAUTHORIZED
    client = await hass_client()
    response = await client.get(f"{METERS}/nobody/reading")
    assert response.status == HTTPStatus.NOT_FOUND
    assert "message" in await response.json()
    assert (await client.post(METERS)).status == HTTPStatus.METHOD_NOT_ALLOWED


async def test_plain_http_from_elsewhere(
    hass: HomeAssistant,
    proxied: None,
    meter: Meter,
    hass_client: ClientSessionGenerator,
) -> None:
    """Another host gets nothing without TLS, not even whether a meter is there, until the options allow it."""
    entry = await make_entry(hass, meter)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await heard(hass, entry, meter)
    client = await hass_client()
    paths = (METERS, reading_url(meter), f"{METERS}/nobody/reading", STREAM)
    for path in paths:
        response = await client.get(path, headers=ELSEWHERE)
        assert response.status == HTTPStatus.FORBIDDEN, path
    for path in paths[:2]:
        response = await client.get(path, headers=ELSEWHERE_TLS)
        assert response.status == HTTPStatus.OK, path

    hass.config_entries.async_update_entry(entry, options={"plain_http": True})
    for path in paths[:2]:
        response = await client.get(path, headers=ELSEWHERE)
        assert response.status == HTTPStatus.OK, path
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_silent_meter(
    hass: HomeAssistant,
    meter: Meter,
    entry: MockConfigEntry,
    hass_client: ClientSessionGenerator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What was true once is not told as if it were now; nor is a meter forgotten whose entry is not loaded."""
    monkeypatch.setattr(PushSession, "shortest_silence", 0.3)
    client = await hass_client()
    await heard(hass, entry, meter)
    await heard(hass, entry, meter)
    assert (await client.get(reading_url(meter))).status == HTTPStatus.OK
    await until(hass, lambda: entry.runtime_data.silent)
    response = await client.get(reading_url(meter))
    assert response.status == HTTPStatus.SERVICE_UNAVAILABLE
    assert await hass.config_entries.async_unload(entry.entry_id)
    response = await client.get(reading_url(meter))
    assert response.status == HTTPStatus.SERVICE_UNAVAILABLE


async def test_transformer_factor(
    hass: HomeAssistant, meter: Meter, hass_client: ClientSessionGenerator
) -> None:
    """Documents say what the sensors say: current transformers are applied where they measure."""
    entry = await make_entry(hass, meter, options={"transformer_factor": 50})
    assert await hass.config_entries.async_setup(entry.entry_id)
    said = await heard(hass, entry, meter)
    form = await (await (await hass_client()).get(reading_url(meter))).json()
    assert form["values"]["1-0:1.7.0"]["value"] == said["1-0:1.7.0"] * 50
    assert form["values"]["1-0:32.7.0"]["value"] == float(said["1-0:32.7.0"])
    assert await hass.config_entries.async_unload(entry.entry_id)


async def next_event(response: ClientResponse, kind: str) -> Any:
    """Return the data of the next event of a kind."""
    async with asyncio.timeout(30):
        while True:
            line = (await response.content.readline()).decode().strip()
            if line == f"event: {kind}":
                data = (await response.content.readline()).decode()
                return json.loads(data.removeprefix("data: "))


async def test_stream(
    hass: HomeAssistant,
    meter: Meter,
    entry: MockConfigEntry,
    hass_client: ClientSessionGenerator,
    validate: Callable[[Any], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each reading and each change of the link comes as an event; comments keep the connection open."""
    monkeypatch.setattr(PushSession, "shortest_silence", 0.3)
    monkeypatch.setattr(rest, "KEEP_ALIVE", 0.05)
    client = await hass_client()
    response = await client.get(STREAM)
    assert response.status == HTTPStatus.OK
    assert response.content_type == "text/event-stream"
    assert (await next_event(response, "link"))["link"] == "waiting"
    for _ in range(3):
        said = meter.send()
        form = await next_event(response, "reading")
        validate(form)
        assert form["values"]["1-0:1.7.0"]["value"] == said["1-0:1.7.0"]
    while (await next_event(response, "link"))["link"] != "silent":
        pass
    async with asyncio.timeout(30):
        while not (await response.content.readline()).startswith(b":"):
            pass
    response.close()


async def test_stream_of_one_meter(
    hass: HomeAssistant,
    meter: Meter,
    entry: MockConfigEntry,
    hass_client: ClientSessionGenerator,
) -> None:
    """A stream of one meter tells nothing of others."""
    await heard(hass, entry, meter)
    client = await hass_client()
    response = await client.get(STREAM, params={"meter": "other"})
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await response.content.readline()
    response.close()
    response = await client.get(STREAM, params={"meter": meter.number})
    assert (await next_event(response, "reading"))["meter"]["id"] == meter.number
    response.close()


async def test_stream_ends_with_the_login(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    hass_client: ClientSessionGenerator,
    hass_access_token: str,
) -> None:
    """Who is logged out hears no more."""
    client = await hass_client()
    response = await client.get(STREAM)
    await next_event(response, "link")
    token = hass.auth.async_validate_access_token(hass_access_token)
    assert token is not None
    hass.auth.async_remove_refresh_token(token)
    async with asyncio.timeout(30):
        await response.content.read()
