#!/usr/bin/env bats
# A Docker daemon that is reached by TLS, named by the environment or by a docker context.
load ../e2e/helpers

setup_file() {
	registry_start
	lab_docker_start containerd 3>&-
	export LAB_DOCKER_SOCK LAB_DOCKER_PID LAB_DOCKER_LOG TLS=$BATS_FILE_TMPDIR/tls
	docker_certificates "$TLS"
	cd "$BATS_FILE_TMPDIR" && "$BUNDLE" export -q -o app.zst "$REGISTRY/demo/app1:1.0" >/dev/null
}

teardown_file() {
	lab_docker_stop
	registry_stop
}

setup() {
	session_start
	APP=$REGISTRY/demo/app1:1.0
	cp "$BATS_FILE_TMPDIR/app.zst" .
	beside_start port tls_relay.py "$LAB_DOCKER_SOCK" "$TLS/server.crt" "$TLS/server.key" "$TLS/ca.crt"
	DAEMON=tcp://127.0.0.1:$(<port)
}

teardown() { session_end; }

# The same under docker's names; and with a CA that is not the daemon's.
docker_certificates() {
	certificates "$1" IP:127.0.0.1
	mkdir "$1/mine" "$1/other" && cd "$1" || return
	cp ca.crt mine/ca.pem && cp client.crt mine/cert.pem && cp client.key mine/key.pem
	cp other.crt other/ca.pem && cp client.crt other/cert.pem && cp client.key other/key.pem
}

@test "by DOCKER_HOST with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH, and by name" {
	export DOCKER_TLS_VERIFY=1 DOCKER_CERT_PATH=$TLS/mine
	DOCKER_HOST=$DAEMON bundle import -q app.zst
	expect 0 "$APP  $APP1" "docker-daemon:$DAEMON" 'everything read back'
	bundle import -q --to "docker-daemon:$DAEMON" app.zst
	expect 0 ' 0 B written'
	bundle attestations --from "docker-daemon:$DAEMON" "$APP"
	expect 0 linux/amd64
	bundle inventory "docker-daemon:$DAEMON"
	expect 0 "$APP1_AMD64"
	# Another CA's word counts for nothing, nor does a stranger get in.
	DOCKER_CERT_PATH=$TLS/other bundle import -q --to "docker-daemon:$DAEMON" app.zst
	complain 5 'nobody but the CA that was named for it is trusted'
	mkdir only && cp "$TLS/ca.crt" only/ca.pem
	DOCKER_CERT_PATH=$PWD/only bundle import -q --to "docker-daemon:$DAEMON" app.zst
	complain 5 'it wants another certificate'
}

@test "by a docker context, that docker itself has made" {
	export DOCKER_CONFIG=$PWD/docker
	local -a LAB_COMMAND
	lab_command daemon-containerd docker
	"${LAB_COMMAND[@]}" context create site --docker \
		"host=$DAEMON,ca=$TLS/mine/ca.pem,cert=$TLS/mine/cert.pem,key=$TLS/mine/key.pem" >/dev/null
	DOCKER_CONTEXT=site bundle import -q app.zst
	expect 0 "$APP  $APP1" "docker-daemon:$DAEMON"
	"${LAB_COMMAND[@]}" context use site >/dev/null
	bundle import -q --dry-run app.zst
	expect 0 'there already' "docker-daemon:$DAEMON"
	DOCKER_CONTEXT=none bundle import -q app.zst
	complain 1 'there is no docker context none'
}

@test "what is not spoken here is said with a way around" {
	DOCKER_HOST=ssh://site bundle import -q app.zst
	complain 1 'ssh -nNT -L' 'ssh HOST bundle import - <FILE'
	bundle import -q --to "docker-daemon:$DAEMON" app.zst
	[[ $status != 0 ]]
}
