#!/usr/bin/env bats
# What the source of a bundle lacked, and a real Docker daemon: each test has one that never had anything, for a daemon does
# not forget at once what it had.
load ../e2e/helpers

setup_file() { registry_start; }
teardown_file() { registry_stop; }

setup() {
	session_start
	lab_docker_start containerd 3>&-
	MANY=$REGISTRY/demo/multi:2.1
}

teardown() {
	lab_docker_stop
	session_end
}

# The platform for arm64 lacks a blob, named as jq finds it in the manifest; the import says each text.
import_without() {
	local blob
	blob=$(curl -sS -H 'Accept: application/vnd.oci.image.manifest.v1+json' \
		"http://$REGISTRY/v2/demo/multi/manifests/$MULTI_ARM64" | jq -r "$1")
	proxy_start --fault "/blobs/$blob" status:404
	bundle export -q -o lacking.zst --map "$PROXY=$REGISTRY" "$PROXY/demo/multi:2.1"
	expect 4
	holds stderr 'absent at the source: ' "$blob"
	bundle import -q --to "docker-daemon:$LAB_DOCKER_SOCK" lacking.zst
	expect 0 "${@:2}"
	holds stderr 'was absent at the source of this bundle'
	[[ $(curl -sS --unix-socket "$LAB_DOCKER_SOCK" "http://docker/v1.51/images/$MANY/json?manifests=1" |
		jq -r '.Manifests[] | select(.Kind == "image" and .Available == false) | .ID') == "$MULTI_ARM64" ]] ||
		fail 'another platform is not there'
}

@test "a platform without one of its layers is not available, and the others are" {
	import_without '.layers[0].digest' "$MANY  $MULTI  2 platforms" '1 platform without layers'
}

@test "a platform without its config is not available, and the others are" {
	import_without .config.digest "$MANY  $MULTI  2 platforms"
}
