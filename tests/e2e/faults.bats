#!/usr/bin/env bats
# What goes wrong is said in one line, with the right exit status, and nothing half-done is ever published.
load helpers

# A mount of its own: root needs no user namespace for that, and not every machine gives one.
UNSHARE=(unshare -m)
((EUID == 0)) || UNSHARE=(unshare -rm)

setup_file() { registry_start; }
teardown_file() { registry_stop; }
setup() { session_start; }
teardown() { session_end; }

# A place in a registry by a word, as the pattern of a path. Global: bats reads this file inside of a function.
declare -gA PLACES=(
	[tag]='/manifests/1\.0$'
	[manifest]="/manifests/$APP1_AMD64"
	[attestation]="/manifests/$APP1_ATTESTATION"
	[config]="/blobs/$APP1_CONFIG"
	[statement]="/blobs/$APP1_PROVENANCE"
	[layer]="/blobs/$APP1_LAYER"
	[gone]="/blobs/$APP1_LAYER#2+" # once it was asked for
	[fallback]="/manifests/${APP1/:/-}$"
	[cosign]="/manifests/${APP1/:/-}\.sig$"
	[referrers]="/referrers/$APP1"
)

# An export that fails leaves everything as it was: the bundle of yesterday, and no other file but what it says that it
# keeps of layers.
failing_export() {
	echo yesterday >app1.oci.tar.zst
	bundle export -q -o app1.oci.tar.zst "$1"
	[[ $(cat app1.oci.tar.zst) == yesterday ]] || fail 'something was published'
	# shellcheck disable=SC2154 # of run
	[[ $stderr != *'is kept in app1.oci.tar.zst.part: '* ]] || rm app1.oci.tar.zst.part
	[[ $(ls -A) == app1.oci.tar.zst ]] || fail 'something is left'
	[[ -z $output ]] || fail 'something was printed'
}

# Each line of stdin: PLACE|FAULT|STATUS|TEXT... What may be tried again is so at once: the waits are for unit tests.
faults() {
	local place fault wanted texts
	proxy_start --remember
	while IFS='|' read -r place fault wanted texts; do
		echo "# $place $fault"
		proxy_change --at-once --fault "${PLACES[$place]}" "$fault"
		failing_export "$PROXY/demo/app1:1.0"
		IFS='|' read -ra texts <<<"$texts"
		complain "$wanted" "${texts[@]}"
		[[ $place == @(layer|gone) || $stderr != *' is kept in '* ]] || fail 'something is kept before there are layers'
	done
	beside_stop
}

@test "what a registry refuses" {
	for place in tag manifest attestation config statement layer fallback cosign referrers; do
		echo "$place|status:401|1|127.0.0.1:"
		echo "$place|status:403|1|the registry answered 403|it did not ask for credentials"
		echo "$place|status:429|5|the registry answered 429|; tried 8 times|wait, then run again"
		echo "$place|status:500|5|the registry answered 500|; tried 8 times|run again later"
		echo "$place|status:503|5|the registry answered 503|; tried 8 times|run again later"
	done >table
	faults < <(cat table && rm table)
}

@test "what a registry does not have" {
	faults <<-EOF2
		tag|status:404|1|/demo/app1:1.0: no such image
		gone|status:404|1|layer $APP1_LAYER was at its source when this run began, and now it is not
	EOF2
	bundle export -q -o new.oci.tar.zst "$REGISTRY/demo/none:1"
	complain 1 "$REGISTRY/demo/none:1: no such image"
	bundle export -q -o new.oci.tar.zst "$REGISTRY/demo/app1@${APP1/fb/00}"
	complain 1 "${APP1/fb/00}"
}

@test "answers that always break off" {
	for place in tag manifest attestation config statement layer fallback; do
		for at in 0 1 100; do
			echo "$place|cut:$at|5|/demo/app1/|bytes remaining|; tried 8 times"
		done
	done >table
	# Of a layer each try brings as much again, until hardly anything is left to bring.
	echo 'layer|cut:1000|5|bytes remaining|; tried 8 times' >>table
	# A host that has never said a word is soon given up.
	echo 'tag|hangup:|5|/demo/app1/|; tried 3 times' >>table
	faults < <(cat table && rm table)
}

@test "answers that break off now and then" {
	proxy_start --remember
	example_export whole
	for place in tag manifest attestation config statement layer fallback referrers; do
		for fault in hangup: cut:0 cut:100 status:500; do
			echo "# $place $fault"
			proxy_change --at-once --fault "${PLACES[$place]}#1" "$fault"
			http_proxy=http://$PROXY bundle export -q --plain-http -o app1.oci.tar.zst registry.example.test/demo/app1:1.0
			expect 0
			[[ -z $stderr ]] || fail 'a hiccup is nothing to speak of'
			cmp whole app1.oci.tar.zst
		done
	done
}

@test "a third of all answers is no good, and the bundle is the same" {
	proxy_start --remember
	example_export whole
	for seed in 1 2 3; do
		echo "# seed $seed"
		proxy_change --at-once --fault . "third:$seed"
		http_proxy=http://$PROXY bundle export -q --plain-http -o app1.oci.tar.zst registry.example.test/demo/app1:1.0
		expect 0 "$APP1"
		cmp whole app1.oci.tar.zst
		(($(proxy_asked 'map(select(.status == 429 or .status == 500)) | length') > 2)) || fail 'nothing went wrong'
		(($(proxy_sent) * 100 <= $(blob_bytes app1.oci.tar.zst) * 105)) || fail "$(proxy_sent) bytes came"
	done
}

# Everything that has to be fetched for a bundle.
blob_bytes() {
	"$BUNDLE" inspect --json "$1" | jq '[.description.blobs[].size] | add'
}

@test "an ill registry is waited for, and that is said" {
	proxy_start --fault "${PLACES[config]}#1" status:429 --fault "${PLACES[config]}#1" status:429
	bundle export -o app1.oci.tar.zst "$PROXY/demo/app1:1.0"
	expect 0 "$APP1"
	[[ $(grep -c "^$PROXY: answered 429, waiting [0-9]* s" <<<"$stderr") == 1 ]] || fail 'not said once'
}

@test "a connection on which nothing comes any more is given up, and the rest comes by another" {
	proxy_start --fault "${PLACES[layer]}" stall:600000 --fault "${PLACES[config]}#1" stall:0
	bundle export -q --stall-timeout 1 -o app1.oci.tar.zst "$PROXY/demo/app1:1.0"
	expect 0 "$APP1"
	# On a busy machine an answer may not begin in time, and is asked for once more.
	[[ $(proxy_asked '[.[] | select(.method == "GET" and (.path | test("'"$APP1_LAYER"'"))) | .headers.Range // "all"] | unique | join(" ")') == \
		'all bytes=600000-' ]] || fail 'asked for other bytes'
}

@test "content that is not what its digest says is named with both digests" {
	for place in tag manifest attestation config statement layer fallback; do
		for at in 0 100; do
			echo "$place|corrupt:$at|3|content is sha256:|, not sha256:"
		done
	done >table
	cat >>table <<-EOF2
		layer|corrupt:1137046|3|content is sha256:|, not $APP1_LAYER
		manifest|file:$STORAGE/docker/registry/v2/blobs/sha256/86/${APP1_ATTESTATION#*:}/data|3|$APP1_AMD64
	EOF2
	faults < <(cat table && rm table)
}

@test "content that is too short or too long names the digest" {
	printf '%s\n' "$(head -c 5000 /dev/zero | tr '\0' x)" >"$BATS_TEST_TMPDIR/long"
	faults <<-EOF2
		manifest|truncate:100|3|$APP1_AMD64|758 bytes early
		manifest|file:$BATS_TEST_TMPDIR/long|3|$APP1_AMD64|more bytes than its declared size
		config|truncate:0|3|$APP1_CONFIG|1527 bytes early
		config|file:$BATS_TEST_TMPDIR/long|3|$APP1_CONFIG|more bytes than its declared size
		statement|truncate:4784|3|$APP1_PROVENANCE|1 bytes early
		layer|truncate:1137046|3|$APP1_LAYER|1 bytes early
		layer|body:|3|$APP1_LAYER|1137047 bytes early
	EOF2
}

@test "answers that are no manifests" {
	for place in tag fallback; do
		cat <<-EOF2
			$place|body:|1|not valid JSON
			$place|body:{"manifests":[|1|not valid JSON
			$place|body:{}|1|needs
			$place|body:[]|1|app1
			$place|body:<html>|1|not valid JSON
			$place|body:{"manifests":[{"mediaType":"x","size":1}]}|1|a descriptor needs
			$place|body:{"manifests":[{"mediaType":"x","size":1,"digest":"sha256:../../etc/passwd"}]}|1|digest
		EOF2
	done >table
	cat >>table <<-EOF2
		tag|header:Content-Type=text/html|1|text/html
		tag|body:{"manifests":[],"config":{}}|1|both an image manifest and an index
		tag|body:{"schemaVersion":1,"fsLayers":[]}|1|schema 1
	EOF2
	faults < <(cat table && rm table)
}

@test "headers that a registry may leave out are not missed" {
	bundle export -q -o whole.oci.tar.zst "$REGISTRY/demo/app1:1.0"
	proxy_start --remember
	for header in Content-Type Docker-Content-Digest Etag Docker-Distribution-Api-Version; do
		proxy_change --fault . "header:$header="
		bundle export -q -o app1.oci.tar.zst "$PROXY/demo/app1:1.0"
		expect 0 "$APP1" '1 image, 1 platform, 2 statements, 6 referrers'
	done
}

@test "a list of referrers whose next page lies on another host is refused" {
	proxy_start --referrers 100 --fault "${PLACES[referrers]}" 'header:Link=<http://127.0.0.2:9/v2/x>; rel="next"'
	failing_export "$PROXY/demo/app1:1.0"
	complain 1 'another host'
}

@test "a registry that is not there" {
	for address in 127.0.0.1:1 none.invalid; do
		failing_export "$address/demo/app1:1.0"
		complain 5 "$address"
	done
	failing_export "docker://[::1]:1/demo/app1:1.0"
	complain 5 '[::1]:1'
	failing_export 127.0.0.1:65536/demo/app1:1.0
	complain 5 'http://127.0.0.1:65536/' 'the highest port is 65535'
	bundle inventory docker://127.0.0.1:65536/site
	complain 5 'http://127.0.0.1:65536/' 'the highest port is 65535'
}

@test "what an index lists and the source lacks is named, recorded, and no damage" {
	for missing in "$MULTI_ARM64 linux/arm64" "sha256:df06909474e072d3138fa9712ef4a1c4c936eb9da25a836200566a3824ca2482 attestation"; do
		read -r digest what <<<"$missing"
		proxy_start --fault "/manifests/$digest" status:404
		bundle export -q -o multi.oci.tar.zst "$PROXY/demo/multi:2.1"
		expect 4
		# shellcheck disable=SC2154 # of run
		[[ $(grep -cF "$digest" <<<"$stderr") == 1 ]]
		holds stderr "absent at the source: $what $digest" 'done, but 1 listed manifest is not at the source'

		bundle verify -q --content-only multi.oci.tar.zst
		expect 0 'content proved'
		bundle inspect --json multi.oci.tar.zst
		[[ $(jq -r --arg d "$digest" '.description.blobs[] | select(.digest == $d) | .stored' <<<"$output") == absent ]]
		rm -rf "$BUNDLE_STORE"
		bundle import -q --to store multi.oci.tar.zst
		expect 0 "$PROXY/demo/multi:2.1  $MULTI"
		[[ $stderr == "bundle import: was absent at the source of this bundle: $what $digest" ]] || fail 'it is not said'
		bundle attestations --platform linux/arm/v7 "$PROXY/demo/multi:2.1"
		expect 0 "$PROVENANCE"
		[[ ! -e $BUNDLE_STORE/blobs/sha256/${digest#*:} ]]
		beside_stop
	done
}

@test "of much that the source lacks no more is told than somebody may read" {
	python3 "$TOP/tests/lib/wide_layout.py" wide 130
	bundle export -q -o wide.oci.tar.zst oci:wide
	expect 4
	holds stderr 'absent at the source: 30 more; --json lists them all'
	bundle import -q --to store wide.oci.tar.zst
	expect 0
	[[ $(grep -c 'was absent at the source of this bundle: manifest sha256:' <<<"$stderr") == 100 ]]
	holds stderr 'was absent at the source of this bundle: 30 more; --json lists them all'
	bundle import -q --json --to store wide.oci.tar.zst
	[[ $(jq '.absent | length' <<<"$output") == 130 ]]
	bundle extract -q wide.oci.tar.zst layout
	expect 0
	[[ $(grep -c 'was absent at the source of the bundle: manifest sha256:' <<<"$stderr") == 100 ]]
	holds stderr 'and 30 more; bundle inspect --blobs lists all'
	bundle inspect --blobs wide.oci.tar.zst
	[[ $(grep -c '  absent  ' <<<"$output") == 130 ]]
}

@test "a blob that a manifest lists and the source lacks is named, recorded, and no damage" {
	for place in config statement layer; do
		digest=${PLACES[$place]#/blobs/}
		proxy_start --fault "${PLACES[$place]}" status:404
		bundle export -q -o app1.oci.tar.zst "$PROXY/demo/app1:1.0"
		expect 4
		holds stderr "absent at the source: $place $digest" 'done, but 1 listed blob is not at the source'
		bundle export -q --json --dry-run "$PROXY/demo/app1:1.0"
		expect 4
		[[ $(jq -r '.absent[] | .digest, .role' <<<"$output") == "$digest"$'\n'"$place" ]]

		bundle verify -q --content-only app1.oci.tar.zst
		expect 0 'content proved'
		bundle inspect app1.oci.tar.zst
		expect 0 '1 blob was absent at the source'
		rm -rf "$BUNDLE_STORE"
		bundle import -q --to store app1.oci.tar.zst
		expect 0 "$PROXY/demo/app1:1.0  $APP1"
		[[ $stderr == "bundle import: was absent at the source of this bundle: $place $digest" ]] || fail 'it is not said'
		[[ ! -e $BUNDLE_STORE/blobs/sha256/${digest#*:} ]]
		bundle extract -q app1.oci.tar.zst layout
		expect 0
		[[ $stderr == "bundle extract: was absent at the source of the bundle: $place $digest" ]] || fail 'it is not said'
		beside_stop

		# what another bundle brings is not missed any more
		bundle export -q -o whole.oci.tar.zst "$REGISTRY/demo/app1:1.0"
		bundle import -q --to store whole.oci.tar.zst
		bundle import -q --to store app1.oci.tar.zst
		expect 0
		[[ -z $stderr ]] || fail 'it is there'
		rm -r layout
	done
}

@test "a registry that does not let itself be asked for a blob gives it all the same" {
	for fault in status:403 status:405; do
		proxy_start --fault "${PLACES[layer]}#1" "$fault"
		bundle export -q -o app1.oci.tar.zst "$PROXY/demo/app1:1.0"
		expect 0 '1 image, 1 platform, 2 statements, 6 referrers'
		[[ $(proxy_asked '[.[] | select(.path | test("'"${PLACES[layer]}"'")) | .method] | join(" ")') == 'HEAD GET GET' ]]
		beside_stop
	done
}

# ---- Disks ----

# Runs a command in a mount namespace of its own in which the folder "small" is a disk of that size.
on_small_disk() {
	local size=$1
	shift
	# shellcheck disable=SC2016 # the inner shell expands it
	run --separate-stderr "${UNSHARE[@]}" sh -c 'mount -t tmpfs -o "size=$0" small small && { "$@"; status=$?; } &&
		find small -type f -size +0 -printf "left: %P %s\n" && exit $status' "$size" "$BUNDLE" "$@"
	judge "$@"
}

need_small_disk() {
	mkdir small
	"${UNSHARE[@]}" mount -t tmpfs small small 2>/dev/null || skip 'no mount namespaces for this user'
}

@test "an export onto a full disk publishes nothing" {
	need_small_disk
	for size in 4k 16k 64k 1m 1300k; do
		on_small_disk "$size" export -q -o small/app1.oci.tar.zst "$REGISTRY/demo/multi:2.1"
		complain 1 small/ 'free some space'
		[[ -z $output ]] || fail "something is left on a disk of $size"
	done
}

@test "an import onto a full disk publishes nothing, and does not fill it" {
	need_small_disk
	bundle export -q -o multi.oci.tar.zst "$REGISTRY/demo/multi:2.1"
	for size in 4k 16k 64k 1m 3m; do
		BUNDLE_STORE=small/store on_small_disk "$size" import -q --to store multi.oci.tar.zst
		complain 1 small/store 'free some space'
		[[ $output != *"left: store/.part"* ]] || fail 'a part is left'
		[[ $output != *blobs/* ]] || fail 'something was written, though all of it has no room'
		if [[ $output == *'left: store/index.json'* ]]; then
			holds output "left: store/index.json $(printf '{"schemaVersion":2,"mediaType":"%s","manifests":[]}' \
				application/vnd.oci.image.index.v1+json | wc -c)"
		fi
	done
}

@test "a folder that is extracted into has room for all, or is left empty" {
	need_small_disk
	bundle export -q -o multi.oci.tar.zst "$REGISTRY/demo/multi:2.1"
	on_small_disk 3m extract -q multi.oci.tar.zst small/layout
	complain 1 'small/layout: at least 3.4 MB are still to be written, and the disk has room for 3.' 'free some space'
	[[ $output != *blobs/* ]] || fail 'something was written'
	on_small_disk 5m extract -q multi.oci.tar.zst small/layout
	expect 0 'left: layout/blobs'
}

@test "places that cannot be written" {
	mkdir folder
	bundle export -q -o folder "$REGISTRY/demo/app1:1.0"
	complain 1 'folder is there already and is no regular file'
	mkdir a.zst.part && ln -s /etc/passwd b.zst.part && mkfifo c.zst.part
	for name in a b c; do
		bundle export -q -o "$name.zst" "$REGISTRY/demo/app1:1.0"
		complain 1 "$name.zst.part is there already and is no regular file: move it away"
	done
	bundle export -q -o none/app1.oci.tar.zst "$REGISTRY/demo/app1:1.0"
	complain 1 none/ 'No such file or directory'
	echo >file
	bundle export -q -o file/app1.oci.tar.zst "$REGISTRY/demo/app1:1.0"
	complain 1 file/ 'Not a directory'
	bundle export -q -o app1.oci.tar.zst "$REGISTRY/demo/app1:1.0"
	BUNDLE_STORE=file/store bundle import -q --to store app1.oci.tar.zst
	complain 1 file/store 'Not a directory'
	TMPDIR=/none bundle export -q -o - "$REGISTRY/demo/app1:1.0"
	complain 1 '/none/: No such file or directory (temporary files go there: TMPDIR'
	BUNDLE_STORE=/proc/store bundle import -q --to store app1.oci.tar.zst
	complain 1 /proc/store
}

# ---- Kills ----

# Starts an export that waits for the rest of an answer, in the background; sets EXPORT_PID.
stalled_export() {
	proxy_change --fault "$1" "$2"
	http_proxy=http://$PROXY "$BUNDLE" export -q --plain-http -o app1.oci.tar.zst registry.example.test/demo/app1:1.0 \
		3>&- &
	EXPORT_PID=$!
	await proxy_stalled
}

kill_export() {
	kill -KILL "$EXPORT_PID"
	wait "$EXPORT_PID" 2>/dev/null || true
}

example_export() {
	proxy_change
	http_proxy=http://$PROXY bundle export -q --plain-http -o "$1" registry.example.test/demo/app1:1.0
	expect 0
}

@test "a killed export publishes nothing, and the next one gives the same bytes" {
	proxy_start --remember
	example_export whole
	while IFS='|' read -r place at; do
		echo "# killed at $place $at"
		stalled_export "${PLACES[$place]}" "stall:$at"
		kill_export
		[[ ! -e app1.oci.tar.zst ]] || fail 'published'

		example_export app1.oci.tar.zst
		cmp whole app1.oci.tar.zst
		rm app1.oci.tar.zst
		[[ $(ls -A) == whole ]] || fail 'something is left'
	done <<-'EOF2'
		tag|0
		manifest|10
		fallback|10
		config|10
		statement|4000
		layer|0
		layer|1
		layer|500000
		layer|1137046
	EOF2
}

@test "two exports do not write one file" {
	proxy_start
	stalled_export "${PLACES[layer]}" stall:500000
	bundle export -q -o app1.oci.tar.zst "$REGISTRY/demo/app1:1.0"
	complain 1 'another run is writing it'
	kill_export
	bundle export -q -o app1.oci.tar.zst "$REGISTRY/demo/app1:1.0"
	expect 0
}

# A file may grow to so many KiB and no further: the kernel kills the program in the middle of that write, as sudden
# as any kill, and always at the same place.
@test "a killed import publishes nothing, and the next one completes it" {
	bundle export -q -o app1.oci.tar.zst "$REGISTRY/demo/app1:1.0"
	BUNDLE_STORE=$PWD/whole bundle import -q --to store app1.oci.tar.zst
	for kib in 0 1 2 4 500 1100; do
		echo "# killed at $kib KiB"
		status=0
		(ulimit -c 0 && ulimit -f "$kib" && exec "$BUNDLE" import -q --to store app1.oci.tar.zst 2>/dev/null) || status=$?
		[[ $status == $((128 + $(kill -l XFSZ))) ]] || fail "ended with $status"
		[[ ! -s $BUNDLE_STORE/index.json || $(jq '.manifests | length' "$BUNDLE_STORE/index.json") == 0 ]] || fail published
		bundle attestations "$REGISTRY/demo/app1:1.0"
		[[ $status == 1 ]]

		bundle import -q --to store app1.oci.tar.zst
		expect 0 "$APP1"
		same_layout whole "$BUNDLE_STORE"
		rm -r "$BUNDLE_STORE"
	done
}

# ---- Damaged files ----

@test "a damaged bundle is refused, and the store stays as it is" {
	bundle export -q -o whole.oci.tar.zst "$REGISTRY/demo/app1:1.0"
	bundle export -q -o multi.oci.tar.zst "$REGISTRY/demo/multi:2.1"
	bundle import -q --to store multi.oci.tar.zst
	cp "$BUNDLE_STORE/index.json" before
	size=$(stat -c %s whole.oci.tar.zst)
	# Empty frame, head, description, packed frames, layers (in the middle and at both ends), tables.
	for at in 0 9 20 40 70 120 300 1000 4000 8000 30000 $((size / 2)) $((size - 30000)) -600 -300 -100 -20 -9 -1; do
		echo "# byte $at"
		cp whole.oci.tar.zst damaged.oci.tar.zst
		flip damaged.oci.tar.zst "$at"
		bundle verify -q --content-only damaged.oci.tar.zst
		complain 3 damaged.oci.tar.zst
		[[ $output != *'content proved'* ]]
		bundle import -q --to store damaged.oci.tar.zst
		# What import never reads it need not refuse: but then all that it wrote is proved.
		if [[ $status == 0 ]]; then
			bundle attestations --json "$REGISTRY/demo/app1:1.0"
			expect 0
			rm -r "$BUNDLE_STORE"
			bundle import -q --to store multi.oci.tar.zst
		else
			complain 3 damaged.oci.tar.zst
		fi
		cmp before "$BUNDLE_STORE/index.json"
	done
}

@test "a bundle that was cut off is refused" {
	bundle export -q -o whole.oci.tar.zst "$REGISTRY/demo/app1:1.0"
	size=$(stat -c %s whole.oci.tar.zst)
	for length in 1 9 17 100 4000 $((size / 2)) $((size - 1)); do
		head -c "$length" whole.oci.tar.zst >cut.oci.tar.zst
		for command in 'verify -q' inspect 'import -q --to store'; do
			# shellcheck disable=SC2086 # several arguments
			bundle $command cut.oci.tar.zst
			complain 3 cut.oci.tar.zst
			[[ -z $output && ! -e $BUNDLE_STORE ]]
		done
	done
	cat whole.oci.tar.zst <(echo more) >longer.oci.tar.zst
	bundle verify -q longer.oci.tar.zst
	complain 3 longer.oci.tar.zst
}

@test "files that are no bundles" {
	: >empty
	head -c 9000 /dev/zero >zeros
	head -c 3 /dev/zero >short
	echo 'hello, this is not a bundle' >text
	tar -c text | zstd -q >archive.tar.zst
	mkdir folder
	mkfifo pipe
	ln -s whole link
	while IFS='|' read -r file wanted text; do
		for command in 'verify -q' inspect 'inspect --blobs' 'import -q --to store' 'attestations a.example/b --from'; do
			# shellcheck disable=SC2086 # several arguments
			bundle $command "$file"
			complain "$wanted" "$file: $text"
			[[ -z $output && ! -e $BUNDLE_STORE ]]
		done
	done <<-'EOF2'
		empty|3|not a bundle: it is empty: was it copied to its end?
		zeros|3|not a bundle: it begins with zeros alone
		short|3|not a bundle: it begins with zeros alone
		text|3|not a bundle
		archive.tar.zst|3|not a bundle
		folder|3|not a bundle
		pipe|2|a bundle is read at any place of its file, and a pipe has none
		missing|1|no such file
		link|1|no such file
		text/missing|1|Not a directory
	EOF2
}

@test "a file that this user may not read" {
	local -a as_user=()
	: >secret && chmod 000 secret
	# Root may read everything unless it gives that up.
	[[ $EUID -ne 0 ]] || as_user=(setpriv --bounding-set -all --inh-caps -all)
	for command in 'verify -q' inspect 'import -q --to store'; do
		# shellcheck disable=SC2086 # several arguments
		run --separate-stderr "${as_user[@]}" "$BUNDLE" $command secret
		judge "${command%% *}" secret
		complain 1 'secret: Permission denied'
	done
	[[ ! -e $BUNDLE_STORE ]]
}
