"""Attacks on the page: by other pages of the same browser, by a name of their own, by what a page may send."""

from __future__ import annotations

import functools
import http.server
import subprocess
import sys
import textwrap
import threading
import urllib.error
import urllib.request
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from settlesim.app.view.gate import SESSIONS, Gate
from settlesim.app.view.server import SETTINGS
from view.browsing import Visit, serving

SOCKET = "/jupyter/api/kernels/00000000-0000-4000-8000-000000000000/channels?session_id=1"


@pytest.fixture(scope="module")
def address():
    with serving("two-party") as (_, found):
        yield found


@pytest.fixture(scope="module")
def evil(tmp_path_factory):
    """Another server of this machine, with a page that means no good."""
    folder = tmp_path_factory.mktemp("evil")
    (folder / "index.html").write_text("<!doctype html><title>evil</title><p>Nothing to see.</p>")
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=folder)
    handler.log_message = lambda *_: None
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


OPEN_A_SOCKET = """async address => await new Promise(done => {
    const socket = new WebSocket(address);
    socket.onopen = () => done("open");
    socket.onerror = () => done("refused");
})"""
FETCH = """async ([address, options]) => {
    try { const got = await fetch(address, options); return [got.type, got.status]; }
    catch (error) { return ["refused", 0]; }
}"""


def test_the_page_itself_may_open_a_socket_and_no_other_page_may(chromium, address, evil):
    """The other page is of the same machine and browser, so that the browser sends it the cookie of the first."""
    context, server = chromium.new_context(), urlsplit(address).netloc
    own = Visit(context.new_page(), address)
    assert own.page.evaluate(OPEN_A_SOCKET, f"ws://{server}{SOCKET}") == "open"
    page = context.new_page()
    page.goto(evil)
    assert page.evaluate(OPEN_A_SOCKET, f"ws://{server}{SOCKET}") == "refused"
    assert page.evaluate(OPEN_A_SOCKET, f"ws://{server.replace('127.0.0.1', 'localhost')}{SOCKET}") == "refused"
    # Nothing of it can be read, framed, posted to or run as a script.
    assert page.evaluate(FETCH, [f"http://{server}/", {"credentials": "include"}]) == ["refused", 0]
    hidden = {"mode": "no-cors", "method": "POST", "credentials": "include"}
    assert page.evaluate(FETCH, [f"http://{server}/_solara/api/close/1?session_id=1", hidden]) == ["refused", 0]
    script = next(url for url in own.requests if url.startswith("http") and url.partition("?")[0].endswith(".js"))
    loaded = """address => new Promise(done => {
        const part = document.createElement("script");
        part.onload = () => done("run"); part.onerror = () => done("refused");
        part.src = address; document.head.append(part);
    })"""
    assert page.evaluate(loaded, script) == "refused"
    framed = """address => new Promise(done => {
        const part = document.createElement("iframe");
        part.onload = () => done("loaded"); part.src = address; document.body.append(part);
    })"""
    page.evaluate(framed, f"http://{server}/")
    # What may not be framed is replaced by the browser's own page.
    assert [frame.url for frame in page.frames[1:]] == ["chrome-error://chromewebdata/"]
    own.step(1)
    context.close()


def test_without_the_token_nothing_is_served(chromium, address):
    server = urlsplit(address).netloc
    for path in ("/", "/?token=", "/?token=guessed", f"/x?{urlsplit(address).query}", "/static/main.js", "/readyz"):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"http://{server}{path}")
        assert refused.value.code == 403 and "Set-Cookie" not in refused.value.headers
    context = chromium.new_context()
    page = context.new_page()
    page.goto(f"http://{server}/")
    expect(page.locator("body")).to_contain_text("use the whole address that")
    assert page.evaluate(OPEN_A_SOCKET, f"ws://{server}{SOCKET}") == "refused"
    # With it, the page is; the token does not stay in the address, nor can a script read the cookie.
    visit = Visit(page, address)
    assert visit.page.url == f"http://{server}/"
    assert "settlesim" not in visit.page.evaluate("document.cookie")
    held = next(cookie for cookie in context.cookies() if cookie["name"].startswith("settlesim-view"))
    assert held["sameSite"] == "Strict" and held["httpOnly"] and held["value"] not in address
    context.close()


def test_a_name_that_is_made_to_mean_this_machine_opens_nothing(chromium, address):
    """DNS rebinding: to the browser the page of evil.example and the server are then one origin."""
    parts, page = urlsplit(address), chromium.new_page()
    for query in ("", f"?{parts.query}"):
        answer = page.goto(f"http://evil.example:{parts.port}/{query}")
        assert answer.status == 421 and "set-cookie" not in answer.headers
    assert page.evaluate(OPEN_A_SOCKET, f"ws://evil.example:{parts.port}{SOCKET}") == "refused"
    page.close()


def test_every_answer_says_what_the_page_may_do(chromium, address):
    page = chromium.new_page()
    answers = []
    page.on("response", lambda got: answers.append(got) if got.url.startswith("http") else None)
    Visit(page, address)
    assert len(answers) > 5
    for answer in answers:
        headers = answer.headers
        assert "frame-ancestors 'none'" in headers["content-security-policy"], answer.url
        assert headers["x-content-type-options"] == "nosniff" and headers["x-frame-options"] == "DENY"
    page.close()


def test_a_path_in_place_of_a_scenario_is_refused(chromium, address, tmp_path):
    """Sent as no page of settlesim would send it; the answer must not tell whether there is such a file."""
    secret = tmp_path / "secret.toml"
    secret.write_text('password = "swordfish"\n')
    for path in (secret, tmp_path / "absent.toml"):
        page = chromium.new_page()

        def forged(route, path=path):
            server = route.connect_to_server()
            route.on_message(
                lambda said: server.send(
                    said.replace('"afghanistan-2018"', f'"{path}"') if isinstance(said, str) else said
                )
            )

        page.route_web_socket("**/*", forged)
        visit = Visit(page, address)
        visit.choose("Scenario", "afghanistan-2018")
        visit.see(".trouble", "unknown scenario")
        words = page.locator("body").inner_text()
        assert "swordfish" not in words and "password" not in words and "there is no" not in words
        visit.see(".headline", "Two parties, one table")
        page.close()


# -- sessions ---------------------------------------------------------------------------------------------


def asked(gate, scope):
    """What the gate answers to a connection, and whether it let it through."""
    said, through = [], []

    async def app(*_):
        through.append(True)

    async def send(message):
        said.append(message)

    gate.app = app
    with pytest.raises(StopIteration):
        # It waits for nothing here, so needs no loop; the browser's driver has one of its own in this thread.
        gate(scope, None, send).send(None)
    return bool(through), said


def a_socket(gate, kernel, **changed):
    host = next(host for host in gate.hosts if host.startswith("127"))
    headers = {"host": host, "origin": f"http://{host}", "cookie": f"{gate.cookie}={gate.secret}"} | changed
    pairs = [(name.encode(), value.encode()) for name, value in headers.items() if value is not None]
    return {"type": "websocket", "path": f"/jupyter/api/kernels/{kernel}/channels", "headers": pairs}


def test_there_are_at_most_so_many_sessions():
    gate = Gate(None, 8765, sessions={"first": 1, "second": 2}, most=2)
    assert asked(gate, a_socket(gate, "third")) == (False, [{"type": "websocket.close", "code": 1013}])
    assert asked(gate, a_socket(gate, "second")) == (True, [])
    gate.most = 3
    assert asked(gate, a_socket(gate, "third")) == (True, [])
    assert 1 <= SESSIONS <= 100


@pytest.mark.parametrize(
    "changed",
    [
        {"host": "evil.example:8765"}, {"host": "127.0.0.1"}, {"host": None}, {"host": ""},
        {"origin": "http://evil.example"}, {"origin": "null"}, {"origin": None}, {"origin": "http://127.0.0.1:9999"},
        {"origin": "https://127.0.0.1:8765"}, {"origin": "http://127.0.0.1:8765.evil.example"},
        {"cookie": None}, {"cookie": "settlesim-view-8765="}, {"cookie": "settlesim-view-8765=\u00e9"},
        {"cookie": "settlesim-view-9000=x"}, {"cookie": "=;=\x01"},
    ],
)  # fmt: skip
def test_a_socket_needs_the_name_the_origin_and_the_cookie(changed):
    gate = Gate(None, 8765)
    assert asked(gate, a_socket(gate, "one")) == (True, [])
    assert asked(gate, a_socket(gate, "one", **changed)) == (False, [{"type": "websocket.close", "code": 1008}])


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({}, 0), ({"origin": None}, 0), ({"cookie": None}, 403),
        ({"host": None}, 421), ({"host": "evil.example:8765"}, 421),
        ({"origin": "http://127.0.0.1:9999"}, 403), ({"origin": "null"}, 403),
        ({"origin": None, "sec-fetch-site": "same-site", "sec-fetch-mode": "no-cors"}, 403),
        ({"origin": None, "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"}, 403),
        ({"origin": None, "sec-fetch-site": "same-origin", "sec-fetch-mode": "no-cors"}, 0),
        ({"origin": None, "sec-fetch-site": "none", "sec-fetch-mode": "navigate"}, 0),
    ],
)  # fmt: skip
def test_a_request_of_another_page_is_refused(changed, status):
    gate = Gate(None, 8765)
    scope = a_socket(gate, "one", **changed) | {"type": "http", "path": "/_solara/api/close/1", "query_string": b""}
    through, said = asked(gate, scope)
    assert (through, [one["status"] for one in said[:1]]) == (not status, [status] if status else [])


def test_a_header_that_comes_twice_is_none():
    gate = Gate(None, 8765)
    scope = a_socket(gate, "one")
    scope["headers"].append((b"origin", b"http://evil.example"))
    assert not asked(gate, scope)[0]


SOON = """
    import threading, time
    from settlesim.app.view import server

    def watch():
        from solara.server.kernel_context import contexts
        while not contexts: time.sleep(0.05)
        print("met", flush=True)
        while contexts: time.sleep(0.05)
        print("culled", flush=True)

    server.SETTINGS["SOLARA_KERNEL_CULL_TIMEOUT"] = "1s"
    threading.Thread(target=watch, daemon=True).start()
    server.serve("two-party", port=0, browser=False)
"""


def test_a_session_without_a_socket_is_let_go(chromium):
    assert SETTINGS["SOLARA_KERNEL_CULL_TIMEOUT"] == "1m"
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(SOON)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            found = process.stdout.readline().split()[2]
            context = chromium.new_context()
            Visit(context.new_page(), found)
            assert process.stdout.readline() == "met\n"
            # As if the machine slept: the page can no longer say that it is closed.
            context.set_offline(True)
            context.close()
            assert process.stdout.readline() == "culled\n"
        finally:
            process.kill()
