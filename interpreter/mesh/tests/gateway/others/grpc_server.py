# A gRPC server by the library of the protocol's authors: messages are bytes, and go back as they came.
import sys, time
from concurrent import futures
import grpc


def unary(request, context):
    context.send_initial_metadata((("x-first", "one"),))
    context.set_trailing_metadata((("x-last", "two"), ("x-raw-bin", b"\x00\xff")))
    return request


def many(request, context):
    for number in range(int(request)):
        yield str(number).encode()


def collect(requests, context):
    return b",".join(requests)


def chat(requests, context):
    # Each is answered before the next is asked: neither side waits for the end of the other.
    for request in requests:
        yield request.upper()


def fail(request, context):
    context.abort(grpc.StatusCode.NOT_FOUND, "no such order: é/%")


def slow(request, context):
    print("deadline", round(context.time_remaining(), 1), flush=True)
    ended = []
    context.add_callback(lambda: ended.append(True))
    while not ended:
        time.sleep(0.02)
    print("cancelled", flush=True)
    return b""


handlers = {
    "Unary": grpc.unary_unary_rpc_method_handler(unary),
    "Many": grpc.unary_stream_rpc_method_handler(many),
    "Collect": grpc.stream_unary_rpc_method_handler(collect),
    "Chat": grpc.stream_stream_rpc_method_handler(chat),
    "Fail": grpc.unary_unary_rpc_method_handler(fail),
    "Slow": grpc.unary_unary_rpc_method_handler(slow),
}
server = grpc.server(futures.ThreadPoolExecutor(max_workers=16))
server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("echo.Echo", handlers),))
port = server.add_insecure_port("127.0.0.1:0")
server.start()
print("port", port, flush=True)
sys.stdin.read()
