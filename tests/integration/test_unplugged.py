"""A hundred times unplugged: nothing is left behind, no task, no thread, no open file."""

import asyncio
from collections import Counter
from contextlib import suppress
from pathlib import Path
import threading

from homeassistant.core import HomeAssistant
import pytest

from custom_components.smart_meter.customer_interface.source import runner
from tests.integration.conftest import Line, Meter, make_entry, until

UNPLUGS = 100
# Until caches of Home Assistant, which are no meter's, have what they keep.
WARM = 5
# Workers that Home Assistant starts when it has work, and keeps.
POOLS = ("SyncWorker", "ImportExecutor")


def held() -> Counter[str]:
    """Count what this process has open and what runs in it."""
    threads = [thread.name for thread in threading.enumerate()]
    coroutines = [str(task.get_coro()) for task in asyncio.all_tasks()]
    return Counter(
        [
            *_open_files(),
            *(name for name in threads if not name.startswith(POOLS)),
            *(name.partition(" at ")[0] for name in coroutines),
        ]
    )


def _open_files() -> list[str]:
    """Return what each descriptor is, without the numbers that sockets and terminals get anew each time."""
    kinds = []
    for descriptor in list(Path("/proc/self/fd").iterdir()):
        # That of the folder itself is gone by now.
        with suppress(FileNotFoundError):
            kinds.append(str(descriptor.readlink()).rstrip("0123456789]"))
    return kinds


async def test_nothing_is_left_behind(
    hass: HomeAssistant, line: Line, meter: Meter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every second time in the middle of a telegram; when the entry is unloaded all is as before it was set up."""
    monkeypatch.setattr(runner, "BACKOFF", (0.01,))
    entry = await make_entry(hass, meter)
    # The first time loads components of Home Assistant that stay.
    assert await hass.config_entries.async_setup(entry.entry_id)
    assert await hass.config_entries.async_unload(entry.entry_id)
    await hass.async_block_till_done()
    unloaded = held()

    async def replug(number: int) -> None:
        connection, telegram = entry.runtime_data, meter.bytes()
        if number % 2:
            line.write(telegram[: len(telegram) // 2])
        line.unplug()
        await until(hass, lambda: not connection.connected)
        line.plug()
        await until(hass, lambda: connection.connected)
        readings = connection.statistics.readings
        line.write(meter.bytes())
        await until(hass, lambda: connection.statistics.readings > readings)

    assert await hass.config_entries.async_setup(entry.entry_id)
    for number in range(WARM):
        await replug(number)
    await hass.async_block_till_done()
    warm = held()
    for number in range(UNPLUGS):
        await replug(number)
    await until(hass, lambda: not held() - warm)
    assert await hass.config_entries.async_unload(entry.entry_id)
    await until(hass, lambda: not held() - unloaded)
