"""The bytes everybody decodes: successive telegrams of our simulated meters, and published M-Bus frames where at hand."""

from dataclasses import dataclass, field
import json
from pathlib import Path

from customer_interface import catalogue
from customer_interface.catalogue import Profile
from customer_interface.keys import Key, KeyRing
from customer_interface.simulate import simulator
from customer_interface.simulate.radio import WirelessMeter

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


def libmbus() -> tuple[Sample, ...]:
    """Return the frames of libmbus that are sound, each by itself; none where the captures are not beside this checkout."""
    if not CAPTURES.exists():
        return ()
    rows = json.loads(CAPTURES.read_text("utf-8"))
    return tuple(
        Sample(((bytes.fromhex(row["hex"]), 0.0),))
        for row in rows
        if row["valid"] and row["frames"] == 1
    )
