"""One job at a time: look at what is plugged in, or write it. The server holds it, the page only watches."""

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
import hashlib
import json
import logging
from pathlib import Path
import re
import secrets
import shutil
from threading import Event
from typing import Any

from . import esp_image, wifi
from .catalogue import Catalogue, CatalogueError
from .home_assistant import HomeAssistant, HomeAssistantError
from .lease import ConsentNeeded, Leases
from .writer import Writer, WriterError

_LOGGER = logging.getLogger(__name__)

# Shorter than the lease of the port.
LONGEST = 3000.0
# How long a running firmware is asked who it is before its chip is restarted.
ASK = 3.0
FAST, SLOW = 460800, 115200
MAX_LOG = 4000
BACKUPS = 3
# What must stay free on the disk besides the backup.
SPARE = 64 * 1024 * 1024
API_PORT = 6053

LOOK = ("free", "ask", "connect", "identify", "restart", "give_back")
WRITE = (
    "check", "free", "ask", "connect", "identify", "backup", "write", "verify", "restart", "wifi", "give_back", "offer",
)  # fmt: skip
# Failures that, once the flash was touched, leave a chip that does not start.
INTERRUPTIONS = {"lost", "stalled", "internal", "chip", "port_missing", "no_answer"}


class JobError(Exception):
    """A job that ends; `kind` names the advice on the page, `fields` fill in its words."""

    def __init__(self, kind: str, **fields: Any) -> None:
        """See the class."""
        super().__init__(f"{kind} {fields or ''}")
        self.kind = kind
        self.fields = fields


@dataclass(frozen=True, slots=True)
class Wifi:
    """The network a dongle shall join."""

    ssid: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Request:
    """What the user asked for; `firmware` is a manifest's name, `upload` an image of the user's own."""

    port: str
    firmware: str | None = None
    upload: str | None = None
    backup: bool = False
    careful: bool = False
    wifi: Wifi | None = None
    offer: bool = False
    agreed: frozenset[str] = frozenset()

    @property
    def writes(self) -> bool:
        """Whether it is more than a look."""
        return self.firmware is not None or self.upload is not None


@dataclass(frozen=True, slots=True)
class Upload:
    """An image of the user's own; `sha256` in hex."""

    id: str
    name: str
    size: int
    sha256: str
    image: esp_image.Image
    path: Path


@dataclass(slots=True)
class Job:
    """How far a job is; all of it is shown."""

    id: str
    port: str
    stages: tuple[str, ...]
    stage: str = ""
    percent: int | None = None
    touched: bool = False
    outcome: str | None = None
    failure: dict[str, Any] | None = None
    notices: list[dict[str, Any]] = field(default_factory=list)
    chip: dict[str, Any] | None = None
    installed: dict[str, Any] | None = None
    firmware: dict[str, Any] | None = None
    backup: str | None = None
    dongle: dict[str, Any] | None = None
    started: str = ""
    log: deque[str] = field(default_factory=lambda: deque(maxlen=MAX_LOG))

    def snapshot(self) -> dict[str, Any]:
        """What the page gets; the log's last lines only."""
        return asdict(replace(self, log=deque(list(self.log)[-200:]))) | {
            "log": list(self.log)[-200:],
            "running": self.outcome is None,
        }


class Jobs:
    """Runs jobs and tells those who wait what changed."""

    def __init__(
        self,
        folder: Path,
        catalogue: Catalogue,
        home_assistant: HomeAssistant,
        *,
        silence: float = 150.0,
    ) -> None:
        """`folder` is the app's own that outlives it; `silence` ends a child that says nothing, in seconds."""
        self._folder = folder
        self._catalogue = catalogue
        self._ha = home_assistant
        self._silence = silence
        self._leases = Leases(home_assistant, folder / "lease.json")
        self._marker = folder / "job.json"
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._later: asyncio.Task[None] | None = None
        self.revision = 0
        self.job: Job | None = None
        self.upload: Upload | None = None

    @property
    def backups(self) -> Path:
        """Where backups are."""
        return self._folder / "backups"

    @property
    def leases(self) -> Leases:
        """Who uses the ports."""
        return self._leases

    async def recover(self) -> None:
        """After a start: say what was cut short, and give back what is still taken."""
        with suppress(OSError, ValueError, KeyError, TypeError):
            left = json.loads(self._marker.read_text())
            self.job = Job(
                "recovered",
                str(left["port"]),
                (),
                outcome="failed",
                touched=bool(left["touched"]),
            )
            self.job.failure = {"kind": "interrupted"}
            self._marker.unlink()
        await self._give_back()

    async def close(self) -> None:
        """Stop what runs; the port is given back."""
        for task in (self._task, self._later):
            if task is not None:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
        self.notify()

    async def wait(self, revision: int, seconds: float) -> None:
        """Until something is newer than `revision`, or the time is over."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self.revision <= revision:
                    await self._changed.wait()

    def start(self, request: Request) -> Job:
        """Begin a job.

        Raises:
            JobError: another one is running (`running`).
        """
        if self.job is not None and self.job.outcome is None:
            raise JobError("running")
        now = datetime.now(UTC)
        self.job = Job(
            secrets.token_hex(4),
            request.port,
            tuple(
                s for s in (WRITE if request.writes else LOOK) if _wanted(s, request)
            ),
            started=now.isoformat(timespec="seconds"),
        )
        self._task = asyncio.create_task(self._run(request, self.job))
        return self.job

    def cancel(self) -> None:
        """Stop the job, except while the flash is being changed.

        Raises:
            JobError: nothing runs, or stopping now would leave a chip that does not start (`writing`).
        """
        if self._task is None or self.job is None or self.job.outcome is not None:
            raise JobError("not_running")
        if self.job.touched:
            raise JobError("writing")
        self._task.cancel()

    def keep_upload(self, name: str, path: Path) -> Upload:
        """Remember an image of the user's own; the one before is forgotten."""
        content = path.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        if self.upload is not None and self.upload.path != path:
            self.upload.path.unlink(missing_ok=True)
        self.upload = Upload(
            digest[:16], name, len(content), digest, esp_image.inspect(content), path
        )
        return self.upload

    # --- the job ---

    async def _run(self, request: Request, job: Job) -> None:
        task = _Task(self, job, request, self._catalogue, self._ha)
        try:
            async with asyncio.timeout(LONGEST):
                await task.work(self._silence)
            outcome = "done"
        except asyncio.CancelledError:
            outcome = self._failed(job, "interrupted" if job.touched else "stopped")
        except JobError as err:
            outcome = self._failed(job, err.kind, **err.fields)
        except WriterError as err:
            outcome = self._failed(job, _kind(err.kind, job), detail=str(err))
        except TimeoutError:
            outcome = self._failed(
                job, _kind("stalled", job), detail="the job took too long"
            )
        except HomeAssistantError as err:
            outcome = self._failed(job, "home_assistant", detail=str(err))
        except (
            Exception
        ) as err:  # whatever it was, the port is given back and the page says so
            _LOGGER.exception("The job ended unexpectedly")
            outcome = self._failed(job, _kind("internal", job), detail=repr(err))
        await asyncio.shield(self._finish(task, job, outcome))

    def _failed(self, job: Job, kind: str, **fields: Any) -> str:
        job.failure = {"kind": kind, "stage": job.stage} | fields
        self.say(job, f"Failed: {kind} {fields.get('detail', '')}".rstrip())
        return "failed"

    async def _finish(self, task: _Task, job: Job, outcome: str) -> None:
        if (
            job.failure is not None
            and job.failure["kind"] == "stopped"
            and job.chip is not None
        ):
            await task.restart(self._silence)
        self.enter(job, "give_back")
        if missing := await self._give_back():
            job.notices.append({"kind": "not_given_back", "titles": missing})
        self.say(
            job,
            "The port is given back"
            if not missing
            else f"Not given back yet: {missing}",
        )
        if outcome == "done":
            await task.offer()
        if not job.touched:
            self._marker.unlink(missing_ok=True)
        job.outcome, job.stage, job.percent = outcome, "", None
        self.notify()

    async def _give_back(self) -> list[str]:
        try:
            missing = await self._leases.give_back()
        except Exception:
            _LOGGER.exception("Giving back failed")
            missing = ["?"]
        if missing and (self._later is None or self._later.done()):
            self._later = asyncio.create_task(self._give_back_later())
        return missing

    async def _give_back_later(self) -> None:
        while self._leases.pending:
            await asyncio.sleep(30)
            if self.job is None or self.job.outcome is not None:
                with suppress(OSError, HomeAssistantError):
                    await self._leases.give_back()

    # --- what the task tells ---

    def enter(self, job: Job, stage: str) -> None:
        """The job is in another stage."""
        job.stage, job.percent = stage, None
        self.say(job, f"— {stage}")

    def say(self, job: Job, line: str) -> None:
        """A line for the log."""
        job.log.append(f"{datetime.now(UTC):%H:%M:%S} {line}")
        _LOGGER.info("%s", line)
        self.notify()

    def progress(self, job: Job, done: float, total: float) -> None:
        """How far the stage is."""
        percent = min(100, int(100 * done / total)) if total else None
        if percent != job.percent:
            job.percent = percent
            self.notify()

    def mark(self, job: Job) -> None:
        """Write down what a restart of the app would cut short."""
        self._marker.write_text(json.dumps({"port": job.port, "touched": job.touched}))

    def notify(self) -> None:
        """Wake those who wait."""
        self.revision += 1
        self._changed.set()
        self._changed = asyncio.Event()


@dataclass(slots=True)
class _Task:
    """The steps of one job."""

    jobs: Jobs
    job: Job
    request: Request
    catalogue: Catalogue
    ha: HomeAssistant
    found: wifi.Dongle | None = None
    joined: wifi.Dongle | None = None
    # Bytes written before the part in hand, bytes of it, bytes in all.
    share: tuple[int, int, int] | None = None

    async def work(self, silence: float) -> None:
        self.jobs.mark(self.job)
        if self.request.writes:
            await self._check()
        self._enter("free")
        try:
            for line in await self.jobs.leases.take(
                self.request.port, self.request.agreed
            ):
                self._say(line)
        except ConsentNeeded as err:
            raise JobError(
                "consent", holders=[asdict(h) | {"key": h.key} for h in err.holders]
            ) from err
        await self._ask()
        async with Writer(self._say, self._progress, silence) as writer:
            await self._on_the_line(writer)
        if self.request.wifi is not None:
            await self._join(self.request.wifi)

    async def restart(self, silence: float) -> None:
        """Start what is on a chip that a stopped job left in its boot loader."""
        with suppress(WriterError):
            async with Writer(self._say, self._progress, silence) as writer:
                await writer.command(
                    "connect", port=self.request.port, stub=False, baud=SLOW
                )
                await writer.command("restart")

    async def offer(self) -> None:
        """Offer the new dongle to the integration, once its port is free again."""
        if not self.request.offer or not self.request.writes:
            return
        self._enter("offer")
        try:
            await self.ha.offer(self._discovery())
        except HomeAssistantError as err:
            self._notice("not_offered", detail=str(err))

    # --- the steps ---

    async def _check(self) -> None:
        """What can be known before anything is touched."""
        self._enter("check")
        if self.request.upload is not None:
            self._check_upload(self.request.upload)
        elif problem := self.catalogue.problem():
            raise JobError(problem)

    def _check_upload(self, upload_id: str) -> None:
        upload = self.jobs.upload
        if upload is None or upload.id != upload_id:
            raise JobError("upload_gone")
        if upload.image.kind not in (esp_image.Kind.FACTORY, esp_image.Kind.ESP8266):
            raise JobError("image_kind", image=upload.image.kind, name=upload.name)
        if "unsigned" not in self.request.agreed:
            raise JobError("unsigned", name=upload.name, sha256=upload.sha256)

    async def _ask(self) -> None:
        self._enter("ask")
        self.found = await _in_thread(
            lambda stop: wifi.ask(self.request.port, ASK, stop)
        )
        if self.found is not None:
            self.job.installed = {
                "name": self.found.firmware,
                "version": self.found.version,
            }
            self._say(
                f"On it: {self.found.firmware} {self.found.version} ({self.found.name})"
            )

    async def _on_the_line(self, writer: Writer) -> None:
        self._enter("connect")
        chip = await writer.command(
            "connect",
            port=self.request.port,
            stub=not self.request.careful,
            baud=SLOW if self.request.careful else FAST,
        )
        self.job.chip = chip
        self._enter("identify")
        described = await self._installed(writer)
        try:
            if self.request.writes:
                await self._replace(writer, chip, described)
        except JobError:
            # The chip waits in its boot loader; what is on it shall run again.
            with suppress(WriterError):
                await writer.command("restart")
            raise
        self._enter("restart")
        await writer.command("restart")

    async def _replace(
        self,
        writer: Writer,
        chip: dict[str, Any],
        described: esp_image.Application | None,
    ) -> None:
        name, version, images = self._images(chip["chip"])
        self._decide(chip, described, name, version, images)
        if self.request.backup:
            await self._backup(writer, chip)
        await self._write(writer, images)

    async def _installed(self, writer: Writer) -> esp_image.Application | None:
        """Name and version from the flash; None where there is nothing we can read."""
        try:
            table = await self._read(
                writer, esp_image.PARTITION_TABLE_OFFSET, esp_image.PARTITION_TABLE_SIZE
            )
            rows = esp_image.partitions(table)
            record = next((r for r in rows if r.is_ota_data), None)
            ota = b""
            if record:
                ota = await self._read(writer, record.offset, esp_image.OTA_RECORD_SIZE)
                ota = ota.ljust(esp_image.OTA_SECTOR_SIZE, b"\xff") + await self._read(
                    writer,
                    record.offset + esp_image.OTA_SECTOR_SIZE,
                    esp_image.OTA_RECORD_SIZE,
                )
            active = esp_image.active_application(rows, ota)
            described = (
                esp_image.application(await self._read(writer, active.offset, 288))
                if active
                else None
            )
        except WriterError as err:
            if err.kind in ("lost", "stalled"):
                raise
            return None
        if described and self.job.installed is None:
            self.job.installed = {
                "name": described.project,
                "version": described.version,
            }
        if described:
            self._say(f"In the flash: {described.project} {described.version}")
        return described

    async def _read(self, writer: Writer, offset: int, size: int) -> bytes:
        return bytes.fromhex(
            (await writer.command("read", offset=offset, size=size))["data"]
        )

    def _images(self, chip: str) -> tuple[str, str, list[tuple[int, bytes]]]:
        """Name, version and checked images for the chip."""
        if self.request.upload is not None:
            upload = self.jobs.upload
            assert upload is not None
            content = upload.path.read_bytes()
            if hashlib.sha256(content).hexdigest() != upload.sha256:
                raise JobError("hash", detail=upload.name)
            described = upload.image.application
            self.job.firmware = {
                "name": upload.name,
                "version": described.version if described else "",
                "signed": False,
            }
            return (
                described.project if described else "",
                described.version if described else "",
                [(0, content)],
            )
        assert self.request.firmware is not None
        try:
            firmware, images = self.catalogue.load(self.request.firmware, chip)
        except CatalogueError as err:
            fields = (
                {"chip": chip, "wanted": str(err)}
                if err.kind == "wrong_chip"
                else {"detail": str(err)}
            )
            raise JobError(err.kind, **fields) from err
        self._say("Signature and SHA-256 sums are right")
        self.job.firmware = {
            "name": firmware.name,
            "version": firmware.version,
            "signed": True,
        }
        return firmware.name, firmware.version, images

    def _decide(
        self,
        chip: dict[str, Any],
        described: esp_image.Application | None,
        name: str,
        version: str,
        images: list[tuple[int, bytes]],
    ) -> None:
        """Whether these images may go onto this chip; nothing is erased before."""
        for offset, content in images:
            named = (
                esp_image.inspect(content).chip
                if offset == 0
                else esp_image.chip_of(content)
            )
            if named is not None and named != chip["chip"]:
                raise JobError("wrong_chip", chip=chip["chip"], wanted=named)
            if chip["flash_size"] and offset + len(content) > chip["flash_size"]:
                raise JobError(
                    "too_large",
                    size=offset + len(content),
                    flash_size=chip["flash_size"],
                )
        if chip["secure_boot"] or chip["encrypted"]:
            raise JobError("secured")
        installed = self._installed_version(described, name, images)
        if (
            installed
            and older(version, installed)
            and "downgrade" not in self.request.agreed
        ):
            raise JobError("downgrade", installed=installed, version=version)

    def _installed_version(
        self,
        described: esp_image.Application | None,
        name: str,
        images: list[tuple[int, bytes]],
    ) -> str | None:
        """The version of the same firmware on the chip, where it is the same."""
        if self.found is not None and self.found.firmware == name:
            return self.found.version
        new = {
            a.project
            for _, c in images
            for a in (esp_image.inspect(c).application,)
            if a
        }
        return (
            described.version
            if described and described.project in new | {name}
            else None
        )

    async def _backup(self, writer: Writer, chip: dict[str, Any]) -> None:
        self._enter("backup")
        size = chip["flash_size"]
        if not size:
            raise JobError("backup_size")
        self.jobs.backups.mkdir(exist_ok=True)
        if shutil.disk_usage(self.jobs.backups).free < size + SPARE:
            raise JobError("no_space", size=size)
        name = f"{chip['mac'].replace(':', '').lower()}-{datetime.now(UTC):%Y%m%d-%H%M%S}.bin"
        path = self.jobs.backups / name
        try:
            await writer.command("backup", path=str(path), size=size)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        self.job.backup = name
        for old in sorted(
            self.jobs.backups.glob("*.bin"), key=lambda p: p.stat().st_mtime
        )[:-BACKUPS]:
            old.unlink()

    async def _write(self, writer: Writer, images: list[tuple[int, bytes]]) -> None:
        self._enter("write")
        folder = self.jobs.backups.parent / "writing"
        folder.mkdir(exist_ok=True)
        parts = []
        for index, (offset, content) in enumerate(images):
            path = folder / f"{index}.bin"
            path.write_bytes(content)
            parts.append({"offset": offset, "path": str(path)})
        total = sum(len(content) for _, content in images)
        written = 0
        self.job.touched = True
        self.jobs.mark(self.job)
        for part, (_, content) in zip(parts, images, strict=True):
            self.share = (written, len(content), total)
            await writer.command("write", parts=[part])
            written += len(content)
        self.share = None
        self._enter("verify")
        await writer.command("verify", parts=parts)
        self.job.touched = False
        self.jobs.mark(self.job)
        shutil.rmtree(folder, ignore_errors=True)

    async def _join(self, network: Wifi) -> None:
        self._enter("wifi")
        loop = asyncio.get_running_loop()

        def say(line: str) -> None:
            loop.call_soon_threadsafe(self._say, line)

        try:
            self.joined = await _in_thread(
                lambda stop: wifi.join(
                    self.request.port, network.ssid, network.password, say, stop
                )
            )
        except wifi.WifiError as err:
            self._notice(err.kind, ssid=network.ssid)
        else:
            self.job.dongle = asdict(self.joined)

    def _discovery(self) -> dict[str, Any]:
        """What the integration gets: the address of a dongle in the network, else the port it is plugged into."""
        assert self.job.chip is not None and self.job.firmware is not None
        about = {
            "mac": self.job.chip["mac"],
            "firmware": self.job.firmware["name"],
            "version": self.job.firmware["version"],
        }
        if self.joined is None:
            return about | {"device": self.request.port}
        return about | {
            "name": self.joined.name,
            "host": host_of(self.joined),
            "port": API_PORT,
        }

    # --- telling ---

    def _progress(self, done: int, total: int) -> None:
        if self.share is None:
            self.jobs.progress(self.job, done, total)
        else:
            before, size, everything = self.share
            self.jobs.progress(
                self.job, before + size * done / max(total, 1), everything
            )

    def _enter(self, stage: str) -> None:
        self.jobs.enter(self.job, stage)

    def _say(self, line: str) -> None:
        self.jobs.say(self.job, line)

    def _notice(self, kind: str, **fields: Any) -> None:
        self.job.notices.append({"kind": kind} | fields)
        self._say(f"Notice: {kind} {fields}")


async def _in_thread[T](blocking: Callable[[Event], T]) -> T:
    """Run what blocks in a thread; when the job is stopped, wait until it has closed the port."""
    stop = Event()
    running = asyncio.ensure_future(asyncio.to_thread(blocking, stop))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        stop.set()
        with suppress(wifi.WifiError):
            await running
        raise


def older(version: str, installed: str) -> bool:
    """Whether a version is older than another; False where one of them has no number."""
    new, old = _numbers(version), _numbers(installed)
    return bool(new and old) and new < old


def host_of(dongle: wifi.Dongle) -> str:
    """Where a dongle is found: the address it gave, else its name in the local network."""
    match = re.match(
        r"https?://([0-9.]+|\[[0-9a-fA-F:]+\])(?::\d+)?(?:/|$)", dongle.url or ""
    )
    return match[1].strip("[]") if match else f"{dongle.name}.local"


def _numbers(version: str) -> tuple[int, ...]:
    match = re.match(r"v?(\d{1,9}(?:\.\d{1,9})*)", version)
    numbers = [int(n) for n in match[1].split(".")] if match else []
    while numbers and numbers[-1] == 0 and len(numbers) > 1:
        numbers.pop()
    return tuple(numbers)


def _wanted(stage: str, request: Request) -> bool:
    wanted = {
        "backup": request.backup,
        "wifi": request.wifi is not None,
        "offer": request.offer,
    }
    return wanted.get(stage, True)


def _kind(kind: str, job: Job) -> str:
    """An interruption is something else once the flash was touched."""
    return "cut" if job.touched and kind in INTERRUPTIONS else kind
