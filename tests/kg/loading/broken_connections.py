"""TCP proxies in front of a Neo4j server that break connections at chosen moments."""

import socket
import threading
from collections.abc import Collection
from contextlib import suppress
from urllib.parse import urlsplit


class Proxy:
    """A TCP proxy in front of the server, whose connections can be cut."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._target = (parts.hostname or "localhost", parts.port or 7687)
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"bolt://127.0.0.1:{self._server.getsockname()[1]}"
        self._pairs: list[socket.socket] = []
        self.accepted = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def cut(self, *, for_good: bool) -> None:
        """Break all connections; ``for_good``: take no new ones."""
        if for_good:
            with suppress(OSError):
                self._server.shutdown(socket.SHUT_RDWR)
            self._server.close()
        for each in self._pairs:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Cut everything for good, and let go of all sockets."""
        self.cut(for_good=True)
        for each in self._pairs:
            each.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._server.accept()
                self.accepted += 1
                server = socket.create_connection(self._target)
                self._pairs += [client, server]
                for source, sink in ((client, server), (server, client)):
                    threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _passes(self, data: bytes, to_server: bool) -> bool:
        """Whether the connection goes on; what is on its way to the server arrives in any case."""
        return True

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            to_server = sink.getpeername()[1] == self._target[1]
            while data := source.recv(65536):
                if not self._passes(data, to_server):
                    break
                sink.sendall(data)
        for each in (source, sink):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)


class CommitLoser(Proxy):
    """Lets chosen COMMITs reach the server, and cuts the connection before their answers reach the client."""

    COMMIT = b"\x00\x02\xb0\x12\x00\x00"

    def __init__(self, url: str, lost: Collection[int]) -> None:
        self._lost, self.commits, self._swallow = lost, 0, False
        super().__init__(url)

    def _passes(self, data: bytes, to_server: bool) -> bool:
        if to_server and self.COMMIT in data:
            self.commits += 1
            self._swallow = self.commits in self._lost
        elif not to_server and self._swallow:
            self._swallow = False
            return False
        return True


class CommitCutter(CommitLoser):
    """Cuts the connection before chosen COMMITs reach the server; after the last of them it takes none any more.

    :param lost: numbers of COMMITs whose answers are lost, as :class:`CommitLoser` does it.
    :param cut: numbers of COMMITs that never arrive.
    :param last: the number of the COMMIT at which the server is gone for good.
    """

    def __init__(self, url: str, lost: Collection[int], cut: Collection[int], last: int | None = None) -> None:
        self._cut, self._last = cut, last
        super().__init__(url, lost)

    def _passes(self, data: bytes, to_server: bool) -> bool:
        goes_on = super()._passes(data, to_server)
        if not (to_server and self.COMMIT in data):
            return goes_on
        if self._last is not None and self.commits >= self._last:
            self.cut(for_good=True)
            return False
        return self.commits not in self._cut
