#!/bin/sh
# Installs the build into a temporary folder and builds and runs a program against it.
#   consumer.sh BUILD PACKAGE SOURCE PREFIX COMPILER...
set -eu
build=$1 package=$2 source=$3 prefix=$4
shift 4
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

meson install -C "$build" --no-rebuild --quiet --destdir "$root" >/dev/null
folder=$(dirname "$(find "$root$prefix" -name "$package.pc")")
export PKG_CONFIG_PATH="$folder"
flags=$(pkg-config --define-variable=prefix="$root$prefix" --cflags --libs "$package")
# shellcheck disable=SC2086: flags are words.
"$@" -std=c++20 -Wall -Wextra -Werror -o "$root/program" "$source" $flags
mkdir "$root/data"
LD_LIBRARY_PATH="$(dirname "$folder")" "$root/program" "$root/data"
