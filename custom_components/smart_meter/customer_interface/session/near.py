"""What is known of the meters near a stick, without the session that hears them."""

from collections.abc import Mapping
from types import MappingProxyType

from ..named import NamedTuple
from ..reading import FaultKind, Frame, MeterIdentity


class HeardMeter(NamedTuple):
    """One meter near, as the list of meters shows it.

    `security` is None for meters that do not encrypt, else how (`mode 5`); `fault` is why its last telegram could not
    be read, None where it could or was not to be read. `last_heard` is the arrival in seconds since the epoch;
    `telegrams` counts repeated ones once; `opened` is whether a key opened one of them.
    """

    meter: MeterIdentity
    signal_dbm: int | None = None
    mode: str | None = None
    security: str | None = None
    last_heard: float = 0.0
    telegrams: int = 0
    fault: FaultKind | None = None
    opened: bool = False


class RadioMemory(NamedTuple):
    """What a session knows of the meters near, to hand on to the next one on the same stick.

    Both by the name a meter is listed under, `heard` with the last heard last; `frames` are a meter's last telegrams
    with their arrival, the newest last.
    """

    heard: Mapping[str, HeardMeter] = MappingProxyType({})
    frames: Mapping[str, tuple[tuple[Frame, float], ...]] = MappingProxyType({})
