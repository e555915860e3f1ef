"""System health: how many meters there are, and how many are heard."""

from typing import Any

from homeassistant.components.system_health import SystemHealthRegistration
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, callback

from .const import DOMAIN


@callback
def async_register(hass: HomeAssistant, register: SystemHealthRegistration) -> None:
    """Register what is told."""
    register.async_register_info(_async_info)


async def _async_info(hass: HomeAssistant) -> dict[str, Any]:
    entries = hass.config_entries.async_entries(DOMAIN, include_ignore=False)
    coordinators = [
        entry.runtime_data
        for entry in entries
        if entry.state is ConfigEntryState.LOADED
    ]
    running = [c for c in coordinators if c.connected]
    return {
        "meters": len(entries),
        "heard": sum(coordinator.is_heard for coordinator in coordinators),
        "telegrams": sum(c.statistics.readings for c in running),
        "faults": sum(sum(c.statistics.faults.values()) for c in running),
    }
