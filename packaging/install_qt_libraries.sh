#!/bin/sh
# Installs the system libraries that Qt's window plugin needs, where that is allowed, and the
# packages that are named as arguments. Needed on bare Debian and Ubuntu machines only; does nothing
# where all are there.
set -u
[ "$(uname -s)" = Linux ] && command -v apt-get >/dev/null 2>&1 || exit 0

packages="libegl1 libgl1 libxkbcommon0 libxkbcommon-x11-0 libdbus-1-3 libfontconfig1
libglib2.0-0 libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-render-util0
libxcb-shape0 fonts-dejavu-core $*"
# Ubuntu 24.04 and Debian 13 gave this one another name.
apt-cache show libglib2.0-0 >/dev/null 2>&1 || packages=$(echo "$packages" | sed 's/libglib2.0-0/libglib2.0-0t64/')
missing=""
for package in $packages; do
    dpkg -s "$package" >/dev/null 2>&1 || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then
    as_root=""
elif sudo -n true 2>/dev/null; then
    as_root="sudo"
else
    echo "These packages may be needed, which only root can install:$missing" >&2
    exit 0
fi
echo "Installing what is needed from the system:$missing"
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -qq || true
$as_root apt-get install -y -qq --no-install-recommends $missing >/dev/null ||
    echo "Some of these packages could not be installed:$missing" >&2
exit 0
