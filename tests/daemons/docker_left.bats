#!/usr/bin/env bats
# A real Docker daemon that has no image, but layers that a killed load has left: they stay for a day.
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
	APP=$REGISTRY/demo/app1:1.0
}

teardown() { session_end; }

have_come() {
	local layer
	for layer in $1; do
		[[ -n $(find "${LAB_DOCKER_SOCK%/*}" -path "*/blobs/sha256/${layer#sha256:}") ]] || return
	done
}

@test "attestations without layers, for an image whose layers are there, though no image had them" {
	local layers loading
	"$BUNDLE" export -q -o app.zst "$APP" >/dev/null
	"$BUNDLE" export -q --attestations-only -o attested.zst "$APP" >/dev/null
	layers=$("$BUNDLE" cat app.zst description | jq -r '.blobs[] | select(.role == "layer") | .digest')
	# All of the archive but its end, and then nobody any more.
	mkfifo pipe
	curl -sS --unix-socket "$LAB_DOCKER_SOCK" -X POST -T - http://docker/v1.51/images/load <pipe >said 2>&1 3>&- &
	loading=$!
	exec 7>pipe
	zstd -dc app.zst | head -c -1024 >&7
	await have_come "$layers"
	kill -KILL "$loading"
	wait "$loading" 2>/dev/null || true
	exec 7>&-
	[[ -z $(lab_docker images -aq) ]]
	bundle import -q --to "$DAEMON" attested.zst
	expect 0 "$APP  $APP1  1 platform, 1 attestation manifest" 'everything read back'
	[[ $output != *'without layers'* ]]
	[[ $(lab_docker run --rm --network=none "$APP") == 'hello world' ]]
}
