"""What all tests share: the checkout's own library and integration, Home Assistant only where a test asks for it."""

from collections.abc import Callable
from importlib import import_module
import os
from pathlib import Path
import sys
from types import ModuleType
from typing import Any

from hypothesis import settings
import pytest

from tests import captures as captures_module

ROOT = Path(__file__).parents[1]
INTEGRATION = ROOT / "custom_components" / "smart_meter"


def _put_library_on_path() -> None:
    """Make `customer_interface` this checkout's: before installed packages, after the standard library.

    Names in the integration's folder (`event`, `select`) must never hide those of the standard library.
    """
    first_site = next(
        (i for i, entry in enumerate(sys.path) if entry.endswith("site-packages")),
        len(sys.path),
    )
    sys.path.insert(first_site, str(INTEGRATION))


_put_library_on_path()


def script(name: str) -> ModuleType:
    """Import one of the programs below script/."""
    folder = str(ROOT / "script")
    if folder not in sys.path:
        sys.path.append(folder)
    return import_module(name)


# Timing on a shared machine says nothing about the code; `long` is for an occasional deeper search.
settings.register_profile("default", deadline=None, max_examples=100, print_blob=True)
settings.register_profile(
    "ci", deadline=None, max_examples=100, derandomize=True, print_blob=True
)
settings.register_profile("long", deadline=None, max_examples=5000, print_blob=True)
settings.load_profile(
    os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "default")
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that run inside Home Assistant, so that they can be chosen for another version of it."""
    for item in items:
        if "hass" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.homeassistant)


@pytest.fixture(autouse=True)
def _custom_integrations(request: pytest.FixtureRequest) -> None:
    """Let Home Assistant load the integration in tests that use it, the recorder first where it is used."""
    if "hass" in request.fixturenames:
        # Home Assistant's test helpers have a package `custom_components` of their own: who is imported first wins.
        import_module("custom_components.smart_meter")
        if "recorder_mock" in request.fixturenames:
            request.getfixturevalue("recorder_mock")
        request.getfixturevalue("enable_custom_integrations")


@pytest.fixture
def captures() -> Callable[[str], list[dict[str, Any]]]:
    """Load a file of captures by its name, or skip the test."""
    return captures_module.load
