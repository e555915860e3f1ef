"""The blueprints: valid for Home Assistant, and run as automations that do what they promise."""

from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from pathlib import Path
import re
import shutil
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.automation.config import AUTOMATION_BLUEPRINT_SCHEMA
from homeassistant.components.blueprint.models import Blueprint
from homeassistant.const import EVENT_HOMEASSISTANT_START
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util, yaml as yaml_util
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from tests.conftest import ROOT

FOLDER = ROOT / "blueprints" / "automation" / "smart_meter"
NAMES = sorted(path.stem for path in FOLDER.glob("*.yaml"))
REPOSITORY = "https://github.com/smart-meter-home/smart-meter/blob/main/"
PAGE = (ROOT / "docs" / "blueprints.md").read_text(encoding="utf-8")

type Run = Callable[..., Any]


def says(what: str) -> list[dict[str, Any]]:
    """Return an action that can be seen."""
    return [{"event": "done", "event_data": {"what": what}}]


@pytest.fixture
async def run(
    hass: HomeAssistant, tmp_path: Path
) -> AsyncIterator[tuple[Run, list[str]]]:
    """Return what makes an automation from a blueprint, and the list of what it did."""
    hass.config.config_dir = str(tmp_path)
    shutil.copytree(FOLDER, tmp_path / "blueprints" / "automation" / "smart_meter")
    done: list[str] = []

    @callback
    def note(event: Event[Any]) -> None:
        done.append(str(event.data["what"]))

    hass.bus.async_listen("done", note)

    async def start(name: str, **inputs: Any) -> None:
        use = {"path": f"smart_meter/{name}.yaml", "input": inputs}
        config = {"automation": [{"alias": "it", "use_blueprint": use}]}
        assert await async_setup_component(hass, "automation", config)
        await hass.async_block_till_done()
        state = hass.states.get("automation.it")
        assert state is not None
        assert state.state == "on"

    yield start, done
    await hass.services.async_call(
        "automation", "turn_off", {"entity_id": "automation.it"}, blocking=True
    )


async def show(
    hass: HomeAssistant, entity_id: str, value: float | str, **attributes: str
) -> None:
    """Let a sensor show a value."""
    hass.states.async_set(entity_id, str(value), attributes)
    await hass.async_block_till_done()


async def later(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, **span: float
) -> None:
    """Let time pass."""
    freezer.tick(timedelta(**span))
    async_fire_time_changed(hass, dt_util.utcnow())
    await hass.async_block_till_done()


@pytest.mark.parametrize("name", NAMES)
def test_valid(name: str) -> None:
    """Home Assistant takes it, it says where it is from, and the documentation imports it from there."""
    blueprint = Blueprint(
        yaml_util.load_yaml_dict(str(FOLDER / f"{name}.yaml")),
        expected_domain="automation",
        path=f"smart_meter/{name}.yaml",
        schema=AUTOMATION_BLUEPRINT_SCHEMA,
    )
    assert blueprint.validate() is None
    url = f"{REPOSITORY}blueprints/automation/smart_meter/{name}.yaml"
    assert blueprint.metadata["source_url"] == url
    encoded = url.replace(":", "%3A").replace("/", "%2F")
    link = f"https://my.home-assistant.io/redirect/blueprint_import/?blueprint_url={encoded}"
    assert link in PAGE
    assert re.search(
        rf"\]\(\.\./blueprints/automation/smart_meter/{name}\.yaml\)", PAGE
    )


@pytest.mark.parametrize("unit", ["W", "kW"])
async def test_surplus(
    hass: HomeAssistant,
    run: tuple[Run, list[str]],
    freezer: FrozenDateTimeFactory,
    unit: str,
) -> None:
    """It begins after the surplus lasted, ends after a draw lasted, and ends when the meter is no longer heard."""
    start, done = run
    scale = 1000 if unit == "kW" else 1

    async def power(watts: float) -> None:
        await show(hass, "sensor.power", watts / scale, unit_of_measurement=unit)

    await power(200)
    await start(
        "surplus",
        power="sensor.power",
        begin_actions=says("begin"),
        end_actions=says("end"),
    )
    await power(-1600)
    await later(hass, freezer, minutes=4)
    await power(-1000)
    await later(hass, freezer, minutes=4)
    assert not done
    await power(-1600)
    await later(hass, freezer, minutes=6)
    assert done == ["begin"]
    await power(100)
    await later(hass, freezer, minutes=60)
    assert done == ["begin"]
    await power(400)
    await later(hass, freezer, minutes=6)
    assert done == ["begin", "end"]
    await power(-2000)
    await later(hass, freezer, minutes=6)
    await show(hass, "sensor.power", "unavailable")
    await later(hass, freezer, minutes=6)
    assert done == ["begin", "end", "begin", "end"]


async def test_limit(
    hass: HomeAssistant, run: tuple[Run, list[str]], freezer: FrozenDateTimeFactory
) -> None:
    """Each phase is warned of by its name, once, and over when it is over; what lasts shortly is no reason."""
    start, done = run
    phases = [f"sensor.current_l{phase}" for phase in (1, 2, 3)]
    for phase in phases:
        await show(hass, phase, 5)
    await start(
        "limit",
        sensors=phases,
        limit=22,
        warn_actions=says(
            "warn {{ trigger.to_state.entity_id }} {{ trigger.to_state.state }}"
        ),
        over_actions=says("over {{ trigger.to_state.entity_id }}"),
    )
    await show(hass, phases[0], 24)
    await later(hass, freezer, seconds=10)
    await show(hass, phases[0], 6)
    await later(hass, freezer, seconds=30)
    assert not done
    await show(hass, phases[1], 25)
    await later(hass, freezer, seconds=25)
    assert done == ["warn sensor.current_l2 25"]
    await show(hass, phases[1], 26)
    await later(hass, freezer, seconds=70)
    assert done[1:] == ["over sensor.current_l1"]
    done.clear()
    await show(hass, phases[1], 3)
    await later(hass, freezer, seconds=70)
    assert done == ["over sensor.current_l2"]
    await show(hass, phases[2], "unavailable")
    await show(hass, phases[2], 3)
    await later(hass, freezer, seconds=70)
    assert done == ["over sensor.current_l2"]


async def test_quarter_hour_peak(
    hass: HomeAssistant, run: tuple[Run, list[str]], freezer: FrozenDateTimeFactory
) -> None:
    """What was drawn and what is drawn make the peak: it acts before, once, and the next quarter hour begins anew."""
    start, done = run
    freezer.move_to(
        datetime(2026, 11, 21, 9, 0, 0, tzinfo=dt_util.UTC) - timedelta(seconds=5)
    )
    assert await async_setup_component(
        hass,
        "input_number",
        {"input_number": {"begun": {"min": 0, "max": 1e7, "step": 0.001}}},
    )
    await show(hass, "sensor.energy", 1000.0, unit_of_measurement="kWh")
    await show(hass, "sensor.power", 2000, unit_of_measurement="W")
    await start(
        "quarter_hour_peak",
        energy="sensor.energy",
        power="sensor.power",
        helper="input_number.begun",
        peak=2.5,
        danger_actions=says("danger"),
        next_actions=says("next"),
    )
    await show(hass, "sensor.power", 9000, unit_of_measurement="W")
    assert not done  # nothing is known of the quarter hour yet
    await show(hass, "sensor.power", 2000, unit_of_measurement="W")
    await later(hass, freezer, seconds=6)
    assert done == ["next"]
    begun = hass.states.get("input_number.begun")
    assert begun is not None
    assert float(begun.state) == 1000
    # 5 minutes of 6 kW are 0.5 kWh; 10 minutes at 300 W are 0.05 kWh: below 0.625 kWh. At 900 W it is more.
    await later(hass, freezer, minutes=5)
    await show(hass, "sensor.power", 300, unit_of_measurement="W")
    await show(hass, "sensor.energy", 1000.5, unit_of_measurement="kWh")
    assert "danger" not in done
    done.clear()
    await show(hass, "sensor.power", 900, unit_of_measurement="W")
    assert done == ["danger"]
    await show(hass, "sensor.power", 950, unit_of_measurement="W")
    assert done == ["danger"]
    await later(hass, freezer, minutes=9, seconds=59)
    assert done == ["danger", "next"]
    await show(hass, "sensor.energy", "unavailable")
    hass.bus.async_fire(EVENT_HOMEASSISTANT_START)
    await later(hass, freezer, minutes=15)
    begun = hass.states.get("input_number.begun")
    assert begun is not None
    assert float(begun.state) == 0
    await show(hass, "sensor.energy", 1001.0, unit_of_measurement="kWh")
    await show(hass, "sensor.power", 9000, unit_of_measurement="W")
    assert "danger" not in done[1:]
