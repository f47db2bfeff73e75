#!/usr/bin/env bats
# What people read, in a real browser: reports of bundles, and the pages of a site.
load helpers

setup() { session_start; }
teardown() {
	serve_stop
	session_end
}

# A bundle whose images say a lot, one of them with harm in mind.
make_bundle() {
	python3 "$TOP/tests/lib/page_layout.py" layout
	bundle export -q -o b.oci.tar.zst oci:layout
	expect 0
}

# Serves the bundle on loopback; sets SITE.
serve() {
	"$BUNDLE" serve -q --registry 127.0.0.1:0 b.oci.tar.zst 3>&- 2>said &
	SERVER=$!
	await grep -q listening said
	SITE=http://$(grep -o '127\.0\.0\.1:[0-9]*' said)
}

serve_stop() {
	[[ -z ${SERVER-} ]] || { kill "$SERVER" && wait "$SERVER"; }
	SERVER=
}

@test "reports and pages are whole, can be read without scripts, and nothing in them breaks out" {
	make_bundle
	bundle report -o report.html b.oci.tar.zst
	expect 0
	[[ -z $output && -z $stderr ]]
	serve
	run --separate-stderr python3 "$TOP/tests/lib/page_check.py" report report.html served "$SITE/"
	[[ $status == 0 ]] || fail 'the browser sees what is wrong'
	serve_stop
}

@test "a page that is not there says so with its status, and so does one that cannot be read any more" {
	make_bundle
	serve
	for asked in 404='?image=registry.example.test/shop/other:1' 400='?image=%3Cscript%3E' 200='?q=nothing' \
		400='?image=registry.example.test/shop/evil:1.0&document=../../etc/passwd'; do
		[[ $(curl -s -o page -w '%{http_code} %{content_type}' "$SITE/${asked#*=}") == \
			"${asked%%=*} text/html; charset=utf-8" ]] || fail "another status than ${asked%%=*}"
		grep -q '</html>' page
	done
	: >b.oci.tar.zst
	[[ $(curl -s -o page -w '%{http_code}' "$SITE/?image=registry.example.test/shop/evil:1.0") == 503 ]]
	serve_stop
}

@test "a report of one image, to standard output, never replaced by half of one" {
	make_bundle
	bundle report -o - b.oci.tar.zst registry.example.test/shop/checkout:4.2
	expect 0 '<!DOCTYPE html>' 'registry.example.test/shop/checkout:4.2' '</html>'
	[[ $output != *shop/evil* ]]
	bundle report -o one.html b.oci.tar.zst registry.example.test/shop/checkout:4.2
	expect 0
	[[ $(<one.html) == "$(bundle report -o - b.oci.tar.zst registry.example.test/shop/checkout:4.2 && echo "$output")" ]]
	bundle report -o one.html b.oci.tar.zst registry.example.test/shop/other:1
	complain 1 'no image registry.example.test/shop/other:1 in this bundle'
	[[ $(<one.html) == *'</html>' ]]
	bundle report -o one.html one.html
	complain 2 'one.html is the bundle itself'
	cp one.html page.html
	bundle report -o one.html page.html
	complain 3 page.html
	cmp one.html page.html
}
