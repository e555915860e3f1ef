"""Actions: record what passes on the port, lend the port to somebody else for a while, exchange a key."""

from collections.abc import Sequence
import os
from typing import Any, Final

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_PORT
from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.service import async_register_admin_service
import probatio

from . import key_exchange, lease
from .const import ATTR_CONFIG_ENTRY_ID, DOMAIN
from .coordinator import SmartMeterConfigEntry

ATTR_SECONDS: Final = "seconds"

RECORD: Final = "record"
RELEASE_PORT: Final = "release_port"
RETURN_PORT: Final = "return_port"

_RECORD_SCHEMA = probatio.Schema(
    {
        probatio.Required(ATTR_CONFIG_ENTRY_ID): cv.string,
        probatio.Optional(ATTR_SECONDS, default=60): probatio.All(
            probatio.Coerce(int), probatio.Range(min=1, max=3600)
        ),
    }
)
_RELEASE_SCHEMA = probatio.Schema(
    {
        probatio.Required(CONF_PORT): cv.string,
        probatio.Optional(ATTR_SECONDS, default=300): probatio.All(
            probatio.Coerce(int), probatio.Range(min=1, max=3600)
        ),
    }
)
_RETURN_SCHEMA = probatio.Schema({probatio.Required(CONF_PORT): cv.string})


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register the actions, which are for administrators: they take the port from everybody, or write telegrams down."""
    key_exchange.async_setup_services(hass)
    for name, act, schema in (
        (RECORD, _async_record, _RECORD_SCHEMA),
        (RELEASE_PORT, _async_release_port, _RELEASE_SCHEMA),
        (RETURN_PORT, _async_return_port, _RETURN_SCHEMA),
    ):
        async_register_admin_service(
            hass, DOMAIN, name, act, schema, SupportsResponse.OPTIONAL
        )


async def _async_record(call: ServiceCall) -> ServiceResponse:
    """Record what passes on an entry's port into a file."""
    entry = call.hass.config_entries.async_get_entry(call.data[ATTR_CONFIG_ENTRY_ID])
    if entry is None or entry.domain != DOMAIN:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="entry_not_found"
        )
    if entry.state is not ConfigEntryState.LOADED:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="entry_not_loaded",
            translation_placeholders={"name": entry.title},
        )
    path = entry.runtime_data.recording.start(entry.title, call.data[ATTR_SECONDS])
    return {"path": str(path)}


async def _async_release_port(call: ServiceCall) -> ServiceResponse:
    """Close a port for some seconds, so that another program can use it; a dialog that has it open lets go as well."""
    hass, port = call.hass, call.data[CONF_PORT]
    entries = await _async_on_port(hass, port)
    for entry in entries:
        await lease.async_lend(hass, entry, call.data[ATTR_SECONDS])
    for let_go in await _async_at(hass, port, lease.async_held(hass)):
        await let_go()
    return {"freed": [_named(entry) for entry in entries]}


async def _async_return_port(call: ServiceCall) -> ServiceResponse:
    """Take a lent port back before its time."""
    entries = await _async_on_port(call.hass, call.data[CONF_PORT])
    returned = [
        entry for entry in entries if await lease.async_take_back(call.hass, entry)
    ]
    return {"returned": [_named(entry) for entry in returned]}


def _named(entry: SmartMeterConfigEntry) -> dict[str, Any]:
    return {"config_entry_id": entry.entry_id, "title": entry.title}


async def _async_on_port(hass: HomeAssistant, port: str) -> list[SmartMeterConfigEntry]:
    """Return the entries that use a port."""
    entries = hass.config_entries.async_entries(DOMAIN, include_ignore=False)
    return await _async_at(
        hass, port, [(entry.data.get(CONF_PORT, ""), entry) for entry in entries]
    )


async def _async_at[Kind](
    hass: HomeAssistant, port: str, placed: Sequence[tuple[str, Kind]]
) -> list[Kind]:
    """Return what is placed at a port, under whichever of its names."""
    ports = [port, *(at for at, _ in placed)]
    wanted, *real = await hass.async_add_executor_job(_real_paths, ports)
    return [
        found for (_, found), path in zip(placed, real, strict=True) if path == wanted
    ]


def _real_paths(ports: list[str]) -> list[str]:
    return [os.path.realpath(port) if port.startswith("/") else port for port in ports]
