"""What cannot be seen from the bytes: profiles.json."""

from datetime import timedelta
from enum import StrEnum
from functools import cache
from typing import Any

from ..errors import CatalogueError, CustomerInterfaceError
from ..keys import KeyKind
from ..line import LineSettings
from ..named import NamedTuple
from ..reading import CENTRAL_EUROPE, Link
from .data import rows


class SessionKind(StrEnum):
    """Who speaks when; each kind is a module of session/ and decides the steps of the config flow."""

    PUSH = "push"  # the meter sends by itself, nothing is ever sent
    ACKNOWLEDGED = "acknowledged"  # Netz OÖ: E5 to each valid frame
    MEP = "mep"  # NES: the key first, then polling
    RADIO = "radio"  # a stick hears many meters
    MASTER = "master"  # wired M-Bus master


class KeySpec(NamedTuple):
    """A key the customer gets: `id` is the storage name, `label` the operator's own word (GUEK, GAK, GPK60, MBK)."""

    id: str
    kind: KeyKind
    label: str
    required: bool = True


class Profile(NamedTuple):
    """What cannot be seen from the bytes: line, link, who speaks, keys, positional layouts.

    `interval` is the push or poll interval in seconds (shortest, longest), `socket` a word for the kind of socket
    (sockets.json), `adapter` what to buy (adapters.json), `layouts` ids of positional layouts (layouts.json),
    `inverted` whether the line rests low and the adapter has to invert it, `evidence` the best that vouches for it:
    `official` (example telegrams of the operator or standard), `capture`, `document`, `simulator`; `p2` whether the
    Dutch rules of DSMR P2 hold (no secondary addresses, a frame counter that only rises, encrypted only once a key is
    known); `authentication` an authentication key that all meters share and that is published; `standard_time` how far
    winter time is ahead of UTC where a telegram writes no offset.
    """

    id: str
    session: SessionKind
    links: tuple[Link, ...]
    line: LineSettings | None
    keys: tuple[KeySpec, ...]
    interval: tuple[float, float]
    socket: str
    adapter: str
    layouts: tuple[str, ...] = ()
    evidence: str = "document"
    inverted: bool = False
    p2: bool = False
    authentication: bytes | None = None
    standard_time: timedelta = CENTRAL_EUROPE


@cache
def profiles() -> dict[str, Profile]:
    """Return all profiles by their id; blocking at its first call. Raises CatalogueError where the file is wrong."""
    try:
        return {name: _profile(name, row) for name, row in rows("profiles").items()}
    except (KeyError, TypeError, ValueError, CustomerInterfaceError) as err:
        raise CatalogueError(f"profiles.json contradicts itself: {err!r}") from err


def _profile(name: str, row: dict[str, Any]) -> Profile:
    return Profile(
        id=name,
        session=SessionKind(row["session"]),
        links=tuple(Link(link) for link in row["links"]),
        line=LineSettings.parse(row["line"]) if row.get("line") else None,
        keys=tuple(_key(spec) for spec in row.get("keys", [])),
        interval=(row["interval"][0], row["interval"][-1]),
        socket=row["socket"],
        adapter=row["adapter"],
        layouts=tuple(row.get("layouts", [])),
        evidence=row.get("evidence", "document"),
        inverted=row.get("inverted", False),
        p2=row.get("p2", False),
        authentication=bytes.fromhex(row.get("authentication", "")) or None,
        standard_time=timedelta(hours=row["utc_offset"])
        if "utc_offset" in row
        else CENTRAL_EUROPE,
    )


def _key(row: dict[str, Any]) -> KeySpec:
    return KeySpec(
        row["id"], KeyKind(row["kind"]), row["label"], row.get("required", True)
    )
