"""What is set by hand beside port and key: the encryption that is expected."""

from typing import Any

from homeassistant.config_entries import SOURCE_REAUTH
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smart_meter.const import DOMAIN
from tests.integration.conftest import Meter, make_entry, state_of, until
from tests.integration.test_config_flow import (
    answer,
    heard,
    progress,
    progressed,
    to_connection,
)


async def test_encryption(
    hass: HomeAssistant, meter: Meter, entry: MockConfigEntry
) -> None:
    """More than the meter does is refused in words; what it does is kept, and holds from then on."""
    result = await to_connection(hass, meter, entry)
    # This grid operator encrypts, but sends no tag.
    result = await heard(hass, meter, result, encryption="authenticated")
    assert (result["step_id"], result["errors"]) == (
        "connection",
        {"encryption": "encryption_weaker"},
    )
    result = await heard(hass, meter, result, encryption="encrypted")
    assert result["step_id"] == "values"
    assert (await answer(hass, result))["reason"] == "reconfigure_successful"
    await hass.async_block_till_done()
    assert entry.data["encryption"] == "encrypted"
    meter.send()
    await until(hass, lambda: state_of(hass, f"{meter.number}_1-0:1.8.0"))
    result = await to_connection(hass, meter, entry)
    result = await heard(hass, meter, result, encryption="auto")
    assert (await answer(hass, result))["reason"] == "reconfigure_successful"
    await hass.async_block_till_done()
    assert "encryption" not in entry.data


async def test_no_encryption(
    hass: HomeAssistant, meter: Meter, entry: MockConfigEntry
) -> None:
    """Where none is expected no key is used: telegrams that are encrypted after all are told."""
    result = await to_connection(hass, meter, entry)
    result = await heard(hass, meter, result, encryption="none")
    assert (result["step_id"], result["errors"]) == (
        "connection",
        {"encryption": "encryption_not_none"},
    )
    result = await heard(hass, meter, result, encryption="auto")
    assert result["step_id"] == "keys"
    hass.config_entries.flow.async_abort(result["flow_id"])
    await hass.async_block_till_done()


async def test_encrypted_after_all(hass: HomeAssistant, meter: Meter) -> None:
    """A meter that begins to encrypt asks for its key, and keeps it."""
    entry = await make_entry(hass, meter, encryption="none", keys={})
    assert await hass.config_entries.async_setup(entry.entry_id)
    for _ in range(3):
        meter.send()
    (flow,) = await until(
        hass, lambda: hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    )
    assert flow["context"]["source"] == SOURCE_REAUTH
    result: Any = await hass.config_entries.flow.async_configure(flow["flow_id"], {})
    await progress(hass, result, "listen_no_bytes")
    meter.send()
    result = await progressed(hass, result)
    result = await progressed(hass, await answer(hass, result, **meter.keys))
    assert result["reason"] == "reauth_successful"
    await hass.async_block_till_done()
    assert entry.data["encryption"] == "auto"
    meter.send()
    await until(hass, lambda: state_of(hass, f"{meter.number}_1-0:1.8.0"))
    assert await hass.config_entries.async_unload(entry.entry_id)
