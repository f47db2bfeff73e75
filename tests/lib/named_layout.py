"""Make an OCI layout whose index.json lists one manifest under many names: named_layout.py DIR COUNT [VALUES].

With VALUES, its last entry says so many things that nobody knows.
"""
import os
import sys

sys.dont_write_bytecode = True  # the folder is the repository's

from wide_layout import CONFIG, MANIFEST, compact, manifest, name, write

NAME = "org.opencontainers.image.ref.name"


def main(folder, count, values=0):
    os.makedirs(f"{folder}/blobs/sha256")
    content = manifest(0)
    for blob in (CONFIG, content):
        write(f"{folder}/blobs/{name(blob).replace(':', '/')}", blob)
    listed = {"mediaType": MANIFEST, "digest": name(content), "size": len(content)}
    entries = [{**listed, "annotations": {NAME: f"example.org/team/project/app-{i}:1.0"}} for i in range(count)]
    entries[-1].update({f"{i:x}": 0 for i in range(values)})
    write(f"{folder}/index.json", compact({"schemaVersion": 2, "manifests": entries}))
    write(f"{folder}/oci-layout", compact({"imageLayoutVersion": "1.0.0"}))


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
