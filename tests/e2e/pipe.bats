#!/usr/bin/env bats
# A bundle that comes through a pipe, as from a diode or from another machine's standard output.
load helpers

setup_file() {
	registry_start
	cd "$BATS_FILE_TMPDIR" || return
	"$BUNDLE" export -q -o release.zst "$REGISTRY/demo/app1:1.0" "$REGISTRY/demo/multi:2.1" >/dev/null
}

teardown_file() { registry_stop; }

setup() {
	session_start
	ln -s "$BATS_FILE_TMPDIR/release.zst" .
}

teardown() { session_end; }

piped() {
	"$@" | "$BUNDLE" import -q --to store -
}

# import_from COMMAND...: its output, through a pipe, into the store
import_from() {
	judge import
	run --separate-stderr piped "$@"
}

import_sealed() {
	"$BUNDLE" import -q --to store --key key.pub - <"$1"
}

nothing_published() {
	[[ ! -e $BUNDLE_STORE/index.json || $(jq '.manifests | length' "$BUNDLE_STORE/index.json") == 0 ]]
}

@test "what comes through a pipe is what lies in a file" {
	import_from cat release.zst
	expect 0 "$REGISTRY/demo/app1:1.0  $APP1" 'everything read back'
	BUNDLE_STORE=$PWD/other "$BUNDLE" import -q --to store release.zst >/dev/null
	diff -r other "$BUNDLE_STORE"
	import_from cat release.zst
	expect 0 '0 B written'
}

@test "a pipe that is cut publishes nothing, wherever it is cut" {
	size=$(stat -Lc %s release.zst)
	for at in 0 100 5000 $((size / 2)) $((size - 1000)) $((size - 1)); do
		import_from head -c "$at" release.zst
		complain 3 'standard input: offset' 'it ends in what begins here'
		nothing_published
	done
	import_from cat release.zst
	expect 0
}

@test "what follows the end is refused before anything is published" {
	import_from cat release.zst release.zst
	complain 3 'something follows the end'
	nothing_published
}

@test "a bundle that was changed on the way publishes nothing" {
	cp -L release.zst changed.zst
	size=$(stat -c %s changed.zst)
	for at in 60 1000 $((size / 2)) $((size - 600)) -20; do
		flip changed.zst "$at"
		import_from cat changed.zst
		complain 3 'standard input'
		nothing_published
		flip changed.zst "$at"
	done
}

@test "a seal is demanded of a pipe too" {
	openssl genpkey -algorithm ed25519 -out key.pem
	openssl pkey -in key.pem -pubout -out key.pub
	judge import
	run --separate-stderr import_sealed release.zst
	complain 3 'origin not proved'
	[[ ! -e $BUNDLE_STORE ]]
	cp -L release.zst sealed.zst
	"$BUNDLE" sign --key key.pem sealed.zst >/dev/null
	run --separate-stderr import_sealed sealed.zst
	expect 0 'sealed by key'
}
