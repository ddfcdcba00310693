# SPDX-License-Identifier: GPL-2.0-or-later
el_unit_test(image_test image)
