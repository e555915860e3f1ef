"""Fuzzes the wired master: whatever answers it, it searches, polls, and changes no meter."""

import re

from customer_interface import catalogue
from customer_interface.keys import Key, KeyRing
from customer_interface.reading import Reading
from customer_interface.session import make_session
from customer_interface.session.base import Send, Session, SessionState
from customer_interface.session.bus import BusSession
from customer_interface.session.master import FIRST_ADDRESS, LAST_ADDRESS, Slave

KEY = bytes(range(16))
START = 1_772_362_800.0
# Steps of one input: a search of an empty bus alone has more than 251.
MOST_STEPS = 600
SEEDS = (
    bytes.fromhex("00E500681616680801727856341277040102010000000C1345230100C416"),
    bytes.fromhex("02E5681717680801727856341277040102010000000C13452301001FE316"),
    # DSMR P2 4.2.2, appendix B1.1 with its checksum right: a command, which is no answer.
    bytes.fromhex("01E56819196853015107FD1903E0EED1F68E9B8F47FD195E1372754AB79F278E16"),
)

_PROFILES = catalogue.load().profiles
_SECONDARY = bytes.fromhex("7856341277040102")
_GRAMMAR = re.compile(
    rb"\x10[\x40\x5b\x7b].{2}\x16|\x68\x0b\x0b\x68\x53\xfd\x52.{9}\x16", re.DOTALL
)


def _sessions() -> tuple[Session, ...]:
    ring = KeyRing((Key(KEY),))
    generic, p2 = _PROFILES["mbus-master"], _PROFILES["p2-wired"]
    remembered = SessionState(extra={"slaves": "1 s7856341277040102"})
    slaves = (Slave(1, interval=60), Slave(secondary=_SECONDARY, interval=90))
    return (
        make_session(generic, ring),
        make_session(p2, ring),
        make_session(generic, ring, remembered),
        make_session(generic, ring, slaves=slaves),
    )


def fuzz(data: bytes) -> None:
    """The first byte chooses the session and the size of the pieces in which the rest arrives as answers."""
    choice = data[:1] or b"\0"
    session = _sessions()[choice[0] % 4]
    size = 1 + choice[0] // 4
    at = START
    outputs = list(session.start(at))
    for place in range(1, min(len(data), MOST_STEPS * size), size):
        at += 0.05
        outputs += session.receive(data[place : place + size], at)
        at = max(at, session.wake_at or at)
        outputs += session.wake(at)
    for output in outputs:
        if isinstance(output, Send):
            assert _GRAMMAR.fullmatch(output.data), output.data.hex()
        if isinstance(output, Reading):
            assert output.check_bits >= 8
    if isinstance(session, BusSession):
        assert len(session.found) <= LAST_ADDRESS - FIRST_ADDRESS + 1 + MOST_STEPS
