"""The lamp of the adapter dongle: lit through the ESPHome node a port belongs to, and through no other."""

from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_mock_service,
)

from custom_components.smart_meter.dongle import async_blink

PORT = "esphome-hass://esphome/node?port_name=Meter"
ACTION = "meter_dongle_telegram_decoded"


@pytest.mark.parametrize(
    ("port", "data", "action", "blinks"),
    [
        (PORT, {"device_name": "meter-dongle"}, ACTION, 1),
        (PORT, {"device_name": "meter-dongle"}, "another", 0),
        (PORT, {}, ACTION, 0),
        (PORT.replace("node", "nobody"), {"device_name": "meter-dongle"}, ACTION, 0),
        ("/dev/ttyUSB0", {"device_name": "meter-dongle"}, ACTION, 0),
    ],
    ids=["dongle", "older firmware", "nameless", "removed", "cable"],
)
async def test_lamp(
    hass: HomeAssistant, port: str, data: dict[str, str], action: str, blinks: int
) -> None:
    """The action of the node is called once; what has none is left alone."""
    MockConfigEntry(domain="esphome", entry_id="node", data=data).add_to_hass(hass)
    calls = async_mock_service(hass, "esphome", action)
    async_blink(hass, port)
    await hass.async_block_till_done()
    assert len(calls) == blinks
