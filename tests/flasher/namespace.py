"""Runs in a network namespace of its own: the app as its container starts it, and requests from several addresses.

Prints one JSON object: the status each request got.
"""

import asyncio
import json
import os
from pathlib import Path
import subprocess
import sys

from aiohttp import ClientError, ClientSession, TCPConnector
from aiohttp.test_utils import TestServer

from flasher.gate import FROM_PAGE, USER

from .fake_home_assistant import ADMIN, GUEST, TOKEN, FakeHomeAssistant

GATEWAY, NEIGHBOUR, APP = "172.30.32.2", "172.30.33.7", "172.30.33.1"
PAGE = {FROM_PAGE: "1"}


async def status(address: str, method: str, path: str, headers: dict[str, str]) -> int:
    """The status of a request that comes from an address."""
    async with (
        ClientSession(connector=TCPConnector(local_addr=(address, 0))) as session,
        session.request(
            method, f"http://{APP}:8099{path}", headers=headers, json={}
        ) as response,
    ):
        return response.status


def give_addresses() -> None:
    """Make this machine all of them."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    for address in (GATEWAY, NEIGHBOUR, APP):
        subprocess.run(["ip", "addr", "add", f"{address}/32", "dev", "lo"], check=True)


async def main(data: str) -> None:
    """Start, ask, end."""
    supervisor = TestServer(FakeHomeAssistant().application())
    await supervisor.start_server()
    app = await asyncio.create_subprocess_exec(
        *(
            sys.executable,
            "-m",
            "flasher",
            "--data",
            data,
            "--supervisor",
            str(supervisor.make_url("")).rstrip("/"),
        ),
        env=os.environ | {"SUPERVISOR_TOKEN": TOKEN},
    )
    admin, guest = PAGE | {USER: ADMIN}, PAGE | {USER: GUEST}
    for _ in range(200):
        try:
            await status(GATEWAY, "GET", "/", admin)
            break
        except ClientError:
            await asyncio.sleep(0.1)
    answers = {
        "administrator": await status(GATEWAY, "GET", "/", admin),
        "administrator's page": await status(GATEWAY, "GET", "/static/page.js", admin),
        "administrator's job": await status(GATEWAY, "POST", "/api/look", admin),
        "administrator from a foreign page": await status(
            GATEWAY, "POST", "/api/look", {USER: ADMIN}
        ),
        "guest": await status(GATEWAY, "GET", "/", guest),
        "guest's job": await status(GATEWAY, "POST", "/api/write", guest),
        "nobody": await status(GATEWAY, "GET", "/", {}),
        "neighbour": await status(NEIGHBOUR, "GET", "/", admin),
        "neighbour's job": await status(NEIGHBOUR, "POST", "/api/look", admin),
        "itself": await status(APP, "GET", "/api/state", admin),
    }
    app.terminate()
    answers["exit"] = await app.wait()
    await supervisor.close()
    sys.stdout.write(json.dumps(answers))


if __name__ == "__main__":
    give_addresses()
    asyncio.run(main(str(Path(sys.argv[1]))))
