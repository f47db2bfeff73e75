#!/usr/bin/env bats
# A bundle into real containerds: 1.6, as Debian 12 has it, and 2.1.
load ../e2e/helpers

setup_file() {
	registry_start
	lab_peer crane copy "$REGISTRY/demo/multi:2.1" "$REGISTRY/moved/app1:1.0" 2>/dev/null
	cd "$BATS_FILE_TMPDIR" || return
	"$BUNDLE" export -q -o release.oci.tar.zst "$REGISTRY/demo/app1:1.0" "$REGISTRY/demo/multi:2.1"
	"$BUNDLE" export -q -o moved.oci.tar.zst "$REGISTRY/moved/app1:1.0"
	"$BUNDLE" cat release.oci.tar.zst description >description.json
	lab_containerd_start old 3>&-
	OLD=$LAB_CONTAINERD_SOCK
	lab_containerd_start new 3>&-
	NEW=$LAB_CONTAINERD_SOCK
	export OLD NEW
}

teardown_file() {
	for LAB_CONTAINERD_SOCK in "$OLD" "$NEW"; do
		lab_containerd_stop
	done
	registry_stop
}

setup() {
	session_start
	unset CONTAINERD_ADDRESS CONTAINERD_NAMESPACE
	APP=$REGISTRY/demo/app1:1.0 MANY=$REGISTRY/demo/multi:2.1
	ln -s "$BATS_FILE_TMPDIR"/* .
}

teardown() {
	cri_stop
	session_end
}

# One that is like a Kubernetes node's, for a single test.
cri_stop() {
	[[ -z ${CRI:-} ]] || LAB_CONTAINERD_SOCK=$CRI lab_containerd_stop
	unset CRI
}

# The plugin sees an image come, and gives it a name after its config.
cri_sees() {
	ctr -n k8s.io images ls -q | grep -qx "$1"
}

# Use one of them, in a namespace that has nothing.
with() {
	LAB_CONTAINERD_SOCK=$1 TARGET=containerd:$1
	[[ $1 == "$OLD" ]] && echo '# 1.6' || echo '# 2.1'
	export CONTAINERD_NAMESPACE=test$BATS_TEST_NUMBER-$((++count))
	ctr namespaces create "$CONTAINERD_NAMESPACE"
}

# ctr reads CONTAINERD_NAMESPACE itself.
ctr() { lab_ctr "$@"; }

# Let the garbage collector run: it does so at once when a lease is removed so.
collect() {
	ctr leases create --id collect >/dev/null
	ctr leases rm --sync collect >/dev/null
}

# What ctr shows of images: name and digest.
names() {
	ctr images ls | awk 'NR > 1 { print $1, $3 }' | sort
}

both() {
	printf '%s\n' "$APP $APP1" "${APP%:*}@$APP1 $APP1" "$MANY $MULTI" "${MANY%:*}@$MULTI $MULTI" | sort
}

# The digests of all blobs of the bundle.
blobs() {
	jq -r '.blobs[].digest' description.json | sort
}

@test "images come whole, under their names and by their digests, with all that was attested" {
	for socket in "$OLD" "$NEW"; do
		with "$socket"
		bundle import --to "$TARGET" release.oci.tar.zst
		expect 0 "$APP  $APP1  1 platform, 1 attestation manifest, 6 referrers" \
			"$MANY  $MULTI  3 platforms, 3 attestation manifests, 2 referrers" "namespace $CONTAINERD_NAMESPACE" 'everything read back'
		diff <(names) <(both)
		diff <(ctr content ls -q | sort) <(blobs)
		[[ -z $(ctr leases ls -q) ]]
		ctr images check | grep "^$APP .* complete"
		# Nothing of it is garbage.
		collect
		diff <(ctr content ls -q | sort) <(blobs)
		cmp <(ctr content get "$APP1_PROVENANCE") <("$BUNDLE" cat release.oci.tar.zst "$APP1_PROVENANCE")
	done
}

@test "what belongs to an image goes with it, and the rest stays" {
	for socket in "$OLD" "$NEW"; do
		with "$socket"
		bundle import -q --to "$TARGET" release.oci.tar.zst
		ctr images rm "$MANY" >/dev/null
		ctr images rm --sync "${MANY%:*}@$MULTI" >/dev/null
		[[ $(ctr content ls -q) == *"$APP1_PROVENANCE"* ]]
		[[ $(ctr content ls -q) != *"$MULTI_ARM64"* ]]
		# With one name of two it stays.
		ctr images rm --sync "$APP" >/dev/null
		bundle import -q --json --to "$TARGET" --image "$APP" release.oci.tar.zst
		expect 0
		[[ $(jq -r '.writtenBytes, .images[0].readBack.referrers' <<<"$output" | paste -sd ' ') == '0 6' ]]
	done
}

@test "what is there is not sent again, whoever brought it" {
	for socket in "$OLD" "$NEW"; do
		with "$socket"
		zstd -dcq <release.oci.tar.zst >release.tar
		ctr images import --all-platforms --no-unpack release.tar >/dev/null
		# Without the referrers, which ctr does not know.
		collect
		bundle import -q --json --to "$TARGET" release.oci.tar.zst
		expect 0
		[[ $(jq .writtenBytes <<<"$output") -lt 50000 ]]
		collect
		diff <(ctr content ls -q | sort) <(blobs)
		bundle import -q --json --to "$TARGET" release.oci.tar.zst
		expect 0
		[[ $(jq -r '.writtenBytes, (.images | all(.was == .digest and .readBack.digest == .digest))' <<<"$output" |
			paste -sd ' ') == '0 true' ]]
	done
}

@test "a name that points elsewhere moves only with --replace" {
	for socket in "$OLD" "$NEW"; do
		with "$socket"
		bundle import -q --to "$TARGET" release.oci.tar.zst
		bundle import -q --map "$REGISTRY/moved=$REGISTRY/demo" --to "$TARGET" moved.oci.tar.zst
		complain 1 "$APP" "$APP1 there" "$MULTI here" --replace
		diff <(names) <(both)
		# The old image stays, whoever had given it its name.
		ctr images rm "${APP%:*}@$APP1" >/dev/null
		bundle import -q --replace --map "$REGISTRY/moved=$REGISTRY/demo" --to "$TARGET" moved.oci.tar.zst
		expect 0 "$APP  $MULTI" "$APP1 -> $MULTI"
		[[ $(names) == *"$APP $MULTI"* && $(names) == *"${APP%:*}@$APP1 $APP1"* ]]
	done
}

@test "a killed import publishes nothing, and the next one goes on" {
	for at in 600000 100; do
		for socket in "$OLD" "$NEW"; do
			[[ $at == 600000 || $socket == "$NEW" ]] || continue
			with "$socket"
			echo "# killed after $at bytes of a call"
			import_killed containerd "$socket" release.oci.tar.zst "$at"
			[[ -z $(names) ]] || fail published
			bundle import -q --json --to "$TARGET" release.oci.tar.zst
			expect 0
			[[ $at -lt 1000 || $(jq '.wantedBytes - .writtenBytes' <<<"$output") -gt 250000 ]]
			diff <(names) <(both)
			diff <(ctr content ls -q | sort) <(blobs)
			[[ -z $(ctr content active | tail -n +2) ]]
		done
	done
}

# The first half of a layer, of a bundle with a bit that flipped, by an import that was killed before it saw that.
@test "what an earlier run left of a layer may be anything" {
	cp --remove-destination "$BATS_FILE_TMPDIR/release.oci.tar.zst" damaged.oci.tar.zst
	flip damaged.oci.tar.zst 150000
	for socket in "$OLD" "$NEW"; do
		with "$socket"
		import_killed containerd "$socket" damaged.oci.tar.zst 600000
		[[ $(ctr content active) == *bundle-sha256:* ]]
		bundle import -q --to "$TARGET" release.oci.tar.zst
		expect 0 'everything read back'
		diff <(ctr content ls -q | sort) <(blobs)
	done
}

@test "a containerd that hangs up" {
	with "$NEW"
	for at in 0 300000; do
		beside_start said socket_relay.py "$PWD/relay.sock" "$NEW" cut "$at"
		bundle import -q --to "containerd:$PWD/relay.sock" release.oci.tar.zst
		complain 5 "$PWD/relay.sock"
		beside_stop
		rm -f relay.sock
		[[ -z $(names) ]] || fail published
	done
}

# A disk of 2 MB for what is written: less than two of the layers.
small_disk() {
	local pid content=/var/lib/containerd/io.containerd.content.v1.content
	pid=$(<"${CRI%/*}/daemon.pid")
	mkdir -p "/proc/$pid/root$content"
	nsenter -t "$pid" -m mount -t tmpfs -o size=2m small "$content"
	mkdir -p "/proc/$pid/root$content"/{blobs,ingest}
}

larger_disk() {
	nsenter -t "$(<"${CRI%/*}/daemon.pid")" -m mount -o remount,size=20m /var/lib/containerd/io.containerd.content.v1.content
}

@test "a disk that is full is called so each time, and once there is room the import goes on" {
	for kind in old new; do
		lab_containerd_start "$kind" 3>&-
		CRI=$LAB_CONTAINERD_SOCK NODE=containerd:$LAB_CONTAINERD_SOCK
		small_disk
		# libcurl may miss what is said while it sends.
		for _ in first second; do
			bundle import -q --to "$NODE" release.oci.tar.zst
			complain 1 'no space left on device (free some space and run again)'
		done
		bundle import -q --to "$NODE" - <release.oci.tar.zst
		complain 1 'no space left on device (free some space and run again)'
		[[ -z $(names) ]] || fail published
		larger_disk
		bundle import -q --to "$NODE" release.oci.tar.zst
		expect 0 'everything read back'
		diff <(names) <(both)
		diff <(ctr content ls -q | sort) <(blobs)
		[[ -z $(ctr content active | tail -n +2) ]]
		cri_stop
	done
}

@test "a damaged bundle publishes nothing, and leaves nothing to go on with" {
	size=$(stat -Lc %s release.oci.tar.zst)
	for at in 1000 50000 $((size / 2)) $((size - 100000)); do
		with "$NEW"
		echo "# byte $at"
		cp --remove-destination "$BATS_FILE_TMPDIR/release.oci.tar.zst" damaged.oci.tar.zst
		flip damaged.oci.tar.zst "$at"
		bundle import -q --to "$TARGET" damaged.oci.tar.zst
		complain 3 damaged.oci.tar.zst
		[[ -z $(names) && -z $(ctr leases ls -q) ]]
		collect
		[[ -z $(ctr content ls -q) && -z $(ctr content active | tail -n +2) ]]
	done
}

@test "two at once, of the same images" {
	for socket in "$OLD" "$NEW"; do
		with "$socket"
		"$BUNDLE" import -q --to "$TARGET" release.oci.tar.zst >one 2>&1 3>&- &
		bundle import -q --to "$TARGET" release.oci.tar.zst
		expect 0 'everything read back'
		wait $! || fail "$(<one)"
		diff <(names) <(both)
		diff <(ctr content ls -q | sort) <(blobs)
	done
}

piped() {
	"$@" | "$BUNDLE" import -q --to "$TARGET" -
}

@test "a bundle that comes through a pipe" {
	with "$NEW"
	judge import
	run --separate-stderr piped head -c -1 release.oci.tar.zst
	complain 3 'it ends in what begins here'
	[[ -z $(names) ]]
	run --separate-stderr piped cat release.oci.tar.zst
	expect 0 'everything read back'
	diff <(names) <(both)
	diff <(ctr content ls -q | sort) <(blobs)
	run --separate-stderr piped cat release.oci.tar.zst
	expect 0 ' 0 B written'
}

held() { ctr content active | grep -q "$1"; }
pauses() { grep -q nanosleep "/proc/$1/wchan"; }

@test "a layer out of a pipe waits for another import, which gives up" {
	with "$NEW"
	read -r layer size < <(jq -r 'first(.blobs[] | select(.role == "layer" and .size > 500000)) | "\(.digest) \(.size)"' description.json)
	mkfifo hold
	ctr content ingest --expected-size "$size" --expected-digest "$layer" "bundle-$layer" <hold >/dev/null 2>&1 3>&- &
	exec 4>hold
	"$BUNDLE" cat release.oci.tar.zst "$layer" >content
	head -c 1000 content >&4
	await held "$layer"
	(
		exec 3>&- 4>&-
		exec "$BUNDLE" import -q --to "$TARGET" - < <(cat release.oci.tar.zst) >said 2>&1
	) &
	await pauses $!
	exec 4>&-
	wait $! || fail "$(<said)"
	diff <(names) <(both)
	diff <(ctr content ls -q | sort) <(blobs)
}

@test "the namespace is Kubernetes' own where the CRI plugin runs, and others have what is there already" {
	for kind in old new; do
		lab_containerd_start "$kind" cri 3>&-
		CRI=$LAB_CONTAINERD_SOCK NODE=containerd:$LAB_CONTAINERD_SOCK
		bundle import -q --pin --to "$NODE" --image "$APP" release.oci.tar.zst
		expect 0 'namespace k8s.io' 'everything read back'
		ctr -n k8s.io images ls >listed
		[[ $(grep "^$APP " listed) == *io.cri-containerd.pinned=pinned* ]]
		[[ $(grep "^${APP%:*}@$APP1 " listed) == *io.cri-containerd.pinned=pinned* ]]
		await cri_sees "$APP1_CONFIG"
		bundle import -q --json --to "$NODE" --namespace default --image "$APP" release.oci.tar.zst
		expect 0
		[[ $(jq '.wantedBytes - .writtenBytes' <<<"$output") -gt 1000000 ]]
		diff <(ctr content ls -q | sort) <(ctr -n k8s.io content ls -q | sort)
		CONTAINERD_NAMESPACE=k8s.io bundle inventory "$NODE"
		expect 0 "\"name\": \"$APP\""
		cri_stop
	done
}

@test "images that are there are pinned too" {
	with "$NEW"
	bundle import -q --to "$TARGET" moved.oci.tar.zst
	ctr images label "$REGISTRY/moved/app1:1.0" other=kept >/dev/null
	bundle import -q --pin --to "$TARGET" moved.oci.tar.zst
	expect 0 ' 0 B written'
	[[ $(ctr images ls | grep "^$REGISTRY/moved/app1:1.0 ") == *io.cri-containerd.pinned=pinned*other=kept* ]]
}

@test "a namespace that is not there, and what is no containerd" {
	with "$NEW"
	bundle import -q --to "$TARGET" --namespace k8sio release.oci.tar.zst
	complain 1 'there is no namespace k8sio' "$CONTAINERD_NAMESPACE" 'ctr namespaces create k8sio'
	bundle import -q --to "$TARGET" --namespace 'a b' release.oci.tar.zst
	complain 2 'no name of a namespace'
	bundle import -q --to store --namespace default release.oci.tar.zst
	complain 2 --namespace
	bundle import -q --to "containerd:$PWD/none.sock" release.oci.tar.zst
	complain 5 "no containerd answers at $PWD/none.sock" 'No such file or directory' 'start containerd'
	CONTAINERD_ADDRESS=$PWD/none.sock bundle import -q --to containerd: release.oci.tar.zst
	complain 5 "no containerd answers at $PWD/none.sock"
}

@test "who may not" {
	chmod 711 "${NEW%/*}"
	run --separate-stderr setpriv --reuid=65534 --regid=65534 --clear-groups "$BUNDLE" inventory "containerd:$NEW"
	judge inventory
	complain 5 'Permission denied' 'run as root'
}

@test "the inventory leaves out what is there" {
	for socket in "$OLD" "$NEW"; do
		with "$socket"
		bundle inventory "$TARGET"
		expect 0 '"images": []'
		bundle import -q --to "$TARGET" release.oci.tar.zst
		expect 0
		"$BUNDLE" inventory "$TARGET" >site.json 2>/dev/null
		[[ $(jq '.layers | length' site.json) == 7 ]]
		bundle export -q -o again.zst --have site.json "$APP" "$MANY"
		expect 0 'left out: the site must have them'
		[[ $(jq -r '[.blobs[] | select(.role == "layer") | .stored] | unique[]' \
			<("$BUNDLE" cat again.zst description)) == prerequisite ]]
		bundle import -q --to "$TARGET" again.zst
		expect 0
		with "$socket"
		bundle import -q --to "$TARGET" again.zst
		expect 6
		holds stderr "missing: $APP1_LAYER"
		[[ -z $(names) ]]
	done
}

@test "attestations without layers, and one platform of three" {
	"$BUNDLE" export -q --attestations-only -o attested.zst "$APP" "$MANY" >/dev/null
	for socket in "$OLD" "$NEW"; do
		with "$socket"
		bundle import -q --to "$TARGET" --image "$APP" release.oci.tar.zst
		expect 0
		bundle import -q --to "$TARGET" attested.zst
		expect 0 "$APP  $APP1  1 platform, 1 attestation manifest" 'everything read back' \
			"$MANY  $MULTI  0 platforms, 3 attestation manifests" '3 platforms without layers'
		bundle import -q --to "$TARGET" --platform linux/arm64 --image "$MANY" release.oci.tar.zst
		expect 0 "$MANY  $MULTI  1 platform"
		collect
		bundle import -q --to "$TARGET" release.oci.tar.zst
		expect 0 "$MANY  $MULTI  3 platforms"
		diff <(ctr content ls -q | sort) <(blobs)
	done
}

@test "a name that can be run does not move to what cannot" {
	"$BUNDLE" export -q --attestations-only -o moved.zst "$REGISTRY/moved/app1:1.0" >/dev/null
	for socket in "$OLD" "$NEW"; do
		with "$socket"
		"$BUNDLE" import -q --to "$TARGET" --image "$APP" release.oci.tar.zst >/dev/null
		bundle import -q --replace --map "$REGISTRY/moved=$REGISTRY/demo" --to "$TARGET" moved.zst
		complain 1 "$APP can be run there" --map
		[[ $(names) == *"$APP $APP1"* ]]
	done
}

# As hosts.toml has it: the name stays the one that the image has, and the mirror is told whose it is.
@test "containerd pulls out of a bundle that is served as a mirror" {
	site_start -q --registry 127.0.0.1:0 release.oci.tar.zst
	mkdir -p "hosts/$REGISTRY"
	printf 'server = "http://%s"\n[host."http://%s"]\n  capabilities = ["pull", "resolve"]\n' "$SITE" "$SITE" >"hosts/$REGISTRY/hosts.toml"
	for socket in "$OLD" "$NEW"; do
		with "$socket"
		ctr images pull --hosts-dir "$PWD/hosts" "$APP" >/dev/null
		ctr images ls | grep -F "$APP " | grep -qF " $APP1 "
		ctr content get "$APP1_AMD64" | sha256sum | grep -q "^${APP1_AMD64#sha256:} "
	done
	site_stop "$SITE_PID"
}

# The bundle says the same of it, of what is there.
@test "a containerd says what its images attest to" {
	for socket in "$OLD" "$NEW"; do
		with "$socket"
		bundle import -q --to "$TARGET" release.oci.tar.zst
		expect 0
		for options in '' --referrers --json '--statement --platform linux/amd64' '--referrers --json --platform linux/amd64'; do
			# shellcheck disable=SC2086 # several words
			diff <("$BUNDLE" attestations $options --from release.oci.tar.zst "$MANY" | sort) \
				<("$BUNDLE" attestations $options --from "$TARGET" "$MANY" | sort)
		done
		bundle attestations --from "$TARGET" "${MANY%:*}@$MULTI"
		expect 0 https://slsa.dev/provenance
	done
}

@test "what a containerd has not of an image's attestations is said" {
	local statement
	statement=$(jq -r '[.blobs[] | select(.role == "statement") | .digest][0]' description.json)
	for socket in "$OLD" "$NEW"; do
		with "$socket"
		bundle import -q --to "$TARGET" --image "$APP" release.oci.tar.zst
		expect 0
		bundle attestations --from "$TARGET" "$MANY"
		complain 1 "$MANY: no such image there" "$socket" "namespace $CONTAINERD_NAMESPACE"
		bundle attestations --from "$TARGET" --namespace none "$APP"
		complain 1 'there is no namespace none' "$CONTAINERD_NAMESPACE"
		ctr content rm "$statement" >/dev/null
		bundle attestations --from "$TARGET" "$APP"
		expect 4 'not here' https://slsa.dev/provenance
		holds stderr "not here: a statement of linux/amd64" "$statement"
	done
	bundle attestations --from "containerd:$PWD/none.sock" "$APP"
	complain 5 "no containerd answers at $PWD/none.sock"
}
