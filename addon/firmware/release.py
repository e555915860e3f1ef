#!/usr/bin/env python3
"""Puts a release of the dongle's firmware together: images, a manifest for each, their sums and the signature.

What it writes is what the flasher app reads and what ESP Web Tools reads:

    NAME.bin             the factory image, offset 0
    NAME.manifest.json   name, version, board, front_end, notes, builds (chipFamily, parts)
    SHA256SUMS           of all of them, as sha256sum writes it
    SHA256SUMS.sig       its Ed25519 signature, 64 bytes
    index.html           the page for people without the Supervisor
"""

import argparse
import hashlib
from html import escape
import json
from pathlib import Path
import sys
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

HERE = Path(__file__).parent
CHIPS = {
    "esp32-c3": "ESP32-C3",
    "esp32-s3": "ESP32-S3",
    "esp32-s3-usb": "ESP32-S3",
    "esp8266": "ESP8266",
    "ethernet": "ESP32",
}
BOARDS = {
    "esp32-c3": "XIAO ESP32C3",
    "esp32-s3": "XIAO ESP32S3",
    "esp32-s3-usb": "XIAO ESP32S3, USB only",
    "esp8266": "D1 mini",
    "ethernet": "Olimex ESP32-POE-ISO",
}
# Seconds the page waits for Improv after an installation; these have none on their USB port.
WITHOUT_IMPROV = {"esp8266", "ethernet", "esp32-s3-usb"}


def dongles() -> list[str]:
    """Return the names of all dongles, a board and a front end each."""
    return sorted(path.stem for path in (HERE / "dongles").glob("*.yaml"))


def parts_of(dongle: str) -> tuple[str, str]:
    """Return a dongle's board and front end."""
    board = max((b for b in BOARDS if dongle.startswith(f"{b}-")), key=len)
    return board, dongle.removeprefix(f"{board}-")


def manifest(dongle: str, version: str, notes: str) -> dict[str, Any]:
    """Return a dongle's manifest in the format of ESP Web Tools, with three keys of the flasher app."""
    board, front_end = parts_of(dongle)
    return {
        "name": "Smart Meter dongle",
        "version": version,
        "board": BOARDS[board],
        "front_end": front_end,
        "notes": notes,
        "new_install_prompt_erase": True,
        "new_install_improv_wait_time": 0 if board in WITHOUT_IMPROV else 15,
        "builds": [
            {
                "chipFamily": CHIPS[board],
                "parts": [{"path": f"{dongle}.bin", "offset": 0}],
            }
        ],
    }


def page(names: list[str], version: str) -> str:
    """Return the page that installs the firmware from a browser."""
    rows = "".join(
        f"<li><span>{escape(BOARDS[parts_of(name)[0]])} · {escape(parts_of(name)[1])}</span>"
        f'<esp-web-install-button manifest="{escape(name)}.manifest.json"></esp-web-install-button></li>'
        for name in names
    )
    return (HERE / "page.html").read_text().format(version=escape(version), rows=rows)


def write(folder: Path, version: str, notes: str, key: Ed25519PrivateKey) -> list[str]:
    """Add manifests, sums, signature and page to a folder of images `DONGLE.bin`; returns the dongles.

    Raises:
        ValueError: an image is missing, empty or of an unknown name.
    """
    names = dongles()
    images = {path.stem: path for path in folder.glob("*.bin")}
    if wrong := set(names) ^ set(images):
        raise ValueError(f"images and dongles differ: {', '.join(sorted(wrong))}")
    if empty := [name for name, path in images.items() if not path.stat().st_size]:
        raise ValueError(f"empty images: {', '.join(sorted(empty))}")
    for name in names:
        content = json.dumps(manifest(name, version, notes), indent=1)
        (folder / f"{name}.manifest.json").write_text(f"{content}\n")
    (folder / "index.html").write_text(page(names, version))
    signed = sorted((*folder.glob("*.bin"), *folder.glob("*.manifest.json")))
    sums = "".join(
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n"
        for path in signed
    )
    (folder / "SHA256SUMS").write_text(sums)
    (folder / "SHA256SUMS.sig").write_bytes(key.sign(sums.encode()))
    return names


def main() -> int:
    """Read the private key (PEM) from standard input, so that it is in no file and no list of processes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--version", required=True)
    parser.add_argument("--notes", default="")
    arguments = parser.parse_args()
    key = load_pem_private_key(sys.stdin.buffer.read(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        parser.error("the key is no Ed25519 key")
    names = write(arguments.folder, arguments.version, arguments.notes, key)
    sys.stdout.write(f"{len(names)} images signed\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
