"""The serial ports of this machine, with what their USB descriptors say."""

from dataclasses import dataclass
from pathlib import Path

from serial.tools import list_ports
from serial.tools.list_ports_common import ListPortInfo

BY_ID = Path("/dev/serial/by-id")
# USB vendor 303A is Espressif itself: the chip's own USB, no bridge.
ESPRESSIF = 0x303A


@dataclass(frozen=True, slots=True)
class Port:
    """A port; `path` is the name that stays the same when it is plugged in again."""

    path: str
    device: str
    description: str
    maker: str
    usb: str | None
    native: bool


def available(extra: tuple[str, ...]) -> list[Port]:
    """USB ports first, then built-in ones, then those named in the options."""
    found = sorted(
        list_ports.comports(), key=lambda info: (info.vid is None, info.device)
    )
    names = (
        {str(p.resolve()): str(p) for p in BY_ID.glob("*")} if BY_ID.is_dir() else {}
    )
    return [_port(info, names) for info in found] + [
        Port(name, name, "", "", None, native=False) for name in extra
    ]


def _port(info: ListPortInfo, names: dict[str, str]) -> Port:
    usb = f"{info.vid:04X}:{info.pid:04X}" if info.vid is not None else None
    return Port(
        path=names.get(info.device, info.device),
        device=info.device,
        description=info.product
        or (info.description if info.description != "n/a" else ""),
        maker=info.manufacturer or "",
        usb=usb,
        native=info.vid == ESPRESSIF,
    )
