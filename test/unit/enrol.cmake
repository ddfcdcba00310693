# SPDX-License-Identifier: GPL-2.0-or-later
el_unit_test(enrol_base32_test enrol)
el_unit_test(enrol_fingerprint_test enrol)
el_unit_test(enrol_qr_test enrol)
if(TARGET enrol_qr_test)
    # It plays a machine without memory.
    target_link_options(enrol_qr_test PRIVATE LINKER:--wrap=malloc)
endif()
el_unit_test(enrol_second_factor_test enrol)
el_unit_test(enrol_token_test enrol)
el_unit_test(enrol_totp_test enrol)
