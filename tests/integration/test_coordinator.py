"""A meter's life: silence, unplugging, restart, other meters on the port, keys that stop fitting."""

from datetime import datetime
from decimal import Decimal
from time import time
from typing import Any

from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState
from homeassistant.const import (
    EVENT_HOMEASSISTANT_STOP,
    STATE_OFF,
    STATE_ON,
    STATE_UNAVAILABLE,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers import (
    device_registry as dr,
    entity_registry as er,
    issue_registry as ir,
)
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.smart_meter import (
    async_remove_config_entry_device,
    coordinator as coordinator_module,
)
from custom_components.smart_meter.const import DOMAIN
from custom_components.smart_meter.customer_interface.reading import FaultKind
from custom_components.smart_meter.customer_interface.session.push import PushSession
from custom_components.smart_meter.customer_interface.source import runner
from customer_interface.simulate import axdr, hdlc
from tests.integration.conftest import (
    Line,
    Meter,
    Now,
    fix,
    has_issue,
    make_entry,
    state_of,
    until,
)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let silence begin, and ports be tried again, within parts of a second."""
    monkeypatch.setattr(PushSession, "shortest_silence", 0.3)
    monkeypatch.setattr(runner, "BACKOFF", (0.05,))


async def read_two(hass: HomeAssistant, meter: Meter) -> None:
    """Let two telegrams arrive, so that the interval is learned."""
    meter.send()
    await until(hass, lambda: state_of(hass, f"{meter.number}_1-0:1.8.0"))
    await send_and_see(hass, meter)


async def send_and_see(hass: HomeAssistant, meter: Meter) -> None:
    """Send a telegram and wait until its power is in the states."""
    (entry,) = hass.config_entries.async_entries(DOMAIN)
    before = entry.runtime_data.statistics.readings
    said = meter.send()
    await until(hass, lambda: entry.runtime_data.statistics.readings > before)
    await hass.async_block_till_done()
    assert Decimal(power(hass, meter)) == said["1-0:1.7.0"]


def power(hass: HomeAssistant, meter: Meter) -> str:
    """Return the state of the power drawn."""
    state = state_of(hass, f"{meter.number}_1-0:1.7.0")
    assert state is not None
    return state.state


def messages(caplog: pytest.LogCaptureFixture, text: str) -> int:
    """Count log lines of the integration with a text."""
    return sum(
        text in record.getMessage()
        for record in caplog.records
        if record.name.startswith("custom_components.smart_meter")
        and record.levelname in ("INFO", "WARNING", "ERROR")
    )


@pytest.mark.usefixtures("quick")
async def test_silence_and_back(
    hass: HomeAssistant,
    meter: Meter,
    entry: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A silent meter's values become unavailable and come back, logged once each way."""
    await read_two(hass, meter)
    connection = f"{entry.entry_id}_connection"
    assert state_of(hass, connection).state == STATE_ON  # type: ignore[union-attr]
    await until(hass, lambda: power(hass, meter) == STATE_UNAVAILABLE)
    assert state_of(hass, connection).state == STATE_OFF  # type: ignore[union-attr]
    assert state_of(hass, f"{meter.number}_net_power").state == STATE_UNAVAILABLE  # type: ignore[union-attr]
    await send_and_see(hass, meter)
    assert state_of(hass, connection).state == STATE_ON  # type: ignore[union-attr]
    assert messages(caplog, "is unavailable") == 1
    assert messages(caplog, "is back") == 1


@pytest.mark.usefixtures("quick")
async def test_unplug_and_replug(
    hass: HomeAssistant,
    meter: Meter,
    line: Line,
    entry: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """An adapter that is pulled and plugged in again is read again, without a traceback."""
    await read_two(hass, meter)
    line.unplug()
    await until(hass, lambda: power(hass, meter) == STATE_UNAVAILABLE)
    line.plug()
    await until(hass, lambda: entry.runtime_data.connected)
    await send_and_see(hass, meter)
    assert entry.state is ConfigEntryState.LOADED
    assert "Traceback" not in caplog.text
    assert messages(caplog, "is unavailable") == 1


async def test_only_faults(
    hass: HomeAssistant,
    meter: Meter,
    entry: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where telegrams still come but none can be believed, the last values go with their age."""
    monkeypatch.setattr("custom_components.smart_meter.meter.SHORTEST_STALE", 0.1)
    await read_two(hass, meter)
    old = meter.bytes()
    meter.line.write(old)
    await send_and_see(hass, meter)

    def gone() -> bool:
        meter.line.write(old)
        return power(hass, meter) == STATE_UNAVAILABLE

    await until(hass, gone)
    assert set(entry.runtime_data.statistics.faults) == {FaultKind.REPLAY}


async def test_port_missing_at_start(hass: HomeAssistant, meter: Meter) -> None:
    """Without its port the entry waits and tells so; with it, it starts."""
    entry = await make_entry(hass, meter)
    meter.line.unplug()
    assert not await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert entry.reason and "adapter" in entry.reason
    issues = ir.async_get(hass)
    assert issues.async_get_issue(DOMAIN, f"port_missing_{entry.entry_id}")
    meter.line.plug()
    assert await hass.config_entries.async_reload(entry.entry_id)
    assert not issues.async_get_issue(DOMAIN, f"port_missing_{entry.entry_id}")
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_restart(
    hass: HomeAssistant, meter: Meter, entry: MockConfigEntry, hass_storage: Any
) -> None:
    """Frame counters and intervals outlive a restart: an old telegram is refused after it too."""
    await read_two(hass, meter)
    old = meter.bytes()
    meter.line.write(old)
    await send_and_see(hass, meter)
    newest = power(hass, meter)
    assert await hass.config_entries.async_unload(entry.entry_id)
    stored = hass_storage[f"{DOMAIN}.{entry.entry_id}"]["data"]["session"]
    assert stored["counters"] and stored["intervals"]

    assert await hass.config_entries.async_setup(entry.entry_id)
    meter.line.write(old)
    await until(hass, lambda: entry.runtime_data.statistics.faults)
    assert [kind.value for kind in entry.runtime_data.statistics.faults] == ["replay"]
    assert power(hass, meter) == STATE_UNAVAILABLE
    await send_and_see(hass, meter)
    assert newest


async def test_damaged_store(
    hass: HomeAssistant, meter: Meter, hass_storage: Any
) -> None:
    """What cannot be read of the last run is learned again."""
    entry = await make_entry(hass, meter)
    hass_storage[f"{DOMAIN}.{entry.entry_id}"] = {
        "version": 1,
        "minor_version": 1,
        "key": f"{DOMAIN}.{entry.entry_id}",
        "data": {"session": {"counters": {"a": "b"}}, "meters": 3},
    }
    assert await hass.config_entries.async_setup(entry.entry_id)
    await read_two(hass, meter)
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_key_stops_fitting(
    hass: HomeAssistant, meter: Meter, entry: MockConfigEntry
) -> None:
    """After some telegrams that no key opens the user is asked for the new one."""
    await read_two(hass, meter)
    rekeyed = Meter(meter.line, faults=("wrong-key",))
    for _ in range(3):
        meter.line.write(rekeyed.bytes())
    flows = await until(
        hass, lambda: hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    )
    assert flows[0]["context"]["source"] == SOURCE_REAUTH
    assert power(hass, meter) == STATE_UNAVAILABLE


async def test_values_of_their_own(
    hass: HomeAssistant, meter: Meter, entry: MockConfigEntry
) -> None:
    """Diagnostic entities are there, the clock and the statistics switched off."""
    await read_two(hass, meter)
    registry = er.async_get(hass)
    for unique_id in (
        f"{meter.number}_clock",
        *(
            f"{entry.entry_id}_{name}"
            for name in ("telegrams", "faults", "interval", "last_telegram")
        ),
    ):
        entity_id = registry.async_get_entity_id("sensor", DOMAIN, unique_id)
        assert entity_id is not None, unique_id
        assert registry.entities[entity_id].disabled_by is not None


async def test_pace(
    hass: HomeAssistant, meter: Meter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Power is shown with each telegram, counters at most every ten seconds."""
    begin = time()
    now = Now(monkeypatch, begin)
    entry = await make_entry(hass, meter)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await read_two(hass, meter)

    def written() -> datetime:
        """Return when the counter was written, be it with the same value: a quiet household uses little."""
        state = state_of(hass, f"{meter.number}_1-0:1.8.0")
        assert state is not None
        return state.last_reported

    counter = written()
    for seconds in (1, 2, 3):
        now.set(begin + seconds)
        await send_and_see(hass, meter)
    assert written() == counter
    now.set(begin + 60)
    await send_and_see(hass, meter)
    await until(hass, lambda: written() != counter)
    assert await hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.parametrize("pace", ["every", "minute"])
async def test_other_paces(hass: HomeAssistant, meter: Meter, pace: str) -> None:
    """Every telegram, or one a minute, as chosen."""
    entry = await make_entry(hass, meter, options={"update_pace": pace})
    assert await hass.config_entries.async_setup(entry.entry_id)
    first = meter.send()
    await until(hass, lambda: state_of(hass, f"{meter.number}_1-0:1.8.0"))
    said = meter.send()
    await until(hass, lambda: entry.runtime_data.statistics.readings == 2)
    await hass.async_block_till_done()
    expected = said if pace == "every" else first
    state = state_of(hass, f"{meter.number}_1-0:1.8.0")
    assert state is not None
    assert Decimal(state.state) * 1000 == expected["1-0:1.8.0"]
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_transformer_factor(hass: HomeAssistant, meter: Meter) -> None:
    """Behind current transformers energy, power and current are multiplied, the voltage is not."""
    entry = await make_entry(hass, meter, options={"transformer_factor": 50})
    assert await hass.config_entries.async_setup(entry.entry_id)
    said = meter.send()
    await until(hass, lambda: state_of(hass, f"{meter.number}_1-0:1.8.0"))
    for code, factor, scale in (
        ("1-0:1.8.0", 50, 1000),
        ("1-0:1.7.0", 50, 1),
        ("1-0:31.7.0", 50, 1),
        ("1-0:32.7.0", 1, 1),
    ):
        state = state_of(hass, f"{meter.number}_{code}")
        assert state is not None
        assert Decimal(state.state) * scale == Decimal(str(said[code])) * factor
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_exchanged_meter(
    hass: HomeAssistant,
    meter: Meter,
    entry: MockConfigEntry,
    hass_client: ClientSessionGenerator,
) -> None:
    """A new number in the place of the old one is asked about, then starts a device of its own."""
    await read_two(hass, meter)
    new = Meter(meter.line, seed=2)
    assert new.number != meter.number
    for _ in range(coordinator_module.STRANGERS + 1):
        new.send()
    await until(hass, lambda: has_issue(hass, "exchanged"))
    assert state_of(hass, f"{new.number}_1-0:1.8.0") is None

    await fix(hass, hass_client, "exchanged")
    assert entry.unique_id == new.number
    new.send()
    await until(hass, lambda: state_of(hass, f"{new.number}_1-0:1.8.0"))
    devices = dr.async_get(hass)
    names = {
        device.name
        for number in (meter.number, new.number)
        if (
            device := devices.async_get_device_by_identifier(
                (DOMAIN, number), entry.entry_id
            )
        )
    }
    assert names == {"Kaifa MA309M", f"Kaifa MA309M {new.number}"}
    old = devices.async_get_device_by_identifier((DOMAIN, meter.number), entry.entry_id)
    assert old is not None
    assert await async_remove_config_entry_device(hass, entry, old)
    assert not has_issue(hass, "exchanged")

    entities = er.async_get(hass)
    assert er.async_entries_for_config_entry(entities, entry.entry_id)
    await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done()
    assert not [e for e in entities.entities.values() if e.platform == DOMAIN]


async def test_second_meter_on_the_port(
    hass: HomeAssistant, meter: Meter, entry: MockConfigEntry
) -> None:
    """Of two meters that both are heard the second is a device behind the first."""
    await read_two(hass, meter)
    second = Meter(meter.line, seed=2)
    for _ in range(5):
        second.send()
        await send_and_see(hass, meter)
    key = f"{meter.number}_{second.number}"
    state = await until(hass, lambda: state_of(hass, f"{key}_1-0:1.8.0"))
    assert Decimal(state.state) > 0
    devices = dr.async_get(hass)
    device = devices.async_get_device_by_identifier((DOMAIN, key), entry.entry_id)
    assert device is not None
    assert device.via_device_id == entry.runtime_data.device_id
    assert device.name == "Further meter"
    assert not has_issue(hass, "exchanged")
    assert not await async_remove_config_entry_device(hass, entry, device)


async def test_device_of_an_entry_that_is_not_loaded(
    hass: HomeAssistant, meter: Meter, entry: MockConfigEntry
) -> None:
    """While nobody listens nobody knows which meters are still heard, and none is removed."""
    await read_two(hass, meter)
    device = dr.async_get(hass).async_get_device_by_identifier(
        (DOMAIN, meter.number), entry.entry_id
    )
    assert device is not None
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert not await async_remove_config_entry_device(hass, entry, device)


async def test_two_numbers_of_one_meter(hass: HomeAssistant, line: Line) -> None:
    """A list under the serial number is of the meter whose logical device name ends with it (Elektro Ljubljana)."""
    meter = Meter(line, "si-i1", "iskra-am550")
    entry = await make_entry(hass, meter)
    assert await hass.config_entries.async_setup(entry.entry_id)
    meter.send()
    await until(hass, lambda: state_of(hass, f"{meter.number}_1-0:1.7.0"))
    energies = axdr.structure(
        axdr.octets(meter.number[-8:].encode()),
        axdr.u8(0),
        axdr.u32(12_345_678),
        axdr.u32(0),
    )
    apdu = axdr.notification(1, b"", energies)
    line.write(b"".join(hdlc.one(apdu, addresses=bytes.fromhex("CF0223"))))
    state = await until(hass, lambda: state_of(hass, f"{meter.number}_1-0:1.8.0"))
    assert Decimal(state.state) == Decimal("12345.678")
    assert (
        len(dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)) == 1
    )
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_home_assistant_stops(
    hass: HomeAssistant, meter: Meter, entry: MockConfigEntry, hass_storage: Any
) -> None:
    """When Home Assistant stops the port is closed and what must outlive it is stored."""
    await read_two(hass, meter)
    coordinator = entry.runtime_data
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
    await hass.async_block_till_done()
    assert not coordinator.connected
    assert hass_storage[f"{DOMAIN}.{entry.entry_id}"]["data"]["session"]["counters"]


async def test_shown_at_once(
    hass: HomeAssistant, meter: Meter, entry: MockConfigEntry
) -> None:
    """With the last byte of a telegram its values are in the states: no timer and no task lies in between."""
    await read_two(hass, meter)
    coordinator = entry.runtime_data
    telegram = meter.bytes()
    at = coordinator.statistics.last_byte + meter.interval
    assert coordinator.session.receive(telegram[:-1], at) == ()
    (reading,) = coordinator.session.receive(telegram[-1:], at + 0.1)
    coordinator._on_output(reading)
    said = {str(code): value.value for code, value in meter.said().values.items()}[
        "1-0:1.7.0"
    ]
    assert Decimal(power(hass, meter)) == said


async def test_exchanged_meter_without_a_number(
    hass: HomeAssistant,
    line: Line,
    hass_client: ClientSessionGenerator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A meter that tells no number is known by its counters; once the exchange is confirmed it is a new device."""
    monkeypatch.setattr(coordinator_module, "IMPLAUSIBLE_FAULTS", 3)
    meter = Meter(line, "netz-ooe", "siemens-td3511")
    entry = await make_entry(hass, meter, identity={}, unique_id="old")
    assert await hass.config_entries.async_setup(entry.entry_id)
    meter.send()
    await until(hass, lambda: state_of(hass, "old_1-0:1.8.0"))
    believed = entry.runtime_data.session.state.last["|1-0:1.8.0"][0]
    await hass.config_entries.async_unload(entry.entry_id)
    # The new meter's counters are lower: the old one had counted for longer.
    store = coordinator_module.async_get_store(hass, entry.entry_id)
    stored = await store.async_load()
    assert stored is not None
    stored["session"]["last"]["|1-0:1.8.0"][0] = str(int(believed) * 2)
    await store.async_save(stored)
    assert await hass.config_entries.async_setup(entry.entry_id)
    for number in range(3):
        meter.send()
        await until(
            hass,
            lambda n=number: entry.runtime_data.statistics.readings > n,  # type: ignore[misc]
        )
    await until(hass, lambda: has_issue(hass, "implausible"))
    await fix(hass, hass_client, "implausible")
    assert entry.unique_id != "old"
    meter.send()
    await until(hass, lambda: state_of(hass, f"{entry.unique_id}_1-0:1.8.0"))
    devices = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    today = dt_util.now().date().isoformat()
    assert {device.name for device in devices} == {
        "Siemens TD-3511",
        f"Siemens TD-3511 {today}",
    }
    assert await hass.config_entries.async_unload(entry.entry_id)
