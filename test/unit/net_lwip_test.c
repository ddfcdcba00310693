/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lwIP provider keeps what net/net.h promises. */
#include "unit/net_lwip_hosts.h"

/* -- datagrams -- */

static void a_datagram_tells_where_it_was_sent_to(void **state)
{
    static struct heard server, client, transfer;
    struct el_endpoint to = at(HUB, 69);
    struct el_ip foreign = el_ip4(0xc0000201);

    (void)state;
    open_udp(hub, (struct el_endpoint){.port = 69}, &server);
    open_udp(mars, (struct el_endpoint){0}, &client);
    assert_true(el_net_udp_local(client.udp).port >= 49152);
    assert_int_equal(say(client.udp, to, "ask", 3), 0);
    run_for(10 * EL_MS);
    assert_int_equal(server.count, 1);
    assert_memory_equal(server.bytes, "ask", 3);
    assert_true(el_endpoint_equal(&server.meta.to, &to));
    assert_int_equal(el_ip4_number(&server.meta.from.ip), MARS);
    assert_int_equal(server.meta.from.port, el_net_udp_local(client.udp).port);

    transfer = (struct heard){0};
    assert_int_equal(
        el_net_udp_sibling(server.udp, &server.meta.to.ip, hear, &transfer, &transfer.udp), 0);
    assert_int_equal(say(transfer.udp, server.meta.from, "", 0), 0);
    run_for(10 * EL_MS);
    assert_int_equal(client.count, 1);
    assert_int_equal(client.len, 0);
    assert_int_equal(client.meta.from.port, el_net_udp_local(transfer.udp).port);
    assert_int_not_equal(client.meta.from.port, 69);

    /* An address that is not ours is no reason not to answer. */
    assert_int_equal(
        el_net_udp_send(server.udp, &server.meta.from, &foreign, (const uint8_t *)"x", 1), 0);
    run_for(10 * EL_MS);
    assert_int_equal(client.count, 2);
    assert_int_equal(el_ip4_number(&client.meta.from.ip), HUB);
    el_net_udp_close(server.udp);
    el_net_udp_close(client.udp);
    el_net_udp_close(transfer.udp);
}

static void the_largest_datagram_arrives_whole(void **state)
{
    static struct heard server, client;
    static uint8_t big[65508]; /* one too many */

    (void)state;
    fill(big, sizeof big, 7);
    open_udp(hub, at(HUB, 7), &server);
    open_udp(mars, (struct el_endpoint){0}, &client);
    say(client.udp, at(HUB, 7), "", 0); /* so that ARP knows */
    run_for(10 * EL_MS);
    assert_int_equal(say(client.udp, at(HUB, 7), big, 65507), 0);
    run_for(10 * EL_MS);
    assert_int_equal(server.count, 2);
    assert_int_equal(server.len, 65507);
    assert_memory_equal(server.bytes, big, 65507);
    assert_int_equal(say(client.udp, at(HUB, 7), big, 65508), EL_EINVAL);
}

static void a_broadcast_is_heard_and_only_with_leave_sent(void **state)
{
    static struct heard server, client;
    struct el_net_udp_config quiet = {.inherited_fd = -1};
    struct el_endpoint everybody = at(UINT32_MAX, 67);
    struct el_net_udp *udp;

    (void)state;
    open_udp(hub, (struct el_endpoint){.port = 67}, &server);
    open_udp(mars, (struct el_endpoint){.port = 68}, &client);
    assert_int_equal(say(client.udp, everybody, "discover", 8), 0);
    run_for(10 * EL_MS);
    assert_int_equal(server.count, 1);
    assert_true(el_endpoint_equal(&server.meta.to, &everybody));
    assert_int_equal(say(server.udp, at(UINT32_MAX, 68), "offer", 5), 0);
    run_for(10 * EL_MS);
    assert_int_equal(client.len, 5);
    assert_int_equal(el_ip4_number(&client.meta.from.ip), HUB);

    assert_int_equal(el_net_udp_open(mars, &quiet, hear, &client, &udp, NULL), 0);
    assert_int_equal(say(udp, everybody, "x", 1), EL_EPERM);
}

static void a_socket_closed_by_its_callback_hears_nothing_more(void **state)
{
    static struct heard server, client;

    (void)state;
    open_udp(hub, at(HUB, 7), &server);
    open_udp(mars, (struct el_endpoint){0}, &client);
    server.close = true;
    for (int i = 0; i < 3; i++)
        assert_int_equal(say(client.udp, at(HUB, 7), "x", 1), 0);
    run_for(10 * EL_MS);
    assert_int_equal(server.count, 1);
}

static void what_cannot_be_bound_is_explained(void **state)
{
    static struct heard heard;
    struct el_net_udp_config config = {.bind = at(HUB, 69), .inherited_fd = -1};
    struct el_net_listen_config tcp = {.bind = at(MARS, 80), .inherited_fd = -1};
    struct el_net_listen *listener;
    struct el_net_udp *udp;
    struct el_err err;

    (void)state;
    open_udp(hub, (struct el_endpoint){.port = 69}, &heard);
    assert_int_equal(el_net_udp_open(hub, &config, hear, NULL, &udp, &err), EL_EEXIST);
    assert_string_equal(err.text, "udp 10.0.0.1:69: address already in use");
    config.bind = at(MARS, 70);
    assert_int_equal(el_net_udp_open(hub, &config, hear, NULL, &udp, &err), EL_ENOENT);
    assert_string_equal(err.text, "udp 10.0.0.2:70: this network has no such address");
    assert_int_equal(el_net_listen(hub, &tcp, NULL, NULL, &listener, &err), EL_ENOENT);
    tcp.bind = at(HUB, 80);
    assert_int_equal(el_net_listen(hub, &tcp, NULL, NULL, &listener, &err), 0);
    assert_int_equal(el_net_listen(hub, &tcp, NULL, NULL, &listener, &err), EL_EEXIST);
    assert_string_equal(err.text, "tcp 10.0.0.1:80: address already in use");
    tcp.bind = at(MARS, 80); /* the other network has its own port 80 */
    assert_int_equal(el_net_listen(mars, &tcp, NULL, NULL, &listener, &err), 0);
    tcp.inherited_fd = config.inherited_fd = 0;
    assert_int_equal(el_net_listen(mars, &tcp, NULL, NULL, &listener, &err), EL_ENOTSUP);
    assert_int_equal(el_net_udp_open(mars, &config, hear, NULL, &udp, &err), EL_ENOTSUP);
}

static void networks_of_one_address_need_two_processes(void **state)
{
    struct el_net_lwip_config again = config_of(EL_NET_LWIP_IP, HUB, &to_mars);
    struct el_net *other_clock = el_net_memory_host(world, "other");
    struct el_net *third = NULL;
    struct el_err err = {""};

    (void)state;
    assert_int_equal(el_net_lwip_new(base, &again, &third, &err), EL_EEXIST);
    assert_non_null(strstr(err.text, "lwip 10.0.0.1/24: another network of this process"));
    again.address.ip = el_ip4(0x0a000003);
    assert_int_equal(el_net_lwip_new(other_clock, &again, &third, &err), EL_EINVAL);
    again.mtu = 500;
    assert_int_equal(el_net_lwip_new(base, &again, &third, &err), EL_EINVAL);
}

/* -- streams -- */

static void echo_over_a_wire_that_loses(unsigned percent, size_t len)
{
    static uint8_t bytes[3000000];
    struct side server = {.echo = true, .finish_when_ended = true};
    struct side client = {.check = true};
    struct el_net_listen *listener = listen_on(hub, 0, &server);

    set_loss(percent);
    fill(bytes, len, 0);
    connect_to(at(HUB, el_net_listen_local(listener).port), &client);
    assert_int_equal(el_net_stream_write(client.stream, bytes, 1), 0);
    assert_int_equal(el_net_stream_write(client.stream, bytes + 1, len - 1), 0);
    assert_int_equal(el_net_stream_queued(client.stream), len);
    el_net_stream_finish(client.stream);
    assert_int_equal(el_net_stream_write(client.stream, bytes, 1), EL_ECLOSED);
    run_until(&client.ended);
    assert_int_equal(client.received, len);
    assert_int_equal(client.opened, 1);
    assert_int_equal(client.drained, 1);
    assert_int_equal(client.ended, 1);
    assert_int_equal(client.code, 0);
    assert_int_equal(server.ended, 1);
    assert_int_equal(server.code, 0);
    assert_int_equal(el_ip4_number(&server.peer.ip), MARS);
    assert_int_equal(el_ip4_number(&server.local.ip), HUB);
    assert_int_equal(server.local.port, el_net_listen_local(listener).port);
    el_net_stream_close(client.stream);
    el_net_stream_close(server.stream);
    el_net_listen_close(listener);
    run_for(300 * EL_S);
    assert_int_equal(el_net_lwip_memory(), 0);
}

static void an_echo_with_half_close_gives_back_all(void **state)
{
    (void)state;
    echo_over_a_wire_that_loses(0, 3000000);
}

static void what_is_lost_is_sent_again(void **state)
{
    (void)state;
    echo_over_a_wire_that_loses(3, 300000);
}

static void a_link_that_is_full_loses_nothing(void **state)
{
    (void)state;
    to_hub.capacity = to_mars.capacity = 8;
    echo_over_a_wire_that_loses(0, 300000);
}

static void pausing_stops_the_sender(void **state)
{
    enum { LEN = 8 << 20 };
    uint8_t *bytes = malloc(LEN);
    struct side server = {.check = true, .pause_when_accepted = true};
    struct side client = {0};

    (void)state;
    pair(&server, &client);
    fill(bytes, LEN, 0);
    assert_int_equal(el_net_stream_write(client.stream, bytes, LEN), 0);
    free(bytes);
    run_for(60 * EL_S);
    assert_int_equal(server.received, 0);
    assert_int_equal(client.drained, 0);
    assert_true(el_net_stream_queued(client.stream) > LEN / 2);
    el_net_stream_pause(server.stream, false);
    run_until(&client.drained);
    run_for(10 * EL_S);
    assert_int_equal(server.received, LEN);
}

static void a_file_arrives_bit_exact(void **state)
{
    enum { LEN = 20 * 1000 * 1000 + 13 };
    struct side server = {.file = make_file(LEN), .file_len = LEN, .close_when_drained = true};
    struct side client = {.check = true};

    (void)state;
    listen_on(hub, 80, &server);
    connect_to(at(HUB, 80), &client);
    run_until(&client.ended);
    assert_int_equal(client.received, LEN);
    assert_int_equal(client.code, 0);
    assert_int_equal(server.drained, 1);
    close(server.file);
}

static void a_file_that_is_too_short_resets_the_connection(void **state)
{
    enum { LEN = 300000 };
    struct side server = {.file = make_file(LEN), .file_len = LEN + 1};
    struct side client = {.check = true};

    (void)state;
    listen_on(hub, 80, &server);
    connect_to(at(HUB, 80), &client);
    run_until(&client.ended);
    assert_int_equal(server.code, EL_EIO);
    assert_int_equal(server.drained, 0);
    assert_int_equal(client.code, EL_ECLOSED); /* not 0: nobody takes it for whole */
    assert_int_equal(el_net_stream_write(server.stream, (const uint8_t *)"x", 1), EL_ECLOSED);
    close(server.file);
}

static void a_reset_is_noticed_also_while_paused(void **state)
{
    struct side server = {.pause_when_accepted = true};
    struct side client = {0};

    (void)state;
    pair(&server, &client);
    /* Bytes that are queued and dropped by closing make it a reset. */
    assert_int_equal(el_net_stream_write(client.stream, (const uint8_t *)"x", 1), 0);
    el_net_stream_close(client.stream);
    run_until(&server.ended);
    assert_int_equal(server.code, EL_ECLOSED);
    assert_int_equal(server.received, 0);
}

static void an_end_while_paused_comes_after_the_data(void **state)
{
    struct side server = {.pause_when_accepted = true};
    struct side client = {0};

    (void)state;
    pair(&server, &client);
    assert_int_equal(el_net_stream_write(client.stream, (const uint8_t *)"abc", 3), 0);
    el_net_stream_finish(client.stream);
    run_for(EL_S);
    assert_int_equal(server.ended + server.received, 0);
    el_net_stream_pause(server.stream, false);
    run_until(&server.ended);
    assert_int_equal(server.received, 3);
    assert_int_equal(server.code, 0);

    /* The other direction is still open. */
    assert_int_equal(el_net_stream_write(server.stream, (const uint8_t *)"defg", 4), 0);
    run_for(EL_S);
    assert_int_equal(client.received, 4);
}

static void who_leaves_something_unread_resets(void **state)
{
    struct side server = {.pause_when_accepted = true};
    struct side client = {0};

    (void)state;
    pair(&server, &client);
    assert_int_equal(el_net_stream_write(client.stream, (const uint8_t *)"abc", 3), 0);
    run_for(EL_S);
    el_net_stream_close(server.stream);
    run_until(&client.ended);
    assert_int_equal(client.code, EL_ECLOSED);
}

static void both_may_finish_at_once(void **state)
{
    struct side server = {0}, client = {0};

    (void)state;
    pair(&server, &client);
    el_net_stream_finish(server.stream);
    el_net_stream_finish(client.stream);
    run_until(&server.ended);
    run_until(&client.ended);
    assert_int_equal(server.code + client.code, 0);
    run_for(300 * EL_S); /* long after lwIP has forgotten it */
    assert_int_equal(el_net_stream_write(server.stream, (const uint8_t *)"x", 1), EL_ECLOSED);
    assert_int_equal(server.ended + client.ended, 2);
    el_net_stream_close(server.stream);
    el_net_stream_close(client.stream);
}

static void what_was_drained_arrives_although_it_is_closed(void **state)
{
    static uint8_t bytes[200000];
    struct side server = {.check = true};
    struct side client = {.close_when_drained = true};

    (void)state;
    fill(bytes, sizeof bytes, 0);
    pair(&server, &client);
    assert_int_equal(el_net_stream_write(client.stream, bytes, sizeof bytes), 0);
    run_until(&server.ended);
    assert_int_equal(server.code, 0);
    assert_int_equal(server.received, sizeof bytes);
}

static void callbacks_may_close(void **state)
{
    struct side server = {.close_when_accepted = true};
    struct side client = {0};

    (void)state;
    struct el_net_listen *listener = listen_on(hub, 80, &server);
    connect_to(at(HUB, 80), &client);
    run_until(&client.ended);
    assert_int_equal(client.code, 0);
    el_net_stream_close(client.stream);
    el_net_listen_close(listener);

    server = (struct side){.close_when_data = true};
    client = (struct side){0};
    pair(&server, &client);
    assert_int_equal(el_net_stream_write(client.stream, (const uint8_t *)"abc", 3), 0);
    run_until(&client.ended);
    assert_int_equal(server.received, 3);
}

static void nobody_listening_is_told(void **state)
{
    struct side client = {0};

    (void)state;
    connect_to(at(HUB, 81), &client);
    assert_int_equal(el_net_stream_write(client.stream, (const uint8_t *)"x", 1), 0);
    run_until(&client.ended);
    assert_int_equal(client.opened, 0);
    assert_int_equal(client.code, EL_ECLOSED);
}

static void nobody_answering_is_told(void **state)
{
    struct side client = {0}, lost = {0}, server = {0};

    (void)state;
    pair(&server, &client);
    set_loss(100);
    connect_to(at(HUB, 80), &lost);
    run_until(&lost.ended);
    assert_int_equal(lost.code, EL_EIO);

    /* An open one learns of it only by sending; and closing is for good all the same. */
    assert_int_equal(client.ended, 0);
    assert_int_equal(el_net_stream_write(client.stream, (const uint8_t *)"x", 1), 0);
    run_until(&client.ended);
    assert_int_equal(client.code, EL_EIO);
    el_net_stream_close(server.stream);
    run_for(3600 * EL_S);
    set_loss(0);
    assert_int_equal(el_net_lwip_memory(), 0);
}

static void the_way_to_elsewhere_is_the_gateways(void **state)
{
    struct el_net_connect_config config = {.to = at(0xc0000201, 80)};
    struct el_net_stream *stream;
    struct side client = {0};
    int code = el_net_connect(mars, &config, &side_events, &client, &stream, NULL);

    if (*(enum el_net_lwip_layer *)*state == EL_NET_LWIP_ETHERNET)
        assert_int_equal(code, EL_ENOENT);
    else
        assert_int_equal(code, 0);
    config.to.ip.family = 6;
    assert_int_equal(el_net_connect(mars, &config, &side_events, &client, &stream, NULL),
                     EL_ENOENT);
}

static void a_listener_comes_back_while_old_connections_linger(void **state)
{
    struct side server = {0}, client = {0}, second = {0};
    struct el_net_listen *listener;

    (void)state;
    listener = listen_on(hub, 80, &server);
    connect_to(at(HUB, 80), &client);
    run_until(&client.opened);
    el_net_listen_close(listener);
    el_net_stream_close(server.stream);
    listen_on(hub, 80, &second);
    connect_to(at(HUB, 80), &client);
    run_until(&second.opened);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_datagram_tells_where_it_was_sent_to),
        TEST(the_largest_datagram_arrives_whole),
        TEST(a_broadcast_is_heard_and_only_with_leave_sent),
        TEST(a_socket_closed_by_its_callback_hears_nothing_more),
        TEST(what_cannot_be_bound_is_explained),
        TEST(networks_of_one_address_need_two_processes),
        TEST(an_echo_with_half_close_gives_back_all),
        TEST(what_is_lost_is_sent_again),
        TEST(a_link_that_is_full_loses_nothing),
        TEST(pausing_stops_the_sender),
        TEST(a_file_arrives_bit_exact),
        TEST(a_file_that_is_too_short_resets_the_connection),
        TEST(a_reset_is_noticed_also_while_paused),
        TEST(an_end_while_paused_comes_after_the_data),
        TEST(who_leaves_something_unread_resets),
        TEST(both_may_finish_at_once),
        TEST(what_was_drained_arrives_although_it_is_closed),
        TEST(callbacks_may_close),
        TEST(nobody_listening_is_told),
        TEST(nobody_answering_is_told),
        TEST(the_way_to_elsewhere_is_the_gateways),
        TEST(a_listener_comes_back_while_old_connections_linger),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
