"""What a release writes is what the flasher app believes."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
import pytest

from .conftest import FIRMWARE, ROOT


def load(path: Path) -> ModuleType:
    """Import a file that belongs to no package of the tests' environment."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


release: Any = load(FIRMWARE / "release.py")
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Return a folder with an image for each dongle."""
    for name in release.dongles():
        (tmp_path / f"{name}.bin").write_bytes(b"\xe9" + name.encode())
    return tmp_path


@pytest.fixture
def catalogue(images: Path) -> Any:
    """Return the flasher app's own reader of such a folder."""
    module: Any = load(ROOT / "addon" / "flasher" / "flasher" / "catalogue.py")
    key = images / "release-key.pem"
    public = KEY.public_key()
    key.write_bytes(
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    return module.Catalogue(images, key)


def test_the_app_believes_every_image_of_a_release(
    images: Path, catalogue: Any
) -> None:
    """Each dongle is listed, is for its chip, and its image passes signature and sums."""
    names = release.write(images, "1.2.0", "First release", KEY)
    assert catalogue.problem() is None
    listed = catalogue.firmware()
    assert {one.id for one in listed} == {f"{name}.manifest.json" for name in names}
    for one in listed:
        (chip,) = one.builds
        firmware, parts = catalogue.load(one.id, chip)
        assert firmware.version == "1.2.0"
        assert parts == [(0, b"\xe9" + one.id.removesuffix(".manifest.json").encode())]


def test_a_changed_image_or_list_is_not_believed(images: Path, catalogue: Any) -> None:
    """The signature covers every byte."""
    name, *_ = release.write(images, "1.2.0", "", KEY)
    (images / f"{name}.bin").write_bytes(b"\xe9other")
    with pytest.raises(Exception, match="SHA-256"):
        catalogue.load(
            f"{name}.manifest.json", release.CHIPS[release.parts_of(name)[0]]
        )
    (images / "SHA256SUMS").write_text("")
    assert catalogue.problem() == "signature"


def test_an_image_that_is_missing_stops_the_release(images: Path) -> None:
    """No release is half of one."""
    name = release.dongles()[0]
    (images / f"{name}.bin").unlink()
    with pytest.raises(ValueError, match=name):
        release.write(images, "1.2.0", "", KEY)


def test_the_page_offers_every_manifest(images: Path) -> None:
    """ESP Web Tools finds each manifest and, in it, the image."""
    names = release.write(images, "1.2.0", "", KEY)
    page = (images / "index.html").read_text()
    for name in names:
        assert f'manifest="{name}.manifest.json"' in page
        manifest = json.loads((images / f"{name}.manifest.json").read_text())
        for build in manifest["builds"]:
            assert all((images / part["path"]).exists() for part in build["parts"])
