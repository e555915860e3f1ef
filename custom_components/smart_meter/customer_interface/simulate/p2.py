"""Wireless P2: a meter that tells its hour by itself, and the electricity meter it is bound to (DSMR P2 4.2.2, 4.4).

    meter         L 44 | M M ID ID ID ID V T | 7A | access status configuration (2) | records       SND_NR, 46 for SND_IR
    electricity   L 53 | its own address     | 5B or 6C | ID ID ID ID M M V T | header | data       SND_UD, 40 and 06 with 80

The electricity meter speaks to the meter alone; whoever else hears it hears keys and times, and no value.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from ..reading import MeterIdentity
from .bus import P2Meter, clock_data, key_records
from .dlms import demo_key
from .meter import Plan
from .radio import Im871a, RadioReceiver
from .wmbus import radio_frame

# An hour in the field; nobody watches a simulator for that long.
INTERVAL = 30.0
_SHORT = b"\x7a"
# The address field of the electricity meter is not specified and is ignored (4.4.1): zeros.
_SENDER = bytes(8)


class Control(IntEnum):
    """C fields of table 6, with the CI field each goes with below."""

    SEND_NO_REPLY = 0x44
    INSTALLATION_REQUEST = 0x46
    SEND_USER_DATA = 0x53
    NORMALISATION = 0x40
    CONFIRM_INSTALLATION = 0x06


@dataclass(slots=True)
class RadioP2Meter:
    """A P2 meter with a radio, or one that asks for its electricity meter: installation requests."""

    meter: P2Meter
    interval: float = INTERVAL
    signal_dbm: int = -66
    installing: bool = False

    @property
    def number(self) -> str:
        """The number printed on it."""
        return self.meter.number

    @property
    def identity(self) -> MeterIdentity:
        """Who it is."""
        return self.meter.identity

    def frame(self, at: float, *, wrong_key: bool = False) -> bytes:
        """Return its radio frame now, without CRCs."""
        control = (
            Control.INSTALLATION_REQUEST if self.installing else Control.SEND_NO_REPLY
        )
        data = self.meter.data(at, wrong_key=wrong_key)
        return radio_frame(self.meter.address + _SHORT + data, control)


@dataclass(slots=True)
class Commander:
    """The electricity meter of one P2 meter: what it says, one command after the other, after the meter has sent."""

    meter: P2Meter
    interval: float = INTERVAL
    signal_dbm: int = -60
    _said: int = 0

    @property
    def number(self) -> str:
        """Its own number: one behind that of the meter, so that it speaks a little later."""
        return f"{int(self.meter.number) + 1:08d}"

    @property
    def identity(self) -> MeterIdentity:
        """Nobody: its address is zeros."""
        return MeterIdentity()

    def frame(self, at: float, *, wrong_key: bool = False) -> bytes:
        """Return the next of key change, clock, end of the conversation and confirmation of an installation."""
        commands = (self._key, self._clock, self._end, self._confirmation)
        self._said += 1
        return commands[(self._said - 1) % len(commands)](at)

    def _key(self, at: float) -> bytes:
        key = self.meter.user_key or bytes(16)
        records = key_records(self.meter.default_key, key)
        return self._command(Control.SEND_USER_DATA, 0x5B, bytes(4) + records)

    def _clock(self, at: float) -> bytes:
        self.meter.set_at = at
        return self._command(Control.SEND_USER_DATA, 0x6C, clock_data(self.meter, at))

    def _end(self, at: float) -> bytes:
        return self._command(Control.NORMALISATION, 0x80, bytes(4))

    def _confirmation(self, at: float) -> bytes:
        return self._command(Control.CONFIRM_INSTALLATION, 0x80, bytes(4))

    def _command(self, control: Control, ci: int, data: bytes) -> bytes:
        header = bytes((ci,)) + self.meter.secondary
        return radio_frame(_SENDER + header + data, control)


@dataclass(frozen=True, slots=True)
class Row:
    """A wireless P2 gas meter, and the electricity meter it is bound to."""

    def build(
        self, operator: str, meter: str, seed: int, plans: tuple[Plan, ...]
    ) -> RadioReceiver:
        """Put both before an iM871A."""
        key = demo_key(operator, meter, "p2")
        own = P2Meter(
            number=str(23_000_000 + seed),
            kind="gas",
            default_key=demo_key(operator, meter, "default"),
            user_key=key,
        )
        return RadioReceiver(
            Im871a(),
            (RadioP2Meter(own), Commander(own)),
            plans,
            {"p2": key.hex().upper()},
        )


ROWS: Mapping[tuple[str, str], Row] = {("nl-p2", "dsmr-p2"): Row()}
