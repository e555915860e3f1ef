"""What a bad line does to a transmission: bytes changed, lost or invented, segments lost or repeated, a cable pulled."""

from dataclasses import dataclass
from random import Random

from customer_interface.simulate.meter import Chunk

CHANGED, LOST = (
    0.8,
    0.9,
)  # of the damaged bytes: changed, lost, and beyond that invented


@dataclass(frozen=True, slots=True)
class Weather:
    """How often what happens: `byte` to one byte of so many, the others to one transmission of so many; 0 is never."""

    byte: int = 1_000
    lost: int = 50
    repeated: int = 50
    cut: int = 50

    def spoil(
        self, chunks: tuple[Chunk, ...], random: Random
    ) -> tuple[tuple[Chunk, ...], Damage]:
        """Return what arrives of a transmission, and what happened to it."""
        kept, damage = list(chunks), Damage()
        if _happens(self.lost, random):
            kept.pop(random.randrange(len(kept)))
            damage = Damage(broken=True)
        elif _happens(self.repeated, random):
            kept = [chunk for chunk in kept for _ in range(2)]
            damage = Damage(repeated=True)
        elif _happens(self.cut, random):
            kept = _cut(kept, random)
            damage = Damage(broken=True)
        noisy = tuple(
            Chunk(self._noisy(chunk.data, random), chunk.pause) for chunk in kept
        )
        if noisy != tuple(kept):
            damage = Damage(broken=True, repeated=damage.repeated)
        return noisy, damage

    def _noisy(self, data: bytes, random: Random) -> bytes:
        if not self.byte:
            return data
        result, start = bytearray(), 0
        at = _gap(self.byte, random)
        while at < len(data):
            result += data[start:at] + _damaged(data[at], random)
            start = at + 1
            at = start + _gap(self.byte, random)
        return bytes(result + data[start:]) if start else data


@dataclass(frozen=True, slots=True)
class Damage:
    """What happened to a transmission: bytes are not as they were sent, or segments came twice."""

    broken: bool = False
    repeated: bool = False


def _happens(one_of: int, random: Random) -> bool:
    return bool(one_of) and random.randrange(one_of) == 0


def _gap(one_of: int, random: Random) -> int:
    """Return how many bytes pass unharmed before the next damaged one: a geometric distribution."""
    return int(random.expovariate(1 / one_of))


def _cut(chunks: list[Chunk], random: Random) -> list[Chunk]:
    left = random.randrange(sum(len(chunk.data) for chunk in chunks))
    kept: list[Chunk] = []
    for chunk in chunks:
        if left > 0:
            kept.append(Chunk(chunk.data[:left], chunk.pause))
        left -= len(chunk.data)
    return kept


def _damaged(byte: int, random: Random) -> bytes:
    fate = random.random()
    if fate < CHANGED:
        return bytes((byte ^ random.randint(1, 255),))
    return b"" if fate < LOST else bytes((byte, random.randrange(256)))
