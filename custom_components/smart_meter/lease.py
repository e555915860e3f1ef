"""Lending a port: whoever flashes the adapter gets it for a while, and it comes back by itself.

A lease holds for the entry and not for its coordinator, so that reloading the entry in between does not take the port
away from who has it. A dialog that has the port open says so here, too: it is to let go as the entry does.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN, LOGGER

# By entry, what ends the wait for the end of its lease.
_LEASES: HassKey[dict[str, CALLBACK_TYPE]] = HassKey(f"{DOMAIN}_leases")

type LetGo = Callable[[], Awaitable[None]]

# The ports that dialogs have open, each with what closes it.
_DIALOGS: HassKey[list[tuple[str, LetGo]]] = HassKey(f"{DOMAIN}_dialogs")


def is_lent(hass: HomeAssistant, entry: ConfigEntry) -> bool:
    """Tell whether the port of an entry is lent."""
    return entry.entry_id in hass.data.get(_LEASES, {})


async def async_lend(hass: HomeAssistant, entry: ConfigEntry, seconds: float) -> None:
    """Close the port of an entry for some seconds; a lease that runs is given this time anew."""
    async_forget(hass, entry)

    async def end(_: datetime) -> None:
        await async_take_back(hass, entry)

    hass.data.setdefault(_LEASES, {})[entry.entry_id] = async_call_later(
        hass, seconds, HassJob(end, cancel_on_shutdown=True)
    )
    LOGGER.info("The port of %s is lent for %d s", entry.title, seconds)
    if entry.state is ConfigEntryState.SETUP_IN_PROGRESS:
        # It may be opening the port just now.
        async with entry.setup_lock:
            pass
    if entry.state is ConfigEntryState.LOADED:
        await entry.runtime_data.async_lend()
    elif entry.state is ConfigEntryState.SETUP_RETRY:
        # It would open the port at its next attempt.
        await hass.config_entries.async_unload(entry.entry_id)


async def async_take_back(hass: HomeAssistant, entry: ConfigEntry) -> bool:
    """Open a lent port again; returns whether it was lent."""
    if not async_forget(hass, entry):
        return False
    LOGGER.info("The port of %s is back", entry.title)
    await hass.config_entries.async_reload(entry.entry_id)
    return True


@callback
def async_forget(hass: HomeAssistant, entry: ConfigEntry) -> bool:
    """End a lease without opening the port; returns whether there was one."""
    cancel = hass.data.get(_LEASES, {}).pop(entry.entry_id, None)
    if cancel is not None:
        cancel()
    return cancel is not None


@callback
def async_hold(hass: HomeAssistant, port: str, let_go: LetGo) -> CALLBACK_TYPE:
    """Note that a dialog has a port open, and what closes it; returns what strikes the note out."""
    held = hass.data.setdefault(_DIALOGS, [])
    note = (port, let_go)
    held.append(note)

    @callback
    def strike() -> None:
        if note in held:
            held.remove(note)

    return strike


@callback
def async_held(hass: HomeAssistant) -> tuple[tuple[str, LetGo], ...]:
    """Return the ports that dialogs have open, each with what closes it."""
    held = hass.data.get(_DIALOGS, [])
    return tuple(held)
