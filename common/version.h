/* version.h - what this program calls itself. */
#ifndef COMMON_VERSION_H
#define COMMON_VERSION_H

#define BUNDLE_VERSION "0.1.0"
#define BUNDLE_USER_AGENT "bundle/" BUNDLE_VERSION
#endif
