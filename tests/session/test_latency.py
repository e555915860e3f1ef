"""How long after its last byte a telegram is read: the least of 0.5 s and half a push interval, whatever the meter."""

import pytest

from customer_interface import simulate
from customer_interface.catalogue import SessionKind
from customer_interface.reading import Reading
from customer_interface.session import make_session
from customer_interface.session.base import Output
from tests.spoilt import profile_of, ring_of

from .wire import NOON

MOST = 0.5  # seconds
PUSHING = [
    row
    for row in simulate.ROWS
    if profile_of(row).session in (SessionKind.PUSH, SessionKind.ACKNOWLEDGED)
]


def is_read(outputs: tuple[Output, ...]) -> bool:
    """Tell whether a reading is among what a session says."""
    return any(isinstance(output, Reading) for output in outputs)


@pytest.mark.parametrize("row", PUSHING, ids="-".join)
def test_last_byte_to_reading(row: tuple[str, str]) -> None:
    """Some formats show their end by a pause alone: it is waited for no longer than that."""
    meter = simulate.simulator(*row)
    session = make_session(profile_of(row), ring_of(meter))
    session.start(NOON)
    late: list[float] = []
    for number in range(6):
        at = NOON + number * meter.interval
        read = is_read(session.receive(meter.telegram(at), at))
        woken = at
        while not read and (wake := session.wake_at) and wake < at + meter.interval:
            woken = wake
            read = is_read(session.wake(wake))
        if read:
            late.append(woken - at)
    # Under a weak check the first telegram of a meter waits for the second.
    assert len(late) >= 5
    assert max(late) <= min(MOST, meter.interval / 2)
