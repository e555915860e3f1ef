"""Discovery: the dongle in the network, the dongle the app has flashed, and USB devices whose descriptor names them."""

from typing import Any, override

from homeassistant.components import usb
from homeassistant.config_entries import ConfigFlowResult
from homeassistant.const import CONF_PORT
from homeassistant.core import callback
from homeassistant.helpers.service_info.hassio import HassioServiceInfo
from homeassistant.helpers.service_info.usb import UsbServiceInfo
from homeassistant.helpers.service_info.zeroconf import ZeroconfServiceInfo
import probatio

from .const import CONF_DONGLE
from .dongle import RADIO_FRONT_END, Dongle
from .port import shown_port
from .radio_flow import RadioSteps

# USB devices of the manifest that carry a meter's bytes as they are; the others there are radio sticks.
_READERS = ("p1 converter cable", "smart meter ")


class DiscoverySteps(RadioSteps):
    """The steps that begin with something found; nothing is sent to it before the user says what it is."""

    _dongle: Dongle | None = None
    _discovered: str = ""

    # --- dongles -----------------------------------------------------------------------------------------------------

    @override
    async def async_step_zeroconf(
        self, discovery_info: ZeroconfServiceInfo
    ) -> ConfigFlowResult:
        """Offer a dongle in the network; one that is in use and has moved is followed."""
        return await self._async_offer(Dongle.from_zeroconf(discovery_info))

    @override
    async def async_step_hassio(
        self, discovery_info: HassioServiceInfo
    ) -> ConfigFlowResult:
        """Offer the dongle the app has flashed."""
        return await self._async_offer(Dongle.from_flasher(discovery_info.config))

    async def _async_offer(self, dongle: Dongle | None) -> ConfigFlowResult:
        if dongle is None:
            return self.async_abort(reason="not_a_dongle")
        for entry in self._async_current_entries(include_ignore=False):
            port: str = entry.data.get(CONF_PORT, "")
            if entry.data.get(CONF_DONGLE) == dongle.mac and "://" in port:
                return self.async_update_reload_and_abort(
                    entry,
                    data_updates={CONF_PORT: dongle.async_port(self.hass)},
                    reason="already_configured",
                    reload_even_if_entry_is_unchanged=False,
                )
            if dongle.async_uses(self.hass, port):
                return self.async_abort(reason="already_configured")
        await self.async_set_unique_id(f"{CONF_DONGLE}_{dongle.mac}")
        self._abort_if_unique_id_configured()
        self._dongle = dongle
        return await self._async_found(dongle.async_label(self.hass))

    async def _async_found(self, name: str) -> ConfigFlowResult:
        self._discovered = name
        self.context["title_placeholders"] = {"name": name}
        return await self.async_step_reader_confirm()

    async def async_step_reader_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask whether it is to be set up; only then its port is known, as it may have come to ESPHome in between."""
        errors: dict[str, str] = {}
        if user_input is not None:
            if self._may_open():
                return await self._async_take_found()
            errors["base"] = "dongle_not_added"
        return self.async_show_form(
            step_id="reader_confirm",
            data_schema=probatio.Schema({}),
            errors=errors,
            description_placeholders={"name": self._discovered},
        )

    @callback
    def _may_open(self) -> bool:
        """Tell whether the port can be opened: a dongle that encrypts gets its key from ESPHome, which then opens it."""
        dongle = self._dongle
        return (
            dongle is None
            or not dongle.encrypted
            or dongle.async_node(self.hass) is not None
        )

    async def _async_take_found(self) -> ConfigFlowResult:
        if (dongle := self._dongle) is not None:
            self._use_port(dongle.async_port(self.hass))
            self._data[CONF_DONGLE] = dongle.mac
            if dongle.front_end == RADIO_FRONT_END:
                return await self.async_step_wireless()
        return await self.async_step_reader()

    async def async_step_reader(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask what the user knows of the meter behind it."""
        return self.async_show_menu(
            step_id="reader", menu_options=["operator", "unknown"]
        )

    # --- USB ---------------------------------------------------------------------------------------------------------

    @override
    async def async_step_usb(self, discovery_info: UsbServiceInfo) -> ConfigFlowResult:
        """Offer a device whose descriptor names it."""
        name = discovery_info.serial_number or discovery_info.device
        await self.async_set_unique_id(
            f"{discovery_info.vid}:{discovery_info.pid}_{name}"
        )
        port = await self.hass.async_add_executor_job(
            usb.get_serial_by_id, discovery_info.device
        )
        self._abort_if_unique_id_configured(updates={CONF_PORT: port})
        self._async_abort_entries_match({CONF_PORT: port})
        self._data[CONF_PORT] = port
        description = discovery_info.description or shown_port(port)
        if description.lower().startswith(_READERS):
            return await self._async_found(description)
        await self._async_load()
        self._choose_any_meter()
        self._discovered = description
        self.context["title_placeholders"] = {"name": description}
        return await self.async_step_usb_confirm()

    async def async_step_usb_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Send nothing to it before the user says that it is the stick."""
        if user_input is not None:
            return await self.async_step_radio()
        self._set_confirm_only()
        return self.async_show_form(
            step_id="usb_confirm",
            description_placeholders={"name": self._discovered},
        )
