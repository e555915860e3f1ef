"""The firmware's packages, built for this computer: a simulated meter, the real node, its API, and what arrives.

Everything but the chip: its UART and pins are a device file and a log here, and the API is not encrypted, because the
library for that is fetched from the network when it is built.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
import logging
import os
import statistics
import sys
import time
import tty
from types import ModuleType
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smart_meter.const import DOMAIN
from custom_components.smart_meter.customer_interface.source import runner
from custom_components.smart_meter.keystore import async_get_keystore
from customer_interface import catalogue, simulate
from customer_interface.errors import SourceError
from customer_interface.keys import KeyRing, parse_key
from customer_interface.line import LineSettings
from customer_interface.reading import Fault, Reading
from customer_interface.session import make_session
from customer_interface.simulate.line import serve_pty
from customer_interface.source.port import open_port
from customer_interface.source.runner import Runner

from .conftest import Builder, Starter

LOGGER = logging.getLogger(__name__)

MBUS = ("mbus", "netz-noe", "kaifa-ma309m")
AMIS = ("optical-transmit", "netz-ooe", "siemens-td3511")
NES = ("mep", "linz-netz", "nes-mtr3000")
# The meter of Netz OÖ searches for a reader once a minute.
SPEED = {"mbus": 5.0, "optical-transmit": 5.0, "mep": 1.0}
ESPHOME = "homeassistant.components.esphome"
VOICE = {"pymicro_vad": "MicroVad", "pyspeex_noise": "AudioProcessor"}

pytestmark = [
    pytest.mark.usefixtures("socket_enabled"),
    pytest.mark.timeout(600),  # the first build of three programs
]


class Listening:
    """A session of the library on a port; what it said."""

    def __init__(self, url: str, meter: Any, operator: str, name: str) -> None:
        """Begin to listen."""
        profile = catalogue.load().operator(operator).offer(name).profile
        keys = [parse_key(meter.keys[key.id], key.kind) for key in profile.keys]
        self._meter = meter
        self._pushed = profile.session is not catalogue.SessionKind.MEP
        self.readings: list[Reading] = []
        self.faults: list[Fault] = []
        self.bytes: list[tuple[str, bytes]] = []
        self.connected = False
        self._runner = Runner(
            url,
            profile.line,
            make_session(profile, KeyRing(tuple(keys))),
            self._take,
            self._on_link,
            self._pass,
        )

    def _take(self, output: Reading | Fault) -> None:
        if isinstance(output, Reading):
            self.readings.append(output)
        else:
            self.faults.append(output)

    def _on_link(self, up: bool, error: SourceError | None) -> None:
        self.connected = up

    def _pass(self, direction: str, data: bytes, at: float, line: LineSettings) -> None:
        self.bytes.append((direction, data))

    @property
    def agrees(self) -> bool:
        """Whether the last reading is what the meter said last; of one that is asked, its counter."""
        read = said(self.readings[-1])
        if not self._pushed:
            return "1-0:1.8.0" in read
        return any(said(one) == read for one in self._meter.sent)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Listen while the block runs."""
        task = asyncio.create_task(self._runner.run())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def until(look: Callable[[], Any], seconds: float = 40.0) -> None:
    """Wait until something is true; fails when it does not become so."""
    end = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < end, "it did not happen in time"
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("row", [MBUS, AMIS, NES], ids=lambda row: row[0])
async def test_readings_through_the_node(
    row: tuple[str, str, str], build: Builder, start: Starter
) -> None:
    """What the meter says arrives through the dongle, number by number, and only what the meter waits for is sent."""
    front_end, operator, name = row
    built = build(front_end)
    meter = simulate.simulator(operator, name, seed=3)
    async with serve_pty(meter, built.device, SPEED[front_end]):
        node = await start(built)
        listening = Listening(built.url, meter, operator, name)
        async with listening.running():
            await until(lambda: len(listening.readings) >= 3)
            await until(lambda: listening.agrees)
    assert not listening.faults
    transmitted = b"".join(data for way, data in listening.bytes if way == "tx")
    if front_end == "mep":
        assert any("Setting pin 3 to HIGH" in line for line in node.log), node.log
        return
    assert set(transmitted) == ({0xE5} if front_end == "optical-transmit" else set())


def said(reading: Reading) -> dict[str, Any]:
    """Return the values of a reading but its clock."""
    values = {str(code): value.value for code, value in reading.values.items()}
    return {code: value for code, value in values.items() if code != "0-0:1.0.0"}


@pytest.mark.parametrize("row", [MBUS, AMIS], ids=lambda row: row[0])
async def test_states_through_the_node(
    hass: HomeAssistant,
    row: tuple[str, str, str],
    build: Builder,
    start: Starter,
) -> None:
    """The integration reads the dongle by its address in the network."""
    front_end, operator, name = row
    built = build(front_end)
    meter = simulate.simulator(operator, name, seed=3)
    async with serve_pty(meter, built.device, SPEED[front_end]):
        await start(built)
        entry = await make_entry(hass, meter, operator, name, built.url)
        assert await hass.config_entries.async_setup(entry.entry_id)
        await until(lambda: numbers(hass))
        assert await hass.config_entries.async_unload(entry.entry_id)


async def test_the_node_restarts(
    hass: HomeAssistant,
    build: Builder,
    start: Starter,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The dongle loses its power and comes back: the states go, and come again by themselves."""
    monkeypatch.setattr(runner, "BACKOFF", (0.5,))
    front_end, operator, name = MBUS
    built = build(front_end)
    meter = simulate.simulator(operator, name, seed=3)
    async with serve_pty(meter, built.device, SPEED[front_end]):
        node = await start(built)
        entry = await make_entry(hass, meter, operator, name, built.url)
        assert await hass.config_entries.async_setup(entry.entry_id)
        for _ in range(2):
            await until(lambda: numbers(hass))
            await node.stop()
            await until(lambda: not numbers(hass), 120.0)
            node = await start(built)
        await until(lambda: numbers(hass), 120.0)
        assert await hass.config_entries.async_unload(entry.entry_id)


async def make_entry(
    hass: HomeAssistant, meter: Any, operator: str, name: str, port: str
) -> MockConfigEntry:
    """Add an entry of a meter at a port."""
    keystore = await async_get_keystore(hass)
    keys = {kind: parse_key(key) for kind, key in meter.keys.items()}
    twin = simulate.simulator(operator, name, seed=3)
    twin.telegram(time.time())
    number = twin.sent[0].meter.number
    entry = MockConfigEntry(
        domain=DOMAIN,
        title="Meter",
        unique_id=number or "made-at-set-up",
        data={
            "operator": operator,
            "meter": name,
            "port": port,
            "keys": keystore.wrap_all(keys),
            "identity": {"number": number},
        },
    )
    entry.add_to_hass(hass)
    return entry


def numbers(hass: HomeAssistant) -> dict[str, float]:
    """Return the states of the meter's sensors that are numbers."""
    found = {}
    for entity in er.async_get(hass).entities.values():
        state = hass.states.get(entity.entity_id)
        if (
            entity.platform == DOMAIN
            and entity.domain == "sensor"
            and state is not None
        ):
            with suppress(ValueError):
                found[entity.entity_id] = float(state.state)
    return found


async def test_states_through_home_assistants_own_esphome(
    hass: HomeAssistant,
    build: Builder,
    start: Starter,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Once the dongle is added to core's ESPHome integration, the port is its serial proxy, and the lamp is driven."""
    front_end, operator, name = MBUS
    built = build(front_end)
    meter = simulate.simulator(operator, name, seed=3)
    # Of voice assistants, which core's ESPHome knows too: compiled code nothing here needs.
    for module, name_in_it in VOICE.items():
        stub = ModuleType(module)
        setattr(stub, name_in_it, None)
        monkeypatch.setitem(sys.modules, module, stub)
    for component in ("assist_pipeline", "bluetooth", "ffmpeg", "intent"):
        hass.config.components.add(component)
    hass.data["ffmpeg"] = None
    monkeypatch.setattr(
        f"{ESPHOME}.manager.bluetooth.async_remove_scanner", lambda *_: None
    )
    assert await async_setup_component(hass, "usb", {})
    async with serve_pty(meter, built.device, SPEED[front_end]):
        node = await start(built)
        dongle = MockConfigEntry(
            domain="esphome",
            data={
                "host": "127.0.0.1",
                "port": built.port,
                "password": "",
                "noise_psk": "",
                "device_name": "meter-mbus",
            },
        )
        dongle.add_to_hass(hass)
        assert await hass.config_entries.async_setup(dongle.entry_id)
        await until(lambda: dongle.runtime_data.available)
        port = f"esphome-hass://esphome/{dongle.entry_id}?port_name=Meter"
        entry = await make_entry(hass, meter, operator, name, port)
        assert await hass.config_entries.async_setup(entry.entry_id)
        await until(lambda: numbers(hass))
        await until(lambda: any("Setting pin 4 to HIGH" in line for line in node.log))
        assert await hass.config_entries.async_unload(entry.entry_id)
        assert await hass.config_entries.async_unload(dongle.entry_id)


async def test_a_dongle_that_home_assistant_does_not_know_yet_is_waited_for(
    hass: HomeAssistant,
) -> None:
    """Before core's ESPHome is loaded its ports raise what only Home Assistant knows; that must not end the session."""
    assert await async_setup_component(hass, "usb", {})
    with pytest.raises(SourceError, match="not there yet"):
        await open_port(
            "esphome-hass://esphome/1?port_name=Meter",
            LineSettings(9600),
            lambda _: False,
        )


ACKNOWLEDGE = b"\xe5"
WAITS = 0.5  # seconds the meter of Netz OÖ waits for the acknowledgement


async def waits(
    send: Callable[[bytes], None],
    answers: asyncio.Queue[bytes],
    url: str,
    *,
    there: Callable[[], Any] = lambda: True,
) -> list[float]:
    """Be a meter at one end of a line, the library at the other; return how long each acknowledgement took."""
    _, operator, name = AMIS
    meter = simulate.simulator(operator, name, seed=3)
    took = []
    listening = Listening(url, meter, operator, name)
    async with listening.running():
        await until(lambda: listening.connected and there())
        for second in range(30):
            telegram = meter.telegram(time.time() + second)
            begin = time.monotonic()
            send(telegram)
            assert await asyncio.wait_for(answers.get(), 30) == ACKNOWLEDGE
            took.append(time.monotonic() - begin)
            await asyncio.sleep(0.05)
    return took


async def test_the_acknowledgement_comes_in_time(
    build: Builder, start: Starter
) -> None:
    """Through the node's API as through plain TCP the meter has its E5 before it gives up waiting."""
    built = build(AMIS[0])
    answers: asyncio.Queue[bytes] = asyncio.Queue()
    master, slave = os.openpty()
    tty.setraw(slave)
    built.device.unlink(missing_ok=True)
    built.device.symlink_to(os.ttyname(slave))
    loop = asyncio.get_running_loop()
    loop.add_reader(master, lambda: answers.put_nowait(os.read(master, 64)))
    try:
        await start(built)
        through_node = await waits(
            lambda data: void(os.write(master, data)), answers, built.url
        )
    finally:
        loop.remove_reader(master)
        built.device.unlink()
        os.close(slave)
        os.close(master)
    writers: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        while data := await reader.read(64):
            answers.put_nowait(data)

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        through_tcp = await waits(
            lambda data: writers[0].write(data),
            answers,
            f"socket://127.0.0.1:{port}",
            there=lambda: writers,
        )
        writers[0].close()
    for name, took in (("node", through_node), ("tcp", through_tcp)):
        LOGGER.info(
            "%s: median %.1f ms, longest %.1f ms",
            name,
            statistics.median(took) * 1000,
            max(took) * 1000,
        )
        # Single ones say how busy the machine is that runs the test.
        assert statistics.median(took) < WAITS


def void(_: object) -> None:
    """Return nothing."""
