#!/usr/bin/env bats
# Some of an image: platforms with what was attested of them, what was attested without layers, some referrers.
load helpers

setup_file() { registry_start; }

teardown_file() { registry_stop; }

setup() {
	session_start
	MANY=$REGISTRY/demo/multi:2.1 APP=$REGISTRY/demo/app1:1.0
}

teardown() { session_end; }

# What a bundle says of its blobs: role and how each is stored, counted.
stored() {
	"$BUNDLE" cat "$1" description | jq -r '.blobs[] | .role + " " + .stored' | sort | uniq -c | sed -E 's/^ +//'
}

@test "one platform, with its attestations and what refers to the image" {
	bundle export -q --platform linux/arm64 -o arm64.zst "$MANY"
	expect 0 "$MANY  $MULTI" 'left out: linux/amd64, linux/arm/v7' '1 image, 1 platform, 2 statements, 2 referrers'
	holds stderr '1 image becomes a platform subset' 'registries that check indexes refuse'

	bundle verify -q --content-only arm64.zst
	expect 0
	bundle inspect arm64.zst
	expect 0 "linux/arm64  $MULTI_ARM64" 'left out: linux/amd64, linux/arm/v7'
	[[ $output != *'linux/amd64  sha256'* && $output != *absent* ]]
	diff <(stored arm64.zst | grep left-out) <(printf '%s\n' '2 attestation left-out' '2 manifest left-out')
	"$BUNDLE" cat arm64.zst description >said
	[[ $(jq -c .selection said) == '{"platforms":["linux/arm64"]}' ]]
	[[ $(jq -c '.images[0].leftOut | map(.platform)' said) == \
		'["linux/amd64","linux/arm/v7","unknown/unknown","unknown/unknown"]' ]]
	left=$(jq -r '.images[0].leftOut[0].digest' said)
	bundle cat arm64.zst "$left"
	complain 1 "$left was not asked for when this bundle was made"
	bundle attestations --from arm64.zst --platform linux/amd64 "$MANY"
	complain 1 'platform linux/amd64 of the image was not asked for when this bundle was made'
	bundle attestations --from arm64.zst "$MANY"
	expect 0 linux/arm64
	[[ $output != *linux/amd64* ]]
}

@test "nothing of the other platforms is asked for" {
	proxy_start
	bundle export -q --platform linux/amd64 -o amd64.zst "$PROXY/demo/multi:2.1"
	expect 0
	[[ $(proxy_asked 'map(.path | select(contains("'"${MULTI_ARM64#*:}"'"))) | length') == 0 ]]
}

@test "the index stays as it is, and the same choice gives the same bytes" {
	"$BUNDLE" export -q --platform linux/arm64 --platform linux/amd64 -o one.zst "$MANY"
	"$BUNDLE" export -q --platform linux/x86_64 --platform linux/arm64/v8 --platform linux/amd64 --jobs 1 -o other.zst "$MANY"
	cmp one.zst other.zst
	[[ $("$BUNDLE" cat one.zst "$MULTI" | sha256sum) == "${MULTI#*:}  -" ]]
}

@test "a platform that an image does not have" {
	bundle export -q --platform linux/amd64 --platform linux/s390x -o x.zst "$MANY" "$APP"
	complain 1 "$APP has no platform linux/s390x: it has linux/amd64"
	bundle export -q --platform linux/arm64 -o x.zst "$MANY" "$APP"
	complain 1 "$APP has no platform linux/arm64: it has linux/amd64"
	bundle export -q --platform arm64 -o x.zst "$MANY"
	complain 2 'linux/arm64' '--platform'
	[[ -z $(ls -A) ]]
}

@test "an image without an index, for another platform" {
	local one=$REGISTRY/demo/multi@$MULTI_ARM64
	bundle export -q --dry-run --platform linux/amd64 "$one" "$APP"
	expect 0
	# shellcheck disable=SC2154 # of run
	[[ $stderr == "bundle export: $one is for linux/arm64 and has no index to choose from: it is taken as it is" ]] || fail 'it is not said'
	bundle export -q -o one.zst --platform linux/amd64 --platform linux/arm64 "$one" "$MANY"
	expect 0
	[[ $stderr != *'no index'* ]]
}

@test "a dry run says what would be left out" {
	bundle export --dry-run --platform linux/amd64 "$MANY" "$APP"
	expect 0 'left out: linux/arm64, linux/arm/v7' 'left out with other platforms: 2.3 MB'
	holds stderr '1 image becomes a platform subset'
	bundle export --dry-run --json --platform linux/amd64 "$MANY"
	part=$output
	bundle export --dry-run --json "$MANY"
	[[ $(jq -s '.[0].totals | .bytes + .leftOutBytes' <<<"$part") == $(jq .totals.bytes <<<"$output") ]]
	bundle export --dry-run --json --platform linux/amd64 --attestations-only "$MANY" "$APP"
	expect 0
	[[ $(jq -c '[.totals.subsets, (.images[1].leftOut | map(.platform)), .images[0].leftOut]' <<<"$output") == \
		'[1,["linux/arm64","linux/arm/v7"],null]' ]]
	[[ $(jq -c '[.totals.layers, .totals.layersLeftOut > 0, .totals.bytes < 100000]' <<<"$output") == '[0,true,true]' ]]
}

@test "a subset in the store, and the rest of it later" {
	"$BUNDLE" export -q --platform linux/arm64 -o arm64.zst "$MANY"
	"$BUNDLE" export -q -o whole.zst "$MANY"
	bundle import -q --to store arm64.zst
	expect 0 "$MANY  $MULTI  1 platform, 1 attestation manifest, 2 referrers"
	bundle import -q --json --to store arm64.zst
	expect 0
	[[ $(jq .writtenBytes <<<"$output") == 0 ]]
	bundle attestations --platform linux/amd64 "$MANY"
	complain 1 'no platform linux/amd64'
	bundle import -q --to store whole.zst
	expect 0 "$MANY  $MULTI  3 platforms, 3 attestation manifests, 2 referrers"
	bundle import -q --to store arm64.zst
	expect 0 "$MANY  $MULTI  3 platforms" # what was there stays
	bundle attestations --platform linux/amd64 "$MANY"
	expect 0 linux/amd64
}

@test "other tools read a subset that was extracted" {
	"$BUNDLE" export -q --platform linux/arm64 -o arm64.zst "$MANY"
	bundle extract -q arm64.zst layout
	expect 0
	[[ $(lab_peer oras manifest fetch --oci-layout "layout@$MULTI_ARM64" | sha256sum) == "${MULTI_ARM64#*:}  -" ]]
	lab_peer skopeo --override-os linux --override-arch arm64 copy "oci:layout:$MANY" dir:copied >/dev/null
	cmp copied/manifest.json "layout/blobs/sha256/${MULTI_ARM64#*:}"
	lab_peer oras cp --to-plain-http --from-oci-layout "layout@$MULTI_ARM64" "$REGISTRY/copied/arm64:1" >/dev/null
	[[ $(lab_peer crane digest "$REGISTRY/copied/arm64:1") == "$MULTI_ARM64" ]]
}

@test "an increment of a subset" {
	"$BUNDLE" export -q --platform linux/arm64 -o first.zst "$MANY"
	bundle export -q --since first.zst -o second.zst "$MANY"
	expect 0 'left out: the site must have what first.zst brought'
	"$BUNDLE" export -q -o whole.zst "$MANY"
	# What the first one left out, the site does not have.
	[[ $(stored second.zst | grep -c 'layer raw\|layer zstd') -gt 0 ]]
	for file in first second; do
		bundle import -q --to store "$file.zst"
		expect 0
	done
	BUNDLE_STORE=$PWD/other "$BUNDLE" import -q --to store whole.zst >/dev/null
	diff -r other/blobs "$BUNDLE_STORE/blobs"
}

@test "attestations only: everything but layers" {
	bundle export -q --attestations-only -o attested.zst "$MANY" "$APP"
	expect 0 '2 images, 4 platforms, 8 statements, 8 referrers' 'left out: attestations only'
	[[ $(stat -c %s attested.zst) -lt 100000 ]]
	[[ $(stored attested.zst | grep -v 'layer left-out' | grep -c layer) == 0 ]]
	bundle verify -q --content-only attested.zst
	expect 0
	bundle inspect attested.zst
	expect 0 'layers left out' 'nothing to run'
	bundle import -q --to store attested.zst
	expect 0 "$APP  $APP1"
	"$BUNDLE" export -q -o whole.zst "$MANY" "$APP"
	diff <("$BUNDLE" attestations "$MANY") <("$BUNDLE" attestations --from whole.zst "$MANY")
	bundle extract -q attested.zst layout
	expect 0
	bundle export -q --since attested.zst -o next.zst "$APP"
	expect 0
	[[ $(stored next.zst | grep -c prerequisite) == 0 ]]
}

@test "referrers by type, with what refers to them" {
	bundle export -q --referrers application/vnd.cyclonedx+json -o sbom.zst "$APP"
	expect 0 '2 statements, 2 referrers' '4 referrers of other types left out'
	bundle verify -q --content-only sbom.zst
	expect 0
	bundle inspect sbom.zst
	expect 0 'referrers taken: application/vnd.cyclonedx+json' 'referrer application/vnd.cyclonedx+json'
	[[ $(grep -c 'referrer https://sigstore.dev/cosign/sign/v1' <<<"$output") == 1 ]]
	[[ $("$BUNDLE" cat sbom.zst description | jq -c .selection.referrers) == '["application/vnd.cyclonedx+json"]' ]]

	bundle export -q --json --referrers sig -o sig.zst "$MANY"
	expect 0
	[[ $(jq -c '[.totals.referrers, .totals.referrersLeftOut]' <<<"$output") == '[1,1]' ]]
	bundle inspect sig.zst
	expect 0 'cosign signature'
	[[ $output != *'cosign attestation'* ]]

	"$BUNDLE" export -q -o all.zst "$APP" "$MANY"
	"$BUNDLE" export -q --referrers all -o same.zst "$APP" "$MANY"
	cmp all.zst same.zst
}

@test "no referrers: nobody is asked, and attestations of the index stay" {
	proxy_start
	bundle export -q --referrers none -o none.zst "$PROXY/demo/app1:1.0"
	expect 0 '2 statements, 0 referrers' 'none was asked for'
	[[ $(proxy_asked 'map(.path | select(test("referrers|sha256-"))) | length') == 0 ]]
	bundle verify -q --content-only none.zst
	expect 0
	bundle import -q --to store none.zst
	expect 0 '1 platform, 1 attestation manifest, 0 referrers'
	for wrong in sbom.json 'sig,' 'all,sig' ' '; do
		bundle export -q --referrers "$wrong" -o x.zst "$APP"
		complain 2 'no type of referrers'
	done
}

@test "the same choice from a registry, a layout and a bundle gives the same bytes" {
	"$BUNDLE" export -q -o whole.zst "$APP" "$MANY"
	"$BUNDLE" extract -q whole.zst layout
	for options in '--platform linux/amd64' '--attestations-only' \
		'--platform linux/amd64 --referrers application/vnd.cyclonedx+json,att'; do
		# shellcheck disable=SC2086 # several arguments
		"$BUNDLE" export -q $options -o registry.zst "$APP" "$MANY"
		# shellcheck disable=SC2086
		"$BUNDLE" export -q $options -o layout.zst oci:layout
		# shellcheck disable=SC2086
		"$BUNDLE" export -q $options -o bundle.zst bundle:whole.zst
		cmp registry.zst layout.zst
		cmp registry.zst bundle.zst
		# What is chosen already can be chosen again.
		# shellcheck disable=SC2086
		"$BUNDLE" export -q $options -o again.zst bundle:registry.zst
		cmp registry.zst again.zst
	done
}

@test "all of a bundle that holds a part" {
	"$BUNDLE" export -q --platform linux/arm64 --attestations-only -o part.zst "$MANY"
	bundle export -q -o all.zst bundle:part.zst
	expect 4
	holds stderr 'absent at the source: linux/amd64' 'absent at the source: layer'
	bundle verify -q --content-only all.zst
	expect 0
}

@test "a name that can be run does not move to what cannot" {
	lab_peer crane copy "$MANY" "$REGISTRY/moved/app1:1.0" 2>/dev/null
	"$BUNDLE" export -q -o whole.zst "$APP"
	"$BUNDLE" export -q --attestations-only -o same.zst "$APP"
	"$BUNDLE" export -q --attestations-only -o moved.zst "$REGISTRY/moved/app1:1.0"
	"$BUNDLE" import -q --to store whole.zst
	bundle import -q --to store same.zst
	expect 0 "$APP  $APP1  1 platform, 1 attestation manifest, 6 referrers"
	bundle import -q --replace --map "$REGISTRY/moved=$REGISTRY/demo" --to store moved.zst
	complain 1 "$APP can be run there" 'without its layers' --map
	# Whatever the target, it is said first: --replace would be no help.
	"$BUNDLE" import -q --to oci:site whole.zst >/dev/null
	"$BUNDLE" import -q --to "docker://$REGISTRY/site" whole.zst >/dev/null
	for to in store oci:site "docker://$REGISTRY/site"; do
		bundle import -q --map "$REGISTRY/moved=$REGISTRY/demo" --to "$to" moved.zst
		complain 1 "/demo/app1:1.0 can be run there" 'without its layers' --map
		! grep -q -e --replace <<<"$stderr"
	done
	bundle import -q --to store moved.zst
	expect 0 "$REGISTRY/moved/app1:1.0  $MULTI  0 platforms, 3 attestation manifests" '3 platforms without layers'
	bundle import -q --json --dry-run --to store moved.zst
	[[ $(jq '.images[0].withoutLayers' <<<"$output") == 3 ]]
}
