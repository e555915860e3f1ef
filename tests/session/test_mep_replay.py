"""Recorded conversations with a NES meter say what the session read."""

from hypothesis import given, strategies as st

from customer_interface.decode import decode
from customer_interface.keys import Key, KeyRing
from customer_interface.reading import Fault, FaultKind, Link, Reading
from customer_interface.session.mep_replay import MepReplay, replay
from customer_interface.source.recording import Recorded

from .mep_wire import BASIC, Wire, client, meter

RING = KeyRing((Key(b"another key, no?"), Key(BASIC)))


def recorded(**options):
    """Poll for a quarter of a minute; return the wire and all that passed on it."""
    wire, passed = Wire(meter(alerts=1), client(**options)), []
    receive, take = wire.session.receive, Wire.take

    class Tapped:
        """A session whose bytes are written down."""

        def __getattr__(self, name):
            """Be the session otherwise."""
            return getattr(session, name)

        def receive(self, data, at):
            """Write down what arrives."""
            passed.append(("rx", data, at))
            return receive(data, at)

    session, wire.session = wire.session, Tapped()
    start = len(wire.sends)
    take(wire, session.start(wire.at))
    sends = 0
    for _ in range(1_500):
        wire.go_on(0.01)
        passed.extend(("tx", data, at) for at, data in wire.sends[start + sends :])
        sends = len(wire.sends) - start
    return wire, sorted(passed, key=lambda item: item[2])


def shown(readings):
    """Return what readings say, without which key it was."""
    return [(r.meter, r.time, r.values, r.encrypted) for r in readings]


def test_replay():
    """The same readings come out again, plain and enciphered."""
    for encrypt in (False, True):
        wire, passed = recorded(encrypt=encrypt)
        results = list(replay(passed, RING))
        assert not [result for result in results if isinstance(result, Fault)]
        assert shown(results) == shown(wire.readings)
        assert len(results) > 10
        assert {reading.key_index for reading in results} == {1}


def test_recording_file():
    """A recording is decoded from a file, the link named or not."""
    wire, passed = recorded()
    text = "\n".join(
        Recorded(at, direction, data).to_line() for direction, data, at in passed
    ).encode()
    assert shown(decode(text, RING, link=Link.MEP)) == shown(wire.readings)


def test_wrong_key():
    """No key, no values."""
    _, passed = recorded()
    results = list(replay(passed, KeyRing((Key(b"another key, no?"),))))
    assert {fault.kind for fault in results} == {FaultKind.KEY, FaultKind.UNSUPPORTED}


def test_begun_too_late():
    """Without the survey nobody knows what registers are: said, not guessed."""
    _, passed = recorded()
    requests = [place for place, item in enumerate(passed) if item[0] == "tx"]
    results = list(replay(passed[requests[-3] :], RING))
    assert results
    assert {result.kind for result in results} == {FaultKind.LAYOUT}


def test_replies_alone():
    """A reply can only be checked with its request."""
    (fault,) = decode(b"\x00\x0d\x0c", RING, link=Link.MEP)
    assert fault.kind is FaultKind.UNSUPPORTED


@given(st.lists(st.tuples(st.booleans(), st.binary(max_size=60)), max_size=20))
def test_any_recording(pieces):
    """Whatever was recorded, nothing raises and no value appears."""
    conversation = MepReplay(RING)
    for sent, data in pieces:
        results = conversation.sent(data) if sent else conversation.received(data, 0.0)
        assert not [result for result in results if isinstance(result, Reading)]
