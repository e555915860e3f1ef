"""Home Assistant's side of ingress: a page with a frame, and a proxy that adds the path and the user."""

from aiohttp import ClientSession, web

TOKEN = "Zm9vYmFy"
PATH = f"/api/hassio_ingress/{TOKEN}"
HOP_BY_HOP = {"transfer-encoding", "content-encoding", "content-length", "connection"}


class Ingress:
    """Forwards what is below its path, from whoever is logged in."""

    def __init__(self, app_url: str, user: str) -> None:
        """`user` is the id the Supervisor would add; what the browser sends in that header is dropped."""
        self._app_url = app_url
        self.user = user
        self.paths: list[str] = []

    def application(self) -> web.Application:
        """What to serve at Home Assistant's address."""
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_get("/app", self._panel)
        app.router.add_route("*", PATH + "/{path:.*}", self._forward)
        app.cleanup_ctx.append(self._session)
        return app

    async def _session(self, app: web.Application):
        async with ClientSession() as self._client:
            yield

    async def _panel(self, request: web.Request) -> web.Response:
        frame = f'<iframe src="{PATH}/" style="border:0;position:fixed;inset:0;width:100%;height:100%"></iframe>'
        return web.Response(
            text=f"<!doctype html><title>Home Assistant</title><link rel=icon href=data:,>{frame}",
            content_type="text/html",
        )

    async def _forward(self, request: web.Request) -> web.StreamResponse:
        self.paths.append(request.path)
        headers = {
            k: v
            for k, v in request.headers.items()
            if not k.lower().startswith("x-remote-user")
        }
        headers |= {"X-Ingress-Path": PATH, "X-Remote-User-Id": self.user}
        async with self._client.request(
            request.method,
            self._app_url + request.match_info["path"],
            params=request.query,
            headers=headers,
            data=await request.read(),
        ) as answer:
            kept = {
                k: v for k, v in answer.headers.items() if k.lower() not in HOP_BY_HOP
            }
            return web.Response(
                status=answer.status, headers=kept, body=await answer.read()
            )
