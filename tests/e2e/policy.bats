#!/usr/bin/env bats
# A policy is checked and explained, the one of the manual page decides of what cosign signed and attested, and skopeo is asked
# for its opinion of the same images and policies.
load helpers

setup_file() {
	registry_start
	SIGNED=$BATS_FILE_TMPDIR/signed
	export SIGNED
	make_signed >"$LAB_WORK/signed.log" 2>&1
}

teardown_file() { registry_stop; }

setup() {
	session_start
	cp "$SIGNED"/* "$TOP/tests/fixtures/cosign.pub" .
}

teardown() { session_end; }

# team/app:1 and :2 are one manifest that skopeo signed as team/app:1; team/built:1 is signed and attested by cosign; team/plain:1
# is not signed at all; of demo/multi:2.1 cosign has signed the index alone; and team/mixed:1 is an index that nobody signed, of which
# linux/arm/v7 is signed and linux/arm64 is not; of team/parts:1, which is the same, both are.
make_signed() {
	local copy='skopeo copy -q --src-tls-verify=false --dest-tls-verify=false'
	local cosign='--key cosign-key.key --new-bundle-format=false --use-signing-config=false --tlog-upload=false -y --allow-http-registry'
	local attested arm=sha256:d86108fe890a1f320775f60dcc5712a0ae5d91ac8bb8f186fffc8556fa2252b4
	mkdir -p "$SIGNED" "$LAB_WORK/home/.config/containers/registries.d" && cd "$SIGNED" || return
	printf 'default-docker:\n  use-sigstore-attachments: true\n' >"$LAB_WORK/home/.config/containers/registries.d/all.yaml"
	export COSIGN_PASSWORD=secret
	printf 'secret' >passphrase
	for name in builder other; do
		openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$name.pem"
		openssl pkey -in "$name.pem" -pubout -out "$name.pub"
	done
	lab_peer cosign import-key-pair --key builder.pem --output-key-prefix cosign-key
	# shellcheck disable=SC2086 # several arguments
	{
		lab_peer $copy --sign-by-sigstore-private-key cosign-key.key --sign-passphrase-file passphrase \
			"docker://$REGISTRY/demo/app1@$APP1_AMD64" "docker://$REGISTRY/team/app:1"
		lab_peer $copy "docker://$REGISTRY/demo/app1@$APP1_AMD64" "docker://$REGISTRY/team/app:2"
		lab_peer $copy "docker://$REGISTRY/demo/multi@$MULTI_ARM64" "docker://$REGISTRY/team/plain:1"
		lab_peer $copy "docker://$REGISTRY/demo/multi@$arm" "docker://$REGISTRY/team/built:1"
		lab_peer cosign sign $cosign "$REGISTRY/team/built:1"
		printf '{"buildDefinition":{"buildType":"https://builds.example.com/v1","externalParameters":{"repository":%s}},%s}' \
			'"https://git.example.com/team/app"' '"runDetails":{"builder":{"id":"https://builds.example.com/release"}}' >slsa.json
		printf '{"spdxVersion":"SPDX-2.3","SPDXID":"SPDXRef-DOCUMENT","name":"app","dataLicense":"CC0-1.0"}' >spdx.json
		lab_peer cosign attest $cosign --type slsaprovenance1 --predicate slsa.json "$REGISTRY/team/built:1"
		lab_peer cosign attest $cosign --type spdxjson --predicate spdx.json "$REGISTRY/team/built:1"
	}
	lab_peer crane index append --insecure -t "$REGISTRY/team/mixed:1" -m "$REGISTRY/team/built:1" -m "$REGISTRY/team/plain:1"
	# shellcheck disable=SC2086 # several arguments
	lab_peer cosign sign $cosign "$REGISTRY/team/mixed@$arm"
	lab_peer crane index append --insecure -t "$REGISTRY/team/parts:1" -m "$REGISTRY/team/built:1" -m "$REGISTRY/team/plain:1"
	# shellcheck disable=SC2086 # several arguments
	lab_peer cosign sign $cosign "$REGISTRY/team/parts@$arm" "$REGISTRY/team/parts@$MULTI_ARM64"
	attested=("$REGISTRY"/team/{app:1,app:2,built:1,plain:1} "$REGISTRY/demo/multi:2.1")
	"$BUNDLE" export --quiet -o all.oci.tar.zst "${attested[@]}"
}

# The block of the manual page that has this word, with the registry of this test.
example() {
	awk -v word="$1" '/^\.nf$/ { block = ""; next } /^\.fi$/ { if (index(block, word) && block ~ /^{/) { printf "%s", block; exit } next }
		{ gsub(/\\/, ""); block = block $0 "\n" }' "$TOP/docs/bundle-policy.5" | sed "s|registry.example.com|$REGISTRY|"
}

# A policy for this registry that has one requirement, given as JSON.
policy() {
	printf '{"default":[{"type":"reject"}],"transports":{"docker":{"%s":[%s]}}}' "$REGISTRY" "$1" >policy.json
}

signed_by() {
	printf '{"type":"sigstoreSigned","keyPath":"%s","signedIdentity":%s}' "$1" "$2"
}

# What policy.json says of an image ($1): here it ends with the status $2, and skopeo with $3.
both_decide() {
	local home=$LAB_WORK/home
	lab_command peers skopeo
	bundle policy explain --policy policy.json all.oci.tar.zst "$REGISTRY/$1"
	[[ $status == "$2" ]] || fail "ended with $status, not $2"
	rm -rf out
	run env HOME="$home" XDG_DATA_HOME="$home" _CONTAINERS_ROOTLESS_UID=65534 "${LAB_COMMAND[@]}" --policy policy.json \
		copy -q --src-tls-verify=false "docker://$REGISTRY/$1" dir:out
	[[ $status == "$3" ]] || fail "skopeo ended with $status, not $3"
}

@test "a policy is checked, with everything that it names" {
	example builder.pub >policy.json
	bundle policy check policy.json
	expect 0 'policy.json: valid: 1 scope of docker and the default, 4 requirements, 1 file read'
	[[ -z $stderr ]]

	sed -i s/keyPath/keypath/ policy.json
	bundle policy check policy.json
	complain 1 "policy.json: /transports/docker/${REGISTRY}~1team/0: unknown key \"keypath\", did you mean \"keyPath\"?"

	policy "$(signed_by gone.pub '{"type":"matchExact"}')"
	bundle policy check policy.json
	complain 1 "policy.json: /transports/docker/$REGISTRY/0/keyPath: gone.pub"

	policy '{"type":"signedBy","keyType":"GPGKeys","keyPath":"x.gpg"}'
	bundle policy check policy.json
	expect 0 'valid'
	holds stderr 'note: ' 'signatures by GPG (signedBy) are not verified here'
	bundle policy check --json policy.json
	expect 0
	[[ $(jq -r '"\(.schemaVersion) \(.requirements) \(.notes | length)"' <<<"$output") == '1 2 1' ]]
}

@test "what is asked for wrongly" {
	bundle policy check
	complain 2 'check takes one policy'
	bundle policy explain all.oci.tar.zst
	complain 2 'explain takes a policy and a bundle'
	bundle policy decide policy.json
	complain 2 '"decide" is neither check nor explain'
	policy '{"type":"reject"}'
	bundle policy explain --policy policy.json all.oci.tar.zst "$REGISTRY/team/gone:1"
	complain 1 "no image $REGISTRY/team/gone:1 in this bundle"
}

@test "the worked example of the manual page, with a key" {
	example builder.pub >policy.json
	bundle policy explain --policy policy.json all.oci.tar.zst "$REGISTRY/team/built:1"
	expect 0 "$REGISTRY/team/built:1: accepted by policy.json" \
		'ok   sigstoreSigned by key builder.pub, matchRepository' \
		'ok   attestation https://slsa.dev/provenance/v1 by key builder.pub' \
		'ok   attestation https://spdx.dev/Document* or https://cyclonedx.org/bom* by key builder.pub'

	sed -i 's|https://git.example.com/team/\*|https://git.example.com/other/*|' policy.json
	bundle policy explain --policy policy.json all.oci.tar.zst "$REGISTRY/team/built:1"
	complain 3 "$REGISTRY/team/built:1: refused by policy.json, /transports/docker/${REGISTRY}~1team/1" \
		'/predicate/buildDefinition/externalParameters/repository must match "https://git.example.com/other/*", and is "https://git.example.com/team/app"'

	example builder.pub >policy.json
	cp other.pub builder.pub
	bundle policy explain --policy policy.json --json all.oci.tar.zst
	expect 3
	[[ $(jq -r '.images[] | select(.accepted) | .image' <<<"$output") == '' ]]
	[[ $(jq -r '.error.code' <<<"$output") == unproved ]]
}

@test "skopeo finds the same scope" {
	local matched=0 host=${REGISTRY%:*} port=${REGISTRY#*:}
	while IFS='|' read -r wanted theirs default scopes; do
		scopes=${scopes//REGISTRY/$REGISTRY} scopes=${scopes//HOST/$host} scopes=${scopes//PORT/$port}
		scopes=${scopes//YES/[{\"type\":\"insecureAcceptAnything\"\}]} scopes=${scopes//NO/[{\"type\":\"reject\"\}]}
		printf '{"default":[{"type":"%s"}],"transports":%s}' "$default" "$scopes" >policy.json
		echo "# $(<policy.json)"
		both_decide team/app:1 "$wanted" "$theirs"
		matched=$((matched + 1))
	done <<-'EOF2'
		0|0|reject|{"docker":{"REGISTRY/team/app":YES}}
		0|0|reject|{"docker":{"REGISTRY/team/app:1":YES,"REGISTRY/team/app":NO}}
		3|1|reject|{"docker":{"REGISTRY/team/app:2":YES}}
		3|1|reject|{"docker":{"REGISTRY/team/ap":YES}}
		3|1|reject|{"docker":{"REGISTRY/team/":YES}}
		3|1|reject|{"docker":{"HOST":YES}}
		0|0|reject|{"docker":{"*.0.0.1":YES}}
		3|1|reject|{"docker":{"*.0.0.1:PORT":YES}}
		0|0|reject|{"docker":{"":YES}}
		3|1|insecureAcceptAnything|{"docker":{"":NO}}
		3|1|insecureAcceptAnything|{"docker":{"REGISTRY":YES,"REGISTRY/team":NO}}
		3|1|reject|{"docker-daemon":{"":YES},"dir":{"":YES}}
		0|0|insecureAcceptAnything|{"docker":{}}
		1|1|insecureAcceptAnything|{"docker":{"REGISTRY":[]}}
		1|1|insecureAcceptAnything|{"docker":{"REGISTRY":YES,"REGISTRY":YES}}
	EOF2
	((matched == 15))
}

@test "skopeo decides the same" {
	local matched=0
	while IFS='|' read -r image wanted theirs requirement; do
		requirement=${requirement//REGISTRY/$REGISTRY}
		policy "$requirement"
		echo "# $image: $requirement"
		both_decide "$image" "$wanted" "$theirs"
		matched=$((matched + 1))
	done < <(
		cat <<-EOF2
			team/app:1|0|0|$(signed_by builder.pub '{"type":"matchRepoDigestOrExact"}')
			team/app:2|3|1|{"type":"sigstoreSigned","keyPath":"builder.pub"}
			team/app:2|0|0|$(signed_by builder.pub '{"type":"exactReference","dockerReference":"REGISTRY/team/app:1"}')
			team/app:1|3|1|$(signed_by other.pub '{"type":"matchRepoDigestOrExact"}')
			team/built:1|3|1|$(signed_by builder.pub '{"type":"matchExact"}')
			team/built:1|0|0|$(signed_by builder.pub '{"type":"matchRepository"}')
			team/plain:1|3|1|$(signed_by builder.pub '{"type":"matchRepository"}')
			team/app:1|0|0|{"type":"sigstoreSigned","keyPaths":["other.pub","builder.pub"]}
			team/app:1|3|1|{"type":"sigstoreSigned","keyPath":"builder.pub"},{"type":"reject"}
			team/app:2|3|1|$(signed_by builder.pub '{"type":"remapIdentity","prefix":"REGISTRY/team","signedPrefix":"vendor.example"}')
			team/app:1|1|1|{"type":"sigstoreSigned","keyPath":"builder.pub","keyData":"AAAA"}
			demo/multi:2.1|0|1|$(signed_by cosign.pub '{"type":"exactRepository","dockerRepository":"127.0.0.1:5001/demo/multi"}')
		EOF2
	)
	((matched == 12))
}

@test "a dry run says what a policy would refuse beside the plan, and writes nothing" {
	policy '{"type":"reject"}'
	bundle export --quiet -o plain.oci.tar.zst "$REGISTRY/team/plain:1"
	bundle import --quiet --to store --dry-run --policy policy.json plain.oci.tar.zst
	complain 3 "$REGISTRY/team/plain:1: refused by policy.json"
	expect 3 "$REGISTRY/team/plain:1  sha256:" '  new' 'would be refused; otherwise it would write'
	bundle import --quiet --to store --dry-run --json --policy policy.json plain.oci.tar.zst
	complain 3 "$REGISTRY/team/plain:1: refused by policy.json"
	[[ $(jq -r '[.dryRun, .error.code, .images[0].name] | join(" ")' <<<"$output") == "true unproved $REGISTRY/team/plain:1" ]]
	[[ ! -e $BUNDLE_STORE && ! -e $BUNDLE_STORE.journal.jsonl ]]
}

# Whoever brings it later, as whatever, gives it under this name.
@test "a platform that was left out must be vouched for all the same, wherever the image goes" {
	local target
	policy "$(signed_by builder.pub '{"type":"matchRepository"}')"
	bundle export --quiet --platform linux/arm/v7 --policy policy.json -o part.oci.tar.zst "$REGISTRY/team/mixed:1"
	complain 3 "linux/arm64 $MULTI_ARM64, which was left out, and nothing that is asked for vouches for it"
	bundle export --quiet --platform linux/arm/v7 -o part.oci.tar.zst "$REGISTRY/team/mixed:1"
	expect 0
	bundle verify --policy policy.json part.oci.tar.zst
	expect 3 "linux/arm64  $MULTI_ARM64  (listed, and not in the bundle)" "FAIL linux/arm64 $MULTI_ARM64"
	[[ $("$BUNDLE" verify --quiet --policy policy.json --json part.oci.tar.zst 2>/dev/null |
		jq -c '[.images.images[0].manifests[] | select(.platform) | [.platform, .carried]]') == '[["linux/arm/v7",true],["linux/arm64",false]]' ]]
	for target in store oci:site "docker://$REGISTRY/site"; do
		bundle import --quiet --to "$target" --policy policy.json part.oci.tar.zst
		complain 3 "$REGISTRY/team/mixed:1: refused by policy.json" "linux/arm64 $MULTI_ARM64, which was left out"
		# A dry run has the plan too.
		bundle import --quiet --to "$target" --dry-run --policy policy.json part.oci.tar.zst
		complain 3 'have the index signed'
		expect 3 '/team/mixed:1  sha256:' 'would be refused; otherwise it would write'
		# A part of it, or all of it by its name, is no way round.
		bundle import --quiet --to "$target" --policy policy.json --platform linux/arm/v7 part.oci.tar.zst
		complain 3 'linux/arm64'
		bundle import --quiet --to "$target" --policy policy.json --image "$REGISTRY/team/mixed:1" part.oci.tar.zst
		complain 3 'linux/arm64'
	done
	bundle extract -q --policy policy.json part.oci.tar.zst folder
	complain 3 "$REGISTRY/team/mixed:1: refused by policy.json" 'linux/arm64'
	[[ ! -e $BUNDLE_STORE && ! -e site && ! -e folder ]]
	bundle import --quiet --to store part.oci.tar.zst
	expect 0
}

@test "a platform that was left out may be signed with its index" {
	policy "$(signed_by cosign.pub '{"type":"matchDigest"}')"
	bundle export --quiet --platform linux/arm/v7 --policy policy.json -o part.oci.tar.zst "$REGISTRY/demo/multi:2.1"
	expect 0
	bundle policy explain --policy policy.json part.oci.tar.zst "$REGISTRY/demo/multi:2.1"
	expect 0 'ok   something that vouches for all that an index lists, whether it comes along or not'
	bundle import --quiet --to store --policy policy.json part.oci.tar.zst
	expect 0
}

@test "what vouches for a platform that is not chosen may lie in the rest of the bundle" {
	policy "$(signed_by builder.pub '{"type":"matchRepository"}')"
	bundle export --quiet -o whole.oci.tar.zst "$REGISTRY/team/parts:1"
	bundle import --quiet --to store --policy policy.json --platform linux/arm/v7 whole.oci.tar.zst
	expect 0
	bundle import --quiet --to store --policy policy.json whole.oci.tar.zst
	expect 0
	bundle export --quiet --platform linux/arm/v7 -o part.oci.tar.zst "$REGISTRY/team/parts:1"
	bundle import --quiet --to store --policy policy.json part.oci.tar.zst
	complain 3 'linux/arm64' 'have the index signed, or bring all of the image'
	bundle export --quiet -o mixed.oci.tar.zst "$REGISTRY/team/mixed:1"
	bundle import --quiet --to store --policy policy.json --platform linux/arm/v7 mixed.oci.tar.zst
	complain 3 'linux/arm64' 'which was left out'

	# What is revoked nothing brings back, nor what lists it.
	export BUNDLE_TRUST=$PWD/trust
	mkdir trust && bundle trust revoke "$MULTI_ARM64"
	bundle import --quiet --to store --policy policy.json --platform linux/arm/v7 whole.oci.tar.zst
	complain 3 "$MULTI_ARM64" 'is revoked here'
	bundle import --quiet --to store part.oci.tar.zst
	complain 3 "manifest $MULTI_ARM64 of $REGISTRY/team/parts:1 is revoked here"
}

# Docker goes through all that a name leads to, whatever it is marked as.
@test "an image in an index that is marked as an attestation must be vouched for" {
	local type=application/vnd.oci.image.index.v1+json hidden=$REGISTRY/team/hidden
	local arm=sha256-d86108fe890a1f320775f60dcc5712a0ae5d91ac8bb8f186fffc8556fa2252b4.sig
	lab_peer crane index append --insecure -t "$hidden:inner" -m "$REGISTRY/team/plain:1" 2>/dev/null
	lab_peer crane index append --insecure -t "$hidden:1" -m "$REGISTRY/team/built:1" 2>/dev/null
	lab_peer crane copy "$REGISTRY/team/built:$arm" "$hidden:$arm" 2>/dev/null
	policy "$(signed_by builder.pub '{"type":"matchDigest"}')"
	bundle export --quiet -o signed.oci.tar.zst "$hidden:1"
	bundle import --quiet --to store --dry-run --policy policy.json signed.oci.tar.zst
	expect 0

	curl -sf -H "Accept: $type" "http://${hidden/\//\/v2\/}/manifests/inner" >inner.json
	curl -sf -H "Accept: $type" "http://${hidden/\//\/v2\/}/manifests/1" | jq -c --arg type "$type" \
		--arg digest "sha256:$(sha256sum <inner.json | cut -d ' ' -f 1)" --argjson size "$(stat -c %s inner.json)" \
		'.manifests += [{mediaType: $type, digest: $digest, size: $size, platform: {os: "unknown", architecture: "unknown"},
			annotations: {"vnd.docker.reference.type": "attestation-manifest"}}]' >outer.json
	curl -sf -X PUT -H "Content-Type: $type" --data-binary @outer.json "http://${hidden/\//\/v2\/}/manifests/1"
	bundle export --quiet -o hidden.oci.tar.zst "$hidden:1"
	bundle import --quiet --to store --policy policy.json hidden.oci.tar.zst
	complain 3 "$hidden:1: refused by policy.json" 'linux/arm64: no signature'
	[[ ! -e $BUNDLE_STORE ]]
}

# Docker runs it where it is asked for unknown/unknown.
@test "what is marked as an attestation and runs nowhere must be vouched for all the same" {
	local type=application/vnd.oci.image.index.v1+json nowhere=$REGISTRY/team/nowhere
	local arm=sha256-d86108fe890a1f320775f60dcc5712a0ae5d91ac8bb8f186fffc8556fa2252b4.sig arm64=sha256-${MULTI_ARM64#*:}.sig
	lab_peer crane index append --insecure -t "$nowhere:1" -m "$REGISTRY/team/built:1" -m "$REGISTRY/team/plain:1" 2>/dev/null
	lab_peer crane copy "$REGISTRY/team/parts:$arm" "$nowhere:$arm" 2>/dev/null
	curl -sf -H "Accept: $type" "http://${nowhere/\//\/v2\/}/manifests/1" | jq -c '.manifests[1].platform = {os: "unknown", architecture: "unknown"} |
		.manifests[1].annotations = {"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": .manifests[0].digest}' >marked.json
	curl -sf -X PUT -H "Content-Type: $type" --data-binary @marked.json "http://${nowhere/\//\/v2\/}/manifests/1"
	policy "$(signed_by builder.pub '{"type":"matchDigest"}')"
	bundle export --quiet -o nowhere.oci.tar.zst "$nowhere:1"
	bundle import --quiet --to store --policy policy.json nowhere.oci.tar.zst
	complain 3 "$nowhere:1: refused by policy.json" "an attestation $MULTI_ARM64, which Docker runs where it is asked to"
	[[ ! -e $BUNDLE_STORE ]]
	lab_peer crane copy "$REGISTRY/team/parts:$arm64" "$nowhere:$arm64" 2>/dev/null
	bundle export --quiet -o signed.oci.tar.zst "$nowhere:1"
	bundle import --quiet --to store --policy policy.json signed.oci.tar.zst
	expect 0
}

# Who chooses by platform alone takes it for an image.
@test "what is marked as an attestation and says what it runs on must be vouched for where it was left out" {
	local type=application/vnd.oci.image.index.v1+json marked=$REGISTRY/team/marked
	local arm=sha256-d86108fe890a1f320775f60dcc5712a0ae5d91ac8bb8f186fffc8556fa2252b4.sig
	lab_peer crane index append --insecure -t "$marked:1" -m "$REGISTRY/team/built:1" -m "$REGISTRY/team/app:1" \
		-m "$REGISTRY/team/plain:1" 2>/dev/null
	lab_peer crane copy "$REGISTRY/team/built:$arm" "$marked:$arm" 2>/dev/null
	curl -sf -H "Accept: $type" "http://${marked/\//\/v2\/}/manifests/1" | jq -c '.manifests[2].annotations =
		{"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": .manifests[1].digest}' >marked.json
	curl -sf -X PUT -H "Content-Type: $type" --data-binary @marked.json "http://${marked/\//\/v2\/}/manifests/1"
	policy "$(signed_by builder.pub '{"type":"matchDigest"}')"
	bundle export --quiet --platform linux/arm/v7 -o part.oci.tar.zst "$marked:1"
	expect 0
	bundle policy explain --policy policy.json part.oci.tar.zst "$marked:1"
	expect 3 "FAIL linux/arm64 $MULTI_ARM64"
	bundle import --quiet --to store --policy policy.json part.oci.tar.zst
	complain 3 "$marked:1: refused by policy.json" 'which was left out, and nothing that is asked for vouches for it'
}

# A site that serves it gives it to who asks for the registry of the scope.
@test "a registry that is written like another one needs what that one needs" {
	local accept='Accept: application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json' name
	printf '{"default":[{"type":"insecureAcceptAnything"}],"transports":{"docker":{"r.test:5000/team":[%s]}}}' \
		"$(signed_by builder.pub '{"type":"matchDigest"}')" >policy.json
	for name in R.test:5000 r.test-5000; do
		bundle export --quiet -o alike.oci.tar.zst --map "$REGISTRY=$name" "$REGISTRY/team/plain:1"
		expect 0
		site_start --registry 127.0.0.1:0 alike.oci.tar.zst
		curl -sf -o given -H "$accept" "http://$SITE/v2/team/plain/manifests/1?ns=r.test:5000"
		site_stop "$SITE_PID"
		bundle import --quiet --to store --policy policy.json alike.oci.tar.zst
		complain 3 "$name/team/plain:1: refused by policy.json, /transports/docker/r.test:5000~1team/0" 'found: no signature'
	done
	bundle export --quiet -o signed.oci.tar.zst --map "$REGISTRY=R.test:5000" "$REGISTRY/team/built:1"
	bundle import --quiet --to store --policy policy.json signed.oci.tar.zst
	expect 0
}

# What the site answers to who asks for manifests ($2...) of a repository ($1).
given() {
	local accept='Accept: application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json' which
	for which in "${@:2}"; do
		curl -s -o /dev/null -w '%{http_code} ' -H "$accept" "http://$SITE/v2/$REGISTRY/$1/manifests/$which"
	done
}

# Signatures and attestations are not judged as images, and what comes along as one may be a platform of another image.  So that
# image is not taken where it says nothing of who vouches for it, in whatever order they come.
@test "what comes along with one image is no platform that another one lists and nobody vouches for" {
	local arm=sha256:d86108fe890a1f320775f60dcc5712a0ae5d91ac8bb8f186fffc8556fa2252b4 repo=$REGISTRY/team/two hidden
	local type=application/vnd.oci.image.manifest.v1+json index=application/vnd.oci.image.index.v1+json
	local api=http://${repo/\//\/v2\/}/manifests
	lab_peer crane copy "$REGISTRY/team/built:1" "$repo:2" 2>/dev/null
	lab_peer crane copy "$REGISTRY/team/built:${arm/:/-}.sig" "$repo:${arm/:/-}.sig" 2>/dev/null
	lab_peer crane copy "$REGISTRY/team/plain:1" "$repo:plain" 2>/dev/null
	curl -sf -H "Accept: $type" "$api/2" >built.json
	curl -sf -H "Accept: $type" "$api/plain" | jq -c --arg type "$type" --arg digest "$arm" --argjson size "$(stat -c %s built.json)" \
		'.subject = {mediaType: $type, digest: $digest, size: $size}' >hidden.json
	hidden=sha256:$(sha256sum <hidden.json | cut -d ' ' -f 1)
	curl -sf -X PUT -H "Content-Type: $type" --data-binary @hidden.json "$api/$hidden"
	jq -nc --arg index "$index" --arg type "$type" --arg digest "$arm" --argjson size "$(stat -c %s built.json)" \
		--arg hidden "$hidden" --argjson hiddensize "$(stat -c %s hidden.json)" '{schemaVersion: 2, mediaType: $index, manifests: [
		{mediaType: $type, digest: $digest, size: $size, platform: {os: "linux", architecture: "arm", variant: "v7"}},
		{mediaType: $type, digest: $hidden, size: $hiddensize, platform: {os: "linux", architecture: "arm64"}}]}' >outer.json
	curl -sf -X PUT -H "Content-Type: $index" --data-binary @outer.json "$api/1"
	bundle export --quiet --platform linux/arm/v7 -o part.oci.tar.zst "$repo:1"
	expect 0
	# Now it refers to the image that is signed.
	jq -c 'del(.manifests[0])' outer.json >fallback.json
	curl -sf -X PUT -H "Content-Type: $index" --data-binary @fallback.json "$api/${arm/:/-}"
	bundle export --quiet -o second.oci.tar.zst "$repo:2"
	expect 0

	policy "$(signed_by builder.pub '{"type":"matchDigest"}')"
	site_start --policy policy.json --registry 127.0.0.1:0 second.oci.tar.zst
	[[ $(given team/two 2 "$hidden") == '200 200 ' ]]
	site_stop "$SITE_PID"
	bundle serve --policy policy.json --registry 127.0.0.1:0 part.oci.tar.zst second.oci.tar.zst
	complain 3 "linux/arm64 $hidden, which was left out, and nothing that is asked for vouches for it"
	bundle import --quiet --to oci:site --policy policy.json part.oci.tar.zst
	complain 3 "linux/arm64 $hidden, which was left out, and nothing that is asked for vouches for it"
	bundle import --quiet --to oci:site --policy policy.json second.oci.tar.zst
	expect 0
	bundle import --quiet --to oci:site --policy policy.json part.oci.tar.zst
	complain 3 "linux/arm64 $hidden, which was left out, and nothing that is asked for vouches for it"
	# Who asks nothing of images gets what there is.
	site_start --registry 127.0.0.1:0 part.oci.tar.zst second.oci.tar.zst
	[[ $(given team/two 1 2 "$arm" "$hidden") == '200 200 200 200 ' ]]
	site_stop "$SITE_PID"
}

@test "attestations come from the bundle that has them, though another one was exported without their platform" {
	local attestation
	lab_peer crane copy "$REGISTRY/demo/multi:2.1" "$REGISTRY/demo/multi:again" 2>/dev/null
	bundle export --quiet --platform linux/arm/v7 -o part.oci.tar.zst "$REGISTRY/demo/multi:again"
	bundle export --quiet -o whole.oci.tar.zst "$REGISTRY/demo/multi:2.1"
	attestation=$("$BUNDLE" cat whole.oci.tar.zst "$MULTI" | jq -r --arg arm "$MULTI_ARM64" '.manifests[] |
		select(.annotations["vnd.docker.reference.digest"] == $arm).digest')
	[[ -n $attestation ]]
	policy "$(signed_by cosign.pub '{"type":"matchDigest"}')"
	site_start --policy policy.json --registry 127.0.0.1:0 part.oci.tar.zst whole.oci.tar.zst
	[[ $(given demo/multi again 2.1 "$MULTI_ARM64" "$attestation") == '200 200 200 200 ' ]]
	site_stop "$SITE_PID"
}

@test "what is served is what was judged, whatever comes into a layout meanwhile" {
	local arm=sha256:d86108fe890a1f320775f60dcc5712a0ae5d91ac8bb8f186fffc8556fa2252b4
	bundle export --quiet -o multi.oci.tar.zst "$REGISTRY/demo/multi:2.1"
	bundle export --quiet -o plain.oci.tar.zst "$REGISTRY/team/plain:1"
	bundle import --quiet --to oci:lacking --platform linux/arm/v7 multi.oci.tar.zst
	expect 0
	bundle import --quiet --to oci:other plain.oci.tar.zst
	expect 0
	printf '{"default":[{"type":"reject"}],"transports":{"docker":{"%s":[%s],"%s":[{"type":"insecureAcceptAnything"}]}}}' \
		"$REGISTRY/demo/multi" "$(signed_by cosign.pub '{"type":"matchDigest"}')" "$REGISTRY/team/plain" >policy.json

	# Another layout does not lend it, though it may be served there under its own name.
	site_start --policy policy.json --registry 127.0.0.1:0 oci:lacking oci:other
	[[ $(given demo/multi 2.1 "$arm" "$MULTI_ARM64") == '200 200 404 ' ]]
	# A blob comes before index.json does.
	cp -r other/blobs lacking/
	[[ $(given demo/multi 2.1 "$arm" "$MULTI_ARM64") == '200 200 404 ' ]]
	# Then all of it is judged.
	touch lacking/index.json
	[[ $(given demo/multi 2.1 "$arm" "$MULTI_ARM64") == '200 200 200 ' ]]
	site_stop "$SITE_PID"

	# An image that lists what nobody vouches for is not served.
	bundle export --quiet -o mixed.oci.tar.zst "$REGISTRY/team/mixed:1"
	bundle import --quiet --to oci:mixed --platform linux/arm/v7 mixed.oci.tar.zst
	policy "$(signed_by builder.pub '{"type":"matchRepository"}')"
	site_start --policy policy.json --registry 127.0.0.1:0 oci:mixed
	grep "mixed: not served: $REGISTRY/team/mixed:1: refused by policy.json" "$SITE_LOG" | grep "linux/arm64 $MULTI_ARM64"
	[[ $(given team/mixed 1 "$arm") == '404 404 ' ]]
	site_stop "$SITE_PID"
}
