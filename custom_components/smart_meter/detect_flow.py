"""Finding out alone what hangs on a port: every usual line setting is listened at, and the meters it may be are named."""

from abc import abstractmethod
import asyncio
from typing import Any

from homeassistant.config_entries import ConfigFlowResult
from homeassistant.const import CONF_PORT
from homeassistant.helpers.selector import (
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)
import probatio

from .const import DOMAIN
from .customer_interface.session.detect import Finding, Verdict
from .discovery_flow import DiscoverySteps
from .flow_steps import port_field
from .listening import DETECTION_PACE, Detection

CONF_ROW = "row"


class DetectSteps(DiscoverySteps):
    """The steps of who does not know the meter."""

    _detecting: asyncio.Task[None]
    _finding: Finding
    _detection: Detection | None = None

    @abstractmethod
    async def _async_after_connection(self) -> ConfigFlowResult:
        """Go on from a port, for the meter that was chosen."""

    async def async_step_unknown(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the port alone."""
        await self._async_load()
        if user_input is not None:
            self._errors = {}
            self._use_port(user_input[CONF_PORT])
            return await self.async_step_detect()
        fields = port_field(self._data.get(CONF_PORT))
        return self.async_show_form(
            step_id="unknown", data_schema=probatio.Schema(fields), errors=self._errors
        )

    async def async_step_detect(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Listen at one line setting after the other."""
        if self._detection is None:
            self._detection = Detection(
                self.hass, self._data[CONF_PORT], self._catalogue
            )
            self._detecting = self.hass.async_create_background_task(
                self._detection.async_run(), f"{DOMAIN} set-up"
            )
        if self._detecting.done():
            return self._progressed("detected")
        return self._show_progress(
            "detect",
            self._async_wait_for_news,
            action="detect",
            said={
                "line": str(self._detection.line),
                "bytes": str(self._detection.statistics.bytes_received),
            },
        )

    async def _async_wait_for_news(self) -> None:
        """Return when the detection is over, at the latest when there is something new to tell."""
        await asyncio.wait((self._detecting,), timeout=4 * DETECTION_PACE)

    async def async_step_detected(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Name the meters it may be, or what is wrong."""
        detection, self._detection = self._detection, None
        assert detection is not None
        finding = detection.finding
        if finding is None:
            reason = detection.error.reason if detection.error else "invalid"
            self._errors = {CONF_PORT: f"port_{reason}"}
            return await self.async_step_unknown()
        self._finding = finding
        match finding.verdict:
            case Verdict.FOUND if finding.candidates:
                return await self.async_step_candidates()
            case Verdict.FOUND | Verdict.GARBAGE:
                return await self.async_step_undetected_garbage()
            case Verdict.INACTIVE:
                return await self.async_step_undetected_inactive()
            case Verdict.BREAK:
                return await self.async_step_undetected_break()
            case _:
                return await self.async_step_undetected_nothing()

    async def async_step_candidates(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Let the user say which of the meters that send so is theirs."""
        candidates = {
            f"{c.operator.id}/{c.offer.meter.id}": c for c in self._finding.candidates
        }
        if user_input is not None:
            chosen = candidates[user_input[CONF_ROW]]
            self._operator, self._offer = chosen.operator, chosen.offer
            return await self._async_after_connection()
        language = self.hass.config.language
        options = [
            SelectOptionDict(
                value=row,
                label=f"{c.operator.name_in(language)} – {c.offer.label(language)}",
            )
            for row, c in candidates.items()
        ]
        selector = SelectSelector(
            SelectSelectorConfig(options=options, mode=SelectSelectorMode.DROPDOWN)
        )
        meter = self._finding.meter
        return self.async_show_form(
            step_id="candidates",
            data_schema=probatio.Schema({probatio.Required(CONF_ROW): selector}),
            description_placeholders={
                "line": str(self._finding.line),
                "meter": (meter.key if meter else None) or "–",
            },
        )

    async def async_step_undetected_nothing(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """No byte came at any setting."""
        return self._show_undetected("nothing")

    async def async_step_undetected_garbage(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Bytes came, but nothing that is known."""
        return self._show_undetected("garbage")

    async def async_step_undetected_break(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """The line rests at the wrong level."""
        return self._show_undetected("break")

    async def async_step_undetected_inactive(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """The grid operator has not activated the interface."""
        return self._show_undetected("inactive")

    def _show_undetected(self, what: str) -> ConfigFlowResult:
        return self.async_show_menu(
            step_id=f"undetected_{what}",
            menu_options=["detect", "unknown", "operator"],
        )
