"""Acknowledged push (Netz OÖ): what is answered, what is not, and that nothing else can leave."""

import heapq

from hypothesis import given, strategies as st
import pytest

from customer_interface import catalogue, simulate
from customer_interface.keys import KeyRing
from customer_interface.reading import FaultKind
from customer_interface.session import make_session
from customer_interface.session.base import Output, Send
from customer_interface.simulate import amis

from .test_push import wire
from .wire import Wire

ROW = ("netz-ooe", "siemens-td3511")
TWO_MINUTES = 120.0


class EchoWire(Wire):
    """A head whose receiver hears what its transmitter sends, reflected by the meter's window."""

    def _take(self, outputs: tuple[Output, ...]) -> None:
        super()._take(outputs)
        for output in outputs:
            if isinstance(output, Send):
                event = (self.at + 0.002, next(self._number), output.data)
                heapq.heappush(self._events, event)


def _echoing(sound: Wire) -> EchoWire:
    return EchoWire(sound.meter, sound.session, sound.line)


def _run(on: Wire) -> Wire:
    on.run(TWO_MINUTES)
    return on


def test_search_is_answered_and_data_follow() -> None:
    """Within a minute the meter is found; from then on each second brings a reading and takes one E5."""
    sound = _run(wire(*ROW))
    assert len(sound.readings) > 50
    # The first E5 answers the search.
    assert len(sound.acknowledged) == len(sound.readings) + 1
    assert sound.faults == []


def test_own_echo_is_ignored() -> None:
    """Hearing each of our own E5 changes nothing: the same readings, no fault, no E5 to an E5."""
    sound, echoing = _run(wire(*ROW)), _run(_echoing(wire(*ROW)))
    assert [r.values for r in echoing.readings] == [r.values for r in sound.readings]
    assert echoing.acknowledged == sound.acknowledged
    assert echoing.faults == []


@pytest.mark.parametrize("ring", [KeyRing(), None])
def test_a_wrong_or_missing_key_does_not_lose_the_meter(ring: KeyRing | None) -> None:
    """The link's checksum alone is acknowledged: the meter goes on sending while the key is looked for."""
    faulty = _run(wire(*ROW, *(() if ring else ("wrong-key",)), keys=ring))
    assert faulty.readings == []
    assert {fault.kind for fault in faulty.faults} == {FaultKind.KEY}
    assert len(faulty.acknowledged) > 50


def test_late_bytes_lose_nothing() -> None:
    """Bytes that come 0.35 s late, through a network, still are acknowledged in time."""
    late = wire(*ROW)
    late.delay = 0.35
    _run(late)
    assert len(late.readings) > 50
    assert len({reading.time for reading in late.readings}) == len(late.readings)


_METER = simulate.simulator(*ROW)
_KEY = bytes.fromhex(_METER.keys["amis"])
_FRAMES = st.sampled_from(
    [
        amis.SEARCH,
        *(
            amis.frame(b"\x2f" * 80, access, control, _KEY)
            for access in (0, 1)
            for control in (0x53, 0x73)
        ),
    ]
)
_CUT = st.builds(lambda frame, end: frame[:end], _FRAMES, st.integers(0, 101))


@given(
    st.lists(
        st.tuples(
            st.one_of(st.binary(max_size=120), _FRAMES, _CUT),
            st.sampled_from([0.0, 0.01, 0.3, 1.0, 80.0]),
        ),
        max_size=40,
    )
)
def test_nothing_but_e5_can_be_sent(pieces: list[tuple[bytes, float]]) -> None:
    """Whatever arrives whenever, what leaves is E5, at most once for each time bytes came."""
    profile = catalogue.load().operator(ROW[0]).offer(ROW[1]).profile
    session, at = make_session(profile, KeyRing()), 0.0
    outputs = list(session.start(at))
    for data, pause in pieces:
        outputs += session.receive(data, at)
        at += pause
        if session.wake_at is not None and session.wake_at <= at:
            outputs += session.wake(at)
    sent = [output.data for output in outputs if isinstance(output, Send)]
    assert set(sent) <= {b"\xe5"}
    assert len(sent) <= len(pieces)
