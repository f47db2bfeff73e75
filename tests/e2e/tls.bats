#!/usr/bin/env bats
# TLS: certificates of a CA of one's own, clients that have to show who they are, and proxies on the way.
load helpers

setup_file() {
	certificates "$BATS_FILE_TMPDIR/tls" DNS:registry.example,IP:127.0.0.1
	export TLS=$BATS_FILE_TMPDIR/tls
	LAB_REGISTRY_TLS="{certificate: $TLS/server.crt, key: $TLS/server.key}" registry_start
}

teardown_file() { registry_stop; }
setup() { session_start; }
teardown() { session_end; }

# A folder as certs.d has it: trust CA [HOST].
trust() {
	mkdir -p "certs/${2:-$REGISTRY}"
	cp "$TLS/$1.crt" "certs/${2:-$REGISTRY}/ca.crt"
}

export_app1() {
	bundle export -q -o app1.oci.tar.zst "$@"
}

@test "a CA of one's own, in a folder that is named" {
	trust ca
	export_app1 --certs-dir certs "$REGISTRY/demo/app1:1.0"
	expect 0 "$APP1"
}

@test "a CA of one's own, in the user's folder" {
	trust ca
	mkdir -p "$HOME/.config/containers"
	mv certs "$HOME/.config/containers/certs.d"
	export_app1 "$REGISTRY/demo/app1:1.0"
	expect 0 "$APP1"
}

@test "a CA that did not sign this: refused at once, with what to do" {
	trust other
	export_app1 --certs-dir certs "$REGISTRY/demo/app1:1.0"
	complain 5 "https://$REGISTRY/v2/" certificate '--certs-dir'
	# shellcheck disable=SC2154 # of run
	[[ $stderr != *tried* && ! -e app1.oci.tar.zst ]]
}

@test "a certificate that has expired, or is for another name, needs no other CA" {
	# shellcheck disable=SC2034 # of lab.sh
	local LAB_REGISTRY_ADDR LAB_REGISTRY_PID LAB_REGISTRY_WORK LAB_REGISTRY_LOG
	# shellcheck disable=SC2154 # of run
	while IFS='|' read -r days names hint; do
		openssl x509 -req -in "$TLS/server.csr" -CA "$TLS/ca.crt" -CAkey "$TLS/ca.key" -set_serial 7 -days "$days" \
			-out bad.crt -extfile <(echo "subjectAltName=$names") 2>/dev/null
		LAB_REGISTRY_TLS="{certificate: $PWD/bad.crt, key: $TLS/server.key}" lab_registry_start "$STORAGE" 3>&-
		trust ca "$LAB_REGISTRY_ADDR"
		export_app1 --certs-dir certs "$LAB_REGISTRY_ADDR/demo/app1:1.0"
		lab_registry_stop
		complain 5 "$hint"
		[[ $stderr != *--certs-dir* ]] || fail 'a CA is asked for'
	done <<-'EOF'
		-1|IP:127.0.0.1|is the clock of this machine right?
		2|DNS:elsewhere.example|its certificate is for other names
	EOF
}

@test "a registry that is taken for what it says, with a warning each time" {
	export_app1 --insecure-skip-tls-verify "$REGISTRY/demo/app1:1.0"
	expect 0 "$APP1"
	holds stderr 'warning: --insecure-skip-tls-verify'
	export_app1 --insecure-skip-tls-verify --plain-http "$REGISTRY/demo/app1:1.0"
	[[ $status == 2 ]]
}

@test "a folder that is not there" {
	export_app1 --certs-dir nowhere "$REGISTRY/demo/app1:1.0"
	complain 1 nowhere
	export_app1 --hosts-dir nowhere "$REGISTRY/demo/app1:1.0"
	complain 1 nowhere
}

@test "a registry that wants to know its clients" {
	# shellcheck disable=SC2034 # of lab.sh
	local LAB_REGISTRY_ADDR LAB_REGISTRY_PID LAB_REGISTRY_WORK LAB_REGISTRY_LOG
	LAB_REGISTRY_TLS="{certificate: $TLS/server.crt, key: $TLS/server.key, clientcas: [$TLS/ca.crt]}" \
		lab_registry_start "$STORAGE" 3>&-
	trust ca "$LAB_REGISTRY_ADDR"
	export_app1 --certs-dir certs "$LAB_REGISTRY_ADDR/demo/app1:1.0"
	local without=$status said=$stderr
	cp "$TLS/client.crt" "certs/$LAB_REGISTRY_ADDR/client.cert"
	cp "$TLS/client.key" "certs/$LAB_REGISTRY_ADDR/client.key"
	export_app1 --certs-dir certs "$LAB_REGISTRY_ADDR/demo/app1:1.0"
	lab_registry_stop
	expect 0 "$APP1"
	[[ $without == 5 && $said == *client.cert* ]] || fail "without a certificate: $without, $said"
}

@test "nobody is asked for the passphrase of a client's key" {
	trust ca
	cp "$TLS/client.crt" "certs/$REGISTRY/client.cert"
	openssl pkey -in "$TLS/client.key" -aes256 -passout pass:secret -out "certs/$REGISTRY/client.key"
	judge export
	run --separate-stderr setsid -w "$BUNDLE" export -q --certs-dir certs -o app1.oci.tar.zst "$REGISTRY/demo/app1:1.0"
	complain 5 client.key 'the key without a passphrase'
}

@test "through a proxy, which sees no more than the name" {
	local log=$BATS_TEST_TMPDIR/connect
	trust ca registry.example
	beside_start "$log.port" connect_proxy.py --upstream "$REGISTRY" --log "$log"
	HTTPS_PROXY=http://127.0.0.1:$(<"$log.port") export_app1 --certs-dir certs registry.example/demo/app1:1.0
	expect 0 "$APP1"
	[[ $(sort -u "$log") == registry.example:443 ]]
}
