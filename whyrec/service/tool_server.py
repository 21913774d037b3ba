"""The server of the tools: what is wrong with arguments is told in our own words, and what no tool takes is refused."""

from typing import Any

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import ValidationError

from kg.document import nearest
from recommender.texts.messages import translated
from whyrec.service.wrong_values import wrong_fields


class ToolServer(MCPServer[Any]):
    """Tools over the Model Context Protocol."""

    async def call_tool(self, name: str, arguments: dict[str, Any], *more: Any, **named: Any) -> Any:
        """Call a tool.

        :raises ToolError: where it is none, or an argument is, in the language that was asked for; an assistant whose
            ``domian`` is not looked at would take the answer about everything for what it asked.
        """
        try:
            return await self._called(name, arguments, *more, **named)
        except ToolError as problem:
            cause = problem.__cause__  # the library's own words stand before what we said, in English
            message = str(cause if isinstance(cause, ToolError) else problem)
            raise ToolError(translated(message, str(arguments.get("lang", "")))) from cause

    async def _called(self, name: str, arguments: dict[str, Any], *more: Any, **named: Any) -> Any:
        schema = self._tool_input_schema(name)
        if schema is None:
            known = [one.name for one in await self.list_tools()]
            raise ToolError(f"{name!r} is no tool of yours; {nearest(name, known)}")
        known = list(schema["properties"])
        for one in arguments:
            if one not in known:
                raise ToolError(f"`{one}`: {name} has no such argument; {nearest(one, known)}")
        try:
            return await super().call_tool(name, arguments, *more, **named)
        except ToolError as problem:
            if isinstance(problem.__cause__, ValidationError):
                wrong = wrong_fields(problem.__cause__.errors())
                raise ToolError("; ".join(f"`{field}`: {told}" for field, told in wrong.items())) from None
            raise
