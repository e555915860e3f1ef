"""Ciphered P1 telegrams of three countries, from their bytes to values."""

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
import pytest

from customer_interface import catalogue
from customer_interface.checksum import crc16_arc
from customer_interface.decode import decode
from customer_interface.keys import Key, KeyRing
from customer_interface.obis import ObisCode
from customer_interface.reading import Fault, FaultKind, Reading
from tests.link.vectors import BARE, BARE_OTHER

KEY = bytes(range(16))
GRAZ = bytes(range(0xD0, 0xE0))
# Public: every meter of Luxembourg has this one.
LUXEMBOURG = bytes.fromhex("00112233445566778899AABBCCDDEEFF")
ENERGY = ObisCode(1, 0, 1, 8, 0)


def ring(authentication: bytes | None = None, key: bytes = KEY) -> KeyRing:
    """Make a ring of one key and maybe an authentication key."""
    return KeyRing((Key(key),), (Key(authentication),) if authentication else ())


def only(data: bytes, keys: KeyRing) -> Reading | Fault:
    """Return the only result."""
    (result,) = decode(data, keys)
    return result


@pytest.mark.parametrize(
    ("data", "authentication"), [(BARE, GRAZ), (BARE_OTHER, LUXEMBOURG)]
)
def test_text_in_a_bare_apdu(data: bytes, authentication: bytes) -> None:
    """With both keys the reading is authenticated, with one it is read; the text's own checksum counts."""
    reading = only(data, ring(authentication))
    assert isinstance(reading, Reading)
    assert reading.values[ENERGY].value == 6545766
    assert reading.authenticated
    assert reading.check_bits == 96
    unauthenticated = only(data, ring())
    assert isinstance(unauthenticated, Reading)
    assert not unauthenticated.authenticated
    assert unauthenticated.check_bits == 16


def test_authentication_key_that_is_public() -> None:
    """Luxembourg's is built in: with the decryption key alone a reading is authenticated, and one of elsewhere refused."""
    profile = catalogue.load().operator("lu-smarty").offers[0].profile
    (reading,) = decode(BARE_OTHER, ring(), profile=profile)
    assert isinstance(reading, Reading)
    assert reading.authenticated
    (fault,) = decode(BARE, ring(), profile=profile)
    assert isinstance(fault, Fault)
    assert fault.kind is FaultKind.AUTHENTICATION


def test_damaged_text_in_a_bare_apdu() -> None:
    """Without the tag the checksum inside the cipher finds the damage."""
    damaged = bytearray(BARE)
    damaged[90] ^= 1
    fault = only(bytes(damaged), ring())
    assert isinstance(fault, Fault)
    assert fault.kind is FaultKind.CHECKSUM


def polish(lines: bytes, key: bytes = KEY, authentication: bytes = GRAZ) -> bytes:
    """Cipher lines as the Polish Kaifa does; its checksum is assumed to cover the cipher."""
    counter = (0x451A).to_bytes(4)
    sealed = AESGCM(key).encrypt(bytes(8) + counter, lines, b"\x30" + authentication)
    cipher = b"\x30" + counter + sealed[:-16] + sealed[-16:-4]
    text = b"/KFM5KAIFA-METER\r\n\r\n\0\x82" + len(cipher).to_bytes(2) + cipher + b"!"
    return text + b"%04X\r\n" % crc16_arc(text)


LINES = (
    b"0-0:1.0.0(251125105643W)\r\n0-0:96.1.0(3330303537373735)\r\n"
    b"1-0:1.8.0(000336.420*kWh)\r\n1-0:1.7.0(00.132*kW)\r\n"
)


@pytest.mark.parametrize("authentication", [GRAZ, None])
def test_cipher_in_a_text(authentication: bytes | None) -> None:
    """The lines inside have no identification; a title of zeros is no name."""
    reading = only(polish(LINES), ring(authentication))
    assert isinstance(reading, Reading)
    assert reading.values[ENERGY].value == 336420
    assert (reading.meter.key, reading.meter.title) == ("30057775", None)
    assert reading.counter == 0x451A
    assert reading.authenticated == (authentication is not None)


def test_cipher_in_a_text_with_another_key() -> None:
    """A wrong key is told from damage."""
    fault = only(polish(LINES), ring(key=bytes(16)))
    assert isinstance(fault, Fault)
    assert fault.kind is FaultKind.KEY
    damaged = bytearray(polish(LINES))
    damaged[60] ^= 1
    fault = only(bytes(damaged), ring())
    assert isinstance(fault, Fault)
    assert fault.kind is FaultKind.CHECKSUM
