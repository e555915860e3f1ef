"""The first complete path: a telegram's bytes on a port become states."""

from decimal import Decimal

from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.integration.conftest import Meter, state_of, until

SHOWN_IN_THOUSANDS = (":1.8.", ":2.8.", ":3.8.", ":4.8.")


async def test_every_value_becomes_a_state(
    hass: HomeAssistant, meter: Meter, entry: MockConfigEntry
) -> None:
    """Each value of a telegram is a state, exactly."""
    said = meter.send()
    await until(hass, lambda: state_of(hass, f"{meter.number}_1-0:1.8.0"))
    for code, value in said.items():
        state = state_of(hass, f"{meter.number}_{code}")
        assert state is not None, code
        scale = 1000 if any(part in code for part in SHOWN_IN_THOUSANDS) else 1
        assert Decimal(state.state) * scale == Decimal(str(value)), code
    net = state_of(hass, f"{meter.number}_net_power")
    assert net is not None
    assert Decimal(net.state) == said["1-0:1.7.0"] - said["1-0:2.7.0"]
