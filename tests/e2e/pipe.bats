#!/usr/bin/env bats
# A bundle that comes through a pipe, as from a diode or from another machine's standard output.
load helpers

# A mount of its own: root needs no user namespace for that, and not every machine gives one.
UNSHARE=(unshare -m)
((EUID == 0)) || UNSHARE=(unshare -rm)

LAYERS=6 LAYER_BYTES=$((1 << 20))
FAR=registry.example.test/layers/many:1 # through a proxy, so that it has one name

setup_file() {
	registry_start
	cd "$BATS_FILE_TMPDIR" || return
	"$BUNDLE" export -q -o release.zst "$REGISTRY/demo/app1:1.0" "$REGISTRY/demo/multi:2.1" >/dev/null
	many_layers
	http_proxy=http://$REGISTRY "$BUNDLE" export -q --plain-http -o many.zst "$FAR" >/dev/null
}

# The image layers/many:1, the same each time: some layers of noise, of which the last is not compressed.
many_layers() {
	local i types=()
	for ((i = 1; i <= LAYERS; i++)); do
		noise "$LAYER_BYTES" "$i" >"layer$i"
		types+=("layer$i:application/vnd.oci.image.layer.v1.tar$( ((i == LAYERS)) || echo +gzip)")
	done
	lab_peer oras push --plain-http --no-tty --annotation org.opencontainers.image.created=2026-01-01T00:00:00Z \
		"$REGISTRY/layers/many:1" "${types[@]}" >/dev/null
	rm layer*
}

teardown_file() { registry_stop; }

setup() {
	session_start
	ln -s "$BATS_FILE_TMPDIR"/{release,many}.zst .
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

into_nothing() {
	"$BUNDLE" export -q -o - "$REGISTRY/demo/multi:2.1" >/dev/full
}

to_file() {
	"$BUNDLE" export -q -o - "$1" >cut.zst
}

# The image of many layers, through the proxy.
far() {
	http_proxy=http://$PROXY "$BUNDLE" export -q --plain-http -o - "$@" "$FAR"
}

far_to_file() {
	far "$@" >piped.zst
}

far_to_nobody() {
	far >closed
}

all_sent() {
	(($(proxy_sent) >= LAYERS * LAYER_BYTES))
}

# How many layers were asked for.
layers_asked() {
	proxy_asked 'map(select(.method == "GET" and .status == 200 and (.path | test("/blobs/"))) | .path) | unique | length'
}

layers_are_asked() {
	(($(layers_asked) >= $1))
}

nothing_published() {
	[[ ! -e $BUNDLE_STORE/index.json || $(jq '.manifests | length' "$BUNDLE_STORE/index.json") == 0 ]]
}

@test "what goes into a pipe is what would lie in a file" {
	"$BUNDLE" export -q -o - "$REGISTRY/demo/app1:1.0" "$REGISTRY/demo/multi:2.1" >piped.zst 2>said
	cmp piped.zst release.zst
	grep -q 'standard output: 2 images' said
	"$BUNDLE" export -q -o - "$REGISTRY/demo/app1:1.0" "$REGISTRY/demo/multi:2.1" 2>said | cmp - release.zst
}

@test "from a registry through a pipe into the store" {
	"$BUNDLE" export -q -o - "$REGISTRY/demo/app1:1.0" "$REGISTRY/demo/multi:2.1" 2>/dev/null |
		"$BUNDLE" import -q --to store - >/dev/null
	BUNDLE_STORE=$PWD/other "$BUNDLE" import -q --to store release.zst >/dev/null
	same_layout other "$BUNDLE_STORE"
}

@test "a sealed bundle goes into a pipe" {
	openssl genpkey -algorithm ed25519 -out key.pem
	openssl pkey -in key.pem -pubout -out key.pub
	"$BUNDLE" export -q -o - --sign key.pem "$REGISTRY/demo/app1:1.0" >sealed.zst 2>/dev/null
	bundle verify -q --key key.pub sealed.zst
	expect 0 'origin proved'
}

@test "a pipe that is full, and a registry that fails, end the export" {
	judge export
	run --separate-stderr into_nothing
	complain 1 'standard output: No space left on device'
	proxy_start --at-once --fault "/blobs/$APP1_LAYER" cut:1000
	run --separate-stderr to_file "$PROXY/demo/app1:1.0"
	complain 5 "$APP1_LAYER" '; tried 8 times'
	bundle verify -q --content-only cut.zst
	complain 3 cut.zst
}

@test "whatever goes wrong on the way, and with any number of jobs, the bytes in the pipe are the same" {
	judge export
	while read -r jobs how; do
		echo "# $jobs jobs, $how"
		# shellcheck disable=SC2086 # words
		proxy_start $how
		run --separate-stderr far_to_file --jobs "$jobs"
		expect 0
		cmp piped.zst many.zst
		beside_stop
	done <<-EOF2
		3
		32 --no-ranges
		1 --at-once --fault . third:1
		6 --at-once --no-ranges --fault . third:2
	EOF2
}

@test "layers come side by side, whatever the first one is doing" {
	first=$("$BUNDLE" inspect --json many.zst | jq -r '[.description.blobs[] | select(.stored == "raw")][0].digest')
	proxy_start --fault "/blobs/$first" stall:1000
	http_proxy=http://$PROXY "$BUNDLE" export -q --plain-http -o - "$FAR" >piped.zst 3>&- &
	await layers_are_asked $((LAYERS + 1))
	kill $!
}

@test "who reads slowly delays nobody" {
	proxy_start
	mkfifo slow
	far --stall-timeout 1 >slow 3>&- &
	exec {reader}<slow
	await all_sent
	cmp - many.zst <&"$reader"
	exec {reader}<&-
	wait $!
}

@test "who closes the pipe ends the export" {
	judge export
	proxy_start
	mkfifo closed
	head -c 1000 closed >/dev/null 3>&- &
	run --separate-stderr far_to_nobody
	complain 1 'standard output: Broken pipe'
}

@test "layers that wait for their turn need room on the disk" {
	mkdir small
	"${UNSHARE[@]}" mount -t tmpfs small small 2>/dev/null || skip 'no mount namespaces for this user'
	judge export
	# shellcheck disable=SC2016 # the inner shell expands it
	run --separate-stderr "${UNSHARE[@]}" sh -c 'mount -t tmpfs -o size=2m small small &&
		TMPDIR=small "$0" export -q -o - "$1" >cut.zst' "$BUNDLE" "$REGISTRY/layers/many:1"
	complain 1 'temporary file in small: at least 6.3 MB' 'free some space, or name another folder in TMPDIR'
}

@test "standard output cannot be two things" {
	bundle export -o - --json "$REGISTRY/demo/app1:1.0"
	[[ $status == 2 ]]
	run --separate-stderr script -qec "$BUNDLE export -o - $REGISTRY/demo/app1:1.0" /dev/null
	[[ $output == *'not for a terminal'* ]]
}

@test "what comes through a pipe is what lies in a file" {
	import_from cat release.zst
	expect 0 "$REGISTRY/demo/app1:1.0  $APP1" 'everything read back'
	BUNDLE_STORE=$PWD/other "$BUNDLE" import -q --to store release.zst >/dev/null
	same_layout other "$BUNDLE_STORE"
	import_from cat release.zst
	expect 0 '0 B written'
}

@test "a pipe that is cut publishes nothing, wherever it is cut" {
	size=$(stat -Lc %s release.zst)
	import_from true
	complain 3 'standard input: offset 0: nothing came'
	for at in 100 5000 $((size / 2)) $((size - 1000)) $((size - 1)); do
		import_from head -c "$at" release.zst
		complain 3 'standard input: offset' 'it ends in what begins here'
		nothing_published
	done
	import_from cat release.zst
	expect 0
	[[ $(jq -r .file "$BUNDLE_STORE.journal.jsonl" | sort -u) == 'standard input' ]]
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
