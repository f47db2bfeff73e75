# shellcheck shell=bash
# What the end-to-end and daemon tests share: the program, a registry for each file, proxies that go wrong, checks.
#
#   setup_file() { registry_start; }      teardown_file() { registry_stop; }
#   setup() { session_start; }            teardown() { session_end; }
#
#   bundle ARGS...            run the program; then $status, $output (its stdout) and $stderr tell what it did
#   expect STATUS [TEXT]...   it ended so, and its stdout holds each text
#   complain STATUS [TEXT]... it ended so, its stderr is one line that says who speaks and holds each text; warnings apart
#   proxy_start ARGS...       a fault proxy before the registry; sets PROXY (host:port) and PROXY_LOG
#   proxy_change ARGS...      the last one goes wrong in another way from now on; with --remember at its start that is cheap
#   site_start ARGS...        bundle serve, until this test ends; sets SITE (host:port of its first address), SITE_PID, for
#                             site_stop PID, and SITE_LOG
#   beside_stop               ends all proxies of this test, as its end does
#
# BUNDLE is the program under test; without it, the release build. REGISTRY is the address of the registry and STORAGE
# its folder. A test runs in a folder of its own that is empty at first and has no credentials, with a store of its own.
bats_require_minimum_version 1.5.0

export LC_ALL=C.UTF-8
# Whoever runs the tests may have settings of their own for this program and for others.
umask 022
unset "${!BUNDLE_TRUST@}" "${!BUNDLE_STORE@}" "${!DOCKER_@}" "${!XDG_@}" "${!CONTAINERD_@}" REGISTRY_AUTH_FILE CONTAINERS_REGISTRIES_CONF \
	http_proxy https_proxy HTTPS_PROXY all_proxy ALL_PROXY no_proxy NO_PROXY
TOP=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
BUNDLE=$(realpath "${BUNDLE:-$TOP/build/${VARIANT:-release}/bundle}")
. "$TOP/tests/lab/lab.sh"

# shellcheck disable=SC2034 # for the tests
{
	APP1=sha256:fb710f7a4e3c814a69770ab788ceccf230372ca608284567ac2cbae23fc76743
	APP1_AMD64=sha256:9092f4052512ad1eae5c0aa02ad7ecfd24e53377d53e2f0e1a6ecdb6efe4a15b
	APP1_ATTESTATION=sha256:86b93068966b3cae957a081f0958bdbd744d8a9b0e33c963f09133e0afbb8c9e
	APP1_CONFIG=sha256:722b3e3cd9122b3467c41f3e5891bd44fe28fd231270ab1452a13e88cfb218e8
	APP1_PROVENANCE=sha256:90995e36494d09a930a89355614af5c02495508f6e67c1bf19a85d0e14e47c0e
	APP1_LAYER=sha256:dd465e03e6f7fc51bde0aa90571d7ea55c70e9ee050d5a2e418be2214c0a9689
	MULTI=sha256:795258b0302af9339aaf8abb969c1f008ccf2e36f5e1a840eb705dac9a773736
	MULTI_ARM64=sha256:c4607df32795aee57ac575494a1e6c6de0e2493bf993bfce8b51ef6aa4711af2
	PROVENANCE=https://slsa.dev/provenance/v0.2
	SPDX=https://spdx.dev/Document
}

registry_start() {
	LAB_WORK=$BATS_FILE_TMPDIR
	STORAGE=$LAB_WORK/storage
	lab_registry_sample "$STORAGE"
	# bats waits until nobody holds its file descriptor 3 any more.
	lab_registry_start "$STORAGE" 3>&-
	REGISTRY=$LAB_REGISTRY_ADDR
	# What is prepared for all tests of a file has nothing of the user's either.
	HOME=$LAB_WORK/nobody
	export HOME LAB_WORK STORAGE REGISTRY LAB_REGISTRY_ADDR LAB_REGISTRY_PID LAB_REGISTRY_WORK LAB_REGISTRY_LOG
}

registry_stop() {
	lab_registry_stop
}

session_start() {
	cd "$BATS_TEST_TMPDIR" || return
	mkdir work home && cd work || return
	export HOME=$BATS_TEST_TMPDIR/home BUNDLE_STORE=$BATS_TEST_TMPDIR/store
	BESIDE=() SITES=()
}

session_end() {
	local pid
	beside_stop
	for pid in "${SITES[@]}"; do
		kill "$pid" 2>/dev/null || true
	done
}

# ---- Running and judging ----

bundle() {
	judge "$@"
	run --separate-stderr "$BUNDLE" "$@"
}

# For a test that runs the program in its own way: with which arguments.
judge() {
	command_line="bundle $*" speaker="bundle $1"
}

fail() {
	printf '%s\n' "$1" "command: ${command_line:-}" "status: ${status:-}" "stdout: ${output:-}" "stderr: ${stderr:-}" >&2
	return 1
}

# The variable of this name holds each text.
holds() {
	local name=$1 wanted
	shift
	for wanted in "$@"; do
		[[ ${!name} == *"$wanted"* ]] || fail "$name lacks: $wanted" || return
	done
}

expect() {
	local wanted=$1
	shift
	# shellcheck disable=SC2154 # of run
	[[ $status == "$wanted" ]] || fail "ended with $status, not $wanted" || return
	holds output "$@"
}

complain() {
	local wanted=$1 line
	shift
	[[ $status == "$wanted" ]] || fail "ended with $status, not $wanted" || return
	# shellcheck disable=SC2154 # of run
	line=$(grep -v '^warning: ' <<<"$stderr") || line=
	[[ $line == "$speaker: "* && $line != *$'\n'* ]] || fail 'stderr is not one line of its own' || return
	holds stderr "$@"
}

# Succeeds once the command does; a minute is a failure.
await() {
	local tries=3000
	until "$@"; do
		((tries-- > 0)) || fail "waited in vain for: $*" || return
		sleep 0.02
	done
}

# Two layouts, or stores, have the same in them, but for the record of what was proved: that speaks of inodes and times.
same_layout() {
	diff -r --exclude=.lock --exclude=.bundle-proved "$1" "$2"
}

# Flips a bit of byte N of a file; counted from the end where N is negative.
flip() {
	local file=$1 at=$2 byte
	((at >= 0)) || at=$(($(stat -c %s "$file") + at))
	byte=$(od -An -tu1 -j "$at" -N 1 "$file")
	printf '%b' "\\x$(printf %02x $((byte ^ 1)))" | dd of="$file" bs=1 seek="$at" conv=notrunc status=none
}

# In the folder $1: a CA, a certificate of it for a server with the names $2 (subjectAltName), one for a client, and another
# CA that nobody has heard of.
certificates() {
	local name folder=$1 names=$2
	mkdir -p "$folder"
	for name in ca other; do
		openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=test $name" \
			-keyout "$folder/$name.key" -out "$folder/$name.crt" 2>/dev/null
	done
	for name in server client; do
		openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$name" -keyout "$folder/$name.key" \
			-out "$folder/$name.csr" 2>/dev/null
		openssl x509 -req -in "$folder/$name.csr" -CA "$folder/ca.crt" -CAkey "$folder/ca.key" -CAcreateserial -days 2 \
			-out "$folder/$name.crt" -extfile <(echo "subjectAltName=$names") 2>/dev/null
	done
}

# So many bytes that cannot be compressed, always the same; others for another NUMBER.
noise() {
	local bytes=$1 number=${2:-1}
	openssl enc -aes-128-ctr -K "$(printf %032d "$number")" -iv 0 -in /dev/zero 2>/dev/null | head -c "$bytes"
}

# A new OCI layout $1 with an image by the name $2, whose only layer is the file $3: the same bytes each time. Sets LAYER and
# ROOT, the digests of its layer and of its manifest.
one_layer() {
	local layout=$1 name=$2 file=$3 type=application/vnd.oci.image image
	local digest size blobs=$1/blobs/sha256
	_blob() { # FILE: it goes among the blobs
		digest=sha256:$(sha256sum "$1" | cut -d ' ' -f 1) size=$(stat -c %s "$1")
		cp "$1" "$blobs/${digest#*:}"
	}
	mkdir -p "$blobs"
	printf '{"architecture":"amd64","os":"linux"}' >"$layout/config" && _blob "$layout/config"
	printf '{"schemaVersion":2,"mediaType":"%s.manifest.v1+json","config":{"mediaType":"%s.config.v1+json","digest":"%s","size":%d},' \
		$type $type "$digest" "$size" >"$layout/manifest"
	_blob "$file"
	# shellcheck disable=SC2034 # for the tests
	LAYER=$digest
	printf '"layers":[{"mediaType":"%s.layer.v1.tar+gzip","digest":"%s","size":%d}]}' $type "$digest" "$size" >>"$layout/manifest"
	_blob "$layout/manifest"
	# shellcheck disable=SC2034 # for the tests
	ROOT=$digest
	printf -v image '{"mediaType":"%s.manifest.v1+json","digest":"%s","size":%d,"annotations":{"io.containerd.image.name":"%s"}}' \
		$type "$digest" "$size" "$name"
	printf '{"schemaVersion":2,"manifests":[%s]}' "$image" >"$layout/index.json"
	printf '{"imageLayoutVersion":"1.0.0"}' >"$layout/oci-layout"
	rm "$layout/config" "$layout/manifest"
}

# The blobs of an OCI layout, each proved against its name.
layout_digests() {
	(cd "$1/blobs/sha256" && sha256sum -- * | while read -r digest name; do
		[[ $digest == "$name" ]] || echo "blob $name is $digest" >&2
		echo "sha256:$name"
	done)
}

# ---- What runs beside a test ----

# Starts a program of tests/lib and waits until it has printed something, into the file $1. It ends with this shell,
# however that ends: its standard input is the pipe that says so.
beside_start() {
	local said=$1 program=$2 life
	shift 2
	rm -f "$said"
	exec {life}> >(exec python3 "$TOP/tests/lib/$program" "$@" 3>&- >"$said")
	BESIDE+=("$!:$life")
	await test -s "$said"
}

beside_stop() {
	local one life
	for one in "${BESIDE[@]}"; do
		kill "${one%:*}" 2>/dev/null || true
		life=${one#*:}
		exec {life}>&-
	done
	BESIDE=()
}

# bundle serve, once it listens.
site_start() {
	SITE_LOG=$(mktemp "${BATS_TEST_TMPDIR:-$BATS_FILE_TMPDIR}/site.XXXXXX")
	"$BUNDLE" serve "$@" </dev/null >/dev/null 2>"$SITE_LOG" 3>&- &
	SITE_PID=$!
	SITES+=("$SITE_PID")
	disown "$SITE_PID"
	await grep -q 'listening at' "$SITE_LOG"
	# shellcheck disable=SC2034 # for the tests
	SITE=$(sed -n 's/.*listening at \([^ ]*\).*/\1/p;T;q' "$SITE_LOG")
}

site_stop() {
	kill "$1"
	await _lab_gone "$1"
}

# An import of the file $3 to TRANSPORT:SOCKET ($1, $2), killed when $4 bytes of a call have gone there.
import_killed() {
	beside_start said socket_relay.py "$PWD/relay.sock" "$2" stall "$4"
	"$BUNDLE" import -q --to "$1:$PWD/relay.sock" "$3" 3>&- &
	await grep -q stalled said
	kill -KILL $!
	wait $! 2>/dev/null || true
	beside_stop
	rm -f relay.sock
}

proxy_start() {
	PROXY_LOG=$(mktemp "$BATS_TEST_TMPDIR/proxy.XXXXXX")
	beside_start "$PROXY_LOG.port" fault_proxy.py --upstream "$REGISTRY" --log "$PROXY_LOG" "$@"
	# shellcheck disable=SC2034 # for the tests
	PROXY=127.0.0.1:$(<"$PROXY_LOG.port")
}

proxy_change() {
	local words='' answer connection
	(($# == 0)) || printf -v words '%s\n' "$@"
	exec {connection}<>"/dev/tcp/${PROXY/:/\/}"
	printf 'PUT /-/options HTTP/1.1\r\nContent-Length: %d\r\n\r\n%s' "$(LC_ALL=C && echo ${#words})" "$words" >&"$connection"
	read -r answer <&"$connection"
	exec {connection}>&-
	[[ $answer == 'HTTP/1.1 200 '* ]] || fail "the proxy takes no such options: $*"
}

# What the proxy was asked, through a filter of jq over the list of its records.
proxy_asked() {
	jq -sr "$1" "$PROXY_LOG"
}

# The bytes of all bodies that it sent.
proxy_sent() {
	awk '{ sum += $1 } END { print sum + 0 }' "$PROXY_LOG.sent"
}

proxy_stalled() {
	grep -q '"stalled"' "$PROXY_LOG"
}

# two.zst, and demo.zst and again.zst with one of them each: demo/multi and again/multi, one image, whose tag SIG stands for another
# signature in each.
signed_twice() {
	local name
	SIG=sha256-${MULTI#sha256:}.sig
	lab_peer crane copy --insecure "$REGISTRY/demo/multi:2.1" "$REGISTRY/again/multi:2.1" 2>/dev/null
	echo again >layer
	lab_peer oras push --plain-http --no-tty "$REGISTRY/again/multi:$SIG" layer >/dev/null
	for name in demo again; do
		"$BUNDLE" export -q -o "$name.zst" --map "$REGISTRY=registry.example.test" "$REGISTRY/$name/multi:2.1" >/dev/null
	done
	"$BUNDLE" export -q -o two.zst --map "$REGISTRY=registry.example.test" "$REGISTRY"/{demo,again}/multi:2.1 >/dev/null
}
