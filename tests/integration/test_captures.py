"""Real telegrams through the whole of it: bytes into a pseudo terminal, states read back."""

from decimal import Decimal
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smart_meter.const import DOMAIN
from custom_components.smart_meter.customer_interface.keys import parse_key
from custom_components.smart_meter.keystore import async_get_keystore
from tests.captures import load
from tests.integration.conftest import Line, until

# The id of the capture, the row of the catalogue it belongs to, and what the integration knows the meter by.
ROWS = [
    ("netz-noe-doc-kaifa", "netz-noe", "kaifa-ma309m"),
    ("tirol-kaifa-single-phase", "tinetz", "kaifa-ma110m"),
    ("raw_salzburg_netz", "salzburg-netz", "kaifa-ma309m"),
]
THOUSANDS = {"kWh": 1000, "kvarh": 1000, "Wh": 1, "varh": 1}


def framed(telegram: bytes) -> bytes:
    """Put a bare APDU into the M-Bus segments it was taken out of."""
    if telegram[:1] == b"\x68":
        return telegram
    pieces = [telegram[start : start + 245] for start in range(0, len(telegram), 245)]
    frames = b""
    for number, piece in enumerate(pieces):
        final = 0x10 if number == len(pieces) - 1 else 0
        body = bytes((0x53, 0xFF, final | number, 0x01, 0x67)) + piece
        frames += bytes((0x68, len(body), len(body), 0x68)) + body
        frames += bytes((sum(body) & 0xFF, 0x16))
    return frames


async def set_up(
    hass: HomeAssistant, line: Line, operator: str, meter: str, key: str
) -> MockConfigEntry:
    """Set up the meter of a row."""
    keystore = await async_get_keystore(hass)
    entry = MockConfigEntry(
        domain=DOMAIN,
        title="Meter",
        unique_id="capture",
        data={
            "operator": operator,
            "meter": meter,
            "port": line.url,
            "keys": keystore.wrap_all({"guek": parse_key(key)}),
            "pending": True,
        },
    )
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    return entry


@pytest.mark.parametrize(("name", "operator", "meter"), ROWS)
async def test_states_are_the_captures_values(
    hass: HomeAssistant, line: Line, name: str, operator: str, meter: str
) -> None:
    """Every value of the capture is a state, exactly and in its unit."""
    capture: dict[str, Any] = next(c for c in load("dlms") if c["id"] == name)
    entry = await set_up(hass, line, operator, meter, capture["key"] or "00" * 16)
    line.write(framed(bytes.fromhex(capture["hex"])))

    registry = er.async_get(hass)

    def entity_of(code: str) -> str | None:
        """Find the entity by the end of its unique id; what the meter is known by stands before."""
        for entity in registry.entities.values():
            if entity.platform == DOMAIN and entity.unique_id.endswith(f"_{code}"):
                return entity.entity_id
        return None

    await until(hass, lambda: entity_of("1-0:1.8.0"))
    for code, expected in capture["values"].items():
        state = hass.states.get(entity_of(code) or "")
        assert state is not None
        unit = state.attributes.get("unit_of_measurement")
        shown = Decimal(state.state) * THOUSANDS.get(unit or "", 1)
        assert shown == Decimal(str(expected["value"])), code
    await hass.config_entries.async_unload(entry.entry_id)
