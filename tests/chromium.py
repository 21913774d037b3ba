"""A real browser for the tests: Debian's chromium, without a window, driven over its debugging pipe.

A browser on the path is used, or the one that WHYREC_CHROMIUM names. Where there is none, root on Debian gets one by
``apt-get install`` (two minutes, once); anybody else is told what to install.
"""

import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PACKAGES = ("chromium", "fonts-dejavu-core", "fonts-noto-cjk")
SECONDS = 60.0


class BrowserError(Exception):
    """No browser, or one that does not answer."""


def find_chromium() -> str:
    """The program of a chromium, installed first where this is Debian, root asks and there is none.

    :raises BrowserError: where there is none, saying what to install.
    """
    told = os.environ.get("WHYREC_CHROMIUM")
    found = told or next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None and shutil.which("apt-get") and os.geteuid() == 0:
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        lock = ["-o", "DPkg::Lock::Timeout=120"]
        for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *lock, *PACKAGES]):
            done = subprocess.run(["apt-get", *command], env=environment, capture_output=True, text=True, check=False)
            if done.returncode:
                raise BrowserError(f"apt-get {command[0]} failed:\n{done.stdout[-1000:]}{done.stderr[-1000:]}")
        found = shutil.which(NAMES[0])
    if found is None:
        raise BrowserError("no chromium: install it (Debian: apt-get install chromium) or name one in WHYREC_CHROMIUM")
    return found


class Tab:
    """One page of a browser: commands of the DevTools protocol, and the events that came meanwhile."""

    def __init__(self, commands: int, answers: int) -> None:
        self._commands, self._answers = commands, answers
        self._number, self._buffer, self._session = 0, b"", None
        self.events: list[dict[str, Any]] = []
        target = self("Target.createTarget", url="about:blank")["targetId"]
        self._session = self("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self(f"{domain}.enable")

    def __call__(self, method: str, **parameters: Any) -> Any:
        """Send a command and wait for its result.

        :raises BrowserError: for an error, or where the browser has gone.
        """
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._commands, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise BrowserError(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def open(self, url: str, *, width: int, dark: bool = False) -> None:
        """Load a page at a width in CSS pixels; the events begin anew."""
        self("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self("Emulation.setEmulatedMedia", features=scheme)
        self.events.clear()
        self("Page.navigate", url=url)
        deadline = time.monotonic() + SECONDS
        while self.evaluate("document.readyState") != "complete":
            if time.monotonic() > deadline:
                raise BrowserError(f"{url}: not loaded after {SECONDS:.0f} s")
        self.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done, 0)))")

    def evaluate(self, script: str) -> Any:
        """The value of a JavaScript expression, awaited."""
        result = self("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            raise BrowserError(str(result["exceptionDetails"]))
        return result["result"].get("value")

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            chunk = os.read(self._answers, 1 << 20)
            if not chunk:
                raise BrowserError("the browser has gone")
            self._buffer += chunk
        message, _, self._buffer = self._buffer.partition(b"\0")
        answer: dict[str, Any] = json.loads(message)
        return answer


@contextmanager
def browser() -> Iterator[Tab]:
    """A headless chromium with one tab; it ends with the block."""
    program = find_chromium()
    with tempfile.TemporaryDirectory(prefix="whyrec-chromium-", ignore_cleanup_errors=True) as folder:
        in_read, in_write = os.pipe()
        out_read, out_write = os.pipe()
        script = f'exec "$0" "$@" 3<&{in_read} 4>&{out_write}'  # chromium reads commands from 3 and answers on 4
        options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe"]
        options += ["--no-first-run", "--disable-background-networking", "--disable-component-update"]
        options += ["--disable-dev-shm-usage", f"--user-data-dir={folder}"]
        process = subprocess.Popen(
            ["bash", "-c", script, program, *options],
            pass_fds=(in_read, out_write),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(in_read)
        os.close(out_write)
        try:
            yield Tab(in_write, out_read)
        finally:
            os.close(in_write)  # chromium ends when its pipe does
            with suppress(subprocess.TimeoutExpired):
                process.wait(5)
            process.kill()
            process.wait()
            os.close(out_read)
