"""A browser, where one is installed."""

from __future__ import annotations

import os
import shutil

import pytest
from playwright.sync_api import sync_playwright

from view.browsing import QUIET

# Playwright drives an installed browser of the Chromium family; of Firefox it drives only a build of its own.
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge")


@pytest.fixture(scope="session")
def chromium():
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        absent = f"no browser is installed under any of the names {', '.join(BROWSERS)}"
        # Where one is promised, as in CI, nobody would notice that these tests are never run.
        (pytest.fail if os.environ.get("SETTLESIM_BROWSER_REQUIRED") else pytest.skip)(absent)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=QUIET)
        yield browser
        browser.close()
