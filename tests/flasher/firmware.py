"""The images the tests write: real ones, made by esptool from the programs in `images/`."""

from functools import cache
from pathlib import Path
import struct
import tempfile
import zlib

from esptool.cmds import elf2image

IMAGES = Path(__file__).parent / "images"
TABLE_OFFSET = 0x8000
OTA_DATA_OFFSET = 0xE000
APP_OFFSET = 0x10000
SLOT_SIZE = 0x100000
FLASH_SIZE = 4 * 1024 * 1024


@cache
def image(name: str) -> bytes:
    """The image of a committed program: `boot`, `app-1.0.0` or `app-1.1.0`."""
    with tempfile.TemporaryDirectory() as folder:
        output = f"{folder}/{name}.bin"
        elf2image(str(IMAGES / f"{name}.elf"), "esp32c3", output)
        return Path(output).read_bytes()


def row(kind: int, subtype: int, offset: int, size: int, label: str) -> bytes:
    """One row of a partition table."""
    return struct.pack(
        "<2sBBII16sI", b"\xaa\x50", kind, subtype, offset, size, label.encode(), 0
    )


def table() -> bytes:
    """ESPHome's layout: two slots and the record of which one is started."""
    rows = (
        row(1, 0x02, 0x9000, 0x5000, "nvs"),
        row(1, 0x00, OTA_DATA_OFFSET, 0x2000, "otadata"),
        row(0, 0x10, APP_OFFSET, SLOT_SIZE, "app0"),
        row(0, 0x11, APP_OFFSET + SLOT_SIZE, SLOT_SIZE, "app1"),
    )
    return b"".join(rows).ljust(0xC00, b"\xff")


def ota_record(sequence: int) -> bytes:
    """A valid record that says application `(sequence - 1) % 2` is started."""
    body = struct.pack("<I", sequence)
    return body + b"\xff" * 24 + struct.pack("<I", zlib.crc32(body, 0xFFFFFFFF))


def factory(version: str = "1.1.0") -> bytes:
    """What a new chip gets at offset 0."""
    flash = bytearray(b"\xff" * APP_OFFSET)
    flash[0 : len(image("boot"))] = image("boot")
    flash[TABLE_OFFSET : TABLE_OFFSET + 0xC00] = table()
    return bytes(flash) + image(f"app-{version}")


def classic(version: str = "1.1.0") -> bytes:
    """A factory image for the first ESP32: its ROM looks for the boot loader at 0x1000."""
    flash = bytearray(factory(version))
    boot = bytearray(image("boot"))
    boot[12:14] = b"\0\0"
    flash[:0x1000] = b"\xff" * 0x1000
    flash[0x1000 : 0x1000 + len(boot)] = boot
    return bytes(flash)


def esp8266() -> bytes:
    """An image as the ESP8266's begin; what follows the header is no program."""
    header = struct.pack("<BBBBI", 0xE9, 1, 2, 0x40, 0x40100010)
    return header + image("app-1.1.0")[8:]
