"""Publishing without Home Assistant: what `customer-interface publish` does."""

import asyncio
from collections.abc import Callable
from functools import partial
import sys

from .errors import SourceError
from .session import make_session
from .sink.mqtt import Broker, Port, Publisher
from .source.runner import Runner


async def publish(broker: Broker, ports: tuple[Port, ...]) -> None:
    """Read all ports and publish until cancelled; raises ConfigError or CatalogueError before anything is opened."""
    publisher = Publisher(broker)
    runners = [_runner(port, publisher) for port in ports]
    async with asyncio.TaskGroup() as group:
        group.create_task(publisher.run())
        for runner in runners:
            group.create_task(runner.run())


def _runner(port: Port, publisher: Publisher) -> Runner:
    return Runner(
        port.url,
        port.profile.line,
        make_session(port.profile, port.keys),
        partial(publisher.take, port),
        _on_link(port, publisher),
    )


def _on_link(
    port: Port, publisher: Publisher
) -> Callable[[bool, SourceError | None], None]:
    def on_link(up: bool, error: SourceError | None) -> None:
        sys.stderr.write(f"{port.name}: {'port open' if up else error}\n")
        if not up:
            publisher.lose(port)

    return on_link
