"""Tests that the radio session reads the simulated NES Gen 4 and its neighbours through the simulated stick."""

import pytest

from customer_interface.catalogue import load
from customer_interface.keys import KeyRing, parse_key
from customer_interface.reading import Fault, FaultKind, Reading
from customer_interface.session import make_session
from customer_interface.session.base import Output, Send
from customer_interface.session.radio import RadioSession
from customer_interface.simulate import simulator
from customer_interface.simulate.wmbus import NesRadioMeter

NOON = 1_795_255_200.0


def _meter(*faults: str) -> NesRadioMeter:
    meter = simulator("linz-netz", "nes-gen4", faults=faults)
    assert isinstance(meter, NesRadioMeter)
    return meter


def _run(
    meter: NesRadioMeter, seconds: float, *, key: bool = True
) -> tuple[RadioSession, list[Output]]:
    """Let session and stick talk for so long; returns the session and what it said."""
    ring = KeyRing(tuple(map(parse_key, meter.keys.values()))) if key else KeyRing()
    radio = make_session(load().profiles["wmbus-nes"], ring)
    assert isinstance(radio, RadioSession)
    said: list[Output] = []
    at = NOON

    def carry_out(outputs: tuple[Output, ...]) -> None:
        said.extend(outputs)
        for output in outputs:
            if isinstance(output, Send):
                for chunk in meter.receive(output.data, at):
                    carry_out(radio.receive(chunk.data, at))

    carry_out(radio.start(at))
    while at < NOON + seconds:
        due = meter.due(at)
        while radio.wake_at is not None and radio.wake_at < due:
            carry_out(radio.wake(radio.wake_at))
        at = due
        for chunk in meter.push(at):
            carry_out(radio.receive(chunk.data, at))
    return radio, said


def test_stick_and_meter() -> None:
    """The stick is recognised, every telegram read, and the numbers are those the meter said."""
    meter = _meter()
    radio, said = _run(meter, 60)
    assert radio.stick == "im871a"
    readings = [output for output in said if isinstance(output, Reading)]
    assert len(readings) == 4
    (own,) = meter.sent
    assert readings[-1].values.items() >= own.values.items()
    assert readings[-1].meter == own.meter
    assert readings[-1].signal_dbm == -52


@pytest.mark.parametrize("neighbours", [50])
def test_many_meters(neighbours: int) -> None:
    """Fifty neighbours on the same stick are listed, each with its number."""
    meter = _meter()
    meter.neighbours = neighbours
    radio, said = _run(meter, 30)
    assert len(radio.heard) == neighbours + 1
    assert {heard.meter.medium for heard in radio.heard} == {"water", "electricity"}
    assert not [output for output in said if isinstance(output, Fault)]


def test_without_a_key() -> None:
    """Without its key the meter is listed as encrypted, with the reason why it is not read."""
    radio, said = _run(_meter(), 15, key=False)
    (heard,) = radio.heard
    assert (heard.meter.manufacturer, heard.security) == ("NES", "mode 5")
    assert heard.fault is FaultKind.KEY
    assert not any(isinstance(output, Reading) for output in said)


def test_noise() -> None:
    """Stray bytes and lost telegrams cost nothing but themselves."""
    _, said = _run(_meter("noise"), 150)
    assert len([output for output in said if isinstance(output, Reading)]) >= 5
    assert {output.kind for output in said if isinstance(output, Fault)} <= {
        FaultKind.NOISE,
        FaultKind.TRUNCATED,
        FaultKind.CHECKSUM,
        FaultKind.KEY,
    }
