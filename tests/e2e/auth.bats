#!/usr/bin/env bats
# Credentials: what a registry asks for is given, to it alone, and never shown.
load helpers

USER_NAME=alice
PASSWORD='s3cret:with/odd&chars'

setup_file() { registry_start; }
teardown_file() { registry_stop; }
setup() { session_start; }

# Whatever a test did: no secret is in what was printed or written.
teardown() {
	! grep -rqF -e "$PASSWORD" -e "$(encoded)" -e secret-token "$BATS_TEST_TMPDIR/work" || fail 'a secret is written'
	session_end
}

encoded() {
	printf %s "${1:-$USER_NAME:$PASSWORD}" | base64 -w 0
}

# As docker login writes it, for these hosts.
login() {
	local credentials=$1 host
	shift
	mkdir -p "$HOME/.docker"
	for host in "$@"; do
		jq -n --arg host "$host" --arg auth "$(encoded "$credentials")" '{($host): {$auth}}'
	done | jq -s '{auths: add}' >"$HOME/.docker/config.json"
}

export_app1() {
	bundle export -o app1.oci.tar.zst "$@" "$PROXY/demo/app1:1.0"
	# shellcheck disable=SC2154 # of run
	printf '%s\n' "$output" "$stderr" >said
}

# The ways in which requests were authorized, each once: "Basic", "Bearer", "none".
ways() {
	proxy_asked "map(select($1) | .headers.Authorization // \"none\" | split(\" \")[0]) | unique | join(\" \")"
}

@test "Basic, with the credentials of docker login" {
	proxy_start --auth basic --user "$USER_NAME:$PASSWORD"
	login "$USER_NAME:$PASSWORD" other.example "$PROXY"
	export_app1
	expect 0 "$APP1"
	[[ $(ways '.status == 200') == Basic ]]
	# Asked once, not for each request.
	[[ $(proxy_asked 'map(select(.status == 401)) | length') == 1 ]]

	DOCKER_CONFIG=$BATS_TEST_TMPDIR/nowhere bundle export -q -o new.oci.tar.zst "$PROXY/demo/app1:1.0"
	complain 1 "$PROXY" 401 'docker login'
	mkdir "$BATS_TEST_TMPDIR/docker" && mv "$HOME/.docker/config.json" "$BATS_TEST_TMPDIR/docker"
	DOCKER_CONFIG=$BATS_TEST_TMPDIR/docker bundle export -q -o new.oci.tar.zst "$PROXY/demo/app1:1.0"
	expect 0
}

@test "a token for anybody" {
	proxy_start --auth bearer
	export_app1
	expect 0 "$APP1"
	[[ $(ways '.path == "/v2/demo/app1/manifests/1.0" and .status == 200') == Bearer ]]
	[[ $(proxy_asked 'map(select(.path | startswith("/token"))) | length') == 1 ]]
	[[ $(proxy_asked '.[] | select(.path | startswith("/token")) | .path') == \
		'/token?service=fault-proxy&scope=repository%3Ademo%2Fapp1%3Apull' ]]
}

@test "a token for one who has the password" {
	proxy_start --auth bearer --user "$USER_NAME:$PASSWORD"
	login "$USER_NAME:$PASSWORD" "$PROXY"
	export_app1
	expect 0 "$APP1"
	# The password goes to the token service only.
	[[ $(ways '.path | startswith("/token")') == Basic ]]
	[[ $(ways '.path | startswith("/v2/demo")') == 'Bearer none' ]]
}

@test "each repository has a token of its own" {
	proxy_start --auth bearer --user "$USER_NAME:$PASSWORD"
	login "$USER_NAME:$PASSWORD" "$PROXY"
	bundle export -q -o release.oci.tar.zst "$PROXY/demo/app1:1.0" "$PROXY/demo/multi:2.1"
	expect 0 "$APP1" "$MULTI"
	[[ $(proxy_asked 'map(select(.path | startswith("/token"))) | length') == 2 ]]
}

@test "credentials that do not fit, or are missing" {
	while IFS='|' read -r scheme credentials text; do
		echo "# $scheme $credentials"
		rm -f "$HOME/.docker/config.json"
		proxy_start --auth "$scheme" --user "$USER_NAME:$PASSWORD"
		[[ -z $credentials ]] || login "$credentials" "$PROXY"
		export_app1 -q
		complain 1 "$PROXY" "$text" 'docker login'
		[[ $(ls -A) == said ]]
		# It does not try for ever.
		[[ $(proxy_asked length) -lt 10 ]]
		beside_stop
	done <<-'EOF2'
		basic||no credentials for
		basic|alice:wrong|.docker/config.json
		bearer||refused anonymous access
		bearer|alice:wrong|refused the credentials of
	EOF2
}

@test "docker's file with something else in it" {
	proxy_start --auth basic --user "$USER_NAME:$PASSWORD"
	mkdir -p "$HOME/.docker"
	while IFS='|' read -r wanted text config; do
		echo "# $config"
		echo "${config//HOST/$PROXY}" >"$HOME/.docker/config.json"
		export_app1 -q
		complain "$wanted" "$text"
	done <<-'EOF2'
		1|config.json|not json
		1|config.json|{"auths": {"HOST": {"auth": "????"}}}
		1|config.json|{"auths": {"HOST": {"auth": "YWxpY2U="}}}
		1|401|{}
		1|401|{"auths": {"other.example": {"auth": "YWxpY2U6YWxpY2U="}}}
	EOF2
	jq -n --arg host "$PROXY" --arg user "$USER_NAME" --arg password "$PASSWORD" \
		'{auths: {($host): {username: $user, $password}}}' >"$HOME/.docker/config.json"
	export_app1
	expect 0
}

@test "a token service that fails" {
	while IFS='|' read -r fault wanted text; do
		echo "# $fault"
		proxy_start --at-once --auth bearer --fault '^/token' "$fault"
		export_app1 -q
		complain "$wanted" "$PROXY" "$text"
		beside_stop
	done <<-'EOF2'
		status:500|5|token service answered with status 500
		status:429|5|token service answered with status 429
		status:404|1|token service answered with status 404
		cut:3|5|asking for a token
		body:{}|1|without a token
		body:<html>|1|not valid JSON
		body:{"token":"a\r\nX-Injected: b"}|1|without a token
	EOF2
}

@test "a token service that hangs up now and then" {
	for fault in hangup: cut:3 status:503; do
		proxy_start --at-once --auth bearer --fault '^/token#1' "$fault"
		export_app1
		expect 0 "$APP1"
		[[ $(proxy_asked 'map(select(.path | startswith("/token"))) | length') == 2 ]]
		beside_stop
	done
}

@test "a token that expires in the middle of a blob is renewed, and the blob goes on" {
	proxy_start --at-once --auth bearer --token-uses 1 --fault "/blobs/$APP1_LAYER#2" cut:1000000 \
		--fault "/blobs/$APP1_LAYER#3" cut:100000
	export_app1 --jobs 1
	expect 0 "$APP1"
	[[ $(proxy_asked "[.[] | select(.path | contains(\"$APP1_LAYER\")) | .headers.Range // \"all\"] | unique | join(\" \")") == \
		'all bytes=1000000- bytes=1100000-' ]] || fail 'asked for other bytes'
}

@test "a token that expires on the way is renewed" {
	proxy_start --auth bearer --token-uses 7
	export_app1 --jobs 1
	expect 0 "$APP1"
	[[ $(proxy_asked 'map(select(.path | startswith("/token"))) | length') -gt 3 ]]
	cp app1.oci.tar.zst one
	beside_stop

	# With several requests under way at the moment.
	proxy_start --auth bearer --token-uses 20
	export_app1 --jobs 4
	expect 0 "$APP1"
	[[ $(proxy_asked 'map(select(.path | startswith("/token"))) | length') -gt 1 ]]
}

@test "a registry that says only at /v2/ what it wants" {
	for scheme in basic bearer; do
		proxy_start --auth "$scheme" --user "$USER_NAME:$PASSWORD" --challenge-ping-only
		login "$USER_NAME:$PASSWORD" "$PROXY"
		export_app1
		expect 0 "$APP1"
		[[ $(proxy_asked 'map(select(.path == "/v2/")) | length') == 1 ]]
		beside_stop
	done
}

@test "a registry that refuses and says nothing" {
	proxy_start --auth basic --user "$USER_NAME:$PASSWORD" --fault . header:WWW-Authenticate=
	login "$USER_NAME:$PASSWORD" "$PROXY"
	export_app1 -q
	complain 1 "$PROXY" 'does not say which credentials it wants'
	# Nobody asked for the password, so nobody got it.
	[[ $(ways true) == none ]]
}

@test "credentials do not follow a redirect to another host" {
	for scheme in basic bearer; do
		proxy_start
		elsewhere=$PROXY elsewhere_log=$PROXY_LOG
		proxy_start --auth "$scheme" --user "$USER_NAME:$PASSWORD" --fault /blobs/ "redirect:http://$elsewhere"
		login "$USER_NAME:$PASSWORD" "$PROXY"
		export_app1
		expect 0 "$APP1"
		[[ $(ways '.status == 307') != none ]]
		[[ $(jq -s length "$elsewhere_log") -gt 5 ]]
		[[ $(jq -s 'map(select(.headers.Authorization)) | length' "$elsewhere_log") == 0 ]]
		beside_stop
	done
}

@test "a host that a redirect leads to may not ask for credentials" {
	for scheme in basic bearer; do
		proxy_start --auth "$scheme" --user "$USER_NAME:$PASSWORD"
		elsewhere=$PROXY elsewhere_log=$PROXY_LOG
		proxy_start --auth basic --user "$USER_NAME:$PASSWORD" --fault /blobs/ "redirect:http://$elsewhere"
		login "$USER_NAME:$PASSWORD" "$PROXY"
		export_app1 -q
		complain 1 "$PROXY" 401
		[[ $(jq -s length "$elsewhere_log") -gt 0 ]]
		[[ $(jq -s 'map(select(.headers.Authorization)) | length' "$elsewhere_log") == 0 ]]
		[[ $(jq -s 'map(select(.path | startswith("/token"))) | length' "$elsewhere_log") == 0 ]]
		beside_stop
	done
}

@test "where a redirect led stays out of messages: such places carry secrets" {
	proxy_start --fault /blobs/ status:403
	elsewhere=$PROXY
	proxy_start --fault "/blobs/$APP1_LAYER" "redirect:http://$elsewhere/signed-secret-token"
	export_app1 -q
	complain 1 "http://$PROXY/v2/demo/app1/blobs/$APP1_LAYER" 403
}

@test "a redirect that never ends" {
	proxy_start
	elsewhere=$PROXY
	proxy_start --fault "/blobs/$APP1_LAYER" redirect:
	export_app1 -q
	complain 5 "$APP1_LAYER" redirect
	[[ $(proxy_asked 'map(select(.status == 307)) | length') -lt 10 ]]
}
