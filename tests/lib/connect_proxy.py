#!/usr/bin/env python3
"""A proxy for TLS on loopback that leads to one place, whatever is asked for.

    connect_proxy.py --upstream HOST:PORT --log FILE

Prints its port on stdout once it listens, and writes what each CONNECT names into the log, a line each. Ends on
SIGTERM, or when its standard input ends.
"""
import argparse
import os
import socket
import socketserver
import sys
import threading


def pump(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass
    for end, how in ((source, socket.SHUT_RD), (target, socket.SHUT_WR)):
        try:
            end.shutdown(how)
        except OSError:
            pass


class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        method, name = self.rfile.readline().decode().split()[:2]
        while self.rfile.readline().strip():
            pass
        if method != "CONNECT":
            self.wfile.write(b"HTTP/1.1 405 Method Not Allowed\r\n\r\n")
            return
        with open(self.server.log, "a", encoding="utf-8") as log:
            log.write(name + "\n")
        self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with socket.create_connection(self.server.upstream) as upstream:
            back = threading.Thread(target=pump, args=(upstream, self.connection))
            back.start()
            pump(self.connection, upstream)
            back.join()


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--upstream", required=True)
    parser.add_argument("--log", required=True)
    args = parser.parse_args()
    server = Server(("127.0.0.1", 0), Handler)
    host, port = args.upstream.rsplit(":", 1)
    server.upstream, server.log = (host, int(port)), args.log
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_address[1], flush=True)
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    main()
