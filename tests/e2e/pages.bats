#!/usr/bin/env bats
# What people read, in a real browser: reports of bundles.
load helpers

setup() { session_start; }
teardown() { session_end; }

# A bundle whose images say a lot, one of them with harm in mind.
make_bundle() {
	python3 "$TOP/tests/lib/page_layout.py" layout
	bundle export -q -o b.oci.tar.zst oci:layout
	expect 0
}

browser() {
	run --separate-stderr python3 "$TOP/tests/lib/page_check.py" "$@"
	[[ $status == 0 ]] || fail 'the browser sees what is wrong'
}

@test "a report is one file: whole, readable with and without scripts, and nothing in it breaks out" {
	make_bundle
	bundle report -o report.html b.oci.tar.zst
	expect 0
	[[ -z $output && -z $stderr ]]
	browser report report.html
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
	complain 3
	[[ $(<one.html) == *'</html>' ]]
}
