"""M-Bus messages below the records: headers, layers and decryption, wired and wireless, with and without a key."""

from customer_interface.application.mbus import Formats
from customer_interface.keys import Key, KeyRing
from customer_interface.oms import as_sent, meter_of, open_message, security_of
from customer_interface.reading import Fault, Layer, Link, Message, Reading
from tests.mbus_telegrams import (
    AMIS,
    AMIS_KEY,
    ELL_CTR,
    ELL_KEY,
    MODE_7,
    MODE_7_KEY,
    OMS_MODE_5,
    OMS_MODE_5_KEY,
)

KEYS = KeyRing(tuple(map(Key, (AMIS_KEY, OMS_MODE_5_KEY, MODE_7_KEY, ELL_KEY))))

SEEDS = (
    b"\x01" + OMS_MODE_5[2:],
    b"\x01" + MODE_7[2:],
    b"\x01" + ELL_CTR[2:],
    b"\x00" + bytes(8) + AMIS[6:-2],
    bytes.fromhex("01 6850785634126980 A0119F270204800483 00C408F709"),
    bytes.fromhex("01 A511780729662366 A220118001 00112233445566778899AABB"),
    bytes.fromhex("01 0106785634120507 7A9A000000 0F0A734393CC000010030F0000FF"),
    bytes.fromhex("01 0106785634121407 A05C01 00112233445566778899AABBCCDDEEFF"),
    bytes.fromhex("01 1486785634120408 B600A0 A100005A00000002003222C013B415"),
    bytes.fromhex("01 B409785634120507 7A050006101115") + bytes(20),
    bytes.fromhex("01 B409785634121307 7A8F000000 0F950A24042507000000") + bytes(36),
)


def fuzz(data: bytes) -> None:
    """The first byte chooses the link, eight are the address, the rest is the payload."""
    if len(data) < 9:
        return
    wireless = data[0] & 1
    address = data[1:9] if wireless else data[1:2]
    message = Message(
        Layer.MBUS, data[9:], Link.WMBUS if wireless else Link.MBUS, 0x44, address
    )
    meter_of(message)
    assert len(as_sent(message.payload)) == len(message.payload)
    security_of(message)
    for keys in (KEYS, KeyRing()):
        for item in open_message(message, keys, Formats()):
            assert isinstance(item, Reading | Fault)
            if isinstance(item, Reading) and item.encrypted:
                # Without a key of ours only the public one of a maker can have opened it.
                assert (item.key_index is not None) == bool(keys.keys)
