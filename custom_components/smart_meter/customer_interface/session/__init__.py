"""Sessions: who speaks when, sans-I/O."""

from typing import TYPE_CHECKING

from ..catalogue import Profile, SessionKind
from ..keys import KeyRing
from ..plausibility import Limits
from ..reading import Protection
from .base import KeyedSession, SessionState
from .belief import Belief
from .receiver import Receiver, context_of

if TYPE_CHECKING:
    from ..radio import Stick
    from .master import ScanSession, Slave

__all__ = ["make_search", "make_session"]

_NOTHING_BELIEVED = SessionState()
_NO_KEYS = KeyRing()
_USUAL_LIMITS = Limits()


def make_session(
    profile: Profile,
    keys: KeyRing = _NO_KEYS,
    state: SessionState = _NOTHING_BELIEVED,
    limits: Limits = _USUAL_LIMITS,
    *,
    stick: Stick | None = None,
    slaves: tuple[Slave, ...] | None = None,
    known: frozenset[str] = frozenset(),
    expected: Protection = Protection.NONE,
    radio_mode: str | None = None,
    interval: float | None = None,
) -> KeyedSession:
    """Return the session a profile asks for, going on from a stored state.

    A radio session recognises its stick, unless `stick` says which it is, and sets it to `radio_mode` or the usual one; a
    master polls `slaves`, or searches the bus where that is None. `known` are the keys of meters that are there for
    certain. Telegrams weaker protected than `expected` are withheld. A NES meter is asked every `interval` seconds, where
    that is None as often as the profile says.
    """
    belief = Belief(
        state,
        limits,
        keys,
        counters_restart=not profile.p2,
        known=known,
        expected=expected,
    )
    shortest, longest = profile.interval
    # Each kind is loaded where a meter needs it.
    if profile.session is SessionKind.MEP:
        from .mep import MepSession  # noqa: PLC0415

        return MepSession(keys, belief, interval or shortest)
    receiver = Receiver(profile.links, context_of(profile, keys))
    match profile.session:
        case SessionKind.PUSH:
            from .push import PushSession  # noqa: PLC0415

            return PushSession(receiver, belief, longest)
        case SessionKind.ACKNOWLEDGED:
            from .acknowledged import AcknowledgedSession  # noqa: PLC0415

            return AcknowledgedSession(receiver, belief, longest)
        case SessionKind.MASTER if slaves is not None:
            from .master import MasterSession  # noqa: PLC0415

            return MasterSession(receiver, belief, slaves)
        case SessionKind.MASTER:
            from .bus import BusSession  # noqa: PLC0415

            return BusSession(receiver, belief, interval=shortest, p2=profile.p2)
        case SessionKind.RADIO:
            from ..radio import STICKS, USUAL_MODE  # noqa: PLC0415
            from .radio import RadioSession  # noqa: PLC0415

            sticks = (
                (stick,)
                if stick
                else tuple(make(radio_mode or USUAL_MODE) for make in STICKS.values())
            )
            keyed = any(key.required for key in profile.keys)
            return RadioSession(sticks, receiver, belief, keyed=keyed)


def make_search(profile: Profile, keys: KeyRing = _NO_KEYS) -> ScanSession:
    """Return the session that searches the wired bus of a profile once."""
    from .master import ScanSession  # noqa: PLC0415

    belief = Belief(_NOTHING_BELIEVED, _USUAL_LIMITS, keys)
    receiver = Receiver(profile.links, context_of(profile, keys))
    return ScanSession(receiver, belief, p2=profile.p2)
