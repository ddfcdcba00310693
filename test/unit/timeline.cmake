# SPDX-License-Identifier: GPL-2.0-or-later
el_unit_test(timeline_diagnosis_test timeline)
el_unit_test(timeline_recent_test timeline)
el_unit_test(timeline_test timeline)
