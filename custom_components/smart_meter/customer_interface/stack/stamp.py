"""What the link knows of a message, for those whose payload says nothing of it."""

from ..reading import Message, Reading
from .context import Peeled


def stamped(results: Peeled, message: Message) -> Peeled:
    """Add what the link knows."""
    return tuple(
        item._replace(
            check_bits=max(item.check_bits, message.check_bits),
            signal_dbm=message.signal_dbm,
        )
        if isinstance(item, Reading)
        else item
        for item in results
    )
