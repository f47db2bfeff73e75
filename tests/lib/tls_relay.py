#!/usr/bin/env python3
"""Speaks TLS on loopback and passes everything on to a unix socket, as dockerd does with --tlsverify.

    tls_relay.py TARGET CERT KEY CA

Clients have to show a certificate of the CA. Prints its port once it listens. Ends when its standard input ends.
"""
import os
import socket
import ssl
import sys
import threading

CHUNK_BYTES = 65536


def pump(source, sink):
    while data := source.recv(CHUNK_BYTES):
        sink.sendall(data)


def answers(daemon, client):
    pump(daemon, client)
    client.shutdown(socket.SHUT_RDWR)


def shake_hands(client):
    """Who is refused hears why: closing with something unread would send a reset, which overtakes the alert."""
    try:
        client.do_handshake()
    except ssl.SSLError:
        with socket.socket(fileno=os.dup(client.fileno())) as raw:
            raw.shutdown(socket.SHUT_WR)  # who speaks no TLS at all waits for an answer
            while raw.recv(CHUNK_BYTES):
                pass
        raise


def relay(plain, context, target):
    with (
        context.wrap_socket(plain, server_side=True, do_handshake_on_connect=False) as client,
        socket.socket(socket.AF_UNIX) as daemon,
    ):
        shake_hands(client)
        daemon.connect(target)
        threading.Thread(target=answers, args=(daemon, client), daemon=True).start()
        pump(client, daemon)
        daemon.shutdown(socket.SHUT_WR)


def serve(listener, context, target):
    while True:
        client, _ = listener.accept()
        threading.Thread(target=relay, args=(client, context, target), daemon=True).start()


def main():
    target, cert, key, ca = sys.argv[1:]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    context.load_verify_locations(ca)
    context.verify_mode = ssl.CERT_REQUIRED
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=serve, args=(listener, context, target), daemon=True).start()
    print(listener.getsockname()[1], flush=True)
    sys.stdin.buffer.read()


threading.excepthook = lambda _: None  # a connection that breaks is no news here
main()
