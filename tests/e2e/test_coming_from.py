"""Keeping the statistics of another reader, in a browser: the steps of docs/coming-from.md with which ours takes over."""

from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from homeassistant.util import dt as dt_util
from playwright.async_api import Browser, expect
import pytest

from tests.e2e.frontend import PATIENCE, Home, Simulator, opened
from tests.e2e.test_life import ROW, plugged, until

from demo import DemoError, set_up  # isort: skip - a script, found through the frontend's helpers

from customer_interface import catalogue

OLD = "sensor.old_reader_energy"
OURS = "sensor.kaifa_ma309m_energy_import"


async def ask(home: Home, command: str, **arguments: Any) -> Any:
    """Ask Home Assistant over its WebSocket."""
    async with home.websocket() as socket:
        return await socket.command(command, **arguments)


async def leave_statistics(home: Home) -> None:
    """Have what another reader left: its statistics, and its place in the energy dashboard."""
    hour = dt_util.utcnow().replace(minute=0, second=0, microsecond=0)
    await ask(
        home,
        "recorder/import_statistics",
        metadata={
            "statistic_id": OLD,
            "source": "recorder",
            "name": None,
            "unit_of_measurement": "kWh",
            "unit_class": "energy",
            "has_sum": True,
            "mean_type": 0,
        },
        stats=[
            {
                "start": (hour - timedelta(hours=ago)).isoformat(),
                "state": 50_000 - ago,
                "sum": 100 - ago,
            }
            for ago in (3, 2)
        ],
    )
    grid = {
        "type": "grid",
        "stat_energy_from": OLD,
        "stat_energy_to": None,
        "stat_cost": None,
        "stat_compensation": None,
        "entity_energy_price": None,
        "number_energy_price": None,
        "entity_energy_price_export": None,
        "number_energy_price_export": None,
        "cost_adjustment_day": 0.0,
    }

    async def is_saved() -> bool:
        # The dashboard may still be starting.
        with suppress(DemoError):
            await ask(home, "energy/save_prefs", energy_sources=[grid])
            return True
        return False

    await until(is_saved)


async def sums(home: Home) -> list[float]:
    """Return the sums of the hours kept under the old id."""
    rows = await ask(
        home,
        "recorder/statistics_during_period",
        start_time=(dt_util.utcnow() - timedelta(days=1)).isoformat(),
        statistic_ids=[OLD],
        period="hour",
        types=["sum"],
    )
    return [row["sum"] for row in rows.get(OLD, [])]


@pytest.mark.browser
@pytest.mark.timeout(600)
async def test_take_over(
    browser: Browser, tmp_path: Path, socket_enabled: None
) -> None:
    """The sensor is given the old id in its settings: it shows its values under it, and all that was there is there."""
    offer = catalogue.load().operator(ROW[0]).offer(ROW[1])
    async with plugged() as meter, Home(tmp_path) as home:
        await leave_statistics(home)
        keys = await Simulator(*ROW).keys()
        entry = await set_up(home, ROW[0], offer, meter.url, keys, to_energy=False)
        assert entry["type"] == "create_entry"

        async def shows(entity_id: str) -> bool:
            states = {s["entity_id"]: s["state"] for s in await home.states()}
            return states.get(entity_id, "unknown") not in ("unknown", "unavailable")

        await until(lambda: shows(OURS))
        async with opened(browser, home, "en") as page:
            await page.go("/config/entities")
            await (await page.sees("Energy import")).click()
            dialog = page.page.locator("ha-more-info-dialog")
            await dialog.get_by_label("Settings").first.click(timeout=PATIENCE)
            field = dialog.locator(".entityId input")
            await expect(field).to_have_value(
                OURS.removeprefix("sensor."), timeout=PATIENCE
            )
            await field.fill(OLD.removeprefix("sensor."))
            await page.shot("entity-id")
            await dialog.get_by_text("Update", exact=True).last.click()
            await until(lambda: shows(OLD))
            await page.go("/config/tools/statistics")
            await page.sees(OLD)
            await page.shot("statistics")
        assert not await shows(OURS)
        assert await sums(home) == [97, 98]
        (grid,) = (await ask(home, "energy/get_prefs"))["energy_sources"]
        assert grid["stat_energy_from"] == OLD
