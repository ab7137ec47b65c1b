"""`python -m tests.browser.picture LINK OUT [PATH]`: a picture of a console page, for the documentation.

LINK is a one-time sign-in link, as `bailiwick user link NAME` prints it.
"""

from __future__ import annotations

import sys

from playwright.sync_api import sync_playwright

from tests.fixtures.browser import ARGUMENTS, executable, open_page


def main(link: str, out: str, path: str = "/") -> None:
    """Sign in, open the page, wait until it is live, and save it."""
    with sync_playwright() as running:
        browser = running.chromium.launch(executable_path=executable(), args=ARGUMENTS)
        watched = open_page(browser, link)
        if path != "/":
            watched.page.goto(link.partition("/login")[0] + path)
            watched.page.wait_for_selector("#live[data-s=connected]")
        tall = int(watched.page.evaluate("document.documentElement.scrollHeight"))
        watched.page.set_viewport_size({"width": 1440, "height": tall})
        watched.page.wait_for_timeout(1500)
        watched.page.screenshot(path=out, full_page=True)
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:4])
