# A WebSocket client by the `websockets` library: says `ok` for each thing that is as it must be.
import asyncio, sys
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus


def check(what, holds, found=None):
    print("ok" if holds else "WRONG", what, "" if holds else repr(found), flush=True)


async def main():
    async with connect(sys.argv[1] + "/chat", subprotocols=["other", "chat"], max_size=4 << 20) as socket:
        check("a subprotocol", socket.subprotocol == "chat", socket.subprotocol)
        extensions = [type(it).__name__ for it in socket.protocol.extensions]
        check("an extension", extensions == ["PerMessageDeflate"], extensions)
        for number in range(50):
            await socket.send(f"text {number} é")
        heard = [await socket.recv() for _ in range(50)]
        check("texts", heard == [f"text {n} é" for n in range(50)], heard[:3])
        large = bytes(range(256)) * (8 << 10)
        await socket.send(large)
        check("a large message of bytes", await socket.recv() == large)
        await asyncio.wait_for(await socket.ping(b"there?"), 60)
        check("a ping", True)
        await socket.send("bye")
        try:
            await socket.recv()
            check("an end by the server", False)
        except ConnectionClosed as closed:
            found = (closed.rcvd.code, closed.rcvd.reason)
            check("an end by the server", found == (4001, "enough"), found)
    sockets = [await connect(sys.argv[1] + "/chat", subprotocols=["chat"]) for _ in range(20)]
    for number, socket in enumerate(sockets):
        await socket.send(str(number))
    heard = [await socket.recv() for socket in sockets]
    check("many at once", heard == [str(n) for n in range(20)], heard)
    for socket in sockets:
        await socket.close()
    try:
        await connect(sys.argv[1] + "/denied")
        check("a path that nobody may", False)
    except InvalidStatus as refused:
        check("a path that nobody may", refused.response.status_code == 404, refused)


asyncio.run(main())
