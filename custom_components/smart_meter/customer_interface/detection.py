"""Finding out what hangs on a port without Home Assistant: what `customer-interface detect` does."""

import asyncio
from contextlib import suppress
import sys
from typing import Any

from . import catalogue
from .errors import SourceError
from .session.detect import TRIALS, Candidate, DetectSession, Finding, Trial, Verdict
from .source.runner import Runner

# How often the session is looked at, in seconds: it answers between two readings, so nobody else tells.
LOOK = 0.1

SENTENCES = {
    Verdict.FOUND: "A meter was found; the candidates are the rows it may be.",
    Verdict.INACTIVE: "The meter sends, but its customer interface is not activated: ask the grid operator.",
    Verdict.NOTHING: "Nothing arrives at any line settings: check the cable, the socket, whether the adapter is of the"
    " right kind (M-Bus slave, data request on P1), and whether the grid operator has activated the interface.",
    Verdict.BREAK: "The bytes are those of an inverted line (a P1 socket needs an adapter that inverts), or almost only 00 or"
    " FF: then it may be the wrong socket.",
    Verdict.GARBAGE: "Bytes arrive, but no telegram at any line settings: a loose contact or a badly seated head, the"
    " wrong kind of adapter, or a meter at a baud rate that is not tried.",
}


async def detect(url: str, trials: tuple[Trial, ...] = TRIALS) -> Finding:
    """Listen until the session knows, telling progress on stderr; raises SourceError for a port that does not open."""
    session = DetectSession(catalogue.load(), trials)
    refused: list[SourceError] = []

    def on_link(up: bool, error: SourceError | None) -> None:
        # An adapter that was pulled may come back; one that was never there will not.
        if error is not None and error.reason != "lost":
            refused.append(error)

    runner = Runner(url, session.line, session, lambda output: None, on_link)
    task = asyncio.create_task(runner.run())
    try:
        return await _found(session, refused)
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _found(session: DetectSession, refused: list[SourceError]) -> Finding:
    told = -1
    while session.finding is None:
        if refused:
            raise refused[0]
        if session.progress != told:
            told = session.progress
            received = session.statistics.bytes_received
            sys.stderr.write(f"listening at {session.line} ({received} bytes so far)\n")
        await asyncio.sleep(LOOK)
    return session.finding


def finding_object(finding: Finding) -> dict[str, Any]:
    """Return the answer as `detect` prints it: with a sentence that says what to do."""
    meter = finding.meter
    return {
        "verdict": finding.verdict.value,
        "line": str(finding.line) if finding.line else None,
        "link": finding.link.value if finding.link else None,
        "encrypted": finding.encrypted,
        "meter": meter
        and {
            "id": meter.key,
            "manufacturer": meter.manufacturer,
            "title": meter.title,
        },
        "candidates": [_candidate_object(row) for row in finding.candidates],
        "detail": SENTENCES[finding.verdict],
    }


def _candidate_object(row: Candidate) -> dict[str, Any]:
    return {
        "operator": row.operator.id,
        "meter": row.offer.meter.id,
        "keys": [key.label for key in row.offer.profile.keys],
    }
