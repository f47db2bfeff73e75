#!/usr/bin/env bats
# What a site has, or lacks, carried back: the next export leaves out what is there, or brings what was missing.
load helpers

setup_file() {
	registry_start
	"$BUNDLE" export -q -o "$BATS_FILE_TMPDIR/first.zst" "$REGISTRY/demo/app1:1.0" >/dev/null
}

teardown_file() { registry_stop; }

setup() {
	session_start
	cp "$BATS_FILE_TMPDIR/first.zst" .
}

teardown() { session_end; }

both() {
	"$BUNDLE" export -q "$@" "$REGISTRY/demo/app1:1.0" "$REGISTRY/demo/multi:2.1"
}

stored() {
	jq -r '[.blobs[] | select(.role == "layer") | .stored] | unique[]' <("$BUNDLE" cat "$1" description)
}

prerequisites() {
	jq -r '.totals.prerequisites // 0' <("$BUNDLE" cat "$1" description)
}

@test "the store's inventory leaves out what the bundle that filled it does" {
	bundle import -q --to store first.zst
	expect 0
	bundle inventory store
	expect 0 '"kind": "inventory"' "\"name\": \"$REGISTRY/demo/app1:1.0\"" "$APP1_LAYER"
	holds stderr "store $BUNDLE_STORE: 1 image, "
	"$BUNDLE" inventory store >site.json 2>/dev/null
	both -o have.zst --have site.json >report
	grep -q 'left out: the site must have them' report
	both -o since.zst --since first.zst >/dev/null
	cmp have.zst since.zst
	both -o both.zst --have site.json --have site.json --since first.zst >/dev/null
	cmp have.zst both.zst
	bundle import -q --to store have.zst
	expect 0 "$REGISTRY/demo/multi:2.1  $MULTI"
	# Now everything is there.
	"$BUNDLE" inventory store >site.json 2>/dev/null
	both -o nothing.zst --have site.json >/dev/null
	[[ $(stored nothing.zst) == prerequisite ]]
}

@test "an inventory is the same every time, and says nothing of a layer that is not there" {
	"$BUNDLE" import -q --to store first.zst >/dev/null
	"$BUNDLE" inventory store >one.json 2>/dev/null
	"$BUNDLE" inventory store >other.json 2>/dev/null
	cmp one.json other.json
	rm "$BUNDLE_STORE/blobs/sha256/${APP1_LAYER#*:}"
	bundle inventory store
	expect 0 "$REGISTRY/demo/app1:1.0"
	[[ $output != *"$APP1_LAYER"* ]]
}

@test "a store that nothing was imported into" {
	bundle inventory store
	expect 0 '"images": []'
	[[ ! -e $BUNDLE_STORE ]]
	bundle inventory nowhere
	complain 2 '"nowhere" is no target'
}

@test "the description alone does what the bundle does" {
	"$BUNDLE" cat first.zst description >first.json
	both -o since.zst --since first.zst >/dev/null
	both -o described.zst --since first.json >/dev/null
	cmp since.zst described.zst
	bundle verify -q --content-only described.zst
	expect 0
}

@test "inventories and descriptions that are none" {
	while IFS='|' read -r option text status message; do
		printf '%s' "$text" >site.json
		bundle export -q -o x "$option" site.json "$REGISTRY/demo/app1:1.0"
		complain "$status" "site.json: $message"
		[[ ! -e x ]]
	done <<-'EOF2'
		--have||1|not valid JSON
		--have|[]|1|no "schemaVersion"
		--have|{"schemaVersion":2,"kind":"inventory"}|1|schemaVersion 2, but this program knows only 1
		--have|{"schemaVersion":1}|1|this is no document of the kind "inventory"
		--have|{"schemaVersion":1,"kind":"want"}|2|this is of the kind "want": give it to --want
		--have|{"schemaVersion":1,"kind":"inventory","layers":[{"digest":"sha256:1"}]}|1|"sha256:1"
		--want|{"schemaVersion":1,"kind":"inventory"}|2|this is of the kind "inventory": give it to --have
		--want|{"schemaVersion":1,"kind":"want","images":[]}|2|it names no image
		--since|{}|3|no "schemaVersion"
		--since|{"schemaVersion":1,"images":[]}|3|"files" must list two files
	EOF2
}

@test "what an import lacked comes with the next export" {
	both -o second.zst --since first.zst >/dev/null
	bundle import -q --to store --write-want want.json second.zst
	expect 6
	[[ ! -e $BUNDLE_STORE && $(jq -r .kind want.json) == want ]]
	jq -e --arg layer "$APP1_LAYER" '.missing[] | select(.digest == $layer) | .size > 0' want.json
	[[ $(jq -r '[.images[].name] | join(" ")' want.json) == "$REGISTRY/demo/app1:1.0 $REGISTRY/demo/multi:2.1" ]]
	bundle export -q -o third.zst --want want.json
	expect 0
	bundle import -q --to store --write-want again.json third.zst
	expect 0 "$REGISTRY/demo/app1:1.0  $APP1" "$REGISTRY/demo/multi:2.1  $MULTI"
	[[ ! -e again.json ]]
	# Even where the earlier bundle is named again, what was missing travels.
	both -o fourth.zst --want want.json --since first.zst >/dev/null
	[[ $(prerequisites fourth.zst) == 0 ]]
	BUNDLE_STORE=$PWD/other bundle import -q --to store fourth.zst
	expect 0
}

@test "of what an import lacked, what is there stays out" {
	"$BUNDLE" import -q --to store first.zst >/dev/null
	"$BUNDLE" export -q -o multi.zst "$REGISTRY/demo/multi:2.1" >/dev/null
	both -o all.zst >/dev/null
	both -o second.zst --since all.zst >/dev/null
	bundle import -q --to store --write-want want.json second.zst
	expect 6
	[[ $(jq '.layers | length' want.json) -ge 1 && $(jq '.missing | length' want.json) -ge 1 ]]
	bundle export -q -o third.zst --want want.json
	expect 0 'left out: the site must have them'
	[[ $(prerequisites third.zst) == $(jq '.layers | length' want.json) ]]
	bundle import -q --to store third.zst
	expect 0 "$REGISTRY/demo/multi:2.1  $MULTI"
}

@test "what was wanted comes as it came first: under --map, from folders, and from bundles" {
	both -o all.zst >/dev/null
	"$BUNDLE" extract -q all.zst layout >/dev/null
	while read -r source map; do
		rm -rf want.json ./*.out.zst "$BUNDLE_STORE"
		"$BUNDLE" export -q -o first.out.zst --map "$map" "$source" >/dev/null
		"$BUNDLE" export -q -o second.out.zst --map "$map" --since first.out.zst "$source" >/dev/null
		bundle import -q --to store --write-want want.json second.out.zst
		expect 6
		bundle export -q -o third.out.zst --want want.json --map "$map" "$source"
		expect 0
		bundle import -q --to store third.out.zst
		expect 0 "$REGISTRY/elsewhere/demo/app1:1.0"
		# Without naming it the name leads nowhere, and the way out is said.
		bundle export -q -o x --want want.json
		[[ $status != 0 && ! -e x ]]
		holds stderr 'are named beside --want as they were then'
	done <<-EOF2
		$REGISTRY/demo/app1:1.0 $REGISTRY=$REGISTRY/elsewhere
		oci:layout:$REGISTRY/demo/app1:1.0 $REGISTRY=$REGISTRY/elsewhere
		bundle:all.zst:$REGISTRY/demo/app1:1.0 $REGISTRY=$REGISTRY/elsewhere
	EOF2
	bundle export -q -o x --want none.json
	complain 1 'none.json: no such file'
	bundle export -q -o x --want want.json "$REGISTRY/demo/app1:1.0"
	complain 2 "want.json: $REGISTRY/elsewhere/demo/app1:1.0 is wanted, $APP1" 'no image of this export has that name'
	# Under its name comes another.
	lab_peer crane copy "$REGISTRY/demo/multi:2.1" "$REGISTRY/other/app1:1.0" 2>/dev/null
	bundle export -q -o x --want want.json --map "$REGISTRY/other=$REGISTRY/elsewhere/demo" "$REGISTRY/other/app1:1.0"
	complain 2 "is wanted, $APP1, but under that name comes $MULTI"
	[[ ! -e x ]]
}

# What a daemon says: which platforms it has, and no layer.
daemon_inventory() {
	local image=$1 digest=$2 size=$3
	jq -n --arg image "$image" --arg digest "$digest" --argjson size "$size" '{schemaVersion: 1, kind: "inventory",
		images: [], manifests: [{digest: $digest, size: $size, image: $image}], layers: []}'
}

@test "platforms that a daemon has: what they list is found out" {
	size=$("$BUNDLE" cat first.zst "$APP1_AMD64" | wc -c)
	daemon_inventory "$REGISTRY/demo/app1:0.9" "$APP1_AMD64" "$size" >site.json
	# It is exported again.
	bundle export -q -o again.zst --have site.json "$REGISTRY/demo/app1:1.0"
	expect 0
	[[ $(stored again.zst) == prerequisite ]]
	run -0 jq -r '.blobs[] | select(.stored == "prerequisite") | .image' <("$BUNDLE" cat again.zst description)
	[[ $(sort -u <<<"$output") == "$REGISTRY/demo/app1:0.9" ]]
	# It is not, but its repository has it.
	touch more && tar -cf more.tar more
	lab_peer crane append --insecure --platform linux/amd64 -b "$REGISTRY/demo/app1:1.0" -f more.tar \
		-t "$REGISTRY/demo/app1:1.1"
	daemon_inventory "$REGISTRY/demo/app1:1.0" "$APP1_AMD64" "$size" >site.json
	bundle export -q -o next.zst --have site.json "$REGISTRY/demo/app1:1.1"
	expect 0
	[[ $(prerequisites next.zst) -ge 1 && $(stored next.zst) == *raw* ]]
	"$BUNDLE" import -q --to store first.zst >/dev/null
	bundle import -q --to store next.zst
	expect 0
	# It is nowhere, or not of a repository that is exported: then its layers travel.
	daemon_inventory "$REGISTRY/demo/app1:0.9" "sha256:$(printf '%064d' 0)" 5 >site.json
	bundle export -q -o whole.zst --have site.json "$REGISTRY/demo/app1:1.0"
	expect 0
	[[ $(prerequisites whole.zst) == 0 ]]
	daemon_inventory "other.example/app:1" "$APP1_LAYER" 5 >site.json
	bundle export -q -o whole.zst --have site.json "$REGISTRY/demo/app1:1.0"
	expect 0
	[[ $(prerequisites whole.zst) == 0 ]]
}

@test "a daemon that does not answer is named once" {
	bundle inventory "docker-daemon:$PWD/none.sock"
	complain 5 "bundle inventory: no Docker daemon answers at $PWD/none.sock"
}
