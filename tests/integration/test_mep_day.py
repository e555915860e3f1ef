"""A day of polling a NES meter over a bad line, down to the states: none is ever wrong, and it never stands still."""

from collections.abc import Mapping
from decimal import Decimal
import os

from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smart_meter.const import DOMAIN
from custom_components.smart_meter.customer_interface import obis, reading as words
from custom_components.smart_meter.customer_interface.keys import KeyKind, parse_key
from custom_components.smart_meter.keystore import async_get_keystore
import customer_interface.reading
from tests.integration.conftest import Line
from tests.session.mep_wire import ADVANCED, Wire, client, meter

# The day at the pace of an installation takes minutes (SOAK=1); asked once a minute, as the options allow, it takes seconds.
SECONDS, INTERVAL = 86_400, 2.0 if "SOAK" in os.environ else 60.0
IN_UNITS = {"kWh": 1_000, "kvarh": 1_000, "kVAh": 1_000}


def translated(reading: customer_interface.reading.Reading) -> words.Reading:
    """Say a reading of the wire in the words of the integration's own copy of the library."""
    return words.Reading(
        meter=words.MeterIdentity(number=reading.meter.number),
        time=reading.time,
        values={
            obis.ObisCode.parse(str(code)): words.Value(value.value, value.unit)
            for code, value in reading.values.items()
        },
        authenticated=reading.authenticated,
        check_bits=reading.check_bits,
        arrived=reading.arrived,
    )


def shown(hass: HomeAssistant, codes: Mapping[str, str]) -> dict[str, Decimal]:
    """Return the numbers on show, by code, in plain units."""
    found: dict[str, Decimal] = {}
    for code, entity_id in codes.items():
        state = hass.states.get(entity_id)
        if state is None or state.state in ("unknown", "unavailable"):
            continue
        unit = state.attributes.get("unit_of_measurement")
        try:
            found[code] = Decimal(state.state) * IN_UNITS.get(unit or "", 1)
        except ArithmeticError:
            continue
    return found


@pytest.mark.timeout(1_200)
async def test_a_damaged_day_in_the_states(hass: HomeAssistant, line: Line) -> None:
    """One byte in a thousand is lost or flipped: every state is what the meter said."""
    keystore = await async_get_keystore(hass)
    key = parse_key(ADVANCED.hex(), KeyKind.MEP)
    entry = MockConfigEntry(
        domain=DOMAIN,
        unique_id="83334123",
        data={
            "operator": "energie-klagenfurt",
            "meter": "nes-mtr3000",
            "port": line.url,
            "keys": keystore.wrap_all({"mbk": key}),
            "identity": {"number": "83334123"},
        },
        options={"update_pace": "every"},
    )
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    coordinator = entry.runtime_data
    await coordinator.async_close()
    coordinator.connected = True

    wire = Wire(meter(alerts=1), client(ADVANCED, INTERVAL), damage=1_000)
    wire.run(SECONDS)
    assert not wire.wrong
    assert len(wire.readings) > SECONDS / INTERVAL / 2
    assert wire.faults

    registry = er.async_get(hass)
    said: dict[str, Decimal] = {}
    compared = 0
    for reading in wire.readings:
        coordinator._on_output(translated(reading))
        await hass.async_block_till_done()
        for code, value in reading.values.items():
            if isinstance(value.value, int | Decimal):
                said[str(code)] = Decimal(value.value)
        codes = {
            entity.unique_id.removeprefix("83334123_"): entity.entity_id
            for entity in er.async_entries_for_config_entry(registry, entry.entry_id)
        }
        for code, number in shown(hass, codes).items():
            if code in said:
                assert number == said[code], code
                compared += 1
    assert compared > 5 * len(wire.readings)
    await hass.config_entries.async_unload(entry.entry_id)
