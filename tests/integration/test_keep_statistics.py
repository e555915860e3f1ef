"""Who comes from another reader keeps the statistics: what docs/coming-from.md tells people to do."""

from datetime import UTC, datetime, timedelta

from homeassistant.components.recorder import Recorder
from homeassistant.components.recorder.statistics import statistics_during_period
from homeassistant.components.recorder.tasks import StatisticsTask
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)

from custom_components.smart_meter.const import DOMAIN
from tests.integration.conftest import Meter, make_entry, until

OLD = "sensor.old_reader_energy_import"


async def _rows(hass: HomeAssistant, recorder: Recorder) -> list[tuple[float, float]]:
    """Return the stored state and sum of the old entity, oldest first, in kWh."""
    await async_wait_recording_done(hass)
    stored = await recorder.async_add_executor_job(
        statistics_during_period,
        hass,
        datetime.fromtimestamp(0, UTC),
        None,
        {OLD},
        "hour",
        None,
        {"state", "sum"},
    )
    return [(row["state"] or 0, row["sum"] or 0) for row in stored.get(OLD, [])]


def _compile(recorder: Recorder, hour: datetime) -> None:
    """Make the statistics of an hour: the recorder takes five minutes at a time, the twelfth makes the hour."""
    for minute in range(0, 60, 5):
        recorder.queue_task(
            StatisticsTask(hour + timedelta(minutes=minute), fire_events=False)
        )


async def test_renamed_entity_goes_on_with_the_old_statistics(
    recorder_mock: Recorder, hass: HomeAssistant, meter: Meter
) -> None:
    """The old reader is removed, ours takes its entity id: the sum goes on, without a jump at the change."""
    entry = await make_entry(hass, meter)
    assert await hass.config_entries.async_setup(entry.entry_id)
    said = float(meter.send()["1-0:1.8.0"]) / 1_000
    registry = er.async_get(hass)

    def created() -> str | None:
        return registry.async_get_entity_id(
            "sensor", DOMAIN, f"{meter.number}_1-0:1.8.0"
        )

    ours = await until(hass, created)
    hour = dt_util.utcnow().replace(minute=0, second=0, microsecond=0)
    # Not the hour before: the recorder takes the last five minutes as compiled when it starts.
    before = hour - timedelta(hours=2)
    for minute, number in ((1, said - 3.0), (30, said - 2.0)):
        moment = before + timedelta(minutes=minute)
        hass.states.async_set(
            OLD,
            str(number),
            {
                "device_class": "energy",
                "state_class": "total_increasing",
                "unit_of_measurement": "kWh",
            },
            timestamp=moment.timestamp(),
        )
        await async_wait_recording_done(hass)
    _compile(recorder_mock, before)
    await async_wait_recording_done(hass)
    hass.states.async_remove(OLD)
    registry.async_update_entity(ours, new_entity_id=OLD)
    await hass.async_block_till_done()
    meter.send()
    await until(hass, lambda: hass.states.get(OLD))
    await async_wait_recording_done(hass)
    _compile(recorder_mock, hour)
    first, last = await _rows(hass, recorder_mock)
    assert first == (pytest.approx(said - 2.0), pytest.approx(1.0))
    assert last[0] == pytest.approx(said, abs=0.1)
    assert last[1] - first[1] == pytest.approx(last[0] - first[0], abs=0.001)
    assert await hass.config_entries.async_unload(entry.entry_id)
