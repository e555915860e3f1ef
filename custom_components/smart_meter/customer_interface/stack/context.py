"""What peeling needs from above, and what it keeps of the messages before."""

from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from ..keys import KeyRing
from ..reading import CENTRAL_EUROPE, Fault, Reading
from ..shape.cache import Filled, Shapes

if TYPE_CHECKING:
    from ..application.dlms.layout import Layout
    from ..application.mbus import Formats
    from ..shape.meters import MeterShapes

type Peeled = tuple[Reading | Fault, ...]

_NO_KEYS = KeyRing()


class Context:
    """Keys, positional layouts, and what was learned of the meters of one port.

    `authentication` are authentication keys that are public, `standard_time` is how far the meter's winter time is
    ahead of UTC. `filled` is the last M-Bus message, where it was read at once.
    """

    def __init__(
        self,
        keys: KeyRing = _NO_KEYS,
        layouts: tuple[Layout, ...] = (),
        authentication: tuple[bytes, ...] = (),
        standard_time: timedelta = CENTRAL_EUROPE,
    ) -> None:
        """Begin with nothing learned."""
        self.keys = keys
        self.layouts = layouts
        self.authentication = authentication
        self.standard_time = standard_time
        self.shapes = Shapes()
        self.filled: Filled | None = None

    # M-Bus alone needs these.

    @cached_property
    def formats(self) -> Formats:
        """The M-Bus record formats seen so far."""
        from ..application.mbus import Formats  # noqa: PLC0415

        return Formats()

    @cached_property
    def meters(self) -> MeterShapes:
        """The shapes of M-Bus telegrams."""
        from ..shape.meters import MeterShapes  # noqa: PLC0415

        return MeterShapes()

    def with_keys(self, keys: KeyRing) -> Context:
        """Return a context with other keys that knows the same record formats."""
        other = Context(keys, self.layouts, self.authentication, self.standard_time)
        other.formats = self.formats
        return other
