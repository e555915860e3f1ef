"""Serves the card and loads it into the frontend, so that it is in the card picker without a further step."""

from hashlib import sha256
from pathlib import Path
from typing import Final

from homeassistant.components.http import StaticPathConfig  # type: ignore[attr-defined]
from homeassistant.core import HomeAssistant

from ..const import DOMAIN

FILE: Final = Path(__file__).parents[1] / "frontend" / "smart-meter-card.js"
URL: Final = f"/{DOMAIN}/smart-meter-card.js"


async def async_setup(hass: HomeAssistant) -> None:
    """Serve the built card under a URL that changes with it; nothing to do where there is no frontend."""
    if "frontend" not in hass.config.components:
        return
    from homeassistant.components.frontend import add_extra_js_url  # noqa: PLC0415

    version = await hass.async_add_executor_job(_version)
    await hass.http.async_register_static_paths(
        [StaticPathConfig(URL, str(FILE), True)]
    )
    add_extra_js_url(hass, f"{URL}?v={version}")


def _version() -> str:
    return sha256(FILE.read_bytes()).hexdigest()[:12]
