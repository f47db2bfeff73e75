#!/usr/bin/env bats
# What an image attests to, from a registry and from layouts, and what refers to it.
load helpers

setup_file() {
	registry_start
	cd "$BATS_FILE_TMPDIR" || return
	"$BUNDLE" export -q -o app1.oci.tar.zst "$REGISTRY/demo/app1:1.0"
	mkdir layout
	zstd -dcq app1.oci.tar.zst | tar x -C layout
	tar cf layout.tar -C layout .
}

teardown_file() { registry_stop; }

setup() {
	session_start
	ln -s "$BATS_FILE_TMPDIR"/{app1.oci.tar.zst,layout,layout.tar} .
	APP=$REGISTRY/demo/app1:1.0 SIGNED=https://sigstore.dev/cosign/sign/v1
}

teardown() { session_end; }

@test "every place says the same" {
	bundle attestations --referrers --from app1.oci.tar.zst "$APP"
	expect 0 "linux/amd64     $PROVENANCE" 'claims: https://mobyproject.org/buildkit@v1; from Dockerfile; 1 material' "$SIGNED" 'of referrer sha256:'
	sort <<<"$output" >table
	for from in oci:layout oci-archive:layout.tar docker:// "docker://$REGISTRY"; do
		echo "# $from"
		bundle attestations --referrers --from "$from" "$APP"
		expect 0
		diff table <(sort <<<"$output")
	done
}

@test "a registry that is named takes the place of the host" {
	bundle attestations --json --from "docker://$REGISTRY" registry.example.test/demo/app1:1.0
	expect 0
	diff <(jq -S . <<<"$output") <(jq -S .body "$TOP/tests/fixtures/engine-api/attestations-default.json")
	bundle attestations --from "docker://$REGISTRY/demo" registry.example.test/none:1
	complain 1 "$REGISTRY/demo/none:1: no such image there"
	bundle attestations --from docker://nowhere "$APP"
	complain 2 nowhere
}

@test "signatures are statements of what refers to an image and to its platforms" {
	bundle attestations --json --statement --referrers --type "$SIGNED" --from docker:// "$APP"
	expect 0
	[[ $(jq -r '.[].Statement.subject[0].digest.sha256' <<<"$output" | sort) == \
		"$(printf '%s\n' "${APP1#sha256:}" "${APP1_AMD64#sha256:}" | sort)" ]]
	[[ $(jq -r '.[].Referrer.artifactType' <<<"$output" | sort -u) == application/vnd.dev.sigstore.bundle.v0.3+json ]]
	bundle attestations --type "$SIGNED" --from docker:// "$APP"
	complain 0 'none of this type; --referrers asks for those that lie beside it'
}

@test "an image is found in a layout by what index.json calls it" {
	jq --arg d "$APP1" '.manifests |= map(select(.digest == $d) | .annotations = {"org.opencontainers.image.ref.name": "1.0"})' \
		layout/index.json >index.json
	rm layout && cp -r "$BATS_FILE_TMPDIR/layout" . && mv index.json layout/
	bundle attestations --from oci:layout 1.0
	expect 0 "$PROVENANCE"
	bundle attestations --from oci:layout localhost/layout:1.0
	expect 0 "$PROVENANCE"
	bundle attestations --from oci:layout "$APP"
	complain 1 "no such image: $APP; there is localhost/layout:1.0"
}

@test "what cannot be asked is a usage error" {
	bundle attestations --namespace default --from store "$APP"
	complain 2 '--namespace is for --from containerd'
	bundle attestations --referrers --from docker-daemon: "$APP"
	complain 2 'does not tell what refers to an image'
	bundle attestations --key x.pub --from oci:layout "$APP"
	complain 2 'are for a bundle file: --from FILE'
	bundle attestations --policy x.json --from docker-daemon: "$APP"
	complain 2 'policies are for bundle files, layouts and the store'
	bundle attestations --insecure-policy --from containerd: "$APP"
	complain 2 'policies are for bundle files, layouts and the store'
}
