#!/usr/bin/env python3
"""Passes on what goes through a unix socket, until a client has sent too much.

    socket_relay.py LISTEN TARGET stall|cut N

Listens at LISTEN and connects each client to TARGET. After N bytes from one client, "stall" passes on no more but keeps
the connection open, and "cut" closes it on both sides. Prints "ready" once it listens and "stalled" or "cut" when that
has happened. Ends on SIGTERM, or when its standard input ends.
"""
import os
import socket
import sys
import threading

CHUNK_BYTES = 65536


def pump(source, sink, left):
    """Passes on at most so many bytes; False when there were more."""
    while data := source.recv(CHUNK_BYTES):
        sink.sendall(data[:left])
        left -= len(data)
        if left < 0:
            return False
    return True


def answers(daemon, client):
    pump(daemon, client, sys.maxsize)
    client.shutdown(socket.SHUT_WR)


def relay(client, target, fault, limit):
    with client, socket.socket(socket.AF_UNIX) as daemon:
        daemon.connect(target)
        threading.Thread(target=answers, args=(daemon, client), daemon=True).start()
        if pump(client, daemon, limit):
            daemon.shutdown(socket.SHUT_WR)
            return
        print("stalled" if fault == "stall" else "cut", flush=True)
        while fault == "stall" and client.recv(CHUNK_BYTES):
            pass
        for end in (client, daemon):
            end.shutdown(socket.SHUT_RDWR)


def serve(listener, target, fault, limit):
    while True:
        client, _ = listener.accept()
        threading.Thread(target=relay, args=(client, target, fault, limit), daemon=True).start()


def main():
    path, target, fault, limit = sys.argv[1:]
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    threading.Thread(target=serve, args=(listener, target, fault, int(limit)), daemon=True).start()
    print("ready", flush=True)
    sys.stdin.buffer.read()
    os.unlink(path)


threading.excepthook = lambda _: None  # a connection that breaks is no news here
main()
