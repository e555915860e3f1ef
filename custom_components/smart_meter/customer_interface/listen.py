"""Listening on a port without Home Assistant: what `customer-interface listen` does."""

import asyncio
from collections.abc import Callable
import sys
from typing import TextIO

from .catalogue import Profile, SessionKind
from .errors import SourceError
from .keys import KeyRing
from .line import LineSettings
from .link import SELF_EVIDENT
from .reading import Fault, Link, Reading
from .session import make_session
from .source.recording import Recorded
from .source.runner import Runner


def generic_profile(line: LineSettings, link: Link | None) -> Profile:
    """Return a profile that listens to whatever pushes at these line settings."""
    return Profile(
        id="generic",
        session=SessionKind.PUSH,
        links=(link,) if link else SELF_EVIDENT,
        line=line,
        keys=(),
        interval=(1.0, 60.0),
        socket="serial",
        adapter="serial",
    )


async def listen(
    url: str,
    profile: Profile,
    keys: KeyRing,
    *,
    line: LineSettings | None,
    count: int | None,
    out: Callable[[Reading | Fault], None],
    record: TextIO | None = None,
) -> int:
    """Hand out readings and faults until cancelled or `count` readings were read; returns how many.

    Raises what `out` and `record` raise.
    """
    enough = asyncio.Event()
    readings = 0

    def on_output(output: Reading | Fault) -> None:
        nonlocal readings
        if not enough.is_set():
            out(output)
        readings += isinstance(output, Reading)
        if count is not None and readings >= count:
            enough.set()

    def on_bytes(
        direction: str, data: bytes, at: float, settings: LineSettings
    ) -> None:
        if record is not None:
            record.write(Recorded(at, direction, data, settings).to_line() + "\n")

    runner = Runner(
        url,
        line or profile.line,
        make_session(profile, keys),
        on_output,
        _tell_link,
        on_bytes,
    )
    running = asyncio.ensure_future(runner.run())
    waiting = asyncio.ensure_future(enough.wait())
    try:
        await asyncio.wait((running, waiting), return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            running.result()
    finally:
        for task in (running, waiting):
            task.cancel()
        await asyncio.gather(running, waiting, return_exceptions=True)
    return readings


def _tell_link(up: bool, error: SourceError | None) -> None:
    sys.stderr.write("port open\n" if up else f"port: {error}\n")
