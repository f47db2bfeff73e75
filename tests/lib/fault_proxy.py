#!/usr/bin/env python3
"""A loopback proxy in front of a real registry, which goes wrong where a test wants it to.

    fault_proxy.py [option]... --upstream HOST:PORT [--fault WHERE WHAT]...

Prints its port on stdout once it listens. Ends on SIGTERM, or when its standard input ends: with the test that holds
the other end, however that ends.

WHERE is a regular expression, searched in the path of a request, and in "METHOD PATH"; with "#N" after it, it means only the N-th request
that matches, with "#N+" that one and all after it. What happens to a body does not concern HEAD, which has none. The first
fault that fits is the one. WHAT is one of

    status:CODE         answer with this status, and an error body as registries send it
    body:TEXT           answer 200 with this body instead
    file:PATH           answer 200 with the content of a file instead
    header:NAME=VALUE   set a header of the answer; without a value, leave it out
    corrupt:N           flip a bit of the body's byte N
    truncate:N          send only N bytes of the body, and claim that this is all
    cut:N               promise the whole body, send N bytes, and hang up
    stall:N             promise the whole body, send N bytes, and never go on
    lie:N               flip a bit of the body's first byte, and stall after N
    redirect:URL        send the client to the same path at another place
    hangup:             hang up without any answer
    take:N              give the registry N bytes of what the client sends, and hang up on both
    keep:N              the same, but the client waits for an answer for ever
    drip:               answer a part of an upload as if one byte more had been kept each time; the registry hears nothing of it
    third:SEED          goes wrong for a third of the requests: 429, 500, or half of the body and a hang-up. Which they
                        are follows from SEED, what is asked, and how often it was asked before; what names an upload
                        is made up by the registry and does not count. The same fails no more than four times in a row

It can be the registry itself (http://127.0.0.1:PORT/v2/...) or the HTTP proxy of a client ($http_proxy): then images
keep a name that does not depend on the port.

The log has one JSON document a line: {"method", "path", "headers", "status"} for each request, in the order in which
they were answered, and {"stalled": PATH} when a stall has sent what it sends. Beside it, LOG.sent has the bytes of each
body that went out, or of what was to go out of it, a number a line.

PUT /-/options with a word a line gives it other options in the place of all those but --upstream, --log and --remember,
and empties the log: so many faults can be tried without as many proxies. They are for connections that come later. What a
client that is gone still asks on an older one counts for no fault and comes into no log.
"""
import argparse
import base64
import collections
import dataclasses
import hashlib
import http.client
import http.server
import json
import os
import re
import socket
import sys
import threading
import typing
import urllib.parse

CHUNK_BYTES = 65536
INDEX = "application/vnd.oci.image.index.v1+json"
HOP_BY_HOP = {"connection", "keep-alive", "proxy-connection", "transfer-encoding", "server", "date"}


@dataclasses.dataclass
class Answer:
    """What goes back to the client; faults change it before it does."""

    status: int
    headers: dict
    body: typing.Iterable[bytes]
    stop_after: typing.Optional[int] = None
    stall: bool = False


def complete(status, content, headers):
    return Answer(status, {**headers, "Content-Length": str(len(content))}, [content])


def error(status, code="FAULT", message="made by a test", **headers):
    body = json.dumps({"errors": [{"code": code, "message": message}]}).encode()
    return complete(status, body, {"Content-Type": "application/json", **headers})


# ---- Faults ----


def first_bytes(body, left):
    for chunk in body:
        yield chunk[:left]
        left -= len(chunk)
        if left <= 0:
            return


def flipped(body, at):
    for chunk in body:
        if 0 <= at < len(chunk):
            chunk = chunk[:at] + bytes([chunk[at] ^ 1]) + chunk[at + 1 :]
        at -= len(chunk)
        yield chunk


def replaced(answer, content):
    """A registry that has the wrong thing knows its digest: only the type stays."""
    return complete(200, content, {k: v for k, v in answer.headers.items() if k.lower() == "content-type"})


def with_header(answer, text):
    name, _, value = text.partition("=")
    headers = {k: v for k, v in answer.headers.items() if k.lower() != name.lower()}
    if value:
        headers[name] = value
    return dataclasses.replace(answer, headers=headers)


def truncated(answer, length):
    headers = {**answer.headers, "Content-Length": str(length)}
    return dataclasses.replace(answer, headers=headers, body=first_bytes(answer.body, length))


def read_file(path):
    with open(path, "rb") as file:
        return file.read()


FAULTS = {
    "status": lambda answer, text: error(int(text)),
    "body": lambda answer, text: replaced(answer, text.encode()),
    "file": lambda answer, text: replaced(answer, read_file(text)),
    "header": with_header,
    "corrupt": lambda answer, text: dataclasses.replace(answer, body=flipped(answer.body, int(text))),
    "truncate": lambda answer, text: truncated(answer, int(text)),
    "cut": lambda answer, text: dataclasses.replace(answer, stop_after=int(text)),
    "stall": lambda answer, text: dataclasses.replace(answer, stop_after=int(text), stall=True),
    "lie": lambda answer, text: dataclasses.replace(
        answer, body=flipped(answer.body, 0), stop_after=int(text), stall=True
    ),
    "redirect": lambda answer, text: complete(307, b"", {"Location": text}),
    "hangup": lambda answer, text: None,
    "take": lambda answer, text: None,
    "keep": lambda answer, text: None,
}


# Of one thing, so many answers in a row are no good: a client that gives up after that is not tested by chance.
IN_A_ROW_MAX = 4

BODY_FAULTS = {"body", "file", "corrupt", "truncate", "cut", "stall", "lie"}


def third(answer, lot):
    """What becomes of an answer by a number that is as good as random."""
    if lot % 3:
        return answer
    kind = lot // 3 % 3
    length = int(answer.headers.get("Content-Length", 0))
    if kind == 0 and length > 1:
        return dataclasses.replace(answer, stop_after=length // 2)
    return error(429 if kind == 1 else 500)


class Fault:
    """One WHERE and WHAT of the command line."""

    def __init__(self, where, what):
        pattern, _, nth = where.partition("#")
        action, _, self.text = what.partition(":")
        self.pattern = re.compile(pattern)
        self.first = int(nth.rstrip("+") or 1)
        self.last = self.first if nth and not nth.endswith("+") else sys.maxsize
        self.action = action
        self.seen = 0
        self.asked = collections.Counter()
        self.in_a_row = collections.Counter()

    def fits(self, method, path):
        if not (self.pattern.search(path) or self.pattern.search(f"{method} {path}")) or (method == "HEAD" and self.action in BODY_FAULTS):
            return False
        self.seen += 1
        return self.first <= self.seen <= self.last

    def lot(self, method, path):
        """A number for the nth such request, whatever else is asked meanwhile."""
        path = re.sub(r"(/blobs/uploads/)[^/?]+\?_state=[^&]*", r"\1", path)
        self.asked[method, path] += 1
        text = f"{self.text} {self.asked[method, path]} {path}"
        lot = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
        lot += self.in_a_row[method, path] == IN_A_ROW_MAX and lot % 3 == 0
        self.in_a_row[method, path] = 0 if lot % 3 else self.in_a_row[method, path] + 1
        return lot

    def apply(self, answer, method, path):
        if self.action == "third":
            return third(answer, self.lot(method, path))
        if self.action == "drip":
            return complete(202, b"", {"Range": f"0-{self.seen}"})
        return FAULTS[self.action](answer, self.text + path if self.action == "redirect" else self.text)


# ---- Credentials ----


class Gate:
    """Who may pass: anybody, who has the password, or who has a token, for which the password may be needed."""

    def __init__(self, options):
        self.scheme = options.auth
        self.basic = options.user and "Basic " + base64.b64encode(options.user.encode()).decode()
        self.token_uses = options.token_uses
        self.ping_only = options.challenge_ping_only
        self.tokens = {}  # token: [repository, uses left, actions]

    def challenge(self, repository, port, actions):
        if self.scheme == "basic":
            return 'Basic realm="fault proxy"'
        realm = f'Bearer realm="http://127.0.0.1:{port}/token",service="fault-proxy"'
        return f'{realm},scope="repository:{repository}:{actions}"' if repository else realm

    def passes(self, authorization, repository, actions):
        if self.scheme == "none" or (self.scheme == "basic" and authorization == self.basic):
            return True
        token = self.tokens.get((authorization or "").removeprefix("Bearer "))
        if token is None or repository not in ("", token[0]) or token[1] == 0:
            return False
        if not set(actions.split(",")) <= set(token[2].split(",")):
            return False
        token[1] -= 1
        return True

    def refusal(self, repository, port, actions):
        if self.ping_only and repository:
            return error(401, "UNAUTHORIZED", "no")
        return error(401, "UNAUTHORIZED", "no", **{"WWW-Authenticate": self.challenge(repository, port, actions)})

    def grant(self, authorization, query):
        if self.basic and authorization != self.basic:
            return error(401, "UNAUTHORIZED", "wrong user or password")
        scope = re.fullmatch(r"repository:(.+):(pull|pull,push)", query.get("scope", [""])[0])
        token = f"secret-token-{len(self.tokens) + 1}"
        self.tokens[token] = [scope[1] if scope else "", self.token_uses, scope[2] if scope else "pull"]
        return complete(200, json.dumps({"token": token}).encode(), {"Content-Type": "application/json"})


# ---- The server ----


class Rules:
    """What goes wrong, for the connections that come while these hold."""

    def __init__(self, options):
        self.faults = [Fault(*pair) for pair in options.fault]
        self.gate = Gate(options)
        self.referrers_page = options.referrers
        self.no_ranges = options.no_ranges
        self.at_once = options.at_once


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are two writes, and nobody should wait for the second

    def setup(self):
        super().setup()
        self.rules = self.client_address[-1]

    def do_GET(self):
        proxy, rules = self.server, self.rules
        url = urllib.parse.urlsplit(self.path)  # a client that knows us as its proxy sends the whole URL
        path = url.path + ("?" + url.query if url.query else "")
        with proxy.lock:
            fault = next((f for f in rules.faults if f.fits(self.command, path)), None)
            answer = self.gated(url)
        self.body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if answer is None and fault is not None and fault.action in ("take", "keep"):
            self.give(path, self.body[: int(fault.text)])
            if fault.action == "keep":
                proxy.note(rules, stalled=path)
                self.rfile.read(1)  # until the client is gone
        elif answer is None and (fault is None or fault.action != "drip"):
            answer = self.referrers(url) or self.forward(path)
        if fault is not None:
            with proxy.lock:
                answer = fault.apply(answer, self.command, path)
            if answer is not None and rules.at_once:
                answer = with_header(answer, "Retry-After=0")
        proxy.note(rules, method=self.command, path=path, headers=dict(self.headers), status=answer and answer.status)
        if answer is None:
            self.close_connection = True
        else:
            self.send(answer, path)

    do_HEAD = do_POST = do_PATCH = do_GET

    def do_PUT(self):
        if self.path != "/-/options":
            self.do_GET()
            return
        words = self.rfile.read(int(self.headers["Content-Length"])).decode().splitlines()
        self.server.go_wrong(parse_options(["--upstream", self.server.upstream, *words]))
        self.send(complete(200, b"", {}), self.path)

    def gated(self, url):
        gate, authorization = self.rules.gate, self.headers.get("Authorization")
        if url.path == "/token":
            return gate.grant(authorization, urllib.parse.parse_qs(url.query))
        named = re.fullmatch(r"/v2/(.+)/(manifests|blobs|referrers|tags)/.+", url.path)
        repository = named[1] if named else ""
        actions = "pull" if self.command in ("GET", "HEAD") else "pull,push"
        if gate.passes(authorization, repository, actions):
            return None
        return gate.refusal(repository, self.server.server_port, actions)

    def forward(self, path):
        """What the registry says, which is asked once where it always says the same."""
        remembered, key = self.server.remembered, (self.command, path, self.headers.get("Accept"), self.headers.get("Range"))
        if remembered is None:
            return self.ask(path)
        if key not in remembered:
            answer = self.ask(path)
            remembered[key] = dataclasses.replace(answer, body=[b"".join(answer.body)])
        return remembered[key]

    def ask(self, path):
        headers = {k: v for k, v in self.headers.items() if k.lower() not in HOP_BY_HOP | {"authorization"}}
        if self.rules.no_ranges:
            headers.pop("Range", None)
        upstream = http.client.HTTPConnection(self.server.upstream)
        upstream.request(self.command, path, body=self.body or None, headers=headers)
        got = upstream.getresponse()
        headers = {k: v for k, v in got.getheaders() if k.lower() not in HOP_BY_HOP}
        return Answer(got.status, headers, iter(lambda: got.read(CHUNK_BYTES), b""))

    def give(self, path, part):
        """The registry sees the beginning of a request whose client has gone."""
        upstream = http.client.HTTPConnection(self.server.upstream)
        upstream.putrequest(self.command, path, skip_host=True)
        for name, value in self.headers.items():
            if name.lower() not in HOP_BY_HOP | {"authorization"}:
                upstream.putheader(name, value)
        upstream.endheaders()
        try:
            upstream.send(part)
            upstream.sock.shutdown(socket.SHUT_WR)
            upstream.sock.recv(CHUNK_BYTES)  # until the registry has noticed
        except ConnectionError:
            pass  # it has, and hung up first
        upstream.close()

    def referrers(self, url):
        """The referrers API, where it is wanted, made of what the fallback tags list, which then are not to be seen."""
        asked = re.fullmatch(r"/v2/(.+)/(referrers/sha256:|manifests/sha256-)([0-9a-f]{64})", url.path)
        size = self.rules.referrers_page
        if not size or not asked:
            return None
        if asked[2].startswith("manifests"):
            return error(404, "MANIFEST_UNKNOWN", "manifest unknown")
        tag = self.forward(f"/v2/{asked[1]}/manifests/sha256-{asked[3]}")
        index = json.loads(b"".join(tag.body)) if tag.status == 200 else {"manifests": []}
        first = int(urllib.parse.parse_qs(url.query).get("from", ["0"])[0])
        page = {"schemaVersion": 2, "mediaType": INDEX, "manifests": index["manifests"][first : first + size]}
        headers = {"Content-Type": INDEX}
        if first + size < len(index["manifests"]):
            headers["Link"] = f'<{url.path}?from={first + size}>; rel="next"'
        return complete(200, json.dumps(page).encode(), headers)

    def send(self, answer, path):
        self.send_response_only(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        sent = 0
        body = answer.body if answer.stop_after is None else first_bytes(answer.body, answer.stop_after)
        for chunk in body:
            self.wfile.write(chunk)
            sent += len(chunk)
        self.server.count(self.rules, sent)
        if answer.stop_after is not None:
            self.wfile.flush()
            self.close_connection = True
        if answer.stall:
            self.server.note(self.rules, stalled=path)
            self.rfile.read(1)  # until the client is gone


class Proxy(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128  # connections that come at once are not turned away for a second

    def __init__(self, options):
        super().__init__(("127.0.0.1", 0), Handler)
        self.upstream = options.upstream
        self.remembered = {} if options.remember else None
        self.log = open(options.log, "a", encoding="utf-8", buffering=1)
        self.sent = open(options.log + ".sent" if options.log != os.devnull else os.devnull, "a", buffering=1)
        self.lock = threading.Lock()
        self.rules = Rules(options)

    def go_wrong(self, options):
        with self.lock:
            self.rules = Rules(options)
            self.log.truncate(0)
            self.sent.truncate(0)

    def get_request(self):
        """Connections are taken in the order in which they came, so here it is known which rules they are under."""
        connection, address = super().get_request()
        return connection, (*address, self.rules)

    def note(self, rules, **record):
        with self.lock:
            if rules is self.rules:
                self.log.write(json.dumps(record) + "\n")

    def count(self, rules, size):
        with self.lock:
            if rules is self.rules:
                self.sent.write(f"{size}\n")

    def handle_error(self, request, client_address):
        """A client that is killed or that has had enough hangs up: nothing to report."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def parse_options(words=None):
    parser = argparse.ArgumentParser()
    parser.add_argument("--upstream", required=True, metavar="HOST:PORT")
    parser.add_argument("--fault", nargs=2, action="append", default=[], metavar=("WHERE", "WHAT"))
    parser.add_argument("--log", default=os.devnull, metavar="FILE")
    parser.add_argument("--remember", action="store_true", help="ask the registry for the same thing once")
    parser.add_argument("--referrers", type=int, default=0, metavar="N", help="have the referrers API, N to a page")
    parser.add_argument("--no-ranges", action="store_true", help="whoever wants a part of a blob gets all of it")
    parser.add_argument("--at-once", action="store_true", help="what goes wrong may be asked for again at once")
    parser.add_argument("--auth", choices=["none", "basic", "bearer"], default="none")
    parser.add_argument("--user", metavar="USER:PASSWORD", help="for --auth; without it, anybody gets a token")
    parser.add_argument("--token-uses", type=int, default=-1, metavar="N", help="a token expires after N requests")
    parser.add_argument("--challenge-ping-only", action="store_true", help="only /v2/ says what is wanted")
    return parser.parse_args(words)


def main():
    proxy = Proxy(parse_options())
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    print(proxy.server_port, flush=True)
    sys.stdin.buffer.read()


main()
