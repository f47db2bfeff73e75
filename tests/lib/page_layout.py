#!/usr/bin/env python3
"""Makes an OCI layout whose images say a lot about themselves, for pages and reports: page_layout.py DIR.

Two images: one as a careful vendor ships it (two platforms, provenance, SBOMs, signatures, a VEX document), and one
whose statements try to break out of the page. Always the same bytes.
"""
import base64
import gzip
import hashlib
import json
import os
import sys

OCI = "application/vnd.oci.image."
PROVENANCE = "https://slsa.dev/provenance/v1"
SPDX = "https://spdx.dev/Document"
VEX = "https://openvex.dev/ns/v0.2.0"
SIGSTORE = "application/vnd.dev.sigstore.bundle.v0.3+json"
SIGNATURE = "https://sigstore.dev/cosign/sign/v1"
EVIL = "<img src=x onerror=alert(1)>\"'><script>alert(2)</script></title></style></pre></details>\u202eevil"

folder = sys.argv[1]
os.makedirs(f"{folder}/blobs/sha256")


def put(media_type, content, **more):
    """A blob; its descriptor."""
    if not isinstance(content, bytes):
        content = json.dumps(content, indent=2, ensure_ascii=False).encode()
    name = hashlib.sha256(content).hexdigest()
    with open(f"{folder}/blobs/sha256/{name}", "wb") as file:
        file.write(content)
    return {"mediaType": media_type, "digest": f"sha256:{name}", "size": len(content), **more}


def layer(text, repeat):
    return put(OCI + "layer.v1.tar+gzip", gzip.compress((text * repeat).encode(), mtime=0, compresslevel=1))


def manifest(layers, config=None, **more):
    config = config or put("application/vnd.oci.empty.v1+json", b"{}")
    return put(OCI + "manifest.v1+json", {"schemaVersion": 2, "mediaType": OCI + "manifest.v1+json", "config": config,
                                          "layers": layers, **more})


def image(architecture):
    config = put(OCI + "config.v1+json", {"architecture": architecture, "os": "linux", "rootfs": {"type": "layers"},
                                          "config": {"Entrypoint": ["/usr/bin/checkout"], "User": "65532"}})
    noise = "".join(hashlib.sha256(f"{architecture}{i}".encode()).hexdigest() for i in range(900))
    return manifest([layer("base " + noise, 40), layer(architecture + noise[::-1], 11), layer("app " + noise, 3)], config)


def statement(subject, predicate_type, predicate, name="shop/checkout"):
    return {"_type": "https://in-toto.io/Statement/v1",
            "subject": [{"name": name, "digest": {"sha256": subject["digest"][7:]}}],
            "predicateType": predicate_type, "predicate": predicate}


def provenance():
    source = "git+https://git.example.test/shop/checkout"
    commit = "4f2c7c1d7f4e0a5a4c5b5d1f53a8c1f0f3f1b6c2"
    materials = [("pkg:docker/docker.io/library/debian@bookworm-slim", "sha256"), (source, "gitCommit"),
                 ("pkg:docker/docker.io/library/golang@1.25-bookworm", "sha256"),
                 ("https://proxy.golang.test/github.com/lib/pq/@v/v1.10.9.zip", "sha256")]
    return {
        "buildDefinition": {
            "buildType": "https://github.com/moby/buildkit/blob/master/docs/attestations/slsa-definitions.md",
            "externalParameters": {"configSource": {"uri": source, "digest": {"gitCommit": commit}, "path": "Dockerfile"},
                                   "request": {"frontend": "dockerfile.v0",
                                               "args": {"build-arg:VERSION": "4.2.0", "target": "release"}}},
            "internalParameters": {"builderPlatform": "linux/amd64"},
            "resolvedDependencies": [{"uri": uri, "digest": {kind: commit if kind == "gitCommit" else
                                                             hashlib.sha256(uri.encode()).hexdigest()}}
                                     for uri, kind in materials]},
        "runDetails": {"builder": {"id": "https://ci.example.test/shop/checkout/runs/18842"},
                       "metadata": {"invocationId": "18842-1", "startedOn": "2026-10-02T08:14:03Z",
                                    "finishedOn": "2026-10-02T08:19:41Z"}}}


NAMES = """adduser apt base-files base-passwd bash bsdutils ca-certificates coreutils dash debconf debian-archive-keyring
debianutils diffutils dpkg e2fsprogs findutils gcc-12-base gpgv grep gzip hostname init-system-helpers libacl1 libapt-pkg6.0
libattr1 libaudit1 libblkid1 libbz2-1.0 libc-bin libc6 libcap2 libcrypt1 libdb5.3 libffi8 libgcc-s1 libgcrypt20 libgmp10
libgnutls30 libhogweed6 libidn2-0 liblz4-1 liblzma5 libmount1 libnettle8 libp11-kit0 libpam-modules libpcre2-8-0 libseccomp2
libselinux1 libsmartcols1 libssl3 libstdc++6 libsystemd0 libtasn1-6 libtinfo6 libudev1 libunistring2 libuuid1 libxxhash0
libzstd1 login logsave mawk mount ncurses-base openssl passwd perl-base sed sysvinit-utils tar tzdata usr-is-merged
util-linux zlib1g""".split()
LICENSES = ["GPL-2.0-or-later", "MIT", "LGPL-2.1-or-later", "BSD-3-Clause", "Apache-2.0", "NOASSERTION"]


def version(name):
    number = int(hashlib.sha256(name.encode()).hexdigest()[:6], 16)
    return f"{number % 4 + 1}.{number % 31}.{number % 17}-{number % 5 + 1}+deb12u{number % 3 + 1}"


def spdx(architecture, names):
    return {"spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "name": f"checkout-{architecture}",
            "documentNamespace": f"https://sbom.example.test/shop/checkout/4.2/{architecture}",
            "creationInfo": {"created": "2026-10-02T08:19:20Z",
                             "creators": ["Organization: Example Shop", "Tool: syft-1.33.0"]},
            "packages": [{"SPDXID": f"SPDXRef-{i}", "name": name, "versionInfo": version(name),
                          "licenseDeclared": LICENSES[i % len(LICENSES)], "licenseConcluded": "NOASSERTION",
                          "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                                            "referenceLocator": f"pkg:deb/debian/{name}@{version(name)}?arch={architecture}"}]}
                         for i, name in enumerate(names)]}


def cyclonedx(names):
    return {"bomFormat": "CycloneDX", "specVersion": "1.6", "serialNumber": "urn:uuid:7f6d3c0e-59f1-4d0f-8d0c-0d8ad9f0b1aa",
            "metadata": {"timestamp": "2026-10-02T09:00:00Z", "component": {"name": "checkout"},
                         "tools": {"components": [{"name": "cdxgen", "version": "11.7.0"}]}},
            "components": [{"type": "library", "name": name, "version": version(name),
                            "licenses": [{"license": {"id": LICENSES[i % 5]}}],
                            "purl": f"pkg:golang/{name}@{version(name)}"} for i, name in enumerate(names)]}


def refer(subject, artifact_type, blobs, annotations=None):
    return manifest(blobs, subject=subject, artifactType=artifact_type, annotations=annotations or {})


def signed(subject, predicate_type, payload):
    """A sigstore bundle as cosign writes it, with a signature that is none: pages check none."""
    bundle = {"mediaType": SIGSTORE,
              "verificationMaterial": {"publicKey": {"hint": "rqGzSYnnV2/tcKzCQgmuvhFZeSYxvSSHGBzbUo4Klgo="},
                                       "tlogEntries": [], "timestampVerificationData": {"rfc3161Timestamps": []}},
              "dsseEnvelope": {"payloadType": "application/vnd.in-toto+json",
                               "payload": base64.b64encode(json.dumps(payload).encode()).decode(),
                               "signatures": [{"sig": "MEUCIQDpages"}]}}
    return refer(subject, SIGSTORE, [put(SIGSTORE, bundle)],
                 {"dev.sigstore.bundle.content": "dsse-envelope", "dev.sigstore.bundle.predicateType": predicate_type})


def attestation(of, statements):
    blobs = [put("application/vnd.in-toto+json", s, annotations={"in-toto.io/predicate-type": s["predicateType"]})
             for s in statements]
    config = put(OCI + "config.v1+json", {"architecture": "unknown", "os": "unknown"})
    return {**manifest(blobs, config), "platform": {"os": "unknown", "architecture": "unknown"},
            "annotations": {"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": of["digest"]}}


def index(manifests):
    return put(OCI + "index.v1+json", {"schemaVersion": 2, "mediaType": OCI + "index.v1+json", "manifests": manifests})


def careful():
    manifests, referrers = [], []
    for architecture, names in (("amd64", NAMES), ("arm64", NAMES[:61])):
        one = image(architecture)
        manifests.append({**one, "platform": {"os": "linux", "architecture": architecture}})
        attested = attestation(one, [statement(one, PROVENANCE, provenance()), statement(one, SPDX, spdx(architecture, names))])
        manifests.append(attested)
        referrers += [signed(one, SIGNATURE, statement(one, SIGNATURE, {})), signed(attested, SIGNATURE,
                                                                                      statement(attested, SIGNATURE, {}))]
    root = index(manifests)
    sbom = refer(root, "application/vnd.cyclonedx+json", [put("application/vnd.cyclonedx+json",
                                                              cyclonedx(["github.com/lib/pq", "golang.org/x/crypto", "stdlib"]))])
    vex = {"@context": VEX, "@id": "https://vex.example.test/checkout-4.2", "author": "Example Shop Security",
           "timestamp": "2026-10-03T07:00:00Z", "version": 1, "statements": [
               {"vulnerability": {"name": "CVE-2026-11187"}, "status": "not_affected", "products": [{"@id": "pkg:oci/checkout"}],
                "justification": "vulnerable_code_not_in_execute_path"},
               {"vulnerability": {"name": "CVE-2026-20417"}, "status": "fixed", "products": [{"@id": "pkg:oci/checkout"}]}]}
    referrers += [sbom, signed(root, SIGNATURE, statement(root, SIGNATURE, {})), signed(root, VEX, statement(root, VEX, vex)),
                  signed(sbom, SIGNATURE, statement(sbom, SIGNATURE, {}))]
    return root, referrers


def evil():
    one = image("riscv64")
    bad = provenance()
    bad["runDetails"]["builder"]["id"] = EVIL
    bad["buildDefinition"]["buildType"] = "javascript:alert(3)"
    bad["buildDefinition"]["resolvedDependencies"] = [{"uri": EVIL, "digest": {EVIL: EVIL}}] * 12
    bad["buildDefinition"]["internalParameters"] = {EVIL: [EVIL, {EVIL: None}, 1, True]}
    document = spdx("riscv64", [EVIL] * 12)
    statements = [statement(one, PROVENANCE, bad, EVIL), statement(one, SPDX, document, EVIL),
                  statement(one, EVIL, {EVIL: EVIL}, EVIL)]
    root = index([{**one, "platform": {"os": "linux", "architecture": "riscv64"}}, attestation(one, statements)])
    text = refer(one, "text/html", [put("text/html", b"<script>alert(4)</script><iframe src=http://evil.test/>")])
    return root, [text]


entries = []
for name, (root, referrers) in (("registry.example.test/shop/checkout:4.2", careful()),
                                ("registry.example.test/shop/evil:1.0", evil())):
    entries.append({**root, "annotations": {"io.containerd.image.name": name, "org.opencontainers.image.ref.name": name}})
    entries += referrers
with open(f"{folder}/index.json", "w", encoding="utf-8") as file:
    json.dump({"schemaVersion": 2, "mediaType": OCI + "index.v1+json", "manifests": entries}, file)
with open(f"{folder}/oci-layout", "w", encoding="utf-8") as file:
    file.write('{"imageLayoutVersion":"1.0.0"}')
