"""Searching a wired bus during set-up: every address is asked once, and whoever answers is listed."""

from typing import TYPE_CHECKING, override

from homeassistant.core import callback

from .customer_interface.keys import Key, KeyRing
from .customer_interface.reading import Fault, FaultKind, Reading
from .customer_interface.session import make_search
from .customer_interface.session.base import Session
from .listening import Listening, Outcome

if TYPE_CHECKING:
    from .customer_interface.session.master import Found, ScanSession

_REFUSED = (FaultKind.KEY, FaultKind.AUTHENTICATION)


class BusListening(Listening):
    """A bus that is searched; `outcome` is READING once it is over, SILENT where nobody answered, or PORT."""

    _session: ScanSession

    @property
    def found(self) -> tuple[Found, ...]:
        """The meters that answered."""
        return self._session.found

    @property
    def asked(self) -> tuple[int, int | None]:
        """How many addresses were asked, and of how many; a search digit by digit does not know its end."""
        return self._session.progress.asked, self._session.progress.of

    @property
    def bus_stage(self) -> str:
        """How far it came; each has its own words."""
        if not self._up:
            return "opening"
        return "primary" if self.asked[1] is not None else "secondary"

    def opens(self, found: Found, key: Key) -> bool:
        """Tell whether a key opens what a meter answered."""
        name = found.meter.key
        results = self._session.try_keys(found, KeyRing((Key(key.secret, name),)))
        return not any(
            isinstance(result, Fault) and result.kind in _REFUSED for result in results
        )

    @override
    async def _make(self, keys: KeyRing) -> Session:
        return await self._hass.async_add_executor_job(make_search, self._profile, keys)

    @override
    def _restart_patience(self) -> None:
        """Wait for as long as it takes: a search ends by itself."""
        self._deadline = float("inf")

    @callback
    @override
    def _on_output(self, output: Reading | Fault) -> None:
        self._changed.set()

    @override
    async def async_wait(self) -> None:
        """Return when there is something new to tell, at the latest after a second."""
        await super().async_wait()
        if self.outcome is None and self._session.done:
            self.outcome = Outcome.READING if self.found else Outcome.SILENT
