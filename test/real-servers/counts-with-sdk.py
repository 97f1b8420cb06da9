"""The same with the Python SDK, 1.x or 2.x: TRANSPORT PORT."""

import asyncio
import sys

transport, port = sys.argv[1], int(sys.argv[2])

try:
    from mcp.server.mcpserver import Context, MCPServer

    server = MCPServer("counts-with-sdk")
    options = {"host": "127.0.0.1", "port": port}
except ModuleNotFoundError:
    from mcp.server.fastmcp import Context, FastMCP

    server = FastMCP("counts-with-sdk", host="127.0.0.1", port=port)
    options = {}


@server.tool()
async def count(steps: int, ctx: Context) -> str:
    for step in range(1, steps + 1):
        await asyncio.sleep(0.25)
        await ctx.report_progress(step, steps)
    return f"counted to {steps}"


server.run(transport=transport, **options)
