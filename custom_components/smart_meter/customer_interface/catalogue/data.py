"""The data files: rows by their ids, and texts in several languages."""

import json
import os.path
from typing import Any

# pathlib takes longer to load than the whole catalogue.
_FOLDER = os.path.dirname(__file__)  # noqa: PTH120


def rows(name: str) -> dict[str, dict[str, Any]]:
    """Read a data file: its rows by their ids; blocking."""
    with open(f"{_FOLDER}/{name}.json", "rb") as file:  # noqa: PTH123
        data: dict[str, dict[str, Any]] = json.load(file)
    return data


type Texts = tuple[tuple[str, str], ...]
"""A text in each language, sorted by its code: `dict(texts)["de"]`."""


def text_in(texts: Texts, language: str) -> str:
    """Return the text in a language ("de", "de-AT"), else in English; empty where there is neither."""
    found = dict(texts)
    return found.get(language.partition("-")[0]) or found.get("en", "")


def texts(row: dict[str, str]) -> Texts:
    """Return the texts of a row of a data file."""
    return tuple(sorted(row.items()))
