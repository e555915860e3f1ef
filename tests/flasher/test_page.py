"""The page in a real browser, in a frame behind a proxy that does what ingress does."""

from collections.abc import AsyncIterator, Awaitable, Callable
from copy import replace
import json
import os
from pathlib import Path
import shutil
import threading

from aiohttp.test_utils import TestServer
from playwright.async_api import FrameLocator, Page, async_playwright, expect
import pytest
from serial.tools.list_ports_common import ListPortInfo

from flasher.server import Settings

from . import fake_chip, firmware
from .conftest import App, Release
from .fake_chip import FakeChip, Pty
from .fake_home_assistant import ADMIN, GUEST, FakeHomeAssistant
from .ingress import PATH, Ingress

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))),
    None,
)
# script/test-flasher with SCREENSHOTS=docs/images makes those of the documentation.
SCREENSHOTS = os.environ.get("SCREENSHOTS")
TEXTS = Path(__file__).parents[2] / "addon" / "flasher" / "flasher" / "page" / "texts"

# Generous: the machine may be busy with other things.
expect.set_options(timeout=60_000)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        CHROMIUM is None, reason="no Chromium here: script/setup browser"
    ),
]

NEW = firmware.factory("1.1.0")
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def port_path(tmp_path: Path) -> Path:
    """In pictures it has the name it has on a real machine."""
    return Path("/dev/ttyUSB0") if SCREENSHOTS else tmp_path / "ttyUSB0"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """The dongle is found, not named in the options."""
    return replace(settings, extra_ports=())


@pytest.fixture(autouse=True)
def _usb(port: Pty, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pseudo terminal looks like a dongle's USB bridge."""
    info = ListPortInfo(str(port.path))
    info.vid, info.pid, info.manufacturer, info.product = (
        0x10C4,
        0xEA60,
        "Silicon Labs",
        "CP2102N USB to UART Bridge",
    )
    monkeypatch.setattr(
        "flasher.ports.list_ports.comports", lambda: [info] if port.plugged else []
    )


@pytest.fixture
async def ingress(app: App) -> AsyncIterator[Ingress]:
    """An administrator opens the app."""
    proxy = Ingress(app.url, ADMIN)
    server = TestServer(proxy.application())
    await server.start_server()
    proxy.url = str(server.make_url("/app"))  # type: ignore[attr-defined]
    yield proxy
    await server.close()


type Open = Callable[..., Awaitable[tuple[Page, FrameLocator]]]


@pytest.fixture
async def open_page(ingress: Ingress) -> AsyncIterator[Open]:
    """Opens the page; errors in its console fail the test."""
    errors: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox"]
        )

        async def open_it(**options: object) -> tuple[Page, FrameLocator]:
            context = await browser.new_context(
                **{"locale": "en-GB", "viewport": PHONE} | options
            )
            page = await context.new_page()
            page.on("pageerror", lambda err: errors.append(str(err)))
            page.on(
                "console",
                lambda m: errors.append(m.text) if m.type == "error" else None,
            )
            await page.goto(ingress.url)  # type: ignore[attr-defined]
            return page, page.frame_locator("iframe")

        yield open_it
        await browser.close()
    assert [
        e
        for e in errors
        if "403" not in e and "400" not in e and "502" not in e and "500" not in e
    ] == []


async def picture(page: Page, name: str, height: int | None = None) -> None:
    """A screenshot for the documentation, where they are asked for."""
    if SCREENSHOTS:
        frame = page.frames[1]
        await frame.evaluate("scrollTo(0, 0)")
        full = height or await frame.evaluate("document.documentElement.scrollHeight")
        size = page.viewport_size
        assert size is not None
        await page.set_viewport_size(
            {"width": size["width"], "height": min(full, 1500)}
        )
        await page.screenshot(path=Path(SCREENSHOTS) / f"flasher-{name}.png")
        await page.set_viewport_size(size)


async def test_write(
    open_page: Open, app: App, chip: FakeChip, ingress: Ingress, home: FakeHomeAssistant
) -> None:
    """From the plugged-in dongle to the one in the network, with a reload in mid-flash."""
    home.use(app.port, "app", "core_zigbee", "Zigbee2MQTT")
    page, frame = await open_page()
    await expect(frame.get_by_role("radio").first).to_be_checked()
    await frame.get_by_text("XIAO ESP32C3 · M-Bus").click()
    await frame.get_by_label("Name of the network").fill("Keller")
    await frame.get_by_label("Password", exact=True).fill(chip.wifi_password)
    await picture(page, "start")
    await frame.get_by_role("button", name="Write the firmware").click()
    go = frame.get_by_role("button", name="Yes, go on")
    await expect(go).to_be_disabled()
    await frame.get_by_label("Stop Zigbee2MQTT").check()
    await picture(page, "ask", height=844)

    # The chip is made slow until the middle was seen, each step by less than esptool waits for it.
    seen = threading.Event()
    slow = {fake_chip.DEFL_BEGIN, fake_chip.DEFL_DATA, fake_chip.SPI_FLASH_MD5}
    chip.before = lambda op: op in slow and seen.wait(2.0)
    await go.click()
    await expect(
        frame.get_by_text("Leave the cable plugged in and the power on.")
    ).to_be_visible()
    await expect(frame.get_by_role("button", name="Stop")).to_be_hidden()
    await picture(page, "writing")
    await page.reload()
    await expect(
        frame.get_by_text("Leave the cable plugged in and the power on.")
    ).to_be_visible()
    seen.set()
    await expect(frame.get_by_role("heading", name="Done")).to_be_visible(
        timeout=30_000
    )
    await expect(frame.get_by_text("was compared with it")).to_be_visible()
    await expect(
        frame.get_by_text("smart-meter-112233 · http://192.0.2.7")
    ).to_be_visible()
    await picture(page, "done")
    assert bytes(chip.flash[: len(NEW)]) == NEW
    assert home.active("core_zigbee")
    assert chip.wifi == ("Keller", chip.wifi_password)
    assert all(path.startswith(PATH) for path in ingress.paths)


async def test_german_in_the_dark(open_page: Open, chip: FakeChip, app: App) -> None:
    """A German browser at night gets German, and a look tells what is plugged in."""
    chip.flash[: len(NEW)] = NEW
    page, frame = await open_page(locale="de-AT", color_scheme="dark")
    await expect(
        frame.get_by_role("heading", name="Smart Meter Flasher")
    ).to_be_visible()
    await frame.get_by_role("button", name="Nachsehen, was angesteckt ist").click()
    await expect(frame.get_by_role("heading", name="Das ist angesteckt")).to_be_visible(
        timeout=60_000
    )
    await expect(
        frame.get_by_role("definition").get_by_text("Smart Meter dongle 1.1.0")
    ).to_be_visible()
    await expect(frame.get_by_text("A0:76:4E:11:22:33").first).to_be_visible()
    await picture(page, "look-de")


@pytest.mark.parametrize("language", ["de", "nl", "fr", "it"])
async def test_every_language_fits_a_phone(
    open_page: Open, chip: FakeChip, app: App, language: str
) -> None:
    """A browser gets the page in its language, without a word of English left and without being too wide."""
    words, english = (
        json.loads((TEXTS / f"{name}.json").read_text()) for name in (language, "en")
    )
    page, frame = await open_page(locale=language)
    await expect(frame.get_by_text(words["port"]["title"])).to_be_visible()
    await expect(frame.get_by_role("button", name=words["look"])).to_be_visible()
    await expect(frame.get_by_text(english["lead"])).to_be_hidden()
    await expect(frame.get_by_label(words["language"])).to_have_value(language)
    wider = (
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    assert await page.frames[1].evaluate(wider) == 0


async def test_cable_pulled(
    open_page: Open, chip: FakeChip, app: App, home: FakeHomeAssistant
) -> None:
    """The page says what happened and how the dongle is saved."""
    chip.cut_at = (fake_chip.DEFL_DATA, 2)
    page, frame = await open_page()
    await frame.get_by_text("XIAO ESP32C3 · M-Bus").click()
    await frame.get_by_label("Join the Wi-Fi afterwards").uncheck()
    await frame.get_by_role("button", name="Write the firmware").click()
    await frame.get_by_role("button", name="Yes, go on").click()
    heading = frame.get_by_role(
        "heading", name="The connection broke off while writing"
    )
    await expect(heading).to_be_visible(timeout=30_000)
    await expect(heading).to_be_focused()
    await expect(
        frame.get_by_text("Hold the button BOOT while you plug it in")
    ).to_be_visible()
    assert home.leases == set()
    await picture(page, "cut")
    await frame.get_by_role("button", name="Back to the start").click()
    await expect(frame.get_by_text("No serial port found")).to_be_visible(
        timeout=60_000
    )


async def test_downgrade(open_page: Open, chip: FakeChip, app: App) -> None:
    """An older version is written after one insisted."""
    chip.flash[: len(NEW)] = NEW
    page, frame = await open_page()
    await frame.get_by_text("XIAO ESP32C3 · P1").click()
    await frame.get_by_label("Join the Wi-Fi afterwards").uncheck()
    await frame.get_by_role("button", name="Write the firmware").click()
    await frame.get_by_role("button", name="Yes, go on").click()
    await expect(
        frame.get_by_text("Version 1.1.0 is on the dongle, you chose 1.0.0.")
    ).to_be_visible(timeout=60_000)
    await expect(
        frame.get_by_text("Nothing on the dongle was changed.")
    ).to_be_visible()
    await picture(page, "downgrade")
    await frame.get_by_role(
        "button", name="Write the older version all the same"
    ).click()
    await frame.get_by_label("Version 1.1.0 is on it").check()
    await frame.get_by_role("button", name="Yes, go on").click()
    await expect(frame.get_by_role("heading", name="Done")).to_be_visible(
        timeout=60_000
    )
    assert bytes(chip.flash[: len(firmware.factory("1.0.0"))]) == firmware.factory(
        "1.0.0"
    )


async def test_own_image(
    open_page: Open, chip: FakeChip, app: App, tmp_path: Path
) -> None:
    """An image of one's own is marked and confirmed."""
    image = tmp_path / "mine.factory.bin"
    image.write_bytes(NEW)
    page, frame = await open_page(viewport={"width": 1100, "height": 900})
    await frame.get_by_text("An image of your own").click()
    await frame.get_by_label("Image file").set_input_files(image)
    await expect(frame.get_by_text("Not signed.")).to_be_visible()
    await picture(page, "own")
    await page.reload()
    await expect(frame.locator("#own-words")).to_contain_text(
        "mine.factory.bin: for ESP32-C3, version 1.1.0."
    )
    await frame.get_by_label("Join the Wi-Fi afterwards").uncheck()
    await frame.get_by_role("button", name="Write the firmware").click()
    await frame.get_by_label("I trust mine.factory.bin").check()
    await frame.get_by_role("button", name="Yes, go on").click()
    await expect(frame.get_by_text("(not signed)")).to_be_visible(timeout=60_000)
    assert bytes(chip.flash[: len(NEW)]) == NEW


async def test_unverifiable(open_page: Open, release: Release) -> None:
    """Firmware without a valid signature cannot be chosen."""
    release.key.unlink()
    _, frame = await open_page()
    await expect(frame.get_by_text("This build cannot check firmware")).to_be_visible()
    await expect(frame.locator('input[name="firmware"]').first).to_be_disabled()


async def test_nothing_chosen(
    open_page: Open, port: Pty, home: FakeHomeAssistant
) -> None:
    """A missing field is said at the button."""
    _, frame = await open_page()
    await frame.get_by_role("button", name="Write the firmware").click()
    await expect(frame.get_by_text("Choose a firmware.")).to_be_visible()


async def test_guest(
    open_page: Open, ingress: Ingress, home: FakeHomeAssistant
) -> None:
    """Who is no administrator gets a sentence and no page."""
    ingress.user = GUEST
    _, frame = await open_page()
    await expect(
        frame.get_by_text("Only administrators of Home Assistant may flash devices.")
    ).to_be_visible()
    assert home.calls == []
