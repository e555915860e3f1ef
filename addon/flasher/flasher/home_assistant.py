"""What the app asks of Home Assistant, through the Supervisor: users, serial ports, actions, discovery."""

from dataclasses import dataclass
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout, ClientWebSocketResponse

SUPERVISOR = "http://supervisor"
DOMAIN = "smart_meter"
ADMINISTRATORS = "system-admin"
# Unloading an integration or stopping an app may take a while.
TIMEOUT = ClientTimeout(total=60)


class HomeAssistantError(Exception):
    """Home Assistant could not be reached, or refused."""


class ActionMissing(HomeAssistantError):
    """No integration offers the action."""


@dataclass(frozen=True, slots=True)
class Holder:
    """An integration's entry or an app that uses a port; `id` is the entry's id or the app's slug."""

    kind: str
    id: str
    title: str
    domain: str
    active: bool

    @property
    def key(self) -> str:
        """How the page names it when the user agrees to stop it."""
        return f"{self.kind}:{self.id}"


class HomeAssistant:
    """A client with the app's own token."""

    def __init__(
        self, session: ClientSession, token: str, url: str = SUPERVISOR
    ) -> None:
        """`url` is the Supervisor's."""
        self._session = session
        self._url = url
        self._headers = {"Authorization": f"Bearer {token}"}
        self._token = token

    async def is_administrator(self, user_id: str) -> bool:
        """Whether an active user with this id may administer Home Assistant."""
        users = await self._command("config/auth/list")
        return any(
            user["id"] == user_id
            and user["is_active"]
            and (user["is_owner"] or ADMINISTRATORS in user["group_ids"])
            for user in users
        )

    async def holders(self) -> dict[str, list[Holder]]:
        """Who uses which serial port, by the port as Home Assistant writes it."""
        ports = await self._command("usb/list_serial_ports", include_usage=True)
        return {
            str(port["device"]): [_holder(c) for c in port.get("consumers", ())]
            for port in ports
        }

    async def release_port(self, port: str, seconds: int) -> list[str]:
        """Have our integration let go of a port; the titles of the entries that did.

        Raises:
            ActionMissing: the integration is not installed.
        """
        data = {"port": port, "seconds": seconds}
        answer = await self._action(DOMAIN, "release_port", data, respond=True)
        return [str(entry["title"]) for entry in answer.get("freed", ())]

    async def return_port(self, port: str) -> list[str]:
        """Have our integration take a port again; the titles of the entries that did."""
        answer = await self._action(DOMAIN, "return_port", {"port": port}, respond=True)
        return [str(entry["title"]) for entry in answer.get("returned", ())]

    async def set_running(
        self, holder_kind: str, holder_id: str, running: bool
    ) -> None:
        """Start or stop an app, or enable or disable an entry."""
        if holder_kind == "app":
            action = "app_start" if running else "app_stop"
            await self._action("hassio", action, {"app": holder_id})
        else:
            disabled = None if running else "user"
            await self._command(
                "config_entries/disable", entry_id=holder_id, disabled_by=disabled
            )

    async def offer(self, config: dict[str, Any]) -> None:
        """Offer a dongle to our integration: the Supervisor's discovery."""
        await self._post("/discovery", {"service": DOMAIN, "config": config})

    async def _action(
        self, domain: str, action: str, data: dict[str, Any], *, respond: bool = False
    ) -> dict[str, Any]:
        if not await self._offers(domain, action):
            raise ActionMissing(f"{domain}.{action}")
        query = "?return_response" if respond else ""
        answer = await self._post(f"/core/api/services/{domain}/{action}{query}", data)
        return (
            dict(answer.get("service_response") or {})
            if isinstance(answer, dict)
            else {}
        )

    async def _offers(self, domain: str, action: str) -> bool:
        domains = await self._request("GET", "/core/api/services")
        return any(d["domain"] == domain and action in d["services"] for d in domains)

    async def _post(self, path: str, data: dict[str, Any]) -> Any:
        return await self._request("POST", path, json=data)

    async def _request(self, method: str, path: str, **fields: Any) -> Any:
        try:
            async with self._session.request(
                method,
                self._url + path,
                headers=self._headers,
                timeout=TIMEOUT,
                **fields,
            ) as response:
                if response.status >= 400:
                    raise HomeAssistantError(
                        f"{path}: {response.status} {(await response.text())[:200]}"
                    )
                return await response.json()
        except (ClientError, TimeoutError, ValueError) as err:
            raise HomeAssistantError(f"{path}: {err or type(err).__name__}") from err

    async def _command(self, kind: str, **fields: Any) -> Any:
        try:
            async with (
                self._session.ws_connect(
                    f"{self._url}/core/websocket", max_msg_size=0
                ) as socket,
            ):
                await socket.receive_json(timeout=10)
                await socket.send_json({"type": "auth", "access_token": self._token})
                if (await socket.receive_json(timeout=10)).get("type") != "auth_ok":
                    raise HomeAssistantError(f"{kind}: the app's token was refused")
                await socket.send_json({"id": 1, "type": kind} | fields)
                return await _answer(socket, kind)
        except (ClientError, TimeoutError, TypeError, ValueError, OSError) as err:
            raise HomeAssistantError(f"{kind}: {err or type(err).__name__}") from err


async def _answer(socket: ClientWebSocketResponse, kind: str) -> Any:
    answer = await socket.receive_json(timeout=60)
    if not answer.get("success"):
        raise HomeAssistantError(
            f"{kind}: {answer.get('error', answer.get('message'))}"
        )
    return answer["result"]


def _holder(consumer: dict[str, Any]) -> Holder:
    kind = str(consumer["kind"])
    return Holder(
        kind=kind,
        id=str(
            consumer.get("slug") if kind == "app" else consumer.get("config_entry_id")
        ),
        title=str(consumer["title"]),
        domain=str(consumer.get("domain") or ""),
        active=bool(consumer["active"]),
    )
