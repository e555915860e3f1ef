"""Masks: which bytes of a telegram may change, and what becomes of one in which others did."""

from hypothesis import given, strategies as st

from customer_interface.shape.mask import DIGITS, make_mask

DATA = b"/ABC 0042 kWh\r\n"


def test_variable_parts() -> None:
    """What may change is read, in order; what may not is held to the bit."""
    mask = make_mask(DATA, [(5, 7, "2s"), (7, 9, "H")])
    assert mask.read(DATA) == (b"00", int.from_bytes(b"42"))
    assert mask.read(DATA.replace(b"0042", b"\xff\xff\x01\x02")) == (b"\xff\xff", 0x102)
    assert mask.read(DATA.replace(b"k", b"K")) is None


def test_another_length() -> None:
    """Telegrams of another length are another shape, though they begin alike."""
    mask = make_mask(DATA, [(5, 9, "4s")])
    assert mask.read(DATA[:-1]) is None
    assert mask.read(b"\0" + DATA) is None


@given(st.integers(0, len(DATA) - 1), st.integers(0, 255))
def test_digits(place: int, byte: int) -> None:
    """Where digits stand only what begins with 3 in hexadecimal may come, elsewhere nothing else at all."""
    data = DATA[:place] + bytes((byte,)) + DATA[place + 1 :]
    fits = data == DATA or (5 <= place < 9 and byte >> 4 == 3)
    assert (make_mask(DATA, [(5, 9, "4s")], DIGITS).read(data) is not None) == fits
