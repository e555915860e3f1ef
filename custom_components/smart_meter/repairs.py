"""Repairs: what lasts and needs a person, in plain words with a way out."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import probatio
from serialx import redact_uri

from homeassistant.components import usb
from homeassistant.components.repairs import RepairsFlow, RepairsFlowResult
from homeassistant.const import CONF_PORT
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from .const import DOMAIN

if TYPE_CHECKING:
    from .coordinator import SmartMeterConfigEntry

PORT_REASONS = (
    "missing",
    "busy",
    "permission",
    "refused",
    "unresolved",
    "lost",
    "unsupported",
    "invalid",
)
# Problems of an entry that only a person can end, and those that a click does.
TOLD = ("silent", "garbled", "inactive", "layout")
FIXABLE = ("implausible", "exchanged", "port_moved", "line_found")

CONF_ENTRY = "entry_id"
CONF_FORGET = "forget"


def _issue_id(entry: SmartMeterConfigEntry, kind: str) -> str:
    return f"{kind}_{entry.entry_id}"


@callback
def async_report(
    hass: HomeAssistant,
    entry: SmartMeterConfigEntry,
    kind: str,
    placeholders: Mapping[str, str] | None = None,
    change: Mapping[str, Any] | None = None,
) -> None:
    """Tell the user; `change` is what confirming the repair puts into the entry's data."""
    port = redact_uri(entry.data.get(CONF_PORT, ""))
    ir.async_create_issue(
        hass,
        DOMAIN,
        _issue_id(entry, kind),
        data={CONF_ENTRY: entry.entry_id, "kind": kind, "change": dict(change or {})},
        is_fixable=kind in FIXABLE,
        is_persistent=False,
        severity=ir.IssueSeverity.ERROR
        if kind.startswith("port_")
        else ir.IssueSeverity.WARNING,
        translation_key=kind,
        translation_placeholders={
            "name": entry.title,
            "port": port,
            **(placeholders or {}),
        },
    )


@callback
def async_clear(
    hass: HomeAssistant, entry: SmartMeterConfigEntry, *kinds: str
) -> None:
    """Take back what is no longer so."""
    for kind in kinds:
        ir.async_delete_issue(hass, DOMAIN, _issue_id(entry, kind))


@callback
def async_clear_port(hass: HomeAssistant, entry: SmartMeterConfigEntry) -> None:
    """Take back that the port cannot be used."""
    async_clear(
        hass, entry, "port_moved", *(f"port_{reason}" for reason in PORT_REASONS)
    )


@callback
def async_clear_all(hass: HomeAssistant, entry: SmartMeterConfigEntry) -> None:
    """Take back all of an entry that is removed."""
    async_clear_port(hass, entry)
    async_clear(hass, entry, *TOLD, *FIXABLE)


async def async_report_port(
    hass: HomeAssistant, entry: SmartMeterConfigEntry, reason: str
) -> None:
    """Tell that the port cannot be used, or that its adapter was found elsewhere."""
    async_clear_port(hass, entry)
    if reason in ("missing", "lost") and (
        moved := await async_find_moved(hass, entry.data[CONF_PORT])
    ):
        async_report(
            hass, entry, "port_moved", {"new_port": moved}, {CONF_PORT: moved}
        )
        return
    async_report(hass, entry, f"port_{reason}")


async def async_find_moved(hass: HomeAssistant, port: str) -> str | None:
    """Return where the adapter of a port that is gone is now, None where it is not found."""
    if hasattr(usb, "async_find_moved_serial_port"):  # Home Assistant 2026.11
        found: str | None = usb.async_find_moved_serial_port(hass, port)
        return found
    name = port.rpartition("/")[2]
    candidates = [
        device.device
        for device in await usb.async_scan_serial_ports(hass)
        if device.serial_number
        and len(device.serial_number) > 3
        and device.serial_number in name
        and device.device != port
    ]
    return candidates[0] if len(candidates) == 1 else None


class ConfirmFlow(RepairsFlow):
    """Changes the entry as the issue says when the user confirms, and loads it again."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        """Take what the issue remembers."""
        self._entry_id: str = data[CONF_ENTRY]
        self._kind: str = data["kind"]
        self._change: dict[str, Any] = data["change"]

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
        from .coordinator import async_forget  # noqa: PLC0415 - it imports this module

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
