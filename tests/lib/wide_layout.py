"""Make an OCI layout whose one image is an index of many manifests: wide_layout.py DIR COUNT [there].

None of them is there unless that is asked for.  What an index lists and its source lacks happens in the field, and is
no error; so this is the widest image that takes a moment to make.  Its index.json lists the same manifests, as
index.json of a layout for all tools does, and says more of each, as some tools do.
"""
import hashlib
import json
import os
import sys

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


CONFIG = b'{"architecture":"amd64","os":"linux"}'


def manifest(number):
    config = {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": name(CONFIG), "size": len(CONFIG)}
    return compact(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": config,
            "layers": [],
            "annotations": {"number": str(number)},
        }
    )


def main(folder, count, *there):
    os.makedirs(f"{folder}/blobs/sha256")
    children = []
    for number in range(count):
        content = manifest(number)
        children.append({"mediaType": MANIFEST, "digest": name(content), "size": len(content)})
        if there:
            write(f"{folder}/blobs/{name(content).replace(':', '/')}", content)
    if there:
        write(f"{folder}/blobs/{name(CONFIG).replace(':', '/')}", CONFIG)
    index = compact({"schemaVersion": 2, "mediaType": INDEX, "manifests": children})
    digest = hashlib.sha256(index).hexdigest()
    root = {
        "mediaType": INDEX,
        "digest": "sha256:" + digest,
        "size": len(index),
        "annotations": {"org.opencontainers.image.ref.name": "example.org/wide:1"},
    }
    more = {"annotations": {"kind": "child"}, "platform": {"os": "linux", "architecture": "amd64"}}
    listed = [{**child, **more} for child in children]
    write(f"{folder}/blobs/sha256/{digest}", index)
    write(f"{folder}/index.json", compact({"schemaVersion": 2, "manifests": [root, *listed]}))
    write(f"{folder}/oci-layout", compact({"imageLayoutVersion": "1.0.0"}))


def name(content):
    return "sha256:" + hashlib.sha256(content).hexdigest()


def compact(value):
    return json.dumps(value, separators=(",", ":")).encode()


def write(path, content):
    with open(path, "wb") as file:
        file.write(content)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), *sys.argv[3:])
