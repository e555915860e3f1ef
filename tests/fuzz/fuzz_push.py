"""Listening and acknowledging sessions of every profile: whatever bytes, in whatever pieces, with whatever pauses."""

from customer_interface import catalogue, simulate
from customer_interface.catalogue import Profile, SessionKind
from customer_interface.keys import Key, KeyRing
from customer_interface.reading import Fault, Reading
from customer_interface.session import make_session
from customer_interface.session.acknowledged import ACKNOWLEDGE
from customer_interface.session.base import Send
from customer_interface.simulate.amis import AmisMeter
from tests.fuzz.conversation import NOON, converse

PAUSE = 30.0


def _rows() -> dict[str, tuple[Profile, tuple[str, str]]]:
    """Return each profile of a session that listens, with a row that is simulated."""
    offers = (
        (offer.profile, (operator.id, offer.meter.id))
        for operator in catalogue.load().operators.values()
        for offer in operator.offers
    )
    return {
        profile.id: (profile, row)
        for profile, row in offers
        if row in simulate.ROWS
        and profile.session in (SessionKind.PUSH, SessionKind.ACKNOWLEDGED)
    }


ROWS = tuple(_rows().values())


def _telegrams(row: tuple[str, str]) -> bytes:
    meter = simulate.simulator(*row)
    if isinstance(meter, AmisMeter):
        return bytes.fromhex("1040F03016") + meter.telegram(NOON)
    return meter.telegram(NOON) + meter.telegram(NOON + PAUSE)


def _ring(row: tuple[str, str]) -> KeyRing:
    keys = [Key(bytes.fromhex(key)) for key in simulate.keys(*row).values()]
    return KeyRing(tuple(keys[:1]), tuple(keys[1:]))


RINGS = tuple(_ring(row) for _, row in ROWS)
SEEDS = tuple(
    bytes((number, 31)) + _telegrams(row) for number, (_, row) in enumerate(ROWS)
)


def fuzz(data: bytes) -> None:
    """The first byte chooses the profile, the second the rhythm."""
    if len(data) < 2:
        return
    number = data[0] % len(ROWS)
    profile = ROWS[number][0]
    session = make_session(profile, RINGS[number])
    acknowledging = profile.session is SessionKind.ACKNOWLEDGED
    for output in converse(session, data[1], data[2:]):
        assert isinstance(output, Reading | Fault) or (
            acknowledging and output == Send(ACKNOWLEDGE)
        )
