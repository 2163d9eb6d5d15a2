// What each file of the kernel adds to the module.
#pragma once

#include <nanobind/nanobind.h>

namespace mapgap {

void add_scan(nanobind::module_& module);
void add_order(nanobind::module_& module);
void add_pairs(nanobind::module_& module);
void add_match(nanobind::module_& module);
void add_accumulate(nanobind::module_& module);
void add_numbers(nanobind::module_& module);
void add_slices(nanobind::module_& module);
void add_slice_counts(nanobind::module_& module);
void add_clusters(nanobind::module_& module);
void add_strata(nanobind::module_& module);
void add_resamples(nanobind::module_& module);
void add_bootstrap(nanobind::module_& module);
void add_nearest(nanobind::module_& module);
void add_examine(nanobind::module_& module);
void add_gap(nanobind::module_& module);
void add_resampled_gap(nanobind::module_& module);
void add_causes(nanobind::module_& module);
void add_sorting(nanobind::module_& module);
void add_presence(nanobind::module_& module);
void add_leftovers(nanobind::module_& module);
void add_tide(nanobind::module_& module);
void add_coverage(nanobind::module_& module);
void add_pixels(nanobind::module_& module);

}  // namespace mapgap
