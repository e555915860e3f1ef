"""Telegrams of simulated meters: sound ones, and such as were changed below a check that was then made right again."""

from collections.abc import Callable
from copy import replace

from customer_interface import catalogue, simulate
from customer_interface.catalogue import Profile
from customer_interface.checksum import crc16_arc
from customer_interface.keys import KeyKind, KeyRing, parse_key
from customer_interface.simulate.amis import AmisMeter, frame as amis_frame, records
from customer_interface.simulate.bus import Bus
from customer_interface.simulate.dlms import DlmsMeter
from customer_interface.simulate.dsmr import TextMeter
from customer_interface.simulate.mbus import long_frame
from customer_interface.simulate.mep import NesMeter
from customer_interface.simulate.meter import Meter, PushMeter
from customer_interface.simulate.radio import frame_a
from customer_interface.simulate.sml import SmlMeter, transmission
from customer_interface.simulate.wmbus import NesRadioMeter, radio_frame

LONGEST_BODY = 255  # what the length of an M-Bus frame can count
LONGEST_RADIO = 250
AMIS_RECORDS = 80

type Row = tuple[str, str]
type Spoil = Callable[[bytes], bytes]
type Way = Callable[[float, Spoil], bytes]
"""Returns the telegram of a time, spoilt below a check that fits again."""


def profile_of(row: Row) -> Profile:
    """Return how a row of the simulators is read."""
    operator, meter = row
    return catalogue.load().operator(operator).offer(meter.removesuffix("-old")).profile


def ring_of(meter: Meter) -> KeyRing:
    """Return the keys a household types in: the first encrypts, a second one authenticates."""
    kind = KeyKind.MEP if isinstance(meter, NesMeter) else KeyKind.ENCRYPTION
    keys = tuple(parse_key(text, kind) for text in meter.keys.values())
    return KeyRing(keys[:1], keys[1:])


class Sender:
    """The telegrams of one row; those of radio are frames in format A."""

    def __init__(self, row: Row) -> None:
        """Take the meter of a row."""
        self.profile = profile_of(row)
        self.meter = simulate.simulator(*row)
        self.ring = ring_of(self.meter)
        self.interval = self.meter.interval

    def sound(self, at: float) -> bytes:
        """Return a telegram as the meter sends it."""
        return _as_sent(self.meter, self.meter.telegram(at))

    def with_another_key(self, at: float) -> bytes:
        """Return a telegram of which everything is right but the key; where there is none or it is asked for, a sound one."""
        meter = self.meter
        if not isinstance(meter, PushMeter):
            return self.sound(at)
        snapshot, counter = meter.house.at(at), meter._counter(at)
        telegram = meter.compose(snapshot, counter, wrong_key=True)
        return _as_sent(meter, b"".join(telegram.frames))

    @property
    def ways(self) -> tuple[Way, ...]:
        """The ways to change what lies below a check and to make the check right again."""
        match self.meter:
            case DlmsMeter(ciphering=None):
                return (self._below_link,)
            case DlmsMeter():
                return (self._below_link, self._below_cipher)
            case TextMeter(ciphering=None, checksum=checksum):
                return (self._below_crc,) if checksum else ()
            case TextMeter():
                return (self._below_text_cipher,)
            case AmisMeter():
                return (self._below_sum, self._below_amis)
            case Bus():
                return (self._below_sum,)
            case SmlMeter():
                return (self._below_sml,)
            case NesRadioMeter():
                return (self._below_blocks,)
        raise AssertionError(f"no way to spoil what {self.meter} sends")

    def _below_link(self, at: float, spoil: Spoil) -> bytes:
        meter = self.meter
        assert isinstance(meter, DlmsMeter)
        framing = meter.framing
        spoilt = replace(meter, framing=lambda apdu: framing(spoil(apdu) or b"\0"))
        return spoilt.telegram(at)

    def _below_cipher(self, at: float, spoil: Spoil) -> bytes:
        meter = self.meter
        assert isinstance(meter, DlmsMeter)
        payload = meter.payload

        def spoken(*about: object) -> object:
            said = payload(*about)  # type: ignore[arg-type]
            return replace(said, apdu=spoil(said.apdu))

        return replace(meter, payload=spoken).telegram(at)

    def _below_text_cipher(self, at: float, spoil: Spoil) -> bytes:
        meter = self.meter
        assert isinstance(meter, TextMeter)
        cipher = meter.cipher
        spoilt = replace(
            meter,
            cipher=lambda ciphering, text, counter, key: cipher(
                ciphering, _with_crc(spoil(text)), counter, key
            ),
        )
        return spoilt.telegram(at)

    def _below_crc(self, at: float, spoil: Spoil) -> bytes:
        return _with_crc(spoil(self.sound(at)))

    def _below_sum(self, at: float, spoil: Spoil) -> bytes:
        sent = self.sound(at)
        return long_frame(spoil(sent[4 : 4 + sent[1]])[:LONGEST_BODY])

    def _below_amis(self, at: float, spoil: Spoil) -> bytes:
        assert isinstance(self.meter, AmisMeter)
        plain = spoil(records(self.meter.house.at(at), 0))
        filled = plain[:AMIS_RECORDS].ljust(AMIS_RECORDS, b"\x2f")
        return amis_frame(filled, 1, 0x53, self.ring.keys[0].secret)

    def _below_sml(self, at: float, spoil: Spoil) -> bytes:
        return transmission(spoil(self.sound(at)[8:-8]))

    def _below_blocks(self, at: float, spoil: Spoil) -> bytes:
        bare = self.meter.telegram(at)
        return frame_a(radio_frame(spoil(bare[2:])[:LONGEST_RADIO]))


def _as_sent(meter: Meter, telegram: bytes) -> bytes:
    return frame_a(telegram) if isinstance(meter, NesRadioMeter) else telegram


def _with_crc(text: bytes) -> bytes:
    """Return a P1 text with the checksum of what stands before its last `!`."""
    body = text.rpartition(b"!")[0] + b"!"
    return body + f"{crc16_arc(body):04X}\r\n".encode()
