/* limits.h - every bound on input from outside, in one place.
 *
 * Units   Bytes, milliseconds and counts, as the names say.
 * Source  docs/architecture.md, "Limits"; the OCI Distribution Specification asks for manifests of at least 4 MiB.
 */
#ifndef COMMON_LIMITS_H
#define COMMON_LIMITS_H

#define KIB ((uint64_t)1024)
#define MIB (1024 * KIB)

#define LIMIT_MANIFEST_BYTES (8 * MIB)         /* one manifest or index */
#define LIMIT_JSON_VALUES 200000               /* values in one JSON document: bounds what parsing may allocate */
#define LIMIT_DESCRIPTION_VALUES 2000000       /* values in bundle.json or a layout's index.json: 150,000 blobs */
#define LIMIT_REST_VALUES 50000                /* those of them, and of a manifest, in no list or in one item */
#define LIMIT_JSON_DEPTH 64                    /* nesting of one JSON document */
#define LIMIT_STATEMENT_BYTES (64 * MIB)       /* one in-toto statement; BuildKit writes up to 40 MiB */
#define LIMIT_STATEMENT_PARSED_BYTES (2 * MIB) /* one statement that is read for its summary */
#define LIMIT_DOCUMENT_BYTES (8 * MIB)         /* one that is shown as a page; of an SBOM, without its packages */
#define LIMIT_ROW_BYTES (256 * KIB)            /* one package in an SBOM that is larger */
#define LIMIT_DOCUMENT_RAW_BYTES (128 * KIB)   /* what is shown of it as it stands */
#define LIMIT_PAGE_BYTES (4 * MIB)             /* one page of a server */
#define LIMIT_REPORT_BYTES (16 * MIB)          /* a report: from here on its parts are cut */
#define LIMIT_DESCRIPTION_BYTES (32 * MIB)     /* bundle.json */
#define LIMIT_ANSWER_BYTES (1 * MIB)           /* other JSON answers: tokens, errors, daemon state */
#define LIMIT_SECRET_BYTES (64 * KIB)          /* a password or token, and what a token service or a helper says */
#define LIMIT_HEADER_BYTES (64 * KIB)          /* all headers of one HTTP answer */
#define LIMIT_HEADS 64                         /* of one HTTP answer: redirects, proxies, 1xx before the last */
#define LIMIT_URL_BYTES (8 * KIB)
#define LIMIT_TEXT_BYTES 4096              /* one name, tag, media type, annotation that we keep */
#define LIMIT_SMALL_BLOB_BYTES (1 * MIB)   /* a config or artifact up to here travels in front */
#define LIMIT_NODES 1000000                /* blobs and manifests in one graph */
#define LIMIT_EDGES 8000000                /* links between them */
#define LIMIT_GRAPH_DEPTH 16               /* index in index, referrer of referrer */
#define LIMIT_IMAGES 100000                /* names in one bundle */
#define LIMIT_TOML_BYTES (1 * MIB)         /* one hosts.toml, registries.conf */
#define LIMIT_TOML_VALUES 10000            /* values and tables in it */
#define LIMIT_TOML_DEPTH 16                /* nesting of it */
#define LIMIT_ENDPOINTS 32                 /* mirrors of one registry, and itself */
#define LIMIT_CA_BYTES (4 * MIB)           /* the certificates that the system trusts */
#define LIMIT_CERT_FILES 1000              /* files in a folder of certificates */
#define LIMIT_REGISTRIES 10000             /* registries in registries.conf and beside it */
#define LIMIT_PAGES 1000                   /* pages of one listing */
#define LIMIT_ARCHIVE_MEMBERS 2000000      /* files, folders and whatever else in a tar archive that others made */
#define LIMIT_ARCHIVE_RATIO 1000           /* how many times its size a compressed archive may unpack to */
#define LIMIT_SPARE_BYTES (64 * MIB)       /* what unpacking leaves free on a file system */
#define LIMIT_EARLY_BYTES (16 * KIB)       /* a layer up to here is fetched before it is known what else is there */
#define LIMIT_EARLY_SUM_BYTES (64 * MIB)   /* all of those */
#define LIMIT_SPILL_BYTES (512 * MIB)      /* of layers that have come before their turn in a pipe, on the disk */
#define LIMIT_TAGS 200000                  /* tags of one repository */
#define LIMIT_PROVED_BLOBS 150000          /* of a layout, which are remembered to be proved */
#define LIMIT_PROVED_BYTES (64 * MIB)      /* the record of them */
#define LIMIT_LIST_BYTES (16 * MIB)        /* a file of references, one a line */
#define LIMIT_RETRY_AFTER_MS 120000        /* how long a host can make us wait before it is asked again */
#define LIMIT_GRPC_BYTES (16 * MIB)        /* one message of a containerd: what containerd itself takes */
#define LIMIT_TRUST_FILES 10000            /* files of keys, or of what is revoked, in a site's trust */
#define LIMIT_REVOKED 1000000              /* keys and digests that are revoked */
#define LIMIT_REFS 200000                  /* of one content in a containerd: its children and referrers */
#define LIMIT_HTPASSWD_BYTES (4 * MIB)     /* a file of names and hashes */
#define LIMIT_HTPASSWD_USERS 10000         /* in it */
#define LIMIT_BCRYPT_COST 12               /* of a hash in it: a quarter of a second for one login */
#define LIMIT_SERVE_PAGE 1000              /* tags or repositories in one answer */
#define LIMIT_KEY_BYTES (64 * KIB)         /* a file with one key */
#define LIMIT_SIGNATURE_BYTES 2048         /* one signature: RSA of 16384 bits */
#define LIMIT_REGEX_COPIES 1000            /* how much longer a pattern may become, {m,n} written out */
#define LIMIT_ARTIFACT_BYTES (64 * MIB)    /* what Ed25519 signed, which is read whole; all else is read in pieces */
#define LIMIT_TRUSTED_ROOT_BYTES (1 * MIB) /* trusted_root.json */
#define LIMIT_AUTHORITIES 256              /* of each kind in it */
#define LIMIT_CERTIFICATE_BYTES (64 * KIB) /* one certificate in DER */
#define LIMIT_CHAIN 10                     /* certificates in one chain */
#define LIMIT_SIGSTORE_BYTES (64 * MIB)    /* one sigstore bundle, with the statement in it */
#define LIMIT_SIGSTORE_ENTRIES 32          /* log entries of one signature, and timestamps of it */
#define LIMIT_TIMESTAMP_BYTES (64 * KIB)   /* one RFC 3161 response */
#define LIMIT_PROOF_HASHES 64              /* in one inclusion proof: a tree of 2^64 leaves */
#define LIMIT_CHECKPOINT_BYTES (64 * KIB)  /* one checkpoint, with its witnesses */
#define LIMIT_CHECKPOINT_LINES 256         /* signatures on it */
#define LIMIT_SUBJECTS 50000               /* manifests of one image that is judged: an index lists fewer */
#define LIMIT_CANDIDATES 10000             /* signatures and attestations of one image */
#define LIMIT_SIGNED_BYTES (16 * MIB)      /* one signature's payload, envelope or sigstore bundle */
#define LIMIT_SIGNED_SUM_BYTES (256 * MIB) /* all of those of one image */
#define LIMIT_POLICY_BYTES (1 * MIB)       /* one policy */
#define LIMIT_POLICY_FILE_BYTES (1 * MIB)  /* a key, a trusted root, certificates that a policy names */
#define LIMIT_POLICY_FILES 1000            /* of those that one policy names, each read once for all who ask for it */
#define LIMIT_PROOFS 50000                 /* proofs that are remembered while images are judged */
#define LIMIT_DECISION_STEPS 100000        /* steps of one decision */

/* What a server takes, and what it keeps. */
#define LIMIT_SERVE_URL_BYTES (8 * KIB)     /* path and query of a request that is answered */
#define LIMIT_SERVE_FIELDS 128              /* query parameters of it, and headers */
#define LIMIT_SERVE_MEMORY (16 * KIB)       /* of a connection: its request, and the headers of the answer */
#define LIMIT_SERVE_ANSWER_BYTES (64 * MIB) /* an answer that is made in memory: statements inside JSON */
#define LIMIT_SERVE_HELD_BYTES (256 * MIB)  /* answers in memory that clients have not taken yet */
#define LIMIT_SERVE_CONNECTIONS 4000        /* at one address */
#define LIMIT_SERVE_IDLE_S 30               /* without a byte from or to a client */
#define LIMIT_SERVE_REQUEST_S 60            /* until a request has come whole */
#define LIMIT_SERVE_RATE (4 * KIB)          /* a second: who reads less where most connections are taken is cut off */
#define LIMIT_SERVE_STOP_MS 30000           /* for requests under way to end */
#define LIMIT_SERVED_BYTES (8 * MIB)        /* proved small blobs that are kept */
#define LIMIT_SERVED_GRAPHS (8 * MIB)       /* graphs of images that are kept */
#define LIMIT_JUDGED 250000                 /* manifests of images that were accepted, remembered */
#define LIMIT_SERVED_PROOFS 4096            /* large blobs that are remembered to be proved */
#define LIMIT_SERVE_TURN_S 300              /* of waiting for one of the decoders */
#define LIMIT_SERVE_TURN_RATE (256 * KIB)   /* a second: who reads less while others wait loses the decoder */
#define LIMIT_SERVED_DECODERS 4             /* bodies that are decoded at a time, each in a window of 4 MiB */
#define LIMIT_ENGINE_MANIFESTS 10000        /* manifests and indexes of one image, as the Engine API counts them */
#define LIMIT_ENGINE_BYTES (32 * MIB)       /* of these and their configs, each as often as it is listed */
#endif
