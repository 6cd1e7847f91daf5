"""A headless Chromium: the machine's own, else the one that a package of npm's registry brings.

with chromium() as browser:
    page = browser.new_page()
    page.goto(url)
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from filelock import FileLock
from nodejs import installed, node
from playwright.sync_api import Browser, expect, sync_playwright

SOURCES = Path(__file__).with_name("node")
OPTIONS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    "--no-sandbox",  # root has none
)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Yield a browser; it ends with the block."""
    program, variables = _program()
    expect.set_options(timeout=60_000)  # not five seconds: the machine may be busy
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=list(OPTIONS), env={**os.environ, **variables}
        )
        try:
            yield browser
        finally:
            browser.close()


@cache
def _program() -> tuple[str, dict[str, str | float | bool]]:
    """Return the program, and the variables with which it finds what it needs."""
    if program := shutil.which("chromium") or shutil.which("google-chrome"):
        return program, {}
    folder = installed(SOURCES)
    # Where it unpacks to; the last line makes it unpack libraries that a bare machine lacks.
    where = {"TMPDIR": str(folder), "AWS_EXECUTION_ENV": "AWS_Lambda_nodejs22.x"}
    with FileLock(folder / ".lock"):  # another worker of the tests may unpack it now
        program = node("node", "chromium.mjs", cwd=folder, variables=where).strip()
    libraries = f"{folder / 'al2023/lib'}:{os.environ.get('LD_LIBRARY_PATH', '')}"
    return program, {
        "FONTCONFIG_FILE": str(folder / "fonts.conf"),
        "LD_LIBRARY_PATH": libraries,
        "XDG_CACHE_HOME": str(folder / "cache"),
    }
