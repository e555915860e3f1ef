"""docs/meters: every row of the catalogue has its page, and what the pages say about it is what the catalogue says."""

from pathlib import Path
import re

import pytest

from customer_interface import catalogue
from customer_interface.catalogue.operators import GridOperator, Offer

PAGES = Path(__file__).parents[1] / "docs" / "meters"
EVIDENCE = {
    "official": "official telegram",
    "capture": "capture",
    "document": "document, simulator",
    "simulator": "simulator only",
}
ROWS = [
    (operator, offer)
    for operator in catalogue.load().operators.values()
    for offer in operator.offers
]
IDS = [f"{operator.id}-{offer.meter.id}" for operator, offer in ROWS]


def index_row(operator: GridOperator, offer: Offer) -> re.Pattern[str]:
    """Return what the index says about a row: names, ids as the command line takes them, the page."""
    ids = f"`--operator {operator.id} --meter {offer.meter.id}`"
    return re.compile(
        re.escape(f"| {operator.name} | {offer.meter.name} | {ids} | ")
        + r"\[[^\]]+\]\(([^)#]+)(#[^)]+)?\) \|"
    )


def page_row(operator: GridOperator, offer: Offer) -> str:
    """Return what a row's page says about it: line, keys, interval, evidence."""
    profile = offer.profile
    line = str(profile.line or "radio") + (", inverted" if profile.inverted else "")
    keys = ", ".join(
        key.label + ("" if key.required else " (optional)") for key in profile.keys
    )
    evidence = EVIDENCE[profile.evidence]
    return (
        f"| {operator.name} | {offer.meter.name} | {line} | {keys or 'none'} "
        f"| {_interval(*profile.interval)} | {evidence} |"
    )


def _interval(shortest: float, longest: float) -> str:
    texts = [
        f"{time / 60:g} min" if time >= 60 else f"{time:g} s"
        for time in dict.fromkeys((shortest, longest))
    ]
    return " to ".join(texts)


@pytest.mark.parametrize(("operator", "offer"), ROWS, ids=IDS)
def test_every_row_has_its_page(operator: GridOperator, offer: Offer) -> None:
    """The index leads to a page whose table holds the row as the catalogue has it."""
    found = index_row(operator, offer).findall((PAGES / "README.md").read_text("utf-8"))
    assert len(found) == 1
    page = (PAGES / found[0][0]).read_text("utf-8")
    if found[0][0] != "nes.md":
        assert page_row(operator, offer) in page.splitlines()
    assert offer.meter.model.split(" (")[0].replace("Gen 4", "generation 4") in page


def test_no_row_is_made_up() -> None:
    """Pages and index name no row that the catalogue does not have."""
    known = {page_row(*row) for row in ROWS}
    for page in PAGES.glob("*.md"):
        text = page.read_text("utf-8")
        said = re.findall(
            r"^\| .+ \| (?:[0-9]+ [78][NE]1|radio).* \|$", text, re.MULTILINE
        )
        assert set(said) <= known, page.name
    ids = re.findall(
        r"`--operator (\S+) --meter (\S+)`", (PAGES / "README.md").read_text("utf-8")
    )
    assert set(ids) == {(operator.id, offer.meter.id) for operator, offer in ROWS}


def test_links_lead_somewhere() -> None:
    """Each page a page links to is there."""
    for page in PAGES.glob("*.md"):
        for target in re.findall(
            r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text("utf-8")
        ):
            assert (page.parent / target).is_file(), (page.name, target)
