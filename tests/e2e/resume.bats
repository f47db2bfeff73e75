#!/usr/bin/env bats
# An export that was killed goes on when it is run again, and ends in the bytes of one that nothing disturbed.
load helpers

NAME=registry.example.test/big/app:1
FRAME_BYTES=$((4 << 20)) # what is kept of a layer is whole frames

setup_file() {
	registry_start
	cd "$BATS_FILE_TMPDIR" || return
	sizes=(0 5 10 15 12 44) # in MiB; from 16 on a layer may come in pieces
	for number in 1 2 3 4 5; do
		noise "${sizes[number]}M" "$number" >"layer$number"
	done
	push 1 layer1 layer2 layer3
	push 2 layer3 layer4 layer1
	push 3 layer5
	rm layer?
}

teardown_file() { registry_stop; }

setup() {
	session_start
	export http_proxy
}

teardown() { session_end; }

# An image of these layers, under a tag: the same one each time.
push() {
	local tag=$1
	shift
	lab_peer oras push --plain-http --no-tty --annotation org.opencontainers.image.created=2026-01-01T00:00:00Z \
		"$REGISTRY/big/app:$tag" "${@/%/:application/vnd.oci.image.layer.v1.tar+gzip}" >/dev/null
}

# What a tag stands for.
manifest_of() {
	curl -fsS --noproxy '*' "http://$REGISTRY/v2/big/app/manifests/$1" -H 'Accept: application/vnd.oci.image.manifest.v1+json'
}

# The digest of the N-th layer of a tag.
layer() {
	manifest_of "$1" | jq -r ".layers[$2].digest"
}

# Lets tag 1 stand for what another tag stands for.
tag_over() {
	manifest_of "$1" >manifest
	curl -fsS --noproxy '*' -X PUT -H 'Content-Type: application/vnd.oci.image.manifest.v1+json' --data-binary @manifest \
		"http://$REGISTRY/v2/big/app/manifests/1"
	rm manifest
}

# Starts the proxy, for a program that asks for names of registry.example.test.
through_proxy() {
	proxy_start "$@"
	http_proxy=http://$PROXY
}

# What a tag gives when nothing disturbs it.
undisturbed() {
	through_proxy
	bundle export -q --plain-http -o "$1" "$NAME"
	expect 0
	beside_stop
}

# Exports through a proxy that does this to a layer after so many bytes, which is all that is left then; and kills it.
killed_export() {
	local digest=$1 what=$2
	shift 2
	through_proxy --fault "/blobs/$digest#1" "$what"
	"$BUNDLE" export -q --plain-http -o app.oci.tar.zst "$@" "$NAME" 3>&- &
	EXPORT_PID=$!
	kill_export 4
}

# So many blobs, or pieces of them, were answered, and all bodies have gone.
all_sent() {
	(($(proxy_asked '[.[] | select(.method == "GET" and (.path | test("/blobs/")))] | length') >= $1)) &&
		[[ $(proxy_asked '[.[] | select(.method and .method != "HEAD")] | length') == $(wc -l <"$PROXY_LOG.sent") ]]
}

# Nothing is on its way to or from the proxy that has not been read.
all_received() {
	awk -v port="$(printf ':%04X' "${PROXY#*:}")" 'index($2 $3, port) && $4 == "01" && $5 != "00000000:00000000" { exit 1 }' \
		/proc/net/tcp
}

# How often the threads of the export have gone to sleep, where all of them sleep now; not for a disk.
asleep() {
	awk '/^State:/ && $2 != "S" { exit awake = 1 } /ctxt_switches/ { sum += $2 } END { if (awake) exit 1; print sum }' \
		"/proc/$EXPORT_PID"/task/*/status
}

# Whatever came is where it belongs: none of the threads has anything to do, nor had one meanwhile.
others_are_there() {
	local before
	all_sent "$1" && all_received && before=$(asleep) && [[ $(asleep) == "$before" ]]
}

kill_export() {
	await proxy_stalled
	await others_are_there "$1"
	kill -KILL "$EXPORT_PID"
	wait "$EXPORT_PID" 2>/dev/null || true
	[[ ! -e app.oci.tar.zst ]] || fail published
}

# Which layers were asked for: how often, and from which byte on.
ranges() {
	proxy_asked ".[] | select(.method == \"GET\" and (.path | test(\"/blobs/$1\"))) | .headers.Range // \"all\""
}

same_export() {
	bundle export -q --plain-http -o app.oci.tar.zst "$NAME"
	expect 0
}

@test "killed at several fractions of a layer, it goes on where it was" {
	undisturbed whole
	digest=$(layer 1 2)
	for frames in 0 1 2 3; do
		echo "# after $frames frames of 4 MiB"
		killed_export "$digest" stall:$((frames * FRAME_BYTES + 300000))
		[[ $(ls -A) == $'app.oci.tar.zst.part\nwhole' ]] || fail 'other files'
		: >"$PROXY_LOG"
		same_export
		holds stderr 'app.oci.tar.zst.part: goes on after an interrupted run' ' of 31.5 MB of layers are there already'
		cmp whole app.oci.tar.zst
		if ((frames == 0)); then
			[[ $(ranges "$digest") == all ]] || fail "asked for $(ranges "$digest")"
		else
			[[ $(ranges "$digest") == "bytes=$((frames * FRAME_BYTES))-" ]] || fail "asked for $(ranges "$digest")"
		fi
		[[ -z $(ranges "$(layer 1 0)") && -z $(ranges "$(layer 1 1)") ]] || fail 'a layer that was there was fetched'
		bundle verify -q --content-only app.oci.tar.zst
		expect 0
		rm app.oci.tar.zst
		beside_stop
		[[ $(ls -A) == whole ]] || fail 'something is left'
	done
}

@test "killed again and again, with other numbers of jobs" {
	undisturbed whole
	digest=$(layer 1 2)
	killed_export "$digest" stall:5000000 -j 2
	beside_stop
	through_proxy --fault "/blobs/$digest#1" stall:9000000
	"$BUNDLE" export -q --plain-http -o app.oci.tar.zst -j 3 "$NAME" 3>&- &
	EXPORT_PID=$!
	await proxy_stalled
	kill -KILL "$EXPORT_PID"
	wait "$EXPORT_PID" 2>/dev/null || true
	same_export
	cmp whole app.oci.tar.zst
	[[ $(ranges "$digest") == $'bytes=4194304-\nbytes='*- ]] || fail "asked for $(ranges "$digest")"
}

@test "a registry that does not know ranges sends everything, and one that lies is caught" {
	undisturbed whole
	digest=$(layer 1 2)
	killed_export "$digest" stall:9000000
	beside_stop
	through_proxy --fault "/blobs/$digest" 'header:Content-Range=bytes 0-15728639/15728640'
	bundle export -q --plain-http -o app.oci.tar.zst "$NAME"
	[[ $status == 1 ]] || fail 'taken'
	holds stderr 'asked for bytes=8388608- of 15728640 bytes' 'is kept in app.oci.tar.zst.part'
	beside_stop
	through_proxy --fault "/blobs/$digest" status:416
	bundle export -q --plain-http -o app.oci.tar.zst "$NAME"
	[[ $status == 1 ]] || fail 'taken'
	holds stderr 'the registry has none there (416)' 'is kept in app.oci.tar.zst.part'
	beside_stop
	through_proxy --no-ranges
	same_export
	cmp whole app.oci.tar.zst
}

@test "a failure keeps what is there and says so" {
	undisturbed whole
	digest=$(layer 1 2)
	through_proxy --at-once --fault "/blobs/$digest#1" cut:9000000 --fault "/blobs/$digest#2+" status:500
	bundle export -q --plain-http -j 1 -o app.oci.tar.zst "$NAME"
	complain 5 'answered 500' '; tried 8 times' 'what has arrived is kept in app.oci.tar.zst.part: the same command goes on with it'
	[[ ! -e app.oci.tar.zst ]] || fail published
	beside_stop
	through_proxy
	same_export
	cmp whole app.oci.tar.zst
	[[ $(ranges "$digest") == bytes=8388608- ]] || fail "asked for $(ranges "$digest")"
	[[ $(ls -A) == $'app.oci.tar.zst\nwhole' ]] || fail 'something is left'
}

@test "a third of all answers is no good, and what came of a layer is not asked for again" {
	local broken=0
	undisturbed whole
	for seed in 1 2 3 4 5 6 7 8; do
		echo "# seed $seed"
		through_proxy --at-once --fault . "third:$seed"
		same_export
		cmp whole app.oci.tar.zst
		((broken += $(proxy_asked 'map(select(.status == 206)) | length'), 1))
		(($(proxy_sent) * 100 <= 30 * 1048576 * 105)) || fail "$(proxy_sent) bytes came"
		rm app.oci.tar.zst
		beside_stop
	done
	((broken > 3)) || fail "hardly a layer broke off: $broken"
}

@test "what is kept and wrong is fetched anew, and that is said" {
	undisturbed whole
	digest=$(layer 1 2)
	killed_export "$digest" lie:9000000
	same_export
	holds stderr "$digest: with what an interrupted run left it is not what its digest says: fetched anew"
	cmp whole app.oci.tar.zst
}

@test "a file that no export left is refused and stays as it is" {
	undisturbed whole
	through_proxy
	for content in 'mine' "$(head -c 5000 /dev/zero | tr '\0' x)"; do
		echo "$content" >app.oci.tar.zst.part
		bundle export -q --plain-http -o app.oci.tar.zst "$NAME"
		complain 1 'app.oci.tar.zst.part is there already' 'move it away'
		[[ $(<app.oci.tar.zst.part) == "$content" && ! -e app.oci.tar.zst ]] || fail touched
	done
	rm app.oci.tar.zst.part
	same_export
	cmp whole app.oci.tar.zst
}

@test "a large layer comes in pieces, and after a kill what is missing between them" {
	local large=registry.example.test/big/app:3 before again
	digest=$(layer 3 0)
	through_proxy --no-ranges
	bundle export -q --plain-http -o whole "$large"
	expect 0
	[[ $(ranges "$digest" | wc -l) == 1 ]] || fail "asked for $(ranges "$digest")"
	beside_stop
	through_proxy --fault "/blobs/$digest#2" stall:100000
	"$BUNDLE" export -q --plain-http -o app.oci.tar.zst "$large" 3>&- &
	EXPORT_PID=$!
	kill_export 6 # the config and five pieces
	(($(ranges "$digest" | sort -u | wc -l) == 5)) || fail "asked for $(ranges "$digest")"
	before=$(ranges "$digest")
	: >"$PROXY_LOG"
	bundle export -q --plain-http -o app.oci.tar.zst "$large"
	expect 0
	holds stderr 'goes on after an interrupted run'
	again=$(ranges "$digest") # of the piece that stalled, whichever that was
	[[ $again != *$'\n'* && $'\n'$before == *$'\n'"${again%-*}-"* ]] || fail "asked for $again after $before"
	cmp whole app.oci.tar.zst
}

@test "a tag that moved meanwhile is said, and what is shared is not fetched again" {
	digest=$(layer 1 1)
	killed_export "$digest" stall:5000000
	beside_stop
	was=$(curl -fsSI --noproxy '*' "http://$REGISTRY/v2/big/app/manifests/1" -H 'Accept: application/vnd.oci.image.manifest.v1+json' |
		tr -d '\r' | awk 'tolower($1) == "docker-content-digest:" { print $2 }')
	tag_over 2
	undisturbed whole
	through_proxy
	same_export
	now=$("$BUNDLE" inspect --json app.oci.tar.zst | jq -r '.description.images[0].digest')
	holds stderr "$NAME has moved since the interrupted run: $was → $now" 'app.oci.tar.zst.part.old: left by an interrupted run'
	cmp whole app.oci.tar.zst
	[[ -z $(ranges "$(layer 1 0)") && -z $(ranges "$(layer 1 2)") ]] || fail 'a shared layer was fetched'
	[[ $(ranges "$(layer 1 1)") == all ]] || fail 'the new layer was not fetched'
	[[ $(ls -A) == $'app.oci.tar.zst\nwhole' ]] || fail 'something is left'
}

