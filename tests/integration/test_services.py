"""Actions: recordings, and lending the port to who flashes the adapter."""

import asyncio
from datetime import timedelta
import fcntl
import os
from pathlib import Path
from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import ServiceValidationError, Unauthorized
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    MockUser,
    async_fire_time_changed,
)

from custom_components.smart_meter import lease
from custom_components.smart_meter.const import DOMAIN
from custom_components.smart_meter.customer_interface.source import port
from custom_components.smart_meter.customer_interface.source.recording import (
    read_recording,
)
from tests.integration.conftest import Meter, make_entry, state_of, until


async def act(hass: HomeAssistant, action: str, **data: Any) -> dict[str, Any]:
    """Call an action and return what it answers."""
    answer = await hass.services.async_call(
        DOMAIN, action, data, blocking=True, return_response=True
    )
    assert answer is not None
    return dict(answer)


@pytest.fixture
def recordings(hass: HomeAssistant, tmp_path: Path) -> Path:
    """Let recordings go to a folder of the test."""
    hass.config.config_dir = str(tmp_path)
    return tmp_path


async def test_recording(
    hass: HomeAssistant, meter: Meter, entry: MockConfigEntry, recordings: Path
) -> None:
    """A recording holds what passed, with times and line settings, and ends by itself."""
    answer = await act(hass, "record", config_entry_id=entry.entry_id, seconds=1)
    path = Path(answer["path"])
    assert path.is_relative_to(recordings)
    telegram = meter.bytes()
    meter.line.write(telegram)
    await until(hass, path.exists)
    recorded = list(read_recording(path.read_bytes()))
    assert b"".join(chunk.data for chunk in recorded) == telegram
    assert {(chunk.direction, str(chunk.line)) for chunk in recorded} == {
        ("rx", "2400 8E1")
    }


async def test_recording_is_limited(
    hass: HomeAssistant,
    meter: Meter,
    entry: MockConfigEntry,
    recordings: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A recording ends when it is large enough."""
    monkeypatch.setattr(
        "custom_components.smart_meter.recording.MAX_RECORDED_BYTES", 300
    )
    answer = await act(hass, "record", config_entry_id=entry.entry_id, seconds=600)
    for _ in range(4):
        meter.send()
        await asyncio.sleep(0.05)
    await until(hass, Path(answer["path"]).exists)
    assert not entry.runtime_data.recording.is_running


async def test_recording_without_a_folder(
    hass: HomeAssistant,
    meter: Meter,
    entry: MockConfigEntry,
    recordings: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A recording that cannot be written is said in the log; the meter is read all the same."""
    (recordings / DOMAIN).write_text("a file where the folder belongs")
    answer = await act(hass, "record", config_entry_id=entry.entry_id, seconds=1)
    await until(hass, lambda: "The recording could not be written" in caplog.text)
    assert not Path(answer["path"]).exists()
    meter.send()
    await until(hass, lambda: state_of(hass, f"{meter.number}_1-0:1.8.0"))


async def test_only_the_last_bytes_are_kept(
    hass: HomeAssistant,
    meter: Meter,
    entry: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What diagnostics look at is bounded: the oldest bytes go, the newest stay."""
    monkeypatch.setattr("custom_components.smart_meter.recording.KEPT_BYTES", 600)
    recording = entry.runtime_data.recording
    for number in range(1, 5):
        newest = meter.bytes()
        meter.line.write(newest)
        await until(
            hass,
            lambda n=number: entry.runtime_data.statistics.readings == n,  # type: ignore[misc]
        )
    kept = b"".join(chunk.data for chunk in recording.kept)
    assert kept.endswith(newest)
    assert len(newest) <= len(kept) <= 600


async def test_recording_refused(
    hass: HomeAssistant, meter: Meter, entry: MockConfigEntry
) -> None:
    """An entry that is not there or does not run cannot be recorded."""
    with pytest.raises(ServiceValidationError, match="no such meter"):
        await act(hass, "record", config_entry_id="nobody")
    await hass.config_entries.async_unload(entry.entry_id)
    with pytest.raises(ServiceValidationError, match="is not running"):
        await act(hass, "record", config_entry_id=entry.entry_id)


async def test_lend_and_return(
    hass: HomeAssistant, meter: Meter, entry: MockConfigEntry
) -> None:
    """A lent port is free under whichever name it was asked for, and is read again after it was returned."""
    meter.send()
    await until(hass, lambda: state_of(hass, f"{meter.number}_1-0:1.7.0"))
    real = str(meter.line.path.resolve())
    answer = await act(hass, "release_port", port=real, seconds=60)
    assert answer == {
        "freed": [{"config_entry_id": entry.entry_id, "title": entry.title}]
    }
    power = state_of(hass, f"{meter.number}_1-0:1.7.0")
    assert power is not None
    assert power.state == STATE_UNAVAILABLE
    assert not entry.runtime_data.connected
    # A reload while it is lent does not take it back.
    await hass.config_entries.async_reload(entry.entry_id)
    assert not entry.runtime_data.connected

    answer = await act(hass, "return_port", port=meter.line.url)
    assert [row["title"] for row in answer["returned"]] == [entry.title]
    assert entry.runtime_data.connected
    assert (await act(hass, "return_port", port=real)) == {"returned": []}


async def test_lease_ends(
    hass: HomeAssistant, meter: Meter, entry: MockConfigEntry
) -> None:
    """A lease that nobody ends ends by itself."""
    await act(hass, "release_port", port=meter.line.url, seconds=60)
    await act(hass, "release_port", port=meter.line.url, seconds=60)
    assert not entry.runtime_data.connected
    lent = entry.runtime_data
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=61))
    await until(hass, lambda: getattr(entry, "runtime_data", lent) is not lent)
    assert not lease.is_lent(hass, entry)
    assert entry.runtime_data.connected


async def test_removed_while_lent(
    hass: HomeAssistant,
    meter: Meter,
    entry: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The lease of an entry that is removed ends with it."""
    await act(hass, "release_port", port=meter.line.url, seconds=60)
    await hass.config_entries.async_remove(entry.entry_id)
    assert not lease.is_lent(hass, entry)
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=61))
    await hass.async_block_till_done()
    assert "UnknownEntry" not in caplog.text


async def test_lend_nothing(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """A port nobody uses is free already."""
    answer = await act(hass, "release_port", port="/dev/ttyOTHER")
    assert answer == {"freed": []}


async def test_lend_while_retrying(hass: HomeAssistant, meter: Meter) -> None:
    """An entry that waits for its port does not open it while it is lent."""
    meter.line.unplug()
    entry = await make_entry(hass, meter)
    assert not await hass.config_entries.async_setup(entry.entry_id)
    answer = await act(hass, "release_port", port=meter.line.url, seconds=60)
    assert len(answer["freed"]) == 1
    assert entry.state is ConfigEntryState.NOT_LOADED
    meter.line.plug()
    await act(hass, "return_port", port=meter.line.url)
    assert entry.state is ConfigEntryState.LOADED
    await hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.parametrize(
    ("action", "data"),
    [
        ("record", {"config_entry_id": "any"}),
        ("release_port", {"port": "/dev/none"}),
        ("return_port", {"port": "/dev/none"}),
        ("exchange_key", {"config_entry_id": "none"}),
        ("public_key", {}),
    ],
)
async def test_administrators_only(
    hass: HomeAssistant,
    hass_read_only_user: MockUser,
    action: str,
    data: dict[str, Any],
) -> None:
    """Nobody else may take a port away, have telegrams written down, or exchange a key."""
    assert await async_setup_component(hass, DOMAIN, {})
    with pytest.raises(Unauthorized):
        await hass.services.async_call(
            DOMAIN,
            action,
            data,
            blocking=True,
            context=Context(user_id=hass_read_only_user.id),
            return_response=action == "public_key",
        )


async def test_lend_while_setting_up(
    hass: HomeAssistant, meter: Meter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An entry that is just opening its port has closed it when the port is said to be free."""
    monkeypatch.setattr(port, "BUSY_PATIENCE", 30.0)
    opening, open_port = asyncio.Event(), port._open_port

    async def note(*arguments: Any) -> port.Port:
        opening.set()
        return await open_port(*arguments)

    monkeypatch.setattr(port, "_open_port", note)
    other = os.open(meter.line.path, os.O_RDWR | os.O_NOCTTY)
    fcntl.flock(other, fcntl.LOCK_EX)
    entry = await make_entry(hass, meter)
    setting_up = asyncio.create_task(hass.config_entries.async_setup(entry.entry_id))
    async with asyncio.timeout(60):
        await opening.wait()
        lending = asyncio.create_task(
            act(hass, "release_port", port=meter.line.url, seconds=60)
        )
        while not lease.is_lent(hass, entry):
            await asyncio.sleep(0.01)
        os.close(other)
        assert await setting_up
        assert len((await lending)["freed"]) == 1
    assert not entry.runtime_data.connected
    await hass.config_entries.async_unload(entry.entry_id)
