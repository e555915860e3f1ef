"""Smart Meter: reads the customer interface of smart meters, locally."""

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.device_registry import DeviceEntry
from homeassistant.helpers.typing import ConfigType

from . import issues, lease, output
from .const import DOMAIN, PLATFORMS
from .coordinator import (
    MeterCoordinator,
    SmartMeterConfigEntry,
    async_get_store,
    async_look_up,
)
from .customer_interface.catalogue import SessionKind
from .keystore import async_forget_keystore
from .radio import RadioCoordinator
from .services import async_setup_services
from .wired import BusCoordinator

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)

_COORDINATORS: dict[SessionKind, type[MeterCoordinator]] = {
    SessionKind.RADIO: RadioCoordinator,
    SessionKind.MASTER: BusCoordinator,
}


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Set up the actions and the ways out."""
    async_setup_services(hass)
    await output.async_setup(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: SmartMeterConfigEntry) -> bool:
    """Set up a meter from its config entry."""
    setup = await async_look_up(hass, entry)
    kind = _COORDINATORS.get(setup.profile.session, MeterCoordinator)
    coordinator = kind(hass, entry, setup)
    await coordinator.async_start()
    entry.runtime_data = coordinator
    coordinator.async_register_device()
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    await output.async_setup_entry(hass, entry)
    return True


async def async_unload_entry(hass: HomeAssistant, entry: SmartMeterConfigEntry) -> bool:
    """Unload a meter; its coordinator gives the port back."""
    return await hass.config_entries.async_unload_platforms(entry, PLATFORMS)


async def async_remove_entry(hass: HomeAssistant, entry: SmartMeterConfigEntry) -> None:
    """Remove what was stored of a meter, and with the last one the key of this installation."""
    issues.async_clear_all(hass, entry)
    lease.async_forget(hass, entry)
    output.async_remove_entry(hass)
    await async_get_store(hass, entry.entry_id).async_remove()
    if not hass.config_entries.async_entries(DOMAIN, include_ignore=False):
        await async_forget_keystore(hass)


async def async_remove_config_entry_device(
    hass: HomeAssistant, entry: SmartMeterConfigEntry, device: DeviceEntry
) -> bool:
    """Let the user remove a meter that is no longer heard: an exchanged one, or one behind it."""
    if entry.state is not ConfigEntryState.LOADED:
        return False
    heard = {meter.key for meter in entry.runtime_data.data.values()}
    return not any(
        domain == DOMAIN and key in heard for domain, key in device.identifiers
    )
