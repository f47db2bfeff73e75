#!/usr/bin/env bats
# A bundle into a real Docker daemon with the containerd image store.
load ../e2e/helpers

setup_file() {
	registry_start
	lab_docker_start containerd 3>&-
	export LAB_DOCKER_SOCK LAB_DOCKER_PID LAB_DOCKER_LOG
	lab_peer crane copy "$REGISTRY/demo/multi:2.1" "$REGISTRY/moved/app1:1.0" 2>/dev/null
	cd "$BATS_FILE_TMPDIR" || return
	"$BUNDLE" export -q -o release.oci.tar.zst "$REGISTRY/demo/app1:1.0" "$REGISTRY/demo/multi:2.1"
	"$BUNDLE" export -q -o moved.oci.tar.zst "$REGISTRY/moved/app1:1.0"
}

teardown_file() {
	lab_docker_stop
	registry_stop
}

setup() {
	session_start
	DAEMON=docker-daemon:$LAB_DOCKER_SOCK
	APP=$REGISTRY/demo/app1:1.0 MANY=$REGISTRY/demo/multi:2.1
	ln -s "$BATS_FILE_TMPDIR"/*.oci.tar.zst .
	forget_images
}

teardown() { session_end; }

forget_images() {
	local -a ids
	mapfile -t ids < <(lab_docker images -aq | sort -u)
	[[ ${#ids[@]} == 0 ]] || lab_docker rmi -f "${ids[@]}" >/dev/null
	[[ -z $(names) ]]
}

# All that "docker images -a" shows, with the digest under each name.
names() {
	lab_docker images -a --no-trunc --format '{{.Repository}}:{{.Tag}} {{.ID}}' | sort
}

both() {
	printf '%s\n' "$APP $APP1" "$MANY $MULTI" | sort
}

api() {
	curl -sS --unix-socket "$LAB_DOCKER_SOCK" "http://docker$1"
}

# What an image consists of, as the daemon tells it: manifest, kind, and of which one an attestation speaks.
manifests() {
	jq -r '.Manifests[] | [.ID, .Kind, .AttestationData.For // "-"] | join(" ")' | sort
}

@test "images come under their own names, whole, and nothing else comes" {
	bundle import --to "$DAEMON" release.oci.tar.zst
	expect 0 "$APP  $APP1  1 platform, 1 attestation manifest" "$MANY  $MULTI  3 platforms, 3 attestation manifests" \
		'everything read back'
	diff <(names) <(both)
	[[ -z $(lab_docker images -f dangling=true -q) ]]

	run -0 lab_docker run --rm --network=none "$APP"
	[[ $output == 'hello world' ]]
	run -0 lab_docker run --rm --network=none --entrypoint /bin/busybox-amd64 "$MANY" echo hello
	[[ $output == hello ]]

	diff <(api "/v1.51/images/$MANY/json?manifests=1" | manifests) \
		<(jq .body "$TOP/tests/fixtures/engine-api/inspect-manifests.json" | manifests)
	[[ $(api "/v1.51/images/$APP/json?manifests=1" | manifests | grep attestation) == \
		"$APP1_ATTESTATION attestation $APP1_AMD64" ]]
}

@test "what is there is not sent again" {
	bundle import -q --json --to "$DAEMON" release.oci.tar.zst
	expect 0
	[[ $(jq .writtenBytes <<<"$output") -gt 4500000 ]]
	bundle import -q --json --to "$DAEMON" release.oci.tar.zst
	expect 0
	[[ $(jq -r '.writtenBytes, (.images | all(.was == .digest and .readBack.digest == .digest))' <<<"$output" |
		paste -sd ' ') == '0 true' ]]

	# Under another name too, the layers stay at home.
	bundle import -q --json --map "$REGISTRY=registry.example.test" --to "$DAEMON" release.oci.tar.zst
	expect 0
	[[ $(jq .writtenBytes <<<"$output") -lt 100000 ]]
	diff <(names) <({ both && both | sed "s,^$REGISTRY,registry.example.test,"; } | sort)
}

# The daemon tells no layer's digest, but its content store does.
@test "a layer that came with another image is not sent again" {
	lab_peer crane mutate --label built=again -t "$REGISTRY/demo/app1:again" "$APP@$APP1_AMD64" 2>/dev/null
	bundle export -q -o again.zst "$REGISTRY/demo/app1:again"
	expect 0
	bundle import -q --to "$DAEMON" release.oci.tar.zst
	expect 0
	bundle import -q --json --to "$DAEMON" again.zst
	expect 0
	[[ $(jq .writtenBytes <<<"$output") -lt 20000 ]]
	run -0 lab_docker run --rm --network=none "$REGISTRY/demo/app1:again"
	[[ $output == 'hello world' ]]
}

@test "the daemon's inventory leaves out what it has" {
	bundle inventory "$DAEMON"
	expect 0 '"images": []'
	bundle import -q --to "$DAEMON" release.oci.tar.zst
	expect 0
	bundle inventory "$DAEMON"
	expect 0 "\"name\": \"$APP\"" "\"name\": \"$MANY\"" "$APP1_AMD64"
	"$BUNDLE" inventory "$DAEMON" >site.json 2>/dev/null
	bundle export -q -o again.zst --have site.json "$APP" "$MANY"
	expect 0 'left out: the site must have them'
	[[ $(jq -r '[.blobs[] | select(.role == "layer") | .stored] | unique[]' \
		<("$BUNDLE" cat again.zst description)) == prerequisite ]]
	bundle import -q --to "$DAEMON" again.zst
	expect 0
	# Elsewhere those layers are missing, and what comes then in its place has them all.
	forget_images
	bundle import -q --to "$DAEMON" --write-want want.json again.zst
	expect 6
	bundle export -q -o instead.zst --want want.json
	expect 0
	bundle import -q --to "$DAEMON" instead.zst
	expect 0
	diff <(names) <(both)
}

@test "referrers that this daemon cannot keep are listed, and --strict minds" {
	bundle import -q --json --to "$DAEMON" release.oci.tar.zst
	expect 0
	holds stderr '8 referrers' 'not kept' "warning:   application/vnd.cyclonedx+json sha256:" 'warning:   cosign signature sha256:' " of $APP1"
	[[ $(jq -c '[.lostReferrers, (.lost | length), (.lost | map(select(.kind == "cosign-att")) | length)]' <<<"$output") == '[8,8,1]' ]]
	forget_images
	bundle import -q --strict --to "$DAEMON" release.oci.tar.zst
	expect 4
	holds stderr '8 referrers' 'less than the bundle holds'
	diff <(names) <(both)
}

@test "a name that points elsewhere moves only with --replace" {
	bundle import -q --to "$DAEMON" release.oci.tar.zst
	bundle import -q --map "$REGISTRY/moved=$REGISTRY/demo" --to "$DAEMON" moved.oci.tar.zst
	complain 1 "$APP" "$APP1 there" "$MULTI here" --replace
	diff <(names) <(both)

	bundle import -q --replace --map "$REGISTRY/moved=$REGISTRY/demo" --to "$DAEMON" moved.oci.tar.zst
	expect 0 "$APP  $MULTI" "moved: $APP1 -> $MULTI"
	# Docker keeps an image that lost its last name, as it does after pull and load.
	diff <(names) <(printf '%s\n' "<none>:<none> $APP1" "$APP $MULTI" "$MANY $MULTI" | sort)
}

@test "a damaged bundle publishes nothing" {
	size=$(stat -Lc %s release.oci.tar.zst)
	# Head, description, statements and layers; what is for nobody, such as an empty seal, an import does not read.
	for at in 9 100 1000 50000 $((size / 2)) $((size - 100000)); do
		echo "# byte $at"
		cp --remove-destination "$BATS_FILE_TMPDIR/release.oci.tar.zst" damaged.oci.tar.zst
		flip damaged.oci.tar.zst "$at"
		bundle import -q --to "$DAEMON" damaged.oci.tar.zst
		complain 3 damaged.oci.tar.zst
		[[ -z $(names) ]]
	done
}

@test "a killed import publishes nothing, and the next one completes it" {
	for at in 0 100 50000 2000000 4600000; do
		echo "# killed after $at bytes"
		import_killed docker-daemon "$LAB_DOCKER_SOCK" release.oci.tar.zst "$at"
		[[ -z $(names) ]] || fail published
	done
	bundle import -q --to "$DAEMON" release.oci.tar.zst
	expect 0
	diff <(names) <(both)
	[[ $(lab_docker run --rm --network=none "$APP") == 'hello world' ]]
}

@test "a daemon that hangs up" {
	for at in 0 50000 2000000; do
		beside_start said socket_relay.py "$PWD/relay.sock" "$LAB_DOCKER_SOCK" cut "$at"
		bundle import -q --to "docker-daemon:$PWD/relay.sock" release.oci.tar.zst
		complain 5 "$PWD/relay.sock"
		beside_stop
		rm -f relay.sock
		[[ -z $(names) ]] || fail published
	done
}

@test "no daemon" {
	for arguments in "--to docker-daemon:$PWD/none.sock" ''; do
		# shellcheck disable=SC2086 # several arguments
		DOCKER_HOST=unix://$PWD/none.sock bundle import $arguments release.oci.tar.zst
		complain 5 "$PWD/none.sock" 'No such file or directory' 'start the daemon' 'embedded store'
	done
	: >file.sock
	bundle import --to "docker-daemon:$PWD/file.sock" release.oci.tar.zst
	complain 5 "$PWD/file.sock" 'Connection refused'
	bundle attestations --from "docker-daemon:$PWD/none.sock" "$APP"
	complain 5 "$PWD/none.sock" 'start the daemon'
}

@test "without --to it is Docker's own daemon, which DOCKER_HOST names" {
	DOCKER_HOST=unix://$LAB_DOCKER_SOCK bundle import -q moved.oci.tar.zst
	expect 0 "$LAB_DOCKER_SOCK (Docker 28."
	[[ $(names) == "$REGISTRY/moved/app1:1.0 $MULTI" ]]
}

@test "attestations: a daemon of API 1.51 lists what it keeps, and says what it cannot" {
	bundle import -q --to "$DAEMON" release.oci.tar.zst
	bundle attestations --from "$DAEMON" "$MANY"
	expect 0 sha256:7ca9946f6b36c56c801fb3a39c28b11128c396490f058daf700948c01cb8ee89 linux/arm/v7
	holds stderr 'begins with API 1.55'
	bundle attestations --from "$DAEMON" --platform linux/amd64 "$APP"
	expect 0 "$APP1_ATTESTATION"
	for option in --json --statement "--type=$PROVENANCE"; do
		bundle attestations --from "$DAEMON" "$option" "$APP"
		complain 1 'from 1.55 on'
	done
	bundle attestations --from "$DAEMON" "$REGISTRY/demo/none:1"
	complain 1 "no image $REGISTRY/demo/none:1"
}

@test "docker load takes the file as it is" {
	lab_docker load -q -i release.oci.tar.zst >said
	# Referrers become images without a name up to Docker 29.0.
	diff <(grep '^Loaded image: ' said | sort) <(printf 'Loaded image: %s\n' "$APP" "$MANY" | sort)
	diff <(names | grep -v '<none>') <(both)
	[[ $(lab_docker run --rm --network=none "$APP") == 'hello world' ]]
}

@test "a bundle of what docker pull would have pulled" {
	bundle import -q --to "$DAEMON" release.oci.tar.zst
	api "/v1.51/images/$APP/json?manifests=1" | manifests >imported
	forget_images
	lab_docker pull -q "$APP" >/dev/null
	diff <(api "/v1.51/images/$APP/json?manifests=1" | manifests) imported
}

# The layer is new to this daemon: what images of other tests had may still be in its content store.
@test "layers that a bundle leaves out must be there" {
	local fresh=$REGISTRY/demo/fresh manifest layer
	date +%N >fresh.txt && tar -cf fresh.tar fresh.txt
	lab_peer crane append -f "$PWD/fresh.tar" -b "$APP@$APP1_AMD64" -t "$fresh:1" 2>/dev/null
	manifest=$(lab_peer crane digest "$fresh:1") layer=$(lab_peer crane manifest "$fresh:1" | jq -r '.layers[-1].digest')
	"$BUNDLE" export -q -o first.zst "$fresh:1" >/dev/null
	lab_peer crane tag "$fresh:1" later 2>/dev/null
	"$BUNDLE" export -q -o second.zst --since first.zst "$fresh:later" "$MANY" >/dev/null
	bundle import -q --to "$DAEMON" second.zst
	expect 6
	holds stderr "missing: $layer, in $manifest of $fresh:1"
	[[ -z $(names) ]]
	bundle import -q --to "$DAEMON" first.zst
	expect 0
	bundle import -q --to "$DAEMON" second.zst
	expect 0 "$fresh:later  $manifest  1 platform" 'everything read back'
	bundle import -q --to "$DAEMON" second.zst
	expect 0 'everything read back'
	[[ $(lab_docker run --rm --network=none "$fresh:later") == "hello world" ]]
}

piped() {
	"$@" | "$BUNDLE" import -q --to "$DAEMON" -
}

@test "a bundle that comes through a pipe" {
	judge import
	run --separate-stderr piped cat release.oci.tar.zst
	expect 0 'everything read back'
	diff <(names) <(both)
	run --separate-stderr piped head -c -1 release.oci.tar.zst
	complain 3 'it ends in what begins here'
	forget_images
	run --separate-stderr piped head -c -1 release.oci.tar.zst
	complain 3 'it ends in what begins here'
	[[ -z $(names) ]]
}

@test "docker pulls out of a bundle that is served" {
	site_start -q --registry 127.0.0.1:0 release.oci.tar.zst
	SERVED=$SITE/${REGISTRY/:/-}
	lab_docker pull -q "$SITE/demo/app1:1.0"
	lab_docker pull -q --platform linux/arm64 "$SERVED/demo/multi:2.1"
	site_stop "$SITE_PID"
	diff <(printf '%s\n' "$SITE/demo/app1:1.0 $APP1" "$SERVED/demo/multi:2.1 $MULTI" | sort) <(names)
	lab_docker rmi "$SITE/demo/app1:1.0" "$SERVED/demo/multi:2.1" >/dev/null
}
