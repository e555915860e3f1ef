"""The config flow for who does not know what hangs on the port, and for meters that must be asked."""

import asyncio
from collections.abc import Callable
import time
from typing import Any, override

from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.setup import async_setup_component
import pytest

from custom_components.smart_meter import lease, listening
from custom_components.smart_meter.const import DOMAIN
from custom_components.smart_meter.customer_interface.line import LineSettings
from custom_components.smart_meter.customer_interface.session.base import Output
from custom_components.smart_meter.customer_interface.session.detect import (
    DetectSession,
    Trial,
)
from custom_components.smart_meter.customer_interface.source.runner import Clock
from customer_interface import simulate
from customer_interface.simulate.line import open_port
from tests.integration.conftest import Line, Meter, state_of, until
from tests.integration.test_config_flow import (
    NOT_ACTIVATED,
    answer,
    begin,
    choose,
    opened,
    progress,
    progressed,
    said_of,
)


class Begun(DetectSession):
    """A detection that says whether its port is open."""

    begun = False

    @override
    def start(self, at: float) -> tuple[Output, ...]:
        """Begin at the first line setting."""
        self.begun = True
        return super().start(at)


class Watched:
    """Detection at one line setting in virtual time, which passes only when a test says so."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let time stand still."""
        self._at = time.time()
        self._session: Begun | None = None
        monkeypatch.setattr(Clock, "now", lambda _: self._at)
        monkeypatch.setattr(listening, "DetectSession", self._make)
        monkeypatch.setattr(listening, "DETECTION_PACE", 0.05)

    def _make(self, known: Any) -> Begun:
        self._session = Begun(known, (Trial(LineSettings.parse("2400 8E1"), 0.5),))
        return self._session

    async def opened(self) -> None:
        """Wait until the port is open: what came before counts for nothing."""
        await _soon(lambda: self._session is not None and self._session.begun)

    async def heard(self, data: bytes) -> None:
        """Wait until so much arrived, then let the time of the line setting pass."""
        session = self._session
        assert session is not None
        await _soon(lambda: session.statistics.bytes_received == len(data))
        self._at += 1.0


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Watched:
    """Return detection in virtual time."""
    return Watched(monkeypatch)


async def _soon(look: Callable[[], bool]) -> None:
    """Wait until something is so while the flow goes on showing its progress."""
    async with asyncio.timeout(30):
        while not look():
            await asyncio.sleep(0.02)


async def to_detection(hass: HomeAssistant, line: Line) -> dict[str, object]:
    """Say that the operator is not known, and choose the port."""
    result = await choose(hass, await opened(hass), "unknown")
    assert result["step_id"] == "unknown"
    return dict(await answer(hass, result, port=line.url))


async def test_found(hass: HomeAssistant, meter: Meter, watched: Watched) -> None:
    """What the meter sends names those it may be; the chosen one goes on to the key."""
    result = await to_detection(hass, meter.line)  # type: ignore[assignment]
    assert result["progress_action"] == "detect"
    again = await hass.config_entries.flow.async_configure(str(result["flow_id"]))
    assert again["progress_action"] == "detect"
    await watched.opened()
    meter.send()
    result = await progressed(hass, result)  # type: ignore[arg-type]
    assert (result["type"], result["step_id"]) == (FlowResultType.FORM, "candidates")
    assert said_of(result)["line"] == "2400 8E1"
    result = await answer(hass, result, row="netz-noe/kaifa-ma309m")
    await progress(hass, result, "listen_no_bytes")
    meter.send()
    result = await progressed(hass, result)
    assert result["step_id"] == "keys"
    result = await progressed(hass, await answer(hass, result, **meter.keys))
    assert result["step_id"] == "values"


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "nothing"),
        (bytes(range(1, 60)), "garbage"),
        (bytes(60), "break"),
        (NOT_ACTIVATED, "inactive"),
    ],
    ids=["nothing", "garbage", "break", "inactive"],
)
async def test_not_found(
    hass: HomeAssistant, line: Line, watched: Watched, data: bytes, what: str
) -> None:
    """What is wrong is said, and can be tried again, at another port, or with the operator chosen."""
    result = await to_detection(hass, line)
    await watched.opened()
    line.write(data)
    await watched.heard(data)
    found = await progressed(hass, result)  # type: ignore[arg-type]
    assert found["type"] is FlowResultType.MENU
    assert found["step_id"] == f"undetected_{what}"
    assert list(found["menu_options"]) == ["detect", "unknown", "operator"]
    found = await choose(hass, found, "detect")
    assert found["type"] is FlowResultType.SHOW_PROGRESS
    await watched.opened()
    await watched.heard(b"")
    found = await choose(hass, await progressed(hass, found), "operator")
    assert found["step_id"] == "operator"


async def test_port_missing(hass: HomeAssistant, line: Line) -> None:
    """A port that is not there is said where it was chosen."""
    line.unplug()
    result = await progressed(hass, await to_detection(hass, line))  # type: ignore[arg-type]
    assert (result["step_id"], result["errors"]) == (
        "unknown",
        {"port": "port_missing"},
    )


async def test_lent_while_detecting(hass: HomeAssistant, line: Line) -> None:
    """A port that is lent is let go of, and said to be in use."""
    assert await async_setup_component(hass, DOMAIN, {})
    result = await to_detection(hass, line)
    await _soon(lambda: bool(lease.async_held(hass)))
    await hass.services.async_call(
        DOMAIN, "release_port", {"port": line.url}, blocking=True
    )
    assert not lease.async_held(hass)
    result = await progressed(hass, result)  # type: ignore[arg-type]
    assert (result["step_id"], result["errors"]) == ("unknown", {"port": "port_busy"})


async def test_leaving_detection(hass: HomeAssistant, line: Line) -> None:
    """Who leaves leaves the port free."""
    result = await to_detection(hass, line)
    hass.config_entries.flow.async_abort(str(result["flow_id"]))
    await hass.async_block_till_done()
    result = await to_detection(hass, line)
    assert result["type"] is FlowResultType.SHOW_PROGRESS


async def test_a_meter_that_must_be_asked(hass: HomeAssistant) -> None:
    """A NES meter is asked with its key, so the key comes first; a wrong one is said, the right one reads."""
    operator, model = "energie-klagenfurt", "nes-mtr3000"
    nes = simulate.simulator(operator, model)
    async with open_port(nes, "pty", 1.0) as port:
        result = await answer(hass, await begin(hass), operator=operator)
        result = await answer(hass, result, meter=model)
        result = await answer(hass, result, port=port.address)
        assert result["step_id"] == "keys"
        result = await progressed(hass, await answer(hass, result, mbk="x" * 20), 40)
        assert result["step_id"] == "keys"
        assert result["errors"] == {"mbk": "key_wrong"}
        result = await progressed(hass, await answer(hass, result, **nes.keys), 40)
        assert result["step_id"] == "values", result
        result = await answer(hass, result)
        assert result["type"] is FlowResultType.CREATE_ENTRY
        await hass.async_block_till_done()
        entry = result["result"]
        await until(hass, lambda: state_of(hass, f"{entry.unique_id}_1-0:1.8.0"))
        assert await hass.config_entries.async_unload(entry.entry_id)
