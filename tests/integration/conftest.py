"""A meter on a pseudo terminal, and Home Assistant set up to read it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
import os
from pathlib import Path
import time
import tty
from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import entity_registry as er, issue_registry as ir
from homeassistant.helpers.entity import Entity
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.smart_meter.const import DOMAIN
from custom_components.smart_meter.customer_interface.keys import parse_key
from custom_components.smart_meter.customer_interface.source.runner import Clock
from custom_components.smart_meter.keystore import async_get_keystore
from customer_interface import simulate

OPERATOR, METER = "netz-noe", "kaifa-ma309m"
WRONG_KEY = "000102030405060708090A0B0C0D0E0F"


class Line:
    """A pseudo terminal at a path of its own, which can be unplugged and plugged in again."""

    def __init__(self, path: Path) -> None:
        """Plug it in."""
        self.path = path
        self._master = self._slave = -1
        self.plug()

    @property
    def url(self) -> str:
        """The port as Home Assistant is told it."""
        return str(self.path)

    def plug(self) -> None:
        """Be there."""
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self.path.symlink_to(os.ttyname(self._slave))

    def unplug(self) -> None:
        """Be gone, as a USB adapter that is pulled."""
        if self._master < 0:
            return
        self.path.unlink()
        os.close(self._slave)
        os.close(self._master)
        self._master = self._slave = -1

    def write(self, data: bytes) -> None:
        """Send bytes as the meter would."""
        os.write(self._master, data)

    def read(self) -> bytes:
        """Return what was sent to the meter."""
        os.set_blocking(self._master, False)
        try:
            return os.read(self._master, 4096)
        except BlockingIOError:
            return b""


class Meter:
    """A simulated meter that sends when a test says so; each telegram is one interval later than the one before."""

    def __init__(
        self,
        line: Line,
        operator: str = OPERATOR,
        meter: str = METER,
        seed: int = 1,
        faults: tuple[str, ...] = (),
    ) -> None:
        """Be a meter of one row of the catalogue; `faults` as the simulator names them."""
        self.line = line
        self.row = {"operator": operator, "meter": meter}
        self._meter = simulate.simulator(operator, meter, seed=seed, faults=faults)
        self._faulty = bool(faults)
        self._at = _quiet_hour(self._meter)
        self.keys = dict(self._meter.keys)

    @property
    def interval(self) -> float:
        """Seconds between telegrams."""
        return float(self._meter.interval)

    @property
    def clock(self) -> float:
        """When the last telegram was sent by the meter's clock, in seconds since the epoch."""
        return self._at

    def set_clock(self, at: float) -> None:
        """Let the next telegram be one interval after this."""
        self._at = at

    def bytes(self) -> bytes:
        """Return the next telegram."""
        self._at += self._meter.interval
        if self._faulty:
            return b"".join(chunk.data for chunk in self._meter.push(self._at))
        return bytes(self._meter.telegram(self._at))

    def send(self) -> dict[str, Any]:
        """Send the next telegram; returns what it says, by code."""
        self.line.write(self.bytes())
        return {str(code): value.value for code, value in self.said().values.items()}

    def said(self) -> Any:
        """Return the reading the last telegram amounts to."""
        return self._meter.sent[0]

    @property
    def number(self) -> str:
        """The meter's number, or what it is known by instead."""
        if not self._meter.sent:
            self._meter.telegram(self._at)
        key = self._meter.sent[0].meter.key
        assert key is not None
        return str(key)


class Now:
    """Another time than the present, for all of the integration that asks for it; it goes on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, at: float) -> None:
        """Let it be this time, in seconds since the epoch."""
        self._ahead = 0.0
        self.set(at)
        monkeypatch.setattr(Clock, "now", lambda _: self.seconds)
        monkeypatch.setattr(
            dt_util, "utcnow", lambda: datetime.fromtimestamp(self.seconds, UTC)
        )

    @property
    def seconds(self) -> float:
        """Seconds since the epoch."""
        return time.time() + self._ahead

    def set(self, at: float) -> None:
        """Let it be another time."""
        self._ahead = at - time.time()


def _quiet_hour(meter: Any) -> float:
    """Return the hour of the last day in which a household's counters stand nearly still.

    Tests send telegrams faster than a meter does: what a household uses in five seconds is too much for a hundredth,
    where the meter tells no time that explains it.
    """
    now = time.time()
    if (house := getattr(meter, "house", None)) is None:
        return now - 3600

    def power(at: float) -> int:
        snapshot = house.at(at)
        return int(snapshot.raw("1.7.0", 0) + snapshot.raw("2.7.0", 0))

    return min((now - 3600 * hours for hours in range(1, 25)), key=power)


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    """Return a port with nothing on it."""
    line = Line(tmp_path / "ttyMETER")
    yield line
    line.unplug()


@pytest.fixture
def meter(line: Line) -> Meter:
    """Return a Netz NÖ household's meter on the port."""
    return Meter(line)


async def until[Found](
    hass: HomeAssistant, look: Callable[[], Found], seconds: float = 30.0
) -> Found:
    """Wait until something is true and return it; fails when it does not become so."""
    end = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < end, "it did not happen in time"
        await asyncio.sleep(0.02)
        await hass.async_block_till_done()
    return found


async def make_entry(
    hass: HomeAssistant, meter: Meter, /, **extra: Any
) -> MockConfigEntry:
    """Add an entry for a meter without setting it up."""
    keystore = await async_get_keystore(hass)
    keys = {name: parse_key(key) for name, key in meter.keys.items()}
    options = extra.pop("options", {})
    unique_id = extra.pop("unique_id", None) or meter.number
    entry = MockConfigEntry(
        domain=DOMAIN,
        title="Meter",
        unique_id=unique_id,
        data={
            **meter.row,
            "port": meter.line.url,
            "keys": keystore.wrap_all(keys),
            "identity": {"number": unique_id},
            **extra,
        },
        options=options,
    )
    entry.add_to_hass(hass)
    return entry


@pytest.fixture
async def entry(hass: HomeAssistant, meter: Meter) -> AsyncIterator[MockConfigEntry]:
    """Return the entry of a meter that is set up, before its first telegram."""
    entry = await make_entry(hass, meter)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    yield entry
    if entry.state is ConfigEntryState.LOADED:
        await hass.config_entries.async_unload(entry.entry_id)


def state_of(hass: HomeAssistant, unique_id: str) -> State | None:
    """Return the state of the entity with a unique id, None while there is none."""
    registry = er.async_get(hass)
    for entity in registry.entities.values():
        if entity.platform == DOMAIN and entity.unique_id == unique_id:
            return hass.states.get(entity.entity_id)
    return None


async def fix(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, kind: str, of: str = ""
) -> None:
    """Confirm a repair as a user does; `of` is the subentry it is about."""
    assert await async_setup_component(hass, "repairs", {})
    client = await hass_client()
    (entry,) = hass.config_entries.async_entries(DOMAIN)
    issue_id = f"{kind}_{entry.entry_id}_{of}".rstrip("_")
    form = {"handler": DOMAIN, "issue_id": issue_id}
    response = await client.post("/api/repairs/issues/fix", json=form)
    step = await response.json()
    assert step["step_id"] == "confirm", step
    response = await client.post(f"/api/repairs/issues/fix/{step['flow_id']}", json={})
    assert (await response.json())["type"] == "create_entry"
    await hass.async_block_till_done()


def has_issue(hass: HomeAssistant, kind: str) -> bool:
    """Tell whether the user is told of a problem."""
    (entry,) = hass.config_entries.async_entries(DOMAIN)
    issue_id = f"{kind}_{entry.entry_id}"
    return ir.async_get(hass).async_get_issue(DOMAIN, issue_id) is not None


@pytest.fixture
def entity_registry_enabled_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """Switch every entity on."""
    monkeypatch.setattr(Entity, "entity_registry_enabled_default", True)
