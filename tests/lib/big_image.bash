# shellcheck shell=bash
# A large image, always the same: made once, kept in the lab's cache, pushed into registries.
#
#   . tests/lab/lab.sh; . tests/lib/big_image.bash
#   big_image                        makes it where it is not yet; sets BIG_IMAGE_DIR, an OCI layout
#   big_image_push ADDRESS NAME TAG  into a registry over plain HTTP
#
# An index with one platform, whose five layers of 60 MiB gzip cannot shrink, and an attestation manifest of BuildKit's kind
# with one statement. Needs openssl and curl; silent on success.

BIG_IMAGE_LAYERS=5
BIG_IMAGE_LAYER_MIB=60

# Puts the file "blob" among the blobs; sets the variable of that name to the JSON of its descriptor.
_big_blob() {
	local media_type=$1 variable=$2 digest size
	digest=$(sha256sum blob) && digest=${digest%% *} && size=$(stat -c %s blob) || return
	mv blob "blobs/sha256/$digest" || return
	printf -v "$variable" '"mediaType":"%s","digest":"sha256:%s","size":%d' "$media_type" "$digest" "$size"
}

# Sets layers and diffs, JSON lists.
_big_layers() {
	local number layer sum
	layers='' diffs=''
	for ((number = 1; number <= BIG_IMAGE_LAYERS; number++)); do
		openssl enc -aes-128-ctr -K "$(printf %032d "$number")" -iv 0 -in /dev/zero 2>/dev/null |
			head -c $((BIG_IMAGE_LAYER_MIB << 20)) >"content$number"
		tar -c --format=ustar --mtime=@0 --owner=0 --group=0 --numeric-owner --mode=644 "content$number" >layer || return
		sum=$(sha256sum layer) && gzip -1n <layer >blob || return
		_big_blob application/vnd.oci.image.layer.v1.tar+gzip layer || return
		rm layer "content$number"
		layers+=",{$layer}" diffs+=",\"sha256:${sum%% *}\""
	done
	layers=${layers#,} diffs=${diffs#,}
}

# Writes a manifest of a config and a list of layers; sets the variable named by $1.
_big_manifest() {
	local variable=$1 config=$2 layers=$3 type=application/vnd.oci.image.manifest.v1+json
	printf '{"schemaVersion":2,"mediaType":"%s","config":{%s},"layers":[%s]}' "$type" "$config" "$layers" >blob
	_big_blob "$type" "$variable"
}

_big_attestation() {
	local subject=$1 config statement predicate=https://slsa.dev/provenance/v1
	printf '{"_type":"https://in-toto.io/Statement/v0.1","predicateType":"%s","subject":[{"name":"big","digest":{"sha256":"%s"}}],"predicate":{}}' \
		"$predicate" "$subject" >blob
	_big_blob application/vnd.in-toto+json statement || return
	printf '{"architecture":"unknown","os":"unknown","config":{},"rootfs":{"type":"layers","diff_ids":[]}}' >blob
	_big_blob application/vnd.oci.image.config.v1+json config || return
	_big_manifest attestation "$config" "{$statement,\"annotations\":{\"in-toto.io/predicate-type\":\"$predicate\"}}"
}

_big_make() {
	local layers diffs config image attestation index digest type=application/vnd.oci.image.index.v1+json
	mkdir -p blobs/sha256 && _big_layers || return
	printf '{"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":[%s]}}' "$diffs" >blob
	_big_blob application/vnd.oci.image.config.v1+json config && _big_manifest image "$config" "$layers" || return
	digest=${image#*sha256:} digest=${digest%%\"*}
	_big_attestation "$digest" || return
	{
		printf '{"schemaVersion":2,"mediaType":"%s","manifests":[' "$type"
		printf '{%s,"platform":{"architecture":"amd64","os":"linux"}},' "$image"
		printf '{%s,"platform":{"architecture":"unknown","os":"unknown"},' "$attestation"
		printf '"annotations":{"vnd.docker.reference.type":"attestation-manifest","vnd.docker.reference.digest":"sha256:%s"}}]}' "$digest"
	} >blob
	_big_blob "$type" index || return
	printf '{"schemaVersion":2,"manifests":[{%s}]}' "$index" >index.json
	printf '{"imageLayoutVersion":"1.0.0"}' >oci-layout
	# What a registry must be told, children first: TYPE DIGEST.
	printf '%s\n' "$image" "$attestation" "$index" | sed -E 's/.*"mediaType":"([^"]*)","digest":"([^"]*)".*/\1 \2/' >manifests
}

big_image() {
	local making
	BIG_IMAGE_DIR=$BUNDLE_LAB/big-image-$BIG_IMAGE_LAYERS-$BIG_IMAGE_LAYER_MIB
	[[ ! -d $BIG_IMAGE_DIR ]] || return 0
	mkdir -p "$BUNDLE_LAB" && making=$(mktemp -d "$BIG_IMAGE_DIR.XXXXXX") || return
	if ! (cd "$making" && _big_make); then
		rm -rf "$making"
		echo "big_image: cannot make it in $BIG_IMAGE_DIR" >&2
		return 1
	fi
	# Another run may have been faster.
	mv -T "$making" "$BIG_IMAGE_DIR" 2>/dev/null || rm -rf "$making"
	[[ -d $BIG_IMAGE_DIR ]]
}


_big_put_manifest() {
	local url=$1 type=$2 digest=$3
	curl -sSf -o /dev/null -X PUT -H "Content-Type: $type" \
		--data-binary "@$BIG_IMAGE_DIR/blobs/sha256/${digest#*:}" "$url"
}

big_image_push() {
	local base=http://$1/v2/$2 tag=$3 blob location type digest
	for blob in "$BIG_IMAGE_DIR"/blobs/sha256/*; do
		location=$(curl -sSf -o /dev/null -X POST -w '%header{location}' "$base/blobs/uploads/") || return
		curl -sSf -o /dev/null -T "$blob" -H 'Content-Type: application/octet-stream' \
			"$location&digest=sha256:${blob##*/}" || return
	done
	while read -r type digest; do
		_big_put_manifest "$base/manifests/$digest" "$type" "$digest" || return
	done <"$BIG_IMAGE_DIR/manifests"
	read -r type digest < <(tail -n 1 "$BIG_IMAGE_DIR/manifests")
	_big_put_manifest "$base/manifests/$tag" "$type" "$digest"
}
