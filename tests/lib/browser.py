"""A headless Chromium, driven by chromedriver over HTTP: what e2e tests of pages and make screenshots share.

    with Browser(width, height) as b:
        b.open(url); b.run("return document.title"); b.shot("page.png")

It runs as whoever starts it, root too, in a profile that is gone afterwards, and has no network but loopback: names
of other hosts lead nowhere.
"""
import base64
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
         "--force-device-scale-factor=1", "--font-render-hinting=none", "--lang=en-US",
         "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]


class Browser:
    def __init__(self, width=1200, height=900, scripts=True):
        self.width, self.height, self.scripts = width, height, scripts

    def __enter__(self):
        self.profile = tempfile.mkdtemp(prefix="browser-")
        self.driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                       stdin=subprocess.DEVNULL, text=True, start_new_session=True)
        self.base = None
        for line in self.driver.stdout:
            port = re.search(r"started successfully on port (\d+)", line)
            if port:
                self.base = f"http://127.0.0.1:{port[1]}"
                break
        assert self.base, "chromedriver did not start"
        flags = FLAGS + [f"--user-data-dir={self.profile}", f"--window-size={self.width},{self.height}"]
        options = {"args": flags}
        if not self.scripts:
            options["prefs"] = {"profile.managed_default_content_settings.javascript": 2}
        answer = self.ask("POST", "/session", {"capabilities": {"alwaysMatch": {
            "browserName": "chrome", "goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"}}}})
        self.session = f"/session/{answer['sessionId']}"
        self.open("about:blank")
        return self

    def __exit__(self, *_):
        try:
            self.ask("DELETE", self.session)
        except (AttributeError, urllib.error.URLError):
            pass
        os.killpg(self.driver.pid, 15)
        self.driver.wait(60)
        shutil.rmtree(self.profile, ignore_errors=True)

    def ask(self, method, path, body=None):
        data = json.dumps(body if body is not None else {}).encode() if method == "POST" else None
        request = urllib.request.Request(self.base + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=180) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(error.read().decode()) from error

    def open(self, url):
        self.ask("POST", self.session + "/url", {"url": url})

    def run(self, script, *args):
        """The value that a function body returns."""
        return self.ask("POST", self.session + "/execute/sync", {"script": script, "args": list(args)})

    def until(self, script):
        """Waits until a function body returns what is true; a minute is a failure."""
        end = time.monotonic() + 60
        while not self.run(script):
            assert time.monotonic() < end, f"waited in vain for: {script}"
            time.sleep(0.02)

    def tool(self, command, **params):
        """A command of the DevTools protocol."""
        return self.ask("POST", self.session + "/goog/cdp/execute", {"cmd": command, "params": params})

    def log(self, kind):
        """What came into the log "browser" or "performance" since it was asked last."""
        return self.ask("POST", self.session + "/se/log", {"type": kind})

    def requests(self):
        """The URLs that were asked for since this was asked last, but those of the browser's own start page."""
        events = [json.loads(entry["message"])["message"] for entry in self.log("performance")]
        urls = [e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"]
        return [url for url in urls if not url.startswith("chrome://")]

    def press(self, *keys):
        """Keys, one after the other: a character, or a name of WebDriver's such as "\\ue004" for Tab."""
        actions = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self.ask("POST", self.session + "/actions", {"actions": [{"type": "key", "id": "keys", "actions": actions}]})

    def scheme(self, name):
        """Prefer "light" or "dark"."""
        self.tool("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": name}])

    def shot(self, path, height=None):
        """A picture of the window, or of the page down to a height."""
        clip = {"x": 0, "y": 0, "width": self.width, "height": height or self.height, "scale": 1}
        answer = self.tool("Page.captureScreenshot", format="png", clip=clip, captureBeyondViewport=True)
        with open(path, "wb") as file:
            file.write(base64.b64decode(answer["data"]))
