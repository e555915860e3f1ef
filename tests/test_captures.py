"""Tests of how the tests reach the captures."""

from collections.abc import Callable
from typing import Any

import pytest

import customer_interface
from tests import captures as captures_module
from tests.conftest import INTEGRATION


def test_library_is_this_checkouts() -> None:
    """The library under test is the one in this checkout."""
    assert customer_interface.__path__ == [str(INTEGRATION / "customer_interface")]


def test_load(captures: Callable[[str], list[dict[str, Any]]]) -> None:
    """A file of captures is a list of telegrams with an id."""
    assert all(capture["id"] for capture in captures("dlms"))


def test_missing_captures_say_so() -> None:
    """A missing file skips, with its name in the reason."""
    with pytest.raises(pytest.skip.Exception, match=r"nothing\.json"):
        captures_module.load("nothing")
    (case,) = captures_module.cases("nothing")
    assert "nothing.json" in case.marks[0].kwargs["reason"]
