"""Link layers: bytes to frames, one module a link."""

from ..reading import Link
from .base import LinkLayer

# Those whose frames can be told apart from one another by their bytes alone, strongest check first.
SELF_EVIDENT = (Link.MBUS, Link.HDLC, Link.P1, Link.SML, Link.BARE)


def links_for(links: tuple[Link, ...]) -> tuple[LinkLayer, ...]:
    """Return the layers of these links, strongest check first."""
    return tuple(_layer(link) for link in SELF_EVIDENT if link in links)


def _layer(link: Link) -> LinkLayer:
    """Return one layer; few meters need more of them."""
    match link:
        case Link.MBUS:
            from .mbus import MBusLink  # noqa: PLC0415

            return MBusLink()
        case Link.HDLC:
            from .hdlc import HdlcLink  # noqa: PLC0415

            return HdlcLink()
        case Link.P1:
            from .p1 import P1Link  # noqa: PLC0415

            return P1Link()
        case Link.SML:
            from .sml import SmlLink  # noqa: PLC0415

            return SmlLink()
        case _:
            from .bare import BareLink  # noqa: PLC0415

            return BareLink()
