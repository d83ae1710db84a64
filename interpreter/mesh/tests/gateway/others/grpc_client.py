# A gRPC client by the library of the protocol's authors: says `ok` for each thing that is as it must be.
import queue, sys
import grpc

channel = grpc.insecure_channel(sys.argv[1])
WAIT = 60


def path(name):
    return "/echo.Echo/" + name


def check(what, holds, found=None):
    print("ok" if holds else "WRONG", what, "" if holds else repr(found), flush=True)


reply, call = channel.unary_unary(path("Unary")).with_call(b"hello", timeout=WAIT, metadata=(("x-mine", "1"),))
check("a message", reply == b"hello", reply)
first, last = dict(call.initial_metadata()), dict(call.trailing_metadata())
check("metadata before", first.get("x-first") == "one", first)
check("trailers", last.get("x-last") == "two" and last.get("x-raw-bin") == b"\x00\xff", last)

large = b"x" * (3 << 20)
check("a large message", channel.unary_unary(path("Unary"))(large, timeout=WAIT) == large)

many = list(channel.unary_stream(path("Many"))(b"500", timeout=WAIT))
check("a stream of answers", many == [str(n).encode() for n in range(500)], many)

collected = channel.stream_unary(path("Collect"))(iter([b"a", b"b", b"c"]), timeout=WAIT)
check("a stream of questions", collected == b"a,b,c", collected)

asked = queue.Queue()
answers = channel.stream_stream(path("Chat"))(iter(asked.get, None), timeout=WAIT)
heard = []
for word in [b"one", b"two", b"three"]:
    asked.put(word)
    heard.append(next(answers))
asked.put(None)
check("both at once", heard == [b"ONE", b"TWO", b"THREE"] and list(answers) == [], heard)

try:
    channel.unary_unary(path("Fail"))(b"", timeout=WAIT)
    check("an error", False)
except grpc.RpcError as error:
    found = (error.code(), error.details())
    check("an error", found == (grpc.StatusCode.NOT_FOUND, "no such order: é/%"), found)

try:
    channel.unary_unary(path("Nothing"))(b"", timeout=WAIT)
    check("a method that there is not", False)
except grpc.RpcError as error:
    check("a method that there is not", error.code() == grpc.StatusCode.UNIMPLEMENTED, error)

try:
    channel.unary_unary(path("Slow"))(b"", timeout=2)
    check("a deadline", False)
except grpc.RpcError as error:
    check("a deadline", error.code() == grpc.StatusCode.DEADLINE_EXCEEDED, error)
