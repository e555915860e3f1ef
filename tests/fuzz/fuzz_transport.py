"""The joining of segments and blocks: whatever order, bounded, and nothing that did not arrive."""

from customer_interface.reading import Fault, Frame, Layer, Link, Message
from customer_interface.transport.afl import AflAssembler
from customer_interface.transport.gbt import BlockTransfer
from customer_interface.transport.hdlc import HdlcAssembler
from customer_interface.transport.mbus import MBusAssembler

# Each piece: kind and pause, length, content.
SEEDS = (
    bytes.fromhex(
        "00 05 000167AABB 00 05 110167CCDD 00 05 110167CCDD 00 05 FF01670102"
    ),
    bytes.fromhex("11 05 E6E7000F01 01 02 0203 01 05 E6E7000F04"),
    bytes.fromhex(
        "01 08 E0400001000001AA 01 08 E0C00002000001BB 41 08 E0C00002000001BB"
    ),
    bytes.fromhex("00 05 9002014078 00 09 900202000413010000"),
)


def fuzz(data: bytes) -> None:
    """Cut the data into frames of M-Bus or HDLC with pauses, and join them."""
    mbus, hdlc, blocks = MBusAssembler(), HdlcAssembler(), BlockTransfer()
    fragments = AflAssembler()
    at, given = 0.0, 0
    results: list[Message | Fault] = []
    while len(data) > 2:
        kind, length, data = data[0], data[1], data[2:]
        payload, data = data[:length], data[length:]
        at += (kind >> 5) / 2
        given += len(payload)
        frame = Frame(
            (Link.MBUS, Link.HDLC)[kind & 1],
            payload,
            more=bool(kind & 0x10),
            check_bits=8,
        )
        joined = mbus.add(frame, at) if frame.link is Link.MBUS else hdlc.add(frame, at)
        for item in joined:
            match item:
                case Message(layer=Layer.MBUS):
                    results += fragments.add(item, at)
                case Message():
                    results += blocks.add(item, at)
                case _:
                    results.append(item)
    for assembler in (mbus, hdlc, fragments, blocks):
        results += assembler.expire(float("inf"))
        assert list(assembler.expire(float("inf"))) == []
    messages = [item for item in results if isinstance(item, Message)]
    assert sum(len(message.payload) for message in messages) <= given
    assert all(message.layer in (Layer.DLMS, Layer.MBUS) for message in messages)
