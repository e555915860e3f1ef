"""The check of documents against the published schema."""

from tests.output.conftest import validate

__all__ = ["validate"]
