#!/usr/bin/env bats
# The embedded store: what is in it, taking names away, and freeing space.
load helpers

setup_file() {
	registry_start
	cd "$BATS_FILE_TMPDIR" || return
	"$BUNDLE" export -q -o app.zst "$REGISTRY/demo/app1:1.0" >/dev/null
	"$BUNDLE" export -q -o multi.zst "$REGISTRY/demo/multi:2.1" >/dev/null
}

teardown_file() { registry_stop; }

setup() {
	session_start
	APP=$REGISTRY/demo/app1:1.0 MANY=$REGISTRY/demo/multi:2.1
	for name in app multi; do
		"$BUNDLE" import -q --to store "$BATS_FILE_TMPDIR/$name.zst" >/dev/null
	done
}

teardown() { session_end; }

@test "list shows each image and what belongs to it" {
	bundle store list
	expect 0 "$APP  $APP1  " '1 platform, 1 attestation manifest, 6 referrers' \
		"$MANY  $MULTI  " '3 platforms, 3 attestation manifests' "$BUNDLE_STORE: 2 images, "
	[[ $output != *'no image leads to'* ]]
	bundle store list --json
	expect 0
	jq -e --arg app "$APP1" '.schemaVersion == 1 and .unreachableBytes == 0 and (.images | length) == 2 and
		(.images[] | select(.digest == $app) | .platforms[0].platform == "linux/amd64" and .platforms[0].whole)' <<<"$output"
	[[ $(jq .bytes <<<"$output") == $(find "$BUNDLE_STORE/blobs" -type f -printf '%s\n' | awk '{ sum += $1 } END { print sum }') ]]
}

@test "remove and gc leave a store as if the image had never been there" {
	bundle store remove "$MANY"
	expect 0 "$MANY  $MULTI  removed"
	bundle store list
	expect 0 'that no image leads to: bundle store gc removes it'
	cp -r "$BUNDLE_STORE" before
	bundle store gc --dry-run --json
	expect 0
	diff -r before "$BUNDLE_STORE"
	waste=$(jq .unreachableBytes <<<"$output")
	bundle store gc --json
	expect 0
	[[ $(jq .unreachableBytes <<<"$output") == "$waste" ]]
	BUNDLE_STORE=$PWD/only bundle import -q --to store "$BATS_FILE_TMPDIR/app.zst"
	same_layout only "$BUNDLE_STORE"
	diff <(cut -d " " -f 1 only/.bundle-proved) <(cut -d " " -f 1 "$BUNDLE_STORE/.bundle-proved")
	bundle attestations "$APP"
	expect 0 "$PROVENANCE"
	bundle store gc
	expect 0 '0 blobs, 0 B, that no image leads to: removed'
	bundle import -q --to store "$BATS_FILE_TMPDIR/multi.zst"
	expect 0
}

@test "what is exported out of it again has lost nothing, cosign's tags among it" {
	bundle export -q -o again.zst "oci:$BUNDLE_STORE"
	expect 0 "$APP" "$MANY"
	"$BUNDLE" export -q -o both.zst "$APP" "$MANY" >/dev/null
	cmp again.zst both.zst
}

@test "names as docker takes them; all or none" {
	cp "$BUNDLE_STORE/index.json" before.json
	bundle store remove "$MANY" no-such/image:1
	complain 1 "$BUNDLE_STORE: has no docker.io/no-such/image:1; nothing is removed"
	bundle store remove 'UPPER case'
	[[ $status == 2 ]]
	cmp before.json "$BUNDLE_STORE/index.json"
	bundle store remove --json "$MANY" "$APP" "$MANY"
	expect 0
	[[ $(jq -r '[.removed[].name] | sort | join(" ")' <<<"$output") == "$APP $MANY" ]]
	bundle store gc
	expect 0
	[[ -z $(find "$BUNDLE_STORE/blobs" -type f) ]]
	bundle store list
	expect 0 '0 images'
}

@test "a store that is being written to, one that is damaged, and none" {
	(
		flock 9
		for verb in remove gc; do
			names=("$APP")
			[[ $verb == remove ]] || names=()
			bundle store "$verb" "${names[@]}"
			complain 1 'another import is writing here'
		done
	) 9>"$BUNDLE_STORE/.lock"
	bundle store list
	expect 0 "$APP"
	echo x >"$BUNDLE_STORE/blobs/sha256/${MULTI_ARM64#*:}"
	bundle store remove "$APP"
	bundle store gc
	complain 3 "$MULTI_ARM64"
	[[ -e $BUNDLE_STORE/blobs/sha256/${APP1_LAYER#*:} ]]
	# What has lost what makes it a store is no empty one.
	for lost in index.json oci-layout; do
		rm "$BUNDLE_STORE/$lost"
		text='a damaged OCI image layout: it has no index.json'
		[[ $lost == index.json ]] || text='and is no OCI image layout'
		for what in 'store list' 'store gc' 'inventory store' "import -q --dry-run --to store $BATS_FILE_TMPDIR/app.zst"; do
			read -ra arguments <<<"$what"
			bundle "${arguments[@]}"
			complain 1 "$text"
		done
	done
	export BUNDLE_STORE=$PWD/none
	bundle store list
	expect 0 '0 images'
	bundle store gc
	expect 0
	bundle store remove "$APP"
	complain 1 "has no $APP"
	[[ ! -e none ]]
}

@test "mistakes" {
	while IFS='|' read -r line text; do
		read -ra arguments <<<"$line"
		bundle store "${arguments[@]}"
		complain 2 "$text"
	done <<-EOF2
		|list, remove or gc is missing
		clean|"clean": list, remove or gc?
		remove|NAME is missing
		list x|list takes no names
		list --dry-run|--dry-run is for gc
	EOF2
}
