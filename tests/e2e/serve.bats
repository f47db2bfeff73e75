#!/usr/bin/env bats
# bundle serve in the hands of an operator: what is served and what is not, what is written, how it ends, and who means harm.
load helpers

setup_file() {
	registry_start
	cd "$BATS_FILE_TMPDIR" || return
	"$BUNDLE" export -q -o app.zst "$REGISTRY/demo/app1:1.0" >/dev/null
	"$BUNDLE" export -q -o multi.zst "$REGISTRY/demo/multi:2.1" >/dev/null
	noise 9000000 >layer
	openssl genpkey -algorithm ed25519 -out key.pem
	openssl pkey -in key.pem -pubout -out key.pub
}

teardown_file() { registry_stop; }

setup() {
	session_start
	cp "$BATS_FILE_TMPDIR"/{app,multi}.zst .
	APP=$REGISTRY/demo/app1:1.0
}

teardown() {
	[[ -z ${SITE_PID:-} ]] || kill -KILL "$SITE_PID" 2>/dev/null || true
	session_end
}

# Runs as a child of this shell, so that its exit status can be had: SITE and SITE_LOG as site_start sets them.
serve() {
	SITE_LOG=$PWD/log
	rm -f "$SITE_LOG" # that of the one before says where that one listened
	"$BUNDLE" serve "$@" </dev/null >said 2>"$SITE_LOG" 3>&- &
	SITE_PID=$!
	await grep -q 'listening at' "$SITE_LOG"
	SITE=$(sed -n 's/.*listening at \([^ ]*\).*/\1/p;T;q' "$SITE_LOG")
}

# It ends by a signal with this status.
ends() {
	local is=0
	kill "-${2:-TERM}" "$SITE_PID"
	wait "$SITE_PID" || is=$?
	SITE_PID=
	[[ $is == "$1" ]]
}

# Nobody listens there any more.
refuses() {
	! (: 2>/dev/null <"/dev/tcp/${SITE/:/\/}")
}

code() {
	curl -s -o body -w '%{http_code}' "$@"
}

# An image of one gzip layer of 9 MB, in big.zst; LAYER is its digest.
big_bundle() {
	one_layer oci "$REGISTRY/demo/big:1" "$BATS_FILE_TMPDIR/layer"
	"$BUNDLE" export -q -o big.zst oci:oci >/dev/null
}

@test "it answers at each address, writes a line for each request, and ends by a signal" {
	serve --engine "unix:$PWD/engine.sock" --registry 127.0.0.1:0 app.zst multi.zst
	grep -qx "bundle serve: engine: listening at unix:$PWD/engine.sock" log
	address=$(sed -n 's/.*registry: listening at //p' log)
	[[ $(stat -c %a engine.sock) == 660 ]]
	[[ $(code --unix-socket engine.sock http://localhost/_ping) == 200 && $(<body) == OK ]]
	[[ $(code --unix-socket engine.sock "http://localhost/v1.55/images/$APP/attestations") == 200 ]]
	jq -e 'length == 2' body
	[[ $(code "http://$address/v2/demo/multi/manifests/2.1") == 200 ]]
	[[ sha256:$(sha256sum <body | cut -d ' ' -f 1) == "$MULTI" ]]
	[[ $(code -A 'a "client"' "http://$address/no/such?x") == 404 ]]
	ends 0
	[[ ! -e engine.sock && ! -s said ]]
	grep -Eq '^- - - \[[^]]*\] "GET /_ping HTTP/1.1" 200 2 "-" "curl/[^"]*" [0-9.]+$' log
	grep -Eq '^127.0.0.1 - - \[[^]]*\] "GET /no/such\?x HTTP/1.1" 404 [0-9]+ "-" "a \\x22client\\x22" [0-9.]+$' log
	[[ $(wc -l <log) == 6 ]]
}

@test "the access log goes to a file, or nowhere" {
	serve --registry 127.0.0.1:0 --access-log access app.zst
	[[ $(code "http://$SITE/v2/") == 200 ]]
	ends 0 INT
	[[ $(wc -l <log) == 1 && $(wc -l <access) == 1 ]]
	serve --registry 127.0.0.1:0 --quiet app.zst
	[[ $(code "http://$SITE/v2/") == 200 ]]
	ends 0
	[[ $(wc -l <log) == 1 ]]
}

@test "a bundle that is pulled out or replaced is answered for with 503, and the others go on" {
	serve --engine 127.0.0.1:0 app.zst multi.zst
	attestations=http://$SITE/images/$APP/attestations
	[[ $(code "$attestations") == 200 ]]
	mv app.zst elsewhere
	[[ $(code -D headers "$attestations") == 503 ]]
	jq -e '.message | contains("app.zst: is not there any more")' body
	grep -q '^Retry-After: ' headers
	[[ $(code "http://$SITE/images/$REGISTRY/demo/multi:2.1/json") == 200 ]]
	mv elsewhere app.zst # the same one is back
	[[ $(code "$attestations") == 200 ]]
	cp multi.zst app.zst
	[[ $(code "$attestations") == 503 ]]
	jq -e '.message | contains("app.zst: is not the bundle that was opened")' body
	[[ $(code "http://$SITE/_ping") == 200 ]]
	ends 0
	grep -q '^bundle serve: engine: GET /images/.*: app.zst: is not there any more' log
}

@test "without a seal by the keys of the site nothing is served" {
	bundle serve --registry 127.0.0.1:0 --key "$BATS_FILE_TMPDIR/key.pub" app.zst
	complain 3 'app.zst: origin not proved' 'it is unsigned'
	"$BUNDLE" sign --key "$BATS_FILE_TMPDIR/key.pem" app.zst
	bundle serve --registry 127.0.0.1:0 --key "$BATS_FILE_TMPDIR/key.pub" app.zst multi.zst
	complain 3 'multi.zst: origin not proved'
	serve --registry 127.0.0.1:0 --key "$BATS_FILE_TMPDIR/key.pub" app.zst
	[[ $(code "http://$SITE/v2/demo/app1/manifests/1.0") == 200 ]]
	ends 0
	flip app.zst 400 # in the description
	bundle serve --registry 127.0.0.1:0 app.zst
	complain 3 app.zst
}

@test "a damaged layer never leaves whole, and what is beside it does" {
	big_bundle
	flip big.zst $(($(stat -c %s big.zst) / 2))
	serve --registry 127.0.0.1:0 big.zst
	for _ in 1 2; do
		run -18 curl -s -o layer "http://$SITE/v2/demo/big/blobs/$LAYER"
		(($(stat -c %s layer) < 9000000))
	done
	[[ $(code "http://$SITE/v2/demo/big/manifests/1") == 200 ]]
	ends 0
	(($(grep -c 'the connection is cut before its last byte: content is sha256:' log) == 2))
}

@test "a stop lets a download end; a second signal does not" {
	big_bundle
	serve --registry 127.0.0.1:0 big.zst
	mkfifo held
	for wanted in 0 18; do
		# What it does not read it holds up: it takes nothing more than what fits into buffers until this shell reads.
		curl -s "http://$SITE/v2/demo/big/blobs/$LAYER" >held 3>&- &
		client=$!
		exec 4<held
		head -c 1000 <&4 >got
		kill "$SITE_PID"
		await refuses
		((wanted == 0)) || kill "$SITE_PID"
		((wanted == 0)) || await _lab_gone "$SITE_PID"
		cat <&4 >rest
		exec 4<&-
		is=0
		wait "$client" || is=$?
		[[ $is == "$wanted" ]] || fail "client $is, wanted $wanted: $(cat log) $(stat -c %s got rest)"
		wait "$SITE_PID"
		serve --registry 127.0.0.1:0 big.zst
	done
	ends 0
}

@test "a layer of a layout that is shorter or longer than its manifest says is not sent, in whole or in part" {
	big_bundle
	file=oci/blobs/sha256/${LAYER#sha256:}
	for size in 5000000 9000001 0; do
		truncate -s "$size" "$file"
		serve --registry 127.0.0.1:0 oci:oci
		for range in 0- 4999999-5000000 5000000-5000000 6000000-; do
			[[ $(code -m 60 -r "$range" "http://$SITE/v2/demo/big/blobs/$LAYER") == 500 ]]
		done
		[[ $(code -m 60 "http://$SITE/v2/demo/big/blobs/$LAYER") == 500 ]]
		grep -q "its manifest says 9000000" log
		ends 0
	done
}

@test "what an import brings to the store is there for the next request" {
	serve --engine 127.0.0.1:0
	[[ $(code "http://$SITE/images/json") == 200 && $(<body) == '[]'* ]]
	grep -qF "warning: the store $BUNDLE_STORE has no images yet" "$SITE_LOG"
	"$BUNDLE" import -q --to store app.zst >/dev/null
	[[ $(code "http://$SITE/images/$APP/attestations") == 200 ]]
	"$BUNDLE" import -q --to store multi.zst >/dev/null
	[[ $(code "http://$SITE/images/json") == 200 ]]
	jq -e 'length == 2' body
	ends 0
}

@test "root becomes somebody else, who could not open what is served" {
	((EUID == 0)) || skip 'for root only'
	chmod 600 app.zst
	serve --registry 127.0.0.1:0 --user nobody app.zst
	[[ $(stat -c %U "/proc/$SITE_PID") == nobody ]]
	grep -q '^NoNewPrivs:.1' "/proc/$SITE_PID/status"
	grep -q '^CapEff:.0000000000000000' "/proc/$SITE_PID/status"
	[[ $(code "http://$SITE/v2/demo/app1/manifests/1.0") == 200 ]]
	ends 0
}

@test "a unix socket belongs to whom root becomes" {
	((EUID == 0)) || skip 'for root only'
	serve --engine "unix:$PWD/site.sock" --user nobody app.zst
	[[ $(stat -c '%U %g %a' site.sock) == "nobody $(id -g nobody) 660" ]]
	[[ $(code --unix-socket site.sock http://site/images/json) == 200 ]]
	ends 0
}

@test "what cannot be asked for is refused before anything is opened" {
	bundle serve app.zst
	complain 2 'where? --registry 127.0.0.1:5000'
	bundle serve --engine 0.0.0.0:0 app.zst
	complain 2 '--engine 0.0.0.0:0: the Engine API knows neither who asks nor TLS'
	bundle serve --registry :0 app.zst
	complain 2 '--registry [::]:0: other machines would ask without TLS'
	bundle serve --registry registry.example.com:5000 app.zst
	complain 2 'registry.example.com is no IP address'
	bundle serve --registry 127.0.0.1:0 --tls-cert x app.zst
	complain 2 '--tls-cert and --tls-key belong together'
	bundle serve --engine 127.0.0.1:0 --user no-such-user app.zst
	complain 2 --user
	bundle serve --registry 127.0.0.1:0 --key "$BATS_FILE_TMPDIR/key.pub"
	complain 2 'for bundle files'
	bundle serve --registry 127.0.0.1:0 missing.zst
	complain 1 'missing.zst: no such file'
	bundle serve --registry 127.0.0.1:0 oci:missing
	complain 1 missing
	bundle serve --registry 127.0.0.1:0 "$BATS_FILE_TMPDIR/layer"
	complain 3 layer
	bundle serve --registry "$REGISTRY" app.zst
	complain 1 'somebody listens there already'
}

@test "who means harm gets an answer of the right kind, and the next client is served" {
	serve --engine 127.0.0.1:0 --quiet app.zst
	printf -v long '%*s' 20000 ''
	[[ $(code "http://$SITE/${long:0:8200}" ) != 200 ]]
	[[ $(code "http://$SITE/${long// /a}") == 414 ]]
	[[ $(code -H "X: ${long// /a}" "http://$SITE/_ping") == 431 ]]
	[[ $(code --path-as-is "http://$SITE/../../etc/passwd") == 400 ]]
	[[ $(code --path-as-is "http://$SITE/images/%2e%2e%2f%2e%2e/json") == 400 ]]
	[[ $(code "http://$SITE/images/%00/json") == 400 ]]
	[[ $(code -X POST --data-binary "@$BATS_FILE_TMPDIR/layer" "http://$SITE/images/load") == 40[45] ]]
	for garbage in 'x\r\n\r\n' '\x16\x03\x01\x02\x00\x01\x00' 'GET\r\n\r\n' 'GET / HTTP/9.9\r\n\r\n' 'GET /_ping HTTP/1.1\r\nContent-Length: -1\r\n\r\n'; do
		exec 4<>"/dev/tcp/${SITE/:/\/}"
		printf '%b' "$garbage" >&4
		exec 4<&-
	done
	[[ $(code "http://$SITE/_ping") == 200 ]]
	ends 0
}
