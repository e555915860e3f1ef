"""The clock change, both ways: no value is lost, told twice or thought implausible, and meter times stay right."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.event import async_track_state_change_event
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smart_meter.const import DOMAIN
from tests.integration.conftest import Line, Meter, Now, make_entry, state_of, until

FORWARD = datetime(2026, 3, 29, 1, tzinfo=UTC).timestamp()
BACK = datetime(2026, 10, 25, 1, tzinfo=UTC).timestamp()
TELEGRAMS = 8


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
@pytest.mark.parametrize("change", [FORWARD, BACK], ids=["forward", "back"])
@pytest.mark.parametrize(
    ("operator", "model"),
    [
        ("netz-noe", "kaifa-ma309m"),  # tells its offset from UTC
        ("netz-ooe", "siemens-td3511"),  # tells local time alone: an hour comes twice
        ("nl-p1", "dsmr-5"),  # tells summer from winter
    ],
    ids=["offset", "local", "season"],
)
async def test_clock_change(
    hass: HomeAssistant,
    line: Line,
    monkeypatch: pytest.MonkeyPatch,
    operator: str,
    model: str,
    change: float,
) -> None:
    """Telegrams on both sides of the change, an hour after it and again: each is shown, with the time it was."""
    await hass.config.async_set_time_zone("Europe/Vienna")
    meter = Meter(line, operator, model)
    now = Now(monkeypatch, change - 3600)
    meter.set_clock(change - TELEGRAMS // 2 * meter.interval)
    entry = await make_entry(
        hass,
        meter,
        identity={},
        unique_id="meter",
        options={"update_pace": "every"},
    )
    assert await hass.config_entries.async_setup(entry.entry_id)
    shown: list[str] = []

    @callback
    def note(event: Event[EventStateChangedData]) -> None:
        if (state := event.data["new_state"]) is not None:
            shown.append(state.state)

    for number in range(1, 2 * TELEGRAMS + 1):
        if number == TELEGRAMS + 1:
            # An hour later a clock that tells local time alone has been there before, where it was set back.
            meter.set_clock(change + 3600)
        now.set(meter.clock + meter.interval)
        said = meter.send()
        await until(hass, lambda: _clock(hass, entry) == _whole_second(meter.clock))
        await hass.async_block_till_done()
        key = str(entry.unique_id)
        _is_shown(hass, key, said)
        if number == 1:
            entity_id = er.async_get(hass).async_get_entity_id(
                "sensor", DOMAIN, f"{key}_1-0:1.8.0"
            ) or er.async_get(hass).async_get_entity_id(
                "sensor", DOMAIN, f"{key}_1-0:1.8.1"
            )
            assert entity_id is not None
            entry.async_on_unload(async_track_state_change_event(hass, entity_id, note))
    assert entry.runtime_data.statistics.faults == {}
    counted = [Decimal(state) for state in shown]
    assert counted == sorted(set(counted))
    assert await hass.config_entries.async_unload(entry.entry_id)


def _clock(hass: HomeAssistant, entry: MockConfigEntry) -> datetime | None:
    state = state_of(hass, f"{entry.unique_id}_clock")
    return None if state is None else dt_util.parse_datetime(state.state)


def _is_shown(hass: HomeAssistant, key: str, said: dict[str, Any]) -> None:
    """Check that power and energy are what the telegram said."""
    for code, scale in (
        ("1-0:1.7.0", 1),
        ("1-0:1.8.0", 1000),
        ("1-0:1.8.1", 1000),
        ("1-0:2.8.0", 1000),
    ):
        if code in said:
            state = state_of(hass, f"{key}_{code}")
            assert state is not None, code
            assert Decimal(state.state) * scale == Decimal(str(said[code])), code


def _whole_second(at: float) -> datetime:
    return datetime.fromtimestamp(int(at), UTC)
