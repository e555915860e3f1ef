"""`customer-interface publish`: simulated meters on TCP ports, a real broker with TLS and a password."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
import json
import os
from pathlib import Path
import sys
from typing import Any

import pytest

from customer_interface import catalogue
from customer_interface.errors import CustomerInterfaceError
from customer_interface.sink import mqtt
from customer_interface.sink.mqtt import ConfigError, load_config
from tests.conftest import INTEGRATION
from tests.output.broker import PASSWORD, USER, Broker, free_port

ROW = ("--operator", "netz-noe", "--meter", "kaifa-ma309m")


async def run(*arguments: str, **pipes: Any) -> asyncio.subprocess.Process:
    """Start the command line."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "customer_interface", *arguments),
        env={**os.environ, "PYTHONPATH": str(INTEGRATION)},
        **pipes,
    )


class Flat:
    """A simulated meter on a TCP port, ten times as fast as a real one."""

    def __init__(self, seed: int) -> None:
        """Choose the household."""
        self.seed, self.port = str(seed), free_port()
        self.keys: dict[str, str] = {}
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Begin to send."""
        show = await run(
            "simulate", *ROW, "--seed", self.seed, "--print-key", stdout=-1
        )
        output, _ = await show.communicate()
        lines = output.decode().splitlines()
        self.keys = dict(line.split(": ", 1) for line in lines)
        self._process = await run(
            *("simulate", *ROW, "--seed", self.seed, "--speed", "10"),
            *("--port", f"tcp:{self.port}"),
            stdout=-1,
        )
        assert self._process.stdout is not None
        await self._process.stdout.readline()

    async def stop(self) -> None:
        """End."""
        if self._process is not None:
            self._process.terminate()
            await self._process.wait()

    def toml(self, name: str) -> str:
        """Return the meter's part of the configuration."""
        keys = "\n".join(f'keys.{key} = "{text}"' for key, text in self.keys.items())
        return (
            f'[[meters]]\nname = "{name}"\nurl = "socket://127.0.0.1:{self.port}"\n'
            f'operator = "netz-noe"\nmeter = "kaifa-ma309m"\n{keys}\n'
        )


@pytest.fixture
async def flats(socket_enabled: None) -> AsyncGenerator[list[Flat]]:
    """Run two households."""
    running = [Flat(1), Flat(2)]
    for flat in running:
        await flat.start()
    yield running
    for flat in running:
        await flat.stop()


def written(path: Path, text: str) -> Path:
    """Write a file that only its owner can read."""
    path.write_text(text, "utf-8")
    path.chmod(0o600)
    return path


async def collect(messages: Any, meters: int) -> dict[str, str]:
    """Wait until all is told of so many meters; returns the last payload of every topic."""
    seen: dict[str, str] = {}
    each = dict.fromkeys(("reading", "availability", "config"), meters)
    want = {**each, "status": 1}
    async with asyncio.timeout(60):
        async for message in messages:
            seen[str(message.topic)] = message.payload.decode()
            leaves = Counter(topic.rsplit("/", 1)[1] for topic in seen)
            if leaves == want:
                return seen
    raise AssertionError


async def test_many_meters(flats: list[Flat], tmp_path: Path, validate: Any) -> None:
    """Each meter has its document, its availability and its discovery; a broker that was gone gets them again."""
    async with Broker(tmp_path, tls=True) as broker:
        config = written(
            tmp_path / "publish.toml",
            f'[broker]\nhosts = ["127.0.0.1"]\nport = {broker.port}\n'
            f'username = "{USER}"\npassword = "{PASSWORD}"\n'
            'authority = "ca.pem"\n'
            + "".join(flat.toml(f"Flat {flat.seed}") for flat in flats),
        )
        process = await run("publish", "--config", str(config))
        try:
            async with broker.client() as client:
                await client.subscribe("#", qos=1)
                seen = await collect(client.messages, 2)
            await broker.stop()
            await broker.start()
            async with broker.client() as client:
                await client.subscribe("#", qos=1)
                again = await collect(client.messages, 2)
        finally:
            process.terminate()
            await process.wait()
    for told in (seen, again):
        readings = [json.loads(told[t]) for t in told if t.endswith("/reading")]
        for form in readings:
            validate(form)
            device = told[
                f"homeassistant/device/smart_meter_{form['meter']['id']}/config"
            ]
            sensor = json.loads(device)["components"]["1_0_1_8_0"]
            assert sensor["device_class"] == "energy"
            assert told[f"smart_meter/{form['meter']['id']}/availability"] == "online"
        assert len({form["meter"]["id"] for form in readings}) == 2
        assert told["smart_meter/publisher/status"] == "online"


async def test_port_goes_away(tmp_path: Path, socket_enabled: None) -> None:
    """A meter whose port went away is offline, and online with its next reading."""
    flat = Flat(3)
    await flat.start()
    async with Broker(tmp_path, tls=False) as broker, broker.client() as client:
        await client.subscribe("smart_meter/+/availability", qos=1)
        config = written(
            tmp_path / "publish.toml",
            f'[broker]\nhosts = ["127.0.0.1"]\nport = {broker.port}\ntls = false\n'
            + flat.toml("Flat"),
        )
        process = await run("publish", "--config", str(config))
        try:
            async with asyncio.timeout(90):
                assert (await anext(client.messages)).payload == b"online"
                await flat.stop()
                assert (await anext(client.messages)).payload == b"offline"
                await flat.start()
                assert (await anext(client.messages)).payload == b"online"
        finally:
            process.terminate()
            await process.wait()
            await flat.stop()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "broker"),
        ("broker = 3", "missing or of another kind"),
        ("[broker", "no TOML"),
        ('[broker]\nhosts = ["a"]', "meters"),
        ('meters = []\n[broker]\nhosts = "broker.example"', "hosts is missing or of"),
        ("meters = []\n[broker]\nhosts = []", "hosts is missing or of"),
    ],
)
def test_config_is_wrong(tmp_path: Path, text: str, words: str) -> None:
    """A file that cannot be used is refused in a sentence."""
    with pytest.raises(ConfigError, match=words):
        load_config(written(tmp_path / "a.toml", text), catalogue.load())


def test_config_is_secret(tmp_path: Path) -> None:
    """A file with keys that all can read is refused; so is a key the meter does not have."""
    path = written(tmp_path / "a.toml", "")
    path.chmod(0o644)
    with pytest.raises(ConfigError, match="chmod"):
        load_config(path, catalogue.load())
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(tmp_path / "none", catalogue.load())
    meter = '[[meters]]\nname = "A"\nurl = "x"\noperator = "netz-noe"\nmeter = "kaifa-ma309m"\n'
    path = written(
        tmp_path / "b.toml", f'[broker]\nhosts = ["a"]\n{meter}keys.none = "00"\n'
    )
    with pytest.raises(CustomerInterfaceError, match="no key of this meter"):
        load_config(path, catalogue.load())


def test_password_is_not_shown() -> None:
    """What is printed of a broker says where it is, and nothing of how to get in."""
    shown = repr(
        mqtt.Broker(("broker.example",), 8883, username="meters", password="secret")
    )
    assert shown == "Broker(broker.example, port=8883, tls=True)"


async def test_no_certificates(tmp_path: Path, socket_enabled: None) -> None:
    """A file of certificates that is not there ends the program with a sentence, not with a trace."""
    config = written(
        tmp_path / "publish.toml",
        '[broker]\nhosts = ["127.0.0.1"]\nauthority = "gone.pem"\n'
        + Flat(1).toml("Flat"),
    )
    process = await run("publish", "--config", str(config), stderr=-1)
    _, told = await process.communicate()
    assert process.returncode == 2
    assert told.decode().startswith(
        f"customer-interface: {tmp_path / 'gone.pem'} holds no certificates"
    )
    assert told.count(b"\n") == 1
