"""Who runs the grid, and which meters they deliver: operators.json and meters.json."""

from typing import Any

from ..errors import CatalogueError
from ..named import NamedTuple
from .data import Texts, rows, text_in, texts
from .profile import Profile


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


def with_operators(profiles: dict[str, Profile]) -> Catalogue:
    """Read the grid operators and meters that name these profiles; raises CatalogueError where a file contradicts itself."""
    try:
        meters = {name: _meter(name, row) for name, row in rows("meters").items()}
        operators = {
            name: _operator(name, row, meters, profiles)
            for name, row in rows("operators").items()
        }
    except (KeyError, TypeError, ValueError) as err:
        raise CatalogueError(f"the catalogue contradicts itself: {err!r}") from err
    return Catalogue(operators, meters, profiles)


def _meter(name: str, row: dict[str, Any]) -> MeterType:
    return MeterType(name, **{**row, "names": texts(row.get("names", {}))})


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
            Offer(meters[o["meter"]], profiles[o["profile"]], texts(o.get("note", {})))
            for o in row["meters"]
        ),
        key_where=texts(row.get("key_where", {})),
        website=row.get("website"),
        names=texts(row.get("names", {})),
    )
