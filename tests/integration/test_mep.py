"""A NES meter in Home Assistant: what is wrong with its wires in words, and how often it is asked; in virtual time."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
import os
from pathlib import Path

from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers.translation import async_get_translations
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smart_meter.const import DOMAIN
from custom_components.smart_meter.customer_interface.keys import KeyKind, parse_key
from custom_components.smart_meter.keystore import async_get_keystore
from customer_interface.simulate.meter import Chunk
from tests.integration.conftest import Line, has_issue, until
from tests.integration.test_config_flow import (
    answer,
    begin,
    choose,
    progressed,
    said_of,
)
from tests.integration.virtual_bus import VirtualBus, plug
from tests.session.mep_wire import BASIC, meter

PORT = "/dev/serial/by-id/usb-RS-232"
# Longer than a session ever waits: time passes by itself.
NEVER = 1_000.0


@dataclass
class Wires:
    """What comes back on the line for each request, at most."""

    back: Callable[[bytes], bytes]

    def receive(self, data: bytes, at: float) -> tuple[Chunk, ...]:
        """Return it."""
        data = self.back(data)
        return (Chunk(data),) if data else ()


CAUSES = {
    "mep_echo": lambda data: data,
    "mep_deaf": lambda data: b"\0\0",
    "mep_garbled": lambda data: bytes(~byte & 0xFF for byte in data),
    "mep_nothing": lambda data: b"",
    "mep_tls": lambda data: b"\x00\x01\x03",
}


async def make_entry(
    hass: HomeAssistant, port: str = PORT, **options: int
) -> MockConfigEntry:
    """Set up a NES meter."""
    keystore = await async_get_keystore(hass)
    key = parse_key(BASIC.hex(), KeyKind.MEP)
    entry = MockConfigEntry(
        domain=DOMAIN,
        title="NES",
        unique_id="83334123",
        data={
            "operator": "energie-klagenfurt",
            "meter": "nes-mtr3000",
            "port": port,
            "keys": keystore.wrap_all({"mbk": key}),
            "identity": {"number": "83334123"},
        },
        options=options,
    )
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    return entry


def plugged(monkeypatch: pytest.MonkeyPatch, cause: str) -> VirtualBus:
    """Plug in a port whose wires are wrong in this way."""
    return plug(monkeypatch, Wires(CAUSES[cause]), PORT, "9600 8N1", NEVER)


@pytest.mark.parametrize("cause", CAUSES)
async def test_the_dialog_says_what_is_wrong(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch, cause: str
) -> None:
    """Each cause has a sentence of its own, and the ways on."""
    plugged(monkeypatch, cause)
    result = await answer(hass, await begin(hass), operator="energie-klagenfurt")
    result = await answer(hass, result, meter="nes-mtr3000")
    result = await answer(hass, result, port=PORT)
    assert result["step_id"] == "keys"
    result = await progressed(hass, await answer(hass, result, mbk=BASIC.hex()), 60)
    assert (result["type"], result["step_id"]) == (FlowResultType.MENU, "trouble_cause")
    words = await async_get_translations(hass, "en", "issues", {DOMAIN})
    sentence = words[f"component.{DOMAIN}.issues.{cause}.description"]
    assert said_of(result)["cause"] == sentence
    result = await choose(hass, result, "connection")
    assert result["step_id"] == "connection"
    hass.config_entries.flow.async_abort(result["flow_id"])


@pytest.mark.parametrize("cause", CAUSES)
async def test_a_repair_says_what_is_wrong(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch, cause: str
) -> None:
    """The entry tells it too, and takes it back when the meter answers."""
    port = plugged(monkeypatch, cause)
    entry = await make_entry(hass)
    await until(hass, lambda: has_issue(hass, cause), 60)
    assert (True, True) in port.pins
    assert cause == "mep_tls" or (False, False) in port.pins
    port.bus = meter()
    await until(hass, lambda: entry.runtime_data.is_heard, 60)
    assert not any(has_issue(hass, other) for other in CAUSES)
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_a_meter_that_stops_is_told_when_it_lasts(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reading through the optical port ends by itself: only what lasts is told, with its causes."""
    port = plug(monkeypatch, meter(), PORT, "9600 8N1", NEVER)
    entry = await make_entry(hass)
    coordinator = entry.runtime_data
    await until(hass, lambda: coordinator.is_heard, 60)
    port.bus = Wires(lambda data: b"")
    await until(hass, lambda: coordinator.silent, 60)
    assert not has_issue(hass, "mep_stopped")
    await coordinator.async_close()
    later = dt_util.utc_from_timestamp(port.at + 3_600)
    monkeypatch.setattr(dt_util, "utcnow", lambda: later)
    await coordinator._async_report_trouble(None)
    monkeypatch.undo()
    assert has_issue(hass, "mep_stopped")
    assert not has_issue(hass, "silent")
    assert await hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.parametrize(
    ("options", "expected"), [({}, 30), ({"poll_interval": 5}, 12)]
)
async def test_how_often_it_is_asked(
    hass: HomeAssistant,
    monkeypatch: pytest.MonkeyPatch,
    options: dict[str, int],
    expected: int,
) -> None:
    """Every two seconds, or as the options say."""
    simulated = meter()
    port = plug(monkeypatch, simulated, PORT, "9600 8N1", NEVER)
    start = port.at
    port.held = lambda _: port.at > start + 60
    entry = await make_entry(hass, **options)
    await until(hass, lambda: port.waiting, 60)
    # The first part of the present values is read in each turn, and only there.
    turns = sum(
        request[:6] == b"\x3f\x00\x1c\x00\x00\x00" for request in simulated.requests
    )
    assert expected - 4 <= turns <= expected + 2
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_the_option_is_for_meters_that_are_asked(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One to sixty seconds, kept and used from then on."""
    plug(monkeypatch, meter(), PORT, "9600 8N1", NEVER)
    entry = await make_entry(hass)
    result = await hass.config_entries.options.async_init(entry.entry_id)
    assert result["data_schema"] is not None
    assert "poll_interval" in result["data_schema"].schema
    result = await hass.config_entries.options.async_configure(
        result["flow_id"],
        {"update_pace": "every", "transformer_factor": 1, "poll_interval": 10},
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    assert entry.options["poll_interval"] == 10
    assert await hass.config_entries.async_unload(entry.entry_id)


def holders(line: Line) -> int:
    """Count the open files of this process on a port."""
    port = os.path.realpath(line.path)
    links = []
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            links.append(str(descriptor.readlink()))
    return links.count(port)


async def test_the_port_is_freed_at_once(hass: HomeAssistant, line: Line) -> None:
    """An entry that is unloaded while it waits for an answer lets its port go."""
    before = holders(line)
    entry = await make_entry(hass, line.url)
    await until(hass, line.read)
    assert holders(line) == before + 1
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert holders(line) == before
