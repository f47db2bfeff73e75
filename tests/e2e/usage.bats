#!/usr/bin/env bats
# The command line: help, versions, mistakes.
load helpers

setup() { session_start; }
teardown() { session_end; }

@test "help of the program names every command" {
	for arguments in --help -h help; do
		bundle $arguments
		expect 0 'Usage: bundle COMMAND'
		[[ -z $stderr && $(sed -nE 's/^  ([a-z]+)  +[a-z].*/\1/p' <<<"$output" | paste -sd ' ') == \
			*'export import inspect verify cat '*attestations* ]] || fail 'not all commands'
	done
	bundle help verify-blob
	expect 0 'Usage: bundle verify-blob '
	run --separate-stderr "$BUNDLE" help exprot
	[[ $status == 2 && -z $output && $stderr == *'did you mean export?'* ]]
}

@test "help of every command names every option and exit status" {
	while IFS='|' read -r command statuses options; do
		for help in --help -h; do
			bundle "$command" $help
			expect 0 "Usage: bundle $command "
			[[ -z $stderr ]]
			for option in $options --help --version; do
				[[ $output =~ $'\n  '[\ ]*(-[a-z],\ )?${option}[^a-z-] ]] || fail "no $option"
			done
			for meaning in $statuses; do
				holds output $'\n'"  $meaning  "
			done
			[[ -z $(awk 'length > 80' <<<"$output") ]] || fail 'a line of more than 80 columns'
		done
	done <<-'EOF2'
		export|0 1 2 3 4 5|--output --images-from --tags --all-tags --map --since --have --want --strict --sign --passphrase-fd --jobs --plain-http --dry-run --json --quiet
		import|0 1 2 3 4 5 6|--to --map --image --platform --key --seal --replace --write-want --strict --json --quiet
		inspect|0 1 2 3|--blobs --json
		verify|0 1 2 3|--key --seal --content-only --json --quiet
		verify-blob|0 1 2 3|--bundle --key --certificate-identity --certificate-identity-regexp --certificate-oidc-issuer --certificate-oidc-issuer-regexp --trusted-root --json
		policy|0 1 2 3|--policy --json
		sign|0 1 2 3|--key --attach --detached --passphrase-fd --json
		cat|0 1 2 3|
		inventory|0 1 2 5|
		store|0 1 2 3|--dry-run --json
		attestations|0 1 2 3 5|--from --platform --type --key --seal --statement --json
		report|0 1 2 3|--output
		extract|0 1 2 3|--key --seal --quiet
	EOF2
}

@test "the version is printed by the program and by every command" {
	bundle --version
	expect 0
	[[ $output =~ ^bundle\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
	version=$output
	for command in export import inspect verify cat sign attestations report inventory; do
		bundle "$command" --version
		expect 0
		[[ $output == "$version" ]]
	done
}

@test "a mistake is one line with a hint, and exit status 2" {
	while IFS='|' read -r arguments text; do
		echo "# bundle $arguments"
		eval "bundle $arguments"
		complain 2 "$text" "(see bundle ${arguments%% *} --help)"
		[[ -z $output && -z $(ls -A) ]] || fail 'more than a message'
	done <<-'EOF2'
		export|REF is missing
		export -o new|REF is missing
		export a.example/b|-o FILE is needed
		export -o|--output needs a value: FILE
		export -o '' a.example/b|--output needs a value: FILE
		export -o new -o other a.example/b|--output is given twice
		export -o new ''|is no image reference
		export -o new a.example/UPPER|a.example/UPPER
		export -o new a.example/b:|is no image reference
		export -o new a.example/b@sha256:00|a.example/b@sha256:00
		export --jobs 0 -o new a.example/b|--jobs takes a number from 1 to 64
		export --jobs 65 -o new a.example/b|--jobs takes a number from 1 to 64
		export --jobs many -o new a.example/b|--jobs takes a number from 1 to 64
		export --json=yes -o new a.example/b|--json takes no value
		export --outptu new a.example/b|unknown option --outptu, did you mean --output?
		export -output new a.example/b|did you mean --output?
		export -x a.example/b|unknown option -x
		import|FILE is missing
		import one two|"two" is one more
		import --to nowhere new|"nowhere" is no target: use docker-daemon:[SOCKET], 
		import --map a.example new|has no "="
		import --replcae new|did you mean --replace?
		inspect|FILE is missing
		verify --jsn new|did you mean --json?
		verify a b|"b" is one more
		verify --content-only --key new new|--content-only asks for no key
		sign new|--key KEY is needed
		sign --attach new --passphrase-fd 0 new|has no passphrase
		sign --key new|FILE is missing
		export --passphrase-fd 0 -o new a.example/b|for the key of --sign
		cat new|FILE and DIGEST are needed
		inventory|TARGET is missing
		cat a b c|"c" is one more
		attestations|IMAGE is missing
		report -o new|FILE is missing
		report new|-o says where the report goes
		report -o new new a.example/UPPER|a.example/UPPER
		attestations --platform linux a.example/b|"linux" is no platform
		attestations --platform //// a.example/b|"////" is no platform
		attestations --key new a.example/b|are for a bundle file
		attestations --typ x a.example/b|did you mean --type?
	EOF2
}

@test "a mistake is a JSON document too, where JSON is asked for" {
	while IFS='|' read -r arguments text; do
		eval "bundle $arguments"
		complain 2 "$text" "(see bundle ${arguments%% *} --help)"
		[[ $(jq -r '[.schemaVersion, .error.code, .error.message] | join("|")' <<<"$output") == "1|usage|$text" ]] ||
			fail 'no document that says so'
	done <<-'EOF2'
		import --json|FILE is missing
		export --json --outptu new a.example/b|unknown option --outptu, did you mean --output?
		inspect --json --json new|--json is given twice
		verify a b --json|it takes at most 1 FILE, and "b" is one more
		store list --bogus --json|unknown option --bogus
	EOF2
}

@test "an unknown command is one line, with what was probably meant" {
	while IFS='|' read -r name text; do
		run --separate-stderr "$BUNDLE" "$name"
		[[ $status == 2 && -z $output && $stderr == "bundle: unknown command $name$text (see bundle --help)" ]] ||
			fail "bundle $name"
	done <<-'EOF2'
		exprot|, did you mean export?
		ins|, did you mean inspect?
		attestation|, did you mean attestations?
		frobnicate|
		--frob|
	EOF2
	run --separate-stderr "$BUNDLE"
	[[ $status == 2 && -z $output && $stderr == 'Usage: bundle COMMAND'* ]]
}

@test "what stands after -- is no option" {
	bundle verify -q -- --json
	complain 1 '--json: no such file'
}

@test "a reader that has had enough is an error, not the end by a signal" {
	# shellcheck disable=SC2016 # the inner shell expands it
	run --separate-stderr bash -c '"$0" export --help | true; exit "${PIPESTATUS[0]}"' "$BUNDLE"
	[[ $status == @(0|1) ]]
	# shellcheck disable=SC2016
	run --separate-stderr bash -c '"$0" --version >/dev/full' "$BUNDLE"
	[[ $status == 1 ]]
}

@test "nothing from outside drives the terminal" {
	bundle verify -q $'no\e[2Jsuch\nfile'
	complain 1
	[[ $stderr != *$'\e'* ]]
}

@test "a pipe where a file is read at any place: a line that says what takes it" {
	mkfifo pipe
	openssl genpkey -algorithm ed25519 -out key.pem 2>/dev/null
	for file in - pipe /dev/stdin; do
		for command in "verify $file" "inspect $file" "cat $file description" "extract $file folder" "report -o page.html $file" \
			"sign --key key.pem $file" "attestations --from $file demo/app1:1.0" "serve --engine unix:sock $file"; do
			read -ra words <<<"$command"
			judge "${words[@]}"
			run --separate-stderr "$BUNDLE" "${words[@]}" < <(true)
			complain 2 'save it first, or let bundle import - take it'
			holds stderr "${file/#-/standard input}: "
		done
	done
	[[ $(ls -A) == $'key.pem\npipe' ]]
	bundle import -q --to store pipe
	complain 2 'pipe: a bundle is read at any place of its file'
}
