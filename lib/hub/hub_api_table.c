/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hub's API as a table: every operation, who may, and what goes in and out. */
#include "hub/hub_api_internal.h"

#define FOR_MAX_S ((int64_t)366 * 24 * 3600)

/* -- values that recur -- */

static const struct el_schema_field by_name[] = {
    {.name = "name", .format = EL_FORMAT_NAME, .required = true, .about = "of a spoke or token"},
    {0}};
static const struct el_schema_field by_interface[] = {{.name = "name",
                                                       .format = EL_FORMAT_INTERFACE,
                                                       .required = true,
                                                       .about = "of a network or port"},
                                                      {0}};

static const char *const wires[] = {"standard", "compact", "fast", NULL};
static const char *const spoke_states[] = {"pending", "enrolled", "revoked", NULL};
static const char *const listed_states[] = {"pending", "enrolled", "revoked", "configured", NULL};
static const char *const enrol_states[] = {"enrolled", "pending", "asking", NULL};
static const char *const token_states[] = {"open", "used", "expired", "burnt", NULL};
static const char *const to_alls[] = {"none", "unpublished", "published", NULL};
static const char *const port_states[] = {"down", "verified", "loaded",    "started",
                                          "up",   "secured",  "published", NULL};

/* -- the hub -- */

static const struct el_schema_field endpoint_fields[] = {
    {.name = "host", .required = true, .min = 1, .max = 253},
    {.name = "port", .type = EL_SCHEMA_INTEGER, .required = true, .min = 1, .max = 65535},
    {0}};
static const struct el_schema endpoint = {"Endpoint", "Where a hub is called.", endpoint_fields};
static const struct el_schema_field endpoint_item = {.type = EL_SCHEMA_OBJECT, .object = &endpoint};

static const struct el_schema_field counts_fields[] = {
    {.name = "pending", .type = EL_SCHEMA_INTEGER, .required = true},
    {.name = "enrolled", .type = EL_SCHEMA_INTEGER, .required = true},
    {.name = "revoked", .type = EL_SCHEMA_INTEGER, .required = true},
    {0}};
static const struct el_schema counts = {"SpokeCounts", "How many spokes there are.", counts_fields};

static const struct el_schema_field factor_fields[] = {
    {.name = "totp", .type = EL_SCHEMA_BOOLEAN, .required = true, .about = "a code (RFC 6238)"},
    {.name = "approval",
     .type = EL_SCHEMA_BOOLEAN,
     .required = true,
     .about = "an operator's yes to the key"},
    {.name = "program",
     .type = EL_SCHEMA_BOOLEAN,
     .required = true,
     .about = "the site's program's yes"},
    {.name = "secret", .about = "of TOTP, in base 32: shown once, when it is new"},
    {.name = "uri", .about = "the same for an authenticator, as a QR code"},
    {0}};
static const struct el_schema factor = {
    "SecondFactor", "What a spoke needs to join, besides its token.", factor_fields};

static const struct el_schema_field factor_change_fields[] = {
    {.name = "totp", .type = EL_SCHEMA_BOOLEAN, .about = "what is not said stays as it is"},
    {.name = "approval", .type = EL_SCHEMA_BOOLEAN},
    {.name = "program", .type = EL_SCHEMA_BOOLEAN},
    {.name = "new_secret", .type = EL_SCHEMA_BOOLEAN, .about = "replace that of TOTP"},
    {.name = "label", .min = 1, .max = 32, .about = "of this hub, for the authenticator"},
    {0}};
static const struct el_schema factor_change = {"SecondFactorChange", "What is to be otherwise.",
                                               factor_change_fields};

static const struct el_schema_field hub_fields[] = {
    {.name = "version", .required = true},
    {.name = "key", .format = EL_FORMAT_KEY, .required = true},
    {.name = "time", .format = EL_FORMAT_DATE_TIME, .required = true, .about = "its clock"},
    {.name = "started", .format = EL_FORMAT_DATE_TIME, .required = true},
    {.name = "endpoints", .type = EL_SCHEMA_ARRAY, .required = true, .items = &endpoint_item},
    {.name = "spokes", .type = EL_SCHEMA_OBJECT, .required = true, .object = &counts},
    {.name = "networks", .type = EL_SCHEMA_INTEGER, .required = true},
    {.name = "second_factor", .type = EL_SCHEMA_OBJECT, .required = true, .object = &factor},
    {0}};
static const struct el_schema hub = {"Hub", "The hub itself.", hub_fields};

/* -- tokens -- */

static const struct el_schema_field token_fields[] = {
    {.name = "name", .format = EL_FORMAT_NAME, .required = true, .about = "of the spoke to be"},
    {.name = "state", .required = true, .values = token_states},
    {.name = "created", .format = EL_FORMAT_DATE_TIME, .required = true},
    {.name = "expires", .format = EL_FORMAT_DATE_TIME, .required = true},
    {.name = "wrong_codes", .type = EL_SCHEMA_INTEGER, .required = true, .min = 0, .max = 5},
    {.name = "token", .about = "its text: shown once, when it is made"},
    {0}};
static const struct el_schema token = {"Token", "A promise to one spoke.", token_fields};
static const struct el_schema_field token_item = {.type = EL_SCHEMA_OBJECT, .object = &token};
static const struct el_schema_field tokens_fields[] = {
    {.name = "tokens", .type = EL_SCHEMA_ARRAY, .required = true, .items = &token_item}, {0}};
static const struct el_schema tokens = {"Tokens", "All of them.", tokens_fields};

static const struct el_schema_field endpoint_text = {.min = 1, .max = 260};
static const struct el_schema_field token_new_fields[] = {
    {.name = "name", .format = EL_FORMAT_NAME, .required = true, .about = "of the spoke to be"},
    {.name = "for_s",
     .type = EL_SCHEMA_INTEGER,
     .min = 1,
     .max = FOR_MAX_S,
     .about = "how long it is good, in seconds; an hour"},
    {.name = "endpoints",
     .type = EL_SCHEMA_ARRAY,
     .max = EL_ENROL_ENDPOINTS_MAX,
     .items = &endpoint_text,
     .about = "HOST or HOST:PORT, instead of those the hub knows of"},
    {0}};
static const struct el_schema token_new = {"TokenNew", "A token to be made.", token_new_fields};

/* -- spokes -- */

static const struct el_schema_field membership_fields[] = {
    {.name = "name", .format = EL_FORMAT_INTERFACE, .required = true},
    {.name = "vni",
     .type = EL_SCHEMA_INTEGER,
     .required = true,
     .min = 1,
     .max = EL_REGISTRY_VNI_MAX},
    {.name = "published",
     .type = EL_SCHEMA_BOOLEAN,
     .required = true,
     .about = "frames pass between the two"},
    {.name = "lan", .about = "the spoke's interface for it, where the hub has it to say"},
    {.name = "loop",
     .format = EL_FORMAT_NAME,
     .about = "no frames pass: it bridges the same LAN as this other spoke"},
    {.name = "interface", .about = "where it is, as the spoke says"},
    {.name = "problem", .about = "why it is nowhere, as the spoke says"},
    {.name = "mac",
     .min = EL_MAC_TEXT - 1,
     .max = EL_MAC_TEXT - 1,
     .about = "the hub's own there, which nobody else has"},
    {0}};
static const struct el_schema membership = {"Membership", "A network that a spoke is in.",
                                            membership_fields};
static const struct el_schema_field membership_item = {.type = EL_SCHEMA_OBJECT,
                                                       .object = &membership};

static const struct el_schema_field name_item = {.format = EL_FORMAT_NAME};
static const struct el_schema_field spoke_fields[] = {
    {.name = "name", .format = EL_FORMAT_NAME, .required = true},
    {.name = "state",
     .required = true,
     .values = listed_states,
     .about = "configured: it was named when the hub was started"},
    {.name = "since", .format = EL_FORMAT_DATE_TIME, .required = true, .about = "of the state"},
    {.name = "key", .format = EL_FORMAT_KEY, .required = true},
    {.name = "fingerprint", .required = true, .about = "of the key, to be compared by people"},
    {.name = "address", .format = EL_FORMAT_IP, .required = true, .about = "in the tunnel"},
    {.name = "wire", .required = true, .values = wires},
    {.name = "networks",
     .type = EL_SCHEMA_ARRAY,
     .required = true,
     .max = EL_REGISTRY_NETWORKS_OF_SPOKE,
     .items = &membership_item},
    {.name = "enrolled_from", .format = EL_FORMAT_ENDPOINT},
    {.name = "endpoint",
     .format = EL_FORMAT_ENDPOINT,
     .about = "where it is now; with /tcp behind it, inside TCP"},
    {.name = "direct",
     .type = EL_SCHEMA_ARRAY,
     .required = true,
     .max = EL_HUB_DIRECT_OF_SPOKE,
     .items = &name_item,
     .about = "the spokes whose frames come and go without the hub"},
    {0}};
static const struct el_schema spoke = {"Spoke", "A spoke.", spoke_fields};
static const struct el_schema_field spoke_item = {.type = EL_SCHEMA_OBJECT, .object = &spoke};
static const struct el_schema_field spokes_fields[] = {{.name = "spokes",
                                                        .type = EL_SCHEMA_ARRAY,
                                                        .required = true,
                                                        .max = 1000000,
                                                        .items = &spoke_item},
                                                       {0}};
static const struct el_schema spokes = {"Spokes", "All of them, revoked ones too.", spokes_fields};

static const struct el_schema_field approval_fields[] = {
    {.name = "fingerprint",
     .required = true,
     .min = 1,
     .max = 64,
     .about = "of the key, as the spoke shows it"},
    {0}};
static const struct el_schema approval = {"Approval", "Whose key has been compared.",
                                          approval_fields};

/* -- networks and ports -- */

static const struct el_schema_field network_fields[] = {
    {.name = "name", .format = EL_FORMAT_INTERFACE, .required = true},
    {.name = "vni",
     .type = EL_SCHEMA_INTEGER,
     .required = true,
     .min = 1,
     .max = EL_REGISTRY_VNI_MAX},
    {.name = "cidr", .format = EL_FORMAT_CIDR, .required = true},
    {.name = "prefix6",
     .format = EL_FORMAT_CIDR,
     .required = true,
     .about = "where machines have IPv6, which is behind a gateway"},
    {.name = "created", .format = EL_FORMAT_DATE_TIME, .required = true},
    {.name = "expires",
     .format = EL_FORMAT_DATE_TIME,
     .required = true,
     .nullable = true,
     .about = "null: never"},
    {.name = "to_all",
     .required = true,
     .values = to_alls,
     .about = "for spokes of which nothing else is said, those to come too"},
    {0}};
static const struct el_schema network = {"Network", "One isolated Ethernet.", network_fields};
static const struct el_schema_field network_item = {.type = EL_SCHEMA_OBJECT, .object = &network};
static const struct el_schema_field networks_fields[] = {
    {.name = "networks", .type = EL_SCHEMA_ARRAY, .required = true, .items = &network_item}, {0}};
static const struct el_schema networks = {"Networks", "All of them.", networks_fields};

static const struct el_schema_field network_new_fields[] = {
    {.name = "name", .format = EL_FORMAT_INTERFACE, .required = true},
    {.name = "vni",
     .type = EL_SCHEMA_INTEGER,
     .required = true,
     .min = 1,
     .max = EL_REGISTRY_VNI_MAX},
    {.name = "cidr", .format = EL_FORMAT_CIDR, .required = true, .about = "IPv4, /8 to /29"},
    {.name = "prefix6",
     .format = EL_FORMAT_CIDR,
     .about = "IPv6, /64; absent: one that follows from the hub's key"},
    {.name = "for_s",
     .type = EL_SCHEMA_INTEGER,
     .min = 1,
     .max = FOR_MAX_S,
     .about = "how long it lives, in seconds; absent: for ever. Asked for again, it lives on"},
    {.name = "to_all", .values = to_alls, .about = "at first; none"},
    {.name = "published",
     .type = EL_SCHEMA_BOOLEAN,
     .about = "its own port is to be published, at first"},
    {0}};
static const struct el_schema network_new = {"NetworkNew", "A network to be made.",
                                             network_new_fields};

static const struct el_schema_field publication_fields[] = {
    {.name = "to",
     .format = EL_FORMAT_NAME,
     .about = "a spoke; absent: all, those to come too, whatever was said of one of them"},
    {.name = "lan", .min = 1, .max = EL_REGISTRY_LAN - 1, .about = "that spoke's interface for it"},
    {0}};
static const struct el_schema publication = {"Publication", "To whom.", publication_fields};

static const struct el_schema_field port_fields[] = {
    {.name = "name", .format = EL_FORMAT_INTERFACE, .required = true},
    {.name = "network", .format = EL_FORMAT_INTERFACE, .required = true},
    {.name = "service", .required = true},
    {.name = "state", .required = true, .values = port_states},
    {.name = "wanted", .required = true, .values = port_states},
    {.name = "since", .format = EL_FORMAT_DATE_TIME, .required = true, .about = "of the state"},
    {.name = "why", .required = true, .about = "of the state; may be empty"},
    {0}};
static const struct el_schema port = {"Port", "Where a service is attached to a network.",
                                      port_fields};
static const struct el_schema_field port_item = {.type = EL_SCHEMA_OBJECT, .object = &port};
static const struct el_schema_field ports_fields[] = {
    {.name = "ports", .type = EL_SCHEMA_ARRAY, .required = true, .items = &port_item}, {0}};
static const struct el_schema ports = {"Ports", "All of them.", ports_fields};

static const struct el_schema_field port_new_fields[] = {
    {.name = "name", .format = EL_FORMAT_INTERFACE, .required = true},
    {.name = "network", .format = EL_FORMAT_INTERFACE, .required = true},
    {.name = "service", .format = EL_FORMAT_INTERFACE, .about = "what runs there; nothing"},
    {0}};
static const struct el_schema port_new = {"PortNew", "A port to be made.", port_new_fields};

/* -- for spokes -- */

static const struct el_schema_field enrolment_fields[] = {
    {.name = "key", .format = EL_FORMAT_KEY, .required = true, .about = "the spoke's, public"},
    {.name = "fast", .type = EL_SCHEMA_BOOLEAN, .about = "its CPU has what the fast wire needs"},
    {.name = "code", .format = EL_FORMAT_CODE, .about = "of the second factor"},
    {0}};
static const struct el_schema enrolment = {"Enrolment", "A spoke that wants in.", enrolment_fields};

static const struct el_schema_field enrolled_fields[] = {
    {.name = "state", .required = true, .values = enrol_states},
    {.name = "name", .format = EL_FORMAT_NAME, .required = true},
    {.name = "time", .format = EL_FORMAT_DATE_TIME, .about = "the hub's clock"},
    {.name = "address", .format = EL_FORMAT_IP, .about = "in the tunnel"},
    {.name = "wire", .values = wires},
    {.name = "networks",
     .type = EL_SCHEMA_ARRAY,
     .max = EL_REGISTRY_NETWORKS_OF_SPOKE,
     .items = &membership_item},
    {.name = "psk", .format = EL_FORMAT_KEY, .about = "the pre-shared key; secret"},
    {0}};
static const struct el_schema enrolled = {"Enrolled", "How it stands with a spoke that wants in.",
                                          enrolled_fields};

static const struct el_schema_field notice_fields[] = {
    {.name = "kind", .format = EL_FORMAT_NAME, .required = true, .about = "what it is about"},
    {.name = "network", .format = EL_FORMAT_INTERFACE, .about = "which one"},
    {.name = "text", .required = true, .about = "a sentence"},
    {0}};
static const struct el_schema notice = {"Notice", "What a spoke's operator should know, now.",
                                        notice_fields};
static const struct el_schema_field notice_item = {.type = EL_SCHEMA_OBJECT, .object = &notice};

static const struct el_schema_field vni_item = {
    .type = EL_SCHEMA_INTEGER, .min = 1, .max = EL_REGISTRY_VNI_MAX};
static const struct el_schema_field endpoint_seen = {.format = EL_FORMAT_ENDPOINT};
static const struct el_schema_field peer_fields[] = {
    {.name = "name", .format = EL_FORMAT_NAME, .required = true},
    {.name = "key", .format = EL_FORMAT_KEY, .required = true},
    {.name = "address", .format = EL_FORMAT_IP, .required = true, .about = "in the tunnel"},
    {.name = "endpoints",
     .type = EL_SCHEMA_ARRAY,
     .required = true,
     .items = &endpoint_seen,
     .about = "where it was seen last"},
    {.name = "psk", .format = EL_FORMAT_KEY, .required = true, .about = "of the two; secret"},
    {.name = "wire", .required = true, .values = wires},
    {.name = "networks",
     .type = EL_SCHEMA_ARRAY,
     .required = true,
     .items = &vni_item,
     .about = "by VNI: what is published to both"},
    {.name = "for_s",
     .type = EL_SCHEMA_INTEGER,
     .required = true,
     .about = "how long it is good; used, it is renewed"},
    {0}};
static const struct el_schema peer = {"Peer", "Another spoke, which may be seen directly.",
                                      peer_fields};
static const struct el_schema_field peer_item = {.type = EL_SCHEMA_OBJECT, .object = &peer};

static const struct el_schema_field way_fields[] = {
    {.name = "key", .format = EL_FORMAT_KEY, .required = true, .about = "the peer's"},
    {.name = "live", .type = EL_SCHEMA_BOOLEAN, .required = true, .about = "frames can take it"},
    {.name = "used", .type = EL_SCHEMA_BOOLEAN, .required = true, .about = "and some have, lately"},
    {0}};
static const struct el_schema way = {"Way", "How it stands with the direct way to a peer.",
                                     way_fields};
static const struct el_schema_field way_item = {.type = EL_SCHEMA_OBJECT, .object = &way};
static const struct el_schema_field ways_fields[] = {{.name = "peers",
                                                      .type = EL_SCHEMA_ARRAY,
                                                      .required = true,
                                                      .max = EL_HUB_DIRECT_OF_SPOKE,
                                                      .items = &way_item},
                                                     {0}};
static const struct el_schema ways = {"Ways", "What a spoke says of its peers.", ways_fields};

static const struct el_schema_field self_fields[] = {
    {.name = "name", .format = EL_FORMAT_NAME, .required = true},
    {.name = "state", .required = true, .values = spoke_states},
    {.name = "address", .format = EL_FORMAT_IP, .required = true},
    {.name = "wire", .required = true, .values = wires},
    {.name = "networks",
     .type = EL_SCHEMA_ARRAY,
     .required = true,
     .max = EL_REGISTRY_NETWORKS_OF_SPOKE,
     .items = &membership_item},
    {.name = "notices",
     .type = EL_SCHEMA_ARRAY,
     .required = true,
     .items = &notice_item,
     .about = "as long as they are so"},
    {.name = "peers",
     .type = EL_SCHEMA_ARRAY,
     .required = true,
     .max = EL_HUB_DIRECT_OF_SPOKE,
     .items = &peer_item,
     .about = "to whom there may be a direct way"},
    {.name = "time", .format = EL_FORMAT_DATE_TIME, .required = true, .about = "the hub's clock"},
    {0}};
static const struct el_schema self = {"Self", "What the hub has for the spoke that asks.",
                                      self_fields};

static const struct el_schema_field report_port_fields[] = {
    {.name = "vni",
     .type = EL_SCHEMA_INTEGER,
     .required = true,
     .min = 1,
     .max = EL_REGISTRY_VNI_MAX},
    {.name = "interface",
     .min = 1,
     .max = EL_SPOKE_NETWORK_LAN - 1,
     .about = "where the network is; absent: nowhere"},
    {.name = "problem", .min = 1, .max = EL_AGENT_PROBLEM - 1, .about = "why it is nowhere"},
    {0}};
static const struct el_schema report_port = {"ReportPort", "What became of one network.",
                                             report_port_fields};
static const struct el_schema_field report_port_item = {.type = EL_SCHEMA_OBJECT,
                                                        .object = &report_port};
static const struct el_schema_field report_fields[] = {{.name = "ports",
                                                        .type = EL_SCHEMA_ARRAY,
                                                        .required = true,
                                                        .max = EL_SPOKE_NETWORKS,
                                                        .items = &report_port_item},
                                                       {0}};
static const struct el_schema report = {"Report", "What a spoke has made of its networks.",
                                        report_fields};

/* -- answers and problems -- */

static const struct el_api_response hub_200[] = {{200, &hub, "The hub.", NULL}, {0}};
static const struct el_api_response factor_200[] = {{200, &factor, "What is asked for.", NULL},
                                                    {0}};
static const struct el_api_response tokens_200[] = {{200, &tokens, "The tokens.", NULL}, {0}};
static const struct el_api_response token_200[] = {{200, &token, "The token.", NULL}, {0}};
static const struct el_api_response token_201[] = {{201, &token, "The token, with its text.", NULL},
                                                   {0}};
static const struct el_api_response gone_204[] = {{204, NULL, "It is gone.", NULL}, {0}};
static const struct el_api_response spokes_200[] = {{200, &spokes, "The spokes.", NULL}, {0}};
static const struct el_api_response spoke_200[] = {{200, &spoke, "The spoke.", NULL}, {0}};
static const struct el_api_response networks_200[] = {{200, &networks, "The networks.", NULL}, {0}};
static const struct el_api_response network_200[] = {{200, &network, "The network.", NULL}, {0}};
static const struct el_api_response network_201[] = {
    {201, &network, "The network, new.", NULL},
    {200, &network, "The network, which was there.", NULL},
    {0}};
static const struct el_api_response ports_200[] = {{200, &ports, "The ports.", NULL}, {0}};
static const struct el_api_response port_200[] = {{200, &port, "The port.", NULL}, {0}};
static const struct el_api_response port_201[] = {{201, &port, "The port.", NULL}, {0}};
static const struct el_api_response enrolled_200[] = {
    {200, &enrolled, "It is in.", NULL},
    {202, &enrolled, "Somebody is being asked: ask again, with the same key.", NULL},
    {0}};
static const struct el_api_response self_200[] = {{200, &self, "The spoke.", NULL}, {0}};

static const struct el_problem *const token_problems[] = {&el_hub_no_endpoint, NULL};
static const struct el_problem *const approval_problems[] = {&el_hub_fingerprint, NULL};
static const struct el_problem *const self_problems[] = {&el_hub_key_revoked, NULL};
static const struct el_problem *const enrol_problems[] = {&el_hub_token_unknown,
                                                          &el_hub_token_expired,
                                                          &el_hub_token_used,
                                                          &el_hub_token_burnt,
                                                          &el_hub_key_revoked,
                                                          &el_hub_key_taken,
                                                          &el_hub_code_required,
                                                          &el_hub_code_wrong,
                                                          &el_hub_code_reused,
                                                          &el_hub_refused,
                                                          NULL};

/* -- the table -- */

/* clang-format off */
#define OPERATOR(what, where, name, does, how, ...) \
    {.method = EL_API_##what, .path = where, .id = name, .about = does, .scopes = EL_API_OPERATOR, \
     .handler = how, __VA_ARGS__}
/* clang-format on */

const struct el_api_operation el_hub_operations[] = {
    OPERATOR(GET, "/v1/hub", "showHub", "The hub itself, and its clock.", el_hub_show_hub,
             .responses = hub_200),
    OPERATOR(GET, "/v1/second-factor", "showSecondFactor", "What joining needs besides a token.",
             el_hub_show_second_factor, .responses = factor_200),
    OPERATOR(PATCH, "/v1/second-factor", "setSecondFactor", "Changes what joining needs.",
             el_hub_set_second_factor, .request = &factor_change, .responses = factor_200),

    OPERATOR(GET, "/v1/tokens", "listTokens", "All tokens.", el_hub_list_tokens,
             .responses = tokens_200),
    OPERATOR(POST, "/v1/tokens", "createToken", "Makes a token.", el_hub_create_token,
             .request = &token_new, .responses = token_201, .problems = token_problems),
    OPERATOR(GET, "/v1/tokens/{name}", "showToken", "One token.", el_hub_show_token,
             .params = by_name, .responses = token_200),
    OPERATOR(DELETE, "/v1/tokens/{name}", "deleteToken", "Takes a token back.", el_hub_delete_token,
             .params = by_name, .responses = gone_204),

    OPERATOR(GET, "/v1/spokes", "listSpokes", "All spokes.", el_hub_list_spokes,
             .responses = spokes_200),
    OPERATOR(GET, "/v1/spokes/{name}", "showSpoke", "One spoke.", el_hub_show_spoke,
             .params = by_name, .responses = spoke_200),
    OPERATOR(POST, "/v1/spokes/{name}/approve", "approveSpoke",
             "Lets a pending spoke in, by its key.", el_hub_approve, .params = by_name,
             .request = &approval, .responses = spoke_200, .problems = approval_problems),
    OPERATOR(POST, "/v1/spokes/{name}/revoke", "revokeSpoke",
             "Ends a spoke; its key never comes back.", el_hub_revoke, .params = by_name,
             .responses = spoke_200),

    OPERATOR(GET, "/v1/networks", "listNetworks", "All networks.", el_hub_list_networks,
             .responses = networks_200),
    OPERATOR(POST, "/v1/networks", "createNetwork", "Makes a network, or lets it live on.",
             el_hub_create_network, .request = &network_new, .responses = network_201),
    OPERATOR(GET, "/v1/networks/{name}", "showNetwork", "One network.", el_hub_show_network,
             .params = by_interface, .responses = network_200),
    OPERATOR(DELETE, "/v1/networks/{name}", "deleteNetwork", "Ends a network.",
             el_hub_delete_network, .params = by_interface, .responses = gone_204),
    OPERATOR(POST, "/v1/networks/{name}/publish", "publishNetwork",
             "Lets frames pass, to one or all.", el_hub_publish, .params = by_interface,
             .request = &publication, .responses = network_200),
    OPERATOR(POST, "/v1/networks/{name}/unpublish", "unpublishNetwork",
             "Lets not one frame pass, to one or all.", el_hub_unpublish, .params = by_interface,
             .request = &publication, .responses = network_200),

    OPERATOR(GET, "/v1/ports", "listPorts", "All ports.", el_hub_list_ports,
             .responses = ports_200),
    OPERATOR(POST, "/v1/ports", "createPort", "Makes a port.", el_hub_create_port,
             .request = &port_new, .responses = port_201),
    OPERATOR(GET, "/v1/ports/{name}", "showPort", "One port.", el_hub_show_port,
             .params = by_interface, .responses = port_200),
    OPERATOR(DELETE, "/v1/ports/{name}", "deletePort", "Takes a port away.", el_hub_delete_port,
             .params = by_interface, .responses = gone_204),
    OPERATOR(POST, "/v1/ports/{name}/start", "startPort", "Starts its service, unpublished.",
             el_hub_start_port, .params = by_interface, .responses = port_200),
    OPERATOR(POST, "/v1/ports/{name}/stop", "stopPort", "Unpublishes and stops its service.",
             el_hub_stop_port, .params = by_interface, .responses = port_200),
    OPERATOR(POST, "/v1/ports/{name}/publish", "publishPort", "Lets frames pass it.",
             el_hub_publish_port, .params = by_interface, .responses = port_200),
    OPERATOR(POST, "/v1/ports/{name}/unpublish", "unpublishPort", "Lets not one frame pass it.",
             el_hub_unpublish_port, .params = by_interface, .responses = port_200),

    {.method = EL_API_POST,
     .path = "/v1/enrol",
     .id = "enrol",
     .about = "Becomes a spoke, with the token whose key has opened the tunnel.",
     .scopes = EL_API_ENROLMENT,
     .request = &enrolment,
     .responses = enrolled_200,
     .problems = enrol_problems,
     .handler = el_hub_enrol},
    {.method = EL_API_GET,
     .path = "/v1/self",
     .id = "showSelf",
     .about = "What the hub has for the spoke that asks.",
     .scopes = EL_API_SPOKE,
     .responses = self_200,
     .problems = self_problems,
     .handler = el_hub_show_self},
    {.method = EL_API_POST,
     .path = "/v1/self",
     .id = "tellSelf",
     .about = "The same, from a spoke that says how it stands itself.",
     .scopes = EL_API_SPOKE,
     .request = &report,
     .responses = self_200,
     .problems = self_problems,
     .handler = el_hub_tell_self},
    {.method = EL_API_PUT,
     .path = "/v1/self/peers",
     .id = "reportPeers",
     .about = "Says how it stands with the ways to its peers; answered as showSelf is.",
     .scopes = EL_API_SPOKE,
     .request = &ways,
     .responses = self_200,
     .problems = self_problems,
     .handler = el_hub_report_peers},
    {0}};
