"""Issues: what lasts and needs a person, told and taken back."""

from collections.abc import Mapping
import json
from typing import TYPE_CHECKING, Any

from homeassistant.config_entries import ConfigSubentry
from homeassistant.const import CONF_PORT
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from .const import DOMAIN
from .port import async_find_moved, shown_port

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
# What a session found out about wires and ports (Fault.cause).
CAUSES = (
    "mep_echo",
    "mep_deaf",
    "mep_garbled",
    "mep_stopped",
    "mep_nothing",
    "mep_tls",
)
# Problems of an entry that only a person can end, and those that a click does.
TOLD = ("silent", "garbled", "inactive", "layout", "no_stick", "weaker", *CAUSES)
FIXABLE = ("implausible", "exchanged", "port_moved", "line_found")

CONF_ENTRY = "entry_id"
CONF_KIND = "kind"
CONF_CHANGE = "change"  # JSON: an issue takes flat data only
CONF_OF = "of"  # the name of one of several meters on the port


def _issue_id(
    entry: SmartMeterConfigEntry, kind: str, of: ConfigSubentry | None = None
) -> str:
    return "_".join((kind, entry.entry_id, *([of.subentry_id] if of else ())))


@callback
def async_report(
    hass: HomeAssistant,
    entry: SmartMeterConfigEntry,
    kind: str,
    placeholders: Mapping[str, str] | None = None,
    change: Mapping[str, Any] | None = None,
    *,
    of: ConfigSubentry | None = None,
) -> None:
    """Tell the user; `change` is what confirming the repair puts into the entry's data, `of` the meter it is about."""
    port = shown_port(entry.data.get(CONF_PORT, ""))
    ir.async_create_issue(
        hass,
        DOMAIN,
        _issue_id(entry, kind, of),
        data={
            CONF_ENTRY: entry.entry_id,
            CONF_KIND: kind,
            CONF_CHANGE: json.dumps(dict(change or {})),
            CONF_OF: of.unique_id if of else None,
        },
        is_fixable=kind in FIXABLE,
        is_persistent=False,
        severity=ir.IssueSeverity.ERROR
        if kind.startswith("port_")
        else ir.IssueSeverity.WARNING,
        translation_key=kind,
        translation_placeholders={
            "name": of.title if of else entry.title,
            "port": port,
            **(placeholders or {}),
        },
    )


@callback
def async_clear(
    hass: HomeAssistant,
    entry: SmartMeterConfigEntry,
    *kinds: str,
    of: ConfigSubentry | None = None,
) -> None:
    """Take back what is no longer so."""
    for kind in kinds:
        ir.async_delete_issue(hass, DOMAIN, _issue_id(entry, kind, of))


@callback
def async_clear_others(
    hass: HomeAssistant, entry: SmartMeterConfigEntry, kept: set[str]
) -> None:
    """Take back what was told of meters behind an entry, but for those of the subentries that are kept."""
    for domain, issue_id in tuple(ir.async_get(hass).issues):
        _, found, subentry_id = issue_id.partition(f"_{entry.entry_id}_")
        if domain == DOMAIN and found and subentry_id not in kept:
            ir.async_delete_issue(hass, DOMAIN, issue_id)


@callback
def async_clear_port(hass: HomeAssistant, entry: SmartMeterConfigEntry) -> None:
    """Take back that the port cannot be used."""
    async_clear(
        hass, entry, "port_moved", *(f"port_{reason}" for reason in PORT_REASONS)
    )


@callback
def async_clear_all(hass: HomeAssistant, entry: SmartMeterConfigEntry) -> None:
    """Take back all of an entry that is removed, and of the meters behind it."""
    for domain, issue_id in tuple(ir.async_get(hass).issues):
        if domain == DOMAIN and entry.entry_id in issue_id:
            ir.async_delete_issue(hass, DOMAIN, issue_id)


async def async_report_port(
    hass: HomeAssistant, entry: SmartMeterConfigEntry, reason: str
) -> None:
    """Tell that the port cannot be used, or that its adapter was found elsewhere."""
    async_clear_port(hass, entry)
    if reason in ("missing", "lost") and (
        moved := await async_find_moved(hass, entry.data[CONF_PORT])
    ):
        async_report(hass, entry, "port_moved", {"new_port": moved}, {CONF_PORT: moved})
        return
    async_report(hass, entry, f"port_{reason}")
