#!/usr/bin/env bash
# npm-ci.sh DIR: installs DIR's locked packages, unless they are there.
set -euo pipefail
cd "$(dirname "$0")/../$1"
stamp=node_modules/.croft-lock
cmp -s package-lock.json "$stamp" && exit 0
echo "npm ci in $1"
npm ci --no-audit --no-fund --loglevel=error </dev/null
cp package-lock.json "$stamp"
