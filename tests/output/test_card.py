"""The built card and its page are served where there is a frontend; tests/e2e/test_card.py looks at them."""

from http import HTTPStatus

from homeassistant.components import frontend
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.smart_meter.output import card
from tests.integration.conftest import Meter, make_entry


async def test_served(
    hass: HomeAssistant, meter: Meter, hass_client: ClientSessionGenerator
) -> None:
    """The frontend loads the card by a versioned URL; the page comes with the first meter and goes with the last."""
    assert await async_setup_component(hass, "frontend", {})
    entry = await make_entry(hass, meter)
    assert await hass.config_entries.async_setup(entry.entry_id)
    (url,) = hass.data[frontend.DATA_EXTRA_MODULE_URL].urls
    assert url.startswith(f"{card.URL}?v=")
    response = await (await hass_client()).get(url)
    assert response.status == HTTPStatus.OK
    assert await response.read() == card.FILE.read_bytes()

    assert frontend.async_panel_exists(hass, card.PANEL)
    assert await hass.config_entries.async_reload(entry.entry_id)
    assert frontend.async_panel_exists(hass, card.PANEL)
    assert await hass.config_entries.async_remove(entry.entry_id)
    assert not frontend.async_panel_exists(hass, card.PANEL)


async def test_without_frontend(hass: HomeAssistant, meter: Meter) -> None:
    """Where there is no frontend the meter is read all the same."""
    entry = await make_entry(hass, meter)
    assert await hass.config_entries.async_setup(entry.entry_id)
    assert await hass.config_entries.async_remove(entry.entry_id)
