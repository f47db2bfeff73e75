#!/usr/bin/env bats
# Notes on a bundle, and bundles in a row: an older one is not taken.
load helpers

setup_file() { registry_start; }

teardown_file() { registry_stop; }

setup() { session_start; }

teardown() { session_end; }

# release SERIAL IMAGE: a bundle of the stream, in SERIAL.zst
release() {
	"$BUNDLE" export -q -o "$1.zst" --stream release --serial "$1" --annotation ticket=OPS-"$1" "$REGISTRY/demo/$2" >/dev/null
}

@test "notes stand in the description, and people see them" {
	release 7 app1:1.0
	bundle inspect 7.zst
	expect 0 'stream release, serial 7' 'annotation ticket: OPS-7'
	run -0 jq -c '[.annotations, .stream]' <("$BUNDLE" cat 7.zst description)
	[ "$output" = '[{"ticket":"OPS-7"},{"name":"release","serial":7}]' ]
	bundle verify -q --content-only 7.zst
	expect 0
}

@test "the same notes give the same bytes, in whatever order they are given" {
	"$BUNDLE" export -q -o one --annotation a=1 --annotation b=2 "$REGISTRY/demo/app1:1.0" >/dev/null
	"$BUNDLE" export -q -o two --annotation b=2 --annotation a=1 "$REGISTRY/demo/app1:1.0" >/dev/null
	cmp one two
}

@test "nothing older, and nothing twice" {
	release 7 app1:1.0
	release 8 multi:2.1
	bundle import -q --to store 8.zst
	expect 0
	for serial in 7 8; do
		bundle import -q --to store "$serial.zst"
		complain 3 "$serial.zst: this is serial $serial of stream release" 'has had serial 8' --allow-rollback
	done
	bundle attestations "$REGISTRY/demo/app1:1.0"
	((status != 0))
	bundle import -q --to store --allow-rollback 7.zst
	expect 0
	bundle import -q --to store 8.zst
	complain 3 'has had serial 8'
}

@test "a dry run asks, and remembers nothing" {
	release 7 app1:1.0
	bundle import -q --to store --dry-run 7.zst
	expect 0
	bundle import -q --to store 7.zst
	expect 0
	bundle import -q --to store --dry-run 7.zst
	complain 3 'has had serial 7'
}

@test "a stream and its serial go together" {
	bundle export -o x --stream release "$REGISTRY/demo/app1:1.0"
	complain 2 '--stream and --serial go together'
	bundle export -o x --stream release --serial 1.5 "$REGISTRY/demo/app1:1.0"
	complain 2 '--serial 1.5'
	bundle export -o x --annotation ticket "$REGISTRY/demo/app1:1.0"
	complain 2 '--annotation ticket' KEY=VALUE
}
