"""What lasts is told in plain words, with a way out."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
import fcntl
import os
from pathlib import Path
import time
from typing import Any

from homeassistant.components import usb
from homeassistant.components.usb.models import USBDevice
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.smart_meter import (
    coordinator as coordinator_module,
    issues,
    listening,
    repairs,
)
from custom_components.smart_meter.const import DOMAIN
from custom_components.smart_meter.customer_interface.keys import parse_key
from custom_components.smart_meter.customer_interface.line import LineSettings
from custom_components.smart_meter.customer_interface.reading import FaultKind
from custom_components.smart_meter.customer_interface.session.detect import (
    DetectSession,
    Trial,
)
from custom_components.smart_meter.customer_interface.source import runner
from custom_components.smart_meter.keystore import async_get_keystore
from tests.integration.conftest import (
    WRONG_KEY,
    Line,
    Meter,
    Now,
    fix,
    has_issue,
    make_entry,
    state_of,
    until,
)
from tests.integration.test_meters import (
    p1,
    p1_entry as p1_entry,  # noqa: PLC0414 - a fixture
)


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let trouble be told after part of a second."""
    monkeypatch.setattr(coordinator_module, "TROUBLE_INTERVALS", 0.1)
    monkeypatch.setattr(coordinator_module, "PORT_TROUBLE_AFTER", 0.1)
    monkeypatch.setattr(listening, "DETECTION_PACE", 0.05)
    monkeypatch.setattr(runner, "BACKOFF", (0.05,))


@pytest.mark.usefixtures("soon")
async def test_nothing_arrives(hass: HomeAssistant, meter: Meter) -> None:
    """A port without a byte is told, and taken back with the next telegram."""
    entry = await make_entry(hass, meter)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await until(hass, lambda: has_issue(hass, "silent"))
    meter.send()
    await until(hass, lambda: not has_issue(hass, "silent"))
    assert await hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.usefixtures("soon")
async def test_line_settings_found(
    hass: HomeAssistant,
    meter: Meter,
    hass_client: ClientSessionGenerator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Bytes without a frame are told; other line settings are tried by themselves, and offered."""
    trial = Trial(LineSettings.parse("9600 8N1"), 0.5)
    monkeypatch.setattr(
        listening,
        "DetectSession",
        lambda known: DetectSession(known, (trial,)),
    )
    # A key of another meter: no reading may come between the offer and its confirmation, which would withdraw it.
    wrong = {"guek": parse_key(WRONG_KEY)}
    keys = (await async_get_keystore(hass)).wrap_all(wrong)
    entry = await make_entry(hass, meter, keys=keys)
    assert await hass.config_entries.async_setup(entry.entry_id)
    coordinator = entry.runtime_data
    noise = asyncio.create_task(_repeat(lambda: meter.line.write(bytes(range(40)))))
    await until(hass, lambda: has_issue(hass, "garbled"))
    noise.cancel()
    telegrams = asyncio.create_task(_repeat(meter.send))
    await until(hass, lambda: has_issue(hass, "line_found"))
    telegrams.cancel()
    await until(hass, lambda: coordinator.connected)
    await fix(hass, hass_client, "line_found")
    assert entry.data["line"] == "9600 8N1"
    assert entry.state is ConfigEntryState.LOADED
    assert entry.runtime_data.setup.line == LineSettings(9600)
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_after_ten_intervals(hass: HomeAssistant, meter: Meter) -> None:
    """Ten silent intervals of bytes without a telegram, and no less, begin the search for other line settings."""
    entry = await make_entry(hass, meter)
    assert await hass.config_entries.async_setup(entry.entry_id)
    coordinator = entry.runtime_data
    meter.line.write(bytes(range(40)))
    await until(hass, lambda: coordinator.statistics.bytes_received)
    begin = dt_util.utcnow()
    for intervals, told in ((9.5, False), (10.5, True)):
        later = begin + timedelta(seconds=intervals * coordinator.interval)
        async_fire_time_changed(hass, later)
        await hass.async_block_till_done()
        assert has_issue(hass, "garbled") is told
    # The port is given to the search.
    await until(hass, lambda: not coordinator.connected)
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_port_taken(hass: HomeAssistant, meter: Meter) -> None:
    """A port that somebody else took is told in words, and read as soon as it is given back."""
    entry = await make_entry(hass, meter)
    holder = os.open(meter.line.path, os.O_RDWR | os.O_NOCTTY)
    fcntl.flock(holder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    try:
        assert not await hass.config_entries.async_setup(entry.entry_id)
    finally:
        os.close(holder)
    assert has_issue(hass, "port_busy")
    assert entry.state is ConfigEntryState.SETUP_RETRY
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(minutes=2))
    await until(hass, lambda: entry.state is ConfigEntryState.LOADED)
    assert not has_issue(hass, "port_busy")
    assert await hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.usefixtures("soon")
async def test_noise_after_silence(hass: HomeAssistant, meter: Meter) -> None:
    """Nothing arrives, then bytes without a telegram: the second trouble takes the place of the first."""
    entry = await make_entry(hass, meter)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await until(hass, lambda: has_issue(hass, "silent"))
    noise = asyncio.create_task(_repeat(lambda: meter.line.write(bytes(range(40)))))
    await until(hass, lambda: has_issue(hass, "garbled"))
    assert not has_issue(hass, "silent")
    noise.cancel()
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_line_goes_bad(
    hass: HomeAssistant, meter: Meter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line that was good and now carries bytes without a telegram: its values go, and after a while it is told."""
    begin = time.time()
    now = Now(monkeypatch, begin)
    entry = await make_entry(hass, meter)
    assert await hass.config_entries.async_setup(entry.entry_id)
    power = f"{meter.number}_1-0:1.7.0"
    for _ in range(2):
        meter.send()
    await until(hass, lambda: entry.runtime_data.statistics.readings == 2)
    await until(hass, lambda: state_of(hass, power))
    now.set(begin + 3600)
    meter.line.write(bytes(range(40)))
    await until(hass, lambda: state_of(hass, power).state == STATE_UNAVAILABLE)  # type: ignore[union-attr]
    assert set(entry.runtime_data.last_faults) >= {FaultKind.LINE}
    assert not has_issue(hass, "garbled")
    async_fire_time_changed(
        hass, datetime.fromtimestamp(time.time(), UTC) + timedelta(minutes=2)
    )
    await until(hass, lambda: has_issue(hass, "garbled"))
    assert await hass.config_entries.async_unload(entry.entry_id)


async def _repeat(act: Callable[[], Any]) -> None:
    while True:
        act()
        await asyncio.sleep(0.02)


@pytest.mark.usefixtures("soon")
async def test_port_lost_for_long(
    hass: HomeAssistant, meter: Meter, line: Line, entry: MockConfigEntry
) -> None:
    """An adapter that stays away is told; plugged in again, the repair goes by itself."""
    line.unplug()
    await until(hass, lambda: has_issue(hass, "port_missing"))
    line.plug()
    await until(hass, lambda: not has_issue(hass, "port_missing"))


@pytest.fixture
def adapter(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Have an adapter with a serial number that Home Assistant finds at another port."""
    moved = tmp_path / "usb-FTDI_FT232R_A50285BI-if01-port0"

    async def scan(hass: HomeAssistant) -> list[USBDevice]:
        return [
            USBDevice(
                device=str(moved),
                vid="0403",
                pid="6001",
                serial_number="A50285BI",
                manufacturer="FTDI",
                description="FT232R",
            )
        ]

    monkeypatch.setattr(usb, "async_scan_serial_ports", scan)
    monkeypatch.setattr(
        usb,
        "async_find_moved_serial_port",
        lambda hass, port: str(moved),
        raising=False,
    )
    return moved


@pytest.mark.parametrize("newer", [False, True], ids=["2026.10", "2026.11"])
async def test_port_found_elsewhere(
    hass: HomeAssistant,
    tmp_path: Path,
    adapter: Path,
    hass_client: ClientSessionGenerator,
    monkeypatch: pytest.MonkeyPatch,
    newer: bool,
) -> None:
    """An adapter that is plugged in elsewhere is found by its serial number; confirming uses it there."""
    if not newer:
        monkeypatch.delattr(usb, "async_find_moved_serial_port")
    line = Line(tmp_path / "usb-FTDI_FT232R_A50285BI-if00-port0")
    meter = Meter(line)
    entry = await make_entry(hass, meter)
    line.unplug()
    assert not await hass.config_entries.async_setup(entry.entry_id)
    assert has_issue(hass, "port_moved")
    issue = ir.async_get(hass).async_get_issue(DOMAIN, f"port_moved_{entry.entry_id}")
    assert issue is not None
    assert issue.translation_placeholders is not None
    assert issue.translation_placeholders["new_port"] == str(adapter)
    line.path = adapter
    line.plug()
    await fix(hass, hass_client, "port_moved")
    assert entry.data["port"] == str(adapter)
    assert entry.state is ConfigEntryState.LOADED
    assert not has_issue(hass, "port_moved")
    assert await hass.config_entries.async_unload(entry.entry_id)
    line.unplug()


async def test_implausible(
    hass: HomeAssistant,
    meter: Meter,
    hass_client: ClientSessionGenerator,
    hass_storage: dict[str, Any],
) -> None:
    """Values withheld again and again are told; once confirmed, the meter is believed anew."""
    entry = await make_entry(hass, meter)
    believed = {f"{meter.number}|1-0:1.8.0": ["999999999", time.time() - 60]}
    hass_storage[f"{DOMAIN}.{entry.entry_id}"] = {
        "version": 1,
        "minor_version": 1,
        "key": f"{DOMAIN}.{entry.entry_id}",
        "data": {
            "session": {
                "counters": {},
                "last": believed,
                "intervals": {},
                "extra": {},
            },
            "meters": [],
        },
    }
    assert await hass.config_entries.async_setup(entry.entry_id)
    for number in range(coordinator_module.IMPLAUSIBLE_FAULTS):
        meter.send()
        await until(
            hass,
            lambda n=number: entry.runtime_data.statistics.readings > n,  # type: ignore[misc]
        )
    await until(hass, lambda: has_issue(hass, "implausible"))
    assert state_of(hass, f"{meter.number}_1-0:1.8.0") is None
    assert state_of(hass, f"{meter.number}_1-0:1.7.0") is not None
    await fix(hass, hass_client, "implausible")
    meter.send()
    await until(hass, lambda: state_of(hass, f"{meter.number}_1-0:1.8.0"))
    assert entry.unique_id == meter.number
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_withheld_now_and_then(
    hass: HomeAssistant,
    line: Line,
    p1_entry: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A value that is believed in between is none that is withheld again and again."""
    monkeypatch.setattr(coordinator_module, "IMPLAUSIBLE_FAULTS", 2)
    Now(monkeypatch, datetime(2026, 11, 21, 8, 1, tzinfo=UTC).timestamp())
    await hass.config_entries.async_reload(p1_entry.entry_id)
    second = 0

    async def say(counter: str) -> None:
        nonlocal second
        second += 1
        values = f"1-0:1.8.1({counter}*kWh)", "1-0:1.7.0(00.100*kW)"
        line.write(p1(*values, clock=f"2611210901{second:02}W"))
        await until(hass, lambda: p1_entry.runtime_data.statistics.readings == second)

    for counter in ("000123.456", "000100.000", "000123.456", "000100.000"):
        await say(counter)
    assert not has_issue(hass, "implausible")
    await say("000100.000")
    await until(hass, lambda: has_issue(hass, "implausible"))
    await say("000123.457")
    assert not has_issue(hass, "implausible")


@pytest.mark.usefixtures("soon")
async def test_lent_while_detecting(hass: HomeAssistant, meter: Meter) -> None:
    """The search for other line settings gives the port away at once, and does not take it back."""
    entry = await make_entry(hass, meter)
    assert await hass.config_entries.async_setup(entry.entry_id)
    coordinator = entry.runtime_data
    noise = asyncio.create_task(_repeat(lambda: meter.line.write(bytes(range(40)))))
    await until(hass, lambda: has_issue(hass, "garbled"))
    await until(hass, lambda: not coordinator.connected)
    noise.cancel()
    port = {"port": meter.line.url}
    await hass.services.async_call(DOMAIN, "release_port", port, blocking=True)
    holder = os.open(meter.line.path, os.O_RDWR | os.O_NOCTTY)
    try:
        fcntl.flock(holder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        await coordinator.async_reopen()
        assert not coordinator.connected
    finally:
        os.close(holder)
    await hass.services.async_call(DOMAIN, "return_port", port, blocking=True)
    assert entry.runtime_data.connected
    assert await hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.usefixtures("soon")
@pytest.mark.parametrize("broken", ["meter", "detection"])
async def test_mistake_of_ours(
    hass: HomeAssistant,
    meter: Meter,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    broken: str,
) -> None:
    """A session that raises is told in the log, nothing old is shown, and the meter is read again a minute later."""
    entry = await make_entry(hass, meter)
    assert await hass.config_entries.async_setup(entry.entry_id)
    sessions = {"meter": type(entry.runtime_data.session), "detection": DetectSession}

    def shown() -> str | None:
        state = state_of(hass, f"{meter.number}_1-0:1.7.0")
        return state and state.state

    meter.send()
    await until(hass, lambda: shown() not in (None, STATE_UNAVAILABLE))
    noise = asyncio.create_task(_repeat(lambda: meter.line.write(bytes(range(40)))))
    with monkeypatch.context() as patch:
        patch.setattr(sessions[broken], "receive", _raise)
        await until(hass, lambda: "please report it" in caplog.text)
    noise.cancel()
    assert "a mistake of ours" in caplog.text
    assert shown() == STATE_UNAVAILABLE
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=61))
    await until(
        hass,
        lambda: entry.state is ConfigEntryState.LOADED and entry.runtime_data.connected,
    )
    meter.send()
    await until(hass, lambda: shown() not in (None, STATE_UNAVAILABLE))
    assert await hass.config_entries.async_unload(entry.entry_id)


def _raise(*_: object) -> None:
    raise AssertionError("a mistake of ours")


async def test_removed_meanwhile(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """A repair of an entry that was removed ends."""
    flow = await repairs.async_create_fix_flow(
        hass,
        "port_moved_x",
        {"entry_id": "gone", "kind": "port_moved", "change": "{}", "of": None},
    )
    flow.hass, flow.handler, flow.issue_id = hass, DOMAIN, "port_moved_x"  # type: ignore[attr-defined]
    result = await flow.async_step_confirm({})  # type: ignore[attr-defined]
    assert result["reason"] == "removed"
    # All problems of an entry go with it.
    issues.async_report(hass, entry, "silent")
    assert has_issue(hass, "silent")
    await hass.config_entries.async_remove(entry.entry_id)
    assert not ir.async_get(hass).issues
