#!/usr/bin/env bats
# Parts of images into a real Docker daemon, which has none of them before: a daemon does not forget at once what it had.
load ../e2e/helpers

setup_file() {
	registry_start
	lab_docker_start containerd 3>&-
	export LAB_DOCKER_SOCK LAB_DOCKER_PID LAB_DOCKER_LOG
}

teardown_file() {
	lab_docker_stop
	registry_stop
}

setup() {
	session_start
	DAEMON=docker-daemon:$LAB_DOCKER_SOCK
	APP=$REGISTRY/demo/app1:1.0 MANY=$REGISTRY/demo/multi:2.1
}

teardown() { session_end; }

names() {
	lab_docker images -a --no-trunc --format '{{.Repository}}:{{.Tag}} {{.ID}}' | sort
}

# What the daemon says of an image's manifests.
manifests() {
	curl -sS --unix-socket "$LAB_DOCKER_SOCK" "http://docker/v1.51/images/$1/json?manifests=1" | jq -c "[.Manifests[] | $2]"
}

@test "attestations without layers, for an image whose layers are there and one whose are not" {
	"$BUNDLE" export -q -o app.zst "$APP" >/dev/null
	"$BUNDLE" export -q --attestations-only -o attested.zst "$APP" "$MANY" >/dev/null
	bundle import -q --to "$DAEMON" app.zst
	expect 0
	bundle import -q --to "$DAEMON" attested.zst
	expect 0 "$APP  $APP1  1 platform, 1 attestation manifest" 'everything read back' \
		"$MANY  $MULTI  0 platforms, 3 attestation manifests" '3 platforms without layers'
	[[ $output != *'1 platform without layers'* ]]
	diff <(names) <(printf '%s\n' "$APP $APP1" "$MANY $MULTI")
	[[ $(manifests "$APP" 'select(.Kind == "attestation") | .ID, .AttestationData.For') == \
		"[\"$APP1_ATTESTATION\",\"$APP1_AMD64\"]" ]]
	[[ $(manifests "$MANY" 'select(.Kind == "attestation") | .Available') == '[true,true,true]' ]]
	[[ $(manifests "$MANY" 'select(.Kind == "attestation") | .AttestationData.For') == \
		"$(manifests "$MANY" 'select(.Kind == "image") | .ID')" ]]
	[[ $(manifests "$MANY" 'select(.Kind == "image") | .Available') == '[false,false,false]' ]]
	[[ $(lab_docker run --rm --network=none "$APP") == 'hello world' ]]

	# Again: nothing changes, and nothing comes beside it.
	bundle import -q --to "$DAEMON" attested.zst
	expect 0 '3 platforms without layers' ' 0 B written'
	diff <(names) <(printf '%s\n' "$APP $APP1" "$MANY $MULTI")
}

@test "a name that can be run does not move to what cannot" {
	"$BUNDLE" export -q -o app.zst "$APP" >/dev/null
	lab_peer crane copy "$MANY" "$REGISTRY/moved/app1:1.0" 2>/dev/null
	"$BUNDLE" export -q --attestations-only -o moved.zst "$REGISTRY/moved/app1:1.0" >/dev/null
	"$BUNDLE" import -q --to "$DAEMON" app.zst >/dev/null
	bundle import -q --replace --map "$REGISTRY/moved=$REGISTRY/demo" --to "$DAEMON" moved.zst
	complain 1 "$APP can be run there" --map
	[[ $(names) == *"$APP $APP1"* ]]
	[[ $(lab_docker run --rm --network=none "$APP") == 'hello world' ]]
}

@test "one platform, and another one later" {
	for platform in linux/arm64 linux/amd64; do
		"$BUNDLE" export -q --platform "$platform" -o one.zst "$MANY" >/dev/null 2>&1
		bundle import -q --to "$DAEMON" one.zst
		expect 0 "$MANY  $MULTI  1 platform, 1 attestation manifest" 'everything read back'
	done
	[[ $(names) == *"$MANY $MULTI"* ]]
	[[ $(manifests "$MANY" 'select(.Kind == "image") | .Available') == '[true,true,false]' ]]
	run -0 lab_docker run --rm --network=none --entrypoint /bin/busybox-amd64 "$MANY" echo hello
	[[ $output == hello ]]
	bundle attestations --from "$DAEMON" "$MANY"
	expect 0 linux/amd64 linux/arm64
}

@test "one platform of a bundle that has three" {
	lab_peer crane copy "$MANY" "$REGISTRY/some/multi:1" 2>/dev/null
	"$BUNDLE" export -q -o many.zst --map "$REGISTRY/some=some.test" "$REGISTRY/some/multi:1" >/dev/null
	bundle import -q --to "$DAEMON" --platform linux/arm64 many.zst
	expect 0 "some.test/multi:1  $MULTI  1 platform, 1 attestation manifest" 'everything read back'
	bundle import -q --to "$DAEMON" --platform linux/arm64 many.zst
	expect 0 ' 0 B written'
}

# Adds a file ($1) to the layout in lay, and prints its descriptor, of the media type $2.
blob() {
	local hex
	hex=$(sha256sum <"$1") && hex=${hex%% *}
	mkdir -p lay/blobs/sha256 && cp "$1" "lay/blobs/sha256/$hex"
	printf '{"mediaType":"%s","digest":"sha256:%s","size":%d}' "$2" "$hex" "$(stat -c %s "$1")"
}

# Docker looks for images among the layers of others, too, and finds one that came under another name.
@test "a layer that is left out, and an image that the daemon has" {
	local manifest=application/vnd.oci.image.manifest.v1+json index=application/vnd.oci.image.index.v1+json
	local hidden=registry.example.test/hidden:1
	"$BUNDLE" export -q -o app.zst "$APP" >/dev/null
	bundle import -q --to "$DAEMON" app.zst
	expect 0
	curl -sf -H "Accept: $manifest" "http://$REGISTRY/v2/demo/app1/manifests/$APP1_AMD64" >app.json
	printf '{"architecture":"s390x","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}' >config.json
	printf '{"schemaVersion":2,"mediaType":"%s","config":%s,"layers":[%s]}' "$manifest" \
		"$(blob config.json application/vnd.oci.image.config.v1+json)" "$(blob app.json "$manifest")" >outer.json
	printf '{"schemaVersion":2,"mediaType":"%s","manifests":[%s]}' "$index" \
		"$(blob outer.json "$manifest" | jq -c '.platform = {os: "linux", architecture: "s390x"}')" >index.json
	printf '{"schemaVersion":2,"manifests":[%s]}' \
		"$(blob index.json "$index" | jq -c --arg name "$hidden" '.annotations["org.opencontainers.image.ref.name"] = $name')" \
		>lay/index.json
	printf '{"imageLayoutVersion":"1.0.0"}' >lay/oci-layout
	"$BUNDLE" export -q --attestations-only -o hidden.zst oci:lay >/dev/null
	cp "$TOP/tests/fixtures/cosign.pub" .
	printf '{"default":[{"type":"attestation","keyPath":"cosign.pub","predicateTypes":["*"],"platforms":["linux/amd64"]}]}' \
		>policy.json
	bundle import -q --to "$DAEMON" --policy policy.json hidden.zst
	complain 3 "$hidden: refused by policy.json" 'nothing that is asked for vouches for it'
	run lab_docker inspect "$hidden"
	[[ $status != 0 ]]
}

# Nor is it known what lies in an attestation that was not chosen, where the bundle lacks a part of it.
@test "an attestation of what was not chosen, and an image in it that the daemon has" {
	local manifest=application/vnd.oci.image.manifest.v1+json index=application/vnd.oci.image.index.v1+json
	local hidden=registry.example.test/hidden:2 other=registry.example.test/other:2 architecture
	"$BUNDLE" export -q -o app.zst "$APP" >/dev/null
	bundle import -q --to "$DAEMON" app.zst
	expect 0
	curl -sf -H "Accept: $manifest" "http://$REGISTRY/v2/demo/app1/manifests/$APP1_AMD64" >app.json
	for architecture in s390x riscv64 unknown; do
		printf '{"architecture":"%s","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}' "$architecture" >config.json
		printf '{"schemaVersion":2,"mediaType":"%s","config":%s,"layers":[]}' "$manifest" \
			"$(blob config.json application/vnd.oci.image.config.v1+json)" >outer.json
		[[ $architecture != unknown ]] || jq -c --argjson app "$(blob app.json "$manifest")" '.layers = [$app]' outer.json >carrier.json
		blob outer.json "$manifest" | jq -c --arg of "$architecture" '.platform = {os: "linux", architecture: $of}' >"$architecture.json"
	done
	blob carrier.json "$manifest" | jq -c --slurpfile of riscv64.json '.platform = {os: "unknown", architecture: "unknown"} | .annotations =
		{"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": $of[0].digest}' >attestation.json
	rm "lay/blobs/sha256/${APP1_AMD64#sha256:}"
	printf '{"schemaVersion":2,"mediaType":"%s","manifests":[%s,%s,%s]}' "$index" "$(<attestation.json)" "$(<s390x.json)" \
		"$(<riscv64.json)" >index.json
	printf '{"schemaVersion":2,"manifests":[%s]}' \
		"$(blob index.json "$index" | jq -c --arg name "$hidden" '.annotations["org.opencontainers.image.ref.name"] = $name')" \
		>lay/index.json
	printf '{"imageLayoutVersion":"1.0.0"}' >lay/oci-layout
	bundle export -q -o hidden.zst oci:lay
	expect 4
	bundle import -q --to "$DAEMON" --map "${hidden%:2}=${other%:2}" hidden.zst
	expect 0 "$other"
	cp "$TOP/tests/fixtures/cosign.pub" .
	printf '{"default":[{"type":"attestation","keyPath":"cosign.pub","predicateTypes":["*"],"platforms":["linux/amd64"]}]}' \
		>policy.json
	bundle import -q --to "$DAEMON" --policy policy.json --platform linux/s390x hidden.zst
	complain 3 "$hidden: refused by policy.json" 'nothing that is asked for vouches for it'
}
