#!/usr/bin/env bats
# Signatures and attestations of images: made by cosign in its older form and as bundles, verified by both; and policies
# that let images in or keep them out.
# shellcheck disable=SC2030,SC2031 # each test is a subshell
load helpers

setup_file() {
	registry_start
	SIGNED=$LAB_WORK/signed
	export SIGNED
	mkdir "$SIGNED" && cd "$SIGNED" || return
	sign_all >"$LAB_WORK/signed.log" 2>&1
	"$BUNDLE" export -q -o both.oci.tar.zst "$REGISTRY/demo/app1:1.0" "$REGISTRY/demo/multi:2.1" >/dev/null
	cp "$TOP/tests/fixtures/cosign.pub" fixture.pub
}

teardown_file() { registry_stop; }

setup() {
	session_start
	cp "$SIGNED"/*.pub "$SIGNED"/*.zst .
	export COSIGN_PASSWORD=secret
	APP="$REGISTRY/demo/app1:1.0" MULTI_NAME="$REGISTRY/demo/multi:2.1"
}

teardown() { session_end; }

# Old: signatures in annotations, under tags; new: sigstore bundles as referrers.
cosign_make() {
	local verb=$1 form=$2 key=$3 image=$4
	shift 4
	lab_peer cosign "$verb" -y --key "cosign-$key.key" --use-signing-config=false --tlog-upload=false \
		--new-bundle-format="$([[ $form == new ]] && echo true || echo false)" "$@" "$REGISTRY/demo/$image"
}

sign_all() {
	local name kind options
	export COSIGN_PASSWORD=secret
	while read -r name kind options; do
		# shellcheck disable=SC2086 # several arguments
		openssl genpkey -algorithm "$kind" $options -out "$name.pem" &&
			openssl pkey -in "$name.pem" -pubout -out "$name.pub" &&
			lab_peer cosign import-key-pair --key "$name.pem" --output-key-prefix "cosign-$name"
	done <<-'EOF2'
		ed25519 ed25519
		p256 EC -pkeyopt ec_paramgen_curve:P-256
		p384 EC -pkeyopt ec_paramgen_curve:P-384
		rsa RSA -pkeyopt rsa_keygen_bits:2048
	EOF2
	openssl genpkey -algorithm ed25519 | openssl pkey -pubout -out stranger.pub
	echo '{"says":"p256"}' >predicate.json
	cosign_make sign old p256 "multi@$MULTI"
	cosign_make attest old p256 "multi@$MULTI" --type custom --predicate predicate.json
	cosign_make sign new p256 "app1@$APP1"
	cosign_make attest new p256 "app1@$APP1" --type custom --predicate predicate.json
	cosign_make sign old p384 "multi@$MULTI"
	cosign_make sign old rsa "multi@$MULTI"
	cosign_make sign old ed25519 "multi@$MULTI"
	cosign_make sign new ed25519 "app1@$APP1"
	cosign_make attest new rsa "app1@$APP1" --type custom --predicate predicate.json
}

verify() {
	bundle verify -q "$@"
}

# The verdict on each image, and how many signatures and attestations of it hold: "proved 2" a line.
verdicts() {
	jq -r '.images.images[] | "\(.verdict) \([.manifests[].signed[] | select(.verdict == "proved")] | length)"' <<<"$output"
}

cosign_says() {
	lab_peer cosign verify --key "$1.pub" --insecure-ignore-tlog "$REGISTRY/demo/$2" >said 2>&1 && echo proved || echo 'not proved'
}

@test "what cosign signed is verified as cosign verifies it" {
	while IFS='|' read -r key one other; do
		verify --json --image-key "$key.pub" both.oci.tar.zst
		[[ $(verdicts | paste -sd '|') == "$one|$other" ]] || fail "$key: $(verdicts)"
		[[ $(cosign_says "$key" "app1@$APP1") == "${one% *}" && $(cosign_says "$key" "multi@$MULTI") == "${other% *}" ]]
	done <<-'EOF2'
		fixture|proved 5|proved 2
		p256|proved 2|proved 2
		stranger|not proved 0|not proved 0
	EOF2
	# Where they differ: cosign takes another hash than it signed by, and an attestation in a bundle for a signature.
	verify --json --image-key ed25519.pub both.oci.tar.zst
	[[ $(verdicts | paste -sd '|') == 'proved 1|proved 1' ]] || fail "ed25519: $(verdicts)"
	[[ $(cosign_says ed25519 "app1@$APP1") == 'not proved' && $(cosign_says ed25519 "multi@$MULTI") == 'not proved' ]] || fail "$(<said)"
	verify --json --image-key p384.pub both.oci.tar.zst
	[[ $(verdicts | paste -sd '|') == 'not proved 0|proved 1' ]]
	[[ $(cosign_says p384 "multi@$MULTI") == 'not proved' ]]
	verify --json --image-key rsa.pub both.oci.tar.zst
	[[ $(verdicts | paste -sd '|') == 'not proved 1|proved 1' ]]
	[[ $(cosign_says rsa "app1@$APP1") == proved ]]
	lab_peer cosign verify-attestation --type custom --key rsa.pub --insecure-ignore-tlog "$REGISTRY/demo/app1@$APP1" >said 2>&1
}

@test "who signed is proved, what they say is claimed, and what fails says why" {
	verify --image-key p256.pub both.oci.tar.zst
	expect 0 'content proved' 'origin not asked for' 'images proved: 2 of 2' '(p256.pub)  (simple signing)' '(p256.pub)  (bundle)' \
		"claims: signed as $REGISTRY/demo/multi" 'not a signature of p256.pub' \
		"statement $PROVENANCE, not signed itself, but a signature that holds vouches for it"
	verify --image-key p384.pub both.oci.tar.zst
	complain 3 "$APP: no signature by those who are named holds"
	holds output 'images NOT PROVED' "statement $SPDX, NOT PROVED: nobody signed it"
	verify --image-key p384.pub --image-key p256.pub both.oci.tar.zst
	expect 0 'images proved'
	verify --json --image-key p256.pub both.oci.tar.zst
	run -0 jq -r '.images.images[0].manifests[0] | .role, (.signed[] | select(.signer.key != null) | .form)' <<<"$output"
	[[ $(paste -sd ' ' <<<"$output") == 'index bundle bundle' ]]
	verify --image-key p256.pub --key p256.pub both.oci.tar.zst
	complain 3 'it is unsigned'
	verify --image-key p256.pub --content-only both.oci.tar.zst
	complain 2 '--content-only'
	verify --certificate-identity me both.oci.tar.zst
	complain 2 '--certificate-oidc-issuer'

	bundle inspect --image-key p256.pub both.oci.tar.zst "$MULTI_NAME"
	expect 0 'verified: signed by key' 'NOT VERIFIED: not a signature of p256.pub' "verified by a signature that vouches for it: $PROVENANCE"
	bundle inspect --json --image-key p256.pub both.oci.tar.zst
	[[ $(jq -r '.signed | map(.verdict) | join(" ")' <<<"$output") == 'proved proved' ]]
	bundle inspect both.oci.tar.zst
	[[ $output != *erified* ]] || fail 'nobody asked'
}

@test "a trusted root goes along, and nothing is trusted for it" {
	root=$TOP/tests/fixtures/sigstore/trusted_root_public.json
	for name in one two; do
		bundle export -q -o "$name.zst" --include-trusted-root "$root" "$APP"
		expect 0
	done
	cmp one.zst two.zst
	verify --content-only one.zst
	expect 0 'content proved'
	bundle inspect one.zst
	expect 0 'a trusted root goes along, for information'
	cmp <("$BUNDLE" cat one.zst description | jq -S .trustedRoot) <(jq -S . "$root")
	verify --certificate-identity me --certificate-oidc-issuer it one.zst
	complain 2 '--trusted-root FILE is needed'
	bundle export -q -o three.zst --include-trusted-root p256.pub "$APP"
	complain 1 p256.pub
	[[ ! -e three.zst ]]
}

# A policy that asks for a signature by a key for one repository, and takes nothing else.
policy() {
	jq -n --arg key "$1" --arg scope "$2" '{default: [{type: "reject"}], transports: {docker: {
		($scope): [{type: "sigstoreSigned", keyPath: $key, signedIdentity: {type: "matchRepository"}}]}}}'
}

@test "an import is decided by the policy before anything is written" {
	policy p256.pub "$REGISTRY/demo/multi" >policy.json
	verify --policy policy.json both.oci.tar.zst
	complain 3 "$APP: refused by policy.json, /default/0"
	holds output "$MULTI_NAME: accepted by policy.json"
	for source in both.oci.tar.zst -; do
		bundle import -q --policy policy.json --to store "$source" <both.oci.tar.zst
		complain 3 "$APP: refused by policy.json, /default/0"
		[[ ! -e $BUNDLE_STORE ]]
		bundle import -q --policy policy.json --to store --image "$MULTI_NAME" "$source" <both.oci.tar.zst
		expect 0 'accepted by policy policy.json' 'everything read back'
		[[ $(tail -n 1 "$BUNDLE_STORE.journal.jsonl" | jq -r '.policy[] | .file, .digest, .site' | paste -sd ' ') == \
			"policy.json sha256:$(sha256sum policy.json | cut -d ' ' -f 1) false" ]]
		rm -r "$BUNDLE_STORE"
	done
	# Both names count.
	bundle import -q --policy policy.json --to store --image "$MULTI_NAME" --map "$REGISTRY=other.example" both.oci.tar.zst
	complain 3 'other.example/demo/multi:2.1: refused by policy.json'
	# The key that signed another image, or nothing.
	policy stranger.pub "$REGISTRY/demo" >policy.json
	bundle import -q --policy policy.json --to store both.oci.tar.zst
	complain 3 "$APP: refused by policy.json" 'sigstoreSigned' 'not a signature of'
	[[ ! -e $BUNDLE_STORE ]]
	echo '{"default":[{"type":"reject"}],"transport":{}}' >nonsense.json
	bundle import -q --policy nonsense.json --to store both.oci.tar.zst
	complain 1 nonsense.json transport
}

@test "the policy of the machine is a floor, also for extract, attestations and serve" {
	export BUNDLE_TRUST=$BATS_TEST_TMPDIR/trust
	mkdir "$BUNDLE_TRUST" && cp p256.pub "$BUNDLE_TRUST"
	policy p256.pub "$REGISTRY/demo/multi" >"$BUNDLE_TRUST/policy.json"
	echo '{"default":[{"type":"insecureAcceptAnything"}]}' >anything.json
	bundle import -q --to store both.oci.tar.zst
	complain 3 "$APP: refused by $BUNDLE_TRUST/policy.json"
	bundle import -q --policy anything.json --to store both.oci.tar.zst
	complain 3 "$APP: refused by $BUNDLE_TRUST/policy.json"
	bundle extract -q both.oci.tar.zst layout
	complain 3 "$APP: refused"
	[[ ! -e $BUNDLE_STORE && ! -e layout ]]
	bundle attestations --from both.oci.tar.zst "$APP"
	complain 3 "$APP: refused"
	bundle attestations --from both.oci.tar.zst "$MULTI_NAME"
	expect 0 "$PROVENANCE"
	verify both.oci.tar.zst
	complain 3 "$APP: refused"
	judge serve
	run --separate-stderr timeout 60 "$BUNDLE" serve --engine "unix:$PWD/engine.sock" both.oci.tar.zst
	complain 3 "$APP: refused"
	bundle import -q --insecure-policy --to store both.oci.tar.zst
	expect 0 'everything read back'
	[[ $(tail -n 1 "$BUNDLE_STORE.journal.jsonl" | jq -c '[.policy, .overrides]') == '[null,["--insecure-policy"]]' ]]
	# What goes out is not asked for.
	bundle export -q -o app.oci.tar.zst "$APP"
	expect 0
}

@test "an export asks a policy before it writes" {
	policy p256.pub "$REGISTRY/demo/multi" >policy.json
	bundle export -q --policy policy.json -o out.oci.tar.zst "$APP"
	complain 3 "$APP: refused by policy.json, /default/0"
	[[ ! -e out.oci.tar.zst && ! -e out.oci.tar.zst.part ]]
	bundle export -q --policy policy.json -o out.oci.tar.zst "$MULTI_NAME"
	expect 0
	bundle export -q --policy policy.json -o part.oci.tar.zst bundle:both.oci.tar.zst
	complain 3 "$APP: refused by policy.json"
	bundle export -q --policy policy.json -o part.oci.tar.zst "bundle:both.oci.tar.zst:$MULTI_NAME"
	expect 0 "$MULTI_NAME"
	"$BUNDLE" extract -q both.oci.tar.zst layout >/dev/null
	bundle export -q --policy policy.json -o part.oci.tar.zst oci:layout
	complain 3 "$APP: refused by policy.json"
	bundle export -q --policy policy.json --dry-run "$APP"
	complain 3 "$APP: refused"
	bundle export -q --policy policy.json -o - "$APP"
	complain 3 "$APP: refused"
	[[ -z $output ]]
}

# An SBOM has as many packages as its image.
@test "an attestation that comes with the layers is read before anything is written" {
	local large=$REGISTRY/demo/large:1 from
	cp "$SIGNED"/cosign-p256.key .
	lab_peer crane cp --insecure "$REGISTRY/demo/app1@$APP1" "$large" 2>/dev/null
	jq -n '{packages: [range(40000) | {name: "package \(.)", version: "1.0"}]}' >predicate.json
	cosign_make attest new p256 "large@$APP1" --type https://acme.example/packages/v1 --predicate predicate.json >attest.log 2>&1
	jq -n --arg large "$large" '{default: [{type: "reject"}], transports: {docker: {($large): [
		{type: "attestation", predicateType: "https://acme.example/packages/v1", keyPath: "p256.pub",
			conditions: [{pointer: "/predicate/packages/39999/name", equals: "package 39999"}]}]}}}' >policy.json
	bundle export -q -o large.oci.tar.zst "$large"
	expect 0
	verify --policy policy.json large.oci.tar.zst
	expect 0 accepted
	"$BUNDLE" extract -q large.oci.tar.zst layout >/dev/null
	for from in "$large" bundle:large.oci.tar.zst oci:layout; do
		bundle export -q --policy policy.json -o again.oci.tar.zst "$from"
		expect 0
		cmp large.oci.tar.zst again.oci.tar.zst
		bundle export -q --policy policy.json --dry-run "$from"
		expect 0
	done
	sed -i 's/"package 39999"/"package 39998"/' policy.json
	bundle export -q --policy policy.json -o refused.oci.tar.zst "$large"
	complain 3 "$large: refused by policy.json" 'must equal "package 39998", and is "package 39999"'
	[[ ! -e refused.oci.tar.zst ]]
	# A pipe is read once.
	bundle import -q --policy policy.json --to store - <large.oci.tar.zst
	complain 3 'give the bundle as a file'
}

# The names that a site serves.
served() {
	curl -sSf --unix-socket engine.sock http://site/images/json | jq -r '.[].RepoTags[]' | sort | paste -sd ' '
}

@test "of a layout and of the store is served what the policies accept, and nothing that is revoked" {
	policy p256.pub "$REGISTRY/demo/multi" >policy.json
	"$BUNDLE" extract -q both.oci.tar.zst layout >/dev/null
	"$BUNDLE" import -q --to store both.oci.tar.zst >/dev/null
	export BUNDLE_TRUST=$BATS_TEST_TMPDIR/trust
	mkdir "$BUNDLE_TRUST"
	for place in oci:layout store; do
		site_start --engine "unix:$PWD/engine.sock" --policy policy.json "$place"
		[[ $(served) == "$MULTI_NAME" ]]
		grep -q "^warning: .*: not served: $APP: refused by policy.json, /default/0" "$SITE_LOG"
		site_stop "$SITE_PID"
		bundle attestations --policy policy.json --from "$place" "$APP"
		complain 3 "$APP: refused by policy.json"
		bundle attestations --policy policy.json --from "$place" "$MULTI_NAME"
		expect 0 "$PROVENANCE"
	done

	# The policy of this machine; and the one way round it, which the journal tells.
	cp p256.pub "$BUNDLE_TRUST" && sed s/matchRepository/matchDigest/ policy.json >"$BUNDLE_TRUST/policy.json"
	site_start --engine "unix:$PWD/engine.sock"
	[[ $(served) == "$MULTI_NAME" ]]
	# An image that the policy takes comes while it serves; what it refuses comes and is not served.
	"$BUNDLE" export -q -o moved.zst --map "$REGISTRY/demo/multi=$REGISTRY/demo/multi/new" "$MULTI_NAME" >/dev/null
	"$BUNDLE" import -q --insecure-policy --to store moved.zst >/dev/null 2>&1
	[[ $(served) == "$REGISTRY/demo/multi/new:2.1 $MULTI_NAME" ]]
	site_stop "$SITE_PID"
	site_start --engine "unix:$PWD/engine.sock" --insecure-policy
	[[ $(served) == "$APP $REGISTRY/demo/multi/new:2.1 $MULTI_NAME" ]]
	site_stop "$SITE_PID"
	tail -n 1 "$BUNDLE_STORE.journal.jsonl" | jq -e '.command == "serve" and .bundle == null and .overrides == ["--insecure-policy"]'
	bundle attestations "$APP"
	complain 3 "$APP: refused by $BUNDLE_TRUST/policy.json"
	bundle attestations --insecure-policy "$APP"
	expect 0 "$PROVENANCE"

	# What is revoked, an attestation here, takes its image with it, whatever the policy says.
	rm "$BUNDLE_TRUST/policy.json" && bundle trust revoke "$APP1_ATTESTATION"
	expect 0
	site_start --engine "unix:$PWD/engine.sock" --insecure-policy oci:layout
	[[ $(served) == "$MULTI_NAME" ]]
	grep -q "not served: .*$APP1_ATTESTATION.*is revoked here" "$SITE_LOG"
	site_stop "$SITE_PID"
	bundle attestations --from oci:layout "$APP"
	complain 3 "$APP1_ATTESTATION" 'is revoked here'
}
