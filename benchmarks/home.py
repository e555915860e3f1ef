"""What a telegram costs Home Assistant's event loop, and how long it takes to the states: script/bench home.

A simulated meter hangs on a pseudo terminal, and Home Assistant is set up to read it as the tests do it. Cost is
processor time of the loop's thread for one telegram with all its states; delay is from the last byte written to the
state that tells the meter's time.
"""

import asyncio
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter, thread_time
from typing import Any

from homeassistant.core import Event, HomeAssistant, callback
import pytest

from tests.integration.conftest import Line, Meter, make_entry

ROW = "stadtwerke", "kamstrup-omnipower"
TELEGRAMS, WARM_UP = 200, 20
COST_GOAL, DELAY_GOAL = 3.0, 20.0
_PATIENCE = 30.0


@pytest.mark.timeout(600)
async def test_costs_of_a_telegram(
    hass: HomeAssistant,
    tmp_path: Path,
    enable_custom_integrations: None,
    entity_registry_enabled_by_default: None,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Print cost and delay; fails where a goal is missed by more than 20 %."""
    line = Line(tmp_path / "ttyMETER")
    entry = await make_entry(hass, meter := Meter(line, *ROW))
    assert await hass.config_entries.async_setup(entry.entry_id)
    costs, delays, states = [], [], 0
    for number in range(WARM_UP + TELEGRAMS):
        cost, delay, states = await _telegram(hass, meter)
        if number >= WARM_UP:
            costs.append(cost * 1e3)
            delays.append(delay * 1e3)
    await hass.config_entries.async_unload(entry.entry_id)
    line.unplug()
    cost, delay = median(costs), quantiles(delays, n=100)[98]
    with capsys.disabled():
        print(f"\n{states} states a telegram")
        print(f"event loop {cost:.2f} ms, at most {COST_GOAL:g}")
        print(
            f"last byte to state, 99 % of {TELEGRAMS} telegrams: {delay:.1f} ms, at most {DELAY_GOAL:g}"
        )
    assert cost <= COST_GOAL * 1.2
    assert delay <= DELAY_GOAL * 1.2


async def _telegram(hass: HomeAssistant, meter: Meter) -> tuple[float, float, int]:
    """Send one telegram; return its cost and its delay in seconds, and how many states it wrote."""
    written = asyncio.Event()
    seen: list[float] = []

    @callback
    def note(_: Event[Any]) -> None:
        seen.append(perf_counter())
        written.set()

    @callback
    def every(_: Any) -> bool:
        return True

    cancel = [
        hass.bus.async_listen("state_changed", note),
        hass.bus.async_listen("state_reported", note, event_filter=every),
    ]
    data = meter.bytes()
    begin, cost = perf_counter(), thread_time()
    meter.line.write(data)
    async with asyncio.timeout(_PATIENCE):
        await written.wait()
    await hass.async_block_till_done()
    spent = thread_time() - cost
    for stop in cancel:
        stop()
    return spent, seen[-1] - begin, len(seen)
