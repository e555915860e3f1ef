"""What a session must know of a NES meter before a register means something, and meters that do not tell it."""

import pytest

from customer_interface.reading import Fault, FaultKind
from customer_interface.session.mep_replay import MepReplay, replay
from customer_interface.simulate.mep import TRANSFORMER, NesMeter

from .mep_wire import BASIC, Wire, client, meter
from .test_mep_replay import RING, recorded


def lacking(monkeypatch: pytest.MonkeyPatch, **answers: bytes | None) -> None:
    """Let meters answer otherwise for tables, named by their hexadecimal number; None refuses."""
    table = NesMeter._table
    changed = {int(name.removeprefix("t"), 16): data for name, data in answers.items()}
    monkeypatch.setattr(
        NesMeter,
        "_table",
        lambda self, number, at: (
            changed[number] if number in changed else table(self, number, at)
        ),
    )


@pytest.mark.parametrize(
    ("answers", "kind", "words"),
    [
        ({"t0034": None}, FaultKind.UNSUPPORTED, "refuses to be read"),
        ({"t0000": None}, FaultKind.LAYOUT, "writes numbers"),
        ({"t0000": b"\0\0\0"}, FaultKind.LAYOUT, "writes numbers"),
        ({"t0015": None}, FaultKind.LAYOUT, "which registers"),
        ({"t0016": None}, FaultKind.LAYOUT, "what its registers mean"),
        ({"t001B": None}, FaultKind.LAYOUT, "what its registers mean"),
    ],
)
def test_table_that_is_lacking(
    monkeypatch: pytest.MonkeyPatch,
    answers: dict[str, bytes | None],
    kind: FaultKind,
    words: str,
) -> None:
    """Where the meter does not say what its numbers mean none is shown, and it is said why."""
    lacking(monkeypatch, **answers)
    wire = Wire(meter(), client())
    wire.run(60)
    assert not wire.readings
    assert any(fault.kind is kind and words in fault.detail for fault in wire.faults)


@pytest.mark.parametrize("lost", ["t0001", "t0014", "t0837"])
def test_unit_that_is_not_told(monkeypatch: pytest.MonkeyPatch, lost: str) -> None:
    """A meter behind transformers that does not say in what it counts shows no energy, and all else."""
    lacking(monkeypatch, **{lost: None})
    wire = Wire(meter(TRANSFORMER), client())
    wire.run(60)
    shown = {str(code) for reading in wire.readings for code in reading.values}
    assert "0-0:1.0.0" in shown
    assert "1-0:1.8.0" not in shown


def test_without_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Number and maker may be lacking: the values mean the same."""
    lacking(monkeypatch, t0001=None, t0803=None)
    wire = Wire(meter(), client())
    wire.run(60)
    assert any("1-0:1.8.0" in map(str, reading.values) for reading in wire.readings)
    assert {reading.meter.number for reading in wire.readings} == {None}


def test_replay_says_what_is_lacking(monkeypatch: pytest.MonkeyPatch) -> None:
    """A recording of such a conversation says the same as the session did."""
    lacking(monkeypatch, t0000=None)
    _, passed = recorded()
    results = [result for result in replay(passed, RING) if isinstance(result, Fault)]
    assert any("writes numbers" in fault.detail for fault in results)


def test_replay_of_what_is_no_packet() -> None:
    """Bytes that are no request open no reply, and a reply that never ends is not kept for ever."""
    conversation = MepReplay(RING)
    assert conversation.sent(b"no packet") == ()
    for _ in range(200):
        assert conversation.received(b"\x7e" * 100, 0.0) == ()
    assert len(conversation._replies) < 1_000


def test_replay_shows_no_key() -> None:
    """What is kept of a request does not tell its key."""
    _, passed = recorded()
    conversation = MepReplay(RING)
    assert conversation.sent(next(data for way, data, _ in passed if way == "tx")) == ()
    assert conversation._request is not None
    assert conversation._request.key == BASIC
    assert BASIC.decode() not in repr(conversation._request)


def test_reply_to_another_request() -> None:
    """A reply proves which request it is to: with one missing from the recording it says nothing."""
    _, passed = recorded()
    first, second, *_ = (n for n, (way, _, _) in enumerate(passed) if way == "tx")
    end = next(n for n, (way, _, _) in enumerate(passed) if n > second and way == "tx")
    conversation = [*passed[first : first + 1], *passed[second + 1 : end]]
    (fault,) = [r for r in replay(conversation, RING) if isinstance(r, Fault)]
    assert fault.kind is FaultKind.CHECKSUM
