"""The gate of the page: only the browser that was given the address is served, and no page of another origin."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Awaitable, Callable, Collection
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs

__all__ = ["SESSIONS", "Gate"]

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

# Tabs that are served at a time: each keeps a model of its own in memory.
SESSIONS = 16
# Codes with which a socket is closed before it is opened: what it asks for is against the rules; try again later.
REFUSED, BUSY = 1008, 1013
# Vue compiles its templates in the page, and solara writes its first state into a script: hence the two exceptions.
POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' ws://{host}; manifest-src 'self'; "
    "worker-src 'self' blob:; frame-ancestors 'none'; form-action 'none'; base-uri 'self'"
)
HEADERS = {
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"no-referrer",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
}
CLOSED = "This page is open only to the browser in which its address was opened: use the whole address that\n"
CLOSED += "`settlesim view` has printed, with its token.\n"


class Gate:
    """Stands before the server's app and lets through only what the opened page itself asks for.

    Any page that is open in the same browser can send requests to this machine, and a name of its own may be made to
    mean 127.0.0.1.  So the name by which the server is called and the origin of the page that calls are compared with
    its address, and a secret, brought by the address that was printed and kept as a cookie, is asked for.

    Parameters
    ----------
    app : callable
        The ASGI app behind the gate.
    port : int
        Where it listens on this machine.
    sessions : collection of str
        Identifiers of the sessions that are kept at the moment.
    most : int
        How many there may be.

    Examples
    --------
    >>> async def app(scope, receive, send): ...
    >>> gate = Gate(app, 8765)
    >>> gate.address.startswith("http://127.0.0.1:8765/?token=")
    True
    """

    def __init__(self, app: App, port: int, sessions: Collection[str] = (), most: int = SESSIONS) -> None:
        self.app, self.sessions, self.most = app, sessions, most
        self.hosts = {f"127.0.0.1:{port}", f"localhost:{port}"} | ({"127.0.0.1", "localhost"} if port == 80 else set())
        # Cookies of one machine are shared by all its ports.
        self.cookie = f"settlesim-view-{port}"
        self.token, self.secret = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        self.address = f"http://127.0.0.1:{port}/?token={self.token}"

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._socket(scope, receive, send)

    async def _http(self, scope: Message, receive: Receive, send: Send) -> None:
        host, origin = _header(scope, b"host"), _header(scope, b"origin")
        if host not in self.hosts:
            await _answer(send, 421, "This server is not called by that name.\n")
        elif (origin and origin != f"http://{host}") or _from_elsewhere(scope):
            await _answer(send, 403, "Pages of another origin are not served.\n")
        elif _same(_token(scope), self.token):
            cookie = f"{self.cookie}={self.secret}; Path=/; HttpOnly; SameSite=Strict"
            # Away from the address with the token, which would stand in the history and be seen by passers-by.
            await _answer(send, 303, "", {b"location": b"/", b"set-cookie": cookie.encode()})
        elif not self._knows(scope):
            await _answer(send, 403, CLOSED)
        else:
            await self.app(scope, receive, _guarded(send, host))

    async def _socket(self, scope: Message, receive: Receive, send: Send) -> None:
        host, origin = _header(scope, b"host"), _header(scope, b"origin")
        if host not in self.hosts or origin != f"http://{host}" or not self._knows(scope):
            await send({"type": "websocket.close", "code": REFUSED})
        elif len(self.sessions) >= self.most and not any(one in scope["path"].split("/") for one in self.sessions):
            await send({"type": "websocket.close", "code": BUSY})
        else:
            await self.app(scope, receive, send)

    def _knows(self, scope: Message) -> bool:
        try:
            found = SimpleCookie(_header(scope, b"cookie")).get(self.cookie)
        except CookieError:
            return False
        return found is not None and _same(found.value, self.secret)


def _header(scope: Message, name: bytes) -> str:
    """Return a header; nothing where it comes twice, for two readers might each believe another."""
    found = [value for key, value in scope["headers"] if key == name]
    return found[0].decode("latin-1") if len(found) == 1 else ""


def _from_elsewhere(scope: Message) -> bool:
    """Whether a page of another origin, which may share the cookie, asks for a part of this one."""
    site, mode = _header(scope, b"sec-fetch-site"), _header(scope, b"sec-fetch-mode")
    return site in ("cross-site", "same-site") and mode != "navigate"


def _token(scope: Message) -> str:
    given = parse_qs(scope["query_string"].decode("latin-1")).get("token", [])
    return given[0] if scope["path"] == "/" and len(given) == 1 else ""


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode())


def _guarded(send: Send, host: str) -> Send:
    """Add to each answer what keeps other pages from framing it, and it from fetching anything elsewhere."""
    added = HEADERS | {b"content-security-policy": POLICY.format(host=host).encode()}

    async def guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            kept = [pair for pair in message.get("headers", []) if pair[0].lower() not in added]
            message = {**message, "headers": [*kept, *added.items()]}
        await send(message)

    return guarded


async def _answer(send: Send, status: int, text: str, more: dict[bytes, bytes] | None = None) -> None:
    body = text.encode()
    plain = {b"content-type": b"text/plain; charset=utf-8", b"content-length": str(len(body)).encode()}
    headers = HEADERS | plain | {b"cache-control": b"no-store"} | (more or {})
    headers[b"content-security-policy"] = b"default-src 'none'; frame-ancestors 'none'"
    await send({"type": "http.response.start", "status": status, "headers": list(headers.items())})
    await send({"type": "http.response.body", "body": body})
