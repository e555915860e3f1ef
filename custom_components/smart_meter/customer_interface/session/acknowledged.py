"""Acknowledged push: the meter is the master and wants E5 for every frame (Netz OÖ, Siemens TD-3510/3511/3512).

    meter   10 40 F0 30 16      SND_NKE to 240, once a minute while it searches
    we      E5                  within 0.5 s
    meter   68 5F 5F 68 53 F0   SND_UD, once a second, FCB toggling 53 <-> 73
    we      E5                  on the link's checksum alone, before decryption, also with a wrong key

Netz OÖ, Technische Spezifikation AMIS-Zähler Kundenschnittstelle (2021). Nothing but E5 can be sent.
"""

from ..reading import Fault, Frame, Link
from .base import Output, Send
from .push import PushSession

ACKNOWLEDGE = b"\xe5"
METER_ADDRESS = b"\xf0"
_SND_NKE = 0x40
_SND_UD = frozenset({0x53, 0x73})


def acknowledgement(items: list[Frame | Fault]) -> tuple[Send, ...]:
    """Return one E5 for the newest frame where it wants one; older ones would come too late for the meter."""
    wanted = (
        bool(items) and isinstance(items[-1], Frame) and _wants_acknowledge(items[-1])
    )
    return (Send(ACKNOWLEDGE),) if wanted else ()


class AcknowledgedSession(PushSession):
    """A push session that acknowledges what its checksum proves whole."""

    shortest_silence = 70.0
    """A meter that lost us searches once a minute."""

    _last: Frame | None = None

    def start(self, at: float) -> tuple[Output, ...]:
        """Begin again: the next frame is no repetition of one before the pause."""
        self._last = None
        return super().start(at)

    def receive(self, data: bytes, at: float) -> tuple[Output, ...]:
        """Acknowledge first, decode then; a repeated frame is acknowledged and dropped.

        While the next frame is already coming in an E5 would collide with it, and none is sent.
        """
        items = self._receiver.frames(data, at)
        reply = () if self._receiver.holding else acknowledgement(items)
        return (*reply, *self._carried_up(items, at))

    def _selected(self, items: list[Frame | Fault]) -> list[Frame | Fault]:
        fresh: list[Frame | Fault] = []
        for item in items:
            if isinstance(item, Fault):
                fresh.append(item)
            elif _wants_acknowledge(item):
                fresh += self._new(item)
        return fresh

    def _new(self, frame: Frame) -> list[Frame | Fault]:
        repeated = frame == self._last
        self._last = frame
        return [] if repeated or frame.control == _SND_NKE else [frame]


def of_meter(frame: Frame) -> bool:
    """Tell a frame of a meter that wants its frames acknowledged."""
    return frame.link is Link.MBUS and frame.address == METER_ADDRESS


def is_search(frame: Frame) -> bool:
    """Tell a meter that searches for somebody who acknowledges."""
    return of_meter(frame) and frame.control == _SND_NKE


def _wants_acknowledge(frame: Frame) -> bool:
    return is_search(frame) or (of_meter(frame) and frame.control in _SND_UD)
