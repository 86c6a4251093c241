// The register of samplers and strategies (`method:` of a sweep file): a new one is its file, its test and a line here.

import SweepCore

public let samplers = Registry<SearchMethod>(
  "method",
  [
    ("grid", .points(GridSampler())), ("random", .points(RandomSampler())),
    ("tpe", .adaptive(TreeParzenEstimator())), ("cma", .adaptive(EvolutionStrategy())),
  ])
