"""The floor: a gRPC server that does nothing but the work no server can avoid.

It takes the same methods with the same messages as the index: the request is parsed, and a reply with the content of one that
the index gave is built anew for every call and serialised. Nothing is cached: replies of many sizes take turns.

    python -m benchmarks.echo --kind asyncio|threads --port 50551 --replies FOLDER

FOLDER holds one file of reply frames for each method of ``benchmarks.methods``, named as the method is.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from concurrent import futures
from itertools import cycle
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
from google.protobuf.message import Message

from benchmarks.frames import read_frames
from benchmarks.methods import METHODS, Method

THREADS = 8  # 2, 8 and 16 cost the same CPU per call, 1 costs a sixth more (measured, 64 callers)
MESSAGE_BYTES = 16 << 20
OPTIONS = (("grpc.max_receive_message_length", MESSAGE_BYTES), ("grpc.max_send_message_length", MESSAGE_BYTES))

Handler = Callable[[Message, Any], Message]
AsyncHandler = Callable[[Message, Any], Awaitable[Message]]


def reply_builder(method: Method, folder: Path) -> Callable[[], Message]:
    """A function that builds one reply after the other, each a message of its own."""
    templates = cycle([method.reply.FromString(frame) for frame in read_frames(folder / method.name)])
    new = method.reply

    def build() -> Message:
        reply: Message = new()
        reply.CopyFrom(next(templates))
        return reply

    return build


def thread_handler(build: Callable[[], Message]) -> Handler:
    return lambda _request, _context: build()


def asyncio_handler(build: Callable[[], Message]) -> AsyncHandler:
    async def handle(_request: Message, _context: Any) -> Message:
        return build()

    return handle


def handlers(folder: Path, *, asynchronous: bool) -> list[grpc.GenericRpcHandler]:
    """One generic handler for each method whose replies the folder holds."""
    found = []
    for method in METHODS.values():
        if not (folder / method.name).exists():
            continue
        build = reply_builder(method, folder)
        rpc = grpc.unary_unary_rpc_method_handler(
            asyncio_handler(build) if asynchronous else thread_handler(build),
            request_deserializer=method.request.FromString,
            response_serializer=method.reply.SerializeToString,
        )
        found.append(grpc.method_handlers_generic_handler(method.service, {method.name: rpc}))
    return found


async def serve_asyncio(port: int, folder: Path) -> None:
    server = grpc.aio.server(options=OPTIONS)
    server.add_generic_rpc_handlers(handlers(folder, asynchronous=True))
    server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    print("serving", flush=True)
    await server.wait_for_termination()


def serve_threads(port: int, folder: Path) -> None:
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=THREADS), options=OPTIONS)
    server.add_generic_rpc_handlers(handlers(folder, asynchronous=False))
    server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    print("serving", flush=True)
    server.wait_for_termination()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kind", choices=("asyncio", "threads"), required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--replies", type=Path, required=True)
    given = parser.parse_args()
    if given.kind == "asyncio":
        asyncio.run(serve_asyncio(given.port, given.replies))
    else:
        serve_threads(given.port, given.replies)


if __name__ == "__main__":
    main()
