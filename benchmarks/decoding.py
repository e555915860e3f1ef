"""Whole decode, telegram bytes to scaled values: all contenders in turn, round after round, on the same bytes.

A round gives each contender a fresh decoder and then all telegrams; its figure is the processor time per telegram of its
quickest round, for what else the machine does can only add to it.
"""

from dataclasses import dataclass
from functools import cache
import gc
from statistics import mean
from time import thread_time

from .contenders import (
    DSMR_PARSER,
    LONG_WAY,
    LONG_WAY_RADIO,
    LONG_WAY_WIRED,
    OURS,
    OURS_RADIO,
    OURS_WIRED,
    PYDLMS,
    PYMBUSPARSER,
    SMARTMETER_AUSTRIA,
    SMETERD,
    WARM_UP,
    WIENER_NETZE,
    Contender,
)
from .telegrams import Sample, libmbus, simulated, wireless

ROUNDS = 15
TELEGRAMS = 60
# Shapes are kept where they gain fivefold.
SHAPES = 1 / 5
# A goal counts as missed when the ratio is above it by more than this part.
TOLERANCE = 1.2


@dataclass(frozen=True, slots=True)
class Race:
    """One kind of telegram, who decodes it, and what our time may be as a part of each peer's (None: no goal)."""

    title: str
    samples: tuple[Sample, ...]
    ours: Contender
    peers: dict[Contender, float | None]


@dataclass(frozen=True, slots=True)
class Result:
    """Seconds per telegram of ours and of a peer (None where it is missing), and the goal for the ratio."""

    race: Race
    ours: float
    peer: Contender
    seconds: float | None
    goal: float | None

    @property
    def ratio(self) -> float | None:
        """Ours as a part of the peer's time."""
        return None if self.seconds is None else self.ours / self.seconds

    @property
    def missed(self) -> bool:
        """Whether the goal is missed by more than the tolerance."""
        return (
            self.goal is not None
            and self.ratio is not None
            and self.ratio > self.goal * TOLERANCE
        )


@cache
def races() -> tuple[Race, ...]:
    """Return what is raced; the libmbus frames only where they are at hand."""
    tinetz = simulated("tinetz", "kaifa-ma309m", TELEGRAMS)
    noe = simulated("netz-noe", "kaifa-ma309m", TELEGRAMS)
    kamstrup = simulated("stadtwerke", "kamstrup-omnipower", TELEGRAMS)
    vienna = simulated("wiener-netze", "iskra-am550", TELEGRAMS)
    dsmr = simulated("nl-p1", "dsmr-5", TELEGRAMS)
    amis = simulated("netz-ooe", "siemens-td3511", TELEGRAMS)
    frames = libmbus(TELEGRAMS)
    return (
        Race(
            "Kaifa of TINETZ, encrypted",
            (tinetz,),
            OURS,
            {SMARTMETER_AUSTRIA: 0.7, PYDLMS: 1 / 12, LONG_WAY: SHAPES},
        ),
        Race(
            "Kaifa of Netz NÖ, encrypted",
            (noe,),
            OURS,
            {PYDLMS: 1 / 12, LONG_WAY: SHAPES},
        ),
        Race(
            "Wiener Netze, encrypted",
            (vienna,),
            OURS,
            {WIENER_NETZE: 0.7, PYDLMS: None, LONG_WAY: SHAPES},
        ),
        Race(
            "Kamstrup, encrypted and authenticated",
            (kamstrup,),
            OURS,
            {PYDLMS: 0.1, LONG_WAY: SHAPES},
        ),
        Race(
            "P1 version 5 with CRC",
            (dsmr,),
            OURS,
            {SMETERD: 0.4, DSMR_PARSER: 0.1, LONG_WAY: SHAPES},
        ),
        Race("M-Bus of Netz OÖ, mode 5", (amis,), OURS, {LONG_WAY: SHAPES}),
        *(
            [
                Race(
                    f"M-Bus, {len(frames)} frames of libmbus",
                    frames,
                    OURS_WIRED,
                    {PYMBUSPARSER: 1.0, LONG_WAY_WIRED: SHAPES},
                )
            ]
            if frames
            else []
        ),
        Race(
            "wireless M-Bus, mode 5",
            (wireless(TELEGRAMS),),
            OURS_RADIO,
            {PYMBUSPARSER: 1.0, LONG_WAY_RADIO: SHAPES},
        ),
    )


def run(race: Race, rounds: int) -> list[Result]:
    """Race; a peer that is not installed has no time."""
    contenders = [race.ours, *(peer for peer in race.peers if _is_there(peer, race))]
    best: dict[Contender, list[float]] = {contender: [] for contender in contenders}
    for sample in race.samples:
        _refuse_to_differ(contenders, sample)
        times = [[_time(one, sample) for one in contenders] for _ in range(rounds)]
        for contender, own in zip(contenders, zip(*times, strict=True), strict=True):
            best[contender].append(min(own))
    seconds = {contender: mean(times) for contender, times in best.items()}
    return [
        Result(race, seconds[race.ours], peer, seconds.get(peer), goal)
        for peer, goal in race.peers.items()
    ]


def _is_there(peer: Contender, race: Race) -> bool:
    try:
        peer.make(race.samples[0])
    except ImportError:
        return False
    return True


def _refuse_to_differ(contenders: list[Contender], sample: Sample) -> None:
    """Raise where a contender reads another energy than ours, so that nobody is quick by being wrong."""
    decoders = [(one, one.make(sample)) for one in contenders]
    for data, at in sample.telegrams:
        energies = {one.name: one.energy(decode(data, at)) for one, decode in decoders}
        if len(set(energies.values()) - {None}) > 1:
            raise ValueError(f"the decoders disagree: {energies}")


def _time(contender: Contender, sample: Sample) -> float:
    """Return the processor time per telegram of one round."""
    decode = contender.make(sample)
    schedule = sample.telegrams
    if len(schedule) == 1:
        schedule *= TELEGRAMS
    for data, at in schedule[:WARM_UP]:
        decode(data, at)
    rest = schedule[WARM_UP:]
    gc.collect()
    gc.disable()
    begin = thread_time()
    for data, at in rest:
        decode(data, at)
    end = thread_time()
    gc.enable()
    return (end - begin) / len(rest)
