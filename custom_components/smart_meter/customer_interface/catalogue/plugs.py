"""What to buy and where to plug it in: adapters.json and sockets.json, which only the set-up needs."""

from functools import cache
from typing import Any

from ..errors import CatalogueError
from ..named import NamedTuple
from .data import Texts, rows, texts
from .profile import profiles


class Adapter(NamedTuple):
    """What to buy to connect a meter: its name, how to recognise the right one, and what goes wrong otherwise."""

    id: str
    name: Texts
    look_for: Texts
    warning: Texts


class Socket(NamedTuple):
    """Where the adapter goes: its name, and how to find it on the meter."""

    id: str
    name: Texts
    find: Texts


class Plugs(NamedTuple):
    """What a person needs to know to connect a meter, by the ids that profiles name."""

    adapters: dict[str, Adapter]
    sockets: dict[str, Socket]


@cache
def load() -> Plugs:
    """Read what is only needed to connect a meter; blocking at its first call.

    Raises CatalogueError where a file contradicts itself, or a profile names what is not there.
    """
    try:
        adapters = {name: _adapter(name, row) for name, row in rows("adapters").items()}
        sockets = {
            name: Socket(name, texts(row["name"]), texts(row["find"]))
            for name, row in rows("sockets").items()
        }
    except (KeyError, TypeError, ValueError) as err:
        raise CatalogueError(f"the catalogue contradicts itself: {err!r}") from err
    for profile in profiles().values():
        if profile.adapter not in adapters or profile.socket not in sockets:
            raise CatalogueError(f"{profile.id}: unknown adapter or socket")
    return Plugs(adapters, sockets)


def _adapter(name: str, row: dict[str, Any]) -> Adapter:
    return Adapter(
        name, texts(row["name"]), texts(row["look_for"]), texts(row["warning"])
    )
