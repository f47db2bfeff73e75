#!/usr/bin/env bats
# Into an OCI layout that other tools have made, and that they read afterwards.
load helpers

setup_file() {
	registry_start
	cd "$BATS_FILE_TMPDIR" || return
	"$BUNDLE" export -q -o app.zst "$REGISTRY/demo/app1:1.0" >/dev/null
	"$BUNDLE" export -q -o multi.zst "$REGISTRY/demo/multi:2.1" >/dev/null
}

teardown_file() { registry_stop; }

setup() {
	session_start
	APP=$REGISTRY/demo/app1:1.0 MANY=$REGISTRY/demo/multi:2.1
	cp "$BATS_FILE_TMPDIR"/{app,multi}.zst .
}

teardown() { session_end; }

signatures() {
	lab_peer cosign verify --local-image --key "$TOP/tests/fixtures/cosign.pub" --insecure-ignore-tlog "$1" >/dev/null 2>said ||
		fail "$1: $(<said)"
}

@test "a new one, read by oras, skopeo, crane and cosign" {
	bundle import -q --to oci:site app.zst
	expect 0 "$APP  $APP1  1 platform, 1 attestation manifest" 'oci:site: ' 'everything read back'
	signatures site
	bundle import -q --to oci:site multi.zst
	expect 0 "$MANY  $MULTI  3 platforms"
	layout_digests site >/dev/null 2>wrong
	[[ ! -s wrong ]]
	lab_peer oras discover --oci-layout --format json "site@$APP1" >found
	[[ $(jq '[.. | .digest? // empty] | unique | length' found) == 4 ]]
	[[ $(lab_peer oras discover --oci-layout --format json "site@$APP1_AMD64" | jq '.referrers | length') == 2 ]]
	for image in "$APP ${APP1#*:}" "$MANY ${MULTI#*:}"; do
		[[ $(lab_peer skopeo inspect --raw "oci:site:${image% *}" | sha256sum) == "${image#* }  -" ]]
	done
	lab_peer crane push --index site "$REGISTRY/copied/all:1" >/dev/null 2>&1
	lab_peer crane manifest "$REGISTRY/copied/all:1" | jq -r '.manifests[].digest' | grep -qx "$MULTI"
	# And by this program: nothing is lost on the way.
	bundle export -q -o again.zst oci:site
	expect 0 "$APP" "$MANY"
	"$BUNDLE" export -q -o both.zst "$APP" "$MANY" >/dev/null
	cmp again.zst both.zst
	bundle inventory oci:site
	expect 0 "\"name\": \"$APP\"" "$APP1_LAYER"
}

@test "twice: nothing is written the second time" {
	"$BUNDLE" import -q --to oci:site app.zst >/dev/null
	cp -r site before
	bundle import -q --to oci:site --json app.zst
	expect 0
	jq -e '.writtenBytes == 0' <<<"$output"
	diff -r before site
}

@test "what was damaged comes anew, though size and time of its file are as they were" {
	for to in oci:site store; do
		local layout=${to#oci:} file
		[[ $to != store ]] || layout=$BUNDLE_STORE
		"$BUNDLE" import -q --to "$to" app.zst >/dev/null
		file=$layout/blobs/sha256/${APP1_LAYER#*:}
		cp -a "$file" was
		bundle import -q --to "$to" app.zst
		expect 0 ' 0 B written, '
		flip "$file" 9
		touch -r was "$file"
		bundle import -q --to "$to" app.zst
		expect 0 ' written, everything read back'
		[[ $output != *' 0 B written'* ]]
		cmp was "$file"
		# Read again where nothing is known, and where what is known is nonsense.
		for record in gone nonsense; do
			rm -f "$layout/.bundle-proved"
			[[ $record == gone ]] || seq 100000 >"$layout/.bundle-proved"
			bundle import -q --to "$to" app.zst
			expect 0 ' 0 B written, '
		done
	done
}

@test "beside what oras, skopeo and crane have put there" {
	lab_peer oras cp -r --from-plain-http --to-oci-layout "$MANY" oras:v1 >/dev/null
	lab_peer skopeo copy -q --all --src-tls-verify=false "docker://$MANY" oci:skopeo:v1
	lab_peer crane pull --insecure --format=oci --annotate-ref "$MANY" crane
	for made in oras skopeo crane; do
		cp "$made/index.json" before.json
		bundle import -q --to "oci:$made" app.zst
		expect 0 "$APP  $APP1"
		jq -e --slurpfile before before.json '[$before[0].manifests[]] - .manifests == []' "$made/index.json"
		[[ $(lab_peer skopeo inspect --raw "oci:$made:$APP" | sha256sum) == "${APP1#*:}  -" ]]
		[[ $(lab_peer oras discover --oci-layout --format json "$made@$APP1" | jq '[.. | .digest? // empty] | unique | length') == 4 ]]
	done
	[[ $(lab_peer skopeo inspect --raw oci:skopeo:v1 | sha256sum) == "${MULTI#*:}  -" ]]
	[[ $(lab_peer oras resolve --oci-layout oras:v1) == "$MULTI" ]]
	lab_peer oras discover --oci-layout --format json oras:v1 >after.json
	lab_peer oras discover --plain-http --format json "$MANY" >there.json
	[[ $(jq '[.. | .digest? // empty] | unique' after.json) == "$(jq '[.. | .digest? // empty] | unique' there.json)" ]]
	# The other way round: they add to what was made here.
	"$BUNDLE" import -q --to oci:site app.zst >/dev/null
	lab_peer oras cp --from-plain-http --to-oci-layout "$MANY" site:v2 >/dev/null
	lab_peer skopeo copy -q --all --src-tls-verify=false "docker://$MANY" oci:site:v3
	bundle import -q --to oci:site multi.zst
	expect 0 "$MANY  $MULTI"
	[[ $(lab_peer oras resolve --oci-layout site:v2) == "$MULTI" ]]
}

@test "the inventory of one whose names are tags" {
	lab_peer oras cp -r --from-plain-http --to-oci-layout "$MANY" oras:latest >/dev/null
	lab_peer skopeo copy -q --all --src-tls-verify=false "docker://$APP" oci:skopeo:latest
	bundle inventory oci:oras
	expect 0 '"name": "localhost/oras:latest"' "\"digest\": \"$MULTI\""
	bundle inventory oci:skopeo
	expect 0 '"name": "localhost/skopeo:latest"' "$APP1_LAYER"
	bundle export -q -o increment.zst --have <("$BUNDLE" inventory oci:skopeo) "$APP"
	expect 0
	bundle inspect --blobs increment.zst
	expect 0 "in $APP1_AMD64 of localhost/skopeo:latest"
	bundle import -q --to oci:skopeo increment.zst
	expect 0 "$APP  $APP1"
	bundle export -q -o whole.zst "oci:skopeo:$APP"
	expect 0
	cmp whole.zst app.zst
}

@test "a name that is taken moves only with --replace, and what it stood for can still be had" {
	"$BUNDLE" import -q --to oci:site app.zst >/dev/null
	"$BUNDLE" export -q -o other.zst --map "$REGISTRY/demo/multi=$REGISTRY/demo/app1" "$REGISTRY/demo/multi:2.1" >/dev/null
	lab_peer crane copy "$MANY" "$REGISTRY/other/app1:1.0" 2>/dev/null
	"$BUNDLE" export -q -o moved.zst --map "$REGISTRY/other=$REGISTRY/demo" "$REGISTRY/other/app1:1.0" >/dev/null
	cp site/index.json before.json
	bundle import -q --to oci:site moved.zst
	complain 1 "$APP is there already and another image: $APP1 there, $MULTI here" --replace
	cmp site/index.json before.json
	bundle import -q --to oci:site --replace --dry-run moved.zst
	expect 0 "$APP  $MULTI  would move" "  $APP1 -> $MULTI" 'oci:site: would write '
	sent=$(sed -nE 's/^  ([0-9]+) blobs, .* to send$/\1/p' <<<"$output")
	cmp site/index.json before.json
	bundle import -q --to oci:site --replace --json moved.zst
	expect 0
	jq -e --arg name "$APP" --arg was "$APP1" --arg is "$MULTI" --argjson sent "$sent" '.images[0] | .name == $name and
		.was == $was and .digest == $is and .readBack.digest == $is and .wantedBlobs == $sent and
		([.platforms[] | .platform] | length) == 3 and (.platforms | all(.inBundle and .attestations == 1))' <<<"$output"
	cp before.json site/index.json
	bundle import -q --to oci:site --replace moved.zst
	expect 0 "$APP  $MULTI" "  moved: $APP1 -> $MULTI"
	[[ $(lab_peer oras resolve --oci-layout "site@$APP1") == "$APP1" ]]
	bundle export -q -o x.zst oci:site:"$APP" "oci:site@$APP1"
	expect 0
}

@test "one image of two repositories, signed in each: both are listed, and come again" {
	signed_twice
	bundle import -q --to oci:site two.zst
	expect 0
	bundle import -q --to oci:site two.zst
	expect 0 ' 0 B written, '
	bundle export -q -o again.zst oci:site
	expect 0
	cmp again.zst two.zst
	# Of one of them alone, the tag would lose the other.
	bundle import -q --to oci:site demo.zst
	complain 1 "$SIG" --replace
}

@test "what is no folder for a layout" {
	for to in oci: oci:site:v1; do
		bundle import -q --to "$to" app.zst
		complain 2 "$to"
	done
	bundle import -q --to oci:site --jobs 2 app.zst
	complain 2 '--jobs is for --to docker://HOST[:PORT][/PREFIX] only'
	[[ ! -e site ]]
	echo >file
	bundle import -q --to oci:file app.zst
	complain 1 file
	mkdir strange && echo '{"imageLayoutVersion":"2.0.0"}' >strange/oci-layout
	bundle import -q --to oci:strange app.zst
	complain 1 'layout of version 2.0.0'
	bundle inventory oci:nowhere
	complain 1 'nowhere: no such folder'
	[[ ! -e nowhere ]]
	mkdir things && echo '{}' >things/index.json
	for how in --dry-run --replace; do
		bundle import -q "$how" --to oci:things app.zst
		complain 1 'things: has something else in it, index.json, and is no OCI image layout'
	done
	bundle extract -q app.zst things
	complain 1 'things: has something else in it'
	[[ $(ls -A things) == index.json ]]
	mkdir -p disk/lost+found
	bundle import -q --to oci:disk app.zst
	expect 0 'oci:disk: '
}
