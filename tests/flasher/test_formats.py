"""The formats the app reads: images, partition tables, Improv packets, manifests, lists of sums."""

from pathlib import Path
import shutil
import subprocess

from esptool.cmds import elf2image
from hypothesis import given, settings, strategies as st
import pytest

from flasher import esp_image, improv
from flasher.catalogue import Catalogue, CatalogueError, parse_manifest, parse_sums
from flasher.esp_image import Application, Image, Kind, Partition
from flasher.lease import same_port
from flasher.steps import host_of, older
from flasher.wifi import Dongle

from . import firmware
from .conftest import Release

settings.register_profile("flasher", deadline=None, max_examples=200)
settings.load_profile("flasher")


# --- images ---


def test_images() -> None:
    """Real images, made by esptool."""
    assert esp_image.inspect(firmware.factory("1.1.0")) == Image(
        Kind.FACTORY, "ESP32-C3", Application("smart-meter-dongle", "1.1.0")
    )
    assert esp_image.inspect(firmware.image("app-1.0.0")).kind is Kind.APPLICATION
    assert esp_image.inspect(firmware.image("boot")) == Image(
        Kind.BOOTLOADER, "ESP32-C3", None
    )
    assert esp_image.inspect(b"\xff" * 0x20000) == Image(Kind.UNKNOWN, None, None)


def test_classic_esp32() -> None:
    """On the first ESP32 the boot loader begins at 0x1000; at 0 it is no factory image."""
    flash = bytearray(firmware.classic())
    assert esp_image.inspect(bytes(flash)).chip == "ESP32"
    flash[:0x1000] = flash[0x1000:0x2000]
    flash[0x1000:0x2000] = b"\xff" * 0x1000
    assert esp_image.inspect(bytes(flash)).kind is Kind.UNKNOWN


def test_esp8266() -> None:
    """Its images have no chip id; the entry point tells."""
    assert esp_image.inspect(firmware.esp8266()) == Image(Kind.ESP8266, "ESP8266", None)


def test_partitions() -> None:
    """The table ends at the first row that is none."""
    rows = esp_image.partitions(firmware.table())
    assert [row.label for row in rows] == ["nvs", "otadata", "app0", "app1"]
    assert rows[2] == Partition(0, 0x10, 0x10000, 0x100000, "app0")


@pytest.mark.parametrize(
    ("first", "second", "label"),
    [
        (b"", b"", "app0"),
        (1, b"", "app0"),
        (1, 2, "app1"),
        (3, 2, "app0"),
        (b"", 2, "app1"),
        (b"\0" * 32, 2, "app1"),
    ],
)
def test_active_application(
    first: int | bytes, second: int | bytes, label: str
) -> None:
    """The record with the higher valid number says which slot is started."""
    records = [
        firmware.ota_record(r) if isinstance(r, int) else r for r in (first, second)
    ]
    data = records[0].ljust(0x1000, b"\xff") + records[1]
    found = esp_image.active_application(esp_image.partitions(firmware.table()), data)
    assert found is not None
    assert found.label == label


def test_ota_checksum_of_the_chip() -> None:
    """The CRC of sequence number 1 as ESP-IDF's own tools write it."""
    assert firmware.ota_record(1)[28:] == bytes.fromhex("9a984347")


@given(st.binary(max_size=2048))
def test_images_from_anything(data: bytes) -> None:
    """Whatever bytes: an answer, no exception."""
    esp_image.inspect(data)
    esp_image.inspect(bytes(0x8000) + data)
    esp_image.active_application(esp_image.partitions(data), data)


@pytest.mark.skipif(
    shutil.which("riscv64-unknown-elf-gcc") is None, reason="no RISC-V compiler here"
)
def test_programs_are_what_their_source_says(tmp_path: Path) -> None:
    """Building again gives the same images (Debian: gcc-riscv64-unknown-elf)."""
    subprocess.run([firmware.IMAGES / "build", tmp_path], check=True)
    for name in ("boot", "app-1.0.0", "app-1.1.0"):
        elf2image(
            str(tmp_path / f"{name}.elf"), "esp32c3", str(tmp_path / f"{name}.bin")
        )
        built = (tmp_path / f"{name}.bin").read_bytes()
        # The descriptor holds the sum of the ELF file, which another compiler version may arrange otherwise.
        assert esp_image.inspect(built) == esp_image.inspect(firmware.image(name))
        assert len(built) == len(firmware.image(name))


# --- Improv ---


def test_improv_example() -> None:
    """The example of the specification: 01 1E 0C {MyWirelessAP} 10 {mysecurepassword}."""
    packet = improv.command(
        improv.Command.WIFI_SETTINGS, "MyWirelessAP", "mysecurepassword"
    )
    body = bytes.fromhex("011e0c") + b"MyWirelessAP" + b"\x10" + b"mysecurepassword"
    assert packet[:9] == b"IMPROV\x01\x03\x20"
    assert packet[9:-2] == body
    assert packet[-2] == sum(packet[:-2]) & 0xFF


def test_improv_between_log_lines() -> None:
    """Packets are found in the log, in pieces, and after a broken one."""
    whole = improv.encode(1, b"\x02")
    broken = bytearray(whole)
    broken[9] ^= 1
    stream = b"[I] boot IMPRO" + bytes(broken) + b"IMPROV\x01" + whole + b"\r\n" + whole
    decoder = improv.Decoder()
    found = [p for i in range(len(stream)) for p in decoder.feed(stream[i : i + 1])]
    assert found == [improv.Packet(1, b"\x02")] * 2


def test_improv_too_long() -> None:
    """What does not fit is refused, not cut."""
    with pytest.raises(ValueError, match="too long"):
        improv.command(improv.Command.WIFI_SETTINGS, "x" * 200, "y" * 60)


@given(st.lists(st.text(max_size=30), max_size=4))
def test_improv_results(texts: list[str]) -> None:
    """Texts come back as they went in."""
    fields = b"".join(bytes((len(t.encode()),)) + t.encode() for t in texts)
    if len(fields) > 253:
        return
    [packet] = improv.Decoder().feed(improv.encode(4, bytes((3, len(fields))) + fields))
    answer = improv.result(packet)
    assert answer == improv.Result(3, tuple(texts))


@given(
    st.lists(
        st.binary(max_size=64).map(lambda b: b.replace(b"x", b"IMPROV\x01")),
        max_size=20,
    )
)
def test_improv_from_anything(pieces: list[bytes]) -> None:
    """Whatever bytes: no exception, and never more than one packet kept."""
    decoder = improv.Decoder()
    for piece in pieces:
        for packet in decoder.feed(piece):
            improv.result(packet)
        assert len(decoder._buffer) <= improv.MAX_PACKET


# --- manifests ---


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[]",
        b"{" * 5000,
        b'{"name": "x", "version": "1", "builds": 1}',
        b'{"name": "x", "version": "1", "builds": [{"chipFamily": "ESP32", "parts": []}]}',
        b'{"name": "x", "version": "1", "builds": [{"chipFamily": "ESP32", "parts": [{"path": "a", "offset": -1}]}]}',
    ],
)
def test_no_manifest(content: bytes) -> None:
    """A broken manifest is said to be one."""
    with pytest.raises(CatalogueError):
        parse_manifest("x", content)


@given(st.binary(max_size=300))
def test_anything_is_no_manifest(content: bytes) -> None:
    """Whatever bytes: one kind of exception."""
    with pytest.raises(CatalogueError):
        parse_manifest("x", content)
    parse_sums(content)


def test_sums() -> None:
    """Text and binary lines of sha256sum; others are left out."""
    digest = "AB" * 32
    listing = f"{digest}  a.bin\n{digest} *b.bin\nshort  c.bin\n\n".encode()
    assert parse_sums(listing) == {"a.bin": digest.lower(), "b.bin": digest.lower()}


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl here")
def test_release_by_openssl(tmp_path: Path, release: Release) -> None:
    """The commands of DOCS.md make a release the app believes."""
    key, folder = tmp_path / "private.pem", release.folder
    sums = f"cd {folder} && sha256sum *.manifest.json *.bin > SHA256SUMS"
    sign = f"openssl pkeyutl -sign -rawin -inkey {key} -in {folder}/SHA256SUMS -out {folder}/SHA256SUMS.sig"
    for command in (
        f"openssl genpkey -algorithm ed25519 -out {key}",
        f"openssl pkey -in {key} -pubout -out {release.key}",
        sums,
        sign,
    ):
        subprocess.run(["bash", "-c", command], check=True)
    catalogue = Catalogue(folder, release.key)
    assert catalogue.problem() is None
    _, [(offset, content)] = catalogue.load("c3-mbus.manifest.json", "ESP32-C3")
    assert (offset, content) == (0, firmware.factory("1.1.0"))


# --- small things ---


@pytest.mark.parametrize(
    ("version", "installed", "expected"),
    [
        ("1.0.0", "1.1.0", True),
        ("1.1.0", "1.1.0", False),
        ("1.1", "1.1.0", False),
        ("1.10.0", "1.9.0", False),
        ("v1.2", "1.10", True),
        ("2026.10.0", "2026.9.3", False),
        ("dev", "1.0.0", False),
        ("1.0.0", "", False),
    ],
)
def test_older(version: str, installed: str, expected: bool) -> None:
    """Versions compare by number."""
    assert older(version, installed) is expected


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://192.0.2.7", "192.0.2.7"),
        ("http://192.0.2.7:80/", "192.0.2.7"),
        (
            "https://my.home-assistant.io/redirect/config_flow_start?domain=esphome",
            "d.local",
        ),
        (None, "d.local"),
        ("", "d.local"),
    ],
)
def test_host(url: str | None, host: str) -> None:
    """The address a dongle gave, else its name."""
    assert host_of(Dongle("f", "1", "c", "d", url)) == host


def test_same_port(tmp_path: Path) -> None:
    """A link is the port it points to; a key in a URL does not count."""
    (tmp_path / "link").symlink_to("/dev/null")
    assert same_port(str(tmp_path / "link"), "/dev/null")
    assert same_port("rfc2217://a:1?x=1", "rfc2217://a:1")
    assert not same_port("/dev/null", "/dev/zero")
