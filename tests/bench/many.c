/* Writes a bundle of many images, with the same bytes for the same arguments.
 *
 *   many FILE IMAGES [LAYER_BYTES [hollow]]
 *
 * Every image is what BuildKit makes: an index, one manifest with its config and four gzip layers, and an attestation
 * manifest with its config and one statement: ten blobs that no other image has.  Layers are noise, of LAYER_BYTES
 * each. A hollow bundle is for those who read all but layers: its layers are holes in the file, under made-up digests,
 * so that it is large and takes neither time nor room.
 *
 * An image is made anew each time something of it is wanted, so that memory holds the graph and one image. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bundles/writer.h"
#include "common/file.h"
#include "common/limits.h"
#include "common/manifest.h"
#include "common/mem.h"

#define TYPE_GZIP "application/vnd.oci.image.layer.v1.tar+gzip"
#define PREDICATE "https://slsa.dev/provenance/v1"
#define PREDICATE_SAID "\"" ANNOTATION_PREDICATE_TYPE "\":\"" PREDICATE "\""
#define LAYERS 4
#define DEFAULT_LAYER_BYTES 1024
#define TEAM_IMAGES 25
#define KEPT_BYTES ((off_t)MIB)

/* The blobs of an image, in the order in which the graph meets them. */
enum part { INDEX, MANIFEST, ATTESTATION, CONFIG, LAYER, ATTESTATION_CONFIG = LAYER + LAYERS, STATEMENT, PARTS };

static const char *const media_types[PARTS] = {
	[INDEX] = TYPE_OCI_INDEX,
	[MANIFEST] = TYPE_OCI_MANIFEST,
	[ATTESTATION] = TYPE_OCI_MANIFEST,
	[CONFIG] = TYPE_OCI_CONFIG,
	[LAYER] = TYPE_GZIP,
	[LAYER + 1] = TYPE_GZIP,
	[LAYER + 2] = TYPE_GZIP,
	[LAYER + 3] = TYPE_GZIP,
	[ATTESTATION_CONFIG] = TYPE_OCI_CONFIG,
	[STATEMENT] = TYPE_IN_TOTO,
};

struct maker {
	size_t images;
	size_t layer_bytes;
	bool hollow;
	unsigned char *layer; /* owned: the content of one layer */
	/* The image that was made last. */
	size_t image;
	char name[128];
	struct buf text[PARTS]; /* all but layers */
	struct digest digest[PARTS];
};

static void maker_release(struct maker *m)
{
	size_t i;

	for (i = 0; i < PARTS; i++)
		buf_release(&m->text[i]);
	free(m->layer);
}

static bool is_layer(size_t part)
{
	return part >= LAYER && part < LAYER + LAYERS;
}

static uint64_t part_bytes(const struct maker *m, size_t part)
{
	return is_layer(part) ? m->layer_bytes : m->text[part].len;
}

/* Fill m->layer with noise (splitmix64). */
static void fill_layer(struct maker *m, size_t image, size_t part)
{
	uint64_t state = (uint64_t)(image * PARTS + part) << 32;
	size_t at;

	for (at = 0; at < m->layer_bytes; at += sizeof(state)) {
		uint64_t z = state += 0x9E3779B97F4A7C15u;

		z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
		z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
		z ^= z >> 31;
		memcpy(m->layer + at, &z, m->layer_bytes - at < sizeof(z) ? m->layer_bytes - at : sizeof(z));
	}
}

/* Forget what the part was; what is added from here on is its text. */
static struct buf *begin(struct maker *m, enum part part)
{
	buf_init(&m->text[part], MIB);
	return &m->text[part];
}

static enum err_code end(struct maker *m, enum part part, struct err *err)
{
	return digest_of(m->text[part].data, m->text[part].len, NULL, &m->digest[part], err);
}

/* A descriptor without its last bracket. */
static enum err_code put_descriptor(struct maker *m, struct buf *out, size_t part, struct err *err)
{
	return buf_printf(out, err, "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%" PRIu64, media_types[part],
			  m->digest[part].text, part_bytes(m, part));
}

static enum err_code make_layer(struct maker *m, size_t part, struct err *err)
{
	uint64_t number = m->image * PARTS + part;

	if (m->hollow)
		return digest_of(&number, sizeof(number), NULL, &m->digest[part], err);
	fill_layer(m, m->image, part);
	return digest_of(m->layer, m->layer_bytes, NULL, &m->digest[part], err);
}

static enum err_code make_config(struct maker *m, struct err *err)
{
	struct buf *out = begin(m, CONFIG);
	enum err_code code = buf_printf(
		out, err,
		"{\"architecture\":\"amd64\",\"config\":{\"User\":\"1000\",\"ExposedPorts\":{\"8080/tcp\":{}},"
		"\"Env\":[\"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\","
		"\"SERVICE=%zu\"],\"Entrypoint\":[\"/usr/local/bin/service\"],\"WorkingDir\":\"/srv\"},"
		"\"created\":\"2024-01-01T00:00:00Z\",\"history\":[",
		m->image);
	size_t i;

	for (i = 0; code == ERR_OK && i < LAYERS; i++)
		code = buf_printf(out, err,
				  "%s{\"created\":\"2024-01-01T00:00:00Z\",\"created_by\":\"COPY /build/part%zu /srv "
				  "# buildkit\",\"comment\":\"buildkit.dockerfile.v0\"}",
				  i > 0 ? "," : "", i);
	if (code == ERR_OK)
		code = buf_puts(out, "],\"os\":\"linux\",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[", err);
	for (i = 0; code == ERR_OK && i < LAYERS; i++)
		code = buf_printf(out, err, "%s\"%s\"", i > 0 ? "," : "", m->digest[LAYER + i].text);
	if (code == ERR_OK)
		code = buf_puts(out, "]}}", err);
	return code == ERR_OK ? end(m, CONFIG, err) : code;
}

/* A manifest of a config and the parts from first on; extra stands in each of their descriptors. */
static enum err_code make_manifest(struct maker *m, enum part part, size_t config, size_t first, size_t len,
				   const char *extra, struct err *err)
{
	struct buf *out = begin(m, part);
	enum err_code code =
		buf_puts(out, "{\"schemaVersion\":2,\"mediaType\":\"" TYPE_OCI_MANIFEST "\",\"config\":", err);
	size_t i;

	if (code == ERR_OK)
		code = put_descriptor(m, out, config, err);
	for (i = 0; code == ERR_OK && i < len; i++) {
		code = buf_puts(out, i > 0 ? "}," : "},\"layers\":[", err);
		if (code == ERR_OK)
			code = put_descriptor(m, out, first + i, err);
		if (code == ERR_OK)
			code = buf_puts(out, extra, err);
	}
	if (code == ERR_OK)
		code = buf_puts(out, "}]}", err);
	return code == ERR_OK ? end(m, part, err) : code;
}

static enum err_code make_statement(struct maker *m, struct err *err)
{
	struct buf *out = begin(m, STATEMENT);
	enum err_code code = buf_printf(
		out, err,
		"{\"_type\":\"https://in-toto.io/Statement/v0.1\",\"predicateType\":\"" PREDICATE
		"\",\"subject\":[{\"name\":\"%s\",\"digest\":{\"sha256\":\"%s\"}}],\"predicate\":{\"buildDefinition\":"
		"{\"buildType\":\"https://github.com/moby/buildkit/blob/master/docs/attestations/"
		"slsa-definitions.md\",\"externalParameters\":{\"request\":{\"frontend\":\"dockerfile.v0\"}}},"
		"\"runDetails\":{\"builder\":{\"id\":\"https://ci.example.com/runs/%zu\"}}}}",
		m->name, digest_hex(&m->digest[MANIFEST]), m->image);

	return code == ERR_OK ? end(m, STATEMENT, err) : code;
}

static enum err_code make_attestation_config(struct maker *m, struct err *err)
{
	struct buf *out = begin(m, ATTESTATION_CONFIG);
	enum err_code code = buf_printf(out, err,
					"{\"architecture\":\"unknown\",\"os\":\"unknown\",\"config\":{},\"rootfs\":"
					"{\"type\":\"layers\",\"diff_ids\":[\"%s\"]}}",
					m->digest[STATEMENT].text);

	return code == ERR_OK ? end(m, ATTESTATION_CONFIG, err) : code;
}

static enum err_code make_index(struct maker *m, struct err *err)
{
	struct buf *out = begin(m, INDEX);
	enum err_code code =
		buf_puts(out, "{\"schemaVersion\":2,\"mediaType\":\"" TYPE_OCI_INDEX "\",\"manifests\":[", err);

	if (code == ERR_OK)
		code = put_descriptor(m, out, MANIFEST, err);
	if (code == ERR_OK)
		code = buf_puts(out, ",\"platform\":{\"architecture\":\"amd64\",\"os\":\"linux\"}},", err);
	if (code == ERR_OK)
		code = put_descriptor(m, out, ATTESTATION, err);
	if (code == ERR_OK)
		code = buf_printf(out, err,
				  ",\"annotations\":{\"" ANNOTATION_REFERENCE_DIGEST
				  "\":\"%s\",\"" ANNOTATION_REFERENCE_TYPE "\":\"attestation-manifest\"},"
				  "\"platform\":{\"architecture\":\"unknown\",\"os\":\"unknown\"}}]}",
				  m->digest[MANIFEST].text);
	return code == ERR_OK ? end(m, INDEX, err) : code;
}

static enum err_code make(struct maker *m, size_t image, struct err *err)
{
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; i < PARTS; i++)
		buf_release(&m->text[i]);
	m->image = image;
	snprintf(m->name, sizeof(m->name), "registry.example.com/team-%03zu/service-%05zu:1.%zu.%zu",
		 image / TEAM_IMAGES, image, image % 20, image % 7);
	for (i = 0; code == ERR_OK && i < LAYERS; i++)
		code = make_layer(m, LAYER + i, err);
	if (code == ERR_OK)
		code = make_config(m, err);
	if (code == ERR_OK)
		code = make_manifest(m, MANIFEST, CONFIG, LAYER, LAYERS, "", err);
	if (code == ERR_OK)
		code = make_statement(m, err);
	if (code == ERR_OK)
		code = make_attestation_config(m, err);
	if (code == ERR_OK)
		code = make_manifest(m, ATTESTATION, ATTESTATION_CONFIG, STATEMENT, 1,
				     ",\"annotations\":{" PREDICATE_SAID "}", err);
	return code == ERR_OK ? make_index(m, err) : code;
}

/* Add the node of a part, with what its manifest lists. */
static enum err_code add_manifest(const struct maker *m, enum part part, struct graph *g, struct err *err)
{
	CLEANUP(manifest_release) struct manifest parsed = { 0 };
	struct descriptor d = { .digest = m->digest[part],
				.size_bytes = part_bytes(m, part),
				.media_type = media_types[part] };
	uint32_t node = NODE_NONE;
	enum err_code code = manifest_parse(m->text[part].data, m->text[part].len, d.media_type, m->name, &parsed, err);

	if (code == ERR_OK)
		code = graph_add(g, &d, &node, err);
	if (code == ERR_OK)
		code = graph_add_manifest(g, node, &parsed, err);
	return code == ERR_OK && part == INDEX ? graph_add_image(g, m->name, node, err) : code;
}

/* The graph of all images: what is a part of an image stands at image * PARTS + part among its nodes. */
static enum err_code make_graph(struct maker *m, struct graph *g, struct err *err)
{
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && i < m->images; i++) {
		code = make(m, i, err);
		if (code == ERR_OK)
			code = add_manifest(m, INDEX, g, err);
		if (code == ERR_OK)
			code = add_manifest(m, MANIFEST, g, err);
		if (code == ERR_OK)
			code = add_manifest(m, ATTESTATION, g, err);
	}
	return code == ERR_OK ? graph_settle(g, err) : code;
}

static enum err_code write_small(struct maker *m, struct bundle_writer *w, uint32_t node, struct err *err)
{
	const struct buf *text = &m->text[node % PARTS];
	struct memory_stream in;
	enum err_code code = node / PARTS != m->image ? make(m, node / PARTS, err) : ERR_OK;

	memory_stream_init(&in, text->data, text->len);
	return code == ERR_OK ? bundle_writer_small(w, node, &in.in, err) : code;
}

static enum err_code write_layer(struct maker *m, struct bundle_writer *w, uint32_t node, const struct digest *digest,
				 struct err *err)
{
	CLEANUP(proof_stage_release) struct proof_stage proof = { 0 };
	struct outstream *layer = NULL, *out;
	enum err_code code = bundle_writer_layer(w, node, &layer, NULL, err);

	if (code != ERR_OK)
		return code;
	code = proof_stage_init(&proof, digest, m->layer_bytes, layer, err);
	out = m->hollow ? layer : &proof.out;
	if (!m->hollow)
		fill_layer(m, node / PARTS, node % PARTS);
	if (code == ERR_OK)
		code = outstream_write(out, m->layer, m->layer_bytes, err);
	if (code == ERR_OK)
		code = outstream_finish(out, err);
	bundle_writer_layer_release(w, layer);
	return code;
}

/* Take what is longer than KEPT_BYTES out of the file again: a layer, before which the front may stand. */
static enum err_code punch(const char *path, struct err *err)
{
	CLEANUP(close_fd) int fd = open(path, O_RDWR | O_CLOEXEC);
	off_t begin, end = 0;

	if (fd < 0)
		return err_errno(err, path);
	while ((begin = lseek(fd, end, SEEK_DATA)) >= 0) {
		end = lseek(fd, begin, SEEK_HOLE);
		begin += KEPT_BYTES;
		if (end > begin && fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, begin, end - begin) != 0)
			return err_errno(err, path);
	}
	return ERR_OK;
}

static enum err_code write_blobs(struct maker *m, struct bundle_writer *w, const struct graph *g, const char *part_path,
				 struct err *err)
{
	const struct description *d = bundle_writer_description(w);
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && i < d->blobs_len; i++) {
		uint32_t node = graph_find(g, &d->blobs[i].digest);

		if (d->blobs[i].stored == STORED_PACKED) {
			code = write_small(m, w, node, err);
			continue;
		}
		code = write_layer(m, w, node, &d->blobs[i].digest, err);
		if (code == ERR_OK && m->hollow && m->layer_bytes > KEPT_BYTES)
			code = punch(part_path, err);
	}
	return code;
}

static enum err_code write_bundle(struct maker *m, const char *path, struct err *err)
{
	CLEANUP(bundle_writer_free_ptr) struct bundle_writer *w = NULL;
	CLEANUP(graph_release) struct graph g = { 0 };
	CLEANUP(free_ptr) char *part_path = NULL;
	enum err_code code = str_format(&part_path, err, "%s.part", path);

	if (code == ERR_OK)
		code = make_graph(m, &g, err);
	if (code == ERR_OK)
		code = bundle_writer_open(path, &g, NULL, NULL, &w, err);
	if (code == ERR_OK)
		code = write_blobs(m, w, &g, part_path, err);
	return code == ERR_OK ? bundle_writer_finish(w, err) : code;
}

static int usage(void)
{
	fputs("usage: many FILE IMAGES [LAYER_BYTES [hollow]]\n", stderr);
	return 2;
}

int main(int argc, char **argv)
{
	CLEANUP(maker_release) struct maker m = { .layer_bytes = DEFAULT_LAYER_BYTES };
	struct err err = { .code = ERR_OK };

	if (argc < 3 || argc > 5 || (argc == 5 && strcmp(argv[4], "hollow") != 0))
		return usage();
	m.images = strtoul(argv[2], NULL, 10);
	if (argc > 3)
		m.layer_bytes = strtoul(argv[3], NULL, 10);
	m.hollow = argc > 4;
	if (m.images == 0 || m.layer_bytes == 0)
		return usage();
	m.layer = calloc(1, m.layer_bytes);
	if (m.layer == NULL || write_bundle(&m, argv[1], &err) != ERR_OK) {
		fprintf(stderr, "many: %s\n", m.layer == NULL ? "out of memory" : err.msg);
		return 1;
	}
	return 0;
}
