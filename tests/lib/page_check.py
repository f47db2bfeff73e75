#!/usr/bin/env python3
"""Reads pages in a real browser, by eye, by ear and by keyboard: page_check.py [report FILE] [served URL].

One line for each thing that is wrong; exit status 1 where there is any. A dialog that a hostile page opened makes the
browser refuse the next question, which ends this too.
"""
import os
import sys
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from browser import Browser  # noqa: E402

TAB, ENTER = "\ue004", "\ue007"
faults = []

# WCAG 2.2, 1.4.3: every text against what it stands on, composed from the elements below it.
CONTRAST = """
const rgb = text => text.match(/[\\d.]+/g).map(Number);
const light = c => { const [r, g, b] = c.slice(0, 3).map(v => (v /= 255) <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
	return .2126 * r + .7152 * g + .0722 * b; };
const ground = e => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor);
	if (c.length < 4 || c[3] > 0) return c; } return [255, 255, 255]; };
const bad = new Set(), walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
	const e = walker.currentNode.parentElement;
	if (!walker.currentNode.data.trim() || e.closest("script, style") || !e.checkVisibility()) continue;
	const [a, b] = [light(rgb(getComputedStyle(e).color)), light(ground(e))].sort((x, y) => y - x);
	if ((a + .05) / (b + .05) < 4.5) bad.add(e.tagName + "." + e.className + " " + ((a + .05) / (b + .05)).toFixed(2));
}
return [...bad];
"""
# Nothing that the page's makers did not write, and nothing that leads away.
FOREIGN = """
const bad = [];
if (document.scripts.length !== 1) bad.push(document.scripts.length + " scripts");
for (const e of document.querySelectorAll("img, iframe, object, embed, base, svg, math, video, audio")) bad.push(e.tagName);
for (const e of document.querySelectorAll("*")) for (const a of e.attributes)
	if (/^(on|style$|src)/.test(a.name)) bad.push(e.tagName + " with " + a.name);
for (const e of document.querySelectorAll("a, form")) {
	const to = new URL(e.href || e.action);
	if (to.origin !== location.origin || to.protocol !== location.protocol) bad.push("a link to " + to);
	if (to.pathname === location.pathname && to.hash && !document.getElementById(decodeURIComponent(to.hash.slice(1))))
		bad.push("a link to no place: " + to.hash);
}
const ids = [...document.querySelectorAll("[id]")].map(e => e.id);
if (new Set(ids).size !== ids.length) bad.push("an id that stands twice");
for (const t of document.querySelectorAll("table")) {
	if (!t.caption || !t.caption.textContent.trim()) bad.push("a table without a caption");
	if (t.querySelector("th:not([scope])")) bad.push("a heading of a table without scope");
}
return bad;
"""
STATE = "const e = document.activeElement, s = getComputedStyle(e), r = e.getBoundingClientRect(); " \
        "return {tag: e.tagName, text: e.textContent.slice(0, 60), outline: s.outlineStyle, left: r.left, width: r.width, cls: e.className}"


def check(good, what):
    if not good:
        faults.append(what)


def spoken(b, page):
    """What a screen reader is given: landmarks, headings in order, a name for whatever can be used."""
    nodes = [n for n in b.tool("Accessibility.getFullAXTree")["nodes"] if not n.get("ignored")]
    roles = [n["role"]["value"] for n in nodes if "role" in n]
    for landmark in ("main", "banner", "contentinfo"):
        check(roles.count(landmark) == 1, f"{page}: {roles.count(landmark)} times {landmark}")
    last = 0
    for n in nodes:
        role, name = n["role"]["value"], n.get("name", {}).get("value", "").strip()
        if role in ("link", "button", "searchbox", "textbox", "table", "heading", "region", "navigation", "DisclosureTriangle"):
            check(name, f"{page}: {role} without a name")
        if role == "heading":
            level = [p["value"]["value"] for p in n["properties"] if p["name"] == "level"][0]
            check(level <= last + 1, f"{page}: heading {name!r} of level {level} after one of {last}")
            last = level
    check(roles.count("heading") > 0, f"{page}: no heading")
    return [n.get("name", {}).get("value", "") for n in nodes]


def keyboard(b, page):
    b.press(TAB)
    state = b.run(STATE)
    check(state["text"] == "Skip to the content" and state["left"] >= 0, f"{page}: the first Tab meets {state}")
    check(state["outline"] != "none", f"{page}: focus is not seen: {state}")
    b.press(ENTER)
    check(b.run("return location.hash") == "#content", f"{page}: the content was not skipped to")
    for stop in range(8):
        b.press(TAB)
        state = b.run(STATE)
        if state["tag"] == "BODY" and stop > 2:
            break  # behind the last one
        check(state["tag"] in ("A", "SUMMARY", "INPUT", "BUTTON", "DIV", "PRE"), f"{page}: Tab leads to {state}")
        check(state["outline"] != "none" and state["width"] > 0, f"{page}: focus is not seen: {state}")


def hold(b, page, url):
    """A page that was opened: nothing foreign in it, nothing asked for elsewhere, nothing that its policy had to refuse."""
    asked = [u for u in b.requests() if not u.startswith("data:,")]
    check(set(asked) == {urllib.parse.urldefrag(url)[0]}, f"{page}: asked for {asked}")
    for fault in b.run(FOREIGN):
        faults.append(f"{page}: {fault}")
    said = [entry["message"] for entry in b.log("browser")]
    check(not said, f"{page}: the console says {said}")


def look(b, page):
    """The page that is open can be read: in both schemes, and on a small screen."""
    grounds = []
    b.run("document.querySelectorAll('details').forEach(d => d.open = true)")
    for scheme in ("light", "dark"):
        b.scheme(scheme)
        grounds.append(b.run("return getComputedStyle(document.body).backgroundColor"))
        for fault in b.run(CONTRAST):
            faults.append(f"{page}: {scheme}: hard to read: {fault}")
    check(grounds[0] != grounds[1], f"{page}: light is dark")
    b.tool("Emulation.setDeviceMetricsOverride", width=360, height=700, deviceScaleFactor=1, mobile=False)
    wide = b.run("return document.scrollingElement.scrollWidth")
    check(wide <= 360, f"{page}: {wide} wide on a screen of 360")
    b.tool("Emulation.clearDeviceMetricsOverride")


def visit(b, page, url):
    b.requests()
    b.open(url)
    hold(b, page, url)
    look(b, page)
    return spoken(b, page)


def search(b, page):
    """The script's own search, where nothing on the page needs it."""
    found = b.run("""
        const input = document.querySelector("input[type=search]"), table = document.querySelector("table[data-rows=packages]");
        input.value = "LIBSSL"; input.dispatchEvent(new Event("input"));
        return [...table.tBodies[0].rows].filter(r => !r.hidden).map(r => r.cells[0].textContent)""")
    check(found == ["libssl3"], f"{page}: a search finds {found}")


def silent(b, page, url, wanted):
    """Without scripts everything can be read."""
    b.tool("Emulation.setScriptExecutionDisabled", value=True)
    b.open(url)
    names = spoken(b, page)
    b.tool("Emulation.setScriptExecutionDisabled", value=False)
    for text in wanted:
        check(any(text in name for name in names), f"{page}: no {text} without scripts")


def report(b, path):
    url = "file://" + os.path.abspath(path)
    names = visit(b, "report", url)
    for text in ("linux/amd64", "SLSA provenance v1", "https://ci.example.test/shop/checkout/runs/18842", "75 packages",
                 "<img src=x onerror=alert(1)>"):
        check(any(text in name for name in names), f"report: no {text}")
    search(b, "report")
    b.open(url)
    keyboard(b, "report")
    silent(b, "report", url, ("SLSA provenance v1", "libssl3", "OpenVEX document"))


def links(b, selector):
    """Of the page that is open: text and target of each link."""
    return b.run("return [...document.querySelectorAll(arguments[0])].map(a => [a.textContent, a.href])", selector)


def link(b, text):
    found = [to for name, to in links(b, "main a") if text in name]
    check(found, f"no link {text} on {b.run('return location.href')}")
    return found[0]


def search_form(b):
    """The search that needs no script, by keyboard."""
    b.run("document.querySelector('input[type=search]').focus()")
    b.press(*"libssl", ENTER)
    b.until("return location.search.includes('q=libssl') && document.readyState === 'complete'")
    check(b.run("return document.querySelector('table.rows caption').textContent") ==
          "1 of 75 packages with \u201clibssl\u201d", "served: a search finds something else")
    hold(b, "served search", b.run("return location.href"))


def served(b, url):
    names = visit(b, "served list", url)
    for text in ("registry.example.test/shop/checkout:4.2", "registry.example.test/shop/evil:1.0", "linux/amd64, linux/arm64"):
        check(any(text in name for name in names), f"served list: no {text}")
    keyboard(b, "served list")
    good, bad = link(b, "shop/checkout"), link(b, "shop/evil")
    silent(b, "served image", good, ("linux/amd64", "SLSA provenance v1", "OpenVEX document"))
    visit(b, "served image", good)
    provenance, sbom, vex = link(b, "SLSA provenance v1"), link(b, "SPDX document"), link(b, "OpenVEX document")
    names = visit(b, "served provenance", provenance)
    for text in ("Builder", "https://ci.example.test/shop/checkout/runs/18842", "4 resolved dependencies", "claimed"):
        check(any(text in name for name in names), f"served provenance: no {text}")
    raw = link(b, "raw")
    b.open(vex)
    spoken(b, "served VEX")
    visit(b, "served SBOM", sbom)
    b.requests()
    search_form(b)
    b.open(bad)
    for text, to in [["image", bad]] + links(b, ".row a"):
        b.requests()
        b.open(to)
        hold(b, f"served evil {text[:20]}", to)
    b.open(raw)
    check(b.run("return document.contentType") == "text/plain", "raw is no text")


def main():
    with Browser() as b:
        for what, where in zip(sys.argv[1::2], sys.argv[2::2]):
            {"report": report, "served": served}[what](b, where)
    for fault in faults:
        print(fault)
    return 1 if faults else 0


sys.exit(main())
