"""Link layers: bytes to frames, one module a link."""

from ..reading import Link
from .bare import BareLink
from .base import LinkLayer
from .hdlc import HdlcLink
from .mbus import MBusLink
from .p1 import P1Link
from .sml import SmlLink

_LAYERS: dict[Link, LinkLayer] = {
    Link.MBUS: MBusLink(),
    Link.HDLC: HdlcLink(),
    Link.P1: P1Link(),
    Link.SML: SmlLink(),
    Link.BARE: BareLink(),
}

# Those whose frames can be told apart from one another by their bytes alone, strongest check first.
SELF_EVIDENT = tuple(_LAYERS)


def links_for(links: tuple[Link, ...]) -> tuple[LinkLayer, ...]:
    """Return the layers of these links, strongest check first."""
    return tuple(layer for link, layer in _LAYERS.items() if link in links)
