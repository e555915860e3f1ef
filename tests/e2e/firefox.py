"""Firefox over WebDriver BiDi, which it speaks itself: Debian's needs no driver, and playwright's is another Firefox."""

import asyncio
import base64
from collections.abc import AsyncIterator
import contextlib
from pathlib import Path
import re
import shutil
from typing import Any

import aiohttp
import pytest

PATIENCE = 120.0
SCHEMES = {"dark": 0, "light": 1}


class Firefox:
    """The one tab of a Firefox; JSON commands over a WebSocket (W3C WebDriver BiDi)."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Take a connection."""
        self._socket = socket
        self._number = 0
        self._tab = ""

    async def command(self, method: str, **params: Any) -> Any:
        """Send a command and return its result."""
        self._number += 1
        await self._socket.send_json(
            {"id": self._number, "method": method, "params": params}
        )
        async with asyncio.timeout(PATIENCE):
            while (answer := await self._socket.receive_json()).get("id") != (
                self._number
            ):
                pass
        assert answer["type"] == "success", answer
        return answer["result"]

    async def begin(self, script: str) -> None:
        """Take the first tab; `script` runs before each page's own."""
        await self.command("session.new", capabilities={})
        tree = await self.command("browsingContext.getTree")
        self._tab = tree["contexts"][0]["context"]
        await self.command(
            "script.addPreloadScript", functionDeclaration=f"() => {{ {script} }}"
        )

    async def go(self, url: str, width: int, height: int) -> None:
        """Show a page in a window of this size."""
        viewport = {"width": width, "height": height}
        await self.command(
            "browsingContext.setViewport", context=self._tab, viewport=viewport
        )
        await self.command(
            "browsingContext.navigate", context=self._tab, url=url, wait="none"
        )

    async def evaluate(self, expression: str) -> Any:
        """Return what an expression amounts to: a text, a number, or None."""
        told = await self.command(
            "script.evaluate",
            expression=expression,
            target={"context": self._tab},
            awaitPromise=True,
        )
        assert told["type"] == "success", told["exceptionDetails"]["text"]
        return told["result"].get("value")

    async def picture(self) -> bytes:
        """Return the page as a PNG."""
        told = await self.command(
            "browsingContext.captureScreenshot", context=self._tab
        )
        return base64.b64decode(told["data"])


@contextlib.asynccontextmanager
async def firefox(profile: Path, script: str, scheme: str) -> AsyncIterator[Firefox]:
    """Start Firefox on a system that prefers light or dark, or skip the test where it is not installed."""
    program = shutil.which("firefox-esr") or shutil.which("firefox")
    if program is None:
        pytest.skip("no Firefox here: apt-get install firefox-esr")
    (profile / "user.js").write_text(
        f'user_pref("layout.css.prefers-color-scheme.content-override", {SCHEMES[scheme]});'
    )
    process = await asyncio.create_subprocess_exec(
        program,
        "--headless",
        "--no-remote",
        "--remote-debugging-port=0",
        f"--profile={profile}",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(f"{await _address(process)}/session") as socket,
        ):
            browser = Firefox(socket)
            await browser.begin(script)
            yield browser
    finally:
        process.terminate()
        await process.wait()


async def _address(process: asyncio.subprocess.Process) -> str:
    assert process.stderr is not None
    async with asyncio.timeout(PATIENCE):
        async for line in process.stderr:
            if found := re.search(rb"BiDi listening on (ws://\S+)", line):
                return found[1].decode()
    raise AssertionError("Firefox ended at its start")
