"""An adapter in the network that restarts: its meter is read again, and what it held back meanwhile is no fault."""

import asyncio
from contextlib import suppress
from decimal import Decimal

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
import pytest

from custom_components.smart_meter.customer_interface.source import runner
from tests.integration.conftest import Line, Meter, make_entry, state_of, until


class Proxy(Line):
    """A serial proxy: hands what the meter sends to whoever is connected over TCP."""

    def __init__(self) -> None:
        """Be there, but switched off."""
        self.port = 0
        self._server: asyncio.Server
        self._writers: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        """Its address."""
        return f"socket://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Start, at the same port as before."""
        self._server = await asyncio.start_server(
            self._serve, "127.0.0.1", self.port, reuse_address=True
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._writers.add(writer)
        with suppress(OSError):
            await reader.read()
        self._writers.discard(writer)
        writer.close()

    async def stop(self) -> None:
        """Stop as a device does that loses its power: nobody is told more than that the connection is gone."""
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    @property
    def connected(self) -> bool:
        """Whether somebody reads the meter."""
        return bool(self._writers)

    def write(self, data: bytes) -> None:
        """Hand on what the meter sent."""
        for writer in self._writers:
            writer.write(data)


@pytest.mark.usefixtures("socket_enabled")
async def test_proxy_restarts(
    hass: HomeAssistant,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Its values go with it and come back with it; telegrams it held back arrive at once and are all believed."""
    monkeypatch.setattr(runner, "BACKOFF", (0.05,))
    proxy = Proxy()
    await proxy.start()
    meter = Meter(proxy)
    entry = await make_entry(hass, meter)
    assert await hass.config_entries.async_setup(entry.entry_id)
    power = f"{meter.number}_1-0:1.7.0"

    def shown() -> str | None:
        state = state_of(hass, power)
        return state.state if state else None

    for restart in range(3):
        await until(hass, lambda: proxy.connected)
        said = {}
        for _ in range(restart + 1):
            said = meter.send()
        await until(
            hass,
            lambda value=said["1-0:1.7.0"]: (  # type: ignore[misc]
                (state := shown()) not in (None, STATE_UNAVAILABLE)
                and Decimal(state) == value
            ),
        )
        await proxy.stop()
        await until(hass, lambda: shown() == STATE_UNAVAILABLE)
        await proxy.start()
    assert entry.runtime_data.statistics.readings == 6
    assert entry.runtime_data.statistics.faults == {}
    assert entry.state is ConfigEntryState.LOADED
    assert "Traceback" not in caplog.text
    assert await hass.config_entries.async_unload(entry.entry_id)
    await proxy.stop()
