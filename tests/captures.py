"""Real telegrams with their keys and values, which lie beside the project and are never part of it."""

import json
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[2] / "shared" / "captures"


def load(name: str) -> list[dict[str, Any]]:
    """Return the captures of `name`.json, or skip the test where they are not at hand."""
    path = FOLDER / f"{name}.json"
    if not path.exists():
        pytest.skip(f"the captures {name}.json are not beside this checkout")
    return list(json.loads(path.read_text(encoding="utf-8")))


def cases(name: str, **where: object) -> list[Any]:
    """Return the captures of `name`.json as parameters named by their id, those only whose fields equal `where`.

    Without the file it is one parameter that is skipped and says why.
    """
    path = FOLDER / f"{name}.json"
    if not path.exists():
        reason = f"the captures {name}.json are not beside this checkout"
        return [pytest.param({}, id="missing", marks=pytest.mark.skip(reason=reason))]
    captures = json.loads(path.read_text(encoding="utf-8"))
    return [
        pytest.param(capture, id=capture["id"])
        for capture in captures
        if all(capture.get(field) == wanted for field, wanted in where.items())
    ]
