"""What the steps of all flows share: progress that is shown until something is over, and the fields that several of them have."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, Final

from homeassistant.const import CONF_PORT
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowContext, FlowHandler, FlowResult
from homeassistant.helpers.selector import (
    BooleanSelector,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SerialPortSelector,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
import probatio

from . import energy
from .const import CONF_ADD_TO_ENERGY, CONF_KEYS, CONF_NEW_KEYS
from .customer_interface.errors import KeyFormatError
from .customer_interface.keys import Key, parse_key
from .customer_interface.reading import MeterIdentity
from .keystore import async_get_keystore

KEY_FIELD: Final = TextSelector(
    TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete="off")
)


class ProgressSteps[
    ContextT: FlowContext,
    ResultT: FlowResult[Any, Any],
    HandlerT,
](FlowHandler[ContextT, ResultT, HandlerT]):
    """Steps that look again whenever there is something new to tell; a flow shows one at a time."""

    _waiting: asyncio.Task[None] | None = None

    def _show_progress(
        self,
        step: str,
        wait: Callable[[], Coroutine[Any, Any, None]],
        *,
        action: str,
        said: dict[str, str],
    ) -> ResultT:
        """Show how far a step came, and again once `wait` returns; `action` and `said` are its words."""
        if self._waiting is None or self._waiting.done():
            self._waiting = self.hass.async_create_task(wait(), eager_start=False)
        return self.async_show_progress(
            step_id=step,
            progress_action=action,
            description_placeholders=said,
            progress_task=self._waiting,
        )

    def _progressed(self, following: str) -> ResultT:
        """Go on to the step that follows, as the one that was shown is over."""
        self._waiting = None
        return self.async_show_progress_done(next_step_id=following)


def number_box(smallest: int, largest: int, unit: str | None = None) -> NumberSelector:
    """Return a field for a whole number from `smallest` to `largest`, typed and not slid to."""
    config = NumberSelectorConfig(
        min=smallest, max=largest, step=1, mode=NumberSelectorMode.BOX
    )
    if unit is not None:
        config["unit_of_measurement"] = unit
    return NumberSelector(config)


def port_field(port: str | None) -> dict[Any, Any]:
    """Return the field that asks for a port, with the one known so far."""
    field = probatio.Required(CONF_PORT, default=port or probatio.UNDEFINED)
    return {field: SerialPortSelector()}


def energy_field(
    hass: HomeAssistant, meters: Iterable[MeterIdentity]
) -> dict[Any, Any]:
    """Return the field that offers the energy dashboard, where it has a place for one of these meters."""
    if not energy.is_offered(hass) or not any(map(energy.may_be_added, meters)):
        return {}
    return {probatio.Required(CONF_ADD_TO_ENERGY, default=True): BooleanSelector()}


def energy_wish(meter: MeterIdentity, *, wanted: bool) -> dict[str, Any]:
    """Return what is stored until a meter that was picked is in the energy dashboard."""
    wish = wanted and energy.may_be_added(meter)
    return {CONF_ADD_TO_ENERGY: True} if wish else {}


def typed_key(typed: dict[str, Any], field: str, errors: dict[str, str]) -> Key | None:
    """Read a key as typed; None for no key, `errors` says what is wrong."""
    text = str(typed.get(field, "")).strip()
    if not text:
        return None
    try:
        return parse_key(text)
    except KeyFormatError as err:
        errors[field] = f"key_{err.reason}"
        return None


async def async_stored_key(
    hass: HomeAssistant, field: str, key: Key | None
) -> dict[str, Any]:
    """Return what is stored of a meter's only key, which may not be there yet."""
    keystore = await async_get_keystore(hass)
    keys = {} if key is None else {field: key}
    return {CONF_KEYS: keystore.wrap_all(keys)}


async def async_replaced_key(
    hass: HomeAssistant, field: str, key: Key | None
) -> dict[str, Any]:
    """Return what changes where a person says which key it is: one that still waits for its proof goes as well."""
    return {**await async_stored_key(hass, field, key), CONF_NEW_KEYS: {}}
