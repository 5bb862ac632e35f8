"""What a gateway is measured against: aiohttp handing bytes on, and nothing else.

``python -m tests.bench.passthrough URL`` listens on a free port of 127.0.0.1 and prints its own URL. It has what the
gateway has: uvloop, one shared connector without a limit, no access log, chunks written as they come.
"""

import asyncio
import sys

import uvloop
from aiohttp import ClientSession, ClientTimeout, DummyCookieJar, TCPConnector, web

KEPT = ("authorization", "content-type", "accept", "x-amz-target", "user-agent", "x-amz-user-agent")


class PassThrough:
    """One session for all requests; the path, the body and the answer go through as they are."""

    def __init__(self, upstream: str) -> None:
        self._upstream = upstream
        self._session = ClientSession(
            connector=TCPConnector(limit=0),
            cookie_jar=DummyCookieJar(),
            auto_decompress=False,
            timeout=ClientTimeout(total=None),
        )

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        """Send on, and write each chunk of the answer as it comes."""
        body = await request.read()
        headers = {name: request.headers[name] for name in KEPT if name in request.headers}
        async with self._session.post(self._upstream + request.path, data=body, headers=headers) as answer:
            response = web.StreamResponse(status=answer.status)
            response.content_type = answer.content_type
            await response.prepare(request)
            async for chunk in answer.content.iter_any():
                await response.write(chunk)
            await response.write_eof()
            return response


async def serve(upstream: str) -> None:
    """Serve until the process is ended."""
    app = web.Application(client_max_size=64 << 20)
    app.router.add_post("/{path:.*}", PassThrough(upstream))
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=1024)
    await site.start()
    host, port = runner.addresses[0][:2]
    print(f"http://{host}:{port}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(serve(sys.argv[1]))
