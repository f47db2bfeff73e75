#!/usr/bin/env bats
# The folder that a bundle is unpacked into is one that other tools know how to read, referrers included.
load helpers

setup_file() {
	registry_start
	cd "$BATS_FILE_TMPDIR" || return
	"$BUNDLE" export -q -o release.zst "$REGISTRY/demo/app1:1.0" "$REGISTRY/demo/multi:2.1" >/dev/null
	"$BUNDLE" export -q -o signed.zst "$REGISTRY/demo/app1:1.0" >/dev/null
	"$BUNDLE" export -q -o tagged.zst "$REGISTRY/demo/multi:2.1" >/dev/null
}

teardown_file() { registry_stop; }

setup() {
	session_start
	for name in release signed tagged; do
		"$BUNDLE" extract -q "$BATS_FILE_TMPDIR/$name.zst" "$name" >/dev/null
	done
}

teardown() { session_end; }

@test "every blob is there, under its digest" {
	"$BUNDLE" inspect --blobs "$BATS_FILE_TMPDIR/release.zst" | cut -d ' ' -f 1 | sort >listed
	layout_digests release | sort >there 2>wrong
	[[ ! -s wrong ]]
	[[ -z $(comm -23 listed there) ]] # and fallback indexes, made for those who look for them
}

@test "oras finds what refers to what, and copies it" {
	lab_peer oras discover --oci-layout --format json "release@$APP1" >found
	[[ $(jq '[.. | .digest? // empty] | unique | length' found) == 4 ]]
	[[ $(lab_peer oras discover --oci-layout --format json "release@$APP1_AMD64" | jq '.referrers | length') == 2 ]]
	lab_peer oras cp -r --from-oci-layout --to-plain-http "release@$APP1" "$REGISTRY/copied/app1:1.0" >/dev/null
	"$BUNDLE" export -q -o again.zst "$REGISTRY/copied/app1:1.0" >/dev/null
	diff <("$BUNDLE" inspect --blobs again.zst | cut -d ' ' -f 1 | sort) \
		<("$BUNDLE" inspect --blobs "$BATS_FILE_TMPDIR/signed.zst" | cut -d ' ' -f 1 | sort)
}

@test "skopeo reads each image by its name" {
	[[ $(lab_peer skopeo inspect --raw "oci:release:$REGISTRY/demo/app1:1.0" | sha256sum) == "${APP1#*:}  -" ]]
	lab_peer skopeo copy -q --all --dest-tls-verify=false "oci:release:$REGISTRY/demo/multi:2.1" \
		"docker://$REGISTRY/copied/multi:2.1"
	[[ $(lab_peer crane digest "$REGISTRY/copied/multi:2.1") == "$MULTI" ]]
}

@test "crane reads the folder and pushes what is in it" {
	lab_peer crane push --index release "$REGISTRY/copied/all:1" 2>/dev/null >/dev/null
	lab_peer crane manifest "$REGISTRY/copied/all:1" | jq -r '.manifests[].digest' >pushed
	for digest in "$APP1" "$APP1_AMD64" "$APP1_ATTESTATION" "$MULTI"; do
		grep -qx "$digest" pushed
	done
}

@test "cosign verifies the signatures in it, those beside the image and those by tag" {
	for name in signed tagged; do
		lab_peer cosign verify --local-image --key "$TOP/tests/fixtures/cosign.pub" --insecure-ignore-tlog "$name" \
			>/dev/null 2>said || fail "$name: $(<said)"
	done
	cp -r tagged other
	signature=$(jq -r '.manifests[] | select(.annotations.kind? == "dev.cosignproject.cosign/sigs") | .digest' other/index.json)
	layer=other/blobs/sha256/$(jq -r '.layers[0].digest' "other/blobs/sha256/${signature#*:}" | cut -d : -f 2)
	echo '{}' >"$layer"
	run ! lab_peer cosign verify --local-image --key "$TOP/tests/fixtures/cosign.pub" --insecure-ignore-tlog other >/dev/null 2>&1
}
