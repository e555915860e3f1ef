"""The options of a meter: how often values are shown, what the connection can carry, who else gets the readings."""

from typing import Any

from homeassistant.config_entries import ConfigFlowResult, OptionsFlowWithReload
from homeassistant.helpers.selector import (
    BooleanSelector,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)
import probatio

from .const import (
    CONF_MAXIMUM_POWER,
    CONF_METER,
    CONF_MQTT,
    CONF_OPERATOR,
    CONF_PLAIN_HTTP,
    CONF_POLL_INTERVAL,
    CONF_TRANSFORMER_FACTOR,
    CONF_UPDATE_PACE,
    UpdatePace,
)
from .customer_interface import catalogue
from .customer_interface.catalogue import SessionKind
from .customer_interface.errors import CatalogueError
from .flow_steps import number_box
from .wireless import operator_of


class SmartMeterOptionsFlow(OptionsFlowWithReload):
    """How often values are shown, and what the connection can carry."""

    async def async_step_init(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the options."""
        if user_input is not None:
            factor = int(user_input[CONF_TRANSFORMER_FACTOR])
            return self.async_create_entry(
                data={**user_input, CONF_TRANSFORMER_FACTOR: factor}
            )
        fields = _OPTIONS
        if await self._async_polls():
            fields = fields.extend(_POLLING)
        return self.async_show_form(
            step_id="init",
            data_schema=self.add_suggested_values_to_schema(
                fields, self.config_entry.options
            ),
        )

    async def _async_polls(self) -> bool:
        """Tell whether the entry is a meter that is asked."""
        known = await self.hass.async_add_executor_job(catalogue.load)
        data = self.config_entry.data
        try:
            offer = operator_of(known, data[CONF_OPERATOR]).offer(data[CONF_METER])
        except CatalogueError:
            return False
        return offer.profile.session is SessionKind.MEP


# The makers advise against more than a request a second in the long run.
_POLLING = {probatio.Required(CONF_POLL_INTERVAL, default=2): number_box(1, 60, "s")}

_OPTIONS = probatio.Schema(
    {
        probatio.Required(
            CONF_UPDATE_PACE, default=UpdatePace.USUAL.value
        ): SelectSelector(
            SelectSelectorConfig(
                options=[pace.value for pace in UpdatePace],
                mode=SelectSelectorMode.LIST,
                translation_key=CONF_UPDATE_PACE,
            )
        ),
        probatio.Optional(CONF_MAXIMUM_POWER): number_box(1, 10_000, "kW"),
        probatio.Required(CONF_TRANSFORMER_FACTOR, default=1): number_box(1, 10_000),
        probatio.Required(CONF_MQTT, default=False): BooleanSelector(),
        probatio.Required(CONF_PLAIN_HTTP, default=False): BooleanSelector(),
    }
)
