"""`settlesim view` as a process, and the page as a visitor has it."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from contextlib import contextmanager

import pytest
from playwright.sync_api import expect

QUIET = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
    # A name that is made to mean this machine, for the tests of the gate.
    "--host-resolver-rules=MAP evil.example 127.0.0.1",
)
PATIENCE = 60_000  # ms; a condition that holds is met at once, so this costs nothing


def command(*words):
    return [sys.executable, "-m", "settlesim", "view", *map(str, words)]


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@contextmanager
def serving(*words):
    """`settlesim view` as a process, once it has printed its address."""
    port = free_port()
    with subprocess.Popen(
        command(*words, "--no-browser", "--port", port), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            line = process.stdout.readline()
            found = re.search(rf"http://127\.0\.0\.1:{port}/\?token=\S+", line)
            assert found, line + process.stderr.read()
            yield process, found[0]
        finally:
            process.kill()


class Visit:
    """The page as a visitor has it, with all that it asked for and complained of."""

    def __init__(self, page, address):
        self.page, self.requests, self.complaints = page, [], []
        page.set_default_timeout(PATIENCE)
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("websocket", lambda socket: self.requests.append(socket.url))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        page.on(
            "response", lambda got: self.complaints.append(f"{got.status} {got.url}") if got.status >= 400 else None
        )
        page.goto(address)
        # The last panel comes with the layout, after everything else is in its place.
        expect(page.locator("#trust svg").first).to_be_visible(timeout=PATIENCE)
        self.at_week(0)

    def see(self, place, words):
        expect(self.page.locator(place).first).to_contain_text(words, timeout=PATIENCE)

    def at_week(self, week):
        expect(self.page.locator("#week")).to_have_attribute("data-week", str(week), timeout=PATIENCE)

    def step(self, weeks):
        start = int(self.page.locator("#week").get_attribute("data-week"))
        for week in range(start + 1, start + weeks + 1):
            self.page.get_by_role("button", name="Step", exact=True).click()
            self.at_week(week)

    def choose(self, what, value):
        self.page.locator(".v-select", has_text=re.compile(f"^{what}")).click()
        self.page.locator(".menuable__content__active .v-list-item").get_by_text(value, exact=True).click()

    @contextmanager
    def anew(self):
        """A choice that starts a run anew: wait until the controls are those of the new run."""
        former = self.page.get_by_role("button", name="Step", exact=True).element_handle()
        yield
        former.wait_for_element_state("hidden", timeout=PATIENCE)
        expect(self.page.get_by_role("button", name="Step", exact=True)).to_be_enabled(timeout=PATIENCE)
        self.at_week(0)

    def fill(self, what, value):
        field = self.page.locator(".v-text-field", has_text=re.compile(rf"^{re.escape(what)}\b")).locator("input")
        # A page that is still being drawn anew may put its own text back before Enter is pressed: then type again.
        for _ in range(10):
            field.fill(value)
            field.press("Enter")
            if field.input_value() == value:
                return
        pytest.fail(f"the page takes no {value!r} as {what}")
