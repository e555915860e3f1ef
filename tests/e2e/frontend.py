"""Home Assistant's frontend as a person uses it: by what is written on the screen."""

import asyncio
from contextlib import asynccontextmanager, suppress
import json
import os
from pathlib import Path
import re
import sys
import time
from typing import TYPE_CHECKING, Any

from playwright.async_api import (
    Browser,
    Locator,
    Page,
    TimeoutError as TimedOut,
    expect,
)

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "script"))

from home import Home, Simulator, free_port  # noqa: E402 - scripts are no package

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

__all__ = ["Frontend", "Home", "Simulator", "free_port", "opened"]

INTEGRATION = ROOT / "custom_components" / "smart_meter"
DESKTOP = {"width": 1000, "height": 1200}
# Generous: the machine may be busy with other things.
PATIENCE = 120_000

# What Home Assistant itself writes on its buttons.
WORDS = {
    "en": {
        "configure": "Configure",
        "delete": "Delete",
        "manual": "Enter manually",
        "ok": "OK",
        "previous": "Previous",
        "reconfigure": "Reconfigure",
        "submit": "Submit",
        "unavailable": "Unavailable",
    },
    "de": {
        "configure": "Konfigurieren",
        "delete": "Löschen",
        "manual": "Manuell eingeben",
        "ok": "OK",
        "previous": "Zurück",
        "reconfigure": "Neu konfigurieren",
        "submit": "OK",
        "unavailable": "Nicht verfügbar",
    },
}


class Texts:
    """The integration's texts in one language, by their path."""

    def __init__(self, language: str) -> None:
        """Read the translation."""
        path = INTEGRATION / "translations" / f"{language}.json"
        self._texts: dict[str, Any] = json.loads(path.read_text("utf-8"))

    def __call__(self, path: str) -> str:
        """Return the text at `config.step.user.title`."""
        found: Any = self._texts
        for name in path.split("."):
            found = found[name]
        return str(found)

    def beginning(self, path: str) -> str:
        """Return a text up to its first placeholder."""
        return self(path).partition("{")[0].strip()


class Frontend:
    """One browser page, logged in."""

    def __init__(self, page: Page, home: Home, language: str) -> None:
        """Use the page."""
        self.page = page
        self.home = home
        self.text = Texts(language)
        self.words = WORDS[language]
        self.language = language
        self.dialog = page.locator("dialog-data-entry-flow")
        self._shots = os.environ.get("SCREENSHOTS")

    async def go(self, path: str) -> None:
        """Open a page of the frontend."""
        await self.page.goto(self.home.url + path)

    async def shot(self, name: str) -> None:
        """Keep a picture, where SCREENSHOTS names a folder."""
        if self._shots:
            await self.page.wait_for_timeout(1500)
            folder = Path(self._shots)
            folder.mkdir(parents=True, exist_ok=True)
            await self.page.screenshot(path=folder / f"{self.language}-{name}.png")

    async def sees(self, *texts: str, within: Locator | None = None) -> Locator:
        """Wait until one of these texts is on the screen."""
        place = within if within is not None else self.page.locator("home-assistant")
        either = re.compile("|".join(map(re.escape, texts)))
        found = place.get_by_text(either).first
        await expect(found).to_be_visible(timeout=PATIENCE)
        return found

    async def step(self, name: str) -> None:
        """Wait for a step of the config flow."""
        await self.sees(self.text(f"config.step.{name}.title"), within=self.dialog)

    async def begin(self) -> None:
        """Add the integration as the button on a web page does."""
        await self.go("/config/integrations/dashboard/add?domain=smart_meter")
        await self.page.get_by_role("button", name=self.words["ok"]).first.click(
            timeout=PATIENCE
        )

    async def choose(self, step: str, option: str) -> None:
        """Choose from a menu step."""
        label = self.text(f"config.step.{step}.menu_options.{option}")
        await (await self.sees(label, within=self.dialog)).click()

    async def submit(self) -> None:
        """Send the form."""
        await self.dialog.get_by_role("button", name=self.words["submit"]).first.click()

    async def pick(self, search: str) -> None:
        """Open a list and search in it."""
        field = self.page.locator("ha-picker-combo-box input").first
        await self._open_list(field)
        await field.fill(search)

    async def _open_list(self, within: Locator) -> None:
        """Open the first list of a form, and look for something in it; a form that was just shown may miss a click."""
        async with asyncio.timeout(PATIENCE / 1000):
            while True:
                with suppress(TimedOut):
                    # On the field itself: below it stands its explanation, which may be longer than the field is high.
                    await self.dialog.locator("ha-selector").first.click(
                        position={"x": 32, "y": 28}, timeout=10_000
                    )
                    await within.wait_for(timeout=10_000)
                    return

    async def take(self, found: str) -> None:
        """Take what was found."""
        item = self.page.locator("ha-picker-combo-box").get_by_text(found).first
        await item.click(timeout=PATIENCE)
        await expect(item).not_to_be_visible(timeout=PATIENCE)

    async def finish(self) -> None:
        """Leave the last step, which names the device."""
        created = self.dialog.locator("step-flow-create-entry")
        await expect(created).to_be_visible(timeout=PATIENCE)
        await self.shot("flow-created")
        await self.dialog.get_by_role("button").last.click()
        await expect(created).not_to_be_visible(timeout=PATIENCE)

    async def attend(self) -> None:
        """Answer what the list of integrations asks attention for."""
        await self.go("/config/integrations/dashboard")
        card = self.page.locator("ha-config-flow-card")
        await card.get_by_text(self.words["reconfigure"]).first.click(timeout=PATIENCE)

    async def entry_menu(self, item: str) -> None:
        """Choose from the menu of the only entry."""
        await self.go("/config/integrations/integration/smart_meter")
        row = self.page.locator("ha-config-entry-row").first
        # The rows of its devices, inside of it, have menus too.
        menu = row.locator("ha-icon-button[slot='trigger']").first
        await menu.click(timeout=PATIENCE)
        await row.locator(f"ha-dropdown-item[value='{item}']").first.click(
            timeout=PATIENCE
        )

    async def ended(self, flow: str) -> None:
        """Wait for the last word of a flow that changed an entry, and close it."""
        word = self.dialog.locator("step-flow-abort")
        await expect(word).to_be_visible(timeout=PATIENCE)
        await self.shot(f"{flow}-ended")
        await self.dialog.get_by_role("button").last.click()
        await expect(word).not_to_be_visible(timeout=PATIENCE)

    async def confirm_repair(self, issue: str) -> None:
        """Open the repair when it shows, and confirm it."""
        await self.go("/config/repairs")
        title = self.text(f"issues.{issue}.title").partition(" · ")[0]
        item = await self.sees(title)
        await self.shot("repairs")
        await item.click()
        form = self.dialog.locator("step-flow-form")
        await expect(form).to_be_visible(timeout=PATIENCE)
        await self.shot(f"repair-{issue}")
        await self.submit()
        await expect(form).not_to_be_visible(timeout=PATIENCE)

    async def remove(self) -> None:
        """Delete the entry."""
        await self.entry_menu("delete")
        confirm = self.page.get_by_role("button", name=self.words["delete"]).last
        await expect(confirm).to_be_visible(timeout=PATIENCE)
        await self.shot("remove")
        await confirm.click()

    async def enter_port(self, url: str) -> None:
        """Type the address of an adapter by hand."""
        by_hand = self.page.get_by_text(self.words["manual"], exact=True)
        await self._open_list(by_hand)
        await by_hand.click()
        field = self.dialog.locator("ha-selector input").first
        # The list gives way to a field of its own: only what stays in it was typed there.
        async with asyncio.timeout(PATIENCE / 1000):
            while True:
                await self.page.wait_for_timeout(1000)
                if await field.count() and await field.input_value() == url:
                    return
                if await field.count():
                    await field.fill(url)

    async def fill(self, index: int, text: str) -> None:
        """Type into a field of the form."""
        await (
            self.dialog.locator("ha-selector input")
            .nth(index)
            .fill(text, timeout=PATIENCE)
        )


@asynccontextmanager
async def opened[Kind: Frontend](
    browser: Browser,
    home: Home,
    language: str,
    kind: type[Kind] = Frontend,  # type: ignore[assignment]
) -> AsyncIterator[Kind]:
    """Open a page, logged in as the home's user."""
    context = await browser.new_context(
        viewport=DESKTOP,  # type: ignore[arg-type]
        locale=language,
        timezone_id="Europe/Vienna",
        reduced_motion="reduce",
    )
    await context.add_init_script(_login(home, language))
    page = await context.new_page()
    page.set_default_timeout(PATIENCE)
    frontend = kind(page, home, language)
    try:
        yield frontend
    except BaseException:
        await frontend.shot("failed")
        raise
    finally:
        await context.close()


def _login(home: Home, language: str) -> str:
    tokens = {
        "access_token": home.token,
        "token_type": "Bearer",
        "refresh_token": home.refresh_token,
        "expires_in": 1800,
        "hassUrl": home.url,
        "clientId": f"{home.url}/",
        "expires": int(time.time() * 1000) + 1_700_000,
    }
    return (
        f"localStorage.setItem('hassTokens', {json.dumps(json.dumps(tokens))});"
        f"localStorage.setItem('selectedLanguage', {json.dumps(json.dumps(language))});"
    )
