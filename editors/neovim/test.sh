#!/bin/sh
# Opens programs in a real Neovim: test.sh FLOWMESH [NEOVIM]
set -eu
flowmesh=$(realpath "$(command -v "$1")")
neovim=${2:-nvim}
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# Nothing of whoever runs this is read or written.
export XDG_CONFIG_HOME="$folder/config" XDG_DATA_HOME="$folder/data" XDG_STATE_HOME="$folder/state" XDG_CACHE_HOME="$folder/cache"
export FLOWMESH_FOLDER="$folder/work" NVIM_LOG_FILE="$folder/log"
export FLOWMESH_EXAMPLE="$here/../../examples/shop/shop.flow"
mkdir -p "$FLOWMESH_FOLDER"
timeout 300 "$neovim" --headless -u NONE -i NONE -n \
    --cmd "let g:flowmesh_path = '$flowmesh'" --cmd "set runtimepath^=$here" --cmd "filetype plugin indent on" \
    --cmd "runtime plugin/flowmesh.lua" -c "luafile $here/test/spec.lua"
