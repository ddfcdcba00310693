/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Templates and profiles for tests of the room profile. */
#ifndef EL_TEST_PROFILE_SAMPLE_H
#define EL_TEST_PROFILE_SAMPLE_H

#include "profile/profile.h"

#include <string.h>

#define SAMPLE_KEY \
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKJ8ljPFBMRYMfnXHmSHGFqUWYbJmFYbQvGpV1kZ3tYH"

static const struct el_profile_facts sample_facts = {
    .name = "n1",
    .mac = {{0x52, 0x54, 0, 0x12, 0x34, 0x56}},
    .ip = {4, {192, 168, 77, 10}},
    .prefix_len = 24,
    .gateway = {4, {192, 168, 77, 1}},
    .dns = {{4, {192, 168, 77, 1}}, {4, {9, 9, 9, 9}}},
    .dns_count = 2,
    .domain = "example.org",
    .hub = "192.168.77.1",
    .token = "tok3n",
};

/* A template of template.conf and one file, "f". */
static inline int sample_template(const char *conf, const char *file,
                                  struct el_profile_template **t, struct el_err *err)
{
    const struct el_profile_source sources[] = {{"template.conf", conf, strlen(conf)},
                                                {"f", file, strlen(file)}};

    return el_profile_template_parse("sample", sources, 2, t, err);
}

#endif
