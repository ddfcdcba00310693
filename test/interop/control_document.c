/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What others look at of the control API:
 *
 *     control_document hub              prints the OpenAPI document of the hub's
 *     control_document sample           and of the sample that the unit tests use
 *     control_document SCHEMA <VALUES   says "yes" or "no" to each line, a JSON object, by a schema
 *                                       of the sample
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/openapi.h"
#include "hub/hub_api.h"
#include "unit/control_sample.h"

static const struct el_schema *find_schema(const char *name)
{
    static const struct el_schema *const schemas[] = {&sample_spoke, &sample_list,
                                                      &sample_membership};

    for (size_t i = 0; i < sizeof schemas / sizeof schemas[0]; i++)
        if (strcmp(schemas[i]->name, name) == 0)
            return schemas[i];
    return NULL;
}

static int judge(const struct el_schema *schema)
{
    static char line[65536];

    while (fgets(line, sizeof line, stdin)) {
        struct el_schema_fault fault;
        json_t *value = el_json_parse(line, strlen(line), NULL);
        puts(value && el_schema_check(schema, value, &fault) == 0 ? "yes" : "no");
        json_decref(value);
    }
    return 0;
}

static void print(const struct el_api *api)
{
    json_t *document = el_openapi_document(api);
    size_t len;
    char *text = el_json_text(document, &len);

    puts(text);
    free(text);
    json_decref(document);
}

static int print_hub(void)
{
    const struct el_node_hub_api_config config = {.version = "0"};
    struct el_node_hub_api *hub = NULL;
    struct el_err err = {""};

    if (el_node_hub_api_new(&config, &hub, &err) < 0) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    print(el_node_hub_api(hub));
    el_node_hub_api_free(hub);
    return 0;
}

static int print_sample(void)
{
    struct sample sample = {0};
    struct el_events *events = el_events_new(1, 1);
    struct el_api *api = sample_api(&sample, events);

    print(api);
    el_api_free(api);
    el_events_free(events);
    return 0;
}

int main(int argc, char **argv)
{
    const struct el_schema *schema = NULL;

    if (argc == 2 && strcmp(argv[1], "hub") == 0)
        return print_hub();
    if (argc == 2 && strcmp(argv[1], "sample") == 0)
        return print_sample();
    if (argc == 2)
        schema = find_schema(argv[1]);
    return schema ? judge(schema) : 2;
}
