#!/usr/bin/env bats
# An image travels: out of a registry, into a file, into a store, with all that was attested about it.
load helpers

setup_file() { registry_start; }
teardown_file() { registry_stop; }
setup() { session_start; }
teardown() { session_end; }

# Through the proxy that $http_proxy names, images have the name that the recorded answers know them by.
export_as_example() {
	local file=$1 jobs=$2
	shift 2
	proxy_start "$@"
	http_proxy=http://$PROXY bundle export --plain-http --jobs "$jobs" -o "$file" \
		registry.example.test/demo/app1:1.0 registry.example.test/demo/multi:2.1
	expect 0
}

# All that the registry has, except the fallback indexes, which are made anew at each target.
source_digests() {
	local v2=$STORAGE/docker/registry/v2
	comm -23 <(find "$v2/blobs/sha256" -mindepth 2 -maxdepth 2 -printf 'sha256:%f\n' | sort) \
		<(find "$v2"/repositories/*/*/_manifests/tags/sha256-*/index/sha256 -mindepth 1 -maxdepth 1 \
			! -path '*.sig/*' ! -path '*.att/*' -printf 'sha256:%f\n' | sort)
}

source_blob() {
	cat "$STORAGE/docker/registry/v2/blobs/sha256/${1:7:2}/${1#*:}/data"
}

@test "two images travel, and all digests are those of the source" {
	bundle export -o release.oci.tar.zst "$REGISTRY/demo/app1:1.0" "docker://$REGISTRY/demo/multi:2.1"
	expect 0 "$REGISTRY/demo/app1:1.0  $APP1" "$REGISTRY/demo/multi:2.1  $MULTI" \
		'2 images, 4 platforms, 8 statements, 8 referrers'
	[[ $(ls -A) == release.oci.tar.zst ]]

	bundle verify --content-only release.oci.tar.zst
	expect 0 'release.oci.tar.zst: content proved: 2 images'

	bundle import --to store release.oci.tar.zst
	expect 0 "$REGISTRY/demo/app1:1.0  $APP1  1 platform, 1 attestation manifest, 6 referrers" \
		"$REGISTRY/demo/multi:2.1  $MULTI  3 platforms, 3 attestation manifests, 2 referrers" 'everything read back'

	jq -r '.manifests[] | select(.annotations["bundle.listed-for"] // "" | startswith("sha256:")).digest' \
		"$BUNDLE_STORE/index.json" | sort >made
	diff <(layout_digests "$BUNDLE_STORE" | sort | comm -23 - made) <(source_digests)
	for digest in $(source_digests); do
		cmp "$BUNDLE_STORE/blobs/sha256/${digest#*:}" <(source_blob "$digest")
	done
	diff <(jq -r '.manifests[] | .annotations["io.containerd.image.name"] // empty | . + " "' \
		"$BUNDLE_STORE/index.json" | sort) \
		<(printf '%s \n' "$REGISTRY/demo/app1:1.0" "$REGISTRY/demo/multi:2.1")
}

@test "other tools read the file: tar lists a layout, what is small stands in front" {
	bundle export -o release.oci.tar.zst "$REGISTRY/demo/app1:1.0" "$REGISTRY/demo/multi:2.1"
	zstd -dcq release.oci.tar.zst | tar -tv >list
	[[ $(awk '{ print $NF }' list | head -n 3 | paste -sd ' ') == 'oci-layout index.json bundle.json' ]]

	# Everything before the first layer is no layer, everything after it is one.
	awk '{ print $NF }' list | sed -n 's,^blobs/sha256/,sha256:,p' >order
	bundle inspect --blobs release.oci.tar.zst
	awk 'NR == FNR { layer[$1] = $4 == "layer"; next } layer[$1] < last { exit 1 } { last = layer[$1] }' \
		<(echo "$output") order

	mkdir layout && zstd -dcq release.oci.tar.zst | tar -C layout -x
	[[ $(jq -r .imageLayoutVersion layout/oci-layout) == 1.0.0 ]]
	diff <(layout_digests layout | sort) <(source_digests)
	[[ $(lab_peer oras discover --oci-layout --format json "layout@$APP1" | jq '.referrers | length') == 2 ]]
	[[ $(lab_peer skopeo inspect --raw "oci:layout:$REGISTRY/demo/multi:2.1" | sha256sum) == "${MULTI#*:}  -" ]]
}

@test "file knows a bundle" {
	"$BUNDLE" export -q -o app1.zst "$REGISTRY/demo/app1:1.0" >/dev/null
	[[ $(file -b -m "$TOP/docs/bundle.magic" app1.zst) == 'OCI image bundle, version 1, sha256:'* ]]
	[[ $(file -b -m "$TOP/docs/bundle.magic" --mime-type app1.zst) == application/zstd ]]
	zstd -qc <"$BUNDLE" >other.zst
	[[ $(file -b -m "$TOP/docs/bundle.magic" other.zst) != *bundle* ]]
}

@test "inspect shows what belongs to what" {
	bundle export -q -o app1.oci.tar.zst "$REGISTRY/demo/app1:1.0"
	bundle inspect app1.oci.tar.zst
	# The whole tree without digests and sizes: two blanks a step.
	diff <(sed -E '1d; s/  sha256:.*//; s/^( *)referrer https:..([^ ]*)/\1referrer \2/' <<<"$output") - <<-EOF2
		$REGISTRY/demo/app1:1.0
		  index
		    linux/amd64
		      referrer cosign.sigstore.dev/attestation/v1
		      referrer sigstore.dev/cosign/sign/v1
		      attestation manifest
		        statement $SPDX
		          claims: SPDX-2.3; sbom; 0 packages; created 2026-11-23T00:00:00Z; by Tool: lab-scan-1, Tool: buildkit-v0.0.0+unknown
		        statement $PROVENANCE
		          claims: https://mobyproject.org/buildkit@v1; from Dockerfile; 1 material; finished 2026-11-23T16:36:34.614162581Z
		        referrer sigstore.dev/cosign/sign/v1
		    referrer application/vnd.cyclonedx+json
		      referrer sigstore.dev/cosign/sign/v1
		    referrer sigstore.dev/cosign/sign/v1
		$(tail -n 1 <<<"$output")
	EOF2
	expect 0 "linux/amd64  $APP1_AMD64" "attestation manifest  $APP1_ATTESTATION" \
		"statement $PROVENANCE  $APP1_PROVENANCE" '1 image, 1 platform, 2 statements, 6 referrers'

	bundle export -q -o two.oci.tar.zst "$REGISTRY/demo/app1:1.0" "localhost:${REGISTRY#*:}/demo/app1:1.0"
	bundle inspect two.oci.tar.zst
	expect 0 "localhost:${REGISTRY#*:}/demo/app1:1.0"$'\n'"  index  $APP1  855 B"$'\n    as shown above\n2 images'

	bundle inspect --json app1.oci.tar.zst
	[[ $(jq -r '.schemaVersion, .description.images[0].name, .description.images[0].digest' <<<"$output" |
		paste -sd ' ') == "1 $REGISTRY/demo/app1:1.0 $APP1" ]]
	[[ $(jq -r .digest <<<"$output") == "sha256:$("$BUNDLE" cat app1.oci.tar.zst description | sha256sum | cut -c-64)" ]]
}

@test "cat prints each blob as the source has it" {
	bundle export -q -o app1.oci.tar.zst "$REGISTRY/demo/app1:1.0"
	for digest in "$APP1" "$APP1_CONFIG" "$APP1_PROVENANCE" "$APP1_LAYER"; do
		cmp <("$BUNDLE" cat app1.oci.tar.zst "$digest") <(source_blob "$digest")
	done
	bundle cat app1.oci.tar.zst "$MULTI"
	complain 1 "$MULTI is not in this bundle"
}

@test "attestations are those that a real daemon answered" {
	export_as_example release.oci.tar.zst 6
	bundle import -q --to store release.oci.tar.zst
	expect 0
	while IFS='|' read -r answer image arguments; do
		for from in store release.oci.tar.zst "oci:$BUNDLE_STORE"; do
			echo "# $answer from $from"
			# shellcheck disable=SC2086 # several arguments
			bundle attestations --json --from "$from" $arguments "registry.example.test/demo/$image"
			expect 0
			diff <(jq -S . <<<"$output") <(jq -S .body "$TOP/tests/fixtures/engine-api/attestations-$answer.json")
		done
	done <<-EOF2
		default|app1:1.0|
		default|app1:1.0|--platform linux/amd64
		statement|app1:1.0|--statement
		platform|multi:2.1|--platform linux/arm64 --statement
		platform-variant|multi:2.1|--platform linux/arm/v7
		type|app1:1.0|--type $PROVENANCE --statement
		type-two|app1:1.0|--type $PROVENANCE --type $SPDX
		type-none|app1:1.0|--type https://example.test/none
	EOF2
}

@test "attestations as a table, and a statement byte by byte" {
	bundle export -q -o multi.oci.tar.zst "$REGISTRY/demo/multi:2.1"
	bundle attestations --from multi.oci.tar.zst "$REGISTRY/demo/multi:2.1"
	expect 0
	[[ ${lines[0]} == PLATFORM*'PREDICATE TYPE'*DIGEST*SIZE ]]
	[[ $(awk '/^linux/ { print $1, $2 }' <<<"$output" | sort | paste -sd ';') == \
		"linux/amd64 $PROVENANCE;linux/amd64 $SPDX;linux/arm/v7 $PROVENANCE;linux/arm/v7 $SPDX;linux/arm64 $PROVENANCE;linux/arm64 $SPDX" ]]

	bundle export -q -o app1.oci.tar.zst "$REGISTRY/demo/app1:1.0"
	"$BUNDLE" attestations --from app1.oci.tar.zst --statement --type "$PROVENANCE" "$REGISTRY/demo/app1:1.0" >statement
	cmp statement <(source_blob "$APP1_PROVENANCE" && echo)
}

@test "a statement that is listed and not here" {
	bundle export -q -o app1.oci.tar.zst "$REGISTRY/demo/app1:1.0"
	bundle import -q --to store app1.oci.tar.zst
	rm "$BUNDLE_STORE/blobs/sha256/${APP1_PROVENANCE#sha256:}"

	bundle attestations "$REGISTRY/demo/app1:1.0"
	expect 4
	[[ $stderr == *"not here: a statement of linux/amd64: $PROVENANCE $APP1_PROVENANCE"* ]]
	[[ $stderr == *'1 of what it attests to is not here'* ]]
	[[ $(grep -A1 "$APP1_PROVENANCE *[0-9]" <<<"$output") == *'  not here' ]]
	[[ $(grep -c '^linux/amd64 .*sha256:' <<<"$output") == 2 ]]

	bundle attestations --json --statement "$REGISTRY/demo/app1:1.0"
	expect 4
	[[ $(jq -c '[.[] | [.PredicateType, has("Statement")]] | sort' <<<"$output") == \
		"$(jq -cn --arg a "$PROVENANCE" --arg b "$SPDX" '[[$a, false], [$b, true]] | sort')" ]]

	bundle attestations --statement "$REGISTRY/demo/app1:1.0"
	expect 4
	[[ $(jq -r .predicateType <<<"$output") == "$SPDX" ]]
	bundle attestations --type "$SPDX" "$REGISTRY/demo/app1:1.0"
	expect 0
}

@test "attestations that are not there" {
	bundle attestations "$REGISTRY/demo/app1:1.0"
	complain 1 "the store $BUNDLE_STORE is empty"
	bundle export -q -o app1.oci.tar.zst "$REGISTRY/demo/app1:1.0"
	bundle import -q --to store app1.oci.tar.zst
	bundle attestations "$REGISTRY/demo/none:1"
	complain 1 "no such image: $REGISTRY/demo/none:1; there is $REGISTRY/demo/app1:1.0"
	bundle attestations --platform linux/s390x "$REGISTRY/demo/app1:1.0"
	complain 1 'no platform linux/s390x'
	bundle attestations --type https://example.test/none "$REGISTRY/demo/app1:1.0"
	complain 0 'none of this type'
	[[ -z $output ]]

	# A platform's manifest alone is an image too; what was attested about it stands in the index only.
	bundle export -q -o amd64.oci.tar.zst "$REGISTRY/demo/app1@$APP1_AMD64"
	bundle attestations --json --from amd64.oci.tar.zst "$REGISTRY/demo/app1@$APP1_AMD64"
	expect 0
	[[ $output == '[]' ]]
}

@test "the same images give the same bytes, however they are fetched" {
	export_as_example one.oci.tar.zst 1
	export_as_example many.oci.tar.zst 16
	cmp one.oci.tar.zst many.oci.tar.zst
	# From a registry that has the referrers API, in one page or in several.
	export_as_example api.oci.tar.zst 6 --referrers 100
	[[ $(proxy_asked 'map(select(.path | contains("/referrers/")) | .status) | unique | @csv') == 200 ]]
	cmp one.oci.tar.zst api.oci.tar.zst
	export_as_example pages.oci.tar.zst 6 --referrers 1
	[[ $(proxy_asked 'map(select(.path | contains("?from="))) | length') -gt 0 ]]
	cmp one.oci.tar.zst pages.oci.tar.zst
	# The order in which they are asked for, and twice, does not matter either.
	http_proxy=http://$PROXY bundle export -q --plain-http -o order.oci.tar.zst registry.example.test/demo/multi:2.1 \
		registry.example.test/demo/app1:1.0 registry.example.test/demo/multi:2.1
	cmp one.oci.tar.zst order.oci.tar.zst
}

@test "a bundle names no source" {
	export_as_example release.oci.tar.zst 6
	"$BUNDLE" cat release.oci.tar.zst description >said.json
	run ! grep -qF -e "$PROXY" -e "$REGISTRY" -e "$HOSTNAME" -e "$PWD" said.json
}

@test "import under other names" {
	bundle export -q -o release.oci.tar.zst "$REGISTRY/demo/app1:1.0" "$REGISTRY/demo/multi:2.1"
	bundle import --to store --map "$REGISTRY=registry.example.test/mirror" \
		--map "$REGISTRY/demo/multi=registry.example.test/many" release.oci.tar.zst
	expect 0 "registry.example.test/mirror/demo/app1:1.0  $APP1" "registry.example.test/many:2.1  $MULTI"
	bundle attestations registry.example.test/mirror/demo/app1:1.0
	expect 0 "$APP1_PROVENANCE"
	bundle attestations "$REGISTRY/demo/app1:1.0"
	complain 1 'no such image'
}

@test "rules for names that cannot be are usage errors, and nothing is written" {
	lab_peer crane copy "$REGISTRY/demo/multi:2.1" "$REGISTRY/other/app1:1.0" 2>/dev/null
	bundle export -q -o release.oci.tar.zst "$REGISTRY/demo/app1:1.0" "$REGISTRY/other/app1:1.0"
	while IFS='|' read -r rule text; do
		bundle import --to store --map "$rule" release.oci.tar.zst
		complain 2 "$text"
		[[ ! -e $BUNDLE_STORE ]]
	done <<-EOF2
		registry.example.test=registry.example.com|matches no image of this bundle
		$REGISTRY/other=$REGISTRY/demo|$REGISTRY/demo/app1:1.0
		$REGISTRY|has no "="
		nowhere=registry.example.test|nowhere
	EOF2
}

@test "a name that points elsewhere moves only with --replace" {
	bundle export -q -o release.oci.tar.zst "$REGISTRY/demo/app1:1.0" "$REGISTRY/demo/multi:2.1"
	lab_peer crane copy "$REGISTRY/demo/multi:2.1" "$REGISTRY/moved/app1:1.0" 2>/dev/null
	bundle export -q -o moved.oci.tar.zst "$REGISTRY/moved/app1:1.0"
	bundle import -q --to store release.oci.tar.zst
	cp "$BUNDLE_STORE/index.json" before

	bundle import -q --to store --map "$REGISTRY/moved=$REGISTRY/demo" moved.oci.tar.zst
	complain 1 "$REGISTRY/demo/app1:1.0" "$APP1" "$MULTI" --replace
	cmp before "$BUNDLE_STORE/index.json"

	bundle import -q --to store --replace --map "$REGISTRY/moved=$REGISTRY/demo" moved.oci.tar.zst
	expect 0 "$REGISTRY/demo/app1:1.0  $MULTI" "moved: $APP1 -> $MULTI"
	bundle attestations --json "$REGISTRY/demo/app1:1.0" --platform linux/arm64
	expect 0
	[[ $(jq length <<<"$output") == 2 ]]

	# To the same image it points already: nothing to write.
	bundle import -q --json --to store --map "$REGISTRY/moved=$REGISTRY/demo" moved.oci.tar.zst
	expect 0
	[[ $(jq -r '.writtenBytes, .images[0].was == .images[0].digest' <<<"$output" | paste -sd ' ') == '0 true' ]]
}

@test "a dry run finds everything and writes nothing" {
	proxy_start
	bundle export --dry-run "$PROXY/demo/app1:1.0"
	expect 0 "$PROXY/demo/app1:1.0  $APP1" 'would fetch 1 image, 1 platform, 2 statements, 6 referrers'
	[[ -z $(ls -A) && -z $(proxy_asked '.[] | select(.method == "GET" and (.path | contains("/blobs/'"$APP1_LAYER"'")))') ]]
	bundle export --dry-run -o app1.oci.tar.zst "$PROXY/demo/app1:1.0"
	expect 0
	[[ -z $(ls -A) ]]
}

@test "progress goes to stderr, and nothing does with --quiet" {
	bundle export -o app1.oci.tar.zst "$REGISTRY/demo/app1:1.0"
	expect 0
	holds stderr "$REGISTRY/demo/app1:1.0" '100 %'
	for arguments in "export -q -o app1.oci.tar.zst $REGISTRY/demo/app1:1.0" 'verify --quiet --content-only app1.oci.tar.zst' \
		'import -q --to store app1.oci.tar.zst'; do
		# shellcheck disable=SC2086 # several arguments
		bundle $arguments
		expect 0
		[[ -z $stderr && -n $output ]] || fail 'not quiet'
	done
}

@test "with --json stdout is one document, on failure too" {
	bundle export -q --json -o app1.oci.tar.zst "$REGISTRY/demo/app1:1.0"
	expect 0
	[[ $(jq -r '.schemaVersion, .images[0].digest, .totals.referrers, .totals.fileBytes' <<<"$output" | paste -sd ' ') == \
		"1 $APP1 6 $(stat -c %s app1.oci.tar.zst)" ]]
	bundle export --json --dry-run "$REGISTRY/demo/app1:1.0"
	[[ $(jq -r '.schemaVersion, .dryRun' <<<"$output" | paste -sd ' ') == '1 true' ]]
	bundle verify -q --content-only --json app1.oci.tar.zst
	[[ $(jq -r '.schemaVersion, .content.verdict' <<<"$output" | paste -sd ' ') == '1 proved' ]]
	bundle import -q --json --to store app1.oci.tar.zst
	[[ $(jq -r '.schemaVersion, .images[0].readBack.digest, .images[0].readBack.referrers' <<<"$output" |
		paste -sd ' ') == "1 $APP1 6" ]]

	while IFS='|' read -r wanted code arguments; do
		# shellcheck disable=SC2086 # several arguments
		bundle $arguments
		complain "$wanted"
		[[ $(jq -r '.schemaVersion, .error.code, .error.message | length > 0' <<<"$output" | paste -sd ' ') == 'true true true' ]]
		[[ $(jq -r .error.code <<<"$output") == "$code" ]]
		holds stderr "$(jq -r .error.message <<<"$output")"
	done <<-EOF2
		1|not-found|export -q --json -o new.oci.tar.zst $REGISTRY/demo/none:1
		2|usage|export -q --json $REGISTRY/demo/app1:1.0
		5|network|export -q --json -o new.oci.tar.zst 127.0.0.1:1/demo/app1:1.0
		1|not-found|verify -q --json missing.oci.tar.zst
		3|damaged|inspect --json /dev/null
		2|usage|import -q --json --to store --map a.example=b.example app1.oci.tar.zst
		5|network|import -q --json --to docker-daemon:$PWD/none.sock app1.oci.tar.zst
		1|not-found|attestations --json $REGISTRY/demo/none:1
	EOF2
}

@test "a dry run of an import says what would be written, and writes nothing" {
	bundle export -o release.oci.tar.zst "$REGISTRY/demo/app1:1.0"
	bundle import --dry-run --to store release.oci.tar.zst
	expect 0 "$REGISTRY/demo/app1:1.0  $APP1  new" 'would write 1.2 MB'
	[[ ! -e $BUNDLE_STORE ]]

	bundle import --to store release.oci.tar.zst
	bundle import --dry-run --json --to store release.oci.tar.zst
	expect 0
	[[ $(jq -c '[.dryRun, .wantedBytes, .images[0].was, .images[0].readBack]' <<<"$output") == \
		"[true,0,\"$APP1\",null]" ]]
}
