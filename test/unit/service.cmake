# SPDX-License-Identifier: GPL-2.0-or-later
el_unit_test(service_boot_news_test service)
el_unit_test(service_boot_options_test service)
el_unit_test(service_machines_test service)
el_unit_test(service_profile_pages_test service)
el_unit_test(service_regions_test service)
el_unit_test(image_content_test service)
