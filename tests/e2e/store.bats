#!/usr/bin/env bats
# The embedded store: what is in it, taking names away, and freeing space.
# shellcheck disable=SC2030,SC2031 # each test is a subshell
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

@test "what other tools put there goes by the name that list shows" {
	lab_peer skopeo copy -q --src-tls-verify=false "docker://$REGISTRY/demo/multi:2.1" "oci:$BUNDLE_STORE:mine" --multi-arch system
	lab_peer crane mutate --insecure --label other=yes --tag "$REGISTRY/demo/other:1" "$REGISTRY/demo/app1@$APP1_AMD64" >/dev/null
	lab_peer skopeo copy -q --src-tls-verify=false "docker://$REGISTRY/demo/other:1" "oci:$BUNDLE_STORE"
	bundle store list --json
	mapfile -t shown < <(jq -r '.images[].name | select(startswith("localhost/"))' <<<"$output")
	[[ ${#shown[@]} == 2 && ${shown[0]} == localhost/store:mine && ${shown[1]} == localhost/store@sha256:* ]]
	for name in "${shown[@]}"; do
		bundle attestations --json "$name"
		expect 0 '[]'
	done
	bundle store remove "${shown[@]}" "$APP"
	expect 0 "${shown[0]}  sha256:" "${shown[1]}  sha256:" "$APP  $APP1  removed"
	bundle store remove localhost/store:mine
	complain 1 'has no localhost/store:mine; nothing is removed'
	bundle store list
	expect 0 "$MANY  $MULTI"
	[[ $output != *localhost/* ]]
}

@test "what is exported out of it again has lost nothing, cosign's tags among it" {
	bundle export -q -o again.zst "oci:$BUNDLE_STORE"
	expect 0 "$APP" "$MANY"
	"$BUNDLE" export -q -o both.zst "$APP" "$MANY" >/dev/null
	cmp again.zst both.zst
}

# What oras finds of a manifest: in a layout by $1, else in the registry.
discovered() {
	lab_peer oras discover "$1" --format json "$2" | jq -eS '[.. | .digest? // empty] | unique' || echo "$2: not found"
}

@test "oras, skopeo and crane read it, each manifest and what refers to it" {
	local name digest
	for name in "$APP $APP1" "$MANY $MULTI"; do
		for digest in "${name#* }" $(lab_peer crane manifest --insecure "${name% *}" | jq -r '.manifests[].digest'); do
			diff <(discovered --oci-layout "$BUNDLE_STORE@$digest") <(discovered --plain-http "${name% *}@$digest")
			[[ $(lab_peer oras resolve --oci-layout "$BUNDLE_STORE@$digest") == "$digest" ]]
		done
		[[ $(lab_peer skopeo inspect --raw "oci:$BUNDLE_STORE:${name% *}" | sha256sum) == "${name##*:}  -" ]]
	done
	lab_peer skopeo copy -q --all "oci:$BUNDLE_STORE:$MANY" oci:copied:1
	[[ -e copied/blobs/sha256/${MULTI_ARM64#*:} ]]
	lab_peer crane push --index "$BUNDLE_STORE" "$REGISTRY/copied/store:1" >/dev/null 2>&1
	lab_peer crane manifest --insecure "$REGISTRY/copied/store:1" | jq -r '.manifests[].digest' | grep -qx "$MULTI"
	# They have changed nothing, and nothing that is listed for them is an image here.
	bundle store list
	expect 0 "$BUNDLE_STORE: 2 images, "
}

@test "cosign verifies the image of one that has one" {
	local cosign=(lab_peer cosign verify --local-image --key "$TOP/tests/fixtures/cosign.pub" --insecure-ignore-tlog)
	bundle store remove "$MANY"
	bundle store gc
	"${cosign[@]}" "$BUNDLE_STORE" >/dev/null 2>said || fail "$(<said)"
	run -0 "$BUNDLE" store remove "$APP"
	run ! "${cosign[@]}" "$BUNDLE_STORE"
}

@test "one that was written before it was for other tools too" {
	local name
	jq -c '.manifests |= [.[] | select(.annotations["bundle.listed-for"] == null)
		| if .annotations["io.containerd.manifest.subject"] then . else del(.annotations.kind) end]' \
		"$BUNDLE_STORE/index.json" >before.json
	# The lists of referrers of such a store are in no entry, and so they are not there.
	for name in $(jq -r '.manifests[] | select(.annotations["bundle.listed-for"] != "parent")
		| select(.annotations["bundle.listed-for"]).digest' "$BUNDLE_STORE/index.json"); do
		rm "$BUNDLE_STORE/blobs/sha256/${name#*:}"
	done
	cp before.json "$BUNDLE_STORE/index.json"
	bundle store list
	expect 0 "$APP  $APP1  " '6 referrers' "$MANY  $MULTI  " "$BUNDLE_STORE: 2 images, "
	[[ $output != *'no image leads to'* ]]
	bundle export -q -o old.zst "oci:$BUNDLE_STORE:$APP"
	expect 0
	cmp old.zst "$BATS_FILE_TMPDIR/app.zst"
	for name in app multi; do
		bundle import -q --to store "$BATS_FILE_TMPDIR/$name.zst"
		expect 0 ' 0 B written, '
	done
	discovered --oci-layout "$BUNDLE_STORE@$MULTI_ARM64" >/dev/null
	bundle store remove "$MANY"
	bundle store gc
	expect 0
	BUNDLE_STORE=$PWD/only bundle import -q --to store "$BATS_FILE_TMPDIR/app.zst"
	same_layout only "$BUNDLE_STORE"
}

@test "a list of referrers that is damaged is written anew by the next import" {
	local list before
	list=$BUNDLE_STORE/blobs/sha256/$(jq -r --arg tag "${APP1/:/-}" \
		'.manifests[] | select(.annotations["org.opencontainers.image.ref.name"] == $tag) | .digest[7:]' "$BUNDLE_STORE/index.json")
	before=$(sha256sum "$list")
	printf x | dd of="$list" bs=1 conv=notrunc status=none
	bundle import --to store "$BATS_FILE_TMPDIR/app.zst"
	expect 0 "$APP"
	[[ $(sha256sum "$list") == "$before" ]]
}

# Two referrers of one image, which say 5 MiB each: together more than a list of referrers may have.
@test "what referrers say at length fills nothing that other images need" {
	python3 "$TOP/tests/lib/long_referrers.py" layout 2 5
	bundle export -q -o long.zst oci:layout
	expect 0
	for _ in first second; do
		bundle import --to store long.zst
		expect 0 'example.org/long:1'
	done
	(($(stat -c %s "$BUNDLE_STORE/index.json") < 64 * 1024))
	bundle store list
	expect 0 'example.org/long:1' ', 2 referrers'
	bundle export -q -o again.zst "oci:$BUNDLE_STORE:example.org/long:1"
	expect 0
	cmp long.zst again.zst
	bundle import --to store "$BATS_FILE_TMPDIR/app.zst"
	expect 0 "$APP"
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

@test "what index.json has no room for is refused before anything is written" {
	bundle store remove "$MANY"
	bundle store gc
	# An entry that takes up all of the room but two bytes.
	python3 - "$BUNDLE_STORE/index.json" <<-EOF2
		import json, sys
		index = json.load(open(sys.argv[1]))
		entry = {**index["manifests"][0], "annotations": {"org.opencontainers.image.ref.name": "example.org/long:1"}}
		index["manifests"].append(entry)
		entry["said"] = ""
		entry["said"] = "x" * ((32 << 20) - 2 - len(json.dumps(index, separators=(",", ":"))))
		json.dump(index, open(sys.argv[1], "w"), separators=(",", ":"))
	EOF2
	cp -r "$BUNDLE_STORE" before
	for dry in '' --dry-run; do
		# shellcheck disable=SC2086 # nothing, or an option
		bundle import -q $dry --to store "$BATS_FILE_TMPDIR/multi.zst"
		complain 1 "store $BUNDLE_STORE: its index.json has room for 32 MiB of entries" 'nothing is written' 'BUNDLE_STORE'
	done
	diff -r before "$BUNDLE_STORE"
	bundle import -q --to "oci:$BUNDLE_STORE" "$BATS_FILE_TMPDIR/multi.zst"
	complain 1 'name another folder'
	# What is listed already comes again, with its index of referrers; and all else goes on.
	bundle import -q --to store "$BATS_FILE_TMPDIR/app.zst"
	expect 0
	bundle store list
	expect 0 '2 images'
	bundle store remove example.org/long:1
	expect 0
	bundle store gc
	expect 0 '0 blobs'
	bundle import -q --to store "$BATS_FILE_TMPDIR/multi.zst"
	expect 0
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
