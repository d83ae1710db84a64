#!/bin/sh
# Installs an editor for `host.mjs` from npm alone, which takes some minutes: editor.sh FOLDER
#
# The package asks for one dependency from GitHub; its release on npm does as well here. Of what has to be compiled only
# terminals are needed.
set -eu
mkdir -p "$1"
folder=$(cd "$1" && pwd)
npm install --ignore-scripts --no-audit --no-fund --prefix "$folder" code-server@4.96.4
cd "$folder/node_modules/code-server/lib/vscode"
rm -f npm-shrinkwrap.json
npm install --ignore-scripts --omit=dev --no-audit --no-fund
# The headers of Debian's and NodeSource's packages; without them npm fetches some.
[ -e /usr/include/node/node.h ] && export npm_config_nodedir=/usr
npm rebuild node-pty
echo "export CODE_SERVER=$folder/node_modules/code-server"
