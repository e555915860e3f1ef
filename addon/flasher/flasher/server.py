"""The web server behind ingress: the page, and what the page asks for. All addresses are relative."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
import secrets
import shutil
from typing import Any

from aiohttp import ClientSession, web

from . import ports
from .catalogue import MAX_IMAGE, Catalogue
from .gate import INGRESS, Gate, add_headers
from .home_assistant import SUPERVISOR, HomeAssistant, HomeAssistantError
from .job import JobError, Request, Wifi
from .jobs import Jobs
from .lease import same_port
from .steps import backups

PAGE = Path(__file__).parent / "page"
# Long enough that the page asks rarely, short enough for any proxy.
LONG_POLL = 20.0
JOBS = web.AppKey("jobs", Jobs)


@dataclass(frozen=True, slots=True)
class Settings:
    """What differs between a container and a test."""

    data: Path
    firmware: Path
    key: Path
    token: str
    extra_ports: tuple[str, ...] = ()
    gateway: str = INGRESS
    supervisor: str = SUPERVISOR
    silence: float = 150.0


class Server:
    """The handlers."""

    def __init__(self, settings: Settings) -> None:
        """Nothing happens before the application starts."""
        self._settings = settings
        self._catalogue = Catalogue(settings.firmware, settings.key)
        self._ha: HomeAssistant
        self._jobs: Jobs

    def application(self) -> web.Application:
        """The application to serve."""
        gate = Gate(
            self._settings.gateway, lambda user: self._ha.is_administrator(user)
        )
        app = web.Application(
            middlewares=[gate.middleware], client_max_size=1024 * 1024
        )
        app.cleanup_ctx.append(self._life)
        app.on_shutdown.append(self._stop)
        app.on_response_prepare.append(add_headers)
        app.add_routes(
            [
                web.get("/", self._index),
                web.get("/api/state", self._state),
                web.get("/api/ports", self._ports),
                web.get("/api/firmware", self._firmware),
                web.get("/api/log", self._log),
                web.get("/api/backups/{name}", self._backup),
                web.post("/api/upload", self._upload),
                web.post("/api/look", self._start),
                web.post("/api/write", self._start),
                web.post("/api/cancel", self._cancel),
                web.static("/static", PAGE),
            ]
        )
        return app

    async def _life(self, app: web.Application) -> AsyncIterator[None]:
        self._settings.data.mkdir(parents=True, exist_ok=True)
        for left in ("uploads", "writing"):
            shutil.rmtree(self._settings.data / left, ignore_errors=True)
        async with ClientSession() as session:
            self._ha = HomeAssistant(
                session, self._settings.token, self._settings.supervisor
            )
            self._jobs = Jobs(
                self._settings.data,
                self._catalogue,
                self._ha,
                silence=self._settings.silence,
            )
            app[JOBS] = self._jobs
            # Home Assistant may still be starting; the page must not wait for it.
            recovering = asyncio.create_task(self._jobs.recover())
            yield
            recovering.cancel()

    async def _stop(self, app: web.Application) -> None:
        """Give back before those who still wait for an answer are waited for."""
        await self._jobs.close()

    async def _index(self, request: web.Request) -> web.StreamResponse:
        return web.FileResponse(PAGE / "index.html")

    async def _state(self, request: web.Request) -> web.Response:
        """The job; waits until it is newer than `since`."""
        with suppress(ValueError):
            since = int(request.query.get("since", "-1"))
            # A number from before a restart of the app is ahead of ours.
            if since <= self._jobs.revision:
                await self._jobs.wait(since, LONG_POLL)
        job = self._jobs.job
        return web.json_response(
            {
                "revision": self._jobs.revision,
                "job": job.snapshot() if job else None,
                "upload": self._shown_upload(),
            }
        )

    def _shown_upload(self) -> dict[str, Any] | None:
        if (upload := self._jobs.upload) is None:
            return None
        return asdict(upload) | {"path": None}

    async def _ports(self, request: web.Request) -> web.Response:
        found = await asyncio.to_thread(ports.available, self._settings.extra_ports)
        try:
            users, problem = await self._ha.holders(), None
        except HomeAssistantError as err:
            users, problem = {}, str(err)
        return web.json_response(
            {
                "ports": [
                    asdict(port)
                    | {
                        "holders": [
                            asdict(h) | {"key": h.key}
                            for device, holders in users.items()
                            if same_port(device, port.path)
                            for h in holders
                        ]
                    }
                    for port in found
                ],
                "holders_unknown": problem,
            }
        )

    async def _firmware(self, request: web.Request) -> web.Response:
        listed = await asyncio.to_thread(self._catalogue.firmware)
        problem = await asyncio.to_thread(self._catalogue.problem) if listed else None
        return web.json_response(
            {
                "firmware": [
                    {k: v for k, v in asdict(f).items() if k != "builds"}
                    | {"chips": list(f.builds)}
                    for f in listed
                ],
                "problem": problem,
            }
        )

    async def _upload(self, request: web.Request) -> web.Response:
        """An image of the user's own, as the request's body."""
        folder = self._settings.data / "uploads"
        folder.mkdir(exist_ok=True)
        path = folder / f"{secrets.token_hex(8)}.bin"
        kept = None
        try:
            size = await _received(request, path)
            if not 0 < size <= MAX_IMAGE:
                return _refused("too_large" if size else "image_kind", image="unknown")
            name = Path(request.query.get("name", "")).name[:200] or "image.bin"
            kept = await asyncio.to_thread(self._jobs.keep_upload, name, path)
        finally:
            if kept is None:
                path.unlink(missing_ok=True)
        return web.json_response(self._shown_upload())

    async def _start(self, request: web.Request) -> web.Response:
        try:
            wanted = parse_request(
                await request.json(), writes=request.path == "/api/write"
            )
            known = await asyncio.to_thread(ports.available, self._settings.extra_ports)
            if wanted.port not in {port.path for port in known}:
                return _refused("port_missing")
            job = self._jobs.start(wanted)
        except JobError as err:
            return _refused(err.kind, **err.fields)
        except ValueError, KeyError, TypeError, AttributeError:
            return _refused("request")
        return web.json_response({"job": job.id})

    async def _cancel(self, request: web.Request) -> web.Response:
        try:
            self._jobs.cancel()
        except JobError as err:
            return _refused(err.kind)
        return web.json_response({})

    async def _log(self, request: web.Request) -> web.Response:
        job = self._jobs.job
        return web.Response(
            text="\n".join(job.log if job else ()) + "\n",
            headers={
                "Content-Disposition": 'attachment; filename="smart-meter-flasher.log"'
            },
        )

    async def _backup(self, request: web.Request) -> web.StreamResponse:
        path = backups(self._settings.data) / Path(request.match_info["name"]).name
        if path.suffix != ".bin" or not path.is_file():
            raise web.HTTPNotFound
        return web.FileResponse(
            path, headers={"Content-Disposition": f'attachment; filename="{path.name}"'}
        )


async def _received(request: web.Request, path: Path) -> int:
    """Write the body into a file; the bytes it has, more than an image where it was given up for its size."""
    size = 0
    with path.open("wb") as file:
        async for chunk in request.content.iter_chunked(65536):
            size += len(chunk)
            if size > MAX_IMAGE:
                break
            file.write(chunk)
    return size


def parse_request(data: dict[str, Any], *, writes: bool) -> Request:
    """A job as the page asks for it; ValueError, KeyError, TypeError or AttributeError where it is none."""
    if not writes:
        return Request(
            port=_text(data["port"]), agreed=frozenset(map(str, data.get("agreed", ())))
        )
    firmware, upload = data.get("firmware"), data.get("upload")
    if (firmware is None) == (upload is None):
        raise ValueError("either firmware or upload")
    wifi = data.get("wifi")
    return Request(
        port=_text(data["port"]),
        firmware=_text(firmware) if firmware is not None else None,
        upload=_text(upload) if upload is not None else None,
        backup=bool(data.get("backup")),
        careful=bool(data.get("careful")),
        wifi=Wifi(_text(wifi["ssid"]), str(wifi["password"]))
        if wifi is not None
        else None,
        offer=bool(data.get("offer")),
        agreed=frozenset(map(str, data.get("agreed", ()))),
    )


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value or len(value) > 500:
        raise ValueError("a text is missing")
    return value


def _refused(kind: str, **fields: Any) -> web.Response:
    return web.json_response({"failure": {"kind": kind} | fields}, status=400)
