"""The Supervisor and Home Assistant Core behind it, as far as the app asks them."""

from typing import Any

from aiohttp import WSMsgType, web

TOKEN = "the app's own token"
ADMIN, GUEST = "id-of-an-administrator", "id-of-a-guest"


class FakeHomeAssistant:
    """Answers like 2026.11 and remembers what was asked."""

    def __init__(self) -> None:
        """Our integration is installed and uses no port."""
        self.integration = True
        self.release_fails = False
        self.start_fails = 0
        self.calls: list[tuple[str, Any]] = []
        self.leases: set[str] = set()
        self.forgets = 0
        self.consumers: dict[str, list[dict[str, Any]]] = {}
        self.discovered: list[dict[str, Any]] = []
        self.usage_known = True

    def application(self) -> web.Application:
        """What to serve at the Supervisor's address."""
        app = web.Application()
        app.add_routes(
            [
                web.get("/core/api/services", self._services),
                web.post("/core/api/services/{domain}/{action}", self._action),
                web.get("/core/websocket", self._websocket),
                web.post("/discovery", self._discovery),
            ]
        )
        return app

    def use(
        self, port: str, kind: str, holder: str, title: str, domain: str = ""
    ) -> None:
        """Let an app (by slug) or an entry (by id) use a port."""
        self.consumers.setdefault(port, []).append(
            {
                "kind": kind,
                "title": title,
                "active": True,
                "domain": domain or None,
                "config_entry_id": holder if kind == "config_entry" else None,
                "slug": holder if kind == "app" else None,
            }
        )

    def active(self, holder: str) -> bool:
        """Whether an app or entry runs."""
        return self._consumer(holder)["active"]

    def _consumer(self, holder: str) -> dict[str, Any]:
        return next(
            c
            for consumers in self.consumers.values()
            for c in consumers
            if holder in (c["slug"], c["config_entry_id"])
        )

    def _set(self, holder: str, active: bool) -> bool:
        if active and self.start_fails:
            self.start_fails -= 1
            return False
        self._consumer(holder)["active"] = active
        return True

    def _ours(self, port: str) -> list[dict[str, str]]:
        ours = (c for c in self.consumers.get(port, ()) if c["domain"] == "smart_meter")
        return [
            {"config_entry_id": c["config_entry_id"], "title": c["title"]} for c in ours
        ]

    @staticmethod
    def _authorized(request: web.Request) -> None:
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            raise web.HTTPUnauthorized

    async def _services(self, request: web.Request) -> web.Response:
        self._authorized(request)
        domains = [{"domain": "hassio", "services": {"app_start": {}, "app_stop": {}}}]
        if self.integration:
            domains.append(
                {
                    "domain": "smart_meter",
                    "services": {"release_port": {}, "return_port": {}},
                }
            )
        return web.json_response(domains)

    async def _action(self, request: web.Request) -> web.Response:
        self._authorized(request)
        name = f"{request.match_info['domain']}.{request.match_info['action']}"
        data = await request.json()
        self.calls.append((name, data))
        match name:
            case "smart_meter.release_port":
                if self.release_fails:
                    raise web.HTTPInternalServerError
                assert "return_response" in request.query
                freed = self._ours(data["port"])
                self.leases |= {data["port"]} if freed else set()
                return _response({"freed": freed})
            case "smart_meter.return_port":
                assert "return_response" in request.query
                if self.forgets:
                    self.forgets -= 1
                    return _response({"returned": []})
                returned = (
                    self._ours(data["port"]) if data["port"] in self.leases else []
                )
                self.leases.discard(data["port"])
                return _response({"returned": returned})
            case "hassio.app_stop" | "hassio.app_start":
                if not self._set(data["app"], name == "hassio.app_start"):
                    raise web.HTTPInternalServerError
        return web.json_response([])

    async def _websocket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"type": "auth_required"})
        auth = await socket.receive_json()
        if auth["access_token"] != TOKEN:
            await socket.send_json({"type": "auth_invalid"})
            return socket
        await socket.send_json({"type": "auth_ok"})
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                asked = message.json()
                result = self._command(asked)
                ok = result is not None
                error = (
                    {}
                    if ok
                    else {
                        "error": {
                            "code": "unknown_command",
                            "message": "Unknown command.",
                        }
                    }
                )
                await socket.send_json(
                    {
                        "id": asked["id"],
                        "type": "result",
                        "success": ok,
                        "result": result,
                    }
                    | error
                )
        return socket

    def _command(self, asked: dict[str, Any]) -> Any:
        match asked["type"]:
            case "config/auth/list":
                return [_user(ADMIN, ["system-admin"]), _user(GUEST, ["system-users"])]
            case "usb/list_serial_ports" if self.usage_known:
                return [
                    {"device": device, "consumers": users}
                    for device, users in self.consumers.items()
                ]
            case "config_entries/disable":
                self.calls.append(("config_entries/disable", asked))
                self._set(asked["entry_id"], asked["disabled_by"] is None)
                return {"require_restart": False}
        return None

    async def _discovery(self, request: web.Request) -> web.Response:
        self._authorized(request)
        self.discovered.append(await request.json())
        return web.json_response({"result": "ok", "data": {"uuid": "0"}})


def _user(user_id: str, groups: list[str]) -> dict[str, Any]:
    return {"id": user_id, "is_owner": False, "is_active": True, "group_ids": groups}


def _response(answer: dict[str, Any]) -> web.Response:
    return web.json_response({"changed_states": [], "service_response": answer})
