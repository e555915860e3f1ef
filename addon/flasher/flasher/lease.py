"""Frees a port for a while, and gives everything back whatever happens.

What was stopped is written down before it is stopped. So it is given back after a failure, after a restart of the app,
and again and again until it worked. Our integration's own lease ends by itself besides.
"""

import asyncio
from dataclasses import asdict, dataclass, field
import json
import os
from pathlib import Path
import time
from typing import Any

from .home_assistant import (
    DOMAIN,
    ActionMissing,
    Holder,
    HomeAssistant,
    HomeAssistantError,
)

# Longer than a job may last, so that nobody takes the port while it is written.
LEASE_SECONDS = 3600


class ConsentNeeded(Exception):
    """Others use the port and the user has not agreed to stop them."""

    def __init__(self, holders: list[Holder]) -> None:
        """`holders` are those nobody agreed to stop."""
        super().__init__(", ".join(h.title for h in holders))
        self.holders = holders


@dataclass(slots=True)
class Taken:
    """What is stopped for now; `lent` is when our integration takes each port back by itself, in Unix time."""

    lent: dict[str, float] = field(default_factory=dict)
    stopped: list[dict[str, str]] = field(default_factory=list)


class Leases:
    """One port at a time."""

    def __init__(self, home_assistant: HomeAssistant, store: Path) -> None:
        """`store` is the file that outlives the app."""
        self._ha = home_assistant
        self._store = store
        self._lock = asyncio.Lock()

    async def holders(self, port: str) -> list[Holder]:
        """Who uses a port now, our integration among them."""
        return next(
            (
                found
                for device, found in (await self._ha.holders()).items()
                if same_port(device, port)
            ),
            [],
        )

    async def take(self, port: str, agreed: frozenset[str]) -> list[str]:
        """Free a port; the sentences for the log.

        Raises:
            ConsentNeeded: others would have to be stopped than those in `agreed` (keys of `Holder`).
            HomeAssistantError: somebody could not be stopped; what was stopped so far is still written down.
        """
        async with self._lock:
            said, foreign = await self._foreign(port, agreed)
            # What could not be given back before stays on the list.
            taken = self._read()
            said.append(await self._release(taken, port))
            for holder in foreign:
                taken.stopped.append(
                    {"kind": holder.kind, "id": holder.id, "title": holder.title}
                )
                self._keep(taken)
                await self._ha.set_running(holder.kind, holder.id, running=False)
                said.append(f"stopped {holder.title}")
        return said

    async def give_back(self) -> list[str]:
        """Give back all that is written down; the titles of what could not be given back, which stays written down."""
        async with self._lock:
            taken = self._read()
            failed = [s for s in reversed(taken.stopped) if not await self._start(s)]
            for port, until in tuple(taken.lent.items()):
                if await self._returned(port, until):
                    del taken.lent[port]
            taken.stopped = list(reversed(failed))
            self._keep(taken)
        ours = ["Smart Meter"] if taken.lent else []
        return [s["title"] for s in taken.stopped] + ours

    @property
    def pending(self) -> bool:
        """Whether something is still to be given back."""
        return self._store.exists()

    async def _foreign(
        self, port: str, agreed: frozenset[str]
    ) -> tuple[list[str], list[Holder]]:
        """What to say and whom to stop; ConsentNeeded where the user did not agree to all of them."""
        try:
            active = [h for h in await self.holders(port) if h.active]
        except HomeAssistantError as err:
            return [f"Home Assistant does not say who uses the port ({err})"], []
        foreign = [h for h in active if h.domain != DOMAIN]
        if missing := [h for h in foreign if h.key not in agreed]:
            raise ConsentNeeded(missing)
        return [], foreign

    async def _release(self, taken: Taken, port: str) -> str:
        taken.lent[port] = time.time() + LEASE_SECONDS
        self._keep(taken)
        try:
            freed = await self._ha.release_port(port, LEASE_SECONDS)
        except ActionMissing:
            freed = None
        if not freed:
            del taken.lent[port]
            self._keep(taken)
        if freed is None:
            return "The Smart Meter integration is not installed, so it does not use the port"
        return (
            f"Smart Meter let go of the port: {', '.join(freed) or 'it did not use it'}"
        )

    async def _start(self, stopped: dict[str, str]) -> bool:
        try:
            await self._ha.set_running(stopped["kind"], stopped["id"], running=True)
        except HomeAssistantError:
            return False
        return True

    async def _returned(self, port: str, until: float) -> bool:
        """Whether our integration has its port again; it may not know it while the cable is out."""
        if time.time() > until:
            return True
        try:
            return bool(await self._ha.return_port(port))
        except ActionMissing:
            return True  # gone with the integration that had lent it
        except HomeAssistantError:
            return False

    def _keep(self, taken: Taken) -> None:
        if not taken.stopped and not taken.lent:
            self._store.unlink(missing_ok=True)
            return
        new = self._store.with_suffix(".new")
        new.write_text(json.dumps(asdict(taken)))
        new.replace(self._store)

    def _read(self) -> Taken:
        try:
            data: dict[str, Any] = json.loads(self._store.read_text())
            return Taken(dict(data["lent"]), list(data["stopped"]))
        except OSError, ValueError, KeyError, TypeError:
            return Taken()


def same_port(one: str, other: str) -> bool:
    """Whether two names are the same port: symbolic links are followed, what follows a URL's `?` does not count."""
    return _plain(one) == _plain(other)


def _plain(port: str) -> str:
    return os.path.realpath(port) if port.startswith("/") else port.partition("?")[0]
