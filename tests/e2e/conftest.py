"""What the end-to-end tests share: a real browser."""

from collections.abc import AsyncGenerator
import shutil
from typing import Any

from playwright.async_api import Browser, async_playwright
import pytest

# Chromium as a program of the system: playwright's own download is not needed, nor its background traffic.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture
async def browser() -> AsyncGenerator[Browser, Any]:
    """Start Chromium, or skip the test where it is not installed (script/setup browser)."""
    names = ("chromium", "chromium-browser", "google-chrome")
    program = next(filter(None, map(shutil.which, names)), None)
    if program is None:
        pytest.skip("no Chromium here: script/setup browser installs it")
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(
            executable_path=program, args=ARGUMENTS
        )
        yield launched
        await launched.close()
