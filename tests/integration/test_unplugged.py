"""A hundred times unplugged: nothing is left behind, no task, no thread, no open file."""

import asyncio
from contextlib import suppress
from pathlib import Path
import threading
from typing import NamedTuple

from homeassistant.core import HomeAssistant
import pytest

from custom_components.smart_meter.customer_interface.source import runner
from tests.integration.conftest import Line, Meter, make_entry, until

UNPLUGS = 100
# Until pools and caches of Home Assistant, which are no meter's, have what they keep.
WARM = 5


class Held(NamedTuple):
    """What a process holds: what it opened, and what runs in it beside Home Assistant's pools of workers."""

    files: tuple[str, ...]
    threads: tuple[str, ...]
    tasks: tuple[str, ...]


def held() -> Held:
    """Count what this process holds now."""
    return Held(
        tuple(sorted(_open_files())),
        tuple(
            sorted(
                thread.name
                for thread in threading.enumerate()
                if not thread.name.startswith(("SyncWorker", "ImportExecutor"))
            )
        ),
        tuple(sorted(task.get_name() for task in asyncio.all_tasks())),
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
    before = held()
    entry = await make_entry(hass, meter)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()

    async def replugged(cut: bool) -> None:
        connection = entry.runtime_data
        telegram = meter.bytes()
        if cut:
            line.write(telegram[: len(telegram) // 2])
        line.unplug()
        await until(hass, lambda: not connection.connected)
        line.plug()
        await until(hass, lambda: connection.connected)
        readings = connection.statistics.readings
        line.write(meter.bytes())
        await until(hass, lambda: connection.statistics.readings > readings)

    for number in range(WARM):
        await replugged(bool(number % 2))
    await hass.async_block_till_done()
    warm = held()
    for number in range(UNPLUGS):
        await replugged(bool(number % 2))
    await hass.async_block_till_done()
    assert_same(held(), warm)
    assert await hass.config_entries.async_unload(entry.entry_id)
    await hass.async_block_till_done()
    line.unplug()
    line.plug()
    after = held()
    assert set(after.threads) <= set(before.threads)
    assert set(after.tasks) <= set(before.tasks)
    assert after.files.count("/dev/pts/") <= before.files.count("/dev/pts/")


def assert_same(now: Held, warm: Held) -> None:
    """Fail with what was left behind."""
    assert now.files == warm.files
    assert now.threads == warm.threads
    assert len(now.tasks) == len(warm.tasks), set(now.tasks) ^ set(warm.tasks)
