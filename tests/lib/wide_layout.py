"""Make an OCI layout whose one image is an index of many manifests, none of which is there: wide_layout.py DIR COUNT.

What an index lists and its source lacks happens in the field, and is no error; so this is the widest image that takes a
moment to make.  Its index.json lists the same manifests, as index.json of a layout for all tools does, and says more of
each, as some tools do.
"""
import hashlib
import json
import os
import sys

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def main(folder, count):
    children = [
        {"mediaType": MANIFEST, "digest": "sha256:" + hashlib.sha256(b"%d" % i).hexdigest(), "size": 300}
        for i in range(count)
    ]
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
    os.makedirs(f"{folder}/blobs/sha256")
    write(f"{folder}/blobs/sha256/{digest}", index)
    write(f"{folder}/index.json", compact({"schemaVersion": 2, "manifests": [root, *listed]}))
    write(f"{folder}/oci-layout", compact({"imageLayoutVersion": "1.0.0"}))


def compact(value):
    return json.dumps(value, separators=(",", ":")).encode()


def write(path, content):
    with open(path, "wb") as file:
        file.write(content)


main(sys.argv[1], int(sys.argv[2]))
