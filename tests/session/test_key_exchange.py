"""Exchange of a key while a session runs: both keys are tried, counters are the key's own, the old one is forgotten."""

from copy import replace
from typing import Any

import pytest

from customer_interface import catalogue, simulate
from customer_interface.keys import Key, KeyRing
from customer_interface.reading import Fault, FaultKind, Reading
from customer_interface.session import make_session

from . import mep_wire
from .test_push import ROWS, keyring
from .wire import NOON

NEW_KEY, NEW_AUTHENTICATION = bytes(range(16)), bytes(range(32, 48))
KEYED = [row for row in ROWS if simulate.simulator(*row).keys]


class Exchange:
    """A meter of a row of the catalogue, and the session that reads it, with telegrams handed over one by one."""

    def __init__(self, operator: str, meter: str) -> None:
        """Begin with the keys the customer has."""
        self.profile = catalogue.load().operator(operator).offer(meter).profile
        self.meter: Any = simulate.simulator(operator, meter)
        self.old = keyring(self.profile, dict(self.meter.keys))
        self.session = make_session(self.profile, self.old)
        self.at = NOON

    @property
    def new(self) -> KeyRing:
        """The keys the meter is given; an authentication key only where the customer has one."""
        return KeyRing(
            (Key(NEW_KEY),),
            tuple(Key(NEW_AUTHENTICATION) for _ in self.old.authentication),
        )

    def rekey(self) -> None:
        """Give the meter its new keys."""
        if hasattr(self.meter, "ciphering"):
            changes = {"key": NEW_KEY}
            if self.old.authentication:
                changes["authentication"] = NEW_AUTHENTICATION
            self.meter.ciphering = replace(self.meter.ciphering, **changes)
        else:
            self.meter.key = NEW_KEY

    def telegram(self, counter: int) -> bytes:
        """Return the telegram of now under a frame counter."""
        return b"".join(
            self.meter.compose(self.meter.house.at(self.at), counter).frames
        )

    def hear(self, data: bytes) -> list[Reading | Fault]:
        """Let a telegram arrive, an interval after the one before; return what the session says."""
        self.at += self.meter.interval
        said = [*self.session.receive(data, self.at), *self.session.wake(self.at + 2.0)]
        return [output for output in said if isinstance(output, Reading | Fault)]

    def read(self, counter: int) -> Reading:
        """Let the meter send; return the reading of the meter itself."""
        said = self.hear(self.telegram(counter))
        readings = [one for one in said if isinstance(one, Reading)]
        assert readings, said
        return readings[0]


@pytest.fixture(params=KEYED, ids="/".join)
def exchange(request: pytest.FixtureRequest) -> Exchange:
    """Return each simulated meter that pushes encrypted telegrams."""
    return Exchange(*request.param)


def secrets_of(ring: KeyRing, reading: Reading) -> set[bytes]:
    """Return the keys that opened a telegram and fit its tag."""
    return ring.used_for(reading.key_index, reading.authentication_index)


def test_a_key_is_exchanged_mid_stream(exchange: Exchange) -> None:
    """Old and new key are both tried; the counter begins anew with the new one, and the old one's is not forgotten."""
    exchange.read(50_000)
    both = exchange.old.and_also(exchange.new)
    exchange.session.use_keys(both)
    recorded = exchange.telegram(50_001)
    said = exchange.hear(recorded)
    reading = next(one for one in said if isinstance(one, Reading))
    assert secrets_of(both, reading) >= {exchange.old.keys[0].secret}

    exchange.rekey()
    reading = exchange.read(1)
    proven = secrets_of(both, reading)
    assert proven == {
        key.secret for key in (*exchange.new.keys, *exchange.new.authentication)
    }
    if reading.counter is not None:
        fault, *_ = exchange.hear(recorded)
        assert isinstance(fault, Fault)
        assert fault.kind is FaultKind.REPLAY

    exchange.session.use_keys(exchange.new)
    exchange.read(2)
    fault, *_ = exchange.hear(recorded)
    assert isinstance(fault, Fault)
    assert fault.kind in (FaultKind.KEY, FaultKind.AUTHENTICATION)


def test_a_wrong_new_key_does_no_harm(exchange: Exchange) -> None:
    """While the meter sends under its old keys, a key that never fits changes nothing."""
    exchange.session.use_keys(exchange.old.and_also(exchange.new))
    reading = exchange.read(50_000)
    both = exchange.old.and_also(exchange.new)
    assert NEW_KEY not in secrets_of(both, reading)
    assert NEW_AUTHENTICATION not in secrets_of(both, reading)


def test_the_authentication_key_alone() -> None:
    """A tag says which authentication key it was made with, though the encryption key stays."""
    exchange = Exchange("stadtwerke", "lg-e450")
    exchange.read(50_000)
    both = exchange.old.and_also(KeyRing((), (Key(NEW_AUTHENTICATION),)))
    exchange.session.use_keys(both)
    assert exchange.read(50_001).authentication_index == 0
    exchange.meter.ciphering = replace(
        exchange.meter.ciphering, authentication=NEW_AUTHENTICATION
    )
    reading = exchange.read(50_002)
    assert (reading.key_index, reading.authentication_index) == (0, 1)


def test_a_meter_that_is_asked() -> None:
    """A NES meter refuses requests under its old key; then they are made under the new one, and only under it."""
    meter = mep_wire.meter()
    wire = mep_wire.Wire(meter, mep_wire.client())
    wire.run(20)
    old, new = Key(mep_wire.BASIC), Key(NEW_KEY)
    wire.session.use_keys(KeyRing((old, new)))
    wire.go_on(20)
    assert {reading.key_index for reading in wire.readings} == {0}
    meter.basic = NEW_KEY
    meter.advanced = bytes(16)
    wire.readings.clear()
    wire.go_on(60)
    assert wire.readings[-1].key_index == 1
    wire.session.use_keys(KeyRing((new,)))
    wire.readings.clear()
    wire.faults.clear()
    wire.go_on(20)
    assert {reading.key_index for reading in wire.readings} == {0}
    assert not wire.faults
    wire.session.use_keys(KeyRing((old,)))
    wire.readings.clear()
    wire.go_on(60)
    assert not wire.readings
    assert wire.faults[-1].kind is FaultKind.KEY
