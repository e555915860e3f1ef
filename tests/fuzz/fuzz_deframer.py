"""The hunt for frames: whatever bytes in whatever pieces, bounded, and no frame that its checks do not prove."""

from collections.abc import Iterator

from customer_interface.checksum import crc16_arc, crc16_x25
from customer_interface.link import SELF_EVIDENT, links_for
from customer_interface.link.deframer import Deframer
from customer_interface.reading import Fault, Frame, Link
from tests.link.sml_vectors import SML
from tests.link.vectors import AMIS, BARE, GBT, HDLC, MBUS_ONE, NETZ_NOE, NORWAY, P1

SEEDS = tuple(
    bytes((step,)) + data
    for step in (0, 20)
    for data in (NETZ_NOE, AMIS + MBUS_ONE, HDLC + NORWAY, GBT, BARE, P1, SML)
)
LINKS = links_for(SELF_EVIDENT)
LONGEST = max(link.longest for link in LINKS)


def fuzz(data: bytes) -> None:
    """The first byte chooses the size of the pieces."""
    if not data:
        return
    step, data = data[0] + 1, data[1:]
    deframer, items = Deframer(LINKS), list[Frame | Fault]()
    for start in range(0, len(data), step):
        items += deframer.feed(data[start : start + step])
        assert deframer.holding <= LONGEST + step
    items += deframer.flush()
    assert deframer.holding == 0
    frames = [item for item in items if isinstance(item, Frame)]
    assert sum(len(frame.payload) for frame in frames) <= len(data) + 10 * len(frames)
    for frame in frames:
        prove(frame, data)


def prove(frame: Frame, data: bytes) -> None:
    """Find the frame in the bytes again, with its checksum behind it."""
    match frame.link:
        case Link.MBUS if frame.payload:
            body = bytes((frame.control,)) + frame.address + frame.payload
            assert body + bytes((sum(body) & 0xFF, 0x16)) in data
        case Link.HDLC if frame.payload:
            assert any(
                crc16_x25(data[start : at + len(frame.payload)]).to_bytes(2, "little")
                in data
                for at in _places(frame.payload, data)
                for start in range(max(0, at - 14), at)
            )
        case Link.P1 if frame.check_bits:
            text, _, digits = frame.payload.rpartition(b"!")
            unix = text.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
            sums = {crc16_arc(text + b"!"), crc16_arc(unix + b"!")}
            assert int(digits, 16) in sums


def _places(piece: bytes, data: bytes) -> Iterator[int]:
    """Yield every place of a piece: the same payload may stand in a damaged frame before."""
    at = data.find(piece)
    while at >= 0:
        yield at
        at = data.find(piece, at + 1)
