#!/bin/bash
# Installs the process managers that kitt is measured against, each in a pinned version:
#   Debian packages   supervisor runit s6 tmux (system-wide; needs root)
#   npm               pm2, into OUT/node_modules
#   go install        goreman hivemind overmind process-compose pebble ochi-supervisord, into OUT/bin
#   pip               circus, into OUT/venv
# What is there already is left alone. What cannot be had is named with the reason, and is no failure:
# the bench skips it. Usage: bench/install.sh [OUT], by default bench-out/peers.
set -eu

out=${1:-bench-out/peers}
mkdir -p "$out/bin" "$out/logs"
out=$(cd "$out" && pwd)
export PATH="$out/bin:$out/node_modules/.bin:$out/venv/bin:/usr/sbin:/sbin:$PATH"

have() { command -v "$1" >/dev/null 2>&1; }
say() { printf '%-16s %s\n' "$1" "$2"; }

# try NAME COMMAND...: runs it quietly within five minutes; on failure says the last line of what it said.
try() {
	local name=$1 log="$out/logs/$1.log" why
	shift
	if timeout 300 "$@" >"$log" 2>&1 </dev/null; then
		say "$name" installed
		return
	fi
	why=$(grep -E '^(go: .*: |E: |ERROR: |npm (ERR!|error) )' "$log" | head -n 1 || true)
	[ -n "$why" ] || why=$(grep -v '^[[:space:]]*$' "$log" | tail -n 1 || true)
	why=$(printf '%s' "$why" | sed -E 's#https?://[^ ]*/#.../#g' | tail -c 160)
	say "$name" "not installed: ${why:-no reason given} (see $log)"
	return 1
}

as_root() {
	if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

# Debian starts a daemon that it installs; the bench wants the programs only.
quiet_apt() {
	local policy=/usr/sbin/policy-rc.d made= rc=0
	if [ ! -e "$policy" ]; then
		printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
		as_root chmod 755 "$policy"
		made=1
	fi
	as_root env DEBIAN_FRONTEND=noninteractive apt-get "$@" || rc=$?
	if [ -n "$made" ]; then as_root rm -f "$policy"; fi
	return $rc
}

# debian PACKAGE PROGRAM. runit is the programs alone; runit-init, which would replace init, is never asked for.
updated=
debian() {
	if have "$2"; then
		say "$1" "here: $(command -v "$2")"
		return
	fi
	if ! have apt-get; then
		say "$1" "not installed: no apt-get on this system"
		return
	fi
	if ! as_root true 2>/dev/null; then
		say "$1" "not installed: needs root (apt-get install --no-install-recommends $1)"
		return
	fi
	if [ -z "$updated" ]; then
		as_root apt-get update >"$out/logs/apt-update.log" 2>&1 || say apt-get "update failed (see $out/logs/apt-update.log)"
		updated=1
	fi
	# a function cannot run under timeout, a shell that has it can
	export -f quiet_apt as_root
	try "$1" bash -c 'quiet_apt install -y --no-install-recommends "$1"' sh "$1" || true
}

# npm PACKAGE@VERSION PROGRAM
npm_package() {
	if have "$2"; then
		say "$2" "here: $(command -v "$2")"
		return
	fi
	if ! have npm; then
		say "$2" "not installed: no npm (Debian: apt-get install nodejs npm)"
		return
	fi
	try "$2" npm install --prefix "$out" --no-fund --no-audit "$1" || true
}

# gotool PACKAGE@VERSION PROGRAM [NAME THAT go install GIVES IT]
gotool() {
	if have "$2"; then
		say "$2" "here: $(command -v "$2")"
		return
	fi
	# GOFLAGS of the caller, -mod=vendor for one, are not for foreign modules
	try "$2" env -C "$out" GOBIN="$out/bin" GOFLAGS= CGO_ENABLED=0 go install -trimpath "$1" || return 0
	if [ -n "${3:-}" ]; then mv "$out/bin/$3" "$out/bin/$2"; fi
}

pip_package() {
	if have "$2"; then
		say "$2" "here: $(command -v "$2")"
		return
	fi
	try "$2-venv" python3 -m venv "$out/venv" || return 0
	try "$2" "$out/venv/bin/pip" install --disable-pip-version-check --retries 0 --timeout 15 "$1" || rm -rf "$out/venv"
}

debian supervisor supervisord
debian runit runsvdir
debian s6 s6-svscan
debian tmux tmux
npm_package pm2@7.0.4 pm2
gotool github.com/mattn/goreman@v0.3.16 goreman
gotool github.com/DarthSim/hivemind@v1.1.0 hivemind
gotool github.com/DarthSim/overmind/v2@v2.5.1 overmind
gotool github.com/f1bonacc1/process-compose/src@v1.64.1 process-compose src
gotool github.com/canonical/pebble/cmd/pebble@v1.12.0 pebble
gotool github.com/ochinchina/supervisord@v0.7.3 ochi-supervisord supervisord
pip_package circus==0.18.0 circusd
