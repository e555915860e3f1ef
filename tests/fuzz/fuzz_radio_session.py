"""Radio receivers behind every stick: whatever the stick says, bounded, and nothing sent but its own commands."""

from customer_interface import catalogue, simulate
from customer_interface.keys import Key, KeyRing
from customer_interface.reading import Reading
from customer_interface.session import make_session
from customer_interface.session.base import Send
from customer_interface.simulate.radio import STICKS
from tests.fuzz.conversation import NOON, converse

ROW = "linz-netz", "nes-gen4"
NAMES = tuple(STICKS)
PROFILES = tuple(
    catalogue.load().profiles[name] for name in ("wmbus-nes", "wmbus", "p2-mode15")
)
KEY = Key(bytes.fromhex(simulate.keys(*ROW)["oms"]))


def _delivered(name: str) -> bytes:
    """Return what a stick that is set up says of some meters."""
    receiver = simulate.radio_simulator(*ROW, name, 6)
    session = make_session(PROFILES[0], KeyRing())
    converse(session, 0, b"", receiver.stick.receive)
    return receiver.telegram(NOON)


SEEDS = tuple(
    bytes((16 * profile + number, 31)) + _delivered(name)
    for profile in range(len(PROFILES))
    for number, name in enumerate(NAMES)
)


def fuzz(data: bytes) -> None:
    """The first byte chooses profile and stick, the second the rhythm."""
    if len(data) < 2:
        return
    stick = STICKS[NAMES[data[0] % len(NAMES)]]()
    profile = PROFILES[data[0] // 16 % len(PROFILES)]
    session = make_session(profile, KeyRing((KEY,)))
    for output in converse(session, data[1], data[2:], stick.receive):
        if isinstance(output, Send):
            assert len(output.data) <= 64
        if isinstance(output, Reading) and output.encrypted:
            assert output.key_index == 0
