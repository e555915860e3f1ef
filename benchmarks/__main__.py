"""Races all decoders and prints the table: `script/bench`. Ends with 1 where a goal is missed by more than 20 %."""

import argparse
import platform
import sys

from . import footprint, load
from .decoding import ROUNDS, TOLERANCE, Result, races, run

IMPORT_GOAL = 0.25
# Of two cores, of which Home Assistant needs some for its states.
CORES_GOAL = 0.5
MEMORY_GOAL = 200
GROWTH_GOAL = 20
_ROW = "{:<38} {:<38} {:>9} {:>9} {:>7} {:>7}  {}"


def main() -> int:
    """Run what was asked for; return the exit status."""
    parser = argparse.ArgumentParser(prog="script/bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--only", default="", help="part of a title")
    arguments = parser.parse_args()
    print(f"Python {platform.python_version()} on {platform.machine()}; processor time")
    print(_ROW.format("telegram", "peer", "ours", "peer", "ratio", "goal", ""))
    rows = [
        _row(result)
        for race in races()
        if arguments.only in race.title
        for result in run(race, arguments.rounds)
    ]
    if not arguments.only or arguments.only == "import":
        rows += _imports()
    if not arguments.only or arguments.only == "load":
        rows += _load()
    return int(any(rows))


def _row(result: Result) -> bool:
    """Print a result and return whether its goal is missed."""
    peer = result.seconds
    print(
        _ROW.format(
            result.race.title,
            result.peer.name,
            _micro(result.ours),
            "missing" if peer is None else _micro(peer),
            *_verdict(result.ratio, result.goal),
        ),
        flush=True,
    )
    return result.missed


def _imports() -> list[bool]:
    """Print what it costs to be ready for a P1 meter, and to have read it once; return which goals are missed."""
    ours, peer = footprint.measure()
    if peer is None:
        print("import: dsmr-parser is missing")
        return []
    return [
        _footprint(
            f"{title}, {what}", form.format(own), form.format(other), own / other
        )
        for title, own_stage, other_stage in (
            ("import", ours.ready, peer.ready),
            ("import and first telegram", ours.first, peer.first),
        )
        for what, form, own, other in (
            (
                "time",
                "{:.1f} ms",
                own_stage.seconds * 1e3,
                other_stage.seconds * 1e3,
            ),
            (
                "memory",
                "{:.1f} MB",
                own_stage.memory / 2**20,
                other_stage.memory / 2**20,
            ),
        )
    ]


def _footprint(title: str, own: str, other: str, ratio: float) -> bool:
    """Print one row and return whether its goal is missed."""
    print(_ROW.format(title, "dsmr-parser", own, other, *_verdict(ratio, IMPORT_GOAL)))
    return ratio > IMPORT_GOAL * TOLERANCE


def _load() -> list[bool]:
    """Print what two hundred meters take and return which goals are missed."""
    taken = load.measure()
    rows = (
        ("cores for 200 meters, one telegram a second", taken.processor, CORES_GOAL),
        ("kB of memory a meter", taken.memory / 1e3, MEMORY_GOAL),
        ("kB it grows in half a simulated day", taken.growth / 1e3, GROWTH_GOAL),
    )
    for title, figure, goal in rows:
        word = "met" if figure <= goal else "MISSED"
        print(f"{title:<46} {figure:>8.2f}   at most {goal:g}  {word}")
    return [figure > goal for _, figure, goal in rows]


def _micro(seconds: float) -> str:
    return f"{seconds * 1e6:.1f} µs"


def _verdict(ratio: float | None, goal: float | None) -> tuple[str, str, str]:
    if ratio is None or goal is None:
        return "" if ratio is None else f"{ratio:.3f}", "", ""
    word = (
        "met" if ratio <= goal else "close" if ratio <= goal * TOLERANCE else "MISSED"
    )
    return f"{ratio:.3f}", f"{goal:.3f}", word


sys.exit(main())
