"""The line a simulated meter hangs on: a pseudo terminal, a TCP port, or an RFC 2217 port that models the serial line.

Bytes leave at the pace of the meter's baud rate. A pseudo terminal and plain TCP know no line settings, so what is sent
arrives. The RFC 2217 port sends bits at the meter's settings and samples them again at those the client asked for
(uart.py). Network ports are bound to 127.0.0.1.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
import fcntl
import os
from pathlib import Path
import sys
import termios
import time
import tty
from typing import Protocol

from ..errors import CustomerInterfaceError
from .meter import Chunk, Meter
from .rfc2217 import ComPort, escaped
from .uart import sample

HOST = "127.0.0.1"
_SLICE = 0.02  # seconds of bytes that are written at once
_STALE = 2048  # bytes nobody read

type Heard = Callable[[bytes], None]


class _Port(Protocol):
    """Where bytes go."""

    address: str

    async def open(self, heard: Heard) -> None:
        """Be there; bytes that arrive go to `heard`."""

    def write(self, data: bytes, *, whole: bytes) -> None:
        """Take some bytes of what is sent; `whole` is all of it when these are its last, else empty."""

    async def close(self) -> None:
        """Be gone."""


class PtyPort:
    """A pseudo terminal, with a link to it at a path of its own if one is wanted."""

    def __init__(self, link: Path | None = None) -> None:
        """Name the link; the terminal comes with `open`."""
        self.address = ""
        self._link = link
        self._master = self._slave = -1

    async def open(self, heard: Heard) -> None:
        """Make the terminal, raw."""
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        asyncio.get_running_loop().add_reader(self._master, self._hear, heard)
        self.address = os.ttyname(self._slave)
        if self._link is not None:
            self._link.unlink(missing_ok=True)
            self._link.symlink_to(self.address)
            self.address = str(self._link)

    def _hear(self, heard: Heard) -> None:
        with suppress(OSError):
            heard(os.read(self._master, 4096))

    def write(self, data: bytes, *, whole: bytes) -> None:
        """Write; what nobody reads is dropped, as on a real line."""
        with suppress(OSError):
            unread = int.from_bytes(
                fcntl.ioctl(self._slave, termios.FIONREAD, bytes(4)), sys.byteorder
            )
            if unread > _STALE:
                termios.tcflush(self._slave, termios.TCIFLUSH)
            os.write(self._master, data)

    async def close(self) -> None:
        """Hang up."""
        if self._master < 0:
            return
        asyncio.get_running_loop().remove_reader(self._master)
        os.close(self._master)
        os.close(self._slave)
        self._master = self._slave = -1
        if self._link is not None:
            self._link.unlink(missing_ok=True)


class TcpPort:
    """A TCP port, plain bytes for all who connect."""

    scheme = "socket"

    def __init__(self, port: int = 0) -> None:
        """Listen on this port, on any free one for 0."""
        self.address = ""
        self._port = port
        self._server: asyncio.Server | None = None
        self._clients: set[asyncio.StreamWriter] = set()
        self._heard: Heard = lambda data: None

    async def open(self, heard: Heard) -> None:
        """Listen."""
        self._heard = heard
        self._server = await asyncio.start_server(self._client, HOST, self._port)
        self._port = self._server.sockets[0].getsockname()[1]
        self.address = f"{self.scheme}://{HOST}:{self._port}"

    async def _client(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._clients.add(writer)
        try:
            await self._serve(reader, writer)
        except OSError:
            pass
        finally:
            self._clients.discard(writer)
            writer.close()

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        while data := await reader.read(4096):
            self._heard(data)

    def write(self, data: bytes, *, whole: bytes) -> None:
        """Write to everybody who is connected."""
        for client in self._clients:
            client.write(data)

    async def close(self) -> None:
        """Close all connections and listen no more."""
        if self._server is None:
            return
        self._server.close()
        for client in tuple(self._clients):
            client.close()
        self._server = None


class Rfc2217Port(TcpPort):
    """An RFC 2217 port: each client has line settings of its own."""

    scheme = "rfc2217"

    def __init__(self, meter: Meter, port: int = 0, *, inverted: bool = False) -> None:
        """Model the line of this meter; `inverted` swaps its levels, as the wrong adapter does."""
        super().__init__(port)
        self._meter = meter
        self._inverted = inverted
        self._ports: dict[asyncio.StreamWriter, ComPort] = {}

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        port = self._ports[writer] = ComPort()
        try:
            while received := await reader.read(4096):
                data, answer = port.feed(received)
                writer.write(answer)
                if data:
                    self._heard(self._sampled(data, port, outwards=False))
        finally:
            del self._ports[writer]

    def _sampled(self, data: bytes, port: ComPort, *, outwards: bool) -> bytes:
        ends = (
            (self._meter.line, port.line) if outwards else (port.line, self._meter.line)
        )
        return sample(data, *ends, inverted=self._inverted)

    def write(self, data: bytes, *, whole: bytes) -> None:
        """Write what each client's port makes of the line; where settings differ that is known at the end only."""
        for client, port in self._ports.items():
            same = port.line == self._meter.line and not self._inverted
            seen = self._sampled(data if same else whole, port, outwards=True)
            client.write(escaped(seen))


class Line:
    """A meter that runs on a port; time passes `speed` times faster than it does."""

    def __init__(self, meter: Meter, port: _Port, speed: float = 1.0) -> None:
        """Nothing runs before `run`."""
        self.meter = meter
        self._port = port
        self._speed = speed
        self._started = time.time()
        self._began = time.monotonic()
        self._woken = asyncio.Event()
        self._answers: list[Chunk] = []
        self._plugged = False
        self._task: asyncio.Task[None] | None = None

    @property
    def address(self) -> str:
        """What to connect to: a path, `socket://...` or `rfc2217://...`."""
        return self._port.address

    def now(self) -> float:
        """Return the meter's time in seconds since the epoch."""
        return self._started + (time.monotonic() - self._began) * self._speed

    async def start(self) -> None:
        """Plug the meter in and let it run."""
        await self._plug(plugged=True)
        self._task = asyncio.create_task(self._run())

    async def closed(self) -> None:
        """Wait until the line is closed; raises what went wrong."""
        if self._task is not None:
            await self._task

    async def close(self) -> None:
        """Stop the meter and take the port away."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        await self._plug(plugged=False)

    async def _run(self) -> None:
        after = self.now()
        while True:
            due = self.meter.due(after)
            await self._wait(due)
            if self._answers:
                chunks, self._answers = tuple(self._answers), []
            elif self.now() >= due:
                await self._plug(plugged=self.meter.plugged(due))
                chunks, after = self.meter.push(due), max(due, self.now())
            else:
                continue
            await self._send(chunks)

    async def _wait(self, due: float) -> None:
        self._woken.clear()
        if self._answers:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, (due - self.now()) / self._speed)):
                await self._woken.wait()

    def _hear(self, data: bytes) -> None:
        self._answers += self.meter.receive(data, self.now())
        self._woken.set()

    async def _send(self, chunks: tuple[Chunk, ...]) -> None:
        byte = self.meter.line.seconds_per_byte / self._speed
        size = max(1, int(_SLICE / byte))
        for chunk in chunks:
            await asyncio.sleep(chunk.pause / self._speed)
            begun = time.monotonic()
            for end in range(size, len(chunk.data) + size, size):
                taken = min(end, len(chunk.data))
                await asyncio.sleep(begun + taken * byte - time.monotonic())
                whole = chunk.data if taken == len(chunk.data) else b""
                if self._plugged:
                    self._port.write(chunk.data[end - size : taken], whole=whole)

    async def _plug(self, *, plugged: bool) -> None:
        if plugged == self._plugged:
            return
        self._plugged = plugged
        if plugged:
            await self._port.open(self._hear)
        else:
            await self._port.close()


@asynccontextmanager
async def serve_pty(
    meter: Meter, link: Path | None = None, speed: float = 1.0
) -> AsyncIterator[Line]:
    """Run a meter on a pseudo terminal."""
    async with _running(Line(meter, PtyPort(link), speed)) as line:
        yield line


@asynccontextmanager
async def serve_tcp(
    meter: Meter, port: int = 0, speed: float = 1.0
) -> AsyncIterator[Line]:
    """Run a meter on a TCP port of this machine, any free one for 0."""
    async with _running(Line(meter, TcpPort(port), speed)) as line:
        yield line


@asynccontextmanager
async def serve_rfc2217(
    meter: Meter, port: int = 0, speed: float = 1.0, *, inverted: bool = False
) -> AsyncIterator[Line]:
    """Run a meter on an RFC 2217 port of this machine, any free one for 0."""
    async with _running(
        Line(meter, Rfc2217Port(meter, port, inverted=inverted), speed)
    ) as line:
        yield line


@asynccontextmanager
async def _running(line: Line) -> AsyncIterator[Line]:
    await line.start()
    try:
        yield line
    finally:
        await line.close()


@asynccontextmanager
async def open_port(meter: Meter, port: str, speed: float = 1.0) -> AsyncIterator[Line]:
    """Run a meter on `pty`, `pty:LINK`, `tcp:PORT` or `rfc2217:PORT`; raises CustomerInterfaceError for anything else."""
    kind, _, where = port.partition(":")
    if kind == "pty":
        serving = serve_pty(meter, Path(where) if where else None, speed)
    elif kind in ("tcp", "rfc2217") and _is_number(where or "0"):
        serving = (serve_tcp if kind == "tcp" else serve_rfc2217)(
            meter, int(where or 0), speed
        )
    else:
        raise CustomerInterfaceError(
            f"a port is pty, tcp:PORT or rfc2217:PORT, not {port[:40]!r}"
        )
    async with serving as line:
        yield line


def _is_number(where: str) -> bool:
    """Tell whether a text is the number of a network port."""
    return where.isdecimal() and len(where) <= 5 and int(where) < 1 << 16
