"""Simulators and catalogue agree on what a household is told: line, keys, interval."""

import pytest

from customer_interface import catalogue, simulate
from customer_interface.catalogue import SessionKind
from customer_interface.catalogue.operators import Offer

OFFERS = [
    pytest.param(operator.id, offer, id=f"{operator.id}/{offer.meter.id}")
    for operator in catalogue.load().operators.values()
    for offer in operator.offers
    if offer.profile.session in (SessionKind.PUSH, SessionKind.ACKNOWLEDGED)
]


@pytest.mark.parametrize(("operator", "offer"), OFFERS)
def test_a_meter_that_is_read_can_be_simulated(operator: str, offer: Offer) -> None:
    """Line and interval are the profile's, and the keys have its ids, in its order."""
    meter, profile = simulate.simulator(operator, offer.meter.id), offer.profile
    assert meter.line == profile.line
    assert profile.interval[0] <= meter.interval <= profile.interval[1]
    known = [key.id for key in profile.keys]
    assert [key for key in known if key in meter.keys] == list(meter.keys)
    required = {key.id for key in profile.keys if key.required}
    assert required <= set(meter.keys)


@pytest.mark.parametrize(("operator", "offer"), OFFERS)
def test_another_seed_is_another_meter_with_the_same_key(
    operator: str, offer: Offer
) -> None:
    """A second household differs in what it says; its key is the one `--print-key` shows."""
    first = simulate.simulator(operator, offer.meter.id)
    second = simulate.simulator(operator, offer.meter.id, seed=2)
    assert first.telegram(1.8e9) != second.telegram(1.8e9)
    assert first.telegram(1.8e9) == first.telegram(1.8e9)
    assert first.keys == second.keys == simulate.keys(operator, offer.meter.id)


def test_every_simulator_is_a_row_of_the_catalogue() -> None:
    """What is simulated beyond the catalogue is an older firmware of one of its meters."""
    known = {
        (operator.id, offer.meter.id)
        for operator in catalogue.load().operators.values()
        for offer in operator.offers
    }
    assert {(o, m.removesuffix("-old")) for o, m in simulate.ROWS} <= known


def test_keys_look_random_and_differ_from_row_to_row() -> None:
    """No two rows share a key, as no two meters do."""
    keys = [key for row in simulate.ROWS for key in simulate.keys(*row).values()]
    assert len(set(keys)) == len(keys)
    assert all(len(set(key)) > 6 for key in keys)
