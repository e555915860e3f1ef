"""Tests of OMS security by itself: derived keys, vectors, and which of several keys fits."""

from hypothesis import given, strategies as st
import pytest

from customer_interface.reading import Fault, FaultKind
from customer_interface.security.dsmr_p2 import OpenedP2, open_mode_15
from customer_interface.security.oms import (
    Opened,
    cipher_vector,
    cmac,
    derive,
    open_cbc,
    open_link,
    open_mode_7,
)
from tests.captures import cases
from tests.mbus_telegrams import OMS_MODE_5, OMS_MODE_5_KEY

ADDRESS = bytes.fromhex("9315785634123303")
WRONG = b"\x55" * 16


def test_cmac() -> None:
    """RFC 4493, examples 1 and 2."""
    key = bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c")
    assert cmac(key, b"").hex() == "bb1d6929e95937287fa37d129b756746"
    message = bytes.fromhex("6bc1bee22e409f96e93d7e117393172a")
    assert cmac(key, message).hex() == "070a16b46b4d4144f79bdd9dd04a287c"


@pytest.mark.parametrize(
    "capture",
    [case for case in cases("oms") if "kenc" in case.values[0] or not case.values[0]],
)
def test_derived_keys(capture: dict[str, str]) -> None:
    """CEN/TR 17167 F.3: the keys of its message counter."""
    key, counter = bytes.fromhex(capture["key"]), bytes.fromhex("B30A0000")
    assert derive(key, 0, counter, ADDRESS[2:6]).hex() == capture["kenc"]
    assert derive(key, 1, counter, ADDRESS[2:6]).hex() == capture["kmac"]


def test_mode_5_by_its_parts() -> None:
    """The vector is address and access number; the key that fits is told."""
    vector = cipher_vector(ADDRESS, 0x2A)
    assert vector == ADDRESS + b"\x2a" * 8
    opened = open_cbc(
        OMS_MODE_5[15:47], [b"short", WRONG, OMS_MODE_5_KEY], [bytes(16), vector], bool
    )
    assert isinstance(opened, Opened)
    assert opened.key == OMS_MODE_5_KEY
    assert opened.plaintext.startswith(bytes.fromhex("2F2F0C1427048502"))


def test_secrets_are_not_shown() -> None:
    """Neither plaintext nor key appear where a result is printed."""
    opened = Opened(b"plaintext", b"secret")
    assert "plaintext" not in repr(opened)
    assert "secret" not in repr(OpenedP2(b"plaintext", 1, b"secret"))


@given(st.binary(max_size=80), st.binary(max_size=16), st.integers(0, 15))
def test_any_bytes(data: bytes, mac: bytes, blocks: int) -> None:
    """Whatever bytes: nothing raises, and no key fits by accident of the test."""
    whole = data[: len(data) // 16 * 16]
    open_cbc(whole, [WRONG], [bytes(16)], bool)
    open_mode_7(whole, [WRONG], [bytes(4)], bytes(4), mac, data)
    open_link(data, [WRONG], [bytes(16)])
    open_mode_15(data, blocks, [WRONG], ADDRESS)


@pytest.mark.parametrize("keys", [[], [b"short"]])
def test_no_usable_key(keys: list[bytes]) -> None:
    """Without a key of the right length it is the key that is missing."""
    for result in (
        open_cbc(bytes(16), keys, [bytes(16)], bool),
        open_mode_7(bytes(16), keys, [bytes(4)], bytes(4), bytes(8), b""),
        open_link(bytes(16), keys, [bytes(16)]),
        open_mode_15(bytes(16) + bytes.fromhex("04FD0800000000"), 1, keys, ADDRESS),
    ):
        assert isinstance(result, Fault)
        assert (result.kind, "no key" in result.detail) == (FaultKind.KEY, True)


@pytest.mark.parametrize("length", [0, 2])
def test_short_authentication_code(length: int) -> None:
    """A code that is missing or too short to prove anything is refused, right or wrong."""
    mac = cmac(derive(WRONG, 1, bytes(4), bytes(4)), b"")[:length]
    fault = open_mode_7(bytes(16), [WRONG], [bytes(4)], bytes(4), mac, b"")
    assert isinstance(fault, Fault)
    assert fault.kind is FaultKind.AUTHENTICATION
