"""A real Home Assistant in a folder of its own, driven as a user would: for the demo and the end-to-end tests."""

import asyncio
from collections.abc import AsyncIterator
import contextlib
import json
import os
from pathlib import Path
import re
import secrets
import socket
import sys
from typing import Any, Self

import aiohttp

ROOT = Path(__file__).resolve().parents[1]
LOG = "home-assistant.log"

CONFIGURATION = """\
# Made by script/demo: as little of Home Assistant as shows a smart meter.
homeassistant:
  name: Demo household
  country: AT
  language: {language}
  currency: EUR
  time_zone: Europe/Vienna
  unit_system: metric
  latitude: 48.2
  longitude: 15.6
frontend:
config:
energy:
history:
logbook:
system_health:
recorder:
  commit_interval: 1
logger:
  default: warning
  logs:
    custom_components.smart_meter: info
"""


# All steps but the user's: the others would set up weather, radio and speech, which only cost time here.
ONBOARDING = {
    "version": 4,
    "minor_version": 1,
    "key": "onboarding",
    "data": {"done": ["core_config", "analytics", "integration"]},
}


# Home Assistant's speech pipeline imports two compiled packages that have no wheel for this Python. Without them it
# cannot list its actions, and the frontend waits for those for ever; nothing here speaks, so the names suffice.
STAND_INS = {
    "pymicro_vad.py": "class MicroVad:\n    pass\n",
    "pyspeex_noise.py": "class AudioProcessor:\n    pass\n",
}


class DemoError(Exception):
    """The reason, in one sentence, why it does not go on."""


def free_port() -> int:
    """Return a TCP port nobody uses on this machine's loopback."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
        return number


class Simulator:
    """`customer-interface simulate` as a process of its own."""

    def __init__(self, operator: str, meter: str, *extra: str) -> None:
        """Choose a row of the catalogue; `extra` goes to the command line as it is."""
        self._arguments = ("--operator", operator, "--meter", meter, *extra)
        self._process: asyncio.subprocess.Process | None = None
        self.url = ""

    async def keys(self) -> dict[str, str]:
        """Return the keys the simulated meter uses, by the catalogue's key id."""
        process = await self._start("--print-key", stdout=asyncio.subprocess.PIPE)
        output, _ = await process.communicate()
        pairs = (line.split(": ", 1) for line in output.decode().splitlines())
        return {name: key.strip() for name, key in pairs}

    async def start(self, port: str = "pty") -> str:
        """Start it and return the URL of its port."""
        self._process = await self._start(
            "--port", port, stdout=asyncio.subprocess.PIPE
        )
        assert self._process.stdout is not None
        async with asyncio.timeout(30):
            line = (await self._process.stdout.readline()).decode().strip()
        found = re.search(r"(/dev/\S+|\w+://\S+)", line)
        if not found:
            raise DemoError(f"the simulator did not start: {line}")
        self.url = found[1]
        return self.url

    async def stop(self) -> None:
        """End the process."""
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            await self._process.wait()

    async def _start(self, *more: str, stdout: int) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "customer_interface",
            "simulate",
            *self._arguments,
            *more,
            stdout=stdout,
            cwd=ROOT / "custom_components" / "smart_meter",
        )


class Home:
    """A Home Assistant that runs in `folder`; use it as an async context manager."""

    user = "demo"

    def __init__(
        self, folder: Path, *, port: int | None = None, language: str = "en"
    ) -> None:
        """Prepare a configuration folder; nothing runs before it is entered."""
        self.folder = folder
        self.port = port or free_port()
        self.language = language
        self.password = secrets.token_urlsafe(9)
        self.token = ""
        self.refresh_token = ""
        self._process: asyncio.subprocess.Process | None = None
        self._session: aiohttp.ClientSession | None = None

    @property
    def url(self) -> str:
        """Address of the frontend."""
        return f"http://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        """Write the configuration, start and onboard."""
        self.write_configuration()
        self._session = aiohttp.ClientSession()
        try:
            await self.start()
            await self._onboard()
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop; the folder stays."""
        await self.stop()
        if self._session is not None:
            await self._session.close()

    def write_configuration(self) -> None:
        """Lay the configuration folder, with this checkout's integration in it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        text = CONFIGURATION.format(language=self.language)
        (self.folder / "configuration.yaml").write_text(text, "utf-8")
        storage = self.folder / ".storage"
        storage.mkdir(exist_ok=True)
        if not (storage / "onboarding").exists():
            (storage / "onboarding").write_text(json.dumps(ONBOARDING), "utf-8")
        stand_ins = self.folder / "stand-ins"
        stand_ins.mkdir(exist_ok=True)
        for name, text in STAND_INS.items():
            (stand_ins / name).write_text(text, "utf-8")
        components = self.folder / "custom_components"
        components.mkdir(exist_ok=True)
        link = components / "smart_meter"
        if not link.is_symlink():
            link.symlink_to(ROOT / "custom_components" / "smart_meter")

    async def start(self) -> None:
        """Start Home Assistant and wait until it answers."""
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "homeassistant",
            "--config",
            str(self.folder),
            "--skip-pip",
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            env=self._environment(),
        )
        try:
            async with asyncio.timeout(180):
                while not await self._answers():
                    if self._process.returncode is not None:
                        raise DemoError(
                            f"Home Assistant ended at its start; see {self.folder / LOG}"
                        )
                    await asyncio.sleep(0.3)
        except TimeoutError as err:
            raise DemoError(
                f"Home Assistant did not answer within three minutes; see {self.folder / LOG}"
            ) from err

    def _environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "SETUP_PORT": str(self.port),
            "PYTHONPATH": str(self.folder / "stand-ins"),
        }

    async def stop(self) -> None:
        """End Home Assistant as its own shutdown does."""
        if self._process is None or self._process.returncode is not None:
            return
        self._process.terminate()
        try:
            async with asyncio.timeout(40):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    async def restart(self) -> None:
        """Stop and start; the login stays valid."""
        await self.stop()
        await self.start()
        await self._refresh()

    async def _answers(self) -> bool:
        assert self._session is not None
        try:
            async with self._session.get(f"{self.url}/manifest.json") as response:
                return response.status == 200
        except aiohttp.ClientError:
            return False

    async def _onboard(self) -> None:
        form = {
            "client_id": f"{self.url}/",
            "name": "Demo",
            "username": self.user,
            "password": self.password,
            "language": self.language,
        }
        code = (await self.post("/api/onboarding/users", form))["auth_code"]
        await self._tokens({"grant_type": "authorization_code", "code": code})

    async def _refresh(self) -> None:
        await self._tokens(
            {"grant_type": "refresh_token", "refresh_token": self.refresh_token}
        )

    async def _tokens(self, grant: dict[str, str]) -> None:
        assert self._session is not None
        form = {"client_id": f"{self.url}/", **grant}
        async with self._session.post(f"{self.url}/auth/token", data=form) as response:
            tokens = await response.json()
        self.token = tokens["access_token"]
        self.refresh_token = tokens.get("refresh_token", self.refresh_token)

    async def post(self, path: str, form: dict[str, Any]) -> Any:
        """POST JSON as the user and return the answer; raises DemoError for a refusal."""
        return await self._request("POST", path, form)

    async def get(self, path: str) -> Any:
        """GET as the user."""
        return await self._request("GET", path, None)

    async def _request(
        self, method: str, path: str, form: dict[str, Any] | None
    ) -> Any:
        assert self._session is not None
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        async with self._session.request(
            method, self.url + path, json=form, headers=headers
        ) as response:
            if response.status >= 400:
                raise DemoError(
                    f"{path} was refused ({response.status}): {await response.text()}"
                )
            return await response.json()

    async def flow(
        self, step: dict[str, Any] | None = None, flow_id: str | None = None
    ) -> dict[str, Any]:
        """Start a config flow of the integration, or answer its step."""
        path = "/api/config/config_entries/flow"
        if flow_id is None:
            form: dict[str, Any] = {
                "handler": "smart_meter",
                "show_advanced_options": False,
            }
            return dict(await self.post(path, form))
        return dict(await self.post(f"{path}/{flow_id}", step or {}))

    async def flow_progress(self, flow_id: str) -> dict[str, Any]:
        """Look at a flow that waits for something to happen."""
        return dict(await self.get(f"/api/config/config_entries/flow/{flow_id}"))

    async def states(self) -> list[dict[str, Any]]:
        """Return all states."""
        return list(await self.get("/api/states"))

    @contextlib.asynccontextmanager
    async def websocket(self) -> AsyncIterator[Socket]:
        """Open Home Assistant's WebSocket API as the user."""
        assert self._session is not None
        async with self._session.ws_connect(f"{self.url}/api/websocket") as connection:
            await connection.receive_json()
            await connection.send_json({"type": "auth", "access_token": self.token})
            answer = await connection.receive_json()
            if answer["type"] != "auth_ok":
                raise DemoError("the WebSocket refused the login")
            yield Socket(connection)


class Socket:
    """Commands over Home Assistant's WebSocket API."""

    def __init__(self, connection: aiohttp.ClientWebSocketResponse) -> None:
        """Take over an authenticated connection."""
        self._connection = connection
        self._number = 0

    async def command(self, kind: str, **arguments: Any) -> Any:
        """Send a command and return its result; raises DemoError where it fails."""
        self._number += 1
        await self._connection.send_json(
            {"id": self._number, "type": kind, **arguments}
        )
        async with asyncio.timeout(30):
            while True:
                answer = await self._connection.receive_json()
                if answer.get("id") == self._number and answer["type"] == "result":
                    break
        if not answer["success"]:
            raise DemoError(f"{kind}: {answer['error']['message']}")
        return answer["result"]
