# SPDX-License-Identifier: GPL-2.0-or-later
el_fuzz_target(service_orders_fuzz service MUTATIONS 2000)
el_fuzz_target(metadata_fuzz service)
