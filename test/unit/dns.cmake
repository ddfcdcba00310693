# SPDX-License-Identifier: GPL-2.0-or-later
el_unit_test(dns_wire_test dns)
el_unit_test(dns_answer_test dns)
el_unit_test(dns_cache_test dns)
el_unit_test(dns_hosts_test dns)
el_unit_test(dns_local_test dns)
el_unit_test(dns_test dns)
