"""Privacy: the key is found in no spelling in stores, log and diagnostics, and diagnostics tell no consumption."""

from base64 import b64encode
import json
from typing import Any

from homeassistant.config_entries import SOURCE_IGNORE
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    get_system_health_info,
)

from custom_components.smart_meter import keystore
from custom_components.smart_meter.const import DOMAIN
from custom_components.smart_meter.customer_interface.catalogue import KeySpec
from custom_components.smart_meter.customer_interface.keys import Key, KeyKind
from custom_components.smart_meter.diagnostics import async_get_config_entry_diagnostics
from tests.integration.conftest import (
    Line,
    Meter,
    has_issue,
    make_entry,
    state_of,
    until,
)
from tests.integration.test_config_flow import NAMELESS
from tests.integration.test_meters import (
    p1,
    p1_entry as p1_entry,  # noqa: PLC0414 - a fixture
)
from tests.spellings import spellings


async def test_found_nowhere(
    hass: HomeAssistant,
    meter: Meter,
    entry: MockConfigEntry,
    hass_storage: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Entry, stores, log and diagnostics hold the key in no spelling."""
    caplog.set_level("DEBUG")
    for _ in range(3):
        meter.send()
    await until(hass, lambda: state_of(hass, f"{meter.number}_1-0:1.8.0"))
    diagnostics = await async_get_config_entry_diagnostics(hass, entry)
    assert await hass.config_entries.async_unload(entry.entry_id)
    everything = "\n".join(
        (
            json.dumps(dict(entry.data)),
            json.dumps(hass_storage, default=str),
            json.dumps(diagnostics, default=str),
            caplog.text,
        )
    ).encode()
    assert len(meter.keys["guek"]) == 32
    for text in spellings(meter.keys["guek"]):
        assert text not in everything
    # The search itself would find it.
    assert any(
        text in f"key {meter.keys['guek']}".encode()
        for text in spellings(meter.keys["guek"])
    )


async def test_diagnostics_tell_no_consumption(
    hass: HomeAssistant, meter: Meter, entry: MockConfigEntry
) -> None:
    """Diagnostics hold the shape of what arrived, but no meter number and no value."""
    said = meter.send()
    await until(hass, lambda: state_of(hass, f"{meter.number}_1-0:1.8.0"))
    diagnostics = await async_get_config_entry_diagnostics(hass, entry)
    text = json.dumps(diagnostics, default=str)
    assert meter.number not in text
    assert meter.number.encode().hex() not in text.lower()
    for code in ("1-0:1.8.0", "1-0:2.8.0"):
        assert str(said[code]) not in text
    assert diagnostics["entry"]["keys"] == {"guek": "**REDACTED**"}
    values = {row["key"]: row for row in diagnostics["meters"][0]["values"]}
    assert values["1-0:32.7.0"]["type"] == "number with 1 decimals"
    assert values["1-0:1.8.0"]["unit"] == "Wh"
    frames = [item for row in diagnostics["frames"] for item in row["items"]]
    assert [frame["link"] for frame in frames] == ["mbus", "mbus"]


async def test_diagnostics_tell_the_kind_of_each_value(
    hass: HomeAssistant, line: Line, p1_entry: MockConfigEntry
) -> None:
    """Of a log its length, of a moment that it is one, of what is missing that; noise between telegrams is a fault."""
    line.write(
        b"\xf0noise\r\n"
        + p1(
            "1-0:99.97.0(2)(0-0:96.7.19)(260101020304W)(0000000240*s)"
            "(260202030405W)(0000000301*s)",
            "0-0:200.1.0(261121090043W)",
            "0-0:96.14.0()",
            "0-0:96.13.0(48616C6C6F)",
        )
    )
    await until(hass, lambda: p1_entry.runtime_data.statistics.readings)
    diagnostics = await async_get_config_entry_diagnostics(hass, p1_entry)
    values = {row["key"]: row["type"] for row in diagnostics["meters"][0]["values"]}
    assert values["1-0:99.97.0"] == "log of 2"
    assert values["0-0:200.1.0"] == "datetime"
    assert values["0-0:96.14.0"] == "NoneType"
    assert values["0-0:96.13.0"] == "text of 5"
    items = [item for row in diagnostics["frames"] for item in row["items"]]
    assert [item["fault"] for item in items if "fault" in item] == ["noise"]
    assert [item["link"] for item in items if "link" in item] == ["p1"]
    assert "Hallo" not in json.dumps(diagnostics)
    assert "48616C6C6F" not in json.dumps(diagnostics)


async def test_report_of_an_unknown_layout(
    hass: HomeAssistant, meter: Meter, entry: MockConfigEntry
) -> None:
    """For a telegram nobody can name diagnostics tell the types of its parts in order, and no number."""
    meter.line.write(NAMELESS)
    await until(hass, lambda: has_issue(hass, "layout"))
    diagnostics = await async_get_config_entry_diagnostics(hass, entry)
    layout = diagnostics["link"]["last_faults"]["layout"]
    assert layout.startswith("no known layout fits")
    for number in (123_456_789, 987_654_321):
        assert str(number) not in json.dumps(diagnostics)
        assert f"{number:X}" not in json.dumps(diagnostics)


async def test_diagnostics_without_a_running_entry(
    hass: HomeAssistant, meter: Meter
) -> None:
    """An entry that does not run still tells how it is set up."""
    entry = await make_entry(hass, meter)
    diagnostics = await async_get_config_entry_diagnostics(hass, entry)
    assert set(diagnostics) == {"entry"}


async def test_wrap_and_unwrap(hass: HomeAssistant) -> None:
    """A wrapped key opens with the key of this installation alone, of any length a key has."""
    store = await keystore.async_get_keystore(hass)
    assert store is await keystore.async_get_keystore(hass)
    for length in (16, 20, 32):
        secret = bytes(range(length))
        assert store.unwrap(store.wrap(secret)) == secret
    wrapped = store.wrap(bytes(16))
    other = keystore.KeyStore(bytes(32))
    for damaged in (wrapped[:-4] + "AAAA", "", "not base 64!", "AAAA"):
        with pytest.raises(keystore.KeyStoreError):
            store.unwrap(damaged)
    with pytest.raises(keystore.KeyStoreError):
        other.unwrap(wrapped)


def test_ring() -> None:
    """Keys are sorted by what the profile says they are for."""
    specs = (
        KeySpec("guek", KeyKind.ENCRYPTION, "GUEK"),
        KeySpec("gak", KeyKind.AUTHENTICATION, "GAK"),
    )
    keys = {"gak": Key(b"a" * 16), "guek": Key(b"e" * 16), "more": Key(b"m" * 16)}
    ring = keystore.key_ring(keys, specs)
    assert [key.secret[:1] for key in ring.keys] == [b"e", b"m"]
    assert [key.secret[:1] for key in ring.authentication] == [b"a"]


async def test_another_installation(hass: HomeAssistant, meter: Meter) -> None:
    """A key that was wrapped elsewhere is asked for again."""
    entry = await make_entry(hass, meter, keys={"guek": b64encode(bytes(24)).decode()})
    assert not await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    flows = hass.config_entries.flow.async_progress()
    assert [flow["context"]["source"] for flow in flows] == ["reauth"]


async def test_forgotten_with_the_last_meter(
    hass: HomeAssistant, entry: MockConfigEntry, hass_storage: dict[str, Any]
) -> None:
    """With the last meter the key of this installation and all that was stored goes; what was ignored is no meter."""
    MockConfigEntry(domain=DOMAIN, source=SOURCE_IGNORE).add_to_hass(hass)
    await hass.config_entries.async_unload(entry.entry_id)
    await hass.config_entries.async_setup(entry.entry_id)
    assert any(name.startswith("smart_meter.") for name in hass_storage)
    await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done()
    assert not any(name.startswith("smart_meter.") for name in hass_storage)


async def test_system_health(hass: HomeAssistant, meter: Meter) -> None:
    """System health counts meters, those that are heard, and telegrams."""
    assert await async_setup_component(hass, "system_health", {})
    MockConfigEntry(domain=DOMAIN, source=SOURCE_IGNORE).add_to_hass(hass)
    entry = await make_entry(hass, meter)
    assert await hass.config_entries.async_setup(entry.entry_id)
    meter.send()
    await until(hass, lambda: state_of(hass, f"{meter.number}_1-0:1.8.0"))
    info = await get_system_health_info(hass, DOMAIN)
    assert info == {"meters": 1, "heard": 1, "telegrams": 1, "faults": 0}
    assert await hass.config_entries.async_unload(entry.entry_id)
    info = await get_system_health_info(hass, DOMAIN)
    assert info == {"meters": 1, "heard": 0, "telegrams": 0, "faults": 0}
