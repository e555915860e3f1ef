"""The pictures of the set-up in the documentation, from a real Home Assistant and Chromium; see script/screens."""

import asyncio
from datetime import timedelta
import io
from pathlib import Path
import shutil
import sys
import tempfile

from home import ROOT, Home
from homeassistant.util import dt as dt_util
from PIL import Image
from playwright.async_api import Browser, Locator, async_playwright

sys.path.append(str(ROOT))

from customer_interface.simulate.house import House
from tests.e2e.conftest import ARGUMENTS
from tests.e2e.frontend import PATIENCE, Frontend, opened
from tests.e2e.test_life import Life, plugged

FOLDER = ROOT / "docs" / "images" / "setup"
# What is left around a dialog, in pixels.
MARGIN = 16
# Enough for text and icons; a picture is then a quarter of its size.
COLOURS = 64
# Of all pictures of a meter's life those that the pages show, as they are called there.
DIALOGS = {
    "flow-user": "start",
    "flow-operator-search": "operator",
    "flow-meter": "meter",
    "flow-connection": "port",
    "flow-keys": "key",
    "flow-key-wrong": "key-wrong",
    "flow-values": "values",
    "flow-created": "name",
    "listening": "listening",
    "trouble": "nothing-arrives",
    "options": "options",
}
PAGES = {"device": "device", "energy": "energy", "entry": "entry"}


class Pictures(Frontend):
    """A page whose pictures go to the documentation."""

    async def shot(self, name: str) -> None:
        """Keep a picture that the documentation shows: a dialog alone, or a page without the side bar."""
        if name not in DIALOGS and name not in PAGES:
            return
        # Whatever fades or slides in has done so by then.
        await self.page.wait_for_timeout(2000)
        whole = Image.open(io.BytesIO(await self.page.screenshot())).convert("RGB")
        if name in DIALOGS:
            whole = whole.crop(await self._dialog_box())
        FOLDER.mkdir(exist_ok=True)
        whole.quantize(COLOURS, dither=Image.Dither.NONE).save(
            FOLDER / f"{self.language}-{(DIALOGS | PAGES)[name]}.png", optimize=True
        )

    async def _dialog_box(self) -> tuple[int, int, int, int]:
        boxes = [await part.bounding_box() for part in await self._parts()]
        seen = [box for box in boxes if box and box["width"] and box["height"]]
        left, top = (min(box[side] for box in seen) for side in ("x", "y"))
        right = max(box["x"] + box["width"] for box in seen)
        bottom = max(box["y"] + box["height"] for box in seen)
        return (
            round(left) - MARGIN,
            round(top) - MARGIN,
            round(right) + MARGIN,
            round(bottom) + MARGIN,
        )

    async def _parts(self) -> list[Locator]:
        """Return the dialog and, where a list is open, the list."""
        # A list that is open has a dialog of its own, as large as the page.
        dialog = self.dialog.locator("dialog[open]").first
        return [dialog, *await self.page.locator("ha-picker-combo-box").all()]


class Tour(Life):
    """A meter's life as far as the documentation shows it."""

    async def show_troubles(self, page: Pictures) -> None:
        """Begin a set-up at an adapter that is plugged in nowhere, and give it up."""
        silent = await asyncio.start_server(_say_nothing, "127.0.0.1", 0)
        number = silent.sockets[0].getsockname()[1]
        await page.begin()
        await page.choose("user", "operator")
        await page.step("operator")
        await page.pick("Niederö")
        await page.take("Netz Niederösterreich")
        await page.submit()
        await page.step("meter")
        await page.submit()
        await page.step("connection")
        await page.enter_port(f"socket://127.0.0.1:{number}")
        await page.submit()
        await page.sees(page.text.beginning("config.progress.listen_no_bytes"))
        await page.shot("listening")
        await page.step("trouble_silent")
        await page.shot("trouble")
        silent.close()

    async def show_entry(self, page: Pictures) -> None:
        """Show the meter, its entry, its options and its page."""
        (device,) = await self.devices()
        await page.go(f"/config/devices/device/{device['id']}")
        name = page.text("entity.sensor.voltage_phase.name")
        await page.sees(name.replace("{phase}", "L1"))
        await page.shot("device")
        await page.go("/config/integrations/integration/smart_meter")
        row = page.page.locator("ha-config-entry-row").first
        gear = row.get_by_role("button", name=page.words["configure"]).first
        await gear.click(timeout=PATIENCE)
        await page.sees(page.text("options.step.init.title"), within=page.dialog)
        await page.shot("options")
        await page.go("/config/integrations/integration/smart_meter")
        await row.locator("ha-icon-button[slot='trigger']").first.click(
            timeout=PATIENCE
        )
        await page.shot("entry")

    async def show_energy(self, page: Pictures) -> None:
        """Show the energy dashboard of yesterday, as the simulated household spent it."""
        await self._import_yesterday()
        await page.go("/energy/electricity")
        back = page.page.get_by_role("button", name=page.words["previous"])
        await back.last.click(timeout=PATIENCE)
        await page.shot("energy")

    async def _import_yesterday(self) -> None:
        (grid,) = (await self.ask("energy/get_prefs"))["energy_sources"]
        midnight = dt_util.start_of_local_day() - timedelta(days=1)
        house = House(seed=1, phases=3)
        for sensor, code in (
            ("stat_energy_from", "1.8.0"),
            ("stat_energy_to", "2.8.0"),
        ):
            hours = [midnight + timedelta(hours=hour) for hour in range(25)]
            counted = [house.at(hour.timestamp()).milli[code] / 1e6 for hour in hours]
            await self.ask(
                "recorder/import_statistics",
                metadata={
                    "statistic_id": grid[sensor],
                    "source": "recorder",
                    "name": None,
                    "unit_of_measurement": "kWh",
                    "unit_class": "energy",
                    "has_sum": True,
                    "mean_type": 0,
                },
                stats=[
                    {"start": hour.isoformat(), "state": now, "sum": now - counted[0]}
                    for hour, now in zip(hours, counted, strict=True)
                ],
            )


async def _say_nothing(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    await reader.read()
    writer.close()


async def take(browser: Browser, language: str) -> None:
    """Take the pictures in one language."""
    dt_util.set_default_time_zone(dt_util.get_time_zone("Europe/Vienna"))
    folder = Path(tempfile.mkdtemp(prefix="smart-meter-screens-"))
    async with plugged() as meter, Home(folder, language=language) as home:
        tour = Tour(home, meter, *await meter.keys())
        async with opened(browser, home, language, Pictures) as page:
            await tour.set_up(page)
            await tour.show_entry(page)
            await tour.show_troubles(page)
            await tour.show_energy(page)
    shutil.rmtree(folder)


async def main() -> None:
    """Take all pictures."""
    languages = sys.argv[1:] or ["de", "en"]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=ARGUMENTS
        )
        for language in languages:
            await take(browser, language)
        await browser.close()


if __name__ == "__main__":
    asyncio.run(main())
