"""Load balancing: connections go to the worker that has fewest, as far as it takes them in time.

Workers share one listening socket, and the event loops of asyncio and libuv accept all who wait there at once: eight
connections that stay, of a shop's own pool, were all those of one worker, and the other one idle. Here a worker takes
one at a time, and leaves it to others for a moment where one of them has fewer.
"""

import asyncio
import errno
import mmap
import socket
import struct
import time
from contextlib import suppress
from typing import Any

import uvicorn

PATIENCE_SECONDS = 0.005
"""How long a connection is left to workers that have fewer: as long as an answer that one of them is at."""
SILENT_SECONDS = 0.5
"""After what time a worker that says nothing is left none: it was stopped, killed, or hangs, and those that are free
would take one each time they have waited."""
FULL_SECONDS = 1.0
"""How long nobody is accepted where there are no more descriptors."""
CLOSING_SECONDS = 0.5
"""How long a closing connection, of which all was sent, may take to close."""
_FULL = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
_TOLD = struct.Struct("qd")
"""How many a worker has, and when it said so, in seconds of the clock that all processes share."""


class Connections:
    """How many connections each worker has, in memory that all of them share; made before they are forked.

    :param workers: how many.
    """

    def __init__(self, workers: int) -> None:
        self._told = mmap.mmap(-1, _TOLD.size * workers)

    def tell(self, slot: int, count: int) -> None:
        """Say how many the worker of a slot has."""
        _TOLD.pack_into(self._told, _TOLD.size * slot, count, time.monotonic())

    def fewest(self) -> int:
        """Those of the worker that has fewest, of all that said so of late; the one that asks is among them."""
        since = time.monotonic() - SILENT_SECONDS
        return int(min(count for count, told in _TOLD.iter_unpack(self._told[:]) if told >= since))


class Balanced(uvicorn.Server):
    """uvicorn's server as one of several workers.

    :param slot: which of them.
    """

    def __init__(self, config: uvicorn.Config, connections: Connections, slot: int) -> None:
        super().__init__(config)
        self._connections, self._slot, self._coming = connections, slot, set[asyncio.Task[None]]()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and accept in the way above in place of the event loop's."""
        await super().startup(sockets=[])
        self._told()
        self.servers: list[Any] = [_Acceptor(one, self) for one in sockets or ()]

    async def on_tick(self, counter: int) -> bool:
        """What uvicorn does ten times a second; those who have left are counted out."""
        self._told()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Finish what is in flight, and wait for nobody who has his answer: over TLS an idle client would have to say
        that it goes, and those of a pool do not look."""
        silent = asyncio.get_running_loop().create_task(self._let_go_of_silent())
        try:
            await super().shutdown(sockets)
        finally:
            silent.cancel()

    async def _let_go_of_silent(self) -> None:
        seen = set[asyncio.Transport]()
        while True:
            await asyncio.sleep(CLOSING_SECONDS)
            transports = {one.transport for one in self.server_state.connections if one.transport is not None}
            closing = {one for one in transports if one.is_closing() and not one.get_write_buffer_size()}
            for one in closing & seen:
                one.abort()
            seen = closing

    def leaves(self) -> bool:
        """Whether another worker has fewer connections."""
        return self._told() > self._connections.fewest()

    def take(self, connection: socket.socket) -> None:
        """Answer whoever has come."""
        task = asyncio.get_running_loop().create_task(self._answer(connection))
        self._coming.add(task)
        task.add_done_callback(self._coming.discard)
        self._told()

    def _told(self) -> int:
        count = len(self.server_state.connections) + len(self._coming)
        self._connections.tell(self._slot, count)
        return count

    async def _answer(self, connection: socket.socket) -> None:
        try:
            connection.setblocking(False)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            loop = asyncio.get_running_loop()
            await loop.connect_accepted_socket(self._protocol, connection, ssl=self.config.ssl)
        except OSError:  # gone again, or no TLS
            connection.close()

    def _protocol(self) -> asyncio.Protocol:
        state, loop = self.lifespan.state, asyncio.get_running_loop()
        made: asyncio.Protocol = self.config.http_protocol_class(  # type: ignore[call-arg]
            config=self.config, server_state=self.server_state, app_state=state, _loop=loop
        )
        return made


class _Acceptor:
    """Accepts at one socket; what uvicorn closes at its end.

    :param listening: shared with other workers.
    """

    def __init__(self, listening: socket.socket, server: Balanced) -> None:
        self._listening, self._server, self._loop = listening, server, asyncio.get_running_loop()
        self._later: asyncio.TimerHandle | None = None
        listening.setblocking(False)
        self._loop.add_reader(listening.fileno(), self._come)

    def close(self) -> None:
        """Accept nobody any more."""
        if self._later is not None:
            self._later.cancel()
        self._loop.remove_reader(self._listening.fileno())

    async def wait_closed(self) -> None:
        """Nothing is left to wait for."""

    def _come(self) -> None:
        if self._server.leaves():
            self._rest(PATIENCE_SECONDS)
        else:
            self._accept()

    def _rest(self, seconds: float) -> None:
        self._loop.remove_reader(self._listening.fileno())
        self._later = self._loop.call_later(seconds, self._again)

    def _again(self) -> None:
        self._later = None
        self._loop.add_reader(self._listening.fileno(), self._come)
        self._accept()

    def _accept(self) -> None:
        """Take one, where nobody else was faster."""
        with suppress(BlockingIOError, InterruptedError, ConnectionAbortedError):
            try:
                self._server.take(self._listening.accept()[0])
            except OSError as problem:
                if problem.errno not in _FULL:
                    raise
                self._rest(FULL_SECONDS)
