"""Texts of another form than before: believed at once on a good line, when they come twice on a bad one."""

from collections.abc import Callable

from hypothesis import given, strategies as st

from customer_interface import catalogue, simulate
from customer_interface.checksum import crc16_arc
from customer_interface.keys import KeyRing
from customer_interface.reading import Fault, FaultKind, Frame, Link, Reading
from customer_interface.session import make_session
from customer_interface.session.base import Output
from customer_interface.session.forms import Forms

from .wire import NOON

DAMAGED = Fault(FaultKind.CHECKSUM, "checksum")


def text(
    watts: str = "00.059*kW",
    stamp: str = "260301120000W",
    *,
    check_bits: int = 16,
) -> Frame:
    """Return a frame with a power and a time in it; its checksum, which is not looked at, follows the numbers."""
    body = f"/ABC5METER\r\n\r\n0-0:1.0.0({stamp})\r\n1-0:61.7.0({watts})\r\n!"
    digits = f"{crc16_arc(body.encode()):04X}"
    return Frame(Link.P1, (body + digits).encode(), check_bits=check_bits)


def passed(forms: Forms, *items: Frame | Fault) -> list[bool]:
    """Tell which of these texts, one after the other, are passed on."""
    return [
        isinstance(result, Frame)
        for item in items
        for result in forms.select([item])
        if isinstance(item, Frame)
    ]


def bad_line() -> Forms:
    """Return the forms of a meter whose line begins to damage telegrams."""
    forms = Forms()
    assert passed(forms, text(), text("00.061*kW"), DAMAGED) == [True, True]
    return forms


def test_new_form_on_a_good_line() -> None:
    """Where nothing is damaged a meter may say what it likes."""
    forms = Forms()
    assert passed(forms, text(), text("00.061*kW"), text("00.059*W")) == [True] * 3


def test_new_form_on_a_bad_line() -> None:
    """What came but once on a bad line waits, numbers and summer time are no other form."""
    lost = text("00.059*W")
    assert passed(bad_line(), lost, text("00.062*kW"), lost) == [False, True, False]
    assert passed(bad_line(), text("00.999*kW", "260329030000S")) == [True]


def test_new_form_that_comes_again() -> None:
    """A message that the meter shows from now on delays one telegram, and is the usual form then."""
    longer = text("00.059*kW)(A")
    assert passed(bad_line(), longer, longer, text(), longer) == [
        False,
        True,
        True,
        True,
    ]


def test_line_that_became_good() -> None:
    """After an hour of sound telegrams at one a minute a new form is believed at once again."""
    forms = bad_line()
    assert all(passed(forms, *[text() for _ in range(60)]))
    assert passed(forms, text("00.059*W")) == [True]


def test_without_checksum() -> None:
    """A text that nothing checks is looked at on every line."""
    forms = Forms()
    usual, lost = text(check_bits=0), text("00.059*W", check_bits=0)
    assert passed(forms, usual, usual, lost, usual) == [True, True, False, True]


def test_first_texts() -> None:
    """Until a form came twice there is none to compare with, and nothing is held back."""
    assert passed(Forms(), DAMAGED, text("00.059*W"), text(), text(), text("0*W")) == [
        True,
        True,
        True,
        False,
    ]


def test_others_pass() -> None:
    """Faults, ciphers in Poland's P1 telegrams and frames of other links are none of its business."""
    forms = bad_line()
    others: list[Frame | Fault] = [
        DAMAGED,
        Frame(Link.P1, b"\xdb\x08cipher", check_bits=16),
        Frame(Link.HDLC, b"/frame", check_bits=16),
    ]
    assert forms.select(others) == others


@given(
    st.lists(st.sampled_from(["1*kW", "1*W", "1*kWh", "1", "", "22*kW"]) | st.none())
)
def test_nothing_is_lost(telegrams: list[str | None]) -> None:
    """Whatever comes, each item has its answer, and what comes twice in a row passes."""
    forms = Forms()
    last = None
    for watts in telegrams:
        item = DAMAGED if watts is None else text(watts)
        (result,) = forms.select([item])
        if watts is None or watts == last:
            assert result == item
        last = last if watts is None else watts


def test_unit_that_lost_its_prefix() -> None:
    """A telegram whose damage its CRC does not find changes no value on a bad line, and is told of."""
    profile = catalogue.load().operator("nl-p1").offer("dsmr-5").profile
    meter = simulate.simulator("nl-p1", "dsmr-5")
    session = make_session(profile, KeyRing())
    session.start(NOON)

    def said(second: int, damage: Callable[[bytes], bytes] = bytes) -> list[Output]:
        """Return what the session says to the telegram of a second."""
        telegram = b"".join(chunk.data for chunk in meter.push(NOON + second))
        return list(session.receive(damage(telegram), NOON + second + 0.1))

    for second in range(3):
        assert said(second)
    (fault,) = said(3, lambda data: data.replace(b"1-0:1.7.0", b"1-0:1.7.9"))
    assert isinstance(fault, Fault)
    (doubted,) = said(4, without_prefix)
    assert isinstance(doubted, Fault)
    assert doubted.kind is FaultKind.IMPLAUSIBLE
    assert isinstance(said(5)[0], Reading)
    # The one in between, which is read the quick way, has shown that the form is another still.
    (doubted_again,) = said(6, without_prefix)
    assert isinstance(doubted_again, Fault)


def without_prefix(data: bytes) -> bytes:
    """Return a telegram with its powers in W, and a checksum that fits."""
    body = data.rpartition(b"!")[0].replace(b"*kW)", b"*W)") + b"!"
    return body + b"%04X\r\n" % crc16_arc(body)
