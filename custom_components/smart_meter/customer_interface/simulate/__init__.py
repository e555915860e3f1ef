"""A meter of every row of the catalogue, and the line it hangs on."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from ..errors import CatalogueError, CustomerInterfaceError
from . import (
    amis,
    bus,
    countries,
    egd,
    han,
    iskra,
    kamstrup,
    ksmw,
    landis,
    lists,
    mep,
    noe,
    p2,
    sml,
    styria,
    wmbus,
)
from .meter import Meter, Plan

if TYPE_CHECKING:
    from collections.abc import Callable


class _Row(Protocol):
    def build(
        self, operator: str, meter: str, seed: int, plans: tuple[Plan, ...]
    ) -> Meter:
        """Make one meter."""


ROWS: Mapping[tuple[str, str], _Row] = {
    **noe.ROWS,
    **ksmw.ROWS,
    **lists.ROWS,
    **landis.ROWS,
    **styria.ROWS,
    **amis.ROWS,
    **kamstrup.ROWS,
    **mep.ROWS,
    **countries.ROWS,
    **han.ROWS,
    **iskra.ROWS,
    **egd.ROWS,
    **sml.ROWS,
    **wmbus.ROWS,
    **bus.ROWS,
    **p2.ROWS,
}


def simulator(
    operator: str, meter: str, *, seed: int = 1, faults: tuple[str, ...] = ()
) -> Meter:
    """Return the simulated meter of a grid operator; another `seed` is another household.

    Raises CatalogueError where nobody simulates this meter, CustomerInterfaceError for a fault nobody knows.
    """
    row = ROWS.get((operator, meter))
    if row is None:
        known = ", ".join(m for o, m in ROWS if o == operator) or "none"
        raise CatalogueError(
            f"no simulated meter {meter!r} of {operator!r}; there are: {known}"
        )
    return row.build(
        operator, meter, seed, tuple(Plan.parse(fault) for fault in faults)
    )


def radio_simulator(
    operator: str,
    meter: str,
    stick: str,
    neighbours: int,
    *,
    seed: int = 1,
    faults: tuple[str, ...] = (),
) -> Meter:
    """Return a stick of this kind that hears the meter of a grid operator and so many neighbours of all kinds.

    Raises CustomerInterfaceError where there is no such stick, or the meter does not send by radio.
    """
    from . import radio  # noqa: PLC0415 - most meters send over a wire

    if (operator, meter) not in wmbus.ROWS or stick not in radio.STICKS:
        known = ", ".join(radio.STICKS)
        raise CustomerInterfaceError(
            f"{meter} of {operator} and the stick {stick!r} do not go together; there are: {known}"
        )
    own = radio.NesMeter(
        str(84_000_000 + seed), bytes.fromhex(keys(operator, meter)["oms"])
    )
    return radio.RadioReceiver(
        radio.STICKS[stick](),
        (own, *radio.neighbourhood(neighbours)),
        tuple(Plan.parse(fault) for fault in faults),
        keys(operator, meter),
    )


def keys(operator: str, meter: str) -> Mapping[str, str]:
    """Return the keys of a simulated meter by their ids, as hexadecimal digits."""
    return simulator(operator, meter).keys


async def serve(
    operator: str,
    meter: str,
    port: str,
    *,
    speed: float = 1.0,
    seed: int = 1,
    faults: tuple[str, ...] = (),
    stick: str | None = None,
    neighbours: int = 0,
    announce: Callable[[str], None] = print,
) -> None:
    """Be a meter on a port (`pty`, `tcp:PORT`, `rfc2217:PORT`) until cancelled; says where through `announce`.

    A meter that sends by radio may have `neighbours`, behind a `stick` of another kind.
    """
    from .line import open_port  # noqa: PLC0415 - ports are for those who serve, templates for all

    served = (
        radio_simulator(
            operator, meter, stick or "im871a", neighbours, seed=seed, faults=faults
        )
        if stick or neighbours
        else simulator(operator, meter, seed=seed, faults=faults)
    )
    async with open_port(served, port, speed) as line:
        announce(line.address)
        await line.closed()
