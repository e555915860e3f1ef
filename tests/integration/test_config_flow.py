"""The config flow, every step and every error, with bytes on a port."""

import asyncio
from pathlib import Path
from time import time
from typing import Any

from homeassistant.config_entries import SOURCE_USER, ConfigEntryState, ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers.translation import async_get_translations
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smart_meter import (
    config_flow,
    coordinator,
    lease,
    listening,
    simulated,
)
from custom_components.smart_meter.const import DOMAIN
from custom_components.smart_meter.customer_interface import catalogue
from custom_components.smart_meter.customer_interface.errors import CatalogueError
from custom_components.smart_meter.customer_interface.keys import (
    KeyKind,
    KeyRing,
    parse_key,
)
from custom_components.smart_meter.customer_interface.obis import ObisCode
from custom_components.smart_meter.customer_interface.reading import Reading, Value
from custom_components.smart_meter.customer_interface.session import make_session
from custom_components.smart_meter.port import typed_port
from custom_components.smart_meter.summary import async_summary
from customer_interface.simulate import axdr
from customer_interface.simulate.mbus import long_frame, segments
from tests.integration.conftest import (
    WRONG_KEY,
    Line,
    Meter,
    has_issue,
    make_entry,
    state_of,
    until,
)

type Result = ConfigFlowResult

# What a meter sends whose interface is not activated: FF 01 67 where its telegram would begin.
NOT_ACTIVATED = long_frame(bytes.fromhex("53FFFF0167"))
# A data-notification of three numbers without names, not encrypted.
NAMELESS = b"".join(
    segments(
        axdr.notification(
            1,
            bytes(0),
            axdr.structure(axdr.u32(123_456_789), axdr.u32(987_654_321), axdr.u32(3)),
        ),
        245,
    )
)


async def opened(hass: HomeAssistant) -> Result:
    """Open the flow: what does the user know?"""
    return await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USER}
    )


async def begin(hass: HomeAssistant) -> Result:
    """Open the flow and choose to name the grid operator."""
    return await choose(hass, await opened(hass), "operator")


async def answer(hass: HomeAssistant, result: Result, **fields: Any) -> Result:
    """Fill in a step."""
    return await hass.config_entries.flow.async_configure(result["flow_id"], fields)


def said_of(result: Result) -> dict[str, str]:
    """Return what a step fills into its text."""
    return dict(result["description_placeholders"] or {})


async def choose(hass: HomeAssistant, result: Result, option: str) -> Result:
    """Choose from a menu."""
    assert option in result["menu_options"]
    return await answer(hass, result, next_step_id=option)


async def progressed(
    hass: HomeAssistant, result: Result, seconds: float = 30.0
) -> Result:
    """Wait until a progress step is over and return what follows."""
    async with asyncio.timeout(seconds):
        while result["type"] in (
            FlowResultType.SHOW_PROGRESS,
            FlowResultType.SHOW_PROGRESS_DONE,
        ):
            await asyncio.sleep(0.05)
            await hass.async_block_till_done()
            result = await hass.config_entries.flow.async_configure(result["flow_id"])
    return result


async def to_listening(hass: HomeAssistant, meter: Meter, **row: str) -> Result:
    """Go through operator, meter and connection."""
    row = {**meter.row, **row}
    result = await begin(hass)
    assert (result["type"], result["step_id"]) == (FlowResultType.FORM, "operator")
    result = await answer(hass, result, operator=row["operator"])
    assert result["step_id"] == "meter"
    result = await answer(hass, result, meter=row["meter"])
    assert result["step_id"] == "connection"
    return await answer(hass, result, port=meter.line.url)


async def progress(hass: HomeAssistant, result: Result, action: str) -> None:
    """Wait until a progress step says this."""
    async with asyncio.timeout(30):
        while result.get("progress_action") != action:
            await asyncio.sleep(0.05)
            result = await hass.config_entries.flow.async_configure(result["flow_id"])


async def to_keys(hass: HomeAssistant, meter: Meter) -> Result:
    """Go on to the step that asks for the key."""
    assert await async_setup_component(hass, DOMAIN, {})
    result = await to_listening(hass, meter)
    await progress(hass, result, "listen_no_bytes")
    meter.send()
    result = await progressed(hass, result)
    assert (result["type"], result["step_id"]) == (FlowResultType.FORM, "keys")
    return result


async def to_connection(
    hass: HomeAssistant, meter: Meter, entry: MockConfigEntry
) -> Result:
    """Begin to reconfigure an entry whose operator and meter stay."""
    result = await entry.start_reconfigure_flow(hass)
    assert result["step_id"] == "operator"
    result = await answer(hass, result, operator=meter.row["operator"])
    result = await answer(hass, result, meter=meter.row["meter"])
    assert result["step_id"] == "connection"
    return result


async def heard(
    hass: HomeAssistant, meter: Meter, result: Result, **chosen: str
) -> Result:
    """Answer the step of the connection, and let a telegram arrive."""
    result = await answer(hass, result, port=meter.line.url, **chosen)
    await progress(hass, result, "listen_no_bytes")
    meter.send()
    return await progressed(hass, result)


async def test_the_set_up_speaks_the_language_of_the_system(
    hass: HomeAssistant,
) -> None:
    """Operators, meters, socket and adapter are named in the system's language; what goes wrong otherwise is said."""
    hass.config.language = "nl"
    result = await begin(hass)
    result = await answer(
        hass, result, operator="Nederland: alle netbeheerders (P1) (NL)"
    )
    assert said_of(result)["operator"] == "Nederland: alle netbeheerders (P1)"
    result = await answer(hass, result, meter="dsmr-5")
    said = said_of(result)
    assert said["meter"] == "DSMR 5-meter"
    assert said["socket"] == "P1-aansluiting (RJ12)"
    assert said["adapter"] == "P1-kabel (USB) of P1-lezer"
    assert "klepje" in said["find"]
    assert "5 V" in said["warning"]


async def test_silence_is_counted_as_it_lasts(
    hass: HomeAssistant, meter: Meter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The frontend is told again and again: it misses what changes before it has shown the step."""
    monkeypatch.setattr(listening, "SHORTEST_PATIENCE", listening.LONGEST_PATIENCE)
    assert await async_setup_component(hass, DOMAIN, {})
    result = await to_listening(hass, meter)
    await progress(hass, result, "listen_no_bytes")
    said: set[str] = set()
    async with asyncio.timeout(60):
        while len(said) < 3:
            await asyncio.sleep(0.05)
            result = await hass.config_entries.flow.async_configure(result["flow_id"])
            said.add(said_of(result)["seconds"])
    hass.config_entries.flow.async_abort(result["flow_id"])


async def test_from_operator_to_values(hass: HomeAssistant, meter: Meter) -> None:
    """Operator, meter, port, key: the values are shown, and the entry reads the meter."""
    result = await to_keys(hass, meter)
    assert "Netz Nieder" in said_of(result)["operator"]
    assert said_of(result)["keys"] == "GUEK"
    result = await progressed(hass, await answer(hass, result, **meter.keys))
    assert (result["type"], result["step_id"]) == (FlowResultType.FORM, "values")
    said = meter.said().values
    shown = said_of(result)["values"]
    energy = next(v.value for code, v in said.items() if str(code) == "1-0:1.8.0")
    assert f"{energy / 1000:.3f}** kWh" in shown
    assert said_of(result)["meter"] == meter.number

    result = await answer(hass, result)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    entry = result["result"]
    assert entry.unique_id == meter.number
    assert entry.data["port"] == meter.line.url
    assert not any(key in str(dict(entry.data)) for key in meter.keys.values())
    await hass.async_block_till_done()
    meter.send()
    await until(hass, lambda: state_of(hass, f"{meter.number}_1-0:1.8.0"))
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_progress_in_stages(hass: HomeAssistant, meter: Meter) -> None:
    """No bytes, bytes but no frame, then telegrams: each is said."""
    assert await async_setup_component(hass, DOMAIN, {})
    result = await to_listening(hass, meter)
    await progress(hass, result, "listen_no_bytes")
    telegram = meter.bytes()
    meter.line.write(telegram[:100])
    await progress(hass, result, "listen_bytes")
    hass.config_entries.flow.async_abort(result["flow_id"])
    await hass.async_block_till_done()


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ("", "key_empty"),
        ("0011", "key_length"),
        ("zz112233445566778899aabbccddeeff", "key_alphabet"),
        (WRONG_KEY, "key_wrong"),
    ],
)
async def test_refused_keys(
    hass: HomeAssistant, meter: Meter, typed: str, error: str
) -> None:
    """A key that cannot be one is refused where it is typed; a wrong one after it was tried. The right one goes on."""
    result = await to_keys(hass, meter)
    result = await progressed(hass, await answer(hass, result, guek=typed))
    assert result["step_id"] == "keys"
    # Who looks again, or reloads the page, reads the same sentence.
    result = await hass.config_entries.flow.async_configure(result["flow_id"])
    assert result["errors"] == {"guek": error}
    spaced = " ".join(
        meter.keys["guek"][i : i + 2] for i in range(0, len(meter.keys["guek"]), 2)
    )
    result = await progressed(hass, await answer(hass, result, guek=f"0x{spaced}"))
    assert result["step_id"] == "values"


async def test_missing_port(hass: HomeAssistant, meter: Meter) -> None:
    """A port that is not there is said where it was chosen."""
    meter.line.unplug()
    result = await progressed(hass, await to_listening(hass, meter))
    assert result["step_id"] == "connection"
    assert result["errors"] == {"port": "port_missing"}
    meter.line.plug()
    result = await answer(hass, result, port=meter.line.url)
    assert result["type"] is FlowResultType.SHOW_PROGRESS
    hass.config_entries.flow.async_abort(result["flow_id"])
    await hass.async_block_till_done()


@pytest.mark.parametrize(
    ("typed", "port"),
    [
        ("192.168.1.20:2001", "socket://192.168.1.20:2001"),
        (" my-reader.local:88 ", "socket://my-reader.local:88"),
        ("[fe80::1]:2001", "socket://[fe80::1]:2001"),
        ("rfc2217://192.168.1.20:2001", "rfc2217://192.168.1.20:2001"),
        ("/dev/serial/by-path/pci-0000:00:14", "/dev/serial/by-path/pci-0000:00:14"),
    ],
)
def test_typed_port(typed: str, port: str) -> None:
    """An address is taken as the manual of an adapter has it, a port as it is."""
    assert typed_port(typed) == port


async def test_address_without_scheme(
    hass: HomeAssistant, meter: Meter, socket_enabled: None
) -> None:
    """Host and number alone are looked for in the network, not among the ports of this system."""
    meter.line.unplug()
    result = await progressed(hass, await to_listening(hass, meter))
    result = await progressed(hass, await answer(hass, result, port=" localhost:1 "))
    assert result["errors"] == {"port": "port_refused"}


async def test_lent_while_listening(hass: HomeAssistant, meter: Meter) -> None:
    """A dialog lets go of a port that is lent, whoever it was opened for, and says that it is in use."""
    assert await async_setup_component(hass, DOMAIN, {})
    result = await to_listening(hass, meter)
    await progress(hass, result, "listen_no_bytes")
    await hass.services.async_call(
        DOMAIN, "release_port", {"port": meter.line.url}, blocking=True
    )
    assert not lease.async_held(hass)
    result = await progressed(hass, result)
    assert result["errors"] == {"port": "port_busy"}


async def test_port_taken(hass: HomeAssistant, meter: Meter) -> None:
    """Two entries on one port are stopped before it is opened."""
    entry = await make_entry(hass, meter)
    result = await to_listening(hass, meter)
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "already_configured"
    await hass.config_entries.async_remove(entry.entry_id)


async def test_meter_known(hass: HomeAssistant, meter: Meter, tmp_path: Any) -> None:
    """The same meter at another port is stopped when it says who it is."""
    MockConfigEntry(
        domain=DOMAIN, unique_id=meter.number, data={"port": "/dev/elsewhere"}
    ).add_to_hass(hass)
    result = await to_keys(hass, meter)
    result = await progressed(hass, await answer(hass, result, **meter.keys))
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "already_configured"


async def test_busy_port(hass: HomeAssistant, meter: Meter, line: Line) -> None:
    """A port another program holds is said so."""
    import fcntl  # noqa: PLC0415
    import os  # noqa: PLC0415

    holder = os.open(line.path, os.O_RDWR | os.O_NOCTTY)
    fcntl.flock(holder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    try:
        result = await progressed(hass, await to_listening(hass, meter))
    finally:
        os.close(holder)
    assert result["errors"] == {"port": "port_busy"}


async def test_every_key_is_named(hass: HomeAssistant) -> None:
    """Each key of the catalogue has a field, labelled with the operator's own word."""
    known = await hass.async_add_executor_job(catalogue.load)
    texts = await async_get_translations(hass, "de", "config", {DOMAIN})
    for profile in known.profiles.values():
        for spec in profile.keys:
            path = f"component.{DOMAIN}.config.step.keys"
            assert texts[f"{path}.data.{spec.id}"] == f"{{{spec.id}}}"
            assert texts[f"{path}.data_description.{spec.id}"]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the flow wait for a meter for part of a second only."""
    monkeypatch.setattr(listening, "LONGEST_PATIENCE", 0.6)
    monkeypatch.setattr(listening, "PROGRESS_PACE", 0.1)


async def lose_patience(hass: HomeAssistant, result: Result, heard: int = 0) -> Result:
    """Let the flow wait no longer once it heard so many bytes, and return what follows."""
    flow: Any = hass.config_entries.flow._progress[result["flow_id"]]
    await until(hass, lambda: flow._listening.statistics.bytes_received >= heard)
    flow._listening._deadline = 0.0
    return await progressed(hass, result)


@pytest.mark.parametrize(
    ("data", "trouble"),
    [
        (b"", "silent"),
        (bytes(range(1, 200)), "garbled"),
        (b"\x68\x03\x03\x68\x53\xff\x11\x63\x16", "unreadable"),
    ],
    ids=["silent", "garbled", "unreadable"],
)
async def test_trouble(
    hass: HomeAssistant, meter: Meter, data: bytes, trouble: str
) -> None:
    """What does not become a telegram ends in words that say what to look at, and can be tried again."""
    assert await async_setup_component(hass, DOMAIN, {})
    result = await to_listening(hass, meter)
    await progress(hass, result, "listen_no_bytes")
    meter.line.write(data)
    result = await lose_patience(hass, result, len(data))
    assert result["type"] is FlowResultType.MENU
    assert result["step_id"] == f"trouble_{trouble}"
    assert list(result["menu_options"]) == ["listen", "connection"]
    result = await choose(hass, result, "listen")
    await progress(hass, result, "listen_no_bytes")
    meter.send()
    result = await progressed(hass, result)
    assert result["step_id"] == "keys"


@pytest.mark.usefixtures("impatient")
async def test_trouble_to_connection(hass: HomeAssistant, meter: Meter) -> None:
    """From trouble back to the port."""
    result = await progressed(hass, await to_listening(hass, meter))
    result = await choose(hass, result, "connection")
    assert result["step_id"] == "connection"


async def test_silent_while_checking(hass: HomeAssistant, meter: Meter) -> None:
    """A meter that falls silent before the key could be checked is said so."""
    assert await async_setup_component(hass, DOMAIN, {})
    result = await to_listening(hass, meter)
    await progress(hass, result, "listen_no_bytes")
    meter.send()
    result = await progressed(hass, result)
    flow = hass.config_entries.flow._progress[result["flow_id"]]
    flow._listening._kept.clear()  # type: ignore[attr-defined]
    result = await lose_patience(hass, await answer(hass, result, **meter.keys))
    assert result["step_id"] == "trouble_unreadable"


async def test_unplugged_while_listening(hass: HomeAssistant, meter: Meter) -> None:
    """An adapter that is pulled meanwhile is said at the port."""
    assert await async_setup_component(hass, DOMAIN, {})
    result = await to_listening(hass, meter)
    await progress(hass, result, "listen_no_bytes")
    meter.line.unplug()
    result = await progressed(hass, result)
    assert result["errors"] == {"port": "port_lost"}


async def test_leaving(hass: HomeAssistant, meter: Meter) -> None:
    """Who leaves the flow leaves the port free."""
    assert await async_setup_component(hass, DOMAIN, {})
    result = await to_listening(hass, meter)
    await progress(hass, result, "listen_no_bytes")
    hass.config_entries.flow.async_abort(result["flow_id"])
    await hass.async_block_till_done()
    result = await to_keys(hass, meter)
    assert result["step_id"] == "keys"


async def test_reauth(
    hass: HomeAssistant, meter: Meter, entry: MockConfigEntry
) -> None:
    """A new key is asked for and tried; with the right one the entry goes on."""
    result = await entry.start_reauth_flow(hass)
    assert result["step_id"] == "reauth_confirm"
    result = await answer(hass, result)
    await progress(hass, result, "listen_no_bytes")
    meter.send()
    result = await progressed(hass, result)
    assert result["step_id"] == "keys"
    result = await progressed(hass, await answer(hass, result, guek=WRONG_KEY))
    assert result["errors"] == {"guek": "key_wrong"}
    result = await progressed(hass, await answer(hass, result, **meter.keys))
    assert (result["type"], result["reason"]) == (
        FlowResultType.ABORT,
        "reauth_successful",
    )
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED
    meter.send()
    await until(hass, lambda: state_of(hass, f"{meter.number}_1-0:1.8.0"))


async def test_leaving_reauth(
    hass: HomeAssistant, meter: Meter, entry: MockConfigEntry
) -> None:
    """Who leaves the question for a new key leaves the entry running as it was."""
    result = await answer(hass, await entry.start_reauth_flow(hass))
    await progress(hass, result, "listen_no_bytes")
    assert entry.state is ConfigEntryState.NOT_LOADED
    hass.config_entries.flow.async_abort(result["flow_id"])
    await until(hass, lambda: entry.state is ConfigEntryState.LOADED)


async def test_reconfigure(
    hass: HomeAssistant, meter: Meter, entry: MockConfigEntry, tmp_path: Path
) -> None:
    """Port, line settings and key can be changed; the meter keeps its identity and its entities."""
    meter.send()
    await until(hass, lambda: state_of(hass, f"{meter.number}_1-0:1.8.0"))
    elsewhere = Line(tmp_path / "ttyELSEWHERE")
    meter.line = elsewhere
    result = await to_connection(hass, meter, entry)
    result = await answer(hass, result, port=elsewhere.url, line="2400 9X3")
    assert result["errors"] == {"line": "line_format"}
    result = await answer(hass, result, port=elsewhere.url, line="9600 8N1")
    await progress(hass, result, "listen_no_bytes")
    meter.line.write(Meter(meter.line, faults=("wrong-key",)).bytes())
    result = await progressed(hass, result)
    assert (result["step_id"], result["errors"]) == ("keys", {"guek": "key_wrong"})
    # The key is tried on what arrived, so the telegram has to be there.
    flow: Any = hass.config_entries.flow._progress[result["flow_id"]]
    so_far, telegram = flow._listening.statistics.bytes_received, meter.bytes()
    meter.line.write(telegram)
    await until(
        hass,
        lambda: flow._listening.statistics.bytes_received == so_far + len(telegram),
    )
    result = await progressed(hass, await answer(hass, result, **meter.keys))
    assert result["step_id"] == "values"
    result = await answer(hass, result)
    assert result["reason"] == "reconfigure_successful"
    await hass.async_block_till_done()
    assert entry.data["port"] == elsewhere.url
    assert entry.data["line"] == "9600 8N1"
    assert entry.unique_id == meter.number
    before = state_of(hass, f"{meter.number}_1-0:1.8.0")
    meter.send()
    await until(hass, lambda: state_of(hass, f"{meter.number}_1-0:1.8.0") is not before)
    await hass.config_entries.async_unload(entry.entry_id)
    elsewhere.unplug()


async def test_reconfigure_with_the_stored_key(
    hass: HomeAssistant, meter: Meter, entry: MockConfigEntry
) -> None:
    """A key that still fits is not asked for again."""
    result = await to_connection(hass, meter, entry)
    result = await heard(hass, meter, result)
    assert result["step_id"] == "values"
    result = await answer(hass, result)
    assert result["reason"] == "reconfigure_successful"
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED
    assert "line" not in entry.data


async def test_options(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Pace, maximum power and transformer factor are options; the entry is loaded again with them."""
    result = await hass.config_entries.options.async_init(entry.entry_id)
    assert result["type"] is FlowResultType.FORM
    result = await hass.config_entries.options.async_configure(
        result["flow_id"],
        {"update_pace": "every", "maximum_power": 15, "transformer_factor": 50.0},
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    assert entry.options == {
        "update_pace": "every",
        "maximum_power": 15,
        "transformer_factor": 50,
        "mqtt": False,
        "plain_http": False,
    }
    assert entry.state is ConfigEntryState.LOADED
    assert entry.runtime_data.factor == 50


async def test_options_of_a_meter_that_is_no_longer_known(
    hass: HomeAssistant,
) -> None:
    """The options of an entry whose row has gone from the catalogue can still be opened."""
    entry = MockConfigEntry(
        domain=DOMAIN, data={"operator": "nobody", "meter": "none", "port": "/dev/none"}
    )
    entry.add_to_hass(hass)
    result = await hass.config_entries.options.async_init(entry.entry_id)
    assert result["type"] is FlowResultType.FORM
    assert "poll_interval" not in result["data_schema"].schema


async def test_simulated(hass: HomeAssistant) -> None:
    """Without a meter a simulated one is set up, runs with the entry and ends with it."""
    result = await choose(hass, await opened(hass), "simulated")
    result = await progressed(hass, result, 40)
    assert result["step_id"] == "values"
    result = await answer(hass, result)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    entry = result["result"]
    assert entry.state is ConfigEntryState.LOADED
    process = entry.runtime_data._simulated._process
    assert process.returncode is None
    await until(hass, lambda: state_of(hass, f"{entry.unique_id}_1-0:1.8.0"))
    result = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": "reconfigure", "entry_id": entry.entry_id}
    )
    assert result["reason"] == "simulated"
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert process.returncode is not None


async def test_operator_typed_freely(hass: HomeAssistant) -> None:
    """The list of operators can be searched; what is not in it is refused with a word, and nothing is lost."""
    result = await begin(hass)
    result = await answer(hass, result, operator="Stadtwerke Nirgendwo")
    assert (result["type"], result["step_id"]) == (FlowResultType.FORM, "operator")
    assert result["errors"] == {"operator": "operator_unknown"}
    result = await answer(hass, result, operator="")
    assert result["errors"] == {"operator": "operator_unknown"}
    result = await answer(hass, result, operator="Netz Niederösterreich (EVN) (AT)")
    assert result["step_id"] == "meter"


async def test_two_keys(hass: HomeAssistant, line: Line) -> None:
    """With two keys: exchanged, wrong authentication key, none, right; each is told apart."""
    meter = Meter(line, "energienetze-steiermark", "sagemcom-t210d")
    result = await to_keys(hass, meter)
    guek, gak = meter.keys["guek"], meter.keys["gak"]

    async def typed(**keys: str) -> Result:
        return await progressed(hass, await answer(hass, result, **keys))

    result = await typed(guek=gak, gak=guek)
    assert result["errors"] == {"base": "keys_swapped"}
    result = await typed(guek=WRONG_KEY, gak=gak)
    assert result["errors"] == {"guek": "key_wrong"}
    result = await typed(guek=guek, gak=WRONG_KEY)
    assert result["errors"] == {"gak": "authentication_wrong"}
    result = await typed(guek=guek, gak="12")
    assert result["errors"] == {"gak": "key_length"}
    result = await typed(guek=guek)
    assert result["step_id"] == "values"


async def test_missing_authentication_key(
    hass: HomeAssistant, meter: Meter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the operator's telegrams must be proven, a missing authentication key has its own sentence."""
    monkeypatch.setattr(
        config_flow,
        "_key_specs",
        lambda profile: (
            catalogue.KeySpec("guek", KeyKind.ENCRYPTION, "GUEK"),
            catalogue.KeySpec("gak", KeyKind.AUTHENTICATION, "GAK"),
        ),
    )
    result = await to_keys(hass, meter)
    result = await progressed(hass, await answer(hass, result, **meter.keys, gak=""))
    assert result["errors"] == {"gak": "authentication_missing"}


async def test_inactive(hass: HomeAssistant, meter: Meter) -> None:
    """A meter whose interface is not activated is said so."""
    assert await async_setup_component(hass, DOMAIN, {})
    result = await to_listening(hass, meter)
    await progress(hass, result, "listen_no_bytes")
    meter.line.write(NOT_ACTIVATED)
    result = await progressed(hass, result)
    assert result["step_id"] == "trouble_inactive"


async def test_unknown_layout(hass: HomeAssistant, meter: Meter) -> None:
    """A telegram that opens but has no names is said so."""
    assert await async_setup_component(hass, DOMAIN, {})
    result = await to_listening(hass, meter)
    await progress(hass, result, "listen_no_bytes")
    meter.line.write(NAMELESS)
    result = await progressed(hass, result)
    assert result["step_id"] == "trouble_layout"


async def test_told_while_running(
    hass: HomeAssistant, meter: Meter, entry: MockConfigEntry
) -> None:
    """The same is told by a repair when it happens later."""
    meter.line.write(NOT_ACTIVATED)
    await until(hass, lambda: has_issue(hass, "inactive"))
    meter.line.write(NAMELESS)
    await until(hass, lambda: has_issue(hass, "layout"))
    meter.send()
    await until(hass, lambda: not has_issue(hass, "inactive"))


async def test_simulator_fails(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A simulator that does not start is said, in the flow and by the entry."""
    monkeypatch.setattr(simulated, "_RUN", "import sys")
    result = await choose(hass, await opened(hass), "simulated")
    assert (result["type"], result["reason"]) == (
        FlowResultType.ABORT,
        "simulator_failed",
    )
    entry = MockConfigEntry(
        domain=DOMAIN,
        unique_id="x",
        data={
            "operator": "netz-noe",
            "meter": "kaifa-ma309m",
            "port": "simulated",
            "simulated": True,
        },
    )
    entry.add_to_hass(hass)
    assert not await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    monkeypatch.setattr(simulated, "_RUN", "import time; time.sleep(9)")
    monkeypatch.setattr(simulated, "PATIENCE", 0.3)
    with pytest.raises(OSError, match="does not start"):
        await simulated.SimulatedMeter("netz-noe", "kaifa-ma309m").async_start()
    result = await choose(hass, await opened(hass), "simulated")
    assert result["reason"] == "simulator_failed"


async def test_a_row_that_is_gone(hass: HomeAssistant, meter: Meter) -> None:
    """An entry of a meter that the catalogue does not know any more says so, and can be reconfigured."""
    entry = await make_entry(hass, meter, operator="nobody", meter="x")
    assert not await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_ERROR
    assert entry.reason
    assert "no longer known" in entry.reason
    result = await entry.start_reconfigure_flow(hass)
    assert result["step_id"] == "operator"
    result = await answer(hass, result, operator=meter.row["operator"])
    assert result["step_id"] == "meter"


async def test_a_profile_without_a_session(
    hass: HomeAssistant,
    meter: Meter,
    entry: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An entry that cannot be read any more says so."""

    def refuse(*_: Any, **__: Any) -> None:
        raise CatalogueError("no session of this kind")

    assert await hass.config_entries.async_unload(entry.entry_id)
    monkeypatch.setattr(coordinator, "make_session", refuse)
    assert not await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_ERROR
    assert entry.reason
    assert "cannot be read yet" in entry.reason


async def test_not_read_yet_where_it_is_listened(
    hass: HomeAssistant, meter: Meter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A profile without a session is refused before the port is opened."""

    def refuse(*_: Any, **__: Any) -> None:
        raise CatalogueError("no session of this kind")

    monkeypatch.setattr(listening, "make_session", refuse)
    result = await to_listening(hass, meter)
    assert (result["step_id"], result["errors"]) == (
        "connection",
        {"base": "not_read_yet"},
    )


async def test_reconfigure_to_another_entrys_meter(
    hass: HomeAssistant, meter: Meter, entry: MockConfigEntry
) -> None:
    """A meter that has an entry of its own cannot take another's place."""
    other = Meter(meter.line, seed=2)
    MockConfigEntry(
        domain=DOMAIN, unique_id=other.number, data={"port": "/dev/elsewhere"}
    ).add_to_hass(hass)
    result = await to_connection(hass, meter, entry)
    result = await heard(hass, other, result)
    assert result["step_id"] == "values"
    result = await answer(hass, result)
    assert result["reason"] == "already_configured"
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED


async def test_reconfigure_to_another_meter(
    hass: HomeAssistant, meter: Meter, entry: MockConfigEntry
) -> None:
    """Another meter takes the entry over: its device is told from the old one's by its number."""
    other = Meter(meter.line, seed=2)
    old = entry.unique_id
    result = await to_connection(hass, meter, entry)
    result = await answer(hass, await heard(hass, other, result))
    assert result["reason"] == "reconfigure_successful"
    await hass.async_block_till_done()
    assert entry.unique_id == other.number != old
    assert entry.data["successor"] == other.number
    assert entry.state is ConfigEntryState.LOADED


async def test_reconfigure_without_a_telegram(
    hass: HomeAssistant,
    meter: Meter,
    entry: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A slow meter's port can be changed without waiting for it; it stays who it is."""
    monkeypatch.setattr(config_flow, "SLOW_INTERVAL", 1.0)
    result = await to_connection(hass, meter, entry)
    result = await answer(hass, result, port=meter.line.url)
    result = await choose(hass, result, "later")
    assert result["reason"] == "reconfigure_successful"
    await hass.async_block_till_done()
    assert entry.unique_id == meter.number
    assert entry.data["identity"] == {"number": meter.number}
    assert "pending" not in entry.data


async def test_reauth_of_a_meter_that_must_be_asked(
    hass: HomeAssistant, line: Line
) -> None:
    """A NES meter's new key is asked for at once: without it the meter says nothing."""
    entry = MockConfigEntry(
        domain=DOMAIN,
        unique_id="nes",
        data={
            "operator": "energie-klagenfurt",
            "meter": "nes-mtr3000",
            "port": line.url,
            "keys": {},
        },
    )
    entry.add_to_hass(hass)
    result = await answer(hass, await entry.start_reauth_flow(hass))
    assert result["step_id"] == "keys"
    result = await answer(hass, result, mbk="x" * 20)
    assert result["type"] is FlowResultType.SHOW_PROGRESS
    hass.config_entries.flow.async_abort(result["flow_id"])
    await hass.async_block_till_done()


async def test_checked_on_the_next_telegram(hass: HomeAssistant, meter: Meter) -> None:
    """Where nothing that came can be tried, the next telegram decides."""
    result = await to_keys(hass, meter)
    flow = hass.config_entries.flow._progress[result["flow_id"]]
    flow._listening._kept.clear()  # type: ignore[attr-defined]
    result = await answer(hass, result, **meter.keys)
    assert result["progress_action"] == "check_frames"
    meter.send()
    result = await progressed(hass, result)
    assert result["step_id"] == "values"


async def test_much_is_heard(
    hass: HomeAssistant, meter: Meter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the newest bytes are kept to try a key on."""
    monkeypatch.setattr(listening, "KEPT_BYTES", 300)
    result = await to_keys(hass, meter)
    for _ in range(4):
        meter.send()
        await asyncio.sleep(0.05)
    flow = hass.config_entries.flow._progress[result["flow_id"]]
    kept = flow._listening._kept  # type: ignore[attr-defined]
    assert sum(len(data) for _, data in kept) <= 300
    result = await progressed(hass, await answer(hass, result, **meter.keys))
    assert result["step_id"] == "values"


async def test_numbers_as_the_language_writes_them(
    hass: HomeAssistant, meter: Meter
) -> None:
    """The values just read have a comma in German and a point in English."""
    profile = catalogue.load().operator("netz-noe").offers[0].profile
    key = KeyRing((parse_key(meter.keys["guek"]),))
    (reading,) = make_session(profile, key).receive(meter.bytes(), time())
    assert isinstance(reading, Reading)
    energy = reading.values[ObisCode.parse("1-0:1.8.0")].value
    assert isinstance(energy, int)
    assert energy % 1_000
    for language, mark in (("en", "."), ("de", ",")):
        hass.config.language = language
        lines = await async_summary(hass, reading)
        assert f"{energy // 1_000}{mark}{energy % 1_000:03}" in lines


async def test_what_was_read_begins_with_now(hass: HomeAssistant) -> None:
    """The list of what was just read has power before peaks, and says nothing of a message that is empty."""
    codes = ("1-0:1.8.0", "1-0:1.6.0", "0-0:96.13.0", "1-0:1.7.0")
    values = (Value(5_000, "Wh"), Value(900, "W"), Value(""), Value(70, "W"))
    reading = Reading(values=dict(zip(map(ObisCode.parse, codes), values, strict=True)))
    lines = (await async_summary(hass, reading)).splitlines()
    assert [line.partition(":")[0] for line in lines] == [
        "- Energy import",
        "- Power import",
        "- Maximum power import",
    ]
