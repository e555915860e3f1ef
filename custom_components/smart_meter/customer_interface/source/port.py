"""A serial or network port through serialx: paths, socket://, tcp://, rfc2217://, esphome:// and what Home Assistant adds."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
import errno
import os
import socket
from typing import override

import serialx

from ..errors import SourceError
from ..line import LineSettings

OPEN_TIMEOUT = 15.0
# A port that somebody is just closing, or a program that looks at each new adapter, is free again in a moment.
BUSY_PATIENCE, BUSY_PAUSE = 2.0, 0.1
# What arrives while something is sent or set; what nobody takes for longer is of no use to anybody.
MOST_KEPT = 65_536
_PSEUDO_TERMINALS = "/dev/pts/"

_REASONS = {
    errno.ENOENT: ("missing", "there is no such port"),
    errno.ENODEV: ("missing", "there is no such port"),
    errno.ENXIO: ("missing", "there is no such port"),
    errno.EACCES: ("permission", "this program may not use the port"),
    errno.EPERM: ("permission", "this program may not use the port"),
    errno.EBUSY: ("busy", "another program uses the port"),
    errno.EAGAIN: ("busy", "another program uses the port"),
    errno.ECONNREFUSED: ("refused", "nothing listens at this address"),
    errno.EHOSTUNREACH: ("refused", "this address cannot be reached"),
    errno.ENETUNREACH: ("refused", "this address cannot be reached"),
}


class Port(asyncio.Protocol):
    """An open port; what fails on it raises SourceError, as a port that went away.

    What arrives is handed on at once while somebody waits for it, and kept meanwhile.
    """

    _transport: serialx.BaseSerialTransport

    def __init__(self, on_data: Callable[[bytes], bool], *, has_line: bool) -> None:
        """Be there before the connection; `on_data` as in `open_port`, a pseudo terminal has no line."""
        self._on_data = on_data
        self._has_line = has_line
        self._kept = bytearray()
        self._waiting: asyncio.Future[None] | None = None
        self._may_write = asyncio.Event()
        self._may_write.set()
        self._gone = asyncio.Event()

    async def wait(self, patience: float | None) -> None:
        """Hand on what arrives until `on_data` wants to go on, or so many seconds passed."""
        if self._kept:
            data, self._kept = bytes(self._kept), bytearray()
            self._on_data(data)
            return
        if self._gone.is_set():
            raise _lost()
        loop = asyncio.get_running_loop()
        self._waiting = loop.create_future()
        timer = loop.call_later(patience, self._go_on) if patience is not None else None
        try:
            await self._waiting
        finally:
            self._waiting = None
            if timer is not None:
                timer.cancel()

    def _go_on(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take over an open connection."""
        assert isinstance(transport, serialx.BaseSerialTransport)
        self._transport = transport

    @override
    def data_received(self, data: bytes) -> None:
        """Hand on what arrived, or keep it."""
        if self._waiting is None or self._waiting.done():
            self._kept += data
            del self._kept[:-MOST_KEPT]
            return
        try:
            if self._on_data(data):
                self._waiting.set_result(None)
        except Exception as err:  # noqa: BLE001 - raised in who waits
            self._waiting.set_exception(err)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        """Let whoever waits notice."""
        self._gone.set()
        self._may_write.set()
        self._go_on()

    @override
    def pause_writing(self) -> None:
        """Let who writes wait."""
        self._may_write.clear()

    @override
    def resume_writing(self) -> None:
        """Let who writes go on."""
        self._may_write.set()

    async def write(self, data: bytes) -> None:
        """Send bytes."""
        with _going_away():
            self._transport.write(data)
        await self._may_write.wait()

    async def set_line(self, line: LineSettings) -> None:
        """Change the line settings of the open port."""
        line = _settable(line, has_line=self._has_line)
        with _going_away():
            await self._transport.reconfigure_port(
                baudrate=line.baud,
                parity=line.parity.value,
                stopbits=line.stop_bits,
                byte_size=line.data_bits,
            )

    async def set_pins(self, dtr: bool | None, rts: bool | None) -> None:
        """Drive DTR and RTS, where the port has them; None leaves a pin as it is."""
        undefined = serialx.PinState.UNDEFINED
        # A session that needs a pin notices that there is none by the meter's silence.
        with _going_away(), suppress(serialx.UnsupportedSetting):
            await self._transport.set_modem_pins(
                dtr=undefined if dtr is None else dtr,
                rts=undefined if rts is None else rts,
            )

    async def close(self) -> None:
        """Close; what was not sent is dropped."""
        self._transport.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(5):
                await self._gone.wait()


@contextmanager
def _going_away() -> Iterator[None]:
    """Turn what the operating system and serialx raise on an open port into SourceError."""
    try:
        yield
    except (OSError, serialx.SerialException) as err:
        raise _lost() from err


def _lost() -> SourceError:
    return SourceError("lost", "the port went away")


async def open_port(
    url: str, line: LineSettings, on_data: Callable[[bytes], bool]
) -> Port:
    """Open a port with these line settings, as soon as it is free; raises SourceError with a reason a user understands.

    `on_data` gets what arrives while somebody waits, and returns whether the wait is over.
    """
    loop = asyncio.get_running_loop()
    give_up_at = loop.time() + BUSY_PATIENCE
    while True:
        try:
            return await _open_port(url, line, on_data)
        except SourceError as err:
            if err.reason != "busy" or loop.time() >= give_up_at:
                raise
        await asyncio.sleep(BUSY_PAUSE)


async def _open_port(
    url: str, line: LineSettings, on_data: Callable[[bytes], bool]
) -> Port:
    has_line = not os.path.realpath(url).startswith(_PSEUDO_TERMINALS)
    line = _settable(line, has_line=has_line)
    port = Port(on_data, has_line=has_line)
    try:
        async with asyncio.timeout(OPEN_TIMEOUT):
            await serialx.create_serial_connection(
                asyncio.get_running_loop(),
                lambda: port,
                url,
                baudrate=line.baud,
                parity=serialx.Parity(line.parity.value),
                stopbits=serialx.StopBits(line.stop_bits),
                byte_size=line.data_bits,
            )
    except TimeoutError as err:
        raise SourceError("refused", "the port did not answer in time") from err
    except socket.gaierror as err:
        raise SourceError("unresolved", "there is no host of this name") from err
    except OSError as err:
        reason, detail = _REASONS.get(
            err.errno or 0, ("invalid", "the port cannot be opened")
        )
        raise SourceError(reason, detail) from err
    except serialx.UnsupportedSetting as err:
        raise SourceError("unsupported", f"the port cannot be set to {line}") from err
    except (serialx.SerialException, ValueError) as err:
        raise SourceError(*_unwrapped(err)) from err
    except Exception as err:
        # Schemes can be added from outside, with exceptions of their own: Home Assistant's says that ESPHome is not
        # loaded yet.
        raise SourceError("missing", "the port is not there yet") from err
    return port


def _settable(line: LineSettings, *, has_line: bool) -> LineSettings:
    """Leave out what a pseudo terminal has not: Linux refuses to set for a second time a parity it did not take."""
    return line if has_line else LineSettings(line.baud)


def _unwrapped(err: BaseException) -> tuple[str, str]:
    """Find the operating system's reason below serialx's own exception and those of what serialx is built on."""
    cause = err.__cause__
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno in _REASONS:
            return _REASONS[cause.errno]
        cause = cause.__cause__
    return "invalid", "the port cannot be opened"
