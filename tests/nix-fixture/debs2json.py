"""What each .deb of a folder is, its hash, and which of the others it needs: debs2json.py FOLDER >debs.json"""

import glob
import hashlib
import json
import os
import re
import subprocess
import sys
import urllib.parse

# Needed by maintainer scripts, or by parts that the fixture leaves out; never by the programs that it wraps.
SKIP = re.compile(
    r"^(perl|libperl|libdb|libdbi|libwww|debconf|dpkg|passwd|login|libpam|libsemanage|libaudit|base-|bash$|bash-static|"
    r"curl$|lsb-base|sysvinit|libgdbm|debianutils|mawk|sensible|tar$|gcc-|linux-base|kmod|initramfs|readline-common|"
    r"libldap-common|libsemanage-common|libaudit-common|libdebconfclient|libdevmapper|dmsetup|libc-bin|nix-setup|adduser)"
)
NAME = r"[a-z0-9][a-z0-9+.-]+"


def fields(deb):
    command = ["dpkg-deb", "-f", deb, "Package", "Version", "Depends", "Pre-Depends", "Provides"]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    return dict(line.split(": ", 1) for line in lines if ": " in line)


def read(folder):
    packages = {}
    for deb in sorted(glob.glob(folder + "/*.deb")):
        control = fields(deb)
        name = control["Package"]
        if SKIP.match(name):
            continue
        with open(deb, "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        packages["linux" if name.startswith("linux-image-") else name] = {
            "version": re.sub(r"[^A-Za-z0-9+._-]", "-", control["Version"].split(":", 1)[-1]),
            "sha256": digest,
            "url": "file://" + urllib.parse.quote(deb),
            "deb": name,
            "needs": ", ".join(control[key] for key in ("Depends", "Pre-Depends") if key in control),
            "provides": re.findall(NAME, re.sub(r"\(.*?\)", "", control.get("Provides", ""))),
        }
    return packages


def resolve(packages):
    """Turns the words of Depends into names of packages that are here: the first alternative that is."""
    providers = {virtual: name for name, package in packages.items() for virtual in package.pop("provides")}
    for name, package in packages.items():
        needed = set()
        for alternatives in package.pop("needs").split(","):
            words = (re.match(r"\s*(" + NAME + ")", one) for one in alternatives.split("|"))
            here = [word[1] if word[1] in packages else providers.get(word[1]) for word in words if word]
            needed.update([one for one in here if one][:1])
        # libc6 and libgcc-s1 need each other, and a store has no cycles: what needs libc6 gets libgcc-s1, too.
        if "libc6" in needed and name != "libgcc-s1":
            needed.add("libgcc-s1")
        package["deps"] = [] if name in ("linux", "libc6") else sorted(needed - {name})


def cut_cycles(packages):
    def walk(name, path):
        for needed in list(packages[name]["deps"]):
            if needed in path:
                packages[name]["deps"].remove(needed)
            else:
                walk(needed, path + [needed])

    for name in packages:
        walk(name, [name])


debs = read(os.path.abspath(sys.argv[1]))
resolve(debs)
cut_cycles(debs)
json.dump(debs, sys.stdout, indent=1, sort_keys=True)
print()
