"""The firmware that comes with the app, and whether it may be believed.

A folder holds, for each board and front end, a manifest in the format of ESP Web Tools (`*.manifest.json`), the images
it names, the list of all their SHA-256 sums (`SHA256SUMS`, as sha256sum writes it) and the Ed25519 signature of that
list (`SHA256SUMS.sig`, 64 bytes)::

    {"name": "Smart Meter dongle", "version": "1.2.0", "board": "esp32-c3", "front_end": "mbus",
     "notes": {"en": "...", "de": "..."}, "new_install_prompt_erase": true,
     "builds": [{"chipFamily": "ESP32-C3", "parts": [{"path": "esp32-c3-mbus.bin", "offset": 0}]}]}

`board`, `front_end` and `notes` are ours; ESP Web Tools ignores them.
"""

from dataclasses import dataclass
import hashlib
import json
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

SUMS = "SHA256SUMS"
SIGNATURE = "SHA256SUMS.sig"
MANIFESTS = "*.manifest.json"
# No chip on the list has more flash; a larger image is a mistake or an attack.
MAX_IMAGE = 32 * 1024 * 1024


class CatalogueError(Exception):
    """An image that must not be written; `kind` says why."""

    def __init__(self, kind: str, detail: str) -> None:
        """`kind`: no_key, signature, hash or manifest."""
        super().__init__(detail)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Part:
    """A file and the flash offset it belongs to, in bytes."""

    path: str
    offset: int


@dataclass(frozen=True, slots=True)
class Firmware:
    """One manifest."""

    id: str
    name: str
    version: str
    board: str
    front_end: str
    notes: dict[str, str]
    builds: dict[str, tuple[Part, ...]]

    def parts(self, chip: str) -> tuple[Part, ...] | None:
        """What belongs on a chip (as esptool spells it), None where the firmware is for others."""
        return self.builds.get(chip)


class Catalogue:
    """The folder of bundled firmware and the key its releases are signed with."""

    def __init__(self, folder: Path, key: Path) -> None:
        """`key` is a PEM file with an Ed25519 public key; it may be missing."""
        self._folder = folder
        self._key = key

    def firmware(self) -> list[Firmware]:
        """All manifests that can be read, by name of file; what is none is left out."""
        firmware = []
        for path in sorted(self._folder.glob(MANIFESTS)):
            try:
                firmware.append(parse_manifest(path.name, path.read_bytes()))
            except CatalogueError, OSError:
                continue
        return firmware

    def problem(self) -> str | None:
        """Why nothing in the folder may be written, as a kind of `CatalogueError`, or None."""
        try:
            self._sums()
        except CatalogueError as err:
            return err.kind
        return None

    def load(
        self, firmware_id: str, chip: str
    ) -> tuple[Firmware, list[tuple[int, bytes]]]:
        """A firmware with the images for a chip, offset and bytes, after signature and sums were checked.

        Raises:
            CatalogueError: the list is not signed, a sum is wrong, or the firmware is for other chips (`wrong_chip`).
        """
        sums = self._sums()
        firmware = parse_manifest(firmware_id, self._checked(firmware_id, sums))
        parts = firmware.parts(chip)
        if parts is None:
            raise CatalogueError("wrong_chip", ", ".join(firmware.builds))
        return firmware, [(p.offset, self._checked(p.path, sums)) for p in parts]

    def _sums(self) -> dict[str, str]:
        key = self._public_key()
        try:
            listing = (self._folder / SUMS).read_bytes()
            signature = (self._folder / SIGNATURE).read_bytes()
        except OSError as err:
            raise CatalogueError("signature", "the list of sums is not signed") from err
        try:
            key.verify(signature, listing)
        except InvalidSignature as err:
            raise CatalogueError("signature", f"{SIGNATURE} does not fit") from err
        return parse_sums(listing)

    def _public_key(self) -> Ed25519PublicKey:
        try:
            key = load_pem_public_key(self._key.read_bytes())
        except (OSError, ValueError, UnsupportedAlgorithm) as err:
            raise CatalogueError("no_key", "this build has no release key") from err
        if not isinstance(key, Ed25519PublicKey):
            raise CatalogueError("no_key", "the release key is no Ed25519 key")
        return key

    def _checked(self, name: str, sums: dict[str, str]) -> bytes:
        path = self._folder / name
        if path.parent != self._folder or name not in sums:
            raise CatalogueError("hash", f"{name} is not in the signed list")
        try:
            with path.open("rb") as file:
                content = file.read(MAX_IMAGE + 1)
        except OSError as err:
            raise CatalogueError("hash", f"{name} is missing") from err
        if hashlib.sha256(content).hexdigest() != sums[name]:
            raise CatalogueError("hash", f"{name} does not have its SHA-256 sum")
        return content


def parse_sums(listing: bytes) -> dict[str, str]:
    """File name to SHA-256 sum in lower case hex, from what sha256sum writes; other lines are left out."""
    sums = {}
    for line in listing.decode("utf-8", "replace").splitlines():
        digest, _, name = line.partition(" ")
        if len(digest) == 64 and name[:1] in (" ", "*"):
            sums[name[1:]] = digest.lower()
    return sums


def parse_manifest(name: str, content: bytes) -> Firmware:
    """A manifest; CatalogueError of kind `manifest` where it is none."""
    try:
        data = json.loads(content)
        return Firmware(
            id=name,
            name=str(data["name"]),
            version=str(data["version"]),
            board=str(data.get("board", "")),
            front_end=str(data.get("front_end", "")),
            notes=_notes(data.get("notes")),
            builds={str(b["chipFamily"]): _parts(b["parts"]) for b in data["builds"]},
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as err:
        raise CatalogueError("manifest", f"{name} is no manifest") from err


def _notes(notes: Any) -> dict[str, str]:
    if isinstance(notes, str):
        return {"en": notes}
    return {str(k): str(v) for k, v in notes.items()} if isinstance(notes, dict) else {}


def _parts(parts: list[dict[str, Any]]) -> tuple[Part, ...]:
    found = tuple(Part(str(p["path"]), int(p["offset"])) for p in parts)
    if not found or any(not 0 <= p.offset < MAX_IMAGE for p in found):
        raise ValueError("no parts, or one outside the flash")
    return found
