"""What a job is: what the user asked for, and how far it is."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
import logging
from pathlib import Path
from typing import Any

from .esp_image import Image

_LOGGER = logging.getLogger(__name__)

MAX_LOG = 4000
SHOWN_LOG = 200

LOOK = ("free", "ask", "connect", "identify", "restart", "give_back")
WRITE = (
    "check", "free", "ask", "connect", "identify", "backup", "write", "verify", "restart", "wifi", "give_back", "offer",
)  # fmt: skip
# Failures that, once the flash was touched, leave a chip that does not start.
INTERRUPTIONS = {"lost", "stalled", "internal", "chip", "port_missing", "no_answer"}


class JobError(Exception):
    """A job that ends; `kind` names the advice on the page, `fields` fill in its words."""

    def __init__(self, kind: str, **fields: Any) -> None:
        """See the class."""
        super().__init__(f"{kind} {fields or ''}")
        self.kind = kind
        self.fields = fields


@dataclass(frozen=True, slots=True)
class Wifi:
    """The network a dongle shall join."""

    ssid: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Request:
    """What the user asked for; `firmware` is a manifest's name, `upload` an image of the user's own."""

    port: str
    firmware: str | None = None
    upload: str | None = None
    backup: bool = False
    careful: bool = False
    wifi: Wifi | None = None
    offer: bool = False
    agreed: frozenset[str] = frozenset()

    @property
    def writes(self) -> bool:
        """Whether it is more than a look."""
        return self.firmware is not None or self.upload is not None


@dataclass(frozen=True, slots=True)
class Upload:
    """An image of the user's own; `sha256` in hex."""

    id: str
    name: str
    size: int
    sha256: str
    image: Image
    path: Path


@dataclass(slots=True)
class Job:
    """How far a job is; `changed` is called whenever the page has something new to show."""

    id: str
    port: str
    stages: tuple[str, ...]
    changed: Callable[[], None]
    stage: str = ""
    percent: int | None = None
    touched: bool = False
    outcome: str | None = None
    failure: dict[str, Any] | None = None
    notices: list[dict[str, Any]] = field(default_factory=list)
    chip: dict[str, Any] | None = None
    installed: dict[str, Any] | None = None
    firmware: dict[str, Any] | None = None
    backup: str | None = None
    dongle: dict[str, Any] | None = None
    log: deque[str] = field(default_factory=lambda: deque(maxlen=MAX_LOG))

    def snapshot(self) -> dict[str, Any]:
        """What the page gets; the log's last lines only."""
        shown = (f.name for f in fields(self) if f.name not in ("changed", "log"))
        return {name: getattr(self, name) for name in shown} | {
            "log": list(self.log)[-SHOWN_LOG:],
            "running": self.outcome is None,
        }

    def enter(self, stage: str) -> None:
        """The job is in another stage."""
        self.stage, self.percent = stage, None
        self.say(f"— {stage}")

    def say(self, line: str) -> None:
        """A line for the log."""
        self.log.append(f"{datetime.now(UTC):%H:%M:%S} {line}")
        _LOGGER.info("%s", line)
        self.changed()

    def progress(self, done: float, total: float) -> None:
        """How far the stage is."""
        percent = min(100, int(100 * done / total)) if total else None
        if percent != self.percent:
            self.percent = percent
            self.changed()

    def notice(self, kind: str, **values: Any) -> None:
        """Something the user should know, although the job goes on."""
        self.notices.append({"kind": kind} | values)
        self.say(f"Notice: {kind} {values}")

    def fail(self, kind: str, **values: Any) -> None:
        """The job ends here; an interruption is something else once the flash was touched."""
        if self.touched and kind in INTERRUPTIONS:
            kind = "cut"
        self.failure = {"kind": kind, "stage": self.stage} | values
        self.say(f"Failed: {kind} {values.get('detail', '')}".rstrip())


def stages_of(request: Request) -> tuple[str, ...]:
    """What a job goes through."""
    wanted = {
        "backup": request.backup,
        "wifi": request.wifi is not None,
        "offer": request.offer,
    }
    stages = WRITE if request.writes else LOOK
    return tuple(stage for stage in stages if wanted.get(stage, True))
