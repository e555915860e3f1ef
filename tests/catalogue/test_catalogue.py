"""The catalogue: complete, without contradictions, and with words for everybody."""

from pathlib import Path

import pytest

from customer_interface import catalogue
from customer_interface.catalogue import SessionKind, data, plugs
from customer_interface.catalogue.operators import GridOperator, Offer
from customer_interface.errors import CatalogueError
from customer_interface.keys import KeyKind
from customer_interface.reading import Link

CATALOGUE = catalogue.load()
PLUGS = plugs.load()
OFFERS = [
    pytest.param(operator, offer, id=f"{operator.id}/{offer.meter.id}")
    for operator in CATALOGUE.operators.values()
    for offer in operator.offers
]

# The table of the concept (5 February 2021): grid operator, meters, port. Its T216-D is a misprint for T210-D.
CONCEPT = {
    "netz-noe": ({"sagemcom-t210d", "kaifa-ma309m", "kaifa-ma110m"}, {"mbus"}),
    "ikb": ({"kaifa-ma110m", "kaifa-ma309m"}, {"mbus"}),
    "salzburg-netz": ({"kaifa-ma110m", "kaifa-ma309m"}, {"mbus"}),
    "tinetz": ({"kaifa-ma110m", "kaifa-ma309m"}, {"mbus"}),
    "vorarlberg-netz": ({"kaifa-ma110m", "kaifa-ma309m"}, {"mbus"}),
    "netz-ooe": ({"siemens-td3510", "siemens-td3511", "siemens-td3512"}, {"optical"}),
    "kaernten-netz": ({"iskra-am550", "siemens-im150", "siemens-im350"}, {"p1"}),
    "wiener-netze": (
        {"siemens-im150", "siemens-im350", "iskra-am550", "lg-e450"},
        {"optical"},
    ),
    "netz-burgenland": ({"lg-e450"}, {"mbus"}),
    "energienetze-steiermark": (
        {"sagemcom-t210d", "sagemcom-s210", "lg-e450", "lg-e451"},
        {"p1", "mbus"},
    ),
    "energie-graz": ({"sagemcom-t210d", "sagemcom-s210"}, {"p1", "mbus"}),
    "feistritzwerke": ({"sagemcom-t210d", "sagemcom-s210"}, {"p1", "mbus"}),
    "energie-klagenfurt": ({"nes-mtr1000", "nes-mtr3000"}, {"mep"}),
    "stadtwerke": ({"lg-e450", "lg-e451", "kamstrup-omnipower"}, {"mbus", "ccc"}),
    "linz-netz": ({"nes-mtr1000", "nes-mtr3000", "nes-gen4"}, {"mep", "radio"}),
    "wels-strom": ({"siemens-im350"}, {"p1"}),
}

# What the set-up speaks; what only the docs and the command line show is English and German.
LANGUAGES = {"de", "en", "fr", "it", "nl"}

# Two links have no line of their own settings: radio goes through a stick.
LINES = {
    "mbus": {"2400 8E1", "2400 8N1"},
    "mbus_bus": {"2400 8E1"},
    "optical": {"9600 8N1", "9600 8E1"},
    "p1": {"115200 8N1", "38400 8N1", "9600 7E1"},
    "mep": {"9600 8N1"},
    "ccc": {"2400 8N1"},
    "rs485": {"9600 8N1"},
    "radio": {"None"},
}


@pytest.mark.parametrize("operator", CONCEPT)
def test_every_row_of_the_concepts_table_is_there(operator: str) -> None:
    """Every row of the concept's table is there, on the ports it names."""
    meters, ports = CONCEPT[operator]
    offers = CATALOGUE.operator(operator).offers
    assert meters <= {offer.meter.id for offer in offers}
    named = {offer.profile.socket for offer in offers if offer.meter.id in meters}
    assert named <= ports | {"ccc"}


def test_all_other_austrian_operators_are_in_the_table() -> None:
    """No operator of Austria is there that the concept and its additions do not know."""
    austrian = {o.id for o in CATALOGUE.operators.values() if o.country == "AT"}
    assert austrian == set(CONCEPT)


@pytest.mark.parametrize(("operator", "offer"), OFFERS)
def test_an_offer_is_complete_and_does_not_contradict_itself(
    operator: GridOperator, offer: Offer
) -> None:
    """Line, link, session and keys of an offer fit one another, and a person is told what to do."""
    profile = offer.profile
    assert operator.offer(offer.meter.id) is offer
    assert str(profile.line) in LINES[profile.socket]
    assert 0 < profile.interval[0] <= profile.interval[1] <= 3600
    assert profile.inverted == (profile.socket == "p1")
    assert profile.evidence in {"official", "capture", "document", "simulator"}
    assert (profile.session is SessionKind.MEP) == (profile.links == (Link.MEP,))
    assert (profile.session is SessionKind.RADIO) == (profile.links == (Link.WMBUS,))
    assert set(dict(operator.key_where)) == LANGUAGES


@pytest.mark.parametrize("profile", CATALOGUE.profiles.values(), ids=lambda p: p.id)
def test_keys_are_named_once_and_of_their_kind(profile: catalogue.Profile) -> None:
    """Key ids are unique; an authentication key comes with an encryption key and may be missing."""
    kinds = [key.kind for key in profile.keys]
    assert len({key.id for key in profile.keys}) == len(profile.keys)
    assert all(key.label for key in profile.keys)
    if KeyKind.AUTHENTICATION in kinds:
        assert kinds[0] is KeyKind.ENCRYPTION
        assert not profile.keys[1].required
    assert (KeyKind.MEP in kinds) == (profile.session is SessionKind.MEP)


def test_everything_is_used() -> None:
    """No meter, profile, adapter or socket is left over."""
    offers = [o for op in CATALOGUE.operators.values() for o in op.offers]
    assert {o.meter.id for o in offers} == set(CATALOGUE.meters)
    # A stick belongs to no operator: the integration itself offers its profile.
    used = {o.profile.id for o in offers} | {"wmbus"}
    assert used == set(CATALOGUE.profiles)
    profiles = CATALOGUE.profiles.values()
    assert {p.adapter for p in profiles} == set(PLUGS.adapters)
    assert {p.socket for p in profiles} == set(PLUGS.sockets)


def test_texts_are_there_in_every_language() -> None:
    """What the set-up shows of adapters and sockets is there in the languages the set-up speaks."""
    for adapter in PLUGS.adapters.values():
        assert set(dict(adapter.look_for)) == {"de", "en"}
        for texts in (adapter.name, adapter.warning):
            assert set(dict(texts)) == LANGUAGES
            assert all(text.strip() for _, text in texts)
    for socket in PLUGS.sockets.values():
        for texts in (socket.name, socket.find):
            assert set(dict(texts)) == LANGUAGES


def test_names_in_english_words_have_those_of_the_other_languages() -> None:
    """Who looks for a country, or for what kind of meter it is, finds it in the own language."""
    for named in (*CATALOGUE.operators.values(), *CATALOGUE.meters.values()):
        assert set(dict(named.names)) in (set(), LANGUAGES - {"en"})
    foreign = [o for o in CATALOGUE.operators.values() if o.country != "AT"]
    assert all(operator.names for operator in foreign)
    netherlands = CATALOGUE.operator("nl-p1")
    assert netherlands.name_in("en") == netherlands.name
    assert netherlands.name_in("nl").startswith("Nederland")
    assert CATALOGUE.operator("netz-noe").name_in("nl") == "Netz Niederösterreich (EVN)"


def test_a_meter_nobody_has_seen_says_so_in_the_language_of_the_screen() -> None:
    """The list of meters tells which are proven on no telegram."""
    honeywell = CATALOGUE.operator("tinetz").offer("honeywell-dm515")
    assert honeywell.label("en") == "Honeywell DM515 (not yet tried on a real telegram)"
    assert (
        honeywell.label("de-AT")
        == "Honeywell DM515 (noch an keinem echten Telegramm erprobt)"
    )
    assert honeywell.label("hu") == honeywell.label("en")
    offers = [o for operator in CATALOGUE.operators.values() for o in operator.offers]
    assert all(set(dict(o.note)) in (set(), LANGUAGES) for o in offers)


def test_a_wired_bus_is_never_fed_twice() -> None:
    """Who connects to a meter's M-Bus socket is told to buy a slave."""
    texts = dict(PLUGS.adapters["mbus_slave"].warning)
    assert "master" in texts["en"]
    assert "Master" in texts["de"]


def test_meters_have_names_without_stray_spaces() -> None:
    """What is shown as a meter's name is trimmed."""
    for meter in CATALOGUE.meters.values():
        assert meter.name == meter.name.strip()
        assert meter.name


def test_unknown_ids_are_refused_with_what_there_is() -> None:
    """An unknown operator or meter is refused, the latter with the operator's meters."""
    with pytest.raises(CatalogueError):
        CATALOGUE.operator("nowhere")
    with pytest.raises(CatalogueError, match="kaifa-ma309m"):
        CATALOGUE.operator("netz-noe").offer("nothing")


def load_all() -> None:
    """Read every file."""
    for profile in catalogue.load().profiles.values():
        catalogue.layouts(profile.layouts)
    plugs.load()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"mbus_slave"', '"no_such_adapter"'),
        ('"wiener-netze-9"', '"no-such-layout"'),
        ('"2400 8E1"', '"2400"'),
    ],
)
def test_a_file_that_contradicts_another_is_refused(
    old: str, new: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A profile that names what is not there does not load."""
    for file in Path(data.__file__).parent.glob("*.json"):
        text = file.read_text("utf-8")
        changed = text.replace(old, new) if file.stem == "profiles" else text
        (tmp_path / file.name).write_text(changed, "utf-8")
    monkeypatch.setattr(data, "_FOLDER", tmp_path)
    for module, name in ((catalogue, "profiles"), (catalogue, "load"), (plugs, "load")):
        monkeypatch.setattr(module, name, getattr(module, name).__wrapped__)
    monkeypatch.setattr(plugs, "profiles", catalogue.profiles)
    with pytest.raises(CatalogueError):
        load_all()
