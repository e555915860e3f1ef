"""The steps of a job, from the port that is freed to the dongle that is offered."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
import hashlib
import json
from pathlib import Path
import re
import shutil
from threading import Event
from typing import Any

from . import esp_image, wifi
from .catalogue import Catalogue, CatalogueError
from .home_assistant import HomeAssistant, HomeAssistantError
from .job import Job, JobError, Request, Upload, Wifi
from .lease import ConsentNeeded, Leases
from .writer import Writer, WriterError

# How long a running firmware is asked who it is before its chip is restarted.
ASK = 3.0
FAST, SLOW = 460800, 115200
BACKUPS = 3
# What must stay free on the disk besides the backup.
SPARE = 64 * 1024 * 1024
API_PORT = 6053


@dataclass(slots=True)
class Steps:
    """The steps of one job; `folder` is the app's own, `silence` ends a child that says nothing, in seconds."""

    job: Job
    request: Request
    upload: Upload | None
    catalogue: Catalogue
    ha: HomeAssistant
    leases: Leases
    folder: Path
    silence: float
    found: wifi.Dongle | None = None
    joined: wifi.Dongle | None = None
    # Bytes written before the part in hand, bytes of it, bytes in all.
    share: tuple[int, int, int] | None = None

    async def work(self) -> None:
        """All up to the end of the work on the port.

        Raises:
            JobError, WriterError, HomeAssistantError: why it ended before.
        """
        self._mark()
        if self.request.writes:
            await self._check()
        self.job.enter("free")
        try:
            for line in await self.leases.take(self.request.port, self.request.agreed):
                self.job.say(line)
        except ConsentNeeded as err:
            raise JobError(
                "consent", holders=[asdict(h) | {"key": h.key} for h in err.holders]
            ) from err
        await self._ask()
        async with Writer(self.job.say, self._progress, self.silence) as writer:
            await self._on_the_line(writer)
        if self.request.wifi is not None:
            await self._join(self.request.wifi)

    async def restart(self) -> None:
        """Start what is on a chip that a stopped job left in its boot loader."""
        with suppress(WriterError):
            async with Writer(self.job.say, self._progress, self.silence) as writer:
                await writer.command(
                    "connect", port=self.request.port, stub=False, baud=SLOW
                )
                await writer.command("restart")

    async def offer(self) -> None:
        """Offer the new dongle to the integration, once its port is free again."""
        if not self.request.offer or not self.request.writes:
            return
        self.job.enter("offer")
        try:
            await self.ha.offer(self._discovery())
        except HomeAssistantError as err:
            self.job.notice("not_offered", detail=str(err))

    # --- the steps ---

    async def _check(self) -> None:
        """What can be known before anything is touched."""
        self.job.enter("check")
        if self.request.upload is not None:
            self._check_upload(self.request.upload)
        elif problem := self.catalogue.problem():
            raise JobError(problem)

    def _check_upload(self, upload_id: str) -> None:
        upload = self.upload
        if upload is None or upload.id != upload_id:
            raise JobError("upload_gone")
        if upload.image.kind not in (esp_image.Kind.FACTORY, esp_image.Kind.ESP8266):
            raise JobError("image_kind", image=upload.image.kind, name=upload.name)
        if "unsigned" not in self.request.agreed:
            raise JobError("unsigned", name=upload.name, sha256=upload.sha256)

    async def _ask(self) -> None:
        self.job.enter("ask")
        self.found = await _in_thread(
            lambda stop: wifi.ask(self.request.port, ASK, stop)
        )
        if self.found is not None:
            self.job.installed = {
                "name": self.found.firmware,
                "version": self.found.version,
            }
            self.job.say(
                f"On it: {self.found.firmware} {self.found.version} ({self.found.name})"
            )

    async def _on_the_line(self, writer: Writer) -> None:
        self.job.enter("connect")
        chip = await writer.command(
            "connect",
            port=self.request.port,
            stub=not self.request.careful,
            baud=SLOW if self.request.careful else FAST,
        )
        self.job.chip = chip
        self.job.enter("identify")
        described = await self._installed(writer)
        try:
            if self.request.writes:
                await self._replace(writer, chip, described)
        except JobError:
            # The chip waits in its boot loader; what is on it shall run again.
            with suppress(WriterError):
                await writer.command("restart")
            raise
        self.job.enter("restart")
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
            self.job.say(f"In the flash: {described.project} {described.version}")
        return described

    async def _read(self, writer: Writer, offset: int, size: int) -> bytes:
        return bytes.fromhex(
            (await writer.command("read", offset=offset, size=size))["data"]
        )

    def _images(self, chip: str) -> tuple[str, str, list[tuple[int, bytes]]]:
        """Name, version and checked images for the chip."""
        if self.request.upload is not None:
            upload = self.upload
            assert upload is not None
            try:
                content = upload.path.read_bytes()
            except OSError as err:
                # Another one was uploaded in its place.
                raise JobError("upload_gone") from err
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
        self.job.say("Signature and SHA-256 sums are right")
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
        self.job.enter("backup")
        size = chip["flash_size"]
        if not size:
            raise JobError("backup_size")
        backups(self.folder).mkdir(exist_ok=True)
        if shutil.disk_usage(backups(self.folder)).free < size + SPARE:
            raise JobError("no_space", size=size)
        name = f"{chip['mac'].replace(':', '').lower()}-{datetime.now(UTC):%Y%m%d-%H%M%S}.bin"
        path = backups(self.folder) / name
        try:
            await writer.command("backup", path=str(path), size=size)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        self.job.backup = name
        for old in sorted(
            backups(self.folder).glob("*.bin"), key=lambda p: p.stat().st_mtime
        )[:-BACKUPS]:
            old.unlink()

    async def _write(self, writer: Writer, images: list[tuple[int, bytes]]) -> None:
        self.job.enter("write")
        folder = self.folder / "writing"
        folder.mkdir(exist_ok=True)
        parts = []
        for index, (offset, content) in enumerate(images):
            path = folder / f"{index}.bin"
            path.write_bytes(content)
            parts.append({"offset": offset, "path": str(path)})
        total = sum(len(content) for _, content in images)
        written = 0
        self.job.touched = True
        self._mark()
        for part, (_, content) in zip(parts, images, strict=True):
            self.share = (written, len(content), total)
            await writer.command("write", parts=[part])
            written += len(content)
        self.share = None
        self.job.enter("verify")
        await writer.command("verify", parts=parts)
        self.job.touched = False
        self._mark()
        shutil.rmtree(folder, ignore_errors=True)

    async def _join(self, network: Wifi) -> None:
        self.job.enter("wifi")
        loop = asyncio.get_running_loop()

        def say(line: str) -> None:
            loop.call_soon_threadsafe(self.job.say, line)

        try:
            self.joined = await _in_thread(
                lambda stop: wifi.join(
                    self.request.port, network.ssid, network.password, say, stop
                )
            )
        except wifi.WifiError as err:
            self.job.notice(err.kind, ssid=network.ssid)
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

    def _mark(self) -> None:
        """Write down what a restart of the app would cut short."""
        state = {"port": self.job.port, "touched": self.job.touched}
        marker(self.folder).write_text(json.dumps(state))

    def _progress(self, done: int, total: int) -> None:
        if self.share is None:
            self.job.progress(done, total)
        else:
            before, size, everything = self.share
            self.job.progress(before + size * done / max(total, 1), everything)


def backups(folder: Path) -> Path:
    """Where backups are."""
    return folder / "backups"


def marker(folder: Path) -> Path:
    """The file that is there while a job runs."""
    return folder / "job.json"


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


def _numbers(version: str) -> tuple[int, ...]:
    match = re.match(r"v?(\d{1,9}(?:\.\d{1,9})*)", version)
    numbers = [int(n) for n in match[1].split(".")] if match else []
    while numbers and numbers[-1] == 0 and len(numbers) > 1:
        numbers.pop()
    return tuple(numbers)
