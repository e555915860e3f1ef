"""Grid operators, meters and profiles: data files, read once (off the event loop: the integration does so in a thread)."""

from datetime import timedelta
from enum import StrEnum
from functools import cache
import json
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import CatalogueError, CustomerInterfaceError, ObisFormatError
from ..keys import KeyKind
from ..line import LineSettings
from ..reading import CENTRAL_EUROPE, Link

if TYPE_CHECKING:
    from ..application.dlms.layout import Layout


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


type Texts = tuple[tuple[str, str], ...]
"""A text in each language, sorted by its code: `dict(texts)["de"]`."""


def text_in(texts: Texts, language: str) -> str:
    """Return the text in a language ("de", "de-AT"), else in English; empty where there is neither."""
    found = dict(texts)
    return found.get(language.partition("-")[0]) or found.get("en", "")


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


class MeterType(NamedTuple):
    """A meter as printed on its front plate; `phases` 1 or 3 (0 where both are sold), `medium` as in MeterIdentity.

    `names` are those of languages in which it is not called by manufacturer and model.
    """

    id: str
    manufacturer: str
    model: str
    phases: int = 0
    medium: str = "electricity"
    names: Texts = ()

    @property
    def name(self) -> str:
        """Manufacturer and model, as to be shown."""
        return f"{self.manufacturer} {self.model}".strip()

    def name_in(self, language: str) -> str:
        """Return the name as to be shown in a language."""
        return text_in(self.names, language) or self.name


class Offer(NamedTuple):
    """A meter as one operator delivers it."""

    meter: MeterType
    profile: Profile
    note: Texts = ()

    def label(self, language: str) -> str:
        """Return the meter's name, with what to know before choosing it, in a language."""
        name, note = self.meter.name_in(language), text_in(self.note, language)
        return f"{name} ({note})" if note else name


class GridOperator(NamedTuple):
    """A grid operator; `key_where` says where the customer gets the key, `names` what it is called in other languages."""

    id: str
    name: str
    country: str
    offers: tuple[Offer, ...]
    key_where: Texts = ()
    website: str | None = None
    names: Texts = ()

    def name_in(self, language: str) -> str:
        """Return the name as to be shown in a language."""
        return text_in(self.names, language) or self.name

    def offer(self, meter_id: str) -> Offer:
        """Return the offer of a meter; raises CatalogueError where the operator has no such meter."""
        for offer in self.offers:
            if offer.meter.id == meter_id:
                return offer
        raise CatalogueError(
            f"{self.id} has no meter {meter_id!r}; it has {', '.join(o.meter.id for o in self.offers)}"
        )


class Catalogue(NamedTuple):
    """All grid operators, meters and profiles, each by its id."""

    operators: dict[str, GridOperator]
    meters: dict[str, MeterType]
    profiles: dict[str, Profile]

    def operator(self, operator_id: str) -> GridOperator:
        """Return a grid operator; raises CatalogueError for an unknown id."""
        if operator_id not in self.operators:
            raise CatalogueError(f"unknown grid operator {operator_id!r}")
        return self.operators[operator_id]


@cache
def load() -> Catalogue:
    """Read the data files once; blocking. Raises CatalogueError where a file contradicts itself."""
    try:
        profiles = {
            name: _profile(name, row) for name, row in _file("profiles").items()
        }
        meters = {name: _meter(name, row) for name, row in _file("meters").items()}
        operators = {
            name: _operator(name, row, meters, profiles)
            for name, row in _file("operators").items()
        }
    except (KeyError, TypeError, ValueError, CustomerInterfaceError) as err:
        raise CatalogueError(f"the catalogue contradicts itself: {err!r}") from err
    return Catalogue(operators, meters, profiles)


class Plugs(NamedTuple):
    """What a person needs to know to connect a meter, by the ids that profiles name."""

    adapters: dict[str, Adapter]
    sockets: dict[str, Socket]


@cache
def plugs() -> Plugs:
    """Read what is only needed to connect a meter; blocking at its first call.

    Raises CatalogueError where a file contradicts itself, or a profile names what is not there.
    """
    try:
        adapters = {
            name: _adapter(name, row) for name, row in _file("adapters").items()
        }
        sockets = {
            name: Socket(name, _texts(row["name"]), _texts(row["find"]))
            for name, row in _file("sockets").items()
        }
    except (KeyError, TypeError, ValueError) as err:
        raise CatalogueError(f"the catalogue contradicts itself: {err!r}") from err
    for profile in load().profiles.values():
        if profile.adapter not in adapters or profile.socket not in sockets:
            raise CatalogueError(f"{profile.id}: unknown adapter or socket")
    return Plugs(adapters, sockets)


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
        return layouts_from_json(_file("layouts"))
    except (KeyError, TypeError, ValueError, ObisFormatError) as err:
        raise CatalogueError(f"layouts.json contradicts itself: {err!r}") from err


def _file(name: str) -> dict[str, dict[str, Any]]:
    # pathlib takes longer to load than the whole catalogue.
    with open(f"{__path__[0]}/{name}.json", "rb") as file:  # noqa: PTH123
        data: dict[str, dict[str, Any]] = json.load(file)
    return data


def _texts(row: dict[str, str]) -> Texts:
    return tuple(sorted(row.items()))


def _adapter(name: str, row: dict[str, Any]) -> Adapter:
    return Adapter(
        name, _texts(row["name"]), _texts(row["look_for"]), _texts(row["warning"])
    )


def _meter(name: str, row: dict[str, Any]) -> MeterType:
    return MeterType(name, **{**row, "names": _texts(row.get("names", {}))})


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


def _operator(
    name: str,
    row: dict[str, Any],
    meters: dict[str, MeterType],
    profiles: dict[str, Profile],
) -> GridOperator:
    return GridOperator(
        id=name,
        name=row["name"],
        country=row["country"],
        offers=tuple(
            Offer(meters[o["meter"]], profiles[o["profile"]], _texts(o.get("note", {})))
            for o in row["meters"]
        ),
        key_where=_texts(row.get("key_where", {})),
        website=row.get("website"),
        names=_texts(row.get("names", {})),
    )
