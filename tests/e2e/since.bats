#!/usr/bin/env bats
# A second bundle for a site that had the first: layers that are there stay out of it.
load helpers

setup_file() { registry_start; }

teardown_file() { registry_stop; }

setup() {
	session_start
	"$BUNDLE" export -q -o first.zst "$REGISTRY/demo/app1:1.0" >/dev/null
}

teardown() { session_end; }

second() {
	"$BUNDLE" export -q -o second.zst --since first.zst "$REGISTRY/demo/app1:1.0" "$REGISTRY/demo/multi:2.1"
}

@test "layers of the earlier bundle stay out, everything else travels" {
	bundle export -q -o second.zst --since first.zst "$REGISTRY/demo/app1:1.0" "$REGISTRY/demo/multi:2.1"
	expect 0 'left out: the site must have what first.zst brought'
	bundle inspect second.zst
	expect 0 'left out: the target must have'
	bundle inspect --blobs second.zst
	expect 0 "in $APP1_AMD64 of $REGISTRY/demo/app1:1.0"
	run -0 jq -r '.blobs[] | select(.stored == "prerequisite") | .role' <("$BUNDLE" cat second.zst description)
	[ "$(sort -u <<<"$output")" = layer ]
	run -0 jq -r '.totals.prerequisites' <("$BUNDLE" cat second.zst description)
	[ "$output" -ge 1 ]
	bundle cat second.zst "$APP1_PROVENANCE"
	expect 0 predicateType
	bundle cat second.zst "$APP1_LAYER"
	complain 1 "$APP1_LAYER was left out of this bundle: $REGISTRY/demo/app1:1.0 has it"
	bundle verify -q --content-only second.zst
	expect 0
}

@test "the same earlier bundle gives the same bytes" {
	second
	mv second.zst once.zst
	second
	cmp once.zst second.zst
}

@test "a site that had the first takes the second" {
	second
	bundle import -q --to store first.zst
	expect 0
	bundle import -q --to store second.zst
	expect 0
	"$BUNDLE" export -q -o whole.zst "$REGISTRY/demo/app1:1.0" "$REGISTRY/demo/multi:2.1" >/dev/null
	BUNDLE_STORE=$PWD/other "$BUNDLE" import -q --to store whole.zst >/dev/null
	diff -r other/blobs "$BUNDLE_STORE/blobs"
}

@test "a layer that the site must have may not be revoked there" {
	second
	bundle import -q --to store first.zst
	expect 0
	export BUNDLE_TRUST=$PWD/trust
	mkdir trust && bundle trust revoke "$APP1_LAYER"
	bundle import -q --to store second.zst
	complain 3 "layer $APP1_LAYER of $REGISTRY/demo/app1:1.0 is revoked here"
	bundle extract -q second.zst folder
	complain 3 "layer $APP1_LAYER of $REGISTRY/demo/app1:1.0 is revoked here"
	printf '{"default":[{"type":"insecureAcceptAnything"}]}' >any.json
	bundle verify -q --policy any.json second.zst
	expect 3 "$APP1_LAYER of $REGISTRY/demo/app1:1.0 is revoked here"
}

@test "a site that had not is told what is missing, and nothing is written" {
	second
	bundle import -q --to store second.zst
	expect 6
	holds stderr "missing: $APP1_LAYER, in $APP1_AMD64 of $REGISTRY/demo/app1:1.0, 1.1 MB, needed by $REGISTRY/demo/app1:1.0"
	holds stderr "import first the bundle with $REGISTRY/demo/app1:1.0" 'with --write-want FILE'
	[ ! -e "$BUNDLE_STORE" ]
	bundle import -q --to store --dry-run --write-want want second.zst
	expect 6 "$REGISTRY/demo/app1:1.0  $APP1  new" 'would be refused'
	holds stderr 'the list for bundle export --want is written to want'
	[[ -s want ]]
	bundle import -q --to store --write-want - second.zst
	expect 6
	cmp want - <<<"$output"
	bundle import -q --to store --dry-run --write-want - second.zst
	expect 6
	cmp want - <<<"$output"
	holds stderr 'is written to standard output'
	bundle import -q --to store --json --write-want - second.zst
	expect 2 '"usage"'
}

@test "a chain of bundles: what the second left out, the third leaves out too" {
	second
	"$BUNDLE" export -q -o third.zst --since second.zst "$REGISTRY/demo/app1:1.0" "$REGISTRY/demo/multi:2.1" >/dev/null
	run -0 jq -r '[.blobs[] | select(.role == "layer") | .stored] | unique[]' <("$BUNDLE" cat third.zst description)
	[ "$output" = prerequisite ]
	for file in first second third; do
		bundle import -q --to store "$file.zst"
		expect 0
	done
}

@test "an extracted folder that lacks what was left out is not called whole" {
	second
	bundle extract -q second.zst folder
	expect 4
	holds stderr "left out of the bundle: layer $APP1_LAYER"
	bundle extract -q first.zst both
	expect 0
	bundle extract -q second.zst both
	expect 0
}

@test "an earlier bundle that is none" {
	cp first.zst kept.zst
	bundle export -o first.zst --since first.zst "$REGISTRY/demo/app1:1.0"
	complain 2 'first.zst is the earlier bundle itself'
	cmp first.zst kept.zst
	bundle export -o x --since nothing.zst "$REGISTRY/demo/app1:1.0"
	complain 1 'nothing.zst: no such file'
	echo garbage >garbage.zst
	bundle export -o x --since garbage.zst "$REGISTRY/demo/app1:1.0"
	complain 3 'garbage.zst'
	[ ! -e x ]
}

@test "nothing is written over what is read" {
	openssl genpkey -algorithm ed25519 -out key.pem
	openssl pkey -in key.pem -pubout -out key.pub
	echo "$REGISTRY/demo/app1:1.0" >images.txt
	ln -s key.pem link.pem
	cp first.zst kept.zst && cp key.pem kept.pem
	bundle export -o images.txt --images-from images.txt
	complain 2 'images.txt is the list of --images-from itself'
	bundle export -o link.pem --sign key.pem "$REGISTRY/demo/app1:1.0"
	complain 2 'link.pem is the key of --sign itself'
	bundle report -o first.zst first.zst
	complain 2 'first.zst is the bundle itself'
	bundle sign --key key.pem --detached ./first.zst first.zst
	complain 2 './first.zst is the bundle itself'
	bundle sign --key key.pem --detached key.pem first.zst
	complain 2 'key.pem is the key itself'
	bundle import --to store --key key.pub --write-want key.pub first.zst
	complain 2 'key.pub is a key of --key itself'
	cmp first.zst kept.zst && cmp key.pem kept.pem
	mkfifo pipe
	for command in 'report -o pipe first.zst' 'sign --key key.pem --detached pipe first.zst'; do
		# shellcheck disable=SC2086 # words
		bundle $command
		complain 1 'pipe is there already and is no regular file'
		[ -p pipe ]
	done
}

@test "documents that are given to the wrong option" {
	"$BUNDLE" cat first.zst description >first.json
	"$BUNDLE" import -q --to store first.zst >/dev/null
	"$BUNDLE" inventory store >site.json
	bundle export -o x --since site.json "$REGISTRY/demo/app1:1.0"
	complain 2 'site.json: this is of the kind "inventory": give it to --have'
	bundle export -o x --have first.json "$REGISTRY/demo/app1:1.0"
	complain 2 'first.json: this is the description of a bundle: give it to --since'
	bundle export -o x --have first.zst "$REGISTRY/demo/app1:1.0"
	complain 1 'first.zst: this is no document as bundle inventory prints it; a bundle is given to --since'
	bundle export -o x --want first.zst
	complain 1 'as bundle import --write-want writes it; a bundle is given to --since'
}

@test "documents that come through a pipe" {
	second
	"$BUNDLE" import -q --to store first.zst >/dev/null
	bundle export -q -o piped.zst --since <("$BUNDLE" cat first.zst description) \
		"$REGISTRY/demo/app1:1.0" "$REGISTRY/demo/multi:2.1"
	expect 0
	cmp second.zst piped.zst
	bundle export -q -o had.zst --have <("$BUNDLE" inventory store) "$REGISTRY/demo/app1:1.0" "$REGISTRY/demo/multi:2.1"
	expect 0
	cmp second.zst had.zst
	bundle export -o x --since <(cat first.zst) "$REGISTRY/demo/app1:1.0"
	complain 1 'a bundle does not come through a pipe here' 'bundle cat FILE description'
}

# The registry's folder without what refers to app1 by a fallback tag: its signatures and SBOMs.
stripped_registry() {
	cp -r "$STORAGE" stripped
	rm -r stripped/docker/registry/v2/repositories/demo/app1/_manifests/tags/sha256-*
	LAB_WORK=$PWD lab_registry_start "$PWD/stripped" 3>&-
}

@test "fewer signatures and attestations than last time are said loudly" {
	local was=$REGISTRY
	"$BUNDLE" export -q -o before.zst --map "$was=a.example" "$was/demo/app1:1.0" "$was/demo/multi:2.1" >/dev/null
	"$BUNDLE" cat before.zst description >before.json
	(
		stripped_registry
		trap lab_registry_stop EXIT
		for since in before.zst before.json; do
			bundle export -q -o after.zst --since "$since" --map "$LAB_REGISTRY_ADDR=a.example" \
				"$LAB_REGISTRY_ADDR/demo/app1:1.0" "$LAB_REGISTRY_ADDR/demo/multi:2.1"
			expect 0
			holds stderr 'WARNING: less is attested than last time: a.example/demo/app1:1.0' "in $since"
			[[ $stderr != *demo/multi* ]]
			bundle export -q -o strict.zst --strict --since "$since" --map "$LAB_REGISTRY_ADDR=a.example" \
				"$LAB_REGISTRY_ADDR/demo/app1:1.0"
			expect 4
			holds stderr 'done, but less is attested than last time (--strict)'
			[[ -e strict.zst ]]
			bundle export -q --dry-run --json --since "$since" --map "$LAB_REGISTRY_ADDR=a.example" \
				"$LAB_REGISTRY_ADDR/demo/app1:1.0"
			expect 0
			jq -e '.fewerAttested[] | .was.signatures > .is.signatures or .was.attestations > .is.attestations' \
				<<<"$output"
		done
	)
}

@test "an image that was an index with attestations, and is a manifest" {
	lab_peer skopeo copy -q --override-arch amd64 --src-tls-verify=false "docker://$REGISTRY/demo/app1:1.0" oci:app1:1.0
	bundle export -q -o second.zst --strict --since first.zst --map "localhost/app1=$REGISTRY/demo/app1" oci:app1
	expect 4
	holds stderr "WARNING: less is attested than last time: $REGISTRY/demo/app1:1.0 linux/amd64: 0 attestations"
	"$BUNDLE" cat first.zst description >first.json
	bundle export -q -o second.zst --strict --since first.json --map "localhost/app1=$REGISTRY/demo/app1" oci:app1
	expect 4
}

@test "a platform that was not asked for has lost nothing" {
	"$BUNDLE" export -q -o both.zst "$REGISTRY/demo/multi:2.1" >/dev/null
	bundle inspect both.zst
	expect 0 statement
	bundle export -q -o second.zst --strict --since both.zst --platform linux/arm64 "$REGISTRY/demo/multi:2.1"
	expect 0
	[[ $stderr != *WARNING* ]]
}

@test "as much as last time is nothing to speak of" {
	bundle export -q -o second.zst --strict --since first.zst "$REGISTRY/demo/app1:1.0" "$REGISTRY/demo/multi:2.1"
	expect 0
	[[ -z $stderr ]]
	"$BUNDLE" cat first.zst description >first.json
	bundle export -q -o third.zst --strict --since first.json "$REGISTRY/demo/app1:1.0"
	expect 0
	bundle export -o x --strict "$REGISTRY/demo/app1:1.0"
	complain 2 '--strict is for --since'
}
