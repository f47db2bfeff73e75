# shellcheck shell=bash
# Real registries, Docker daemons and clients for tests: a library for bash scripts.
#
#   . tests/lab/lab.sh
#   trap 'lab_docker_stop; lab_registry_stop' EXIT
#
#   lab_registry_sample DIR            fill DIR with the sample images' registry storage
#   lab_registry_start DIR [PORT]      sets LAB_REGISTRY_ADDR, LAB_REGISTRY_PID, LAB_REGISTRY_LOG
#                                      LAB_REGISTRY_TLS, LAB_REGISTRY_PROXY and LAB_REGISTRY_AUTH, when set, are the
#                                      sections http.tls, proxy and auth of its configuration
#   lab_registry_stop
#   lab_referrers_start DIR            one with the referrers API, empty, blobs in DIR; sets LAB_REFERRERS_ADDR, LAB_REFERRERS_PID
#   lab_referrers_stop
#   lab_docker_start KIND              containerd or graphdriver; sets LAB_DOCKER_SOCK, LAB_DOCKER_PID, LAB_DOCKER_LOG
#   lab_docker_stop
#   lab_containerd_start KIND [cri]    a containerd on its own, old (1.6) or new (2.1), which has its content in memory; with cri it
#                                      is as on a Kubernetes node, else its namespaces share nothing; sets
#                                      LAB_CONTAINERD_SOCK, LAB_CONTAINERD_PID, LAB_CONTAINERD_LOG
#   lab_containerd_stop
#   lab_ctr ARGS...                    ctr, on the containerd at LAB_CONTAINERD_SOCK
#   lab_docker ARGS...                 docker's command line, on the daemon at LAB_DOCKER_SOCK
#   lab_peer NAME ARGS...              oras, skopeo, crane or cosign
#   lab_command PART PROGRAM           sets the array LAB_COMMAND to what runs a program of a part
#
# The parts come from tests/lab/setup. BUNDLE_LAB is where they are; LAB_WORK, when set, is the caller's work folder:
# logs go there and stay. Every function is silent on success; on failure it prints one line and returns non-zero.
# Nothing here sets a trap or an option of the shell, and all works under "set -euo pipefail". All that is known of a
# started thing is in its variables, so several can run at once: keep their values, or start each in a subshell.
#
# A daemon shares the machine's network, so it can pull from a registry here. Of the machine's files it sees only its
# own folder, ${LAB_DOCKER_SOCK%/*}, at the same path: a container can mount what lies there. Containers run with
# --network=none, builds with "lab_docker buildx build --network=none" (part buildx).

BUNDLE_LAB=$(realpath -m "${BUNDLE_LAB:-/var/cache/bundle-lab}")
LAB_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

_lab_fail() {
	echo "lab: $1" >&2
	return 1
}

_lab_part() {
	[[ -f $BUNDLE_LAB/$1/.stamp ]] || _lab_fail "no $1 in $BUNDLE_LAB: run tests/lab/setup $1"
}

# The last line of a log, where mount's hint at dmesg says nothing.
_lab_last() {
	grep -vsF 'dmesg(1)' "$1" | tail -n 1 | cut -c1-300
}

# A process that has ended may still be there as a zombie until the shell collects it.
_lab_gone() {
	local stat
	{ read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 0
	[[ ${stat##*) } == Z* ]]
}

_lab_wait_gone() {
	local pid=$1 tries=$(($2 * 20))
	until _lab_gone "$pid"; do
		((tries-- > 0)) || return 1
		sleep 0.05
	done
}

# ---- Programs of a part ----

# Runs through the part's own loader and libraries, not in a chroot: this costs nothing, and the program sees the
# machine's files and network.
lab_command() {
	local part=$1 program=$2 root=$BUNDLE_LAB/$1 loader libraries folder
	_lab_part "$part" || return
	for folder in usr/bin usr/sbin usr/libexec/docker/cli-plugins; do
		[[ ! -x $root/$folder/$program ]] || break
	done
	[[ -x $root/$folder/$program ]] || _lab_fail "no program $program in $root" || return
	loader=$(compgen -G "$root/lib64/ld-linux*.so.*" || compgen -G "$root/lib/ld-linux*.so.*") ||
		_lab_fail "no loader in $root" || return
	libraries=$(compgen -G "$root/usr/lib/*-linux-gnu*") || _lab_fail "no libraries in $root" || return
	LAB_COMMAND=("$loader" --inhibit-cache --library-path "$libraries:$root/usr/lib" --argv0 "$program"
		"$root/$folder/$program")
}

# The clients get a home folder of their own: neither the user's credentials nor caches of earlier tests matter.
lab_peer() {
	local name=$1 home=${LAB_WORK:-$BUNDLE_LAB}/home
	local -a LAB_COMMAND
	shift
	lab_command peers "$name" || return
	mkdir -p "$home" || return
	# Debian's skopeo wants a policy file in /etc. As root it also keeps a cache in /var, unless it takes itself for
	# an unprivileged user.
	if [[ $name == skopeo ]]; then
		HOME=$home XDG_DATA_HOME=$home _CONTAINERS_ROOTLESS_UID=65534 "${LAB_COMMAND[@]}" --insecure-policy "$@"
	else
		HOME=$home "${LAB_COMMAND[@]}" "$@"
	fi
}

# ---- Registry ----

lab_registry_sample() {
	local archive=$LAB_DIR/../fixtures/registry-storage.tar.zst
	[[ -f $archive ]] || _lab_fail "no $archive" || return
	if ! mkdir -p "$1" || ! zstd -dcq "$archive" | tar -C "$1" -x; then
		_lab_fail "cannot unpack $archive into $1"
	fi
}

# Whether it is this very process that listens on the port, and not another's registry.
_lab_listens() {
	local pid=$1 address inode
	printf -v address '0100007F:%04X' "$2"
	inode=$(awk -v address="$address" '$2 == address && $4 == "0A" { print $10 }' /proc/net/tcp)
	[[ -n $inode && -n $(find "/proc/$pid/fd" -lname "socket:\[$inode\]" 2>/dev/null) ]]
}

_lab_registry_answers() {
	local status
	{
		exec {LAB_FD}<>"/dev/tcp/127.0.0.1/$1" || return
		printf 'GET /v2/ HTTP/1.0\r\n\r\n' >&"$LAB_FD"
		read -r -t 5 status <&"$LAB_FD" || status=
		exec {LAB_FD}>&-
	} 2>/dev/null
	# One that speaks TLS says only that this is not it; one that wants a login says so.
	[[ $status == *' 200 '* || (-n ${LAB_REGISTRY_TLS:-} && $status == *' 400 '*) ||
		(-n ${LAB_REGISTRY_AUTH:-} && $status == *' 401 '*) ]]
}

_lab_registry_config() {
	cat <<-EOF
		version: 0.1
		log: {level: error, accesslog: {disabled: true}}
		storage:
		  filesystem: {rootdirectory: "$1"}
		  delete: {enabled: true}
		  maintenance: {uploadpurging: {enabled: false}}
		http: {addr: "127.0.0.1:$2", secret: lab${LAB_REGISTRY_TLS:+, tls: $LAB_REGISTRY_TLS}}
		${LAB_REGISTRY_PROXY:+proxy: $LAB_REGISTRY_PROXY}
		${LAB_REGISTRY_AUTH:+auth: $LAB_REGISTRY_AUTH}
	EOF
}

# Starts one and waits for it: 0 it answers, 1 it ended (the port may be taken), 2 it is there but does not answer.
_lab_registry_try() {
	local work=$1 port=$2 tries=1200
	"${LAB_COMMAND[@]}" serve "$work/config.yml" </dev/null >>"$LAB_REGISTRY_LOG" 2>&1 &
	LAB_REGISTRY_PID=$!
	# Disowned, or bash would report the end of it.
	disown "$LAB_REGISTRY_PID"
	until _lab_listens "$LAB_REGISTRY_PID" "$port" && _lab_registry_answers "$port"; do
		! _lab_gone "$LAB_REGISTRY_PID" || return 1
		((tries-- > 0)) || return 2
		sleep 0.05
	done
}

lab_registry_start() {
	local storage=$1 wanted=${2:-} port attempt status
	local -a LAB_COMMAND
	lab_command registry docker-registry || return
	{ mkdir -p "$storage" && storage=$(cd "$storage" && pwd); } 2>/dev/null ||
		_lab_fail "no registry storage $1" || return
	LAB_REGISTRY_WORK=$(mktemp -d "${LAB_WORK:-${TMPDIR:-/tmp}}/registry.XXXXXX") || return
	LAB_REGISTRY_LOG=$LAB_REGISTRY_WORK/log
	# A port is free until somebody else takes it; below the kernel's own choices, that is rare.
	for attempt in 1 2 3 4 5; do
		port=${wanted:-$((20000 + (RANDOM + attempt) % 12000))}
		_lab_registry_config "$storage" "$port" >"$LAB_REGISTRY_WORK/config.yml"
		status=0
		_lab_registry_try "$LAB_REGISTRY_WORK" "$port" || status=$?
		if ((status == 0)); then
			# shellcheck disable=SC2034 # for the caller
			LAB_REGISTRY_ADDR=127.0.0.1:$port
			return 0
		fi
		[[ $status == 1 && -z $wanted ]] || break
	done
	_lab_fail "registry on 127.0.0.1:$port does not answer: $(_lab_last "$LAB_REGISTRY_LOG")" || true
	lab_registry_stop
	return 1
}

lab_registry_stop() {
	local pid=${LAB_REGISTRY_PID:-} work=${LAB_REGISTRY_WORK:-}
	unset LAB_REGISTRY_ADDR LAB_REGISTRY_PID LAB_REGISTRY_WORK LAB_REGISTRY_LOG
	if [[ -n $pid ]]; then
		kill "$pid" 2>/dev/null || true
		_lab_wait_gone "$pid" 10 || kill -KILL "$pid" 2>/dev/null || true
		_lab_wait_gone "$pid" 60 || _lab_fail "registry $pid does not end" || return
	fi
	[[ -z $work || -n ${LAB_WORK:-} ]] || rm -rf "$work"
}

# ---- A registry with the referrers API ----

# It prints its address once it listens.
lab_referrers_start() {
	local out
	_lab_part registry-referrers || return
	mkdir -p "$1" && out=$(mktemp -d "${LAB_WORK:-${TMPDIR:-/tmp}}/referrers.XXXXXX") && mkfifo "$out/address" || return
	"$BUNDLE_LAB/registry-referrers/registry-referrers" 127.0.0.1:0 "$1" </dev/null >"$out/address" 2>"$out/log" &
	LAB_REFERRERS_PID=$!
	disown "$LAB_REFERRERS_PID"
	# shellcheck disable=SC2034 # for the caller
	read -r -t 60 LAB_REFERRERS_ADDR <"$out/address" || _lab_fail "the registry does not begin: $(_lab_last "$out/log")" || return
	rm -r "$out"
}

lab_referrers_stop() {
	local pid=${LAB_REFERRERS_PID:-}
	unset LAB_REFERRERS_ADDR LAB_REFERRERS_PID
	[[ -n $pid ]] || return 0
	kill "$pid" 2>/dev/null || true
	_lab_wait_gone "$pid" 60 || _lab_fail "registry $pid does not end"
}

# ---- Docker daemons ----

_lab_docker_config() {
	local kind=$1 work=$2 store
	store='"storage-driver": "overlay2"'
	[[ $kind != containerd ]] || store='"features": {"containerd-snapshotter": true}, "storage-driver": "overlayfs"'
	cat <<-EOF
		{$store,
		"data-root": "$work/data", "exec-root": "$work/exec", "pidfile": "$work/pidfile",
		"hosts": ["unix://$work/docker.sock"], "group": "root",
		"cgroup-parent": "/bundle-lab-${work##*/}", "exec-opts": ["native.cgroupdriver=cgroupfs"],
		"bridge": "none", "iptables": false, "ip6tables": false, "ip-forward": false,
		"log-level": "warn", "shutdown-timeout": 5}
	EOF
}

_lab_docker_wait() {
	local pid=$1 sock=$2 end=$((SECONDS + 180))
	until [[ -S $sock && $(curl -s -m 5 --unix-socket "$sock" http://docker/_ping) == OK ]]; do
		! _lab_gone "$pid" || return 1
		((SECONDS < end)) || return 1
		sleep 0.05
	done
}

lab_docker_start() {
	local kind=$1 part=daemon-$1 work pid
	[[ $kind == containerd || $kind == graphdriver ]] || _lab_fail "no such kind of daemon: $kind" || return
	[[ $EUID -eq 0 ]] || _lab_fail "a Docker daemon needs root" || return
	_lab_part "$part" || return
	# On disk, beside the roots: images are large, and overlays need a file system that can hold them.
	mkdir -p "$BUNDLE_LAB/run" && work=$(mktemp -d "$BUNDLE_LAB/run/XXXXXX") || return
	LAB_DOCKER_SOCK=$work/docker.sock
	LAB_DOCKER_LOG=$work/dockerd.log
	[[ -z ${LAB_WORK:-} ]] || LAB_DOCKER_LOG=$LAB_WORK/dockerd-$kind-${work##*/}.log
	if ((${#work} > 60)); then
		lab_docker_stop
		_lab_fail "BUNDLE_LAB is too long a path for unix sockets: $BUNDLE_LAB" || return
	fi
	_lab_docker_config "$kind" "$work" >"$work/daemon.json"
	_lab_daemon_start "$part" "$work" "$LAB_DOCKER_LOG" dockerd --config-file "$work/daemon.json"
	pid=$(<"$work/unshare.pid")
	if ! _lab_docker_wait "$pid" "$LAB_DOCKER_SOCK"; then
		_lab_fail "dockerd ($kind) does not answer: $(_lab_last "$LAB_DOCKER_LOG")" || true
		lab_docker_stop
		return 1
	fi
	# shellcheck disable=SC2034 # for the caller
	LAB_DOCKER_PID=$(<"$work/daemon.pid")
}

# ---- Daemons in namespaces of their own ----

# _lab_daemon_start PART WORK LOG COMMAND...
_lab_daemon_start() {
	local part=$1 work=$2 log=$3 pid
	shift 3
	echo "$part" >"$work/part"
	unshare --mount --pid --fork --kill-child "$LAB_DIR/daemon-init" "$BUNDLE_LAB/$part" "$work/" "$@" \
		</dev/null >"$log" 2>&1 &
	pid=$!
	disown "$pid"
	echo "$pid" >"$work/unshare.pid"
}

# Signals the process whose number a file in a daemon's folder holds, if it still is that daemon's.
_lab_daemon_kill() {
	local signal=$1 work=$2 pid
	pid=$(cat "$work/$3" 2>/dev/null) || return 1
	grep -qsF "$work/" "/proc/$pid/cmdline" && kill "-$signal" "$pid" 2>/dev/null
}

# Its folder says which processes those are, so any shell can do it.
_lab_daemon_stop() {
	local work=$1 pid
	if [[ -f $work/unshare.pid ]]; then
		pid=$(<"$work/unshare.pid")
		# The rest ends by itself after the daemon. For one that never was or that hangs, the end of unshare is the
		# end of all of its children.
		_lab_daemon_kill TERM "$work" daemon.pid || true
		[[ -f $work/daemon.pid ]] && _lab_wait_gone "$pid" 30 || _lab_daemon_kill KILL "$work" unshare.pid || true
		_lab_wait_gone "$pid" 60 || _lab_fail "the daemon in $work does not end" || return
	fi
	rm -rf "$work"
}

lab_docker_stop() {
	local work=${LAB_DOCKER_SOCK:-}
	unset LAB_DOCKER_SOCK LAB_DOCKER_PID LAB_DOCKER_LOG
	[[ -z $work ]] || _lab_daemon_stop "${work%/docker.sock}"
}

# ---- A containerd on its own ----

# Debian has them as what its docker.io needs.
_lab_containerd_part() {
	case $1 in
	old) echo daemon-graphdriver ;;
	new) echo daemon-containerd ;;
	*) _lab_fail "no such kind of containerd: $1" ;;
	esac
}

# Root and state are where they always are, in the daemon's own file system.
_lab_containerd_config() {
	local work=$1 without='"io.containerd.nri.v1.nri"' sharing=shared
	[[ -n ${2:-} ]] || sharing=isolated without='"io.containerd.nri.v1.nri", "io.containerd.grpc.v1.cri",
		"io.containerd.cri.v1.images", "io.containerd.cri.v1.runtime"'
	cat <<-EOF
		version = 2
		disabled_plugins = [$without]
		[grpc]
		address = "$work/containerd.sock"
		[plugins."io.containerd.metadata.v1.bolt"]
		content_sharing_policy = "$sharing"
	EOF
}

_lab_containerd_wait() {
	local pid=$1 tries=3600
	until lab_ctr version >/dev/null 2>&1; do
		! _lab_gone "$pid" || return 1
		((tries-- > 0)) || return 1
		sleep 0.05
	done
}

lab_containerd_start() {
	local part work pid
	part=$(_lab_containerd_part "$1") && _lab_part "$part" || return
	[[ $EUID -eq 0 ]] || _lab_fail 'a containerd needs root' || return
	mkdir -p "$BUNDLE_LAB/run" && work=$(mktemp -d "$BUNDLE_LAB/run/XXXXXX") || return
	LAB_CONTAINERD_SOCK=$work/containerd.sock
	LAB_CONTAINERD_LOG=${LAB_WORK:-$work}/containerd-$1-${work##*/}.log
	_lab_containerd_config "$work" "${2:-}" >"$work/config.toml"
	_lab_daemon_start "$part" "$work" "$LAB_CONTAINERD_LOG" containerd --config "$work/config.toml"
	pid=$(<"$work/unshare.pid")
	if ! _lab_containerd_wait "$pid"; then
		_lab_fail "containerd ($1) does not answer: $(_lab_last "$LAB_CONTAINERD_LOG")" || true
		lab_containerd_stop
		return 1
	fi
	# shellcheck disable=SC2034 # for the caller
	LAB_CONTAINERD_PID=$(<"$work/daemon.pid")
}

lab_containerd_stop() {
	local work=${LAB_CONTAINERD_SOCK:-}
	unset LAB_CONTAINERD_SOCK LAB_CONTAINERD_PID LAB_CONTAINERD_LOG
	[[ -z $work ]] || _lab_daemon_stop "${work%/containerd.sock}"
}

lab_ctr() {
	local sock=${LAB_CONTAINERD_SOCK:-}
	local -a LAB_COMMAND
	[[ -n $sock ]] || _lab_fail 'no containerd is started' || return
	lab_command "$(<"${sock%/containerd.sock}/part")" ctr || return
	"${LAB_COMMAND[@]}" --address "$sock" "$@"
}

# ---- The command line of docker ----

lab_docker() {
	local work=${LAB_DOCKER_SOCK:-}
	local -a LAB_COMMAND
	[[ -S $work ]] || _lab_fail "no Docker daemon is started" || return
	work=${work%/docker.sock}
	lab_command "$(<"$work/part")" docker || return
	_lab_buildx "$work/cli" || return
	DOCKER_CONFIG=$work/cli DOCKER_HOST=unix://$LAB_DOCKER_SOCK "${LAB_COMMAND[@]}" "$@"
}

# docker finds buildx as a plugin: a program in its configuration folder.
_lab_buildx() {
	local plugin=$1/cli-plugins/docker-buildx
	local -a LAB_COMMAND
	mkdir -p "${plugin%/*}"
	[[ ! -x $plugin && -f $BUNDLE_LAB/buildx/.stamp ]] || return 0
	lab_command buildx docker-buildx || return
	printf '#!/bin/sh\nexec %s "$@"\n' "${LAB_COMMAND[*]@Q}" >"$plugin" && chmod +x "$plugin"
}
