"""Grid operators, meters and profiles: data files, read once (off the event loop: the integration does so in a thread).

Each file is read where it is asked for: a session needs no more than its profile, and layouts where that says so.
"""

from functools import cache
from typing import TYPE_CHECKING

from ..errors import CatalogueError, ObisFormatError
from .data import rows, text_in
from .profile import KeySpec, Profile, SessionKind, profiles

if TYPE_CHECKING:
    from ..application.dlms.layout import Layout
    from .operators import Catalogue

__all__ = [
    "KeySpec",
    "Profile",
    "SessionKind",
    "layouts",
    "load",
    "profiles",
    "text_in",
]


@cache
def load() -> Catalogue:
    """Return the whole catalogue; blocking at its first call. Raises CatalogueError where a file contradicts itself."""
    from .operators import with_operators  # noqa: PLC0415 - a session needs its profile only

    return with_operators(profiles())


def layouts(preferred: tuple[str, ...] = ()) -> tuple[Layout, ...]:
    """Return all layouts, those of a profile first; blocking at its first call, as the file is read then.

    Raises CatalogueError where the file contradicts itself, or has none of a preferred id.
    """
    known = _layouts()
    if not {layout.id for layout in known} >= set(preferred):
        raise CatalogueError(f"unknown layout among {', '.join(preferred)}")
    return tuple(sorted(known, key=lambda layout: layout.id not in preferred))


@cache
def _layouts() -> tuple[Layout, ...]:
    from ..application.dlms.layout import layouts_from_json  # noqa: PLC0415 - only DLMS has them

    try:
        return layouts_from_json(rows("layouts"))
    except (KeyError, TypeError, ValueError, ObisFormatError) as err:
        raise CatalogueError(f"layouts.json contradicts itself: {err!r}") from err
