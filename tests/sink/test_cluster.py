"""A cluster of two brokers of which the first one goes away: two real mosquittos."""

import asyncio
from collections.abc import AsyncIterator
import contextlib
from datetime import datetime
import json
from pathlib import Path

import aiomqtt
import pytest
import pytest_socket

from customer_interface import catalogue, simulate
from customer_interface.keys import KeyRing
from customer_interface.sink import mqtt
from tests.output.broker import Broker, free_port

ROW = ("netz-noe", "kaifa-ma309m")
# The two of a cluster have the same port.
HOSTS = ("127.0.0.1", "127.0.0.2")


class Feed:
    """A meter whose readings are handed to a publisher one after the other."""

    def __init__(self, publisher: mqtt.Publisher) -> None:
        """Prepare the meter."""
        profile = catalogue.load().operator(ROW[0]).offer(ROW[1]).profile
        self._port = mqtt.Port("Flat", "", profile, KeyRing(()))
        self._publisher = publisher
        self._meter = simulate.simulator(*ROW)
        self.told: set[datetime | None] = set()

    async def run(self) -> None:
        """Hand over a reading every few milliseconds; each has a time of its own."""
        for step in range(1_000_000):
            self._meter.telegram(1_800_000_000 + 5 * step)
            (reading,) = self._meter.sent
            self.told.add(reading.time)
            self._publisher.take(self._port, reading)
            await asyncio.sleep(0.02)


class Listener:
    """Notes the time that each reading at a broker tells."""

    def __init__(self, broker: Broker) -> None:
        """Take the broker."""
        self.broker = broker
        self.heard: set[datetime] = set()
        self._news = asyncio.Event()

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Subscribe, and hear until the end."""
        with contextlib.suppress(aiomqtt.MqttError):  # one that is gone takes no leave
            async with self.broker.client() as client:
                await client.subscribe("smart_meter/+/reading")
                task = asyncio.create_task(self._hear(client))
                yield
                task.cancel()

    async def _hear(self, client: aiomqtt.Client) -> None:
        with contextlib.suppress(aiomqtt.MqttError):
            async for message in client.messages:
                form = json.loads(str(message.payload, "utf-8"))
                self.heard.add(datetime.fromisoformat(form["meter_time"]))
                self._news.set()

    async def has(self, count: int) -> None:
        """Wait for so many readings."""
        async with asyncio.timeout(60):
            while len(self.heard) < count:
                self._news.clear()
                await self._news.wait()


@pytest.fixture
def loopback(socket_enabled: None) -> None:
    """Allow connections within this host, at both of its addresses."""
    pytest_socket.socket_allow_hosts(list(HOSTS))


@pytest.mark.parametrize("trouble", ["ended", "hung"])
async def test_failover(
    trouble: str,
    tmp_path: Path,
    loopback: None,
) -> None:
    """Readings go on at the second broker within a minute, and none is lost."""
    port = free_port()
    brokers = []
    for host in HOSTS:
        folder = tmp_path / host
        folder.mkdir()
        brokers.append(Broker(folder, tls=False, host=host, port=port))
    publisher = mqtt.Publisher(mqtt.Broker(HOSTS, port, tls=False))
    feed = Feed(publisher)
    first, second = map(Listener, brokers)
    async with brokers[0], brokers[1], first.listening(), second.listening():
        running = [asyncio.create_task(work.run()) for work in (publisher, feed)]
        await first.has(20)
        if trouble == "ended":
            await brokers[0].stop()
        else:
            brokers[0].hang()
        await second.has(20)
        running[1].cancel()
        await second.has(len(feed.told - first.heard))
        running[0].cancel()
        await asyncio.wait(running)
    assert feed.told == first.heard | second.heard
