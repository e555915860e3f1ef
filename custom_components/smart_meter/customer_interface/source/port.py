"""A serial or network port through serialx: paths, socket://, tcp://, rfc2217://, esphome:// and what Home Assistant adds."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
import errno
import os
import socket
from typing import Any

import serialx

from ..errors import SourceError
from ..line import LineSettings

OPEN_TIMEOUT = 15.0
# A port that somebody is just closing, or a program that looks at each new adapter, is free again in a moment.
BUSY_PATIENCE, BUSY_PAUSE = 2.0, 0.1
READ_SIZE = 4_096
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


class Port:
    """An open port; what fails on it raises SourceError, as a port that went away."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: serialx.SerialStreamWriter[Any],
        *,
        has_line: bool = True,
    ) -> None:
        """Take over an open connection; a pseudo terminal has no line."""
        self._reader = reader
        self._writer = writer
        self._has_line = has_line

    async def read(self, patience: float | None) -> bytes:
        """Return what arrived, at least one byte; empty when `patience` seconds passed."""
        try:
            async with asyncio.timeout(patience):
                # A connection that timed out raises TimeoutError as well, again and again.
                with _going_away():
                    data = await self._reader.read(READ_SIZE)
        except TimeoutError:
            return b""
        if not data:
            raise _lost()
        return data

    async def write(self, data: bytes) -> None:
        """Send bytes."""
        with _going_away():
            self._writer.write(data)
            await self._writer.drain()

    async def set_line(self, line: LineSettings) -> None:
        """Change the line settings of the open port."""
        line = _settable(line, has_line=self._has_line)
        with _going_away():
            await self._writer.transport.reconfigure_port(
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
            await self._writer.transport.set_modem_pins(
                dtr=undefined if dtr is None else dtr,
                rts=undefined if rts is None else rts,
            )

    async def close(self) -> None:
        """Close; what was not sent is dropped."""
        self._writer.close()
        with suppress(OSError, TimeoutError, serialx.SerialException):
            async with asyncio.timeout(5):
                await self._writer.wait_closed()


@contextmanager
def _going_away() -> Iterator[None]:
    """Turn what the operating system and serialx raise on an open port into SourceError."""
    try:
        yield
    except (OSError, serialx.SerialException) as err:
        raise _lost() from err


def _lost() -> SourceError:
    return SourceError("lost", "the port went away")


async def open_port(url: str, line: LineSettings) -> Port:
    """Open a port with these line settings, as soon as it is free; raises SourceError with a reason a user understands."""
    loop = asyncio.get_running_loop()
    give_up_at = loop.time() + BUSY_PATIENCE
    while True:
        try:
            return await _open_port(url, line)
        except SourceError as err:
            if err.reason != "busy" or loop.time() >= give_up_at:
                raise
        await asyncio.sleep(BUSY_PAUSE)


async def _open_port(url: str, line: LineSettings) -> Port:
    has_line = not os.path.realpath(url).startswith(_PSEUDO_TERMINALS)
    line = _settable(line, has_line=has_line)
    try:
        async with asyncio.timeout(OPEN_TIMEOUT):
            reader, writer = await serialx.open_serial_connection(
                url=url,
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
    return Port(reader, writer, has_line=has_line)


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
