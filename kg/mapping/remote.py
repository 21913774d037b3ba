"""Files at an address, ``s3://shop/orders.csv`` or ``https://…``: fetched whole, from allowed places only.

A mapping may come from somebody else, and what a machine inside a network can reach is nobody else's business; so
addresses are read only where ``allow_urls`` of the workspace's settings names a place above them.
"""

import shutil
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit, urlunsplit

from kg.errors import MappingError

PIECE = 1 << 20
_INSTALL = "pip install 'whyrec[remote]'"


def is_address(name: str) -> bool:
    """Whether a file name is an address."""
    return "://" in name


def fetched(address: str, allowed: tuple[str, ...], folder: Path) -> Path:
    """Fetch a file into a folder of its own below ``folder``.

    :param allowed: beginnings of addresses that may be read, such as ``s3://shop/``.
    :raises MappingError: for an address that is not allowed, and for one that cannot be read.
    """
    shown = without_password(address)
    if not any(_below(address, place) for place in allowed):
        raise MappingError(
            f"file {shown!r}: addresses are read only from places that the settings allow; if you trust it, say "
            f'allow_urls = ["{_folder(shown)}"] under [load] in whyrec.toml'
        )
    try:
        import fsspec
    except ImportError:
        raise MappingError(f"file {shown!r}: addresses need the package fsspec; {_INSTALL}") from None
    folder.mkdir(parents=True, exist_ok=True)
    target = Path(tempfile.mkdtemp(prefix="fetched-", dir=folder)) / (Path(urlsplit(address).path).name or "data")
    try:
        with fsspec.open(address, "rb", **_watched(address, allowed)) as remote, target.open("wb") as local:
            shutil.copyfileobj(remote, local, PIECE)
    except ImportError as problem:
        raise MappingError(f"file {shown!r}: needs a further package: {problem}; {_INSTALL}") from None
    except Exception as problem:  # each file system has errors of its own
        if (refused := _refusal(problem)) is not None:
            raise refused from None
        why = " ".join(str(problem).split()).replace(address, shown) or type(problem).__name__
        raise MappingError(f"file {shown!r}: cannot be fetched: {why[:300]}") from None
    return target


def without_password(address: str) -> str:
    """The address as messages show it."""
    parts = urlsplit(address)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, "", ""))


def _watched(address: str, allowed: tuple[str, ...]) -> dict[str, Any]:
    """How a web address is opened: an allowed server may send on to allowed places only."""
    if urlsplit(address).scheme not in ("http", "https"):
        return {}
    import aiohttp

    async def check(_session: Any, _context: Any, sent: Any) -> None:
        """Stop where the answer sends to another place."""
        target = urljoin(str(sent.url), sent.response.headers.get("Location", ""))
        if not any(_below(target, place) for place in allowed):
            raise MappingError(
                f"file {without_password(address)!r}: it sends to {without_password(target)!r}, which the settings do "
                "not allow (allow_urls under [load])"
            )

    async def client(**settings: Any) -> aiohttp.ClientSession:
        """A session that looks at where it is sent."""
        trace = aiohttp.TraceConfig()
        trace.on_request_redirect.append(check)
        return aiohttp.ClientSession(trace_configs=[trace], **settings)

    return {"get_client": client, "skip_instance_cache": True}


def _refusal(problem: BaseException | None) -> MappingError | None:
    """Our own error, which a file system may have put into one of its own."""
    while problem is not None and not isinstance(problem, MappingError):
        problem = problem.__cause__ or problem.__context__
    return problem


def _below(address: str, place: str) -> bool:
    """Whether an address lies below an allowed one; ``..``, however it is written, and other hosts do not, nor do
    chains of addresses, ``a::b``."""
    path, decoded = "", urlsplit(address).path
    while path != decoded:  # %252e is %2e, which is .
        path, decoded = decoded, unquote(decoded)
    if "::" in address or ".." in path.replace("\\", "/").split("/"):
        return False
    asked, known = urlsplit(address), urlsplit(place)
    same = (asked.scheme, asked.netloc) == (known.scheme, known.netloc)
    above = known.path if known.path.endswith("/") else f"{known.path}/"
    return same and (asked.path == known.path or asked.path.startswith(above))


def _folder(address: str) -> str:
    return address.rpartition("/")[0] + "/"
