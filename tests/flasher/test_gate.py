"""Only ingress, and behind it only administrators."""

from collections.abc import Awaitable, Callable
import json
from pathlib import Path
import subprocess
import sys

from aiohttp import ClientSession
import pytest

from flasher.gate import FROM_PAGE, USER

from .conftest import App
from .fake_home_assistant import ADMIN, GUEST

ROOT = Path(__file__).parents[2]


def can_unshare() -> bool:
    """Whether this machine lets us have a network namespace."""
    try:
        return (
            subprocess.run(
                ["unshare", "-n", "ip", "link"], capture_output=True, check=False
            ).returncode
            == 0
        )
    except OSError:
        return False


@pytest.mark.skipif(not can_unshare(), reason="no network namespaces for this user")
def test_addresses(tmp_path: Path) -> None:
    """The app as its container starts it answers 172.30.32.2 only."""
    path = f"{ROOT}:{ROOT / 'addon' / 'flasher'}"
    run = subprocess.run(
        [
            "unshare",
            "-n",
            sys.executable,
            "-m",
            "tests.flasher.namespace",
            str(tmp_path / "data"),
        ],
        cwd=ROOT,
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout) == {
        "administrator": 200,
        "administrator's page": 200,
        "administrator's job": 400,  # it named no port
        "administrator from a foreign page": 403,
        "guest": 403,
        "guest's job": 403,
        "nobody": 403,
        "neighbour": 403,
        "neighbour's job": 403,
        "itself": 403,
        "exit": 0,
    }


async def test_other_gateway(start_app: Callable[..., Awaitable[App]]) -> None:
    """Who is not the gateway is told where to go."""
    app = await start_app(gateway="172.30.32.2")
    headers = {USER: ADMIN, FROM_PAGE: "1", "X-Forwarded-For": "172.30.32.2"}
    async with (
        ClientSession() as session,
        session.get(app.url, headers=headers) as response,
    ):
        assert response.status == 403
        assert "side bar" in await response.text()


@pytest.mark.parametrize("user", ["", GUEST, "somebody else"])
async def test_no_administrator(
    start_app: Callable[..., Awaitable[App]], user: str
) -> None:
    """No page, no state, no job."""
    app = await start_app()
    async with ClientSession(headers={USER: user, FROM_PAGE: "1"}) as session:
        for path in ("", "api/state", "api/log", "api/backups/x.bin", "static/page.js"):
            async with session.get(app.url + path) as response:
                assert response.status == 403
        for path in ("api/look", "api/write", "api/upload", "api/cancel"):
            async with session.post(app.url + path, json={}) as response:
                assert response.status == 403


async def test_core_away(start_app: Callable[..., Awaitable[App]]) -> None:
    """When nobody can say who is an administrator, nobody is."""
    app = await start_app(token="wrong")
    async with (
        ClientSession(headers={USER: ADMIN}) as session,
        session.get(app.url) as response,
    ):
        assert response.status == 403


async def test_headers(start_app: Callable[..., Awaitable[App]]) -> None:
    """No foreign script, nothing kept."""
    app = await start_app()
    async with app.session.get(app.url, headers={USER: ADMIN}) as response:
        assert response.headers["Cache-Control"] == "no-store"
        assert "default-src 'self'" in response.headers["Content-Security-Policy"]


async def test_no_way_out_of_the_folders(
    start_app: Callable[..., Awaitable[App]],
) -> None:
    """Names with paths in them lead nowhere."""
    app = await start_app()
    for path in (
        "api/backups/..%2Flease.json",
        "api/backups/%2Fetc%2Fpasswd",
        "static/..%2Fserver.py",
    ):
        async with app.session.get(app.url + path, headers={USER: ADMIN}) as response:
            assert response.status == 404


async def test_headers_of_what_is_not_there(
    start_app: Callable[..., Awaitable[App]],
) -> None:
    """Nor where nothing is, or nobody may look."""
    app = await start_app()
    for path, user, status in (
        ("api/backups/x.bin", ADMIN, 404),
        ("nowhere", ADMIN, 404),
        ("static/page.js", ADMIN, 200),
        ("", GUEST, 403),
    ):
        async with app.session.get(app.url + path, headers={USER: user}) as response:
            assert response.status == status
            assert response.headers["Cache-Control"] == "no-store"
            assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "request_",
    [
        {},
        {"port": ""},
        {"port": "x"},
        {"port": "x", "firmware": "a", "upload": "b"},
        {"port": 1, "firmware": "a"},
        {"port": "x", "firmware": "a", "wifi": {"ssid": ""}},
        [],
        None,
        "x",
    ],
)
async def test_nonsense(
    start_app: Callable[..., Awaitable[App]], request_: object
) -> None:
    """A request that is none starts nothing."""
    app = await start_app()
    async with app.session.post(
        app.url + "api/write", json=request_, headers={USER: ADMIN, FROM_PAGE: "1"}
    ) as response:
        assert (response.status, (await response.json())["failure"]["kind"]) == (
            400,
            "request",
        )
    assert app.jobs.job is None
