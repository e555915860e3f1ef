"""The ports of a simulated meter: what a client reads, at right and at wrong settings, and while it is unplugged."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from customer_interface import simulate
from customer_interface.errors import CatalogueError, CustomerInterfaceError
from customer_interface.line import LineSettings
from customer_interface.simulate.line import (
    open_port,
    serve_pty,
    serve_rfc2217,
    serve_tcp,
)
from customer_interface.source.port import open_port as connect

pytestmark = pytest.mark.usefixtures("socket_enabled")

SPEED = 50.0
# Bytes at 300 baud of three telegrams sent at 2400.
LONG = 100
NOE = ("netz-noe", "kaifa-ma309m")


async def _listen(
    address: str, line: LineSettings, enough: Callable[[bytearray], bool]
) -> bytes:
    """Return what arrives, as soon as it is enough."""
    received = bytearray()
    port = await connect(address, line, _into(received))
    async with asyncio.timeout(60):
        while not enough(received):
            await port.wait(None)
    await port.close()
    return bytes(received)


def _is_long(received: bytearray) -> bool:
    """Tell whether so much arrived that a telegram would be among it."""
    return len(received) > LONG


def _into(received: bytearray) -> Callable[[bytes], bool]:
    """Return what keeps what arrives, and lets nobody wait longer."""

    def keep(data: bytes) -> bool:
        received.extend(data)
        return True

    return keep


def _says(received: bytes | bytearray) -> bool:
    """Tell whether the frames' size and checksum are there: the body of the second is short."""
    return b"\x68\xfa\xfa\x68\x53\xff\x00\x01\x67\xdb\x08KFMg" in received and (
        b"\x68\x14\x14\x68\x53\xff\x11\x01\x67" in received
    )


@pytest.mark.parametrize("serve", [serve_tcp, serve_rfc2217, serve_pty])
async def test_a_client_reads_the_meter(serve: object) -> None:
    """A client reads the meter."""
    async with serve(simulate.simulator(*NOE), speed=SPEED) as line:  # type: ignore[operator]
        await _listen(line.address, LineSettings.parse("2400 8E1"), _says)


@pytest.mark.parametrize("serve", [serve_tcp, serve_rfc2217, serve_pty])
async def test_the_meter_hears_a_client(serve: object) -> None:
    """A meter on a bus answers SND_NKE with E5, whichever port the question comes through."""
    bus = simulate.simulator("mbus-master", "mbus-several")
    async with serve(bus, speed=SPEED) as line:  # type: ignore[operator]
        heard = bytearray()
        settings = LineSettings.parse("2400 8E1")
        port = await connect(line.address, settings, _into(heard))
        await port.write(b"\x10\x40\x01\x41\x16")
        async with asyncio.timeout(30):
            await port.wait(None)
        await port.close()
    assert heard == b"\xe5"


@pytest.mark.parametrize("settings", ["9600 8N1", "9600 8E1", "115200 8N1", "300 7E1"])
async def test_a_port_that_models_the_line_garbles_at_wrong_settings(
    settings: str,
) -> None:
    """A port that models the line garbles at wrong settings."""
    async with serve_rfc2217(simulate.simulator(*NOE), speed=SPEED) as line:
        received = await _listen(line.address, LineSettings.parse(settings), _is_long)
    assert not _says(received)


async def test_settings_change_on_the_open_port() -> None:
    """Settings change on the open port."""
    async with serve_rfc2217(simulate.simulator(*NOE), speed=SPEED) as line:
        received = bytearray()
        settings = LineSettings.parse("9600 8N1")
        port = await connect(line.address, settings, _into(received))
        await port.set_line(LineSettings.parse("2400 8E1"))
        async with asyncio.timeout(60):
            while not _says(received):
                await port.wait(None)
        await port.close()


async def test_the_wrong_way_round_a_line_cannot_be_read() -> None:
    """The wrong way round a line cannot be read."""
    async with serve_rfc2217(
        simulate.simulator(*NOE), speed=SPEED, inverted=True
    ) as line:
        received = await _listen(line.address, LineSettings.parse("2400 8E1"), _is_long)
    assert not _says(received)


async def test_unplugging_takes_the_port_away_and_brings_it_back(
    tmp_path: Path,
) -> None:
    """Unplugging takes the port away and brings it back."""
    link = tmp_path / "meter"
    meter = simulate.simulator(*NOE, faults=("unplug@6-106",))
    async with serve_pty(meter, link, speed=SPEED) as line:
        assert link.exists()
        async with asyncio.timeout(60):
            while link.exists():
                await asyncio.sleep(0.01)
            while not link.exists():
                await asyncio.sleep(0.01)
        await _listen(line.address, LineSettings.parse("2400 8E1"), _says)
    assert not link.exists()


async def test_a_port_of_another_kind_is_refused() -> None:
    """A port of another kind is refused."""
    for port in ("usb", "tcp:x", "rfc2217:-1"):
        with pytest.raises(CustomerInterfaceError):
            async with open_port(simulate.simulator(*NOE), port):
                pass


async def test_serving_says_where_and_ends_when_cancelled() -> None:
    """Serving says where and ends when cancelled."""
    said: list[str] = []
    task = asyncio.create_task(simulate.serve(*NOE, "tcp:0", announce=said.append))
    async with asyncio.timeout(30):
        while not said:
            await asyncio.sleep(0.01)
    assert said[0].startswith("socket://127.0.0.1:")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_unknown_meters_and_faults_are_refused() -> None:
    """Unknown meters and faults are refused."""
    with pytest.raises(CatalogueError):
        simulate.simulator("netz-noe", "no-such-meter")
    with pytest.raises(CustomerInterfaceError):
        simulate.simulator(*NOE, faults=("no-such-fault",))
