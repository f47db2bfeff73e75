#!/usr/bin/env bats
# Into a registry, with the referrers API and without: only what is missing, in an order that publishes nothing half.
load helpers

setup_file() {
	registry_start
	lab_referrers_start "$BATS_FILE_TMPDIR/blobs" 3>&-
	export REFERRERS=$LAB_REFERRERS_ADDR LAB_REFERRERS_PID RELEASE=$BATS_FILE_TMPDIR/release
	"$BUNDLE" export -q -o "$RELEASE" --map "$REGISTRY=registry.example.test" "$REGISTRY/demo/app1:1.0" \
		"$REGISTRY/demo/multi:2.1" >/dev/null
}

teardown_file() {
	lab_referrers_stop
	registry_stop
}

setup() { session_start; }
teardown() { session_end; }

# bundle import ARGS... - <FILE
piped() {
	local file=$1
	shift
	judge import "$@" -
	run --separate-stderr "$BUNDLE" import -q "$@" - <"$file"
}

signed() {
	lab_peer cosign verify --allow-http-registry --key "$TOP/tests/fixtures/cosign.pub" --insecure-ignore-tlog "$1" \
		>/dev/null 2>said || fail "$1: $(<said)"
}

# What refers to a manifest, and to that, and so on, as oras shows it, but for where it was asked.
tree() {
	lab_peer oras discover --plain-http --format json "$1" | jq -cS '[.. | .digest? // empty] | sort'
}

# The manifests of a repository's image: the index, platforms, attestations.
manifests() {
	echo "$2"
	curl -sf -H 'Accept: application/vnd.oci.image.index.v1+json' "http://$1/manifests/$2" | jq -r '.manifests[].digest'
}

tagged() {
	curl -s -o "$BATS_TEST_TMPDIR/manifest" -w '%{http_code}' -H 'Accept: application/vnd.oci.image.index.v1+json' \
		"http://${1%%/*}/v2/${1#*/}/manifests/$2"
}

@test "signatures verify and trees are the same, with the referrers API and without" {
	local target digest
	for target in "$REGISTRY" "$REFERRERS"; do
		bundle import --json --to "docker://$target/site" "$RELEASE"
		expect 0
		jq -e '[.images[] | .readBack.digest == .digest] | all' <<<"$output"
		jq -e --arg name "$target/site/demo/app1:1.0" '.images[0].name == $name' <<<"$output"
		signed "$target/site/demo/app1:1.0"
		for digest in $(manifests "$REGISTRY/v2/demo/app1" "$APP1"); do
			[[ $(tree "$target/site/demo/app1@$digest") == "$(tree "$REGISTRY/demo/app1@$digest")" ]] ||
				fail "$target: another tree of $digest"
		done
		# The tags that cosign goes by.
		[[ $(lab_peer crane ls --insecure "$target/site/demo/app1" | grep -E '\.(sig|att|sbom)$') == \
			"$(lab_peer crane ls --insecure "$REGISTRY/demo/app1" | grep -E '\.(sig|att|sbom)$')" ]]
		# And all of it comes back.
		bundle export -q -o back --map "$target/site=registry.example.test" "$target/site/demo/app1:1.0" \
			"$target/site/demo/multi:2.1"
		expect 0
		cmp back "$RELEASE"
		rm back
	done
}

@test "the second run sends nothing" {
	proxy_start
	bundle import -q --to "docker://$PROXY/twice" "$RELEASE"
	expect 0 "$APP1"
	: >"$PROXY_LOG"
	bundle import -q --to "docker://$PROXY/twice" "$RELEASE"
	expect 0 "$APP1" '0 B written'
	[[ $(proxy_asked 'map(.method) | unique | join(" ")') == 'GET HEAD' ]]
}

@test "out of a pipe" {
	piped "$RELEASE" --to "docker://$REGISTRY/piped"
	expect 0 "$APP1"
	signed "$REGISTRY/piped/demo/app1:1.0"
	head -c 1000000 "$RELEASE" >part
	piped part --to "docker://$REGISTRY/cut"
	complain 3
	[[ $(tagged "$REGISTRY/cut/demo/app1" 1.0) == 404 ]]
}

@test "what several repositories want is sent once, and mounted" {
	local form
	bundle export -q -o both "bundle:$RELEASE:registry.example.test/demo/app1:1.0" "$REGISTRY/demo/app1:1.0"
	expect 0
	for form in file pipe; do
		proxy_start
		if [[ $form == file ]]; then
			bundle import -q --to "docker://$PROXY/$form" --keep-host both
		else
			piped both --to "docker://$PROXY/$form" --keep-host
		fi
		expect 0 "$PROXY/$form/registry.example.test/demo/app1:1.0" "$PROXY/$form/${REGISTRY/:/-}/demo/app1:1.0"
		[[ $(proxy_asked 'map(select(.path | test("mount=.*from=")) | .status) | unique | join(" ")') == 201 ]]
		# No digest is at the end of two uploads.
		[[ -z $(proxy_asked '.[] | .path | select(test("uploads/.*digest=")) | sub(".*digest="; "")' | sort | uniq -d) ]]
	done
	# Where mounts are refused it is sent again, out of a pipe too.
	proxy_start --fault 'POST .*mount=#2+' status:403
	piped both --to "docker://$PROXY/again" --keep-host
	expect 0 "$PROXY/again/registry.example.test/demo/app1:1.0" "$PROXY/again/${REGISTRY/:/-}/demo/app1:1.0"
}

@test "two images under one name are a mistake" {
	bundle export -q -o both "bundle:$RELEASE:registry.example.test/demo/app1:1.0" "$REGISTRY/demo/app1:1.0"
	bundle import --to "docker://$REGISTRY/one" both
	complain 2 "$REGISTRY/one/demo/app1:1.0" --keep-host
	bundle import --to store --keep-host "$RELEASE"
	complain 2 --keep-host docker://
	bundle import --to "docker://$REGISTRY/a:1" "$RELEASE"
	complain 2 'HOST[:PORT][/PREFIX]'
	bundle import --to docker://nohost/a "$RELEASE"
	complain 2 'HOST[:PORT][/PREFIX]'
}

@test "a name that stands for another image moves with --replace only" {
	lab_peer crane copy --insecure "$REGISTRY/demo/multi:2.1" "$REGISTRY/moved/demo/app1:1.0"
	bundle import --to "docker://$REGISTRY/moved" "$RELEASE"
	complain 1 "$MULTI" "$APP1" --replace
	# A dry run has the whole plan, and ends as the import would.
	lab_peer crane copy --insecure "$REGISTRY/demo/app1:1.0" "$REGISTRY/moved/demo/multi:2.1"
	bundle import --dry-run --to "docker://$REGISTRY/moved" "$RELEASE"
	complain 1 '2 names are there already' "$REGISTRY/moved/demo/app1:1.0: $MULTI there, $APP1 here"
	expect 1 "$APP1  another image is there" "$MULTI -> $APP1" "$MULTI  another image is there" "$APP1 -> $MULTI" 'would be refused'
	bundle import --dry-run --json --to "docker://$REGISTRY/moved" "$RELEASE"
	expect 1
	[[ $(jq -r '[.error.code, .images[].was] | join(" ")' <<<"$output") == "conflict $MULTI $APP1" ]]
	# So has that of a part.
	bundle import --dry-run --image registry.example.test/demo/app1:1.0 --to "docker://$REGISTRY/moved" "$RELEASE"
	complain 1 "$REGISTRY/moved/demo/app1:1.0" "$MULTI there, $APP1 here"
	expect 1 "$APP1  another image is there" "$MULTI -> $APP1" 'would be refused'
	[[ $output != *"demo/multi"* ]]
	bundle import --dry-run --replace --to "docker://$REGISTRY/moved" "$RELEASE"
	expect 0 'would move'
	[[ $(lab_peer crane digest --insecure "$REGISTRY/moved/demo/app1:1.0") == "$MULTI" ]]
	bundle import -q --replace --to "docker://$REGISTRY/moved" "$RELEASE"
	expect 0 "moved: $MULTI -> $APP1"
	[[ $(lab_peer crane digest --insecure "$REGISTRY/moved/demo/app1:1.0") == "$APP1" ]]
}

@test "all names, and tags of cosign's, that stand for something else are listed at once" {
	local site=$REGISTRY/taken name=$REGISTRY/signed/app1:1.0 sig=sha256-${APP1#sha256:}.sig att=sha256-${APP1#sha256:}.att tag
	lab_peer crane copy --insecure "$REGISTRY/demo/app1:1.0" "$name" 2>/dev/null
	for tag in "$sig" "$att"; do
		echo "$tag" >layer
		lab_peer oras push --plain-http --no-tty "$REGISTRY/signed/app1:$tag" layer >/dev/null
	done
	"$BUNDLE" export -q -o signed "$name" >/dev/null
	"$BUNDLE" import -q --to "docker://$site" signed >/dev/null
	"$BUNDLE" import -q --to oci:taken signed >/dev/null
	for tag in "$sig" "$att"; do
		lab_peer crane copy --insecure "$REGISTRY/demo/multi:2.1" "$site/signed/app1:$tag" 2>/dev/null
	done

	bundle import -q --to "docker://$site" signed
	expect 1
	holds stderr "2 tags of cosign's are there already" '--replace moves them' \
		"bundle import: there already: $site/signed/app1:$sig: $MULTI there, sha256:" \
		"bundle import: there already: $site/signed/app1:$att: $MULTI there, sha256:"
	bundle import -q --to "docker://$site" --dry-run signed
	complain 1 "2 tags of cosign's are there already"
	holds output "$site/signed/app1:$sig  sha256:" "$site/signed/app1:$att  sha256:" "  $MULTI -> sha256:"
	bundle import -q --to "docker://$site" --dry-run --replace --json signed
	expect 0
	[[ $(jq -r --arg was "$MULTI" '.tags[] | select(.was == $was) | .name' <<<"$output" | sort | xargs) == \
		"$site/signed/app1:$att $site/signed/app1:$sig" ]]
	bundle import -q --to "docker://$site" --replace signed
	expect 0 "$site/signed/app1:$sig  sha256:" "  moved: $MULTI -> sha256:"
	[[ $(tail -n 1 "$BUNDLE_STORE.journal.jsonl" | jq -r --arg was "$MULTI" '.tags[] | select(.was == $was and .is != $was) | .name' |
		sort | xargs) == "$site/signed/app1:$att $site/signed/app1:$sig" ]]
	bundle import -q --to "docker://$site" signed
	expect 0

	# A name among them, in a layout.
	"$BUNDLE" import -q --to oci:taken "$RELEASE" >/dev/null
	jq --arg is "$MULTI" '(.manifests | map(select(.digest == $is))[0] | {digest, size, mediaType}) as $other |
		.manifests |= map(if .annotations["org.opencontainers.image.ref.name"] // "" |
			test("[.](sig|att)$|/signed/app1:1.0$") then . + $other else . end)' taken/index.json >index.json
	mv index.json taken/index.json
	bundle import -q --to oci:taken signed
	expect 1
	holds stderr "3 names and tags of cosign's are there already" "the first of them $name: $MULTI there, $APP1 here" \
		"bundle import: there already: $name: $MULTI there, $APP1 here" \
		"bundle import: there already: $sig: $MULTI there, sha256:" "bundle import: there already: $att: $MULTI there, sha256:"
	bundle import -q --to oci:taken --dry-run signed
	complain 1 "3 names and tags of cosign's are there already"
	expect 1 "$name  $APP1  another image is there" "$sig  sha256:" "$att  sha256:" 'would be refused'
}

@test "one image of two repositories, signed in each: a tag stands for one thing, and what has none is said" {
	local name run
	# What a tag of cosign's stands for, in the repositories of a place.
	stands() {
		lab_peer crane digest --insecure "$1/demo/multi:$SIG"
		lab_peer crane digest --insecure "$1/again/multi:$SIG"
	}
	signed_twice
	bundle export -q -o two.zst --map "$REGISTRY=registry.example.test" "$REGISTRY"/{demo,again}/multi:2.1
	expect 0
	complain 0 '1 manifest is out of several repositories' "$MULTI" 'bundle of its own'
	bundle export -q -o again.zst --map "$REGISTRY=registry.example.test" "$REGISTRY/again/multi:2.1"
	[[ -z $stderr ]]
	for run in first second; do
		bundle import -q --to "docker://$REGISTRY/both" two.zst
		expect 4 "$REGISTRY/both/again/multi:2.1  $MULTI" "$REGISTRY/both/demo/multi:2.1  $MULTI"
		holds stderr "1 of cosign's signatures" 'bundle of its own' 'cosign signature sha256:' " of $MULTI"
		# shellcheck disable=SC2154 # of run
		[[ $run == first || $output == *' 0 B written'* ]]
	done
	[[ $(stands "$REGISTRY/both" | sort -u) == "$(stands "$REGISTRY" | sort | head -n 1)" ]]
	# As it says: and then both stay where they are.
	for name in demo again; do
		bundle import -q --to "docker://$REGISTRY/each" "$name.zst"
		expect 0
	done
	diff <(stands "$REGISTRY") <(stands "$REGISTRY/each")
	bundle import -q --json --replace --to "docker://$REGISTRY/each" two.zst
	expect 4
	[[ $(jq -r '[.lostReferrers, (.lost | length), (.tags | length)] | join(" ")' <<<"$output") == '2 2 0' ]]
	diff <(stands "$REGISTRY") <(stands "$REGISTRY/each")
}

@test "what cosign has tagged after a signature that has no tag is not there either" {
	local name sig
	signed_twice
	for name in demo again; do
		sig=$(lab_peer crane digest --insecure "$REGISTRY/$name/multi:$SIG")
		echo "of $name" >layer
		lab_peer oras push --plain-http --no-tty "$REGISTRY/$name/multi:sha256-${sig#sha256:}.sig" layer >/dev/null
	done
	"$BUNDLE" export -q -o deep.zst --map "$REGISTRY=registry.example.test" "$REGISTRY"/{demo,again}/multi:2.1 >/dev/null 2>&1
	bundle import -q --to "docker://$REGISTRY/deep" deep.zst
	expect 4 "$REGISTRY/deep/again/multi:2.1  $MULTI" "$REGISTRY/deep/demo/multi:2.1  $MULTI"
	holds stderr "2 of cosign's signatures"
	for name in demo again; do
		sig=$(lab_peer crane digest --insecure "$REGISTRY/deep/$name/multi:$SIG")
		[[ $(lab_peer crane ls "$REGISTRY/deep/$name/multi" | sort) == $(printf '%s\n' 2.1 "${SIG%.sig}".{att,sig} "sha256-${sig#sha256:}.sig" | sort) ]]
	done
	bundle import -q --to "docker://$REGISTRY/deep" deep.zst
	expect 4 ' 0 B written'
}

@test "an index that is not whole: a clear line, or a new index by name" {
	local other
	bundle export -q -o part --platform linux/amd64 --map "$REGISTRY=registry.example.test" "$REGISTRY/demo/multi:2.1"
	expect 0
	bundle import --dry-run --to "docker://$REGISTRY/part" part
	expect 0 'the registry may refuse it' --subset-index
	bundle import --dry-run --subset-index --to "docker://$REGISTRY/part" part
	[[ $status == 4 && $output != *'may refuse it'* ]]
	bundle import -q --to "docker://$REGISTRY/part" part
	complain 1 "linux/arm" "$MULTI" --subset-index
	[[ $(tagged "$REGISTRY/part/demo/multi" 2.1) == 404 ]]
	bundle import -q --to "docker://$REFERRERS/part" part
	complain 1 "linux/arm" "$MULTI" --subset-index

	bundle import -q --json --subset-index --to "docker://$REGISTRY/part" part
	[[ $status == 4 ]]
	holds stderr 'fewer platforms' 'not published'
	other=$(jq -r '.images[0].digest' <<<"$output")
	[[ $(jq -r '.images[0].subsetOf' <<<"$output") == "$MULTI" && $other != "$MULTI" ]]
	[[ $(lab_peer crane digest --insecure "$REGISTRY/part/demo/multi:2.1") == "$other" ]]
	[[ $(lab_peer crane manifest --insecure "$REGISTRY/part/demo/multi:2.1" | jq -r '.annotations["bundle.subset-of"], (.manifests | length)') == "$MULTI"$'\n'2 ]]
	# Run again it is the same.
	bundle import -q --subset-index --to "docker://$REGISTRY/part" part
	expect 4 "$other" "a subset of $MULTI" '0 B written'
	# What refers to the old index is lost, and what refers to that.
	lab_peer crane copy --insecure "$REGISTRY/demo/multi:2.1" "$REGISTRY/noted/multi:1"
	lab_peer oras attach --plain-http --artifact-type a/note --format json "$REGISTRY/noted/multi:1" -a a=b >note
	lab_peer oras attach --plain-http --artifact-type a/word "$REGISTRY/noted/multi@$(jq -r .digest note)" -a a=b >word
	bundle export -q -o noted --platform linux/amd64 --map "$REGISTRY=registry.example.test" "$REGISTRY/noted/multi:1"
	bundle import -q --json --subset-index --to "docker://$REGISTRY/part" noted
	expect 4
	holds stderr 'warning: 2 referrers' "warning:   a/note $(jq -r .digest note) of $MULTI" 'warning:   a/word sha256:'
	[[ $(jq -r '.lostReferrers, .lost[].artifactType' <<<"$output" | paste -sd ' ') == '2 a/note a/word' ]]
	# A name by digest stands for this index, and for no other.
	bundle export -q -o pinned --platform linux/amd64 --map "$REGISTRY=registry.example.test" "$REGISTRY/demo/multi@$MULTI"
	bundle import -q --subset-index --to "docker://$REGISTRY/pinned" pinned
	complain 1 "$MULTI" 'name with a tag'
	[[ $(tagged "$REGISTRY/pinned/demo/multi" "$MULTI") == 404 ]]
}

@test "an increment is checked against the repository, and its neighbours" {
	bundle export -q -o next --since "$RELEASE" --map "$REGISTRY=registry.example.test" "$REGISTRY/demo/app1:1.0"
	expect 0
	bundle import -q --to "docker://$REGISTRY/lacks" --write-want want next
	[[ $status == 6 ]]
	jq -e '.missing | length > 0' want
	bundle import -q --to "docker://$REGISTRY/has" "$RELEASE"
	expect 0
	bundle import -q --to "docker://$REGISTRY/has" next
	expect 0 "$APP1"
	# In another repository: mounted from where the holder is.
	bundle export -q -o next --since "$RELEASE" --map "$REGISTRY/demo=registry.example.test/new" "$REGISTRY/demo/app1:1.0"
	expect 0
	proxy_start
	bundle import -q --to "docker://$PROXY/has" next
	expect 0 "$PROXY/has/new/app1:1.0" "$APP1"
	[[ $(proxy_asked '.[] | .path | select(test("mount="))' | grep -c 'from=has%2Fdemo%2Fapp1') -ge 1 ]]
	# So too where an inventory names it, and this import goes elsewhere in the registry.
	bundle inventory "docker://$REGISTRY/has"
	printf '%s\n' "$output" >site.json
	bundle export -q -o far --have site.json --map "$REGISTRY/demo=registry.example.test/far" "$REGISTRY/demo/app1:1.0"
	expect 0
	proxy_start
	bundle import -q --to "docker://$PROXY/elsewhere" far
	[[ $status == 6 ]] # of another registry nothing can be mounted
	bundle import -q --to "docker://$REGISTRY/elsewhere" far
	expect 0 "$REGISTRY/elsewhere/far/app1:1.0" "$APP1"
	# A registry that does not mount: nothing has been sent by then.
	bundle export -q -o none --since "$RELEASE" --map "$REGISTRY/demo=registry.example.test/none" "$REGISTRY/demo/app1:1.0"
	expect 0
	proxy_start --fault 'POST .*mount=' status:403
	bundle import -q --to "docker://$PROXY/has" --write-want want none
	[[ $status == 6 ]]
	holds stderr 'does not give it to this repository' 'missing: sha256:'
	jq -e '.missing | length > 0' want
	[[ $(proxy_asked 'map(select(.method != "GET" and .method != "HEAD") | .path | select(test("/blobs/uploads/[^?]|/manifests/"))) | length') == 0 ]]
	# From a holder that may not be read nothing can be mounted.
	bundle export -q -o third --since "$RELEASE" --map "$REGISTRY/demo=registry.example.test/third" "$REGISTRY/demo/app1:1.0"
	expect 0
	local refusal
	for refusal in 401 403; do
		proxy_change --fault '/v2/has/demo/app1/' "status:$refusal"
		bundle import -q --to "docker://$PROXY/has" --write-want want third
		[[ $status == 6 ]]
	done
}

@test "layers that only their vendor may distribute are not sent, and that is said" {
	lab_peer crane copy --insecure --platform linux/amd64 "$REGISTRY/demo/app1:1.0" "$REGISTRY/demo/foreign:0"
	lab_peer crane manifest --insecure "$REGISTRY/demo/foreign:0" |
		jq -c '.layers[].mediaType = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"' >changed.json
	curl -sf -X PUT --data-binary @changed.json -H 'Content-Type: application/vnd.oci.image.manifest.v1+json' \
		"http://$REGISTRY/v2/demo/foreign/manifests/1"
	bundle export -q -o foreign --map "$REGISTRY=registry.example.test" "$REGISTRY/demo/foreign:1"
	expect 0
	bundle import -q --json --dry-run --to "docker://$REGISTRY/site" foreign
	expect 0
	holds stderr 'only their vendor may distribute'
	jq -e --slurpfile manifest changed.json '.lostLayers == ($manifest[0].layers | length)' <<<"$output"
	bundle import -q --dry-run --strict --to "docker://$REGISTRY/site" foreign
	[[ $status == 4 ]]
	holds stderr 'less than the bundle holds (--strict)'
}

@test "attestations alone need the layers there" {
	bundle export -q -o alone --attestations-only --map "$REGISTRY=registry.example.test" "$REGISTRY/demo/app1:1.0"
	expect 0
	bundle import -q --to "docker://$REGISTRY/alone" alone
	complain 1 layer 'no name was published'
	[[ $(tagged "$REGISTRY/alone/demo/app1" 1.0) == 404 ]]
	bundle import -q --to "docker://$REGISTRY/withlayers" "$RELEASE"
	bundle import -q --to "docker://$REGISTRY/withlayers" alone
	expect 0 "$APP1"
}

@test "an inventory of a registry, or of a part of it" {
	bundle import -q --to "docker://$REGISTRY/listed" "$RELEASE"
	bundle inventory "docker://$REGISTRY/listed"
	expect 0
	jq -e --arg registry "$REGISTRY" '[.images[].name] == [$registry + "/listed/demo/app1:1.0", $registry + "/listed/demo/multi:2.1"]' <<<"$output"
	printf '%s\n' "$output" >site.json
	bundle export -q --json -o rest --have site.json --map "$REGISTRY=registry.example.test" "$REGISTRY/demo/app1:1.0"
	expect 0
	bundle import -q --to "docker://$REGISTRY/listed" rest
	expect 0 "$APP1"
	# Some have no tags, and some may not be read.
	proxy_start --fault '/listed/demo/multi/tags' status:404
	bundle inventory "docker://$PROXY/listed"
	expect 0 "$PROXY/listed/demo/app1:1.0"
	# shellcheck disable=SC2154 # of run
	[[ $stderr != *multi* ]]
	proxy_change --fault '/listed/demo/multi/tags' status:403
	bundle inventory "docker://$PROXY/listed"
	expect 0 "$PROXY/listed/demo/app1:1.0"
	holds stderr "passed over: $PROXY/listed/demo/multi"
	proxy_change --at-once --fault '/listed/demo/multi/tags' status:500
	bundle inventory "docker://$PROXY/listed"
	complain 5 500
	bundle inventory "docker://$PROXY/lisetd"
	expect 0
	holds stderr 'no repository lisetd'
	# One that lists its repositories to nobody.
	proxy_start --fault /_catalog status:401
	bundle inventory "docker://$PROXY"
	complain 1 'does not list its repositories' "docker://$PROXY/REPOSITORY"
	bundle inventory "docker://$PROXY/listed/demo"
	complain 1 'does not list its repositories' 'no repository listed/demo'
	bundle inventory "docker://$PROXY/listed/demo/app1"
	expect 0 "$PROXY/listed/demo/app1:1.0"
}

@test "credentials, and tokens that allow pushing" {
	printf secret >password && chmod 600 password
	proxy_start --auth bearer --user alice:secret --token-uses 9
	bundle import -q --jobs 1 --to "docker://$PROXY/private" --username "$PROXY=alice" --password-file password "$RELEASE"
	expect 0 "$APP1"
	# shellcheck disable=SC2154 # of run
	[[ $output$stderr != *secret* ]] || fail 'a secret is shown'
	bundle inventory "docker://$PROXY/private/demo/app1" --username "$PROXY=alice" --password-file password
	expect 0 "$PROXY/private/demo/app1:1.0"
	[[ $stderr != *"nothing is asked for"* ]]
	bundle import -q --to "docker://$PROXY/private2" "$RELEASE"
	complain 1 'docker login'
	bundle import -q --to "docker://$PROXY/private2" --username other.example=alice --password-file password "$RELEASE"
	expect 1
	holds stderr '--username other.example=alice: nothing is asked for at other.example'
	piped /dev/null --to docker://x.example --password-stdin --username x.example=a
	complain 2 --password-stdin
}
