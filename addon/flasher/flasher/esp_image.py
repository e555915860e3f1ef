"""What the bytes of an Espressif image, partition table or flash say about themselves.

Image header (8 bytes, little endian), and what follows it on every chip but the ESP8266 (16 bytes)::

    | E9 | segments | SPI mode | size, freq | entry point (4) |
    | WP pin | SPI drive (3) | chip id (2) | revisions (5) | reserved (4) | hash appended (1) |

Application descriptor, the first thing in the first segment of an ESP-IDF application, at offset 0x20 (256 bytes)::

    | 32 54 CD AB | secure version (4) | reserved (8) | version (32) | project (32) | time (16) | date (16) | IDF (32) | ...

Partition table at 0x8000, an entry of 32 bytes for each partition, ended by MD5 or FF bytes::

    | AA 50 | type | subtype | offset (4) | size (4) | label (16) | flags (4) |

Source: ESP-IDF programming guide, "App image format", "Partition tables", "OTA data partition".
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
import struct
import zlib

IMAGE_MAGIC = 0xE9
DESCRIPTOR_MAGIC = b"\x32\x54\xcd\xab"
DESCRIPTOR_OFFSET = 0x20
DESCRIPTOR_SIZE = 256
PARTITION_MAGIC = b"\xaa\x50"
PARTITION_TABLE_OFFSET = 0x8000
PARTITION_TABLE_SIZE = 0xC00
OTA_RECORD_SIZE = 32
OTA_SECTOR_SIZE = 0x1000

CHIP_IDS = {
    0: "ESP32",
    2: "ESP32-S2",
    5: "ESP32-C3",
    9: "ESP32-S3",
    12: "ESP32-C2",
    13: "ESP32-C6",
    16: "ESP32-H2",
    18: "ESP32-P4",
    20: "ESP32-C61",
    23: "ESP32-C5",
}
# Where each chip's ROM looks for the second stage boot loader; all others look at 0.
BOOTLOADER_OFFSETS = {
    "ESP32": 0x1000,
    "ESP32-S2": 0x1000,
    "ESP32-P4": 0x2000,
    "ESP32-C5": 0x2000,
}
# An image has no chip id on the ESP8266; its code starts in that chip's instruction RAM.
ESP8266_ENTRY = range(0x40100000, 0x40108000)


class Kind(StrEnum):
    """What an image holds."""

    FACTORY = "factory"  # boot loader, partition table and application: all that a new chip needs
    APPLICATION = "application"  # an application alone, for updates over the air
    BOOTLOADER = "bootloader"
    ESP8266 = "esp8266"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Application:
    """Name and version an application carries in its descriptor."""

    project: str
    version: str


@dataclass(frozen=True, slots=True)
class Image:
    """An image as far as it can be read."""

    kind: Kind
    chip: str | None
    application: Application | None


@dataclass(frozen=True, slots=True)
class Partition:
    """One row of the partition table; offset and size in bytes."""

    kind: int
    subtype: int
    offset: int
    size: int
    label: str

    @property
    def is_application(self) -> bool:
        """Whether the boot loader can start what is in it."""
        return self.kind == 0

    @property
    def is_ota_data(self) -> bool:
        """Whether it says which application is started."""
        return (self.kind, self.subtype) == (1, 0)


def chip_of(image: bytes) -> str | None:
    """The chip an image header names, as esptool spells it, or None."""
    if len(image) < 24 or image[0] != IMAGE_MAGIC:
        return None
    if int.from_bytes(image[4:8], "little") in ESP8266_ENTRY:
        return "ESP8266"
    return CHIP_IDS.get(int.from_bytes(image[12:14], "little"))


def application(image: bytes) -> Application | None:
    """Name and version from an application image (its first 288 bytes suffice), or None."""
    descriptor = image[DESCRIPTOR_OFFSET : DESCRIPTOR_OFFSET + DESCRIPTOR_SIZE]
    if len(descriptor) < 80 or not descriptor.startswith(DESCRIPTOR_MAGIC):
        return None
    return Application(
        project=_text(descriptor[48:80]), version=_text(descriptor[16:48])
    )


def partitions(table: bytes) -> list[Partition]:
    """The rows of a partition table, up to its end or the first row that is none."""
    return list(_rows(table))


def active_application(rows: list[Partition], ota_data: bytes) -> Partition | None:
    """The application the boot loader would start, from the table and the content of the OTA data partition."""
    factory = next((r for r in rows if r.is_application and r.subtype == 0), None)
    slots = sorted(
        (r for r in rows if r.is_application and 0x10 <= r.subtype < 0x20),
        key=lambda row: row.subtype,
    )
    sequence = max(
        _ota_sequence(ota_data[:OTA_RECORD_SIZE]),
        _ota_sequence(ota_data[OTA_SECTOR_SIZE : OTA_SECTOR_SIZE + OTA_RECORD_SIZE]),
    )
    if sequence and slots:
        return slots[(sequence - 1) % len(slots)]
    return factory or next(iter(slots), None)


def inspect(image: bytes) -> Image:
    """What an image meant for offset 0 is: for which chip, and whether a chip starts with nothing else."""
    if chip_of(image) == "ESP8266":
        return Image(Kind.ESP8266, "ESP8266", None)
    if rows := partitions(image[PARTITION_TABLE_OFFSET:][:PARTITION_TABLE_SIZE]):
        return _factory(image, rows)
    if described := application(image):
        return Image(Kind.APPLICATION, chip_of(image), described)
    if chip := chip_of(image):
        return Image(Kind.BOOTLOADER, chip, None)
    return Image(Kind.UNKNOWN, None, None)


def _factory(image: bytes, rows: list[Partition]) -> Image:
    for offset in (0, 0x1000, 0x2000):
        chip = chip_of(image[offset : offset + 24])
        if chip and BOOTLOADER_OFFSETS.get(chip, 0) == offset:
            first = active_application(rows, b"")
            start = first.offset if first else len(image)
            return Image(Kind.FACTORY, chip, application(image[start : start + 288]))
    return Image(Kind.UNKNOWN, None, None)


def _rows(table: bytes) -> Iterator[Partition]:
    for start in range(0, min(len(table), PARTITION_TABLE_SIZE) - 31, 32):
        row = table[start : start + 32]
        if not row.startswith(PARTITION_MAGIC):
            return
        kind, subtype, offset, size = struct.unpack("<BBII", row[2:12])
        yield Partition(kind, subtype, offset, size, _text(row[12:28]))


def _ota_sequence(record: bytes) -> int:
    """The sequence number of an OTA data record, 0 where it is erased or its checksum is wrong."""
    if len(record) < OTA_RECORD_SIZE or record[:4] == b"\xff\xff\xff\xff":
        return 0
    checksum = int.from_bytes(record[28:32], "little")
    # The ROM's crc32_le(UINT32_MAX, ...) is zlib's with this start value.
    valid = zlib.crc32(record[:4], 0xFFFFFFFF) == checksum
    return int.from_bytes(record[:4], "little") if valid else 0


def _text(field: bytes) -> str:
    return field.split(b"\0", 1)[0].decode("utf-8", "replace")
