"""Tests of the library as a wheel: installed alone, Home Assistant out of reach, it decodes on the command line."""

import json
import os
from pathlib import Path
import re
import shutil
import subprocess
import sys
from typing import Any
import zipfile

import pytest

from tests.conftest import INTEGRATION, ROOT

# Imported by the interpreter at its start: whoever reaches for Home Assistant fails.
BLOCK = """
import sys
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("homeassistant", "custom_components", "voluptuous", "probatio"):
            raise ImportError(f"the library reached for {name}")
sys.meta_path.insert(0, Block())
"""

# The example of Netz NÖ's description of the customer interface, with its key: two M-Bus frames, Kaifa MA309M.
NETZ_NOE_KEY = "36C66639E48A8CA4D6BC8B282A793BBB"
NETZ_NOE = bytes.fromhex(
    """
    68FAFA6853FF000167DB084B464D675000000981F8200000002388D5AB4F97515AAFC6B88D2F85DAA7A0E3C0C40D004535C3
    97C9D037AB7DBDA329107615444894A1A0DD7E85F02D496CECD3FF46AF5FB3C9229CFE8F3EE4606AB2E1F409F36AAD2E5090
    0A4396FC6C2E083F373233A69616950758BFC7D63A9E9B6E99E21B2CBC2B934772CA51FD4D69830711CAB1F8CFF25F0A3293
    37CBA51904F0CAED88D61968743C8454BA922EB00038182C22FE316D16F2A9F544D6F75D51A4E92A1C4EF8AB19A2B7FEAA32
    D0726C0ED80229AE6C0F7621A4209251ACE2B2BC66FF0327A653BB686C756BE033C7A281F1D2A7E1FA31C3983E15F8FD16CC
    5787E6F517166814146853FF110167419A3CFDA44BE438C96F0E38BF83D98316
    """
)


def _run(
    *command: str | Path, stdin: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    done = subprocess.run(
        [str(part) for part in command],
        input=stdin,
        capture_output=True,
        check=False,
        cwd=ROOT,
        env={key: v for key, v in os.environ.items() if key != "PYTHONPATH"},
    )
    if done.returncode not in (0, 1):
        raise AssertionError(done.stderr.decode(errors="replace"))
    return done


def _uv() -> str:
    uv = shutil.which("uv", path=Path(sys.executable).parent) or shutil.which("uv")
    assert uv is not None
    return uv


def _install(uv: str, python: Path, *packages: str | Path) -> None:
    """Install from what is cached, from the index only where the cache does not suffice."""
    command = (uv, "pip", "install", "--quiet", "--python", python, *packages)
    for offline in (["--offline"], []):
        done = _run(*command, *offline)
        if done.returncode == 0:
            return
    raise AssertionError(done.stderr.decode(errors="replace"))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel."""
    folder = tmp_path_factory.mktemp("dist")
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    (built,) = folder.glob("customer_interface-*.whl")
    return built


@pytest.fixture(scope="module")
def program(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel with its dependencies into an environment of its own, and return its command."""
    environment = tmp_path_factory.mktemp("wheel") / "venv"
    uv = _uv()
    _run(uv, "venv", "--quiet", "--python", sys.executable, environment)
    python = environment / "bin" / "python"
    _install(uv, python, wheel)
    (site,) = environment.glob("lib/python*/site-packages")
    (site / "sitecustomize.py").write_text(BLOCK)
    return environment / "bin" / "customer-interface"


def test_contents(wheel: Path) -> None:
    """The wheel holds the library's folder, data files and all, and nothing else."""
    folder = INTEGRATION / "customer_interface"
    expected = {
        str(path.relative_to(INTEGRATION))
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {name for name in names if ".dist-info/" not in name} == expected


def test_home_assistant_is_blocked(program: Path) -> None:
    """The environment of these tests has no Home Assistant to reach for."""
    done = _run(program.parent / "python", "-c", "import homeassistant")
    assert b"the library reached for homeassistant" in done.stderr


def test_help(program: Path) -> None:
    """The command line explains itself."""
    done = _run(program, "--help")
    assert done.returncode == 0, done.stderr.decode()
    for command in (b"decode", b"listen", b"operators", b"simulate"):
        assert command in done.stdout


def test_operators(program: Path) -> None:
    """The catalogue's data files are in the wheel."""
    done = _run(program, "operators")
    assert done.returncode == 0, done.stderr.decode()
    assert b"netz-noe" in done.stdout


def _decode(
    program: Path, *arguments: str | Path, stdin: bytes
) -> list[dict[str, Any]]:
    done = _run(program, "decode", *arguments, "-", stdin=stdin)
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_decode(program: Path) -> None:
    """An operator's own example is decrypted and decoded."""
    (reading,) = _decode(program, "--key", NETZ_NOE_KEY, stdin=NETZ_NOE)
    assert reading["meter"]["id"] == "181220000009"
    assert reading["counter"] == 0x23
    assert reading["values"]["1-0:1.8.0"] == {"value": 12937, "unit": "Wh"}
    assert reading["values"]["1-0:32.7.0"] == {"value": 233.7, "unit": "V"}


@pytest.mark.parametrize(
    ("key", "damage", "fault"),
    [(NETZ_NOE_KEY, 1, "checksum"), (NETZ_NOE_KEY[::-1], 0, "key")],
)
def test_no_value_from_a_fault(
    program: Path, key: str, damage: int, fault: str
) -> None:
    """One damaged bit, or another key, gives a fault and no value."""
    telegram = bytearray(NETZ_NOE)
    telegram[100] ^= damage
    lines = _decode(program, "--key", key, stdin=bytes(telegram))
    assert all("values" not in line for line in lines)
    assert fault in [line.get("fault") for line in lines]


def test_container_file(wheel: Path, tmp_path: Path) -> None:
    """What the container file installs, step by step, runs its command; the image itself is not built here."""
    steps = (ROOT / "Containerfile").read_text(encoding="utf-8")
    for sources in re.findall(r"^COPY (.+) \S+$", steps, re.MULTILINE):
        assert all((ROOT / source).exists() for source in sources.split())
    assert "--require-hashes -r /src/requirements/publish.txt" in steps
    assert "--no-deps /src " in steps
    uv = _uv()
    _run(uv, "venv", "--quiet", "--python", sys.executable, tmp_path)
    python = tmp_path / "bin" / "python"
    pinned = ROOT / "requirements" / "publish.txt"
    _install(uv, python, "--require-hashes", "-r", pinned)
    _install(uv, python, "--no-deps", wheel)
    (entry,) = re.findall(r"^ENTRYPOINT (.+)$", steps, re.MULTILINE)
    program, *arguments = json.loads(entry)
    assert _run(tmp_path / "bin" / program, "--help").returncode == 0
    with pytest.raises(AssertionError, match=r"publish\.toml cannot be read"):
        _run(tmp_path / "bin" / program, *arguments)
