# shellcheck shell=sh disable=SC2154,SC2086
cp $closureInfo/registration nix-path-registration
$mksquashfs nix-path-registration $(cat $closureInfo/store-paths) $out \
  -no-hardlinks -keep-as-directory -all-root -b 1048576 -comp zstd -Xcompression-level 6 \
  -processors $NIX_BUILD_CORES -no-progress -quiet -mkfs-time 1 -all-time 1
