"""A server of the app, a chip on a pseudo terminal, Home Assistant, signed firmware: all real but the chip and Core."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from copy import replace
from dataclasses import dataclass
import hashlib
import json
from pathlib import Path
from typing import Any

from aiohttp import ClientSession
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
import pytest

from flasher.gate import FROM_PAGE, USER
from flasher.jobs import Jobs
from flasher.server import JOBS, Server, Settings

from . import firmware
from .fake_chip import FakeChip, Pty
from .fake_home_assistant import ADMIN, TOKEN, FakeHomeAssistant

HEADERS = {USER: ADMIN, FROM_PAGE: "1"}


@dataclass(slots=True)
class App:
    """The app as its page sees it."""

    session: ClientSession
    url: str
    jobs: Jobs
    data: Path
    port: str

    async def get(self, path: str) -> Any:
        """What is answered to a GET."""
        async with self.session.get(self.url + path, headers=HEADERS) as response:
            return await response.json()

    async def post(
        self, path: str, data: Any = None, *, body: bytes | None = None
    ) -> Any:
        """What is answered to a POST."""
        content: dict[str, Any] = (
            {"data": body} if body is not None else {"json": data or {}}
        )
        async with self.session.post(
            self.url + path, headers=HEADERS, **content
        ) as response:
            return await response.json()

    async def run(self, path: str, **request: Any) -> dict[str, Any]:
        """Start a job and wait for its end."""
        answer = await self.post(path, {"port": self.port} | request)
        assert "job" in answer, answer
        return await self.end()

    async def end(self) -> dict[str, Any]:
        """The job when it is over."""
        revision = -1
        while True:
            state = await self.get(f"api/state?since={revision}")
            if state["job"] and not state["job"]["running"]:
                return dict(state["job"])
            revision = state["revision"]

    async def reach(self, stage: str) -> dict[str, Any]:
        """The job when it is in a stage; it may not have begun yet."""
        revision = -1
        while True:
            state = await self.get(f"api/state?since={revision}")
            job = state["job"] or {"stage": "", "running": True}
            if job["stage"] == stage:
                return dict(job)
            assert job["running"], job
            revision = state["revision"]


@dataclass(slots=True)
class Release:
    """A folder of firmware and the key it is signed with."""

    folder: Path
    key: Path
    private: Ed25519PrivateKey

    def add(
        self,
        name: str,
        version: str,
        content: bytes,
        chip: str = "ESP32-C3",
        front_end: str = "mbus",
    ) -> str:
        """Put a firmware in and sign everything again; its id."""
        self.folder.mkdir(exist_ok=True)
        (self.folder / f"{name}.bin").write_bytes(content)
        manifest = {
            "name": "Smart Meter dongle",
            "version": version,
            "board": "XIAO ESP32C3",
            "front_end": front_end,
            "notes": {
                "en": "First version with Improv.",
                "de": "Erste Version mit Improv.",
            },
            "builds": [
                {"chipFamily": chip, "parts": [{"path": f"{name}.bin", "offset": 0}]}
            ],
        }
        (self.folder / f"{name}.manifest.json").write_text(json.dumps(manifest))
        self.sign()
        return f"{name}.manifest.json"

    def sign(self) -> None:
        """List the sums and sign the list."""
        files = sorted(
            p for p in self.folder.iterdir() if not p.name.startswith("SHA256SUMS")
        )
        listing = "".join(
            f"{hashlib.sha256(p.read_bytes()).hexdigest()}  {p.name}\n" for p in files
        ).encode()
        (self.folder / "SHA256SUMS").write_bytes(listing)
        (self.folder / "SHA256SUMS.sig").write_bytes(self.private.sign(listing))


@pytest.fixture(autouse=True)
def _short_question(monkeypatch: pytest.MonkeyPatch) -> None:
    """A new chip does not answer; that need not take seconds each time."""
    monkeypatch.setattr("flasher.steps.ASK", 0.3)


@pytest.fixture
def release(tmp_path: Path) -> Release:
    """One signed firmware of version 1.1.0, and an older one."""
    private = Ed25519PrivateKey.generate()
    key = tmp_path / "release-key.pem"
    key.write_bytes(
        private.public_key().public_bytes(
            Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
        )
    )
    made = Release(tmp_path / "firmware", key, private)
    made.add("c3-mbus", "1.1.0", firmware.factory("1.1.0"))
    made.add("c3old-mbus", "1.0.0", firmware.factory("1.0.0"), front_end="p1")
    return made


@pytest.fixture
def chip() -> FakeChip:
    """A new chip: its flash is erased."""
    return FakeChip()


@pytest.fixture
def port_path(tmp_path: Path) -> Path:
    """Where the chip is plugged in."""
    return tmp_path / "ttyUSB0"


@pytest.fixture
def port(chip: FakeChip, port_path: Path) -> Iterator[Pty]:
    """The chip, plugged in."""
    runner = Pty(chip, port_path)
    yield runner
    runner.close()


@pytest.fixture
def home(port_path: Path) -> FakeHomeAssistant:
    """Home Assistant with our integration, which reads the port that is wanted."""
    made = FakeHomeAssistant()
    made.use(str(port_path), "config_entry", "meter", "Cellar", "smart_meter")
    return made


@pytest.fixture
def settings(release: Release, tmp_path: Path, port_path: Path) -> Settings:
    """The server's settings; the tests stand where ingress stands."""
    return Settings(
        data=tmp_path / "data",
        firmware=release.folder,
        key=release.key,
        token=TOKEN,
        extra_ports=(str(port_path),),
        gateway="127.0.0.1",
    )


@pytest.fixture
async def start_app(
    settings: Settings, home: FakeHomeAssistant, port_path: Path
) -> AsyncIterator[Callable[..., Awaitable[App]]]:
    """Starts the app, once or again."""
    supervisor = TestServer(home.application())
    await supervisor.start_server()
    servers = [supervisor]
    sessions = []

    async def start(**changes: Any) -> App:
        url = str(supervisor.make_url("")).rstrip("/")
        application = Server(replace(settings, supervisor=url, **changes)).application()
        server = TestServer(application)
        await server.start_server()
        servers.append(server)
        sessions.append(ClientSession())
        return App(
            sessions[-1],
            str(server.make_url("/")),
            application[JOBS],
            settings.data,
            str(port_path),
        )

    yield start
    for session in sessions:
        await session.close()
    for server in reversed(servers):
        await server.close()
    await asyncio.sleep(0)


@pytest.fixture
async def app(start_app: Callable[..., Awaitable[App]], port: Pty) -> App:
    """The app with a chip plugged in."""
    return await start_app()
