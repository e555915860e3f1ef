"""Sessions: who speaks when, sans-I/O."""

from ..catalogue import Profile, SessionKind
from ..errors import CatalogueError
from ..keys import KeyRing
from ..plausibility import Limits
from ..radio import STICKS, USUAL_MODE, Stick
from ..reading import Protection
from .acknowledged import AcknowledgedSession
from .base import KeyedSession, SessionState
from .belief import Belief
from .bus import BusSession
from .master import MasterSession, ScanSession, Slave
from .push import PushSession
from .radio import RadioSession
from .receiver import Receiver, context_of

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
    radio_mode: str = USUAL_MODE,
    interval: float | None = None,
) -> KeyedSession:
    """Return the session a profile asks for, going on from a stored state.

    A radio session recognises its stick, which it sets to `radio_mode`, unless `stick` says which it is; a master
    polls `slaves`, or searches the bus where that is None. `known` are the keys of meters that are there for certain.
    Telegrams weaker protected than `expected` are withheld. A NES meter is asked every `interval` seconds, where that is
    None as often as the profile says. Raises CatalogueError for a profile of a kind that has no session.
    """
    belief = Belief(
        state,
        limits,
        keys,
        counters_restart=not profile.p2,
        known=known,
        expected=expected,
    )
    if profile.session is SessionKind.MEP:
        from .mep import MepSession  # noqa: PLC0415 - few meters need the C12.19 tables

        return MepSession(keys, belief, interval or profile.interval[0])
    receiver = Receiver(profile.links, context_of(profile, keys))
    longest = profile.interval[1]
    if profile.session is SessionKind.ACKNOWLEDGED:
        return AcknowledgedSession(receiver, belief, longest)
    if profile.session is SessionKind.PUSH:
        return PushSession(receiver, belief, longest)
    if profile.session is SessionKind.MASTER:
        if slaves is not None:
            return MasterSession(receiver, belief, slaves)
        return BusSession(receiver, belief, interval=profile.interval[0], p2=profile.p2)
    if profile.session is SessionKind.RADIO:
        sticks = (
            (stick,) if stick else tuple(make(radio_mode) for make in STICKS.values())
        )
        keyed = any(key.required for key in profile.keys)
        return RadioSession(sticks, receiver, belief, keyed=keyed)
    raise CatalogueError(f"{profile.id}: no session of kind {profile.session}")


def make_search(profile: Profile, keys: KeyRing = _NO_KEYS) -> ScanSession:
    """Return the session that searches the wired bus of a profile once."""
    belief = Belief(_NOTHING_BELIEVED, _USUAL_LIMITS, keys)
    receiver = Receiver(profile.links, context_of(profile, keys))
    return ScanSession(receiver, belief, p2=profile.p2)
