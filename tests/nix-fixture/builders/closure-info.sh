# shellcheck shell=sh disable=SC2154,SC2086
# $out/{registration,store-paths,total-nar-size} of the closure: what nix-store --load-db reads, and the plain list.
# Structured attributes are read with jq, since their .attrs.sh needs bash; and from the build folder,
# since Nix 2.8 points NIX_ATTRS_JSON_FILE outside its own sandbox.
attrs=$NIX_BUILD_TOP/.attrs.json
out=$(jq -r .outputs.out "$attrs")
mkdir "$out"
jq -r '.closure[] | .path, .narHash, .narSize, "", (.references | length), .references[]' "$attrs" >"$out/registration"
jq -r '.closure[].path' "$attrs" >"$out/store-paths"
jq '[.closure[].narSize] | add' "$attrs" >"$out/total-nar-size"
