"""A server of FastMCP with one slow tool that tells its progress: TRANSPORT PORT."""

import asyncio
import sys

from fastmcp import Context, FastMCP

server = FastMCP("counts-with-fastmcp")


@server.tool
async def count(steps: int, ctx: Context) -> str:
    for step in range(1, steps + 1):
        await asyncio.sleep(0.25)
        await ctx.report_progress(step, steps)
    return f"counted to {steps}"


server.run(transport=sys.argv[1], host="127.0.0.1", port=int(sys.argv[2]), show_banner=False)
