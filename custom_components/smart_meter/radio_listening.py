"""Listening to a radio stick during set-up: it is recognised, set up, and the meters it hears are listed."""

import asyncio
from contextlib import suppress
from enum import StrEnum
from typing import TYPE_CHECKING, override

from homeassistant.core import callback

from .customer_interface.line import LineSettings
from .customer_interface.reading import Fault, FaultKind, Reading
from .listening import PROGRESS_PACE, Listening, Outcome

if TYPE_CHECKING:
    from .customer_interface.session.near import HeardMeter
    from .customer_interface.session.radio import RadioSession

# How long to listen before the list is shown, once somebody was heard, and when nobody is.
LISTEN, PATIENCE = 20.0, 90.0


class RadioStage(StrEnum):
    """How far it came; each has its own words."""

    OPENING = "opening"
    STICK = "stick"
    METERS = "meters"


class RadioListening(Listening):
    """A stick that is listened to; `outcome` is READING with a list, SILENT without a stick, or PORT."""

    _session: RadioSession
    _ready_at: float | None = None

    @property
    def session(self) -> RadioSession:
        """The session, which tries keys on what it heard."""
        return self._session

    @property
    def heard(self) -> tuple[HeardMeter, ...]:
        """All meters heard."""
        return self._session.heard

    @property
    def stick(self) -> str | None:
        """The stick, once it answered or delivered; lines of text are no stick before a meter was heard."""
        heard = self.heard or self._session.statistics.frames
        known = self._session.stick
        return known if known != "rtl_wmbus" or heard else None

    @property
    def radio_stage(self) -> RadioStage:
        """How far it came."""
        if not self._up:
            return RadioStage.OPENING
        return RadioStage.METERS if self.stick else RadioStage.STICK

    @override
    async def async_start(self) -> None:
        """Open the port, recognise and set up the stick, and listen."""
        await super().async_start()
        self._session.choose(frozenset())

    def listen_on(self) -> None:
        """Listen for longer."""
        self.outcome, self._ready_at = None, None

    @override
    async def async_wait(self) -> None:
        """Return when there is something new to tell, at the latest after a second."""
        self._changed.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(PROGRESS_PACE):
                await self._changed.wait()
        if self.outcome is not None or self.stick is None:
            return
        now = self._hass.loop.time()
        self._ready_at = now if self._ready_at is None else self._ready_at
        if now - self._ready_at >= (LISTEN if self.heard else PATIENCE):
            self.outcome = Outcome.READING

    @callback
    @override
    def _on_bytes(
        self, direction: str, data: bytes, at: float, _: LineSettings
    ) -> None:
        """Keep nothing: the session remembers the telegrams of each meter."""

    @callback
    @override
    def _on_output(self, output: Reading | Fault) -> None:
        if isinstance(output, Fault) and output.kind is FaultKind.LINE:
            self.outcome = Outcome.SILENT
        self._changed.set()
