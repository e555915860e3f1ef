"""What cannot be is withheld, counted, and said; what can be is shown: from bytes on a port to states."""

from datetime import UTC, datetime
import re

from homeassistant.config_entries import SOURCE_REAUTH
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smart_meter import config_flow
from custom_components.smart_meter.const import DOMAIN
from custom_components.smart_meter.customer_interface.reading import FaultKind
from custom_components.smart_meter.customer_interface.session.base import LinkStatistics
from tests.integration.conftest import (
    WRONG_KEY,
    Line,
    Meter,
    Now,
    make_entry,
    state_of,
    until,
)
from tests.integration.test_config_flow import answer, choose, to_listening
from tests.integration.test_meters import (
    NUMBER,
    p1,
    p1_entry as p1_entry,  # noqa: PLC0414 - a fixture
)

MORNING = datetime(2026, 11, 21, 8, tzinfo=UTC)
COUNTER, POWER, CLOCK = "1-0:1.8.1", "1-0:1.7.0", "clock"


class Household:
    """A Dutch household whose telegrams come when a test says so, each a minute after the one before."""

    def __init__(
        self,
        hass: HomeAssistant,
        line: Line,
        entry: MockConfigEntry,
        now: Now,
    ) -> None:
        """Send nothing yet."""
        self._hass, self._line, self._entry, self._now = hass, line, entry, now
        self._sent = 0

    async def say(self, *lines: str, clock: str | None = None) -> None:
        """Send a telegram, and wait until it was read."""
        self._sent += 1
        self._now.set(MORNING.timestamp() + 60 * self._sent)
        clock = clock or f"26112109{self._sent:02}00W"
        self._line.write(p1(*lines, clock=clock))
        await until(self._hass, lambda: self._statistics.frames == self._sent)
        await self._hass.async_block_till_done()

    @property
    def _statistics(self) -> LinkStatistics:
        return self._entry.runtime_data.statistics

    def shown(self, key: str) -> str | None:
        """Return the state of a value."""
        state = state_of(self._hass, f"{NUMBER}_{key}")
        return state.state if state else None

    @property
    def faults(self) -> dict[FaultKind, int]:
        """What was counted."""
        return dict(self._statistics.faults)


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> Now:
    """Let it be a morning."""
    return Now(monkeypatch, MORNING.timestamp())


@pytest.fixture
def household(
    hass: HomeAssistant, line: Line, now: Now, p1_entry: MockConfigEntry
) -> Household:
    """Return a household in front of its first telegram."""
    return Household(hass, line, p1_entry, now)


@pytest.mark.parametrize(
    "wrong",
    ["000000.000", "000123.455", "000999.000"],
    ids=["zero", "fallen", "jump"],
)
async def test_counter(household: Household, wrong: str) -> None:
    """A counter that falls, goes to zero or jumps is withheld and counted; the power beside it is shown."""
    await household.say(f"{COUNTER}(000123.456*kWh)", f"{POWER}(00.100*kW)")
    await household.say(f"{COUNTER}({wrong}*kWh)", f"{POWER}(00.200*kW)")
    assert (household.shown(COUNTER), household.shown(POWER)) == ("123.456", "200")
    assert household.faults == {FaultKind.IMPLAUSIBLE: 1}
    await household.say(f"{COUNTER}(000123.461*kWh)", f"{POWER}(00.100*kW)")
    assert household.shown(COUNTER) == "123.461"


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_time(household: Household) -> None:
    """A clock years off is not shown; the values of its telegram are."""
    await household.say(f"{POWER}(00.100*kW)")
    before = household.shown(CLOCK)
    assert before is not None
    await household.say(f"{POWER}(00.200*kW)", clock="000101000000W")
    assert (household.shown(CLOCK), household.shown(POWER)) == (before, "200")
    assert household.faults.keys() == {FaultKind.IMPLAUSIBLE}


@pytest.mark.parametrize(
    ("options", "power", "counter"),
    [({}, "9500", "123.556"), ({"maximum_power": 5}, "100", "123.456")],
    ids=["usual", "5 kW"],
)
async def test_expected_maximum_power(
    hass: HomeAssistant,
    household: Household,
    p1_entry: MockConfigEntry,
    options: dict[str, int],
    power: str,
    counter: str,
) -> None:
    """What a connection of the size in the options cannot carry is withheld: as power, and as energy of a minute."""
    hass.config_entries.async_update_entry(
        p1_entry, options={"update_pace": "every", **options}
    )
    await hass.config_entries.async_reload(p1_entry.entry_id)
    await household.say(f"{COUNTER}(000123.456*kWh)", f"{POWER}(00.100*kW)")
    # 100 Wh in a minute are 6 kW.
    await household.say(f"{COUNTER}(000123.556*kWh)", f"{POWER}(09.500*kW)")
    assert (household.shown(POWER), household.shown(COUNTER)) == (power, counter)


async def test_weak_check(hass: HomeAssistant, line: Line) -> None:
    """Where no checksum proves a telegram, a sudden power is shown once the next telegram says the same."""
    meter = Meter(line, "nl-p1", "dsmr-2")
    entry = await make_entry(hass, meter, options={"update_pace": "every"})
    assert await hass.config_entries.async_setup(entry.entry_id)
    shown: list[str | None] = []
    for number, power in enumerate((0.2, 9.9, 0.2, 9.9, 9.9), start=1):
        said = f"1-0:1.7.0({power:07.2f}*kW)".encode()
        line.write(re.sub(rb"1-0:1\.7\.0\([0-9.]+\*kW\)", said, meter.bytes()))
        await until(
            hass,
            lambda n=number: entry.runtime_data.statistics.frames == n,  # type: ignore[misc]
        )
        await hass.async_block_till_done()
        state = state_of(hass, f"{meter.number}_1-0:1.7.0")
        shown.append(state.state if state else None)
    assert shown[1:] == ["200", "200", "200", "9900"]
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_wrong_key_of_a_meter_that_was_not_heard_yet(
    hass: HomeAssistant, meter: Meter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key of a slow meter that was set up at once is checked by its first telegrams."""
    monkeypatch.setattr(config_flow, "SLOW_INTERVAL", 1.0)
    result = await choose(hass, await to_listening(hass, meter), "later")
    result = await answer(hass, result, guek=WRONG_KEY)
    assert result["type"] == "create_entry"
    await hass.async_block_till_done()
    for _ in range(3):
        meter.send()
    (flow,) = await until(
        hass, lambda: hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    )
    assert flow["context"]["source"] == SOURCE_REAUTH
    assert state_of(hass, f"{meter.number}_1-0:1.8.0") is None
    assert await hass.config_entries.async_unload(result["result"].entry_id)
