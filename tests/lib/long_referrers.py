"""Make an OCI layout of one image with referrers that say much: long_referrers.py DIR COUNT MIB.

Each of them has one annotation of so many MiB.
"""
import os
import sys

sys.dont_write_bytecode = True  # the folder is the repository's

from wide_layout import CONFIG, INDEX, MANIFEST, compact, name, write

EMPTY = b"{}"


def main(folder, count, mebibytes):
    os.makedirs(f"{folder}/blobs/sha256")
    config = put(folder, "application/vnd.oci.image.config.v1+json", CONFIG)
    image = put(folder, MANIFEST, compact({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": []}))
    empty = put(folder, "application/vnd.oci.empty.v1+json", EMPTY)
    entries = [{**image, "annotations": {"org.opencontainers.image.ref.name": "example.org/long:1"}}]
    for number in range(count):
        said = {"schemaVersion": 2, "mediaType": MANIFEST, "artifactType": "application/x.said", "config": empty}
        said.update(layers=[empty], subject=image, annotations={"said": str(number) * (mebibytes << 20)})
        entries.append(put(folder, MANIFEST, compact(said)))
    write(f"{folder}/index.json", compact({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}))
    write(f"{folder}/oci-layout", compact({"imageLayoutVersion": "1.0.0"}))


def put(folder, media_type, content):
    write(f"{folder}/blobs/{name(content).replace(':', '/')}", content)
    return {"mediaType": media_type, "digest": name(content), "size": len(content)}


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
