"""The documentation is complete: links lead somewhere, and every message a user may see is explained."""

import json
from pathlib import Path
import re
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
PAGES = sorted(
    path
    for path in (
        ROOT / "README.md",
        *ROOT.glob("docs/**/*.md"),
        *ROOT.glob("addon/**/*.md"),
    )
    if ".venv" not in path.parts and "node_modules" not in path.parts
)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def _anchors(page: Path) -> set[str]:
    """Return the anchors GitHub makes of a page's headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")
        for heading in headings
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link and picture is there, with the heading it points to."""
    for link in LINK.findall(page.read_text()):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        if anchor and target.suffix == ".md":
            assert anchor in _anchors(target), link


def _strings(language: str) -> dict[str, Any]:
    folder = ROOT / "custom_components/smart_meter/translations"
    strings: dict[str, Any] = json.loads((folder / f"{language}.json").read_text())
    return strings


def _titles(strings: dict[str, Any]) -> set[str]:
    """Return the headings of all troubles, without the name of the entry before and in them."""
    steps = strings["config"]["step"]
    troubles = [
        step["title"]
        for name, step in steps.items()
        if name.startswith(("trouble_", "undetected_", "radio_no_"))
    ]
    issues = [
        issue["title"].removeprefix("{name}: ") for issue in strings["issues"].values()
    ]
    return {re.sub(r"\{\w+\}", "…", title) for title in (*troubles, *issues)}


def test_every_trouble_is_explained() -> None:
    """Whoever looks for the words on the screen finds them in the page about troubles."""
    page = (ROOT / "docs/troubleshooting.md").read_text().lower()
    missing = [title for title in _titles(_strings("en")) if title.lower() not in page]
    assert not missing


def test_first_troubles_are_explained_in_german() -> None:
    """The German guide has the words on the German screen for what goes wrong first."""
    page = (ROOT / "docs/de/anleitung.md").read_text()
    strings = _strings("de")
    for step in ("trouble_silent", "trouble_garbled", "trouble_inactive"):
        assert strings["config"]["step"][step]["title"] in page
    for issue in ("port_busy", "implausible"):
        assert strings["issues"][issue]["title"].removeprefix("{name}: ") in page
    for choice in strings["config"]["step"]["user"]["menu_options"].values():
        if "ausprobieren" in choice:
            assert choice in page
