"""A meter on a port, as in the tests of the integration, and what the outputs are checked against."""

from collections.abc import Callable
import json
from typing import Any

import jsonschema
import pytest

from tests.conftest import ROOT
from tests.integration.conftest import entry, line, meter

__all__ = ["entry", "line", "meter"]


@pytest.fixture(scope="session")
def validate() -> Callable[[Any], None]:
    """Return the check of a document against the published schema."""
    path = ROOT / "docs" / "schema" / "reading-1.0.schema.json"
    schema = json.loads(path.read_text(encoding="utf-8"))
    validator = jsonschema.Draft202012Validator(
        schema, format_checker=jsonschema.FormatChecker()
    )
    validator.check_schema(schema)
    return validator.validate
