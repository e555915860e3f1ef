"""What a chip or a file tells the app that flashes: whatever bytes, an answer and no exception."""

from pathlib import Path
import sys

sys.path.append(str(Path(__file__).parents[2] / "addon" / "flasher"))

from flasher import esp_image, improv

SEEDS = (
    improv.command(improv.Command.WIFI_SETTINGS, "network", "password"),
    improv.encode(improv.Type.RESULT, b"\x01\x03\x02ab"),
    b"\xe9\x01\x02\x40\x10\x00\x10\x40"
    + bytes(24)
    + esp_image.DESCRIPTOR_MAGIC
    + bytes(252),
    b"\xaa\x50\x00\x10\x00\x00\x01\x00\x00\x00\x10\x00app0" + bytes(16),
)


def fuzz(data: bytes) -> None:
    """As a line's bytes in two pieces, as an image, as a partition table with the record of the active slot."""
    decoder = improv.Decoder()
    half = len(data) // 2
    for packet in decoder.feed(data[:half]) + decoder.feed(data[half:]):
        answer = improv.result(packet)
        assert answer is None or sum(len(t.encode()) for t in answer.texts) <= 3 * 0xFF
    esp_image.inspect(data)
    esp_image.inspect(bytes(esp_image.PARTITION_TABLE_OFFSET) + data)
    rows = esp_image.partitions(data)
    assert len(rows) <= len(data) // 32
    active = esp_image.active_application(rows, data)
    assert active is None or active in rows
