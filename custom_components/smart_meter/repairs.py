"""Repairs: the way out of an issue, for a person to confirm."""

from collections.abc import Mapping
import json
from typing import Any

from homeassistant.components.repairs import RepairsFlow, RepairsFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
import probatio

from .const import DOMAIN
from .coordinator import SmartMeterConfigEntry, async_forget, async_forget_meter
from .issues import CONF_CHANGE, CONF_ENTRY, CONF_KIND, CONF_OF


class ConfirmFlow(RepairsFlow):
    """Changes the entry as the issue says when the user confirms, and loads it again."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        """Take what the issue remembers."""
        self._entry_id: str = data[CONF_ENTRY]
        self._kind: str = data[CONF_KIND]
        self._change: dict[str, Any] = json.loads(data[CONF_CHANGE])
        self._of: str | None = data[CONF_OF]

    async def async_step_init(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Go on to the question."""
        return await self.async_step_confirm()

    async def async_step_confirm(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Ask, and do it."""
        if user_input is None:
            issue = ir.async_get(self.hass).async_get_issue(DOMAIN, self.issue_id)
            return self.async_show_form(
                step_id="confirm",
                data_schema=probatio.Schema({}),
                description_placeholders=dict(issue.translation_placeholders or {})
                if issue
                else None,
            )
        entry = self.hass.config_entries.async_get_entry(self._entry_id)
        if entry is None:
            return self.async_abort(reason="removed")
        await self._async_change(entry)
        return self.async_create_entry(data={})

    async def _async_change(self, entry: SmartMeterConfigEntry) -> None:
        if self._of is not None:
            await async_forget_meter(self.hass, entry, self._of)
            return
        data = {**entry.data, **self._change}
        if self._kind in ("exchanged", "implausible"):
            await async_forget(self.hass, entry, data)
            return
        self.hass.config_entries.async_update_entry(entry, data=data)
        await self.hass.config_entries.async_reload(entry.entry_id)


async def async_create_fix_flow(
    hass: HomeAssistant, issue_id: str, data: dict[str, Any] | None
) -> RepairsFlow:
    """Return the way out of a fixable issue."""
    assert data is not None
    return ConfirmFlow(data)
