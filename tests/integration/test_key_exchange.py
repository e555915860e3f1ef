"""Exchange of a key as a user or an operator does it, with telegrams on a port and the store on disk."""

from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from copy import replace
import json
from pathlib import Path
import re
from typing import Any

from cryptography.hazmat.primitives.keywrap import aes_key_wrap
from homeassistant.config_entries import SOURCE_RECONFIGURE, ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import ServiceValidationError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smart_meter.const import DOMAIN
from custom_components.smart_meter.customer_interface.reading import FaultKind
from custom_components.smart_meter.diagnostics import async_get_config_entry_diagnostics
from custom_components.smart_meter.keystore import STORAGE_KEY, async_get_keystore
from custom_components.smart_meter.wireless import SUBENTRY_METER
from tests.conftest import ROOT
from tests.integration.conftest import Line, Meter, make_entry, until
from tests.integration.test_config_flow import answer, progress, progressed
from tests.integration.test_radio import GAS, KEY, WATER, make, stick

NEW = bytes(range(16))
NEW_AUTHENTICATION = bytes(range(32, 48))
PUBLISHED = ROOT / "docs" / "key-exchange.md"


@pytest.fixture(scope="module")
def operator() -> dict[str, Callable[..., str]]:
    """Return what the documentation gives grid operators to wrap and seal keys with."""
    (code,) = re.findall(r"```python\n(.*?)```", PUBLISHED.read_text(), re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)  # noqa: S102 - our own documentation
    return names


@pytest.fixture
def port(tmp_path: Path) -> Path:
    """Return where a radio stick will be."""
    return tmp_path / "ttySTICK"


async def exchange(hass: HomeAssistant, entry: Any, **fields: str) -> None:
    """Call the action."""
    data = {"config_entry_id": entry.entry_id, **fields}
    await hass.services.async_call(DOMAIN, "exchange_key", data, blocking=True)


async def public_key(hass: HomeAssistant) -> str:
    """Ask for the public key of this installation."""
    answer = await hass.services.async_call(
        DOMAIN, "public_key", blocking=True, return_response=True
    )
    assert answer is not None
    assert answer["info"] == "smart_meter.exchange_key {key}"
    return str(answer["public_key"])


def send(meter: Meter, counter: int | None = None) -> bytes:
    """Send the next telegram, under a frame counter of its own where one is given."""
    if counter is None:
        telegram = meter.bytes()
    else:
        simulated = meter._meter
        meter._at += simulated.interval
        composed = simulated.compose(simulated.house.at(meter._at), counter)
        telegram = b"".join(composed.frames)
    meter.line.write(telegram)
    return telegram


def rekey(meter: Meter, **changes: bytes) -> None:
    """Give the meter new keys."""
    meter._meter.ciphering = replace(meter._meter.ciphering, **changes)


def old_of(meter: Meter, name: str = "guek") -> bytes:
    """Return the key the customer has."""
    return bytes.fromhex(meter.keys[name])


async def heard(
    hass: HomeAssistant, entry: ConfigEntry, meter: Meter, counter: int | None = None
) -> None:
    """Send a telegram and wait until it was read."""
    count = entry.runtime_data.statistics.readings
    send(meter, counter)
    await until(hass, lambda: entry.runtime_data.statistics.readings > count, 30)


async def refused(
    hass: HomeAssistant,
    entry: ConfigEntry,
    telegram: bytes,
    line: Line,
    kind: FaultKind,
) -> None:
    """Send a recorded telegram and wait until it was refused for this reason."""
    line.write(telegram)
    faults = entry.runtime_data.statistics.faults
    count = faults.get(kind, 0)
    await until(
        hass,
        lambda: entry.runtime_data.statistics.faults.get(kind, 0) > count,
        30,
    )


async def key_of(hass: HomeAssistant, data: Mapping[str, Any], name: str) -> bytes:
    """Return a key as it is stored."""
    keystore = await async_get_keystore(hass)
    return keystore.unwrap(data["keys"][name])


async def test_from_the_old_key(
    hass: HomeAssistant,
    meter: Meter,
    entry: MockConfigEntry,
    operator: dict[str, Callable[..., str]],
) -> None:
    """Both keys are tried until a telegram proves the new one; then the old one is gone, and its telegrams with it."""
    await heard(hass, entry, meter)
    stored = entry.data["keys"]
    await exchange(hass, entry, wrapped_key=operator["wrap"](old_of(meter), NEW))
    await heard(hass, entry, meter)
    assert entry.data["keys"] == stored
    recorded = meter.bytes()
    rekey(meter, key=NEW)
    await heard(hass, entry, meter, counter=1)
    assert await key_of(hass, entry.data, "guek") == NEW
    assert entry.data["new_keys"] == {}
    assert stored["guek"] not in json.dumps(dict(entry.data))
    await refused(hass, entry, recorded, meter.line, FaultKind.KEY)
    await heard(hass, entry, meter, counter=2)


async def test_replay_while_both_are_tried(
    hass: HomeAssistant,
    meter: Meter,
    entry: MockConfigEntry,
    operator: dict[str, Callable[..., str]],
) -> None:
    """A telegram recorded under the old key stays old, though the counter of the new one begins anew."""
    recorded = meter.bytes()
    await heard(hass, entry, meter)
    await exchange(hass, entry, wrapped_key=operator["wrap"](old_of(meter), NEW))
    await refused(hass, entry, recorded, meter.line, FaultKind.REPLAY)
    assert entry.data["new_keys"]


async def test_restart_before_the_proof(
    hass: HomeAssistant,
    meter: Meter,
    entry: MockConfigEntry,
    operator: dict[str, Callable[..., str]],
    hass_storage: dict[str, Any],
) -> None:
    """Sealed to the public key of this installation; what waits outlives a restart, and no key is in plain text on disk."""
    sealed = operator["seal"](await public_key(hass), "guek", NEW)
    await exchange(hass, entry, sealed_key=sealed)
    assert await hass.config_entries.async_unload(entry.entry_id)
    hass.data.pop(STORAGE_KEY)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await heard(hass, entry, meter)
    rekey(meter, key=NEW)
    await heard(hass, entry, meter, counter=1)
    assert await key_of(hass, entry.data, "guek") == NEW
    again = operator["seal"](await public_key(hass), "guek", old_of(meter))
    await exchange(hass, entry, sealed_key=again)
    assert entry.data["new_keys"].keys() == {"guek"}
    disk = json.dumps([hass_storage[STORAGE_KEY], dict(entry.data)])
    for secret in (NEW, old_of(meter)):
        assert secret.hex() not in disk.lower()
        assert b64encode(secret).decode() not in disk
    private = hass_storage[STORAGE_KEY]["data"]["private_key"]
    assert len(b64decode(private)) == 40  # 32 bytes and the 8 of the wrapping
    diagnostics = await async_get_config_entry_diagnostics(hass, entry)
    assert entry.data["new_keys"]["guek"] not in json.dumps(diagnostics, default=str)


async def test_exchange_while_the_meter_is_not_running(
    hass: HomeAssistant,
    meter: Meter,
    entry: MockConfigEntry,
    operator: dict[str, Callable[..., str]],
) -> None:
    """A key can come at any time; it is tried from the next start on."""
    assert await hass.config_entries.async_unload(entry.entry_id)
    await exchange(hass, entry, wrapped_key=operator["wrap"](old_of(meter), NEW))
    rekey(meter, key=NEW)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await heard(hass, entry, meter, counter=1)
    assert await key_of(hass, entry.data, "guek") == NEW


async def test_authentication_key(
    hass: HomeAssistant, line: Line, operator: dict[str, Callable[..., str]]
) -> None:
    """The key a tag is made with is exchanged by itself; the other one stays."""
    meter = Meter(line, "stadtwerke", "lg-e450")
    entry = await make_entry(hass, meter)
    assert await hass.config_entries.async_setup(entry.entry_id)
    wrapped = operator["wrap"](old_of(meter, "gak"), NEW_AUTHENTICATION)
    await exchange(hass, entry, key="GAK", wrapped_key=wrapped)
    await heard(hass, entry, meter)
    assert await key_of(hass, entry.data, "gak") == old_of(meter, "gak")
    rekey(meter, authentication=NEW_AUTHENTICATION)
    await heard(hass, entry, meter)
    assert await key_of(hass, entry.data, "gak") == NEW_AUTHENTICATION
    assert await key_of(hass, entry.data, "guek") == old_of(meter, "guek")
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_wireless_meter(
    hass: HomeAssistant, port: Path, operator: dict[str, Callable[..., str]]
) -> None:
    """A meter that a stick hears is named by its number; its subentry keeps the new key once it is proven."""
    async with stick(port, GAS, WATER):
        entry = await make(hass, port, GAS, WATER)
        await until(hass, lambda: entry.runtime_data.statistics.readings, 30)
        for number in ("", "12345678"):
            with pytest.raises(
                ServiceValidationError, match="70000001, 70000002|70000002, 70000001"
            ):
                await exchange(
                    hass,
                    entry,
                    wrapped_key="00",
                    **({"meter": number} if number else {}),
                )
        wrapped = operator["wrap"](KEY, NEW)
        await exchange(hass, entry, meter=GAS.number, wrapped_key=wrapped)
    (subentry,) = (s for s in entry.subentries.values() if s.unique_id == GAS.number)
    assert await key_of(hass, subentry.data, "key") == KEY
    async with stick(port, replace(GAS, key=NEW)):
        await until(
            hass,
            lambda: not entry.subentries[subentry.subentry_id].data["new_keys"],
            60,
        )
        data = entry.subentries[subentry.subentry_id].data
        assert await key_of(hass, data, "key") == NEW
        assert await hass.config_entries.async_unload(entry.entry_id)


async def test_pasted_key_ends_the_exchange_of_one_of_several(
    hass: HomeAssistant, port: Path, operator: dict[str, Callable[..., str]]
) -> None:
    """Whoever types the key of a meter on a stick, or takes it away, is rid of the one that was waiting."""
    async with stick(port, GAS):
        entry = await make(hass, port, GAS)
        await until(hass, lambda: entry.runtime_data.statistics.readings, 30)
        (subentry,) = entry.subentries.values()
        for typed in ({"key": KEY.hex()}, {}):
            wrapped = operator["wrap"](KEY, NEW)
            await exchange(hass, entry, meter=GAS.number, wrapped_key=wrapped)
            assert entry.subentries[subentry.subentry_id].data["new_keys"]
            begun = await hass.config_entries.subentries.async_init(
                (entry.entry_id, SUBENTRY_METER),
                context={
                    "source": SOURCE_RECONFIGURE,
                    "subentry_id": subentry.subentry_id,
                },
            )
            done = await hass.config_entries.subentries.async_configure(
                begun["flow_id"], typed
            )
            assert done["reason"] == "reconfigure_successful"
            data = entry.subentries[subentry.subentry_id].data
            assert data["new_keys"] == {}
            assert data["keys"].keys() == typed.keys()
        assert await hass.config_entries.async_unload(entry.entry_id)


WRONG = {
    "wrapped under another key": (
        "key_not_wrapped",
        {"wrapped_key": aes_key_wrap(b"w" * 16, NEW).hex()},
    ),
    "cut short": ("key_not_wrapped", {"wrapped_key": "00" * 8}),
    "neither hex nor Base64": ("key_encoding", {"wrapped_key": "no key at all!"}),
    "nothing": ("key_missing", {}),
    "no such key": ("key_unknown", {"key": "gak", "wrapped_key": "00"}),
    "sealed elsewhere": (
        "key_not_sealed",
        {"sealed_key": b64encode(bytes(64)).decode()},
    ),
}


@pytest.mark.parametrize("what", WRONG)
async def test_refused(
    hass: HomeAssistant, meter: Meter, entry: MockConfigEntry, what: str
) -> None:
    """What does not fit is refused in a sentence, and changes nothing."""
    reason, fields = WRONG[what]
    await public_key(hass)
    before = dict(entry.data)
    with pytest.raises(ServiceValidationError) as refusal:
        await exchange(hass, entry, **fields)
    assert refusal.value.translation_key == reason
    assert entry.data == before


async def test_refused_after_it_was_opened(
    hass: HomeAssistant,
    meter: Meter,
    entry: MockConfigEntry,
    operator: dict[str, Callable[..., str]],
) -> None:
    """A key sealed for another purpose, of another size, or the one in use is refused."""
    public = await public_key(hass)
    sealed = {
        "key_not_sealed": operator["seal"](public, "gak", NEW),
        "key_length": operator["seal"](public, "guek", NEW * 2),
        "key_same": operator["seal"](public, "guek", old_of(meter)),
    }
    for reason, text in sealed.items():
        with pytest.raises(ServiceValidationError) as refusal:
            await exchange(hass, entry, sealed_key=text)
        assert refusal.value.translation_key == reason
    assert "new_keys" not in entry.data


async def test_sealed_before_a_public_key_was_handed_out(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """Where nobody asked for the public key, nothing can have been sealed to it."""
    with pytest.raises(ServiceValidationError) as refusal:
        await exchange(hass, entry, sealed_key=b64encode(bytes(64)).decode())
    assert refusal.value.translation_key == "key_not_sealed"


async def test_key_of_another_installation(hass: HomeAssistant, meter: Meter) -> None:
    """What is stored unreadably cannot be exchanged, and who is no meter has no key."""
    entry = await make_entry(hass, meter, keys={"guek": b64encode(bytes(24)).decode()})
    await hass.config_entries.async_setup(entry.entry_id)
    for given, reason in (
        (entry, "key_unreadable"),
        (MockConfigEntry(), "entry_not_found"),
    ):
        with pytest.raises(ServiceValidationError) as refusal:
            await exchange(hass, given, wrapped_key="00" * 24)
        assert refusal.value.translation_key == reason


async def test_pasted_key_ends_the_exchange(
    hass: HomeAssistant,
    meter: Meter,
    entry: MockConfigEntry,
    operator: dict[str, Callable[..., str]],
) -> None:
    """Who pastes the right key after a wrong exchange is rid of what was waiting."""
    await exchange(hass, entry, wrapped_key=operator["wrap"](old_of(meter), b"w" * 16))
    rekey(meter, key=NEW)
    result = await entry.start_reauth_flow(hass)
    result = await answer(hass, result)
    await progress(hass, result, "listen_no_bytes")
    send(meter)
    result = await progressed(hass, result, 30)
    result = await progressed(hass, await answer(hass, result, guek=NEW.hex()), 30)
    if result["type"] is FlowResultType.FORM:
        result = await answer(hass, result)
    assert result["reason"] == "reauth_successful"
    assert entry.data["new_keys"] == {}
    assert await key_of(hass, entry.data, "guek") == NEW
    await hass.async_block_till_done()


async def test_another_port_does_not_end_the_exchange(
    hass: HomeAssistant,
    meter: Meter,
    entry: MockConfigEntry,
    operator: dict[str, Callable[..., str]],
) -> None:
    """Who reconfigures with the same keys still waits for the new one."""
    await exchange(hass, entry, wrapped_key=operator["wrap"](old_of(meter), NEW))
    waiting = entry.data["new_keys"]
    result = await entry.start_reconfigure_flow(hass)
    result = await answer(hass, result, operator=meter.row["operator"])
    result = await answer(hass, result, meter=meter.row["meter"])
    result = await answer(hass, result, port=meter.line.url)
    await progress(hass, result, "listen_no_bytes")
    send(meter)
    result = await progressed(hass, result, 30)
    result = await answer(hass, result)
    assert result["reason"] == "reconfigure_successful"
    assert entry.data["new_keys"] == waiting
    await hass.async_block_till_done()
