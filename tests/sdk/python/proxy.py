"""A proxy that fails as networks do. It takes the next fault off its list for each request; without one it passes on.

Faults: `reset` (before the server hears of it), `lost` (the server does it, the answer is lost), `half` (half of the
answer's body, or `cut_after` bytes where it has no length), `cut` (half of the request's body), `delay:SECONDS`, and `STATUS` or `STATUS:RETRY_AFTER` (an answer of the
proxy's own). `seen` holds the method and target of each request.
"""
import re
import socket
import struct
import threading


class Proxy:
    def __init__(self, upstream):
        host, port = upstream.rsplit(":", 1)
        self.upstream = (host, int(port))
        self.faults, self.seen, self.heads = [], [], []
        self.cut_after = None
        self.ended = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = "http://127.0.0.1:%d" % self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.accept, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.guarded, args=(client,), daemon=True).start()

    def guarded(self, client):
        with client:
            try:
                self.serve(client)
            except OSError:
                # The other side is gone, which is what these tests are about.
                pass

    def serve(self, client):
        head, rest = read_head(client)
        if not head:
            return
        self.seen.append(tuple(head.split(b"\r\n")[0].decode().split(" ")[:2]))
        self.heads.append(head.decode("latin-1").lower())
        fault, _, detail = (self.faults.pop(0) if self.faults else "pass").partition(":")
        if fault == "reset":
            return reset(client)
        if fault == "delay":
            self.ended.wait(float(detail))
        if fault.isdigit():
            read_body(client, head, rest)
            extra = f"retry-after: {detail}\r\n" if detail else ""
            client.sendall(f"HTTP/1.1 {fault} Fault\r\n{extra}content-length: 0\r\nconnection: close\r\n\r\n".encode())
            return
        with socket.create_connection(self.upstream) as server:
            server.sendall(re.sub(rb"(?i)\r\nconnection: [^\r]*", b"", head) + b"\r\nconnection: close\r\n\r\n")
            if fault == "cut":
                server.sendall(rest or client.recv(65536))
                return reset(client)
            if b"expect:" not in head.lower():
                server.sendall(read_body(client, head, rest))
            answer, body = read_head(server)
            if fault == "lost":
                return reset(client)
            client.sendall(re.sub(rb"(?i)\r\nconnection: [^\r]*", b"", answer) + b"\r\nconnection: close\r\n\r\n")
            total = length_of(answer)
            left = (total // 2 or self.cut_after) if fault == "half" else None
            while body or left is None or left > 0:
                if left is not None:
                    body = body[:left]
                    left -= len(body)
                client.sendall(body)
                if left == 0:
                    # Not a reset: that could take back what was sent.
                    return
                body = server.recv(65536)
                if not body:
                    return


def reset(client):
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def read_head(connection):
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            return b"", b""
        data += piece
    head, _, rest = data.partition(b"\r\n\r\n")
    return head, rest


def length_of(head):
    found = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    return int(found.group(1)) if found else 0


def read_body(connection, head, rest):
    if re.search(rb"(?i)\r\ntransfer-encoding: *chunked", head):
        while not rest.endswith(b"0\r\n\r\n"):
            rest += connection.recv(65536)
        return rest
    while len(rest) < length_of(head):
        rest += connection.recv(65536)
    return rest
