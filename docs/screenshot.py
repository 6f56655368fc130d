"""Draw docs/figures/view.png again: `settlesim view` in a headless chromium, stepped to a week with a story.

python docs/screenshot.py       # needs settlesim[test] and chromium
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import expect, sync_playwright

SEQUENCE, RUN, WEEK = "us_first", 4711, 151
COMMAND = [sys.executable, "-m", "settlesim", "view", "--sequence", SEQUENCE, "--no-browser", "--port", "0"]


def main() -> None:
    path = shutil.which("chromium")
    with subprocess.Popen(COMMAND, stdout=subprocess.PIPE, text=True) as server, sync_playwright() as playwright:
        try:
            assert server.stdout is not None
            found = re.search(r"http://\S+", server.stdout.readline())
            assert found, "settlesim view has not started"
            browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
            page = browser.new_page(viewport={"width": 1600, "height": 1420})
            page.goto(found.group())
            expect(page.locator("#trust svg").first).to_be_visible(timeout=60_000)
            field = page.locator(".choices .v-text-field", has_text=re.compile("^Run")).locator("input")
            former = page.get_by_role("button", name="Step", exact=True).element_handle()
            field.fill(str(RUN))
            field.press("Enter")
            expect(page.locator(".headline")).to_contain_text(f"run {RUN}", timeout=60_000)
            former.wait_for_element_state("hidden", timeout=60_000)  # the controls of the run before
            for week in range(1, WEEK + 1):
                page.get_by_role("button", name="Step", exact=True).click()
                expect(page.locator("#week")).to_have_attribute("data-week", str(week), timeout=60_000)
            page.mouse.move(800, 5)
            page.screenshot(path=Path(__file__).parent / "figures" / "view.png")
            browser.close()
        finally:
            server.kill()


if __name__ == "__main__":
    main()
