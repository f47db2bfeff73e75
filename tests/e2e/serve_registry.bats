#!/usr/bin/env bats
# A bundle as a registry: real clients pull from it as it lies there, and it keeps the rules of the distribution API.
load helpers

HOST=registry.example.test

setup_file() {
	registry_start
	cd "$BATS_FILE_TMPDIR" || return
	"$BUNDLE" export -q --plain-http -o all.oci.tar.zst --map "$REGISTRY=$HOST" "$REGISTRY/demo/app1:1.0" \
		"$REGISTRY/demo/multi:2.1"
	site_start --registry 127.0.0.1:0 all.oci.tar.zst
	export SITE SITE_PID
}

teardown_file() {
	site_stop "$SITE_PID"
	registry_stop
}

setup() {
	session_start
	FILE=$BATS_FILE_TMPDIR/all.oci.tar.zst
}

teardown() {
	session_end
}

# What an answer has: status, and a header.
get() {
	local uri=$1
	shift
	rm -f body
	curl -sS -o body -D headers -w '%{http_code}' "$@" "http://$SITE$uri"
}

header() {
	sed -n "s/^$1: \(.*\)\r$/\1/Ip" headers
}

# Each line: method, path, status, error code or -.  One curl asks for all of them.
answers() {
	local method path status code n=0
	: >asked
	: >wanted
	: >codes
	while read -r method path status code; do
		printf 'next\nsilent\nrequest = "%s"\nurl = "http://%s/v2/%s"\noutput = "%d.body"\nwrite-out = "%%{http_code} %s %s\\n"\n' \
			"$method" "$SITE" "$path" "$((++n))" "$method" "$path" >>asked
		echo "$status $method $path" >>wanted
		[[ $code == - ]] || echo "$n.body $code" >>codes
	done
	curl -K <(tail -n +2 asked) | diff wanted - || fail 'other answers' || return
	# shellcheck disable=SC2046 # words
	jq -r '.errors[] | select(.message != "") | input_filename + " " + .code' $(cut -d ' ' -f 1 codes) | diff codes - ||
		fail 'other errors'
}

# ---- The rules of the distribution API ----

@test "what is there is given, and what is not is said by its code" {
	nothing=sha256:b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9
	answers <<-EOF
		GET  $HOST/demo/app1/manifests/1.0 200 -
		GET  demo/app1/manifests/1.0 200 -
		GET  demo/app1/manifests/1.0?ns=$HOST 200 -
		GET  demo/app1/manifests/1.0?ns=docker.io 404 NAME_UNKNOWN
		GET  demo/app1/manifests/$APP1 200 -
		GET  demo/app1/manifests/$APP1_AMD64 200 -
		GET  demo/app1/manifests/$APP1_ATTESTATION 200 -
		GET  demo/app1/manifests/$MULTI 404 MANIFEST_UNKNOWN
		GET  demo/app1/manifests/2.1 404 MANIFEST_UNKNOWN
		GET  demo/app1/manifests/.INVALID_MANIFEST_NAME 404 MANIFEST_UNKNOWN
		GET  demo/app1/manifests/$nothing 404 MANIFEST_UNKNOWN
		GET  demo/app1/manifests/sha256:baddigeststring 400 DIGEST_INVALID
		GET  demo/app1/blobs/$APP1_LAYER 200 -
		GET  demo/app1/blobs/$APP1_CONFIG 200 -
		GET  demo/app1/blobs/$APP1_PROVENANCE 200 -
		GET  demo/multi/blobs/$APP1_LAYER 404 BLOB_UNKNOWN
		GET  demo/app1/blobs/$nothing 404 BLOB_UNKNOWN
		GET  demo/app1/blobs/sha256:baddigeststring 400 DIGEST_INVALID
		GET  demo/app1/tags/list 200 -
		GET  demo/none/tags/list 404 NAME_UNKNOWN
		GET  demo/UPPER/tags/list 400 NAME_INVALID
		GET  demo/app1/referrers/$APP1 200 -
		GET  demo/app1/referrers/$nothing 200 -
		GET  demo/app1/referrers/sha256:baddigeststring 400 DIGEST_INVALID
		GET  demo/none/referrers/$APP1 404 NAME_UNKNOWN
		POST demo/app1/blobs/uploads/ 405 UNSUPPORTED
		POST demo/app1/blobs/uploads/?mount=$APP1_LAYER&from=demo/multi 405 UNSUPPORTED
		PUT  demo/app1/manifests/1.0 405 UNSUPPORTED
		PATCH demo/app1/blobs/uploads/1 405 UNSUPPORTED
		DELETE demo/app1/manifests/$APP1 405 UNSUPPORTED
		DELETE demo/app1/blobs/$APP1_LAYER 405 UNSUPPORTED
	EOF
}

@test "headers and bodies are what their digests say" {
	for reference in 1.0 "$APP1" "$APP1_AMD64"; do
		[[ $(get "/v2/demo/app1/manifests/$reference") == 200 ]]
		digest=$(header Docker-Content-Digest)
		[[ $digest == "sha256:$(sha256sum <body | cut -d ' ' -f 1)" && $(header ETag) == "\"$digest\"" ]]
		[[ $(header Content-Type) == "$(jq -r .mediaType body)" && $(header Content-Length) == "$(stat -c %s body)" ]]
		cp headers of-get
		[[ $(get "/v2/demo/app1/manifests/$reference" -I) == 200 ]]
		diff <(grep -iv ^date of-get) <(grep -iv ^date headers)
		[[ $(get "/v2/demo/app1/manifests/$reference" -H "If-None-Match: \"$digest\"") == 304 && ! -e body ]]
	done
	for digest in "$APP1_LAYER" "$APP1_CONFIG" "$APP1_PROVENANCE"; do
		[[ $(get "/v2/demo/app1/blobs/$digest") == 200 ]]
		[[ $digest == "sha256:$(sha256sum <body | cut -d ' ' -f 1)" && $(header Docker-Content-Digest) == "$digest" ]]
		[[ $(get "/v2/demo/app1/blobs/$digest" -H "If-None-Match: \"$digest\"") == 304 ]]
	done
}

@test "a layer comes in parts" {
	url=/v2/demo/app1/blobs/$APP1_LAYER
	get "$url"
	mv body whole
	size=$(stat -c %s whole)
	while read -r range status from len; do
		[[ $(get "$url" -r "$range") == "$status" ]]
		[[ $status != 206 || $(header Content-Range) == "bytes $from-$((from + len - 1))/$size" ]]
		[[ $status != 416 || $(header Content-Range) == "bytes */$size" ]]
		[[ $status == 416 ]] || cmp body <(tail -c "+$((from + 1))" whole | head -c "$len")
	done <<-EOF
		0-0 206 0 1
		100-299999 206 100 299900
		1000000- 206 1000000 $((size - 1000000))
		-17 206 $((size - 17)) 17
		0-$size 206 0 $size
		$((size - 1))- 206 $((size - 1)) 1
		$size- 416 0 0
		-0 416 0 0
		5-4 200 0 $size
		0-1,5-6 200 0 $size
	EOF
	[[ $(get "$url" -r 5-6 -H "If-Range: \"$APP1_LAYER\"") == 206 ]]
	[[ $(get "$url" -r 5-6 -H "If-Range: \"$APP1\"") == 200 ]]
	# A download that broke off.
	head -c 700000 whole >part
	curl -sS -C - -o part "http://$SITE$url"
	cmp part whole
}

@test "lists come by pages, in order" {
	get /v2/demo/app1/tags/list
	LC_ALL=C sort -c <(jq -r '.tags[]' body)
	[[ $(jq -r '.name, .tags[0]' body) == $'demo/app1\n1.0' ]]
	jq -r '.tags[]' body >tags
	# The tags of the registry that it came from, those of signatures and other referrers too.
	diff <(curl -sS "http://$REGISTRY/v2/demo/app1/tags/list" | jq -r '.tags[]' | sort) <(sort tags)
	n=3
	for list in demo/app1/tags/list _catalog; do
		get "/v2/$list"
		jq -r '.tags // .repositories | .[]' body >all
		: >paged
		next="/v2/$list?n=$n"
		while [[ -n $next ]]; do
			[[ $(get "$next") == 200 && $(jq '.tags // .repositories | length' body) -le $n ]]
			jq -r '.tags // .repositories | .[]' body >>paged
			next=$(header Link | sed -n 's/^<\(.*\)>; rel="next"$/\1/p')
		done
		diff all paged
		n=1
	done
	[[ $(get '/v2/demo/app1/tags/list?n=0') == 200 && $(jq -c .tags body) == '[]' && -z $(header Link) ]]
	[[ $(get '/v2/demo/app1/tags/list?last=1.0&n=1000') == 200 ]]
	diff <(tail -n +2 tags) <(jq -r '.tags[]' body)
	[[ $(get '/v2/demo/app1/tags/list?n=many') == 400 ]]
}

@test "referrers are an index, filtered where that is asked for" {
	type=application/vnd.oci.image.index.v1+json
	[[ $(get "/v2/demo/app1/referrers/$APP1") == 200 && $(header Content-Type) == "$type" ]]
	[[ $(jq -r .mediaType body) == "$type" && $(jq '.manifests | length' body) == 2 && -z $(header OCI-Filters-Applied) ]]
	[[ $(jq -r '[.manifests[].artifactType] | sort | join(" ")' body) == \
		'application/vnd.cyclonedx+json application/vnd.dev.sigstore.bundle.v0.3+json' ]]
	[[ $(jq -r '.manifests[].annotations["dev.sigstore.bundle.predicateType"] // empty' body) == https://sigstore.dev/cosign/sign/v1 ]]
	[[ $(get "/v2/demo/app1/referrers/$APP1?artifactType=application/vnd.cyclonedx%2Bjson") == 200 ]]
	[[ $(jq '.manifests | length' body) == 1 && $(header OCI-Filters-Applied) == artifactType ]]
	[[ $(get "/v2/demo/app1/referrers/$APP1_LAYER") == 200 && $(header Content-Type) == "$type" ]]
	[[ $(jq -c '[.mediaType, .manifests]' body) == "[\"$type\",[]]" ]]
	# By the tag of who knows no such API, and by the digest of what that gave.
	get "/v2/demo/app1/referrers/$APP1"
	mv body index
	[[ $(get "/v2/demo/app1/manifests/${APP1/:/-}") == 200 ]]
	cmp body index
	[[ $(get "/v2/demo/app1/manifests/$(header Docker-Content-Digest)") == 200 ]]
	cmp body index
}

# As docker does on 127.0.0.1: what comes back must look like HTTP, whatever the first message was.
@test "a client that tries TLS first learns that there is none" {
	for hello in '\x16\x03\x01' '\x16 \n' '\x16\r\n\r\n'; do
		exec {connection}<>"/dev/tcp/${SITE/:/\/}"
		printf '%b' "$hello" >&"$connection"
		read -r -t 20 line <&"$connection"
		exec {connection}>&-
		[[ $line == 'HTTP/1.0 400 '* ]]
	done
}

# ---- Clients ----

@test "skopeo copies from it what it copies from the registry" {
	for name in demo/app1:1.0 demo/multi:2.1; do
		lab_peer skopeo copy -q --all --src-tls-verify=false "docker://$REGISTRY/$name" oci:there:x
	done
	lab_peer skopeo copy -q --all --src-tls-verify=false "docker://$SITE/demo/app1:1.0" oci:here:x
	lab_peer skopeo copy -q --all --src-tls-verify=false "docker://$SITE/$HOST/demo/multi:2.1" oci:here:x
	diff -r there here
}

@test "crane pulls from it what it pulls from the registry" {
	for name in demo/app1:1.0 demo/multi:2.1; do
		[[ $(lab_peer crane digest --insecure "$SITE/$name") == "$(lab_peer crane digest --insecure "$REGISTRY/$name")" ]]
		lab_peer crane pull --insecure --format oci "$REGISTRY/$name" there
		lab_peer crane pull --insecure --format oci "$SITE/$name" here
	done
	diff -r there/blobs here/blobs
	[[ $(lab_peer crane catalog --insecure "$SITE") == $HOST/demo/app1$'\n'$HOST/demo/multi ]]
	[[ $(lab_peer crane ls --insecure --omit-digest-tags "$SITE/demo/multi") == 2.1 ]]
}

@test "oras finds what refers to an image, and copies it" {
	lab_peer oras discover --plain-http --format json "$SITE/demo/app1:1.0" |
		jq -r '.referrers[].digest' | sort >here
	curl -sS "http://$SITE/v2/demo/app1/referrers/$APP1" | jq -r '.manifests[].digest' | sort | diff - here
	for name in demo/app1:1.0 demo/multi:2.1; do
		lab_peer oras cp -r --from-plain-http --to-oci-layout "$SITE/$name" copied:x >/dev/null
		lab_peer oras cp -r --from-plain-http --to-oci-layout "$REGISTRY/$name" there:x >/dev/null
	done
	diff <(layout_digests there) <(layout_digests copied)
}

@test "cosign verifies through it, by referrers and by tags" {
	for name in demo/app1:1.0 demo/multi:2.1; do
		lab_peer cosign verify --key "$TOP/tests/fixtures/cosign.pub" --insecure-ignore-tlog --allow-http-registry \
			"$SITE/$name" >/dev/null 2>said || fail "$(<said)"
	done
	run ! lab_peer cosign verify --key "$TOP/tests/fixtures/cosign.pub" --insecure-ignore-tlog --allow-http-registry \
		"$SITE/demo/app1@$APP1_CONFIG" >/dev/null 2>&1
}

@test "an export out of it is the same bundle" {
	bundle export -q --plain-http -o short.oci.tar.zst --map "$SITE=$HOST" "$SITE/demo/app1:1.0" "$SITE/demo/multi:2.1"
	expect 0
	cmp "$FILE" short.oci.tar.zst
	bundle export -q --plain-http -o full.oci.tar.zst --map "$SITE/$HOST=$HOST" --all-tags "$SITE/$HOST/demo/app1" \
		"$SITE/$HOST/demo/multi"
	expect 0
	cmp "$FILE" full.oci.tar.zst
}

@test "out of the store it gives the same" {
	"$BUNDLE" import -q --to store "$FILE"
	site_start -q --registry 127.0.0.1:0
	bundle export -q --plain-http -o again.oci.tar.zst --map "$SITE=$HOST" "$SITE/demo/app1:1.0" "$SITE/demo/multi:2.1"
	expect 0
	cmp "$FILE" again.oci.tar.zst
}

@test "what a bundle leaves out comes from an earlier one that is served beside it" {
	"$BUNDLE" export -q --plain-http -o next.oci.tar.zst --since "$FILE" --map "$REGISTRY/demo=$HOST/next" "$REGISTRY/demo/app1:1.0"
	site_start -q --registry 127.0.0.1:0 next.oci.tar.zst
	[[ $(get "/v2/next/app1/blobs/$APP1_LAYER") == 404 ]]
	site_stop "$SITE_PID"
	site_start -q --registry 127.0.0.1:0 next.oci.tar.zst "$FILE"
	lab_peer skopeo copy -q --all --src-tls-verify=false "docker://$SITE/next/app1:1.0" oci:here:x
	layout_digests here | grep -qxF "$APP1_LAYER"
	[[ $(get "/v2/demo/multi/blobs/$APP1_LAYER") == 404 ]]
}

@test "with TLS and passwords it is for those who have one" {
	certificates tls IP:127.0.0.1
	cat >htpasswd <<-'EOF'
		ann:$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW
	EOF
	site_start --registry 127.0.0.1:0 --tls-cert tls/server.crt --tls-key tls/server.key --htpasswd htpasswd "$FILE"
	[[ $(curl -sS -o body -D headers -w '%{http_code}' --cacert tls/ca.crt "https://$SITE/v2/") == 401 ]]
	[[ $(header WWW-Authenticate) == 'Basic realm='* && $(jq -r '.errors[0].code' body) == UNAUTHORIZED ]]
	[[ $(curl -sS -o body -w '%{http_code}' --cacert tls/ca.crt -u ann:wrong "https://$SITE/v2/") == 401 ]]
	[[ $(curl -sS -o body -w '%{http_code}' --cacert tls/ca.crt -u ann:secret "https://$SITE/v2/") == 200 ]]
	[[ $(curl -sS -o body -w '%{http_code}' --cacert tls/ca.crt "https://$SITE/v2/demo/app1/blobs/$APP1_LAYER") == 401 ]]
	mkdir certs && cp tls/ca.crt certs
	run ! lab_peer skopeo inspect --cert-dir certs "docker://$SITE/demo/app1:1.0" >/dev/null 2>&1
	lab_peer skopeo copy -q --all --src-cert-dir certs --src-creds ann:secret "docker://$SITE/demo/app1:1.0" oci:here:x
	layout_digests here | grep -qxF "$APP1"
	openssl pkey -in tls/server.key -aes256 -passout pass:secret -out tls/encrypted.key
	for key in encrypted client; do
		bundle serve --registry 127.0.0.1:0 --tls-cert tls/server.crt --tls-key "tls/$key.key" "$FILE"
		complain 1 'a pair, the key without a passphrase?'
	done
}

@test "passwords that are no bcrypt are refused by their line, without showing them" {
	cat >htpasswd <<-'EOF'
		ann:$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW
		bob:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=
	EOF
	bundle serve --registry 127.0.0.1:0 --htpasswd htpasswd "$FILE"
	complain 1 'htpasswd:2: ' bcrypt
	# shellcheck disable=SC2154 # of run
	[[ $stderr != *5en6G6* ]]
	bundle serve --engine "$PWD/sock" --htpasswd htpasswd "$FILE"
	complain 2 --htpasswd
}
