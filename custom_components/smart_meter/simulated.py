"""A simulated meter for those who want to try it without one: the library's simulator as a process of its own."""

import asyncio
from pathlib import Path
import re
import sys
from typing import Final

from homeassistant.util.dt import utcnow

PATIENCE: Final = 20.0

# The integration's folder goes to the end of the path: a name in it must never hide a module of Python's own.
_RUN: Final = (
    "import sys; sys.path.append({folder!r}); "
    "from customer_interface.__main__ import main; sys.exit(main(sys.argv[1:]))"
)


class SimulatedMeter:
    """`customer-interface simulate` for one row of the catalogue; raises OSError where it does not run."""

    def __init__(self, operator: str, meter: str) -> None:
        """Choose the row."""
        self._row = ("--operator", operator, "--meter", meter)
        self._process: asyncio.subprocess.Process | None = None

    async def async_keys(self) -> dict[str, str]:
        """Return the keys it uses by the catalogue's key id."""
        process = await self._start("--print-key")
        try:
            async with asyncio.timeout(PATIENCE):
                output, _ = await process.communicate()
        except TimeoutError:
            process.kill()
            await process.wait()
            raise
        pairs = (line.partition(": ") for line in output.decode().splitlines())
        return {name: key.strip() for name, found, key in pairs if found}

    async def async_start(self) -> str:
        """Start it and return the URL of its port."""
        self._process = await self._start("--port", "pty", "--seed", _seed())
        assert self._process.stdout is not None
        try:
            async with asyncio.timeout(PATIENCE):
                line = (await self._process.stdout.readline()).decode()
        except TimeoutError:
            line = ""
        if not (found := re.search(r"/dev/\S+|\w+://\S+", line)):
            await self.async_stop()
            raise OSError("the simulator does not start")
        return found[0]

    async def async_stop(self) -> None:
        """End it."""
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            process.terminate()
            await process.wait()

    async def _start(self, *more: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            _RUN.format(folder=str(Path(__file__).parent)),
            "simulate",
            *self._row,
            *more,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )


def _seed() -> str:
    """Choose another household each day."""
    return str(utcnow().toordinal())
