"""A pytest plugin (`-p tests.ha_first`) for Home Assistant 2026.11 under helpers made for 2026.10.

Home Assistant must be imported before respx imports httpx, which it replaces by httpx2; and a function that the helpers
patch has moved.
"""

import homeassistant  # noqa: F401  isort: skip
from homeassistant.components import logger

if not hasattr(logger, "_clear_logger_overwrites"):
    from homeassistant.components.logger import helpers

    logger._clear_logger_overwrites = helpers._clear_logger_overwrites  # type: ignore[attr-defined]
