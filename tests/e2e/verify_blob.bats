#!/usr/bin/env bats
# Files signed with keys and with identities, proved without a network; cosign is asked for its opinion too.
load helpers

VECTORS=$TOP/tests/fixtures/sigstore
IDENTITY=https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main
ISSUER=https://token.actions.githubusercontent.com

setup_file() {
	LAB_WORK=$BATS_FILE_TMPDIR SIGNED=$BATS_FILE_TMPDIR/signed
	export LAB_WORK SIGNED
	make_signed >"$LAB_WORK/signed.log" 2>&1
}

setup() {
	session_start
	cp "$SIGNED"/* .
	export COSIGN_PASSWORD=secret
}

teardown() { session_end; }

# A file that cosign signed with each kind of key, and a statement about it.
make_signed() {
	local kind name options
	mkdir "$SIGNED" && cd "$SIGNED" || return
	export COSIGN_PASSWORD=secret
	printf 'hello\n' >app.txt
	printf '{"buildType":"test"}' >predicate.json
	while read -r name kind options; do
		# shellcheck disable=SC2086 # several arguments
		openssl genpkey -algorithm "$kind" $options -out "$name.pem"
		openssl pkey -in "$name.pem" -pubout -out "$name.pub"
		lab_peer cosign import-key-pair --key "$name.pem" --output-key-prefix "cosign-$name"
		lab_peer cosign sign-blob -y --key "cosign-$name.key" --use-signing-config=false --tlog-upload=false --bundle "$name.json" app.txt
		[[ $name == p256 || $name == ed25519 ]] || continue
		lab_peer cosign attest-blob -y --key "cosign-$name.key" --use-signing-config=false --tlog-upload=false --predicate predicate.json \
			--type https://example.test/p --bundle "$name.att.json" app.txt
	done <<-'EOF2'
		ed25519 ed25519
		p256 EC -pkeyopt ec_paramgen_curve:P-256
		p384 EC -pkeyopt ec_paramgen_curve:P-384
		rsa RSA -pkeyopt rsa_keygen_bits:3072
	EOF2
}

# Sets arguments, without the file, and artifact.
vector() {
	local folder=$1 root=$VECTORS/trusted_root_public.json identity=$IDENTITY issuer=$ISSUER
	artifact=$VECTORS/a.txt
	[[ ! -f $folder/artifact ]] || artifact=$folder/artifact
	[[ ! -f $folder/trusted_root.json ]] || root=$folder/trusted_root.json
	[[ ! -f $folder/identity ]] || identity=$(<"$folder/identity")
	[[ ! -f $folder/issuer ]] || issuer=$(<"$folder/issuer")
	arguments=(verify-blob --bundle "$folder/bundle.sigstore.json" --trusted-root "$root")
	if [[ -f $folder/key.pub ]]; then
		arguments+=(--key "$folder/key.pub")
	else
		arguments+=(--certificate-identity "$identity" --certificate-oidc-issuer "$issuer")
	fi
}

@test "every vector of the sigstore conformance suite" {
	seen=0
	for folder in "$VECTORS"/*/; do
		vector "${folder%/}"
		bundle "${arguments[@]}" "$artifact"
		if [[ $folder == *_fail/ ]]; then
			complain 3
		else
			expect 0 "$artifact: verified"
		fi
		seen=$((seen + 1))
	done
	((seen >= 70))
}

@test "what is printed, for people and for machines" {
	vector "$VECTORS/happy-path-v0.3"
	bundle "${arguments[@]}" "$artifact"
	expect 0 "signed by  $IDENTITY" "issuer     $ISSUER" 'signed     2024-03-19T17:26:26Z, says the log' 'entry 79571823'
	bundle "${arguments[@]}" --json "$artifact"
	expect 0
	[[ $(jq -r '.verdict, .form, .signer.identity, .signed.time, .signed.by, .log.index' <<<"$output" | paste -sd ' ') == \
		"proved message $IDENTITY 2024-03-19T17:26:26Z log 79571823" ]]
	jq '.tlogs[].baseUrl += "\u001b[31m"' "$VECTORS/trusted_root_public.json" >coloured.json
	bundle "${arguments[@]/#"$VECTORS"*trusted_root_public.json/coloured.json}" "$artifact"
	expect 0 '?[31m, entry 79571823'
	bundle "${arguments[@]}" sha256:a0cfc71271d6e278e57cd332ff957c3f7043fdda354c4cbb190a30d56efa01bf
	expect 0 verified
	bundle "${arguments[@]}" sha256:b0cfc71271d6e278e57cd332ff957c3f7043fdda354c4cbb190a30d56efa01bf
	complain 3 'about another artifact'
	bundle "${arguments[@]}" --json app.txt
	[[ $status == 3 && $(jq -r .error.code <<<"$output") == unproved ]]
}

@test "who it must have been: texts and patterns over the whole text" {
	vector "$VECTORS/happy-path-v0.3"
	common=("${arguments[@]:0:5}")
	try() {
		bundle "${common[@]}" "$@" "$artifact"
	}
	try --certificate-identity-regexp 'https://github\.com/sigstore-conformance/.*' --certificate-oidc-issuer-regexp '.*\.githubusercontent\.com'
	expect 0 verified
	try --certificate-identity-regexp 'sigstore-conformance' --certificate-oidc-issuer "$ISSUER"
	complain 3 'signed by https://github.com/' 'wanted is sigstore-conformance'
	try --certificate-identity mallory@example.test --certificate-oidc-issuer "$ISSUER"
	complain 3 'wanted is mallory@example.test'
	try --certificate-identity "$IDENTITY" --certificate-oidc-issuer https://accounts.google.com
	complain 3 'vouches for the signer, and wanted is https://accounts.google.com'
	try --certificate-identity-regexp 'https://github)|.*' --certificate-oidc-issuer "$ISSUER"
	complain 2 'Unmatched )'
	try --certificate-identity-regexp '(?i)GITHUB' --certificate-oidc-issuer "$ISSUER"
	complain 2 '(?…) is not known'
}

@test "what cosign signed with every kind of key" {
	for name in ed25519 p256 p256.att p384 rsa; do
		kind=${name%.att} other=p256
		[[ $kind != p256 ]] || other=rsa
		bundle verify-blob --bundle "$name.json" --key "$kind.pub" app.txt
		expect 0 "app.txt: verified" "($kind.pub)"
		bundle verify-blob --bundle "$name.json" --key "$kind.pub" - <app.txt
		expect 0 "-: verified"
		bundle verify-blob --bundle "$name.json" --key "$other.pub" app.txt
		complain 3 "not a signature of $other.pub"
		bundle verify-blob --bundle "$name.json" --key "$kind.pub" predicate.json
		complain 3
		bundle verify-blob --bundle "$name.json" --key "$kind.pub" --trusted-root "$VECTORS/trusted_root_public.json" app.txt
		complain 3 'no transparency log'
	done
	# cosign signs statements with Ed25519ph, and does not accept what it made.
	bundle verify-blob --bundle ed25519.att.json --key ed25519.pub app.txt
	expect 0 "app.txt: verified" "(ed25519.pub)"
	jq -c '.dsseEnvelope.payloadType += "x"' ed25519.att.json >changed.json
	bundle verify-blob --bundle changed.json --key ed25519.pub app.txt
	complain 3
	jq -c '.dsseEnvelope.payload |= (@base64d | sub("test"; "tesd") | @base64)' ed25519.att.json >changed.json
	bundle verify-blob --bundle changed.json --key ed25519.pub app.txt
	complain 3 'not a signature of ed25519.pub'
	run ! lab_peer cosign verify-blob-attestation --key ed25519.pub --bundle ed25519.att.json --insecure-ignore-tlog app.txt >/dev/null 2>&1
	lab_peer cosign verify-blob --key p256.pub --bundle p256.json --insecure-ignore-tlog app.txt
	lab_peer cosign verify-blob-attestation --key p256.pub --bundle p256.att.json --insecure-ignore-tlog --type https://example.test/p app.txt
	run ! lab_peer cosign verify-blob --key rsa.pub --bundle p256.json --insecure-ignore-tlog app.txt >/dev/null 2>&1
}

@test "a key or a file that is revoked on this machine counts for nothing, whoever names it" {
	export BUNDLE_TRUST=$PWD/trust
	bundle trust revoke p256.pub
	expect 0
	bundle verify-blob --bundle p256.json --key p256.pub app.txt
	complain 3 'app.txt: not verified' 'is revoked here'
	bundle verify-blob --bundle rsa.json --key rsa.pub app.txt
	expect 0 'app.txt: verified'
	digest=sha256:$(sha256sum <app.txt | cut -d ' ' -f 1)
	bundle trust revoke "$digest"
	for file in app.txt "$digest"; do
		bundle verify-blob --bundle rsa.json --key rsa.pub "$file"
		complain 3 "$file: not verified" "$digest is revoked here"
	done
}

@test "a mistake on the command line" {
	while IFS='|' read -r options text; do
		# shellcheck disable=SC2086 # several arguments
		bundle verify-blob $options app.txt
		complain 2 "$text"
	done <<-'EOF2'
		--key p256.pub|--bundle
		--bundle p256.json|say who must have signed
		--bundle p256.json --certificate-identity a|say who must have signed
		--bundle p256.json --key p256.pub --certificate-identity a|exclude each other
		--bundle p256.json --certificate-identity a --certificate-identity-regexp a --certificate-oidc-issuer b|and not both
		--bundle p256.json --certificate-identity a --certificate-oidc-issuer b|--trusted-root
	EOF2
	bundle verify-blob --bundle p256.json --key p256.pub missing.txt
	complain 1 'missing.txt: no such file'
	bundle verify-blob --bundle missing.json --key p256.pub app.txt
	complain 1 'missing.json'
	bundle verify-blob --bundle app.txt --key p256.pub app.txt
	complain 3 'not valid JSON'
}

@test "a bundle, a key or a root that is malformed proves nothing; one that is not there is another failure" {
	vector "$VECTORS/happy-path-v0.3"
	for what in '' '{}' '[1,' 'text' "$(<p256.json)"; do
		printf '%s' "$what" >broken
		bundle verify-blob --bundle p256.json --key broken app.txt
		complain 3 'broken: holds no public key'
		bundle "${arguments[@]/#"$VECTORS"*trusted_root_public.json/broken}" "$artifact"
		complain 3 'broken:'
		bundle verify-blob --bundle p256.json --key p256.pub --trusted-root broken app.txt
		complain 3 'broken:'
	done
	sed '2s/^......................................../&A/' p256.pub >cut.pub
	bundle verify-blob --bundle p256.json --key cut.pub app.txt
	complain 3 'cut.pub: holds no public key that can be read'
	printf -- '-----BEGIN PUBLIC KEY-----\nMBkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDAgAA\n-----END PUBLIC KEY-----\n' >infinity.pub
	bundle verify-blob --bundle p256.json --key infinity.pub app.txt
	complain 3 'infinity.pub: this key cannot be written'
	bundle verify-blob --bundle p256.json --key p256.pem app.txt
	complain 3 'a private one'
	bundle verify-blob --bundle p256.json --key missing.pub app.txt
	complain 1 'missing.pub: no such file'
	bundle verify-blob --bundle p256.json --key p256.pub --trusted-root missing.json app.txt
	complain 1 'missing.json: no such file'
	bundle verify-blob --bundle p256.json --key . app.txt
	complain 1
}
