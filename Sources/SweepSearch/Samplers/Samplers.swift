// The register of samplers and strategies (`method:` of a sweep file): a new one is its file, its test and a line here.

import SweepCore

public let samplers = Registry<SearchMethod>(
  "method",
  [
    ("grid", .points(GridSampler())), ("random", .points(RandomSampler())),
    ("sobol", .points(SobolSampler())), ("halton", .points(HaltonSampler())), ("latin", .points(LatinHypercubeSampler())),
    ("auto", .adaptive(AutoSampler())), ("gp", .adaptive(GaussianProcessSampler())), ("tpe", .adaptive(TreeParzenEstimator())),
    ("cma", .adaptive(EvolutionStrategy())), ("nsga2", .adaptive(NondominatedSorting())),
  ])
