"""Starts the server of the app: `python -m flasher`."""

import argparse
import json
import logging
import os
from pathlib import Path

from aiohttp import web

from .gate import INGRESS
from .home_assistant import SUPERVISOR
from .server import Server, Settings

HERE = Path(__file__).parents[1]


def main() -> None:
    """Serve until the container is stopped."""
    parser = argparse.ArgumentParser(
        prog="flasher", description="The app that flashes the dongle."
    )
    parser.add_argument("--host", default="0.0.0.0", help="address to listen on")
    parser.add_argument("--port", type=int, default=8099, help="port to listen on")
    parser.add_argument(
        "--gateway", default=INGRESS, help="the only address that is answered"
    )
    parser.add_argument(
        "--supervisor", default=SUPERVISOR, help="where the Supervisor is"
    )
    parser.add_argument(
        "--data", type=Path, default=Path("/data"), help="the app's own folder"
    )
    parser.add_argument(
        "--firmware", type=Path, default=HERE / "firmware", help="the bundled firmware"
    )
    parser.add_argument(
        "--key",
        type=Path,
        default=HERE / "release-key.pem",
        help="what releases are signed with",
    )
    arguments = parser.parse_args()
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s"
    )
    settings = Settings(
        data=arguments.data,
        firmware=arguments.firmware,
        key=arguments.key,
        token=os.environ.get("SUPERVISOR_TOKEN", ""),
        extra_ports=extra_ports(arguments.data / "options.json"),
        gateway=arguments.gateway,
        supervisor=arguments.supervisor,
    )
    web.run_app(
        Server(settings).application(),
        host=arguments.host,
        port=arguments.port,
        access_log=None,
        shutdown_timeout=5,
        print=None,
    )


def extra_ports(options: Path) -> tuple[str, ...]:
    """The ports named in the app's options."""
    try:
        return tuple(
            str(port) for port in json.loads(options.read_text())["extra_ports"]
        )
    except OSError, ValueError, KeyError, TypeError:
        return ()


if __name__ == "__main__":
    main()
