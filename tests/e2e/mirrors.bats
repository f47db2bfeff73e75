#!/usr/bin/env bats
# Mirrors: of containerd's hosts.toml and of registries.conf; what one has not comes from the next.
load helpers

setup_file() { registry_start; }
teardown_file() { registry_stop; }

setup() {
	session_start
	export CONTAINERS_REGISTRIES_CONF=$BATS_TEST_TMPDIR/registries.conf
	: >"$CONTAINERS_REGISTRIES_CONF"
	mkdir -p "hosts/registry.example"
}

teardown() { session_end; }

# registry.example is the real one, and these are its mirrors.
registries_conf() {
	local mirror
	{
		printf '[[registry]]\nprefix = "registry.example"\nlocation = "%s"\n' "$REGISTRY"
		for mirror in "$@"; do
			printf '[[registry.mirror]]\nlocation = "%s"\n' "$mirror"
		done
	} >"$CONTAINERS_REGISTRIES_CONF"
}

hosts_toml() {
	{
		printf 'server = "http://%s"\n' "$REGISTRY"
		printf '[host."http://%s"]\ncapabilities = [%s]\n' "$1" "$2"
	} >hosts/registry.example/hosts.toml
}

export_app1() {
	bundle export -o app1.oci.tar.zst "$@" registry.example/demo/app1:1.0
}

# The same bytes as without any mirror.
expect_as_without() {
	expect 0 "registry.example/demo/app1:1.0  $APP1"
	mv app1.oci.tar.zst with.oci.tar.zst
	registries_conf
	bundle export -q -o app1.oci.tar.zst registry.example/demo/app1:1.0
	expect 0
	cmp app1.oci.tar.zst with.oci.tar.zst
}

@test "a name that stands for another place" {
	registries_conf
	export_app1
	expect 0 "registry.example/demo/app1:1.0  $APP1"
	printf '[[registry]]\nprefix = "registry.example/apps"\nlocation = "%s/demo"\n' "$REGISTRY" \
		>"$CONTAINERS_REGISTRIES_CONF"
	bundle export -q -o apps.oci.tar.zst registry.example/apps/app1:1.0
	expect 0 "registry.example/apps/app1:1.0  $APP1"
}

@test "a registry that may be asked without TLS: that it is so is news, but none that --quiet lets through" {
	printf '[[registry]]\nprefix = "registry.example"\nlocation = "%s"\ninsecure = true\n' "$REGISTRY" >"$CONTAINERS_REGISTRIES_CONF"
	export_app1
	expect 0 "registry.example/demo/app1:1.0  $APP1"
	holds stderr "asked at http://$REGISTRY from now on, because https://$REGISTRY failed"
	rm app1.oci.tar.zst
	export_app1 -q
	expect 0 "registry.example/demo/app1:1.0  $APP1"
	[[ -z $stderr ]]
}

@test "a registry that is blocked" {
	printf '[[registry]]\nlocation = "registry.example"\nblocked = true\n' >"$CONTAINERS_REGISTRIES_CONF"
	bundle export -q -o app1.oci.tar.zst registry.example/demo/app1:1.0
	complain 1 'registry.example/demo/app1: blocked by' registries.conf
}

@test "a configuration that cannot be read is no reason to go another way" {
	echo 'location =' >"$CONTAINERS_REGISTRIES_CONF"
	bundle export -q -o app1.oci.tar.zst registry.example/demo/app1:1.0
	complain 1 'registries.conf: line 1'
}

@test "a mirror that is down: said once, and the registry itself is asked" {
	registries_conf 127.0.0.1:1
	export_app1
	# shellcheck disable=SC2154 # of run
	[[ $(grep -c 'http://127.0.0.1:1 failed' <<<"$stderr") == 1 ]] || fail 'not said, or too often'
	expect_as_without
}

@test "a mirror that has a part" {
	# shellcheck disable=SC2034 # of lab.sh
	local LAB_REGISTRY_ADDR LAB_REGISTRY_PID LAB_REGISTRY_WORK LAB_REGISTRY_LOG
	cp -a "$STORAGE" "$BATS_TEST_TMPDIR/part"
	rm -r "$BATS_TEST_TMPDIR/part/docker/registry/v2/repositories/demo/app1/_layers/sha256/${APP1_LAYER#*:}"
	lab_registry_start "$BATS_TEST_TMPDIR/part" 3>&-
	registries_conf "$LAB_REGISTRY_ADDR"
	export_app1
	lab_registry_stop
	holds stderr 'has not all of it'
	expect_as_without
}

@test "a mirror that is a cache, before which the registry itself has little to do" {
	# shellcheck disable=SC2034 # of lab.sh
	local LAB_REGISTRY_ADDR LAB_REGISTRY_PID LAB_REGISTRY_WORK LAB_REGISTRY_LOG
	proxy_start
	LAB_REGISTRY_PROXY="{remoteurl: \"http://$REGISTRY\"}" lab_registry_start "$BATS_TEST_TMPDIR/cache" 3>&-
	hosts_toml "$LAB_REGISTRY_ADDR" '"pull", "resolve"'
	sed -i "s|^server = .*|server = \"http://$PROXY\"|" hosts/registry.example/hosts.toml
	export_app1 --hosts-dir hosts
	lab_registry_stop
	[[ $(proxy_asked 'map(select(.path | test("/blobs/"))) | length') == 0 ]] || fail 'a blob came from the registry'
	# Referrers and cosign's tags are asked for at the registry itself.
	[[ $(proxy_asked 'map(select(.path | test("/referrers/"))) | length') != 0 ]] || fail 'no referrers were asked for'
	expect_as_without
}

@test "a mirror learns whose images are meant, and may not say what a tag is" {
	proxy_start
	hosts_toml "$PROXY" '"pull"'
	export_app1 --hosts-dir hosts
	[[ $(proxy_asked 'map(.path | test("[?&]ns=registry.example$")) | unique | tostring') == '[true]' ]]
	[[ $(proxy_asked 'map(select(.path | test("/manifests/1.0"))) | length') == 0 ]]
	[[ $(proxy_asked 'map(select(.path | test("/blobs/"))) | length') != 0 ]]
	expect_as_without
}

@test "a mirror that sends something else" {
	proxy_start --fault '/manifests/sha256' corrupt:10
	hosts_toml "$PROXY" '"pull"'
	export_app1 --hosts-dir hosts
	holds stderr "http://$PROXY failed"
	expect_as_without
}

@test "a layer that breaks off at a mirror goes on at the registry" {
	proxy_start --fault "/blobs/$APP1_LAYER#1" cut:100 --fault "/blobs/$APP1_LAYER#2+" status:403
	hosts_toml "$PROXY" '"pull"'
	export_app1 --hosts-dir hosts
	expect_as_without
}
