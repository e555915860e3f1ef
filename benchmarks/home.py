"""What a telegram costs Home Assistant's event loop, and how long it takes to the states: script/bench home.

A simulated meter hangs on a pseudo terminal and sends in pieces as a USB adapter delivers them. Home Assistant is set
up to read it as the tests do it, with every entity switched on and each written with every telegram. Cost is processor
time of the loop's thread for all pieces of one telegram and its states, in the quickest round and in the median of all.
It is measured as Home Assistant runs, and once more in the event loop's debug mode, in which the tests run. Delay is
wall time from the last byte written to the last state; where the system allows it, other work has to wait meanwhile.
As many plain sensors as the meter has are written as well, each with another state: less it cannot cost.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from itertools import batched
import os
from pathlib import Path
from statistics import fmean, median, quantiles
from threading import Thread
from time import perf_counter, sleep, thread_time
from typing import Any, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorStateClass,
)
from homeassistant.const import UnitOfPower
from homeassistant.core import Event, HomeAssistant, callback
import pytest
from pytest_homeassistant_custom_component.common import MockEntityPlatform

from custom_components.smart_meter.const import CONF_UPDATE_PACE, UpdatePace
from tests.integration.conftest import Line, Meter, make_entry

ROWS = {
    "Kamstrup, HDLC": ("stadtwerke", "kamstrup-omnipower"),
    "Kaifa, two M-Bus frames": ("tinetz", "kaifa-ma309m"),
    "P1 version 5": ("nl-p1", "dsmr-5"),
}
ROUNDS, DEBUG_ROUNDS, TELEGRAMS, WARM_UP = 20, 5, 20, 20
COST_GOAL, DELAY_GOAL = 3.0, 20.0
# What a full-speed USB packet of the usual adapters carries besides its two bytes of status.
PIECE = 62
PAUSE = 0.002
_PATIENCE = 30.0


@dataclass(frozen=True, slots=True)
class Seen:
    """One telegram: cost and delay in milliseconds, and how many states it wrote."""

    cost: float
    delay: float
    states: int


class Sender(Thread):
    """Writes a telegram in pieces from a thread of its own, whose time is not the loop's."""

    def __init__(self, line: Line, data: bytes) -> None:
        """Take what to write."""
        super().__init__()
        self._line, self._data = line, data
        self.done = 0.0

    @override
    def run(self) -> None:
        """Write; `done` is when the last byte was."""
        for piece in batched(self._data, PIECE, strict=False):
            sleep(PAUSE)
            self._line.write(bytes(piece))
        self.done = perf_counter()


class Plain(SensorEntity):
    """The least a sensor of a power can be."""

    _attr_should_poll = False
    _attr_device_class = SensorDeviceClass.POWER
    _attr_state_class = SensorStateClass.MEASUREMENT
    _attr_native_unit_of_measurement = UnitOfPower.WATT
    _attr_suggested_display_precision = 0

    def __init__(self, number: int) -> None:
        """Be one of several."""
        self._attr_unique_id = self._attr_name = f"Plain {number}"

    @callback
    def show(self, value: int) -> None:
        """Write another state."""
        self._attr_native_value = value
        self.async_write_ha_state()


@pytest.mark.timeout(600)
@pytest.mark.parametrize("title", ROWS)
async def test_costs_of_a_telegram(
    hass: HomeAssistant,
    tmp_path: Path,
    enable_custom_integrations: None,
    entity_registry_enabled_by_default: None,
    capsys: pytest.CaptureFixture[str],
    title: str,
) -> None:
    """Print cost and delay; fails where a goal is missed by more than 20 %."""
    with suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    line = Line(tmp_path / "ttyMETER")
    meter = Meter(line, *ROWS[title])
    options = {CONF_UPDATE_PACE: UpdatePace.EVERY}
    entry = await make_entry(hass, meter, options=options)
    assert await hass.config_entries.async_setup(entry.entry_id)
    debugged = await _telegrams(hass, meter, DEBUG_ROUNDS, debug=True)
    seen = await _telegrams(hass, meter, ROUNDS, debug=False)
    await hass.config_entries.async_unload(entry.entry_id)
    line.unplug()
    floor = await _floor(hass, seen[-1].states)
    cost, delay = _quickest(seen), quantiles([s.delay for s in seen], n=100)
    with capsys.disabled():
        print(f"\n{title}: {seen[-1].states} states a telegram")
        print(
            f"event loop {cost:.2f} ms in the quickest round, median {median(s.cost for s in seen):.2f} ms;"
            f" in debug mode {_quickest(debugged):.2f} ms; at most {COST_GOAL:g}"
        )
        print(f"as many plain sensors written by Home Assistant: {floor:.2f} ms")
        print(
            f"last byte to last state {delay[49]:.1f} ms in half of {len(seen)} telegrams,"
            f" {delay[98]:.1f} ms in 99 %; at most {DELAY_GOAL:g}"
        )
    assert cost <= COST_GOAL * 1.2
    assert delay[98] <= DELAY_GOAL * 1.2


async def _floor(hass: HomeAssistant, count: int) -> float:
    """Return the median of what it costs Home Assistant to write so many plain sensors, in milliseconds."""
    sensors = [Plain(number) for number in range(count)]
    await MockEntityPlatform(hass, domain="sensor").async_add_entities(sensors)
    costs = []
    for value in range(ROUNDS * TELEGRAMS):
        await asyncio.sleep(PAUSE)
        begin = thread_time()
        for sensor in sensors:
            sensor.show(value)
        costs.append(thread_time() - begin)
        await hass.async_block_till_done()
    return median(costs[WARM_UP:]) * 1e3


def _quickest(seen: list[Seen]) -> float:
    """Return the cost of a telegram in the quickest round in milliseconds."""
    return min(
        fmean(s.cost for s in batch) for batch in batched(seen, TELEGRAMS, strict=True)
    )


async def _telegrams(
    hass: HomeAssistant, meter: Meter, rounds: int, *, debug: bool
) -> list[Seen]:
    """Send rounds of telegrams, with the event loop in debug mode or as Home Assistant runs it."""
    hass.loop.set_debug(debug)
    for _ in range(WARM_UP):
        await _telegram(hass, meter)
    return [await _telegram(hass, meter) for _ in range(rounds * TELEGRAMS)]


async def _telegram(hass: HomeAssistant, meter: Meter) -> Seen:
    """Send one telegram and wait for its states; the sending is not counted."""
    written = asyncio.Event()
    states: list[float] = []

    @callback
    def note(_: Event[Any]) -> None:
        states.append(perf_counter())
        written.set()

    @callback
    def every(_: Any) -> bool:
        return True

    cancel = [
        hass.bus.async_listen("state_changed", note),
        hass.bus.async_listen("state_reported", note, event_filter=every),
    ]
    sender = Sender(meter.line, meter.bytes())
    sender.start()
    begin = thread_time()
    async with asyncio.timeout(_PATIENCE):
        await written.wait()
    await hass.async_block_till_done()
    cost = thread_time() - begin
    sender.join()
    for stop in cancel:
        stop()
    return Seen(cost * 1e3, (states[-1] - sender.done) * 1e3, len(states))
