#!/usr/bin/env bats
# A registry with the referrers API beside one without: what was attested is found in both, and the bundle is the same.

. "$BATS_TEST_DIRNAME/helpers.bash"

setup_file() {
	registry_start
	lab_referrers_start "$BATS_FILE_TMPDIR/blobs" 3>&-
	export REFERRERS=$LAB_REFERRERS_ADDR LAB_REFERRERS_PID
	copy_all demo/app1:1.0 "$APP1"
	copy_all demo/multi:2.1 "$MULTI"
}

teardown_file() {
	lab_referrers_stop
	registry_stop
}

setup() { session_start; }
teardown() { session_end; }

# An image with all its referrers, and the tags that cosign made after its manifests.
copy_all() {
	local image=$1 repository=${1%:*} tag
	lab_peer oras cp -r --from-plain-http --to-plain-http "$REGISTRY/$image" "$REFERRERS/$image"
	for tag in $(lab_peer crane ls "$REGISTRY/$repository" | grep -E '^sha256-.*\.(sig|att|sbom)$'); do
		lab_peer crane copy "$REGISTRY/$repository:$tag" "$REFERRERS/$repository:$tag"
	done
}


@test "the registry has the API" {
	curl -sf "http://$REFERRERS/v2/demo/app1/referrers/$APP1" | jq -e '.manifests | length > 0'
	[[ $(curl -s -o "$BATS_TEST_TMPDIR/answer" -w '%{http_code}' "http://$REGISTRY/v2/demo/app1/referrers/$APP1") == 404 ]]
}

@test "what refers to an image and its manifests is found through the API" {
	bundle export -o app1 --json "$REFERRERS/demo/app1:1.0"
	expect 0
	from_api=$(jq -c '.totals | del(.fileBytes)' <<<"$output") # the names in the files differ
	bundle export -o app1.other --json "$REGISTRY/demo/app1:1.0"
	expect 0
	[[ $(jq .totals.referrers <<<"$output") -gt 0 ]]
	[[ $from_api == $(jq -c '.totals | del(.fileBytes)' <<<"$output") ]]
}

@test "the same image under the same names gives the same bytes from both" {
	local image
	for image in demo/app1:1.0 demo/multi:2.1; do
		bundle export -o api --map "$REFERRERS=registry.example.test" "$REFERRERS/$image"
		expect 0 "registry.example.test/$image"
		bundle export -o tags --map "$REGISTRY=registry.example.test" "$REGISTRY/$image"
		expect 0 "registry.example.test/$image"
		cmp api tags
	done
}

@test "one export takes from both, and each blob once" {
	bundle export -o both --json --map "$REFERRERS=api.example.test" --map "$REGISTRY=tags.example.test" \
		"$REFERRERS/demo/app1:1.0" "$REGISTRY/demo/app1:1.0"
	expect 0
	bytes=$(jq .totals.bytes <<<"$output")
	bundle export -o one --json "$REGISTRY/demo/app1:1.0"
	expect 0
	[[ $bytes == $(jq .totals.bytes <<<"$output") ]]
}
