"""SML messages: whatever bytes, readings from sound messages only, or a fault."""

from decimal import Decimal

from customer_interface.application.sml import read
from customer_interface.reading import Reading
from tests.link.sml_vectors import CLOSE, OPEN, VALUES, list_response, message

SEEDS = (
    b"\x00" + OPEN + VALUES + CLOSE,
    b"\x00" + message(list_response(), kermit=True),
    b"\x01" + list_response(),
)


def fuzz(data: bytes) -> None:
    """The first byte says whether a sound checksum is put around the rest."""
    results = read(message(data[1:]) if data[:1] == b"\x01" else data[1:])
    assert results
    for result in results:
        if isinstance(result, Reading):
            for value in result.values.values():
                assert not isinstance(value.value, Decimal) or value.value.is_finite()
