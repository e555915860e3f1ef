"""Every row of the catalogue through the demo's own check, one after the other; see script/demo-all."""

import argparse
from pathlib import Path
import shutil
import subprocess
import sys
import tempfile
import time

from customer_interface import catalogue

# Start-up, the steps of the config flow and two telegrams; the slowest meter pushes every few minutes.
LIMIT = 420.0


def main() -> int:
    """Run the rows; 0 where all are well."""
    options = _options()
    failed = 0
    for operator, meter in _rows(options.operators, per_profile=options.profiles):
        begun = time.monotonic()
        reason = _check(operator, meter)
        failed += reason is not None
        seconds = time.monotonic() - begun
        print(
            f"{operator:24} {meter:24} {seconds:4.0f} s  {reason or 'ok'}", flush=True
        )
    return 1 if failed else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="script/demo-all", description="script/demo --check for every row."
    )
    parser.add_argument(
        "operators", nargs="*", metavar="OPERATOR", help="only these grid operators"
    )
    parser.add_argument(
        "--profiles", action="store_true", help="only one row of each profile"
    )
    return parser.parse_args()


def _rows(operators: list[str], *, per_profile: bool) -> list[tuple[str, str]]:
    """Return the rows, the first of each profile before the others."""
    first: dict[str, tuple[str, str]] = {}
    others: list[tuple[str, str]] = []
    known = catalogue.load()
    for name in operators or known.operators:
        for offer in known.operator(name).offers:
            row = (name, offer.meter.id)
            if row != first.setdefault(offer.profile.id, row):
                others.append(row)
    return list(first.values()) + ([] if per_profile else others)


def _check(operator: str, meter: str) -> str | None:
    """Run one row; None where it is well, else the reason. The configuration folder of a failure is kept."""
    folder = Path(tempfile.mkdtemp(prefix=f"smart-meter-{operator}-{meter}-"))
    command = [
        sys.executable,
        str(Path(__file__).with_name("demo.py")),
        *("--check", "--operator", operator, "--meter", meter),
        *("--config", str(folder)),
    ]
    try:
        run = subprocess.run(
            command, capture_output=True, text=True, timeout=LIMIT, check=False
        )
    except subprocess.TimeoutExpired:
        return f"took more than {LIMIT:.0f} s, config: {folder}"
    if run.returncode == 0:
        shutil.rmtree(folder, ignore_errors=True)
        return None
    lines = run.stdout.strip().splitlines() or run.stderr.strip().splitlines()
    return f"{lines[-1] if lines else 'said nothing'}, config: {folder}"


if __name__ == "__main__":
    sys.exit(main())
