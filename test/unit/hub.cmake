# SPDX-License-Identifier: GPL-2.0-or-later
el_unit_test(hub_api_test hub)
el_unit_test(hub_direct_test hub)
el_unit_test(hub_endpoints_test hub)
el_unit_test(hub_errand_test hub)
el_unit_test(hub_orders_test hub)
el_unit_test(hub_plan_test hub)
el_unit_test(hub_program_test hub)
el_unit_test(hub_sync_test hub)
