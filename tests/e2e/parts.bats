#!/usr/bin/env bats
# A part of a bundle: some images, some platforms, and everything that belongs to them.
load helpers

setup_file() {
	registry_start
	cd "$BATS_FILE_TMPDIR" || return
	"$BUNDLE" export -q -o all.zst --stream site --serial 7 "$REGISTRY/demo/app1:1.0" "$REGISTRY/demo/multi:2.1" >/dev/null
}

teardown_file() { registry_stop; }

setup() {
	session_start
	APP=$REGISTRY/demo/app1:1.0 MANY=$REGISTRY/demo/multi:2.1
	ln -s "$BATS_FILE_TMPDIR/all.zst" .
}

teardown() { session_end; }

@test "an image, or a platform, is what an export of just that would bring" {
	"$BUNDLE" export -q -o image.zst "$APP" >/dev/null
	"$BUNDLE" export -q -o platform.zst --platform linux/arm64 --platform linux/amd64 "$MANY" >/dev/null
	for to in store oci:site; do
		rm -rf site want "$BUNDLE_STORE"
		bundle import -q --to "$to" --image "$APP" all.zst
		expect 0 "$APP  $APP1" 'a part of the bundle: 1 of its 2 images'
		[[ $output != *"$MANY"* ]]
		bundle import -q --to "$to" --image "$MANY" --platform linux/amd64 --platform linux/arm64 all.zst
		expect 0 "$MANY  $MULTI  2 platforms, 2 attestation manifests" 'a part of the bundle: 1 of its 2 images'
		for file in image platform; do
			BUNDLE_STORE=$PWD/want "$BUNDLE" import -q --to "${to/site/want}" "$file.zst" >/dev/null
		done
		[[ $to == store ]] && there=$BUNDLE_STORE || there=site
		same_layout want "$there"
	done
}

@test "through a pipe, and into a store that lacks all the rest" {
	bundle import -q --to store --platform host --image "$APP" - <all.zst
	expect 0 "$APP  $APP1  1 platform, 1 attestation manifest"
	"$BUNDLE" export -q -o one.zst "$MANY" >/dev/null
	bundle import -q --to store --platform linux/amd64 one.zst
	expect 0 'a part of the bundle: not all platforms'
	"$BUNDLE" import -q --to store all.zst >/dev/null
	"$BUNDLE" export -q -o second.zst --since all.zst "$APP" "$MANY" >/dev/null
	local other=$PWD/other
	BUNDLE_STORE=$other "$BUNDLE" import -q --to store --image "$APP" all.zst >/dev/null
	BUNDLE_STORE=$other bundle import -q --to store second.zst
	expect 6
	# What is not chosen is not demanded, nor asked for later.
	BUNDLE_STORE=$other bundle import -q --to store --image "$APP" --write-want want.json second.zst
	expect 0
	[[ ! -e want.json ]]
	rm -r other
	BUNDLE_STORE=$other bundle import -q --to store --image "$APP" --write-want want.json second.zst
	expect 6
	[[ $(jq -r '[.images[].name] | join(" ")' want.json) == "$APP" ]]
}

@test "what the bundle does not bring" {
	bundle import -q --to store --image "$REGISTRY/demo/app1:2.0" all.zst
	complain 1 "all.zst: has no image $REGISTRY/demo/app1:2.0"
	bundle import -q --to store --platform linux/s390x all.zst
	complain 1 'has no platform linux/s390x'
	bundle import -q --to store --platform s390x all.zst
	complain 2 --platform
	"$BUNDLE" export -q -o some.zst --platform linux/amd64 "$MANY" >/dev/null
	bundle import -q --to store --platform linux/arm64 some.zst
	complain 1 "some.zst: does not bring linux/arm64 of $MANY"
	[[ ! -e $BUNDLE_STORE ]]
}

@test "a dry run of a part says all that a dry run of the whole says" {
	local part
	lab_peer crane copy "$MANY" "$REGISTRY/other/app1:1.0" 2>/dev/null
	"$BUNDLE" export -q -o moved.zst --map "$REGISTRY/other=$REGISTRY/demo" "$REGISTRY/other/app1:1.0" >/dev/null
	"$BUNDLE" import -q --to store moved.zst >/dev/null
	for part in --image="$APP" --platform=linux/amd64; do
		bundle import -q --to store --dry-run "$part" all.zst
		expect 1 "$APP  $APP1  another image is there" "$MULTI -> $APP1" 'would be refused'
	done
}

@test "of a bundle of a stream the other parts may come later, and nothing older" {
	"$BUNDLE" export -q -o six.zst --stream site --serial 6 "$APP" >/dev/null
	for image in "$APP" "$MANY"; do
		bundle import -q --to store --image "$image" all.zst
		expect 0
	done
	bundle import -q --to store six.zst
	complain 3 'has had serial 6'
	bundle import -q --to store all.zst
	expect 0
	bundle import -q --to store --image "$APP" all.zst
	complain 3 'has had serial 7'
}

@test "each import is in the journal, with what each name stood for and what permitted it" {
	lab_peer crane copy "$MANY" "$REGISTRY/other/app1:1.0" 2>/dev/null
	"$BUNDLE" export -q -o moved.zst --map "$REGISTRY/other=$REGISTRY/demo" "$REGISTRY/other/app1:1.0" >/dev/null
	bundle import -q --to store --dry-run all.zst
	bundle import -q --to store --image "$REGISTRY/demo/app1:2.0" all.zst
	[[ ! -e $BUNDLE_STORE.journal.jsonl ]]
	"$BUNDLE" import -q --to store --image "$APP" all.zst >/dev/null
	"$BUNDLE" import -q --to store --replace moved.zst >/dev/null
	run -0 jq -rc '[.result, .partial, .stream, .overrides, (.images[] | .name, .was, .is)]' "$BUNDLE_STORE.journal.jsonl"
	[[ $output == "[\"ok\",true,\"site\",[],\"$APP\",null,\"$APP1\"]
[\"ok\",false,null,[\"--replace\"],\"$APP\",\"$APP1\",\"$MULTI\"]" ]]
	# It is said where there is no place for it, and the import is done.
	rm "$BUNDLE_STORE.journal.jsonl" && mkdir "$BUNDLE_STORE.journal.jsonl"
	bundle import -q --to store moved.zst
	expect 0
	holds stderr 'warning: this import is not in the journal' "$BUNDLE_STORE.journal.jsonl"
}

@test "an import is ended by one signal where its pipe says nothing" {
	local importing is
	mkfifo pipe
	"$BUNDLE" import --to store --json - <pipe >report 2>said 3>&- &
	importing=$!
	exec 7>pipe
	head -c -100000 all.zst >&7
	await test -e "$BUNDLE_STORE/oci-layout"
	kill -TERM "$importing"
	is=0
	wait "$importing" || is=$?
	exec 7>&- # it was open all the time
	[[ $is == 143 && $(jq -r .error.code report) == interrupted ]]
	grep -q 'standard input: interrupted by SIGTERM' said
	[[ $(jq -r .result "$BUNDLE_STORE.journal.jsonl") == interrupted ]]
	[[ ! -e $BUNDLE_STORE/.part ]]
}

@test "an import that a signal ends is in the journal too" {
	local importing is
	mkfifo pipe
	"$BUNDLE" import --to store --json - <pipe >report 2>said 3>&- &
	importing=$!
	exec 7>pipe
	head -c -100000 all.zst >&7
	await test -e "$BUNDLE_STORE/oci-layout"
	kill -TERM "$importing"
	tail -c 100000 all.zst >&7 2>/dev/null || true # it need not be read any more
	exec 7>&-
	is=0
	wait "$importing" || is=$?
	[[ $is == 143 && $(jq -r .error.code report) == interrupted ]]
	grep -q 'interrupted by SIGTERM' said
	[[ $(jq -r '[.result, (.images[] | .is)] | join(" ")' "$BUNDLE_STORE.journal.jsonl") == 'interrupted  ' ]]
	[[ ! -e $BUNDLE_STORE/.part ]]
	bundle import -q --to store all.zst
	expect 0 "$APP1"
}
