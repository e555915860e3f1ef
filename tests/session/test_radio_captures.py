"""Published wireless telegrams through the serial protocol of every stick, from its set-up to the reading."""

from dataclasses import dataclass
from typing import Any

import pytest

from customer_interface.catalogue import load
from customer_interface.keys import Key, KeyRing
from customer_interface.link.wmbus import parse_raw
from customer_interface.reading import Frame, Reading
from customer_interface.session import make_session
from customer_interface.session.base import Output, Send
from customer_interface.session.radio import RadioSession
from customer_interface.simulate.radio import STICKS
from tests.captures import cases

WIRELESS = [
    case
    for case in cases("oms")
    if not case.values[0] or case.values[0].get("link") == "wmbus"
]


@dataclass
class Host:
    """A session and a stick that answer each other at once."""

    radio: RadioSession
    stick: Any
    at: float = 1_795_255_200.0

    def carry_out(self, outputs: tuple[Output, ...]) -> list[Reading]:
        """Take commands to the stick; return what was read."""
        readings = [output for output in outputs if isinstance(output, Reading)]
        for output in outputs:
            if isinstance(output, Send) and (data := self.stick.receive(output.data)):
                readings += self.carry_out(self.radio.receive(data, self.at))
        return readings

    def recognise(self, name: str) -> None:
        """Let the session find out which stick it is."""
        self.carry_out(self.radio.start(self.at))
        while self.radio.stick != name and self.radio.wake_at is not None:
            self.at = self.radio.wake_at
            self.carry_out(self.radio.wake(self.at))
        assert self.radio.stick == name

    def hear(self, frame: bytes) -> list[Reading]:
        """Deliver a frame, with the pause behind it."""
        self.at += 60.0
        data = self.stick.deliver(frame, -60, self.at)
        readings = self.carry_out(self.radio.receive(data, self.at))
        return readings + self.carry_out(self.radio.wake(self.at + 1.0))


def bare(capture: dict[str, Any]) -> bytes:
    """Return the frame of a capture from its L field on, without CRCs."""
    frame = parse_raw(bytes.fromhex(capture["hex"]), None)
    assert isinstance(frame, Frame), frame
    body = bytes((frame.control,)) + frame.address + frame.payload
    return bytes((len(body),)) + body


@pytest.mark.parametrize("name", list(STICKS))
@pytest.mark.parametrize("capture", WIRELESS)
def test_capture_through_stick(capture: dict[str, Any], name: str) -> None:
    """The stick is recognised among all kinds, and the telegram read with the values printed beside it."""
    keys = KeyRing((Key(bytes.fromhex(capture["key"])),))
    session = make_session(load().profiles["wmbus"], keys)
    assert isinstance(session, RadioSession)
    host = Host(session, STICKS[name]())
    host.recognise(name)
    (reading,) = host.hear(bare(capture))
    assert reading.encrypted
    assert reading.signal_dbm == (None if name == "rtl_wmbus" else -60)
    for record, printed in zip(
        reading.records, capture.get("records", ()), strict=False
    ):
        if isinstance(printed["value"], float):
            assert float(str(record.value)) == printed["value"]
            assert record.unit == printed["unit"]
