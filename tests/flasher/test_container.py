"""The files of the container: what linters and the Supervisor's rules say. Building it needs Docker and is not tried."""

import ast
from importlib import metadata
import json
from pathlib import Path
import re
import shutil
import struct
import subprocess
import sys
from typing import Any

import pytest
import yaml

ADDON = Path(__file__).parents[2] / "addon" / "flasher"
BIN = Path(sys.executable).parent
LANGUAGES = ("en", "de", "nl", "fr", "it")


def config() -> dict[str, Any]:
    """The app's description."""
    loaded = yaml.safe_load((ADDON / "config.yaml").read_text())
    assert isinstance(loaded, dict)
    return loaded


def test_config() -> None:
    """What the Supervisor wants, and what makes 8 of 8 for security: a profile, ingress, no privileges."""
    described = config()
    assert {"name", "version", "slug", "description", "arch"} <= described.keys()
    assert set(described["arch"]) == {"aarch64", "amd64"}
    assert (
        described["ingress"]
        is described["panel_admin"]
        is described["apparmor"]
        is True
    )
    assert described["init"] is False
    forbidden = {
        "host_network",
        "privileged",
        "full_access",
        "docker_api",
        "hassio_role",
        "ports",
        "host_pid",
        "map",
    }
    assert not forbidden & described.keys()
    assert described["discovery"] == ["smart_meter"]
    assert not list(ADDON.glob("build.*"))


def test_options_are_translated() -> None:
    """Each option has a name and a description in each language."""
    for language in LANGUAGES:
        words = yaml.safe_load(
            (ADDON / "translations" / f"{language}.yaml").read_text()
        )
        assert words["configuration"].keys() == config()["schema"].keys()
        assert all(
            entry["name"] and entry["description"]
            for entry in words["configuration"].values()
        )


@pytest.mark.parametrize(
    ("port", "valid"),
    [
        ("/dev/ttyAMA0", True),
        ("rfc2217://10.0.0.1:4000", True),
        ("socket://h:1", True),
        ("ttyUSB0", False),
        ("http://x", False),
    ],
)
def test_extra_ports(port: str, valid: bool) -> None:
    """The option's pattern."""
    pattern = re.fullmatch(r"match\((.*)\)", config()["schema"]["extra_ports"][0])
    assert pattern is not None
    assert bool(re.match(pattern[1], port)) is valid


@pytest.mark.parametrize(
    ("name", "size"), [("icon.png", (128, 128)), ("logo.png", (250, 100))]
)
def test_pictures(name: str, size: tuple[int, int]) -> None:
    """The sizes the app store shows."""
    header = (ADDON / name).read_bytes()[:24]
    assert header.startswith(b"\x89PNG")
    assert struct.unpack(">II", header[16:]) == size


def test_version_is_in_the_changelog() -> None:
    """The newest entry is the version."""
    entries = re.findall(
        r"^## (\S+)", (ADDON / "CHANGELOG.md").read_text(), re.MULTILINE
    )
    assert entries[0] == config()["version"]


def test_requirements() -> None:
    """Everything is pinned and hashed, no index is named, and it is what these tests run on."""
    content = (ADDON / "requirements.txt").read_text()
    assert "://" not in content
    assert "--index" not in content
    pins = re.findall(
        r"^([\w.-]+)==(\S+?)(?: ;.*)? \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n?)+)",
        content,
        re.MULTILINE,
    )
    assert len(pins) == content.count("==", 0) - content.count("== '")
    for name, version, _ in pins:
        if name != "colorama":  # for Windows
            assert metadata.version(name) == version


def test_imports_are_required() -> None:
    """What the app imports comes from the list's first three, what they bring, or Python."""
    allowed = {"aiohttp", "cryptography", "esptool", "serial", "rich", "flasher"}
    for path in [*(ADDON / "flasher").glob("*.py"), ADDON / "esptool_child.py"]:
        for node in ast.walk(ast.parse(path.read_text())):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [node.module or ""]
            for name in names:
                top = name.split(".")[0]
                assert top in allowed or top in sys.stdlib_module_names, (path, name)
                # esptool is a program of its own, under its own licence.
                assert top != "esptool" or path.name == "esptool_child.py"


def test_page_texts() -> None:
    """All languages say the same things, and every failure of the app has its advice."""
    texts = ADDON / "flasher" / "page" / "texts"
    assert {path.stem for path in texts.glob("*")} == set(LANGUAGES)
    english, *others = (
        json.loads((texts / f"{language}.json").read_text()) for language in LANGUAGES
    )
    for other in others:
        assert shape(english) == shape(other)
        assert placeholders(english) == placeholders(other)
    page = ADDON / "flasher" / "page"
    offered = re.findall(r'<option value="(\w+)">', (page / "index.html").read_text())
    assert set(offered) == set(LANGUAGES)
    source = "".join(
        p.read_text()
        for p in [*(ADDON / "flasher").glob("*.py"), ADDON / "esptool_child.py"]
    )
    raised = set(
        re.findall(
            r'(?:JobError|CatalogueError|WriterError|_refused|fail)\(\s*"(\w+)"',
            source,
        )
    )
    raised |= set(
        re.findall(
            r'", "(\w+)"\),$', (ADDON / "esptool_child.py").read_text(), re.MULTILINE
        )
    )
    raised |= {"cut", "stopped"}
    assert {"lost", "no_answer", "downgrade", "interrupted", "no_key"} <= raised
    assert raised <= english["failure"].keys(), raised - english["failure"].keys()
    noticed = set(re.findall(r'WifiError\("(\w+)"', source)) | set(
        re.findall(r'_notice\("(\w+)"', source)
    )
    assert noticed <= english["notice"].keys()


def test_page_text_keys() -> None:
    """Every key the page asks for exists."""
    english = json.loads((ADDON / "flasher" / "page" / "texts" / "en.json").read_text())
    page = ADDON / "flasher" / "page"
    keys = set(re.findall(r'data-text="([\w.]+)"', (page / "index.html").read_text()))
    keys |= set(re.findall(r'\btext\("([\w.]+)"', (page / "page.js").read_text()))
    for key in keys:
        found: Any = english
        for part in key.split("."):
            found = found[int(part)] if isinstance(found, list) else found[part]
        assert isinstance(found, str), key


def shape(words: Any) -> Any:
    """The keys, and how many sentences belong to each."""
    if isinstance(words, dict):
        return {key: shape(value) for key, value in words.items()}
    return len(words) if isinstance(words, list) else str


def placeholders(words: Any) -> Any:
    """The names in braces, by key."""
    if isinstance(words, dict):
        return {key: placeholders(value) for key, value in words.items()}
    return sorted(
        set(
            re.findall(
                r"\{\w+\}", " ".join(words) if isinstance(words, list) else words
            )
        )
    )


def run(*command: str | Path) -> None:
    """A linter that must be content."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_yamllint() -> None:
    """YAML as its linter wants it."""
    rules = (
        "{extends: default, rules: {document-start: disable, line-length: {max: 120}}}"
    )
    run(
        BIN / "yamllint",
        "-s",
        "-d",
        rules,
        ADDON / "config.yaml",
        ADDON / "translations",
    )


@pytest.mark.skipif(
    not (BIN / "hadolint").exists(), reason="no hadolint for this machine"
)
def test_hadolint() -> None:
    """Dockerfile as its linter wants it."""
    run(BIN / "hadolint", ADDON / "Dockerfile")


PARSER = shutil.which("apparmor_parser", path="/usr/sbin:/sbin:/usr/bin")


@pytest.mark.skipif(PARSER is None, reason="no apparmor_parser here")
def test_apparmor() -> None:
    """The profile compiles; whether it allows all that is needed is not tried."""
    assert PARSER is not None
    run(PARSER, "--skip-kernel-load", "--skip-cache", ADDON / "apparmor.txt")


def test_service() -> None:
    """s6 finds an executable that starts the server, and stops the container with it."""
    service = ADDON / "rootfs" / "etc" / "s6-overlay" / "s6-rc.d" / "flasher"
    assert (service / "type").read_text() == "longrun\n"
    assert (service.parent / "user" / "contents.d" / "flasher").exists()
    for name in ("run", "finish"):
        assert (service / name).stat().st_mode & 0o111
