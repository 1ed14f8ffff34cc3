# Debian packages that building and checking need, and how they are installed.  Sourced, not run.

build_packages="meson ninja-build pkg-config g++ python3 libabsl-dev libflatbuffers-dev
  flatbuffers-compiler libxxhash-dev liburing-dev libfmt-dev libcli11-dev nlohmann-json3-dev
  libyaml-cpp-dev"
check_packages="git doctest-dev clang libclang-rt-dev clang-format clang-tidy procps
  tzdata e2fsprogs xfsprogs"

# ensure_packages NAME...: installs what is missing.  Root only; anyone else is told the line.
ensure_packages() {
  local missing="" package
  for package in "$@"; do
    case $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null) in
      *'ok installed') ;;
      *) missing="$missing $package" ;;
    esac
  done
  [ -n "$missing" ] || return 0
  if [ "$(id -u)" != 0 ]; then
    echo "missing packages; as root:  apt-get install --no-install-recommends$missing" >&2
    return 1
  fi
  echo "installing$missing"
  export DEBIAN_FRONTEND=noninteractive
  # shellcheck disable=SC2086: a list of names.
  apt-get update -q && apt-get install -q -y --no-install-recommends $missing
}
