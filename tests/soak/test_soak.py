"""A short soak of every row, and that the ledger tells what went wrong."""

from copy import replace

import pytest

from customer_interface.obis import ObisCode
from customer_interface.reading import MeterIdentity, Reading, Value
from customer_interface.simulate import ROWS
from tests.soak.day import run_day
from tests.soak.ledger import Entry, Ledger
from tests.soak.weather import Damage
from tests.spoilt import Row

POWER = ObisCode.parse("1-0:1.7.0")
HOURS = 0.1


@pytest.mark.parametrize("row", ROWS, ids="/".join)
def test_some_minutes_of_every_row(row: Row) -> None:
    """What `script/soak` promises of a day holds for some minutes around each of its moments."""
    result = run_day(row, HOURS)
    assert result.held, list(result.ledger.notes)


def said(power: int, counter: int = 1) -> Reading:
    """Return what a meter says."""
    return Reading(
        MeterIdentity(number="1"), values={POWER: Value(power, "W")}, counter=counter
    )


def ledger(*sent: Reading, damage: Damage = Damage()) -> Ledger:
    """Return a ledger in which these readings were sent, each in a transmission of its own."""
    book = Ledger()
    for reading in sent:
        book.send(
            Entry((reading,), damage, not damage.broken, 0.0, lambda r=reading: (r,))
        )
    return book


def counts(book: Ledger) -> tuple[int, int, int]:
    """Return how many readings were missed, came twice, and were wrong."""
    book.finish()
    return book.missed, book.doubled, book.wrong_readings


def test_what_was_sent_and_arrived_is_in_order() -> None:
    """Two different readings, each once."""
    book = ledger(said(300), said(301, 2))
    book.receive(said(300))
    book.receive(said(301, 2))
    assert counts(book) == (0, 0, 0)
    assert (book.sent, book.whole, book.arrived) == (2, 2, 2)


def test_what_did_not_arrive_is_missed() -> None:
    """A whole transmission is missed, a damaged one is not."""
    assert counts(ledger(said(300))) == (1, 0, 0)
    assert counts(ledger(said(300), damage=Damage(broken=True))) == (0, 0, 0)


def test_what_arrived_again_came_twice() -> None:
    """Once more for one transmission, or for its repetition."""
    book = ledger(said(300))
    book.receive(said(300))
    book.receive(said(300))
    assert counts(book) == (0, 1, 0)
    book = ledger(said(300), said(300))
    book.receive(said(300))
    book.receive(said(300))
    assert counts(book) == (0, 1, 0)


def test_what_was_not_sent_is_wrong() -> None:
    """Another value, another clock, another meter."""
    for other in (
        said(301),
        replace(said(300), meter=MeterIdentity(number="2")),
        replace(said(300), values={POWER: Value(300, "var")}),
    ):
        book = ledger(said(300))
        book.receive(other)
        assert counts(book) == (1, 0, 1)


def test_a_damaged_transmission_says_nothing_new() -> None:
    """A code that its undamaged bytes do not say is wrong, though all else is right."""
    book = ledger(said(300), damage=Damage(broken=True))
    invented = {POWER: Value(300, "W"), ObisCode.parse("1-0:2.7.0"): Value(1, "W")}
    book.receive(replace(said(300), values=invented))
    assert counts(book) == (0, 0, 1)


def test_after_a_restart_the_last_may_come_again_and_what_was_on_its_way_may_be_lost() -> (
    None
):
    """Who listens now has forgotten what came before."""
    book = ledger(said(300))
    book.receive(said(300))
    book.restart(0.1)
    book.receive(said(300))
    assert counts(book) == (0, 0, 0)
    book = ledger(said(300))
    book.restart(0.1)
    assert counts(book) == (0, 0, 0)
