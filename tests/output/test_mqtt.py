"""Readings through Home Assistant's MQTT integration to a real broker."""

import asyncio
from collections.abc import AsyncGenerator, Callable
import json
from pathlib import Path
from typing import Any

import aiomqtt
from homeassistant.components import mqtt
from homeassistant.components.mqtt import client as mqtt_client, util as mqtt_util
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smart_meter.const import DOMAIN
from custom_components.smart_meter.customer_interface.session.push import PushSession
from custom_components.smart_meter.output.mqtt import topic_of
from tests.integration.conftest import Line, Meter, make_entry, until
from tests.output.broker import PASSWORD, USER, Broker


@pytest.fixture
async def broker(tmp_path: Path, socket_enabled: None) -> AsyncGenerator[Broker]:
    """Run a broker without TLS."""
    async with Broker(tmp_path, tls=False) as running:
        yield running


async def connect(hass: HomeAssistant, broker: Broker) -> MockConfigEntry:
    """Set up Home Assistant's MQTT integration."""
    hass.config.config_dir = str(broker.folder)
    (broker.folder / "configuration.yaml").touch()
    data: dict[str, Any] = {"broker": "127.0.0.1", "port": broker.port}
    if broker.authority:
        data |= {
            "username": USER,
            "password": PASSWORD,
            "certificate": broker.authority.read_text("utf-8"),
        }
    entry = MockConfigEntry(
        domain="mqtt",
        data=data,
        options={"birth_message": {}, "discovery": False},
        version=2,
        minor_version=2,
        title="Broker",
    )
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    return entry


async def publishing(hass: HomeAssistant, meter: Meter) -> MockConfigEntry:
    """Set up a meter whose options say to publish."""
    entry = await make_entry(hass, meter, options={"mqtt": True})
    assert await hass.config_entries.async_setup(entry.entry_id)
    return entry


async def next_on(messages: Any, meter: Meter, leaf: str) -> aiomqtt.Message:
    """Return the next message on a topic of the meter."""
    async with asyncio.timeout(40):
        async for message in messages:
            if str(message.topic) == f"smart_meter/{meter.number}/{leaf}":
                return message
    raise AssertionError


async def published(messages: Any, meter: Meter, said: dict[str, Any]) -> None:
    """Wait for the reading with this power; what came before it may come once more."""
    power = None
    while power != said["1-0:1.7.0"]:
        form = json.loads((await next_on(messages, meter, "reading")).payload)
        power = form["values"]["1-0:1.7.0"]["value"]


async def unload(hass: HomeAssistant, *entries: MockConfigEntry) -> None:
    """End the meter, then the connection to the broker."""
    for entry in entries:
        if entry.state is ConfigEntryState.LOADED:
            assert await hass.config_entries.async_unload(entry.entry_id)
            await hass.async_block_till_done()


def told(hass: HomeAssistant, issue: str) -> bool:
    """Tell whether the user is told of something."""
    return ir.async_get(hass).async_get_issue(DOMAIN, issue) is not None


async def test_each_reading(
    hass: HomeAssistant,
    meter: Meter,
    broker: Broker,
    validate: Callable[[Any], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each reading is published as the document; who comes later gets the last; silence makes it offline."""
    monkeypatch.setattr(PushSession, "shortest_silence", 0.5)
    async with broker.client() as client:
        await client.subscribe("smart_meter/#", qos=1)
        messages = client.messages
        connection = await connect(hass, broker)
        entry = await publishing(hass, meter)
        message = await next_on(messages, meter, "availability")
        assert message.payload == b"offline"
        assert not entry.runtime_data.silent  # told before anything happened
        for _ in range(3):
            said = meter.send()
            form = json.loads((await next_on(messages, meter, "reading")).payload)
            validate(form)
            assert form["values"]["1-0:1.7.0"]["value"] == said["1-0:1.7.0"]
    async with broker.client() as late:
        await late.subscribe("smart_meter/#", qos=1)
        message = await next_on(late.messages, meter, "reading")
        assert message.retain
        assert json.loads(message.payload) == form
        while (await next_on(late.messages, meter, "availability")).payload != (
            b"offline"
        ):
            pass
    await unload(hass, entry, connection)


async def test_offline_when_unloaded(
    hass: HomeAssistant, meter: Meter, broker: Broker
) -> None:
    """A meter that is switched off in Home Assistant is offline; without the option nothing is published."""
    connection = await connect(hass, broker)
    entry = await publishing(hass, meter)
    async with broker.client() as client:
        await client.subscribe("smart_meter/#", qos=1)
        messages = client.messages
        meter.send()
        await next_on(messages, meter, "reading")
        assert await hass.config_entries.async_unload(entry.entry_id)
        while (await next_on(messages, meter, "availability")).payload != b"offline":
            pass
        hass.config_entries.async_update_entry(entry, options={})
        assert await hass.config_entries.async_setup(entry.entry_id)
        meter.send()
        await until(hass, lambda: entry.runtime_data.statistics.readings, 30)
        await client.publish("smart_meter/end", qos=1)
        assert str((await anext(aiter(messages))).topic) == "smart_meter/end"
    await unload(hass, entry, connection)


async def test_broker_comes_back(
    hass: HomeAssistant, meter: Meter, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A broker that lost everything is told the last reading again."""
    monkeypatch.setattr(mqtt_client, "RECONNECT_INTERVAL_SECONDS", 0.2)
    connection = await connect(hass, broker)
    entry = await publishing(hass, meter)
    said = meter.send()
    await until(hass, lambda: entry.runtime_data.statistics.readings, 30)
    await broker.stop()
    await broker.start()
    async with broker.client() as client:
        await client.subscribe("smart_meter/#", qos=1)
        message = await asyncio.wait_for(next_on(client.messages, meter, "reading"), 40)
        form = json.loads(message.payload)
    assert form["values"]["1-0:1.7.0"]["value"] == said["1-0:1.7.0"]
    await unload(hass, entry, connection)


async def test_told_once_without_tls(
    hass: HomeAssistant, meter: Meter, broker: Broker
) -> None:
    """A broker without TLS is told of; who ignores it is left in peace."""
    connection = await connect(hass, broker)
    entry = await publishing(hass, meter)
    await until(hass, lambda: told(hass, "mqtt_plain"), 30)
    ir.async_ignore_issue(hass, DOMAIN, "mqtt_plain", True)
    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    issue = ir.async_get(hass).async_get_issue(DOMAIN, "mqtt_plain")
    assert issue is not None
    assert issue.dismissed_version is not None
    await unload(hass, entry, connection)


async def test_with_tls_and_password(
    hass: HomeAssistant, meter: Meter, tmp_path: Path, socket_enabled: None
) -> None:
    """Over TLS there is nothing to complain about."""
    async with Broker(tmp_path, tls=True) as broker, broker.client() as client:
        await client.subscribe("smart_meter/#", qos=1)
        connection = await connect(hass, broker)
        entry = await publishing(hass, meter)
        messages = client.messages
        await next_on(messages, meter, "availability")
        said = meter.send()
        form = json.loads((await next_on(messages, meter, "reading")).payload)
        assert form["values"]["1-0:1.7.0"]["value"] == said["1-0:1.7.0"]
        assert not told(hass, "mqtt_plain")
        await unload(hass, entry, connection)


async def test_no_broker(hass: HomeAssistant, meter: Meter) -> None:
    """Where the options want it and there is no broker, the user is told, and the meter is read all the same."""
    entry = await publishing(hass, meter)
    assert told(hass, "mqtt_missing")
    meter.send()
    await until(hass, lambda: entry.runtime_data.statistics.readings, 30)
    # Who no longer publishes needs no broker.
    hass.config_entries.async_update_entry(entry, options={})
    assert await hass.config_entries.async_reload(entry.entry_id)
    assert not told(hass, "mqtt_missing")
    hass.config_entries.async_update_entry(entry, options={"mqtt": True})
    assert await hass.config_entries.async_reload(entry.entry_id)
    assert told(hass, "mqtt_missing")
    await hass.config_entries.async_remove(entry.entry_id)
    assert not told(hass, "mqtt_missing")
    await unload(hass, entry)


async def test_broker_never_there(
    hass: HomeAssistant, meter: Meter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where Home Assistant's MQTT integration does not come up the user is told after a while."""
    monkeypatch.setattr(mqtt_util, "AVAILABILITY_TIMEOUT", 0.1)
    MockConfigEntry(domain="mqtt", data={"broker": "127.0.0.1"}).add_to_hass(hass)
    entry = await publishing(hass, meter)
    await until(hass, lambda: told(hass, "mqtt_missing"))
    await unload(hass, entry)


async def test_meters_that_are_not_published(
    hass: HomeAssistant, meter: Meter, broker: Broker, tmp_path: Path
) -> None:
    """Of two meters only the one whose options say so is published."""
    connection = await connect(hass, broker)
    entry = await publishing(hass, meter)
    other_line = Line(tmp_path / "ttyOTHER")
    other = Meter(other_line, "stadtwerke", "kamstrup-omnipower")
    private = await make_entry(hass, other)
    assert await hass.config_entries.async_setup(private.entry_id)
    async with broker.client() as client:
        await client.subscribe("smart_meter/#", qos=1)
        other.send()
        await until(hass, lambda: private.runtime_data.statistics.readings)
        meter.send()
        topics = set()
        async with asyncio.timeout(40):
            async for message in client.messages:
                topics.add(str(message.topic))
                if str(message.topic).endswith("/reading"):
                    break
    assert topics <= {
        topic_of(meter.number, leaf) for leaf in ("reading", "availability")
    }
    await unload(hass, entry, private, connection)
    other_line.unplug()


async def test_readings_while_the_broker_is_away(
    hass: HomeAssistant, meter: Meter, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is read without a broker is not kept for it: when it is back it gets the last reading, once."""
    monkeypatch.setattr(mqtt_client, "RECONNECT_INTERVAL_SECONDS", 0.2)
    connection = await connect(hass, broker)
    entry = await publishing(hass, meter)
    await broker.stop()
    await until(hass, lambda: not mqtt.is_connected(hass))
    coordinator = entry.runtime_data
    for number in range(3):
        said = meter.send()
        await until(hass, lambda n=number: coordinator.statistics.readings > n)  # type: ignore[misc]
    await broker.start()
    async with broker.client() as client:
        await client.subscribe("smart_meter/#", qos=1)
        messages = client.messages
        form = json.loads((await next_on(messages, meter, "reading")).payload)
        assert form["values"]["1-0:1.7.0"]["value"] == said["1-0:1.7.0"]
        await published(messages, meter, meter.send())
    await unload(hass, entry, connection)


async def test_mqtt_is_unloaded(
    hass: HomeAssistant, meter: Meter, broker: Broker
) -> None:
    """Without the MQTT integration the meter is read on, and there again its readings are published again."""
    connection = await connect(hass, broker)
    entry = await publishing(hass, meter)
    await unload(hass, connection)
    meter.send()
    await until(hass, lambda: entry.runtime_data.statistics.readings)
    assert await hass.config_entries.async_setup(connection.entry_id)
    async with broker.client() as client:
        await client.subscribe("smart_meter/#", qos=1)
        await until(hass, lambda: mqtt.is_connected(hass))
        said = meter.send()
        await published(client.messages, meter, said)
    await unload(hass, entry, connection)


def test_topics() -> None:
    """What MQTT gives a meaning of its own does not come from a meter."""
    assert topic_of("a/+#\0 b", "reading") == "smart_meter/a_____b/reading"
