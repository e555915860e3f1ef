"""What the fuzz targets of whole sessions share: bytes in pieces with pauses, and all that a session may answer."""

from collections.abc import Callable, Iterator
import json

from customer_interface.reading import Fault, Reading
from customer_interface.session.base import Output, Send, Session

NOON = 1_772_362_800.0  # 2026-03-01 12:00 in Vienna
PAUSES = (0.01, 0.01, 0.01, 0.05, 0.2, 0.5, 3.5, 400.0)
MOST_WAKES = 1_000
SET_UP_STEPS = 60
PATIENCE = 10.0  # seconds an answer may take; beyond that nothing is waited for


def converse(
    session: Session,
    rhythm: int,
    data: bytes,
    answer: Callable[[bytes], bytes] | None = None,
) -> list[Output]:
    """Return all a session says to bytes in pieces; `rhythm` chooses their size (5 bits) and the pauses (3 bits).

    It wakes whenever it wants to, gets answers to what it sends where there are any, and must be quiet at last.
    """
    at, size = NOON, 8 * (rhythm & 0x1F) + 1
    outputs = list(session.start(at))
    if answer is not None:
        at = _set_up(session, outputs, answer)
    for start in range(0, len(data), size):
        piece = data[start : start + size]
        at += PAUSES[(rhythm >> 5) * piece[0] & 7]
        outputs += _woken(session, at)
        outputs += session.receive(piece, at)
    outputs += _woken(session, at + 1.0)
    _check(outputs, data)
    state = session.state
    json.dumps([dict(part) for part in (state.counters, state.last, state.intervals)])
    return outputs


def _set_up(
    session: Session, outputs: list[Output], answer: Callable[[bytes], bytes]
) -> float:
    """Answer requests until none comes any more, and return when that was."""
    at, answered = NOON, 0
    for _ in range(SET_UP_STEPS):
        sent = [it.data for it in outputs[answered:] if isinstance(it, Send)]
        answered = len(outputs)
        for reply in filter(None, map(answer, sent)):
            outputs += session.receive(reply, at)
        if len(outputs) == answered:
            wake_at = session.wake_at
            if wake_at is None or wake_at > at + PATIENCE:
                break
            at = max(at, wake_at)
            outputs += session.wake(at)
    return at


def _woken(session: Session, at: float) -> Iterator[Output]:
    for _ in range(MOST_WAKES):
        wake_at = session.wake_at
        if wake_at is None or wake_at > at:
            return
        yield from session.wake(wake_at)
    raise AssertionError("it wakes again and again")


def _check(outputs: list[Output], data: bytes) -> None:
    readings = [output for output in outputs if isinstance(output, Reading)]
    assert sum(len(reading.values) for reading in readings) <= 8 * len(data) + 64
    faults = [output for output in outputs if isinstance(output, Fault)]
    assert len(faults) <= 8 * len(data) + 64
    assert all(len(fault.detail) < 2_500 for fault in faults)
