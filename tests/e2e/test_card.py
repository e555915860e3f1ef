"""The card in a real browser: a simulated meter, a real Home Assistant, a dashboard with the card on it."""

import asyncio
from bisect import bisect_left
from collections.abc import AsyncGenerator, Awaitable, Callable
import json
import logging
import os
from pathlib import Path
import statistics
from typing import Any, Final

from playwright.async_api import Browser, BrowserContext, Page
import pytest

from customer_interface import catalogue
from tests.conftest import ROOT, script
from tests.e2e.firefox import Firefox, firefox

_LOGGER = logging.getLogger(__name__)

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

OPERATOR, METER = "netz-noe", "kaifa-ma309m"
DASHBOARD: Final = "meter-live"
WIDTHS: Final = {360: 800, 768: 1024, 1600: 1000}
# The machine may be busy with other things.
PATIENCE: Final = 120.0
# The goal is 20 and is met (docs/card.md); processes that share the core make the same work take up to half as long again.
MOST_MILLISECONDS = 30.0
TRACED: Final = ["disabled-by-default-devtools.timeline", "blink.user_timing"]
TOO_WIDE: Final = (
    "document.documentElement.scrollWidth > document.documentElement.clientWidth"
)
# The card, however deep in the page it is.
CARD: Final = """(() => {
  const find = (root) => {
    for (const element of root.querySelectorAll("*")) {
      if (element.localName === "smart-meter-card") return element;
      const found = element.shadowRoot && find(element.shadowRoot);
      if (found) return found;
    }
  };
  return find(document);
})()"""
# The text of a part of the card; null while it is not there.
IN_CARD: Final = f"({CARD})?.shadowRoot?.querySelector(%s)?.textContent ?? null"
# How a curve that moved on 300 times, twice through its window, with gaps, a pause and lonely points, differs from one
# drawn anew in the pixels of its canvas; how often it was moved; and what was drawn in its longest gap.
MOVED_ON: Final = f"""(() => {{
  const shown = ({CARD})?.chart?.bars;
  if (!shown?.view) return null;
  const [moving, anew] = [0, 1].map(() => new shown.constructor(document.createElement("canvas"), shown.colours));
  const view = {{ ...shown.view, perSecond: shown.view.width / 300, perWatt: -0.02, zero: 60 }};
  const pixels = ({{ canvas }}, left = 0, width = canvas.width) =>
    [...canvas.getContext("2d").getImageData(left, 0, width, canvas.height).data];
  let moves = 0;
  const draw = CanvasRenderingContext2D.prototype.drawImage;
  CanvasRenderingContext2D.prototype.drawImage = function (...told) {{ moves++; draw.apply(this, told); }};
  let different = 0;
  const found = [];
  for (let i = 0; i < 300; i++) {{
    const at = 1.79e9 + 2 * i + (i > 250 ? 40 : 0);
    const last = found.at(-1);
    if (i % 50 > 3 || i % 2) {{
      if (last && at - last.at < 3) last.until = at;
      found.push({{ at, until: at, power: Math.round(2000 * Math.sin(i / 9) + 900 * Math.sin(i * i)) }});
    }}
    const steps = found.map((step) => ({{ ...step }}));
    moving.show(steps, at + 0.3, view);
    if (i % 10) continue;
    anew.view = undefined;
    anew.show(steps, at + 0.3, view);
    const [one, other] = [pixels(moving), pixels(anew)];
    different += one.filter((byte, j) => byte !== other[j]).length;
  }}
  CanvasRenderingContext2D.prototype.drawImage = draw;
  const gap = found.findLast((step, i) => i < found.length - 1 && step.until === step.at && found[i + 1].at > step.at + 40);
  const x = (time) => Math.round(time * view.perSecond) - moving.left;
  const begin = x(gap.at) + 4 * view.ratio;
  const inGap = pixels(moving, begin, x(found[found.indexOf(gap) + 1].at) - 4 * view.ratio - begin);
  return JSON.stringify([different, moves > 200, pixels(moving).some(Boolean), inGap.length > 0, inGap.some(Boolean)]);
}})()"""
# What the card says while the meter is heard, and when the port is gone.
LINK_WORDS: Final = {
    "en": ("The meter is heard", "The port cannot be used"),
    "de": ("Der Zähler ist zu hören", "Der Anschluss ist nicht benutzbar"),
}
GERMAN_POINTS: Final = str.maketrans(",.", ".,")
# The red of the page's colour, which the theme makes nearly black or nearly white.
BACKGROUND: Final = """(() => {
  const colour = getComputedStyle(document.body).getPropertyValue("--primary-background-color");
  const pen = document.createElement("canvas").getContext("2d");
  pen.fillStyle = colour;
  pen.fillRect(0, 0, 1, 1);
  return pen.getImageData(0, 0, 1, 1).data[0];
})()"""
DARK: Final = 128
# SCREENSHOTS=docs/images makes those of the documentation.
SCREENSHOTS = os.environ.get("SCREENSHOTS")


class House:
    """A Home Assistant with a simulated meter behind a TCP port, and the card on a dashboard."""

    def __init__(self, home: Any, simulator: Any, port: str) -> None:
        """Take what runs."""
        self.home = home
        self.simulator = simulator
        self.port = port
        self.number = ""

    async def save(self, view: dict[str, Any]) -> None:
        """Make this the only view of the dashboard."""
        async with self.home.websocket() as socket:
            await socket.command(
                "lovelace/config/save", url_path=DASHBOARD, config={"views": [view]}
            )

    async def cards(self) -> Any:
        """Return the configuration of the cards on the dashboard."""
        async with self.home.websocket() as socket:
            told = await socket.command("lovelace/config", url_path=DASHBOARD)
        return told["views"][0]["cards"]

    async def reading(self) -> Any:
        """Return the last reading's document, as REST tells it."""
        return await self.home.get(f"/api/smart_meter/meters/{self.number}/reading")

    def login(self, language: str) -> str:
        """Return the script that logs the browser in as the user, in a language."""
        tokens = {
            "access_token": self.home.token,
            "token_type": "Bearer",
            "expires_in": 1800,
            "expires": 4_102_444_800_000,
            "hassUrl": self.home.url,
            "clientId": f"{self.home.url}/",
            "refresh_token": self.home.refresh_token,
        }
        return (
            f"localStorage.setItem('hassTokens', {json.dumps(json.dumps(tokens))});"
            f"localStorage.setItem('selectedLanguage', {json.dumps(json.dumps(language))});"
        )

    async def page(
        self,
        browser: Browser,
        width: int,
        scheme: str,
        language: str = "en",
        path: str = "0",
    ) -> tuple[BrowserContext, Page]:
        """Open the dashboard as the logged-in user."""
        context = await browser.new_context(
            viewport={"width": width, "height": WIDTHS[width]},
            color_scheme="dark" if scheme == "dark" else "light",
            locale=language,
        )
        await context.add_init_script(self.login(language))
        page = await context.new_page()
        page.set_default_timeout(PATIENCE * 1000)
        await page.goto(f"{self.home.url}/{DASHBOARD}/{path}", wait_until="commit")
        return context, page


@pytest.fixture
async def house(tmp_path: Path, socket_enabled: None) -> AsyncGenerator[House]:
    """Set a meter up by its config flow and make a dashboard."""
    home_module, demo = script("home"), script("demo")
    operator = (await asyncio.to_thread(catalogue.load)).operator(OPERATOR)
    simulator = home_module.Simulator(OPERATOR, METER)
    port = f"tcp:{home_module.free_port()}"
    keys = await simulator.keys()
    url = await simulator.start(port)
    try:
        async with home_module.Home(tmp_path) as home:
            house = House(home, simulator, port)
            await demo.set_up(home, OPERATOR, operator.offer(METER), url, keys)
            (meter,) = (await home.get("/api/smart_meter/meters"))["meters"]
            house.number = meter["id"]
            async with home.websocket() as socket:
                await socket.command(
                    "lovelace/dashboards/create", url_path=DASHBOARD, title="Live"
                )
            card = {"type": "custom:smart-meter-card"}
            await house.save({"title": "Meter", "type": "panel", "cards": [card]})
            yield house
    finally:
        await simulator.stop()


async def until(look: Callable[[], Awaitable[Any]], patience: float = PATIENCE) -> Any:
    """Wait until something is true."""
    async with asyncio.timeout(patience):
        while not (found := await look()):
            await asyncio.sleep(0.2)
        return found


async def text(page: Page | Firefox, selector: str) -> str:
    """Return the text of a part of the card on one line."""
    if isinstance(page, Firefox):
        shown = await page.evaluate(IN_CARD % f'"{selector}"')
    else:
        part = page.locator(f"smart-meter-card {selector}").first
        shown = await part.text_content()
    return " ".join((shown or "").split())


async def test_card(house: House, browser: Browser) -> None:
    """Numbers are the meter's; a pulled plug is told and becomes a gap; pictures in each size and theme."""
    context, page = await house.page(browser, 768, "light")
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))

    await until(lambda: told(page, "The meter is heard"))
    await until(lambda: is_the_reading(house, page))
    offered = await page.evaluate("customCards.map(card => card.type)")
    assert "smart-meter-card" in offered

    # A pulled plug: its state in words, no power; then a gap that nothing is drawn across.
    await house.simulator.stop()
    await until(lambda: told(page, "The port cannot be used"))
    assert await text(page, ".number") == "–"
    await asyncio.sleep(6)
    await house.simulator.start(house.port)
    await until(lambda: told(page, "The meter is heard"))
    await until(lambda: has_gap(page))
    assert not errors
    await moves_on(page)
    await comes_back(page, "document", "visibilitychange")
    await comes_back(page, "canvas", "contextrestored")
    await page.goto(f"{house.home.url}/smart-meter", wait_until="commit")
    await until(lambda: told(page, "The meter is heard"))
    await page.goto(f"{house.home.url}/{DASHBOARD}/0", wait_until="commit")
    await until(lambda: told(page, "The meter is heard"))
    assert not errors
    took = min([await milliseconds(browser, page) for _ in range(3)])
    _LOGGER.info("An update takes %.1f ms at sixfold throttling", took)
    assert took <= MOST_MILLISECONDS, took
    await context.close()

    for scheme in ("light", "dark"):
        for width in WIDTHS:
            await look_at(house, browser, width, scheme)


async def is_the_reading(
    house: House, page: Page | Firefox, language: str = "en"
) -> bool:
    """Tell whether the card's numbers are those the meter sent last, as the language writes them."""
    values = (await house.reading())["values"]
    energy = f"{values['1-0:1.8.0']['value'] / 1000:,.3f} kWh"
    voltage = f"{values['1-0:32.7.0']['value']:.1f} V"
    if language == "de":
        energy, voltage = (
            number.translate(GERMAN_POINTS) for number in (energy, voltage)
        )
    return (
        await text(page, "[data-key='1-0:1.8.0'] td:last-child") == energy
        and await text(page, "[data-key='1-0:32.7.0'] td:last-child") == voltage
    )


async def test_picker(house: House, browser: Browser) -> None:
    """The card is found in the picker, set up in its visual editor by clicking, and put on the dashboard."""
    await house.save({"title": "Meter", "cards": []})
    context, page = await house.page(browser, 1600, "light", path="0?edit=1")
    await page.get_by_role("button", name="Add card").last.click()
    await page.get_by_text("Browse all cards").click()
    await page.locator("hui-card-picker input").first.fill("smart meter")
    offered = page.locator("hui-card-picker .card", has_text="Smart meter")
    await offered.locator("smart-meter-card .power").wait_for()
    await picture(page, "card-picker")
    await offered.locator(".overlay").click()

    editor = page.locator("hui-dialog-edit-card")
    await editor.locator("ha-selector-text input").fill("Cellar")
    minutes = editor.locator("ha-selector-number input[type=number]")
    assert await minutes.input_value() == "5"
    await minutes.fill("3")
    await minutes.blur()
    await editor.locator("smart-meter-card h3", has_text="3 min").wait_for()
    await picture(page, "card-editor")
    await editor.get_by_role("button", name="Save").click()
    await editor.wait_for(state="hidden")

    await page.get_by_role("button", name="Done").click()
    await page.locator("hui-view smart-meter-card h2", has_text="Cellar").wait_for()
    await until(lambda: is_the_reading(house, page))
    (card,) = await house.cards()
    device = card.pop("device")
    assert card == {
        "type": "custom:smart-meter-card",
        "title": "Cellar",
        "minutes": 3,
    }
    async with house.home.websocket() as socket:
        devices = await socket.command("config/device_registry/list")
    (meter,) = (found for found in devices if found["id"] == device)
    assert ["smart_meter", house.number] in meter["identifiers"]
    await context.close()


@pytest.mark.parametrize(("scheme", "language"), [("light", "en"), ("dark", "de")])
async def test_firefox(
    house: House,
    tmp_path_factory: pytest.TempPathFactory,
    scheme: str,
    language: str,
) -> None:
    """Firefox shows the same, in each size and theme; and a pulled plug."""
    profile = tmp_path_factory.mktemp("firefox")
    heard, gone = LINK_WORDS[language]
    async with firefox(profile, house.login(language), scheme) as browser:
        for width, height in WIDTHS.items():
            await browser.go(f"{house.home.url}/{DASHBOARD}/0", width, height)
            await until(lambda: told(browser, heard))
            await until(lambda: is_the_reading(house, browser, language))
            assert await browser.evaluate("innerWidth") == width
            assert not await browser.evaluate(TOO_WIDE)
            await moves_on(browser)
            background = await browser.evaluate(BACKGROUND)
            assert (background < DARK) is (scheme == "dark"), background
            if SCREENSHOTS:
                await asyncio.sleep(45)
                name = f"card-firefox-{width}-{scheme}.png"
                (ROOT / SCREENSHOTS / name).write_bytes(await browser.picture())
        await house.simulator.stop()
        await until(lambda: told(browser, gone))
        assert await text(browser, ".number") == "–"


async def milliseconds(browser: Browser, page: Page) -> float:
    """Return the script, style, layout and paint of one update on a tablet with a sixth of this machine's CPU.

    Six times the CPU time of the page's main thread, from a trace: a throttled page would count what else the machine
    does. A task counts from its begin to its end: a canvas is painted after the task's function (the trace's `::RunTask`)
    is over. Of 100 updates with all values new and a full curve, the lowest tenth: neighbours in the processor's caches
    slow the others down.
    """
    await browser.start_tracing(page=page, categories=TRACED)
    await page.locator("smart-meter-card").evaluate(
        """async (card) => {
          const wait = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
          const begin = card.state.power.at;
          for (let i = 1; i < 300; i++) card.curve.add({ at: begin + i, power: i % 2 ? i : -i });
          for (let i = 300; i < 400; i++) {
            const power = { ...card.state.power, at: begin + i, net: i % 2 ? i : -i };
            const rows = card.state.rows.map((row) => row.number ? { ...row, value: `${i}.5` } : row);
            const state = { ...card.state, now: begin + i, interval: 1, power, rows };
            performance.mark("update");
            await wait(0);
            card.take(state);
            await wait(50);
          }
          performance.mark("update");
        }"""
    )
    events = json.loads(await browser.stop_tracing())["traceEvents"]
    marks = [event for event in events if event["name"] == "update"]
    thread = marks[0]["pid"], marks[0]["tid"]
    begins = sorted(event["ts"] for event in marks)
    used = [0.0] * (len(begins) - 1)
    for event in events:
        if event["name"] == "RunTask" and (event["pid"], event["tid"]) == thread:
            update = bisect_left(begins, event["ts"])
            # The tasks that make the marks belong to the test.
            marking = bisect_left(begins, event["ts"] + event.get("dur", 0)) > update
            if 0 < update < len(begins) and not marking:
                used[update - 1] += event.get("tdur", 0)
    return 6 * statistics.quantiles(used, n=10)[0] / 1000


async def moves_on(page: Page | Firefox) -> None:
    """A curve that moved on looks as one drawn anew, each pixel of it; and its gap is empty."""
    moved = json.loads(await until(lambda: page.evaluate(MOVED_ON)))
    assert moved == [0, True, True, True, False]


async def comes_back(page: Page, place: str, event: str) -> None:
    """Where the browser may have thrown the curve away, it is drawn from the start."""
    shown = page.locator("smart-meter-card .u-under canvas")
    canvas = await shown.element_handle()
    await canvas.evaluate(f"canvas => {place}.dispatchEvent(new Event({event!r}))")
    await until(lambda: canvas.evaluate("canvas => !canvas.isConnected"))
    await until(
        lambda: shown.evaluate(
            "canvas => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some(Boolean)"
        )
    )


async def told(page: Page | Firefox, words: str) -> bool:
    """Tell whether the link is described so."""
    return words in await text(page, ".link")


async def has_gap(page: Page) -> bool:
    """Tell whether the description of the curve counts a gap."""
    label = await page.locator("smart-meter-card .curve").get_attribute("aria-label")
    return "1 gaps" in (label or "")


async def look_at(house: House, browser: Browser, width: int, scheme: str) -> None:
    """Nothing is cut off in a size and theme; take its picture where one is wanted."""
    language = "de" if scheme == "dark" else "en"
    context, page = await house.page(browser, width, scheme, language)
    heard, _ = LINK_WORDS[language]
    await until(lambda: told(page, heard))
    await page.locator("smart-meter-card .u-under canvas").wait_for()
    if SCREENSHOTS:
        await asyncio.sleep(45)
    assert not await page.evaluate(TOO_WIDE)
    await picture(page, f"card-{width}-{scheme}")
    await context.close()


async def picture(page: Page, name: str) -> None:
    """Take a picture of the page where pictures are wanted."""
    if SCREENSHOTS:
        await page.screenshot(path=ROOT / SCREENSHOTS / f"{name}.png")
