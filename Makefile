# bundle: one non-recursive Makefile.
#   make            the program, build/release/bundle
#   make quickstart an image travels from a registry into a bundle and out again
#   make check      everything: unit, end-to-end and daemon tests
#   make help       every target
SHELL := /bin/bash
MAKEFLAGS += --no-builtin-rules
.DELETE_ON_ERROR:

VARIANT ?= release
BUILD := build/$(VARIANT)
PREFIX ?= /usr/local

FOLDERS := common bundles export import
LIBS := libcurl jansson libzstd libxxhash libcrypto
TEST_LIBS := check

CC ?= cc
WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wvla -Wformat=2 -Wmissing-prototypes -Wstrict-prototypes -Wcast-qual
CFLAGS_release := -O2 -g -D_FORTIFY_SOURCE=2
CFLAGS_debug := -O0 -g3
CFLAGS_asan := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined
CFLAGS_fuzz := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined,fuzzer-no-link
CFLAGS_coverage := -O0 -g --coverage
ALL_CFLAGS := -std=gnu11 -I. -D_GNU_SOURCE -pthread -fstack-protector-strong $(WARNINGS) $(CFLAGS_$(VARIANT)) $(CFLAGS)
ALL_CFLAGS += $(shell pkg-config --cflags $(LIBS) 2>/dev/null)
ALL_LDFLAGS := -pthread $(filter -fsanitize=% --coverage,$(CFLAGS_$(VARIANT))) $(LDFLAGS)
ALL_LIBS = $(shell pkg-config --libs $(LIBS))

SOURCES := $(sort $(wildcard $(addsuffix /*.c,$(FOLDERS))))
OBJECTS := $(SOURCES:%.c=$(BUILD)/%.o)
UNIT_TESTS := $(sort $(wildcard $(addprefix tests/,$(addsuffix /test_*.c,$(FOLDERS)))))
UNIT_BINS := $(UNIT_TESTS:%.c=$(BUILD)/%)
TEST_OBJECTS := $(patsubst %.c,$(BUILD)/%.o,$(sort $(wildcard tests/lib/*.c)))

.PHONY: all
all: $(BUILD)/bundle

$(BUILD)/bundle: $(BUILD)/bundle.o $(OBJECTS)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(ALL_LIBS)

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/tests/%: $(BUILD)/tests/%.o $(TEST_OBJECTS) $(OBJECTS)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(ALL_LIBS) $(shell pkg-config --libs $(TEST_LIBS))

.PRECIOUS: $(BUILD)/%.o
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
