"""The life of a meter, as a person sees it: a real Home Assistant, a real browser, a simulated meter in the network.

Set up with a wrong key and with the right one, unplugged and plugged in, Home Assistant restarted, a new key, a new
port, another meter, removed; and what none of it may leave behind: the key.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
import hashlib
import json
from pathlib import Path
from typing import Any

from playwright.async_api import Browser
import pytest

from tests.e2e.frontend import Frontend, Home, Simulator, free_port, opened
from tests.spellings import spellings

ROW = ("netz-noe", "kaifa-ma309m")
WRONG_KEY = "00112233445566778899aabbccddeeff"
# What the simulated meter sends once the grid operator gave it another key.
REKEYED = ("--fault", "wrong-key")
PATIENCE = 120.0


class Meter:
    """A simulated meter behind an adapter in the network, which can be unplugged, moved, rekeyed and exchanged."""

    def __init__(self) -> None:
        """Choose two places in the network."""
        self._ports = [free_port(), free_port()]
        self._simulator = Simulator(*ROW)
        self.url = ""

    async def keys(self) -> tuple[str, str]:
        """Return the key of the meter, and the one it has once it was rekeyed."""
        key = (await self._simulator.keys())["guek"]
        return key, hashlib.sha256(bytes.fromhex(key)).hexdigest()[:32]

    async def plug(self, *how: str) -> None:
        """Be at the present place, as the command line of the simulator says."""
        await self.unplug()
        self._simulator = Simulator(*ROW, *how)
        self.url = await self._simulator.start(f"tcp:{self._ports[0]}")

    async def move(self, *how: str) -> None:
        """Be at the other place."""
        self._ports.reverse()
        await self.plug(*how)

    async def unplug(self) -> None:
        """Be gone."""
        await self._simulator.stop()


class Life:
    """One meter in one Home Assistant, and what a person does with it."""

    def __init__(self, home: Home, meter: Meter, key: str, new_key: str) -> None:
        """Begin before the set-up."""
        self.home = home
        self.meter = meter
        self.key = key
        self.new_key = new_key

    # --- what Home Assistant knows -----------------------------------------------------------------------------------

    async def is_live(self, wanted: bool) -> None:
        """Wait until the meter's values are there, or gone, and the state of the link says so."""

        async def look() -> bool:
            states = {s["entity_id"]: s for s in await self.home.states()}
            voltages = [s["state"] for s in states.values() if _class(s) == "voltage"]
            links = [s["state"] for s in states.values() if _is_link(s)]
            known = any(s not in ("unavailable", "unknown") for s in voltages)
            return known is wanted and links == ["on" if wanted else "off"]

        await until(look)

    async def ask(self, command: str, **arguments: Any) -> Any:
        """Ask Home Assistant over its WebSocket."""
        async with self.home.websocket() as socket:
            return await socket.command(command, **arguments)

    async def entries(self) -> list[dict[str, Any]]:
        """Return the entries of the integration."""
        entries: list[dict[str, Any]] = await self.ask(
            "config_entries/get", domain="smart_meter"
        )
        return entries

    async def devices(self) -> list[dict[str, Any]]:
        """Return the meters that have a device."""
        devices = await self.ask("config/device_registry/list")
        return [device for device in devices if device["manufacturer"] == "Kaifa"]

    # --- what a person does ------------------------------------------------------------------------------------------

    async def set_up(self, page: Frontend) -> None:
        """Search the operator, choose the meter, type the port, a wrong key and the right one."""
        await page.begin()
        await page.sees(page.text("config.step.user.menu_options.operator"))
        await page.shot("flow-user")
        await page.choose("user", "operator")
        await page.step("operator")
        await page.pick("Niederö")
        await page.shot("flow-operator-search")
        await page.take("Netz Niederösterreich")
        await page.shot("flow-operator")
        await page.submit()
        await page.step("meter")
        await page.shot("flow-meter")
        await page.submit()
        await page.step("connection")
        await page.enter_port(self.meter.url)
        await page.shot("flow-connection")
        await page.submit()
        # On a quick line these pass within a second.
        await page.sees(
            *(
                page.text.beginning(f"config.progress.listen_{stage}")
                for stage in ("opening", "no_bytes", "bytes", "frames")
            ),
            page.text("config.step.keys.title"),
            within=page.dialog,
        )
        await page.shot("flow-listening")
        await page.step("keys")
        await page.shot("flow-keys")
        await page.fill(0, WRONG_KEY)
        await page.submit()
        await page.sees(page.text("config.error.key_wrong"), within=page.dialog)
        await page.shot("flow-key-wrong")
        await page.fill(0, self.key)
        await page.submit()
        await page.step("values")
        await page.sees(page.text("entity.sensor.energy_import.name"))
        await page.sees(page.text("config.step.values.data.add_to_energy"))
        await page.shot("flow-values")
        await page.submit()
        await page.finish()
        await self.is_live(True)

    async def unplug_and_replug(self, page: Frontend) -> None:
        """Pull the adapter, see it on the meter's page, and plug it in again."""
        (device,) = await self.devices()
        await page.go(f"/config/devices/device/{device['id']}")
        name = page.text("entity.sensor.voltage_phase.name")
        await page.sees(name.replace("{phase}", "L1"))
        await page.shot("device")
        await self.meter.unplug()
        await self.is_live(False)
        await page.sees(page.words["unavailable"])
        await page.shot("unplugged")
        await self.meter.plug()
        await self.is_live(True)
        await page.shot("replugged")

    async def restart(self) -> None:
        """Restart Home Assistant."""
        await self.home.restart()
        await self.is_live(True)

    async def renew_key(self, page: Frontend) -> None:
        """Answer the request for a new key where Home Assistant shows it."""
        await self.meter.plug(*REKEYED)
        await until(self._is_asked_for_a_key)
        await page.attend()
        await page.step("reauth_confirm")
        await page.shot("reauth")
        await page.submit()
        await page.step("keys")
        await page.fill(0, self.new_key)
        await page.shot("reauth-key")
        await page.submit()
        await page.ended("reauth")
        await self.is_live(True)

    async def _is_asked_for_a_key(self) -> bool:
        flows = await self.ask("config_entries/flow/progress")
        return any(
            (flow["handler"], flow["context"]["source"]) == ("smart_meter", "reauth")
            for flow in flows
        )

    async def move(self, page: Frontend) -> None:
        """Plug the adapter in elsewhere and tell so; the key stays."""
        await self.meter.move(*REKEYED)
        await page.entry_menu("reconfigure")
        for step in ("operator", "meter"):
            await page.step(step)
            await page.submit()
        await page.step("connection")
        await page.shot("reconfigure")
        await page.enter_port(self.meter.url)
        await page.submit()
        await page.step("values")
        await page.submit()
        await page.ended("reconfigure")
        await self.is_live(True)

    async def diagnostics(self) -> str:
        """Return what the button on the entry's page downloads."""
        (entry,) = await self.entries()
        found = await self.home.get(
            f"/api/diagnostics/config_entry/{entry['entry_id']}"
        )
        text = json.dumps(found)
        assert '"frames"' in text
        return text

    async def exchange(self, page: Frontend) -> None:
        """Have another meter in the place of the old one, and say so when asked."""
        await self.meter.plug(*REKEYED, "--seed", "2")
        await page.confirm_repair("exchanged")
        await self.is_live(True)
        assert len(await self.devices()) == 2
        await page.go("/config/integrations/integration/smart_meter")
        await page.sees(page.text("title"))
        await page.shot("exchanged")

    async def remove(self, page: Frontend) -> None:
        """Delete the meter."""
        await page.remove()

        async def is_gone() -> bool:
            entities = await self.ask("config/entity_registry/list")
            ours = [e for e in entities if e["platform"] == "smart_meter"]
            return not (ours or await self.entries() or await self.devices())

        await until(is_gone)
        await page.shot("removed")


def _class(state: dict[str, Any]) -> str | None:
    found: str | None = state["attributes"].get("device_class")
    return found


def _is_link(state: dict[str, Any]) -> bool:
    binary = state["entity_id"].startswith("binary_sensor.")
    return binary and _class(state) == "connectivity"


async def until(look: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something is true; fails when it does not become so."""
    async with asyncio.timeout(PATIENCE):
        while not await look():
            await asyncio.sleep(0.3)


@asynccontextmanager
async def plugged() -> AsyncIterator[Meter]:
    """Plug a meter in, and unplug it at the end wherever it is."""
    meter = Meter()
    await meter.plug()
    try:
        yield meter
    finally:
        await meter.unplug()


@pytest.mark.browser
@pytest.mark.timeout(900)
@pytest.mark.parametrize("language", ["de", "en"])
async def test_life(
    browser: Browser, tmp_path: Path, socket_enabled: None, language: str
) -> None:
    """Set up, unplugged, restarted, new key, new port, exchanged, removed; and the key is written down nowhere."""
    async with plugged() as meter, Home(tmp_path, language=language) as home:
        keys = await meter.keys()
        life = Life(home, meter, *keys)
        async with opened(browser, home, language) as page:
            await life.set_up(page)
            await life.unplug_and_replug(page)
        await life.restart()
        # The login of before the restart has ended: a new page with the new one.
        async with opened(browser, home, language) as page:
            await life.renew_key(page)
            await life.move(page)
            diagnostics = await life.diagnostics()
            found_before = found(tmp_path, diagnostics.encode(), keys)
            await life.exchange(page)
            await life.remove(page)
    assert found_before == []
    assert found(tmp_path, diagnostics.encode(), keys) == []


# --- the key -----------------------------------------------------------------------------------------------------


def found(folder: Path, extra: bytes, keys: tuple[str, ...]) -> list[str]:
    """Return the places where one of the keys is written: files of a folder, its database and log too, and `extra`."""
    contents = {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "custom_components" not in path.parts
    } | {"diagnostics": extra}
    assert len(contents) > 10
    return [
        name
        for name, content in contents.items()
        if any(spelling in content for key in keys for spelling in spellings(key))
    ]


def test_the_search_finds(tmp_path: Path) -> None:
    """The search would find a key: in a file or in the diagnostics, in any spelling."""
    key = "99072AAFD8E909985940A45610FEE09C"
    for number, spelling in enumerate(spellings(key)):
        (tmp_path / str(number)).write_bytes(b"x" + spelling + b"y")
    assert len(found(tmp_path, b"", (key,))) == len(list(spellings(key)))
    assert "diagnostics" in found(tmp_path, bytes.fromhex(key), (key,))
