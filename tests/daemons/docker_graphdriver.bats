#!/usr/bin/env bats
# A Docker daemon without the containerd image store keeps no index and no attestation: it is refused.
load ../e2e/helpers

setup_file() {
	registry_start
	lab_docker_start graphdriver 3>&-
	export LAB_DOCKER_SOCK LAB_DOCKER_PID LAB_DOCKER_LOG
}

teardown_file() {
	lab_docker_stop
	registry_stop
}

setup() { session_start; }
teardown() { session_end; }

@test "import is refused before anything is written" {
	bundle export -q -o app1.oci.tar.zst "$REGISTRY/demo/app1:1.0"
	for option in --quiet --replace --strict; do
		bundle import "$option" --to "docker-daemon:$LAB_DOCKER_SOCK" app1.oci.tar.zst
		complain 1 "$LAB_DOCKER_SOCK" 'Docker 20.10' 'containerd image store' '--to store'
		[[ -z $output && -z $(lab_docker images -aq) ]]
	done
}

@test "attestations and the inventory are refused with the same words" {
	bundle attestations --from "docker-daemon:$LAB_DOCKER_SOCK" "$REGISTRY/demo/app1:1.0"
	complain 1 "$LAB_DOCKER_SOCK" 'Docker 20.10' 'containerd image store'
	bundle inventory "docker-daemon:$LAB_DOCKER_SOCK"
	complain 1 "bundle inventory: $LAB_DOCKER_SOCK: Docker 20.10" 'containerd image store'
}
