#!/usr/bin/env python3
"""A loopback token service, as Docker's specification has it, whose tokens a real registry takes.

    token_server.py --key KEY --certificate CERT --service SERVICE --issuer ISSUER [option]...

Prints its port on stdout once it listens. Ends on SIGTERM, or when its standard input ends: with the test that holds
the other end, however that ends.

Tokens are JWTs, signed by openssl with KEY; CERT goes along in x5c, and the registry trusts it as rootcertbundle. They
allow what is asked for, but only to pull. GET /token takes Basic, POST /token a form with a password or an identity
token.

The log has one JSON document a line: {"method", "account", "way", "scope", "status", "expired"} for each request.
"""
import argparse
import base64
import http.server
import json
import os
import subprocess
import sys
import threading
import time
import urllib.parse

REGISTRY_LEEWAY = 60  # seconds for which docker-registry takes a token that has run out


def base64url(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def certificate(path):
    with open(path, encoding="ascii") as file:
        return "".join(line.strip() for line in file if "-----" not in line)


def signed(key, text):
    return subprocess.run(["openssl", "dgst", "-sha256", "-sign", key], input=text, stdout=subprocess.PIPE, check=True).stdout


def access(scope):
    kind, name, actions = scope.split(":")
    return {"type": kind, "name": name, "actions": [a for a in actions.split(",") if a == "pull"]}


class Service(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, options):
        super().__init__(("127.0.0.1", 0), Handler)
        self.options = options
        self.log = open(options.log, "a", encoding="utf-8", buffering=1)
        self.lock = threading.Lock()
        self.issued = 0
        self.expired = 0

    def token(self, account, scopes, expired):
        options, now = self.options, int(time.time())
        header = {"typ": "JWT", "alg": "RS256", "x5c": [certificate(options.certificate)]}
        claims = {
            "iss": options.issuer,
            "aud": options.service,
            "sub": account,
            "jti": base64url(os.urandom(9)),
            "iat": now - 600,
            "nbf": now - 600,
            "exp": now - REGISTRY_LEEWAY - 2 if expired else now + 300,
            "access": [access(scope) for scope in scopes],
        }
        text = ".".join(base64url(json.dumps(part).encode()) for part in (header, claims))
        return text + "." + base64url(signed(options.key, text.encode()))

    def grant(self, account, scopes):
        """The answer, and whether its token has run out already: every Nth has, until there were enough of them."""
        with self.lock:
            self.issued += 1
            every, most = self.options.expired_every, self.options.expired_most
            expired = every > 0 and self.issued % every == 1 % every and self.expired < most
            self.expired += expired
        token = self.token(account, scopes, expired)
        return {self.options.member: token, "expires_in": self.options.expires_in}, expired


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self):
        options = self.server.options
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
        kind, _, said = self.headers.get("Authorization", "").partition(" ")
        user = base64.b64decode(said).decode() if kind == "Basic" else ""
        account = user.partition(":")[0]
        scopes = query.get("scope", [])
        if options.refuse_get:
            self.answer(405, "get", account, scopes)
        else:
            self.answer(200 if user == (options.user or "") else 401, "get", account, scopes)

    def do_POST(self):
        options = self.server.options
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        form = {name: values[0] for name, values in urllib.parse.parse_qs(body).items()}
        user = f"{form.get('username')}:{form.get('password')}"
        right = (form.get("grant_type") == "password" and user == options.user) or (
            form.get("grant_type") == "refresh_token" and form.get("refresh_token") == options.identity_token
        )
        status = options.post_status or (200 if right and form.get("client_id") else 401)
        self.answer(status, form.get("grant_type"), form.get("username", ""), form.get("scope", "").split())

    def answer(self, status, way, account, scopes):
        said, expired = self.server.grant(account, scopes) if status == 200 else ({"errors": []}, None)
        with self.server.lock:
            record = {"method": self.command, "account": account, "way": way, "scope": scopes, "status": status}
            self.server.log.write(json.dumps({**record, "expired": expired}) + "\n")
        body = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Its own log is enough."""


def parse_options():
    parser = argparse.ArgumentParser()
    parser.add_argument("--key", required=True)
    parser.add_argument("--certificate", required=True)
    parser.add_argument("--service", required=True)
    parser.add_argument("--issuer", required=True)
    parser.add_argument("--log", default=os.devnull, metavar="FILE")
    parser.add_argument("--user", metavar="USER:PASSWORD", help="without it, anybody gets a token")
    parser.add_argument("--identity-token", metavar="TOKEN", help="what a POST takes in place of a password")
    parser.add_argument("--post-status", type=int, default=0, metavar="CODE", help="whatever is posted, the answer is this")
    parser.add_argument("--refuse-get", action="store_true", help="only POST is known")
    parser.add_argument("--member", default="token", help="token or access_token")
    parser.add_argument("--expires-in", type=int, default=300, metavar="SECONDS", help="what is said of a token")
    parser.add_argument("--expired-every", type=int, default=0, metavar="N", help="every Nth token has run out already")
    parser.add_argument("--expired-most", type=int, default=sys.maxsize, metavar="N", help="but no more than N of them")
    return parser.parse_args()


def main():
    service = Service(parse_options())
    threading.Thread(target=service.serve_forever, daemon=True).start()
    print(service.server_port, flush=True)
    sys.stdin.buffer.read()


main()
