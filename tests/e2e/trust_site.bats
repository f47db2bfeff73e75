#!/usr/bin/env bats
# A site's trust: an operator says whose seals count and for which names, and what never does.
load helpers

setup_file() {
	registry_start
	SEALED=$LAB_WORK/sealed
	export SEALED
	make_bundle >"$LAB_WORK/bundle.log" 2>&1
}

teardown_file() { registry_stop; }

# Two images under names of two vendors, and the keys of three.
make_bundle() {
	local name
	mkdir "$SEALED" && cd "$SEALED" || return
	for name in acme other site; do
		openssl genpkey -algorithm ed25519 -out "$name.pem"
		openssl pkey -in "$name.pem" -pubout -out "$name.pub"
	done
	"$BUNDLE" export -q --attestations-only -o both.zst --map "$REGISTRY/demo/app1=acme.example/app" \
		--map "$REGISTRY/demo/multi=other.example/multi" "$REGISTRY/demo/app1:1.0" "$REGISTRY/demo/multi:2.1"
	"$BUNDLE" sign --key acme.pem both.zst
}

setup() {
	session_start
	cp "$SEALED"/* .
	export BUNDLE_TRUST=$BATS_TEST_TMPDIR/trust
}

teardown() { session_end; }

hint() {
	openssl pkey -pubin -in "$1.pub" -outform DER | openssl dgst -sha256 -binary | base64 -w 0
}

names() {
	"$BUNDLE" store list --json | jq -r '[.images[].name] | join(" ")'
}

@test "a vendor's key counts for the vendor's names, and for no others" {
	bundle trust add acme.pub --scope 'acme.example/*'
	expect 0 "$BUNDLE_TRUST/keys.d/acme.pem: added: key $(hint acme), for acme.example/*"
	# shellcheck disable=SC2154 # of run
	[[ $stderr == *'the first key'* ]]
	bundle import -q --to store both.zst
	complain 3 '1 of 2 images are not within the scope' 'other.example/multi:2.1' 'acme.pem: acme.example/*' 'bundle import --image'
	bundle verify -q both.zst
	complain 3 'other.example/multi:2.1'
	expect 3 'content proved' 'origin NOT PROVED: 1 of 2 images'
	bundle extract -q both.zst layout
	complain 3 'other.example/multi:2.1'
	bundle attestations --from both.zst other.example/multi:2.1
	complain 3 'other.example/multi:2.1'
	bundle export -q -o next.zst bundle:both.zst
	complain 3 'other.example/multi:2.1'
	[[ ! -e $BUNDLE_STORE && ! -e layout && ! -e next.zst ]]

	bundle attestations --from both.zst acme.example/app:1.0
	expect 0 "$PROVENANCE"
	bundle import -q --to store --image acme.example/app:1.0 both.zst
	expect 0 "sealed by key $(hint acme) ($BUNDLE_TRUST/keys.d/acme.pem)"
	[[ $(names) == acme.example/app:1.0 ]]

	# A name that the key does not speak for is no other image's by a rule, either.
	bundle import -q --to store --image acme.example/app:1.0 --map acme.example=site.example both.zst
	complain 3 'acme.example/app:1.0 as site.example/app:1.0'
	# shellcheck disable=SC2154 # of run
	[[ $stderr != *'--image takes'* ]] # there is no other
	bundle trust add acme.pub --scope 'acme.example/*' --scope 'site.example/app'
	complain 1 'with another scope: --replace'
	bundle trust add --replace acme.pub --scope 'acme.example/*' --scope 'site.example/app'
	expect 0
	bundle import -q --to store --image acme.example/app:1.0 --map acme.example=site.example both.zst
	expect 0
	[[ $(names) == 'acme.example/app:1.0 site.example/app:1.0' ]]
}

@test "two different keys" {
	mkdir "$BUNDLE_TRUST"
	cp site.pub same.pub
	bundle import -q --to store --threshold 2 --key site.pub --key acme.pub --key same.pub both.zst
	complain 3 '2 different keys must have sealed it, and it is sealed by 1 that counts' "$(hint acme)"
	bundle sign --key site.pem --detached seal.json both.zst
	bundle import -q --to store --threshold 2 --key site.pub --key acme.pub both.zst
	complain 3 'by 1 that counts'
	bundle import -q --json --to store --threshold 2 --key site.pub --key acme.pub --seal seal.json both.zst
	expect 0
	jq -e --arg a "$(hint acme)" --arg s "$(hint site)" '(.keys | sort) == ([$a, $s] | sort)' <<<"$output"
	bundle verify -q --threshold 2 --key site.pub --key acme.pub --seal seal.json both.zst
	expect 0 "key $(hint acme)" " and " "key $(hint site)"
	bundle verify -q --threshold 2 both.zst
	expect 3 'no key given'
}

@test "what is revoked never counts, whatever else says yes" {
	bundle trust add acme.pub
	expect 0 'for *'
	bundle import -q --to store both.zst
	expect 0
	digest=$("$BUNDLE" cat both.zst description | sha256sum)
	for revoked in acme "sha256:${digest%% *}" "$APP1" "$APP1_AMD64" "$APP1_PROVENANCE"; do
		bundle trust revoke "$revoked" --name it
		expect 0 "$BUNDLE_TRUST/revoked.d/it.list: revoked: "
		bundle import -q --to oci:layout both.zst
		complain 3 'revoked.d/it.list'
		bundle import -q --to oci:layout --key acme.pub both.zst
		complain 3 'revoked.d/it.list'
		bundle export -q -o next.zst bundle:both.zst
		complain 3 'revoked.d/it.list'
		[[ ! -e layout && ! -e next.zst ]]
		bundle trust remove --revoked it
		expect 0
	done
	bundle trust revoke acme.pub
	bundle trust list
	expect 0 "$(hint acme)  *  REVOKED" "key $(hint acme)"
	[[ $("$BUNDLE" trust list --json | jq -c '[.keys[0].name, .keys[0].revoked, .revoked[0].key == .keys[0].fingerprint]') == '["acme",true,true]' ]]
	bundle trust add acme.pub --replace --name again
	complain 1 'is revoked here'
}

@test "a policy that every image must pass" {
	echo '{"default": [{"type": "reject"}]}' >reject.json
	echo '{"default": [{"type": "rejekt"}]}' >wrong.json
	bundle trust add --policy wrong.json
	complain 1 "$BUNDLE_TRUST/policy.json" '/default/0: unknown type'
	bundle trust add --policy reject.json
	expect 0 "$BUNDLE_TRUST/policy.json: added: sha256:"
	bundle trust list
	expect 0 "policy.json  sha256:$(sha256sum <reject.json | cut -d ' ' -f 1)"
	bundle trust remove --policy
	expect 0 "$BUNDLE_TRUST/policy.json: removed"
	[[ $stderr == 'warning: no policy is left'* ]]
}

@test "the site's policy is a floor, for the names before and after --map" {
	cat >site.json <<-'EOF2'
		{"default": [{"type": "reject"}],
		 "transports": {"docker": {"acme.example": [{"type": "insecureAcceptAnything"}]}}}
	EOF2
	echo '{"default": [{"type": "reject"}]}' >reject.json
	echo '{"default": [{"type": "insecureAcceptAnything"}]}' >accept.json
	bundle trust add --policy site.json
	expect 0
	app=acme.example/app:1.0
	for arguments in '' '--policy accept.json' '--map other.example=acme.example' "--image $app --policy reject.json" \
		"--image $app --map acme.example=other.example"; do
		# shellcheck disable=SC2086 # several arguments
		bundle import -q --to store $arguments both.zst
		complain 3 both.zst
	done
	bundle extract -q both.zst layout
	complain 3 'other.example/multi:2.1'
	bundle attestations --from both.zst other.example/multi:2.1
	complain 3 'other.example/multi:2.1'
	[[ ! -e $BUNDLE_STORE && ! -e layout ]]
	# Each import that was refused is in the journal; who only asked is not.
	bundle import -q --to store --dry-run both.zst
	complain 3 both.zst
	jq -se 'length > 1 and all(.result == "unproved" and .writtenBytes == 0 and .error != null and
		(.file | endswith("both.zst")) and all(.images[]; .is == null))' "$BUNDLE_STORE.journal.jsonl"
	bundle import -q --to store --image "$app" --map acme.example/app=acme.example/base both.zst
	expect 0
	[[ $(names) == acme.example/base:1.0 ]]

	# The one way round is said, and written down.
	bundle import -q --to store --insecure-policy both.zst
	expect 0
	[[ $stderr == *"warning: --insecure-policy: the policy of this machine, $BUNDLE_TRUST/policy.json, is not asked"* ]]
	tail -n 1 "$BUNDLE_STORE.journal.jsonl" | jq -e '.overrides == ["--insecure-policy"] and .policy == null'
	bundle extract -q --insecure-policy both.zst layout
	expect 0
	[[ $stderr == *'is not asked'* ]]
	bundle attestations --insecure-policy --from both.zst other.example/multi:2.1
	expect 0
	[[ $(jq -r 'select(.overrides == ["--insecure-policy"]) | "\(.command) \(.target != null) \(.file)"' "$BUNDLE_STORE.journal.jsonl") == \
		$'import false both.zst\nnull true both.zst\nextract false both.zst\nattestations false both.zst' ]]

	# Where it cannot be written down there is no way round.
	mv "$BUNDLE_STORE.journal.jsonl" kept && mkdir "$BUNDLE_STORE.journal.jsonl" && rm -r layout
	bundle extract -q --insecure-policy both.zst layout
	complain 1 'the policy of this machine is passed over only where the journal says so' "$BUNDLE_STORE.journal.jsonl"
	[[ ! -e layout ]]
	bundle import -q --to oci:layout --insecure-policy both.zst
	complain 1 'only where the journal says so'
	judge serve
	run --separate-stderr timeout 60 "$BUNDLE" serve --engine "unix:$PWD/engine.sock" --insecure-policy both.zst
	complain 1 'only where the journal says so'
	[[ ! -e layout ]]
	rmdir "$BUNDLE_STORE.journal.jsonl" && mv kept "$BUNDLE_STORE.journal.jsonl"
	# What is revoked it does not bring back.
	bundle trust revoke "$APP1"
	bundle import -q --to store --insecure-policy both.zst
	complain 3 "$APP1" 'is revoked here'
	bundle trust remove --revoked "sha256-${APP1:7:16}"
	chmod g+w "$BUNDLE_TRUST/policy.json"
	bundle import -q --to store --image "$app" both.zst
	complain 3 'policy.json: others can write to it'
}

@test "trust that others could have written, and a last key" {
	bundle trust add acme.pub
	chmod 777 "$BUNDLE_TRUST/keys.d"
	bundle import -q --to store both.zst
	complain 3 "$BUNDLE_TRUST/keys.d: others can write to it"
	bundle trust list --json
	expect 3 '"unproved"'
	chmod 755 "$BUNDLE_TRUST/keys.d"
	BUNDLE_TRUST=nowhere bundle import -q --to store both.zst
	complain 1 'nowhere: no such folder'
	bundle trust remove "$(hint acme)"
	expect 0 "$BUNDLE_TRUST/keys.d/acme.pem: removed"
	[[ $stderr == 'warning: no key is left'* ]]
	bundle import -q --to store both.zst
	expect 0
}
