# SPDX-License-Identifier: GPL-2.0-or-later
el_unit_test(http_test http)
el_unit_test(http_conn_test http)
el_unit_test(http_feed_test http)
el_unit_test(http_response_test http)
