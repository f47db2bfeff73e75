#!/usr/bin/env bats
# docker bundle: this program as a plugin of the real docker.
load ../e2e/helpers

setup_file() {
	registry_start
	lab_docker_start containerd 3>&-
	export LAB_DOCKER_SOCK LAB_DOCKER_PID LAB_DOCKER_LOG
	mkdir -p "${LAB_DOCKER_SOCK%/*}/cli/cli-plugins"
	ln -s "$BUNDLE" "${LAB_DOCKER_SOCK%/*}/cli/cli-plugins/docker-bundle"
}

teardown_file() {
	lab_docker_stop
	registry_stop
}

setup() { session_start; }

teardown() { session_end; }

docker() {
	judge import
	run --separate-stderr lab_docker "$@"
}

@test "docker knows the plugin, and runs its commands" {
	docker info --format '{{range .ClientInfo.Plugins}}{{.Name}} {{.Version}} {{.Err}}{{"\n"}}{{end}}'
	expect 0 "bundle $("$BUNDLE" --version | cut -d ' ' -f 2) <nil>"
	docker bundle --version
	expect 0 "$("$BUNDLE" --version)"
	docker bundle export -q -o app.zst "$REGISTRY/demo/app1:1.0"
	expect 0 "$REGISTRY/demo/app1:1.0  $APP1"
	docker bundle import -q app.zst
	expect 0 "$REGISTRY/demo/app1:1.0  $APP1" "docker-daemon:$LAB_DOCKER_SOCK"
	docker -H "unix://$PWD/nobody.sock" bundle import -q app.zst
	[[ $status == 5 ]]
	holds stderr nobody.sock
	docker bundle import nothing.zst
	[[ $status == 1 ]]
	holds stderr 'nothing.zst'
}
