#include "import/serve_engine_system.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "common/mem.h"
#include "common/text.h"

static void put_api(struct js_out *o, const char *key, unsigned api)
{
	char text[16];

	snprintf(text, sizeof(text), "1.%u", api);
	js_member(o, key, text);
}

static void put_details(const struct platform *host, const char *kernel, struct js_out *o)
{
	js_key(o, "Details");
	js_begin(o, '{');
	put_api(o, "ApiVersion", ENGINE_API_MAX);
	js_member(o, "Arch", host->architecture);
	js_member(o, "BuildTime", "");
	js_member(o, "Experimental", "false");
	js_member(o, "GitCommit", "");
	js_member(o, "GoVersion", "");
	js_member(o, "KernelVersion", kernel);
	put_api(o, "MinAPIVersion", ENGINE_API_MIN);
	js_member(o, "Os", host->os);
	js_end(o, '}');
}

void engine_version_put(const struct platform *host, struct js_out *o)
{
	struct utsname name = { 0 };

	uname(&name);
	js_begin(o, '{');
	js_key(o, "Platform");
	js_begin(o, '{');
	js_member(o, "Name", "bundle serve " BUNDLE_VERSION);
	js_end(o, '}');
	js_member(o, "Version", ENGINE_VERSION);
	put_api(o, "ApiVersion", ENGINE_API_MAX);
	put_api(o, "MinAPIVersion", ENGINE_API_MIN);
	js_member(o, "Os", host->os);
	js_member(o, "Arch", host->architecture);
	js_member(o, "KernelVersion", name.release);
	js_key(o, "Components");
	js_begin(o, '[');
	js_begin(o, '{');
	js_member(o, "Name", "Engine");
	js_member(o, "Version", ENGINE_VERSION);
	put_details(host, name.release, o);
	js_end(o, '}');
	js_end(o, ']');
	js_end(o, '}');
}

static void put_null(struct js_out *o, const char *key)
{
	js_key(o, key);
	js_put_string(o, NULL);
}

static void put_empty(struct js_out *o, const char *key, char open, char close)
{
	js_key(o, key);
	js_begin(o, open);
	js_end(o, close);
}

/* What a daemon has that runs containers, and this has not. */
static void put_nothing(struct js_out *o)
{
	static const char *const zeros[] = { "Containers", "ContainersRunning", "ContainersPaused", "ContainersStopped",
					     "NFd",        "NGoroutines",       "NEventsListener" };
	static const char *const flags[] = {
		"MemoryLimit", "SwapLimit",      "CpuCfsPeriod",      "CpuCfsQuota",
		"CPUShares",   "CPUSet",         "PidsLimit",         "IPv4Forwarding",
		"Debug",       "OomKillDisable", "ExperimentalBuild", "LiveRestoreEnabled"
	};
	static const char *const texts[] = { "LoggingDriver",  "CgroupDriver", "OSVersion",  "IndexServerAddress",
					     "DockerRootDir",  "HttpProxy",    "HttpsProxy", "NoProxy",
					     "DefaultRuntime", "Isolation",    "InitBinary" };
	static const char *const lists[] = { "Labels", "SecurityOptions", "CDISpecDirs" };
	static const char *const commits[] = { "ContainerdCommit", "RuncCommit", "InitCommit" };
	size_t i;

	for (i = 0; i < COUNT_OF(zeros); i++)
		js_member_uint(o, zeros[i], 0);
	for (i = 0; i < COUNT_OF(flags); i++)
		js_member_bool(o, flags[i], false);
	for (i = 0; i < COUNT_OF(texts); i++)
		js_member(o, texts[i], "");
	for (i = 0; i < COUNT_OF(lists); i++)
		put_empty(o, lists[i], '[', ']');
	for (i = 0; i < COUNT_OF(commits); i++) {
		js_key(o, commits[i]);
		js_begin(o, '{');
		js_member(o, "ID", "");
		js_end(o, '}');
	}
	put_null(o, "RegistryConfig");
	put_null(o, "GenericResources");
	put_empty(o, "Runtimes", '{', '}');
}

static void put_plugins(struct js_out *o)
{
	js_key(o, "Plugins");
	js_begin(o, '{');
	put_empty(o, "Volume", '[', ']');
	put_empty(o, "Network", '[', ']');
	put_null(o, "Authorization");
	put_empty(o, "Log", '[', ']');
	js_end(o, '}');
}

static void put_swarm(struct js_out *o)
{
	js_key(o, "Swarm");
	js_begin(o, '{');
	js_member(o, "NodeID", "");
	js_member(o, "NodeAddr", "");
	js_member(o, "LocalNodeState", "inactive");
	js_member_bool(o, "ControlAvailable", false);
	js_member(o, "Error", "");
	put_null(o, "RemoteManagers");
	js_end(o, '}');
}

/* By this clients tell a store that keeps indexes and attestations. */
static void put_driver(struct js_out *o)
{
	js_member(o, "Driver", "overlayfs");
	js_key(o, "DriverStatus");
	js_begin(o, '[');
	js_begin(o, '[');
	js_put_string(o, "driver-type");
	js_put_string(o, "io.containerd.snapshotter.v1");
	js_end(o, ']');
	js_end(o, ']');
}

static uint64_t positive(long value)
{
	return value > 0 ? (uint64_t)value : 0;
}

static void put_machine(const struct platform *host, struct js_out *o)
{
	struct utsname name = { 0 };
	char now[TEXT_TIME_MAX];

	uname(&name);
	js_member(o, "KernelVersion", name.release);
	js_member(o, "OperatingSystem", "bundle serve " BUNDLE_VERSION);
	js_member(o, "OSType", host->os);
	js_member(o, "Architecture", name.machine);
	js_member(o, "Name", name.nodename);
	js_member_uint(o, "NCPU", positive(sysconf(_SC_NPROCESSORS_ONLN)));
	js_member_uint(o, "MemTotal", positive(sysconf(_SC_PHYS_PAGES)) * positive(sysconf(_SC_PAGESIZE)));
	js_member(o, "SystemTime", text_time(time(NULL), now));
}

void engine_info_put(const struct platform *host, size_t images, struct js_out *o)
{
	js_begin(o, '{');
	js_member(o, "ID", "bundle-serve");
	js_member_uint(o, "Images", images);
	put_driver(o);
	put_plugins(o);
	put_machine(host, o);
	js_member(o, "ServerVersion", ENGINE_VERSION);
	put_swarm(o);
	put_nothing(o);
	js_key(o, "Warnings");
	js_begin(o, '[');
	js_put_string(o, "WARNING: this is bundle serve: it tells what images there are and runs none");
	js_end(o, ']');
	js_end(o, '}');
}
