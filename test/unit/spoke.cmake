# SPDX-License-Identifier: GPL-2.0-or-later
el_unit_test(spoke_agent_answer_test spoke)
el_unit_test(spoke_direct_test spoke)
el_unit_test(spoke_enrolment_test spoke)
el_unit_test(spoke_join_answer_test spoke)
el_unit_test(spoke_peers_test spoke)
