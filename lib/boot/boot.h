/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a machine gets at each step of its start: a loader for its firmware, the scripts that iPXE
 * runs, the menu, and the kernel that it chose there. And what is known of each machine meanwhile.
 *
 * Pure: facts in, names and text out. Whoever has the sockets asks here (node carries the answers
 * to dhcp, tftp and http):
 *
 *     DHCP                        el_boot_choose
 *     TFTP  autoexec.ipxe         el_boot_autoexec
 *     HTTP  /boot.ipxe            el_boot_first_script
 *     HTTP  /menu?mac=...         el_boot_visit_parse, and then, as its life has it (life.h),
 *                                 el_boot_menu, el_boot_start, el_boot_local or el_boot_wait
 *     HTTP  /report?mac=&step=    el_boot_report
 *
 * All URLs are absolute, with an address and no name: firmware loses its DNS on the way.
 */
#ifndef EL_BOOT_BOOT_H
#define EL_BOOT_BOOT_H

#include "base/addr.h"
#include "base/time.h"
#include "base/wire.h"
#include "boot/boot_entry.h"

enum {
    EL_BOOT_MACHINES_MAX = 4096, /* beyond, the one that was silent for longest is forgotten */
    EL_BOOT_FILE_BYTES = 256,
    EL_BOOT_WHY_BYTES = 96,
    EL_BOOT_STEP_BYTES = 33,
    EL_BOOT_REGION = 64,
    EL_BOOT_PASSWORD = 129,       /* with its NUL; longer ones are none */
    EL_BOOT_SCRIPT_BYTES = 65536, /* holds any menu */
};

/* -- the machines -- */

/* How far a machine has come, since it last asked for a loader. */
enum el_boot_stage {
    EL_BOOT_NOTHING,
    EL_BOOT_LOADER, /* it was told a loader; a next attempt from here means that the loader failed
                     */
    EL_BOOT_MENU,   /* it fetched the menu */
    EL_BOOT_REPORT, /* its system reported */
};

struct el_boot_machine {
    struct el_mac mac;
    enum el_boot_stage stage;
    unsigned variant; /* which of its loaders; the next one after a failure */
    uint32_t xid;     /* of the attempt */
    uint64_t told_ns; /* when it was told the loader */
    uint64_t seen_ns;
    char step[EL_BOOT_STEP_BYTES]; /* of its last report */
    struct el_boot_machine *older, *newer;
};

struct el_boot_config {
    const char *hub;           /* "192.168.77.1" or "192.168.77.1:8080": where our HTTP is */
    const char *network;       /* its name, for the menu's title */
    unsigned timeout_s;        /* until the default is booted; 0: never */
    const char *default_entry; /* its name, before any that calls itself the default; or NULL */
};

struct el_boot;

/* The strings of CONFIG are the caller's and outlive it. NULL: out of memory. */
struct el_boot *el_boot_new(const struct el_boot_config *config);
void el_boot_free(struct el_boot *boot); /* NULL is allowed */

/* What is known of a machine, or NULL. */
const struct el_boot_machine *el_boot_machine(const struct el_boot *boot, const struct el_mac *mac);

/* -- DHCP: which loader -- */

enum el_boot_firmware { EL_BOOT_PXE, EL_BOOT_HTTP, EL_BOOT_IPXE };

struct el_boot_client {
    enum el_boot_firmware firmware;
    struct el_mac mac;
    uint32_t xid;
    uint64_t now_ns;
    bool final;    /* it acts on the answer: a REQUEST, not a DISCOVER */
    uint16_t arch; /* DHCP option 93 */
    bool raspberry_pi;
    bool ipxe_http, ipxe_menu, ipxe_has_version;
    uint8_t ipxe_version[3];
};

struct el_boot_loader {
    char file[EL_BOOT_FILE_BYTES]; /* a TFTP path or a URL; empty: nothing for this machine */
    char why[EL_BOOT_WHY_BYTES];   /* for the log; may be empty */
};

/* The same client, xid and firmware get the same answer until the attempt is over. */
void el_boot_choose(struct el_boot *boot, const struct el_boot_client *client,
                    struct el_boot_loader *loader);

/* -- HTTP and TFTP: scripts. Each writes text; check the cursor with el_wire_ok. -- */

/*
 * Fetches the menu, and tries again for a minute. START is a random number, another for each script
 * that is handed out: the machine says it whenever it asks what to do in this start, so that an
 * answer that was lost can be told from another start (life.h). 0: it says none.
 */
void el_boot_first_script(const struct el_boot *boot, uint64_t start, struct el_wire *w);

/* For an iPXE that was started by UEFI and looks for autoexec.ipxe beside itself, before it has
 * configured its network: does that, and fetches the first script. */
void el_boot_autoexec(const struct el_boot *boot, struct el_wire *w);

/* Who visits the menu: from the query of its URL. */
struct el_boot_visit {
    struct el_mac mac;
    enum el_boot_arch arch;          /* EL_BOOT_ANY_ARCH: not said */
    enum el_boot_platform platform;  /* EL_BOOT_ANY_PLATFORM: not said */
    uint64_t start;                  /* which start it is; 0: not said */
    char region[EL_BOOT_REGION];     /* that a person has chosen; "": none */
    char wanted[EL_BOOT_NAME_BYTES]; /* an entry that was chosen and needs a password, */
    char password[EL_BOOT_PASSWORD]; /* and what was typed; wipe it */
    char uuid[37];
    char product[65]; /* as SMBIOS says; free text */
    char version[33]; /* of iPXE; free text */
};

/* QUERY is what follows the question mark. 0, or EL_EINVAL: no valid mac. */
int el_boot_visit_parse(const char *query, size_t len, struct el_boot_visit *visit);

/* What a visitor is shown, or started with. Strings may be NULL where nothing is said. */
struct el_boot_page {
    const char *region;                    /* "unknown", where it is */
    const char (*regions)[EL_BOOT_REGION]; /* that may be chosen instead: names */
    size_t region_count;
    const struct el_boot_entry *entries; /* of which those are shown that suit it, in their order */
    size_t count;
    const char *why;   /* what it gets that for: a person at its console may read it */
    const char *args;  /* kernel arguments behind the entry's own, as they stand in a script */
    const char *token; /* of its installation: is told if that cannot be started */
    uint64_t next;     /* number of the machine's next start, if it comes to that */
    bool locked;       /* entries that erase disks need a password: see el_boot_erases() */
    bool exit_only;    /* local: leave it to the firmware, under BIOS too */
    uint64_t now_ns;
};

/* An installer: what is on the machine's disks is lost. */
bool el_boot_erases(const struct el_boot_entry *entry);

/* The menu: installers, live systems and other entries apart, all of it plain text, so that a
 * serial console shows the same. Where entries are locked, one that erases is asked for with what
 * was typed (visit.wanted). The machine is known to have reached us. */
void el_boot_menu(struct el_boot *boot, const struct el_boot_visit *visit,
                  const struct el_boot_page *page, struct el_wire *w);

/* Starts ENTRY, without asking. */
void el_boot_start(struct el_boot *boot, const struct el_boot_visit *visit,
                   const struct el_boot_page *page, const struct el_boot_entry *entry,
                   struct el_wire *w);

/* The machine's own disk, by the method that its firmware needs: BIOS is made to start the first
 * disk, and UEFI goes on with its own list. */
void el_boot_local(struct el_boot *boot, const struct el_boot_visit *visit,
                   const struct el_boot_page *page, struct el_wire *w);

/* Says why, and asks again after a while, for ever. */
void el_boot_wait(struct el_boot *boot, const struct el_boot_visit *visit,
                  const struct el_boot_page *page, struct el_wire *w);

/* The entry NAME of a page that suits the visitor; NULL: there is none. */
const struct el_boot_entry *el_boot_entry_for(const struct el_boot_visit *visit,
                                              const struct el_boot_page *page, const char *name);

/* A system reports a step of its life: "mac=52-54-00-12-34-56&step=booted". Logged. 0, or
 * EL_EINVAL: no valid mac, or the step is not 1 to 32 lower-case letters, digits and dashes. */
int el_boot_report(struct el_boot *boot, const char *query, size_t len, uint64_t now_ns);

#endif
