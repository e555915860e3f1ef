"""Some mutants of every format, and that the tally tells what went wrong."""

from random import Random

import pytest

from customer_interface.keys import KeyRing
from customer_interface.reading import Fault, Reading
from tests.soak import mutate
from tests.soak.mutate import FORMATS, Format, mutant, open_format, try_format


@pytest.mark.parametrize("name", FORMATS)
def test_some_mutants(name: str) -> None:
    """What `script/mutate` promises of many mutants and wrong keys holds for some."""
    tally = try_format(name, 300, 30)
    assert tally.held, tally
    assert tally.broken == 150


def test_an_exception_and_a_wrong_key_that_opens_are_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A decoder that raises, and one that reads whatever the key, do not hold."""

    def raising(form: Format, data: bytes, ring: KeyRing) -> list[Reading | Fault]:
        raise KeyError("boom")

    format_ = open_format("HDLC, positional list, encrypted")
    monkeypatch.setattr(mutate, "open_format", lambda name: format_)
    right = format_.ring
    read = Format.read
    monkeypatch.setattr(
        Format, "read", lambda form, data, ring: read(form, data, right)
    )
    assert try_format("x", 0, 5).opened == 5
    monkeypatch.setattr(Format, "read", raising)
    tally = try_format("x", 4, 0)
    assert "boom" in tally.raised
    assert not tally.held


def test_a_frame_without_its_checksum_is_told() -> None:
    """What the deframer passed up is looked at again: the checksum must be there."""
    format_ = open_format("wireless M-Bus format A, mode 5")
    assert not format_.unproven(format_.telegram)
    assert format_.unproven(bytes((*format_.telegram[:20], 0, *format_.telegram[21:])))


def test_mutants_differ() -> None:
    """Nearly all are something else than the telegram."""
    random = Random(1)
    data = bytes(range(200))
    assert sum(mutant(data, random) != data for _ in range(100)) > 90
