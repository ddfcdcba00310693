/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Giving up privileges, in stages whose order matters: the bounding set while there is still
 * CAP_SETPCAP, groups while there is still CAP_SETGID, ids, then what capabilities remain, then the
 * way back (new privileges by execve), then a look whether all that was so.
 *
 * Capabilities go through the raw system calls; they are four of them, and libcap would be a
 * dependency.
 */
#include "sys/drop.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { SLOTS = (EL_SYS_UID_LAST - EL_SYS_UID_FIRST + 1) / EL_SYS_UIDS };

uid_t el_sys_drop_uid(const char *state_dir, unsigned index)
{
    uint32_t hash = 2166136261; /* FNV-1a */

    for (const char *c = state_dir; *c; c++)
        hash = (hash ^ (uint8_t)*c) * 16777619;
    return EL_SYS_UID_FIRST + hash % SLOTS * EL_SYS_UIDS + index % EL_SYS_UIDS;
}

bool el_sys_drop_is_root(void)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct caps[_LINUX_CAPABILITY_U32S_3];

    if (geteuid() != 0)
        return false;
    if (syscall(SYS_capget, &header, caps) < 0)
        return true;
    for (unsigned i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
        if (caps[i].permitted)
            return true;
    return false;
}

static int set_limit(__rlimit_resource_t what, uint64_t value)
{
    struct rlimit limit;

    if (getrlimit(what, &limit) < 0)
        return -1;
    limit.rlim_cur = value;
    if (value < limit.rlim_max || geteuid() == 0)
        limit.rlim_max = value;
    return setrlimit(what, &limit);
}

void el_sys_drop_early(void)
{
    umask(077);
    set_limit(RLIMIT_CORE, 0);
}

/* -- the stages -- */

static int drop_limits(const struct el_sys_drop_config *config, struct el_err *err)
{
    el_sys_drop_early();
    if (config->open_files && set_limit(RLIMIT_NOFILE, config->open_files) < 0)
        return el_err_os(err, errno, "limit of open files %llu",
                         (unsigned long long)config->open_files);
    if (config->memory && set_limit(RLIMIT_AS, config->memory) < 0)
        return el_err_os(err, errno, "limit of memory %llu", (unsigned long long)config->memory);
    return 0;
}

static int drop_bounding_set(struct el_err *err)
{
    for (unsigned long cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
        if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
            return el_err_os(err, errno, "dropping capability %lu from the bounding set", cap);
    return 0;
}

static int drop_ids(const struct el_sys_drop_config *config, struct el_err *err)
{
    if (setgroups(0, NULL) < 0)
        return el_err_os(err, errno, "dropping groups");
    if (setresgid(config->gid, config->gid, config->gid) < 0)
        return el_err_os(err, errno, "becoming group %u", config->gid);
    if (setresuid(config->uid, config->uid, config->uid) < 0)
        return el_err_os(err, errno, "becoming user %u", config->uid);
    return 0;
}

static int drop_capabilities(struct el_err *err)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};

    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    if (syscall(SYS_capset, &header, none) < 0)
        return el_err_os(err, errno, "dropping capabilities");
    return 0;
}

static int drop_the_way_back(struct el_err *err)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return el_err_os(err, errno, "setting no_new_privs");
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
        return el_err_os(err, errno, "becoming undumpable");
    return 0;
}

/* Nothing is believed: not that the calls did what they said, nor that there is no way round. */
static int verify(const struct el_sys_drop_config *config, bool was_root, struct el_err *err)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct caps[_LINUX_CAPABILITY_U32S_3];
    static const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3];
    uid_t real, effective, saved;

    if (syscall(SYS_capget, &header, caps) < 0 || memcmp(caps, none, sizeof none) != 0)
        return el_err(err, EL_EPERM, "privileges: capabilities are still there");
    if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
        return el_err(err, EL_EPERM, "privileges: execve could still give new ones");
    if (config->uid == 0 || !was_root)
        return 0;
    if (setuid(0) == 0 || seteuid(0) == 0 || setresuid(0, 0, 0) == 0 || setgid(0) == 0)
        return el_err(err, EL_EPERM, "privileges: root could be regained");
    if (getresuid(&real, &effective, &saved) < 0 || real != config->uid ||
        effective != config->uid || saved != config->uid || getgroups(0, NULL) != 0)
        return el_err(err, EL_EPERM, "privileges: not user %u alone", config->uid);
    return 0;
}

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif

#ifdef __SANITIZE_ADDRESS__
/* LeakSanitizer wants to trace the process from another one at its end. After a drop it may not,
 * and takes that for a failure of ours: it is told not to try (sanitizer/lsan_interface.h). */
static bool untraceable;
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
    return untraceable;
}
#endif

int el_sys_drop(const struct el_sys_drop_config *config, struct el_err *err)
{
    bool was_root = geteuid() == 0 && (config->uid || el_sys_drop_is_root());
    pid_t parent = getppid();
    int death_signal = 0;
    int code = drop_limits(config, err);

#ifdef __SANITIZE_ADDRESS__
    untraceable = true;
#endif
    prctl(PR_GET_PDEATHSIG, &death_signal, 0, 0, 0);
    if (code == 0 && was_root)
        code = drop_bounding_set(err);
    if (code == 0 && was_root && config->uid)
        code = drop_ids(config, err);
    if (code == 0)
        code = drop_capabilities(err);
    if (code == 0)
        code = drop_the_way_back(err);
    if (code == 0 && death_signal) {
        prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0);
        if (getppid() != parent)
            code = el_err(err, EL_ECLOSED, "the supervisor has died");
    }
    return code < 0 ? code : verify(config, was_root, err);
}
