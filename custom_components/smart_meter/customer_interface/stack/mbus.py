"""M-Bus messages: the wrappers of OMS, then records."""

from ..oms import open_message
from ..reading import Message
from .context import Context, Peeled


def peel_mbus(message: Message, context: Context, arrived: float | None) -> Peeled:
    """Return the readings and faults of one message, at once where its shape is known."""
    filled = context.filled = context.meters.read(message, context.keys, arrived)
    if filled is not None:
        return (filled.reading,)
    results = open_message(message, context.keys, context.formats)
    context.meters.learn(message, results, context.formats)
    return results
