#include "import/target_docker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "common/text.h"
#include "import/docker_check.h"
#include "import/docker_choice.h"
#include "import/docker_content.h"
#include "import/docker_statements.h"
#include "import/inventory.h"
#include "import/load_answer.h"
#include "import/load_stream.h"

#define BLOB_NAME_MAX (12 + DIGEST_TEXT_SIZE)

struct target_docker {
	struct target target;
	struct docker_endpoint at;
	struct docker *docker; /* NULL until probe */
	const struct plan *plan;
	struct docker_check check;
	struct docker_choice choice;
	struct docker_content content;
};

static enum err_code connect_daemon(struct target_docker *t, struct err *err)
{
	char *name = NULL;
	enum err_code code = docker_open(&t->at, &t->docker, err);

	if (code == ERR_OK)
		code = str_format(&name, err, "docker-daemon:%s (Docker %s)", t->at.name, t->docker->version);
	if (code != ERR_OK)
		return code;
	free(t->target.name);
	t->target.name = name;
	return docker_require_store(t->docker, err);
}

/* What of the image that a name stands for now can be run. */
static enum err_code note_runs(struct plan *plan, size_t image, const struct docker_image *named, struct err *err)
{
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && i < named->manifests_len; i++) {
		const struct docker_manifest *m = &named->manifests[i];

		if (m->available && !m->attestation)
			code = plan_add_run(plan, image, &m->digest, m->platform, err);
	}
	return code;
}

/* What the daemon has, under the image's name and, where that is another image or none, under its digest. */
static enum err_code look(struct target_docker *t, struct plan *plan, size_t i, struct err *err)
{
	CLEANUP(docker_image_release) struct docker_image named = { 0 }, same = { 0 };
	const struct image *image = &plan->graph.images[i];
	const struct digest *root = &plan->graph.nodes[image->root].digest;
	struct docker_count count = { 0 };
	enum err_code code = docker_image_get(t->docker, image->name, &named, err);

	if (code != ERR_OK)
		return code;
	plan->images[i].was = named.digest;
	docker_choice_see(&t->choice, &named);
	if (digest_equal(&named.digest, root)) {
		t->choice.there[i] =
			docker_check_image(&t->check, image, &named, &count, NULL) == ERR_OK && count.partial == 0;
		return ERR_OK;
	}
	code = note_runs(plan, i, &named, err);
	if (code == ERR_OK)
		code = docker_image_get(t->docker, root->text, &same, err);
	if (code == ERR_OK)
		docker_choice_see(&t->choice, &same);
	return code;
}

static enum err_code look_at(struct target_docker *t, const char *name, struct err *err)
{
	CLEANUP(docker_image_release) struct docker_image image = { 0 };
	enum err_code code = docker_image_get(t->docker, name, &image, err);

	if (code == ERR_OK)
		docker_choice_see(&t->choice, &image);
	return code;
}

/* The holder of what the bundle leaves out, under the name that it has in the bundle, and under the one that it came to
 * the daemon by.  A name that the rules spoil is no name. */
static enum err_code look_for_holder(struct target_docker *t, const char *holder, struct err *err)
{
	CLEANUP(free_ptr) char *mapped = NULL;
	enum err_code code = look_at(t, holder, err);

	if (code != ERR_OK)
		return code;
	code = mapping_look(t->plan->names, holder, &mapped, err);
	if (code == ERR_USAGE || (code == ERR_OK && strcmp(mapped, holder) == 0))
		return ERR_OK;
	return code == ERR_OK ? look_at(t, mapped, err) : code;
}

/* Images that are no part of the plan, but should have the layers that the bundle leaves out. */
static enum err_code look_for_held(struct target_docker *t, const struct plan *plan, struct err *err)
{
	const char *last = NULL;
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && i < plan->order_len; i++) {
		const struct node *n = &plan->graph.nodes[plan->order[i]];

		if (n->holder.image == NULL || plan->skip[plan->order[i]] || n->holder.image == last)
			continue;
		last = n->holder.image; /* what one image has was seen at once: the strings are kept once each */
		code = look_for_holder(t, last, err);
	}
	return code;
}

static enum err_code docker_probe(struct target *target, struct plan *plan, struct err *err)
{
	struct target_docker *t = OUTER_OF(target, struct target_docker, target);
	enum err_code code = connect_daemon(t, err);
	size_t i;

	t->plan = plan;
	if (code == ERR_OK)
		code = docker_check_init(&t->check, &plan->graph, err);
	if (code == ERR_OK)
		code = docker_choice_init(&t->choice, plan, docker_keeps_referrers(t->docker), err);
	for (i = 0; code == ERR_OK && i < plan->graph.images_len; i++)
		code = look(t, plan, i, err);
	if (code == ERR_OK)
		code = look_for_held(t, plan, err);
	if (code == ERR_OK)
		code = docker_content_open(t->docker, &t->content, err);
	if (code == ERR_OK)
		code = docker_content_look(&t->content, plan, err);
	if (code == ERR_OK)
		code = plan_check_content(plan, target->name, err);
	t->choice.store = t->content.store;
	if (code == ERR_OK)
		code = docker_choice_make(&t->choice, err); /* what no name makes good comes before names */
	return code == ERR_OK ? plan_check_names(plan, target->name, err) : code;
}

/* Each node once: an index may list the same child many times. */
static bool lacks_layers(const struct graph *g, uint32_t node, bool *seen)
{
	const struct node *n = &g->nodes[node];
	size_t i;

	if (seen[node])
		return false;
	seen[node] = true;
	if (n->role == ROLE_MANIFEST)
		return !n->absent && !docker_whole(g, node);
	for (i = 0; n->role == ROLE_INDEX && i < n->edges_len; i++) {
		if (lacks_layers(g, g->edges[n->edges + i].to, seen))
			return true;
	}
	return false;
}

/* The bundle itself lacks layers of an image: then the daemon cannot unpack it. */
static bool is_expected(void *ctx, const char *name)
{
	const struct target_docker *t = ctx;
	const struct graph *g = &t->plan->graph;
	CLEANUP(free_ptr) bool *seen = calloc(g->nodes_len + 1, sizeof(*seen));
	size_t i;

	for (i = 0; seen != NULL && i < g->images_len; i++) {
		if (strcmp(reference_familiar(g->images[i].name), name) == 0)
			return lacks_layers(g, g->images[i].root, seen);
	}
	return false;
}

/* The daemon's own words count more than how the transfer ended: it may say why, and hang up on what still comes. */
static enum err_code judge(const struct target_docker *t, const struct load_answer *said, enum err_code code,
			   struct err *err)
{
	if (said->error[0] != '\0' && (code == ERR_OK || code == ERR_NETWORK))
		return err_set(err, ERR_REFUSED, "%s does not load the images: %s%s", t->target.name, said->error,
			       err_advice(said->error));
	if (code == ERR_OK && said->unpack[0] != '\0')
		return err_set(err, ERR_PARTIAL, "%s: an image is loaded, but cannot be run: %s%s", t->target.name,
			       said->unpack, err_advice(said->unpack));
	return code == ERR_OK ? ERR_OK : err_add(err, "%s", t->target.name);
}

static enum err_code send_tar(struct target_docker *t, struct load_stream *tar, struct err *err)
{
	CLEANUP(docker_answer_release) struct docker_answer answer = { 0 };
	CLEANUP(load_answer_release) struct load_answer said = { 0 };
	struct docker_request r = {
		.method = "POST",
		.path = "/images/load?quiet=1",
		.api = DOCKER_API_INSPECT,
		.upload = &tar->in,
		.upload_type = "application/x-tar",
		.out = &said.out,
	};
	enum err_code code;

	load_answer_init(&said, is_expected, t);
	code = docker_send(t->docker, &r, &answer, err);
	if (code == ERR_OK && answer.status != 200)
		return docker_refused(t->docker, "load", &answer, err);
	if (code == ERR_OK)
		code = outstream_finish(&said.out, err);
	return tar->failed ? code : judge(t, &said, code, err);
}

static void put_file(struct load_file *file, const char *name, const struct buf *content)
{
	*file = (struct load_file){ .name = name, .bytes = content->data, .len = content->len };
}

/* The indexes made for this daemon are blobs like others; index.json is the last file of all. */
static enum err_code send_files(struct target_docker *t, struct plan *plan, const struct buf *extra,
				const struct buf *index, struct err *err)
{
	CLEANUP(load_stream_release) struct load_stream tar = { 0 };
	char names[DOCKER_EXTRA][BLOB_NAME_MAX];
	struct load_file files[DOCKER_EXTRA + 1];
	struct digest digest;
	size_t len = 0, i;
	enum err_code code = ERR_OK;

	for (i = 0; code == ERR_OK && i < DOCKER_EXTRA; i++) {
		if (extra[i].len == 0)
			continue;
		code = digest_of(extra[i].data, extra[i].len, NULL, &digest, err);
		snprintf(names[i], sizeof(names[i]), "blobs/sha256/%s", digest_hex(&digest));
		put_file(&files[len++], names[i], &extra[i]);
	}
	put_file(&files[len++], "index.json", index);
	if (code == ERR_OK)
		code = load_stream_init(&tar, plan, files, len, err);
	return code == ERR_OK ? send_tar(t, &tar, err) : code;
}

/* A load that failed may have published names all the same: each stands for what the daemon says now, if it still
 * speaks. */
static void note_names(struct target_docker *t, struct plan *plan)
{
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && i < plan->graph.images_len; i++) {
		CLEANUP(docker_image_release) struct docker_image got = { 0 };

		code = docker_image_get(t->docker, plan->graph.images[i].name, &got, NULL);
		if (code == ERR_OK)
			plan->images[i].is = got.digest;
	}
}

static enum err_code docker_write(struct target *target, struct plan *plan, struct err *err)
{
	struct target_docker *t = OUTER_OF(target, struct target_docker, target);
	struct buf extra[DOCKER_EXTRA];
	CLEANUP(buf_release) struct buf index = { 0 };
	struct buf_stage out;
	enum err_code code;
	size_t i;

	if (!t->choice.any)
		return plan_finish(plan, err);
	code = docker_content_keep(&t->content, plan, err);
	if (code != ERR_OK)
		return code;
	for (i = 0; i < DOCKER_EXTRA; i++)
		buf_init(&extra[i], LIMIT_DESCRIPTION_BYTES);
	buf_init(&index, LIMIT_DESCRIPTION_BYTES);
	buf_stage_init(&out, &index);
	code = docker_index_write(&t->choice, extra, &out.out, err);
	if (code == ERR_OK)
		code = send_files(t, plan, extra, &index, err);
	if (code != ERR_OK)
		note_names(t, plan);
	for (i = 0; i < DOCKER_EXTRA; i++)
		buf_release(&extra[i]);
	return code;
}

static enum err_code read_image(struct target_docker *t, struct plan *plan, size_t i, struct err *err)
{
	CLEANUP(docker_image_release) struct docker_image got = { 0 };
	struct docker_count count = { 0 };
	enum err_code code = docker_image_get(t->docker, plan->graph.images[i].name, &got, err);

	if (code != ERR_OK)
		return code;
	plan->images[i].is = got.digest;
	code = docker_check_image(&t->check, &plan->graph.images[i], &got, &count, err);
	if (code != ERR_OK)
		return code;
	if (count.partial < plan->images[i].bare) /* a killed load may have left layers that no image has */
		plan->images[i].bare = count.partial;
	plan->images[i].platforms = count.platforms;
	plan->images[i].attestations = count.attestations;
	code = docker_statements_check(t->docker, plan, i, err);
	plan->images[i].read_back = code == ERR_OK;
	return code;
}

/* Look at every image before failing with the first that is not as it must be. */
static enum err_code docker_read_back(struct target *target, struct plan *plan, struct err *err)
{
	struct target_docker *t = OUTER_OF(target, struct target_docker, target);
	struct err each = { 0 }, *first = err;
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; i < plan->graph.images_len; i++) {
		enum err_code found = read_image(t, plan, i, first);

		if (found == ERR_OK)
			continue;
		if (code == ERR_OK)
			code = err_add(err, "%s", target->name);
		first = &each;
		if (found != ERR_PARTIAL)
			break;
	}
	return code;
}

static enum err_code docker_inventory(struct target *target, struct holdings *h, struct err *err)
{
	struct target_docker *t = OUTER_OF(target, struct target_docker, target);
	enum err_code code = connect_daemon(t, err);

	if (code != ERR_OK)
		return code; /* which names the daemon */
	code = inventory_of_docker(t->docker, h, err);
	return code == ERR_OK ? ERR_OK : err_add(err, "%s", target->name);
}

static void docker_free(struct target *target)
{
	struct target_docker *t = OUTER_OF(target, struct target_docker, target);

	docker_content_close(&t->content);
	docker_check_release(&t->check);
	docker_choice_release(&t->choice);
	docker_close(t->docker);
	docker_endpoint_release(&t->at);
	free(t->target.name);
	free(t);
}

enum err_code target_docker_new(const char *daemon, struct target **ret_target, struct err *err)
{
	struct target_docker *t = calloc(1, sizeof(*t));
	enum err_code code;

	if (t == NULL)
		return err_nomem(err);
	t->target = (struct target){
		.probe = docker_probe,
		.write = docker_write,
		.read_back = docker_read_back,
		.inventory = docker_inventory,
		.free = docker_free,
	};
	code = docker_endpoint_find(daemon, &t->at, err);
	if (code == ERR_OK)
		code = str_format(&t->target.name, err, "docker-daemon:%s", t->at.name);
	if (code == ERR_OK)
		*ret_target = &t->target;
	else
		docker_free(&t->target);
	return code;
}
