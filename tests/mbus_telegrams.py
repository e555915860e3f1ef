"""Messages for the M-Bus tests: from long frames and from radio frames, and the published telegrams themselves."""

from customer_interface.link.wmbus import parse_raw
from customer_interface.reading import Frame, Layer, Link, Message

# Netz OÖ, Technische Spezifikation AMIS-Zähler Kundenschnittstelle, 2021-11-05.
AMIS = bytes.fromhex(
    "685F5F6853F05B000000002D4C010E0D0050053FD0FEB726760CC7AAF0B52B41F0C541BD6306DCD8B91B3DA2311EF13D2514D096008216"
    "1EFEC4B6CB1E0B3328BE6177DCA594C1280024A835F1D655BA7182B256E94BD33AC0A6B08DA46781EB4E91E01216"
)
AMIS_KEY = bytes.fromhex("00112233445566778899AABBCCDDEEFF")

# OMS Specification Vol. 2, annex N.2.1: mode 5, without CRCs.
OMS_MODE_5 = bytes.fromhex(
    "2E4493157856341233037A2A0020255923C95AAA26D1B2E7493B013EC4A6F6D3529B520EDFF0EA6DEFC99D6D69EBF3"
)
OMS_MODE_5_A = bytes.fromhex(
    "2E44931578563412330333637A2A0020255923C95AAA26D1B2E7493BC2AD013EC4A6F6D3529B520EDFF0EA6DEFC955B29D6D69EBF3EC8A"
)
OMS_MODE_5_B = bytes.fromhex(
    "304493157856341233037A2A0020255923C95AAA26D1B2E7493B013EC4A6F6D3529B520EDFF0EA6DEFC99D6D69EBF3B853"
)
OMS_MODE_5_KEY = bytes.fromhex("0102030405060708090A0B0C0D0E0F11")

# CEN/TR 17167:2018, F.3: mode 7.
MODE_7 = bytes.fromhex(
    "434493157856341233038C2075900F002C25B30A000021924D4F2FB66E017A75002007109058475F4BC91DF878B80A1B0F98B629024AAC"
    "727942BFC549233C0140829B93"
)
MODE_7_KEY = bytes(range(16))

# EN 13757-4, example of the extended link layer as circulated with open implementations.
ELL_CTR = bytes.fromhex(
    "2A442D2C998734761B168D2091D37CAC21E1D68CDAFFCD3DC452BD802913FF7B1706CA9E355D6C2701CC24"
)
ELL_KEY = bytes.fromhex("28F64A24988064A079AA2C807D6102AE")


def wired(frame: bytes) -> Message:
    """Return the message of a long frame `68 L L 68 C A CI ... CS 16`."""
    return Message(
        Layer.MBUS, frame[6:-2], Link.MBUS, frame[4], frame[5:6], check_bits=8
    )


def wired_payload(payload: bytes) -> Message:
    """Return a message from address 1, from its CI field on."""
    return Message(Layer.MBUS, payload, Link.MBUS, 0x08, b"\x01", check_bits=8)


def radio(data: bytes) -> Message:
    """Return the message of a radio frame, with or without CRCs."""
    frame = parse_raw(data)
    assert isinstance(frame, Frame), frame
    return Message(
        Layer.MBUS,
        frame.payload,
        frame.link,
        frame.control,
        frame.address,
        frame.check_bits,
        frame.signal_dbm,
    )
