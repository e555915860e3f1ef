"""Whole jobs: real esptool in its child process, a chip on a pseudo terminal, the port freed and given back."""

import asyncio
from collections.abc import Awaitable, Callable
import fcntl
import json
import os
from pathlib import Path
import time
from typing import Any

import pytest
from yarl import URL

from . import fake_chip, firmware
from .conftest import HEADERS, App, Release
from .fake_chip import FakeChip, Pty, Rfc2217
from .fake_home_assistant import FakeHomeAssistant

C3 = "c3-mbus.manifest.json"
OLD = "c3old-mbus.manifest.json"
NEW = firmware.factory("1.1.0")
SSID, PASSWORD = "Keller", "wave to the meter"


def written(chip: FakeChip, image: bytes = NEW) -> bool:
    """Whether the flash holds the image from offset 0 and is otherwise erased."""
    return bytes(chip.flash) == image.ljust(chip.size, b"\xff")


async def test_write_new_chip(
    app: App, chip: FakeChip, home: FakeHomeAssistant
) -> None:
    """A new chip gets its firmware byte by byte, joins the network and is offered to the integration."""
    home.use(app.port, "config_entry", "entry", "Meter in the cellar", "smart_meter")
    job = await app.run(
        "api/write", firmware=C3, wifi={"ssid": SSID, "password": PASSWORD}, offer=True
    )
    assert job["outcome"] == "done", job
    assert written(chip)
    assert job["chip"]["chip"] == "ESP32-C3"
    assert job["chip"]["mac"] == "A0:76:4E:11:22:33"
    assert job["notices"] == []
    assert chip.wifi == (SSID, PASSWORD)
    assert home.leases == set()
    assert [name for name, _ in home.calls] == [
        "smart_meter.release_port",
        "smart_meter.return_port",
    ]
    assert home.calls[0][1] == {"port": app.port, "seconds": 3600}
    assert any("let go of the port: Cellar" in line for line in job["log"])
    assert home.discovered == [
        {
            "service": "smart_meter",
            "config": {
                "mac": "A0:76:4E:11:22:33",
                "firmware": "Smart Meter dongle",
                "version": "1.1.0",
                "name": "smart-meter-112233",
                "host": "192.0.2.7",
                "port": 6053,
            },
        }
    ]
    assert PASSWORD not in str(job)


async def test_write_slowly(app: App, chip: FakeChip) -> None:
    """The careful way uses the chip's own boot loader only."""
    job = await app.run("api/write", firmware=C3, careful=True)
    assert job["outcome"] == "done", job
    assert written(chip)
    assert chip.counts[fake_chip.MEM_BEGIN] == 0
    assert chip.counts[fake_chip.FLASH_DATA] == -(-len(NEW) // 1024)


async def test_offer_over_usb(
    app: App, chip: FakeChip, home: FakeHomeAssistant
) -> None:
    """Without a network the dongle is offered at its port."""
    assert (await app.run("api/write", firmware=C3, offer=True))["outcome"] == "done"
    assert home.discovered[0]["config"]["device"] == app.port


async def test_look(app: App, chip: FakeChip) -> None:
    """A look tells chip and firmware and changes nothing."""
    chip.flash[: len(NEW)] = NEW
    chip.improv = False
    before = bytes(chip.flash)
    job = await app.run("api/look")
    assert job["outcome"] == "done", job
    assert job["installed"] == {"name": "smart-meter-dongle", "version": "1.1.0"}
    assert job["chip"]["flash_size"] == 0x400000
    assert bytes(chip.flash) == before
    assert chip.mode == "app"


async def test_look_second_slot(app: App, chip: FakeChip) -> None:
    """After an update over the air the other slot is the one that runs."""
    chip.flash[: len(NEW)] = firmware.factory("1.0.0").ljust(len(NEW), b"\xff")
    other = firmware.APP_OFFSET + firmware.SLOT_SIZE
    chip.flash[other : other + len(firmware.image("app-1.1.0"))] = firmware.image(
        "app-1.1.0"
    )
    chip.flash[firmware.OTA_DATA_OFFSET : firmware.OTA_DATA_OFFSET + 32] = (
        firmware.ota_record(2)
    )
    chip.improv = False
    job = await app.run("api/look")
    assert job["installed"] == {"name": "smart-meter-dongle", "version": "1.1.0"}


async def test_look_running_firmware(app: App, chip: FakeChip) -> None:
    """What runs is asked first."""
    chip.flash[: len(NEW)] = NEW
    job = await app.run("api/look")
    assert job["installed"] == {"name": "Smart Meter dongle", "version": "1.1.0"}


async def test_backup(app: App, chip: FakeChip) -> None:
    """The backup is the flash as it was."""
    chip.flash = chip.flash[:0x100000]
    before = firmware.factory("1.0.0").ljust(chip.size, b"\xff")
    chip.flash[:] = before
    job = await app.run("api/write", firmware=C3, backup=True)
    assert job["outcome"] == "done", job
    assert (app.data / "backups" / job["backup"]).read_bytes() == before
    async with app.session.get(
        f"{app.url}api/backups/{job['backup']}",
        headers={"X-Remote-User-Id": "id-of-an-administrator"},
    ) as response:
        assert await response.read() == before
    assert bytes(chip.flash[: len(NEW)]) == NEW


async def test_restore(app: App, chip: FakeChip) -> None:
    """A backup is an image of one's own that brings everything back."""
    chip.flash = chip.flash[:0x100000]
    before = firmware.factory("1.0.0").ljust(chip.size, b"\xff")
    chip.flash[:] = before
    job = await app.run("api/write", firmware=C3, backup=True)
    backup = (app.data / "backups" / job["backup"]).read_bytes()
    upload = await app.post("api/upload?name=backup.bin", body=backup)
    job = await app.run(
        "api/write", upload=upload["id"], agreed=["unsigned", "downgrade"]
    )
    assert job["outcome"] == "done", job
    assert bytes(chip.flash) == before


# --- what must not be written ---


async def refused(
    app: App, chip: FakeChip, home: FakeHomeAssistant, kind: str, **request: object
) -> dict[str, object]:
    """A job that fails before the first byte is erased, with the port given back."""
    before = bytes(chip.flash)
    job = await app.run("api/write", **request)
    assert job["outcome"] == "failed"
    assert job["failure"]["kind"] == kind, job["failure"]
    assert not job["touched"]
    assert bytes(chip.flash) == before
    assert chip.counts[fake_chip.FLASH_BEGIN] == chip.counts[fake_chip.DEFL_BEGIN] == 0
    assert home.leases == set()
    if chip.counts.total():
        assert "Hard resetting via RTS pin..." in "".join(job["log"])
    return dict(job["failure"])


async def test_wrong_sum(
    app: App, chip: FakeChip, home: FakeHomeAssistant, release: Release
) -> None:
    """One flipped bit in an image."""
    path = release.folder / "c3-mbus.bin"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    await refused(app, chip, home, "hash", firmware=C3)


async def test_wrong_manifest(
    app: App, chip: FakeChip, home: FakeHomeAssistant, release: Release
) -> None:
    """A manifest that was changed after signing."""
    path = release.folder / C3
    path.write_text(path.read_text().replace("1.1.0", "9.9.9"))
    await refused(app, chip, home, "hash", firmware=C3)


async def test_wrong_signature(
    app: App, chip: FakeChip, home: FakeHomeAssistant, release: Release
) -> None:
    """A list of sums made anew, without the key."""
    (release.folder / "SHA256SUMS").write_bytes(b"0" * 64 + b"  c3-mbus.bin\n")
    await refused(app, chip, home, "signature", firmware=C3)


async def test_no_key(
    app: App, chip: FakeChip, home: FakeHomeAssistant, release: Release
) -> None:
    """A build without a key believes nothing."""
    release.key.unlink()
    await refused(app, chip, home, "no_key", firmware=C3)


async def test_wrong_chip(app: App, chip: FakeChip, home: FakeHomeAssistant) -> None:
    """Firmware for the C3 on an S3."""
    chip.chip_id = 9
    failure = await refused(app, chip, home, "wrong_chip", firmware=C3)
    assert (failure["chip"], failure["wanted"]) == ("ESP32-S3", "ESP32-C3")


async def test_wrong_chip_in_image(
    app: App, chip: FakeChip, home: FakeHomeAssistant, release: Release
) -> None:
    """A manifest that says S3 with an image that says C3."""
    name = release.add("s3-mbus", "1.1.0", NEW, chip="ESP32-S3")
    chip.chip_id = 9
    failure = await refused(app, chip, home, "wrong_chip", firmware=name)
    assert failure["wanted"] == "ESP32-C3"


async def test_too_large(
    app: App, chip: FakeChip, home: FakeHomeAssistant, release: Release
) -> None:
    """An image larger than the flash."""
    chip.flash = chip.flash[:0x100000]
    name = release.add("big-mbus", "1.1.0", NEW.ljust(0x100001, b"\xff"))
    await refused(app, chip, home, "too_large", firmware=name)


async def test_encrypted(app: App, chip: FakeChip, home: FakeHomeAssistant) -> None:
    """A chip whose maker locked its flash."""
    chip.encrypted = True
    await refused(app, chip, home, "secured", firmware=C3)


@pytest.mark.parametrize("speaks", [True, False])
async def test_downgrade(
    app: App, chip: FakeChip, home: FakeHomeAssistant, speaks: bool
) -> None:
    """An older version is written only when the user insists, known from the firmware or from the flash."""
    chip.flash[: len(NEW)] = NEW
    chip.improv = speaks
    failure = await refused(app, chip, home, "downgrade", firmware=OLD)
    assert (failure["installed"], failure["version"]) == ("1.1.0", "1.0.0")
    chip.counts.clear()
    job = await app.run("api/write", firmware=OLD, agreed=["downgrade"])
    assert job["outcome"] == "done"
    assert bytes(chip.flash[: len(firmware.factory("1.0.0"))]) == firmware.factory(
        "1.0.0"
    )


async def test_own_image(app: App, chip: FakeChip, home: FakeHomeAssistant) -> None:
    """An image of one's own is written after a second confirmation and is marked as unsigned."""
    upload = await app.post("api/upload?name=mine.factory.bin", body=NEW)
    assert upload["image"]["chip"] == "ESP32-C3"
    failure = await refused(app, chip, home, "unsigned", upload=upload["id"])
    assert failure["sha256"] == upload["sha256"]
    job = await app.run("api/write", upload=upload["id"], agreed=["unsigned"])
    assert job["outcome"] == "done", job
    assert job["firmware"] == {
        "name": "mine.factory.bin",
        "version": "1.1.0",
        "signed": False,
    }
    assert written(chip)


@pytest.mark.parametrize(
    ("body", "kind"),
    [(firmware.image("app-1.1.0"), "application"), (b"hello", "unknown")],
)
async def test_own_image_of_wrong_kind(
    app: App, chip: FakeChip, home: FakeHomeAssistant, body: bytes, kind: str
) -> None:
    """An update image alone does not start, and a text even less."""
    upload = await app.post("api/upload?name=x.bin", body=body)
    failure = await refused(
        app, chip, home, "image_kind", upload=upload["id"], agreed=["unsigned"]
    )
    assert failure["image"] == kind


async def test_upload_gone(app: App, chip: FakeChip, home: FakeHomeAssistant) -> None:
    """An image that was replaced by another one is not written."""
    first = await app.post("api/upload?name=a.bin", body=NEW)
    await app.post("api/upload?name=b.bin", body=firmware.factory("1.0.0"))
    await refused(
        app, chip, home, "upload_gone", upload=first["id"], agreed=["unsigned"]
    )


async def test_upload_goes_while_the_chip_is_looked_at(
    app: App, chip: FakeChip, home: FakeHomeAssistant
) -> None:
    """Nothing is written, and what was on the chip runs again."""
    upload = await app.post("api/upload?name=a.bin", body=NEW)
    await app.post(
        "api/write", {"port": app.port, "upload": upload["id"], "agreed": ["unsigned"]}
    )
    assert app.jobs.upload is not None
    app.jobs.upload.path.unlink()
    job = await app.end()
    assert job["failure"]["kind"] == "upload_gone"
    assert not job["touched"]
    assert chip.mode == "app"
    assert home.leases == set()


async def test_upload_is_broken_off(app: App) -> None:
    """What came of it is not kept."""
    folder = app.data / "uploads"
    url = URL(app.url)
    _, writer = await asyncio.open_connection(url.host, url.port)
    head = [f"{name}: {text}" for name, text in HEADERS.items()]
    lines = ["POST /api/upload HTTP/1.1", "Host: app", "Content-Length: 9999", *head]
    writer.write("\r\n".join((*lines, "", "")).encode() + NEW[:999])
    await until(lambda: folder.is_dir() and any(folder.iterdir()))
    writer.close()
    await until(lambda: not any(folder.iterdir()))
    assert app.jobs.upload is None


async def test_job_ends_whatever_happens(app: App) -> None:
    """Where the app's folder cannot be written to it says so, and the next job can begin."""
    mark = app.data / "job.json"
    mark.mkdir()
    job = await app.run("api/look")
    assert (job["outcome"], job["failure"]["kind"]) == ("failed", "internal")
    mark.rmdir()
    assert (await app.run("api/look"))["outcome"] == "done"


async def until(look: Callable[[], bool]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(30):
        while not look():
            await asyncio.sleep(0.01)


# --- the cable ---

CUTS = {
    "connect": (fake_chip.SYNC, 1, False),
    "security_info": (fake_chip.SECURITY_INFO, 1, False),
    "stub": (fake_chip.MEM_DATA, 1, False),
    "attach": (fake_chip.WRITE_REG, 5, False),
    "identify": (fake_chip.READ_FLASH, 1, False),
    "erase": (fake_chip.DEFL_BEGIN, 1, True),
    "write": (fake_chip.DEFL_DATA, 2, True),
    "written": (fake_chip.SPI_FLASH_MD5, 1, True),
    "verify": (fake_chip.SPI_FLASH_MD5, 2, True),
}


@pytest.mark.parametrize("stage", CUTS)
async def test_cable_pulled(
    app: App, chip: FakeChip, home: FakeHomeAssistant, stage: str
) -> None:
    """Whenever the cable is pulled the port is given back, and the page knows whether the dongle still starts."""
    op, count, touched = CUTS[stage]
    home.use(app.port, "app", "core_zigbee", "Zigbee")
    chip.cut_at = (op, count)
    job = await app.run("api/write", firmware=C3, agreed=["app:core_zigbee"])
    assert job["outcome"] == "failed"
    assert job["touched"] is touched
    expected = {"cut"} if touched else {"lost", "no_answer"}
    assert job["failure"]["kind"] in expected, job["failure"]
    assert home.leases == set()
    assert home.active("core_zigbee")


async def test_cable_pulled_during_backup(
    app: App, chip: FakeChip, home: FakeHomeAssistant, port: Pty
) -> None:
    """Half a backup is no backup."""
    task = asyncio.create_task(app.run("api/write", firmware=C3, backup=True))
    await app.reach("backup")
    chip.before = lambda op: None
    port.unplug()
    job = await task
    assert (job["outcome"], job["failure"]["kind"], job["touched"]) == (
        "failed",
        "lost",
        False,
    )
    assert list((app.data / "backups").iterdir()) == []
    assert home.leases == set()


async def test_cable_pulled_before_wifi(
    app: App,
    chip: FakeChip,
    home: FakeHomeAssistant,
    port: Pty,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The firmware is on it, only the network is missing."""
    monkeypatch.setattr("flasher.wifi.START", 1.0)
    task = asyncio.create_task(
        app.run("api/write", firmware=C3, wifi={"ssid": SSID, "password": PASSWORD})
    )
    await app.reach("wifi")
    port.unplug()
    job = await task
    assert job["outcome"] == "done"
    assert job["notices"] == [{"kind": "wifi_silent", "ssid": SSID}]
    assert written(chip)
    assert home.leases == set()


async def test_recover_after_cut(app: App, chip: FakeChip, port_path: Path) -> None:
    """A chip cut half way takes the firmware when it is plugged in again."""
    chip.cut_at = (fake_chip.DEFL_DATA, 2)
    assert (await app.run("api/write", firmware=C3))["failure"]["kind"] == "cut"
    assert not written(chip)
    chip.cut_at = None
    again = Pty(chip, port_path)
    try:
        job = await app.run("api/write", firmware=C3)
    finally:
        again.close()
    assert job["outcome"] == "done", job
    assert written(chip)


async def test_wrong_byte(app: App, chip: FakeChip, home: FakeHomeAssistant) -> None:
    """Flash that does not keep what was written."""
    chip.bad_byte = 0x10010
    job = await app.run("api/write", firmware=C3)
    assert (job["failure"]["kind"], job["touched"]) == ("verify", True)
    assert home.leases == set()


async def test_no_chip(app: App, chip: FakeChip, home: FakeHomeAssistant) -> None:
    """Something is plugged in, but it does not answer: the boot button."""
    chip.holds_boot_button = False
    job = await app.run("api/look")
    assert job["failure"]["kind"] == "no_answer"
    assert home.leases == set()


async def test_port_missing(app: App, port: Pty, home: FakeHomeAssistant) -> None:
    """The port went while the page was open."""
    port.unplug()
    job = await app.run("api/look")
    assert job["failure"]["kind"] == "port_missing"
    assert home.leases == set()


@pytest.mark.parametrize("path", ["/etc/passwd", "spy:///dev/ttyUSB0?file=/data/x"])
async def test_port_unknown(app: App, path: str, home: FakeHomeAssistant) -> None:
    """Only ports the app itself has named are opened."""
    answer = await app.post("api/look", {"port": path})
    assert answer["failure"]["kind"] == "port_missing"
    assert app.jobs.job is None
    assert home.calls == []


async def test_stalled(
    start_app: Callable[..., Awaitable[App]],
    port: Pty,
    chip: FakeChip,
    home: FakeHomeAssistant,
) -> None:
    """A chip that falls silent for good does not keep the port for ever."""
    app = await start_app(silence=4.0)
    chip.hang_at = fake_chip.DEFL_DATA
    job = await app.run("api/write", firmware=C3)
    assert (job["failure"]["kind"], job["touched"]) == ("cut", True)
    assert home.leases == set()


# --- the port ---


async def test_foreign_holders(
    app: App, chip: FakeChip, home: FakeHomeAssistant
) -> None:
    """Others are stopped only when the user agreed, and started again in the end."""
    home.use(app.port, "app", "core_zigbee", "Zigbee")
    home.use(app.port, "config_entry", "abc", "ZHA", "zha")
    failure = await refused(
        app, chip, home, "consent", firmware=C3, agreed=["app:core_zigbee"]
    )
    assert [h["title"] for h in failure["holders"]] == ["ZHA"]  # type: ignore[attr-defined]
    assert home.calls == []
    job = await app.run(
        "api/write", firmware=C3, agreed=["app:core_zigbee", "config_entry:abc"]
    )
    assert job["outcome"] == "done"
    assert home.active("core_zigbee")
    assert home.active("abc")
    assert ("hassio.app_stop", {"app": "core_zigbee"}) in home.calls


async def test_not_given_back(app: App, home: FakeHomeAssistant) -> None:
    """What could not be started again is named, and tried again after a restart of the app."""
    home.use(app.port, "app", "core_zigbee", "Zigbee")
    home.start_fails = 1
    job = await app.run("api/look", agreed=["app:core_zigbee"])
    assert job["notices"] == [{"kind": "not_given_back", "titles": ["Zigbee"]}]
    assert not home.active("core_zigbee")
    await app.jobs.recover()
    assert home.active("core_zigbee")


async def test_left_over(app: App, home: FakeHomeAssistant) -> None:
    """What could not be given back after one job is not forgotten by the next."""
    home.use(app.port, "app", "core_zigbee", "Zigbee")
    home.start_fails = 2
    await app.run("api/look", agreed=["app:core_zigbee"])
    job = await app.run("api/look")
    assert job["notices"] == [{"kind": "not_given_back", "titles": ["Zigbee"]}]
    job = await app.run("api/look")
    assert job["notices"] == []
    assert home.active("core_zigbee")


async def test_not_returned(app: App, home: FakeHomeAssistant) -> None:
    """While the cable is out our integration may not know the port; it is asked again, until its lease has ended."""
    home.forgets = 2
    job = await app.run("api/look")
    assert job["notices"] == [{"kind": "not_given_back", "titles": ["Smart Meter"]}]
    await app.jobs.recover()
    assert app.jobs.leases.pending
    store = app.data / "lease.json"
    taken = json.loads(store.read_text())
    taken["lent"] = dict.fromkeys(taken["lent"], time.time() - 1)
    store.write_text(json.dumps(taken))
    await app.jobs.recover()
    assert not app.jobs.leases.pending


async def test_other_port_not_returned(app: App, home: FakeHomeAssistant) -> None:
    """A port our integration did not take back is not forgotten when the next job takes another port."""
    store = app.data / "lease.json"
    lent = {"/dev/other": time.time() + 3600}
    store.write_text(json.dumps({"lent": lent, "stopped": []}))
    home.forgets = 2
    job = await app.run("api/look")
    assert job["notices"] == [{"kind": "not_given_back", "titles": ["Smart Meter"]}]
    assert set(json.loads(store.read_text())["lent"]) == {"/dev/other", app.port}


async def test_app_killed(
    start_app: Callable[..., Awaitable[App]],
    port: Pty,
    chip: FakeChip,
    home: FakeHomeAssistant,
) -> None:
    """An app that was stopped in mid-write gives back, and says after its next start what happened."""
    app = await start_app()
    home.use(app.port, "app", "core_zigbee", "Zigbee")
    chip.hang_at = fake_chip.DEFL_DATA
    await app.post(
        "api/write", {"port": app.port, "firmware": C3, "agreed": ["app:core_zigbee"]}
    )
    await app.reach("write")
    await app.jobs.close()
    assert home.active("core_zigbee")
    assert home.leases == set()
    again = await start_app()
    job = (await again.get("api/state"))["job"]
    assert (job["failure"]["kind"], job["touched"]) == ("interrupted", True)


async def test_app_died(
    start_app: Callable[..., Awaitable[App]], home: FakeHomeAssistant, tmp_path: Path
) -> None:
    """After a power cut what was written down is given back."""
    home.use("/dev/x", "app", "core_zigbee", "Zigbee")
    home.consumers["/dev/x"][0]["active"] = False
    home.use("/dev/x", "config_entry", "x", "Attic", "smart_meter")
    home.leases.add("/dev/x")
    (tmp_path / "data").mkdir()
    taken: dict[str, Any] = {"lent": {"/dev/x": time.time() + 60}}
    taken["stopped"] = [{"kind": "app", "id": "core_zigbee", "title": "Zigbee"}]
    (tmp_path / "data" / "lease.json").write_text(json.dumps(taken))
    (tmp_path / "data" / "job.json").write_text('{"port": "/dev/x", "touched": false}')
    app = await start_app()
    async with asyncio.timeout(30):
        while app.jobs.leases.pending:
            await asyncio.sleep(0.05)
    assert home.active("core_zigbee")
    assert home.leases == set()
    assert (await app.get("api/state"))["job"]["failure"]["kind"] == "interrupted"


async def test_integration_absent(
    app: App, chip: FakeChip, home: FakeHomeAssistant
) -> None:
    """Without the integration the dongle is flashed all the same, and the log says so."""
    home.integration = False
    job = await app.run("api/write", firmware=C3)
    assert job["outcome"] == "done"
    assert any("not installed" in line for line in job["log"])


async def test_integration_refuses(
    app: App, chip: FakeChip, home: FakeHomeAssistant
) -> None:
    """When the port cannot be freed nothing is tried on it."""
    home.release_fails = True
    job = await app.run("api/write", firmware=C3)
    assert job["failure"]["kind"] == "home_assistant"
    assert chip.counts.total() == 0


async def test_holders_unknown(
    app: App, chip: FakeChip, home: FakeHomeAssistant
) -> None:
    """An older Home Assistant does not say who uses a port; the port itself still refuses a second user."""
    home.usage_known = False
    assert (await app.get("api/ports"))["holders_unknown"]
    job = await app.run("api/write", firmware=C3)
    assert job["outcome"] == "done", job


async def test_port_busy(app: App, port: Pty, home: FakeHomeAssistant) -> None:
    """A program that has the port open exclusively."""
    other = os.open(port.path, os.O_RDWR | os.O_NOCTTY)
    fcntl.flock(other, fcntl.LOCK_EX)
    try:
        job = await app.run("api/look")
    finally:
        os.close(other)
    assert job["failure"]["kind"] == "port_busy", job["failure"]
    assert home.leases == set()


# --- the page's commands ---


async def test_one_job_at_a_time(app: App, chip: FakeChip) -> None:
    """A second job is refused while one runs."""
    await app.post("api/look", {"port": app.port})
    assert (await app.post("api/look", {"port": app.port}))["failure"][
        "kind"
    ] == "running"
    assert (await app.end())["outcome"] == "done"


async def test_cancel(app: App, chip: FakeChip, home: FakeHomeAssistant) -> None:
    """A job can be stopped as long as the flash is whole."""
    await app.post("api/write", {"port": app.port, "firmware": C3, "backup": True})
    await app.reach("backup")
    assert await app.post("api/cancel") == {}
    job = await app.end()
    assert (job["failure"]["kind"], job["touched"]) == ("stopped", False)
    assert any("Hard resetting" in line for line in job["log"])
    assert home.leases == set()
    job = await app.run("api/look")
    assert job["outcome"] == "done", job


async def test_cancel_while_writing(
    start_app: Callable[..., Awaitable[App]], port: Pty, chip: FakeChip
) -> None:
    """Once the flash is touched there is no stopping."""
    app = await start_app(silence=4.0)
    chip.hang_at = fake_chip.DEFL_DATA
    await app.post("api/write", {"port": app.port, "firmware": C3})
    await app.reach("write")
    assert (await app.post("api/cancel"))["failure"]["kind"] == "writing"
    await app.end()


async def test_wrong_password(
    app: App, chip: FakeChip, home: FakeHomeAssistant
) -> None:
    """A password the router does not take is said, and the dongle is offered at its port."""
    job = await app.run(
        "api/write", firmware=C3, wifi={"ssid": SSID, "password": "wrong"}, offer=True
    )
    assert job["outcome"] == "done"
    assert job["notices"] == [{"kind": "wifi_refused", "ssid": SSID}]
    assert home.discovered[0]["config"]["device"] == app.port


# --- more than one part, and the control lines ---


async def test_parts(app: App, chip: FakeChip, release: Release) -> None:
    """Boot loader, table and application as three parts; the percentage never falls."""
    parts = [(0, "boot"), (0x8000, "table"), (0x10000, "app-1.1.0")]
    for _, name in parts:
        content = firmware.table() if name == "table" else firmware.image(name)
        (release.folder / f"{name}.bin").write_bytes(content)
    manifest = json.loads((release.folder / C3).read_text())
    manifest["builds"][0]["parts"] = [
        {"path": f"{n}.bin", "offset": o} for o, n in parts
    ]
    (release.folder / "parts.manifest.json").write_text(json.dumps(manifest))
    release.sign()
    shown: list[int] = []

    def note(op: int) -> None:
        if app.jobs.job is not None and app.jobs.job.percent is not None:
            shown.append(app.jobs.job.percent)

    chip.before = note
    job = await app.run("api/write", firmware="parts.manifest.json", careful=True)
    assert job["outcome"] == "done", job
    for offset, name in parts:
        content = firmware.table() if name == "table" else firmware.image(name)
        assert bytes(chip.flash[offset : offset + len(content)]) == content
    assert shown == sorted(shown)
    assert len(set(shown)) > 20


async def test_control_lines(
    start_app: Callable[..., Awaitable[App]], chip: FakeChip, home: FakeHomeAssistant
) -> None:
    """Over a serial server the two control lines bring the chip into its boot loader, and start it again for Improv."""
    runner = Rfc2217(chip)
    try:
        app = await start_app(extra_ports=(runner.url,))
        app.port = runner.url
        network = {"ssid": SSID, "password": PASSWORD}
        job = await app.run("api/write", firmware=C3, wifi=network)
    finally:
        runner.close()
    assert job["outcome"] == "done", job
    assert job["notices"] == []
    assert written(chip)
    assert (chip.mode, chip.wifi) == ("app", (SSID, PASSWORD))


@pytest.mark.parametrize("careful", [False, True])
@pytest.mark.parametrize(
    ("model", "image"),
    [("ESP32", firmware.classic()), ("ESP8266", firmware.esp8266())],
)
async def test_older_chips(
    start_app: Callable[..., Awaitable[App]],
    release: Release,
    port_path: Path,
    model: str,
    image: bytes,
    careful: bool,
) -> None:
    """Chips that do not tell their id, but have a magic number."""
    old = FakeChip(model)
    old.improv = False
    name = release.add("old-mbus", "1.1.0", image, chip=model)
    runner = Pty(old, port_path)
    try:
        app = await start_app()
        refused_job = await app.run("api/write", firmware=C3)
        job = await app.run("api/write", firmware=name, careful=careful)
    finally:
        runner.close()
    failure = refused_job["failure"]
    assert (failure["kind"], failure["chip"]) == ("wrong_chip", model)
    assert job["outcome"] == "done", job
    assert job["chip"]["mac"] == "A0:76:4E:11:22:33"
    assert written(old, image)
