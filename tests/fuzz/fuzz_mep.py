"""Fuzzes NES meters: packets, replies and tables, as they come through a session."""

from customer_interface.application.c1219 import Dimensions, Layout, Ratios, Selection
from customer_interface.keys import Key, KeyRing
from customer_interface.link.base import Found
from customer_interface.link.mep import LONGEST_PACKET, MepLink
from customer_interface.plausibility import Limits
from customer_interface.reading import Fault
from customer_interface.security.mep import digest, open_reply, open_request
from customer_interface.session.base import Send, SessionState
from customer_interface.session.belief import Belief
from customer_interface.session.mep import MepSession

KEY = b"\x01" * 16
START = 1_772_362_800.0
SEEDS = (
    bytes.fromhex("000D0C77635B9035863C1DF5B91482"),
    bytes.fromhex("0000001100000604 02100F3B37D236DC2A01DAB580"),
    bytes.fromhex("04000C0B000000040048 0001020304050607081A1B1C0000C800"),
)


def fuzz(data: bytes) -> None:
    """No bytes make anything raise, and a session sends nothing but reads."""
    _link(data)
    _tables(data)
    _replies(data)
    _session(data)


def _link(data: bytes) -> None:
    look = MepLink().look(data, 0)
    if isinstance(look, Found):
        assert 2 <= look.end <= min(len(data), 2 + LONGEST_PACKET)


def _replies(data: bytes) -> None:
    for encrypted in (False, True):
        opened = open_reply(KEY, b"\x3f", data, encrypted=encrypted)
        assert isinstance(opened, Fault) or opened == data[:-8] or encrypted


def _tables(data: bytes) -> None:
    dimensions = Dimensions.from_bytes(data[:10])
    if dimensions is None:
        return
    sources = tuple(data[10:])
    selection = Selection.from_bytes(data[10:], dimensions) or Selection(sources)
    layout = Layout(dimensions, selection, sources, Ratios.from_bytes(data))
    for read in (
        *layout.energy_reads(),
        *layout.tariff_reads(),
        *layout.demand_reads(),
    ):
        assert read.length <= LONGEST_PACKET
        layout.values(read, data)


def _is_read(send: Send) -> bool:
    """Whether a packet holds a partial read, enciphered or not, and its digest fits."""
    opened = open_request(KEY, send.data[2:])
    return opened is not None and opened[0][:1] == b"\x3f"


def _session(data: bytes) -> None:
    """Feed bytes as they are, then as the data of replies with a digest that fits."""
    ring = KeyRing((Key(KEY),))
    session = MepSession(ring, Belief(SessionState(), Limits(), ring), 2.0)
    at = START
    outputs = session.start(at)
    outputs += session.receive(data, at + 0.01)
    for start in range(0, min(len(data), 600), 20):
        at += 1.0
        sends = [output for output in outputs if isinstance(output, Send)]
        assert len(sends) <= 1
        assert all(map(_is_read, sends))
        if sends:
            message = data[start : start + 20]
            opened = open_request(KEY, sends[0].data[2:])
            assert opened is not None
            request = opened[0]
            payload = message + digest(KEY, request + message)
            outputs = session.receive(len(payload).to_bytes(2) + payload, at)
        else:
            outputs = session.wake(max(at, session.wake_at or at))
