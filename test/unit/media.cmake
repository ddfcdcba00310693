# SPDX-License-Identifier: GPL-2.0-or-later
el_unit_test(media_image_test media)
el_unit_test(media_recognise_test media)
if(TARGET media_image_test)
    target_compile_definitions(media_image_test PRIVATE
        EL_CORPUS="${PROJECT_SOURCE_DIR}/test/fuzz/corpus")
endif()
