#!/usr/bin/env bats
# Credentials with a real registry: passwords that it checks itself, and tokens that a service signs for it. Where they
# come from: files, helper programs, the command line.
load helpers

USER_NAME=alice
PASSWORD='s3cret:with/odd&chars'
# shellcheck disable=SC2016 # bcrypt, of that password
HASH='$2y$05$abcdefghijklmnopqrstuujXAAD6I9gJ1Yh5POgPKd.fgxXOsrBde'
IDENTITY=s3cret-identity-token

setup_file() {
	LAB_WORK=$BATS_FILE_TMPDIR
	STORAGE=$LAB_WORK/storage
	lab_registry_sample "$STORAGE"
	openssl req -x509 -newkey rsa:2048 -nodes -keyout "$LAB_WORK/key.pem" -out "$LAB_WORK/certificate.pem" \
		-subj /CN=token-service -days 3650 2>/dev/null
	export LAB_WORK STORAGE
}

setup() { session_start; }

# Whatever a test did: no secret is in what was printed or written.
teardown() {
	! grep -rqF -e "$PASSWORD" -e "$(encoded)" -e "$IDENTITY" -e eyJ "$BATS_TEST_TMPDIR/work" || fail 'a secret is written'
	lab_registry_stop
	session_end
}

encoded() {
	printf %s "${1:-$USER_NAME:$PASSWORD}" | base64 -w 0
}

password_registry() {
	echo "$USER_NAME:$HASH" >"$BATS_TEST_TMPDIR/htpasswd"
	LAB_REGISTRY_AUTH="{htpasswd: {realm: lab, path: $BATS_TEST_TMPDIR/htpasswd}}" lab_registry_start "$STORAGE" 3>&-
	REGISTRY=$LAB_REGISTRY_ADDR
}

# Options are those of the token service.
token_registry() {
	TOKENS=$BATS_TEST_TMPDIR/tokens.log
	rm -f "$TOKENS"
	beside_start "$BATS_TEST_TMPDIR/tokens.port" token_server.py --key "$LAB_WORK/key.pem" \
		--certificate "$LAB_WORK/certificate.pem" --service lab --issuer lab-issuer --log "$TOKENS" "$@"
	LAB_REGISTRY_AUTH="{token: {realm: 'http://127.0.0.1:$(<"$BATS_TEST_TMPDIR/tokens.port")/token', service: lab,
  issuer: lab-issuer, rootcertbundle: $LAB_WORK/certificate.pem}}" lab_registry_start "$STORAGE" 3>&-
	REGISTRY=$LAB_REGISTRY_ADDR
}

registry_again() {
	lab_registry_stop
	beside_stop
}

# What the token service was asked, through a filter of jq over the list of its records.
tokens_asked() {
	jq -sr "$1" "$TOKENS"
}

export_app1() {
	bundle export -o app1.oci.tar.zst "$@" "$REGISTRY/demo/app1:1.0"
	# shellcheck disable=SC2154 # of run
	printf '%s\n' "$output" "$stderr" >>said
}

# A file with credentials for a key: docker's or podman's form, which is one.
auth_file() {
	mkdir -p "$(dirname "$1")"
	jq -n --arg key "$2" --arg auth "$(encoded "${3:-}")" '{auths: {($key): {$auth}}}' >"$1"
}

# A helper program in PATH that has the credentials.
helper() {
	mkdir -p "$BATS_TEST_TMPDIR/bin"
	cat >"$BATS_TEST_TMPDIR/bin/docker-credential-$1"
	chmod +x "$BATS_TEST_TMPDIR/bin/docker-credential-$1"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH
}

@test "passwords from every place, for a registry that checks them" {
	password_registry
	export_app1 -q
	complain 1 401 'docker login'

	auth_file "$HOME/.docker/config.json" "$REGISTRY"
	export_app1
	expect 0 "$APP1"
	rm -r "$HOME/.docker"

	auth_file "$HOME/.config/containers/auth.json" "$REGISTRY/demo"
	export_app1
	expect 0 "$APP1"
	rm -r "$HOME/.config"

	auth_file "$BATS_TEST_TMPDIR/auth.json" "http://$REGISTRY/v2/"
	export_app1 --authfile "$BATS_TEST_TMPDIR/auth.json"
	expect 0 "$APP1"
	REGISTRY_AUTH_FILE=$BATS_TEST_TMPDIR/auth.json export_app1
	expect 0 "$APP1"
	DOCKER_AUTH_CONFIG=$(<"$BATS_TEST_TMPDIR/auth.json") export_app1
	expect 0 "$APP1"
	export_app1 -q --authfile "$BATS_TEST_TMPDIR/none.json"
	complain 1 none.json 'no such file'
}

@test "the path of a repository before its host" {
	password_registry
	jq -n --arg host "$REGISTRY" --arg good "$(encoded)" --arg bad "$(encoded alice:wrong)" \
		'{auths: {($host): {auth: $bad}, "\($host)/demo/app1": {auth: $good}}}' >"$BATS_TEST_TMPDIR/auth.json"
	export_app1 --authfile "$BATS_TEST_TMPDIR/auth.json"
	expect 0 "$APP1"
	bundle export -q --authfile "$BATS_TEST_TMPDIR/auth.json" -o multi.oci.tar.zst "$REGISTRY/demo/multi:2.1"
	complain 1 401
}

@test "a password from standard input, or from a file" {
	password_registry
	auth_file "$HOME/.docker/config.json" "$REGISTRY" alice:wrong
	export_app1 --username "$REGISTRY=$USER_NAME" --password-stdin <<<"$PASSWORD"
	expect 0 "$APP1"
	echo "$PASSWORD" >"$BATS_TEST_TMPDIR/password" && chmod 600 "$BATS_TEST_TMPDIR/password"
	export_app1 -q --username "$REGISTRY=$USER_NAME" --password-file "$BATS_TEST_TMPDIR/password"
	expect 0 "$APP1"
	[[ -z $stderr ]]
	chmod 644 "$BATS_TEST_TMPDIR/password"
	export_app1 -q --username other.example=bob --password-file /dev/fd/9 --username "$REGISTRY=$USER_NAME" \
		--password-file "$BATS_TEST_TMPDIR/password" 9<<<other
	expect 0 "$APP1"
	holds stderr "warning: $BATS_TEST_TMPDIR/password: everybody on this machine"
	holds stderr 'warning: --username other.example=bob: nothing is asked for at other.example'
	[[ $stderr != *"--username $REGISTRY"* ]]

	export_app1 -q --username "$REGISTRY=$USER_NAME"
	complain 2 --password-stdin 'export --help'
	export_app1 -q --username "$USER_NAME" --password-stdin <<<"$PASSWORD"
	complain 2 HOST=USER
	export_app1 -q --images-from - --username "$REGISTRY=$USER_NAME" --password-stdin <<<"$PASSWORD"
	complain 2 --images-from
}

@test "a helper program" {
	password_registry
	helper lab <<-EOF
		#!/bin/sh
		read -r server
		echo "\$1 \$server" >>$BATS_TEST_TMPDIR/asked
		[ "\$server" = $REGISTRY ] || { echo 'credentials not found in native keychain'; exit 1; }
		echo '$PASSWORD' >&2
		echo '{"ServerURL":"x","Username":"$USER_NAME","Secret":"$PASSWORD"}'
	EOF
	mkdir -p "$HOME/.docker"
	jq -n --arg host "$REGISTRY" '{auths: {($host): {}}, credHelpers: {($host): "lab"}}' >"$HOME/.docker/config.json"
	bundle export -o release.oci.tar.zst "$REGISTRY/demo/app1:1.0" "$REGISTRY/demo/multi:2.1"
	expect 0 "$APP1" "$MULTI"
	# Once, however many repositories there are.
	[[ $(<"$BATS_TEST_TMPDIR/asked") == "get $REGISTRY" ]]

	echo '{"credsStore": "lab"}' >"$HOME/.docker/config.json"
	export_app1
	expect 0 "$APP1"
	for broken in "exit 3" "echo '$PASSWORD'" "echo '$PASSWORD'; exit 1"; do
		printf '#!/bin/sh\n%s\n' "$broken" | helper lab
		export_app1 -q
		complain 1 docker-credential-lab config.json
	done
	echo '{"credsStore": "nowhere"}' >"$HOME/.docker/config.json"
	export_app1 -q
	complain 1 docker-credential-nowhere PATH
}

@test "tokens that a service signs" {
	token_registry
	export_app1
	expect 0 "$APP1"
	[[ $(tokens_asked '.[] | [.method, .account, .scope[]] | join(" ")') == 'GET  repository:demo/app1:pull' ]]
	cp app1.oci.tar.zst anonymous
	registry_again

	token_registry --user "$USER_NAME:$PASSWORD" --member access_token
	export_app1 -q
	complain 1 "$REGISTRY" 'refused anonymous access'
	auth_file "$HOME/.docker/config.json" "$REGISTRY" alice:wrong
	export_app1 -q
	complain 1 "$REGISTRY" 'refused the credentials of'
	auth_file "$HOME/.docker/config.json" "$REGISTRY"
	export_app1
	expect 0 "$APP1"
	[[ $(tokens_asked 'map([.method, .account, .status] | join(" ")) | join(", ")') == \
		'GET  401, GET alice 401, GET alice 200' ]]
}

@test "a service that knows only the form of OAuth" {
	token_registry --user "$USER_NAME:$PASSWORD" --refuse-get
	export_app1 -q --username "$REGISTRY=$USER_NAME" --password-stdin <<<"$PASSWORD"
	expect 0 "$APP1"
	[[ $(tokens_asked 'map([.way, .status] | join(" ")) | join(", ")') == 'get 405, password 200' ]]
}

@test "an identity token, for services that know it and those that do not" {
	mkdir -p "$HOME/.docker"
	identity() {
		jq -n --arg host "$REGISTRY" --arg token "$IDENTITY" --arg auth "$(encoded "$USER_NAME:")" \
			'{auths: {($host): {$auth, identitytoken: $token}}}' >"$HOME/.docker/config.json"
	}
	token_registry --user "$USER_NAME:$PASSWORD" --identity-token "$IDENTITY"
	identity
	export_app1
	expect 0 "$APP1"
	[[ $(tokens_asked 'map([.way, .status] | join(" ")) | join(", ")') == 'refresh_token 200' ]]
	registry_again

	# They take it for a password.
	for answer in 400 401 404 405; do
		token_registry --user "$USER_NAME:$IDENTITY" --post-status "$answer"
		identity
		export_app1
		expect 0 "$APP1"
		[[ $(tokens_asked 'map([.way, .status] | join(" ")) | join(", ")') == "refresh_token $answer, get 200" ]]
		registry_again
	done

	token_registry --identity-token "$IDENTITY"
	helper lab <<-EOF
		#!/bin/sh
		echo '{"ServerURL":"x","Username":"<token>","Secret":"$IDENTITY"}'
	EOF
	echo '{"credsStore": "lab"}' >"$HOME/.docker/config.json"
	export_app1
	expect 0 "$APP1"
	[[ $(tokens_asked 'map(.way) | join(" ")') == refresh_token ]]
}

@test "tokens that run out on the way" {
	token_registry
	export_app1 --jobs 1
	expect 0 "$APP1"
	cp app1.oci.tar.zst undisturbed
	registry_again

	# The service says that they last no time at all: each request that begins has a new one.
	token_registry --expires-in 0
	export_app1 --jobs 1
	expect 0 "$APP1"
	[[ $(tokens_asked length) -gt 10 ]]
	registry_again

	# And some have run out when they come, which only the registry knows.  Whose token it is that has run out is a
	# matter of chance, with one connection too: the next request asks for its own while one still waits to be sent
	# again.  A request has three, so two that have run out are not too many, whoever has them.
	for jobs in 1 4; do
		token_registry --expires-in 0 --expired-every 4 --expired-most 2
		export_app1 --jobs "$jobs"
		expect 0 "$APP1"
		[[ $(tokens_asked 'map(select(.expired)) | length') -eq 2 ]]
		registry_again
	done

	# One that never works ends the export.
	token_registry --expired-every 1
	export_app1 -q
	complain 1 401
	[[ $(tokens_asked length) -lt 5 ]]
}
