"""Serial ports and their network addresses: how to write them where others read, and where to find one that moved."""

import re

from homeassistant.components import usb
from homeassistant.core import HomeAssistant

# Shorter serial numbers stand in many names by accident.
_SHORTEST_SERIAL_NUMBER = 4
# An adapter in the network as its manual writes it: a name or an address, and a number.
_HOST_AND_NUMBER = re.compile(r"([\w.-]+|\[[\da-fA-F:.]+\]):\d+")


def typed_port(text: str) -> str:
    """Return a port as somebody typed it, without blanks around; host and number alone are those of a raw TCP bridge."""
    port = text.strip()
    return f"socket://{port}" if _HOST_AND_NUMBER.fullmatch(port) else port


def shown_port(port: str) -> str:
    """Return a port without what may be secret in its address: the key of an ESPHome proxy, a password."""
    scheme, found, rest = port.partition("?")[0].partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}" if found else port


async def async_find_moved(hass: HomeAssistant, port: str) -> str | None:
    """Return where the adapter of a port that is gone is now, None where it is not found."""
    if hasattr(usb, "async_find_moved_serial_port"):  # Home Assistant 2026.11
        found: str | None = usb.async_find_moved_serial_port(hass, port)
        return found
    name = port.rpartition("/")[2]
    candidates = [
        device.device
        for device in await usb.async_scan_serial_ports(hass)
        if device.serial_number
        and len(device.serial_number) >= _SHORTEST_SERIAL_NUMBER
        and device.serial_number in name
        and device.device != port
    ]
    return candidates[0] if len(candidates) == 1 else None
