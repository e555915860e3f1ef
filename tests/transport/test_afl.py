"""Tests of messages in several fragments: joined, with one MAC over the whole; loss, repetition and bounds."""

from copy import replace

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given, strategies as st
import pytest

from customer_interface.application.mbus import Formats
from customer_interface.keys import Key, KeyRing
from customer_interface.link.wmbus import parse_raw
from customer_interface.oms import open_message
from customer_interface.reading import Fault, FaultKind, Layer, Link, Message, Reading
from customer_interface.security.oms import cmac, derive
from customer_interface.session.receiver import Receiver
from customer_interface.stack import Context
from customer_interface.transport.afl import Afl, AflAssembler, parse_afl
from tests.transport.assembling import run

KEY = bytes(range(16))
ADDRESS = bytes.fromhex("9315785634123303")
COUNTER = bytes.fromhex("B30A0000")
MCL = b"\x35"
VALUES = 20


def transport() -> bytes:
    """Return a transport layer of security mode 7 whose records fill several fragments."""
    plain = b"\x2f\x2f" + b"".join(
        bytes((0x04, 0x13)) + number.to_bytes(4, "little") for number in range(VALUES)
    )
    plain += b"\x2f" * (-len(plain) % 16)
    key = derive(KEY, 0, COUNTER, ADDRESS[2:6])
    encryptor = Cipher(algorithms.AES(key), modes.CBC(bytes(16))).encryptor()
    header = bytes.fromhex("7A 75 00") + bytes((len(plain) // 16 << 4, 0x07, 0x10))
    return header + encryptor.update(plain)


WHOLE = transport()


def fragments(size: int, *, below: bytes = b"", change: int = 0) -> list[Message]:
    """Cut the transport layer; the first fragment has MCL, counter and length, the last one the MAC."""
    length = len(WHOLE).to_bytes(2, "little")
    code = derive(KEY, 1, COUNTER, ADDRESS[2:6])
    mac = cmac(code, MCL + COUNTER + length + WHOLE)[:8]
    parts = [WHOLE[at : at + size] for at in range(0, len(WHOLE), size)]
    parts[-1] = parts[-1][:-1] + bytes((parts[-1][-1] ^ change,))
    messages = []
    for number, part in enumerate(parts, 1):
        first, more = number == 1, number < len(parts)
        layer = Afl(
            mcl=MCL if first else b"",
            key_info=b"",
            counter=COUNTER if first else b"",
            mac=b"" if more else mac,
            length=length if first else b"",
            payload=part,
            fragment=number,
            more=more,
        )
        messages.append(
            Message(Layer.MBUS, below + layer.to_bytes(), Link.WMBUS, 0x44, ADDRESS, 16)
        )
    return messages


def opened(results: list[Message | Fault]) -> tuple[Reading | Fault, ...]:
    """Return what the one joined message says."""
    (message,) = results
    assert isinstance(message, Message)
    return open_message(message, KeyRing((Key(KEY),)), Formats())


@pytest.mark.parametrize("size", [10, 33, 64, 100])
@pytest.mark.parametrize("below", [b"", bytes.fromhex("8C2075")])
def test_joined(size: int, below: bytes) -> None:
    """Whatever the size of the fragments: one message, its MAC verified over all of it."""
    (reading,) = opened(run(AflAssembler(), *fragments(size, below=below)))
    assert isinstance(reading, Reading)
    assert (reading.authenticated, reading.counter) == (True, 0xAB3)
    assert len(reading.records) == VALUES


def test_through_the_receiver() -> None:
    """From radio frames to a reading, with the last fragment."""
    receiver = Receiver((Link.WMBUS,), Context(KeyRing((Key(KEY),))))
    results: list[list[Reading | Fault]] = []
    for message in fragments(64):
        bare = bytes((0x44,)) + message.address + message.payload
        results.append(receiver.read([parse_raw(bytes((len(bare),)) + bare)], 0.0))
    assert [len(items) for items in results] == [0, 0, 1]
    assert isinstance(results[-1][0], Reading)


def test_damage_in_the_last_fragment() -> None:
    """One MAC covers all fragments."""
    (fault,) = opened(run(AflAssembler(), *fragments(33, change=1)))
    assert isinstance(fault, Fault)
    assert fault.kind is FaultKind.AUTHENTICATION


def test_loss_and_repetition() -> None:
    """A repeated fragment is dropped; a lost one loses the message and is told once."""
    first, second, *rest = fragments(33)
    whole = run(AflAssembler(), first, first, second, second, *rest)
    assert isinstance(opened(whole)[0], Reading)
    missing = run(AflAssembler(), first, *rest)
    assert {type(item) for item in missing} == {Fault}
    again = run(AflAssembler(), first, first, second, first, second, *rest)
    assert [type(item) for item in again] == [Fault, Message]


def test_meters_are_kept_apart() -> None:
    """Fragments of two meters may come in turns."""
    mine = fragments(33)
    other = [message._replace(address=bytes(8)) for message in mine]
    turns = [message for pair in zip(mine, other, strict=True) for message in pair]
    assert len(run(AflAssembler(), *turns)) == 2


def test_late() -> None:
    """What waits too long for its rest is given up, and the rest alone is no message."""
    assembler = AflAssembler()
    first, second, *_ = fragments(64)
    assert assembler.add(first, 0.0) == []
    assert [type(item) for item in assembler.add(second, 1000.0)] == [Fault, Fault]
    assert assembler.expire(float("inf")) == []


def test_a_length_that_does_not_fit() -> None:
    """The length announced for the whole has to be that of what came."""
    first, *rest = fragments(33)
    layer = parse_afl(first.payload)
    assert isinstance(layer, Afl)
    wrong = first._replace(payload=replace(layer, length=b"\x01\x00").to_bytes())
    (fault,) = run(AflAssembler(), wrong, *rest)
    assert isinstance(fault, Fault)


def test_others_pass() -> None:
    """What is no fragment passes as it is."""
    whole = Message(
        Layer.MBUS, Afl(b"", b"", b"", b"", b"", WHOLE).to_bytes(), Link.MBUS
    )
    plain = whole._replace(payload=bytes.fromhex("78 0413 01000000"))
    assert run(AflAssembler(), whole, plain) == [whole, plain]


def test_memory_is_bounded() -> None:
    """Neither endless messages nor endless meters are kept."""
    assembler = AflAssembler()
    layer = Afl(b"", b"", b"", b"", b"", bytes(250), 1, more=True)
    endless = Message(Layer.MBUS, b"", Link.WMBUS, address=ADDRESS)
    results = []
    for number in range(1, 256):
        payload = replace(layer, fragment=number).to_bytes()
        results += assembler.add(endless._replace(payload=payload), 0.0)
    assert results
    for number in range(200):
        address = number.to_bytes(8)
        assembler.add(endless._replace(address=address, payload=layer.to_bytes()), 0.0)
    assert len(assembler.expire(float("inf"))) <= 64


@given(st.lists(st.tuples(st.integers(0, 3), st.binary(max_size=40)), max_size=20))
def test_anything(sent: list[tuple[int, bytes]]) -> None:
    """Whatever comes: messages and faults, and nothing is kept for ever."""
    assembler = AflAssembler()
    for number, content in sent:
        header = bytes((0x90, 2, number, 0x40))
        assembler.add(Message(Layer.MBUS, header + content, Link.WMBUS), 0.0)
        assembler.add(Message(Layer.MBUS, content, Link.WMBUS), 0.0)
    assembler.expire(float("inf"))
    assert assembler.expire(float("inf")) == []
