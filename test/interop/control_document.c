/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What others look at of the control API's framework, on the sample that the unit tests use:
 *
 *     control_document                  prints its OpenAPI document
 *     control_document SCHEMA <VALUES   says "yes" or "no" to each line, a JSON object
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/openapi.h"
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

int main(int argc, char **argv)
{
    struct sample sample = {0};
    struct el_events *events = el_events_new(1, 1);
    struct el_api *api = sample_api(&sample, events);
    size_t len;

    if (argc > 1) {
        const struct el_schema *schema = find_schema(argv[1]);
        return schema ? judge(schema) : 2;
    }
    json_t *document = el_openapi_document(api);
    char *text = el_json_text(document, &len);
    puts(text);
    free(text);
    json_decref(document);
    el_api_free(api);
    el_events_free(events);
    return 0;
}
