"""Home Assistant as the tests set it up."""

from tests.conftest import *  # noqa: F403
from tests.integration.conftest import entity_registry_enabled_by_default

__all__ = ["entity_registry_enabled_by_default"]
