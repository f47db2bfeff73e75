#!/usr/bin/env bats
# Many images at once: lists of references, tags by pattern, names other than those of the registry.
load helpers

# The second registry has the same images under other names, as a mirror has.
setup_file() {
	registry_start
	MIRROR_PID_FILE=$BATS_FILE_TMPDIR/mirror
	(
		lab_registry_start "$(mirror_storage)" 3>&-
		declare -p LAB_REGISTRY_ADDR LAB_REGISTRY_PID LAB_REGISTRY_WORK LAB_REGISTRY_LOG >"$MIRROR_PID_FILE"
	)
	export MIRROR_PID_FILE
	# shellcheck source=/dev/null
	MIRROR=$(. "$MIRROR_PID_FILE" && echo "$LAB_REGISTRY_ADDR")
	export MIRROR
}

teardown_file() {
	# shellcheck source=/dev/null
	(. "$MIRROR_PID_FILE" && lab_registry_stop)
	registry_stop
}

setup() { session_start; }
teardown() { session_end; }

# A copy of the registry's folder in which demo is called mirror/upstream.
mirror_storage() {
	local repositories=$BATS_FILE_TMPDIR/mirror-storage/docker/registry/v2/repositories
	cp -r "$STORAGE" "$BATS_FILE_TMPDIR/mirror-storage"
	mkdir "$repositories/mirror"
	mv "$repositories/demo" "$repositories/mirror/upstream"
	echo "$BATS_FILE_TMPDIR/mirror-storage"
}

# One image under one more tag.
tag() {
	lab_peer crane tag --insecure "$REGISTRY/$1" "$2"
}

names() {
	jq -r '.images[].name' <("$BUNDLE" cat "$1" description)
}

@test "a list of references: comments, blank lines, tags with digests" {
	cat >images.txt <<-EOF2
		# what the site runs
		$REGISTRY/demo/app1:1.0@$APP1

		  docker://$REGISTRY/demo/multi:2.1   # all platforms
	EOF2
	bundle export -q -o list.zst --images-from images.txt
	expect 0 "$REGISTRY/demo/app1:1.0  $APP1" "$REGISTRY/demo/multi:2.1  $MULTI"
	"$BUNDLE" export -q -o operands.zst "$REGISTRY/demo/app1:1.0" "$REGISTRY/demo/multi:2.1" >/dev/null
	cmp list.zst operands.zst
}

@test "lists from pipes, several of them, and operands beside them" {
	judge export
	run --separate-stderr "$BUNDLE" export -q -o piped.zst --images-from - --images-from <(echo "$REGISTRY/demo/multi:2.1") \
		"$REGISTRY/demo/app1:1.0" <<<"$REGISTRY/demo/app1:1.0"
	expect 0
	diff <(names piped.zst) <(printf '%s\n' "$REGISTRY/demo/app1:1.0" "$REGISTRY/demo/multi:2.1")
}

@test "a mistake in a list names file and line" {
	printf '%s\n' '# ours' "$REGISTRY/demo/app1:1.0" 'a.example/UPPER' >images.txt
	bundle export -o x --images-from images.txt
	complain 2 'images.txt:3: "a.example/UPPER" is no image reference'
	printf '# nothing\n' >empty.txt
	bundle export -o x --images-from empty.txt
	complain 2 'empty.txt: no reference in it'
	bundle export -o x --images-from nowhere.txt
	complain 1 'nowhere.txt: no such file'
	echo "$REGISTRY/demo/app1:1.0@$MULTI" >images.txt
	bundle export -o x --images-from images.txt
	complain 1 "$REGISTRY/demo/app1:1.0@$MULTI: no such image there"
	[[ ! -e x ]]
}

@test "tags by pattern" {
	tag demo/app1:1.0 1.1
	tag demo/app1:1.0 1.2-rc1
	tag demo/app1:1.0 latest
	bundle export -q -o globbed.zst --tags '1.[0-9]' --tags 'lat*' "$REGISTRY/demo/app1"
	expect 0
	diff <(names globbed.zst) <(printf "$REGISTRY/demo/app1:%s\n" 1.0 1.1 latest)
	bundle export -q -o all.zst --all-tags "$REGISTRY/demo/app1" "docker://$REGISTRY/demo/multi"
	expect 0
	diff <(names all.zst) \
		<(printf "$REGISTRY/demo/%s\n" app1:1.0 app1:1.1 app1:1.2-rc1 app1:latest multi:2.1)
	# One image under four names: its blobs are there once.
	"$BUNDLE" export -q -o plain.zst "$REGISTRY/demo/app1:1.0" "$REGISTRY/demo/multi:2.1" >/dev/null
	diff <("$BUNDLE" inspect --blobs all.zst) <("$BUNDLE" inspect --blobs plain.zst)
	bundle verify -q --content-only all.zst
	expect 0
	bundle import -q --to store all.zst
	expect 0 "$REGISTRY/demo/app1:1.2-rc1  $APP1" "$REGISTRY/demo/app1:latest  $APP1"
}

@test "tags by pattern, of repositories in a list" {
	echo "$REGISTRY/demo/multi" >repositories.txt
	bundle export -q -o listed.zst --tags '2.*' --images-from repositories.txt
	expect 0 "$REGISTRY/demo/multi:2.1  $MULTI"
	echo "$REGISTRY/demo/multi:2.1" >repositories.txt
	bundle export -q -o x --tags '2.*' --images-from repositories.txt
	complain 2 "repositories.txt:1: --tags and --all-tags: \"$REGISTRY/demo/multi:2.1\" is an image" \
		"write its repository, $REGISTRY/demo/multi"
}

@test "no tag that matches" {
	bundle export -o x --tags '9.*' "$REGISTRY/demo/multi"
	complain 1 "$REGISTRY/demo/multi: none of its 1 tag matches \"9.*\""
	bundle export -o x --all-tags "$REGISTRY/demo/nothing"
	complain 1 "$REGISTRY/v2/demo/nothing/tags/list" 404
	bundle export -o x --tags a --all-tags "$REGISTRY/demo/multi"
	complain 2 'all tags, or those that match?'
	bundle export -o x --all-tags oci:folder
	complain 2 '--tags and --all-tags: oci:folder is no repository of a registry'
	bundle export -o x --tags 'v*' "bundle:$REGISTRY.zst:v1"
	complain 2 "bundle:$REGISTRY.zst:v1 is no repository of a registry"
	[[ -z $(ls -A) ]]
}

@test "the same images from two registries under the same names are the same bytes" {
	bundle export -q -o first.zst --map "$REGISTRY/demo=registry.example.test/team" \
		"$REGISTRY/demo/app1:1.0" "$REGISTRY/demo/multi:2.1"
	expect 0 "registry.example.test/team/app1:1.0  $APP1"
	bundle export -q -o second.zst --map "$MIRROR/mirror/upstream=registry.example.test/team" \
		"$MIRROR/mirror/upstream/multi:2.1" "$MIRROR/mirror/upstream/app1:1.0"
	expect 0 "registry.example.test/team/app1:1.0  $APP1"
	cmp first.zst second.zst
	# Both at once would be two images of one name.
	bundle export -q -o x --map "$REGISTRY/demo=a.example" --map "$MIRROR/mirror/upstream=a.example" \
		"$REGISTRY/demo/app1:1.0" "$MIRROR/mirror/upstream/app1:1.0"
	complain 2 'would both be named a.example/app1:1.0'
	[[ ! -e x ]]
}

@test "rules for names that do nothing, and images that are not there" {
	bundle export -o x --map docker.io/library=a.example "$REGISTRY/demo/app1:1.0"
	complain 2 '--map docker.io/library=a.example matches no image of this export'
	bundle export -o x --map nonsense "$REGISTRY/demo/app1:1.0"
	complain 2 'has no "="'
	bundle export -o x --map "$REGISTRY/demo=a.example" "$REGISTRY/demo/app1:9"
	complain 1 "$REGISTRY/demo/app1:9: no such image there"
	[[ -z $(ls -A) ]]
}
