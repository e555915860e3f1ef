"""A wired bus in Home Assistant: search, list, a key for each meter, polling, searching again; from bytes to states."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
import json
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.keywrap import aes_key_wrap
from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    SOURCE_USER,
    ConfigEntry,
    ConfigEntryState,
)
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import device_registry as dr, issue_registry as ir
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.smart_meter.const import DOMAIN
from custom_components.smart_meter.coordinator import (
    IMPLAUSIBLE_FAULTS,
    async_get_store,
)
from custom_components.smart_meter.customer_interface.reading import FaultKind
from custom_components.smart_meter.customer_interface.session import master
from custom_components.smart_meter.diagnostics import async_get_config_entry_diagnostics
from custom_components.smart_meter.keystore import async_get_keystore
from custom_components.smart_meter.wired import SUBENTRY_WIRED, BusCoordinator
from customer_interface import simulate
from customer_interface.simulate.bus import Bus, P2Meter
from customer_interface.simulate.line import serve_pty
from tests.integration.conftest import WRONG_KEY, fix, has_issue, state_of, until
from tests.integration.test_config_flow import (
    answer,
    begin,
    choose,
    progressed,
    said_of,
)
from tests.integration.virtual_bus import VirtualBus, number_of, plug

PORT = "/dev/serial/by-id/usb-M-Bus-master"
KEYS = {place: bytes(range(place, place + 16)) for place in (1, 2, 3)}


def several() -> Bus:
    """Return a bus with a gas meter at 1, a heat meter at 2, and two that share address 0."""
    bus = simulate.simulator("mbus-master", "mbus-several")
    assert isinstance(bus, Bus)
    return bus


def dutch(*kinds: str) -> Bus:
    """Return a bus with P2 meters from address 0 on, each with a key of its own."""
    meters = tuple(
        P2Meter(
            number=f"2345678{place}",
            kind=kind,
            primary=place,
            default_key=bytes(16),
            user_key=KEYS[place + 1],
        )
        for place, kind in enumerate(kinds)
    )
    return Bus(meters=meters)


async def to_search(
    hass: HomeAssistant, operator: str, meter: str, port: str
) -> dict[str, Any]:
    """Go through operator, meter and port."""
    result = await answer(hass, await begin(hass), operator=operator)
    result = await answer(hass, result, meter=meter)
    assert result["step_id"] == "connection"
    return await answer(hass, result, port=port)


async def to_list(hass: HomeAssistant) -> dict[str, Any]:
    """Go through the flow to the list of a bus with several meters."""
    result = await to_search(hass, "mbus-master", "mbus-several", PORT)
    return await progressed(hass, result, 60)


def listed(result: Any) -> dict[str, str]:
    """Return the list a step shows, name to line."""
    schema = result["data_schema"].schema
    selectors = [selector for field, selector in schema.items() if field == "meters"]
    options = selectors[0].config["options"] if selectors else []
    return {option["value"]: option["label"] for option in options}


def values_of(hass: HomeAssistant, entry: ConfigEntry, number: str) -> dict[str, str]:
    """Return the states of a meter's values, by what they are called within it."""
    prefix = f"{entry.unique_id}_{number}_"
    meter = entry.runtime_data.data.get(prefix[:-1])
    found: dict[str, str] = {}
    for key in meter.points if meter else ():
        state = state_of(hass, prefix + key)
        if state is not None and state.state not in ("unknown", "unavailable"):
            found[key] = state.state
    return found


async def shown(hass: HomeAssistant, entry: ConfigEntry, *numbers: str) -> None:
    """Wait until each of these meters shows a value."""
    for number in numbers:
        await until(hass, lambda n=number: values_of(hass, entry, n), 30)


async def held_back(port: VirtualBus) -> None:
    """Wait until a request is held back."""
    async with asyncio.timeout(30):
        while not port.waiting:
            await asyncio.sleep(0.02)


async def progress_of(hass: HomeAssistant, result: Any, port: VirtualBus) -> Any:
    """Return what a search says while a request is held back."""
    await held_back(port)
    return await hass.config_entries.flow.async_configure(result["flow_id"])


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> VirtualBus:
    """Return a bus with four meters on a port in virtual time."""
    return plug(monkeypatch, several(), PORT)


@pytest.fixture
async def entry(hass: HomeAssistant, port: VirtualBus) -> ConfigEntry:
    """Return the entry of a bus of which gas and heat were picked."""
    result = await to_list(hass)
    picked = [number_of(port.bus, kind) for kind in ("gas", "heat")]
    result = await answer(hass, result, meters=picked)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await shown(hass, result["result"], *picked)
    return result["result"]


async def add(hass: HomeAssistant, entry: ConfigEntry) -> dict[str, Any]:
    """Begin to search for more meters."""
    return await hass.config_entries.subentries.async_init(
        (entry.entry_id, SUBENTRY_WIRED), context={"source": SOURCE_USER}
    )


async def added(hass: HomeAssistant, result: Any, **fields: Any) -> dict[str, Any]:
    """Go on in the flow of a further meter until it waits for the user, or is over."""
    flows = hass.config_entries.subentries
    if fields:
        result = await flows.async_configure(result["flow_id"], fields)
    async with asyncio.timeout(60):
        while result["type"] in (
            FlowResultType.SHOW_PROGRESS,
            FlowResultType.SHOW_PROGRESS_DONE,
        ):
            await asyncio.sleep(0.05)
            await hass.async_block_till_done()
            result = await flows.async_configure(result["flow_id"])
    return dict(result)


# --- the set-up -------------------------------------------------------------------------------------------------------


async def test_from_search_to_states(hass: HomeAssistant, port: VirtualBus) -> None:
    """Search with its progress, the list, the meters picked as devices with their values; the others are not asked."""
    port.held = lambda data: data[:3] == b"\x10\x40\x0c"
    result = await to_search(hass, "mbus-master", "mbus-several", PORT)
    said = await progress_of(hass, result, port)
    assert (said["step_id"], said["progress_action"]) == ("bus", "bus_primary")
    assert said_of(said) == {"asked": "12", "of": "251", "meters": "2"}
    port.release(held=lambda data: data[0] == 0x68)
    said = await progress_of(hass, result, port)
    assert said["progress_action"] == "bus_secondary"
    port.release()

    result = await progressed(hass, result, 60)
    assert result["step_id"] == "bus_meters", result
    assert said_of(result) == {"count": "4", "known": "0"}
    gas, heat, water, power = (
        number_of(port.bus, kind) for kind in ("gas", "heat", "water", "electricity")
    )
    lines = listed(result)
    assert set(lines) == {gas, heat, water, power}
    assert lines[gas] == f"{gas} · ELS · Gas meter · #1"
    assert lines[water].endswith("Water meter")
    result = await answer(hass, result, meters=[])
    assert result["errors"] == {"base": "nothing_picked"}
    result = await answer(hass, result, meters=[gas, heat, water])
    assert result["type"] is FlowResultType.CREATE_ENTRY
    entry = result["result"]
    assert entry.title == "Own meters on a wired M-Bus"
    assert [s.title for s in entry.subentries.values()] == [
        f"Gas meter {gas}",
        f"Heat meter {heat}",
        f"Water meter {water}",
    ]
    await shown(hass, entry, gas, heat, water)
    assert not values_of(hass, entry, power)

    coordinator = entry.runtime_data
    assert isinstance(coordinator, BusCoordinator)
    assert coordinator.is_heard
    registry = dr.async_get(hass)
    hub = registry.async_get_device_by_identifier(
        (DOMAIN, entry.unique_id), entry.entry_id
    )
    for number in (gas, heat, water):
        device = registry.async_get_device_by_identifier(
            (DOMAIN, f"{entry.unique_id}_{number}"), entry.entry_id
        )
        assert hub is not None
        assert device is not None
        assert (device.via_device_id, device.serial_number) == (hub.id, number)
    said_by = {
        str(code): value.value
        for meter in coordinator.data.values()
        if meter.name == gas and meter.reading
        for code, value in meter.reading.values.items()
    }
    battery = state_of(hass, f"{entry.unique_id}_{gas}_power_low")
    assert battery is not None
    assert battery.state == "off"
    state = values_of(hass, entry, gas)["7-0:3.0.0"]
    assert Decimal(state) == Decimal(str(said_by["7-0:3.0.0"]))
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_nobody_answers(hass: HomeAssistant, port: VirtualBus) -> None:
    """An empty bus: what may be wrong, and the ways on."""
    meters, port.bus.meters = port.bus.meters, ()
    result = await to_list(hass)
    assert (result["type"], result["step_id"]) == (FlowResultType.MENU, "bus_nobody")
    result = await choose(hass, result, "connection")
    assert result["step_id"] == "connection"
    result = await progressed(hass, await answer(hass, result, port=PORT), 60)
    port.bus.meters = meters
    result = await progressed(hass, await choose(hass, result, "bus"), 60)
    assert len(listed(result)) == 4
    hass.config_entries.flow.async_abort(result["flow_id"])


async def test_port_is_not_there(hass: HomeAssistant, port: VirtualBus) -> None:
    """A port that does not open is told where it is asked for."""
    port.there = False
    result = await to_list(hass)
    assert (result["step_id"], result["errors"]) == (
        "connection",
        {"port": "port_missing"},
    )
    hass.config_entries.flow.async_abort(result["flow_id"])


async def test_leaving_the_search(hass: HomeAssistant, port: VirtualBus) -> None:
    """Who closes the dialog stops the search."""
    port.held = lambda data: data[:3] == b"\x10\x40\x05"
    result = await to_search(hass, "mbus-master", "mbus-several", PORT)
    hass.config_entries.flow.async_abort(result["flow_id"])
    await until(hass, lambda: not port.is_open, 30)


# --- on a pseudo terminal, with a key for each meter ------------------------------------------------------------------


async def test_keys_of_several_meters(
    hass: HomeAssistant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each P2 meter has a key of its own, tried at once; one whose key is not there yet gets it later."""
    # Every address that is asked has a meter: no patience ever runs out.
    monkeypatch.setattr(master, "LAST_ADDRESS", 2)
    monkeypatch.setattr(master, "ANSWER_PATIENCE", 60.0)
    monkeypatch.setattr(master, "FRAME_PATIENCE", 60.0)
    bus = dutch("gas", "thermal", "water")
    gas, heat, water = (meter.number for meter in bus.meters)
    async with serve_pty(bus, tmp_path / "ttyP2", 8.0) as line:
        result = await to_search(hass, "nl-p2", "p2-gas", line.address)
        result = await progressed(hass, result, 60)
        assert result["step_id"] == "bus_meters", result
        assert listed(result)[gas] == f"{gas} · NET · Gas meter · #0 · encrypted"
        result = await answer(hass, result, meters=[gas, heat, water])
        assert result["step_id"] == "bus_key"
        assert said_of(result) == {"meter": f"Gas meter {gas}"}
        result = await answer(hass, result, key="12 34")
        assert result["errors"] == {"key": "key_length"}
        for wrong in (WRONG_KEY, KEYS[2].hex()):
            if bytes.fromhex(wrong) != KEYS[1]:
                result = await answer(hass, result, key=wrong)
                assert result["errors"] == {"key": "key_wrong"}
        result = await answer(hass, result, key=KEYS[1].hex(":"))
        assert said_of(result) == {"meter": f"Heat meter {heat}"}
        result = await answer(hass, result, key=KEYS[2].hex())
        result = await answer(hass, result, key=" ")
        assert result["type"] is FlowResultType.CREATE_ENTRY
        entry = result["result"]
        assert KEYS[1].hex() not in str(entry.as_dict())
        await shown(hass, entry, gas, heat)
        # The last of the three answered too: nothing is under way when the port is closed.
        await until(hass, lambda: entry.runtime_data.last_faults, 30)
        assert not values_of(hass, entry, water)

        (last,) = (s for s in entry.subentries.values() if s.unique_id == water)
        flows = hass.config_entries.subentries
        change = await flows.async_init(
            (entry.entry_id, SUBENTRY_WIRED),
            context={"source": SOURCE_RECONFIGURE, "subentry_id": last.subentry_id},
        )
        assert change["description_placeholders"] == {"meter": f"Water meter {water}"}
        change = await flows.async_configure(
            change["flow_id"], {"interval": 600, "key": "no key"}
        )
        assert change["errors"] == {"key": "key_alphabet"}
        change = await flows.async_configure(
            change["flow_id"], {"interval": 600, "key": KEYS[3].hex()}
        )
        assert change["reason"] == "reconfigure_successful"
        await shown(hass, entry, gas, heat, water)
        stored = entry.subentries[last.subentry_id].data
        assert stored["interval"] == 600
        assert await hass.config_entries.async_unload(entry.entry_id)


# --- afterwards -------------------------------------------------------------------------------------------------------


async def poll(hass: HomeAssistant, port: VirtualBus, seconds: float) -> None:
    """Let the master poll until so much virtual time has passed."""
    end = port.at + seconds
    await until(hass, lambda: port.waiting, 30)
    while port.at < end:
        port.release()
        await until(hass, lambda: port.waiting, 30)


async def test_interval_of_each_meter(
    hass: HomeAssistant, port: VirtualBus, entry: ConfigEntry
) -> None:
    """A meter is asked at its own interval; one whose interval is changed keeps its key and the others theirs."""
    gas = number_of(port.bus, "gas")
    (subentry,) = (s for s in entry.subentries.values() if s.unique_id == gas)
    flows = hass.config_entries.subentries
    change = await flows.async_init(
        (entry.entry_id, SUBENTRY_WIRED),
        context={"source": SOURCE_RECONFIGURE, "subentry_id": subentry.subentry_id},
    )
    before = entry.runtime_data
    change = await flows.async_configure(change["flow_id"], {"interval": 600})
    assert change["reason"] == "reconfigure_successful"
    await until(hass, lambda: entry.runtime_data is not before, 30)
    await until(hass, lambda: port.waiting, 30)
    port.requests.clear()
    await poll(hass, port, 1_800)
    # The heat meter has two telegrams for each of its readings, one a minute.
    assert port.asked(1) in (3, 4)
    assert 56 <= port.asked(2) <= 64
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_searching_again(
    hass: HomeAssistant, port: VirtualBus, entry: ConfigEntry
) -> None:
    """A later search lists who is new; what is there keeps its values, and the port comes back."""
    water, power = number_of(port.bus, "water"), number_of(port.bus, "electricity")
    gas = number_of(port.bus, "gas")
    before = values_of(hass, entry, gas)
    result = await added(hass, await add(hass, entry))
    assert result["step_id"] == "bus_meters", result
    assert set(listed(result)) == {water, power}
    assert said_of(result) == {"count": "4", "known": "2"}
    assert entry.runtime_data.connected
    result = await added(hass, result, meters=[water, power])
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await until(hass, lambda: len(entry.subentries) == 4, 30)
    await shown(hass, entry, water, power, gas)
    assert values_of(hass, entry, gas).keys() == before.keys()
    # Now nobody is new.
    result = await added(hass, await add(hass, entry))
    assert listed(result) == {}
    flows = hass.config_entries.subentries
    result = await flows.async_configure(result["flow_id"], {})
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "nothing_new")
    assert len(entry.subentries) == 4
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_lent_while_searching(
    hass: HomeAssistant, entry: ConfigEntry, port: VirtualBus
) -> None:
    """Whoever is lent the port has it: the search that had it open ends and says so, and the meters are read after."""
    port.held = lambda data: True
    result = await add(hass, entry)
    await until(hass, lambda: port.is_open and port.waiting, 30)
    lent = {"port": PORT, "seconds": 600}
    answer = await hass.services.async_call(
        DOMAIN, "release_port", lent, blocking=True, return_response=True
    )
    assert answer == {
        "freed": [{"config_entry_id": entry.entry_id, "title": entry.title}]
    }
    assert not port.is_open
    result = await added(hass, result)
    assert (result["type"], result["reason"]) == (
        FlowResultType.ABORT,
        "bus_not_there",
    )
    assert not port.is_open
    port.release()
    await hass.services.async_call(DOMAIN, "return_port", {"port": PORT}, blocking=True)
    assert entry.runtime_data.connected
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_searching_again_in_vain(
    hass: HomeAssistant, port: VirtualBus, entry: ConfigEntry
) -> None:
    """Where the bus is gone or the port is taken, a search says so, and the entry goes on."""
    meters, port.bus.meters = port.bus.meters, ()
    result = await added(hass, await add(hass, entry))
    assert (result["step_id"], result["menu_options"]) == ("bus_nobody", ["bus"])
    port.bus.meters = meters
    result = await added(hass, result, next_step_id="bus")
    assert len(listed(result)) == 2
    hass.config_entries.subentries.async_abort(result["flow_id"])

    port.held = lambda data: data[:3] == b"\x10\x40\x07"
    result = await add(hass, entry)
    assert result["type"] is FlowResultType.SHOW_PROGRESS
    hass.config_entries.subentries.async_abort(result["flow_id"])
    port.release()
    await until(hass, lambda: entry.runtime_data.connected, 30)

    port.there = False
    result = await added(hass, await add(hass, entry))
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "bus_not_there")
    await until(hass, lambda: entry.state is ConfigEntryState.SETUP_RETRY, 30)
    result = await add(hass, entry)
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "bus_not_there")
    await hass.config_entries.async_unload(entry.entry_id)


async def test_reconfiguring(
    hass: HomeAssistant, port: VirtualBus, entry: ConfigEntry
) -> None:
    """The connection can be changed with or without a search; the meters stay in any case."""
    for way, meters in (("bus_keep", None), ("bus", ["water"])):
        result = await hass.config_entries.flow.async_init(
            DOMAIN,
            context={"source": SOURCE_RECONFIGURE, "entry_id": entry.entry_id},
        )
        result = await answer(hass, result, operator="mbus-master")
        result = await answer(hass, result, meter="mbus-several")
        result = await answer(hass, result, port=PORT)
        assert (result["type"], result["step_id"]) == (
            FlowResultType.MENU,
            "bus_change",
        )
        result = await progressed(hass, await choose(hass, result, way), 60)
        if meters is not None:
            picked = [number_of(port.bus, kind) for kind in meters]
            result = await answer(hass, result, meters=picked)
        assert result["reason"] == "reconfigure_successful"
        await hass.async_block_till_done()
    numbers = [number_of(port.bus, kind) for kind in ("gas", "heat", "water")]
    assert [s.unique_id for s in entry.subentries.values()] == numbers
    await shown(hass, entry, *numbers)
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_removing_a_meter(
    hass: HomeAssistant, port: VirtualBus, entry: ConfigEntry
) -> None:
    """A meter that is removed is not asked any more."""
    gas, before = number_of(port.bus, "gas"), entry.runtime_data
    (subentry,) = (s for s in entry.subentries.values() if s.unique_id == gas)
    hass.config_entries.async_remove_subentry(entry, subentry.subentry_id)
    await until(hass, lambda: entry.runtime_data is not before, 30)
    await until(hass, lambda: port.waiting, 30)
    port.requests.clear()
    await poll(hass, port, 300)
    assert port.asked(1) == 0
    assert port.asked(2) >= 4
    assert f"{entry.unique_id}_{gas}" not in entry.runtime_data.data
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_a_silent_meter_leaves_the_others(
    hass: HomeAssistant, port: VirtualBus, entry: ConfigEntry
) -> None:
    """Who does not answer is silent alone."""
    gas, heat = number_of(port.bus, "gas"), number_of(port.bus, "heat")
    port.bus.meters = tuple(m for m in port.bus.meters if m.number != gas)
    await poll(hass, port, 600)
    coordinator = entry.runtime_data
    assert "no answer from address 1" in coordinator.last_faults.values()
    assert coordinator.is_heard
    assert values_of(hass, entry, heat)
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_another_meter_at_the_address(
    hass: HomeAssistant, port: VirtualBus, entry: ConfigEntry
) -> None:
    """A meter that was put in the place of one that was chosen is nobody's: no value of it is shown as the other's."""
    gas, heat = number_of(port.bus, "gas"), number_of(port.bus, "heat")
    await shown(hass, entry, gas, heat)
    before, heard = values_of(hass, entry, gas), heard_of(entry, gas)
    for meter in port.bus.meters:
        if meter.number == gas:
            meter.number = "55443322"
    await poll(hass, port, 600)
    assert port.asked(1) > 5
    assert entry.runtime_data.statistics.last_reading > heard + 500
    assert heard_of(entry, gas) <= heard + 60
    assert values_of(hass, entry, gas).items() <= before.items()
    assert not any("55443322" in key for key in entry.runtime_data.data)
    assert heard_of(entry, heat) > heard + 500
    assert await hass.config_entries.async_unload(entry.entry_id)


def heard_of(entry: ConfigEntry, number: str) -> float:
    """Return when a meter was heard last."""
    heard = entry.runtime_data.data[f"{entry.unique_id}_{number}"].heard
    assert heard is not None
    return float(heard)


async def with_a_key(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> tuple[VirtualBus, P2Meter, ConfigEntry]:
    """Set up a P2 gas meter with its key."""
    bus = dutch("gas")
    meter = bus.meters[0]
    assert isinstance(meter, P2Meter)
    port = plug(monkeypatch, bus, PORT)
    result = await to_search(hass, "nl-p2", "p2-gas", PORT)
    result = await progressed(hass, result, 60)
    result = await answer(hass, result, meters=[meter.number])
    result = await answer(hass, result, key=KEYS[1].hex())
    await shown(hass, result["result"], meter.number)
    return port, meter, result["result"]


async def test_a_key_that_does_not_fit_any_more(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A changed key is told with the meter's name, and taken back when it fits again."""
    port, meter, entry = await with_a_key(hass, monkeypatch)

    def told() -> list[str]:
        return [i for d, i in ir.async_get(hass).issues if i.startswith("wired_key")]

    def condition(name: str) -> str | None:
        state = state_of(hass, f"{entry.unique_id}_{meter.number}_{name}")
        return state.state if state else None

    conditions = ("power_low", "permanent_error", "temporary_error", "fraud_attempt")
    assert [condition(name) for name in conditions] == ["off"] * 4
    meter.clock_error = True
    await poll(hass, port, 400)
    await until(hass, lambda: condition("clock_error") == "on", 30)
    assert condition("power_low") == "off"

    meter.user_key = KEYS[2]
    await poll(hass, port, 1_500)
    assert len(told()) == 1
    meter.user_key = KEYS[1]
    await poll(hass, port, 600)
    assert told() == []
    # In the clear it is not believed while a key is stored (P2 4.2.2, 5.1).
    meter.user_key = None
    await poll(hass, port, 1_500)
    assert len(told()) == 1
    await hass.config_entries.async_remove(entry.entry_id)
    assert told() == []


async def test_another_key_at_the_address(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That no key opens the telegrams of a meter nobody chose is told of none, in whichever entry something changes."""
    port, meter, entry = await with_a_key(hass, monkeypatch)
    chosen, meter.number, meter.user_key = meter.number, "55443322", KEYS[2]
    other = MockConfigEntry(domain="other")
    other.add_to_hass(hass)
    hass.config_entries.async_update_entry(other, title="Another name")
    await poll(hass, port, 1_500)
    told = [i for d, i in ir.async_get(hass).issues if i.startswith("wired_key")]
    assert told == []
    assert FaultKind.KEY in entry.runtime_data.last_faults
    assert heard_of(entry, chosen) < port.at - 1_000
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_key_exchange(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A meter on a bus is named by its number; its new key is tried beside the old one until it is proven."""
    port, meter, entry = await with_a_key(hass, monkeypatch)
    coordinator = entry.runtime_data
    fields = {
        "config_entry_id": entry.entry_id,
        "meter": meter.number,
        "wrapped_key": aes_key_wrap(KEYS[1], KEYS[2]).hex(),
    }
    await hass.services.async_call(DOMAIN, "exchange_key", fields, blocking=True)
    (subentry,) = entry.subentries.values()
    old = subentry.data["keys"]

    def stored() -> Mapping[str, Any]:
        return entry.subentries[subentry.subentry_id].data

    await poll(hass, port, 600)
    assert stored()["keys"] == old
    meter.user_key = KEYS[2]
    await poll(hass, port, 600)
    await until(hass, lambda: not stored()["new_keys"])
    keystore = await async_get_keystore(hass)
    assert keystore.unwrap(stored()["keys"]["key"]) == KEYS[2]
    # Who is asked, and when, goes on as it was.
    assert entry.runtime_data is coordinator
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_reloaded_while_searching(
    hass: HomeAssistant, port: VirtualBus, entry: ConfigEntry
) -> None:
    """An entry that is loaded anew while the search has its port gets it from there, and nobody else does."""
    port.held = lambda data: data[:3] == b"\x10\x40\x07"
    result = await add(hass, entry)
    await held_back(port)
    await hass.config_entries.async_reload(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    port.release()
    result = await added(hass, result)
    assert result["step_id"] == "bus_meters"
    assert not port.is_open
    hass.config_entries.subentries.async_abort(result["flow_id"])
    assert await hass.config_entries.async_reload(entry.entry_id)
    assert entry.runtime_data.connected
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert not port.is_open


async def test_a_counter_that_fell(
    hass: HomeAssistant,
    port: VirtualBus,
    entry: ConfigEntry,
    hass_client: ClientSessionGenerator,
) -> None:
    """Of a meter whose counter was reset the household is told; once confirmed it is believed, the others all along."""
    gas, heat = number_of(port.bus, "gas"), number_of(port.bus, "heat")
    assert await hass.config_entries.async_unload(entry.entry_id)
    store = async_get_store(hass, entry.entry_id)
    stored = await store.async_load()
    assert stored is not None
    last, points = stored["session"]["last"], f"{gas}|7-0:3.0.0"
    last[points][0] = "99999.999"
    of_heat = {key for key in last if key.startswith(heat)}
    assert of_heat
    stored["meters"] = []
    await store.async_save(stored)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await shown(hass, entry, heat)
    (subentry,) = (s for s in entry.subentries.values() if s.unique_id == gas)

    def told() -> bool:
        issue_id = f"implausible_{entry.entry_id}_{subentry.subentry_id}"
        return ir.async_get(hass).async_get_issue(DOMAIN, issue_id) is not None

    await poll(hass, port, 60 * (IMPLAUSIBLE_FAULTS - 3))
    assert not told()
    await poll(hass, port, 60 * 5)
    assert told()
    assert "7-0:3.0.0" not in values_of(hass, entry, gas)
    await fix(hass, hass_client, "implausible", subentry.subentry_id)
    await until(hass, lambda: "7-0:3.0.0" in values_of(hass, entry, gas))
    assert not told()
    assert of_heat <= entry.runtime_data.session.state.last.keys()
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_diagnostics_tell_no_number(
    hass: HomeAssistant, port: VirtualBus
) -> None:
    """A meter that is asked by its number and stays silent does not tell it in the diagnostics."""
    water = number_of(port.bus, "water")
    result = await answer(hass, await to_list(hass), meters=[water])
    entry = result["result"]
    await shown(hass, entry, water)
    port.bus.meters = ()
    await poll(hass, port, 600)
    coordinator = entry.runtime_data
    backwards = bytes.fromhex(water)[::-1].hex()
    assert backwards in coordinator.last_faults[FaultKind.SILENCE]
    told = json.dumps(await async_get_config_entry_diagnostics(hass, entry))
    assert "no answer from secondary address" in told
    for number in (water, backwards):
        assert number not in told
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_a_bus_without_anybody(
    hass: HomeAssistant,
    port: VirtualBus,
    entry: ConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A bus on which nobody answers any more is told."""
    port.bus.meters = ()
    await poll(hass, port, 900)
    now = datetime.fromtimestamp(port.at, UTC)
    monkeypatch.setattr(dt_util, "utcnow", lambda: now)
    async_fire_time_changed(hass, now + timedelta(minutes=20))
    await until(hass, lambda: has_issue(hass, "silent"))
    assert await hass.config_entries.async_unload(entry.entry_id)


class ReticentMeter(P2Meter):
    """A P2 meter that can leave its status out."""

    reticent = False

    def _records(self, at: float) -> bytes:
        records = super()._records(at)
        status = b"\x01\xfd\x17\x00"
        assert status in records
        return records.replace(status, b"") if self.reticent else records


async def test_a_condition_that_is_no_longer_told(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a telegram does not say of the meter's condition is unavailable, and there again with one that does."""
    meter = ReticentMeter(
        number="23456780",
        kind="gas",
        primary=0,
        default_key=bytes(16),
        user_key=KEYS[1],
    )
    port = plug(monkeypatch, Bus(meters=(meter,)), PORT)
    result = await to_search(hass, "nl-p2", "p2-gas", PORT)
    result = await progressed(hass, result, 60)
    result = await answer(hass, result, meters=[meter.number])
    result = await answer(hass, result, key=KEYS[1].hex())
    entry = result["result"]
    await shown(hass, entry, meter.number)

    def condition() -> str | None:
        state = state_of(hass, f"{entry.unique_id}_{meter.number}_power_low")
        return state.state if state else None

    assert condition() == "off"
    meter.reticent = True
    await poll(hass, port, 1_500)
    await until(hass, lambda: condition() == "unavailable")
    assert values_of(hass, entry, meter.number)
    meter.reticent = False
    await poll(hass, port, 1_500)
    await until(hass, lambda: condition() == "off")
    assert await hass.config_entries.async_unload(entry.entry_id)
