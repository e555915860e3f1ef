"""P1 texts: whatever text, readings with plain units and exact numbers, or one fault."""

from decimal import Decimal

from customer_interface.application.dsmr import read
from customer_interface.reading import Fault, Reading
from tests.link.vectors import P1

SEEDS = (
    P1,
    b"/ABC5\r\n\r\n0-1:24.1.0(003)\r\n0-1:24.3.0(161107190000)(00)(60)(1)(0-1:24.2.1)(m3)\r\n(00001.001)\r\n!",
    b"/ABC5\r\n\r\n1-0:99.97.0(1)(0-0:96.7.19)(000104180320W)(0000237126*s)\r\n0-0:96.13.0(303132)\r\n!",
    b"/ABC5\r\n\r\n0-0:98.1.0(1)(1-0:1.6.0)(1-0:1.6.0)(230901000000S)(230831181500S)(01.862*kW)\r\n1-0:0.9.1(222553)\r\n!",
)


def fuzz(data: bytes) -> None:
    """Read it."""
    results = read(data)
    assert results
    for result in results:
        if isinstance(result, Fault):
            assert len(results) == 1
            continue
        assert isinstance(result, Reading)
        for value in result.values.values():
            assert not (
                isinstance(value.value, Decimal) and not value.value.is_finite()
            )
            assert value.log is None or value.value is None
