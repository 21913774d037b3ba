"""A language model of the user's own, behind an OpenAI-compatible address: asked for other words, never for facts.

``WHYREC_LLM_URL`` (such as ``http://localhost:11434/v1``) and ``WHYREC_LLM_MODEL`` name it, ``WHYREC_LLM_KEY`` is sent
to it, over HTTPS or to this computer alone, and shown nowhere; ``WHYREC_LLM_TIMEOUT`` is how long it may take.
"""

import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any, Self
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import BaseHandler, HTTPRedirectHandler, ProxyHandler, Request, build_opener

from kg.errors import UsageError, WhyrecError

URL, MODEL, KEY, TIMEOUT = (f"WHYREC_LLM_{name}" for name in ("URL", "MODEL", "KEY", "TIMEOUT"))
SECONDS = 20.0
LARGEST = 1 << 20
"""Bytes of an answer that are read."""
CHUNK = 1 << 14
LOCAL = ("localhost", "127.0.0.1", "::1")
PATH = "/chat/completions"


class ModelUnavailable(WhyrecError):
    """The language model gave no text; the message says why, and holds nothing that it sent."""


class _NoRedirects(HTTPRedirectHandler):
    """Another address would get the key."""

    def redirect_request(self, *_: Any) -> None:
        """Nowhere."""


@dataclass(frozen=True)
class LanguageModel:
    """Where it is, and how long it may take, in seconds."""

    url: str
    model: str
    key: str | None = field(default=None, repr=False)
    seconds: float = SECONDS

    @classmethod
    def of_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """The one that the environment names.

        :raises UsageError: where it names none, or one that cannot be asked safely.
        """
        url, model, key = (environment.get(name, "").strip() for name in (URL, MODEL, KEY))
        if not url or not model:
            raise UsageError(f"no language model: set {URL}, such as http://localhost:11434/v1, and {MODEL}")
        address = urlsplit(url)
        if address.scheme not in ("http", "https") or not address.hostname:
            raise UsageError(f"{URL}: expected an address that begins with http:// or https://")
        if key and address.scheme == "http" and address.hostname not in LOCAL:
            raise UsageError(f"{KEY} is sent over https alone, or to this computer; change {URL}")
        told = environment.get(TIMEOUT, "").strip() or str(SECONDS)
        try:
            seconds = float(told)
        except ValueError:
            seconds = 0.0
        if not 0 < seconds <= 600:
            raise UsageError(f"{TIMEOUT} {told!r}: expected seconds above 0, up to 600")
        whole = url.rstrip("/")
        return cls(whole if whole.endswith(PATH) else whole + PATH, model, key or None, seconds)

    def text(self, instructions: str, material: str) -> str:
        """What the model makes of some material.

        :raises ModelUnavailable: where it cannot be reached, takes too long, or answers with something else.
        """
        messages = [{"role": "system", "content": instructions}, {"role": "user", "content": material}]
        body = {"model": self.model, "messages": messages, "temperature": 0, "stream": False}
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self.key:
            headers["Authorization"] = f"Bearer {self.key}"
        try:
            data = self._read(Request(self.url, json.dumps(body).encode(), headers, method="POST"))
        except TimeoutError:
            raise ModelUnavailable(f"the language model took longer than {self.seconds:g} s") from None
        except HTTPError as problem:
            problem.close()
            raise ModelUnavailable(f"the language model answered with status {problem.code}") from None
        except (OSError, HTTPException) as problem:
            if isinstance(problem, URLError) and isinstance(problem.reason, TimeoutError):
                raise ModelUnavailable(f"the language model took longer than {self.seconds:g} s") from None
            raise ModelUnavailable("the language model cannot be reached, or broke off") from None
        try:
            content = json.loads(data)["choices"][0]["message"]["content"]
        except (ValueError, LookupError, TypeError):
            content = None
        if not isinstance(content, str) or not content.strip():
            raise ModelUnavailable("the answer of the language model holds no text")
        return content.strip()

    def _read(self, request: Request) -> bytes:
        """All of an answer, in time.

        :raises TimeoutError: where that takes too long.
        """
        until = time.monotonic() + self.seconds
        handlers: list[BaseHandler] = [_NoRedirects()]
        if urlsplit(self.url).hostname in LOCAL:
            handlers.append(ProxyHandler({}))
        with build_opener(*handlers).open(request, timeout=self.seconds) as response:
            data = b""
            while chunk := response.read1(CHUNK):
                data += chunk
                if time.monotonic() > until:
                    raise TimeoutError
                if len(data) > LARGEST:
                    raise ModelUnavailable("the answer of the language model is too long")
        return data
