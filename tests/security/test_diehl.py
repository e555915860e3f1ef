"""Tests of Diehl's scrambling, against a register of bits written for these tests."""

from hypothesis import given, strategies as st

from customer_interface.security.diehl import unscramble

ADDRESS = bytes.fromhex("A511780729662366")
CONSTANTS = (0x39BC8A10 ^ 0xE66D83F8, 0x51728910 ^ 0xE66D83F8)


def scramble(address: bytes, header: bytes, plain: bytes, constant: int) -> bytes:
    """Return a payload whose first five bytes are the header; bits are kept as a list, the oldest first."""
    seed = constant
    for word in (address[:4], address[4:8], header[:4]):
        seed ^= int.from_bytes(word)
    bits = [int(digit) for digit in f"{seed:032b}"]
    scrambled = bytearray()
    for byte in plain:
        for _ in range(8):
            bits = [*bits[1:], bits[-2] ^ bits[-3] ^ bits[-12] ^ bits[0]]
        scrambled.append(byte ^ int("".join(map(str, bits[-8:])), 2))
    return header + bytes(scrambled)


@given(st.binary(max_size=40), st.binary(min_size=5, max_size=5), st.integers(0, 1))
def test_round_trip(plain: bytes, header: bytes, which: int) -> None:
    """What was scrambled with either constant comes back."""
    payload = scramble(ADDRESS, header, plain, CONSTANTS[which])
    assert list(unscramble(ADDRESS, payload))[which] == plain


@given(st.binary(max_size=12), st.binary(max_size=40))
def test_any_bytes(address: bytes, payload: bytes) -> None:
    """Whatever bytes: two guesses as long as the data."""
    sizes = {len(plain) for plain in unscramble(address, payload)}
    assert sizes == {max(0, len(payload) - 5)}
