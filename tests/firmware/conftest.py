"""ESPHome, and nodes it builds for this computer from the packages of the dongle."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
import os
from pathlib import Path
import shutil
import subprocess
import tempfile
import zlib

import pytest

ROOT = Path(__file__).parents[2]
FIRMWARE = ROOT / "addon" / "firmware"
PROGRAMS = ROOT / ".venv-firmware" / "bin"
# One build per front end is kept, and rebuilt in part only where its configuration changed.
DATA = ROOT / ".cache" / "firmware"
# Each checkout has device files of its own, and ports below those the system gives to outgoing connections.
PLACE = zlib.crc32(str(ROOT).encode()) % 2_000

HOST = """\
packages:
  base: !include {firmware}/base.yaml
  board: !include {firmware}/boards/host.yaml
  front_end: !include {firmware}/frontends/{front_end}.yaml

esphome:
  name_add_mac_suffix: false

api:
  port: {port}
  # The library that encrypts is fetched by PlatformIO from the network when it is built.
  encryption: !remove

provisioning: !remove

ota:
  - id: !extend updates
    port: {updates}

uart:
  - id: !extend meter
    rx_pin: !remove
    tx_pin: !remove
    port: {device}
"""


@pytest.fixture(scope="session")
def esphome() -> Path:
    """Return the program, or skip the test where it is not installed (script/setup firmware)."""
    program = PROGRAMS / "esphome"
    if not program.exists():
        pytest.skip("no ESPHome here: script/setup firmware installs it")
    return program


def run(program: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run ESPHome with its data inside the checkout, without a terminal."""
    environment = {
        **os.environ,
        "ESPHOME_DATA_DIR": str(DATA),
        "PATH": f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}",
    }
    return subprocess.run(
        [str(program), *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


@dataclass(frozen=True, slots=True)
class Build:
    """A node as a program of this computer: the device file it reads the meter at, and the port of its API."""

    program: Path
    device: Path
    port: int

    @property
    def url(self) -> str:
        """The meter's port as the integration is told it."""
        return f"esphome://127.0.0.1:{self.port}/?port_name=Meter"


type Builder = Callable[[str], Build]


@pytest.fixture(scope="session")
def build(esphome: Path) -> Builder:
    """Compile a front end for this computer."""
    if shutil.which("g++") is None:
        pytest.skip(
            "no C++ compiler (g++) here to build the firmware for this computer"
        )
    pytest.importorskip(
        "aioesphomeapi", reason="Home Assistant's ESPHome client is not installed"
    )

    def compiled(front_end: str) -> Build:
        number = sorted(FIRMWARE.glob("frontends/*.yaml")).index(
            FIRMWARE / "frontends" / f"{front_end}.yaml"
        )
        # ESPHome takes device files of two parts only, such as /dev/ttyUSB0.
        device = Path(tempfile.gettempdir()) / f"ttyMETER{PLACE}-{front_end}"
        port = 20_000 + PLACE * 4 + number % 4
        folder = DATA / "host"
        folder.mkdir(parents=True, exist_ok=True)
        configuration = folder / f"{front_end}.yaml"
        configuration.write_text(
            HOST.format(
                firmware=FIRMWARE,
                front_end=front_end,
                port=port,
                updates=port - 10_000,
                device=device,
            )
        )
        result = run(esphome, "compile", str(configuration))
        assert result.returncode == 0, (result.stdout + result.stderr)[-4_000:]
        name = f"meter-{front_end}"
        program = DATA / "build" / name / ".pioenvs" / name / "program"
        return Build(program, device, port)

    return compiled


class Node:
    """A running node."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        """Collect its log."""
        self._process = process
        self.log: list[str] = []
        self._task = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            self.log.append(line.decode(errors="replace").rstrip())

    async def stop(self) -> None:
        """End it."""
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
        await self._task


type Starter = Callable[[Build], Awaitable[Node]]


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Starter]:
    """Start nodes, whose device file must be there, and wait until their API answers."""
    nodes: list[Node] = []

    async def started(built: Build) -> Node:
        process = await asyncio.create_subprocess_exec(
            str(built.program),
            # What it remembers is kept there, and ten starts that were cut short lead to safe mode.
            env={**os.environ, "HOME": str(tmp_path)},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        node = Node(process)
        nodes.append(node)
        for _ in range(200):
            with suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", built.port)
                writer.close()
                return node
            await asyncio.sleep(0.05)
        pytest.fail("\n".join(["the node does not answer", *node.log]))

    yield started
    for node in nodes:
        await node.stop()
