# shellcheck shell=bash
# What the bench scripts share: programs are run in turns, and their medians compared.
#
#   . tests/bench/lib.bash
#
#   work=…                            a folder: programs write into $work/out, or not at all; times go to $work/times
#   memory=…                          if set, a folder in memory, into which they may write too
#   bench_once NAME ROUND COMMAND...  runs it; in round 0, a warm-up, it does not count
#   bench_into_registry NAME ROUND COMMAND...
#                                     the same against a registry in which there is nothing yet, started anew in $work/registry;
#                                     its address stands in the command as ADDRESS; needs tests/lab/lab.sh
#   bench_median NAME COLUMN          of seconds (1), peak memory in KiB (2), or processor seconds (3)

# What the last run left is removed and written back before the clock starts.
bench_once() {
	local name=$1 round=$2 start end
	shift 2
	# shellcheck disable=SC2154 # the caller's
	rm -rf "$work/out" ${memory:+"${memory:?}"/*} && mkdir -p "$work/out" "$work/times" && sync -f "$work"
	start=$EPOCHREALTIME
	if ! /usr/bin/time -o "$work/usage" -f '%M %U %S' "$@" >"$work/output" 2>&1; then
		cat "$work/output" >&2
		echo "bench: failed: $*" >&2
		return 1
	fi
	end=$EPOCHREALTIME
	((round == 0)) || awk -v start="$start" -v end="$end" '{ print end - start, $1, $2 + $3 }' "$work/usage" >>"$work/times/$name"
}

bench_into_registry() {
	local name=$1 round=$2
	shift 2
	lab_registry_stop
	rm -rf "${work:?}/registry"
	lab_registry_start "$work/registry"
	bench_once "$name" "$round" "${@//ADDRESS/$LAB_REGISTRY_ADDR}"
}

bench_median() {
	sort -n -k "$2,$2" "$work/times/$1" | awk -v column="$2" '
		{ value[NR] = $column }
		END { print NR % 2 ? value[(NR + 1) / 2] : (value[NR / 2] + value[NR / 2 + 1]) / 2 }'
}
