"""What a meter may bring beside electricity counters: meters behind it, messages, states, logs, slow telegrams."""

from collections.abc import Iterator
from copy import deepcopy
from decimal import Decimal
import time
from typing import Any

from homeassistant import block_async_io
from homeassistant.config_entries import SOURCE_RECONFIGURE
from homeassistant.const import EVENT_STATE_CHANGED, STATE_UNAVAILABLE
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smart_meter import config_flow, coordinator as coordinator_module
from custom_components.smart_meter.const import (
    CONF_ADD_TO_ENERGY,
    CONF_PENDING,
    DOMAIN,
    METER_PAGES,
)
from custom_components.smart_meter.diagnostics import async_get_config_entry_diagnostics
from customer_interface.checksum import crc16_arc
from tests.conftest import ROOT
from tests.integration.conftest import (
    Line,
    Meter,
    has_issue,
    make_entry,
    state_of,
    until,
)
from tests.integration.test_config_flow import (
    answer,
    choose,
    progress,
    progressed,
    to_listening,
)

NUMBER = "E0099000000000001"


def p1(*lines: str, clock: str = "261121090043W") -> bytes:
    """Return a Dutch P1 telegram of these lines with its checksum (DSMR P1 companion standard 5.0.2, 5.2)."""
    text = "\r\n".join(
        (
            "/KFM5KAIFA-METER",
            "",
            "1-3:0.2.8(50)",
            f"0-0:1.0.0({clock})",
            f"0-0:96.1.1({NUMBER.encode().hex().upper()})",
            *lines,
            "!",
        )
    ).encode()
    return text + f"{crc16_arc(text):04X}\r\n".encode()


async def dutch(hass: HomeAssistant, line: Line, **extra: Any) -> MockConfigEntry:
    """Set up a Dutch meter."""
    entry = MockConfigEntry(
        domain=DOMAIN,
        title="P1",
        unique_id=NUMBER,
        data={
            "operator": "nl-p1",
            "meter": "dsmr-5",
            "port": line.url,
            "keys": {},
            "identity": {"number": NUMBER},
            **extra,
        },
        options={"update_pace": "every"},
    )
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    return entry


@pytest.fixture
async def p1_entry(hass: HomeAssistant, line: Line) -> Any:
    """Return the entry of a Dutch meter that is set up."""
    entry = await dutch(hass, line)
    await hass.async_block_till_done()
    yield entry
    await hass.config_entries.async_unload(entry.entry_id)


async def test_meters_behind(
    hass: HomeAssistant, line: Line, p1_entry: MockConfigEntry
) -> None:
    """Gas behind the P1 port is a device of its own, linked, with its class and the time of its value."""
    meter = Meter(line, "be-fluvius", "sagemcom-t211")
    entry = await _replace(hass, p1_entry, meter)
    line.write(meter.bytes())
    said = meter._meter.sent
    await until(hass, lambda: entry.runtime_data.data.keys() - {meter.number})
    await hass.async_block_till_done()
    devices = dr.async_get(hass)
    names = {}
    for reading in said[1:]:
        identity = reading.meter
        key = f"{meter.number}_{identity.channel}{identity.number}"
        device = devices.async_get_device_by_identifier((DOMAIN, key), entry.entry_id)
        assert device is not None
        assert device.via_device_id == entry.runtime_data.device_id
        names[device.name] = device.serial_number
        ((code, value),) = (item for item in reading.values.items() if item[1].time)
        state = state_of(hass, f"{key}_{code}")
        assert state is not None
        assert Decimal(state.state) == value.value
        assert state.attributes["device_class"] == identity.medium
        assert state.attributes["state_class"] == "total_increasing"
        assert state.attributes["measured_at"] == value.time.isoformat()
    assert names == {
        r.meter.medium.title() + " meter": r.meter.number for r in said[1:]
    }


async def _replace(
    hass: HomeAssistant, entry: MockConfigEntry, meter: Meter
) -> MockConfigEntry:
    """Let the entry be that of another meter."""
    await hass.config_entries.async_unload(entry.entry_id)
    hass.config_entries.async_update_entry(
        entry,
        unique_id=meter.number,
        data={
            **entry.data,
            **meter.row,
            "identity": {"number": meter.number},
        },
    )
    assert await hass.config_entries.async_setup(entry.entry_id)
    return entry


async def test_messages(
    hass: HomeAssistant, line: Line, p1_entry: MockConfigEntry
) -> None:
    """A message of the grid operator fires an event, once, and again when it changes."""
    line.write(p1("0-0:96.13.0()", "1-0:1.7.0(00.100*kW)"))
    await until(hass, lambda: state_of(hass, f"{NUMBER}_1-0:1.7.0"))
    fired: list[str] = []

    async def say(text: str, seconds: int) -> None:
        readings = p1_entry.runtime_data.statistics.readings
        line.write(
            p1(
                f"0-0:96.13.0({text.encode().hex().upper()})",
                "1-0:1.7.0(00.100*kW)",
                clock=f"2611210901{seconds:02d}W",
            )
        )
        await until(hass, lambda: p1_entry.runtime_data.statistics.readings > readings)
        await hass.async_block_till_done()
        if (state := state_of(hass, f"{NUMBER}_message")) is not None:
            fired.append(f"{state.state} {state.attributes.get('text')}")

    await say("Wartung am Montag", 1)
    await say("Wartung am Montag", 2)
    await say("Danke", 3)
    assert fired[0].endswith("Wartung am Montag")
    assert fired[1] == fired[0]
    assert fired[2].endswith("Danke")
    assert fired[2].split()[0] != fired[0].split()[0]
    # After a restart the same message is no news.
    await hass.config_entries.async_reload(p1_entry.entry_id)
    await say("Danke", 4)
    assert fired[3] == fired[2]


async def test_a_message_alone(
    hass: HomeAssistant, line: Line, p1_entry: MockConfigEntry
) -> None:
    """A telegram with part of the values makes no other value unavailable."""
    line.write(p1("1-0:1.8.1(000123.456*kWh)", "1-0:32.7.0(230.1*V)"))
    await until(hass, lambda: state_of(hass, f"{NUMBER}_1-0:1.8.1"))
    line.write(p1("0-0:96.13.0(48616C6C6F)", clock="261121090050W"))
    await until(hass, lambda: state_of(hass, f"{NUMBER}_0-0:96.13.0"))
    for code, expected in (("1-0:1.8.1", "123.456"), ("1-0:32.7.0", "230.1")):
        state = state_of(hass, f"{NUMBER}_{code}")
        assert state is not None
        assert state.state == expected
    text = state_of(hass, f"{NUMBER}_0-0:96.13.0")
    assert text is not None
    assert text.state == "Hallo"


async def test_states_and_unknown_codes(
    hass: HomeAssistant, line: Line, p1_entry: MockConfigEntry
) -> None:
    """A state of the standard is a word; a code nobody named is there, switched off, named by its code."""
    line.write(
        p1(
            "0-0:96.3.10(1)",
            "1-0:217.7.0(00.100*kW)",
            "0-0:96.14.0(0002)",
            "0-0:96.7.21(00004)",
        )
    )
    await until(hass, lambda: state_of(hass, f"{NUMBER}_0-0:96.14.0"))
    registry = er.async_get(hass)

    def entity(code: str) -> er.RegistryEntry:
        entity_id = registry.async_get_entity_id("sensor", DOMAIN, f"{NUMBER}_{code}")
        assert entity_id is not None, code
        return registry.entities[entity_id]

    disconnector, unknown = entity("0-0:96.3.10"), entity("1-0:217.7.0")
    assert disconnector.disabled_by is not None
    assert disconnector.capabilities is not None
    assert disconnector.capabilities["options"] == [
        "disconnected",
        "connected",
        "ready",
    ]
    assert disconnector.entity_category == "diagnostic"
    assert unknown.disabled_by is not None
    assert unknown.original_name == "OBIS 1-0:217.7.0"
    assert unknown.original_device_class == "power"
    assert unknown.unit_of_measurement == "W"
    registry.async_update_entity(disconnector.entity_id, disabled_by=None)
    await hass.config_entries.async_reload(p1_entry.entry_id)
    line.write(p1("0-0:96.3.10(1)", clock="261121090050W"))
    await until(
        hass,
        lambda: (
            (s := hass.states.get(disconnector.entity_id)) is not None
            and s.state == "connected"
        ),
    )


async def test_stale_value(
    hass: HomeAssistant,
    line: Line,
    p1_entry: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A value that stays away for several of its own intervals goes, while the others of its meter stay."""
    monkeypatch.setattr("custom_components.smart_meter.meter.SHORTEST_STALE", 0.1)
    power, voltage = "1-0:1.7.0(00.100*kW)", "1-0:32.7.0(230.1*V)"
    coordinator = p1_entry.runtime_data
    for second in range(20):
        lines = (power, voltage) if second < 4 else (power,)
        line.write(p1(*lines, clock=f"2611210900{second:02d}W"))
        await until(
            hass,
            lambda n=second: coordinator.statistics.readings > n,  # type: ignore[misc]
        )
    state = state_of(hass, f"{NUMBER}_1-0:32.7.0")
    assert state is not None
    assert state.state == STATE_UNAVAILABLE
    state = state_of(hass, f"{NUMBER}_1-0:1.7.0")
    assert state is not None
    assert state.state == "100"


async def test_slow_meter_over_a_restart(
    hass: HomeAssistant, meter: Meter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slow meter shows its last values, with their time, before the first telegram after a restart."""
    monkeypatch.setattr(coordinator_module, "SLOW_INTERVAL", 1.0)
    entry = await make_entry(hass, meter)
    assert await hass.config_entries.async_setup(entry.entry_id)
    said = meter.send()
    before = await until(hass, lambda: state_of(hass, f"{meter.number}_1-0:1.8.0"))
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    for code, value in said.items():
        state = state_of(hass, f"{meter.number}_{code}")
        assert state is not None
        scale = 1000 if ":1.8." in code or ":2.8." in code else 1
        assert Decimal(state.state) * scale == Decimal(str(value)), code
        assert state.attributes["measured_at"] == before.attributes["measured_at"]
    assert await hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.parametrize("changed", [False, True], ids=["at once", "changed before"])
async def test_set_up_before_the_first_telegram(
    hass: HomeAssistant, meter: Meter, monkeypatch: pytest.MonkeyPatch, changed: bool
) -> None:
    """A slow meter can be set up at once; its first telegram says who it is and checks the key.

    So it does after the entry was changed without waiting for a telegram either.
    """
    monkeypatch.setattr(config_flow, "SLOW_INTERVAL", 1.0)
    result = await to_listening(hass, meter)
    assert result["step_id"] == "slow"
    result = await choose(hass, result, "later")
    assert result["step_id"] == "keys"
    result = await answer(hass, result, **meter.keys)
    assert result["type"] == "create_entry"
    await hass.async_block_till_done()
    entry = result["result"]
    assert entry.data[CONF_PENDING]
    made_up = entry.unique_id
    assert made_up != meter.number
    if changed:
        hass.config_entries.async_update_entry(
            entry, data={**entry.data, CONF_ADD_TO_ENERGY: True}
        )
        result = await hass.config_entries.flow.async_init(
            DOMAIN,
            context={"source": SOURCE_RECONFIGURE, "entry_id": entry.entry_id},
        )
        for typed in (
            {"operator": meter.row["operator"]},
            {"meter": meter.row["meter"]},
            {"port": meter.line.url},
        ):
            result = await answer(hass, result, **typed)
        result = await choose(hass, result, "later")
        assert result["reason"] == "reconfigure_successful"
        await hass.async_block_till_done()
        assert entry.unique_id == made_up
        assert entry.data[CONF_ADD_TO_ENERGY]
    meter.send()
    await until(hass, lambda: state_of(hass, f"{meter.number}_1-0:1.8.0"))
    assert entry.unique_id == meter.number
    assert CONF_PENDING not in entry.data
    devices = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    assert [device.identifiers for device in devices] == [{(DOMAIN, meter.number)}]
    assert devices[0].serial_number == meter.number
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_waiting_for_a_slow_meter(
    hass: HomeAssistant, meter: Meter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who has the time may wait for a slow meter's telegram."""
    monkeypatch.setattr(config_flow, "SLOW_INTERVAL", 1.0)
    result = await choose(hass, await to_listening(hass, meter), "listen")
    await progress(hass, result, "listen_no_bytes")
    meter.send()
    result = await progressed(hass, result)
    assert result["step_id"] == "keys"


@pytest.fixture
def watched() -> Iterator[None]:
    """Have Home Assistant look for calls that block the event loop."""
    block_async_io.enable()
    yield
    for call in block_async_io._BLOCKED_CALLS.calls:
        setattr(call.object, call.function, call.original_func)
    block_async_io._BLOCKED_CALLS.calls.clear()


@pytest.mark.usefixtures("watched")
async def test_no_blocking_call(
    hass: HomeAssistant, meter: Meter, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing in setting up, reading, changing, diagnosing and unloading a meter blocks the event loop."""
    result = await to_listening(hass, meter)
    await progress(hass, result, "listen_no_bytes")
    meter.send()
    result = await progressed(hass, result)
    result = await progressed(hass, await answer(hass, result, **meter.keys))
    result = await answer(hass, result)
    entry = result["result"]
    await hass.async_block_till_done()
    meter.send()
    await until(hass, lambda: state_of(hass, f"{meter.number}_1-0:1.8.0"))
    await async_get_config_entry_diagnostics(hass, entry)
    result = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": "reconfigure", "entry_id": entry.entry_id}
    )
    hass.config_entries.flow.async_abort(result["flow_id"])
    assert await hass.config_entries.async_reload(entry.entry_id)
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert "blocking call" not in caplog.text


@pytest.mark.usefixtures("watched")
async def test_a_blocking_call_is_noticed(hass: HomeAssistant) -> None:
    """What the test before relies on sees a call that blocks the event loop."""
    with pytest.raises(RuntimeError, match="blocking call"):
        time.sleep(0)  # noqa: ASYNC251 - that is what must be noticed


async def test_a_meter_without_a_number(hass: HomeAssistant, line: Line) -> None:
    """Netz OÖ's meters do not say who they are: the name made at set-up stays; every frame is acknowledged."""
    meter = Meter(line, "netz-ooe", "siemens-td3511")
    result = await to_listening(hass, meter)
    await progress(hass, result, "listen_no_bytes")
    meter.send()
    result = await progressed(hass, result)
    assert line.read() == b"\xe5"
    result = await progressed(hass, await answer(hass, result, **meter.keys))
    assert result["step_id"] == "values"
    result = await answer(hass, result)
    await hass.async_block_till_done()
    entry = result["result"]
    name = entry.unique_id
    assert len(name) == 32
    meter.send()
    await until(hass, lambda: state_of(hass, f"{name}_net_power"))
    assert line.read() == b"\xe5"
    assert entry.unique_id == name
    assert await hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_all_switched_on(
    hass: HomeAssistant, meter: Meter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With every entity switched on: clock and statistics say what they are for, statistics at most once a minute."""
    entry = await make_entry(hass, meter)
    assert await hass.config_entries.async_setup(entry.entry_id)
    for _ in range(3):
        meter.send()
    await until(hass, lambda: entry.runtime_data.statistics.readings == 3)
    await hass.async_block_till_done()

    def statistic(name: str) -> str:
        state = state_of(hass, f"{entry.entry_id}_{name}")
        assert state is not None
        return state.state

    # The first telegram is the only one within the minute that is told.
    assert statistic("telegrams") in ("1", "2", "3")
    assert statistic("faults") == "0"
    told = statistic("telegrams")
    meter.send()
    await until(hass, lambda: entry.runtime_data.statistics.readings == 4)
    await hass.async_block_till_done()
    assert statistic("telegrams") == told
    monkeypatch.setattr("custom_components.smart_meter.sensor.STATISTICS_PACE", 0.0)
    meter.send()
    await until(hass, lambda: statistic("telegrams") == "5")
    assert dt_util.parse_datetime(statistic("last_telegram")) is not None
    clock = state_of(hass, f"{meter.number}_clock")
    assert clock is not None
    shown = dt_util.parse_datetime(clock.state)
    assert shown is not None
    assert shown.timestamp() <= meter.said().time.timestamp()
    assert await hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_a_clock_without_offset(hass: HomeAssistant, line: Line) -> None:
    """A clock that does not tell its offset is local time."""
    await hass.config.async_set_time_zone("Europe/Vienna")
    meter = Meter(line, "netz-ooe", "siemens-td3511")
    meter.bytes()
    entry = await make_entry(hass, meter, identity={}, unique_id="made")
    assert await hass.config_entries.async_setup(entry.entry_id)
    meter.send()
    state = await until(hass, lambda: state_of(hass, "made_clock"))
    local = meter.said().time.replace(tzinfo=dt_util.get_default_time_zone())
    shown = dt_util.parse_datetime(state.state)
    assert shown is not None
    assert shown == local.replace(microsecond=0)
    assert await hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_a_log(
    hass: HomeAssistant, line: Line, p1_entry: MockConfigEntry
) -> None:
    """A log shows how many entries it has, and the entries as an attribute that is not recorded."""
    line.write(
        p1(
            "1-0:99.97.0(2)(0-0:96.7.19)(260101020304W)(0000000240*s)"
            "(260202030405W)(0000000301*s)"
        )
    )
    state = await until(hass, lambda: state_of(hass, f"{NUMBER}_1-0:99.97.0"))
    assert state.state == "2"
    assert [entry["value"] for entry in state.attributes["entries"]] == [240, 301]


async def test_import_and_export_apart(
    hass: HomeAssistant, line: Line, p1_entry: MockConfigEntry
) -> None:
    """The signed power is there only while both powers come from the same telegram."""
    both = ("1-0:1.7.0(00.100*kW)", "1-0:2.7.0(00.000*kW)")
    line.write(p1(*both))
    state = await until(hass, lambda: state_of(hass, f"{NUMBER}_net_power"))
    assert state.state == "100"
    line.write(p1(both[0], clock="261121090044W"))

    def unavailable() -> bool:
        net = state_of(hass, f"{NUMBER}_net_power")
        return net is not None and net.state == STATE_UNAVAILABLE

    await until(hass, unavailable)


async def test_a_power_without_a_number(
    hass: HomeAssistant, line: Line, p1_entry: MockConfigEntry
) -> None:
    """Where one of the powers comes empty there is no signed power, and certainly not 0."""
    line.write(p1("1-0:1.7.0(00.100*kW)", "1-0:2.7.0(00.000*kW)"))
    await until(hass, lambda: state_of(hass, f"{NUMBER}_net_power"))
    line.write(p1("1-0:1.7.0(00.100*kW)", "1-0:2.7.0()", clock="261121090044W"))
    await until(hass, lambda: p1_entry.runtime_data.statistics.readings == 2)
    await hass.async_block_till_done()
    state = state_of(hass, f"{NUMBER}_net_power")
    assert state is not None
    assert state.state == "unknown"


async def test_weaker_than_expected(
    hass: HomeAssistant, line: Line, p1_entry: MockConfigEntry
) -> None:
    """A telegram that is not encrypted where that is expected shows no value; the user is told."""
    line.write(p1("1-0:1.7.0(00.100*kW)"))
    power = f"{NUMBER}_1-0:1.7.0"
    await until(hass, lambda: state_of(hass, power))
    hass.config_entries.async_update_entry(
        p1_entry, data={**p1_entry.data, "encryption": "encrypted"}
    )
    await hass.config_entries.async_reload(p1_entry.entry_id)
    line.write(p1("1-0:1.7.0(09.900*kW)", clock="261121090044W"))
    await until(hass, lambda: has_issue(hass, "weaker"))
    state = state_of(hass, power)
    assert state is not None
    assert state.state == STATE_UNAVAILABLE
    assert p1_entry.runtime_data.statistics.faults == {"protection": 1}
    hass.config_entries.async_update_entry(
        p1_entry, data={**p1_entry.data, "encryption": "none"}
    )
    await hass.config_entries.async_reload(p1_entry.entry_id)
    line.write(p1("1-0:1.7.0(00.200*kW)", clock="261121090045W"))
    await until(hass, lambda: not has_issue(hass, "weaker"))


class Events:
    """What the event entities of a meter fired, in order."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Listen to all states."""
        self.fired: list[tuple[str, dict[str, Any]]] = []
        self._seen: dict[str, str] = {}
        hass.bus.async_listen(EVENT_STATE_CHANGED, self._note)

    @callback
    def _note(self, event: Event[Any]) -> None:
        state = event.data["new_state"]
        if state is None or state.domain != "event":
            return
        told = state.state not in ("unknown", "unavailable")
        if told and self._seen.get(state.entity_id) != state.state:
            self._seen[state.entity_id] = state.state
            attributes = dict(state.attributes)
            self.fired.append((attributes["event_type"], attributes))


async def say(
    hass: HomeAssistant, line: Line, entry: MockConfigEntry, seconds: int, *lines: str
) -> None:
    """Send a telegram and wait until it was read."""
    count = entry.runtime_data.statistics.readings
    line.write(p1(*lines, "1-0:1.7.0(00.100*kW)", clock=f"2611210901{seconds:02d}W"))
    await until(hass, lambda: entry.runtime_data.statistics.readings > count, 30)
    await hass.async_block_till_done()


def failures(*rows: str) -> str:
    """Write the log of power failures; each row begins with its day."""
    body = "".join(
        f"(26{day}120000W)({seconds}*s)" for day, seconds in map(str.split, rows)
    )
    return f"1-0:99.97.0({len(rows)})(0-0:96.7.19){body}"


async def test_power_failures(
    hass: HomeAssistant,
    line: Line,
    p1_entry: MockConfigEntry,
    hass_storage: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each new row of the log fires once, in order, also when it came while Home Assistant was down."""
    monkeypatch.setattr(coordinator_module, "SAVE_DELAY_SLOW", 0.01)
    events = Events(hass)
    old, first, second, third = (
        "0103 0000000240",
        "0301 0000000301",
        "0302 0000000700",
        "0303 9",
    )
    await say(hass, line, p1_entry, 1, failures(old))
    await say(hass, line, p1_entry, 2, failures(old))
    assert not events.fired
    await say(hass, line, p1_entry, 3, failures(first, old))
    await say(hass, line, p1_entry, 4, failures(first, old))
    assert [(kind, said["duration"]) for kind, said in events.fired] == [
        ("power_failure", 301)
    ]
    assert events.fired[0][1]["ended"] == "2026-03-01T12:00:00+01:00"
    # The system crashes: nothing but what is saved soon after an event is there.
    name = f"{DOMAIN}.{p1_entry.entry_id}"
    await until(hass, lambda: "2026-03-01" in str(hass_storage.get(name)), 30)
    stored = deepcopy(hass_storage[name])
    await hass.config_entries.async_unload(p1_entry.entry_id)
    hass_storage[name] = stored
    assert await hass.config_entries.async_setup(p1_entry.entry_id)
    await say(hass, line, p1_entry, 5, failures(third, second, first))
    await say(hass, line, p1_entry, 6, failures())
    await say(hass, line, p1_entry, 7, failures(third, second, first))
    await say(hass, line, p1_entry, 8, failures(third, second, first))
    assert [said["duration"] for _, said in events.fired] == [301, 700, 9]


async def test_first_power_failure(
    hass: HomeAssistant, line: Line, p1_entry: MockConfigEntry
) -> None:
    """The first row of a log that was empty is news."""
    events = Events(hass)
    await say(hass, line, p1_entry, 1, failures())
    await say(hass, line, p1_entry, 2, failures("0301 0000000301"))
    assert [said["duration"] for _, said in events.fired] == [301]


async def test_switched_and_limited(
    hass: HomeAssistant, line: Line, p1_entry: MockConfigEntry
) -> None:
    """A disconnector that is switched and a limit that is set anew are told once, also over a restart; a state stays."""
    events = Events(hass)

    def state(position: int, limit: str) -> tuple[str, ...]:
        return f"0-0:96.3.10({position})", f"0-0:17.0.0({limit}*kW)"

    await say(hass, line, p1_entry, 1, *state(1, "999.9"))
    assert not events.fired
    await say(hass, line, p1_entry, 2, *state(0, "999.9"))
    await say(hass, line, p1_entry, 3, *state(0, "001.0"))
    assert [kind for kind, _ in events.fired] == ["disconnected", "changed"]
    assert events.fired[0][1]["from"] == "connected"
    limit = events.fired[1][1]
    assert (limit["from"], limit["to"], limit["unit"]) == ("999900", "1000", "W")
    await hass.config_entries.async_reload(p1_entry.entry_id)
    await say(hass, line, p1_entry, 4, *state(2, "001.0"))
    await say(hass, line, p1_entry, 5, "0-0:96.3.10(7)", "0-0:17.0.0(001.0*kW)")
    assert [kind for kind, _ in events.fired] == ["disconnected", "changed", "ready"]


async def test_valve_of_a_gas_meter(
    hass: HomeAssistant, line: Line, p1_entry: MockConfigEntry
) -> None:
    """The valve of a gas meter behind the P1 port belongs to that meter."""
    events = Events(hass)
    gas = (
        "0-1:24.1.0(003)",
        "0-1:96.1.0(4730303131)",
        "0-1:24.2.1(261121090000W)(00001.000*m3)",
    )
    for seconds, position in ((1, 1), (2, 0)):
        await say(hass, line, p1_entry, seconds, *gas, f"0-1:24.4.0({position})")
    assert [kind for kind, _ in events.fired] == ["disconnected"]
    assert "gas" in events.fired[0][1]["friendly_name"].lower()


async def test_device_pages(
    hass: HomeAssistant, line: Line, p1_entry: MockConfigEntry
) -> None:
    """A device says what it is, which versions it has, and where to read about it; each page is there."""
    await say(hass, line, p1_entry, 1, "1-0:0.2.0(V1.07)")
    device = dr.async_get(hass).async_get_device_by_identifier(
        (DOMAIN, NUMBER), p1_entry.entry_id
    )
    assert device is not None
    assert device.manufacturer == "KFM"
    assert device.model
    assert device.serial_number == NUMBER
    assert device.sw_version == "V1.07"
    assert device.configuration_url is not None
    page = device.configuration_url.removeprefix(f"{METER_PAGES}")
    for name in (page, "wireless.md"):
        assert (ROOT / "docs" / "meters" / name).is_file()
