#!/usr/bin/env bats
# The docker command line against bundle serve, as against a daemon.
load ../e2e/helpers

setup_file() {
	registry_start
	cd "$BATS_FILE_TMPDIR" || return
	"$BUNDLE" export -q -o release.oci.tar.zst "$REGISTRY/demo/app1:1.0" "$REGISTRY/demo/multi:2.1"
	"$BUNDLE" serve -q --engine "unix:$PWD/engine.sock" release.oci.tar.zst 3>&- &
	export SERVE_PID=$! SOCKET=$PWD/engine.sock
	until curl -sf --unix-socket "$SOCKET" http://docker/_ping >pong; do
		kill -0 "$SERVE_PID" || return
		sleep 0.05
	done
}

teardown_file() {
	kill "$SERVE_PID"
	registry_stop
}

setup() {
	session_start
	lab_command daemon-containerd docker
	APP=$REGISTRY/demo/app1:1.0 MANY=$REGISTRY/demo/multi:2.1
}

teardown() { session_end; }

docker() {
	judge docker "$@"
	run --separate-stderr "${LAB_COMMAND[@]}" -H "unix://$SOCKET" "$@"
}

@test "docker version and docker info know whom they ask" {
	docker version --format '{{.Server.Version}} {{.Server.APIVersion}} {{.Server.MinAPIVersion}}'
	expect 0 '+bundle.' ' 1.55 1.44'
	docker info --format '{{.Images}} {{.DriverStatus}} {{.Warnings}}'
	expect 0 '2 [[driver-type io.containerd.snapshotter.v1]]' 'runs none'
}

@test "docker images lists what is in the bundle" {
	docker images --no-trunc --format '{{.Repository}}:{{.Tag}} {{.ID}}'
	expect 0 "$APP $APP1" "$MANY $MULTI"
	[[ ${#lines[@]} == 2 ]]
	docker images -q --filter 'reference=*/demo/app1'
	expect 0
	[[ $output == "${APP1:7:12}" ]]
	docker images --tree
	expect 0 linux/arm/v7 "${MULTI_ARM64:7:12}"
}

@test "docker image inspect by name, by id, and of a platform" {
	for name in "$APP" "${APP1:7:12}" "$REGISTRY/demo/app1@$APP1"; do
		docker image inspect --format '{{.Id}} {{.Architecture}} {{index .RepoTags 0}}' "$name"
		expect 0 "$APP1 amd64 $APP"
	done
	docker image inspect --platform linux/arm64 --format '{{.Id}} {{.Architecture}}' "$MANY"
	expect 0 "$MULTI_ARM64 arm64"
	docker image inspect "$REGISTRY/demo/none"
	expect 1
	# shellcheck disable=SC2154 # run sets it
	[[ $stderr == *"No such image: $REGISTRY/demo/none:latest"* ]]
}

@test "bundle attestations says of it what it says of the bundle" {
	"$BUNDLE" attestations --from "$BATS_FILE_TMPDIR/release.oci.tar.zst" "$MANY" | sort >bundle
	"$BUNDLE" attestations --from "docker-daemon:$SOCKET" "$MANY" | sort >served
	diff bundle served
}
