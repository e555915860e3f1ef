"""What passed on the port: the last bytes for diagnostics, and recordings on request."""

from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later
from homeassistant.util import dt as dt_util, slugify

from .const import DOMAIN, LOGGER
from .customer_interface.line import LineSettings
from .customer_interface.source.recording import Recorded

# A telegram of any meter fits; a second of a P1 port at 115200 baud too.
KEPT_BYTES = 16_384
MAX_RECORDED_BYTES = 1_000_000


@dataclass(slots=True)
class _Running:
    """A recording that runs: where it goes, and how much there is."""

    path: Path
    cancel: CALLBACK_TYPE
    lines: list[str] = field(default_factory=list)
    size: int = 0


class Recording:
    """Keeps the last bytes of a port, and all of them for a while when somebody asked."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Keep nothing yet."""
        self._hass = hass
        self._kept: deque[Recorded] = deque()
        self._kept_bytes = 0
        self._running: _Running | None = None

    @property
    def kept(self) -> tuple[Recorded, ...]:
        """The last bytes, oldest first."""
        return tuple(self._kept)

    @property
    def is_running(self) -> bool:
        """Whether a recording runs."""
        return self._running is not None

    @callback
    def on_bytes(
        self, direction: str, data: bytes, at: float, line: LineSettings
    ) -> None:
        """Take what passed."""
        recorded = Recorded(at, direction, data, line)
        self._kept.append(recorded)
        self._kept_bytes += len(data)
        while self._kept_bytes > KEPT_BYTES and len(self._kept) > 1:
            self._kept_bytes -= len(self._kept.popleft().data)
        if (running := self._running) is None:
            return
        running.lines.append(recorded.to_line())
        running.size += len(data)
        if running.size > MAX_RECORDED_BYTES:
            self.stop()

    @callback
    def start(self, title: str, seconds: float) -> Path:
        """Record for some seconds; returns the file that will be there afterwards."""
        self.stop()
        stamp = dt_util.now().strftime("%Y-%m-%d-%H-%M-%S")
        path = Path(self._hass.config.path(DOMAIN, f"{slugify(title)}-{stamp}.jsonl"))
        self._running = _Running(
            path,
            async_call_later(
                self._hass,
                seconds,
                HassJob(self._on_time, cancel_on_shutdown=True),
            ),
        )
        return path

    @callback
    def _on_time(self, _: object) -> None:
        self.stop()

    @callback
    def stop(self) -> None:
        """End the recording that runs and write it."""
        if (running := self._running) is None:
            return
        self._running = None
        running.cancel()
        self._hass.async_add_executor_job(_write, running.path, running.lines)


def _write(path: Path, lines: list[str]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    except OSError as err:
        LOGGER.error("The recording could not be written: %s", err.strerror)
