"""Tests of the browser that the end-to-end tests use."""

from playwright.async_api import Browser
import pytest


@pytest.mark.browser
async def test_page(browser: Browser) -> None:
    """The browser shows a page, runs its script and makes a picture of it."""
    page = await browser.new_page(viewport={"width": 320, "height": 200})
    await page.set_content("<p id=x>1</p><script>x.textContent = 20 + 22</script>")
    assert await page.text_content("#x") == "42"
    assert (await page.screenshot()).startswith(b"\x89PNG")
