"""Who may talk to the app: Home Assistant's ingress, and behind it only administrators."""

from collections.abc import Awaitable, Callable
import time

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from .home_assistant import HomeAssistantError

INGRESS = "172.30.32.2"
USER = "X-Remote-User-Id"
# A form on a foreign page cannot set a header of its own.
FROM_PAGE = "X-Smart-Meter"
REMEMBER = 60.0

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'self'; form-action 'none'; base-uri 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Add to whatever is answered, be it a refusal, what browsers shall keep to."""
    response.headers.update(HEADERS)


type IsAdministrator = Callable[[str], Awaitable[bool]]


class Gate:
    """Lets requests in that came through ingress from an administrator."""

    def __init__(self, gateway: str, is_administrator: IsAdministrator) -> None:
        """`gateway` is the address of the Supervisor's ingress."""
        self._gateway = gateway
        self._is_administrator = is_administrator
        self._known: dict[str, float] = {}

    @property
    def middleware(self) -> Middleware:
        """What aiohttp puts before every handler."""

        @web.middleware
        async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
            if refusal := await self._refusal(request):
                return web.Response(status=403, text=refusal)
            return await handler(request)

        return check

    async def _refusal(self, request: web.Request) -> str | None:
        if request.remote != self._gateway:
            return "Open this page from Home Assistant's side bar."
        if request.method != "GET" and FROM_PAGE not in request.headers:
            return "This request did not come from the app's own page."
        if not await self._administrator(request.headers.get(USER, "")):
            return "Only administrators of Home Assistant may flash devices."
        return None

    async def _administrator(self, user: str) -> bool:
        if not user:
            return False
        if self._known.get(user, 0.0) > time.monotonic():
            return True
        try:
            allowed = await self._is_administrator(user)
        except HomeAssistantError:
            return False
        if allowed:
            self._known[user] = time.monotonic() + REMEMBER
        return allowed
