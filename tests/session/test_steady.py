"""What goes on as before is believed without a closer look; whatever does not, is looked at as ever."""

from unittest.mock import patch

import pytest

from customer_interface.obis import ObisCode
from customer_interface.reading import Fault, FaultKind
from tests.session.test_quick import AT, METERS, send, session, telegram

NORWAY = "no-han/kamstrup-omnipower"
POWER = ObisCode.parse("1-1:1.7.0")
CLOCK = ObisCode.parse("0-1:1.0.0")


def looked_at(row, data, at):
    """Return what a session that knows its meter says to bytes it does not believe at a glance, as the long way does."""
    quick, long = session(row), session(row, quick=False)
    for number in (0, 1):
        assert send(quick, row, number) == send(long, row, number)
    frames = quick._receiver.frames
    with patch.object(quick._receiver, "frames", wraps=frames) as taken_apart:
        said = quick.receive(data, at)
    taken_apart.assert_called_once()
    assert said == long.receive(data, at)
    return said


def norwegian(number, spoil):
    """Return a telegram whose list was changed before its checksums were made, and when it comes."""
    at = AT + number * METERS[NORWAY].interval
    return METERS[NORWAY].ways[0](at, spoil), at


def behind(code, value, start=0):
    """Return what puts a value into what is sent behind the type of a code's own, from this byte on."""
    head = bytes((code.a, code.b, code.c, code.d, code.e, 255))

    def spoil(apdu):
        place = apdu.index(head) + len(head) + 1 + start
        return apdu[:place] + value + apdu[place + len(value) :]

    return spoil


def test_a_number_beyond_all_bounds():
    """A power that no connection carries is withheld, all else is believed."""
    reading, fault = looked_at(NORWAY, *norwegian(2, behind(POWER, b"\x01\0\0\0")))
    assert (fault.kind, fault.code) == (FaultKind.IMPLAUSIBLE, POWER)
    assert POWER not in reading.values
    assert CLOCK in reading.values


def test_a_clock_that_goes_apart_from_the_telegram():
    """A clock among the values that is not the telegram's time is looked at, also when it is so again."""
    spoil = behind(CLOCK, b"\x29", 8)
    (reading,) = looked_at(NORWAY, *norwegian(2, spoil))
    assert reading.values[CLOCK].value != reading.time
    one = session(NORWAY)
    for number in range(4):
        data, at = norwegian(number, spoil)
        with patch.object(one._receiver, "frames", wraps=one._receiver.frames) as taken:
            (reading,) = one.receive(data, at)
        taken.assert_called_once()


def test_a_time_that_cannot_be():
    """A telegram that comes years after the time it tells is looked at: its time is withheld."""
    said = looked_at("nl-p1/dsmr-5", telegram("nl-p1/dsmr-5", 2), AT + 1e8)
    assert any(isinstance(one, Fault) and one.code for one in said)


@pytest.mark.parametrize("row", [NORWAY, "nl-p1/dsmr-5"])
def test_an_arrival_before_the_last(row):
    """A computer's clock that was set back tells no pace: what comes then is looked at."""
    (reading,) = looked_at(row, telegram(row, 2), AT - 1)
    assert reading.values


def test_values_that_are_withheld_are_not_gone_on_from():
    """Behind a telegram of which one value is withheld all is as if nobody had learned anything."""
    quick, long = session(NORWAY), session(NORWAY, quick=False)
    data, at = norwegian(2, behind(POWER, b"\x01\0\0\0"))
    for one in (quick, long):
        for number in (0, 1):
            send(one, NORWAY, number)
        assert len(one.receive(data, at)) == 2
    for number in range(3, 8):
        said = send(quick, NORWAY, number)
        assert said == send(long, NORWAY, number)
        assert POWER in said[0].values


def test_lists_that_take_turns():
    """A list whose values came at two rhythms is looked at each time: one may have been missing where the other was not."""
    row = "no-han/aidon"
    quick, long = session(row), session(row, quick=False)
    for number in range(60):
        assert send(quick, row, number) == send(long, row, number)
