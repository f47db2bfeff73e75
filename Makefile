# bundle: one non-recursive Makefile.
#   make            the program, build/release/bundle
#   make quickstart an image travels from a registry into a bundle and out again
#   make check      everything: unit, end-to-end and daemon tests
#   make help       every target
SHELL := /bin/bash
MAKEFLAGS += --no-builtin-rules --no-print-directory
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all

# How to build; each variant has a folder of its own, so that they live side by side.
VARIANT ?= release
BUILD := build/$(VARIANT)
PREFIX ?= /usr/local

# Where tests/lab/setup keeps registries, daemons and clients.
ifndef BUNDLE_LAB
BUNDLE_LAB := $(shell d=/var/cache/bundle-lab; [[ -w $$d || ( ! -e $$d && -w /var/cache ) ]] || \
	d=$${XDG_CACHE_HOME:-$$HOME/.cache}/bundle-lab; echo "$$d")
endif
export VARIANT BUNDLE_LAB

FOLDERS := common trust bundles export import
LIBS := libcurl jansson libzstd libcrypto libmicrohttpd libxcrypt
TEST_LIBS := check

CC_gcc-werror := gcc
CC_clang-werror := clang
CC_fuzz := clang
ifdef CC_$(VARIANT)
CC := $(CC_$(VARIANT))
endif
WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wvla -Wformat=2 -Wmissing-prototypes -Wstrict-prototypes -Wcast-qual
CFLAGS_release := -O2 -g -D_FORTIFY_SOURCE=2
CFLAGS_debug := -O0 -g3
# The same code as in a release, without what only a debugger reads. Reports of sanitizers want lines and no more.
CFLAGS_gcc-werror := $(filter-out -g,$(CFLAGS_release)) -Werror
CFLAGS_clang-werror := $(CFLAGS_gcc-werror)
CFLAGS_asan := -O1 -g1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined
CFLAGS_fuzz := -O1 -g1 -fno-omit-frame-pointer -fsanitize=address,undefined,fuzzer-no-link
CFLAGS_coverage := -O0 -g --coverage
ALL_CFLAGS := -std=gnu11 -I. -D_GNU_SOURCE -pthread -fstack-protector-strong $(WARNINGS) $(CFLAGS_$(VARIANT)) $(CFLAGS)
ALL_CFLAGS += $(shell pkg-config --cflags $(LIBS) 2>/dev/null)
ALL_LDFLAGS := -pthread $(filter -fsanitize=% --coverage,$(CFLAGS_$(VARIANT))) $(LDFLAGS)
# libarchive.a where there is one, with what the parts of it need that are used: libarchive.so brings libxml2 and ICU along for
# archives that are never read here, which makes each start of the program a quarter longer.
ARCHIVE_LIBS := $(if $(filter /%,$(shell $(CC) -print-file-name=libarchive.a 2>/dev/null)),-l:libarchive.a -llzma -lbz2 -llz4 -lz,-larchive)
ALL_LIBS := $(ARCHIVE_LIBS) $(shell pkg-config --libs $(LIBS) 2>/dev/null)
ALL_TEST_LIBS := $(shell pkg-config --libs $(TEST_LIBS) 2>/dev/null)

SOURCES := $(sort $(wildcard $(addsuffix /*.c,$(FOLDERS))))
OBJECTS := $(SOURCES:%.c=$(BUILD)/%.o)
UNIT_TESTS := $(sort $(wildcard $(addprefix tests/,$(addsuffix /test_*.c,$(FOLDERS) program))))
UNIT_BINS := $(UNIT_TESTS:%.c=$(BUILD)/%)
BENCH_BINS := $(patsubst %.c,$(BUILD)/%,$(sort $(wildcard tests/bench/*.c)))
FUZZ_BINS := $(patsubst %.c,$(BUILD)/%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
FUZZ_OBJECTS := $(BUILD)/tests/fuzz/scraps.o
TEST_OBJECTS := $(patsubst %.c,$(BUILD)/%.o,$(sort $(wildcard tests/lib/*.c)))

# What may be linked with what: arrows point down only.
BELOW_common := common
BELOW_trust := trust common
BELOW_bundles := bundles trust common
BELOW_export := export bundles trust common
BELOW_import := import bundles trust common
BELOW_bundle.c := export import bundles trust common

##@ Build

.PHONY: all
all: $(BUILD)/bundle ## the program; VARIANT=release (the default), debug, asan, gcc-werror, clang-werror, coverage

.PHONY: unit-tests
unit-tests: $(UNIT_BINS) ## the unit tests, without running them

# For what a compiler says of them.
.PHONY: objects
objects: $(OBJECTS) $(BUILD)/bundle.o $(TEST_OBJECTS) $(UNIT_BINS:=.o) $(BENCH_BINS:=.o) $(FUZZ_BINS:=.o) $(FUZZ_OBJECTS)

.PHONY: bench-programs
bench-programs: $(BENCH_BINS) ## what make bench measures with, without running it

.PHONY: fuzz-targets
fuzz-targets: $(FUZZ_BINS)

# An archive for each folder, so that a test links what it needs and nothing from above.
define folder
$(BUILD)/$(1).a: $(filter $(BUILD)/$(1)/%,$(OBJECTS))
$(filter $(BUILD)/tests/$(1)/%,$(UNIT_BINS)): $(BUILD)/tests/lib.a $(BELOW_$(1):%=$(BUILD)/%.a)
endef
$(foreach name,$(FOLDERS),$(eval $(call folder,$(name))))
$(filter $(BUILD)/tests/program/%,$(UNIT_BINS)): $(BUILD)/tests/lib.a $(BELOW_bundle.c:%=$(BUILD)/%.a)
$(BENCH_BINS): $(BELOW_bundles:%=$(BUILD)/%.a)
$(FUZZ_BINS): $(FUZZ_OBJECTS) $(BUILD)/tests/lib.a $(BELOW_bundle.c:%=$(BUILD)/%.a)
$(BUILD)/tests/lib.a: $(TEST_OBJECTS)

LINK = $(CC) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^)

$(BUILD)/bundle: $(BUILD)/bundle.o $(BELOW_bundle.c:%=$(BUILD)/%.a)
	$(LINK) $(ALL_LIBS)

$(BUILD)/tests/fuzz/%: $(BUILD)/tests/fuzz/%.o
	$(LINK) -fsanitize=fuzzer $(ALL_LIBS) $(ALL_TEST_LIBS)

# tests/lib/test_main.c has what stands before a function of Check.
$(BUILD)/tests/%: $(BUILD)/tests/%.o
	$(LINK) -Wl,--wrap=_mark_point $(ALL_LIBS) $(ALL_TEST_LIBS)

$(BUILD)/%.a:
	@rm -f $@
	$(AR) rcs $@ $(filter %.o,$^)

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

.PRECIOUS: $(BUILD)/%.o
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

# Other flags, another compiler, a source that is gone: what was built with the old ones is built again.
ifneq ($(filter all unit-tests objects bench-programs fuzz-targets install $(BUILD)/%,$(or $(MAKECMDGOALS),all)),)
record = $(if $(subst |$(2)|,,|$(file <$(1))|),$(shell mkdir -p $(BUILD))$(file >$(1),$(2)))
$(call record,$(BUILD)/flags,$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) $(ALL_LIBS))
$(call record,$(BUILD)/objects,$(OBJECTS) $(TEST_OBJECTS))
$(OBJECTS) $(TEST_OBJECTS) $(UNIT_BINS:=.o) $(BENCH_BINS:=.o) $(FUZZ_BINS:=.o) $(FUZZ_OBJECTS) $(BUILD)/bundle.o: $(BUILD)/flags
$(FOLDERS:%=$(BUILD)/%.a) $(BUILD)/tests/lib.a: $(BUILD)/objects
endif

.PHONY: install
install: all ## the program, its manual pages, its unit for systemd and docker bundle under DESTDIR and PREFIX
	install -D -m 755 $(BUILD)/bundle $(DESTDIR)$(PREFIX)/bin/bundle
	install -d $(DESTDIR)$(PREFIX)/libexec/docker/cli-plugins
	ln -sf ../../../bin/bundle $(DESTDIR)$(PREFIX)/libexec/docker/cli-plugins/docker-bundle
	$(if $(wildcard docs/*.1),install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/man/man1 $(wildcard docs/*.1))
	$(if $(wildcard docs/*.5),install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/man/man5 $(wildcard docs/*.5))
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/bundle docs/bundle.magic
	install -d $(DESTDIR)$(PREFIX)/lib/systemd/system
	sed 's|@bindir@|$(PREFIX)/bin|' docs/bundle-serve.service >$(DESTDIR)$(PREFIX)/lib/systemd/system/bundle-serve.service

.PHONY: clean
clean: ## everything that was built, for all variants
	rm -rf build

##@ Try

# Most targets first install what is missing, so a make that has seen a machine without it starts another.
JOBS = $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc))

.PHONY: deps
deps: ## install with apt-get what building needs, as root or by sudo
	@tests/deps build

.PHONY: quickstart
quickstart: ## an image travels from a registry into a bundle and out again, shown step by step
	@tests/deps build quickstart
	@$(MAKE) -s $(JOBS) all
	@tests/quickstart

.PHONY: screenshots
screenshots: ## the pictures of pages in docs/, taken anew by a real browser
	@tests/deps build screenshots
	@$(MAKE) -s $(JOBS) all
	@tests/screenshots $(BUILD)/bundle

.PHONY: bench
bench: ## side by side with crane and oras, and the figures that the file format is held to
	@tests/deps build bench
	@$(MAKE) -s $(JOBS) all bench-programs
	@tests/bench/run

##@ Test

.PHONY: check
check: ## everything: unit, end-to-end and, as root, daemon tests; the last line counts
	@tests/run unit daemons e2e

.PHONY: check-unit check-e2e check-daemons
check-unit: ## unit tests with Check
check-e2e: ## end-to-end tests with a real registry
check-daemons: ## with real Docker daemons, as root
check-unit check-e2e check-daemons:
	@tests/run $(@:check-%=%)

.PHONY: check-asan
check-asan: ## unit and end-to-end tests under ASan, LSan and UBSan
	@VARIANT=asan tests/run unit e2e

.PHONY: fuzz
FUZZ_SECONDS ?= 60
fuzz: ## hostile input, FUZZ_SECONDS (60) for each target, with libFuzzer
	@VARIANT=fuzz tests/fuzz/run $(FUZZ_SECONDS)

.PHONY: check-layers
check-layers: ## whether includes point downward only, and docs/architecture.md is true
	@tests/check_layers

.PHONY: lint
lint: ## clang-tidy, cppcheck, shellcheck, clang-format
	@tests/deps build test lint
	@tests/lint

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^##@ / { print substr($$0, 5) } /^[a-z][a-z0-9-]*:.*## / { printf "  %-14s %s\n", $$1, $$2 }' Makefile
