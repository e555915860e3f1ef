"""The program around esptool, run as a child: what it is asked, what it tells, and its end in any case."""

import asyncio
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from contextlib import suppress
import json
from pathlib import Path
import sys
from types import TracebackType
from typing import Any, Self

PROGRAM = Path(__file__).parents[1] / "esptool_child.py"
# esptool's own longest silence is the erasing of a whole chip.
SILENCE = 150.0
# A line carries at most what is read from the flash at once, in hex.
MAX_LINE = 1024 * 1024

type OnLog = Callable[[str], None]
type OnProgress = Callable[[int, int], None]


class WriterError(Exception):
    """A command failed; `kind` says why, in the words of the child, or `stalled` or `internal`."""

    def __init__(self, kind: str, detail: str) -> None:
        """`detail` is for the log, in English."""
        super().__init__(detail)
        self.kind = kind


class Writer:
    """The child, from entering the context to leaving it; leaving ends it whatever it is doing."""

    def __init__(
        self, on_log: OnLog, on_progress: OnProgress, silence: float = SILENCE
    ) -> None:
        """`on_progress` gets bytes done and bytes in all; `silence` in seconds ends a child that says nothing."""
        self._on_log = on_log
        self._on_progress = on_progress
        self._silence = silence
        self._process: Process | None = None

    async def __aenter__(self) -> Self:
        """Start the child."""
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(PROGRAM),
            stdin=PIPE,
            stdout=PIPE,
            stderr=asyncio.subprocess.STDOUT,
            limit=MAX_LINE,
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        err: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the child and wait until the port is closed with it."""
        assert self._process is not None
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()

    async def command(self, name: str, **fields: Any) -> dict[str, Any]:
        """Give a command and wait for its result.

        Raises:
            WriterError: it failed, or the child fell silent or ended.
        """
        assert self._process is not None and self._process.stdin is not None
        line = json.dumps({"command": name} | fields) + "\n"
        try:
            self._process.stdin.write(line.encode())
            await self._process.stdin.drain()
            return await self._result()
        except ConnectionError as err:
            raise WriterError("internal", "the writing program has ended") from err
        except TimeoutError as err:
            raise WriterError(
                "stalled", f"nothing happened for {self._silence:.0f} s"
            ) from err

    async def _result(self) -> dict[str, Any]:
        while True:
            event = await self._event()
            match event.pop("event", None):
                case "done":
                    return event
                case "failed":
                    raise WriterError(str(event["kind"]), str(event["text"]))
                case "progress":
                    self._on_progress(int(event["done"]), int(event["total"]))
                case "log":
                    self._on_log(str(event["text"]))

    async def _event(self) -> dict[str, Any]:
        assert self._process is not None and self._process.stdout is not None
        async with asyncio.timeout(self._silence):
            line = await self._process.stdout.readline()
        if not line:
            raise WriterError("internal", "the writing program has ended")
        try:
            event = json.loads(line)
        except ValueError:
            return {"event": "log", "text": line.decode("utf-8", "replace").strip()}
        return event if isinstance(event, dict) else {}
