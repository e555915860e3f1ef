"""The blueprints as a person meets them: imported by address in a browser, and at work on the sensors of a meter."""

from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, override
from urllib.parse import quote

from playwright.async_api import Browser, expect
import pytest

from tests.e2e.frontend import PATIENCE, ROOT, Frontend, Home, Simulator, opened
from tests.e2e.test_life import ROW, Meter, until

from demo import set_up  # isort: skip - a script, found through the frontend's helpers

from customer_interface import catalogue

FOLDER = ROOT / "blueprints" / "automation" / "smart_meter"
NAMES = ("limit", "quarter_hour_peak", "surplus")
# What the automations do is seen in a number of its own each.
AUTOMATIONS = """\
automation: !include automations.yaml
script:
input_number:
  begun: &number
    min: 0
    max: 10000000
    step: 0.001
    initial: 0
  warned: *number
  over: *number
  danger: *number
  begin: *number
  end: *number
"""
AT_ONCE = {"seconds": 0}
# Below nothing, so that there is a surplus whenever the meter is heard.
ANY_POWER = -1_000_000


class Automated(Home):
    """A Home Assistant that has automations."""

    @override
    def write_configuration(self) -> None:
        """Lay the configuration folder."""
        super().write_configuration()
        with (self.folder / "configuration.yaml").open("a", encoding="utf-8") as file:
            file.write(AUTOMATIONS)
        (self.folder / "automations.yaml").write_text("[]\n", "utf-8")

    async def automate(self, name: str, path: str, **inputs: Any) -> None:
        """Save an automation as the editor does."""
        use = {"path": path, "input": inputs}
        await self.post(
            f"/api/config/automation/config/{name}",
            {"alias": name, "description": "", "use_blueprint": use},
        )

    async def number(self, name: str, value: float) -> None:
        """Set one of the numbers."""
        form = {"entity_id": f"input_number.{name}", "value": value}
        await self.post("/api/services/input_number/set_value", form)

    async def acted(self, name: str) -> None:
        """Wait until an automation has counted in its number."""

        async def look() -> bool:
            return float(await self.state(f"input_number.{name}")) > 0

        await until(look)

    async def state(self, entity_id: str) -> str:
        """Return the state of an entity."""
        return str((await self.get(f"/api/states/{entity_id}"))["state"])


class _Quiet(SimpleHTTPRequestHandler):
    @override
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def address() -> Iterator[str]:
    """Serve the blueprints as a web server does, and return where."""
    handler = partial(_Quiet, directory=str(FOLDER))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def counts(number: str) -> list[dict[str, Any]]:
    """Return an action that can be seen."""
    where = {"entity_id": f"input_number.{number}"}
    return [{"action": "input_number.increment", "target": where}]


async def take(page: Frontend, address: str, name: str) -> None:
    """Import a blueprint where the button of the documentation leads to."""
    url = quote(f"{address}/{name}.yaml", safe="")
    await page.go(f"/config/blueprint/dashboard/import?blueprint_url={url}")
    for button in ("Preview", "Import blueprint"):
        shown = page.page.locator("ha-dialog-footer").get_by_text(button, exact=True)
        await shown.last.click(timeout=PATIENCE)
        await expect(shown).to_have_count(0, timeout=PATIENCE)


@pytest.mark.browser
@pytest.mark.timeout(600)
async def test_import_and_run(
    browser: Browser, tmp_path: Path, socket_enabled: None, address: str
) -> None:
    """Each is imported and offers the meter's sensors; then the meter is unplugged and plugged in, and each acts."""
    assert {path.stem for path in FOLDER.glob("*.yaml")} == set(NAMES)
    offer = catalogue.load().operator(ROW[0]).offer(ROW[1])
    meter = Meter()
    await meter.plug()
    try:
        async with Automated(tmp_path) as home:
            keys = await Simulator(*ROW).keys()
            await set_up(home, ROW[0], offer, meter.url, keys)
            async with opened(browser, home, "en") as page:
                for name in NAMES:
                    await take(page, address, name)
                await page.go("/config/blueprint/dashboard")
                await (await page.sees("Use surplus solar power")).click()
                field = page.page.locator("ha-selector-entity").first
                await field.click(timeout=PATIENCE)
                await page.sees("Power import")
                await page.shot("blueprint")
            await automate_all(home)
            await meter.unplug()
            await home.acted("end")
            await meter.plug()
            for number in ("warned", "begin"):
                await home.acted(number)
            await home.number("begun", 1)
            await home.acted("danger")
    finally:
        await meter.unplug()


async def automate_all(home: Automated) -> None:
    """Make an automation of each blueprint, with the sensors of the meter."""
    sensor = "sensor.kaifa_ma309m_"
    await home.automate(
        "limit",
        "127.0.0.1/limit.yaml",
        sensors=[f"{sensor}voltage_l1"],
        limit=100,
        warn_after=AT_ONCE,
        warn_actions=counts("warned"),
        over_after=AT_ONCE,
        over_actions=counts("over"),
    )
    await home.automate(
        "surplus",
        "127.0.0.1/surplus.yaml",
        power=f"{sensor}power",
        surplus=ANY_POWER,
        begin_after=AT_ONCE,
        begin_actions=counts("begin"),
        draw=-ANY_POWER,
        end_after=AT_ONCE,
        end_actions=counts("end"),
    )
    await home.automate(
        "peak",
        "127.0.0.1/quarter_hour_peak.yaml",
        energy=f"{sensor}energy_import",
        power=f"{sensor}power",
        helper="input_number.begun",
        danger_actions=counts("danger"),
    )
