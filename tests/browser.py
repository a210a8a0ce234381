"""A Chromium to look at pages with: Playwright drives the one that the system has."""

import shutil

import pytest

QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
         "--no-first-run"]


def launch():
    """A running browser, to be used as a context manager; skips the test where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="no browser tests: pip install -e '.[browser]'")
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        pytest.skip("no browser tests: Chromium is not on this system")
    return _Browser(playwright.sync_playwright(), found)


class _Browser:
    def __init__(self, driver, path):
        self.driver = driver
        self.path = path

    def __enter__(self):
        self.browser = self.driver.__enter__().chromium.launch(executable_path=self.path, args=QUIET)
        return self.browser

    def __exit__(self, *error):
        self.browser.close()
        self.driver.__exit__(*error)
