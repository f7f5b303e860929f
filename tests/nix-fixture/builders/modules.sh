# shellcheck shell=sh disable=SC2154,SC2086
# $src: a kernel's modules  $names: the wanted ones -> those and what they need
base=$src/lib/modules
ver=$(ls $base)
to=$out/lib/modules/$ver
mkdir -p $to
closure() {
  for n in "$@"; do
    line=$(grep -E "(^|/)$(echo "$n" | sed 's/[-_]/[-_]/g')\.ko(\.[a-z]+)?:" $base/$ver/modules.dep | head -n 1) || continue
    echo "$line" | tr -d ':' | tr ' ' '\n'
  done
}
closure $names | sort -u | while read -r f; do
  [ -n "$f" ] || continue
  mkdir -p "$to/$(dirname "$f")"
  cp "$base/$ver/$f" "$to/$f"
done
cp $base/$ver/modules.order $base/$ver/modules.builtin $to/ 2>/dev/null || true
depmod -b $out $ver
