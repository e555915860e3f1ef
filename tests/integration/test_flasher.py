"""What the app that flashes asks of Home Assistant, asked of a real one: users, ports, the lease of our port."""

from collections.abc import AsyncIterator
from pathlib import Path
import sys

from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from homeassistant.components.usb.models import SerialDevice
from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    MockModule,
    MockUser,
    mock_integration,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from .conftest import Meter, state_of, until

sys.path.append(str(Path(__file__).parents[2] / "addon" / "flasher"))

from flasher.home_assistant import HomeAssistant as Client, HomeAssistantError
from flasher.lease import Leases


@pytest.fixture
async def supervisor(
    hass: HomeAssistant,
    hass_client_no_auth: ClientSessionGenerator,
    socket_enabled: None,
) -> AsyncIterator[str]:
    """The Supervisor's address, below which Core is found."""
    for component in ("api", "config", "usb", "websocket_api", "smart_meter"):
        assert await async_setup_component(hass, component, {})
    core = (await hass_client_no_auth()).server
    app = web.Application()

    async def rest(request: web.Request) -> web.Response:
        url = core.make_url("/api/" + request.match_info["path"])
        async with (
            ClientSession() as session,
            session.request(
                request.method,
                url.with_query(request.query_string),
                headers={"Authorization": request.headers["Authorization"]},
                data=await request.read(),
            ) as answer,
        ):
            return web.Response(
                status=answer.status,
                body=await answer.read(),
                content_type="application/json",
            )

    async def socket(request: web.Request) -> web.WebSocketResponse:
        near = web.WebSocketResponse()
        await near.prepare(request)
        async with (
            ClientSession() as session,
            session.ws_connect(core.make_url("/api/websocket")) as far,
        ):
            for _ in range(2):
                await near.send_str(await far.receive_str())
                await far.send_str(await near.receive_str())
            await near.send_str(await far.receive_str())
        return near

    app.router.add_route("*", "/core/api/{path:.*}", rest)
    app.router.add_get("/core/websocket", socket)
    server = TestServer(app)
    await server.start_server()
    yield str(server.make_url("")).rstrip("/")
    await server.close()


@pytest.fixture
async def client(supervisor: str, hass_access_token: str) -> AsyncIterator[Client]:
    """The app's own client."""
    async with ClientSession() as session:
        yield Client(session, hass_access_token, supervisor)


@pytest.fixture
def _found(meter: Meter, monkeypatch: pytest.MonkeyPatch) -> None:
    """Home Assistant finds the port."""
    device = SerialDevice(
        device=meter.line.url, serial_number=None, manufacturer=None, description=None
    )

    async def scan(hass: HomeAssistant) -> list[SerialDevice]:
        return [device]

    monkeypatch.setattr("homeassistant.components.usb.async_scan_serial_ports", scan)


async def test_users(
    client: Client, hass_admin_user: MockUser, hass_read_only_user: MockUser
) -> None:
    """Who administers Home Assistant may flash, nobody else."""
    assert await client.is_administrator(hass_admin_user.id)
    assert not await client.is_administrator(hass_read_only_user.id)
    assert not await client.is_administrator("nobody")


async def test_wrong_token(supervisor: str) -> None:
    """Nothing is answered to a foreign token."""
    async with ClientSession() as session:
        stranger = Client(session, "wrong", supervisor)
        with pytest.raises(HomeAssistantError):
            await stranger.release_port("/dev/x", 10)


@pytest.mark.usefixtures("_found")
async def test_lease(
    hass: HomeAssistant,
    client: Client,
    meter: Meter,
    entry: MockConfigEntry,
    tmp_path: Path,
) -> None:
    """The port of a meter that is read is freed, and read again when it is given back."""
    meter.send()
    await until(hass, lambda: state_of(hass, f"{meter.number}_1-0:1.7.0"))
    leases = Leases(client, tmp_path / "lease.json")
    [holder] = await leases.holders(str(meter.line.path.resolve()))
    assert (holder.title, holder.domain, holder.active) == (
        entry.title,
        "smart_meter",
        True,
    )
    said = await leases.take(meter.line.url, frozenset())
    assert said == [f"Smart Meter let go of the port: {entry.title}"]
    assert not entry.runtime_data.connected
    assert leases.pending
    assert await leases.give_back() == []
    assert entry.runtime_data.connected
    assert not leases.pending


async def test_foreign_entry(hass: HomeAssistant, client: Client) -> None:
    """A foreign entry is disabled and enabled again."""
    mock_integration(hass, MockModule("foreign"))
    foreign = MockConfigEntry(domain="foreign")
    foreign.add_to_hass(hass)
    await client.set_running("config_entry", foreign.entry_id, running=False)
    assert foreign.disabled_by is ConfigEntryDisabler.USER
    await client.set_running("config_entry", foreign.entry_id, running=True)
    assert foreign.disabled_by is None
    with pytest.raises(HomeAssistantError):
        await client.set_running("app", "core_zigbee", running=False)
