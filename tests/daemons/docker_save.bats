#!/usr/bin/env bats
# What docker save writes, from a daemon with the containerd image store, as a source.
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
	APP=$REGISTRY/demo/app1:1.0 MANY=$REGISTRY/demo/multi:2.1
	"$BUNDLE" export -q -o app.zst "$APP" >/dev/null
	"$BUNDLE" export -q -o both.zst "$APP" "$MANY" >/dev/null
	"$BUNDLE" import -q --to "docker-daemon:$LAB_DOCKER_SOCK" both.zst >/dev/null
}

teardown() { session_end; }

@test "an image that the daemon holds comes back under its name" {
	lab_docker save -o saved.tar "$APP"
	bundle export -q -o out.zst docker-archive:saved.tar
	expect 0 "$APP  $APP1" '1 platform, 2 statements'
	bundle verify -q --content-only out.zst
	expect 0
}

@test "several images in one archive, and one of them" {
	lab_docker save "$APP" "$MANY" | gzip >saved.tar.gz
	bundle export --dry-run docker-archive:saved.tar.gz
	expect 0 "$APP  $APP1" "$MANY  $MULTI"
	bundle export --dry-run docker-archive:saved.tar.gz:2.1
	expect 0 '1 image, 3 platforms'
}
