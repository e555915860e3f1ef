"""SML messages, which hold their values in plain text."""

from ..application.sml import read
from ..reading import Message
from .context import Context, Peeled
from .stamp import stamped


def peel_sml(message: Message, context: Context, arrived: float | None) -> Peeled:
    """Return the readings and faults of the SML messages of one file."""
    return stamped(read(message.payload), message)
