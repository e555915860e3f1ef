"""Lets days of meter time pass for rows of the catalogue: `script/soak [OPERATOR/METER]... [--hours H]`.

Prints a line for each row as its day ends, and ends with status 1 where a row did not hold what is promised: every
reading sent whole arrives, once, and none is wrong where the format's check has 16 bits or a tag.
"""

import argparse
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial
import multiprocessing
import sys

from customer_interface.simulate import ROWS, simulator

from .day import Result, run_day

_COLUMNS = (
    "row",
    "held",
    "bits",
    "sent",
    "whole",
    "arrived",
    "missed",
    "twice",
    "wrong readings",
    "wrong values",
    "withheld",
    "longest gap s",
    "CPU s",
)


def table_row(result: Result) -> tuple[str, ...]:
    """Return a result in the order of the columns."""
    seen = result.ledger
    return (
        "/".join(result.row),
        "yes" if result.held else "NO",
        "tag" if result.check_bits > 64 else str(result.check_bits),
        str(seen.sent),
        str(seen.whole) if seen.once else "-",
        str(seen.arrived),
        str(seen.missed) if seen.once else "-",
        str(seen.doubled) if seen.once else "-",
        str(seen.wrong_readings),
        str(seen.wrong_values),
        str(seen.withheld) if seen.once else "-",
        f"{result.longest_gap:.0f}",
        f"{result.seconds:.0f}",
    )


def main() -> int:
    """Run the rows named, in that order, or all, the longest first."""
    parser = argparse.ArgumentParser(prog="script/soak", description=__doc__)
    parser.add_argument("row", nargs="*", help="OPERATOR/METER; all if none is named")
    parser.add_argument("--hours", type=float, default=24.0, help="of meter time")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    known = {"/".join(row): row for row in ROWS}
    if unknown := set(arguments.row) - known.keys():
        parser.error(f"no such row: {', '.join(sorted(unknown))}")
    rows = [known[name] for name in arguments.row] or sorted(
        known.values(), key=lambda row: simulator(*row).interval
    )
    job = partial(run_day, hours=arguments.hours, seed=arguments.seed)
    print("| " + " | ".join(_COLUMNS) + " |")
    print("|" + " --- |" * len(_COLUMNS), flush=True)
    failed: list[Result] = []
    with ProcessPoolExecutor(
        arguments.processes, multiprocessing.get_context("spawn")
    ) as pool:
        for done in as_completed([pool.submit(job, row) for row in rows]):
            result = done.result()
            print("| " + " | ".join(table_row(result)) + " |", flush=True)
            failed += [] if result.held else [result]
    for result in failed:
        notes = dict(result.faults), *result.ledger.notes
        print("/".join(result.row), *notes, sep="\n  ", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
