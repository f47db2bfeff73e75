#!/usr/bin/env bats
# Images from where they lie already: layouts that other tools wrote, and bundles.
load helpers

setup_file() { registry_start; }

teardown_file() { registry_stop; }

setup() { session_start; }

teardown() { session_end; }

export_registry() {
	"$BUNDLE" export -q -o "$@" >/dev/null
}

# What a bundle says of everything that refers to something in it: subject, kind, referrer.
referrers_of() {
	"$BUNDLE" cat "$1" description | jq -r '.referrers[] | "\(.subject) \(.kind) \(.digest)"'
}

@test "a registry, a layout and bundles of the same images give the same bytes" {
	local app=$REGISTRY/demo/app1:1.0 multi=$REGISTRY/demo/multi:2.1
	export_registry both.zst "$app" "$multi"
	export_registry app.zst "$app"
	export_registry multi.zst "$multi"
	"$BUNDLE" extract -q both.zst layout
	local -A same=([oci:layout]=both [oci:layout:1.0]=app ["oci:layout:$multi"]=multi [bundle:both.zst]=both
		["bundle:both.zst:$app"]=app [bundle:both.zst:2.1]=multi ["oci:layout@$MULTI"]=multi
		['bundle:app.zst bundle:multi.zst']=both ["oci:layout:1.0 bundle:multi.zst"]=both
		["$app bundle:both.zst:2.1"]=both ["bundle:both.zst $app oci:layout"]=both)
	local refs
	for refs in "${!same[@]}"; do
		# shellcheck disable=SC2086 # words
		bundle export -q -o out.zst $refs
		expect 0
		cmp out.zst "${same[$refs]}.zst" || fail "$refs gives other bytes"
	done
	"$BUNDLE" export -q -o - oci:layout bundle:app.zst >piped.zst 2>/dev/null
	cmp piped.zst both.zst
}

@test "a layout that oras wrote" {
	lab_peer oras backup --plain-http --include-referrers -o app "$REGISTRY/demo/app1:1.0" >/dev/null
	bundle export -q -o oras.zst oci:app
	expect 0 "localhost/app:1.0  $APP1"
	export_registry registry.zst "$REGISTRY/demo/app1:1.0"
	diff <(referrers_of oras.zst) <(referrers_of registry.zst)
	lab_peer oras copy --from-plain-http -r --to-oci-layout "$REGISTRY/demo/multi:2.1" app:2.1 >/dev/null
	bundle export --dry-run oci:app
	expect 0 "localhost/app:1.0  $APP1" "localhost/app:2.1  $MULTI" '2 images, 4 platforms'
	bundle export --dry-run oci:app:2.1
	expect 0 '1 image, 3 platforms'
}

@test "a layout that skopeo wrote" {
	lab_peer skopeo copy -q --all --preserve-digests --src-tls-verify=false "docker://$REGISTRY/demo/app1:1.0" oci:app:v1
	bundle export -q -o skopeo.zst oci:app
	expect 0 "localhost/app:v1  $APP1" '1 platform, 2 statements'
	lab_peer skopeo copy -q --all --preserve-digests --src-tls-verify=false "docker://$REGISTRY/demo/multi:2.1" oci:multi
	(cd multi && bundle export -q -o ../multi.zst oci:. && expect 0 "localhost/multi:latest  $MULTI" '3 platforms')
}

@test "a layout that crane wrote" {
	lab_peer crane pull --insecure --format=oci "$REGISTRY/demo/app1:1.0" app
	bundle export --dry-run oci:app
	expect 0 "localhost/app:latest  $APP1"
	lab_peer crane pull --insecure --format=oci --annotate-ref "$REGISTRY/demo/multi:2.1" app
	bundle export --dry-run oci:app
	expect 0 "localhost/app@$APP1  $APP1" "$REGISTRY/demo/multi:2.1  $MULTI"
	bundle export --dry-run "oci:app@$APP1"
	expect 0 '1 image, 1 platform'
}

@test "a layout that cosign wrote" {
	lab_peer cosign save --allow-http-registry --dir multi "$REGISTRY/demo/multi:2.1"
	bundle export -q -o cosign.zst oci:multi
	expect 0 '2 referrers'
	export_registry registry.zst "$REGISTRY/demo/multi:2.1"
	diff <(referrers_of cosign.zst) <(referrers_of registry.zst)
	lab_peer cosign save --allow-http-registry --dir app "$REGISTRY/demo/app1@$APP1_AMD64"
	bundle export -q -o cosign.zst oci:app
	expect 0 "localhost/app:latest  $APP1_AMD64" '2 referrers'
	bundle verify -q --content-only cosign.zst
	expect 0
}

@test "a layout in an archive, through any compression" {
	export_registry app.zst "$REGISTRY/demo/app1:1.0"
	"$BUNDLE" extract -q app.zst layout >/dev/null
	tar -C layout -cf app.tar .
	local program tried=0
	for program in cat gzip bzip2 xz lzma zstd lz4 lzip; do
		command -v "$program" >/dev/null || continue
		"$program" -c <app.tar >packed || continue
		bundle export -q -o out.zst "oci-archive:packed:1.0"
		expect 0
		cmp out.zst app.zst || fail "$program gives other bytes"
		tried=$((tried + 1))
	done
	((tried >= 3))
	[ -z "$(find . -name '*tmp*')" ]
}

@test "an archive that skopeo wrote" {
	lab_peer skopeo copy -q --all --preserve-digests --src-tls-verify=false "docker://$REGISTRY/demo/app1:1.0" \
		oci-archive:app.tar:v1
	bundle export -q -o out.zst oci-archive:app.tar
	expect 0 "localhost/app:v1  $APP1" '1 platform, 2 statements'
	lab_peer skopeo copy -q --override-arch amd64 --src-tls-verify=false "docker://$REGISTRY/demo/app1:1.0" \
		docker-archive:docker.tar:app:v1
	bundle export -q -o out.zst docker-archive:docker.tar
	complain 1 'docker.tar: holds no OCI content' 'newer Docker'
}

@test "archives that are cut, or that unpack without end" {
	export_registry app.zst "$REGISTRY/demo/app1:1.0"
	"$BUNDLE" extract -q app.zst layout >/dev/null
	tar -C layout -cf app.tar .
	bundle export -q -o out oci-archive:app.zst
	complain 1 'app.zst: is a bundle: write bundle:app.zst'
	local size
	for size in 100 1000 10000 500000; do
		head -c "$size" app.tar >cut.tar
		bundle export -q -o out oci-archive:cut.tar
		# shellcheck disable=SC2154 # of run
		[ "$status" != 0 ] && [[ $stderr == 'bundle export: cut.tar: '* && $stderr != *$'\n'* ]]
	done
	gzip -c app.tar | head -c 300000 >cut.tar.gz
	bundle export -q -o out oci-archive:cut.tar.gz
	complain 3 'cut.tar.gz: '
	zstd -q -c <(head -c 300000000 /dev/zero) >bomb
	bundle export -q -o out oci-archive:bomb
	complain 1 'bomb: unpacks to more than 1000 times its size'
	[ ! -e out ]
}

@test "archives with more in them than files" {
	export_registry app.zst "$REGISTRY/demo/app1:1.0"
	"$BUNDLE" extract -q app.zst layout >/dev/null
	local layer=layout/blobs/sha256/${APP1_LAYER#sha256:}
	mv "$layer" away && ln -s "$PWD/away" "$layer"
	tar -C layout -cf link.tar .
	bundle export -q -o out oci-archive:link.tar
	complain 1 "link.tar: blobs/sha256/${APP1_LAYER#sha256:} in it is no regular file"
	rm "$layer" && mv away "$layer"
	tar -C layout -cf twice.tar oci-layout index.json blobs index.json
	bundle export -q -o out oci-archive:twice.tar
	complain 1 'twice.tar: index.json in it'
	tar -C layout -cf twice.tar oci-layout index.json blobs && tar -C layout -rf twice.tar index.json
	bundle export -q -o out oci-archive:twice.tar
	complain 1 'twice.tar: index.json is in it twice'
	touch x && tar -C layout -cf out.tar --transform 's,^x$,../x,' -P . -C .. x
	bundle export -q -o out oci-archive:out.tar
	complain 1 "out.tar: a member's name leads out of the archive"
	[ ! -e out ] && [ ! -e ../x ]
}

@test "an increment and what it builds on make a whole" {
	export_registry first.zst "$REGISTRY/demo/app1:1.0"
	export_registry whole.zst "$REGISTRY/demo/app1:1.0" "$REGISTRY/demo/multi:2.1"
	export_registry second.zst --since first.zst "$REGISTRY/demo/app1:1.0" "$REGISTRY/demo/multi:2.1"
	bundle export -q -o out.zst bundle:second.zst bundle:first.zst
	expect 0
	cmp out.zst whole.zst
	bundle export -q -o out.zst bundle:second.zst "$REGISTRY/demo/app1:1.0"
	expect 0
	cmp out.zst whole.zst
}

@test "what a bundle left out stays left out" {
	export_registry first.zst "$REGISTRY/demo/app1:1.0"
	export_registry second.zst --since first.zst "$REGISTRY/demo/app1:1.0"
	bundle export -q -o out.zst bundle:second.zst
	expect 0 'left out'
	cmp out.zst second.zst
}

@test "the same selection gives the same bytes from any source" {
	export_registry all.zst "$REGISTRY/demo/multi:2.1"
	"$BUNDLE" extract -q all.zst layout >/dev/null
	local selection ref
	for selection in '--platform=linux/arm64' '--attestations-only' '--referrers=none'; do
		export_registry some.zst "$selection" "$REGISTRY/demo/multi:2.1"
		for ref in bundle:all.zst oci:layout bundle:some.zst; do
			[[ $ref$selection != bundle:some.zst--referrers* ]] || continue
			bundle export -q -o out.zst "$selection" "$ref"
			expect 0
			cmp out.zst some.zst || fail "$ref with $selection gives other bytes"
		done
	done
	# What was not asked for then is not there now, and to ask for everything says so.
	export_registry some.zst --platform linux/arm64 "$REGISTRY/demo/multi:2.1"
	bundle export -q -o out.zst bundle:some.zst
	[ "$status" = 4 ]
	holds stderr 'absent at the source: linux/amd64'
	bundle export -q -o out.zst bundle:some.zst "$REGISTRY/demo/multi:2.1"
	expect 0
	cmp out.zst all.zst
}

@test "a layout that gives an image the digest of another" {
	lab_peer skopeo copy -q --all --preserve-digests --src-tls-verify=false "docker://$REGISTRY/demo/multi:2.1" oci:multi:2.1
	jq --arg name "ghcr.io/acme/app@$APP1" '.manifests[0].annotations["org.opencontainers.image.ref.name"] = $name' \
		multi/index.json >index.json && mv index.json multi/
	bundle export -q -o out.zst oci:multi
	expect 0 "localhost/multi:latest  $MULTI"
	bundle verify -q --content-only out.zst
	expect 0 'content proved'
}

@test "images of a layout under names of one's own" {
	lab_peer skopeo copy -q --all --preserve-digests --src-tls-verify=false "docker://$REGISTRY/demo/multi:2.1" oci:multi:2.1
	bundle export -q -o out.zst --map "localhost/multi=$REGISTRY/demo/multi" oci:multi
	expect 0 "$REGISTRY/demo/multi:2.1  $MULTI"
	export_registry registry.zst --referrers none "$REGISTRY/demo/multi:2.1"
	bundle export -q -o out.zst --referrers none --map "localhost/multi=$REGISTRY/demo/multi" oci:multi
	cmp out.zst registry.zst
}

@test "a list of images in files and registries" {
	export_registry app.zst "$REGISTRY/demo/app1:1.0"
	printf '%s\n' 'bundle:app.zst # what we had' "$REGISTRY/demo/multi:2.1" >list
	bundle export --dry-run --images-from list
	expect 0 '2 images, 4 platforms'
	echo 'oci:nowhere' >list
	bundle export --dry-run --images-from list
	complain 1 'list:1: nowhere: no such folder'
}

@test "a sealed bundle is read where a key counts, another is not" {
	openssl ecparam -name prime256v1 -genkey -noout 2>/dev/null | openssl pkcs8 -topk8 -nocrypt -out key.pem 2>/dev/null
	mkdir -p trust/keys.d && openssl pkey -in key.pem -pubout -out trust/keys.d/site.pem
	export_registry plain.zst "$REGISTRY/demo/app1:1.0"
	export_registry sealed.zst --sign key.pem "$REGISTRY/demo/app1:1.0"
	export BUNDLE_TRUST=$PWD/trust
	bundle export -q -o out.zst bundle:sealed.zst
	expect 0
	cmp out.zst plain.zst # the old seal says nothing of the new bundle
	bundle export -q -o no.zst bundle:plain.zst
	complain 3 'plain.zst: origin not proved'
	[ ! -e no.zst ]
}

@test "what is not there, and what is something else" {
	export_registry app.zst "$REGISTRY/demo/app1:1.0"
	"$BUNDLE" extract -q app.zst layout >/dev/null
	bundle export -q -o out oci:nowhere
	complain 1 'nowhere: no such folder'
	bundle export -q -o out oci:layout:2.0
	complain 1 'layout: has no image 2.0; it has' "$REGISTRY/demo/app1:1.0"
	bundle export -q -o out "bundle:app.zst@$MULTI"
	complain 1 "app.zst: has no image @$MULTI"
	bundle export -q -o out oci:app.zst
	complain 1 'app.zst: is a file, and oci: takes a folder: write oci-archive:'
	bundle export -q -o out bundle:layout
	complain 3 'layout: not a bundle'
	bundle export -q -o out oci:
	complain 2 'a path is missing'
	[ ! -e out ]
}

@test "a blob that is not what it is called" {
	export_registry app.zst "$REGISTRY/demo/app1:1.0"
	"$BUNDLE" extract -q app.zst layout >/dev/null
	flip "layout/blobs/sha256/${APP1_LAYER#sha256:}" 100
	bundle export -q -o out oci:layout
	complain 3 "$APP1_LAYER"
	[ ! -e out ]
	flip "layout/blobs/sha256/${APP1#sha256:}" 10
	bundle export -q -o out oci:layout
	complain 3 "$APP1"
}
