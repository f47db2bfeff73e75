#!/usr/bin/env bats
# 64 MiB of memory are enough for an image of any size. This is about memory and never about time.
# shellcheck disable=SC2030,SC2031 # each test is a subshell
load helpers
. "$TOP/tests/lib/big_image.bash"

LIMIT_KIB=${LIMIT_KIB:-65536}

setup_file() {
	local free_mib
	# A sanitizer needs memory of its own.
	export WIDE=28000
	! grep -q __asan_init "$BUNDLE" || export LIMIT_KIB=$((1 << 20)) WIDE=1000
	free_mib=$(df --output=avail -m "$BATS_FILE_TMPDIR" | tail -n 1)
	if ((free_mib < 2048)); then
		export SKIP="2 GiB are needed in $BATS_FILE_TMPDIR"
		return
	fi
	registry_start
	big_image
	big_image_push "$REGISTRY" big/image 1
	# A layer that is not compressed, of bytes that cannot be: this one is compressed on the way.
	cd "$BATS_FILE_TMPDIR" || return
	openssl enc -aes-128-ctr -K 0 -iv 0 -in /dev/zero 2>/dev/null | head -c 100M >layer.tar
	lab_peer oras push --plain-http --no-tty "$REGISTRY/big/plain:1" \
		layer.tar:application/vnd.oci.image.layer.v1.tar >/dev/null
	rm layer.tar
}

teardown_file() { registry_stop; }

setup() {
	[[ -z ${SKIP:-} ]] || skip "$SKIP"
	session_start
	# One after the other, for all tests of this file: what the one writes, the next one reads.
	cd "$BATS_FILE_TMPDIR" || return
}

teardown() { session_end; }

# Runs bundle with these arguments; it must succeed within the limit.
within_limit() { ends_within_limit 0 "$@"; }

# The same with another exit status.
ends_within_limit() {
	local kib status=$1
	shift
	judge "$@"
	run --separate-stderr python3 "$TOP/tests/lib/peak_rss.py" peak "$BUNDLE" "$@"
	expect "$status"
	kib=$(<peak)
	echo "# $((kib / 1024)) MiB: bundle $*" >&3
	((kib <= LIMIT_KIB)) || fail "$kib KiB of memory, and $LIMIT_KIB are the limit"
}

@test "export of 300 MiB" {
	within_limit export -q -o big.oci.tar.zst "$REGISTRY/big/image:1"
	within_limit export -q -j 64 -o same.oci.tar.zst "$REGISTRY/big/image:1"
	cmp big.oci.tar.zst same.oci.tar.zst
	rm same.oci.tar.zst
}

@test "export of 300 MiB into a pipe" {
	# shellcheck disable=SC2016 # sh expands it
	printf '#!/bin/sh\nexec "%s" "$@" >piped.oci.tar.zst\n' "$BUNDLE" >piped && chmod +x piped
	BUNDLE=./piped within_limit export -q -o - "$REGISTRY/big/image:1"
	cmp big.oci.tar.zst piped.oci.tar.zst
	rm piped.oci.tar.zst
}

@test "verify of 300 MiB" {
	within_limit verify -q --content-only big.oci.tar.zst
}

@test "inspect of 300 MiB" {
	within_limit inspect big.oci.tar.zst
}

@test "import of 300 MiB, twice" {
	export BUNDLE_STORE=$PWD/store
	within_limit import -q --to store big.oci.tar.zst
	within_limit import -q --to store big.oci.tar.zst
	rm -r "$BUNDLE_STORE"
}

@test "a layer that is compressed on the way and expanded again" {
	within_limit export -q -o plain.oci.tar.zst "$REGISTRY/big/plain:1"
	within_limit verify -q --content-only plain.oci.tar.zst
	within_limit import -q --to store plain.oci.tar.zst
}

@test "an index of as many manifests as an index may list" {
	python3 "$TOP/tests/lib/wide_layout.py" wide "$WIDE"
	ends_within_limit 4 export -q -o wide.oci.tar.zst oci:wide
	within_limit verify -q --content-only wide.oci.tar.zst
	within_limit inspect wide.oci.tar.zst
	BUNDLE_STORE=$PWD/store within_limit import -q --to store wide.oci.tar.zst
	within_limit import -q --to oci:wide wide.oci.tar.zst
	within_limit extract -q wide.oci.tar.zst extracted
	# Each of its manifests is one that something may be said about.
	echo '{"default":[{"type":"insecureAcceptAnything"}]}' >all.json
	openssl genpkey -algorithm ed25519 2>/dev/null | openssl pkey -pubout -out key.pub
	echo '{"default":[{"type":"sigstoreSigned","keyPath":"key.pub"}]}' >signed.json
	within_limit verify -q --policy all.json wide.oci.tar.zst
	ends_within_limit 3 verify -q --policy signed.json wide.oci.tar.zst
	within_limit import -q --policy all.json --to oci:wide wide.oci.tar.zst
	rm -r store wide wide.oci.tar.zst extracted
}

@test "an index of as many manifests, all of which are there and listed" {
	python3 "$TOP/tests/lib/wide_layout.py" wide "$WIDE" there
	within_limit export -q -o wide.oci.tar.zst oci:wide
	# Another tool has as many names of its own there.
	python3 "$TOP/tests/lib/named_layout.py" named "$WIDE"
	within_limit import -q --to oci:named wide.oci.tar.zst
	[[ $(jq '.manifests | length' named/index.json) == $((WIDE + WIDE + 1)) ]]
	export BUNDLE_STORE=$PWD/store
	within_limit import -q --to store wide.oci.tar.zst
	within_limit import -q --to store wide.oci.tar.zst
	[[ $(jq '.manifests | length' store/index.json) == $((WIDE + 1)) ]]
	within_limit store list
	within_limit store remove example.org/wide:1
	within_limit store gc
	[[ $(jq '.manifests | length' store/index.json) == 0 ]]
	rm -r store wide named wide.oci.tar.zst
}

@test "an entry of index.json that says 900,000 things" {
	python3 "$TOP/tests/lib/named_layout.py" said 2 900000
	ends_within_limit 1 export -q -o said.oci.tar.zst oci:said
	# shellcheck disable=SC2154 # run sets it
	[[ $stderr == *'said/index.json: more than 50000 JSON values'* ]]
	BUNDLE_STORE=$PWD/said ends_within_limit 1 store list
	rm -r said
}
