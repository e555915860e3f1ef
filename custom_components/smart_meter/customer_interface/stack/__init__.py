"""Peels wrapper after wrapper off a message until values are left: pure, and of bounded depth.

One module a layer: what a room needs is loaded with it, and the rooms of layers that no meter sends are not.
"""

from collections.abc import Callable, Iterable
from functools import cache

from ..reading import Layer, Link, Message
from .context import Context, Peeled

__all__ = ["Context", "Peeled", "carried", "peel", "prepare"]

# What may lie on top of the messages of a link. A BARE ciphered APDU may hold a text, in Luxembourg it does.
_CARRIED: dict[Link, tuple[Layer, ...]] = {
    Link.MBUS: (Layer.MBUS, Layer.DLMS),
    Link.HDLC: (Layer.DLMS,),
    Link.P1: (Layer.DSMR,),
    Link.BARE: (Layer.DLMS, Layer.DSMR),
    Link.SML: (Layer.SML,),
    Link.WMBUS: (Layer.MBUS,),
}

type _Room = Callable[[Message, Context, float | None], Peeled]


def peel(message: Message, context: Context, arrived: float | None = None) -> Peeled:
    """Return the readings and faults of one whole message. Never raises for what a meter sent."""
    return _room(message.layer)(message, context, arrived)


def carried(links: Iterable[Link], *, ciphered: bool) -> frozenset[Layer]:
    """Return the layers that messages of these links may have; where P1 is `ciphered` it carries APDUs (Poland)."""
    layers = {layer for link in links for layer in _CARRIED.get(link, ())}
    return frozenset(
        layers | {Layer.DLMS} if ciphered and Layer.DSMR in layers else layers
    )


def prepare(layers: Iterable[Layer]) -> None:
    """Load what messages of these layers need, so that the first of them need not wait for it; blocking."""
    for layer in layers:
        _room(layer)


@cache
def _room(layer: Layer) -> _Room:
    match layer:
        case Layer.DLMS:
            from .apdu import peel_apdu as room  # noqa: PLC0415
        case Layer.MBUS:
            from .mbus import peel_mbus as room  # noqa: PLC0415
        case Layer.DSMR:
            from .text import peel_text as room  # noqa: PLC0415
        case Layer.SML:
            from .sml import peel_sml as room  # noqa: PLC0415
    return room
