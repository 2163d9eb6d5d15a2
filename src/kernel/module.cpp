// The module mapgap._kernel; _kernel.pyi is its contract.
#include "kernel.h"

NB_MODULE(_kernel, module) {
  module.doc() = "Hot loops of mapgap on arrays; see _kernel.pyi.";
  mapgap::add_scan(module);
  mapgap::add_order(module);
  mapgap::add_pairs(module);
  mapgap::add_match(module);
  mapgap::add_accumulate(module);
  mapgap::add_numbers(module);
  mapgap::add_slices(module);
  mapgap::add_slice_counts(module);
  mapgap::add_clusters(module);
  mapgap::add_strata(module);
  mapgap::add_resamples(module);
  mapgap::add_bootstrap(module);
  mapgap::add_nearest(module);
  mapgap::add_examine(module);
  mapgap::add_gap(module);
  mapgap::add_resampled_gap(module);
  mapgap::add_causes(module);
  mapgap::add_sorting(module);
  mapgap::add_presence(module);
  mapgap::add_leftovers(module);
  mapgap::add_tide(module);
  mapgap::add_coverage(module);
  mapgap::add_pixels(module);
}
