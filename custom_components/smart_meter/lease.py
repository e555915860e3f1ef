"""Lending a port: whoever flashes the adapter gets it for a while, and it comes back by itself.

A lease holds for the entry and not for its coordinator, so that reloading the entry in between does not take the port
away from who has it.
"""

from dataclasses import dataclass
from datetime import datetime

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant
from homeassistant.helpers.event import async_call_later
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN, LOGGER

_LEASES: HassKey[dict[str, _Lease]] = HassKey(f"{DOMAIN}_leases")


@dataclass(slots=True)
class _Lease:
    """A port that is lent until it is taken back."""

    cancel: CALLBACK_TYPE


def is_lent(hass: HomeAssistant, entry: ConfigEntry) -> bool:
    """Tell whether the port of an entry is lent."""
    return entry.entry_id in hass.data.get(_LEASES, {})


async def async_lend(hass: HomeAssistant, entry: ConfigEntry, seconds: float) -> None:
    """Close the port of an entry for some seconds; a lease that runs is given this time anew."""
    leases = hass.data.setdefault(_LEASES, {})
    if (running := leases.pop(entry.entry_id, None)) is not None:
        running.cancel()

    async def end(_: datetime) -> None:
        await async_take_back(hass, entry)

    leases[entry.entry_id] = _Lease(
        async_call_later(hass, seconds, HassJob(end, cancel_on_shutdown=True))
    )
    LOGGER.info("The port of %s is lent for %d s", entry.title, seconds)
    if entry.state is ConfigEntryState.LOADED:
        await entry.runtime_data.async_lend()
    elif entry.state is ConfigEntryState.SETUP_RETRY:
        # It would open the port at its next attempt.
        await hass.config_entries.async_unload(entry.entry_id)


async def async_take_back(hass: HomeAssistant, entry: ConfigEntry) -> bool:
    """Open a lent port again; returns whether it was lent."""
    lease = hass.data.get(_LEASES, {}).pop(entry.entry_id, None)
    if lease is None:
        return False
    lease.cancel()
    LOGGER.info("The port of %s is back", entry.title)
    await hass.config_entries.async_reload(entry.entry_id)
    return True
