"""Runs one job at a time. The server holds it, the page only watches."""

import asyncio
from contextlib import suppress
import hashlib
import json
import logging
from pathlib import Path
import secrets

from . import esp_image
from .catalogue import Catalogue
from .home_assistant import HomeAssistant, HomeAssistantError
from .job import Job, JobError, Request, Upload, stages_of
from .lease import Leases
from .steps import Steps, marker
from .writer import WriterError

_LOGGER = logging.getLogger(__name__)

# Shorter than the lease of the port.
LONGEST = 3000.0


class Jobs:
    """Runs jobs and tells those who wait what changed."""

    def __init__(
        self,
        folder: Path,
        catalogue: Catalogue,
        home_assistant: HomeAssistant,
        *,
        silence: float = 150.0,
    ) -> None:
        """`folder` is the app's own that outlives it; `silence` ends a child that says nothing, in seconds."""
        self._folder = folder
        self._catalogue = catalogue
        self._ha = home_assistant
        self._silence = silence
        self._leases = Leases(home_assistant, folder / "lease.json")
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._later: asyncio.Task[None] | None = None
        self.revision = 0
        self.job: Job | None = None
        self.upload: Upload | None = None

    @property
    def leases(self) -> Leases:
        """Who uses the ports."""
        return self._leases

    async def recover(self) -> None:
        """After a start: say what was cut short, and give back what is still taken."""
        mark = marker(self._folder)
        with suppress(OSError, ValueError, KeyError, TypeError):
            left = json.loads(mark.read_text())
            job = Job(
                "recovered", str(left["port"]), (), self._notify, outcome="failed"
            )
            job.touched, job.failure = bool(left["touched"]), {"kind": "interrupted"}
            self.job = job
            mark.unlink()
        await self._give_back()

    async def close(self) -> None:
        """Stop what runs; the port is given back."""
        for task in (self._task, self._later):
            if task is not None:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
        self._notify()

    async def wait(self, revision: int, seconds: float) -> None:
        """Until something is newer than `revision`, or the time is over."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self.revision <= revision:
                    await self._changed.wait()

    def start(self, request: Request) -> Job:
        """Begin a job.

        Raises:
            JobError: another one is running (`running`).
        """
        if self.job is not None and self.job.outcome is None:
            raise JobError("running")
        self.job = Job(
            secrets.token_hex(4), request.port, stages_of(request), self._notify
        )
        steps = Steps(
            self.job,
            request,
            self.upload,
            self._catalogue,
            self._ha,
            self._leases,
            self._folder,
            self._silence,
        )
        self._task = asyncio.create_task(self._run(steps))
        return self.job

    def cancel(self) -> None:
        """Stop the job, except while the flash is being changed.

        Raises:
            JobError: nothing runs, or stopping now would leave a chip that does not start (`writing`).
        """
        if self._task is None or self.job is None or self.job.outcome is not None:
            raise JobError("not_running")
        if self.job.touched:
            raise JobError("writing")
        self._task.cancel()

    def keep_upload(self, name: str, path: Path) -> Upload:
        """Remember an image of the user's own; the one before is forgotten."""
        content = path.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        if self.upload is not None and self.upload.path != path:
            self.upload.path.unlink(missing_ok=True)
        self.upload = Upload(
            digest[:16], name, len(content), digest, esp_image.inspect(content), path
        )
        return self.upload

    # --- the job ---

    async def _run(self, steps: Steps) -> None:
        job = steps.job
        try:
            async with asyncio.timeout(LONGEST):
                await steps.work()
        except asyncio.CancelledError:
            job.fail("interrupted" if job.touched else "stopped")
        except JobError as err:
            job.fail(err.kind, **err.fields)
        except WriterError as err:
            job.fail(err.kind, detail=str(err))
        except TimeoutError:
            job.fail("stalled", detail="the job took too long")
        except HomeAssistantError as err:
            job.fail("home_assistant", detail=str(err))
        except (
            Exception
        ) as err:  # whatever it was, the port is given back and the page says so
            _LOGGER.exception("The job ended unexpectedly")
            job.fail("internal", detail=repr(err))
        await asyncio.shield(self._finish(steps))

    async def _finish(self, steps: Steps) -> None:
        """End the job in any case: nothing else can begin before."""
        job = steps.job
        try:
            await self._wind_up(steps)
        except Exception as err:
            _LOGGER.exception("The end of the job failed")
            if job.failure is None:
                job.fail("internal", detail=repr(err))
        job.outcome = "done" if job.failure is None else "failed"
        job.stage, job.percent = "", None
        self._notify()

    async def _wind_up(self, steps: Steps) -> None:
        job = steps.job
        if job.failure is not None and job.failure["kind"] == "stopped" and job.chip:
            await steps.restart()
        job.enter("give_back")
        if missing := await self._give_back():
            job.notice("not_given_back", titles=missing)
        else:
            job.say("The port is given back")
        if job.failure is None:
            await steps.offer()
        if not job.touched:
            marker(self._folder).unlink(missing_ok=True)

    async def _give_back(self) -> list[str]:
        try:
            missing = await self._leases.give_back()
        except Exception:
            _LOGGER.exception("Giving back failed")
            missing = ["?"]
        if missing and (self._later is None or self._later.done()):
            self._later = asyncio.create_task(self._give_back_later())
        return missing

    async def _give_back_later(self) -> None:
        while self._leases.pending:
            await asyncio.sleep(30)
            if self.job is None or self.job.outcome is not None:
                with suppress(OSError, HomeAssistantError):
                    await self._leases.give_back()

    def _notify(self) -> None:
        """Wake those who wait."""
        self.revision += 1
        self._changed.set()
        self._changed = asyncio.Event()
