#!/usr/bin/env bats
# A bundle into the containerd behind a real Docker daemon: it comes up in Docker.
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
	SOCKET=${LAB_DOCKER_SOCK%/docker.sock}/exec/containerd/containerd.sock
	APP=$REGISTRY/demo/app1:1.0 MANY=$REGISTRY/demo/multi:2.1
	"$BUNDLE" export -q -o release.oci.tar.zst "$APP" "$MANY" >/dev/null
}

teardown() { session_end; }

names() {
	lab_docker images -a --no-trunc --format '{{.Repository}}:{{.Tag}} {{.ID}}' | sort
}

manifests() {
	curl -sS --unix-socket "$LAB_DOCKER_SOCK" "http://docker/v1.51/images/$1/json?manifests=1" |
		jq -r '.Manifests[] | [.ID, .Kind, .Available, .AttestationData.For // "-"] | join(" ")' | sort
}

@test "what comes into the containerd is in Docker, with its attestations, and what is in Docker is not sent" {
	bundle import -q --to "containerd:$SOCKET" --namespace moby --image "$APP" release.oci.tar.zst
	expect 0 'namespace moby' "$APP  $APP1  1 platform, 1 attestation manifest, 6 referrers" 'everything read back'
	[[ $(names) == "$APP $APP1" ]]
	[[ $(manifests "$APP") == *"$APP1_ATTESTATION attestation true $APP1_AMD64"* ]]
	[[ $(lab_docker run --rm --network=none "$APP") == 'hello world' ]]

	bundle import -q --to "docker-daemon:$LAB_DOCKER_SOCK" release.oci.tar.zst
	expect 0
	manifests "$MANY" >loaded
	bundle import -q --json --to "containerd:$SOCKET" --namespace moby release.oci.tar.zst
	expect 0
	# The signatures and SBOMs, which this Docker did not keep.
	[[ $(jq -r '[.writtenBytes < 100000, ([.images[].readBack.referrers] | add)] | join(" ")' <<<"$output") == 'true 8' ]]
	diff <(names) <(printf '%s\n' "$APP $APP1" "$MANY $MULTI" | sort)
	diff <(manifests "$MANY") loaded

	lab_docker rmi "$MANY" >/dev/null
	bundle import -q --to "containerd:$SOCKET" --namespace moby release.oci.tar.zst
	expect 0 "$MANY  $MULTI  3 platforms, 3 attestation manifests, 2 referrers"
	diff <(manifests "$MANY") loaded
}

@test "an image that loses its name stays, without one" {
	lab_peer crane copy "$MANY" "$REGISTRY/moved/app1:1.0" 2>/dev/null
	"$BUNDLE" export -q -o moved.zst "$REGISTRY/moved/app1:1.0" >/dev/null
	bundle import -q --to "containerd:$SOCKET" --namespace moby --image "$APP" release.oci.tar.zst
	expect 0
	bundle import -q --replace --map "$REGISTRY/moved=$REGISTRY/demo" --to "containerd:$SOCKET" --namespace moby moved.zst
	expect 0 "$APP1 -> $MULTI"
	[[ $(names) == *"<none>:<none> $APP1"* && $(names) == *"$APP $MULTI"* ]]
}

@test "docker.sock is no containerd, and containerd.sock no daemon" {
	bundle import -q --to "containerd:$LAB_DOCKER_SOCK" release.oci.tar.zst
	complain 5 "$LAB_DOCKER_SOCK" 'does not answer as containerd does' "Then use docker-daemon:$LAB_DOCKER_SOCK"
	bundle import -q --to "docker-daemon:$SOCKET" release.oci.tar.zst
	complain 1 "$SOCKET: this does not speak HTTP" "Then use containerd:$SOCKET"
}
