#!/usr/bin/env bats
# Seals: made here and checked by cosign, made by cosign or openssl and taken here, demanded by verify and import.
load helpers

setup_file() {
	registry_start
	SEALS=$LAB_WORK/seals
	export SEALS
	make_keys >"$LAB_WORK/keys.log" 2>&1
	"$BUNDLE" export -q -o "$SEALS/app1.oci.tar.zst" "$REGISTRY/demo/app1:1.0" >/dev/null
	"$BUNDLE" cat "$SEALS/app1.oci.tar.zst" description >"$SEALS/bundle.json"
}

teardown_file() { registry_stop; }

setup() {
	session_start
	cp "$SEALS"/* .
	export BUNDLE_TRUST=$BATS_TEST_TMPDIR/trust COSIGN_PASSWORD=secret
	KEYS=$BUNDLE_TRUST/keys.d
	mkdir -p "$KEYS"
}

teardown() {
	session_end
	[[ -z ${folder:-} ]] || rm -rf "$folder"
}

make_keys() {
	local kind name options
	mkdir "$SEALS" && cd "$SEALS" || return
	while read -r name kind options; do
		# shellcheck disable=SC2086 # several arguments
		openssl genpkey -algorithm "$kind" $options -out "$name.pem"
		openssl pkey -in "$name.pem" -pubout -out "$name.pub"
	done <<-'EOF2'
		ed25519 ed25519
		p256 EC -pkeyopt ec_paramgen_curve:P-256
		p384 EC -pkeyopt ec_paramgen_curve:P-384
		rsa RSA -pkeyopt rsa_keygen_bits:3072
	EOF2
	openssl pkey -in p256.pem -aes-256-cbc -passout pass:secret -out encrypted.pem
	for name in ed25519 p256 p384 rsa; do
		COSIGN_PASSWORD=secret lab_peer cosign import-key-pair --key "$name.pem" --output-key-prefix "cosign-$name"
	done
}

KINDS='ed25519 p256 p384 rsa'

hint() {
	openssl pkey -pubin -in "$1.pub" -outform DER | openssl dgst -sha256 -binary | base64 -w 0
}

cosign_verify() {
	lab_peer cosign verify-blob --key "$1.pub" --bundle "$2" --insecure-ignore-tlog bundle.json 2>said ||
		fail "cosign: $(<said)"
	grep -q 'Verified OK' said
}

cosign_sign() {
	lab_peer cosign sign-blob -y --key "cosign-$1.key" --use-signing-config=false --tlog-upload=false \
		--bundle "$2" bundle.json 2>said || fail "cosign: $(<said)"
}

slot() {
	zstd -dcq "$1" | tar -xO "bundle.json.sigstore.$2.json"
}

verify() {
	bundle verify -q "$@"
}

@test "cosign accepts every kind of seal, as it comes out of the slot" {
	number=0
	for kind in $KINDS; do
		bundle sign --key "$kind.pem" app1.oci.tar.zst
		expect 0 "app1.oci.tar.zst: sealed by key $(hint "$kind"), in slot $number"
		slot app1.oci.tar.zst "$number" >slot.json
		[[ $(wc -c <slot.json) == 4096 && $(jq -r .verificationMaterial.publicKey.hint slot.json) == "$(hint "$kind")" ]]
		cosign_verify "$kind" slot.json
		verify --key "$kind.pub" app1.oci.tar.zst
		expect 0 'content proved' "origin proved: sealed by key $(hint "$kind") ($kind.pub)"
		number=$((number + 1))
	done
	# Nothing but the slots has changed, and whatever read the file reads it still.
	"$BUNDLE" cat app1.oci.tar.zst description | cmp - bundle.json
	[[ $(cmp -l app1.oci.tar.zst "$SEALS/app1.oci.tar.zst" | wc -l) -lt 4000 ]]
	[[ $(stat -c %s app1.oci.tar.zst) == $(stat -c %s "$SEALS/app1.oci.tar.zst") ]]
	zstd -tq app1.oci.tar.zst
	lab_peer skopeo inspect --raw "oci-archive:app1.oci.tar.zst:$REGISTRY/demo/app1:1.0" | sha256sum | grep -q "^${APP1#*:}"

	openssl genpkey -algorithm ed25519 -out fifth.pem
	bundle sign --key fifth.pem app1.oci.tar.zst
	complain 1 'all 4 slots are used' '--detached'
	bundle sign --key fifth.pem --detached fifth.json app1.oci.tar.zst
	expect 0 'in fifth.json'
	openssl pkey -in fifth.pem -pubout -out fifth.pub
	cosign_verify fifth fifth.json
	verify --key fifth.pub app1.oci.tar.zst
	complain 3 'sealed by key'
	verify --key fifth.pub --seal fifth.json app1.oci.tar.zst
	expect 0 'origin proved'
}

@test "an export that is sealed before it is published" {
	bundle export -q -o new.oci.tar.zst --sign p256.pem "$REGISTRY/demo/app1:1.0"
	expect 0 "sealed by key $(hint p256)"
	slot new.oci.tar.zst 0 >slot.json
	cosign_verify p256 slot.json
	verify --key p256.pub new.oci.tar.zst
	expect 0
	bundle export -q --json -o new.oci.tar.zst --sign encrypted.pem --passphrase-fd 0 "$REGISTRY/demo/app1:1.0" <<<secret
	expect 0
	[[ $(jq -r .sealedBy <<<"$output") == "$(hint p256)" ]]
	rm new.oci.tar.zst
	bundle export -q -o new.oci.tar.zst --sign encrypted.pem --passphrase-fd 0 "$REGISTRY/demo/app1:1.0" <<<wrong
	complain 1 'encrypted.pem: the passphrase does not open it'
	[[ ! -e new.oci.tar.zst && ! -e new.oci.tar.zst.part ]]
}

@test "what cosign signed is attached" {
	for kind in p256 p384 rsa; do
		cosign_sign "$kind" "$kind.json"
		bundle sign --attach "$kind.json" app1.oci.tar.zst
		expect 0 "sealed by key $(hint "$kind")"
		bundle sign --attach "$kind.json" --key "$kind.pub" app1.oci.tar.zst
		expect 0 "sealed by key $(hint "$kind")"
		bundle sign --attach "$kind.json" --key ed25519.pub app1.oci.tar.zst
		complain 3 "$kind.json: not a signature of ed25519.pub"
		verify --key "$kind.pub" app1.oci.tar.zst
		expect 0 'origin proved'
	done
	# cosign leaves the digest out for Ed25519, and then does not accept what it made: here it becomes a seal that it does.
	cosign_sign ed25519 ed25519.json
	bundle sign --attach ed25519.json app1.oci.tar.zst
	complain 2 'ed25519.json does not say what it is over' '--key'
	bundle sign --attach ed25519.json --key ed25519.pub app1.oci.tar.zst
	expect 0 'in slot 3'
	slot app1.oci.tar.zst 3 >slot.json
	cosign_verify ed25519 slot.json
	slot app1.oci.tar.zst 0 >slot.json
	cosign_verify p256 slot.json
	diff <(jq -S . slot.json) <(jq -S . p256.json)
}

@test "a bare signature, as openssl and key services give it, is attached" {
	openssl dgst -sha256 -sign p384.pem -out p384.sig bundle.json
	openssl pkeyutl -sign -inkey ed25519.pem -rawin -in bundle.json -out ed25519.sig
	bundle sign --attach p384.sig app1.oci.tar.zst
	complain 2 'p384.sig is no sigstore bundle' 'cosign sign-blob --bundle' '--key PUB'
	for kind in p384 ed25519; do
		base64 "$kind.sig" >"$kind.base64"
		for form in sig base64; do
			bundle sign --attach "$kind.$form" --key "$kind.pub" app1.oci.tar.zst
			expect 0 "sealed by key $(hint "$kind")"
		done
		bundle sign --attach "$kind.sig" --key p256.pub app1.oci.tar.zst
		complain 3 "$kind.sig: not a signature of p256.pub"
		bundle sign --attach "$kind.sig" --key "$kind.pub" --detached "$kind.json" app1.oci.tar.zst
		cosign_verify "$kind" "$kind.json"
	done
	# It has any bytes, those that JSON begins with too.
	{ printf '{' && noise 63; } >brace.sig
	bundle sign --attach brace.sig --key ed25519.pub app1.oci.tar.zst
	complain 3 'brace.sig: not a signature of ed25519.pub'
}

@test "what is no signature of this bundle is not attached" {
	bundle export -q -o other.oci.tar.zst "$REGISTRY/demo/multi:2.1"
	bundle sign --key p256.pem --detached other.json other.oci.tar.zst
	expect 0
	lab_peer cosign sign-blob -y --key cosign-p256.key --use-signing-config=false --tlog-upload=false \
		--new-bundle-format=false --bundle old.json bundle.json 2>said
	echo '{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","dsseEnvelope":{}}' >statement.json
	head -c 70000 /dev/zero >large.json
	while IFS='|' read -r file status text; do
		bundle sign --attach "$file" app1.oci.tar.zst
		complain "$status" "$file" "$text"
	done <<-'EOF2'
		other.json|3|seals another bundle
		old.json|1|no sigstore bundle
		statement.json|1|as cosign sign-blob does
		missing.json|1|no such file
		large.json|1|
	EOF2
	cmp app1.oci.tar.zst "$SEALS/app1.oci.tar.zst"
}

@test "keys with a passphrase, and files that are no keys" {
	bundle sign --key encrypted.pem --passphrase-fd 0 app1.oci.tar.zst <<<secret
	expect 0 "$(hint p256)"
	bundle sign --key encrypted.pem --passphrase-fd 7 app1.oci.tar.zst 7<<<secret
	expect 0 "$(hint p256), in slot 0"
	bundle sign --key encrypted.pem --passphrase-fd 0 app1.oci.tar.zst <<<wrong
	complain 1 'encrypted.pem: the passphrase does not open it'
	judge sign
	run --separate-stderr setsid -w "$BUNDLE" sign --key encrypted.pem app1.oci.tar.zst
	complain 1 'encrypted.pem' '--passphrase-fd'
	bundle sign --key encrypted.pem --passphrase-fd 9 app1.oci.tar.zst
	complain 2 '--passphrase-fd'
	bundle sign --key p256.pub app1.oci.tar.zst
	complain 1 'p256.pub: holds no private key, but a public one'
	bundle sign --key cosign-p256.key app1.oci.tar.zst
	complain 1 "a key in cosign's own form" '--attach'
	bundle sign --key bundle.json app1.oci.tar.zst
	complain 1 'bundle.json: holds no private key'
	verify --key p256.pem app1.oci.tar.zst
	complain 1 'p256.pem: holds no public key, but a private one' 'openssl pkey'
	# Nobody is asked to open it.
	judge verify
	run --separate-stderr setsid -w "$BUNDLE" verify -q --key encrypted.pem app1.oci.tar.zst
	complain 1 'encrypted.pem: holds no public key, but a private one' 'openssl pkey'
}

@test "a person is asked for the passphrase on the terminal, without seeing it" {
	cat >ask.py <<-'EOF2'
		import os, pty, sys
		pid, fd = pty.fork()
		if pid == 0:
		    os.execv(sys.argv[2], sys.argv[2:])
		said = b''
		try:
		    while True:
		        said += os.read(fd, 1000)
		        if said.endswith(b'encrypted.pem: '):
		            os.write(fd, sys.argv[1].encode())
		except OSError:
		    pass
		print(said.decode())
		sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
	EOF2
	run python3 ask.py $'secret\n' "$BUNDLE" sign --key encrypted.pem app1.oci.tar.zst
	expect 0 'Passphrase of encrypted.pem: ' "sealed by key $(hint p256)"
	[[ $output != *secret* ]]
	run python3 ask.py $'Secret\n' "$BUNDLE" sign --key encrypted.pem app1.oci.tar.zst
	expect 1 'the passphrase does not open it'
	run python3 ask.py $'sec\003' "$BUNDLE" sign --key encrypted.pem app1.oci.tar.zst
	expect 1 'no passphrase was given'
}

@test "verify gives two verdicts, each with its reason" {
	verify app1.oci.tar.zst
	complain 3 'origin not proved: no key given'
	holds output 'content proved: 1 image' 'origin NOT PROVED: no key given'
	verify --content-only app1.oci.tar.zst
	expect 0 'content proved: 1 image' 'origin not asked for'
	verify --key p256.pub app1.oci.tar.zst
	complain 3 'it is unsigned; wanted: key' "$(hint p256)"

	bundle sign --key p256.pem app1.oci.tar.zst
	verify --key p384.pub --key p256.pub --json app1.oci.tar.zst
	expect 0
	[[ $(jq -r '.schemaVersion, .content.verdict, .origin.verdict, .origin.seals[0].slot, .origin.seals[0].key' <<<"$output" |
		paste -sd ' ') == '1 proved proved 0 p256.pub' ]]
	verify --key p384.pub --json app1.oci.tar.zst
	complain 3 "sealed by key $(hint p256); wanted: key $(hint p384) (p384.pub)"
	[[ $(jq -r '.content.verdict, .origin.verdict, .error.code' <<<"$output" | paste -sd '|') == 'proved|not proved|unproved' ]]

	flip app1.oci.tar.zst 1000000
	verify --key p256.pub app1.oci.tar.zst
	complain 3
	holds output 'content NOT PROVED: offset ' 'origin proved'
	verify --key p256.pub --json app1.oci.tar.zst
	[[ $(jq -r '.content.verdict, .origin.verdict, .error.code' <<<"$output" | paste -sd '|') == 'not proved|proved|damaged' ]]
}

@test "a file gives itself no verdict by its name" {
	name=$'a.zst: origin proved: sealed by key A (ed25519.pub)\n\e[2K.zst'
	cp app1.oci.tar.zst "$name"
	for command in 'verify -q --key ed25519.pub' 'inspect' 'sign --key ed25519.pem'; do
		# shellcheck disable=SC2086 # several arguments
		bundle $command "$name"
		[[ $output == *'(ed25519.pub)??[2K.zst'* && $output != *$'\e'* ]] || fail 'it speaks for itself'
	done
	key=$'a.pub), key B (\nb.pub'
	cp ed25519.pub "$key"
	for command in verify 'import --to store'; do
		# shellcheck disable=SC2086 # several arguments
		bundle $command -q --key "$key" "$name"
		expect 0 'sealed by key ' '(a.pub), key B (?b.pub)'
	done
}

@test "a seal does not fit another bundle, and no byte of a slot is left unproved" {
	bundle sign --key p256.pem app1.oci.tar.zst
	at=$(grep -abo 'bundle.json.sigstore.0.json' app1.oci.tar.zst | head -n 1 | cut -d : -f 1)
	content=$((at + 512))
	for offset in $((content + 4090)) $((content + 4095)) $((content + 4608 + 17)) $((at - 1)); do
		cp app1.oci.tar.zst damaged.oci.tar.zst
		flip damaged.oci.tar.zst "$offset"
		verify --content-only damaged.oci.tar.zst
		complain 3 damaged.oci.tar.zst
		bundle import -q --dry-run --to store damaged.oci.tar.zst
		complain 3 damaged.oci.tar.zst
	done
	bundle export -q -o other.oci.tar.zst "$REGISTRY/demo/multi:2.1"
	to=$(grep -abo 'bundle.json.sigstore.0.json' other.oci.tar.zst | head -n 1 | cut -d : -f 1)
	dd if=app1.oci.tar.zst of=other.oci.tar.zst bs=1 skip="$content" seek=$((to + 512)) count=4096 conv=notrunc status=none
	verify --key p256.pub other.oci.tar.zst
	complain 3 'it seals another bundle'
	holds output 'content proved'
}

@test "inspect shows seals as what they claim" {
	bundle sign --key p256.pem app1.oci.tar.zst
	bundle inspect app1.oci.tar.zst
	expect 0 "seal in slot 0, not verified: by key $(hint p256)"
	bundle inspect --json app1.oci.tar.zst
	[[ $(jq -r '.seals | length, .[0].slot, .[0].hint' <<<"$output" | paste -sd ' ') == "1 0 $(hint p256)" ]]
}

@test "import takes what is sealed, and refuses the rest before the target is touched" {
	bundle import -q --to store --key p256.pub app1.oci.tar.zst
	complain 3 'app1.oci.tar.zst: origin not proved: it is unsigned; wanted: key' "$(hint p256)"
	bundle sign --key p384.pem app1.oci.tar.zst
	bundle import -q --to store --key p256.pub app1.oci.tar.zst
	complain 3 "it is sealed by key $(hint p384); wanted: key $(hint p256) (p256.pub)"
	bundle import -q --json --to store --key p256.pub app1.oci.tar.zst
	complain 3
	[[ $(jq -r .error.code <<<"$output") == unproved && ! -e $BUNDLE_STORE ]]

	bundle sign --key p256.pem --detached seal.json app1.oci.tar.zst
	bundle import -q --to store --key p256.pub --seal seal.json app1.oci.tar.zst
	expect 0 "sealed by key $(hint p256) (p256.pub)" 'everything read back'
	rm -r "$BUNDLE_STORE"
	bundle import -q --json --to store --key p256.pub --key p384.pub app1.oci.tar.zst
	expect 0
	[[ $(jq -r .sealedBy <<<"$output") == "$(hint p384)" ]]
	rm -r "$BUNDLE_STORE"
	bundle import -q --to store app1.oci.tar.zst
	expect 0 'everything read back'
}

@test "keys of the machine make seals required, and --key never widens them" {
	cp p256.pub "$KEYS/site.pub"
	cp p384.pub "$KEYS/vendor.pem"
	for command in 'import -q --to store' 'verify -q'; do
		# shellcheck disable=SC2086 # several arguments
		bundle $command app1.oci.tar.zst
		complain 3 'it is unsigned' "$(hint p256)" "$(hint p384)"
	done
	bundle sign --key ed25519.pem app1.oci.tar.zst
	bundle import -q --to store --key ed25519.pub app1.oci.tar.zst
	complain 3 'ed25519.pub: not a key of this machine' "$KEYS"
	bundle import -q --to store --key ed25519.pub --key p256.pub app1.oci.tar.zst
	complain 3 "sealed by key $(hint ed25519)"
	bundle sign --key p384.pem app1.oci.tar.zst
	bundle import -q --to store --key p256.pub app1.oci.tar.zst
	complain 3 "wanted: key $(hint p256)"
	[[ ! -e $BUNDLE_STORE ]]
	bundle import -q --to store app1.oci.tar.zst
	expect 0 "sealed by key $(hint p384) ($KEYS/vendor.pem)"
	echo hello >"$KEYS/broken.pem"
	bundle import -q --to store app1.oci.tar.zst
	complain 1 "$KEYS/broken.pem: holds no public key"
}

@test "extract and attestations ask the same question" {
	image=$REGISTRY/demo/app1:1.0
	bundle attestations --from app1.oci.tar.zst --key p256.pub "$image"
	complain 3 'it is unsigned'
	bundle extract -q --key p256.pub app1.oci.tar.zst layout
	complain 3 'it is unsigned'
	[[ ! -e layout ]]
	bundle sign --key p256.pem --detached seal.json app1.oci.tar.zst
	cp p256.pub "$KEYS"
	for seal in '' '--seal seal.json'; do
		wanted=3
		[[ -z $seal ]] || wanted=0
		# shellcheck disable=SC2086 # several arguments
		bundle attestations --from app1.oci.tar.zst $seal "$image"
		expect "$wanted"
		# shellcheck disable=SC2086 # several arguments
		bundle extract -q $seal app1.oci.tar.zst layout
		expect "$wanted"
	done
	lab_peer skopeo inspect --raw "oci:layout:$image" | sha256sum | grep -q "^${APP1#*:}"
}

@test "a file that cannot be written is sealed beside" {
	[[ $EUID -eq 0 ]] || skip 'only root can become another user'
	# The folders of bats are closed to others.
	folder=$(mktemp -d)
	cp app1.oci.tar.zst p256.pem "$folder" && chmod 755 "$folder" && chmod 644 "$folder"/* && cd "$folder"
	run --separate-stderr setpriv --reuid 65534 --clear-groups "$BUNDLE" sign --key p256.pem app1.oci.tar.zst
	cmp app1.oci.tar.zst "$SEALS/app1.oci.tar.zst"
	judge sign
	complain 1 'app1.oci.tar.zst: cannot be written' '--detached'
	run --separate-stderr setpriv --reuid 65534 --clear-groups "$BUNDLE" sign --key p256.pem --detached - app1.oci.tar.zst
	expect 0 messageSignature
	[[ -z $stderr ]]
}
