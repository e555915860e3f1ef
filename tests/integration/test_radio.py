"""A radio stick in Home Assistant: flow, list, subentries, keys, many meters, unplugging; bytes on a pseudo terminal."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from copy import replace
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from homeassistant.components.energy.data import async_get_manager
from homeassistant.components.recorder import Recorder
from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    SOURCE_USB,
    ConfigEntryState,
    ConfigSubentry,
    ConfigSubentryData,
)
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import (
    device_registry as dr,
    entity_registry as er,
    issue_registry as ir,
)
from homeassistant.helpers.service_info.usb import UsbServiceInfo
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)

from custom_components.smart_meter import radio_listening, sensor, wireless
from custom_components.smart_meter.const import DOMAIN
from custom_components.smart_meter.customer_interface.keys import Key
from custom_components.smart_meter.customer_interface.session import (
    radio as radio_session,
)
from custom_components.smart_meter.diagnostics import async_get_config_entry_diagnostics
from custom_components.smart_meter.keystore import KeyStore, async_get_keystore
from custom_components.smart_meter.wireless import SUBENTRY_METER
from customer_interface.simulate.line import Line, serve_pty
from customer_interface.simulate.radio import (
    STICKS,
    Im871a,
    NesMeter,
    RadioReceiver,
    WirelessMeter,
    neighbourhood,
)
from tests.integration.conftest import WRONG_KEY, state_of, until
from tests.integration.test_config_flow import answer, begin, choose, opened, progressed

KEY = bytes.fromhex("10A1B2C3D4E5F60718293A4B5C6D7E8F")
PACE = 0.5
WATER = WirelessMeter("70000001", "water", None, PACE, -51)
GAS = WirelessMeter("70000002", "gas", KEY, PACE, -72)
HEAT = WirelessMeter("70000003", "heat", None, PACE, -60)
QUIET = WirelessMeter("70000008", "heat", None, 400 * 86_400.0, -80)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(radio_listening, "LISTEN", 1.2)
    monkeypatch.setattr(radio_listening, "PATIENCE", 2.0)


@pytest.fixture
def port(tmp_path: Path) -> Path:
    """Return where the stick will be."""
    return tmp_path / "ttySTICK"


@asynccontextmanager
async def stick(
    port: Path, *meters: WirelessMeter | NesMeter, name: str = "im871a"
) -> AsyncIterator[Line]:
    """Plug a stick in that hears these meters."""
    async with serve_pty(RadioReceiver(STICKS[name](), meters), port, 4.0) as line:
        yield line


async def to_list(hass: HomeAssistant, port: Path) -> Any:
    """Go through the flow of any wireless meters to the list."""
    result = await choose(hass, await opened(hass), "wireless")
    assert result["step_id"] == "radio_port"
    result = await answer(hass, result, port=str(port))
    assert result["type"] is FlowResultType.SHOW_PROGRESS
    result = await progressed(hass, result, 30)
    assert result["step_id"] == "radio_meters", result
    return result


def options(result: Any, field: str = "meters") -> dict[str, str]:
    """Return the list a step shows, number to line."""
    schema = result["data_schema"].schema
    (selector,) = (schema[name] for name in schema if name == field)
    return {o["value"]: o["label"] for o in selector.config["options"]}


async def make(
    hass: HomeAssistant, port: Path, *meters: WirelessMeter, keys: bool = True
) -> MockConfigEntry:
    """Set an entry up with these meters."""
    keystore = await async_get_keystore(hass)
    entry = MockConfigEntry(
        domain=DOMAIN,
        title="Stick",
        unique_id="stick",
        data={"operator": "radio", "meter": "wmbus", "port": str(port)},
        subentries_data=[
            ConfigSubentryData(
                data={
                    "identity": {"number": meter.number, "medium": meter.kind},
                    "keys": keystore.wrap_all({"key": Key(meter.key)})
                    if meter.key and keys
                    else {},
                },
                subentry_type=SUBENTRY_METER,
                title=f"Meter {meter.number}",
                unique_id=meter.number,
            )
            for meter in meters
        ],
    )
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    return entry


def value(
    hass: HomeAssistant, number: str, suffix: str, entry: str = "stick"
) -> Callable[[], str | None]:
    """Return a look at the state of a meter's value."""

    def look() -> str | None:
        state = state_of(hass, f"{entry}_{number}_{suffix}")
        known = state is not None and state.state not in ("unknown", "unavailable")
        return state.state if state is not None and known else None

    return look


def volume_of(hass: HomeAssistant, entry_key: str, number: str) -> str | None:
    """Return the state of a meter's volume, whichever code it has."""
    for entity in er.async_get(hass).entities.values():
        state = hass.states.get(entity.entity_id)
        if (
            entity.unique_id.startswith(f"{entry_key}_{number}_")
            and state is not None
            and state.attributes.get("device_class") in ("water", "gas", "volume")
            and state.state not in ("unknown", "unavailable")
        ):
            return state.state
    return None


async def test_from_stick_to_meters(hass: HomeAssistant, port: Path) -> None:
    """Port, stick, list, key: the meters picked are subentries, each with its device and values."""
    async with stick(port, WATER, GAS, HEAT):
        result = await to_list(hass, port)
        shown = options(result)
        assert list(shown) == [WATER.number, HEAT.number, GAS.number]
        assert shown[WATER.number] == (
            "70000001 · HYD · Water meter · -51 dBm · CT · not encrypted"
        )
        assert shown[GAS.number].endswith("Gas meter · -72 dBm · CT · encrypted")
        assert result["description_placeholders"] == {
            "count": "3",
            "stick": "IMST iM871A",
        }
        result = await answer(
            hass, result, meters=[WATER.number, GAS.number], listen_on=False
        )
        assert result["step_id"] == "radio_key"
        assert result["description_placeholders"]["meter"] == "Gas meter 70000002"
        result = await answer(hass, result, key="12 34")
        assert result["errors"] == {"key": "key_length"}
        result = await answer(hass, result, key=WRONG_KEY)
        assert result["errors"] == {"key": "key_wrong"}
        result = await answer(hass, result, key=KEY.hex(":"))
        assert result["type"] is FlowResultType.CREATE_ENTRY
        entry = result["result"]
        await hass.async_block_till_done()
        assert entry.title == "Wireless M-Bus (IMST iM871A)"
        assert KEY.hex().upper() not in str(entry.as_dict()).upper()
        titles = {s.unique_id: s.title for s in entry.subentries.values()}
        assert titles == {
            WATER.number: "Water meter 70000001",
            GAS.number: "Gas meter 70000002",
        }
        for meter in (WATER, GAS):
            await until(
                hass, lambda m=meter: volume_of(hass, entry.unique_id, m.number)
            )
        registry = dr.async_get(hass)
        hub = registry.async_get_device_by_identifier(
            (DOMAIN, entry.unique_id), entry.entry_id
        )
        assert hub is not None
        for subentry in entry.subentries.values():
            device = registry.async_get_device_by_identifier(
                (DOMAIN, f"{entry.unique_id}_{subentry.unique_id}"), entry.entry_id
            )
            assert device is not None
            assert device.via_device_id == hub.id
            assert device.serial_number == subentry.unique_id
            own = er.async_entries_for_device(er.async_get(hass), device.id)
            assert {entity.config_subentry_id for entity in own} == {
                subentry.subentry_id
            }
        assert not volume_of(hass, entry.unique_id, HEAT.number)
        assert await hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.parametrize("name", ["amb8465", "cul", "rc1180", "rtl_wmbus"])
async def test_every_stick(hass: HomeAssistant, port: Path, name: str) -> None:
    """Whichever stick it is, the flow finds it out by itself."""
    async with stick(port, WATER, GAS, name=name):
        result = await to_list(hass, port)
        assert set(options(result)) == {WATER.number, GAS.number}
        result = await answer(hass, result, meters=[], listen_on=False)
        assert result["type"] is FlowResultType.CREATE_ENTRY
        await hass.async_block_till_done()
        assert await hass.config_entries.async_unload(result["result"].entry_id)


async def test_linz_netz(hass: HomeAssistant, port: Path) -> None:
    """Linz Netz' own meters stand first, with the operator's key field."""
    nes = NesMeter("84000001", KEY, PACE, -80)
    async with stick(port, WATER, nes):
        result = await answer(hass, await begin(hass), operator="linz-netz")
        result = await answer(hass, result, meter="nes-gen4")
        assert result["step_id"] == "radio_port"
        result = await progressed(hass, await answer(hass, result, port=str(port)), 30)
        assert list(options(result)) == [nes.number, WATER.number]
        result = await answer(hass, result, meters=[nes.number], listen_on=False)
        result = await answer(hass, result, oms=KEY.hex())
        assert result["type"] is FlowResultType.CREATE_ENTRY
        entry = result["result"]
        power = value(hass, nes.number, "1-0:1.7.0", entry.unique_id)
        assert await until(hass, power) is not None
        assert await hass.config_entries.async_unload(entry.entry_id)


async def test_listening_on_keeps_what_was_picked(
    hass: HomeAssistant, port: Path
) -> None:
    """The list comes again, longer, with the choice kept."""
    late = WirelessMeter("70000009", "heat", None, 12.0, -80)
    async with stick(port, WATER, late):
        result = await to_list(hass, port)
        result = await answer(hass, result, meters=[WATER.number], listen_on=True)
        assert result["type"] is FlowResultType.SHOW_PROGRESS
        result = await progressed(hass, result, 30)
        assert result["step_id"] == "radio_meters"
        (field,) = (f for f in result["data_schema"].schema if f == "meters")
        assert field.default() == [WATER.number]
        hass.config_entries.flow.async_abort(result["flow_id"])
        await hass.async_block_till_done()


async def test_no_stick_answers(
    hass: HomeAssistant, port: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A port on which nobody answers as a stick: what may be wrong, and the ways on."""
    monkeypatch.setattr(radio_session, "LISTEN", 1.0)
    async with stick(port, WATER) as line:
        line.meter.stick.receive = lambda data: b""  # type: ignore[attr-defined]
        result = await choose(hass, await opened(hass), "wireless")
        result = await progressed(hass, await answer(hass, result, port=str(port)), 90)
        assert (result["type"], result["step_id"]) == (
            FlowResultType.MENU,
            "radio_no_stick",
        )
        result = await choose(hass, result, "radio_port")
        assert result["step_id"] == "radio_port"
        result = await progressed(hass, await answer(hass, result, port=str(port)), 90)
        result = await choose(hass, result, "radio_later")
        assert result["type"] is FlowResultType.CREATE_ENTRY
        entry = result["result"]
        assert (entry.title, len(entry.subentries)) == ("Wireless M-Bus", 0)
        # The entry says the same for as long as nobody answers.
        issue = f"no_stick_{entry.entry_id}"
        issues = ir.async_get(hass)
        await until(hass, lambda: issues.async_get_issue(DOMAIN, issue), 60)
        assert not entry.runtime_data.is_heard
        assert await hass.config_entries.async_unload(entry.entry_id)


async def test_nobody_is_heard(hass: HomeAssistant, port: Path) -> None:
    """A stick that hears nobody is offered to be listened to for longer; without it the entry has no meter yet."""
    async with stick(port, QUIET):
        result = await to_list(hass, port)
        (field,) = result["data_schema"].schema
        assert (str(field), field.default()) == ("listen_on", True)
        assert result["description_placeholders"]["count"] == "0"
        result = await answer(hass, result, listen_on=False)
        assert result["type"] is FlowResultType.CREATE_ENTRY
        assert not result["result"].subentries
        await hass.async_block_till_done()
        assert await hass.config_entries.async_unload(result["result"].entry_id)


async def test_key_comes_later(hass: HomeAssistant, port: Path) -> None:
    """Who has no key yet goes on without: the meter is a device, its key is asked for by its subentry."""
    async with stick(port, GAS):
        result = await to_list(hass, port)
        result = await answer(hass, result, meters=[GAS.number], listen_on=False)
        assert result["step_id"] == "radio_key"
        result = await answer(hass, result, key=" ")
        assert result["type"] is FlowResultType.CREATE_ENTRY
        (subentry,) = result["result"].subentries.values()
        assert subentry.unique_id == GAS.number
        assert subentry.data["keys"] == {}
        await hass.async_block_till_done()
        assert await hass.config_entries.async_unload(result["result"].entry_id)


async def test_meters_of_a_stick_that_is_not_read(
    hass: HomeAssistant, port: Path
) -> None:
    """Without the stick there is no list and no telegram to try a key on: each step says so."""
    async with stick(port, WATER, GAS):
        entry = await make(hass, port, WATER)
        await until(hass, lambda: len(entry.runtime_data.session.heard) == 2, 10)
        (subentry,) = entry.subentries.values()
        flows = hass.config_entries.subentries
        begun = await flows.async_init(
            (entry.entry_id, SUBENTRY_METER), context={"source": "user"}
        )
        begun = await flows.async_configure(begun["flow_id"], {"meter": GAS.number})
        assert begun["step_id"] == "key"
        assert await hass.config_entries.async_unload(entry.entry_id)
        late = await flows.async_configure(begun["flow_id"], {"key": KEY.hex()})
        new = await flows.async_init(
            (entry.entry_id, SUBENTRY_METER), context={"source": "user"}
        )
        changed = await flows.async_init(
            (entry.entry_id, SUBENTRY_METER),
            context={
                "source": SOURCE_RECONFIGURE,
                "subentry_id": subentry.subentry_id,
            },
        )
        for result in (late, new, changed):
            assert result["type"] is FlowResultType.ABORT
            assert result["reason"] == "stick_not_there"
        assert len(entry.subentries) == 1


async def test_removed_with_its_trouble(hass: HomeAssistant, port: Path) -> None:
    """A meter whose key does not fit takes what was said about its key along when it is removed."""
    async with stick(port, GAS, WATER):
        entry = await make(hass, port, GAS, WATER, keys=False)
        (subentry,) = (
            s for s in entry.subentries.values() if s.unique_id == GAS.number
        )
        issue = f"radio_key_{entry.entry_id}_{subentry.subentry_id}"
        issues = ir.async_get(hass)
        await until(hass, lambda: issues.async_get_issue(DOMAIN, issue), 20)
        hass.config_entries.async_remove_subentry(entry, subentry.subentry_id)
        await hass.async_block_till_done()
        assert issues.async_get_issue(DOMAIN, issue) is None
        assert await hass.config_entries.async_unload(entry.entry_id)


async def test_key_of_another_installation(
    hass: HomeAssistant, port: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A key that was wrapped elsewhere is said so, and hinders no other meter."""
    async with stick(port, GAS, WATER):
        entry = await make(hass, port, GAS, WATER)
        assert await hass.config_entries.async_unload(entry.entry_id)
        (subentry,) = (
            s for s in entry.subentries.values() if s.unique_id == GAS.number
        )
        elsewhere = KeyStore(bytes(32)).wrap(KEY)
        hass.config_entries.async_update_subentry(
            entry, subentry, data={**subentry.data, "keys": {"key": elsewhere}}
        )
        assert await hass.config_entries.async_setup(entry.entry_id)
        assert "was not stored by this installation" in caplog.text
        await until(hass, lambda: volume_of(hass, "stick", WATER.number), 10)
        assert not volume_of(hass, "stick", GAS.number)
        assert await hass.config_entries.async_unload(entry.entry_id)


async def test_stick_that_stays_away(hass: HomeAssistant, port: Path) -> None:
    """A stick that is gone for a minute is told; that meters are quiet for days is not."""
    issues = ir.async_get(hass)
    async with stick(port, WATER):
        entry = await make(hass, port, WATER)
        await until(hass, lambda: volume_of(hass, "stick", WATER.number), 10)
        await entry.runtime_data._async_report_trouble(None)
        assert not issues.issues
    await until(hass, lambda: not entry.runtime_data.connected, 10)
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=61))
    await hass.async_block_till_done()
    (told,) = [issue_id for domain, issue_id in issues.issues if domain == DOMAIN]
    assert told in (f"port_lost_{entry.entry_id}", f"port_missing_{entry.entry_id}")
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_port_that_is_not_there(hass: HomeAssistant, port: Path) -> None:
    """The reason is told at the port."""
    result = await choose(hass, await opened(hass), "wireless")
    result = await progressed(hass, await answer(hass, result, port=str(port)))
    assert result["errors"] == {"port": "port_missing"}


async def test_list_is_opened_again(hass: HomeAssistant, port: Path) -> None:
    """Another meter is added while the stick is used: it is read from the telegram that is already there."""
    async with stick(port, WATER, GAS):
        entry = await make(hass, port, WATER)
        await until(hass, lambda: volume_of(hass, "stick", WATER.number), 10)
        await until(hass, lambda: len(entry.runtime_data.session.heard) == 2)
        flows = hass.config_entries.subentries
        begun = await flows.async_init(
            (entry.entry_id, SUBENTRY_METER), context={"source": "user"}
        )
        assert list(options(begun, "meter")) == [GAS.number, "again"]
        again = await flows.async_configure(begun["flow_id"], {"meter": "again"})
        assert list(options(again, "meter")) == [GAS.number, "again"]
        asked = await flows.async_configure(begun["flow_id"], {"meter": GAS.number})
        assert asked["step_id"] == "key"
        asked = await flows.async_configure(begun["flow_id"], {"key": WRONG_KEY})
        assert asked["errors"] == {"key": "key_wrong"}
        done = await flows.async_configure(begun["flow_id"], {"key": KEY.hex()})
        assert done["type"] is FlowResultType.CREATE_ENTRY
        await until(hass, lambda: volume_of(hass, "stick", GAS.number))
        assert entry.state is ConfigEntryState.LOADED
        assert await hass.config_entries.async_unload(entry.entry_id)


async def test_wrong_key_hides_no_meter(hass: HomeAssistant, port: Path) -> None:
    """It is heard all the same, the user is told, and a new key is all it takes."""
    async with stick(port, GAS):
        entry = await make(hass, port, GAS, keys=False)
        (subentry,) = entry.subentries.values()
        issue = f"radio_key_{entry.entry_id}_{subentry.subentry_id}"
        issues = ir.async_get(hass)
        await until(hass, lambda: issues.async_get_issue(DOMAIN, issue), 20)
        assert value(hass, GAS.number, "signal")() == "-72"
        assert value(hass, GAS.number, "last_heard")() is not None
        assert not volume_of(hass, "stick", GAS.number)
        flows = hass.config_entries.subentries
        begun = await flows.async_init(
            (entry.entry_id, SUBENTRY_METER),
            context={
                "source": SOURCE_RECONFIGURE,
                "subentry_id": subentry.subentry_id,
            },
        )
        assert begun["step_id"] == "reconfigure"
        begun = await flows.async_configure(begun["flow_id"], {"key": WRONG_KEY})
        assert begun["errors"] == {"key": "key_wrong"}
        done = await flows.async_configure(begun["flow_id"], {"key": KEY.hex()})
        assert done["reason"] == "reconfigure_successful"
        await until(hass, lambda: volume_of(hass, "stick", GAS.number))
        assert issues.async_get_issue(DOMAIN, issue) is None
        assert await hass.config_entries.async_unload(entry.entry_id)


async def test_meter_is_removed_and_added_again(
    hass: HomeAssistant, port: Path
) -> None:
    """Its device goes with it; added again it is there at once."""
    async with stick(port, WATER, HEAT):
        entry = await make(hass, port, WATER, HEAT)
        await until(hass, lambda: volume_of(hass, "stick", HEAT.number), 10)
        (subentry,) = (
            s for s in entry.subentries.values() if s.unique_id == HEAT.number
        )
        hass.config_entries.async_remove_subentry(entry, subentry.subentry_id)
        await hass.async_block_till_done()
        assert not volume_of(hass, "stick", HEAT.number)
        assert len(entry.runtime_data.data) == 2
        flows = hass.config_entries.subentries
        begun = await flows.async_init(
            (entry.entry_id, SUBENTRY_METER), context={"source": "user"}
        )
        done = await flows.async_configure(begun["flow_id"], {"meter": HEAT.number})
        assert done["type"] is FlowResultType.CREATE_ENTRY
        await until(hass, lambda: volume_of(hass, "stick", HEAT.number))
        assert await hass.config_entries.async_unload(entry.entry_id)


async def test_fifty_meters(hass: HomeAssistant, port: Path) -> None:
    """Fifty meters of all kinds on one stick, half of them encrypted: each is a device with values."""
    meters = neighbourhood(50, interval=8.0)
    async with stick(port, *meters):
        entry = await make(hass, port, *meters)

        def silent() -> set[str]:
            return {
                meter.number
                for meter in meters
                if not entry.runtime_data.data[f"stick_{meter.number}"].points
            }

        await until(hass, lambda: not silent(), 30)
        await hass.async_block_till_done()
        devices = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
        assert len(devices) == 51
        by_device = {
            device.id: er.async_entries_for_device(er.async_get(hass), device.id)
            for device in devices
            if device.via_device_id
        }
        few = {key: own for key, own in by_device.items() if len(own) < 3}
        assert len(by_device) == 50
        assert not few, few
        faults = entry.runtime_data.statistics.faults
        assert not faults, faults
        diagnostics = await async_get_config_entry_diagnostics(hass, entry)
        assert diagnostics["radio"]["stick"] == "im871a"
        assert len(diagnostics["radio"]["heard"]) == 50
        told = str(diagnostics)
        assert not any(meter.number in told for meter in meters)
        assert await hass.config_entries.async_unload(entry.entry_id)


async def test_unplugged_and_plugged_in_again(hass: HomeAssistant, port: Path) -> None:
    """The stick lost its power: it is set up again, and the meters go on; what they said before stays meanwhile."""
    async with stick(port, WATER):
        entry = await make(hass, port, WATER)
        before = await until(hass, lambda: volume_of(hass, "stick", WATER.number), 10)
    connection = f"{entry.entry_id}_connection"

    def connected() -> str:
        state = state_of(hass, connection)
        return state.state if state else ""

    await until(hass, lambda: connected() == "off", 10)
    assert volume_of(hass, "stick", WATER.number) == before
    readings = entry.runtime_data.statistics.readings
    async with stick(port, WATER):
        await until(hass, lambda: entry.runtime_data.statistics.readings > readings, 20)
        assert await until(hass, lambda: connected() == "on")
        assert await hass.config_entries.async_unload(entry.entry_id)


async def test_values_outlive_a_restart_and_age(
    hass: HomeAssistant, port: Path
) -> None:
    """A meter that speaks once a day has its value after a restart, with its time; gone for long it is unavailable."""
    async with stick(port, WATER):
        entry = await make(hass, port, WATER)
        before = await until(hass, lambda: volume_of(hass, "stick", WATER.number), 10)
        coordinator = entry.runtime_data
        await until(hass, lambda: coordinator.data[f"stick_{WATER.number}"].interval)
        assert await hass.config_entries.async_unload(entry.entry_id)
    async with stick(port, HEAT):
        assert await hass.config_entries.async_setup(entry.entry_id)
        await hass.async_block_till_done()
        now = await until(hass, lambda: volume_of(hass, "stick", WATER.number))
        assert float(now) == pytest.approx(float(before), abs=0.01)
        meter = entry.runtime_data.data[f"stick_{WATER.number}"]
        (point,) = (p for p in meter.points.values() if p.value.unit == "m³")
        assert entry.runtime_data.is_available(meter, point)
        old = type(point)(
            point.key, point.value, point.at - 8 * 86_400, point.code, point.record
        )
        assert not entry.runtime_data.is_available(meter, old)
        meter.points[point.key] = old
        async_fire_time_changed(hass, dt_util.utcnow() + timedelta(minutes=6))
        await until(hass, lambda: not volume_of(hass, "stick", WATER.number))
        assert await hass.config_entries.async_unload(entry.entry_id)


async def test_what_set_up_heard_is_read_at_once(
    hass: HomeAssistant, port: Path
) -> None:
    """A meter that sends once an hour has its values when set-up ends, not an hour later."""
    async with stick(port, WATER, GAS) as line:
        result = await to_list(hass, port)
        line.meter.meters = (QUIET,)  # type: ignore[attr-defined]
        result = await answer(
            hass, result, meters=[WATER.number, GAS.number], listen_on=False
        )
        result = await answer(hass, result, key=KEY.hex())
        entry = result["result"]
        for meter in (WATER, GAS):
            await until(
                hass, lambda m=meter: volume_of(hass, entry.unique_id, m.number)
            )
        assert entry.runtime_data.statistics.bytes_received < 1_000
        assert await hass.config_entries.async_unload(entry.entry_id)


@dataclass(frozen=True, slots=True)
class Worn(WirelessMeter):
    """A meter whose register is sometimes years behind."""

    behind: list[float] = field(default_factory=lambda: [0.0])

    def frame(self, at: float, *, wrong_key: bool = False) -> bytes:
        """Return its radio frame now."""
        return WirelessMeter.frame(self, at - self.behind[-1] * 365 * 86_400)


async def test_withheld_and_believed_again(hass: HomeAssistant, port: Path) -> None:
    """Values withheld again and again are told with the meter they are of, and taken back when they are believed again."""
    worn = Worn("70000001", "water", None, 0.1, -51)
    async with stick(port, worn, HEAT):
        entry = await make(hass, port, worn, HEAT)
        issues = {
            number: f"implausible_{entry.entry_id}_{subentry.subentry_id}"
            for number, subentry in by_number(entry).items()
        }

        def told() -> list[str | None]:
            known = ir.async_get(hass).issues
            return [number for number, i in issues.items() if (DOMAIN, i) in known]

        await until(hass, lambda: volume_of(hass, "stick", worn.number))
        assert told() == []
        worn.behind.append(10)
        await until(hass, told)
        assert told() == [worn.number]
        worn.behind.append(0)
        await until(hass, lambda: not told())
        assert await hass.config_entries.async_unload(entry.entry_id)


def by_number(entry: MockConfigEntry) -> dict[str | None, ConfigSubentry]:
    """Return the meters of an entry by their numbers."""
    return {subentry.unique_id: subentry for subentry in entry.subentries.values()}


class Repeated(Im871a):
    """A stick in reach of two repeaters: it hears each telegram three times, and after some of them no more."""

    def __init__(self, most: int) -> None:
        """Hear so many telegrams."""
        super().__init__()
        self._most = most
        self.telegrams: list[bytes] = []

    def deliver(self, frame: bytes, signal_dbm: int, at: float) -> bytes:
        """Deliver what meter and repeaters send; the one farther off is heard weaker."""
        if frame not in self.telegrams and len(self.telegrams) == self._most:
            return b""
        once = [super().deliver(frame, signal_dbm - 10 * n, at) for n in range(3)]
        if all(once):
            self.telegrams.append(frame)
        return b"".join(once)


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
@pytest.mark.parametrize("meter", [WATER, GAS], ids=["plain", "encrypted"])
async def test_repeated_telegrams_count_once(
    hass: HomeAssistant,
    port: Path,
    monkeypatch: pytest.MonkeyPatch,
    meter: WirelessMeter,
) -> None:
    """What repeaters pass on is heard, but is no other telegram: in the numbers of the port, of the meter, and in states."""
    monkeypatch.setattr(sensor, "STATISTICS_PACE", 0.0)
    repeated = Repeated(4)
    async with serve_pty(RadioReceiver(repeated, (meter,)), port, 4.0):
        entry = await make(hass, port, meter)
        coordinator = entry.runtime_data
        await until(hass, lambda: coordinator.statistics.frames == 3 * 4)
        telegrams = state_of(hass, f"{entry.entry_id}_telegrams")
        faults = state_of(hass, f"{entry.entry_id}_faults")
        assert telegrams is not None
        assert faults is not None
        assert (telegrams.state, faults.state) == ("4", "0")
        assert len(repeated.telegrams) == 4
        assert volume_of(hass, "stick", meter.number)
        assert value(hass, meter.number, "signal")() == str(meter.signal_dbm - 20)
        (heard,) = coordinator.session.heard
        assert heard.telegrams == 4
        assert await hass.config_entries.async_unload(entry.entry_id)


async def test_list_outlives_a_restart(hass: HomeAssistant, port: Path) -> None:
    """Who was heard before a restart is still listed, without being heard again; who has long gone is not."""
    async with stick(port, WATER, GAS) as line:
        entry = await make(hass, port, WATER)
        await until(hass, lambda: len(entry.runtime_data.session.heard) == 2)
        line.meter.meters = (QUIET,)  # type: ignore[attr-defined]
        assert await hass.config_entries.async_unload(entry.entry_id)
        assert await hass.config_entries.async_setup(entry.entry_id)
        await hass.async_block_till_done()
        begun = await hass.config_entries.subentries.async_init(
            (entry.entry_id, SUBENTRY_METER), context={"source": "user"}
        )
        assert list(options(begun, "meter")) == [GAS.number, "again"]
        added = await hass.config_entries.subentries.async_configure(
            begun["flow_id"], {"meter": GAS.number}
        )
        assert added["step_id"] == "key"
        memory = entry.runtime_data.session.memory
        later = dt_util.utcnow().timestamp() + wireless.FORGET_AFTER + 60
        assert not wireless.memory_to_store(memory, later)
        assert await hass.config_entries.async_unload(entry.entry_id)


async def test_meter_that_left_the_list(
    hass: HomeAssistant, port: Path, hass_storage: dict[str, Any]
) -> None:
    """Who was picked and is not listed any more when the key comes cannot be added: it is said so."""
    async with stick(port, WATER, GAS) as line:
        entry = await make(hass, port, WATER)
        await until(hass, lambda: len(entry.runtime_data.session.heard) == 2)
        line.meter.meters = (QUIET,)  # type: ignore[attr-defined]
        flows = hass.config_entries.subentries
        begun = await flows.async_init(
            (entry.entry_id, SUBENTRY_METER), context={"source": "user"}
        )
        begun = await flows.async_configure(begun["flow_id"], {"meter": GAS.number})
        assert begun["step_id"] == "key"
        assert await hass.config_entries.async_unload(entry.entry_id)
        hass_storage[f"{DOMAIN}.{entry.entry_id}"]["data"]["heard"] = {}
        assert await hass.config_entries.async_setup(entry.entry_id)
        ended = await flows.async_configure(begun["flow_id"], {"key": KEY.hex()})
        assert ended["reason"] == "no_longer_heard"
        assert await hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.parametrize("heard", [7, {"1": {}}, {"1": {"meter": {"who": 1}}}])
async def test_damaged_list_is_made_anew(
    hass: HomeAssistant, port: Path, hass_storage: dict[str, Any], heard: Any
) -> None:
    """What a broken disk left of the list hinders nothing."""
    async with stick(port, WATER):
        entry = await make(hass, port, WATER)
        assert await hass.config_entries.async_unload(entry.entry_id)
        hass_storage[f"{DOMAIN}.{entry.entry_id}"]["data"]["heard"] = heard
        assert await hass.config_entries.async_setup(entry.entry_id)
        await until(hass, lambda: volume_of(hass, "stick", WATER.number))
        assert await hass.config_entries.async_unload(entry.entry_id)


async def test_energy_dashboard(
    recorder_mock: Recorder, hass: HomeAssistant, port: Path
) -> None:
    """Meters the energy dashboard has a place for are added where the user agreed; heat has none."""
    assert await async_setup_component(hass, "energy", {})
    async with stick(port, WATER, HEAT):
        result = await to_list(hass, port)
        result = await answer(
            hass,
            result,
            meters=[WATER.number, HEAT.number],
            add_to_energy=True,
            listen_on=False,
        )
        entry = result["result"]
        await until(hass, lambda: volume_of(hass, entry.unique_id, WATER.number))
        await hass.async_block_till_done()
        manager = await async_get_manager(hass)
        (source,) = (manager.data or {})["energy_sources"]
        assert source["type"] == "water"
        state = hass.states.get(source["stat_energy_from"])
        assert state is not None
        assert state.state == volume_of(hass, entry.unique_id, WATER.number)
        for subentry in entry.subentries.values():
            assert "add_to_energy" not in subentry.data
        assert await hass.config_entries.async_unload(entry.entry_id)


USB = UsbServiceInfo(
    device="/dev/ttyUSB7",
    vid="10C4",
    pid="EA60",
    serial_number="00B93F7D",
    manufacturer="Silicon Labs",
    description="WiMOD iM871A-usb",
)


async def test_stick_that_names_itself_is_offered(hass: HomeAssistant) -> None:
    """Nothing is opened or sent before the user says that it is the stick."""
    result = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USB}, data=USB
    )
    assert (result["type"], result["step_id"]) == (FlowResultType.FORM, "usb_confirm")
    assert result["description_placeholders"] == {"name": "WiMOD iM871A-usb"}
    again = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USB}, data=USB
    )
    assert again["reason"] == "already_in_progress"
    result = await progressed(hass, await answer(hass, result))
    assert result["errors"] == {"port": "port_missing"}


async def test_discovered_stick_is_set_up(hass: HomeAssistant, port: Path) -> None:
    """Confirmed, it is listened to, and its entry is known by the stick, so that it is not offered again."""
    async with stick(port, WATER):
        result = await hass.config_entries.flow.async_init(
            DOMAIN,
            context={"source": SOURCE_USB},
            data=replace(USB, device=str(port)),
        )
        result = await progressed(hass, await answer(hass, result), 30)
        result = await answer(hass, result, meters=[WATER.number], listen_on=False)
        assert result["type"] is FlowResultType.CREATE_ENTRY
        assert result["result"].unique_id == "10C4:EA60_00B93F7D"
        again = await hass.config_entries.flow.async_init(
            DOMAIN,
            context={"source": SOURCE_USB},
            data=replace(USB, device=str(port)),
        )
        assert again["reason"] == "already_configured"
        await hass.async_block_till_done()
        assert await hass.config_entries.async_unload(result["result"].entry_id)


async def test_port_is_changed(hass: HomeAssistant, port: Path) -> None:
    """The stick was plugged in elsewhere: its meters stay."""
    async with stick(port, WATER):
        entry = await make(hass, port, WATER)
        other = port.with_name("ttyOTHER")
        async with stick(other, WATER):
            result = await entry.start_reconfigure_flow(hass)
            assert result["step_id"] == "radio_port"
            result = await answer(hass, result, port=str(other))
            result = await progressed(hass, result, 20)
            assert result["reason"] == "reconfigure_successful"
            await hass.async_block_till_done()
            assert entry.data["port"] == str(other)
            assert len(entry.subentries) == 1
            await until(hass, lambda: volume_of(hass, "stick", WATER.number), 10)
            assert await hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.parametrize("mode", ["t", "ct"])
async def test_radio_mode(hass: HomeAssistant, port: Path, mode: str) -> None:
    """A stick is set to the chosen mode, while the flow listens and from then on; the usual one is not kept."""
    async with stick(port, WATER) as line:
        receiver: Any = line.meter
        sent: list[bytes] = []
        receive = receiver.stick.receive
        receiver.stick.receive = lambda data: sent.append(data) or receive(data)
        entry = await make(hass, port, WATER)
        await until(hass, lambda: _modes(sent))
        sent.clear()
        result = await entry.start_reconfigure_flow(hass)
        assert result["step_id"] == "radio_port"
        result = await answer(hass, result, port=str(port), radio_mode=mode)
        result = await progressed(hass, result)
        assert result["reason"] == "reconfigure_successful"
        await hass.async_block_till_done()
        assert entry.data.get("radio_mode", "ct") == mode
        assert ("radio_mode" in entry.data) is (mode != "ct")
        await until(hass, lambda: _modes(sent).count(mode) == 2)
        assert set(_modes(sent)) == {mode}
        assert await hass.config_entries.async_unload(entry.entry_id)


def _modes(sent: list[bytes]) -> list[str]:
    """Return the radio modes the stick was set to."""
    commands = {"t": "A501030600020330", "ct": "A501030600020A30"}
    return [
        mode
        for data in sent
        for mode, command in commands.items()
        if bytes.fromhex(command) in data
    ]


async def test_stick_that_hangs(
    hass: HomeAssistant, port: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The user is told that no stick answers, and no longer once one does."""
    monkeypatch.setattr(radio_session, "LISTEN", 0.5)
    monkeypatch.setattr(radio_session, "RETRY_INTERVAL", 1.0)
    issues = ir.async_get(hass)
    async with stick(port, WATER) as line:
        receiver: Any = line.meter
        answering = receiver.stick.receive
        receiver.stick.receive = lambda data: b""
        entry = await make(hass, port, WATER)
        issue = f"no_stick_{entry.entry_id}"
        await until(hass, lambda: issues.async_get_issue(DOMAIN, issue), 30)
        receiver.stick.receive = answering
        await until(hass, lambda: volume_of(hass, "stick", WATER.number), 30)
        assert issues.async_get_issue(DOMAIN, issue) is None
        assert await hass.config_entries.async_unload(entry.entry_id)
