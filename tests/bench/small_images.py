"""Fills a docker-registry's storage with many small images, each with an index, an image of one layer, and a BuildKit
attestation with one statement: some 10 KiB of blobs an image.

   small_images.py STORAGE REPOSITORY COUNT      tags v1 to vCOUNT
"""

import gzip
import hashlib
import json
import os
import random
import sys

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
STATEMENT = "application/vnd.in-toto+json"
PROVENANCE = "https://slsa.dev/provenance/v1"


class Storage:
    """The folders in which docker-registry keeps a repository."""

    def __init__(self, root, repository):
        self.blobs = os.path.join(root, "docker/registry/v2/blobs/sha256")
        self.repository = os.path.join(root, "docker/registry/v2/repositories", repository)

    def _write(self, path, content):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)

    def _link(self, path, digest):
        self._write(os.path.join(self.repository, path, "link"), b"sha256:" + digest.encode())

    def put(self, media_type, content, **more):
        digest = hashlib.sha256(content).hexdigest()
        self._write(os.path.join(self.blobs, digest[:2], digest, "data"), content)
        kind = "_manifests/revisions" if media_type in (INDEX, MANIFEST) else "_layers"
        self._link(f"{kind}/sha256/{digest}", digest)
        return {"mediaType": media_type, "digest": "sha256:" + digest, "size": len(content), **more}

    def put_json(self, media_type, value, **more):
        return self.put(media_type, json.dumps(value).encode(), **more)

    def tag(self, name, descriptor):
        digest = descriptor["digest"].split(":")[1]
        self._link(f"_manifests/tags/{name}/current", digest)
        self._link(f"_manifests/tags/{name}/index/sha256/{digest}", digest)


def manifest(config, layer):
    return {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [layer]}


def make(storage, number):
    noise = random.Random(number).randbytes(8 << 10)
    config = {"architecture": "amd64", "os": "linux", "config": {"Env": [f"NUMBER={number}"]},
              "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(noise).hexdigest()]}}
    image = storage.put_json(
        MANIFEST,
        manifest(storage.put_json(CONFIG, config), storage.put(LAYER, gzip.compress(noise, mtime=0))),
        platform={"architecture": "amd64", "os": "linux"})
    statement = {"_type": "https://in-toto.io/Statement/v0.1", "predicateType": PROVENANCE,
                 "subject": [{"name": "small", "digest": {"sha256": image["digest"].split(":")[1]}}],
                 "predicate": {"builder": {"id": "bench"}, "number": number}}
    nothing = {"architecture": "unknown", "os": "unknown", "config": {}, "rootfs": {"type": "layers", "diff_ids": []}}
    attestation = storage.put_json(
        MANIFEST,
        manifest(storage.put_json(CONFIG, nothing),
                 storage.put_json(STATEMENT, statement, annotations={"in-toto.io/predicate-type": PROVENANCE})),
        platform={"architecture": "unknown", "os": "unknown"},
        annotations={"vnd.docker.reference.type": "attestation-manifest",
                     "vnd.docker.reference.digest": image["digest"]})
    index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [image, attestation]}
    storage.tag(f"v{number}", storage.put_json(INDEX, index))


def main():
    storage = Storage(sys.argv[1], sys.argv[2])
    for number in range(1, int(sys.argv[3]) + 1):
        make(storage, number)


if __name__ == "__main__":
    main()
