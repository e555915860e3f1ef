"""The bytes everybody decodes: successive telegrams of our simulated meters, and published M-Bus frames where at hand."""

from dataclasses import dataclass, field
from decimal import Decimal
import json
from pathlib import Path

from customer_interface import catalogue
from customer_interface.application.mbus.dif import BCD_FIELDS
from customer_interface.application.mbus.records import parse_header
from customer_interface.catalogue import Profile
from customer_interface.checksum import sum8
from customer_interface.keys import Key, KeyRing
from customer_interface.reading import Fault, Link, Reading, Record
from customer_interface.session.receiver import Receiver
from customer_interface.simulate import simulator
from customer_interface.simulate.radio import WirelessMeter
from customer_interface.stack import Context

# A Monday evening in autumn; the telegrams follow one another in the meter's own interval.
BEGIN = 1_790_000_000.0
CAPTURES = Path(__file__).parents[2] / "shared" / "captures" / "mbus.json"


@dataclass(frozen=True, slots=True)
class Sample:
    """Telegrams of one meter with their arrival times, and what is needed to read them."""

    telegrams: tuple[tuple[bytes, float], ...]
    profile: Profile | None = None
    keys: dict[str, bytes] = field(default_factory=dict)

    @property
    def ring(self) -> KeyRing:
        """The keys as a session takes them."""
        secrets = [Key(secret) for secret in self.keys.values()]
        return KeyRing(tuple(secrets[:1]), tuple(secrets[1:]))

    @property
    def size(self) -> int:
        """Bytes of a telegram."""
        return sum(len(data) for data, _ in self.telegrams) // len(self.telegrams)


def simulated(operator: str, meter: str, count: int) -> Sample:
    """Return so many successive telegrams of a row of the catalogue."""
    source = simulator(operator, meter)
    times = [BEGIN + number * source.interval for number in range(count)]
    telegrams = tuple((source.telegram(at), at) for at in times)
    offer = catalogue.load().operator(operator).offer(meter)
    secrets = {name: bytes.fromhex(text) for name, text in source.keys.items()}
    return Sample(telegrams, offer.profile, secrets)


def wireless(count: int) -> Sample:
    """Return radio frames of a heat meter in mode 5, without CRCs, as most sticks deliver them."""
    key = bytes(range(1, 17))
    meter = WirelessMeter("10203040", "heat", key)
    times = [BEGIN + number * meter.interval for number in range(count)]
    frames = tuple((meter.frame(at), at) for at in times)
    return Sample(frames, keys={"oms": key})


def libmbus(count: int) -> tuple[Sample, ...]:
    """Return each sound frame of libmbus as so many telegrams with other numbers; none where the captures are not at hand."""
    if not CAPTURES.exists():
        return ()
    rows = json.loads(CAPTURES.read_text("utf-8"))
    frames = (
        bytes.fromhex(row["hex"]) for row in rows if row["valid"] and row["frames"] == 1
    )
    return tuple(
        Sample(tuple((_later(frame, step), float(step)) for step in range(count)))
        for frame in frames
    )


def _later(frame: bytes, step: int) -> bytes:
    """Return a long frame `68 L L 68 C A CI ... CS 16` whose numbers went on by so much, in their lowest two digits."""
    later, position = bytearray(frame), 0
    for record in _records(frame):
        position = frame.index(bytes.fromhex(record.raw), position)
        header = parse_header(frame, position)
        if isinstance(header, Fault) or header.dib.field not in _WIDE:
            continue
        low = position + len(header.raw)
        if isinstance(record.value, int | Decimal):
            later[low] = _stepped(frame[low], step, bcd=header.dib.field in BCD_FIELDS)
    later[-2] = sum8(later[4:-2])
    return bytes(later)


# Data fields of two bytes and more, of which the lowest says nothing of sign and validity.
_WIDE = frozenset({0x2, 0x3, 0x4, 0x6, 0x7, 0xA, 0xB, 0xC, 0xE})


def _stepped(byte: int, step: int, *, bcd: bool) -> int:
    return (
        int(f"{(int(f'{byte:02X}') + step) % 100}", 16) if bcd else (byte + step) % 256
    )


def _records(frame: bytes) -> tuple[Record, ...]:
    first = Receiver((Link.MBUS,), Context(KeyRing())).receive(frame, 0.0)[0]
    assert isinstance(first, Reading)
    return tuple(
        record
        for record in first.records
        if record.raw and record.quantity != "fabrication_number"
    )
