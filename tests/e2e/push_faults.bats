#!/usr/bin/env bats
# A registry that goes wrong while it is pushed to: what broke off goes on, what cannot be is one line, and no name is
# published before all of it is there.
load helpers

setup_file() {
	registry_start
	export RELEASE=$BATS_FILE_TMPDIR/release LAYER ROOT
	noise 12000000 >"$BATS_FILE_TMPDIR/layer"
	one_layer "$BATS_FILE_TMPDIR/oci" registry.example.test/big:1 "$BATS_FILE_TMPDIR/layer"
	"$BUNDLE" export -q -o "$RELEASE" "oci:$BATS_FILE_TMPDIR/oci" >/dev/null
}

teardown_file() { registry_stop; }
setup() { session_start; }
teardown() { session_end; }

# bundle import ARGS... - <FILE
piped() {
	local file=$1
	shift
	judge import "$@" -
	run --separate-stderr "$BUNDLE" import -q "$@" - <"$file"
}

# A repository of its own for each test: nothing of an earlier one is there.
place() {
	echo "docker://$PROXY/test$BATS_TEST_NUMBER${1:-}"
}

published() {
	local status
	status=$(curl -s -o "$BATS_TEST_TMPDIR/manifest" -w '%{http_code}' \
		-H 'Accept: application/vnd.oci.image.manifest.v1+json' "http://$REGISTRY/v2/$1/manifests/1")
	[[ $status == 200 ]]
}

# What was put to end an upload of the layer: where each began, "all" for one that did not go on with another.
ends() {
	proxy_asked "map(select(.method == \"PUT\" and (.path | test(\"digest=${LAYER/:/%3A}\")))) |
		map(.headers[\"Content-Range\"] // \"all\" | sub(\"-.*\"; \"\")) | join(\" \")"
}

# This registry forgets what breaks off in the middle of a request.
@test "an upload that breaks off is sent again" {
	proxy_start --fault "PUT .*digest=${LAYER/:/%3A}#1" take:5000000
	bundle import -q --to "$(place)" "$RELEASE"
	expect 0 "$ROOT"
	[[ $(ends) == 'all all' ]] || fail "$(ends)"
}

@test "one that was taken, and whose answer was lost, is not sent again" {
	proxy_start --fault "PUT .*digest=${LAYER/:/%3A}#1" hangup:
	bundle import -q --to "$(place)" "$RELEASE"
	expect 0 "$ROOT"
	[[ $(ends) == 'all' ]] || fail "$(ends)"
}

@test "one that is too large for one request goes in chunks, the last with the end" {
	proxy_start --fault "PUT .*digest=${LAYER/:/%3A}#1" status:413
	bundle import -q --to "$(place)" "$RELEASE"
	expect 0 "$ROOT"
	[[ $(ends) == 'all 10485760' ]] || fail "$(ends)"
	[[ $(proxy_asked 'map(select(.method == "PATCH") | .headers["Content-Range"]) | join(" ")') == '0-5242879 5242880-10485759' ]]
}

@test "one that takes a byte of each part is given up" {
	proxy_start --fault "PUT .*digest=${LAYER/:/%3A}#1" status:413 --fault 'PATCH ' drip:
	bundle import -q --to "$(place)" "$RELEASE"
	complain 1 'next to nothing'
}

@test "out of a pipe, from which nothing can be read twice" {
	proxy_start --fault "PUT .*digest=${LAYER/:/%3A}#1" take:5000000 --fault "PUT .*digest=${LAYER/:/%3A}#1" take:11000000
	piped "$RELEASE" --to "$(place)"
	expect 0 "$ROOT"
	[[ $(ends) == 'all all all' ]] || fail "$(ends)"
}

# Always the same questions, and the same of them go wrong: one that begins an upload, the one that ends the layer's, one of
# how far that has got, and those that put the manifest and the tag.
@test "a registry that answers 429 and 500 now and then" {
	proxy_start --at-once --fault '/v2/' third:7
	bundle import -q --to "docker://$PROXY/third" "$RELEASE"
	expect 0 "$ROOT"
	[[ $(ends) == 'all' ]] || fail "$(ends)"
	(($(proxy_asked 'map(select(.status == 429 or .status == 500)) | length') >= 5)) || fail 'hardly anything went wrong'
	published third/big
}

@test "killed, and run again" {
	local pid
	# In the middle of a layer, before its manifest, before the tag.
	for where in "PUT .*digest=${LAYER/:/%3A}" "PUT .*/manifests/sha256:" 'PUT .*/manifests/1$'; do
		proxy_start --fault "$where" keep:1000
		"$BUNDLE" import -q --to "$(place)" "$RELEASE" >said 2>&1 3>&- &
		pid=$!
		await proxy_stalled
		kill -9 "$pid"
		wait "$pid" 2>/dev/null || true
		beside_stop
	done
	proxy_start
	bundle import -q --to "$(place)" "$RELEASE"
	expect 0 "$ROOT"
	published "test$BATS_TEST_NUMBER/big"
	[[ $(lab_peer crane digest --insecure "$REGISTRY/test$BATS_TEST_NUMBER/big:1") == "$ROOT" ]]
}

@test "what cannot be is one line, and no name is published" {
	head -c 3000000 /dev/zero >endless
	local -A want=(
		["POST .*/uploads/ file:endless"]=1
		["PUT .*digest= file:endless"]=1
		["PUT .*/manifests/sha256: file:endless"]=1
		["POST .*/uploads/ status:403"]=1
		["POST .*/uploads/ status:404"]=1
		["POST .*/uploads/ header:Location="]=1
		["POST .*/uploads/ header:Location=http://10.0.0.1/x"]=1
		["POST .*/uploads/ header:Location=ftp://x.example/x"]=1
		["PUT .*digest= status:400"]=1
		["PUT .*digest= header:Docker-Content-Digest=$ROOT"]=3
		["PUT .*/manifests/sha256: status:400"]=1
		["PUT .*/manifests/sha256: header:Docker-Content-Digest=$LAYER"]=3
		["PUT .*/manifests/1\$ status:403"]=1
		["HEAD .*/blobs/$LAYER status:200"]=1
		["GET .*/manifests/1\$ body:nonsense"]=0
	)
	local fault n=0
	proxy_start
	for fault in "${!want[@]}"; do
		proxy_change --at-once --fault "${fault% *}" "${fault##* }"
		n=$((n + 1))
		bundle import -q --to "$(place "$n")" "$RELEASE"
		[[ ${want[$fault]} == 0 ]] || complain "${want[$fault]}"
		[[ $fault == *manifests/1* ]] || run ! published "test$BATS_TEST_NUMBER$n/big"
	done
	bundle import -q --to docker://127.0.0.1:1/x "$RELEASE"
	complain 5 127.0.0.1:1
}

@test "a registry that takes no uploads, as one that is read-only or a cache" {
	proxy_start --fault 'POST .*/uploads/' status:405
	bundle import -q --to "$(place)" "$RELEASE"
	complain 1 'answered 405' 'it takes no uploads: it is read-only, or a cache of another registry'
}

@test "a signal ends one that waits for an answer, and that is written down" {
	local pid is
	proxy_start --fault "PUT .*digest=${LAYER/:/%3A}" keep:1000
	"$BUNDLE" import -q --to "$(place)" "$RELEASE" >said 2>&1 3>&- &
	pid=$!
	await proxy_stalled
	kill -TERM "$pid"
	is=0
	wait "$pid" || is=$?
	[[ $is == 143 && $(<said) == *'interrupted by SIGTERM'* ]] || fail "$is: $(<said)"
	[[ $(tail -n 1 "$BUNDLE_STORE.journal.jsonl" | jq -r '[.result, .images[0].is] | join(" ")') == 'interrupted ' ]]
}

# At most two tags are put at a time here, so that one has its answer before the third is asked for.
@test "names that moved before another was refused are told, and written down" {
	bundle export -q -o three --map "$REGISTRY=registry.example.test" "bundle:$RELEASE" "$REGISTRY/demo/app1:1.0" \
		"$REGISTRY/demo/multi:2.1"
	expect 0
	proxy_start --fault 'PUT .*multi/manifests/2.1' status:403
	bundle import -q --jobs 1 --to "$(place)" three
	complain 1 multi
	# shellcheck disable=SC2154 # of run
	[[ $stderr == 'warning: '[12]' of 3 names w'*' published before this failed'* ]]
	jq -es 'last | .result != "ok" and (.images | map(select(.is != null)) | length >= 1) and
		(.images[] | select(.name | endswith("multi:2.1")) | .is == null)' "$BUNDLE_STORE.journal.jsonl"
}
