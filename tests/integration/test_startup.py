"""What the integration adds to Home Assistant's start: processor time of loading and setting up, and nothing it can do without."""

from importlib import import_module
import json
import logging
import os
from pathlib import Path
import subprocess
import sys
from time import process_time
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest

from custom_components.smart_meter.const import DOMAIN
from custom_components.smart_meter.customer_interface.catalogue import load
from custom_components.smart_meter.customer_interface.session import make_session
from tests.conftest import ROOT
from tests.integration.conftest import Meter, make_entry

LOGGER = logging.getLogger(__name__)

pytestmark = pytest.mark.timeout(
    900
)  # processes of their own, on a machine that may be busy

# Milliseconds of processor time that are promised, and those a fixed loop takes on the machine they were measured on.
PROMISED, LOOP = 100.0, 37.0
# The loop tells only in part how slow a busy machine is.
ROOM = 2.0
# Other programs make processor time longer, never shorter: the quickest of some runs is the nearest to the truth.
RUNS = 3

# What is set up anyway.
THERE = (
    *("binary_sensor", "event", "http", "repairs", "sensor", "system_health"),
    *("usb", "websocket_api"),
)
# What Home Assistant loads of an integration when it sets it up.
LOADED = (
    *("", ".binary_sensor", ".config_flow", ".diagnostics", ".energy", ".event"),
    *(".repairs", ".sensor", ".system_health"),
)
# Home Assistant as it is anyway, then the integration.
MEASURE = """
import gc, json, sys, time
import homeassistant.bootstrap, serialx
import homeassistant.components.diagnostics, homeassistant.components.energy.data, homeassistant.components.event
import homeassistant.components.http, homeassistant.components.repairs, homeassistant.components.sensor
import homeassistant.components.binary_sensor, homeassistant.components.system_health, homeassistant.components.usb
import homeassistant.components.websocket_api
def milliseconds(work):
    begin = time.process_time()
    work()
    return (time.process_time() - begin) * 1000
def load():
    from importlib import import_module
    for name in sys.argv[1:]:
        import_module("custom_components.smart_meter" + name)
    from custom_components.smart_meter.customer_interface import catalogue
    from custom_components.smart_meter.customer_interface.session import make_session
    make_session(catalogue.load().operator("netz-noe").offer("kaifa-ma309m").profile)
gc.collect()
gc.freeze()
took = milliseconds(load)
loop = milliseconds(lambda: sum(i * i for i in range(1_000_000)))
print(json.dumps({"took": took, "loop": loop, "modules": sorted(sys.modules)}))
"""
# What only few need: it is loaded when it is.
LATER = (
    "custom_components.smart_meter.customer_interface.application.c1219",
    "custom_components.smart_meter.customer_interface.application.mbus",
    "custom_components.smart_meter.customer_interface.oms",
    "custom_components.smart_meter.customer_interface.session.bus",
    "custom_components.smart_meter.customer_interface.session.master",
    "custom_components.smart_meter.customer_interface.session.mep",
    "custom_components.smart_meter.customer_interface.session.radio",
    "custom_components.smart_meter.customer_interface.sink",
    "custom_components.smart_meter.output.mqtt",
    "cryptography.hazmat.primitives.hpke",
    "homeassistant.components.mqtt",
    "paho",
)


def measured(folder: Path) -> dict[str, Any]:
    """Load the integration in a process of its own, whose byte code is kept as an installation's is."""
    environment = {
        k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"
    }
    result = subprocess.run(
        [sys.executable, "-c", MEASURE, *LOADED],
        cwd=ROOT,
        env=environment | {"PYTHONPYCACHEPREFIX": str(folder)},
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(result.stdout)
    return found


@pytest.fixture(scope="module")
def first_start(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, dict[str, Any]]:
    """Start once, which writes the byte code; return where it is and what was found."""
    folder = tmp_path_factory.mktemp("byte_code")
    return folder, measured(folder)


@pytest.fixture
def byte_code(first_start: tuple[Path, dict[str, Any]]) -> Path:
    """Return where the byte code of an earlier start is."""
    return first_start[0]


async def test_start(hass: HomeAssistant, meter: Meter, byte_code: Path) -> None:
    """Loading, the catalogue, the actions and one meter take no more processor time than is promised, with room for others."""
    entry = await make_entry(hass, meter)
    # What costs time only while tests run.
    hass.loop.set_debug(False)
    for component in THERE:
        assert await async_setup_component(hass, component, {})
    for name in LOADED:
        import_module(f"custom_components.smart_meter{name}")
    # What the meter's session needs is loaded once, too, and measured with the byte code that an installation has.
    make_session(load().operator("netz-noe").offer("kaifa-ma309m").profile)
    begin = process_time()
    assert await async_setup_component(hass, DOMAIN, {})
    await hass.async_block_till_done()
    setting_up = (process_time() - begin) * 1000
    results = []
    for _ in range(RUNS):
        run = measured(byte_code)
        slowness = max(1.0, run["loop"] / LOOP)
        results.append((run["took"] + setting_up) / slowness)
        if results[-1] < PROMISED:
            break
    LOGGER.info("%s ms, of which setting up %.1f ms", results, setting_up)
    assert min(results) < PROMISED * ROOM, (results, setting_up)
    assert await hass.config_entries.async_unload(entry.entry_id)


def test_what_few_need_is_loaded_later(
    first_start: tuple[Path, dict[str, Any]],
) -> None:
    """Whatever the machine: what most meters do without is not loaded at the start."""
    modules = first_start[1]["modules"]
    assert "custom_components.smart_meter.coordinator" in modules
    assert not [
        name for name in modules if name.startswith(LATER) or "simulate." in name
    ]
