"""DSMR texts: plain on a P1 port, or what was inside a ciphered APDU."""

from ..application.dsmr import read
from ..link.base import Found
from ..link.p1 import P1Link
from ..reading import CENTRAL_EUROPE, Fault, FaultKind, Frame, Message, Reading
from ..shape.cache import Known
from ..shape.dsmr import learn
from .context import Context, Peeled
from .stamp import stamped

# A text without its identification begins with the A of an OBIS code, and has no checksum.
_LINE = (b"0-", b"1-")


def peel_text(message: Message, context: Context, arrived: float | None) -> Peeled:
    """Return the readings and faults of one text, at once where its shape is known."""
    known = context.shapes.read(message, context.keys, arrived)
    if known is not None:
        return known
    results = stamped(read(message.payload, context.standard_time), message)
    # A shape knows Central European time only.
    if context.shapes.wanted and context.standard_time == CENTRAL_EUROPE:
        shape = _learned(message, results)
        if shape is not None:
            context.shapes.keep(message, shape)
    return results


def _learned(message: Message, results: Peeled) -> Known | None:
    """Return what lets the next text of the same shape be read at once."""
    readings = tuple(item for item in results if isinstance(item, Reading))
    if not readings or len(readings) < len(results):
        return None
    shape = learn(message.payload, readings)
    if shape is None:
        return None
    known = Known(shape, None, message.check_bits, readings)
    return known if known.read(message, readings[0].arrived) == readings else None


def read_inside(text: bytes, context: Context) -> Peeled:
    """Read a text that was inside a cipher; its own checksum, where it has one, is verified too."""
    if text.startswith(_LINE):
        return read(text, context.standard_time)
    look = P1Link().look(text, 0)
    if not isinstance(look, Found):
        return (Fault(FaultKind.TRUNCATED, "the text inside the cipher has no end"),)
    if isinstance(look.item, Fault):
        return (look.item,)
    frame: Frame = look.item
    return tuple(
        item._replace(check_bits=frame.check_bits)
        if isinstance(item, Reading)
        else item
        for item in read(frame.payload, context.standard_time)
    )
