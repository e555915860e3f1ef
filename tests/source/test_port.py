"""Ports that do not open: each for a reason a user understands, as the operating system or serialx says it."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import suppress
import errno
import os
from pathlib import Path
import socket
import tty

import pytest
import serialx

from customer_interface.errors import SourceError
from customer_interface.line import LineSettings
from customer_interface.source import port
from customer_interface.source.port import MOST_KEPT, open_port
from tests.output.broker import free_port

LINE = LineSettings.parse("2400 8E1")

pytestmark = pytest.mark.usefixtures("socket_enabled")


def nobody(_: bytes) -> bool:
    """Take what arrives, and do nothing about it."""
    return False


async def reason(url: str) -> str:
    """Return why a port does not open."""
    with pytest.raises(SourceError) as caught:
        await open_port(url, LINE, nobody)
    return caught.value.reason


@pytest.fixture
async def mute() -> AsyncGenerator[int]:
    """Return a TCP port that takes connections and says nothing."""
    over = asyncio.Event()

    async def hold(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await over.wait()
        writer.close()

    async with await asyncio.start_server(hold, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]
        over.set()


async def test_nobody_answers(mute: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that does not speak RFC 2217 is not waited for for ever."""
    monkeypatch.setattr(port, "OPEN_TIMEOUT", 0.2)
    assert await reason(f"rfc2217://127.0.0.1:{mute}") == "refused"


@pytest.mark.parametrize(
    "url",
    [
        "socket://127.0.0.1:{}",
        "rfc2217://127.0.0.1:{}",
        "esphome://127.0.0.1:{}/?port_name=p",
    ],
)
async def test_nothing_listens(url: str) -> None:
    """An address at which nothing listens refuses, whoever connected to it."""
    assert await reason(url.format(free_port())) == "refused"


@pytest.mark.parametrize("scheme", ["socket", "rfc2217"])
async def test_no_such_host(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that no host has is told apart from a host that does not answer."""

    async def nowhere(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", nowhere)
    assert await reason(f"{scheme}://meter.invalid:5000") == "unresolved"


@pytest.mark.parametrize(
    "url", ["/dev/null", "socket://", "socket://127.0.0.1:99999", "unheard-of://port"]
)
async def test_no_port(url: str) -> None:
    """What is no port, or no address of one, is said to be none."""
    assert await reason(url) == "invalid"


async def test_missing(tmp_path: Path) -> None:
    """A path at which nothing is, as after an adapter was pulled."""
    assert await reason(str(tmp_path / "ttyUSB0")) == "missing"


@pytest.fixture
async def used() -> AsyncGenerator[tuple[str, port.Port]]:
    """Return a port that is open already, and who has it."""
    master, slave = os.openpty()
    name = os.ttyname(slave)
    opened = await open_port(name, LINE, nobody)
    yield name, opened
    await opened.close()
    os.close(slave)
    os.close(master)


async def test_in_use(
    used: tuple[str, port.Port], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A port that is open already and stays so is in use."""
    monkeypatch.setattr(port, "BUSY_PATIENCE", 0.2)
    assert await reason(used[0]) == "busy"


async def test_in_use_no_longer(
    used: tuple[str, port.Port], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A port that somebody is just giving back is waited for."""
    monkeypatch.setattr(port, "BUSY_PATIENCE", 30.0)
    name, opened = used
    refused = asyncio.Event()
    sleep = asyncio.sleep

    async def pause(seconds: float) -> None:
        refused.set()
        await sleep(0)

    monkeypatch.setattr(asyncio, "sleep", pause)
    opening = asyncio.create_task(open_port(name, LINE, nobody))
    await refused.wait()
    await opened.close()
    await (await opening).close()


async def test_setting_the_port_has_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """A port that cannot be set as the meter's profile says."""

    async def unset(*_: object, **__: object) -> None:
        raise serialx.UnsupportedSetting("no parity here")

    monkeypatch.setattr(serialx, "create_serial_connection", unset)
    assert await reason("/dev/ttyUSB0") == "unsupported"


async def test_scheme_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """A scheme that others add may raise what they like: the port is tried again later."""

    async def not_yet(*_: object, **__: object) -> None:
        raise RuntimeError("not loaded yet")

    monkeypatch.setattr(serialx, "create_serial_connection", not_yet)
    assert await reason("esphome-ha://entry/") == "missing"


@pytest.fixture
def terminal() -> Iterator[tuple[int, str]]:
    """Return the meter's end of a pseudo terminal, and the path of the other."""
    master, slave = os.openpty()
    tty.setraw(slave)
    yield master, os.ttyname(slave)
    os.close(slave)
    os.close(master)


async def test_connection_times_out(terminal: tuple[int, str]) -> None:
    """It went away: that is no patience that ended, which would be waited for anew without end."""
    opened = await open_port(terminal[1], LINE, nobody)
    waiting = asyncio.create_task(opened.wait(None))
    await asyncio.sleep(0)
    opened.connection_lost(TimeoutError(errno.ETIMEDOUT, "Connection timed out"))
    async with asyncio.timeout(30):
        await waiting
        with pytest.raises(SourceError) as caught:
            await opened.wait(None)
    assert caught.value.reason == "lost"
    await opened.close()


async def test_error_of_who_is_told(terminal: tuple[int, str]) -> None:
    """What is raised by who takes the bytes is nobody's error but theirs: who waits gets it."""
    meter, name = terminal

    def full(_: bytes) -> bool:
        raise OSError(errno.ENOSPC, "No space left on device")

    opened = await open_port(name, LINE, full)
    waiting = asyncio.create_task(opened.wait(None))
    await asyncio.sleep(0)
    os.write(meter, b"a")
    async with asyncio.timeout(30):
        with pytest.raises(OSError, match="No space left"):
            await waiting
    await opened.close()


async def test_what_arrives_while_nobody_waits_is_kept(
    terminal: tuple[int, str],
) -> None:
    """Bytes that come while something is sent or set are handed on with the next wait, the last of them at least."""
    meter, name = terminal
    heard = bytearray()

    def hear(data: bytes) -> bool:
        heard.extend(data)
        return True

    opened = await open_port(name, LINE, hear)
    left = 2 * MOST_KEPT
    os.set_blocking(meter, False)
    async with asyncio.timeout(30):
        while left > 0:
            with suppress(BlockingIOError):
                left -= os.write(meter, bytes(512))
            await asyncio.sleep(0)
    assert not heard
    async with asyncio.timeout(30):
        await opened.wait(None)
        assert len(heard) <= MOST_KEPT
        while not heard.endswith(b"over"):
            os.write(meter, b"over")
            await opened.wait(None)
    await opened.close()


async def test_pieces_are_handed_on_within_one_wait(
    terminal: tuple[int, str],
) -> None:
    """Who waits is not woken for each piece, but for the one that ends the wait; patience ends it too."""
    meter, name = terminal
    pieces: list[bytes] = []

    def hear(data: bytes) -> bool:
        pieces.append(data)
        return data == b"."

    opened = await open_port(name, LINE, hear)
    waiting = asyncio.create_task(opened.wait(None))
    async with asyncio.timeout(30):
        for number, piece in enumerate((b"a", b"b", b".")):
            assert not waiting.done()
            os.write(meter, piece)
            while len(pieces) == number:
                await asyncio.sleep(0.001)
        await waiting
        await opened.wait(0.01)
    assert pieces == [b"a", b"b", b"."]
    await opened.close()
