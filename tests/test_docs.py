"""The documentation is complete: links lead somewhere, and every message a user may see is explained."""

import json
from pathlib import Path
import re
from typing import Any

import pytest

from customer_interface import catalogue
from customer_interface.catalogue import plugs
from customer_interface.reading import FaultKind

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
EVIDENCE_IN_GERMAN = {
    "official": "amtliches Telegramm",
    "capture": "Aufzeichnung",
    "document": "Beschreibung",
    "simulator": "nur Simulator",
}
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
    """Return the headings of all troubles, without the name of the entry after and in them."""
    steps = strings["config"]["step"]
    troubles = [
        step["title"]
        for name, step in steps.items()
        if name.startswith(("trouble_", "undetected_", "radio_no_"))
    ]
    issues = [
        issue["title"].removesuffix(" · {name}") for issue in strings["issues"].values()
    ]
    return {re.sub(r"\{\w+\}", "…", title) for title in (*troubles, *issues)}


# Where each language explains what is on its screen, and where it names the options.
GUIDES = {
    "en": ("docs/troubleshooting.md", "docs/configuration.md"),
    "de": ("docs/de/meldungen.md", "docs/de/einrichten.md"),
}


def _page(path: str) -> str:
    """Return a page's text on one line, so that no line break parts what belongs together."""
    return " ".join((ROOT / path).read_text().split())


@pytest.mark.parametrize("language", GUIDES)
def test_every_trouble_is_explained(language: str) -> None:
    """Whoever looks for the words on the screen finds them in the page about troubles."""
    page = _page(GUIDES[language][0]).lower()
    titles = _titles(_strings(language))
    assert not [title for title in titles if title.lower() not in page]


def test_every_kind_of_fault_is_explained() -> None:
    """The page about troubles has each kind of fault that diagnostics and command line print, and no other."""
    page = (ROOT / GUIDES["en"][0]).read_text()
    kinds = page.partition("## Kinds of faults")[2].partition("\n## ")[0]
    told = re.findall(r"^\| `(\w+)` \| \S", kinds, re.MULTILINE)
    assert sorted(told) == sorted(FaultKind)


def test_german_errors_are_those_of_the_screen() -> None:
    """What the German page quotes of the errors below a field is what stands there, or its beginning."""
    texts = _strings("de")["config"]["error"].values()
    page = (ROOT / GUIDES["de"][0]).read_text()
    quoted = page.partition("kann in Rot stehen:")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (.+?) \| ", quoted, re.MULTILINE)[1:]
    assert len(rows) > 8
    assert not [row for row in rows if not any(t.startswith(row) for t in texts)]


@pytest.mark.parametrize("language", GUIDES)
def test_every_option_is_explained(language: str) -> None:
    """The page about the set-up has each option under the name it has on the screen, and each way to begin."""
    page = _page(GUIDES[language][1])
    strings = _strings(language)
    options = strings["options"]["step"]["init"]["data"].values()
    assert not [option for option in options if option not in page]


def test_the_german_guide_names_what_is_on_the_screen() -> None:
    """The ways to begin, the values, events and actions have their German names in the German pages."""
    strings = _strings("de")
    set_up, use = _page("docs/de/einrichten.md"), _page("docs/de/nutzen.md")
    ways = strings["config"]["step"]["user"]["menu_options"].values()
    assert not [way for way in ways if f"**{way}**" not in set_up]
    events = strings["entity"]["event"].values()
    assert not [event["name"] for event in events if event["name"] not in use]
    actions = strings["services"].items()
    assert not [
        name
        for name, action in actions
        if f"`smart_meter.{name}`" not in use or action["name"] not in use
    ]


def test_every_austrian_operator_is_in_the_german_pages() -> None:
    """Socket, adapter and key of each Austrian meter are told as the catalogue has them."""
    known = catalogue.load()
    operators, keys = _page("docs/de/netzbetreiber.md"), _page("docs/de/schluessel.md")
    for operator in known.operators.values():
        if operator.country != "AT":
            continue
        name = operator.name_in("de")
        assert name in keys
        assert catalogue.text_in(operator.key_where, "de") in keys
        for offer in operator.offers:
            socket = plugs.load().sockets[offer.profile.socket].name
            adapter = plugs.load().adapters[offer.profile.adapter].name
            words = (
                name,
                offer.meter.name_in("de"),
                catalogue.text_in(socket, "de"),
                catalogue.text_in(adapter, "de"),
                EVIDENCE_IN_GERMAN[offer.profile.evidence],
            )
            assert f"| {' | '.join(words)} |" in operators
            assert all(key.label in keys for key in offer.profile.keys)


def test_every_picture_of_the_set_up_is_shown() -> None:
    """The pictures that script/screens takes are all on a page, in both languages alike, and small."""
    pictures = {path.name: path for path in ROOT.glob("docs/images/setup/*.png")}
    pages = "".join(page.read_text() for page in PAGES)
    assert not [name for name in pictures if f"images/setup/{name}" not in pages]
    german = {name.removeprefix("de-") for name in pictures if name.startswith("de-")}
    assert {f"{language}-{name}" for language in GUIDES for name in german} == set(
        pictures
    )
    assert not [n for n, path in pictures.items() if path.stat().st_size > 80_000]


def test_pictures_are_described() -> None:
    """Who cannot see a picture is told what it shows."""
    for page in PAGES:
        assert "![](" not in page.read_text(), page
