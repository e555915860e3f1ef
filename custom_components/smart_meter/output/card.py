"""Serves the card and loads it into the frontend: it is in the card picker, and on a page of its own in the side bar."""

from hashlib import sha256
from pathlib import Path
from typing import Final

from homeassistant.components.http import StaticPathConfig  # type: ignore[attr-defined]
from homeassistant.core import HomeAssistant
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN

FILE: Final = Path(__file__).parents[1] / "frontend" / "smart-meter-card.js"
URL: Final = f"/{DOMAIN}/smart-meter-card.js"
PANEL: Final = "smart-meter"
_MODULE: HassKey[str] = HassKey(f"{DOMAIN}_module")


async def async_setup(hass: HomeAssistant) -> None:
    """Serve the built card under a URL that changes with it; nothing to do where there is no frontend."""
    if "frontend" not in hass.config.components:
        return
    from homeassistant.components.frontend import add_extra_js_url  # noqa: PLC0415

    version = await hass.async_add_executor_job(_version)
    await hass.http.async_register_static_paths(
        [StaticPathConfig(URL, str(FILE), True)]
    )
    hass.data[_MODULE] = f"{URL}?v={version}"
    add_extra_js_url(hass, hass.data[_MODULE])


async def async_add_panel(hass: HomeAssistant) -> None:
    """Show the page in the side bar, as soon as there is a meter."""
    if (module := hass.data.get(_MODULE)) is None:
        return
    from homeassistant.components import frontend, panel_custom  # noqa: PLC0415

    if not frontend.async_panel_exists(hass, PANEL):
        await panel_custom.async_register_panel(
            hass,
            PANEL,
            "smart-meter-panel",
            sidebar_title="Smart Meter",
            sidebar_icon="mdi:meter-electric",
            module_url=module,
        )


def remove_panel(hass: HomeAssistant) -> None:
    """Take the page away, with the last meter."""
    if _MODULE in hass.data:
        from homeassistant.components import frontend  # noqa: PLC0415

        frontend.async_remove_panel(hass, PANEL, warn_if_unknown=False)


def _version() -> str:
    return sha256(FILE.read_bytes()).hexdigest()[:12]
