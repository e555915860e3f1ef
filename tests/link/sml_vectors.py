"""Own SML transmissions, built as annex IV of BSI TR-03109-1 draws them."""

from customer_interface.checksum import crc16_kermit, crc16_x25

ESCAPE = b"\x1b" * 4
SERVER = bytes.fromhex("0A01454D480000BC614E")


def octets(data: bytes) -> bytes:
    """An octet string, its length in one or two bytes."""
    if len(data) < 15:
        return bytes((len(data) + 1,)) + data
    length = len(data) + 2
    return bytes((0x80 | length >> 4, length & 0x0F)) + data


def message(body: bytes, kermit: bool = False) -> bytes:
    """Wrap a message body."""
    head = b"\x76" + octets(b"\x01\x02") + b"\x62\x00\x62\x00" + body
    checksum = (crc16_kermit if kermit else crc16_x25)(head)
    return head + b"\x63" + checksum.to_bytes(2, "little") + b"\x00"


def entry(
    code: str,
    unit: str,
    scaler: str,
    value: str,
    moment: str = "01",
    status: str = "01",
) -> bytes:
    """One value, its parts in hexadecimal."""
    return b"\x77\x07" + bytes.fromhex(
        code + status + moment + unit + scaler + value + "01"
    )


def list_response(*entries: bytes, server: bytes = SERVER, moment: str = "01") -> bytes:
    """The body of a list response."""
    head = bytes.fromhex("72 63 07 01 77 01") + octets(server) + b"\x01"
    return (
        head
        + bytes.fromhex(moment)
        + bytes((0x70 | len(entries),))
        + b"".join(entries)
        + b"\x01\x01"
    )


def transmission(messages: bytes, kermit: bool = False) -> bytes:
    """Wrap messages in the transport protocol."""
    padding = -len(messages) % 4
    content = messages.replace(ESCAPE, ESCAPE * 2) + bytes(padding)
    data = ESCAPE + b"\x01" * 4 + content + ESCAPE + bytes((0x1A, padding))
    checksum = (crc16_kermit if kermit else crc16_x25)(data)
    return data + checksum.to_bytes(2, "little")


OPEN = message(bytes.fromhex("7263010176 01 01 0231 0B0A01454D480000BC614E 01 01"))
CLOSE = message(bytes.fromhex("72 63 02 01 71 01"))
VALUES = message(
    list_response(
        entry("010060320101", "01", "01", "04454D48"),
        entry("0100600100FF", "01", "01", "0B0A01454D480000BC614E"),
        entry("0100010800FF", "621E", "52FF", "5900000000075BCD15", status="641C0104"),
        entry("0100020800FF", "621E", "5203", "620C"),
        entry("0100100700FF", "621B", "5200", "55FFFFFC19"),
    )
)
SML = transmission(OPEN + VALUES + CLOSE)
