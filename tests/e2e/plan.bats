#!/usr/bin/env bats
# What an export would do is known, and said, before it does it.
load helpers

UNSHARE=(unshare -m)
((EUID == 0)) || UNSHARE=(unshare -rm)

setup_file() { registry_start; }
teardown_file() { registry_stop; }
setup() { session_start; }
teardown() { session_end; }

@test "a dry run tells the size of the file to the byte, and writes nothing" {
	for image in demo/app1:1.0 demo/multi:2.1; do
		bundle export -q --dry-run --json "$REGISTRY/$image"
		expect 0
		[[ -z $(ls -A) ]] || fail 'something was written'
		size=$(jq .totals.fileBytes <<<"$output") blobs=$(jq .totals.blobs <<<"$output")
		bundle export -q --dry-run -o release.zst "$REGISTRY/$image"
		expect 0 'would fetch 1 image' "the file would have" "($size bytes)" "$blobs blobs in all"
		[[ -z $(ls -A) ]] || fail 'something was written'
		bundle export -q -o release.zst "$REGISTRY/$image"
		expect 0
		[[ $(stat -c %s release.zst) == "$size" ]] || fail 'it has another size'
		bundle inspect --blobs release.zst
		[[ ${#lines[@]} == "$blobs" ]] || fail 'it has other blobs'
		rm release.zst
	done
}

@test "a dry run fetches no layer" {
	proxy_start
	bundle export -q --dry-run "$PROXY/demo/app1:1.0"
	expect 0
	[[ $(proxy_asked '[.[] | select(.path | contains("/blobs/'"$APP1_LAYER"'")) | .method] | join(" ")') == HEAD ]]
	# what is small is not asked for twice
	[[ $(proxy_asked '[.[] | select(.path | contains("/blobs/'"$APP1_CONFIG"'")) | .method] | join(" ")') == GET ]]
}

@test "what was left out is not counted" {
	bundle export -q -o base.zst "$REGISTRY/demo/app1:1.0"
	bundle export -q --dry-run --json --since base.zst "$REGISTRY/demo/app1:1.0"
	expect 0
	[[ $(jq '.totals | .prerequisites, .layers' <<<"$output") == $'3\n0' ]]
	(($(jq .totals.fileBytes <<<"$output") < 50000)) || fail 'the size is that of all'
}

@test "what one platform alone would be is what it is" {
	bundle export -q --dry-run --json "$REGISTRY/demo/multi:2.1"
	platform=$(jq -r .alone.platform <<<"$output") bytes=$(jq .alone.bytes <<<"$output")
	bundle export -q --dry-run "$REGISTRY/demo/multi:2.1"
	expect 0 "$platform alone would be" "(--platform $platform)"
	bundle export -q --dry-run --json --platform "$platform" "$REGISTRY/demo/multi:2.1"
	expect 0
	[[ $(jq .totals.bytes <<<"$output") == "$bytes" && $output != *'"alone"'* ]] || fail "$bytes were promised"
	bundle export -q --dry-run "$REGISTRY/demo/app1:1.0"
	[[ $output != *'alone would be'* ]] || fail 'there is no choice'
	cd /proc # where nothing can be written
	bundle export -q --dry-run "$REGISTRY/demo/app1:1.0"
	expect 0
}

@test "a disk that is too small is told before a layer is fetched, and what is there already counts" {
	mkdir small
	"${UNSHARE[@]}" mount -t tmpfs small small 2>/dev/null || skip 'no mount namespaces for this user'
	for how in --dry-run --plain-http; do
		proxy_start
		judge export
		run --separate-stderr "${UNSHARE[@]}" sh -c 'mount -t tmpfs -o size=1m small small && exec "$@"' sh \
			"$BUNDLE" export -q "$how" -o small/app1.zst "$PROXY/demo/app1:1.0"
		complain 1 small/app1.zst.part 'still to be written' 'free some space'
		[[ $(proxy_asked '[.[] | select(.path | contains("/blobs/'"$APP1_LAYER"'")) | .method] | unique | join(" ")') == HEAD ]]
		beside_stop
	done

	# 1.2 MB have no room twice
	proxy_start --fault "${APP1_LAYER}#2" cut:1130000 --fault "$APP1_LAYER#2+" status:403
	# shellcheck disable=SC2016 # the inner shell expands it
	run --separate-stderr "${UNSHARE[@]}" sh -c 'mount -t tmpfs -o size=1300k small small
		run() {
			"$program" export -q -o small/app1.zst --map "$1=registry.example.test" "$1/demo/app1:1.0" $2 >/dev/null
			echo "$2 $?"
		}
		program=$0
		run "$1"; run "$2" --dry-run; run "$2"' "$BUNDLE" "$PROXY" "$REGISTRY"
	[[ $output == $' 1\n--dry-run 0\n 0' ]] || fail 'it does not go on'
}
