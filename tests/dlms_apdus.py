"""Builders of DLMS APDUs for tests, and the way from a telegram to its APDU.

The ciphering is done by `cryptography`'s cipher with a tag of its own length, not by the way the library takes.
"""

from collections.abc import Iterator

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from customer_interface.checksum import crc16_x25
from customer_interface.link import SELF_EVIDENT, links_for
from customer_interface.link.deframer import Deframer
from customer_interface.reading import Fault, Layer, Link
from customer_interface.transport.gbt import BlockTransfer
from customer_interface.transport.hdlc import HdlcAssembler
from customer_interface.transport.mbus import MBusAssembler

# Green Book, examples of general-glo-ciphering.
EK = bytes(range(16))
AK = bytes(range(0xD0, 0xE0))
TITLE = bytes.fromhex("4D4D4D0000BC614E")
KEK = bytes(range(0x40, 0x50))

# Netz NÖ and TINETZ print these keys beside the telegrams in their documents.
NETZ_NOE_KEY = bytes.fromhex("36C66639E48A8CA4D6BC8B282A793BBB")
TINETZ_KEY = bytes.fromhex("101112131415161718191A1B1C1D1E1F")
TINETZ = bytes.fromhex(
    "68FAFA6853FF000167DB084B464D10100000238201092100295B9AEFC1546E644A2C9E32EDD42CBD0F1B945B194D086885C4"
    "D8DF86DD52CB5B448854A6D548D5D270739B2A169D05B013F9015070089D3C5FA45CA05E92309A645CC83D7DA40FBC8F4CF9"
    "C225AFA69A25FF0B2AC9C2744550ABA53CE9143FD10B0AD85FD30BD6B6DFFEE65F8204DC9C5067CA73B62E299A39D50AA730"
    "B2B9AE3836BC2F3490FB41BE5B6F930D84952976369DD7DABBB5A4354AECA1D2486CFF2EB0C6206380BA501D122AF75D716D"
    "3092C3960506A15E06FAB0EE5B7DFA3C2CDF0CAFD051B88E44B8B9FB8865F20CB89D1143CDC7EFEB07FB4C4898E764E9E3A3"
    "2DDC3D1F0F166826266853FF110167B46961CE962B2C78050C96598C7E4D26658043F9CBCA78189BD01B139F8AE0F7391116"
)


def octets(data: bytes, form: int = 1) -> bytes:
    """Put a length in front; `form` is the number of bytes it takes at least."""
    if form == 1 and len(data) < 0x80:
        return bytes((len(data),)) + data
    size = max(form - 1, 1 if len(data) < 0x100 else 2)
    return bytes((0x80 + size,)) + len(data).to_bytes(size, "big") + data


def protect(
    plaintext: bytes,
    control: int = 0x30,
    key: bytes = EK,
    authentication: bytes = AK,
    title: bytes = TITLE,
    counter: int = 0x01234567,
    extra: bytes = b"",
) -> bytes:
    """Return SC, IC, information and tag (IEC 62056-5-3, clause 9.2.7.2)."""
    head = bytes((control,)) + counter.to_bytes(4, "big")
    nonce = title.rjust(8, b"\0") + head[1:]
    gcm = Cipher(algorithms.AES(key), modes.GCM(nonce)).encryptor()
    associated = head[:1] + authentication + extra
    if control & 0x10:
        gcm.authenticate_additional_data(
            associated if control & 0x20 else associated + plaintext
        )
    if control & 0x20:
        information = gcm.update(plaintext)
    else:
        information = plaintext
    gcm.finalize()
    return head + information + (gcm.tag[:12] if control & 0x10 else b"")


def general_glo(
    plaintext: bytes,
    control: int = 0x30,
    *,
    form: int = 1,
    tag: int = 0xDB,
    **how: object,
) -> bytes:
    """Return a general-glo-ciphering (or, with DC, general-ded-ciphering) APDU."""
    title = how.get("title", TITLE)
    assert isinstance(title, bytes)
    body = protect(plaintext, control, **how)  # type: ignore[arg-type]
    return bytes((tag,)) + octets(title) + octets(body, form)


HEADER = (
    octets(bytes(8)) + octets(TITLE) + octets(b"HOMEREAD") + octets(b"") + octets(b"")
)


def general_ciphering(
    plaintext: bytes, key_info: bytes, control: int = 0x31, key: bytes = EK
) -> bytes:
    """Return a general-ciphering APDU with the five fields of HEADER."""
    body = protect(plaintext, control, key, extra=HEADER)
    return b"\xdd" + HEADER + key_info + octets(body)


def general_signing(content: bytes, signature: bytes) -> bytes:
    """Return a general-signing APDU; what is signed is HEADER and the content with its length."""
    return b"\xdf" + HEADER + octets(content) + octets(signature)


def apdus(telegram: bytes, link: Link | None = None) -> Iterator[bytes | Fault]:
    """Yield the APDUs of a telegram, its frames and segments checked and joined by the library."""
    mbus, hdlc, blocks = MBusAssembler(), HdlcAssembler(), BlockTransfer()
    deframer = Deframer(links_for((link,) if link else SELF_EVIDENT))
    for frame in [*deframer.feed(telegram), *deframer.flush()]:
        if isinstance(frame, Fault):
            yield frame
            continue
        if frame.link is Link.BARE:
            yield frame.payload
            continue
        room = mbus if frame.link is Link.MBUS else hdlc
        for message in room.add(frame, 0.0):
            if isinstance(message, Fault):
                yield message
                continue
            for whole in blocks.add(message, 0.0):
                yield whole if isinstance(whole, Fault) else whole.payload
                assert isinstance(whole, Fault) or whole.layer is Layer.DLMS


def integer(tag: int, number: int) -> bytes:
    """Encode an integer; its length follows from the tag."""
    size = {0x0F: 1, 0x11: 1, 0x16: 1, 0x10: 2, 0x12: 2, 0x05: 4, 0x06: 4}.get(tag, 8)
    return bytes((tag,)) + (number % 256**size).to_bytes(size, "big")


def u32(number: int) -> bytes:
    """Encode a double-long-unsigned."""
    return integer(0x06, number)


def u16(number: int) -> bytes:
    """Encode a long-unsigned."""
    return integer(0x12, number)


def string(data: bytes, tag: int = 0x09) -> bytes:
    """Encode an octet-string."""
    return bytes((tag,)) + octets(data)


def code(text: str) -> bytes:
    """Encode an OBIS code `A.B.C.D.E`."""
    return string(bytes((*map(int, text.split(".")), 255)))


def listed(*items: bytes, tag: int = 0x02, count: int | None = None) -> bytes:
    """Encode a structure, or an array."""
    number = len(items) if count is None else count
    return bytes((tag, number)) + b"".join(items)


def scale(exponent: int, unit: int) -> bytes:
    """Encode a scaler-unit."""
    return listed(integer(0x0F, exponent), integer(0x16, unit))


CLOCK = bytes.fromhex("07EA0204030F1E0000FFC400")


def notification(body: bytes, time: bytes = b"\x0c" + CLOCK) -> bytes:
    """Encode a data-notification; `time` is what stands for its date-time."""
    return b"\x0f\x00\x00\x00\x01" + time + body


def hdlc_frame(apdu: bytes) -> bytes:
    """Wrap an APDU as one HDLC frame with LLC header (IEC 62056-46, frame type 3)."""
    head = (0xA000 | len(apdu) + 13).to_bytes(2) + bytes.fromhex("41088313")
    head += crc16_x25(head).to_bytes(2, "little")
    body = head + b"\xe6\xe7\x00" + apdu
    return b"\x7e" + body + crc16_x25(body).to_bytes(2, "little") + b"\x7e"
