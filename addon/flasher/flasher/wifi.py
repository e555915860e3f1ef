"""Speaks Improv with the dongle over its serial port: what runs on it, and the network it shall join."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from threading import Event
import time

import serial

from . import improv

BAUD = 115200
# After a restart a chip with USB of its own disappears for a moment, and the firmware takes seconds to start.
START = 30.0
# ESPHome gives up joining a network after 30 s.
JOIN = 60.0
ASK_AGAIN = 1.0
# ESPHome names a link that adds the device to Home Assistant beside the device's own address.
NOT_ITS_OWN = "my.home-assistant.io"

type OnLog = Callable[[str], None]


class WifiError(Exception):
    """The dongle did not join; `kind` is wifi_silent, wifi_refused, wifi_text or wifi_stopped."""

    def __init__(self, kind: str) -> None:
        """See the class."""
        super().__init__(kind)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Dongle:
    """What the firmware says of itself; `url` is where it is found in the network."""

    firmware: str
    version: str
    chip: str
    name: str
    url: str | None = None


class Line:
    """The open port and the packets that arrive on it."""

    def __init__(self, port: str, deadline: float, stop: Event) -> None:
        """Open `port`, trying until `deadline` (monotonic seconds); both control lines stay released.

        Raises:
            WifiError: it could not be opened (wifi_silent).
        """
        self._stop = stop
        self._port = _open(port, deadline, stop)
        self._decoder = improv.Decoder()

    def close(self) -> None:
        """Close the port."""
        self._port.close()

    def send(self, request: bytes) -> None:
        """Send a request once."""
        try:
            self._port.write(request)
        except (serial.SerialException, OSError) as err:
            raise WifiError("wifi_silent") from err

    def packets(self, request: bytes, deadline: float) -> Iterator[improv.Packet]:
        """Packets until the deadline, while the request is repeated each second."""
        asked = 0.0
        while (now := time.monotonic()) < deadline:
            if self._stop.is_set():
                raise WifiError("wifi_stopped")
            if now - asked >= ASK_AGAIN:
                asked = now
                self.send(request)
            try:
                yield from self._decoder.feed(
                    self._port.read(max(1, self._port.in_waiting))
                )
            except (serial.SerialException, OSError) as err:
                raise WifiError("wifi_silent") from err


def ask(port: str, seconds: float, stop: Event) -> Dongle | None:
    """What runs on the dongle, None where it does not speak Improv; blocks for up to `seconds` or until `stop`."""
    deadline = time.monotonic() + seconds
    try:
        line = Line(port, deadline, stop)
    except WifiError:
        return None
    try:
        return _info(line, deadline)
    except WifiError:
        return None
    finally:
        line.close()


def join(port: str, ssid: str, password: str, on_log: OnLog, stop: Event) -> Dongle:
    """Bring the dongle into a network; blocks for up to `START` + `JOIN` seconds or until `stop`.

    Raises:
        WifiError: it does not answer (wifi_silent), could not connect (wifi_refused), or name and password are too
            long (wifi_text).
    """
    try:
        settings = improv.command(improv.Command.WIFI_SETTINGS, ssid, password)
    except ValueError as err:
        raise WifiError("wifi_text") from err
    deadline = time.monotonic() + START
    line = Line(port, deadline, stop)
    try:
        info = _info(line, deadline)
        if info is None:
            raise WifiError("wifi_silent")
        on_log(f"{info.firmware} {info.version} answers as {info.name}")
        url = _settle(line, settings, on_log)
    finally:
        line.close()
    return Dongle(info.firmware, info.version, info.chip, info.name, url)


def _open(port: str, deadline: float, stop: Event) -> serial.SerialBase:
    while True:
        try:
            line = serial.serial_for_url(
                port, do_not_open=True, baudrate=BAUD, timeout=0.1, exclusive=True
            )
            line.dtr = line.rts = False
            line.open()
        except (serial.SerialException, OSError, ValueError) as err:
            if time.monotonic() > deadline or stop.is_set():
                raise WifiError("wifi_silent") from err
            time.sleep(0.2)
        else:
            return line


def _info(line: Line, deadline: float) -> Dongle | None:
    for packet in line.packets(improv.command(improv.Command.DEVICE_INFO), deadline):
        answer = improv.result(packet)
        if (
            answer
            and answer.command == improv.Command.DEVICE_INFO
            and len(answer.texts) >= 4
        ):
            return Dongle(*answer.texts[:4])
    return None


def _settle(line: Line, settings: bytes, on_log: OnLog) -> str | None:
    """Send the settings once, then ask for the state until it is final; the address the dongle then has, if it says."""
    line.send(settings)
    on_log("name and password of the network were sent")
    provisioned = False
    for packet in line.packets(
        improv.command(improv.Command.STATE), time.monotonic() + JOIN
    ):
        if packet.type == improv.Type.ERROR and packet.data[:1] not in (b"", b"\0"):
            raise WifiError("wifi_refused")
        if packet.type == improv.Type.STATE:
            provisioned = packet.data[:1] == bytes((improv.State.PROVISIONED,))
        if provisioned and (answer := improv.result(packet)):
            return next(
                (text for text in answer.texts if NOT_ITS_OWN not in text), None
            )
    if provisioned:
        return None
    raise WifiError("wifi_refused")
